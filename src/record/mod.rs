//! What a journal is turned into for people: Markdown to paste, JSON to work with. Pure.
//!
//! - `story` has the record's parts: record format 1, as [`json`] gives it. A field may be added within a format; a changed
//!   meaning is a new format.
//! - `tell` folds entries into a [`Story`].
//! - `words` puts changes and what is left open into words; `markdown` draws it; `text` makes what people and machines wrote harmless in it.
//!
//! # Record format 1
//!
//! The JSON object has the fields of [`Story`], with `"record": 1`. Times are UTC, RFC 3339 in milliseconds.
//! Weights that were asked for are pairs of pool and basis points; shares are pairs of pool and an exact ratio
//! `{"part", "whole"}`; native weights are the router's own numbers. Outcomes, settlements, gates and kinds of change are
//! spelt as in the journal. `chain.broken` is null where the chain was checked up to its end. Names are claims: format 1
//! knows no keys.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod markdown;
mod people;
mod story;
mod tell;
mod text;
mod words;

use crate::entry::{Broken, Chain, History};

pub use story::{
    Act, Attached, Attempt, ChainStory, ChangeStory, Drained, Ending, Late, NamedShares, ObservedShare, PoolStory,
    RouterChange, RouterStory, Row, Said, Settled, StepStory, Story, Ticked,
};
pub use tell::tell;

/// The record's format, of the JSON and of [`Story`].
pub const FORMAT: u32 = 1;

/// Checks once more that every entry stands on the one before, from the first.
///
/// # Errors
/// Where and how the chain breaks, or why reading ended early.
pub fn verify(history: &History) -> Result<Chain, Broken> {
    let mut chain = Chain::start();
    for kept in &history.entries {
        chain.link(kept)?;
    }
    match &history.broken {
        Some(broken) => Err(broken.clone()),
        None => Ok(chain),
    }
}

/// The record as Markdown; a short word where there is no entry.
pub fn markdown(history: &History) -> String {
    match tell(history) {
        Some(story) => markdown::draw(&story),
        None => "This session has no entry that can be read.\n".to_owned(),
    }
}

/// The record as JSON; null where there is no entry.
pub fn json(history: &History) -> serde_json::Value {
    // A story holds plain values only: writing it cannot fail.
    tell(history).and_then(|story| serde_json::to_value(story).ok()).unwrap_or_default()
}
