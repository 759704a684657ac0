//! A bar that is shared out between pools, to the eighth of a cell.
//!
//! Each pool has its hue; without colours each has a texture, and its mark stands in its part.

use crate::theme::Role;
use crate::view::pen::Pen;

/// Textures where there is no colour; each is told from its neighbour.
const TEXTURES: [&str; 4] = ["▓", "░", "▒", "·"];

/// How a bar is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::view) enum Look {
    /// What is.
    Live,
    /// What was, and is not known any more.
    Old,
    /// What is only thought of.
    Draft,
}

/// Draws a bar for these fractions, with each pool's mark at the left end of its part.
pub(in crate::view) fn bar(pen: &mut Pen<'_>, x: u16, y: u16, cells: u16, parts: &[f64], marks: &[&str], look: Look) {
    let mut from = 0.0;
    let mut shown = 0;
    for (place, part) in parts.iter().enumerate() {
        from += part;
        let end = if place + 1 == parts.len() { cells } else { cell(from, cells) };
        // A pool with any share has a cell, and a pool with less than all of it leaves one.
        let least = u16::from(*part > 0.0);
        let end = end.max(shown + least).min(cells);
        let role = if look == Look::Old { Role::Stale } else { Role::pool(place) };
        let symbol = match (pen.has_colour(), look) {
            (false, _) => TEXTURES.get(place % TEXTURES.len()).copied().unwrap_or("▓"),
            (true, Look::Live | Look::Old) => "■",
            (true, Look::Draft) => "□",
        };
        let style = pen.style(role);
        pen.run(x + shown, y, end - shown, symbol, style);
        if let Some(mark) = marks.get(place).filter(|_| end - shown >= 5) {
            pen.text(x + shown, y, end - shown, mark, style);
        }
        shown = end;
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction of a width of cells")]
fn cell(fraction: f64, cells: u16) -> u16 {
    (fraction.clamp(0.0, 1.0) * f64::from(cells)).round() as u16
}
