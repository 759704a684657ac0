//! What a flight wants done, done: each effect in a task of its own, answered with one message.
//!
//! # Invariants
//! - Every effect that has an answer gets one, also when the adapter panics or does not come back.
//! - A write is never taken back by dropping it: whoever drops one does not know what became of it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::adapter::Adapters;
use super::clock;
use super::fence::Fences;
use crate::adapter::router::SetAnswer;
use crate::domain::{Digest, Outcome, Reading, Refused, RouterId, SessionId, Target, Trouble, TroubleKind};
use crate::entry::{Entry, Kept};
use crate::flight::{Appended, Effect, Msg, Notice, Send};
use crate::journal::{self, Store};

/// Where answers go.
pub type Tell = Arc<dyn Fn(Msg) + std::marker::Send + Sync>;

/// How long to wait before the journal is read again.
const AGAIN: Duration = Duration::from_millis(500);

/// Does what a flight wants.
pub struct Hands {
    /// Routers by name, and the sources.
    pub adapters: Adapters,
    /// The fences of all writes.
    pub fences: Fences,
    store: Arc<dyn Store>,
    session: SessionId,
    tell: Tell,
    tracker: TaskTracker,
    cancel: CancellationToken,
}

impl Hands {
    /// Hands for one session. `cancel` ends what only watches; writes and appends come to their end.
    pub fn new(
        adapters: Adapters,
        store: Arc<dyn Store>,
        session: SessionId,
        tell: Tell,
        tracker: TaskTracker,
        cancel: CancellationToken,
    ) -> Self {
        Self { adapters, fences: Fences::default(), store, session, tell, tracker, cancel }
    }

    /// Does one thing. What is to be told to the operator is given back.
    pub fn perform(&self, effect: Effect) -> Option<Notice> {
        match effect {
            Effect::Read { router, poll } => self.read(router, poll),
            Effect::Prepare { request, router, target, reading } => {
                self.prepare(request, router, &target, reading.as_deref());
            }
            Effect::Append(entry) => self.append(*entry),
            Effect::ReadJournal { after } => self.read_journal(after),
            Effect::Send(send) => self.send(*send),
            Effect::Cancel { change } => self.fences.cancel(change),
            Effect::Announce(_)
            | Effect::Sign(_)
            | Effect::CheckSignature(_)
            | Effect::Spill { .. }
            | Effect::DropSpill => {}
            Effect::Tell(notice) => {
                tracing::info!(tone = ?notice.tone, "{}", notice.text);
                return Some(notice);
            }
        }
        None
    }

    /// Follows the journal from after a number on, until it is cancelled.
    pub fn follow(&self, after: u64) {
        let mut stream = self.store.follow(self.session, after);
        let (tell, cancel) = (self.tell.clone(), self.cancel.clone());
        self.tracker.spawn(async move {
            while let Some(Some(followed)) = cancel.run_until_cancelled(stream.next()).await {
                match followed {
                    Ok(kept) => tell(Msg::Followed { entries: entries(kept), is_tail: false }),
                    Err(error) if error.is_final() => tell(Msg::JournalBroken { why: error.to_string() }),
                    Err(error) => tracing::warn!(%error, "the journal is not followed at the moment"),
                }
            }
        });
    }

    fn read(&self, router: RouterId, poll: u64) {
        let began = clock::now();
        let what = format!("read {router}");
        let tell = self.tell.clone();
        let Some(adapter) = self.adapters.routers.get(&router).cloned() else {
            let trouble = unknown_router(&router);
            tell(Msg::RouterRead { router, poll, began, result: Err(trouble) });
            return;
        };
        self.tracker.spawn(async move {
            // The adapter keeps to its own time-out; this is for one that does not.
            let patience = adapter.timeout * 2 + Duration::from_secs(2);
            let look = AssertUnwindSafe(timeout(patience, adapter.router.read())).catch_unwind();
            let result = match look.await {
                Ok(Ok(result)) => result.map(Arc::new),
                Ok(Err(_elapsed)) => Err(trouble(TroubleKind::TimedOut, &what, "no answer came")),
                Err(_told_by_the_hook) => Err(trouble(TroubleKind::Garbage, &what, "the adapter has a fault")),
            };
            tell(Msg::RouterRead { router, poll, began, result });
        });
    }

    fn prepare(&self, request: u64, router: RouterId, target: &Target, reading: Option<&Reading>) {
        let result = match self.adapters.routers.get(&router) {
            Some(adapter) => adapter.router.prepare(target, reading),
            None => {
                Err(Refused::new("", format!("prepare {router}"), "it is not in the profile", "reload the profile"))
            }
        };
        (self.tell)(Msg::Prepared { request, router, result });
    }

    fn send(&self, send: Send) {
        let Send { change, router, attempt, prepared, expected, deadline, until } = send;
        let tell = self.tell.clone();
        let answer = move |router: RouterId, outcome: Outcome| {
            tracing::info!(%change, %router, attempt, outcome = outcome.word(), "answer to a write");
            tell(Msg::SetAnswered { change, router, attempt, outcome });
        };
        let Some(adapter) = self.adapters.routers.get(&router).cloned() else {
            let why = unknown_router(&router).to_string();
            answer(router, Outcome::NotSent { why });
            return;
        };
        let fence = self.fences.fence(change, deadline, until);
        tracing::info!(%change, %router, attempt, requests = ?prepared.requests, "write");
        self.tracker.spawn(async move {
            let write = AssertUnwindSafe(adapter.router.set(&prepared, expected.as_ref(), &fence)).catch_unwind();
            let outcome = match write.await {
                Ok(said) => outcome(said),
                Err(_told_by_the_hook) => {
                    Outcome::Unknown { why: "flightdeck has a fault in this router's adapter".to_owned() }
                }
            };
            answer(router, outcome);
        });
    }

    fn append(&self, entry: Entry) {
        let (store, tell) = (self.store.clone(), self.tell.clone());
        self.tracker.spawn(async move {
            let id = entry.id;
            let answer = match AssertUnwindSafe(store.append(entry)).catch_unwind().await {
                Ok(answer) => appended(answer),
                Err(_told_by_the_hook) => Appended::Unknown { why: "flightdeck has a fault in the journal".to_owned() },
            };
            if !matches!(answer, Appended::Kept { .. }) {
                tracing::warn!(entry = %id, ?answer, "an entry was not plainly kept");
            }
            tell(Msg::Appended { entry: id, answer });
        });
    }

    /// Reads until the journal answers: whoever asked cannot go on without.
    fn read_journal(&self, after: u64) {
        let (store, tell, session) = (self.store.clone(), self.tell.clone(), self.session);
        let cancel = self.cancel.clone();
        self.tracker.spawn(cancel.run_until_cancelled_owned(async move {
            loop {
                match store.read(session, after + 1).await {
                    Ok(history) => {
                        tell(Msg::Followed { entries: entries(history.entries), is_tail: history.broken.is_none() });
                        if let Some(broken) = history.broken {
                            tell(Msg::JournalBroken { why: broken.to_string() });
                        }
                        return;
                    }
                    Err(error) if error.is_final() => {
                        tell(Msg::JournalBroken { why: error.to_string() });
                        return;
                    }
                    Err(error) => tracing::warn!(%error, "the journal is asked again"),
                }
                sleep(AGAIN).await;
            }
        }));
    }
}

fn entries(kept: Vec<Kept>) -> Vec<(Entry, Digest)> {
    kept.into_iter().map(|kept| (kept.entry, kept.hash)).collect()
}

fn outcome(said: SetAnswer) -> Outcome {
    match said {
        SetAnswer::Accepted => Outcome::Accepted,
        SetAnswer::Moved(read) => Outcome::Moved { read },
        SetAnswer::NotSent(why) => Outcome::NotSent { why },
        SetAnswer::Failed(why) => Outcome::Failed { why },
        SetAnswer::Unknown(why) => Outcome::Unknown { why },
    }
}

fn appended(answer: journal::Appended) -> Appended {
    match answer {
        journal::Appended::Kept { hash, .. } => Appended::Kept { hash },
        journal::Appended::Conflict { head } => Appended::Conflict { head },
        journal::Appended::AlreadyOpen(session) => Appended::Unavailable {
            why: format!(
                "session {session} of this service and environment was opened meanwhile; leave and open again to join it"
            ),
        },
        journal::Appended::Unavailable(why) => Appended::Unavailable { why },
        journal::Appended::Unknown(why) => Appended::Unknown { why },
    }
}

fn unknown_router(router: &RouterId) -> Trouble {
    trouble(TroubleKind::Mismatch, &format!("reach {router}"), "the profile that is flown does not name it")
}

fn trouble(kind: TroubleKind, what: &str, why: &str) -> Trouble {
    Trouble::new(kind, what, why, "see flightdeck's own log for more")
}
