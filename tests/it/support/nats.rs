//! Real NATS servers, each with a configuration, a directory and ports of its own.
//!
//! ```ignore
//! let servers = Nats::start(3);            // a cluster; Nats::start(1) is a server alone
//! let settings = servers.settings("JOURNAL", 3);
//! servers.stop(servers.leader("JOURNAL")); // SIGSTOP: it connects and says nothing
//! ```
//! Each server is the child of a shell that ends it when this process is gone, however it went.

use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use super::port::free_ports;
use flightdeck::journal::nats::Settings;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value as Json;
use tempfile::TempDir;

/// The longest wait for any state of a server.
const PATIENCE: Duration = Duration::from_secs(40);

/// Ends the server when the pipe to this process breaks.
const KEEPER: &str = r#""$0" -c "$1" & pid=$!; trap 'kill -9 $pid; wait $pid' EXIT; read -r _"#;

/// One server, or several that know each other.
pub struct Nats {
    servers: Vec<Server>,
    /// Lines for every server's configuration: accounts, TLS.
    extra: String,
    /// Whether JetStream is on.
    keeps: bool,
}

struct Server {
    dir: TempDir,
    name: String,
    /// For clients, for looking, for the other servers.
    ports: [u16; 3],
    keeper: Option<Child>,
    pid: Option<Pid>,
}

impl Nats {
    /// Starts so many servers with nothing special about them.
    pub fn start(count: usize) -> Self {
        Self::start_with(count, "")
    }

    /// Starts so many servers with these lines in their configuration.
    pub fn start_with(count: usize, extra: &str) -> Self {
        Self::start_as(count, extra, true)
    }

    fn start_as(count: usize, extra: &str, keeps: bool) -> Self {
        let mut last = String::new();
        // Another process may take a port between the look and the start.
        for _ in 0..5 {
            let servers = (0..count).map(|_| Server::new(free_ports())).collect();
            let mut nats = Self { servers, extra: extra.to_owned(), keeps };
            match (0..count).try_for_each(|index| nats.launch(index)) {
                Ok(()) => {
                    if keeps {
                        nats.wait_until_ready();
                    }
                    return nats;
                }
                Err(log) => last = log,
            }
        }
        panic!("the NATS server does not start:\n{last}");
    }

    /// Starts one server that keeps nothing.
    pub fn start_without_jetstream() -> Self {
        Self::start_as(1, "", false)
    }

    /// One server that this process's tests share. Use a stream of your own.
    pub fn one() -> &'static Self {
        static ONE: OnceLock<Nats> = OnceLock::new();
        ONE.get_or_init(|| Self::start(1))
    }

    /// Three servers that this process's tests share. Use a stream of your own, and leave them running.
    pub fn three() -> &'static Self {
        static THREE: OnceLock<Nats> = OnceLock::new();
        THREE.get_or_init(|| Self::start(3))
    }

    /// Where clients connect.
    pub fn addresses(&self) -> Vec<String> {
        self.servers.iter().map(|server| format!("nats://127.0.0.1:{}", server.ports[0])).collect()
    }

    /// Settings for a stream of this name on them.
    pub fn settings(&self, stream: &str, replicas: usize) -> Settings {
        Settings {
            servers: self.addresses(),
            stream: stream.to_owned(),
            subject: stream.to_lowercase(),
            replicas,
            create: true,
            login: None,
            tls: None,
        }
    }

    /// The server that leads a stream.
    pub fn leader(&self, stream: &str) -> usize {
        let mut found = None;
        wait(&format!("a leader of {stream}"), || {
            found = (0..self.servers.len()).find(|index| self.sees_leader(*index, stream));
            found.is_some()
        });
        found.unwrap()
    }

    /// Whether a server says of itself that it leads.
    pub fn sees_leader(&self, index: usize, stream: &str) -> bool {
        let server = &self.servers[index];
        let Some(told) = server.look("/jsz?streams=true") else { return false };
        let accounts = told["account_details"].as_array().cloned().unwrap_or_default();
        let streams =
            accounts.iter().flat_map(|account| account["stream_detail"].as_array().cloned().unwrap_or_default());
        streams.into_iter().any(|each| each["name"] == stream && each["cluster"]["leader"] == server.name.as_str())
    }

    /// Stops a server where it is (SIGSTOP): it connects and says nothing.
    pub fn stop(&self, index: usize) {
        self.signal(index, Signal::STOP);
    }

    /// Lets it go on.
    pub fn cont(&self, index: usize) {
        self.signal(index, Signal::CONT);
    }

    /// Kills a server (SIGKILL) and waits until its ports are closed.
    pub fn kill(&self, index: usize) {
        self.signal(index, Signal::KILL);
        let port = self.servers[index].ports[0];
        wait("the server to be gone", || TcpStream::connect(("127.0.0.1", port)).is_err());
    }

    /// Starts a killed server again, with what it has on disk.
    pub fn restart(&mut self, index: usize) {
        self.servers[index].end();
        wait("the ports to be free again", || self.launch(index).is_ok());
    }

    /// Waits until all servers take work for JetStream.
    pub fn wait_until_ready(&self) {
        for server in &self.servers {
            wait(&format!("JetStream on {}", server.name), || {
                let healthy = server.look("/healthz?js-enabled-only=true").is_some_and(|told| told["status"] == "ok");
                let agreed = self.servers.len() == 1
                    || server.look("/jsz").is_some_and(|told| {
                        let leader = told["meta_cluster"]["leader"].as_str().unwrap_or_default();
                        // The leader knows the others; they know the leader.
                        let others = told["meta_cluster"]["replicas"].as_array().cloned().unwrap_or_default();
                        told["meta_cluster"]["cluster_size"] == self.servers.len()
                            && !leader.is_empty()
                            && others.iter().all(|other| other["offline"] != true)
                    });
                healthy && agreed
            });
        }
    }

    fn signal(&self, index: usize, signal: Signal) {
        kill_process(self.servers[index].pid.expect("the server runs"), signal).expect("the server takes signals");
    }

    fn launch(&mut self, index: usize) -> Result<(), String> {
        let routes: Vec<String> =
            self.servers.iter().map(|server| format!("nats://127.0.0.1:{}", server.ports[2])).collect();
        let cluster = if routes.len() == 1 { String::new() } else { routes.join(", ") };
        let store = self.servers[index].dir.path().join("store");
        let jetstream = format!("jetstream {{ store_dir: \"{}\", sync_interval: \"2m\" }}\n", store.display());
        let extra = if self.keeps { jetstream + &self.extra } else { self.extra.clone() };
        self.servers[index].launch(&cluster, &extra)
    }
}

impl Server {
    fn new(ports: [u16; 3]) -> Self {
        let dir = tempfile::Builder::new().prefix("fd-nats").tempdir().expect("a temporary directory is made");
        let name = format!("fd-{}", uuid::Uuid::now_v7());
        Self { dir, name, ports, keeper: None, pid: None }
    }

    fn launch(&mut self, routes: &str, extra: &str) -> Result<(), String> {
        let dir = self.dir.path().to_owned();
        let [client, look, route] = self.ports;
        let shown = dir.display();
        let mut config = format!(
            "server_name: \"{}\"\nlisten: \"127.0.0.1:{client}\"\nhttp: \"127.0.0.1:{look}\"\n\
             pid_file: \"{shown}/pid\"\nlog_file: \"{shown}/log\"\nwrite_deadline: \"2s\"\n\
             {extra}\n",
            self.name
        );
        if !routes.is_empty() {
            writeln!(config, "cluster {{ name: fd, listen: \"127.0.0.1:{route}\", routes: [{routes}] }}").unwrap();
        }
        fs::write(dir.join("nats.conf"), config).expect("the configuration is written");
        fs::remove_file(dir.join("pid")).ok();
        let Some(program) = program() else {
            panic!("there is no `nats-server` on this machine; `./tests/run` installs what the tests need")
        };
        let keeper = Command::new("sh")
            .args(["-c", KEEPER])
            .arg(program)
            .arg(dir.join("nats.conf"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        self.keeper = Some(keeper);
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            self.pid = fs::read_to_string(dir.join("pid"))
                .ok()
                .and_then(|pid| pid.trim().parse().ok())
                .and_then(Pid::from_raw);
            if self.pid.is_some() && self.is_ours() {
                return Ok(());
            }
            let log = fs::read_to_string(dir.join("log")).unwrap_or_default();
            if log.contains("[FTL]") {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        self.end();
        Err(fs::read_to_string(dir.join("log")).unwrap_or_default())
    }

    /// Whether the server that answers on our port is this one, and no other that took it.
    fn is_ours(&self) -> bool {
        self.look("/varz").is_some_and(|told| told["server_name"] == self.name.as_str())
    }

    /// Asks the server about itself.
    fn look(&self, path: &str) -> Option<Json> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.ports[1])).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: x\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    fn end(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            keeper.wait().ok();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// A name for a stream that no other test uses.
pub fn stream() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("FD-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The server's program: on the path, or where `tests/run` puts it.
pub fn program() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).map(|folder| folder.join("nats-server")).find(|file| file.is_file())
    });
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| {
        let home = std::env::var_os("HOME")?;
        Some(Path::new(&home).join(".cache"))
    });
    let cached = cache.map(|cache| cache.join("flightdeck-tests/nats-server")).filter(|file| file.is_file());
    on_path.or(cached)
}

/// Waits for a state, with a limit.
pub fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain for {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A wire between a client and a server, on which answers can be lost.
pub struct Wire {
    address: SocketAddr,
    swallows: Arc<AtomicBool>,
    ends: Arc<Mutex<Vec<TcpStream>>>,
}

impl Wire {
    /// To a server's port.
    pub fn to(nats: &Nats) -> Self {
        let server = nats.servers[0].ports[0];
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
        let wire = Self {
            address: listener.local_addr().expect("it is bound"),
            swallows: Arc::default(),
            ends: Arc::default(),
        };
        let (swallows, ends) = (wire.swallows.clone(), wire.ends.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let twins = (client.try_clone().unwrap(), server.try_clone().unwrap());
                ends.lock().unwrap().extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                thread::spawn(move || carry(client, server, None));
                let swallows = swallows.clone();
                thread::spawn(move || carry(twins.1, twins.0, Some(&swallows)));
            }
        });
        wire
    }

    /// Where clients connect.
    pub fn address(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// From now on nothing comes back.
    pub fn swallow(&self) {
        self.swallows.store(true, Ordering::SeqCst);
    }

    /// Breaks every connection. New ones are whole.
    pub fn cut(&self) {
        for end in self.ends.lock().unwrap().drain(..) {
            end.shutdown(Shutdown::Both).ok();
        }
        self.swallows.store(false, Ordering::SeqCst);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, swallows: Option<&AtomicBool>) {
    let mut bytes = [0; 16 * 1024];
    loop {
        match from.read(&mut bytes) {
            Ok(0) => break,
            Ok(_) if swallows.is_some_and(|swallows| swallows.load(Ordering::SeqCst)) => {}
            Ok(count) => {
                if to.write_all(&bytes[..count]).is_err() {
                    break;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}
