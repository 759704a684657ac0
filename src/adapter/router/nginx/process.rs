//! What this host tells of nginx's processes: the master, and old workers that end what they began.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// Ticks per second in `/proc`, on every Linux that programs can ask.
const TICKS: u64 = 100;

/// What is known of a master.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Master {
    /// It runs.
    Runs {
        /// Its process id.
        pid: String,
        /// How long it has.
        uptime: Option<Duration>,
        /// Whether this process may signal it.
        may_signal: bool,
        /// Old workers, each with the clients that it still serves, where that can be seen.
        ending: Vec<Option<usize>>,
    },
    /// The pid file is there, its process is not: workers may go on without it.
    Gone {
        /// The process id that it names.
        pid: String,
    },
    /// The pid file cannot be read, or names another program.
    Unknown {
        /// Why.
        why: String,
    },
}

/// Looks at the master that a pid file names.
pub(super) fn look(pid_file: &Path) -> Master {
    let file = pid_file.display();
    let pid = match named(pid_file) {
        Ok(pid) => pid,
        Err(why) => return Master::Unknown { why: format!("{file}: {why}") },
    };
    let Some(stat) = stat(&pid).filter(|stat| stat.state != 'Z') else { return Master::Gone { pid } };
    if !command(&pid).starts_with("nginx: master") {
        return Master::Unknown { why: format!("{file} names process {pid}, which is no nginx master of this host") };
    }
    let boot = fs::read_to_string("/proc/uptime").ok();
    let boot = boot.as_deref().and_then(|text| text.split('.').next()?.parse::<u64>().ok());
    let uptime = boot.map(|boot| Duration::from_secs(boot.saturating_sub(stat.started / TICKS)));
    let may_signal = number(&pid).is_some_and(|pid| test_kill_process(pid) != Err(Errno::PERM));
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let ending = children
        .split_whitespace()
        .filter(|child| command(child).contains("worker process is shutting down"))
        .map(clients)
        .collect();
    Master::Runs { pid, uptime, may_signal, ending }
}

/// Tells the master that a pid file names to reload.
pub(super) fn signal(pid_file: &Path) -> Result<(), String> {
    let said = |why: String| format!("{}: {why}", pid_file.display());
    let pid = named(pid_file).map_err(said)?;
    // A process id may have gone to another program since.
    if !command(&pid).starts_with("nginx: master") {
        return Err(said(format!("process {pid}, which it names, is no nginx master")));
    }
    let number = number(&pid).ok_or_else(|| said("it names no process".to_owned()))?;
    kill_process(number, Signal::HUP).map_err(|error| said(format!("process {pid} cannot be signalled: {error}")))
}

fn named(pid_file: &Path) -> Result<String, String> {
    let text = fs::read_to_string(pid_file).map_err(|error| error.to_string())?;
    let pid = text.trim();
    number(pid).map(|_| pid.to_owned()).ok_or_else(|| "it names no process".to_owned())
}

fn number(pid: &str) -> Option<Pid> {
    pid.parse().ok().filter(|pid| *pid > 1).and_then(Pid::from_raw)
}

struct Stat {
    state: char,
    /// Ticks after the start of the host.
    started: u64,
}

fn stat(pid: &str) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before may hold spaces and brackets.
    let (_, rest) = text.rsplit_once(')')?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    Some(Stat { state: words.first()?.chars().next()?, started: words.get(19)?.parse().ok()? })
}

fn command(pid: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

/// The clients whose connections a process holds: those to a port that somebody of its network listens on. `None` where
/// its files belong to somebody else.
fn clients(pid: &str) -> Option<usize> {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let held: BTreeSet<String> = files
        .flatten()
        .filter_map(|file| {
            let link = fs::read_link(file.path()).ok()?;
            Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
        })
        .collect();
    let tables =
        ["tcp", "tcp6"].map(|table| fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default());
    let sockets: Vec<Socket<'_>> =
        tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(Socket::of).collect();
    let ports: BTreeSet<&str> =
        sockets.iter().filter(|socket| socket.state == "0A").map(|socket| socket.port).collect();
    let is_client =
        |socket: &&Socket<'_>| socket.state == "01" && held.contains(socket.inode) && ports.contains(socket.port);
    Some(sockets.iter().filter(is_client).count())
}

struct Socket<'a> {
    port: &'a str,
    state: &'a str,
    inode: &'a str,
}

impl<'a> Socket<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (_, port) = words.get(1)?.rsplit_once(':')?;
        Some(Self { port, state: words.get(3)?, inode: words.get(9)? })
    }
}
