//! A command that goes on printing, `journalctl -f` for one: program and arguments as given, no shell.
//!
//! Both of its outputs are lines of the log, as programs that follow containers print what came on either; a line of the
//! second that names no level counts as a warning. When the command ends it is started again after a pause that grows.
//! A full pipe is what holds a command back that prints faster than its lines are taken, so nothing is dropped here.
//!
//! Invariant: the command and what it started are killed when the stream is dropped (they are a process group).

use std::process::Stdio;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::{Instant, sleep_until, timeout};

use super::super::config::Config;
use super::super::lines::Lines;
use super::super::outbox::{Follow, Outbox, stream};
use super::super::watermark::Watermark;
use super::super::{Cleaner, LogSource, LogUpdate};
use super::follow::PACE;
use crate::adapter::group::Group;
use crate::adapter::run::find;
use crate::domain::log::{Level, LogBatch, LogLine, LogSourceState};
use crate::domain::{Trouble, TroubleKind};

/// The first pause before a command is started again; each time twice as long, up to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(30);
/// A command that ran this long was well: the pauses begin anew.
const WELL: Duration = Duration::from_secs(30);
/// How long a command that closed its output may take to end by itself.
const FAREWELL: Duration = Duration::from_secs(2);
/// One read, and how many lines make a batch full.
const CHUNK: usize = 64 * 1024;
const FULL: usize = 32_768;

/// A command in a profile.
pub(super) struct CommandSource {
    config: Config,
    program: String,
    arguments: Vec<String>,
}

impl CommandSource {
    pub(super) fn new(config: &Config, words: &[String]) -> Result<Self, Trouble> {
        match words.split_first() {
            Some((program, arguments)) if !program.is_empty() => {
                Ok(Self { config: config.clone(), program: program.clone(), arguments: arguments.to_vec() })
            }
            _ => Err(Trouble::new(
                TroubleKind::Mismatch,
                format!("follow the log `{}`", config.id),
                "its command is empty",
                "give the program and its arguments as a list: [\"journalctl\", \"-f\"]",
            )),
        }
    }
}

impl LogSource for CommandSource {
    fn follow(&self) -> BoxStream<'static, LogUpdate> {
        let following = Following {
            config: self.config.clone(),
            program: self.program.clone(),
            arguments: self.arguments.clone(),
            running: None,
            outbox: Outbox::default(),
            pause: None,
            next_pause: FIRST_PAUSE,
            batch: None,
            watermark: Watermark::default(),
        };
        stream(following)
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async {
            let found = find(&self.program).await;
            found.map(|path| format!("{} can be started", path.display())).ok_or_else(|| {
                let error = std::io::ErrorKind::NotFound.into();
                cannot_start(&self.program, &error)
            })
        }
        .boxed()
    }
}

struct Following {
    config: Config,
    program: String,
    arguments: Vec<String>,
    running: Option<Running>,
    outbox: Outbox,
    /// Until when it is not started again.
    pause: Option<Instant>,
    next_pause: Duration,
    /// When the last batch left.
    batch: Option<Instant>,
    watermark: Watermark,
}

struct Running {
    out: Output<ChildStdout>,
    err: Output<ChildStderr>,
    cleaner: Cleaner,
    /// The last line on the second output, for the trouble when it ends.
    last_words: Option<String>,
    since: Instant,
    // The group is killed before the child is let go.
    group: Group,
    child: Child,
}

struct Output<R> {
    /// Gone at its end.
    pipe: Option<R>,
    buffer: Vec<u8>,
    lines: Lines,
}

impl Follow for Following {
    fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    async fn step(&mut self) {
        if let Some(pause) = self.pause.take() {
            sleep_until(pause).await;
        }
        match self.running.take() {
            None => self.start(),
            Some(running) => self.read(running).await,
        }
    }
}

impl Following {
    fn start(&mut self) {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let spawned = Group::start(&mut command);
        let cleaner = Cleaner::of(&self.config);
        match (spawned, cleaner) {
            (Ok((mut child, group)), Ok(cleaner)) => {
                self.outbox.tell(LogSourceState::Following);
                self.running = Some(Running {
                    out: Output::new(child.stdout.take()),
                    err: Output::new(child.stderr.take()),
                    cleaner,
                    last_words: None,
                    since: Instant::now(),
                    group,
                    child,
                });
            }
            (Err(error), _) => self.end(cannot_start(&self.program, &error)),
            (_, Err(trouble)) => self.end(trouble),
        }
    }

    /// Reads until a batch may leave or the command has ended.
    async fn read(&mut self, mut running: Running) {
        let mut lines = Vec::new();
        let due = self.batch.map_or_else(Instant::now, |batch| batch + PACE);
        let ended = running.gather(&mut lines, due).await;
        if ended {
            if running.since.elapsed() >= WELL {
                self.next_pause = FIRST_PAUSE;
            }
            let trouble = running.farewell(&mut lines, &self.program).await;
            self.batch(lines);
            self.end(trouble);
        } else {
            self.batch(lines);
            self.running = Some(running);
        }
    }

    fn batch(&mut self, lines: Vec<LogLine>) {
        if !lines.is_empty() {
            self.batch = Some(Instant::now());
            let (source, pool) = (self.config.id.clone(), self.config.pool.clone());
            let watermark = self.watermark.after(&lines);
            self.outbox.lines(LogBatch { source, pool, lines, ids: Vec::new(), dropped: 0, watermark, by_time: false });
        }
    }

    fn end(&mut self, trouble: Trouble) {
        self.outbox.tell(LogSourceState::Ended(trouble));
        self.pause = Some(Instant::now() + self.next_pause);
        self.next_pause = (self.next_pause * 2).min(LAST_PAUSE);
    }
}

impl Running {
    /// Collects lines until `due` has come and there are some. Says whether the first output has ended.
    async fn gather(&mut self, lines: &mut Vec<LogLine>, due: Instant) -> bool {
        loop {
            if lines.len() >= FULL {
                sleep_until(due).await;
                return false;
            }
            if !lines.is_empty() && Instant::now() >= due {
                return false;
            }
            // Which one is looked at first is left to chance, so that a flood on one output does not hide the other.
            tokio::select! {
                () = sleep_until(due), if !lines.is_empty() => return false,
                _ended = self.err.read() => self.take_err(lines),
                open = self.out.read() => {
                    let Self { out, cleaner, .. } = self;
                    out.take(|line, more| lines.push(cleaner.line(line, more)));
                    if !open {
                        return true;
                    }
                }
            }
        }
    }

    fn take_err(&mut self, lines: &mut Vec<LogLine>) {
        let Self { err, cleaner, last_words, .. } = self;
        err.take(|line, more| {
            let mut line = cleaner.line(line, more);
            if line.level == Level::Info {
                line.level = Level::Warn;
            }
            *last_words = Some(line.text.clone());
            lines.push(line);
        });
    }

    /// Waits a moment for the command to end, kills what is left, and says how it ended.
    async fn farewell(mut self, lines: &mut Vec<LogLine>, program: &str) -> Trouble {
        let status = timeout(FAREWELL, self.child.wait()).await;
        self.group.kill();
        let words = async {
            while self.err.pipe.is_some() {
                self.err.read().await;
                self.take_err(lines);
            }
        };
        // What it said last is worth a moment, not more.
        let _lapsed = timeout(FAREWELL, words).await;
        let mut why = match status {
            Ok(Ok(status)) => format!("it ended with {status}"),
            Ok(Err(error)) => format!("it ended: {error}"),
            Err(_lapsed) => "it closed its output and was killed".to_owned(),
        };
        if let Some(words) = &self.last_words {
            why.push_str(": ");
            why.push_str(words);
        }
        Trouble::new(
            TroubleKind::Unreachable,
            format!("follow `{program}`"),
            why,
            "it is started again after a pause; run the command by hand to see more",
        )
    }
}

impl<R: AsyncRead + Unpin> Output<R> {
    fn new(pipe: Option<R>) -> Self {
        Self { pipe, buffer: Vec::with_capacity(CHUNK), lines: Lines::default() }
    }

    /// Waits for bytes and keeps them for [`Self::take`]. Says no at the end; never answers again after that.
    async fn read(&mut self) -> bool {
        let Some(pipe) = &mut self.pipe else { return std::future::pending().await };
        self.buffer.clear();
        let read = pipe.read_buf(&mut self.buffer).await;
        if matches!(read, Ok(1..)) {
            return true;
        }
        self.pipe = None;
        false
    }

    /// Hands over the lines in the bytes read last, and at the end also what has no newline.
    fn take(&mut self, mut each: impl FnMut(&[u8], u64)) {
        self.lines.feed(&self.buffer, &mut each);
        self.buffer.clear();
        if self.pipe.is_none() {
            self.lines.finish(&mut each);
        }
    }
}

fn cannot_start(program: &str, error: &std::io::Error) -> Trouble {
    let (kind, why, advice) = match error.kind() {
        std::io::ErrorKind::NotFound => (
            TroubleKind::Unreachable,
            "there is no such program".to_owned(),
            "install it, or give its whole path; a shell's words and pipes need [\"sh\", \"-c\", ...]",
        ),
        std::io::ErrorKind::PermissionDenied => {
            (TroubleKind::Denied, "this user may not run it".to_owned(), "make the file executable for this user")
        }
        _ => (TroubleKind::Unreachable, error.to_string(), "run the command by hand to see more"),
    };
    Trouble::new(kind, format!("start `{program}`"), why, advice)
}
