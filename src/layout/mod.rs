//! Where everything is: pure geometry, shared by the cockpit (page sizes, what a click hits) and the view (where to draw).
//!
//! Three shapes, by the size of the terminal:
//!
//! ```text
//! full, from 100x28          tabs                      tiny, below 40x12
//! header                     header                    the split
//! ┌ Traffic ────┬ Checklist┐ ┌ Traffic ─────────────┐  the state
//! │             │          │ │ bars, a line per pool│  R → …
//! ├ Plan ───────┤          │ ├ Plan ────────────────┤
//! │             │          │ │                      │
//! ├ Metrics ┬ Logs ────────┤ ├ Checklist│Metrics│Logs
//! │         │              │ │                      │
//! └─────────┴──────────────┘ └──────────────────────┘
//! message                    message
//! R → …                      R → …
//! keys                       keys
//! ```
//!
//! Frames overlap by one cell, so that their borders join. A zoomed pane takes the place of all frames, below one line
//! that keeps the split in view. Every rectangle lies within the terminal, at any size.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod chart;
mod traffic;

pub use chart::{chart_rows, charts_that_fit};
pub use traffic::{Traffic, traffic};

use ratatui::layout::Rect;

use crate::domain::BasisPoints;

/// The panes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Pane {
    /// The pool-weight diagram with the plan strip.
    Traffic,
    /// The checklist.
    Checklist,
    /// The charts.
    Metrics,
    /// The logs.
    Logs,
}

impl Pane {
    /// All panes in the order of Tab.
    pub const ALL: [Self; 4] = [Self::Traffic, Self::Checklist, Self::Metrics, Self::Logs];
}

/// What the geometry depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Screen {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The pane that has the keys.
    pub focus: Pane,
    /// Whether it fills the screen.
    pub zoomed: bool,
    /// How many routers there are.
    pub routers: usize,
    /// The row of the selected router; the list of routers is scrolled so that it is in view.
    pub router: usize,
    /// How many pools there are.
    pub pools: usize,
    /// Whether a draft is drawn below the routers.
    pub draft: bool,
}

/// The shape of the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// The split, the state and the way back; nothing else.
    Tiny,
    /// Traffic and plan, and one pane at a time below them.
    Tabs,
    /// All panes.
    Full,
    /// One pane fills the frames' place.
    Zoomed,
}

/// Where everything is. A rectangle without cells means that the thing is not on the screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Areas {
    /// The whole terminal.
    pub all: Rect,
    /// The shape.
    pub shape: Shape,
    /// Service, environment, clock, people.
    pub header: Rect,
    /// The split in one line: where the traffic pane is not.
    pub strip: Rect,
    /// The traffic pane with its border.
    pub traffic: Rect,
    /// What is inside of it.
    pub inside: Traffic,
    /// The plan strip with its border.
    pub plan: Rect,
    /// The checklist with its border.
    pub checklist: Rect,
    /// The charts with their border.
    pub metrics: Rect,
    /// The logs with their border.
    pub logs: Rect,
    /// The tabs on the border of the pane below, each with its pane.
    pub tabs: Vec<(Rect, Pane)>,
    /// The newest message or the banner that waits.
    pub message: Rect,
    /// The standing way back.
    pub way_back: Rect,
    /// What Enter does, the keys of the moment.
    pub footer: Rect,
}

/// What lies under a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hit {
    /// The pane.
    pub pane: Pane,
    /// The row within the pane, from 0 at the first row inside its border; `None` on the border.
    pub row: Option<u16>,
    /// What exactly.
    pub on: HitOn,
}

/// What exactly lies under a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HitOn {
    /// Nothing in particular.
    Pane,
    /// A tab's title.
    Tab,
    /// A router's row, counted over all rows.
    Router(usize),
    /// A bar: from the left end to the cell, of the whole bar.
    Bar(BasisPoints),
    /// The plan strip: how many cells from its left end, of how many.
    Plan {
        /// Cells from the left end.
        column: u16,
    },
}

/// Below this the screen is tiny.
pub const TINY: (u16, u16) = (40, 12);
/// From this on all panes are on the screen.
pub const FULL: (u16, u16) = (100, 28);

/// Works out where everything is.
pub fn areas(screen: &Screen) -> Areas {
    let (columns, rows) = screen.size;
    let all = Rect::new(0, 0, columns, rows);
    let mut areas = Areas {
        all,
        shape: Shape::Tiny,
        header: Rect::ZERO,
        strip: Rect::ZERO,
        traffic: Rect::ZERO,
        inside: Traffic::default(),
        plan: Rect::ZERO,
        checklist: Rect::ZERO,
        metrics: Rect::ZERO,
        logs: Rect::ZERO,
        tabs: Vec::new(),
        message: Rect::ZERO,
        way_back: Rect::ZERO,
        footer: Rect::ZERO,
    };
    if columns < TINY.0 || rows < TINY.1 {
        return tiny(areas);
    }
    let (header, rest) = cut_top(all, 1);
    let (rest, footer) = cut_bottom(rest, 1);
    let (rest, way_back) = cut_bottom(rest, 1);
    let (frames, message) = cut_bottom(rest, 1);
    areas.header = header;
    areas.footer = footer;
    areas.way_back = way_back;
    areas.message = message;
    if screen.zoomed {
        zoomed(&mut areas, screen, frames);
    } else if columns >= FULL.0 && rows >= FULL.1 {
        full(&mut areas, screen, frames);
    } else {
        tabs(&mut areas, screen, frames);
    }
    areas.inside = traffic(areas.traffic, screen);
    areas
}

/// The state stands in the header's place, the way back in the last row: it is what must not be missing.
fn tiny(mut areas: Areas) -> Areas {
    let all = areas.all;
    let (strip, rest) = cut_top(all, 1);
    let (rest, way_back) = if all.height >= 2 { cut_bottom(rest, 1) } else { (Rect::ZERO, Rect::ZERO) };
    areas.strip = strip;
    areas.way_back = way_back;
    areas.message = rest;
    areas
}

fn zoomed(areas: &mut Areas, screen: &Screen, frames: Rect) {
    areas.shape = Shape::Zoomed;
    if screen.focus == Pane::Traffic {
        let (top, plan) = cut_bottom(frames, 2);
        (areas.traffic, areas.plan) = (grow_down(top), plan);
        return;
    }
    let (strip, pane) = cut_top(frames, 1);
    areas.strip = strip;
    match screen.focus {
        Pane::Checklist => areas.checklist = pane,
        Pane::Metrics => areas.metrics = pane,
        Pane::Logs | Pane::Traffic => areas.logs = pane,
    }
}

/// The diagram gets what it needs to be read, then the panes below and it share what is left.
fn full(areas: &mut Areas, screen: &Screen, frames: Rect) {
    areas.shape = Shape::Full;
    // Borders: above the traffic, above the plan, below the plan, at the bottom; and the plan's own row.
    let inside = frames.height.saturating_sub(5);
    let wanted = traffic::wanted_rows(screen);
    let lower_least = 7;
    let top = wanted.max(inside * 11 / 20).min(inside.saturating_sub(lower_least));
    let (upper, lower) = cut_top(frames, top + 4);
    let lower = grow_up(lower);
    // Without a router there is nothing to draw on the left, and people fly by the checklist.
    let right = if screen.routers == 0 { frames.width * 3 / 5 } else { (frames.width * 3 / 10).clamp(34, 72) };
    let (left, checklist) = cut_right(upper, right);
    areas.checklist = checklist;
    let left = grow_right(left);
    let (traffic, plan) = cut_bottom(left, 3);
    (areas.traffic, areas.plan) = (grow_down(traffic), plan);
    let (metrics, logs) = cut_right(lower, frames.width - (frames.width * 2 / 5).clamp(44, 90));
    (areas.metrics, areas.logs) = (grow_right(metrics), logs);
}

fn tabs(areas: &mut Areas, screen: &Screen, frames: Rect) {
    areas.shape = Shape::Tabs;
    let inside = frames.height.saturating_sub(5);
    let least = traffic::least_rows(screen);
    let wanted = traffic::wanted_rows(screen);
    // The diagram in full only where the pane below keeps room to work in.
    let top = if inside >= wanted + 12 { wanted } else { least.min(frames.height.saturating_sub(4)) };
    let (traffic, rest) = cut_top(frames, top + 1);
    let (plan, pane) = cut_top(rest, 2);
    areas.traffic = grow_down(traffic);
    // The split goes before the pane: where both do not fit, the pane is there when it is zoomed.
    if pane.height < 3 {
        areas.plan = rest;
        return;
    }
    areas.plan = grow_down(plan);
    let shown = match screen.focus {
        Pane::Traffic | Pane::Checklist => Pane::Checklist,
        Pane::Metrics => Pane::Metrics,
        Pane::Logs => Pane::Logs,
    };
    match shown {
        Pane::Traffic | Pane::Checklist => areas.checklist = pane,
        Pane::Metrics => areas.metrics = pane,
        Pane::Logs => areas.logs = pane,
    }
    let third = pane.width.saturating_sub(2) / 3;
    if pane.height > 0 {
        for (index, each) in (0_u16..).zip([Pane::Checklist, Pane::Metrics, Pane::Logs]) {
            areas.tabs.push((Rect::new(pane.x + 1 + index * third, pane.y, third, 1), each));
        }
    }
}

impl Areas {
    /// A pane with its border; without cells where it is not on the screen.
    pub fn pane(&self, pane: Pane) -> Rect {
        match pane {
            Pane::Traffic => self.traffic,
            Pane::Checklist => self.checklist,
            Pane::Metrics => self.metrics,
            Pane::Logs => self.logs,
        }
    }

    /// The inside of a pane.
    pub fn inner(&self, pane: Pane) -> Rect {
        inner(self.pane(pane))
    }

    /// How many rows of a pane are in view; at least one, so that a page is always a step.
    pub fn page(&self, pane: Pane) -> usize {
        usize::from(self.inner(pane).height.max(1))
    }

    /// What lies under a cell.
    pub fn hit(&self, column: u16, row: u16) -> Option<Hit> {
        let at = ratatui::layout::Position { x: column, y: row };
        if let Some((_, pane)) = self.tabs.iter().find(|(area, _)| area.contains(at)) {
            return Some(Hit { pane: *pane, row: None, on: HitOn::Tab });
        }
        if inner(self.plan).contains(at) {
            let column = column - inner(self.plan).x;
            return Some(Hit { pane: Pane::Traffic, row: None, on: HitOn::Plan { column } });
        }
        let pane = Pane::ALL.into_iter().find(|pane| self.pane(*pane).contains(at))?;
        let inside = self.inner(pane);
        let within = inside.contains(at).then(|| row - inside.y);
        let on = if pane == Pane::Traffic { self.inside.hit(column, row) } else { HitOn::Pane };
        Some(Hit { pane, row: within, on })
    }

    /// A box in the middle, for a dialog of this size; cut to the terminal, clear of the way back and the keys.
    pub fn dialog(&self, width: u16, height: u16) -> Rect {
        let room = Rect { height: self.all.height.saturating_sub(2), ..self.all };
        let (width, height) = (width.min(room.width), height.min(room.height));
        Rect::new(room.x + (room.width - width) / 2, room.y + (room.height - height) / 2, width, height)
    }
}

/// The inside of a bordered box.
pub fn inner(area: Rect) -> Rect {
    if area.width < 2 || area.height < 2 {
        return Rect { width: 0, height: 0, ..area };
    }
    Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2)
}

fn cut_top(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    (Rect { height: rows, ..area }, Rect { y: area.y + rows, height: area.height - rows, ..area })
}

fn cut_bottom(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    let (top, bottom) = cut_top(area, area.height - rows);
    (top, bottom)
}

fn cut_right(area: Rect, columns: u16) -> (Rect, Rect) {
    let columns = columns.min(area.width);
    let left = area.width - columns;
    (Rect { width: left, ..area }, Rect { x: area.x + left, width: columns, ..area })
}

/// One more row below or above, or one more column to the right: the border that two frames share.
fn grow_down(area: Rect) -> Rect {
    Rect { height: area.height + 1, ..area }
}

fn grow_up(area: Rect) -> Rect {
    Rect { y: area.y.saturating_sub(1), height: area.height + 1, ..area }
}

fn grow_right(area: Rect) -> Rect {
    Rect { width: area.width + 1, ..area }
}

#[cfg(test)]
mod tests;
