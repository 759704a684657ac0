//! The kept log lines of all sources, and the views on them. Pure: lines come in batches, time comes in with them.
//!
//! - [`Logbook`] keeps the newest lines of all sources in one row, operators' marks among them, and counts per source.
//! - [`Filter`] says which lines are wanted; it is read from what an operator types.
//! - [`Same`] says which lines belong together by the value of a field; [`Tally`] counts them.
//! - [`Patterns`] are what errors have in common, counted.
//! - [`View`] is one window on the book: it searches in slices, follows the newest line, scrolls, stands still.
//!
//! Invariants: a line's number, the order in which it came, never changes while it is kept, and neither does its [`Place`],
//! where it stands among all lines; a view shows lines in the order of their places, so that a late line is where it belongs
//! and its number says that it came late; a filter is applied before anything is cut to a window, so
//! the rows shown are the last ones that match, however many others came between.
#![deny(clippy::disallowed_methods, clippy::disallowed_types, clippy::wildcard_enum_match_arm)]

mod book;
mod filter;
mod order;
mod pattern;
mod rate;
mod same;
mod store;
mod view;

pub use book::{Limits, Logbook, SourceCount};
pub use filter::{BadFilter, Filter, Matcher};
pub use pattern::{Pattern, Patterns};
pub use same::{Same, Tally, is_masked, same_name, without};
pub use store::{LineNumber, LineRef, Place};
pub use view::{Position, View};
