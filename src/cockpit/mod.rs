//! The cockpit: panes, dialogs and drafts over a flight. Pure: messages and the moment go in, effects come out; the view
//! draws the [`Model`] and changes nothing.
#![deny(clippy::disallowed_methods, clippy::disallowed_types, clippy::wildcard_enum_match_arm)]

mod action;
mod banner;
pub mod catalogue;
mod chart;
mod check;
mod checklist;
mod crew;
mod effect;
mod guard;
mod log_pane;
mod model;
mod msg;
mod overlay;
mod palette;
mod pattern;
mod query;
mod update;

pub use action::Action;
pub use banner::{Banner, request_words};
pub use chart::{Chart, ChartLine, Charts, Past, Range, Span};
pub use check::{CheckRow, CheckTable};
pub use checklist::ChecklistRow;
pub use crew::{Part, Person};
pub use effect::Effect;
pub use guard::Arming;
pub use log_pane::LogPane;
pub use model::{ChecklistPane, Draft, Model, Noticed, Pane, Settings, Surroundings};
pub use msg::Msg;
pub use overlay::{ConfirmState, Handover, Look, Overlay, OverlayKind, Palette, Purpose, Question};
pub use palette::PaletteEntry;
pub use pattern::PatternTable;
pub use update::update;
