//! A followed file as a stream.
//!
//! Reading and cleaning run on the threads for blocking work (`spawn_blocking`), so that a file system that hangs delays
//! nobody else. The system tells of changes in the file's directory; while lines keep coming faster than batches may
//! leave, it is not asked to, as every line would wake us. Whatever it tells, the file is looked at every second.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::super::config::Config;
use super::super::outbox::{Follow, Outbox, stream};
use super::super::watermark::Watermark;
use super::super::{Cleaner, LogSource, LogUpdate};
use super::file::{Follower, Step, trouble};
use crate::domain::log::{LogBatch, LogSourceState};
use crate::domain::{Trouble, TroubleKind};

/// The least time between two batches: nobody sees lines more often, and each batch is a look at the file and a frame.
pub(super) const PACE: Duration = Duration::from_millis(20);
/// How often the file is looked at whatever the system tells.
const SAFETY: Duration = Duration::from_secs(1);
/// How often where the system cannot tell of changes.
const UNTOLD: Duration = Duration::from_millis(250);
/// After so many batches in a row the file is busy; after so many looks for nothing it is not.
const BUSY: u32 = 5;
const QUIET: u32 = 10;

/// A file in a profile.
pub(super) struct FileSource {
    config: Config,
    path: PathBuf,
}

impl FileSource {
    pub(super) fn new(config: &Config, path: &Path) -> Self {
        Self { config: config.clone(), path: path.to_owned() }
    }
}

impl LogSource for FileSource {
    fn follow(&self) -> BoxStream<'static, LogUpdate> {
        let following = Following {
            config: self.config.clone(),
            path: self.path.clone(),
            follower: None,
            outbox: Outbox::default(),
            bell: Bell::Silent,
            batch: None,
            busy: 0,
            quiet: QUIET,
            watermark: Watermark::default(),
        };
        stream(following)
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async {
            let file = tokio::fs::File::open(&self.path).await.map_err(|error| trouble(&self.path, &error))?;
            let metadata = file.metadata().await.map_err(|error| trouble(&self.path, &error))?;
            if metadata.is_dir() {
                return Err(trouble(&self.path, &std::io::ErrorKind::IsADirectory.into()));
            }
            Ok(format!("{} can be read, {} bytes", self.path.display(), metadata.len()))
        }
        .boxed()
    }
}

struct Following {
    config: Config,
    path: PathBuf,
    /// Away while a step runs on another thread.
    follower: Option<Follower>,
    outbox: Outbox,
    bell: Bell,
    /// When the last batch was begun.
    batch: Option<Instant>,
    busy: u32,
    quiet: u32,
    watermark: Watermark,
}

/// What tells of changes.
enum Bell {
    /// Not asked for: lines keep coming anyway.
    Silent,
    /// The system tells.
    Rings(Arc<Notify>, #[expect(dead_code, reason = "watches as long as it is kept")] RecommendedWatcher),
    /// The system cannot tell.
    Broken,
}

impl Follow for Following {
    fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    async fn step(&mut self) {
        self.wait().await;
        self.look().await;
    }
}

impl Following {
    /// Waits until a look is due.
    async fn wait(&mut self) {
        if let Some(batch) = self.batch.take() {
            return sleep_until(batch + PACE).await;
        }
        match &self.bell {
            // Listening first, looking after: what changes between the two rings.
            Bell::Silent if self.quiet >= QUIET => self.bell = Bell::hang(&self.path),
            Bell::Silent => sleep(PACE).await,
            Bell::Rings(bell, _) => {
                // A lapsed wait is the safety look.
                let _lapsed = timeout(SAFETY, bell.notified()).await;
            }
            Bell::Broken => sleep(UNTOLD).await,
        }
    }

    async fn look(&mut self) {
        let begun = Instant::now();
        let follower = match self.follower.take() {
            Some(follower) => follower,
            None => match Cleaner::of(&self.config) {
                Ok(cleaner) => Follower::new(self.path.clone(), cleaner),
                Err(trouble) => return self.outbox.tell(LogSourceState::Waiting(trouble)),
            },
        };
        let work = tokio::task::spawn_blocking(move || {
            let mut follower = follower;
            let step = follower.step();
            (follower, step)
        });
        match work.await {
            Ok((follower, step)) => {
                self.follower = Some(follower);
                self.take(step, begun);
            }
            // The program ends; nobody reads this any more.
            Err(gone) if gone.is_cancelled() => std::future::pending().await,
            Err(_panicked) => self.outbox.tell(LogSourceState::Waiting(Trouble::new(
                TroubleKind::Garbage,
                format!("read {}", self.path.display()),
                "a line broke the reader",
                "read the file by other means; following begins anew at its last lines",
            ))),
        }
    }

    fn take(&mut self, step: Step, begun: Instant) {
        let anew = step.opened && self.outbox.has_told();
        let state = step.trouble.map_or(LogSourceState::Following, LogSourceState::Waiting);
        // Lines come from an open file; that its name is gone is said after them.
        let says_first = state == LogSourceState::Following;
        if says_first {
            self.outbox.tell(state.clone());
        }
        if step.lines.is_empty() && step.dropped == 0 {
            (self.busy, self.quiet) = (0, self.quiet.saturating_add(1));
        } else {
            (self.busy, self.quiet) = (self.busy.saturating_add(1), 0);
            self.batch = Some(begun);
            self.outbox.lines(LogBatch {
                source: self.config.id.clone(),
                pool: self.config.pool.clone(),
                watermark: self.watermark.after(&step.lines),
                lines: step.lines,
                ids: Vec::new(),
                dropped: step.dropped,
                by_time: false,
            });
            if self.busy >= BUSY && !matches!(self.bell, Bell::Broken) {
                self.bell = Bell::Silent;
            }
        }
        if !says_first {
            self.outbox.tell(state);
        }
        if anew {
            // Its directory may be new, and a link may lead elsewhere.
            (self.bell, self.quiet) = (Bell::Silent, QUIET);
        }
        if step.more {
            self.batch.get_or_insert(begun);
        }
    }
}

impl Bell {
    /// Asks the system to tell of changes to the file, and to the file that a link of that name leads to.
    fn hang(path: &Path) -> Self {
        let target = std::fs::canonicalize(path).ok();
        let names: Vec<OsString> = [Some(path), target.as_deref()]
            .into_iter()
            .flatten()
            .filter_map(|path| path.file_name().map(OsString::from))
            .collect();
        let bell = Arc::new(Notify::new());
        let rope = Arc::clone(&bell);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let ours = event.map_or(true, |event| {
                // Our own reading is no change.
                let change = !matches!(event.kind, EventKind::Access(_));
                let is_ours =
                    |path: &PathBuf| path.file_name().is_none_or(|name| names.iter().any(|ours| ours == name));
                change && (event.paths.is_empty() || event.paths.iter().any(is_ours))
            });
            if ours {
                rope.notify_one();
            }
        });
        let Ok(mut watcher) = watcher else { return Self::Broken };
        let folder = |path: &Path| match path.parent() {
            Some(folder) if folder.as_os_str().is_empty() => PathBuf::from("."),
            Some(folder) => folder.to_owned(),
            None => path.to_owned(),
        };
        let beside = folder(path);
        if watcher.watch(&beside, RecursiveMode::NonRecursive).is_err() {
            return Self::Broken;
        }
        if let Some(real) = target.as_deref().map(folder)
            && std::fs::canonicalize(&beside).ok().as_ref() != Some(&real)
            && watcher.watch(&real, RecursiveMode::NonRecursive).is_err()
        {
            return Self::Broken;
        }
        Self::Rings(bell, watcher)
    }
}
