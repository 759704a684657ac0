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
//! An item is required unless it says `(optional)` or `(if needed)`, stands without a box below a heading that tells about
//! something, or is a plain point within another: that one explains. Plain points within a box are part of its text.
//! Commands in fences belong to the step before them, or around them; links are kept beside the words.
//!
//! # Parts
//! `bytes` (any encoding to text), `asciidoc` and `yaml` (to Markdown), `markdown`, `table`, `html` and `fence` (the forms) drive
//! `builder`, which makes the [`Runbook`]; `mark` knows boxes, `procedure` headings; [`propose`] finds shifts, limits and
//! times in the words; [`draft`] writes a profile.
//!
//! # Invariants
//! - No text makes it fail, and no line with a letter in it is lost: it is in an item, a title, a command or a note.
//! - Items nest at most eight deep.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod asciidoc;
mod builder;
mod bytes;
pub mod draft;
mod fence;
mod html;
mod mark;
mod markdown;
mod model;
mod procedure;
pub mod propose;
mod table;
#[cfg(test)]
mod tests;
mod yaml;

pub use bytes::{Encoding, decode};
pub use model::{Item, Note, Runbook, Section, Sort};

/// Reads a runbook. Any text is one; what it does not ask for is noted.
pub fn read(text: &str) -> Runbook {
    if let Some(converted) = asciidoc::as_markdown(text) {
        markdown::read(&converted)
    } else if let Some(converted) = yaml::as_markdown(text) {
        markdown::read_bare(&converted)
    } else {
        markdown::read(text)
    }
}

/// What was typed, on one line, without what a terminal would act on.
fn on_one_line(text: &str) -> String {
    let hidden =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let plain: String = text.chars().filter(|c| !hidden(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
