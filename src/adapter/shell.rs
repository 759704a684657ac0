//! Commands of items, run through the shell that a profile names.
//!
//! The command is one argument, as it is written: nothing is put into it, and nothing of it is read here. What it writes is
//! kept as its last lines, harmless and masked as log lines are; the values of variables whose names speak of secrets
//! are left out of them.
//!
//! # Invariants
//! - The command and what it started are a process group, which is killed when the run is over, cancelled, given up or late.
//! - It does not outlive this process: a watcher in a group of its own holds a pipe from here, and kills the group once
//!   nobody holds its other end any more.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join;
use rustix::process::{Pid, Signal};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::group::Group;
use super::log::quotable;
use crate::domain::duty::CommandEnd;

/// How many lines are kept.
pub const LINES: usize = 60;
/// The most characters of one that are kept.
const LONGEST: usize = 400;
/// The longest line that is read as one, in bytes.
const LONGEST_READ: usize = 16 * 1024;
/// How long what it wrote may take to arrive once it has ended; something that it left behind may hold the pipes.
const FAREWELL: Duration = Duration::from_millis(500);
/// How long a cancelled command has to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// Words in the names of variables whose values are secret.
const SECRETS: [&str; 6] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "KEY", "CREDENTIAL"];
/// A value shorter than this is no secret.
const SHORTEST: usize = 6;

/// What is run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The shell's program and its arguments.
    pub shell: Vec<String>,
    /// The command.
    pub command: String,
    /// The directory.
    pub directory: String,
    /// How long it may run.
    pub limit: Duration,
    /// The variables that are handed on; `None` for all of them.
    pub environment: Option<Vec<String>>,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ran {
    /// How it ended.
    pub end: CommandEnd,
    /// How long it ran.
    pub took: Duration,
    /// Its last lines.
    pub lines: Vec<String>,
    /// How many lines before them were not kept.
    pub dropped: u64,
}

/// Runs a command until it ends, `cancel` says so or its time is over.
pub async fn run(run: Run, cancel: impl Future<Output = ()>) -> Ran {
    let begun = Instant::now();
    let nothing =
        |why: String| Ran { end: CommandEnd::NotStarted { why }, took: Duration::ZERO, lines: Vec::new(), dropped: 0 };
    let Some((program, arguments)) = run.shell.split_first() else { return nothing("no shell is named".to_owned()) };
    let environment = environment(run.environment.as_deref());
    let mut command = Command::new(program);
    command
        .args(arguments)
        .arg(&run.command)
        .current_dir(&run.directory)
        .env_clear()
        .envs(&environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let (mut child, group) = match Group::start(&mut command) {
        Ok(started) => started,
        Err(error) => return nothing(format!("`{program}` cannot be started in {}: {error}", run.directory)),
    };
    let watcher = group.id().and_then(watcher);
    let (tell, mut told) = unbounded_channel();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut reading = Box::pin(join(lines(stdout, tell.clone()), lines(stderr, tell)));
    let mut kept = Kept::new(&environment);
    let mut cancel = std::pin::pin!(cancel);
    let mut late = std::pin::pin!(tokio::time::sleep(run.limit));
    let mut is_read = false;
    let end = loop {
        tokio::select! {
            biased;
            Some(line) = told.recv() => kept.put(&line),
            ((), ()) = &mut reading, if !is_read => is_read = true,
            status = child.wait() => break ended(status),
            () = &mut cancel => {
                group.signal(Signal::TERM);
                let _lapsed = tokio::time::timeout(GRACE, child.wait()).await;
                break CommandEnd::Cancelled;
            }
            () = &mut late => break CommandEnd::TimedOut,
        }
    };
    if !matches!(end, CommandEnd::Exited { .. } | CommandEnd::Signalled { .. }) {
        group.signal(Signal::KILL);
    }
    if !is_read {
        let _lapsed = tokio::time::timeout(FAREWELL, &mut reading).await;
    }
    drop(reading);
    while let Ok(line) = told.try_recv() {
        kept.put(&line);
    }
    // What it left behind ends with it, and then nobody is left to be watched.
    drop(group);
    drop(watcher);
    let (lines, dropped) = kept.finish();
    Ran { end, took: begun.elapsed(), lines, dropped }
}

fn ended(status: std::io::Result<ExitStatus>) -> CommandEnd {
    match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => CommandEnd::Exited { code },
            (None, signal) => CommandEnd::Signalled { signal: signal.unwrap_or_default() },
        },
        Err(error) => CommandEnd::NotStarted { why: format!("its end was not seen: {error}") },
    }
}

/// Kills the group once this process is gone. Where there is no `sh`, nobody does.
fn watcher(group: Pid) -> Option<Child> {
    let kill = "read -r _; kill -KILL -- \"-$1\"";
    let spawned = Command::new("sh")
        .args(["-c", kill, "flightdeck-watcher", &group.as_raw_nonzero().to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    spawned.ok()
}

/// What is handed on of this process's environment.
fn environment(names: Option<&[String]>) -> BTreeMap<String, String> {
    let all =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    all.filter(|(name, _)| names.is_none_or(|names| names.contains(name))).collect()
}

/// Reads one output line by line; of a line too long only the beginning is kept.
async fn lines(pipe: Option<impl AsyncRead + Unpin>, tell: UnboundedSender<Vec<u8>>) {
    let Some(mut pipe) = pipe else { return };
    let mut line: Vec<u8> = Vec::new();
    let mut buffer = vec![0; 8 * 1024];
    while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
        for byte in buffer.iter().take(count) {
            match byte {
                b'\n' => drop(tell.send(std::mem::take(&mut line))),
                _ if line.len() < LONGEST_READ => line.push(*byte),
                _ => {}
            }
        }
        // A command that writes without a pause must not keep everything else from its turn.
        tokio::task::yield_now().await;
    }
    if !line.is_empty() {
        drop(tell.send(line));
    }
}

/// The last lines.
struct Kept {
    lines: VecDeque<String>,
    dropped: u64,
    /// Values that are not shown, each with the name of its variable.
    secrets: Vec<(String, String)>,
}

impl Kept {
    fn new(environment: &BTreeMap<String, String>) -> Self {
        let is_secret = |name: &str| SECRETS.iter().any(|word| name.to_uppercase().contains(word));
        let secret = environment.iter().filter(|(name, value)| is_secret(name) && value.len() >= SHORTEST);
        let secrets = secret.map(|(name, value)| (name.clone(), value.clone())).collect();
        Self { lines: VecDeque::new(), dropped: 0, secrets }
    }

    fn put(&mut self, line: &[u8]) {
        let mut text = String::from_utf8_lossy(line).into_owned();
        for (name, value) in &self.secrets {
            text = text.replace(value.as_str(), &format!("‹{name}›"));
        }
        self.lines.push_back(quotable(&text, LONGEST));
        if self.lines.len() > LINES {
            self.lines.pop_front();
            self.dropped += 1;
        }
    }

    fn finish(self) -> (Vec<String>, u64) {
        (self.lines.into(), self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(environment: &[(&str, &str)], lines: &[&str]) -> (Vec<String>, u64) {
        let all = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut kept = Kept::new(&all.collect());
        for line in lines {
            kept.put(line.as_bytes());
        }
        kept.finish()
    }

    #[test]
    fn lines_are_harmless_and_masked_and_secrets_of_the_environment_are_left_out() {
        let environment = [("API_TOKEN", "hunter22"), ("HOME", "/home/ana")];
        let lines = ["a\u{1b}[2Jb", "card 4111 1111 1111 1111", "sent hunter22 from /home/ana", "mail ana@example.net"];
        let (lines, dropped) = kept(&environment, &lines);
        assert!(lines.iter().all(|line| !line.contains('\u{1b}')), "{lines:?}");
        assert_eq!(lines[1], "card ••••1111");
        assert_eq!(lines[2], "sent ‹API_TOKEN› from /home/ana");
        assert_eq!((lines[3].as_str(), dropped), ("mail ‹email›", 0));
    }

    #[test]
    fn only_the_last_lines_are_kept_and_the_others_counted() {
        let all: Vec<String> = (0..100).map(|number| format!("line {number}")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let (lines, dropped) = kept(&[], &all);
        assert_eq!((lines.len(), dropped), (LINES, 40));
        assert_eq!(lines.first().map(String::as_str), Some("line 40"));
    }
}
