//! Telling people outside: what is told of, what is said of it, and what came of saying it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{NotifierId, SessionId, Timestamp};

/// What people can be told of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// A session was opened.
    Opened,
    /// A forward change was confirmed and is being sent.
    Shift,
    /// It was verified on every router.
    Verified,
    /// A change was left partly done, or nothing of it was sent.
    Left,
    /// A step was done by a person or by its action, held already, or was skipped; or its action was started, or failed.
    Step,
    /// A pool's drain was proven.
    Drained,
    /// A router is not what the plan gave it.
    Drift,
    /// A guard tripped.
    Guard,
    /// A rollback was confirmed and is being sent.
    RollingBack,
    /// It was verified on every router.
    RolledBack,
    /// The deployment is held.
    Held,
    /// The hold is over.
    Released,
    /// The session was closed.
    Closed,
}

impl Occasion {
    /// All of them, in the order in which messages name them.
    pub const ALL: [Self; 13] = [
        Self::Opened,
        Self::Shift,
        Self::Verified,
        Self::Left,
        Self::Step,
        Self::Drained,
        Self::Drift,
        Self::Guard,
        Self::RollingBack,
        Self::RolledBack,
        Self::Held,
        Self::Released,
        Self::Closed,
    ];

    /// As the profile names it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Shift => "shift",
            Self::Verified => "verified",
            Self::Left => "left",
            Self::Step => "step",
            Self::Drained => "drained",
            Self::Drift => "drift",
            Self::Guard => "guard",
            Self::RollingBack => "rolling-back",
            Self::RolledBack => "rolled-back",
            Self::Held => "held",
            Self::Released => "released",
            Self::Closed => "closed",
        }
    }

    /// How it is to be taken.
    pub fn mood(self) -> Mood {
        match self {
            Self::Guard | Self::RollingBack => Mood::Bad,
            Self::Left | Self::Drift | Self::Held => Mood::Warn,
            Self::Verified | Self::RolledBack => Mood::Good,
            Self::Opened | Self::Shift | Self::Step | Self::Drained | Self::Released | Self::Closed => Mood::Plain,
        }
    }
}

impl fmt::Display for Occasion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How something told is to be taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    /// Good to know.
    Plain,
    /// What was wanted came about.
    Good,
    /// Somebody should look.
    Warn,
    /// Something is wrong.
    Bad,
}

/// One notifier as the core knows it: whom it reaches and by what texts stays in the runtime, by name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotifySpec {
    /// Its name.
    pub id: NotifierId,
    /// The adapter's kind: `slack`.
    pub kind: String,
    /// What it is told of.
    pub on: Vec<Occasion>,
}

/// What is known of one thing that is told: the facts that a text may be made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct News {
    /// What it is about.
    pub occasion: Occasion,
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// The version before; empty when not said.
    pub from: String,
    /// The version that is to run; empty when not said.
    pub to: String,
    /// The step's title; empty where it is about none.
    pub step: String,
    /// The weights that it is about, per pool: `blue 30 %, green 70 %`; empty where it is about none.
    pub weights: String,
    /// Who did it: an operator, or the guard.
    pub who: String,
    /// Why, in the words of who did it, or the evidence; may be empty.
    pub why: String,
    /// When.
    pub at: Timestamp,
    /// The session.
    pub session: SessionId,
    /// The entry of the journal that says so.
    pub entry: u64,
}

/// One thing that is to be told by one notifier.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ToTell {
    /// The notifier.
    pub notifier: NotifierId,
    /// Names this telling for good, whoever sends it and however often: `SESSION/ENTRY.PLACE/NOTIFIER`.
    pub key: String,
    /// What is told.
    pub news: News,
    /// What the notifier gave for the newest of its earlier tellings of this session: a message, an incident.
    pub reference: Option<String>,
}

/// What came of telling.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notified {
    /// Whether it was told.
    pub outcome: TellOutcome,
    /// What the system said, or why it could not be told and what to do; without secrets.
    pub words: String,
    /// What later tellings of the session need; `None` where nothing new is known.
    pub reference: Option<String>,
}

/// Whether something was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TellOutcome {
    /// The system took it.
    Told,
    /// It was not told.
    NotTold,
    /// It may have been told: no answer came, and the system cannot be asked.
    Unknown,
}

impl TellOutcome {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::NotTold => "not told",
            Self::Unknown => "not known whether told",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Occasion;

    #[test]
    fn an_occasion_is_stored_as_the_profile_names_it() {
        for occasion in Occasion::ALL {
            let stored = serde_json::to_value(occasion).expect("it can be stored");
            assert_eq!(stored, occasion.word());
        }
    }
}
