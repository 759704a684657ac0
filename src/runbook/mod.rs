//! A team's runbook: what it asks people to do, read from Markdown and from what is written in its place.
//!
//! Runbooks are written for people, in many hands: boxes (`- [ ]`, `☐`), numbered steps, plain points, tables, lists in HTML,
//! and all of it once more inside code fences. [`read`] takes them all and loses nothing: what asks for something becomes an
//! [`Item`], what does not is kept as a [`Note`] with its line.
//!
//! # What is an item
//! - A box of any sort, anywhere but in a comment. A mark that is ticked in the file comes in open: what was done last time is
//!   not done now.
//! - A numbered step, anywhere but in a program.
//! - A plain point or a table's row below a heading of a procedure (`procedure`), and every point within an item.
//! - A heading `Step 3: …` below which nothing else is an item; and a heading of a procedure that has commands alone.
//!
//! An item is required unless it says `(optional)` or `(if needed)`, or is a plain point within another: that one explains.
//! Commands in fences belong to the step before them, or around them; links are kept beside the words.
//!
//! # Parts
//! `bytes` (any encoding to text), `markdown`, `html` and `fence` (the three forms) drive `builder`, which makes the
//! [`Runbook`]; `mark` knows boxes, `procedure` headings; [`propose`] finds shifts, limits and times in the words.

mod builder;
mod bytes;
mod fence;
mod html;
mod mark;
mod markdown;
mod model;
mod procedure;
pub mod propose;
#[cfg(test)]
mod tests;

pub use bytes::{Encoding, decode};
pub use model::{Command, Item, Note, Runbook, Section, Sort};

/// Reads a runbook. Any text is one; what it does not ask for is noted.
pub fn read(text: &str) -> Runbook {
    markdown::read(text)
}

/// What was typed, on one line, without what a terminal would act on.
fn on_one_line(text: &str) -> String {
    let hidden =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let plain: String = text.chars().filter(|c| !hidden(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
