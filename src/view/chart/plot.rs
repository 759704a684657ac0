//! Lines of dots: two columns and four rows of dots in each cell, one line per series over a common scale.

use std::time::Duration;

use ratatui::layout::Rect;

use crate::domain::Elapsed;
use crate::flight::measure::Series;
use crate::theme::Role;
use crate::view::pen::Pen;

/// A graph while it is put together.
pub(super) struct Plot {
    area: Rect,
    now: Elapsed,
    span: Duration,
    /// Dots and the role of the line that passed last, per cell.
    cells: Vec<(u8, Role)>,
}

/// The bits of a braille cell's dots, by column and from top to bottom.
const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

impl Plot {
    pub(super) fn new(area: Rect, now: Elapsed, span: Duration) -> Self {
        Self { area, now, span, cells: vec![(0, Role::Text); usize::from(area.width) * usize::from(area.height)] }
    }

    fn columns(&self) -> i64 {
        i64::from(self.area.width) * 2
    }

    fn rows(&self) -> i64 {
        i64::from(self.area.height) * 4
    }

    /// The column of a moment; `None` before the span.
    fn column(&self, at: Elapsed) -> Option<i64> {
        let span = i64::try_from(self.span.as_millis()).ok().filter(|span| *span > 0)?;
        let age = i64::try_from(self.now.since(at).as_millis()).ok().filter(|age| *age <= span)?;
        Some(((span - age) * self.columns() / span).min(self.columns() - 1))
    }

    /// The highest value of a series within the span.
    pub(super) fn highest(&self, series: &Series) -> Option<f64> {
        let points = series.points.iter().rev().take_while(|(at, _)| self.now.since(*at) <= self.span);
        points.filter_map(|(_, value)| *value).filter(|value| value.is_finite()).reduce(f64::max)
    }

    /// Draws a series; a look that gave nothing, and a pause between looks, is a gap.
    pub(super) fn line(&mut self, series: &Series, top: f64, role: Role) {
        if self.area.is_empty() {
            return;
        }
        let mut before: Option<(i64, i64, Elapsed)> = None;
        let pause = (series.interval * 4).max(Duration::from_millis(500));
        let begin = series.points.partition_point(|(at, _)| self.now.since(*at) > self.span);
        for (at, value) in series.points.range(begin..) {
            let place = value.filter(|value| value.is_finite()).zip(self.column(*at));
            let Some((value, column)) = place else {
                before = None;
                continue;
            };
            let row = self.row(value / top);
            match before.filter(|(.., then)| at.since(*then) <= pause) {
                Some((from, level, _)) => self.join((from, level), (column, row), role),
                None => self.dot(column, row, role),
            }
            before = Some((column, row, *at));
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a fraction of a height of dots")]
    fn row(&self, fraction: f64) -> i64 {
        let most = self.rows() - 1;
        most - (fraction.clamp(0.0, 1.0) * f64::from(u16::try_from(most).unwrap_or(0))).round() as i64
    }

    fn join(&mut self, (x, y): (i64, i64), (to_x, to_y): (i64, i64), role: Role) {
        let steps = (to_x - x).abs().max((to_y - y).abs());
        for step in 1..=steps {
            self.dot(x + (to_x - x) * step / steps, y + (to_y - y) * step / steps, role);
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

    /// Writes the graph, with the threshold at this fraction of its height below the lines.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction of a height of rows")]
    pub(super) fn draw(&self, pen: &mut Pen<'_>, threshold: Option<f64>) {
        if let Some(fraction) = threshold.filter(|_| !self.area.is_empty()) {
            let row = ((1.0 - fraction) * f64::from(self.area.height - 1)).round() as u16;
            let style = pen.style(Role::Limit);
            pen.run(self.area.x, self.area.y + row, self.area.width, "╌", style);
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
