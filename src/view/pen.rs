//! Writing into the buffer: text that is cut with `…` where it does not fit, rows of differently styled pieces, frames.
//!
//! Everything is clipped to the buffer, so that no size of terminal can make a drawing fail.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::merge::MergeStrategy;
use ratatui::text::Line;
use ratatui::widgets::{Block, BorderType, Clear, Widget};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::theme::{Depth, Glyphs, Role, Theme};

/// A buffer with the theme to write into it.
pub(super) struct Pen<'a> {
    pub(super) buffer: &'a mut Buffer,
    pub(super) theme: &'a Theme,
}

/// The cells that a text takes.
pub(super) fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// The start of a text that fits into so many cells, and the cells that it takes.
pub(super) fn cut(text: &str, cells: u16) -> (&str, u16) {
    let mut taken = 0;
    for (at, piece) in text.grapheme_indices(true) {
        let wide = width(piece);
        if taken + wide > cells {
            return (text.get(..at).unwrap_or_default(), taken);
        }
        taken += wide;
    }
    (text, taken)
}

/// A text cut to so many cells, with `…` where something is missing.
pub(super) fn fit(text: &str, cells: u16) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let (start, _) = cut(text, cells.saturating_sub(1));
    if cells == 0 { String::new() } else { format!("{start}…") }
}

/// A name cut in its middle, because names of one kind often differ at their ends.
pub(super) fn fit_middle(text: &str, cells: u16) -> String {
    if width(text) <= cells || cells < 5 {
        return fit(text, cells);
    }
    let tail = (cells - 1) / 2;
    let (head, _) = cut(text, cells - 1 - tail);
    let mut from = text.len();
    for (at, _) in text.grapheme_indices(true).rev() {
        if width(text.get(at..).unwrap_or_default()) > tail {
            break;
        }
        from = at;
    }
    format!("{head}…{}", text.get(from..).unwrap_or_default())
}

impl<'a> Pen<'a> {
    /// The style of a role. Plain text keeps the ground that it stands on: the screen's, a dialog's, a selected row's.
    pub(super) fn style(&self, role: Role) -> Style {
        let style = self.theme.style(role);
        if role == Role::Text { Style { bg: None, ..style } } else { style }
    }

    /// Whether meanings can be told by colour.
    pub(super) fn has_colour(&self) -> bool {
        self.theme.depth != Depth::None
    }

    /// Writes a text into at most so many cells and says how many it took.
    pub(super) fn text(&mut self, x: u16, y: u16, cells: u16, text: &str, style: Style) -> u16 {
        let area = self.buffer.area;
        if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
            return 0;
        }
        let cells = cells.min(area.right() - x);
        let (end, _) = self.buffer.set_stringn(x, y, text, usize::from(cells), style);
        end.saturating_sub(x)
    }

    /// One character in one cell.
    pub(super) fn mark(&mut self, x: u16, y: u16, mark: char, style: Style) {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_char(mark).set_style(style);
        }
    }

    /// A symbol repeated over cells of a row.
    pub(super) fn run(&mut self, x: u16, y: u16, cells: u16, symbol: &str, style: Style) {
        for column in x..x.saturating_add(cells) {
            if let Some(cell) = self.buffer.cell_mut((column, y)) {
                cell.set_symbol(symbol).set_style(style);
            }
        }
    }

    /// A row of pieces, from the left end of an area of one row.
    pub(super) fn row<'b>(&'b mut self, x: u16, y: u16, cells: u16) -> Row<'b, 'a> {
        Row { pen: self, x, y, left: cells }
    }

    /// A row of an area, counted from its top; nothing is written where the area has no such row.
    pub(super) fn row_of<'b>(&'b mut self, area: Rect, row: u16) -> Row<'b, 'a> {
        let cells = if row < area.height { area.width } else { 0 };
        self.row(area.x, area.y.saturating_add(row), cells)
    }

    /// A frame whose borders join those that are there already.
    pub(super) fn frame(&mut self, area: Rect, focused: bool) {
        if area.is_empty() {
            return;
        }
        let border = self.style(if focused { Role::Accent } else { Role::Border });
        Block::bordered()
            .border_type(BorderType::Rounded)
            .border_style(border)
            .merge_borders(MergeStrategy::Fuzzy)
            .render(area, self.buffer);
    }

    /// Titles on the upper border of a frame, at its left and right end; the right one gives way.
    pub(super) fn titles(&mut self, area: Rect, left: &Line<'_>, right: &Line<'_>) {
        if area.width < 5 || area.height == 0 {
            return;
        }
        let mut row = self.row(area.x + 1, area.y, area.width - 2);
        for span in &left.spans {
            row.styled(left.style.patch(span.style), &span.content);
        }
        let cells = u16::try_from(right.width()).unwrap_or(u16::MAX);
        let room = row.left();
        if cells > 0 && cells < room {
            row.skip(room - cells);
            for span in &right.spans {
                row.styled(right.style.patch(span.style), &span.content);
            }
        }
    }

    /// The ground of a dialog with its frame.
    pub(super) fn dialog(&mut self, area: Rect, title: &Line<'_>, role: Role) {
        Clear.render(area, self.buffer);
        self.buffer.set_style(area, self.style(Role::Dialog));
        let block =
            Block::bordered().border_type(BorderType::Rounded).border_style(self.style(role)).title(title.clone());
        block.render(area, self.buffer);
    }

    /// Replaces every mark that the terminal cannot draw.
    pub(super) fn spell_out(&mut self, area: Rect) {
        if self.theme.glyphs == Glyphs::Unicode {
            return;
        }
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                let Some(cell) = self.buffer.cell_mut((x, y)) else { continue };
                if !cell.symbol().is_ascii() {
                    let wide = cell.symbol().width() > 1;
                    let mark = cell.symbol().chars().next().map_or(' ', Glyphs::ascii);
                    cell.set_char(mark);
                    if wide && let Some(next) = self.buffer.cell_mut((x + 1, y)) {
                        next.set_char(' ');
                    }
                }
            }
        }
    }
}

/// A row that is written from its left end, and from its right end towards the left.
pub(super) struct Row<'b, 'a> {
    pen: &'b mut Pen<'a>,
    x: u16,
    y: u16,
    left: u16,
}

impl Row<'_, '_> {
    /// The cells that are left.
    pub(super) fn left(&self) -> u16 {
        self.left
    }

    /// Writes a piece; cut with `…` where it does not fit.
    pub(super) fn put(&mut self, role: Role, text: &str) -> &mut Self {
        let style = self.pen.style(role);
        self.styled(style, text)
    }

    /// Writes a piece in a style of its own.
    pub(super) fn styled(&mut self, style: Style, text: &str) -> &mut Self {
        if self.left == 0 || text.is_empty() {
            return self;
        }
        let (shown, taken) = cut(text, self.left);
        let whole = shown.len() == text.len();
        if whole {
            self.pen.text(self.x, self.y, self.left, shown, style);
        } else {
            let (shown, taken) = cut(text, self.left - 1);
            self.pen.text(self.x, self.y, self.left, shown, style);
            self.pen.text(self.x + taken, self.y, 1, "…", style);
        }
        let taken = if whole { taken } else { self.left };
        self.x += taken;
        self.left -= taken;
        self
    }

    /// Writes a piece into a column of a fixed width, from its left end.
    pub(super) fn cell(&mut self, role: Role, cells: u16, text: &str) -> &mut Self {
        let cells = cells.min(self.left);
        let rest = self.left - cells;
        let start = self.x;
        self.left = cells;
        self.put(role, text);
        self.x = start + cells;
        self.left = rest;
        self
    }

    /// Writes a piece into a column of a fixed width, at its right end.
    pub(super) fn number(&mut self, role: Role, cells: u16, text: &str) -> &mut Self {
        let pad = cells.saturating_sub(width(text));
        self.skip(pad).cell(role, cells - pad, text)
    }

    /// Leaves cells as they are.
    pub(super) fn skip(&mut self, cells: u16) -> &mut Self {
        let cells = cells.min(self.left);
        self.x += cells;
        self.left -= cells;
        self
    }

    /// Writes a piece at the right end, if it fits beside what stands at the left, with a gap; says whether it did.
    pub(super) fn end(&mut self, role: Role, text: &str) -> bool {
        let cells = width(text);
        if cells + 1 > self.left {
            return false;
        }
        let style = self.pen.style(role);
        self.pen.text(self.x + self.left - cells, self.y, cells, text, style);
        self.left -= cells + 1;
        true
    }
}
