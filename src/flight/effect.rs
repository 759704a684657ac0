//! What a flight wants done. Plain data; the runtime does it and answers with a message.

use std::sync::Arc;

use crate::domain::{ChangeId, Elapsed, NativeSplit, Prepared, Reading, Refused, RouterId, Target, Timestamp};
use crate::entry::Entry;

/// Something to do.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Read a router. Answered by [`super::Msg::RouterRead`].
    Read {
        /// The router.
        router: RouterId,
        /// The read's number.
        poll: u64,
    },
    /// Work out what a target means for a router; pure, sends nothing. Answered by [`super::Msg::Prepared`].
    Prepare {
        /// The request's number.
        request: u64,
        /// The router.
        router: RouterId,
        /// What it shall hold.
        target: Target,
        /// Its newest reading.
        reading: Option<Arc<Reading>>,
    },
    /// Append an entry to the journal. Answered by [`super::Msg::Appended`].
    Append(Box<Entry>),
    /// Read the journal's entries after a number. Answered by [`super::Msg::Followed`].
    ReadJournal {
        /// The last number that is known.
        after: u64,
    },
    /// Send a change to a router (D1 to D3). Answered by [`super::Msg::SetAnswered`].
    Send(Box<Send>),
    /// Send nothing more of this change: what is unsent stays unsent (R4). Not answered; each send still answers.
    Cancel {
        /// The change.
        change: ChangeId,
    },
    /// Tell the operator. Not answered.
    Tell(Notice),
}

/// One write to one router.
#[derive(Clone, PartialEq, Debug)]
pub struct Send {
    /// The change.
    pub change: ChangeId,
    /// The router.
    pub router: RouterId,
    /// The attempt.
    pub attempt: u32,
    /// What is sent.
    pub prepared: Prepared,
    /// The split that it must have; `None` for a rollback.
    pub expected: Option<NativeSplit>,
    /// After this nothing is sent, by the wall clock,
    pub deadline: Timestamp,
    /// and by the clock that runs during suspend.
    pub until: Elapsed,
}

/// A line for the operator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// How much it matters.
    pub tone: Tone,
    /// What happened, why, what to do now.
    pub text: String,
}

/// How much a notice matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Tone {
    /// Good to know.
    Plain,
    /// Done as asked.
    Good,
    /// Waits for the operator.
    Warn,
    /// Wrong now.
    Bad,
}

impl Effect {
    /// A notice.
    pub fn tell(tone: Tone, text: impl Into<String>) -> Self {
        Self::Tell(Notice { tone, text: text.into() })
    }

    /// A refusal, told.
    pub fn refused(refused: &Refused) -> Self {
        let rule = if refused.rule.is_empty() { String::new() } else { format!(" [{}]", refused.rule) };
        Self::tell(Tone::Warn, format!("{}: {}; {}{rule}", refused.what, refused.why, refused.advice))
    }
}
