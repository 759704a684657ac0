//! The charts below each other: how many fit, and which rows each has.

use ratatui::layout::Rect;

/// How many charts fit into the inside of a pane; at least one.
pub fn charts_that_fit(inside: Rect, pools: usize) -> usize {
    let rows = (pools + 1).clamp(3, 4);
    ((usize::from(inside.height) + 1) / rows).max(1)
}

/// The rows of so many charts, from the top; what is left over goes to the first ones.
pub fn chart_rows(inside: Rect, charts: usize) -> impl Iterator<Item = Rect> {
    let charts = u16::try_from(charts).unwrap_or(u16::MAX).max(1);
    let (each, spare) = (inside.height / charts, inside.height % charts);
    (0..charts).map(move |place| {
        let y = inside.y + place * each + place.min(spare);
        Rect { y, height: each + u16::from(place < spare), ..inside }
    })
}
