//! Guards as the journal has them (G1): what was measured before the first change, which are armed and by whom, which
//! tripped, and which were red before anything began.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::state::{Session, Stamped};
use crate::domain::guard::Then;
use crate::domain::procedure::Friction;
use crate::domain::{ChangeId, CockpitId, GuardId, Operator, PoolId, Procedure, Refused, Timestamp};

/// Why guards are disarmed when a person does it; every other reason is nobody's act.
pub const BY_HAND: &str = "by hand";

/// What one guard's measure was before the first change.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct GuardBaseline {
    /// The guard.
    pub guard: GuardId,
    /// Of which pool; `None` where it is of all together.
    pub pool: Option<PoolId>,
    /// In millionths of the measure's own unit: 0.02 errors of one are 20000, 212 milliseconds are 212000000.
    pub millionths: i64,
}

impl GuardBaseline {
    /// A value as it is kept; what is beyond every measure is held at the edge.
    pub fn new(guard: GuardId, pool: Option<PoolId>, value: f64) -> Self {
        // A number beyond its edges becomes the edge, and none becomes zero: as casts of floats do.
        #[expect(clippy::cast_possible_truncation, reason = "held at the edge, as said")]
        let millionths = (value * MILLION).round() as i64;
        Self { guard, pool, millionths }
    }

    /// The value in the measure's own unit.
    #[expect(clippy::cast_precision_loss, reason = "below 2^53 millionths nothing is lost")]
    pub fn value(&self) -> f64 {
        self.millionths as f64 / MILLION
    }
}

const MILLION: f64 = 1_000_000.0;

/// What a guard did when it tripped.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "acted", content = "detail", rename_all = "snake_case")]
pub enum Acted {
    /// It was not armed: it rang, and the way back waits for a key.
    Proposed,
    /// It rolled back.
    RolledBack {
        /// The rollback.
        change: ChangeId,
    },
    /// It was armed, and rang instead (G1, G2).
    Rang {
        /// Why it did not roll back.
        because: String,
    },
}

/// What the journal says of a session's guards.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Guards {
    /// The guards that may roll back by themselves, while any may.
    pub armed: Option<Armed>,
    /// Guards that tripped and have not been quiet since.
    pub tripped: BTreeMap<GuardId, Stamped<Trip>>,
    /// Guards that were red before the first change and have not been quiet since, with their evidence.
    pub confessed: BTreeMap<GuardId, Stamped<String>>,
}

/// Guards that may roll back by themselves: in this cockpit, in this epoch, once (G1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Armed {
    /// Which.
    pub guards: BTreeSet<GuardId>,
    /// The only cockpit in which they act.
    pub cockpit: CockpitId,
    /// The only epoch in which they act.
    pub epoch: u64,
    /// Who armed them.
    pub by: Operator,
    /// When.
    pub at: Timestamp,
}

/// A guard's trip.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trip {
    /// Its evidence: `1.4 % > 1 % on blue, 3 in a row`.
    pub words: String,
    /// What came of it.
    pub acted: Acted,
    /// Whether a change was confirmed since: then it was answered, and no banner waits.
    pub answered: bool,
}

impl Guards {
    /// Whether a guard is known to be red: it would not fire for what it has told already.
    pub fn is_red(&self, guard: &GuardId) -> bool {
        self.tripped.contains_key(guard) || self.confessed.contains_key(guard)
    }
}

impl Session {
    /// The guards that are armed, in the epoch that armed them.
    pub fn armed(&self) -> Option<&Armed> {
        let controls = self.controls.as_ref()?;
        let (epoch, cockpit) = (controls.epoch, controls.holder.cockpit);
        self.guards.armed.as_ref().filter(|armed| armed.epoch == epoch && armed.cockpit == cockpit)
    }

    /// Guards that wait for an answer: they tripped, and nothing was changed since.
    pub fn unanswered(&self) -> impl Iterator<Item = (&GuardId, &Stamped<Trip>)> {
        self.guards.tripped.iter().filter(|(_, trip)| !trip.what.answered)
    }
}

/// The guards that arming would arm now, and those that it would leave out because they are red.
pub fn to_arm<'a>(session: &Session, procedure: &'a Procedure) -> (Vec<&'a GuardId>, Vec<&'a GuardId>) {
    let acting = procedure.guards.iter().filter(|guard| guard.then == Then::RollBack).map(|guard| &guard.id);
    acting.partition(|guard| !session.guards.is_red(guard))
}

/// Whether guards may be armed at all under this profile: where a rollback asks two people, none of them is a machine.
///
/// # Errors
/// Why not.
pub fn may_be_armed(procedure: &Procedure) -> Result<(), Refused> {
    let what = "arm the guards";
    if procedure.confirm.rollback == Friction::Two {
        let why = "this profile asks two people for a rollback";
        return Err(Refused::new("F3", what, why, "they ring, and R goes back"));
    }
    if procedure.guards.iter().all(|guard| guard.then == Then::Propose) {
        let why = "the profile has no guard that may roll back";
        return Err(Refused::new("G1", what, why, "give a guard `then = \"roll back\"`"));
    }
    Ok(())
}
