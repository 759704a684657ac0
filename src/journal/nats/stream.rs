//! The stream itself: its settings, what changed about it, and how safe what it keeps is.

use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::api::{Info, NoAnswer, refusal};
use super::link::{Link, Silence};
use super::settings::Settings;
use super::subject::Subjects;
use crate::journal::{Durability, JournalError};

/// How long making a stream may take: a cluster has to agree.
const MAKING: Duration = Duration::from_secs(8);

/// How long opening is tried while a cluster settles: its servers wait 4 to 9 s before they elect a leader, and may have
/// to do it twice.
const OPENING: Duration = Duration::from_secs(20);

/// How long is waited between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// The fewest servers of which one may fail with nothing lost.
const REPLICATED: usize = 3;

/// What the stream was when it was opened. Later it may only have grown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Origin {
    created: String,
    first: u64,
    deleted: u64,
}

/// Finds the stream, or makes it, and checks its settings.
pub(super) async fn open(link: &Link, settings: &Settings, subjects: &Subjects) -> Result<Info, JournalError> {
    let deadline = Instant::now() + OPENING;
    let info = loop {
        let no = match find(link, settings, subjects).await {
            Ok(info) => break info,
            Err(no) => no,
        };
        // A cluster that just started, or lost its leader, knows better in a moment.
        let may_pass = match &no {
            NoAnswer::Silence(Silence::Denied(_)) | NoAnswer::Garbled(_) => false,
            NoAnswer::Silence(Silence::NobodyThere) => link.has_jetstream(),
            NoAnswer::Silence(_) => true,
            NoAnswer::Refused(refused) => {
                let never = refused.err_code == refusal::NO_CLUSTER;
                // Who makes a stream that somebody else makes at this moment is told that the name is taken, and then
                // for a while that there is none: the servers have not all heard of it.
                let is_being_made = settings.create && refused.err_code == refusal::NO_STREAM;
                !never && refused.code >= 500 || refused.err_code == refusal::NO_PEERS || is_being_made
            }
        };
        if !may_pass || Instant::now() >= deadline {
            let advice = if no.is(refusal::NO_CLUSTER) {
                "for a journal in the memory of one server set journal.replicas = 1, or name the servers of a cluster"
            } else if no.is(refusal::NO_STREAM) {
                "ask who keeps the server to make it, or set journal.create = true"
            } else if matches!(&no, NoAnswer::Silence(Silence::NobodyThere)) && !link.has_jetstream() {
                "turn JetStream on in the server's configuration"
            } else {
                "ask who keeps the servers to look at them"
            };
            let why = no.words();
            return Err(JournalError::Server { what: "open the journal in", place: link.place.clone(), why, advice });
        }
        tokio::time::sleep(PAUSE).await;
    };
    let wrong = misfits(&info.config, settings.replicas, subjects);
    if wrong.is_empty() {
        Ok(info)
    } else {
        Err(JournalError::Settings { place: link.place.clone(), wrong: wrong.join("; ") })
    }
}

async fn find(link: &Link, settings: &Settings, subjects: &Subjects) -> Result<Info, NoAnswer> {
    match link.info(&settings.stream).await {
        Err(no) if no.is(refusal::NO_STREAM) && settings.create => {}
        answer => return answer,
    }
    let config = json!({
        "name": settings.stream,
        "description": "flightdeck: what was decided and done in deployments. Entries are never removed.",
        "subjects": [subjects.kept()],
        "retention": "limits",
        "storage": "file",
        "discard": "new",
        "num_replicas": settings.replicas,
        "max_consumers": -1,
        "max_msgs": -1,
        "max_msgs_per_subject": -1,
        "max_bytes": -1,
        "max_age": 0,
        "max_msg_size": -1,
        "duplicate_window": 120_000_000_000_i64,
        "deny_delete": true,
        "deny_purge": true,
        "allow_direct": false,
        "allow_rollup_hdrs": false,
    });
    match link.api(&format!("STREAM.CREATE.{}", settings.stream), &config, MAKING).await {
        // Somebody else may have made it meanwhile; what it is like is looked at by whoever called.
        Ok(_) => {}
        Err(no) if no.is(refusal::NAME_TAKEN) => {}
        Err(no) => return Err(no),
    }
    link.info(&settings.stream).await
}

/// The settings that would lose entries, let them be changed, or keep them less safely than wanted.
fn misfits(config: &Json, replicas: usize, subjects: &Subjects) -> Vec<String> {
    let get = |key: &str| config.get(key).cloned().unwrap_or(Json::Null);
    let mut wrong = Vec::new();
    let mut check = |key: &str, fits: bool, wanted: &str| {
        if !fits {
            let found = get(key);
            let found = if found.is_null() { "not set".to_owned() } else { found.to_string() };
            wrong.push(format!("{key} is {found}, wanted {wanted}"));
        }
    };
    let text = |key: &str, wanted: &str| get(key).as_str() == Some(wanted);
    let unlimited = |key: &str| get(key).as_i64().is_none_or(|most| most <= 0);
    let off = |key: &str| !get(key).as_bool().unwrap_or(false);
    let absent = |key: &str| match get(key) {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(keys) => keys.is_empty(),
        Json::String(text) => text.is_empty(),
        Json::Bool(_) | Json::Number(_) => false,
    };
    check("subjects", get("subjects") == json!([subjects.kept()]), &format!("[\"{}\"] alone", subjects.kept()));
    check("storage", text("storage", "file"), "\"file\"");
    let kept_by = get("num_replicas").as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    check("num_replicas", kept_by >= replicas, &format!("at least {replicas}"));
    check("retention", text("retention", "limits"), "\"limits\"");
    check("discard", text("discard", "new"), "\"new\"");
    for key in ["max_age", "max_msgs", "max_bytes", "max_msgs_per_subject", "max_msg_size"] {
        check(key, unlimited(key), "no limit");
    }
    for key in ["deny_delete", "deny_purge"] {
        check(key, !off(key), "true");
    }
    for key in ["allow_rollup_hdrs", "allow_msg_ttl", "allow_msg_counter", "sealed", "no_ack"] {
        check(key, off(key), "false");
    }
    for key in ["mirror", "sources", "subject_transform"] {
        check(key, absent(key), "none");
    }
    check("persist_mode", absent("persist_mode") || text("persist_mode", "default"), "\"default\"");
    wrong
}

impl Origin {
    /// As it is now.
    pub(super) fn of(info: &Info) -> Self {
        Self { created: info.created.clone(), first: info.state.first_seq.max(1), deleted: info.state.num_deleted }
    }

    /// Whether it is the stream that was opened, and none that was made in its place.
    pub(super) fn is_same(&self, now: &Info) -> bool {
        self.created == now.created
    }

    /// What somebody did to the stream that no journal does: `None` when it only grew.
    pub(super) fn damage(&self, now: &Info) -> Option<String> {
        if !self.is_same(now) {
            return Some("it was deleted and made again".to_owned());
        }
        let first = now.state.first_seq.max(1);
        if first > self.first {
            return Some(format!("entries were removed from its beginning: it starts at {first} now"));
        }
        if now.state.num_deleted > self.deleted {
            return Some(format!("{} of its entries were deleted", now.state.num_deleted - self.deleted));
        }
        None
    }
}

/// How safe an entry is: three servers really hold the stream, or it is as good as one server's memory (a single server
/// acknowledges before it syncs).
pub(super) fn durability(info: &Info) -> Durability {
    let wanted = info.config.get("num_replicas").and_then(Json::as_u64).unwrap_or(1);
    let placed =
        info.cluster.as_ref().map_or(1, |cluster| cluster.replicas.len() + usize::from(cluster.leader.is_some()));
    if placed >= REPLICATED && wanted >= REPLICATED as u64 { Durability::Replicated } else { Durability::MemoryOfOne }
}

/// The settings that somebody changed for the worse.
pub(super) fn changed(info: &Info, settings: &Settings, subjects: &Subjects) -> Option<String> {
    let wrong = misfits(&info.config, settings.replicas, subjects);
    (!wrong.is_empty()).then(|| wrong.join("; "))
}
