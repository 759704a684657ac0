//! Changes and other acts on the time axis: dim lines through a graph, and their words.

use ratatui::layout::Rect;

use super::plot::Plot;
use crate::cockpit::{Model, Range};
use crate::domain::{Elapsed, clock_span};
use crate::theme::Role;
use crate::view::pen::{Pen, width};

/// The marks within a range, oldest first.
pub(super) fn marks<'m>(model: &'m Model, range: &Range) -> impl DoubleEndedIterator<Item = (Elapsed, &'m str)> {
    let range = *range;
    model.charts.marks.iter().filter(move |(at, _)| range.holds(*at)).map(|(at, words)| (*at, words.as_str()))
}

/// Draws them through a graph; with words, where those are short and nothing stands in their place.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, plot: &Plot, graph: Rect, range: &Range, with_words: bool) {
    let style = pen.style(Role::Limit);
    let cell = |at| plot.cell(at).map(|cell| graph.x + cell).filter(|_| !graph.is_empty());
    for x in marks(model, range).filter_map(|(at, _)| cell(at)) {
        for y in graph.y..graph.bottom() {
            if pen.buffer.cell((x, y)).is_some_and(|cell| matches!(cell.symbol(), " " | "╌")) {
                pen.mark(x, y, '┆', style);
            }
        }
    }
    if !with_words {
        return;
    }
    // Two words without a gap would be read as one.
    for (at, words) in marks(model, range) {
        let Some((x, words)) = cell(at).zip(short(words)) else { continue };
        let end = x + 1 + width(words);
        let is_free = |x| pen.buffer.cell((x, graph.y)).is_some_and(|cell| cell.symbol() == " ");
        if (x + 1..=end).all(|x| x <= graph.right() && is_free(x)) {
            pen.text(x + 1, graph.y, end - x - 1, words, style);
        }
    }
}

/// Lists the newest ones with their words, a row each.
pub(super) fn list(pen: &mut Pen<'_>, model: &Model, area: Rect, range: &Range) {
    let rows = usize::from(area.height);
    let newest: Vec<(Elapsed, &str)> = marks(model, range).rev().take(rows).collect();
    for (row, (at, words)) in (0..area.height).zip(newest.into_iter().rev()) {
        let into = model.into_session(at).map(|into| format!("T+{} ", clock_span(into))).unwrap_or_default();
        let mut cells = pen.row_of(area, row);
        cells.skip(1).put(Role::Limit, "┆ ").put(Role::Dim, &format!("{}Z ", model.wall_at(at).clock()));
        cells.put(Role::Dim, &into).put(Role::Text, words);
    }
}

/// What fits beside a mark: the first weight of the split that its words name.
fn short(words: &str) -> Option<&str> {
    let (before, _) = words.split_once(" / ")?;
    before.rsplit(' ').next().filter(|weight| width(weight) <= 5)
}
