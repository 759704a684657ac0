//! What the cockpit is told.

use super::Action;
use crate::domain::log::{LogBatch, LogSourceState};
use crate::domain::{CockpitId, SourceId};
use crate::flight;

/// A message to the cockpit.
#[derive(Clone, PartialEq, Debug)]
pub enum Msg {
    /// For the flight.
    Flight(flight::Msg),
    /// Something an operator does, as the input room read it against the model of this moment.
    Action(Action),
    /// A key that means nothing here, in the text form of keys; told, so that nobody wonders.
    NoSuchKey(String),
    /// Pasted text: goes into text fields, never into a confirmation (F2).
    Paste(String),
    /// A mouse button at a cell.
    Click {
        /// Column from 0.
        column: u16,
        /// Row from 0.
        row: u16,
    },
    /// The wheel at a cell: lines, down is positive.
    Wheel {
        /// Column from 0.
        column: u16,
        /// Row from 0.
        row: u16,
        /// Lines.
        lines: i32,
    },
    /// The terminal has another size.
    Resized {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// A frame that showed this state of the model is on its way to the terminal (F2).
    Drawn {
        /// The model's [`super::Model::version`] that was drawn.
        version: u64,
    },
    /// The terminal is there again: after Ctrl-Z, or a lost focus.
    Resumed,
    /// Log lines.
    Lines(LogBatch),
    /// A log source's state.
    LogState {
        /// The source.
        source: SourceId,
        /// Its state.
        state: LogSourceState,
    },
    /// The built-in world says what it did.
    DemoSaid(String),
    /// The process of the cockpit that has the controls is provably gone (C4).
    HolderGone {
        /// The cockpit.
        cockpit: CockpitId,
    },
    /// The runtime tells the operator something: a fault, who has the controls, what the terminal cannot do.
    Told(flight::Notice),
    /// Telemetry was dropped because it came faster than it could be taken: looks at metrics. Lines are told with lines.
    Dropped {
        /// Messages.
        count: u64,
    },
}
