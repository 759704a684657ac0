//! What a journal is turned into for people: Markdown to paste, JSON to work with. Pure.
//!
//! - `story` has the record's parts: record format 1, as [`json`] gives it. A field may be added within a format; a changed
//!   meaning is a new format.
//! - `tell` folds entries into a [`Story`]; `change`, `step` and `seen` tell the events of their names.
//! - `crew` has the parts about people, `people` tells them, `roll` draws them.
//! - `approval` tells who approved what, `action` what deploy actions sent and what became of it.
//! - `loud` tells and draws what must not be overlooked: overridden gates, incidents, follow-ups.
//! - `guard` tells what guards saw and did.
//! - `proof` finds what is signed, and what each signature must be about; [`Proofs`] is what checking them gave.
//! - `document` is the record as one file: this, with every entry as it was stored, and what shows a change; [`read`]
//!   checks such a file. `schema` describes it, `place` says where it is kept.
//! - `words` puts changes and what is left open into words; `markdown` draws it; `text` makes what people and machines wrote harmless in it.
//!
//! # Record format 1
//!
//! The JSON object has the fields of [`Story`], with `"record": 1`. Times are UTC, RFC 3339 in milliseconds.
//! Weights that were asked for are pairs of pool and basis points; shares are pairs of pool and an exact ratio
//! `{"part", "whole"}`; native weights are the router's own numbers. Outcomes, settlements, gates and kinds of change are
//! spelt as in the journal. `chain.broken` is null where the chain was checked up to its end.
//!
//! About people: `drove` has who had the controls from when until when; `aboard` the cockpits; `asked` what second persons
//! were asked, with the digest and their answer; `runs` the runs of steps; `broken_glass` what one person did alone that
//! asks two; `cut_off` what was done without the journal. A confirmation has the `key` that signed it, or null.
//! `approvals` has every word for an approval: `how` is `given` or `reported`, which nobody verified, with its `link`;
//! `withdrawn` where it was taken back; it is left out where there is none. `actions` has the deploy actions, those of a way
//! back among them; it is left out where there is none.
//! `signatures` has every signature in the order of the entries with its `state`: `good`, `bad` with `why`, `missing` where
//! the profile wants one, `not checked`. `names` is `proven` only where all of them are good and there is one, else `claims`.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod action;
mod approval;
mod change;
mod crew;
mod document;
mod duty;
mod guard;
mod loud;
mod markdown;
mod people;
mod place;
mod proof;
mod roll;
mod schema;
mod seen;
mod step;
mod story;
mod tell;
mod text;
mod words;

use crate::entry::{Broken, Chain, History};

pub use action::{ActionEnded, ActionStory, Cancelled};
pub use approval::ApprovalStory;
pub use crew::{Asked, BrokenGlass, Came, CutOff, Drove, RunStory, SignatureStory};
pub use document::{Damaged, TAG, Whole, document, read};
pub use loud::{Following, Incident, Overridden};
pub use place::{Place, place};
pub use proof::{Proof, Proofs, SecondPlace, SignedPlace, places};
pub use schema::schema;
pub use story::{
    Act, Attached, Attempt, ChainStory, ChangeStory, Drained, Ending, Late, NamedShares, ObservedShare, PoolStory,
    RouterChange, RouterStory, Row, Said, Settled, StepStory, Story, Ticked,
};
pub use tell::{tell, tell_proven};

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

/// The record as Markdown; a short word where there is no entry. Signatures that were not checked are said to be so.
pub fn markdown(history: &History, proofs: Option<&Proofs>) -> String {
    match tell_proven(history, proofs) {
        Some(story) => markdown::draw(&story),
        None => "This session has no entry that can be read.\n".to_owned(),
    }
}

/// The summary of the record as JSON; null where there is no entry.
pub fn json(history: &History, proofs: Option<&Proofs>) -> serde_json::Value {
    // A story holds plain values only: writing it cannot fail.
    tell_proven(history, proofs).and_then(|story| serde_json::to_value(story).ok()).unwrap_or_default()
}
