//! JetStream's own questions and answers, as JSON, as far as a journal needs them.
//!
//! Everything goes to the stream's leader: `STREAM.INFO`, and `STREAM.MSG.GET` for one message. `DIRECT.GET`, which any
//! replica answers from what it has, is never used.

use std::time::Duration;

use async_nats::{HeaderMap, Message};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::link::{Link, Silence};
use crate::domain::{Digest, SessionId};

/// The session of an entry, beside its bytes.
pub(super) const SESSION: &str = "Flightdeck-Session";

/// The hash over an entry's bytes and what stands before them.
pub(super) const HASH: &str = "Flightdeck-Hash";

/// How long a question about the stream may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// A message of the stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stored {
    /// Its place in the stream.
    pub(super) sequence: u64,
    /// Its subject.
    pub(super) subject: String,
    /// The session that it says it belongs to; `None` when it is no entry of ours.
    pub(super) session: Option<SessionId>,
    /// The hash that was kept with it.
    pub(super) hash: Option<Digest>,
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
}

/// Why there is no answer to use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum NoAnswer {
    /// None came.
    Silence(Silence),
    /// JetStream said no.
    Refused(Refusal),
    /// It is not in the form of an answer.
    Garbled(String),
}

/// JetStream's no.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct Refusal {
    /// Like an HTTP status.
    #[serde(default)]
    pub(super) code: u16,
    /// Which no it is.
    #[serde(default)]
    pub(super) err_code: u32,
    /// In words.
    #[serde(default)]
    pub(super) description: String,
}

/// The numbers of JetStream's refusals that mean something to us.
pub(super) mod refusal {
    /// A server that should hold the stream is not there.
    pub(in super::super) const NO_PEERS: u32 = 10_005;
    /// There is no such message.
    pub(in super::super) const NO_MESSAGE: u32 = 10_037;
    /// The stream's name is taken, with other settings.
    pub(in super::super) const NAME_TAKEN: u32 = 10_058;
    /// There is no such stream.
    pub(in super::super) const NO_STREAM: u32 = 10_059;
    /// Another stream took the message.
    pub(in super::super) const OTHER_STREAM: u32 = 10_060;
    /// The message is larger than the stream takes.
    pub(in super::super) const TOO_LARGE: u32 = 10_054;
    /// The last sequence is not the expected one.
    pub(in super::super) const WRONG_LAST: u32 = 10_071;
    /// More than one server is asked for where there is no cluster.
    pub(in super::super) const NO_CLUSTER: u32 = 10_074;
    /// The same as `WRONG_LAST`, said by a cluster while another message is on its way.
    pub(in super::super) const WRONG_LAST_RACING: u32 = 10_164;
}

impl NoAnswer {
    /// In words, with what to do where that is known.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Silence(silence) => silence.words(),
            Self::Refused(refusal) => format!("JetStream says: {} ({})", refusal.description, refusal.err_code),
            Self::Garbled(why) => format!("the answer is not JetStream's: {why}"),
        }
    }

    /// Whether JetStream said exactly this no.
    pub(super) fn is(&self, err_code: u32) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.err_code == err_code)
    }
}

/// What the leader says about the stream.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub(super) struct Info {
    /// Its settings.
    pub(super) config: Json,
    /// When it was made.
    pub(super) created: String,
    /// What it holds.
    pub(super) state: State,
    /// On which servers; absent where there is one server alone.
    #[serde(default)]
    pub(super) cluster: Option<Cluster>,
    /// The server's clock.
    #[serde(default)]
    pub(super) ts: Option<String>,
}

/// What a stream holds.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct State {
    /// Its first sequence.
    #[serde(default)]
    pub(super) first_seq: u64,
    /// Its last sequence.
    #[serde(default)]
    pub(super) last_seq: u64,
    /// How many between them were removed.
    #[serde(default)]
    pub(super) num_deleted: u64,
    /// How many entries each subject has, where that was asked.
    #[serde(default)]
    pub(super) subjects: Option<std::collections::BTreeMap<String, u64>>,
}

/// The servers of a stream.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct Cluster {
    /// The one that leads.
    #[serde(default)]
    pub(super) leader: Option<String>,
    /// The others.
    #[serde(default)]
    pub(super) replicas: Vec<Replica>,
}

/// One server of a stream that does not lead.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct Replica {
    /// Its name.
    pub(super) name: String,
}

/// JetStream's yes to a message.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct Ack {
    /// The stream that took it.
    pub(super) stream: String,
    /// Its place there.
    pub(super) seq: u64,
    /// Whether it was taken for one that is there already, rightly or not.
    #[serde(default)]
    pub(super) duplicate: bool,
}

#[derive(Deserialize)]
struct RawMessage {
    subject: String,
    seq: u64,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
}

impl Link {
    /// Asks JetStream a question and reads its answer.
    pub(super) async fn api(&self, subject: &str, body: &Json, patience: Duration) -> Result<Json, NoAnswer> {
        let payload = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let message =
            self.ask(&format!("$JS.API.{subject}"), None, payload, patience).await.map_err(NoAnswer::Silence)?;
        answer(&message)
    }

    /// What the leader says about the stream.
    pub(super) async fn info(&self, stream: &str) -> Result<Info, NoAnswer> {
        let answer = self.api(&format!("STREAM.INFO.{stream}"), &Json::Null, PATIENCE).await?;
        typed(answer)
    }

    /// The subjects that the stream has entries on.
    pub(super) async fn subjects(&self, stream: &str, filter: &str) -> Result<Vec<String>, NoAnswer> {
        let mut all = Vec::new();
        loop {
            let body = json!({ "subjects_filter": filter, "offset": all.len() });
            let info: Info = typed(self.api(&format!("STREAM.INFO.{stream}"), &body, PATIENCE).await?)?;
            let page = info.state.subjects.unwrap_or_default();
            let before = all.len();
            all.extend(page.into_keys().filter(|subject| !all.contains(subject)).collect::<Vec<_>>());
            // A page holds a hundred thousand.
            if all.len() - before < 100_000 {
                return Ok(all);
            }
        }
    }

    /// The first message of a subject at a sequence or after it.
    pub(super) async fn next(&self, stream: &str, subject: &str, from: u64) -> Result<Option<Stored>, NoAnswer> {
        self.message(stream, &json!({ "seq": from, "next_by_subj": subject })).await
    }

    /// The last message of a subject.
    pub(super) async fn last(&self, stream: &str, subject: &str) -> Result<Option<Stored>, NoAnswer> {
        self.message(stream, &json!({ "last_by_subj": subject })).await
    }

    async fn message(&self, stream: &str, which: &Json) -> Result<Option<Stored>, NoAnswer> {
        let answer = match self.api(&format!("STREAM.MSG.GET.{stream}"), which, PATIENCE).await {
            Ok(answer) => answer,
            Err(no) if no.is(refusal::NO_MESSAGE) => return Ok(None),
            Err(no) => return Err(no),
        };
        let raw: RawMessage = typed(answer.get("message").cloned().unwrap_or_default())?;
        let decode = |text: &str| BASE64.decode(text).map_err(|error| NoAnswer::Garbled(error.to_string()));
        let headers = String::from_utf8_lossy(&decode(&raw.hdrs)?).into_owned();
        let header = |name: &str| {
            let mut lines = headers.lines().filter_map(|line| line.split_once(':'));
            lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
        };
        Ok(Some(Stored {
            sequence: raw.seq,
            session: header(SESSION).as_deref().and_then(session),
            hash: header(HASH).as_deref().and_then(|text| text.parse().ok()),
            subject: raw.subject,
            bytes: decode(&raw.data)?,
        }))
    }

    /// Publishes to the stream where its subject's last sequence is the expected one.
    pub(super) async fn publish(
        &self,
        subject: &str,
        headers: HeaderMap,
        bytes: Vec<u8>,
        patience: Duration,
    ) -> Result<Ack, NoAnswer> {
        let message = self.ask(subject, Some(headers), bytes, patience).await.map_err(NoAnswer::Silence)?;
        typed(answer(&message)?)
    }
}

/// A message that a consumer gave, with its number among those that it gave.
pub(super) fn stored(message: &Message) -> Option<(Stored, u64)> {
    let reply = message.reply.as_ref()?.as_str();
    let parts: Vec<&str> = reply.split('.').collect();
    // $JS.ACK.stream.consumer.tries.sequence.count.time.pending, with a domain and an account before the stream since 2.11.
    let at = if parts.len() >= 11 { 7 } else { 5 };
    let number = |index: usize| parts.get(index).and_then(|part| part.parse::<u64>().ok());
    let (sequence, count) = (number(at)?, number(at + 1)?);
    let header = |name: &str| message.headers.as_ref().and_then(|headers| headers.get(name)).map(ToString::to_string);
    let stored = Stored {
        sequence,
        subject: message.subject.to_string(),
        session: header(SESSION).as_deref().and_then(session),
        hash: header(HASH).as_deref().and_then(|text| text.parse().ok()),
        bytes: message.payload.to_vec(),
    };
    Some((stored, count))
}

fn session(text: &str) -> Option<SessionId> {
    uuid::Uuid::parse_str(text).ok().map(SessionId)
}

fn answer(message: &Message) -> Result<Json, NoAnswer> {
    let answer: Json =
        serde_json::from_slice(&message.payload).map_err(|error| NoAnswer::Garbled(error.to_string()))?;
    match answer.get("error") {
        Some(error) => Err(NoAnswer::Refused(typed(error.clone())?)),
        None => Ok(answer),
    }
}

fn typed<T: serde::de::DeserializeOwned>(answer: Json) -> Result<T, NoAnswer> {
    serde_json::from_value(answer).map_err(|error| NoAnswer::Garbled(error.to_string()))
}
