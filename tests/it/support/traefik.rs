//! Real Traefik processes, each with directories and ports of its own, and an API that asks who one is.
//!
//! The user `writer` may do everything, `reader` may not send a configuration. Both are killed with the process on drop.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::haproxy::wait;
use super::nginx::wait_until_stopped;
use super::port::free_ports;

/// The longest wait for a start.
const PATIENCE: Duration = Duration::from_mins(1);

/// The password of `writer`, and its entry.
pub const WRITER: (&str, &str) = ("opensesame-writer", "writer:{SHA}dW+yB5CTVUNTxizRrb/UkWYZNq0=");
/// The password of `reader`, and its entry.
pub const READER: (&str, &str) = ("opensesame-reader", "reader:{SHA}MjylDZ09lxOZdrRIMulLBBkvS90=");
/// What the password of `writer` may become, and its entry.
pub const LATER: (&str, &str) = ("opensesame-later", "writer:{SHA}w8ey+wp6noM+7nly8NW9lx+7WaE=");

/// Which provider the weighted service `app` comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// A file.
    File,
    /// The REST provider.
    Rest,
}

impl Provider {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Rest => "rest",
        }
    }
}

/// A running Traefik.
pub struct Traefik {
    child: Option<Child>,
    dir: TempDir,
    front: u16,
    admin: u16,
    provider: Provider,
    throttle: &'static str,
    password: std::sync::Mutex<&'static str>,
}

impl Traefik {
    /// Starts one with everything on blue, and waits until it serves.
    pub fn start(provider: Provider, throttle: &'static str, blue: &[SocketAddr], green: &[SocketAddr]) -> Self {
        let dir = tempfile::Builder::new().prefix("fd-traefik").tempdir().expect("a temporary directory is made");
        fs::create_dir(dir.path().join("dynamic")).expect("a directory is made");
        let password = std::sync::Mutex::new(WRITER.0);
        let mut traefik = Self { child: None, dir, front: 0, admin: 0, provider, throttle, password };
        traefik.write(&configuration(blue, green));
        traefik.let_in(WRITER.1);
        let mut last = String::new();
        // Another process may take a port between the look and the start; others are tried then.
        for _ in 0..5 {
            [traefik.front, traefik.admin] = free_ports();
            match traefik.launch() {
                Ok(()) => return traefik,
                Err(log) => last = log,
            }
        }
        panic!("Traefik does not start:\n{last}");
    }

    /// Where traffic goes in.
    pub fn front(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.front))
    }

    /// Its API and its counters.
    pub fn admin(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.admin))
    }

    /// The file of the file provider, or what the REST provider is sent.
    pub fn document(&self) -> PathBuf {
        match self.provider {
            Provider::File => self.dir.path().join("dynamic/app.yaml"),
            Provider::Rest => self.dir.path().join("template.json"),
        }
    }

    /// A place for a secret.
    pub fn secret(&self) -> PathBuf {
        self.dir.path().join("secret")
    }

    /// The document.
    pub fn read(&self) -> Value {
        serde_json::from_slice(&fs::read(self.document()).expect("the document is there")).expect("it is JSON")
    }

    /// Writes the document as somebody else would.
    pub fn write(&self, document: &Value) {
        let new = self.dir.path().join("new");
        fs::write(&new, document.to_string()).expect("the document is written");
        fs::rename(new, self.document()).expect("it is put into place");
    }

    /// What the API says of the weighted service.
    pub fn weights(&self) -> BTreeMap<String, i64> {
        let (status, text) = self.ask("GET", &format!("/api/http/services/app@{}", self.provider.name()), "");
        assert_eq!(status, 200, "{text}");
        let answer: Value = serde_json::from_str(&text).expect("it answers with JSON");
        let services = answer["weighted"]["services"].as_array().expect("it is a weighted service").iter();
        services.map(|each| (each["name"].as_str().unwrap().to_owned(), each["weight"].as_i64().unwrap_or(1))).collect()
    }

    /// Changes the weights as somebody else would, and waits until the API tells them.
    pub fn change(&self, blue: i64, green: i64) {
        let mut document = self.read();
        document["http"]["services"]["app"]["weighted"]["services"] =
            json!([{ "name": "blue", "weight": blue }, { "name": "green", "weight": green }]);
        match self.provider {
            Provider::File => self.write(&document),
            Provider::Rest => self.put(&document),
        }
        let wanted = BTreeMap::from([("blue".to_owned(), blue), ("green".to_owned(), green)]);
        wait("the change to show", || self.weights() == wanted);
    }

    /// Sends the REST provider a configuration.
    pub fn put(&self, document: &Value) {
        let (status, text) = self.ask("PUT", "/api/providers/rest", &document.to_string());
        assert_eq!(status, 200, "{text}");
    }

    /// From now on `writer` has another password. Waits until that is so.
    pub fn change_password(&self, (password, entry): (&'static str, &str)) {
        self.let_in(entry);
        *self.password.lock().unwrap() = password;
        wait("the password to be another", || self.ask("GET", "/api/version", "").0 == 200);
    }

    /// Stops it where it is (SIGSTOP).
    pub fn stop(&self) {
        kill_process(self.pid(), Signal::STOP).expect("it takes signals");
        wait_until_stopped(self.pid());
    }

    /// Lets it go on.
    pub fn cont(&self) {
        kill_process(self.pid(), Signal::CONT).expect("it takes signals");
    }

    /// Kills it.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// Kills it and starts it again with the same files and ports.
    pub fn restart(&mut self) {
        self.kill();
        wait("the ports to be free again", || self.launch().is_ok());
    }

    /// Asks its API, as `writer`.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        self.try_ask(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    fn try_ask(&self, method: &str, path: &str, body: &str) -> std::io::Result<(u16, String)> {
        let login = STANDARD.encode(format!("writer:{}", self.password.lock().unwrap()));
        let mut stream = TcpStream::connect(self.admin())?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        // Of this version no answer comes in chunks.
        let head = format!(
            "{method} {path} HTTP/1.0\r\nAuthorization: Basic {login}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
        Ok((status, body))
    }

    /// Who may ask the API, and what may be asked by whom.
    fn let_in(&self, writer: &str) {
        let text = json!({ "http": {
            "routers": {
                "api": { "rule": "PathPrefix(`/api`)", "entryPoints": ["admin"], "service": "api@internal",
                         "middlewares": ["all"], "priority": 10 },
                "send": { "rule": "PathPrefix(`/api/providers`)", "entryPoints": ["admin"], "service": "rest@internal",
                          "middlewares": ["writers"], "priority": 20 },
            },
            "middlewares": {
                "all": { "basicAuth": { "users": [writer, READER.1] } },
                "writers": { "basicAuth": { "users": [writer] } },
            },
        } });
        let new = self.dir.path().join("new");
        fs::write(&new, text.to_string()).expect("it is written");
        fs::rename(new, self.dir.path().join("dynamic/api.yaml")).expect("it is put into place");
    }

    fn launch(&mut self) -> Result<(), String> {
        let config = json!({
            "global": { "checkNewVersion": false, "sendAnonymousUsage": false },
            "log": { "level": "INFO" },
            "api": { "dashboard": false },
            "metrics": { "prometheus": { "entryPoint": "admin", "addServicesLabels": true } },
            "entryPoints": {
                "admin": { "address": self.admin().to_string() },
                "front": { "address": self.front().to_string() },
            },
            "providers": {
                "providersThrottleDuration": self.throttle,
                "file": { "directory": self.dir.path().join("dynamic"), "watch": true },
                "rest": {},
            },
        });
        let file = self.dir.path().join("traefik.yaml");
        fs::write(&file, config.to_string()).expect("the configuration is written");
        let log = File::create(self.dir.path().join("log")).expect("the log is made");
        let errors = log.try_clone().expect("the log has a second handle");
        let child = Command::new(program())
            .arg(format!("--configFile={}", file.display()))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .unwrap_or_else(|error| panic!("Traefik does not start: {error}"));
        self.child = Some(child);
        let path = format!("/api/http/services/app@{}", self.provider.name());
        let deadline = Instant::now() + PATIENCE;
        let mut has_sent = self.provider == Provider::File;
        while Instant::now() < deadline {
            if self.child.as_mut().and_then(|child| child.try_wait().ok().flatten()).is_some() {
                break;
            }
            if !has_sent
                && self.try_ask("PUT", "/api/providers/rest", &self.read().to_string()).is_ok_and(|it| it.0 == 200)
            {
                has_sent = true;
            }
            if has_sent
                && self.try_ask("GET", &path, "").is_ok_and(|(status, _)| status == 200)
                && super::load::once(self.front(), "/").is_ok()
            {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.kill();
        Err(fs::read_to_string(self.dir.path().join("log")).unwrap_or_default())
    }

    fn pid(&self) -> Pid {
        Pid::from_child(self.child.as_ref().expect("Traefik runs"))
    }
}

impl Drop for Traefik {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A router to a weighted service of two pools.
fn configuration(blue: &[SocketAddr], green: &[SocketAddr]) -> Value {
    let pool = |servers: &[SocketAddr]| {
        let servers: Vec<Value> = servers.iter().map(|server| json!({ "url": format!("http://{server}") })).collect();
        json!({ "loadBalancer": {
            "passHostHeader": true,
            "healthCheck": { "path": "/health", "interval": "200ms", "timeout": "5s", "mode": "http" },
            "servers": servers,
        } })
    };
    json!({ "http": {
        "routers": { "app": { "rule": "PathPrefix(`/`)", "entryPoints": ["front"], "service": "app" } },
        "services": {
            "app": { "weighted": { "services": [{ "name": "blue", "weight": 100 }, { "name": "green", "weight": 0 }] } },
            "blue": pool(blue),
            "green": pool(green),
        },
    } })
}

/// On the path, or where `tests/run` puts it.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("traefik")).find(|file| file.is_file());
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
    let cached = cache.map(|cache| cache.join("flightdeck-tests/traefik")).filter(|file| file.is_file());
    on_path
        .or(cached)
        .expect("there is no `traefik` on this machine: run ./tests/run, which installs what the tests need")
}
