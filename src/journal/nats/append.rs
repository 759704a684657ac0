//! One entry into the stream, and what became of it.
//!
//! Every attempt is guarded by the sequence of the subject's last message: of all that were sent with one guard, at most
//! one is kept. So an attempt without an answer may be made again with the same entry and guard. Whether the first or the
//! second is kept, the entry stands once; and when another message stands at the place, neither can be.

use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use tokio::time::Instant;

use super::Shared;
use super::api::{Ack, HASH, NoAnswer, SESSION, Stored, refusal};
use super::link::Silence;
use super::tail::{Journal, Tail};
use crate::entry::{Chain, Entry, Sealed, seal};
use crate::journal::{Appended, NOT_AN_OPENING, summary_of};

/// How long one attempt waits for its answer.
const ATTEMPT: Duration = Duration::from_millis(1_500);

/// How long all attempts together may take: a little more than a cluster takes to find another leader.
const ALL: Duration = Duration::from_secs(7);

/// How long no attempt is worth making when nothing was there to take it.
const PAUSE: Duration = Duration::from_millis(100);

/// How an append is going.
enum Step {
    /// It is answered.
    Answered(Appended),
    /// There is no connection; nothing was sent.
    Away,
    /// Nothing was kept by this attempt: try again.
    Again(String),
    /// The guard held: another entry stands there, or is about to. Nothing was kept by this attempt.
    Beaten(String),
    /// The attempt may have been kept: look, then try again.
    Doubtful(String),
}

/// What a fold says about an entry before it is sent.
enum Ready {
    Answered(Appended),
    Send(Sealed),
}

/// Appends an entry to its subject.
pub(super) async fn append(shared: &Arc<Shared>, tail: &mut Tail, subject: &str, entry: &Entry) -> Appended {
    let deadline = Instant::now() + ALL;
    let mut going = Going { shared, subject, entry, doubt: None, is_fresh: false };
    loop {
        let why = match going.attempt(tail).await {
            Step::Answered(answer) => return answer,
            Step::Away if going.doubt.is_none() => return going.unavailable(&Silence::Away.words()),
            Step::Away => Silence::Away.words(),
            Step::Again(why) => why,
            Step::Beaten(why) => {
                let before = tail.last;
                match going.look(tail).await {
                    // The other entry is there: decide again at once.
                    Ok(()) if tail.last > before => continue,
                    Err(Step::Answered(answer)) => return answer,
                    // A cluster tells of entries that it has not kept yet.
                    Ok(()) | Err(_) => why,
                }
            }
            Step::Doubtful(why) => {
                going.doubt = Some(tail.last);
                why
            }
        };
        going.is_fresh = false;
        if Instant::now() + PAUSE >= deadline {
            return going.given_up(&why);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// One append on its way.
struct Going<'a> {
    shared: &'a Arc<Shared>,
    subject: &'a str,
    entry: &'a Entry,
    /// The guard of an attempt that may have been kept.
    doubt: Option<u64>,
    /// Whether the leader was asked for what is new since the last attempt.
    is_fresh: bool,
}

impl Going<'_> {
    async fn attempt(&mut self, tail: &mut Tail) -> Step {
        if !self.shared.link.is_connected_within(ATTEMPT).await {
            return Step::Away;
        }
        let must_look = self.doubt.is_some() || !tail.sessions.contains_key(&self.entry.session);
        if must_look && let Err(step) = self.look(tail).await {
            return step;
        }
        let sealed = loop {
            match prepare(self.shared, tail, self.entry) {
                Ready::Send(sealed) => break sealed,
                Ready::Answered(answer) if self.is_fresh || matches!(answer, Appended::Kept { .. }) => {
                    return Step::Answered(answer);
                }
                // What was read before may be old: nobody is refused by that.
                Ready::Answered(_) => {
                    if let Err(step) = self.look(tail).await {
                        return step;
                    }
                }
            }
        };
        self.is_fresh = false;
        let headers = headers(self.shared, self.entry, &sealed, tail.last);
        // A guard can hold by chance in a stream that was made anew. Looked at meanwhile, this costs no time.
        let (sent, info) = tokio::join!(
            self.shared.link.publish(self.subject, headers, sealed.bytes.clone(), ATTEMPT),
            self.shared.link.info(&self.shared.settings.stream)
        );
        if info.is_ok_and(|info| !self.shared.origin.is_same(&info)) {
            let why = "it was deleted and made again; find out who did that, and open a new session";
            return Step::Answered(self.unavailable(why));
        }
        self.judge(tail, &sealed, sent)
    }

    /// Reads on. The step where that settles the append, or cannot be done.
    async fn look(&mut self, tail: &mut Tail) -> Result<(), Step> {
        match look(self.shared, tail, self.subject, self.entry).await {
            Ok(None) => {}
            Ok(Some(damage)) => {
                let words = format!("{damage}; find out who did that, and open a new session");
                return Err(Step::Answered(self.given_up(&words)));
            }
            Err(NoAnswer::Silence(denied @ Silence::Denied(_))) => {
                return Err(Step::Answered(self.given_up(&denied.words())));
            }
            Err(NoAnswer::Silence(Silence::Away)) => return Err(Step::Away),
            Err(no) => return Err(Step::Again(no.words())),
        }
        self.is_fresh = true;
        // Another entry stands where the doubtful one would be, or it does itself: either way it is found by its id.
        if self.doubt.is_some_and(|guard| tail.last > guard) {
            self.doubt = None;
        }
        Ok(())
    }

    fn unavailable(&self, why: &str) -> Appended {
        Appended::Unavailable(format!("append to the journal in {}: {why}", self.shared.link.place))
    }

    fn given_up(&self, why: &str) -> Appended {
        let text = format!("append to the journal in {}: {why}", self.shared.link.place);
        if self.doubt.is_some() { Appended::Unknown(text) } else { Appended::Unavailable(text) }
    }

    /// What an answer to an attempt means.
    fn judge(&self, tail: &mut Tail, sealed: &Sealed, sent: Result<Ack, NoAnswer>) -> Step {
        match sent {
            // Said of what may never have been kept as well; only reading tells.
            Ok(Ack { duplicate: true, .. }) => {
                Step::Doubtful("JetStream took the entry for a double of another".to_owned())
            }
            Ok(Ack { stream, seq, .. }) if stream == self.shared.settings.stream => {
                tail.take(&Stored {
                    sequence: seq,
                    subject: self.subject.to_owned(),
                    session: Some(self.entry.session),
                    hash: Some(sealed.hash),
                    bytes: sealed.bytes.clone(),
                });
                // Whoever appends knows the session.
                if let Some(journal) = tail.sessions.get_mut(&self.entry.session) {
                    journal.forget_unread();
                }
                Step::Answered(Appended::Kept { number: self.entry.number, hash: sealed.hash })
            }
            Ok(Ack { stream, .. }) => Step::Doubtful(format!("stream {stream} took the entry instead")),
            Err(NoAnswer::Silence(silence)) => match silence {
                Silence::Away => Step::Away,
                Silence::NobodyThere => Step::Again(silence.words()),
                Silence::Denied(_) | Silence::TooLarge(_) => Step::Answered(self.given_up(&silence.words())),
                Silence::Unanswered(why) => Step::Doubtful(why),
            },
            Err(NoAnswer::Refused(refused)) => {
                let words = NoAnswer::Refused(refused.clone()).words();
                match refused.err_code {
                    refusal::WRONG_LAST | refusal::WRONG_LAST_RACING => Step::Beaten(words),
                    refusal::OTHER_STREAM | refusal::TOO_LARGE => Step::Answered(self.given_up(&words)),
                    _ => Step::Doubtful(words),
                }
            }
            Err(garbled @ NoAnswer::Garbled(_)) => Step::Doubtful(garbled.words()),
        }
    }
}

fn headers(shared: &Shared, entry: &Entry, sealed: &Sealed, guard: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Expected-Stream", shared.settings.stream.as_str());
    headers.insert("Nats-Expected-Last-Subject-Sequence", guard.to_string().as_str());
    // The place is part of the id: an entry that was refused at one place may come again, decided anew, at another, and
    // must not be taken for its own double.
    let id = format!("{}/{}-{}@{guard}", entry.session, entry.id.cockpit, entry.id.counter);
    headers.insert("Nats-Msg-Id", id.as_str());
    headers.insert(SESSION, entry.session.to_string().as_str());
    headers.insert(HASH, sealed.hash.to_string().as_str());
    headers
}

/// Reads on, and says when what was read before is not there any more.
async fn look(shared: &Arc<Shared>, tail: &mut Tail, subject: &str, entry: &Entry) -> Result<Option<String>, NoAnswer> {
    let stream = &shared.settings.stream;
    // A session is opened rarely, and on a stream that was made anew its guard would hold.
    if summary_of(entry).is_some() {
        let info = shared.link.info(stream).await?;
        if let Some(damage) = shared.origin.damage(&info) {
            return Ok(Some(damage));
        }
    }
    let before = tail.last;
    tail.catch_up(&shared.link, stream, subject).await?;
    if before == 0 || tail.last > before {
        return Ok(None);
    }
    let last = shared.link.last(stream, subject).await?.map_or(0, |last| last.sequence);
    if last >= before {
        return Ok(None);
    }
    let info = shared.link.info(stream).await?;
    let entries = format!("entries that stood on {subject} are not there any more");
    Ok(Some(shared.origin.damage(&info).unwrap_or(entries)))
}

/// What the fold says: an answer without sending, or the bytes to send.
fn prepare(shared: &Shared, tail: &Tail, entry: &Entry) -> Ready {
    let known = tail.sessions.get(&entry.session);
    if let Some((number, place)) = known.and_then(|journal| journal.find(entry.id)) {
        return Ready::Answered(Appended::Kept { number, hash: place.hash });
    }
    let (head, prev) = known.map_or_else(|| (0, Chain::start().hash()), head);
    if entry.number != head + 1 {
        return Ready::Answered(Appended::Conflict { head });
    }
    let unavailable = |why: String| Ready::Answered(Appended::Unavailable(why));
    if let Some(broken) = known.and_then(|journal| journal.broken.as_ref()) {
        return unavailable(format!("append to the journal in {}: {broken}", shared.link.place));
    }
    if known.is_none() {
        if summary_of(entry).is_none() {
            return unavailable(NOT_AN_OPENING.to_owned());
        }
        if let Some(session) = tail.unclosed() {
            return Ready::Answered(Appended::AlreadyOpen(session));
        }
    }
    match seal(entry, prev) {
        Ok(sealed) => Ready::Send(sealed),
        Err(unsealable) => unavailable(unsealable.to_string()),
    }
}

fn head(journal: &Journal) -> (u64, crate::domain::Digest) {
    let hash = journal.entries.last().map_or_else(|| Chain::start().hash(), |place| place.hash);
    (journal.entries.len() as u64, hash)
}
