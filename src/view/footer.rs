//! The last line: what Enter would do now, the keys of the moment, roll back, all keys, the palette.
//!
//! ```text
//!  Enter propose 50 / 50    + - 0-9 draft    Esc drop    R roll back to 10 / 90    ? keys   : command
//! ```
//!
//! Where not all fit, the keys of the moment give way; what Enter does, the way back, help and palette stay longest.

use ratatui::layout::Rect;

use super::pen::{Pen, width};
use crate::cockpit::Model;
use crate::input::footer;
use crate::theme::Role;

/// Keys at the end of the line that are kept: roll back, help, palette.
const KEPT: usize = 3;
/// For who only watches there is no way back among them.
const KEPT_WATCHING: usize = 2;

/// Draws the line.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, area: Rect) {
    let keys: Vec<(String, String)> =
        footer(model).into_iter().map(|(key, words)| (super::key::written(&key), words)).collect();
    let cells = |(key, words): &(String, String)| width(key) + width(words) + 3;
    let last = if model.is_observer() { KEPT_WATCHING } else { KEPT };
    let kept: u16 = keys.iter().rev().take(last).map(cells).sum();
    let moment = keys.len().saturating_sub(last);
    let mut row = pen.row_of(area, 0);
    row.skip(1);
    if model.is_observer() {
        row.put(Role::Wait, "watching only").skip(2);
    }
    // With the wider gap each key takes one cell more, and the last one no gap at all.
    let wide = keys.iter().map(|pair| cells(pair) + 1).sum::<u16>().saturating_sub(2);
    let gap = if wide > area.width { 1 } else { 2 };
    for (place, pair) in keys.iter().enumerate() {
        let (key, words) = pair;
        if place < moment && row.left() < kept + cells(pair) && place > 0 {
            continue;
        }
        row.put(Role::Accent, key).put(Role::Text, &format!(" {words}")).skip(gap + 1);
    }
}
