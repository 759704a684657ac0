//! One connection to the socket on the other host.
//!
//! `ssh` is asked for its proxy mode on a connection to the control socket, and there for a channel to a unix socket. The
//! other host connects before it confirms, so a channel that is open has reached HAProxy.
//!
//! Invariant: a control connection on which a channel was asked for and not confirmed is kept until `ssh` ends. OpenSSH ends
//! with `chan_send_close2: no remote_id` when such a one is closed, and every other exchange with it.

use std::io;
use std::mem::take;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::net::UnixStream;

use super::packet::{Reader, Writer, odd, receive};
use super::process::{Kept, Way};

/// The control protocol: its version, and what is said in it.
const VERSION: u32 = 4;
const HELLO: u32 = 1;
const PROXY: u32 = 0x1000_000f;
const IS_PROXY: u32 = 0x8000_000f;

/// The connection protocol's messages.
const OPEN: u8 = 90;
const CONFIRMED: u8 = 91;
const REFUSED: u8 = 92;
const MORE_WINDOW: u8 = 93;
const DATA: u8 = 94;
const ENDED: u8 = 96;
const CLOSED: u8 = 97;

/// What may come in without being asked for: more than the longest answer that is read, so none is ever asked for.
const WINDOW: u32 = 64 * 1024 * 1024;
/// The most in one message.
const PACKET: u32 = 32 * 1024;

/// An open channel.
#[derive(Debug)]
pub(in super::super) struct Channel {
    control: Control,
    remote: u32,
    window: u32,
    packet: u32,
    /// What came and was not read yet.
    rest: Vec<u8>,
}

/// What became of a wish for a channel.
#[derive(Debug)]
pub(super) enum Opened {
    /// It is open.
    Channel(Channel),
    /// The other host says no.
    Refused(Refusal),
}

/// Why the other host opens no channel.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Its reason as a number of RFC 4254: 1 forbidden, 2 cannot connect.
    pub(super) reason: u32,
    /// Its words.
    pub(super) words: String,
}

/// A connection to the control socket.
#[derive(Debug)]
struct Control {
    stream: Option<UnixStream>,
    kept: Arc<Kept>,
    is_asking: bool,
}

impl Drop for Control {
    fn drop(&mut self) {
        if self.is_asking
            && let Some(stream) = self.stream.take()
        {
            self.kept.unanswered(stream);
        }
    }
}

impl Control {
    async fn dial(way: &Way) -> io::Result<Self> {
        let mut stream = UnixStream::connect(&way.socket).await?;
        Writer::control(HELLO).number(VERSION).send(&mut stream).await?;
        let hello = receive(&mut stream).await?;
        let mut hello = Reader(&hello);
        if (hello.number()?, hello.number()?) != (HELLO, VERSION) {
            return Err(odd());
        }
        Writer::control(PROXY).number(0).send(&mut stream).await?;
        if Reader(&receive(&mut stream).await?).number()? != IS_PROXY {
            return Err(odd());
        }
        Ok(Self { stream: Some(stream), kept: Arc::clone(&way.kept), is_asking: false })
    }

    fn stream(&mut self) -> io::Result<&mut UnixStream> {
        self.stream.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Channel {
    /// Asks for a channel to `path`; says in between when `ssh` has logged in.
    ///
    /// # Errors
    /// When `ssh` is not there, not yet or no more.
    pub(super) async fn open(way: &Way, path: &str, logged_in: &mut bool) -> io::Result<Opened> {
        let mut control = match way.kept.take_spare() {
            Some(stream) => Control { stream: Some(stream), kept: Arc::clone(&way.kept), is_asking: false },
            None => Control::dial(way).await?,
        };
        way.is_well.store(true, Ordering::Relaxed);
        *logged_in = true;
        let wish = Writer::connection(OPEN)
            .bytes(b"direct-streamlocal@openssh.com")
            .number(way.kept.next_id())
            .number(WINDOW)
            .number(PACKET)
            .bytes(path.as_bytes())
            .bytes(b"")
            .number(0);
        control.is_asking = true;
        wish.send(control.stream()?).await?;
        loop {
            let packet = receive(control.stream()?).await?;
            let mut reader = Reader(&packet);
            match reader.kind()? {
                CONFIRMED => {
                    control.is_asking = false;
                    let _ours = reader.number()?;
                    let (remote, window, packet) = (reader.number()?, reader.number()?, reader.number()?);
                    return Ok(Opened::Channel(Self { control, remote, window, packet, rest: Vec::new() }));
                }
                REFUSED => {
                    control.is_asking = false;
                    if let Some(stream) = control.stream.take() {
                        way.kept.refused(stream);
                    }
                    let _ours = reader.number()?;
                    let (reason, words) = (reader.number()?, reader.bytes()?);
                    return Ok(Opened::Refused(Refusal { reason, words: String::from_utf8_lossy(words).into_owned() }));
                }
                _ => {}
            }
        }
    }

    /// Sends some of these bytes and says how many. None of them has left when it fails.
    pub(in super::super) async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Room is for megabytes at the start, and a line of changes has kilobytes.
        let most = usize::try_from(self.packet.min(PACKET).min(self.window)).unwrap_or(0);
        let (now, _later) = bytes.split_at_checked(most).unwrap_or((bytes, &[]));
        if now.is_empty() {
            return Ok(0);
        }
        Writer::connection(DATA).number(self.remote).bytes(now).send(self.control.stream()?).await?;
        self.window = self.window.saturating_sub(u32::try_from(now.len()).unwrap_or(u32::MAX));
        Ok(now.len())
    }

    /// Takes what comes in; 0 at the end.
    pub(in super::super) async fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            let packet = receive(self.control.stream()?).await.map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => io::Error::new(error.kind(), "the ssh connection ended"),
                _ => error,
            })?;
            let mut reader = Reader(&packet);
            match reader.kind()? {
                DATA => {
                    let _ours = reader.number()?;
                    reader.bytes()?.clone_into(&mut self.rest);
                }
                MORE_WINDOW => {
                    let _ours = reader.number()?;
                    self.window = self.window.saturating_add(reader.number()?);
                }
                ENDED | CLOSED => return Ok(0),
                _ => {}
            }
        }
        let count = self.rest.len().min(into.len());
        let later = self.rest.split_off(count);
        for (to, from) in into.iter_mut().zip(take(&mut self.rest)) {
            *to = from;
        }
        self.rest = later;
        Ok(count)
    }
}
