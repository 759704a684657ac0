//! The cockpit: panes, dialogs and drafts over a flight. Pure: messages and the moment go in, effects come out; the view
//! draws the [`Model`] and changes nothing.
#![deny(clippy::disallowed_methods, clippy::disallowed_types, clippy::wildcard_enum_match_arm)]

mod act;
mod action;
mod approval;
mod banner;
pub mod catalogue;
mod chart;
mod check;
mod checklist;
mod correlation;
mod crew;
mod duty;
mod effect;
mod guard;
mod item_detail;
mod likely;
mod log_column;
mod log_detail;
mod log_pane;
mod model;
mod msg;
mod overlay;
mod palette;
mod pattern;
mod query;
mod roster;
mod unwind;
mod update;
mod window;

pub use action::Action;
pub use approval::{ApprovalTable, ToApprove};
pub use banner::{Banner, request_words};
pub use chart::{Chart, ChartLine, Charts, Past, Range, Span};
pub use check::{CheckRow, CheckTable};
pub use checklist::ChecklistRow;
pub use correlation::{Choice, Correlates};
pub use crew::{Part, Person};
pub use duty::{DutySheet, Place, RunSheet};
pub use effect::Effect;
pub use guard::Arming;
pub use item_detail::{ItemDetail, ItemPart, ItemRow, item_rows};
pub use likely::Likely;
pub use log_column::{Column, Columns, LogRoom, heading, in_column};
pub use log_detail::{DetailRow, LogDetail, MARGIN, Part as DetailPart};
pub use log_pane::LogPane;
pub use model::{ChecklistPane, Draft, Model, Noticed, Pane, Settings, Surroundings};
pub use msg::Msg;
pub use overlay::{ConfirmState, Handover, Look, Overlay, OverlayKind, Palette, Purpose, Question};
pub use palette::PaletteEntry;
pub use pattern::PatternTable;
pub use roster::Roster;
pub use update::update;
pub use window::SOON;
