//! Deploy actions: what a profile lets a step do, what an action is told, and what its system says of it.
//!
//! An action is started once, by the cockpit that confirmed it, under a key that is its own. What its system does after
//! that is looked at until it is over, by whichever cockpit drives.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ActionId, ChangeId, CockpitId, PoolId};

/// One action as the core knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActionSpec {
    /// Its name.
    pub id: ActionId,
    /// The adapter's kind: `http`.
    pub kind: String,
    /// Whether what it does ends the way back: the old version is gone after it.
    pub ends_way_back: bool,
    /// How often it is looked at while it runs.
    pub poll: Duration,
    /// How long one answer of its system may take.
    pub timeout: Duration,
    /// Whether its system can be asked to end it early.
    pub can_cancel: bool,
    /// Whether it runs in the process of the cockpit that started it, and ends with that.
    pub ends_with_cockpit: bool,
}

/// What an action is told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Acting {
    /// Its key: no other act has it, and a lost one is found by it.
    pub key: String,
    /// The pool that it touches.
    pub pool: String,
    /// The version that runs, as was said at opening; empty when not said.
    pub from_version: String,
    /// The version that is to run; empty when not said.
    pub to_version: String,
    /// The digest that its tag was resolved to; empty while it is not resolved.
    pub digest: String,
}

impl Acting {
    /// The key of an act: twelve digits of its cockpit's random ones, and its number there.
    pub fn key_of(act: ChangeId) -> String {
        let CockpitId(cockpit) = act.cockpit;
        format!("fd-{:012x}-{}", cockpit.as_u128() & 0xffff_ffff_ffff, act.counter)
    }

    /// What an act is told about this pool.
    pub fn of(act: ChangeId, pool: &PoolId, from_version: &str, to_version: &str, digest: &str) -> Self {
        Self {
            key: Self::key_of(act),
            pool: pool.to_string(),
            from_version: from_version.to_owned(),
            to_version: to_version.to_owned(),
            digest: digest.to_owned(),
        }
    }
}

/// What an action would do, for people.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Description {
    /// Each request as it will be sent; no secret is in them.
    pub requests: Vec<String>,
    /// What differs between running and coming, a line each; empty where the system does not tell.
    pub differences: Vec<String>,
    /// What is to be known before it is confirmed.
    pub notes: Vec<String>,
}

/// What a system said to the start of an action.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Started {
    /// It took it.
    Running {
        /// What it is asked about by; nothing secret.
        handle: String,
        /// Where people look at it.
        link: Option<String>,
    },
    /// It took it, and it was over with the answer.
    Done {
        /// What it answered, for people.
        words: String,
    },
    /// No byte went out.
    NotSent {
        /// Why not.
        why: String,
    },
    /// It said no.
    Failed {
        /// Its answer.
        why: String,
    },
    /// A byte may have gone out, and no whole answer came.
    Unknown {
        /// What was seen instead of an answer.
        why: String,
    },
}

/// How an action stands, as its system says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ActionState {
    /// It goes on.
    Running {
        /// How far, where the system says.
        percent: Option<u8>,
        /// What it waits for: an approval, a free place.
        waits_for: Option<String>,
    },
    /// It came to a good end.
    Succeeded,
    /// It came to a bad end, cancelled among them.
    Failed {
        /// Why.
        why: String,
    },
    /// The system is sure that there is no such thing.
    Absent {
        /// What it said.
        why: String,
    },
    /// It cannot be told now; it is asked again.
    Unknown {
        /// What was tried, what came back, what to do.
        why: String,
    },
    /// It can be told by nobody from here, however often it is asked.
    Lost {
        /// Why, and where to look.
        why: String,
    },
}

/// One look at an action.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActionLook {
    /// How it stands.
    pub state: ActionState,
    /// What it is asked about by, where this look found it by its key.
    pub handle: Option<String>,
    /// Where people look at it.
    pub link: Option<String>,
    /// The last lines of its log, oldest first, masked.
    pub log: Vec<String>,
    /// How long its system asks to be left alone.
    pub not_before: Option<Duration>,
}

impl ActionLook {
    /// A look that tells no more than this.
    pub fn new(state: ActionState) -> Self {
        Self { state, handle: None, link: None, log: Vec::new(), not_before: None }
    }

    /// The most lines of a log that are kept.
    pub const LINES: usize = 12;
}

/// How an action ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "end", content = "detail", rename_all = "snake_case")]
pub enum ActionEnd {
    /// Well.
    Succeeded,
    /// Not well.
    Failed {
        /// Why.
        why: String,
    },
    /// It never began: no byte went out, or its system is sure to have none of it.
    NotSent {
        /// Why.
        why: String,
    },
}

impl ActionEnd {
    /// The word on the screen and in the record.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed { .. } => "failed",
            Self::NotSent { .. } => "not sent",
        }
    }

    /// Why it did not end well.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Succeeded => None,
            Self::Failed { why } | Self::NotSent { why } => Some(why),
        }
    }

    /// The word with its reason.
    pub fn words(&self) -> String {
        match self.why() {
            None => self.word().to_owned(),
            Some(why) => format!("{}: {why}", self.word()),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_act_has_a_key_of_its_own_that_is_no_secret_and_fits_a_header() {
        let key = |cockpit, counter| Acting::key_of(ChangeId { cockpit: CockpitId(Uuid::from_u128(cockpit)), counter });
        assert_eq!(key(0x1234_5678_9abc_def0_1122, 3), "fd-9abcdef01122-3");
        assert_ne!(key(1, 1), key(1, 2));
        assert_ne!(key(1, 1), key(2, 1));
        assert!(key(1, 1).bytes().all(|byte| byte.is_ascii_graphic()));
    }
}
