//! Logs and metrics, followed and handed over as telemetry; and the profile's files, watched for changes.

use std::ffi::OsString;
use std::io;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, Stream, StreamExt};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Notify;
use tokio::sync::watch::error::RecvError;
use tokio::sync::watch::{Receiver, Sender};
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::adapter::{Adapters, Asks, LogAdapter, MetricAdapter};
use super::clock;
use super::lines::Lines;
use super::queue::{Control, Telemetry};
use crate::adapter::log::LogUpdate;
use crate::domain::log::LogBatch;
use crate::profile::{Loaded, Problems, load};
use crate::{cockpit, flight};

/// How long after a change of a file its bytes are read: editors write in several steps.
const SETTLE: Duration = Duration::from_millis(150);
/// How often the files are read where no change is told: network file systems tell none.
const LOOK: Duration = Duration::from_secs(5);
/// How long the start of a source that panicked is put off.
const AGAIN: Duration = Duration::from_secs(5);
/// How soon it is tried again to tell of lines that were lost.
const TELL: Duration = Duration::from_millis(100);

/// The thread of logs and metrics: a flood of lines, or a file system that hangs, never takes the loop's time (S3).
/// Started when a profile first names a source.
#[derive(Debug, Default)]
pub struct Aside(Option<Runtime>);

impl Aside {
    fn handle(&mut self) -> io::Result<Handle> {
        let runtime = match self.0.take() {
            Some(runtime) => runtime,
            None => Builder::new_multi_thread().worker_threads(1).thread_name("sources").enable_all().build()?,
        };
        Ok(self.0.insert(runtime).handle().clone())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // A read that hangs is not waited for.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The profile on disk, when it is not as it was at the last look.
#[derive(Debug)]
pub struct OnDisk(
    /// What is there now.
    pub Result<Loaded, Problems>,
);

/// Follows every log and metric source until it is cancelled. Lines and looks may be dropped under load, states are not.
///
/// # Errors
/// When no thread can be started for them.
pub fn follow<M: From<cockpit::Msg> + Send + 'static>(
    adapters: &Adapters,
    control: &Control<M>,
    telemetry: &Telemetry<M>,
    tracker: &TaskTracker,
    cancel: &CancellationToken,
    aside: &mut Aside,
) -> io::Result<()> {
    if adapters.logs.is_empty() && adapters.metrics.is_empty() {
        return Ok(());
    }
    let thread = aside.handle()?;
    for log in &adapters.logs {
        let (log, control, telemetry, asks) = (log.clone(), control.clone(), telemetry.clone(), adapters.asks.clone());
        let followed = async move {
            loop {
                // A source ends only by a fault of its own, which the hook has told.
                AssertUnwindSafe(follow_log(&log, &asks, &control, &telemetry)).catch_unwind().await.ok();
                sleep(AGAIN).await;
            }
        };
        tracker.spawn_on(cancel.clone().run_until_cancelled_owned(followed), &thread);
    }
    for metric in &adapters.metrics {
        let (metric, telemetry, mut asks) = (metric.clone(), telemetry.clone(), adapters.asks.subscribe());
        let scraped = async move {
            // What another cockpit asks, this one does not.
            if metric.metered && asks.wait_for(|asks| asks.now).await.is_err() {
                return;
            }
            AssertUnwindSafe(remember(&metric, &telemetry)).catch_unwind().await.ok();
            loop {
                AssertUnwindSafe(scrape(&metric, &telemetry, &mut asks)).catch_unwind().await.ok();
                sleep(AGAIN).await;
            }
        };
        tracker.spawn_on(cancel.clone().run_until_cancelled_owned(scraped), &thread);
    }
    Ok(())
}

async fn follow_log<M: From<cockpit::Msg>>(
    log: &LogAdapter,
    asks: &Sender<Asks>,
    control: &Control<M>,
    telemetry: &Telemetry<M>,
) {
    let mut lines = Lines::new(telemetry.clone());
    if !log.metered {
        return hand_over(log, log.source.follow(), &mut lines, control, |_| {}).await;
    }
    let (mut begins, mut ends) = (asks.subscribe(), asks.subscribe());
    // What another cockpit asks, this one does not; when its turn comes, it goes on where the lines that it knows end.
    while let Ok(upto) = begins.wait_for(|asks| asks.now).await.map(|asks| asks.upto.get(&log.id).copied()) {
        let know = |batch: &LogBatch| {
            let Some(upto) = batch.watermark else { return };
            // Nobody is to be woken: it is only looked at when somebody begins.
            asks.send_if_modified(|asks| {
                asks.know(&log.id, upto);
                false
            });
        };
        tokio::select! {
            () = hand_over(log, log.source.follow_from(upto), &mut lines, control, know) => return,
            left = left(&mut ends) => if left.is_err() { return },
        }
    }
}

/// Hands over what a source tells until it ends, and says what it is about to hand over.
async fn hand_over<M: From<cockpit::Msg>>(
    log: &LogAdapter,
    mut updates: impl Stream<Item = LogUpdate> + Unpin,
    lines: &mut Lines<M>,
    control: &Control<M>,
    about: impl Fn(&LogBatch),
) {
    loop {
        // What was lost is told soon, also where the source falls silent after it.
        let next = if lines.owes() { timeout(TELL, updates.next()).await } else { Ok(updates.next().await) };
        match next {
            Ok(Some(LogUpdate::Lines(batch))) => {
                about(&batch);
                lines.put(batch);
            }
            Ok(Some(LogUpdate::State(state))) => {
                control.put(cockpit::Msg::LogState { source: log.id.clone(), state }.into());
            }
            Ok(None) => return lines.tell(),
            Err(_elapsed) => lines.tell(),
        }
    }
}

/// Waits until another cockpit asks.
async fn left(asks: &mut Receiver<Asks>) -> Result<(), RecvError> {
    asks.wait_for(|asks| !asks.now).await.map(drop)
}

/// Asks a source once for what was before, so that charts do not begin empty.
async fn remember<M: From<cockpit::Msg>>(metric: &MetricAdapter, telemetry: &Telemetry<M>) {
    let began = clock::now();
    match metric.source.past(flight::measure::KEPT, metric.interval).await {
        Ok(past) if past.is_empty() => {}
        Ok(past) => {
            let remembered = flight::Msg::Remembered { source: metric.id.clone(), began, past };
            telemetry.put(cockpit::Msg::Flight(remembered).into());
        }
        // What is wrong with it is said by the look that follows.
        Err(trouble) => tracing::debug!(%trouble, "charts begin empty"),
    }
}

async fn scrape<M: From<cockpit::Msg>>(metric: &MetricAdapter, telemetry: &Telemetry<M>, asks: &mut Receiver<Asks>) {
    let mut beat = interval(metric.interval.max(Duration::from_millis(50)));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        if metric.metered && asks.wait_for(|asks| asks.now).await.is_err() {
            return;
        }
        let began = clock::now();
        let look = metric.source.look().await;
        let looked = flight::Msg::Looked { source: metric.id.clone(), began, look };
        telemetry.put(cockpit::Msg::Flight(looked).into());
    }
}

/// Watches a profile's files until it is cancelled, and tells when what they hold has changed since `known`.
pub fn watch_profile<M: From<OnDisk> + Send + 'static>(
    path: &Path,
    known: Loaded,
    control: Control<M>,
    tracker: &TaskTracker,
    cancel: &CancellationToken,
) {
    let path = path.to_owned();
    tracker.spawn(cancel.clone().run_until_cancelled_owned(async move {
        let changed = Arc::new(Notify::new());
        // What touches a file runs away from the loop: its file system may hang.
        let (files, bell) = (paths(&path, Some(&known)), changed.clone());
        let mut watch = spawn_blocking(move || watch_files(&files, bell)).await.ok().flatten();
        let mut last: Result<Loaded, Problems> = Ok(known);
        loop {
            let is_told = timeout(LOOK, changed.notified()).await.is_ok();
            if is_told {
                sleep(SETTLE).await;
            }
            let (path, bell) = (path.clone(), changed.clone());
            let looked = spawn_blocking(move || {
                if !is_told {
                    return (None, load(&path));
                }
                // A file that was replaced is another one, and other files may be included. They are watched before they
                // are read, so that nothing falls between.
                let files = paths(&path, load(&path).ok().as_ref());
                (watch_files(&files, bell), load(&path))
            });
            let Ok((anew, now)) = looked.await else { continue };
            watch = anew.or(watch);
            let is_same = match (&last, &now) {
                (Ok(last), Ok(now)) => last.procedure.digest == now.procedure.digest,
                (Err(last), Err(now)) => last == now,
                (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
            };
            if !is_same {
                last.clone_from(&now);
                control.put(OnDisk(now).into());
            }
            // Kept alive as long as it is waited for.
            std::hint::black_box(&watch);
        }
    }));
}

/// The files of a profile, as far as they are known.
fn paths(path: &Path, known: Option<&Loaded>) -> Vec<PathBuf> {
    let beside = folder(path);
    let included = known.into_iter().flat_map(|known| known.files.iter().skip(1)).map(|file| beside.join(&file.path));
    std::iter::once(path.to_owned()).chain(included).collect()
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Rings when one of the files changes. Without it they are still read every few seconds.
fn watch_files(files: &[PathBuf], changed: Arc<Notify>) -> Option<RecommendedWatcher> {
    watcher(files, changed)
        .inspect_err(|error| tracing::warn!(%error, "changes of the profile are looked for, not told"))
        .ok()
}

fn watcher(files: &[PathBuf], changed: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let names: Vec<OsString> = files.iter().filter_map(|file| file.file_name().map(OsString::from)).collect();
    let mut watcher = notify::recommended_watcher(move |told: notify::Result<notify::Event>| {
        let Ok(event) = told else { return };
        let is_ours = |path: &PathBuf| path.file_name().is_none_or(|name| names.iter().any(|ours| ours == name));
        if !event.kind.is_access() && (event.paths.is_empty() || event.paths.iter().any(is_ours)) {
            changed.notify_one();
        }
    })?;
    for file in files {
        // Not its directory, where a log may be written that would wake us with each of its lines; but one that is not there
        // appears in its directory, and a link is set anew there.
        let is_plain = std::fs::symlink_metadata(file).is_ok_and(|metadata| metadata.is_file());
        let place = if is_plain { file } else { folder(file) };
        watcher.watch(place, RecursiveMode::NonRecursive)?;
    }
    Ok(watcher)
}
