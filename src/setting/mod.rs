//! A reader of TOML tables that names every problem at once.
//!
//! A reader is a plain function over a [`Table`]: it asks for one key after another, saying of each what it means
//! ([`Table::required`], [`Table::tables`], ...) and of which [`Kind`] its value is. Three things follow from that one
//! question: the value is read and checked; a key that nobody asked for is reported with the nearest name that was; and
//! the same function, run over nothing by [`describe`], gives the JSON Schema. The three cannot drift apart.
//!
//! Parts: [`Source`] (a file's text, and where an offset stands in it), [`Report`] (collects what is wrong),
//! [`Table`] and [`Kind`] (the reader), [`literal`] (secrets that must not stand in a file), [`Problems`] (the outcome).
//!
//! # Invariants
//! - A reader asks for all its keys before it decides anything: an early return would hide keys from the schema and
//!   report them as unknown.
//! - A value in which [`literal`] found a secret is not read, and no problem quotes it.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod kind;
pub mod literal;
mod near;
mod problem;
mod report;
mod source;
mod table;

pub use kind::{
    Amount, Kind, Which, absolute_path, amount, choice, command, count, duration, flag, host_port, lines, link, name,
    number_of, parse_span, percent, quoted, regex, span_text, text, title, url, which, word,
};
pub use near::nearest;
pub use problem::{Problem, Problems, Wrong};
pub use report::{Found, Report, Spot};
pub use source::{LARGEST, Source};
pub use table::{Either, Entries, Named, OneOrEach, Table, Variant, describe, read};
