//! Lines of dots: two columns and four rows of dots in each cell, one line per series over a common scale.

use std::time::Duration;

use ratatui::layout::Rect;

use super::scale::Scale;
use crate::cockpit::Range;
use crate::domain::Elapsed;
use crate::flight::measure::Series;
use crate::theme::Role;
use crate::view::pen::Pen;

/// A graph while it is put together.
pub(super) struct Plot {
    area: Rect,
    range: Range,
    /// Dots and the role of the line that passed last, per cell.
    cells: Vec<(u8, Role)>,
}

/// The bits of a braille cell's dots, by column and from top to bottom.
const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// How a line is drawn.
#[derive(Clone, Copy)]
pub(super) struct Stroke {
    /// Its hue.
    pub(super) role: Role,
    /// With gaps: where no hue tells it from the line before.
    pub(super) dashed: bool,
}

impl Plot {
    pub(super) fn new(area: Rect, range: Range) -> Self {
        Self { area, range, cells: vec![(0, Role::Text); usize::from(area.width) * usize::from(area.height)] }
    }

    fn rows(&self) -> i64 {
        i64::from(self.area.height) * 4
    }

    /// The cell of a moment, from the left end of the graph; `None` outside of the range.
    pub(super) fn cell(&self, at: Elapsed) -> Option<u16> {
        column(self.range, at, i64::from(self.area.width)).and_then(|column| u16::try_from(column).ok())
    }

    /// Draws a series and says where it ended. A look that gave nothing, and a pause between looks, is a gap.
    pub(super) fn line(&mut self, series: &Series, scale: &Scale, stroke: Stroke) -> Option<(u16, u16)> {
        if self.area.is_empty() {
            return None;
        }
        let columns = i64::from(self.area.width) * 2;
        let mut before: Option<(i64, i64, Elapsed)> = None;
        let mut last = None;
        let (pause, range) = (pause(series.interval), self.range);
        let begin = series.points.partition_point(|(at, _)| range.end.since(*at) > range.length);
        for (at, value) in series.points.range(begin..).take_while(|(at, _)| *at <= range.end) {
            let place = value.filter(|value| value.is_finite()).zip(column(range, *at, columns));
            let Some((value, column)) = place else {
                before = None;
                continue;
            };
            let row = self.row(scale.place(value));
            match before.filter(|(.., then)| at.since(*then) <= pause) {
                Some((from, level, _)) if (from, level) == (column, row) => {}
                Some((from, level, _)) => self.join((from, level), (column, row), stroke),
                None => self.dot(column, row, stroke.role),
            }
            before = Some((column, row, *at));
            last = Some((column, row));
        }
        let (column, row) = last?;
        Some((u16::try_from(column / 2).ok()?, u16::try_from(row / 4).ok()?))
    }

    #[expect(clippy::cast_possible_truncation, reason = "a fraction of a height of dots")]
    fn row(&self, fraction: f64) -> i64 {
        let most = self.rows() - 1;
        most - (fraction.clamp(0.0, 1.0) * f64::from(u16::try_from(most).unwrap_or(0))).round() as i64
    }

    fn join(&mut self, (x, y): (i64, i64), (to_x, to_y): (i64, i64), stroke: Stroke) {
        let steps = (to_x - x).abs().max((to_y - y).abs());
        for step in 1..=steps {
            let column = x + (to_x - x) * step / steps;
            if !stroke.dashed || column % 6 < 3 {
                self.dot(column, y + (to_y - y) * step / steps, stroke.role);
            }
        }
    }

    fn dot(&mut self, column: i64, row: i64, role: Role) {
        let (Ok(column), Ok(row)) = (usize::try_from(column), usize::try_from(row)) else { return };
        let place = row / 4 * usize::from(self.area.width) + column / 2;
        let bit = BITS.get(column % 2).and_then(|bits| bits.get(row % 4)).copied().unwrap_or(0);
        if let Some(cell) = self.cells.get_mut(place) {
            *cell = (cell.0 | bit, role);
        }
    }

    /// Writes the graph, with the limit at this place of the scale below the lines.
    pub(super) fn draw(&self, pen: &mut Pen<'_>, limit: Option<f64>) {
        if let Some(row) = limit.and_then(|place| row_of(self.area, place)) {
            let style = pen.style(Role::Limit);
            pen.run(self.area.x, row, self.area.width, "╌", style);
        }
        for (y, row) in (self.area.y..).zip(self.cells.chunks(usize::from(self.area.width.max(1)))) {
            for (x, (dots, role)) in (self.area.x..).zip(row) {
                if *dots != 0 {
                    let style = pen.style(*role);
                    pen.mark(x, y, char::from_u32(0x2800 + u32::from(*dots)).unwrap_or(' '), style);
                }
            }
        }
    }
}

/// The longest time between two looks that is no gap.
pub(super) fn pause(interval: Duration) -> Duration {
    (interval * 4).max(Duration::from_millis(500))
}

/// The column of a moment, of so many over the whole range; `None` outside of it.
pub(super) fn column(range: Range, at: Elapsed, columns: i64) -> Option<i64> {
    let length = i64::try_from(range.length.as_millis()).ok().filter(|length| *length > 0)?;
    let age = i64::try_from(range.end.since(at).as_millis()).ok().filter(|age| range.holds(at) && *age <= length)?;
    Some(((length - age) * columns / length).min(columns - 1))
}

/// The row of a place of the scale; `None` outside of it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction of a height of rows")]
pub(super) fn row_of(area: Rect, place: f64) -> Option<u16> {
    let inside = (0.0..=1.0).contains(&place) && !area.is_empty();
    inside.then(|| area.y + ((1.0 - place) * f64::from(area.height - 1)).round() as u16)
}
