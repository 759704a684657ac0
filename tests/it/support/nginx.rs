//! Real nginx processes, each with a configuration, a file of weights and ports of its own.
//!
//! The master leads a process group of its own, which is killed on drop.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;

use super::haproxy::wait;
use super::load;
use super::port::free_ports;

/// The longest wait for a start.
const PATIENCE: Duration = Duration::from_mins(1);

/// How the file of weights splits traffic.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Percentages by `split_clients`, between upstreams `blue` and `green`.
    Split,
    /// Weights of servers in the upstream `app`.
    Upstream,
}

/// A running nginx: a master and a worker.
pub struct Nginx {
    child: Option<Child>,
    dir: TempDir,
    front: u16,
    status: u16,
    way: Way,
    pools: [Vec<SocketAddr>; 2],
}

impl Nginx {
    /// Starts one with everything on blue, and waits until it serves.
    pub fn start(way: Way, blue: Vec<SocketAddr>, green: Vec<SocketAddr>) -> Self {
        let dir = tempfile::Builder::new().prefix("fd-nginx").tempdir().expect("a temporary directory is made");
        let mut nginx = Self { child: None, dir, front: 0, status: 0, way, pools: [blue, green] };
        for folder in ["weights", "tmp"] {
            fs::create_dir(nginx.dir.path().join(folder)).expect("a directory is made");
        }
        nginx.write([if way == Way::Split { 10_000 } else { 100 }, 0]);
        let mut last = String::new();
        // Another process may take a port between the look and the start; nginx then says so and others are tried.
        for _ in 0..5 {
            [nginx.front, nginx.status] = free_ports();
            fs::write(nginx.config(), nginx.text()).expect("the configuration is written");
            match nginx.launch() {
                Ok(()) => return nginx,
                Err(log) => last = log,
            }
        }
        panic!("nginx does not start:\n{last}");
    }

    /// Where traffic goes in.
    pub fn front(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.front))
    }

    /// Where workers tell what they have.
    pub fn status(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.status))
    }

    /// Its main configuration.
    pub fn config(&self) -> PathBuf {
        self.dir.path().join("nginx.conf")
    }

    /// The file of weights.
    pub fn file(&self) -> PathBuf {
        self.dir.path().join("weights/flightdeck.conf")
    }

    /// Where the master's process id is.
    pub fn pid_file(&self) -> PathBuf {
        self.dir.path().join("nginx.pid")
    }

    /// A command of nginx's with its configuration.
    pub fn command(&self, words: &[&str]) -> Vec<String> {
        let config = self.config().display().to_string();
        ["nginx", "-c", &config].iter().chain(words).map(|word| (*word).to_owned()).collect()
    }

    /// What a worker answers.
    pub fn answer(&self) -> String {
        load::once(self.status(), "/flightdeck").unwrap_or_else(|why| panic!("no worker answers: {why}"))
    }

    /// What a worker has, by value or server.
    pub fn weights(&self) -> BTreeMap<String, u32> {
        let answer = self.answer();
        let words = answer.split_whitespace().skip(3).filter_map(|word| word.rsplit_once('='));
        words.map(|(name, weight)| (name.to_owned(), weight.parse().unwrap())).collect()
    }

    /// Writes the file of weights as somebody else would, and reloads nothing.
    pub fn write(&self, [blue, green]: [u32; 2]) {
        let remark = "# flightdeck writes this file anew with every change: what else is written into it is lost.";
        let mut lines = vec![remark.to_owned()];
        let mut words = Vec::new();
        match self.way {
            Way::Split => {
                lines.push("split_clients \"$request_id\" $pool {".to_owned());
                match (blue, green) {
                    (_, 0) => lines.push("    * blue;".to_owned()),
                    (0, _) => lines.push("    * green;".to_owned()),
                    (blue, _) => {
                        lines.push(format!("    {}% blue;", f64::from(blue) / 100.0));
                        lines.push("    * green;".to_owned());
                    }
                }
                words.push(format!("blue={blue} green={green}"));
            }
            Way::Upstream => {
                lines.push("upstream app {".to_owned());
                for (weight, servers) in [blue, green].into_iter().zip(&self.pools) {
                    let share = if weight == 0 { "down".to_owned() } else { format!("weight={weight}") };
                    lines.extend(servers.iter().map(|server| format!("    server {server} {share};")));
                    words.extend(servers.iter().map(|server| format!("{server}={weight}")));
                }
            }
        }
        let words = words.join(" ");
        lines.extend(["}", "map $host $flightdeck {"].map(str::to_owned));
        lines.push(format!("    default \"flightdeck at={blue}-{green} node=$hostname {words}\";\n}}\n"));
        fs::write(self.file(), lines.join("\n")).expect("the file of weights is written");
    }

    /// Reloads what is on disk and waits until only new workers answer.
    pub fn reload(&self) {
        let text = fs::read_to_string(self.file()).expect("the file is there");
        let at = text.split_whitespace().find(|word| word.starts_with("at=")).expect("it tells its time").to_owned();
        kill_process(self.pid(), Signal::HUP).expect("the master takes signals");
        let mut since = Instant::now();
        wait("new workers alone", || {
            if !self.answer().contains(&at) {
                since = Instant::now();
            }
            since.elapsed() > Duration::from_millis(300)
        });
    }

    /// Stops master and workers where they are (SIGSTOP).
    pub fn stop(&self) {
        kill_process_group(self.pid(), Signal::STOP).expect("nginx's process group takes signals");
        let master = self.pid().as_raw_nonzero();
        let children = fs::read_to_string(format!("/proc/{master}/task/{master}/children")).unwrap_or_default();
        for pid in children.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)) {
            wait_until_stopped(pid);
        }
        wait_until_stopped(self.pid());
    }

    /// Stops the master alone: workers go on, and no reload happens.
    pub fn stop_master(&self) {
        kill_process(self.pid(), Signal::STOP).expect("the master takes signals");
        wait_until_stopped(self.pid());
    }

    /// Lets all go on.
    pub fn cont(&self) {
        kill_process_group(self.pid(), Signal::CONT).expect("nginx's process group takes signals");
    }

    /// Kills the master alone: its workers go on.
    pub fn kill_master(&self) {
        kill_process(self.pid(), Signal::KILL).expect("the master takes signals");
    }

    /// Kills master and workers.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may be gone already.
            kill_process_group(Pid::from_child(&child), Signal::KILL).ok();
            child.wait().ok();
            wait("the workers to be gone", || TcpStream::connect(self.status()).is_err());
        }
    }

    /// Kills everything and starts it again with the same files and ports.
    pub fn restart(&mut self) {
        self.kill();
        wait("the ports to be free again", || self.launch().is_ok());
    }

    fn launch(&mut self) -> Result<(), String> {
        let log = File::create(self.dir.path().join("log")).expect("the log is made");
        let errors = log.try_clone().expect("the log has a second handle");
        let words = self.command(&["-g", "daemon off;"]);
        let child = Command::new(&words[0])
            .args(&words[1..])
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .process_group(0)
            .spawn();
        match child {
            Ok(child) => self.child = Some(child),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                panic!("there is no `nginx` on this machine's path; `./tests/run` installs what the tests need")
            }
            Err(error) => panic!("nginx does not start: {error}"),
        }
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if self.child.as_mut().and_then(|child| child.try_wait().ok().flatten()).is_some() {
                break;
            }
            if load::once(self.status(), "/flightdeck").is_ok() && TcpStream::connect(self.front()).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.kill();
        Err(fs::read_to_string(self.dir.path().join("log")).unwrap_or_default())
    }

    fn pid(&self) -> Pid {
        Pid::from_child(self.child.as_ref().expect("nginx runs"))
    }

    fn text(&self) -> String {
        let dir = self.dir.path().display();
        let (front, status) = (self.front, self.status);
        let upstream = |name: &str, servers: &[SocketAddr]| {
            let servers: Vec<String> = servers.iter().map(|server| format!("server {server};")).collect();
            format!("  upstream {name} {{ {} }}\n", servers.join(" "))
        };
        let (upstreams, to) = match self.way {
            Way::Split => (upstream("blue", &self.pools[0]) + &upstream("green", &self.pools[1]), "$pool"),
            Way::Upstream => (String::new(), "app"),
        };
        format!(
            "worker_processes 1;\npid {dir}/nginx.pid;\nerror_log stderr notice;\nevents {{ worker_connections 512; }}\nhttp {{\n  \
             access_log off;\n  client_body_temp_path {dir}/tmp;\n  proxy_temp_path {dir}/tmp;\n  \
             fastcgi_temp_path {dir}/tmp;\n  uwsgi_temp_path {dir}/tmp;\n  scgi_temp_path {dir}/tmp;\n  \
             include {dir}/weights/*.conf;\n{upstreams}  \
             server {{ listen 127.0.0.1:{front}; location / {{ proxy_pass http://{to}; }} }}\n  \
             server {{ listen 127.0.0.1:{status}; location = /flightdeck {{ default_type text/plain; return 200 \
             \"$flightdeck\\n\"; }} }}\n}}\n"
        )
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits until a signal to stop has reached every thread of a process, or the process is gone: until then it may go on.
pub fn wait_until_stopped(pid: Pid) {
    let tasks = format!("/proc/{}/task", pid.as_raw_nonzero());
    wait("the process to be stopped", || {
        fs::read_dir(&tasks).into_iter().flatten().flatten().all(|task| {
            let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['T', 'Z', 'X']))
        })
    });
}
