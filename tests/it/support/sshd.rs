//! A real sshd on a loopback port, run by this user, with keys and configurations of its own: nobody's `~/.ssh` is read.
//!
//! ```ignore
//! let sshd = Sshd::start();
//! sshd.remote("/run/haproxy/admin.sock");  // its address for an adapter
//! sshd.sever();                            // kills the connections, and goes on listening
//! ```

use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use flightdeck::adapter::router::haproxy::{Address, Remote};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::haproxy::wait;
use super::port::free_port;

/// How the host is called in ssh's configuration.
pub const HOST: &str = "edge-1";

/// A running sshd.
pub struct Sshd {
    child: Option<Child>,
    dir: TempDir,
    port: u16,
}

impl Sshd {
    /// Starts an ordinary one and waits until it listens.
    pub fn start() -> Self {
        Self::with("")
    }

    /// Starts one with more lines in its configuration.
    pub fn with(lines: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("fd-sshd").tempdir().expect("a temporary directory is made");
        let mut sshd = Self { child: None, dir, port: 0 };
        for key in ["host", "other-host", "user", "strange-user"] {
            make_key(&sshd.file(key));
        }
        fs::copy(sshd.file("user.pub"), sshd.file("authorized_keys")).expect("the key is written");
        let mut last = String::new();
        // Another process may take a port between the look and the start; sshd then says so and others are tried.
        for _ in 0..5 {
            sshd.port = free_port();
            sshd.write(lines, "host");
            match sshd.launch() {
                Ok(()) => return sshd,
                Err(log) => last = log,
            }
        }
        panic!("sshd does not start:\n{last}");
    }

    /// The address of a socket on this host.
    pub fn address(&self, socket: &Path) -> Address {
        Address::Ssh(Remote {
            host: HOST.to_owned(),
            path: socket.display().to_string(),
            config: Some(self.client_config()),
        })
    }

    /// The configuration of ssh that knows the host.
    pub fn client_config(&self) -> PathBuf {
        self.file("ssh_config")
    }

    /// Changes the configuration of ssh.
    pub fn configure(&self, change: impl FnOnce(String) -> String) {
        let text = fs::read_to_string(self.client_config()).expect("the configuration is there");
        fs::write(self.client_config(), change(text)).expect("the configuration is written");
    }

    /// From now on ssh has a key that nobody knows there.
    pub fn take_the_key_away(&self) {
        self.configure(|text| text.replace("/user\n", "/strange-user\n"));
    }

    /// ssh forgets the host.
    pub fn forget_the_host(&self) {
        fs::write(self.file("known_hosts"), "").expect("the file is written");
    }

    /// ssh remembers the host with another key.
    pub fn mistake_the_host(&self) {
        self.know("other-host");
    }

    /// A unix socket on this host behind which a TCP peer is.
    pub fn relay(&self, peer: SocketAddr) -> PathBuf {
        let path = self.file(&format!("relay-{}.sock", peer.port()));
        if path.exists() {
            return path;
        }
        let listener = UnixListener::bind(&path).expect("the socket is made");
        thread::spawn(move || {
            for from in listener.incoming().flatten() {
                // Nobody there: closed at once, as a peer does that does not want to talk.
                let Ok(to) = TcpStream::connect(peer) else { continue };
                let (back_from, back_to) = (to.try_clone().unwrap(), from.try_clone().unwrap());
                thread::spawn(move || pump(from, to));
                thread::spawn(move || pump_back(back_from, back_to));
            }
        });
        path
    }

    /// Ends all connections; it goes on listening.
    pub fn sever(&self) {
        for pid in descendants(self.pid()).into_iter().rev() {
            // It may be gone already, with the one before it.
            kill_process(pid, Signal::KILL).ok();
        }
        wait("all connections to be gone", || descendants(self.pid()).is_empty());
    }

    /// How many connections it serves.
    pub fn connections(&self) -> usize {
        children(self.pid()).len()
    }

    /// Stops all its connections where they are (SIGSTOP), as a network does that loses everything.
    pub fn stop_connections(&self) {
        for pid in descendants(self.pid()) {
            kill_process(pid, Signal::STOP).expect("a connection takes signals");
        }
    }

    /// Ends everything.
    pub fn kill(&mut self) {
        if self.child.is_some() {
            // The listener first, so that nobody comes in meanwhile.
            let rest = descendants(self.pid());
            let mut child = self.child.take().expect("it runs");
            child.kill().ok();
            child.wait().ok();
            for pid in rest.into_iter().rev() {
                kill_process(pid, Signal::KILL).ok();
            }
        }
    }

    /// Starts it again where it was.
    pub fn restart(&mut self) {
        wait("the port to be free again", || self.launch().is_ok());
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn pid(&self) -> Pid {
        Pid::from_child(self.child.as_ref().expect("sshd runs"))
    }

    fn write(&self, lines: &str, host_key: &str) {
        let (dir, port) = (self.dir.path().display(), self.port);
        let user = Command::new("id").arg("-un").output().expect("`id` runs").stdout;
        let user = String::from_utf8(user).expect("a user's name is text");
        let server = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {dir}/{host_key}\nAuthorizedKeysFile {dir}/authorized_keys\n\
             PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             MaxStartups 100\nPrintMotd no\n{lines}\n"
        );
        fs::write(self.file("sshd_config"), server).expect("the configuration is written");
        let client = format!(
            "Host {HOST}\n  HostName 127.0.0.1\n  Port {port}\n  User {user}\n  IdentityFile {dir}/user\n  IdentitiesOnly yes\n  \
             IdentityAgent none\n  UserKnownHostsFile {dir}/known_hosts\n  GlobalKnownHostsFile /dev/null\n",
            user = user.trim()
        );
        fs::write(self.client_config(), client).expect("the configuration is written");
        self.know(host_key);
    }

    fn know(&self, host_key: &str) {
        let key = fs::read_to_string(self.file(&format!("{host_key}.pub"))).expect("the key is there");
        fs::write(self.file("known_hosts"), format!("[127.0.0.1]:{} {key}", self.port)).expect("the file is written");
    }

    fn launch(&mut self) -> Result<(), String> {
        // Only for root does sshd want this empty folder; its service makes it at each start.
        if rustix::process::geteuid().is_root() {
            fs::create_dir_all("/run/sshd").expect("root may make the folder that sshd wants");
        }
        let log = File::create(self.file("log")).expect("the log is made");
        // It starts itself anew for each connection, so it wants its whole path.
        let sshd = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"]
            .into_iter()
            .find(|path| Path::new(path).exists());
        let sshd = sshd
            .unwrap_or_else(|| panic!("there is no sshd on this machine; `./tests/run` installs what the tests need"));
        let child = Command::new(sshd)
            .args(["-D", "-e", "-f"])
            .arg(self.file("sshd_config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.child = Some(child.expect("sshd starts"));
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if ended.is_some() {
                break;
            }
            // A connection would be one more that it serves; the log tells too.
            if self.log().contains("Server listening") {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(5));
        }
        self.kill();
        Err(self.log())
    }

    /// What it has written.
    pub fn log(&self) -> String {
        fs::read_to_string(self.file("log")).unwrap_or_default()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.kill();
    }
}

fn make_key(path: &Path) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).status();
    assert!(made.is_ok_and(|status| status.success()), "`ssh-keygen` makes a key");
}

fn pump(mut from: UnixStream, mut to: TcpStream) {
    std::io::copy(&mut from, &mut to).ok();
    to.shutdown(std::net::Shutdown::Write).ok();
}

fn pump_back(mut from: TcpStream, mut to: UnixStream) {
    std::io::copy(&mut from, &mut to).ok();
    to.shutdown(std::net::Shutdown::Both).ok();
}

/// The processes that a process has started. Those of sshd lead sessions of their own, so no group holds them together.
fn children(of: Pid) -> Vec<Pid> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("there is a /proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // It may end while it is read.
        let stat = match fs::read_to_string(entry.path().join("stat")) {
            Ok(stat) => stat,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound) || error.raw_os_error().is_some() => continue,
            Err(error) => panic!("a process cannot be read: {error}"),
        };
        let mut words = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let (state, parent) = (words.next(), words.next());
        let is_dead = state == Some("Z");
        if !is_dead && parent.and_then(|parent| parent.parse().ok()) == Some(of.as_raw_nonzero().get()) {
            found.extend(Pid::from_raw(pid));
        }
    }
    found
}

fn descendants(of: Pid) -> Vec<Pid> {
    let mut found = children(of);
    let mut next = 0;
    while let Some(pid) = found.get(next).copied() {
        found.extend(children(pid));
        next += 1;
    }
    found
}
