//! What may be asked about items beside their ticks, and about calling people.

use std::collections::BTreeSet;

use super::proposal::Confirmation;
use crate::domain::duty::{CommandEnd, Proof};
use crate::domain::{ChangeId, CockpitId, ItemId};

/// What may be asked.
#[derive(Clone, PartialEq, Debug)]
pub enum Duty {
    /// Tick an item although its order or its time speaks against it (I1).
    TickDespite {
        /// The item.
        item: ItemId,
        /// Why.
        reason: String,
    },
    /// Begin the time that an item waits for.
    Wait {
        /// The item.
        item: ItemId,
    },
    /// Attach evidence to an item.
    Attach {
        /// The item.
        item: ItemId,
        /// What.
        proof: Proof,
    },
    /// Run a command of an item (I2).
    Run {
        /// The run.
        run: ChangeId,
        /// The item.
        item: ItemId,
        /// The command, as it was shown.
        command: String,
        /// What it is handed to, as it was shown.
        shell: Vec<String>,
        /// Where it runs, as it was shown.
        directory: String,
        /// How it is confirmed.
        confirmation: Confirmation,
    },
    /// End a command that runs.
    Stop {
        /// The run.
        run: ChangeId,
    },
    /// Note how a command ended.
    NoteEnded {
        /// The run.
        run: ChangeId,
        /// How.
        end: CommandEnd,
        /// How long it ran.
        took_ms: u64,
        /// Its last lines, masked.
        lines: Vec<String>,
        /// How many lines before them were not kept.
        dropped: u64,
    },
    /// Read an item aloud (I3).
    Read {
        /// The item.
        item: ItemId,
    },
    /// Answer what was read.
    Answer {
        /// The item, as it was on the screen.
        item: ItemId,
        /// The entry that read it.
        reading: u64,
        /// What is not so; `None` where it is.
        not_so: Option<String>,
        /// Cockpits that were heard within the time of silence.
        present: BTreeSet<CockpitId>,
    },
    /// Read nothing any more.
    EndReading,
    /// Declare an incident: the timers of the contacts run (I4).
    Declare {
        /// What is happening.
        what: String,
    },
    /// Note that somebody was called.
    Call {
        /// Who, by role and name.
        contact: String,
        /// Whether they answered.
        answered: bool,
    },
    /// The incident is over.
    CallOff,
}
