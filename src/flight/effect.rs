//! What a flight wants done. Plain data; the runtime does it and answers with a message.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::action::Acting;
use crate::domain::check::Asking;
use crate::domain::log::LogBatch;
use crate::domain::notify::ToTell;
use crate::domain::parcel::Parcel;
use crate::domain::{
    ActionId, ChangeId, CheckId, CockpitId, Digest, Elapsed, NativeSplit, Operator, PoolId, Prepared, Presence,
    Reading, Refused, RouterId, Signed, SourceId, Target, Timestamp,
};
use crate::entry::Entry;
use crate::session::event::Spilled;
use crate::session::signing::SignedAct;

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
    /// List the connections of a pool. Answered by [`super::Msg::ConnectionsListed`].
    ListConnections {
        /// The request's number.
        request: u64,
        /// The router.
        router: RouterId,
        /// The pool.
        pool: PoolId,
        /// Whether the addresses of clients are masked.
        masked: bool,
    },
    /// End connections (D6). Answered by [`super::Msg::ConnectionsEnded`].
    EndConnections(Box<super::connection::SendEnd>),
    /// Cancel a task of a slow system (R6). Answered by [`super::Msg::TaskCancelAnswered`].
    CancelTask(Box<super::task::SendCancel>),
    /// Work out what a deploy action would send, and what it would change; nothing is changed. Answered by
    /// [`super::Msg::ActionDescribed`].
    DescribeAction {
        /// The request's number.
        request: u64,
        /// The action.
        action: ActionId,
        /// What it is told.
        acting: Box<Acting>,
    },
    /// Start a deploy action (D1 to D3). Answered by [`super::Msg::ActionAnswered`].
    StartAction(Box<super::action::SendStart>),
    /// Look at a deploy action. Answered by [`super::Msg::ActionLooked`].
    LookAction(Box<super::action::LookAfter>),
    /// Cancel a deploy action. Answered by [`super::Msg::ActionCancelAnswered`].
    CancelAction(Box<super::action::SendActionCancel>),
    /// Run the command of an item. Answered by [`super::Msg::CommandEnded`].
    RunCommand(Box<super::duty::RunCommand>),
    /// End a command that runs, with everything that it started. Answered by the end of its run.
    StopCommand {
        /// The run.
        run: ChangeId,
    },
    /// Send nothing more of this change: what is unsent stays unsent (R4). Not answered; each send still answers.
    Cancel {
        /// The change.
        change: ChangeId,
    },
    /// Show the other cockpits that this one is here. Not answered.
    Announce(Presence),
    /// Ask the metered sources from now on, or leave them to another cockpit (J6). Not answered.
    Meter {
        /// Whether this cockpit asks.
        asks: bool,
        /// Up to when the lines of logs are known already, by whomever they were read: from there on they are asked for.
        upto: BTreeMap<SourceId, Timestamp>,
    },
    /// Share what a metered source gave with the other cockpits. Not answered.
    Share(Box<Parcel>),
    /// Keep lines of a metered log, each once, whichever cockpit read them. Not answered.
    Lines(Box<LogBatch>),
    /// Ask a check's system once. Answered by [`super::Msg::CheckAnswered`].
    AskCheck {
        /// The check.
        check: CheckId,
        /// The question's number.
        request: u64,
        /// What it is told.
        asking: Box<Asking>,
    },
    /// Tell people outside. Nothing waits for it. Answered by [`super::Msg::Notified`].
    Notify(Box<ToTell>),
    /// Sign a statement with the operator's key. Answered by [`super::Msg::Signed`].
    Sign(Box<ToSign>),
    /// Check a signature. Answered by [`super::Msg::SignatureChecked`].
    CheckSignature(Box<ToCheck>),
    /// Write an entry beside the journal, because that does not answer (R5). Answered by [`super::Msg::Spilled`], within a
    /// second in any case.
    Spill {
        /// The last entry of the journal that was seen.
        after: u64,
        /// Its hash.
        hash: Digest,
        /// What is written.
        entry: Box<Spilled>,
    },
    /// The spill is in the journal: it is no more needed. Not answered.
    DropSpill,
    /// Tell the operator. Not answered.
    Tell(Notice),
}

/// A statement that is to be signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ToSign {
    /// The request's number.
    pub request: u64,
    /// What sort of act.
    pub act: SignedAct,
    /// What it is about.
    pub digest: Digest,
    /// The act in one line.
    pub what: String,
    /// The newest entry of the journal and its hash.
    pub head: (u64, Digest),
    /// When.
    pub at: Timestamp,
    /// After this it does not count.
    pub until: Timestamp,
}

/// A signature that is to be checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ToCheck {
    /// The entry that holds it.
    pub entry: u64,
    /// What was signed.
    pub signed: Signed,
    /// What sort of act it must be about.
    pub act: SignedAct,
    /// What it must be about.
    pub digest: Digest,
    /// The entry in which that came up: the head that was signed is not before it.
    pub since: u64,
    /// Who must have signed it.
    pub by: Operator,
    /// In which cockpit.
    pub cockpit: CockpitId,
    /// When its entry was written.
    pub at: Timestamp,
    /// Hashes of the entries before it, newest last: the head that was signed must be one of them.
    pub heads: Vec<(u64, Digest)>,
    /// The entry that used the same statement before.
    pub used_in: Option<u64>,
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
