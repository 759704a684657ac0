//! The stored form of the journal: envelope, format version, chain. Pure.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use crate::domain::{CockpitId, EntryId, Operator, SessionId, Timestamp};
use crate::session::Event;

/// One entry: the unit of append, whole or not at all (J1). Its hash chain is added where it is sealed for a store.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// The session.
    pub session: SessionId,
    /// Its number, from 1, without gaps (J3).
    pub number: u64,
    /// Its id, by which its writer recognises it.
    pub id: EntryId,
    /// The cockpit that wrote it.
    pub cockpit: CockpitId,
    /// Who.
    pub actor: Operator,
    /// When: never before the entry before it (S2).
    pub at: Timestamp,
    /// The epoch of the controls when it was decided; 0 before the first.
    pub epoch: u64,
    /// What happened.
    pub events: Vec<Event>,
}
