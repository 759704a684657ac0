//! What a flight wants done, done: each effect in a task of its own, answered with one message.
//!
//! # Invariants
//! - Every effect that has an answer gets one, also when the adapter panics or does not come back.
//! - Routers are spoken to side by side, within the bound of [`slot`](super::slot); the fence of a write is asked after the wait.
//! - A write is never taken back by dropping it: whoever drops one does not know what became of it.

mod action;

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::adapter::Adapters;
use super::clock;
use super::fence::Fences;
use super::filing;
use super::keys::SharedKeys;
use super::slot::{Slots, Talk};
use crate::adapter::router::SetAnswer;
use crate::domain::check::{Answer, Asking, Verdict};
use crate::domain::connection::{Connection, Ended};
use crate::domain::notify::ToTell;
use crate::domain::parcel::Parcel;
use crate::domain::{
    CheckId, Digest, Outcome, PoolId, Presence, Reading, Refused, RouterId, SessionId, Target, Trouble, TroubleKind,
};
use crate::entry::{Entry, Kept};
use crate::flight::connection::SendEnd;
use crate::flight::task::SendCancel;
use crate::flight::{Appended, Effect, Msg, Notice, Send, ToCheck, ToSign};
use crate::journal::{self, JournalError, Spill, Store};
use crate::session::Event;
use crate::session::event::Spilled;

/// Where answers go.
pub type Tell = Arc<dyn Fn(Msg) + std::marker::Send + Sync>;

/// How long a spill, or a word about who is there, may take.
const PATIENCE: Duration = Duration::from_millis(800);
/// How many parcels may wait to be shared; more are dropped.
const PARCELS: usize = 64;
/// How often the clock is held against the store's.
const CLOCK: Duration = Duration::from_secs(30);
/// How long the journal is read for one question.
const READING: Duration = Duration::from_secs(8);
/// How long to wait before the journal is read again.
const AGAIN: Duration = Duration::from_millis(500);

/// Does what a flight wants.
pub struct Hands {
    /// Routers by name, and the sources.
    pub adapters: Adapters,
    /// The fences of all writes.
    pub fences: Fences,
    slots: Slots,
    store: Arc<dyn Store>,
    session: SessionId,
    keys: SharedKeys,
    spill: Option<SharedSpill>,
    /// What waits to be shared.
    parcels: Sender<Parcel>,
    /// Set once others are listened to.
    listens: OnceLock<()>,
    tell: Tell,
    tracker: TaskTracker,
    cancel: CancellationToken,
}

/// The file beside the journal, with those that earlier cockpits left.
pub struct SpillFiles {
    /// This cockpit's.
    pub own: Spill,
    /// Files that were found at opening, removed once everything is in the journal.
    pub found: Vec<PathBuf>,
}

/// Shared with the tasks that write it.
pub type SharedSpill = Arc<Mutex<SpillFiles>>;

/// What a session's hands work with.
pub struct Tools {
    /// Routers by name, and the sources.
    pub adapters: Adapters,
    /// The journal.
    pub store: Arc<dyn Store>,
    /// The session.
    pub session: SessionId,
    /// The operators' keys, where the profile names keys.
    pub keys: SharedKeys,
    /// The file beside the journal; `None` where it could not be made.
    pub spill: Option<SharedSpill>,
}

impl Hands {
    /// Hands for one session. `cancel` ends what only watches; writes and appends come to their end.
    pub fn new(tools: Tools, tell: Tell, tracker: TaskTracker, cancel: CancellationToken) -> Self {
        let Tools { adapters, store, session, keys, spill } = tools;
        // One after the other, so that they arrive in their order.
        let (parcels, mut waiting) = channel(PARCELS);
        let sharing = store.clone();
        tracker.spawn(cancel.clone().run_until_cancelled_owned(async move {
            while let Some(parcel) = waiting.recv().await {
                timeout(PATIENCE, sharing.share(session, parcel)).await.ok();
            }
        }));
        Self {
            adapters,
            fences: Fences::default(),
            slots: Slots::default(),
            store,
            session,
            keys,
            spill,
            parcels,
            listens: OnceLock::new(),
            tell,
            tracker,
            cancel,
        }
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
            Effect::ListConnections { request, router, pool, masked } => self.list(request, router, pool, masked),
            Effect::EndConnections(end) => self.end_connections(*end),
            Effect::CancelTask(cancel) => self.cancel_task(*cancel),
            Effect::DescribeAction { request, action, acting } => self.describe_action(request, &action, *acting),
            Effect::StartAction(start) => self.start_action(*start),
            Effect::LookAction(look) => self.look_action(*look),
            Effect::CancelAction(cancel) => self.cancel_action(*cancel),
            Effect::Cancel { change } => self.fences.cancel(change),
            Effect::Announce(presence) => self.announce(presence),
            Effect::Meter { asks, upto } => self.adapters.asks.send_modify(|known| {
                known.now = asks;
                for (source, upto) in &upto {
                    known.know(source, *upto);
                }
            }),
            // One that does not fit is counted by whoever misses it.
            Effect::Share(parcel) => drop(self.parcels.try_send(*parcel)),
            // The cockpit keeps lines; who flies without one has no use for them.
            Effect::Lines(_) => {}
            Effect::AskCheck { check, request, asking } => self.ask_check(check, request, *asking),
            Effect::Notify(to_tell) => self.notify(*to_tell),
            Effect::Sign(to_sign) => self.sign(*to_sign),
            Effect::CheckSignature(to_check) => self.check(*to_check),
            Effect::Spill { after, hash, entry } => self.spill(after, hash, *entry),
            Effect::DropSpill => self.drop_spill(),
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
                    Err(error) => {
                        tracing::warn!(%error, "the journal is not followed at the moment");
                        tell(Msg::JournalAway { why: in_short(&error) });
                    }
                }
            }
        });
    }

    /// Listens to what other cockpits read of sources that one asks for all, where there are any (J6). `lossy` may drop
    /// what comes faster than it is taken.
    pub fn listen_to_parcels(&self, lossy: Tell) {
        let metrics = self.adapters.metrics.iter().map(|metric| metric.metered);
        let is_any = metrics.chain(self.adapters.logs.iter().map(|log| log.metered)).any(|metered| metered);
        if !is_any || self.listens.set(()).is_err() {
            return;
        }
        let (mut parcels, cancel) = (self.store.shared(self.session), self.cancel.clone());
        self.tracker.spawn(async move {
            while let Some(Some(parcel)) = cancel.run_until_cancelled(parcels.next()).await {
                lossy(Msg::Shared(Box::new(parcel)));
            }
        });
    }

    /// Listens to who else is there, and now and then asks how far this host's clock is from the store's (J6, S2).
    pub fn listen(&self) {
        let mut stream = self.store.presence(self.session);
        let (tell, cancel) = (self.tell.clone(), self.cancel.clone());
        self.tracker.spawn(async move {
            while let Some(Some(presence)) = cancel.run_until_cancelled(stream.next()).await {
                tell(Msg::Present(presence));
            }
        });
        let (store, tell, cancel) = (self.store.clone(), self.tell.clone(), self.cancel.clone());
        self.tracker.spawn(cancel.run_until_cancelled_owned(async move {
            loop {
                tell(Msg::Clock { offset_ms: store.clock_offset().await });
                sleep(CLOCK).await;
            }
        }));
    }

    fn announce(&self, presence: Presence) {
        let (store, session) = (self.store.clone(), self.session);
        self.tracker.spawn(async move { timeout(PATIENCE, store.announce(session, presence)).await.ok() });
    }

    fn sign(&self, to_sign: ToSign) {
        let (keys, tell) = (self.keys.clone(), self.tell.clone());
        self.tracker.spawn(async move {
            let request = to_sign.request;
            let result = match keys {
                Some(keys) => keys.sign(&to_sign, || tracing::info!("a key waits for a touch")).await,
                None => Err("no keys were read at opening; open the session again".to_owned()),
            };
            tell(Msg::Signed { request, result });
        });
    }

    fn check(&self, to_check: ToCheck) {
        let (keys, tell) = (self.keys.clone(), self.tell.clone());
        self.tracker.spawn(async move {
            let entry = to_check.entry;
            let result = match keys {
                Some(keys) => keys.check(&to_check).await,
                None => Err("no keys were read at opening; open the session again".to_owned()),
            };
            tell(Msg::SignatureChecked { entry, result });
        });
    }

    /// Writes beside the journal; answered within a second in any case (R5).
    fn spill(&self, after: u64, hash: Digest, entry: Spilled) {
        let (spill, tell) = (self.spill.clone(), self.tell.clone());
        tracing::warn!(entry = %entry.id, after, "written beside the journal");
        self.tracker.spawn(async move {
            let id = entry.id;
            let write = tokio::task::spawn_blocking(move || match spill {
                Some(spill) => {
                    let mut files = spill.lock().unwrap_or_else(PoisonError::into_inner);
                    files.own.append(after, hash, &entry).map_err(|error| error.to_string())
                }
                None => Err("no file for it could be made at opening".to_owned()),
            });
            let result = match timeout(PATIENCE, write).await {
                Ok(Ok(result)) => result,
                Ok(Err(_told_by_the_hook)) => Err("flightdeck has a fault in writing it".to_owned()),
                Err(_elapsed) => Err("the disk does not answer".to_owned()),
            };
            tell(Msg::Spilled { entry: id, result });
        });
    }

    fn drop_spill(&self) {
        let Some(spill) = self.spill.clone() else { return };
        self.tracker.spawn_blocking(move || {
            let mut files = spill.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = files.own.clear() {
                tracing::warn!(%error, "the spill could not be emptied");
            }
            for path in files.found.drain(..) {
                if let Err(error) = std::fs::remove_file(&path) {
                    tracing::warn!(%error, path = %path.display(), "a spill could not be removed");
                }
            }
        });
    }

    fn read(&self, router: RouterId, poll: u64) {
        let what = format!("read {router}");
        let tell = self.tell.clone();
        let Some(adapter) = self.adapters.routers.get(&router).cloned() else {
            let (trouble, began) = (unknown_router(&router), clock::now());
            tell(Msg::RouterRead { router, poll, began, result: Err(trouble) });
            return;
        };
        let slots = self.slots.clone();
        self.tracker.spawn(async move {
            let _place = slots.place(Talk::Read).await;
            let began = clock::now();
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

    /// Asks a check once. It keeps to its own time-out; one that does not is given up by the flight.
    fn ask_check(&self, check: CheckId, request: u64, asking: Asking) {
        let tell = self.tell.clone();
        let Some(adapter) = self.adapters.checks.get(&check).cloned() else {
            let words = format!("{check} is not in the profile that is flown; reload the profile");
            let answer = Box::new(Answer::new(Verdict::Inconclusive, words, asking.now));
            tell(Msg::CheckAnswered { check, request, began: clock::now(), answer });
            return;
        };
        let cancel = self.cancel.clone();
        self.tracker.spawn(cancel.run_until_cancelled_owned(async move {
            let began = clock::now();
            let answer = match AssertUnwindSafe(adapter.ask(&asking)).catch_unwind().await {
                Ok(answer) => answer,
                Err(_told_by_the_hook) => {
                    let words = "flightdeck has a fault in this check's adapter; its own log has more";
                    Answer::new(Verdict::Inconclusive, words, asking.now)
                }
            };
            tell(Msg::CheckAnswered { check, request, began, answer: Box::new(answer) });
        }));
    }

    /// Tells people outside, trying again for a while. Nothing waits for it but the next telling of the same notifier.
    fn notify(&self, to_tell: ToTell) {
        let (tell, cancel) = (self.tell.clone(), self.cancel.clone());
        let adapter = self.adapters.notifiers.get(&to_tell.notifier).cloned();
        self.tracker.spawn(async move {
            let (notifier, key) = (to_tell.notifier.clone(), to_tell.key.clone());
            let came = Box::new(super::telling::tell(adapter, to_tell, &cancel).await);
            tracing::info!(%notifier, key, outcome = came.outcome.word(), words = came.words, "told people");
            tell(Msg::Notified { notifier, key, came });
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
        // Only a rollback is bound to nothing that was read.
        let talk = if expected.is_some() { Talk::Forward } else { Talk::Back };
        let slots = self.slots.clone();
        self.tracker.spawn(async move {
            let _place = slots.place(talk).await;
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

    fn list(&self, request: u64, router: RouterId, pool: PoolId, masked: bool) {
        let tell = self.tell.clone();
        let began = clock::now();
        let Some(adapter) = self.adapters.routers.get(&router).cloned() else {
            let result = Err(unknown_router(&router));
            tell(Msg::ConnectionsListed { request, router, pool, began, result });
            return;
        };
        let slots = self.slots.clone();
        self.tracker.spawn(async move {
            let _place = slots.place(Talk::Read).await;
            let what = format!("list the connections of {pool} on {router}");
            let patience = adapter.timeout * 2 + Duration::from_secs(2);
            let began = clock::now();
            let look = AssertUnwindSafe(timeout(patience, adapter.router.connections(&pool))).catch_unwind().await;
            let result = match look {
                Ok(Ok(result)) => result,
                Ok(Err(_elapsed)) => Err(trouble(TroubleKind::TimedOut, &what, "no answer came")),
                Err(_told_by_the_hook) => Err(trouble(TroubleKind::Garbage, &what, "the adapter has a fault")),
            };
            let mask = |each: Connection| Connection { client: masked_text(each.client, masked), ..each };
            let result = result.map(|all| all.into_iter().map(mask).collect());
            tell(Msg::ConnectionsListed { request, router, pool, began, result });
        });
    }

    fn end_connections(&self, end: SendEnd) {
        let SendEnd { act, router, pool, connections, deadline, until } = end;
        let tell = self.tell.clone();
        let Some(adapter) = self.adapters.routers.get(&router).cloned() else {
            let why = unknown_router(&router).to_string();
            tell(Msg::ConnectionsEnded { act, ended: Ended::NotSent { why } });
            return;
        };
        let fence = self.fences.fence(act, deadline, until);
        tracing::info!(%act, %router, %pool, count = connections.len(), "ending connections");
        let slots = self.slots.clone();
        self.tracker.spawn(async move {
            let _place = slots.place(Talk::Forward).await;
            let write = AssertUnwindSafe(adapter.router.end_connections(&pool, &connections, &fence)).catch_unwind();
            let ended = match write.await {
                Ok(ended) => ended,
                Err(_told_by_the_hook) => {
                    Ended::Unknown { why: "flightdeck has a fault in this router's adapter".to_owned() }
                }
            };
            tracing::info!(%act, ended = ended.words(), "answer to ending connections");
            tell(Msg::ConnectionsEnded { act, ended });
        });
    }

    fn cancel_task(&self, cancel: SendCancel) {
        let SendCancel { act, router, task, deadline, until } = cancel;
        let tell = self.tell.clone();
        let Some(adapter) = self.adapters.routers.get(&router).cloned() else {
            let outcome = Outcome::NotSent { why: unknown_router(&router).to_string() };
            tell(Msg::TaskCancelAnswered { act, outcome });
            return;
        };
        let fence = self.fences.fence(act, deadline, until);
        tracing::info!(%act, %router, task, "cancelling a task");
        let slots = self.slots.clone();
        self.tracker.spawn(async move {
            // It clears the way for a rollback, and goes out as one does.
            let _place = slots.place(Talk::Back).await;
            let write = AssertUnwindSafe(adapter.router.cancel(&task, &fence)).catch_unwind();
            let outcome = match write.await {
                Ok(said) => outcome(said),
                Err(_told_by_the_hook) => {
                    Outcome::Unknown { why: "flightdeck has a fault in this router's adapter".to_owned() }
                }
            };
            tracing::info!(%act, outcome = outcome.word(), "answer to cancelling a task");
            tell(Msg::TaskCancelAnswered { act, outcome });
        });
    }

    fn append(&self, entry: Entry) {
        let (store, tell, session) = (self.store.clone(), self.tell.clone(), self.session);
        self.tracker.spawn(async move {
            let id = entry.id;
            let closes = entry.events.iter().any(|event| matches!(event, Event::SessionClosed { .. }));
            let answer = match AssertUnwindSafe(store.append(entry)).catch_unwind().await {
                Ok(answer) => appended(answer),
                Err(_told_by_the_hook) => Appended::Unknown { why: "flightdeck has a fault in the journal".to_owned() },
            };
            if !matches!(answer, Appended::Kept { .. }) {
                tracing::warn!(entry = %id, ?answer, "an entry was not plainly kept");
            }
            let is_over = closes && matches!(answer, Appended::Kept { .. });
            tell(Msg::Appended { entry: id, answer });
            if is_over && let Some(notice) = filing::told(store, session).await {
                tell(Msg::RecordWritten(notice));
            }
        });
    }

    /// Reads until the journal answers, or for so long that the flight asks again.
    fn read_journal(&self, after: u64) {
        let (store, tell, session) = (self.store.clone(), self.tell.clone(), self.session);
        let cancel = self.cancel.clone();
        self.tracker.spawn(cancel.run_until_cancelled_owned(timeout(READING, async move {
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
        })));
    }
}

/// What was seen of a journal that does not answer: where it is and what to do is in the log, and would push all else off
/// a banner.
fn in_short(error: &JournalError) -> String {
    match error {
        JournalError::Unavailable { why, .. } | JournalError::Server { why, .. } => {
            why.split_once("; ").map_or(why.as_str(), |(seen, _)| seen).to_owned()
        }
        other => other.to_string(),
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

/// What may name a person, masked unless the profile lets it be shown.
fn masked_text(text: String, masked: bool) -> String {
    if masked { crate::adapter::log::masked(text) } else { text }
}

fn unknown_router(router: &RouterId) -> Trouble {
    trouble(TroubleKind::Mismatch, &format!("reach {router}"), "the profile that is flown does not name it")
}

fn trouble(kind: TroubleKind, what: &str, why: &str) -> Trouble {
    Trouble::new(kind, what, why, "see flightdeck's own log for more")
}
