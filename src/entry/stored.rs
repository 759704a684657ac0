//! Entries to bytes and back.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::{Entry, KINDS, Kept};
use crate::domain::{CockpitId, Digest, EntryId, Operator, SessionId, Timestamp};
use crate::session::Event;

/// The format that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// Stands before everything that is hashed for an entry, so that no other hash of ours can be taken for one.
pub const TAG: &[u8] = b"flightdeck entry 1\n";

/// An entry as bytes, with its hash.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sealed {
    /// One line of JSON, without its line end.
    pub bytes: Vec<u8>,
    /// The hash over them.
    pub hash: Digest,
}

/// Why an entry could not be written as text.
#[derive(Debug, thiserror::Error)]
#[error("write entry {number} as JSON: {source}; this is a fault of the program")]
pub struct Unsealable {
    /// The entry.
    pub number: u64,
    /// What the encoder said.
    #[source]
    pub source: serde_json::Error,
}

/// Why stored bytes cannot be read by this version.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unreadable {
    /// The format is newer than this version.
    #[error("written by a newer flightdeck (format {format}, this one reads up to {FORMAT}); use that version")]
    NewerFormat {
        /// The format.
        format: u32,
    },
    /// A kind of event that this version does not know and must not skip.
    #[error("written by a newer flightdeck (it holds `{kind}`, which this one does not know); use that version")]
    UnknownKind {
        /// The kind.
        kind: String,
    },
    /// It is no entry: torn or edited.
    #[error("not an entry: {why}; compare the journal with a backup")]
    NotAnEntry {
        /// What the decoder said.
        why: String,
    },
}

impl Unreadable {
    /// Whether a newer version would read it.
    pub fn is_newer(&self) -> bool {
        match self {
            Self::NewerFormat { .. } | Self::UnknownKind { .. } => true,
            Self::NotAnEntry { .. } => false,
        }
    }
}

#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    session: SessionId,
    number: u64,
    prev: Digest,
    id: EntryId,
    cockpit: CockpitId,
    actor: &'a Operator,
    at: Timestamp,
    epoch: u64,
    events: &'a [Event],
}

#[derive(Deserialize)]
struct Envelope<E> {
    format: u32,
    session: SessionId,
    number: u64,
    prev: Digest,
    id: EntryId,
    cockpit: CockpitId,
    actor: Operator,
    at: Timestamp,
    epoch: u64,
    events: Vec<E>,
}

#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

#[derive(Deserialize)]
struct KindOnly {
    event: String,
    #[serde(default)]
    skippable: bool,
}

/// The hash of an entry's stored bytes after the entry with the hash `prev`.
pub fn hash(prev: Digest, bytes: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update(TAG);
    hash.update(prev.0);
    hash.update(bytes);
    Digest(hash.finalize().into())
}

/// Writes an entry as the bytes that are kept, after the entry with the hash `prev`.
///
/// # Errors
/// When it cannot be written as JSON, which is a fault of the program.
pub fn seal(entry: &Entry, prev: Digest) -> Result<Sealed, Unsealable> {
    let written = Written {
        format: FORMAT,
        session: entry.session,
        number: entry.number,
        prev,
        id: entry.id,
        cockpit: entry.cockpit,
        actor: &entry.actor,
        at: entry.at,
        epoch: entry.epoch,
        events: &entry.events,
    };
    let bytes = serde_json::to_vec(&written).map_err(|source| Unsealable { number: entry.number, source })?;
    Ok(Sealed { hash: hash(prev, &bytes), bytes })
}

/// Reads stored bytes.
///
/// # Errors
/// When a newer flightdeck wrote them, or they are no entry.
pub fn open(bytes: &[u8]) -> Result<Kept, Unreadable> {
    // Nearly every entry is of this format with known events only; the slow way finds out why another one is not.
    match serde_json::from_slice::<Envelope<Event>>(bytes) {
        Ok(envelope) if envelope.format == FORMAT => Ok(kept(bytes, envelope, Vec::new())),
        Ok(_) | Err(_) => open_slowly(bytes),
    }
}

fn open_slowly(bytes: &[u8]) -> Result<Kept, Unreadable> {
    let not_an_entry = |error: serde_json::Error| Unreadable::NotAnEntry { why: error.to_string() };
    let FormatOnly { format } = serde_json::from_slice(bytes).map_err(not_an_entry)?;
    if format > FORMAT {
        return Err(Unreadable::NewerFormat { format });
    }
    if format == 0 {
        return Err(Unreadable::NotAnEntry { why: "there is no format 0".to_owned() });
    }
    let raw: Envelope<&RawValue> = serde_json::from_slice(bytes).map_err(not_an_entry)?;
    let mut events = Vec::with_capacity(raw.events.len());
    let mut skipped = Vec::new();
    for event in &raw.events {
        let KindOnly { event: kind, skippable } = serde_json::from_str(event.get()).map_err(not_an_entry)?;
        if KINDS.contains(&kind.as_str()) {
            events.push(serde_json::from_str(event.get()).map_err(not_an_entry)?);
        } else if skippable {
            skipped.push(kind);
        } else {
            return Err(Unreadable::UnknownKind { kind });
        }
    }
    let Envelope { format, session, number, prev, id, cockpit, actor, at, epoch, events: _ } = raw;
    let envelope = Envelope { format, session, number, prev, id, cockpit, actor, at, epoch, events };
    Ok(kept(bytes, envelope, skipped))
}

fn kept(bytes: &[u8], envelope: Envelope<Event>, skipped: Vec<String>) -> Kept {
    let Envelope { format: _, session, number, prev, id, cockpit, actor, at, epoch, events } = envelope;
    let entry = Entry { session, number, id, cockpit, actor, at, epoch, events };
    Kept { entry, prev, hash: hash(prev, bytes), stored: bytes.into(), skipped }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(format: u32, events: &str) -> String {
        let id = "01920000-0000-7000-8000-000000000001";
        format!(
            r#"{{"format":{format},"session":"{id}","number":1,"prev":"{}","id":{{"cockpit":"{id}","counter":1}},"cockpit":"{id}","actor":"ada","at":"2026-11-21T14:00:00.000Z","epoch":0,"events":[{events}]}}"#,
            Digest::ZERO
        )
    }

    const NOTE: &str = r#"{"event":"note_added","data":{"text":"hello"}}"#;

    #[test]
    fn what_is_sealed_opens_again_with_the_same_hash() {
        let opened = open(line(1, NOTE).as_bytes()).expect("a whole entry opens");
        let sealed = seal(&opened.entry, opened.prev).expect("an entry seals");
        assert_eq!(String::from_utf8_lossy(&sealed.bytes), line(1, NOTE));
        assert_eq!((sealed.hash, opened.entry.events.len()), (opened.hash, 1));
    }

    #[test]
    fn an_unknown_kind_is_skipped_only_where_it_may_be() {
        let skippable = r#"{"event":"chart_pinned","skippable":true,"data":{"x":[1,2]}}"#;
        let opened = open(line(1, &format!("{skippable},{NOTE}")).as_bytes()).expect("it may be skipped");
        assert_eq!((opened.skipped, opened.entry.events.len()), (vec!["chart_pinned".to_owned()], 1));
        let binding = r#"{"event":"controls_teleported","data":{}}"#;
        assert_eq!(
            open(line(1, binding).as_bytes()),
            Err(Unreadable::UnknownKind { kind: "controls_teleported".to_owned() })
        );
        // A known kind with other content is no newer kind, marked or not.
        let torn = r#"{"event":"note_added","skippable":true,"data":{"words":"hello"}}"#;
        assert!(matches!(open(line(1, torn).as_bytes()), Err(Unreadable::NotAnEntry { .. })));
    }

    #[test]
    fn a_newer_format_says_so_whatever_else_it_holds() {
        assert_eq!(open(line(2, NOTE).as_bytes()), Err(Unreadable::NewerFormat { format: 2 }));
        assert_eq!(open(br#"{"format":7,"everything":"else"}"#), Err(Unreadable::NewerFormat { format: 7 }));
        assert!(matches!(open(line(0, NOTE).as_bytes()), Err(Unreadable::NotAnEntry { .. })));
    }

    #[test]
    fn a_torn_line_is_no_entry() {
        let whole = line(1, NOTE);
        for end in 0..whole.len() {
            let torn = whole.as_bytes().get(..end).unwrap_or_default();
            assert!(matches!(open(torn), Err(Unreadable::NotAnEntry { .. })), "{end} bytes");
        }
    }
}
