//! The journal of several hosts: one JetStream stream on NATS. Ordering, agreement and replication are the servers'.
//!
//! - `settings` says where it is and how one gets in; `link` is the connection, `api` are JetStream's questions.
//! - `subject` names: one subject for all sessions of a service in an environment.
//! - `stream` finds or makes the stream, checks its settings, and notices what was done to it.
//! - `tail` folds a subject as far as it was read; `feed` reads its messages in their order.
//! - `append` puts one entry in; `follower` gives what is new; `presence` is beside the stream.
//!
//! # What holds
//!
//! - **Append.** An entry is one message, sent with the sequence of its subject's last message. JetStream's leader decides,
//!   and a stream of three servers acknowledges what two have. The next number, the next hash and the one unclosed
//!   session (J7) all follow from the messages before: whoever saw them all, and only they, can append.
//! - **Never twice.** Attempts with the same guard exclude each other, so an attempt without an answer is made again; see
//!   `append`. An answer "duplicate" is not believed: it is given to entries that were never kept, too. Then, after
//!   silence, and after every refused guard, the subject is read and ids are compared.
//! - **Reading.** The end is where the stream's *leader* says (`STREAM.MSG.GET` by last subject); what stands before comes
//!   from it or from a consumer, which may be on a server that is behind for a moment, and is waited for until it is
//!   there. `DIRECT.GET` is answered by any server from what it has, and is not used. A leader that was cut off can
//!   answer for some seconds with an end that is too early: what is read is then a true beginning of the journal, never
//!   another one. Nothing here concludes from an absence: an append that was decided on an old end fails its guard, and
//!   a doubtful entry is called lost only when another message stands at its guard.
//! - **Following.** A consumer gives messages as they are kept. After trouble another one begins after the last message.
//!   The chain (J4) shows what is missing between two entries; what is missing at the end, or a stream that was made
//!   anew, is found by looking at the stream every few seconds.
//!
//! # What an account must be permitted
//!
//! Subscribe `_INBOX.>` and `PREFIX.presence.>`. Publish `$JS.API.STREAM.INFO.NAME`, `$JS.API.STREAM.MSG.GET.NAME`,
//! `$JS.API.CONSUMER.CREATE.NAME`, `$JS.API.CONSUMER.MSG.NEXT.NAME.>`, `$JS.API.CONSUMER.DELETE.NAME.>` and
//! `PREFIX.presence.>`; to write, `PREFIX.journal.>`; to make the stream, `$JS.API.STREAM.CREATE.NAME`.

mod api;
mod append;
mod feed;
mod follower;
mod link;
mod presence;
mod settings;
mod stream;
mod subject;
mod tail;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use tokio::time::Instant;

use self::api::NoAnswer;
use self::link::{Link, Silence};
use self::subject::Subjects;
use self::tail::Tail;
use super::{Appended, Durability, JournalError, NOT_AN_OPENING, SessionSummary, Store, summary_of};
use crate::domain::parcel::Parcel;
use crate::domain::{Presence, SessionId};
use crate::entry::{Chain, Entry, History, Kept};

pub use settings::{Login, Settings, Tls};

/// How long reading is tried while a cluster looks for a leader.
const READING: Duration = Duration::from_secs(6);

/// How long is waited between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// A journal on NATS.
pub struct NatsStore {
    shared: Arc<Shared>,
    durability: Durability,
}

struct Shared {
    link: Arc<Link>,
    settings: Settings,
    subjects: Subjects,
    origin: stream::Origin,
    /// What was read of each subject. One append at a time on each.
    tails: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<Tail>>>>,
}

impl NatsStore {
    /// Connects, and opens the stream or makes it. Needs a runtime with timers and sockets; the connection lives there.
    ///
    /// # Errors
    /// When no server lets us in, a server is too old, or the stream's settings would lose entries.
    pub async fn open(settings: Settings) -> Result<Self, JournalError> {
        let link = Link::connect(&settings).await?;
        Self::on(link, settings).await
    }

    /// Connects, and opens the stream if it is there; it is not made.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub async fn open_existing(settings: Settings) -> Result<Option<Self>, JournalError> {
        let settings = Settings { create: false, ..settings };
        let link = Link::connect(&settings).await?;
        if matches!(link.info(&settings.stream).await, Err(no) if no.is(api::refusal::NO_STREAM)) {
            return Ok(None);
        }
        Self::on(link, settings).await.map(Some)
    }

    async fn on(link: Link, settings: Settings) -> Result<Self, JournalError> {
        let subjects = Subjects::new(&settings.subject);
        let info = stream::open(&link, &settings, &subjects).await?;
        let (origin, durability) = (stream::Origin::of(&info), stream::durability(&info));
        // Let go of what only the door needed.
        let settings = Settings { login: None, ..settings };
        let shared = Shared { link: Arc::new(link), settings, subjects, origin, tails: Mutex::default() };
        Ok(Self { shared: Arc::new(shared), durability })
    }
}

impl Shared {
    fn tail(&self, subject: &str) -> Arc<tokio::sync::Mutex<Tail>> {
        // Every change of the map is one statement: what a panic left behind is whole.
        self.tails.lock().unwrap_or_else(PoisonError::into_inner).entry(subject.to_owned()).or_default().clone()
    }

    fn known(&self) -> Vec<(String, Arc<tokio::sync::Mutex<Tail>>)> {
        let tails = self.tails.lock().unwrap_or_else(PoisonError::into_inner);
        tails.iter().map(|(subject, tail)| (subject.clone(), tail.clone())).collect()
    }

    /// The subject that a session is on: among what was read, else among all that there is.
    async fn locate(self: &Arc<Self>, session: SessionId) -> Result<Option<String>, NoAnswer> {
        let has = |tail: &Tail| tail.sessions.contains_key(&session) || tail.orphans.contains_key(&session);
        for (subject, tail) in self.known() {
            if has(&*tail.lock().await) {
                return Ok(Some(subject));
            }
        }
        for subject in self.link.subjects(&self.settings.stream, &self.subjects.kept()).await? {
            let tail = self.tail(&subject);
            let mut tail = tail.lock().await;
            tail.catch_up(&self.link, &self.settings.stream, &subject).await?;
            if has(&tail) {
                return Ok(Some(subject));
            }
        }
        Ok(None)
    }

    async fn read(self: &Arc<Self>, session: SessionId, from: u64) -> Result<Read, NoAnswer> {
        let before = from.saturating_sub(1);
        let Some(subject) = self.locate(session).await? else {
            return Ok(if before == 0 { Read::History(History::default()) } else { Read::Missing(before) });
        };
        let tail = self.tail(&subject);
        let mut tail = tail.lock().await;
        tail.catch_up(&self.link, &self.settings.stream, &subject).await?;
        let Some(journal) = tail.sessions.get_mut(&session) else {
            let broken = tail.orphans.get(&session).cloned();
            return Ok(Read::History(History { entries: Vec::new(), broken }));
        };
        if before == 0
            && let Some(whole) = journal.first_reading()
        {
            return Ok(Read::History(whole));
        }
        let (mut chain, start) = match (before, journal.place(before)) {
            (0, _) => (Chain::of(session), journal.place(1).map_or(1, |place| place.sequence)),
            (_, Some(place)) => (Chain::after(session, before, place.hash), place.sequence + 1),
            (_, None) => return Ok(journal.broken.clone().map_or(Read::Missing(before), Read::Broken)),
        };
        let mut history = History::default();
        if journal.entries.len() as u64 == before && journal.broken.is_none() {
            return Ok(Read::History(history));
        }
        let end = tail.last;
        drop(tail);
        let take = |message: api::Stored| {
            if message.session != Some(session) || history.broken.is_some() {
                return;
            }
            match chain.feed(chain.number() + 1, &message.bytes, message.hash) {
                Ok(kept) => history.entries.push(kept),
                Err(broken) => history.broken = Some(broken),
            }
        };
        tail::read_to(&self.link, &self.settings.stream, &subject, start, end, take).await?;
        Ok(Read::History(history))
    }

    async fn sessions(self: &Arc<Self>) -> Result<Vec<SessionSummary>, NoAnswer> {
        let mut all = Vec::new();
        for subject in self.link.subjects(&self.settings.stream, &self.subjects.kept()).await? {
            let tail = self.tail(&subject);
            let mut tail = tail.lock().await;
            tail.catch_up(&self.link, &self.settings.stream, &subject).await?;
            all.extend(tail.sessions.values().map(|journal| journal.summary.clone()));
        }
        all.sort_by_key(|summary| std::cmp::Reverse((summary.opened, summary.id)));
        Ok(all)
    }

    async fn unclosed(self: &Arc<Self>, service: &str, environment: &str) -> Result<Option<SessionId>, NoAnswer> {
        let subject = self.subjects.entries(service, environment);
        let tail = self.tail(&subject);
        let mut tail = tail.lock().await;
        tail.catch_up(&self.link, &self.settings.stream, &subject).await?;
        Ok(tail.unclosed())
    }

    /// Looks again while a leader is being looked for.
    async fn patiently<T, F: Future<Output = Result<T, NoAnswer>>>(
        &self,
        what: &'static str,
        mut look: impl FnMut() -> F,
    ) -> Result<T, JournalError> {
        let deadline = Instant::now() + READING;
        loop {
            let no = match look().await {
                Ok(found) => return Ok(found),
                Err(no) => no,
            };
            let may_pass = match &no {
                NoAnswer::Silence(Silence::Denied(_)) => false,
                NoAnswer::Silence(_) | NoAnswer::Garbled(_) => true,
                NoAnswer::Refused(refusal) => refusal.code >= 500,
            };
            if !may_pass || Instant::now() + PAUSE >= deadline {
                return Err(JournalError::Unavailable { what, place: self.link.place.clone(), why: no.words() });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// What reading came to.
enum Read {
    History(History),
    Missing(u64),
    Broken(crate::entry::Broken),
}

impl Store for NatsStore {
    fn durability(&self) -> Durability {
        self.durability
    }

    fn is_private(&self) -> bool {
        false
    }

    fn place(&self) -> String {
        self.shared.link.place.clone()
    }

    fn append(&self, entry: Entry) -> BoxFuture<'_, Appended> {
        let shared = self.shared.clone();
        async move {
            let subject = match summary_of(&entry) {
                Some(summary) => shared.subjects.entries(&summary.service, &summary.environment),
                None => match shared.locate(entry.session).await {
                    Ok(Some(subject)) => subject,
                    Ok(None) if entry.number == 1 => return Appended::Unavailable(NOT_AN_OPENING.to_owned()),
                    Ok(None) => return Appended::Conflict { head: 0 },
                    Err(no) => {
                        return Appended::Unavailable(format!(
                            "read the journal in {}: {}",
                            shared.link.place,
                            no.words()
                        ));
                    }
                },
            };
            let tail = shared.tail(&subject);
            let mut tail = tail.lock().await;
            append::append(&shared, &mut tail, &subject, &entry).await
        }
        .boxed()
    }

    fn read(&self, session: SessionId, from: u64) -> BoxFuture<'_, Result<History, JournalError>> {
        async move {
            let place = || self.shared.link.place.clone();
            match self.shared.patiently("read", || self.shared.read(session, from)).await? {
                Read::History(history) => Ok(history),
                Read::Missing(number) => Err(JournalError::Missing { place: place(), session, number }),
                Read::Broken(broken) => Err(JournalError::Broken { place: place(), session, broken }),
            }
        }
        .boxed()
    }

    fn follow(&self, session: SessionId, after: u64) -> BoxStream<'static, Result<Vec<Kept>, JournalError>> {
        follower::follow(self.shared.clone(), session, after)
    }

    fn unclosed<'a>(
        &'a self,
        service: &'a str,
        environment: &'a str,
    ) -> BoxFuture<'a, Result<Option<SessionId>, JournalError>> {
        let look = || self.shared.unclosed(service, environment);
        async move { self.shared.patiently("look for an unclosed session in", look).await }.boxed()
    }

    fn sessions(&self) -> BoxFuture<'_, Result<Vec<SessionSummary>, JournalError>> {
        async move { self.shared.patiently("list the sessions in", || self.shared.sessions()).await }.boxed()
    }

    fn announce(&self, session: SessionId, presence: Presence) -> BoxFuture<'_, ()> {
        let subject = self.shared.subjects.presence(session);
        async move { presence::announce(&self.shared, subject, &presence).await }.boxed()
    }

    fn presence(&self, session: SessionId) -> BoxStream<'static, Presence> {
        let subject = self.shared.subjects.presence(session);
        presence::listen(self.shared.clone(), subject)
    }

    fn share(&self, session: SessionId, parcel: Parcel) -> BoxFuture<'_, ()> {
        let subject = self.shared.subjects.parcels(session);
        async move { presence::announce(&self.shared, subject, &parcel).await }.boxed()
    }

    fn shared(&self, session: SessionId) -> BoxStream<'static, Parcel> {
        let subject = self.shared.subjects.parcels(session);
        presence::listen(self.shared.clone(), subject)
    }

    fn clock_offset(&self) -> BoxFuture<'_, Option<i64>> {
        async move { presence::clock_offset(&self.shared).await }.boxed()
    }
}
