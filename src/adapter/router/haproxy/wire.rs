//! One short connection to the Runtime API.
//!
//! Invariant: the whole exchange, connecting included, ends at one deadline, and an answer never grows past [`LONGEST`].

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout_at};

use super::Address;
use super::answer;
use super::master::{self, Workers};
use super::ssh::{Channel, Link};
use crate::domain::{Trouble, TroubleKind};

/// The longest answer that is read: some ten thousand servers.
const LONGEST: usize = 8 * 1024 * 1024;

/// What stands before every line that is sent.
const PREFIX: &str = "set severity-output number";

/// Where a HAProxy is asked, each time on a connection of its own.
#[derive(Debug)]
pub(super) struct Door {
    address: Address,
    /// Whether the master process answers there, for a worker.
    is_master: bool,
    /// The way to another host, where the address names one.
    link: Option<Link>,
}

/// A connection that has reached HAProxy.
pub(super) enum Connection {
    /// Of this machine's own.
    Socket(Box<dyn Duplex>),
    /// Through ssh.
    Channel(Box<Channel>),
}

impl Connection {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Socket(socket) => socket.write(bytes).await,
            Self::Channel(channel) => channel.write(bytes).await,
        }
    }

    async fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Socket(socket) => socket.read(into).await,
            Self::Channel(channel) => channel.read(into).await,
        }
    }
}

/// Both directions of a socket.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// What HAProxy said, one section per command.
#[derive(Debug)]
pub(super) struct Said {
    /// Each command's answer.
    pub(super) sections: Vec<String>,
    /// The workers, where the master answered.
    pub(super) workers: Option<Workers>,
}

/// What became of a line of changes.
#[derive(Debug)]
pub(super) enum Sent {
    /// No byte of it left.
    Nothing(TroubleKind, String),
    /// Some of it may have left, and no whole answer came.
    Perhaps(TroubleKind, String),
    /// HAProxy answered and closed.
    Answered(String),
}

impl Door {
    /// Connects only when asked.
    pub(super) fn new(address: Address, is_master: bool) -> Self {
        let link = match &address {
            Address::Ssh(remote) => Some(Link::new(remote.clone())),
            Address::Unix(_) | Address::Tcp(_) => None,
        };
        Self { address, is_master, link }
    }

    /// A command as it goes out.
    pub(super) fn spelled(&self, command: &str) -> String {
        if self.is_master { master::spelled(command) } else { command.to_owned() }
    }

    /// Asks the process that serves some commands on one connection and gives one section per command.
    pub(super) async fn ask(&self, what: &str, commands: &[String], timeout: Duration) -> Result<Said, Trouble> {
        let commands: Vec<String> = commands.iter().map(|command| self.spelled(command)).collect();
        self.ask_spelled(what, &commands, timeout).await
    }

    /// Asks commands that are spelled out.
    pub(super) async fn ask_spelled(
        &self,
        what: &str,
        commands: &[String],
        timeout: Duration,
    ) -> Result<Said, Trouble> {
        let deadline = Instant::now() + timeout;
        let connection = self.connect(what, deadline).await?;
        match self.send(connection, commands, deadline).await {
            Sent::Nothing(kind, why) | Sent::Perhaps(kind, why) => {
                let advice = match kind {
                    TroubleKind::TimedOut => SILENT,
                    TroubleKind::Garbage => answer::NOT_A_RUNTIME_API,
                    TroubleKind::Mismatch => return Err(master::not_a_worker(what)),
                    TroubleKind::Unreachable | TroubleKind::Denied => {
                        "see whether HAProxy ended or restarted in this moment"
                    }
                };
                Err(Trouble::new(kind, what, why, advice))
            }
            Sent::Answered(text) if self.is_master && master::is_a_worker(&text) => Err(master::not_a_master(what)),
            Sent::Answered(text) => self
                .sections(&text, commands)
                .map_err(|torn| Trouble::new(TroubleKind::Garbage, what, torn.to_string(), torn.advice())),
        }
    }

    /// Sends one line of commands that are spelled out, and reads until HAProxy closes the connection.
    pub(super) async fn send(&self, connection: Connection, commands: &[String], deadline: Instant) -> Sent {
        let line = if self.is_master { master::line(commands) } else { format!("{PREFIX};{}\n", commands.join(";")) };
        send(connection, &line, deadline).await
    }

    /// One section per command of an answer.
    pub(super) fn sections(&self, text: &str, commands: &[String]) -> Result<Said, answer::Garbled> {
        if self.is_master {
            let (sections, workers) = master::sections(text, commands)?;
            return Ok(Said { sections, workers: Some(workers) });
        }
        Ok(Said { sections: answer::sections(text, commands.len())?, workers: None })
    }

    /// Connects.
    pub(super) async fn connect(&self, what: &str, deadline: Instant) -> Result<Connection, Trouble> {
        if let Some(link) = &self.link {
            return link.connect(what, deadline).await.map(|channel| Connection::Channel(Box::new(channel)));
        }
        let connecting = async {
            match &self.address {
                Address::Unix(path) => {
                    UnixStream::connect(path).await.map(|stream| Box::new(stream) as Box<dyn Duplex>)
                }
                Address::Tcp(address) => {
                    TcpStream::connect(address).await.map(|stream| Box::new(stream) as Box<dyn Duplex>)
                }
                // It has a link.
                Address::Ssh(_) => Err(io::ErrorKind::NotConnected.into()),
            }
        };
        match timeout_at(deadline, connecting).await {
            Ok(Ok(connection)) => Ok(Connection::Socket(connection)),
            Ok(Err(error)) => Err(not_connected(&self.address, what, &error)),
            Err(_elapsed) => Err(Trouble::new(
                TroubleKind::TimedOut,
                what,
                "the connection was not accepted within the time-out",
                "see whether the host is up and a firewall lets this machine in",
            )),
        }
    }
}

/// What to do about a HAProxy that says nothing.
const SILENT: &str = "see whether HAProxy is stopped or overloaded, and whether other clients hold all the connections \
                      of its stats socket (10 unless `stats maxconn` says otherwise)";

async fn send(mut connection: Connection, line: &str, deadline: Instant) -> Sent {
    let mut rest = line.as_bytes();
    while !rest.is_empty() {
        let untouched = rest.len() == line.len();
        let (kind, why) = match timeout_at(deadline, connection.write(rest)).await {
            Ok(Ok(count)) if count > 0 => {
                rest = rest.get(count..).unwrap_or_default();
                continue;
            }
            Ok(Ok(_none)) => (TroubleKind::Unreachable, "the connection takes no bytes".to_owned()),
            Ok(Err(error)) => (TroubleKind::Unreachable, format!("the connection broke while sending ({error})")),
            Err(_elapsed) => (TroubleKind::TimedOut, "the connection took no bytes within the time-out".to_owned()),
        };
        return if untouched { Sent::Nothing(kind, why) } else { Sent::Perhaps(kind, why) };
    }
    let mut answer = Vec::new();
    let reading = async {
        let mut chunk = vec![0; 16 * 1024];
        loop {
            let count = connection.read(&mut chunk).await?;
            if count == 0 {
                return Ok(true);
            }
            answer.extend_from_slice(chunk.get(..count).unwrap_or_default());
            if answer.len() > LONGEST {
                return Ok(false);
            }
        }
    };
    let ended: Result<io::Result<bool>, _> = timeout_at(deadline, reading).await;
    let (kind, why) = match ended {
        Ok(Ok(true)) => return Sent::Answered(String::from_utf8_lossy(&answer).into_owned()),
        Ok(Ok(false)) => (TroubleKind::Garbage, format!("the answer does not end after {LONGEST} bytes")),
        Ok(Err(error)) => (TroubleKind::Unreachable, format!("the answer broke off ({error})")),
        Err(_elapsed) if answer.is_empty() => (TroubleKind::TimedOut, "no answer came within the time-out".to_owned()),
        // A master that is taken for a worker knows none of the commands, and waits for more.
        Err(_elapsed) if answer.starts_with(b"Unknown command") => {
            (TroubleKind::Mismatch, "the master process answered, and knows none of the commands".to_owned())
        }
        Err(_elapsed) => {
            (TroubleKind::TimedOut, format!("the answer did not end within the time-out ({} bytes came)", answer.len()))
        }
    };
    Sent::Perhaps(kind, why)
}

fn not_connected(address: &Address, what: &str, error: &io::Error) -> Trouble {
    use io::ErrorKind;
    let (kind, why, advice) = match (error.kind(), address) {
        (ErrorKind::NotFound, Address::Unix(_)) => (
            TroubleKind::Unreachable,
            "there is no such socket".to_owned(),
            "start HAProxy, or give the path of a `stats socket` line of its configuration",
        ),
        (ErrorKind::PermissionDenied, _) => (
            TroubleKind::Denied,
            "permission denied on the socket".to_owned(),
            "add your user to the group that the socket belongs to, or write `mode 660 group GROUP level admin`, with a group of \
             yours, on its `stats socket` line and reload HAProxy",
        ),
        (ErrorKind::ConnectionRefused, Address::Unix(_)) => (
            TroubleKind::Unreachable,
            "nobody listens on the socket".to_owned(),
            "start HAProxy; the file may be one that an ended process left behind",
        ),
        (ErrorKind::ConnectionRefused, Address::Tcp(_)) => (
            TroubleKind::Unreachable,
            "connection refused".to_owned(),
            "start HAProxy, or give the address of a `stats socket ipv4@…` line of its configuration",
        ),
        // A unix socket whose queue is full says so at once: nobody takes connections out of it.
        (ErrorKind::WouldBlock, _) => {
            (TroubleKind::TimedOut, "the socket's queue of waiting connections is full".to_owned(), SILENT)
        }
        _ => (TroubleKind::Unreachable, error.to_string(), "check the address, and that HAProxy runs there"),
    };
    Trouble::new(kind, what, why, advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_not_to_connect_says_what_to_do() {
        use io::ErrorKind::{ConnectionRefused, NotFound, PermissionDenied, TimedOut, WouldBlock};
        let unix = Address::Unix("/run/haproxy/admin.sock".into());
        let tcp = Address::Tcp("127.0.0.1:9999".to_owned());
        for (address, error, kind, part) in [
            (&unix, NotFound, TroubleKind::Unreachable, "there is no such socket"),
            (&unix, PermissionDenied, TroubleKind::Denied, "`mode 660 group GROUP level admin`"),
            (&unix, ConnectionRefused, TroubleKind::Unreachable, "left behind"),
            (&tcp, ConnectionRefused, TroubleKind::Unreachable, "`stats socket ipv4@…`"),
            (&unix, WouldBlock, TroubleKind::TimedOut, "queue of waiting connections is full"),
            (&tcp, TimedOut, TroubleKind::Unreachable, "check the address"),
        ] {
            let trouble = not_connected(address, &format!("read {address}"), &error.into());
            assert_eq!(trouble.kind, kind, "{trouble}");
            assert!(trouble.to_string().contains(part), "{trouble}");
            assert!(trouble.what == format!("read {address}"), "{trouble}");
        }
    }
}
