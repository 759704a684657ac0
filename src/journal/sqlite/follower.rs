//! Following: a thread that waits for the bell and gives what is new.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc::{Sender, channel};
use tokio_stream::wrappers::ReceiverStream;

use super::place::Files;
use super::reader::Reader;
use crate::domain::SessionId;
use crate::entry::{Chain, Kept};
use crate::journal::JournalError;

/// How often is looked without a bell.
const SAFETY: Duration = Duration::from_secs(1);

/// How often is looked where the bell cannot be heard.
const DEAF: Duration = Duration::from_millis(100);

/// The most entries in one batch.
const BATCH: usize = 1024;

type Batch = Result<Vec<Kept>, JournalError>;

/// Follows a session from after an entry on.
pub(super) fn follow(files: Files, session: SessionId, after: u64) -> BoxStream<'static, Batch> {
    let (batches, received) = channel(8);
    let refused = batches.clone();
    let place = files.shown();
    let started = thread::Builder::new().name("journal-follower".to_owned()).spawn(move || {
        Follower { files, session, chain: None, after, batches }.run();
    });
    if let Err(error) = started {
        let error = JournalError::Unavailable { what: "follow the session in", place, why: error.to_string() };
        // The channel is new and empty: this fits.
        drop(refused.try_send(Err(error)));
    }
    ReceiverStream::new(received).boxed()
}

struct Follower {
    files: Files,
    session: SessionId,
    chain: Option<Chain>,
    after: u64,
    batches: Sender<Batch>,
}

/// Why a follower stops.
struct Done;

impl Follower {
    fn run(mut self) {
        let (ring, bell) = sync_channel(1);
        // Watched before the first look, so that nothing falls between the two.
        let watcher = watch(&self.files, ring);
        let pause = if watcher.is_some() { SAFETY } else { DEAF };
        let mut in_trouble = false;
        loop {
            match self.follow_while_it_works(&bell, pause, &mut in_trouble) {
                Ok(Done) => return,
                Err(error) => {
                    let is_final = error.is_final();
                    let is_news = !in_trouble || is_final;
                    let is_heard = !is_news || self.batches.blocking_send(Err(error)).is_ok();
                    if is_final || !is_heard {
                        return;
                    }
                    in_trouble = true;
                }
            }
            if self.wait(&bell, SAFETY).is_err() {
                return;
            }
        }
    }

    fn follow_while_it_works(
        &mut self,
        bell: &Receiver<()>,
        pause: Duration,
        in_trouble: &mut bool,
    ) -> Result<Done, JournalError> {
        let reader = Reader::new(self.files.clone(), "follow the session in")?;
        let mut chain = match &self.chain {
            Some(chain) => chain.clone(),
            None => reader.chain_at(self.session, self.after)?,
        };
        let mut seen = None;
        loop {
            // Read before the rows: a commit between the two is then looked for once more, never missed.
            let version = reader.data_version()?;
            if seen != Some(version) {
                if self.give(&reader, &mut chain)?.is_some() {
                    return Ok(Done);
                }
                seen = Some(version);
                *in_trouble = false;
            }
            match self.wait(bell, pause) {
                Ok(()) => {}
                Err(Done) => return Ok(Done),
            }
        }
    }

    /// Gives all that is new. `Some` when nobody listens any more.
    fn give(&mut self, reader: &Reader, chain: &mut Chain) -> Result<Option<Done>, JournalError> {
        loop {
            let history = reader.batch(self.session, chain, BATCH)?;
            let count = history.entries.len();
            if count > 0 && self.batches.blocking_send(Ok(history.entries)).is_err() {
                return Ok(Some(Done));
            }
            // What was given is not given again after trouble.
            self.chain = Some(chain.clone());
            if let Some(broken) = history.broken {
                return Err(reader.broken(self.session, broken));
            }
            if count < BATCH {
                return Ok(None);
            }
        }
    }

    /// Waits for the bell, or for the next look without one.
    fn wait(&self, bell: &Receiver<()>, pause: Duration) -> Result<(), Done> {
        match bell.recv_timeout(pause) {
            Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            // Without a watcher nothing rings.
            Err(RecvTimeoutError::Disconnected) => thread::sleep(pause),
        }
        if self.batches.is_closed() { Err(Done) } else { Ok(()) }
    }
}

/// Rings at every change of the bell. `None` where the system has no watch left.
fn watch(files: &Files, ring: SyncSender<()>) -> Option<RecommendedWatcher> {
    let on_event = move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| event.kind.is_modify()) {
            match ring.try_send(()) {
                // A full channel means that it rings already; a closed one that nobody listens.
                Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
            }
        }
    };
    let mut watcher = notify::recommended_watcher(on_event).ok()?;
    watcher.watch(&files.bell, RecursiveMode::NonRecursive).ok()?;
    Some(watcher)
}
