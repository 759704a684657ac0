//! A journal in the memory of this process, for tests and simulations.
//!
//! It keeps sealed bytes and checks them like every other store, and can be told to lose answers. Clones share one journal,
//! as processes share a database.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, StreamExt, unfold};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use super::{Appended, Durability, JournalError, NOT_AN_OPENING, SessionSummary, Store, closing_of, summary_of};
use crate::domain::parcel::Parcel;
use crate::domain::{Digest, Presence, SessionId};
use crate::entry::{Chain, Entry, History, Kept, Sealed, seal};

/// What goes wrong with one append.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// It is refused; nothing is kept.
    Unavailable,
    /// It is kept, and the answer is lost.
    KeptAnswerLost,
    /// It is lost, and so is the answer.
    LostAnswerLost,
    /// It is kept after this time.
    Late(
        /// The time.
        Duration,
    ),
}

type Hook = Box<dyn FnMut(&Entry) -> Fault + Send>;

/// A journal in memory.
#[derive(Clone)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

struct Shared {
    world: Mutex<World>,
    hook: Mutex<Option<Hook>>,
    /// Counts appends; followers wait for it to move.
    appended: watch::Sender<u64>,
    /// Who announced what, in which session.
    announced: broadcast::Sender<(SessionId, Presence)>,
    /// Who shared what, in which session.
    parcels: broadcast::Sender<(SessionId, Parcel)>,
}

#[derive(Default)]
struct World {
    sessions: BTreeMap<SessionId, Journal>,
}

struct Journal {
    summary: SessionSummary,
    /// Each entry's id beside its bytes.
    entries: Vec<(crate::domain::EntryId, Sealed)>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// An empty journal.
    pub fn new() -> Self {
        let shared = Shared {
            world: Mutex::default(),
            hook: Mutex::default(),
            appended: watch::Sender::new(0),
            announced: broadcast::Sender::new(256),
            parcels: broadcast::Sender::new(256),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Asks `hook` before every append what goes wrong with it.
    pub fn script(&self, hook: impl FnMut(&Entry) -> Fault + Send + 'static) {
        *lock(&self.shared.hook) = Some(Box::new(hook));
    }

    /// Changes the stored bytes of an entry, to see what a damaged journal does.
    pub fn tamper(&self, session: SessionId, number: u64, change: impl FnOnce(&mut Vec<u8>)) {
        let mut world = lock(&self.shared.world);
        let index = number.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        let place = world.sessions.get_mut(&session).zip(index);
        if let Some((_, sealed)) = place.and_then(|(journal, index)| journal.entries.get_mut(index)) {
            change(&mut sealed.bytes);
        }
    }

    fn keep(&self, entry: &Entry) -> Appended {
        let answer = lock(&self.shared.world).keep(entry);
        if matches!(answer, Appended::Kept { .. }) {
            self.shared.appended.send_modify(|count| *count += 1);
        }
        answer
    }

    fn read_from(&self, session: SessionId, from: u64) -> Result<History, JournalError> {
        let world = lock(&self.shared.world);
        let entries = world.sessions.get(&session).map_or(&[][..], |journal| &journal.entries);
        let before = usize::try_from(from.saturating_sub(1)).unwrap_or(usize::MAX);
        let missing = || JournalError::Missing { place: self.place(), session, number: from.saturating_sub(1) };
        let mut chain = match before.checked_sub(1).map(|index| entries.get(index)) {
            None => Chain::of(session),
            Some(Some((_, sealed))) => Chain::after(session, from - 1, sealed.hash),
            Some(None) => return Err(missing()),
        };
        let mut history = History::default();
        for (number, (_, sealed)) in (1..).zip(entries).skip(before) {
            match chain.feed(number, &sealed.bytes, Some(sealed.hash)) {
                Ok(kept) => history.entries.push(kept),
                Err(broken) => {
                    history.broken = Some(broken);
                    break;
                }
            }
        }
        Ok(history)
    }
}

impl World {
    fn keep(&mut self, entry: &Entry) -> Appended {
        let known = self.sessions.get(&entry.session);
        if let Some((number, (_, sealed))) =
            known.and_then(|journal| (1..).zip(&journal.entries).find(|(_, (id, _))| *id == entry.id))
        {
            return Appended::Kept { number, hash: sealed.hash };
        }
        let (head, prev) = known.map_or((0, Digest::ZERO), |journal| {
            (journal.summary.entries, journal.entries.last().map_or(Digest::ZERO, |(_, sealed)| sealed.hash))
        });
        if entry.number != head + 1 {
            return Appended::Conflict { head };
        }
        let sealed = match seal(entry, prev) {
            Ok(sealed) => sealed,
            Err(unsealable) => return Appended::Unavailable(unsealable.to_string()),
        };
        let kept = Appended::Kept { number: entry.number, hash: sealed.hash };
        if let Some(journal) = self.sessions.get_mut(&entry.session) {
            journal.entries.push((entry.id, sealed));
            journal.summary.entries = entry.number;
            journal.summary.closed = closing_of(entry).or(journal.summary.closed.take());
            return kept;
        }
        let Some(summary) = summary_of(entry) else { return Appended::Unavailable(NOT_AN_OPENING.to_owned()) };
        if let Some(session) = self.unclosed(&summary.service, &summary.environment) {
            return Appended::AlreadyOpen(session);
        }
        self.sessions.insert(entry.session, Journal { summary, entries: vec![(entry.id, sealed)] });
        kept
    }

    fn unclosed(&self, service: &str, environment: &str) -> Option<SessionId> {
        let fits = |summary: &SessionSummary| {
            summary.service == service && summary.environment == environment && summary.closed.is_none()
        };
        self.sessions.values().find(|journal| fits(&journal.summary)).map(|journal| journal.summary.id)
    }
}

impl Store for MemoryStore {
    fn durability(&self) -> Durability {
        Durability::MemoryOfOne
    }

    fn is_private(&self) -> bool {
        true
    }

    fn place(&self) -> String {
        "the memory of this process".to_owned()
    }

    fn append(&self, entry: Entry) -> BoxFuture<'_, Appended> {
        let fault = lock(&self.shared.hook).as_mut().map(|hook| hook(&entry)).unwrap_or_default();
        async move {
            match fault {
                Fault::None => self.keep(&entry),
                Fault::Unavailable => Appended::Unavailable("scripted: the journal is away; try again".to_owned()),
                Fault::KeptAnswerLost => {
                    self.keep(&entry);
                    Appended::Unknown("scripted: the answer was lost".to_owned())
                }
                Fault::LostAnswerLost => Appended::Unknown("scripted: the answer was lost".to_owned()),
                Fault::Late(time) => {
                    tokio::time::sleep(time).await;
                    self.keep(&entry)
                }
            }
        }
        .boxed()
    }

    fn read(&self, session: SessionId, from: u64) -> BoxFuture<'_, Result<History, JournalError>> {
        async move { self.read_from(session, from) }.boxed()
    }

    fn follow(&self, session: SessionId, after: u64) -> BoxStream<'static, Result<Vec<Kept>, JournalError>> {
        let appended = self.shared.appended.subscribe();
        unfold(Some((self.clone(), appended, after)), move |state| async move {
            let (store, mut appended, after) = state?;
            loop {
                appended.mark_unchanged();
                let history = match store.read_from(session, after + 1) {
                    Ok(history) => history,
                    Err(error) => return Some((Err(error), None)),
                };
                if !history.entries.is_empty() {
                    let after = history.head().0;
                    return Some((Ok(history.entries), Some((store, appended, after))));
                }
                if let Some(broken) = history.broken {
                    let error = JournalError::Broken { place: store.place(), session, broken };
                    return Some((Err(error), None));
                }
                appended.changed().await.ok()?;
            }
        })
        .boxed()
    }

    fn unclosed<'a>(
        &'a self,
        service: &'a str,
        environment: &'a str,
    ) -> BoxFuture<'a, Result<Option<SessionId>, JournalError>> {
        async move { Ok(lock(&self.shared.world).unclosed(service, environment)) }.boxed()
    }

    fn sessions(&self) -> BoxFuture<'_, Result<Vec<SessionSummary>, JournalError>> {
        async move {
            let mut all: Vec<SessionSummary> =
                lock(&self.shared.world).sessions.values().map(|journal| journal.summary.clone()).collect();
            all.sort_by_key(|summary| std::cmp::Reverse((summary.opened, summary.id)));
            Ok(all)
        }
        .boxed()
    }

    fn announce(&self, session: SessionId, presence: Presence) -> BoxFuture<'_, ()> {
        async move {
            // Nobody may be listening.
            drop(self.shared.announced.send((session, presence)));
        }
        .boxed()
    }

    fn presence(&self, session: SessionId) -> BoxStream<'static, Presence> {
        heard(&self.shared.announced, session)
    }

    fn share(&self, session: SessionId, parcel: Parcel) -> BoxFuture<'_, ()> {
        async move {
            // Nobody may be listening.
            drop(self.shared.parcels.send((session, parcel)));
        }
        .boxed()
    }

    fn shared(&self, session: SessionId) -> BoxStream<'static, Parcel> {
        heard(&self.shared.parcels, session)
    }

    fn clock_offset(&self) -> BoxFuture<'_, Option<i64>> {
        async move { Some(0) }.boxed()
    }
}

/// What is told of one session from here on.
fn heard<T: Clone + Send + 'static>(
    told: &broadcast::Sender<(SessionId, T)>,
    session: SessionId,
) -> BoxStream<'static, T> {
    unfold(told.subscribe(), move |mut told| async move {
        loop {
            match told.recv().await {
                Ok((of, each)) if of == session => return Some((each, told)),
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    })
    .boxed()
}

/// What a panicking test left behind is still a whole journal: every change of it is one statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
