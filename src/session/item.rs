//! Items of the checklist beside their ticks (I1 to I4): order and waiting, commands that are run, reading aloud, evidence;
//! and whom people called.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Stamp;
use super::apply::stamped;
use super::event::Event;
use super::proposal::Confirmation;
use super::state::{Session, Stamped, StepDone};
use crate::domain::checklist::Item;
use crate::domain::duty::{CommandEnd, Proof, WaitFrom};
use crate::domain::{ChangeId, CockpitId, ItemId, Operator, Procedure, Timestamp};

/// How an item came to be ticked, where it was more than a key.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Ticking {
    /// What spoke against it, and why it was ticked all the same (I1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub despite: Option<Despite>,
    /// Who read it aloud, where another answered (I3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<ReadBy>,
}

/// A rule of order that was set aside.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Despite {
    /// What it said.
    pub rule: String,
    /// Why.
    pub reason: String,
}

/// Who read an item aloud.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReadBy {
    /// They.
    pub by: Operator,
    /// Whether nobody else was there, so that one cockpit read and answered.
    pub one_cockpit: bool,
}

impl Ticking {
    /// Whether a key ticked it, and nothing more is to be said.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// What happens to the command of an item (I2).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "what", content = "detail", rename_all = "snake_case")]
pub enum ItemRun {
    /// It was confirmed: from here on, and until the deadline, the owner may start it.
    Starting(Box<Starting>),
    /// Somebody wants it to end.
    Stopping {
        /// The run.
        run: ChangeId,
    },
    /// It is over.
    Ended(Ended),
}

/// A command that was confirmed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Starting {
    /// The run.
    pub run: ChangeId,
    /// The item.
    pub item: ItemId,
    /// Its text.
    pub text: String,
    /// The command, as it is written and was shown.
    pub command: String,
    /// What it is handed to.
    pub shell: Vec<String>,
    /// Where it runs.
    pub directory: String,
    /// How long it may run.
    pub limit_ms: u64,
    /// How it was confirmed.
    pub confirmation: Confirmation,
    /// The only cockpit that runs it, and that it ends with.
    pub owner: CockpitId,
    /// After this it is not started any more.
    pub deadline: Timestamp,
}

/// How a command ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// The run.
    pub run: ChangeId,
    /// The item.
    pub item: ItemId,
    /// How.
    pub end: CommandEnd,
    /// How long it ran.
    pub took_ms: u64,
    /// The last lines of both of its outputs, masked.
    pub lines: Vec<String>,
    /// How many lines before them were not kept.
    pub dropped: u64,
}

/// One run and what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// As it was confirmed.
    pub starting: Stamped<Starting>,
    /// Who wants it to end.
    pub stopping: Option<Operator>,
    /// How it ended, and when that was learnt; `None` while it runs.
    pub ended: Option<(Timestamp, Ended)>,
}

impl Run {
    /// Its id.
    pub fn id(&self) -> ChangeId {
        self.starting.what.run
    }

    /// Whether it runs, or is about to.
    pub fn is_running(&self) -> bool {
        self.ended.is_none()
    }
}

/// Reading aloud (I3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "what", content = "detail", rename_all = "snake_case")]
pub enum Reading {
    /// The driver read an item aloud; the answer is awaited.
    Read {
        /// The item.
        item: ItemId,
        /// Its text.
        text: String,
    },
    /// The answer was no.
    NotSo {
        /// The item.
        item: ItemId,
        /// Its text.
        text: String,
        /// Who read it.
        read: ReadBy,
        /// What is not so.
        word: String,
    },
    /// Nothing is read any more.
    Over,
}

/// An item that was read and is not answered yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Awaited {
    /// The item.
    pub item: ItemId,
    /// The cockpit in which it was read.
    pub cockpit: CockpitId,
}

/// Evidence for an item.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attached {
    /// The item.
    pub item: ItemId,
    /// Its text.
    pub text: String,
    /// What was attached.
    pub proof: Proof,
}

/// Calling people (I4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "what", content = "detail", rename_all = "snake_case")]
pub enum Calling {
    /// An incident was declared: the timers of the contacts run from here on.
    Declared {
        /// What is happening.
        what: String,
    },
    /// Somebody was called.
    Called {
        /// Who: role and name.
        contact: String,
        /// Whether they answered.
        answered: bool,
    },
    /// The incident is over: the timers stand still.
    Over,
}

/// Items beside their ticks, and who was called, as the journal has it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Duties {
    /// Runs of commands, in the order in which they were confirmed.
    pub runs: Vec<Run>,
    /// What was attached to each item.
    pub proofs: BTreeMap<ItemId, Vec<Stamped<Proof>>>,
    /// Times that a key began.
    pub waits: BTreeMap<ItemId, Stamped<()>>,
    /// What is read and waits for its answer.
    pub reading: Option<Stamped<Awaited>>,
    /// Items whose answer was no, with the word.
    pub not_so: BTreeMap<ItemId, Stamped<String>>,
    /// The incident that was declared: since when, by whom, what.
    pub incident: Option<Stamped<String>>,
    /// Who was called since then, and whether they answered.
    pub calls: Vec<Stamped<(String, bool)>>,
}

impl Duties {
    /// The newest run for an item.
    pub fn run_of(&self, item: &ItemId) -> Option<&Run> {
        self.runs.iter().rev().find(|run| run.starting.what.item == *item)
    }

    /// One run.
    pub fn run(&self, id: ChangeId) -> Option<&Run> {
        self.runs.iter().rev().find(|run| run.id() == id)
    }

    /// The newest call of a contact since the incident was declared.
    pub fn call_of(&self, contact: &str) -> Option<&Stamped<(String, bool)>> {
        self.calls.iter().rev().find(|call| call.what.0 == contact)
    }
}

/// How the time that an item waits for stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Waiting {
    /// It has not begun.
    NotBegun,
    /// So much is left.
    Left(Duration),
    /// It is over, since then.
    Over(Timestamp),
}

impl Session {
    /// How the time stands that an item waits for; `None` where it waits for none.
    pub fn waiting(&self, item: &Item, now: Timestamp) -> Option<Waiting> {
        let wait = item.rules.wait.as_ref()?;
        let since = match &wait.from {
            WaitFrom::Key => self.duties.waits.get(&item.id).map(|begun| begun.at),
            WaitFrom::Item(before) => self.ticks.get(before).map(|tick| tick.at),
            WaitFrom::Step(step) => self.steps.get(step).map(|done: &StepDone| done.at),
        };
        let Some(since) = since else { return Some(Waiting::NotBegun) };
        let until = since.plus(wait.span);
        let left = until.since(now);
        Some(if left.is_zero() { Waiting::Over(until) } else { Waiting::Left(left) })
    }

    /// What speaks against ticking an item now, in words; `None` where nothing does (I1).
    pub fn too_soon(&self, procedure: &Procedure, item: &Item, now: Timestamp) -> Option<String> {
        let open = item.rules.after.iter().find(|before| !self.ticks.contains_key(*before));
        if let Some(before) = open {
            let text = procedure.checklist.item(before).map_or(before.as_str(), |before| before.text.as_str());
            return Some(format!("it comes after \"{text}\", which is open"));
        }
        match self.waiting(item, now)? {
            Waiting::Over(_) => None,
            Waiting::Left(left) => Some(format!("{} of its time are left", crate::domain::clock_span(left))),
            Waiting::NotBegun => Some("its time has not begun".to_owned()),
        }
    }

    pub(super) fn apply_duty(&mut self, stamp: &Stamp, event: &Event) {
        let duties = &mut self.duties;
        if let Event::ItemRun(run) = event {
            match &**run {
                ItemRun::Starting(starting) => {
                    let starting = stamped(stamp, (**starting).clone());
                    duties.runs.push(Run { starting, stopping: None, ended: None });
                }
                ItemRun::Stopping { run } => {
                    if let Some(known) = duties.runs.iter_mut().rev().find(|known| known.id() == *run) {
                        known.stopping = Some(stamp.actor.clone());
                    }
                }
                ItemRun::Ended(ended) => {
                    if let Some(known) = duties.runs.iter_mut().rev().find(|known| known.id() == ended.run) {
                        known.ended = Some((stamp.at, ended.clone()));
                    }
                }
            }
        }
        if let Event::ItemRead(reading) = event {
            duties.reading = None;
            match &**reading {
                Reading::Read { item, .. } => {
                    duties.reading = Some(stamped(stamp, Awaited { item: item.clone(), cockpit: stamp.cockpit }));
                }
                Reading::NotSo { item, word, .. } => {
                    duties.not_so.insert(item.clone(), stamped(stamp, word.clone()));
                }
                Reading::Over => {}
            }
        }
        if let Event::ItemProven(attached) = event {
            let proof = stamped(stamp, attached.proof.clone());
            duties.proofs.entry(attached.item.clone()).or_default().push(proof);
        }
        if let Event::ItemWaiting { item, .. } = event {
            duties.waits.insert(item.clone(), stamped(stamp, ()));
        }
        if let Event::Calling(calling) = event {
            match &**calling {
                Calling::Declared { what } => {
                    duties.incident = Some(stamped(stamp, what.clone()));
                    duties.calls.clear();
                }
                Calling::Called { contact, answered } => {
                    duties.calls.push(stamped(stamp, (contact.clone(), *answered)));
                }
                Calling::Over => duties.incident = None,
            }
        }
    }

    /// A tick, or one that is taken back, answers what was read and what was not so; a time that a key began begins anew.
    pub(super) fn apply_answered(&mut self, item: &ItemId, is_ticked: bool) {
        self.duties.reading.take_if(|reading| reading.what.item == *item);
        self.duties.not_so.remove(item);
        if !is_ticked {
            self.duties.waits.remove(item);
        }
    }

    /// What runs in a cockpit that left ended with it.
    pub(super) fn end_runs_of(&mut self, cockpit: CockpitId, at: Timestamp) {
        for run in self.duties.runs.iter_mut().filter(|run| run.is_running() && run.starting.what.owner == cockpit) {
            run.ended = Some((at, gone(run, at)));
        }
        self.duties.reading.take_if(|reading| reading.what.cockpit == cockpit);
    }
}

/// What became of a run whose cockpit is gone.
pub(super) fn gone(run: &Run, at: Timestamp) -> Ended {
    Ended {
        run: run.id(),
        item: run.starting.what.item.clone(),
        end: CommandEnd::CockpitGone,
        took_ms: u64::try_from(at.since(run.starting.at).as_millis()).unwrap_or(u64::MAX),
        lines: Vec::new(),
        dropped: 0,
    }
}
