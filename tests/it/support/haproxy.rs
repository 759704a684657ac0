//! Real HAProxy processes, each with a configuration, sockets and ports of its own.
//!
//! ```ignore
//! let (blue, green) = (Pool::start("blue", 2), Pool::start("green", 3));
//! let haproxy = Haproxy::start(Layout::A { blue: &blue.addresses(), green: &green.addresses() });
//! haproxy.stop();                          // SIGSTOP: it connects and says nothing
//! haproxy.cont();
//! assert_eq!(haproxy.weights()["blue-1"], 100);
//! ```
//! The master process leads a process group of its own, which is killed on drop.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::port::free_ports;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;

/// The longest wait for any state of a HAProxy.
const PATIENCE: Duration = Duration::from_mins(1);

/// How two or more pools are modelled.
#[derive(Clone, Copy)]
pub enum Layout<'a> {
    /// One backend `app` with servers `blue-1` ..., `green-1` ...
    A {
        /// Where blue's servers listen.
        blue: &'a [SocketAddr],
        /// Where green's servers listen.
        green: &'a [SocketAddr],
    },
    /// Backends `be_blue` and `be_green`, and green's percentage in a map under the key `app`.
    B {
        /// Where blue's servers listen.
        blue: &'a [SocketAddr],
        /// Where green's servers listen.
        green: &'a [SocketAddr],
    },
    /// One backend `app` with servers `blue` and `green`, each an inner proxy: `pool_blue`, `pool_green`.
    C {
        /// Where blue's servers listen.
        blue: &'a [SocketAddr],
        /// Where green's servers listen.
        green: &'a [SocketAddr],
    },
    /// Like A, with any pools.
    Pools(&'a [(&'a str, &'a [SocketAddr])]),
}

impl<'a> Layout<'a> {
    fn pools(self) -> Vec<(&'a str, &'a [SocketAddr])> {
        match self {
            Self::A { blue, green } | Self::B { blue, green } | Self::C { blue, green } => {
                vec![("blue", blue), ("green", green)]
            }
            Self::Pools(pools) => pools.to_vec(),
        }
    }
}

/// What differs from the ordinary in one HAProxy.
pub struct Setup<'a> {
    layout: Layout<'a>,
    balance: String,
    lines: Vec<String>,
    servers: BTreeMap<String, String>,
    checks: &'static str,
}

impl<'a> Setup<'a> {
    /// An ordinary one: `balance roundrobin`, the first pool at 100 and the others at 0.
    pub fn new(layout: Layout<'a>) -> Self {
        let balance = "roundrobin".to_owned();
        let checks = "inter 100ms fall 1 rise 1";
        Self { layout, balance, lines: Vec::new(), servers: BTreeMap::new(), checks }
    }

    /// Health checks that forgive a busy machine a late answer, for tests that count every request.
    #[must_use]
    pub fn patient(mut self) -> Self {
        self.checks = "inter 1s fall 5 rise 1";
        self
    }

    /// Another algorithm in the backend that holds the weights.
    #[must_use]
    pub fn balance(mut self, algorithm: &str) -> Self {
        algorithm.clone_into(&mut self.balance);
        self
    }

    /// One more line in that backend.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    /// Options of one server, after `check`; they replace its weight.
    #[must_use]
    pub fn server(mut self, name: &str, options: &str) -> Self {
        self.servers.insert(name.to_owned(), options.to_owned());
        self
    }

    /// Starts it and waits until it serves.
    pub fn start(self) -> Haproxy {
        let mut last = String::new();
        // Another process may take a port between the look and the start; HAProxy then says so and others are tried.
        for _ in 0..5 {
            let dir = tempfile::Builder::new().prefix("fd-haproxy").tempdir().expect("a temporary directory is made");
            let ports = free_ports();
            let config = self.config(dir.path(), ports);
            fs::write(dir.path().join("haproxy.cfg"), config).expect("the configuration is written");
            fs::write(dir.path().join("green.map"), "app 0\n").expect("the map is written");
            let mut haproxy = Haproxy { child: None, dir, ports, is_map: matches!(self.layout, Layout::B { .. }) };
            match haproxy.launch() {
                Ok(()) => return haproxy,
                Err(log) => last = log,
            }
        }
        panic!("HAProxy does not start:\n{last}");
    }

    fn config(&self, dir: &Path, ports: [u16; 4]) -> String {
        let dir = dir.display();
        let [front, admin, operator, user] = ports;
        let checks = self.checks;
        let mut text = format!(
            "global\n  stats socket {dir}/admin.sock mode 600 level admin\n  stats socket {dir}/user.sock level user\n  \
             stats socket {dir}/operator.sock level operator\n  \
             stats socket ipv4@127.0.0.1:{admin} level admin\n  stats socket ipv4@127.0.0.1:{operator} level operator\n  \
             stats socket ipv4@127.0.0.1:{user} level user\n  nbthread 1\n  maxconn 1000\n  noreuseport\n  \
             log stdout format raw local0 notice\n\
             defaults\n  mode http\n  log global\n  timeout connect 2s\n  timeout client 60s\n  timeout server 60s\n  \
             timeout queue 5s\n  timeout check 10s\n  default-server {checks}\n\
             frontend fe\n  bind 127.0.0.1:{front}\n"
        );
        let pools = self.layout.pools();
        let extra = self.lines.iter().fold(String::new(), |lines, line| lines + "  " + line + "\n");
        let head = |kind: &str, name: &str, balance: &str| format!("{kind} {name}\n  balance {balance}\n");
        let check = "  option httpchk GET /health\n";
        let put = |text: &mut String, pool: &str, at: &[SocketAddr], weight: Option<usize>| {
            for (index, address) in at.iter().enumerate() {
                let name = format!("{pool}-{}", index + 1);
                let ordinary = weight.map(|weight| format!("weight {weight}")).unwrap_or_default();
                let options = self.servers.get(&name).unwrap_or(&ordinary);
                writeln!(text, "  server {name} {address} check {options}").unwrap();
            }
        };
        match self.layout {
            Layout::A { .. } | Layout::Pools(_) => {
                text += "  default_backend app\n";
                text += &(head("backend", "app", &self.balance) + check + &extra);
                for (index, (pool, at)) in pools.iter().enumerate() {
                    put(&mut text, pool, at, Some(if index == 0 { 100 } else { 0 }));
                }
            }
            Layout::B { .. } => {
                write!(
                    text,
                    "  http-request set-var(txn.green) str(app),map_str_int({dir}/green.map,0)\n  \
                     http-request set-var(txn.pick) rand(100),sub(txn.green)\n  \
                     use_backend be_green if {{ var(txn.pick) -m int lt 0 }}\n  default_backend be_blue\n"
                )
                .unwrap();
                for (pool, at) in &pools {
                    text += &(head("backend", &format!("be_{pool}"), &self.balance) + check + &extra);
                    put(&mut text, pool, at, None);
                }
            }
            Layout::C { .. } => {
                text += "  default_backend app\n";
                text += &(head("backend", "app", &self.balance) + &extra);
                for (index, (pool, _)) in pools.iter().enumerate() {
                    let weight = if index == 0 { 100 } else { 0 };
                    writeln!(text, "  server {pool} unix@{dir}/{pool}.sock weight {weight}").unwrap();
                }
                for (pool, at) in &pools {
                    text += &head("listen", &format!("pool_{pool}"), "roundrobin");
                    write!(text, "  bind unix@{dir}/{pool}.sock\n{check}").unwrap();
                    put(&mut text, pool, at, None);
                }
            }
        }
        text
    }
}

/// A running HAProxy: a master and its worker.
pub struct Haproxy {
    child: Option<Child>,
    dir: TempDir,
    ports: [u16; 4],
    is_map: bool,
}

impl Haproxy {
    /// Starts an ordinary one.
    pub fn start(layout: Layout<'_>) -> Self {
        Setup::new(layout).start()
    }

    /// Where traffic goes in.
    pub fn front(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.ports[0]))
    }

    /// The unix socket of level admin.
    pub fn admin_socket(&self) -> PathBuf {
        self.dir.path().join("admin.sock")
    }

    /// The master process's socket.
    pub fn master_socket(&self) -> PathBuf {
        self.dir.path().join("master.sock")
    }

    /// The master process's socket of level user.
    pub fn master_user_socket(&self) -> PathBuf {
        self.dir.path().join("master-user.sock")
    }

    /// The unix socket of level user.
    pub fn user_socket(&self) -> PathBuf {
        self.dir.path().join("user.sock")
    }

    /// The unix socket of level operator.
    pub fn operator_socket(&self) -> PathBuf {
        self.dir.path().join("operator.sock")
    }

    /// The TCP port of level admin, as `host:port`.
    pub fn admin_tcp(&self) -> String {
        format!("127.0.0.1:{}", self.ports[1])
    }

    /// The TCP port of level operator.
    pub fn operator_tcp(&self) -> String {
        format!("127.0.0.1:{}", self.ports[2])
    }

    /// The TCP port of level user.
    pub fn user_tcp(&self) -> String {
        format!("127.0.0.1:{}", self.ports[3])
    }

    /// The map's file, as HAProxy knows it.
    pub fn map(&self) -> String {
        self.dir.path().join("green.map").display().to_string()
    }

    /// The configuration file; a changed one counts from the next reload or restart on.
    pub fn config_file(&self) -> PathBuf {
        self.dir.path().join("haproxy.cfg")
    }

    /// Asks HAProxy itself, not through flightdeck.
    pub fn ask(&self, command: &str) -> String {
        self.try_ask(command).unwrap_or_else(|error| panic!("HAProxy does not answer `{command}`: {error}"))
    }

    fn try_ask(&self, command: &str) -> std::io::Result<String> {
        Self::ask_at(&self.admin_socket(), command)
    }

    /// Whether the master answers and knows the worker. It starts itself anew once the worker runs, and is deaf meanwhile.
    fn is_mastered(&self, worker: u32) -> bool {
        let answer = Self::ask_at(&self.master_socket(), "show proc;quit").unwrap_or_default();
        let mut current = answer.lines().skip_while(|line| *line != "# workers").skip(1);
        current.next().is_some_and(|line| line.split_whitespace().next() == Some(&worker.to_string()))
    }

    fn ask_at(socket: &Path, command: &str) -> std::io::Result<String> {
        let mut socket = UnixStream::connect(socket)?;
        socket.set_read_timeout(Some(Duration::from_secs(30)))?;
        socket.write_all(format!("{command}\n").as_bytes())?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// What HAProxy itself has now: the weight of each server of `app`, or the percentages of a map's pools.
    pub fn weights(&self) -> BTreeMap<String, u32> {
        if self.is_map {
            let answer = self.ask(&format!("show map {}", self.map()));
            let green = answer.split_whitespace().nth(2).and_then(|percent| percent.parse().ok());
            let green: u32 = green.unwrap_or_else(|| panic!("no percentage in {answer:?}"));
            return BTreeMap::from([("blue".to_owned(), 100 - green), ("green".to_owned(), green)]);
        }
        let answer = self.ask("show servers state app");
        let words = answer.lines().skip(2).map(|line| line.split(' ').collect::<Vec<_>>());
        words.filter(|words| words.len() > 8).map(|words| (words[3].to_owned(), words[7].parse().unwrap())).collect()
    }

    /// Waits until a server's status, as HAProxy tells it, starts with `status`.
    pub fn wait_for_status(&self, proxy: &str, server: &str, status: &str) {
        wait(&format!("{proxy}/{server} to be {status}"), || {
            let answer = self.try_ask(&format!("show stat {proxy} 4 -1")).unwrap_or_default();
            answer.lines().any(|line| {
                let mut cells = line.split(',');
                cells.nth(1) == Some(server) && cells.nth(15).is_some_and(|cell| cell.starts_with(status))
            })
        });
    }

    /// The worker's pid, as HAProxy tells it.
    pub fn worker(&self) -> Option<u32> {
        let info = self.try_ask("show info").ok()?;
        info.lines().find_map(|line| line.strip_prefix("Pid: ")?.parse().ok())
    }

    /// Stops master and worker where they are (SIGSTOP): they connect and say nothing.
    pub fn stop(&self) {
        self.signal_all(Signal::STOP);
    }

    /// Lets them go on.
    pub fn cont(&self) {
        self.signal_all(Signal::CONT);
    }

    /// Reloads the configuration: a new worker takes over. Waits for it.
    pub fn reload(&self) {
        let before = self.worker();
        kill_process(self.pid(), Signal::USR2).expect("the master takes signals");
        wait("a new worker", || {
            let now = self.worker();
            now != before && now.is_some_and(|now| self.is_mastered(now))
        });
    }

    /// Kills everything and starts it again with the same files and ports.
    pub fn restart(&mut self) {
        self.kill();
        wait("the ports to be free again", || self.launch().is_ok());
    }

    /// Kills master and worker.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let group = Pid::from_child(&child);
            // It may be gone already.
            kill_process_group(group, Signal::KILL).ok();
            child.wait().ok();
            // The worker is reaped by somebody else at some time; what counts is that its sockets are closed.
            wait("the worker to be gone", || UnixStream::connect(self.admin_socket()).is_err());
        }
    }

    fn launch(&mut self) -> Result<(), String> {
        let log = File::create(self.dir.path().join("log")).expect("the log is made");
        let errors = log.try_clone().expect("the log has a second handle");
        let child = Command::new("haproxy")
            .arg("-W")
            .arg("-S")
            .arg(format!("{},level,admin", self.master_socket().display()))
            .arg("-S")
            .arg(format!("{},level,user", self.master_user_socket().display()))
            .arg("-f")
            .arg(self.config_file())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .process_group(0)
            .spawn();
        match child {
            Ok(child) => self.child = Some(child),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                panic!("there is no `haproxy` on this machine; `./tests/run` installs what the tests need")
            }
            Err(error) => panic!("HAProxy does not start: {error}"),
        }
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if ended.is_some() {
                break;
            }
            let is_ready = self.worker().is_some_and(|worker| self.is_mastered(worker));
            if is_ready && TcpStream::connect(self.front()).is_ok() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(5));
        }
        self.kill();
        Err(fs::read_to_string(self.dir.path().join("log")).unwrap_or_default())
    }

    fn pid(&self) -> Pid {
        Pid::from_child(self.child.as_ref().expect("HAProxy runs"))
    }

    fn signal_all(&self, signal: Signal) {
        kill_process_group(self.pid(), signal).expect("HAProxy's process group takes signals");
    }
}

impl Drop for Haproxy {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits for a state, with a limit.
pub fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
