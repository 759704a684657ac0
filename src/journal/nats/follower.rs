//! Following: a consumer, asked again from the last entry after every trouble, and a look at the stream now and then.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, unfold};
use tokio::time::Instant;

use super::Shared;
use super::api::{NoAnswer, Stored, refusal};
use super::feed::Feed;
use super::stream;
use crate::domain::SessionId;
use crate::entry::{Chain, Kept};
use crate::journal::JournalError;

/// How long after trouble is tried again.
const AGAIN: Duration = Duration::from_millis(200);

/// How often the stream is looked at beside its entries.
const LOOK: Duration = Duration::from_secs(3);

/// How often in a row damage must be seen that a leader who has not caught up yet could show as well.
const SURE: u32 = 3;

/// The most entries in one batch.
const BATCH: usize = 1024;

type Batch = Result<Vec<Kept>, JournalError>;

/// Follows a session from after an entry on.
pub(super) fn follow(shared: Arc<Shared>, session: SessionId, after: u64) -> BoxStream<'static, Batch> {
    let follower = Follower {
        shared,
        session,
        after,
        at: None,
        feed: None,
        looked: None,
        in_trouble: false,
        is_told_of_settings: false,
        doubts: 0,
    };
    unfold(Some(follower), |follower| async move {
        let mut follower = follower?;
        let batch = follower.next().await;
        let goes_on = !matches!(&batch, Err(error) if error.is_final());
        Some((batch, goes_on.then_some(follower)))
    })
    .boxed()
}

struct Follower {
    shared: Arc<Shared>,
    session: SessionId,
    after: u64,
    /// Where it stands, once that is known.
    at: Option<Position>,
    feed: Option<Feed>,
    looked: Option<Instant>,
    in_trouble: bool,
    is_told_of_settings: bool,
    doubts: u32,
}

struct Position {
    chain: Chain,
    /// The sequence of the last message that was looked at.
    sequence: u64,
    /// The session's subject, or all of them while nobody has opened it.
    filter: String,
}

impl Follower {
    async fn next(&mut self) -> Batch {
        loop {
            match self.advance().await {
                Ok(batch) if batch.is_empty() => {}
                Ok(batch) => return Ok(batch),
                Err(error) => {
                    self.feed = None;
                    let is_news = !self.in_trouble || error.is_final();
                    self.in_trouble = true;
                    if is_news {
                        return Err(error);
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    /// One step: what is new, or nothing just now.
    async fn advance(&mut self) -> Batch {
        self.look().await?;
        if self.at.is_none() {
            self.at = Some(self.position().await?);
        }
        let Some(at) = &mut self.at else { return Ok(Vec::new()) };
        let unavailable = |shared: &Shared, why: String| JournalError::Unavailable {
            what: WHAT,
            place: shared.link.place.clone(),
            why,
        };
        let stream = &self.shared.settings.stream;
        let feed = match &mut self.feed {
            Some(feed) => feed,
            none => {
                let opened = Feed::open(self.shared.link.clone(), stream, &at.filter, at.sequence + 1).await;
                none.insert(opened.map_err(|no| unavailable(&self.shared, no.words()))?)
            }
        };
        let mut batch = Vec::new();
        let mut message = Some(feed.next().await);
        while let Some(next) = message {
            let stored = match next {
                Ok(stored) => stored,
                // What came before the trouble is given first; the trouble comes again with the next step.
                Err(_) if !batch.is_empty() => {
                    self.feed = None;
                    break;
                }
                Err(why) => return Err(unavailable(&self.shared, why)),
            };
            self.in_trouble = false;
            if let Some(stored) = stored
                && let Err(broken) = at.take(self.session, &stored, &mut batch)
            {
                if batch.is_empty() {
                    return Err(JournalError::Broken {
                        place: self.shared.link.place.clone(),
                        session: self.session,
                        broken,
                    });
                }
                // Given with the next step, which meets the same message again.
                self.feed = None;
                break;
            }
            message = if batch.len() < BATCH { feed.ready() } else { None };
        }
        Ok(batch)
    }

    /// Looks at the stream itself from time to time, and after every trouble: a deleted stream sends nothing.
    async fn look(&mut self) -> Result<(), JournalError> {
        if self.feed.is_some() && self.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return Ok(());
        }
        let shared = self.shared.clone();
        let changed =
            |what: String| JournalError::Changed { what: WHAT, place: shared.link.place.clone(), change: what };
        let info = match shared.link.info(&shared.settings.stream).await {
            Ok(info) => info,
            Err(no) => {
                self.doubts = if no.is(refusal::NO_STREAM) { self.doubts + 1 } else { 0 };
                if self.doubts >= SURE {
                    return Err(changed("it was deleted".to_owned()));
                }
                if self.feed.is_some() && !no.is(refusal::NO_STREAM) {
                    // The feed says by itself when it stops.
                    self.looked = Some(Instant::now());
                    return Ok(());
                }
                return Err(unavailable(&shared, &no));
            }
        };
        let ends_before = self.at.as_ref().is_some_and(|at| info.state.last_seq < at.sequence);
        let damage = shared.origin.damage(&info);
        let damage = damage.or_else(|| ends_before.then(|| "its newest entries are not there any more".to_owned()));
        let Some(damage) = damage else {
            self.doubts = 0;
            self.looked = Some(Instant::now());
            let worse = stream::changed(&info, &shared.settings, &shared.subjects);
            let is_news = worse.is_some() && !self.is_told_of_settings;
            self.is_told_of_settings = worse.is_some();
            return match worse {
                Some(wrong) if is_news => {
                    // Told once, whatever else is in trouble.
                    self.in_trouble = false;
                    Err(JournalError::SettingsChanged { place: shared.link.place.clone(), wrong })
                }
                Some(_) | None => Ok(()),
            };
        };
        self.doubts += 1;
        if self.doubts >= SURE {
            return Err(changed(damage));
        }
        self.looked = None;
        self.feed = None;
        tokio::time::sleep(AGAIN).await;
        Box::pin(self.look()).await
    }

    /// Where to begin: after the entry that was asked for.
    async fn position(&self) -> Result<Position, JournalError> {
        let shared = &self.shared;
        let failed = |no: NoAnswer| unavailable(shared, &no);
        // Asked before the sessions: one that is opened between the two is then met again, never missed.
        let end = shared.link.info(&shared.settings.stream).await.map_err(failed)?.state.last_seq;
        let missing =
            || JournalError::Missing { place: shared.link.place.clone(), session: self.session, number: self.after };
        let Some(subject) = shared.locate(self.session).await.map_err(failed)? else {
            return match self.after {
                0 => Ok(Position { chain: Chain::of(self.session), sequence: end, filter: shared.subjects.kept() }),
                _ => Err(missing()),
            };
        };
        let tail = shared.tail(&subject);
        let mut tail = tail.lock().await;
        tail.catch_up(&shared.link, &shared.settings.stream, &subject).await.map_err(failed)?;
        let journal = tail.sessions.get(&self.session);
        if self.after == 0 {
            let first = journal.and_then(|journal| journal.place(1)).map_or(1, |place| place.sequence);
            return Ok(Position { chain: Chain::of(self.session), sequence: first - 1, filter: subject });
        }
        let place = journal.and_then(|journal| journal.place(self.after)).ok_or_else(missing)?;
        let chain = Chain::after(self.session, self.after, place.hash);
        Ok(Position { chain, sequence: place.sequence, filter: subject })
    }
}

const WHAT: &str = "follow the session in";

fn unavailable(shared: &Shared, no: &NoAnswer) -> JournalError {
    JournalError::Unavailable { what: WHAT, place: shared.link.place.clone(), why: no.words() }
}

impl Position {
    fn take(&mut self, session: SessionId, stored: &Stored, batch: &mut Vec<Kept>) -> Result<(), crate::entry::Broken> {
        // A consumer that was opened anew may begin with what is known.
        if stored.sequence <= self.sequence {
            return Ok(());
        }
        if stored.session == Some(session) {
            batch.push(self.chain.feed(self.chain.number() + 1, &stored.bytes, stored.hash)?);
        }
        self.sequence = stored.sequence;
        Ok(())
    }
}
