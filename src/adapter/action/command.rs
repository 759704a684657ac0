//! A program of this machine, run to its end.
//!
//! Program and arguments run as they are written, without a shell, and nothing is filled in: no version and no name of the
//! session can become part of a command. What it may need is in its environment: `FLIGHTDECK_TO`, `FLIGHTDECK_FROM`,
//! `FLIGHTDECK_POOL`, `FLIGHTDECK_KEY`, and `FLIGHTDECK_DIGEST` where the version is resolved to one.
//!
//! It runs within the process that started it and ends with that: only there is seen how it goes on, and it is killed with
//! all that it started when it is cancelled, and when flightdeck leaves.
//!
//! # Invariants
//! - The last lines of both of its outputs are kept, masked, and no more, whatever it writes.
//! - A key runs once: a second start of it is the first one.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Child;

use super::{Action, Configured, say};
use crate::adapter::group::Group;
use crate::adapter::router::{Fence, SetAnswer};
use crate::domain::action::{Acting, ActionLook, ActionState, Description, Started};
use crate::domain::{Trouble, TroubleKind};
use crate::setting::{Table, Wrong, command, count};

/// The longest line that is kept whole; what comes after it is left out.
const LONGEST_LINE: usize = 4 * 1024;

/// One program.
#[derive(Clone, Debug)]
pub struct Config {
    /// Program and arguments.
    pub run: Vec<String>,
    /// The exit codes of a good end.
    pub succeeded: Vec<i32>,
}

impl Config {
    /// Reads the keys of `kind = "command"`.
    pub fn read(table: &mut Table<'_>) -> Option<Self> {
        let doc = "The program and its arguments; no shell, nothing is filled in. The versions, the pool and the key are \
                   in its environment: FLIGHTDECK_TO, FLIGHTDECK_FROM, FLIGHTDECK_POOL, FLIGHTDECK_KEY, FLIGHTDECK_DIGEST.";
        let run = table.required("run", doc, &command());
        let codes = count(0, 255).list("a list of exit codes, such as [0]");
        let succeeded = table.optional("succeeded", "The exit codes of a good end. Default [0].", &codes);
        if let Some(empty) = succeeded.as_ref().filter(|codes| codes.value.is_empty()) {
            table.report().refuse(&empty.spot, Wrong::new("names no exit code: it could never succeed"));
        }
        let codes = succeeded.map(|codes| codes.value.into_iter().map(|code| i32::try_from(code.value).unwrap_or(0)));
        Some(Self { run: run?.value, succeeded: codes.map_or_else(|| vec![0], Iterator::collect) })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Action>, Trouble> {
        Ok(Arc::new(Command { config: self.clone(), runs: Arc::default() }))
    }

    fn can_cancel(&self) -> bool {
        true
    }
}

struct Command {
    config: Config,
    runs: Arc<Mutex<BTreeMap<String, Run>>>,
}

/// One run in this process.
#[derive(Default)]
struct Run {
    group: Option<Pid>,
    lines: VecDeque<String>,
    end: Option<ActionState>,
    is_cancelled: bool,
}

impl Action for Command {
    fn describe<'a>(&'a self, acting: &'a Acting) -> BoxFuture<'a, Result<Description, Trouble>> {
        let mut requests = vec![self.config.run.join(" ")];
        requests.extend(environment(acting).map(|(name, value)| format!("  {name}={value}")));
        let notes = vec!["it runs on this machine, and is killed when this flightdeck leaves".to_owned()];
        async move {
            self.found().await?;
            Ok(Description { requests, differences: Vec::new(), notes })
        }
        .boxed()
    }

    fn start<'a>(&'a self, acting: &'a Acting, fence: &'a dyn Fence) -> BoxFuture<'a, Started> {
        async move { self.begin(acting, fence) }.boxed()
    }

    fn look<'a>(&'a self, acting: &'a Acting, _handle: Option<&'a str>) -> BoxFuture<'a, ActionLook> {
        let look = match lock(&self.runs).get(&acting.key) {
            None => {
                let why =
                    "it ran in another flightdeck process, which alone saw its end: look at what it should have done";
                ActionLook::new(ActionState::Lost { why: why.to_owned() })
            }
            Some(run) => {
                let running = ActionState::Running { percent: None, waits_for: None };
                let state = run.end.clone().unwrap_or(running);
                let log = say::last_lines(run.lines.iter().map(String::as_str));
                ActionLook { handle: Some(acting.key.clone()), log, ..ActionLook::new(state) }
            }
        };
        async move { look }.boxed()
    }

    fn cancel<'a>(&'a self, acting: &'a Acting, _handle: &'a str, fence: &'a dyn Fence) -> BoxFuture<'a, SetAnswer> {
        let answer = match lock(&self.runs).get_mut(&acting.key) {
            None => SetAnswer::NotSent("it runs in another flightdeck process: cancel it there".to_owned()),
            Some(run) if run.end.is_some() => SetAnswer::NotSent("it is over".to_owned()),
            Some(run) => match (fence.may_send(), run.group) {
                (Err(why), _) => SetAnswer::NotSent(why),
                (Ok(()), None) => SetAnswer::NotSent("it has not begun".to_owned()),
                (Ok(()), Some(group)) => {
                    run.is_cancelled = true;
                    match kill_process_group(group, Signal::TERM) {
                        Ok(()) => SetAnswer::Accepted,
                        Err(error) => SetAnswer::Failed(format!("it cannot be signalled: {error}")),
                    }
                }
            },
        };
        async move { answer }.boxed()
    }

    /// Looks whether the program is there; it is not run.
    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async move { Ok(format!("{} is there; it is not run now", self.found().await?.display())) }.boxed()
    }
}

impl Command {
    async fn found(&self) -> Result<PathBuf, Trouble> {
        let program = self.config.run.first().map(String::as_str).unwrap_or_default();
        crate::adapter::run::find(program).await.ok_or_else(|| {
            let why = "it is not there, or this user may not run it";
            let advice = "write its whole path, or install it";
            Trouble::new(TroubleKind::Unreachable, format!("find `{program}`"), why, advice)
        })
    }

    fn begin(&self, acting: &Acting, fence: &dyn Fence) -> Started {
        let mut runs = lock(&self.runs);
        let started = || Started::Running { handle: acting.key.clone(), link: None };
        if runs.contains_key(&acting.key) {
            return started();
        }
        let Some((program, arguments)) = self.config.run.split_first() else {
            return Started::NotSent { why: "no program is named".to_owned() };
        };
        if let Err(why) = fence.may_send() {
            return Started::NotSent { why };
        }
        let mut command = tokio::process::Command::new(program);
        command
            .args(arguments)
            .envs(environment(acting))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let (child, group) = match Group::start(&mut command) {
            Ok(started) => started,
            Err(error) => return Started::NotSent { why: format!("`{program}` cannot be started: {error}") },
        };
        runs.insert(acting.key.clone(), Run { group: group.id(), ..Run::default() });
        // A run goes on between two looks: its outputs must be read, or it would stand still.
        tokio::spawn(follow(child, group, self.runs.clone(), acting.key.clone(), self.config.succeeded.clone()));
        started()
    }
}

async fn follow(
    mut child: Child,
    group: Group,
    runs: Arc<Mutex<BTreeMap<String, Run>>>,
    key: String,
    succeeded: Vec<i32>,
) {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut reading = Box::pin(join(keep(stdout, &runs, &key), keep(stderr, &runs, &key)));
    let status = tokio::select! {
        status = child.wait() => {
            // What it left behind may hold the pipes.
            let _lapsed = tokio::time::timeout(std::time::Duration::from_millis(500), &mut reading).await;
            status
        }
        // Both outputs are closed; it ends now, or goes on in silence.
        _closed = &mut reading => child.wait().await,
    };
    drop(reading);
    drop(group);
    let mut runs = lock(&runs);
    let Some(run) = runs.get_mut(&key) else { return };
    let failed = |why: String| ActionState::Failed { why };
    let end = match status {
        Ok(_) if run.is_cancelled => failed("cancelled".to_owned()),
        Ok(status) => match status.code() {
            Some(code) if succeeded.contains(&code) => ActionState::Succeeded,
            Some(code) => failed(format!("exit code {code}")),
            None => failed(format!("it was ended from outside, {status}")),
        },
        Err(error) => ActionState::Lost { why: format!("its end was not seen: {error}") },
    };
    run.end = Some(end);
}

/// Keeps the last lines of one output.
async fn keep(pipe: Option<impl AsyncRead + Unpin>, runs: &Mutex<BTreeMap<String, Run>>, key: &str) {
    let Some(mut pipe) = pipe else { return };
    let mut line: Vec<u8> = Vec::new();
    let mut buffer = vec![0; 8 * 1024];
    while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
        for byte in buffer.iter().take(count) {
            match byte {
                b'\n' => put(runs, key, &mut line),
                _ if line.len() < LONGEST_LINE => line.push(*byte),
                _ => {}
            }
        }
    }
    put(runs, key, &mut line);
}

fn put(runs: &Mutex<BTreeMap<String, Run>>, key: &str, line: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(line).into_owned();
    line.clear();
    if let Some(run) = lock(runs).get_mut(key).filter(|_| !text.trim().is_empty()) {
        run.lines.push_back(text);
        while run.lines.len() > ActionLook::LINES {
            run.lines.pop_front();
        }
    }
}

fn lock(runs: &Mutex<BTreeMap<String, Run>>) -> MutexGuard<'_, BTreeMap<String, Run>> {
    runs.lock().unwrap_or_else(PoisonError::into_inner)
}

fn environment(acting: &Acting) -> impl Iterator<Item = (&'static str, String)> {
    let Acting { key, pool, from_version, to_version, digest } = acting.clone();
    let all = [
        ("FLIGHTDECK_TO", to_version),
        ("FLIGHTDECK_FROM", from_version),
        ("FLIGHTDECK_POOL", pool),
        ("FLIGHTDECK_KEY", key),
        ("FLIGHTDECK_DIGEST", digest),
    ];
    all.into_iter().filter(|(name, value)| *name != "FLIGHTDECK_DIGEST" || !value.is_empty())
}
