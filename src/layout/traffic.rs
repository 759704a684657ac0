//! The inside of the traffic pane.
//!
//! ```text
//! labels    bar ──────────────────────── facts        a row per router, then the draft
//!
//!           the fall
//!   ┌ vessel ──┐  ┌ vessel ──┐   table of the pools
//!   └──────────┘  └──────────┘
//! ```
//!
//! Where there is no room for vessels, one line per pool takes their place.

use ratatui::layout::{Position, Rect};

use super::{HitOn, Screen, inner};
use crate::domain::BasisPoints;

/// Where everything in the traffic pane is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Traffic {
    /// The rows of the routers in view, over the whole width.
    pub routers: Rect,
    /// The first row in view.
    pub first: usize,
    /// The row of the draft.
    pub draft: Rect,
    /// The columns of the bars, over the rows of routers and draft.
    pub bar: Rect,
    /// The columns right of the bars: numbers and words.
    pub facts: Rect,
    /// Where traffic falls.
    pub fall: Rect,
    /// The vessels with their borders, in the order of the pools.
    pub vessels: Vec<Rect>,
    /// The table of the pools and what is known of drain and gates.
    pub table: Rect,
    /// One line per pool, where there are no vessels.
    pub lines: Rect,
}

/// Columns of a router's name, kind and mark.
const LABEL: u16 = 19;
/// Columns of the table beside the vessels, at least.
const TABLE: u16 = 38;
/// Rows of the smallest vessel with its border, and of the smallest fall.
const VESSEL: u16 = 6;
const FALL: u16 = 2;

/// Rows that the diagram with vessels wants.
pub(super) fn wanted_rows(screen: &Screen) -> u16 {
    if screen.routers == 0 { least_rows(screen) } else { bars(screen) + 3 + VESSEL + 4 }
}

/// Rows without vessels: a line per router, draft and pool.
pub(super) fn least_rows(screen: &Screen) -> u16 {
    if screen.routers == 0 {
        // What runs, and what comes next.
        return 3;
    }
    bars(screen) + u16::try_from(screen.pools).unwrap_or(u16::MAX).min(4)
}

/// Rows of the bars: up to six routers and the draft's row, which is kept free so that nothing jumps.
fn bars(screen: &Screen) -> u16 {
    u16::try_from(screen.routers.clamp(1, 6)).unwrap_or(1) + 1
}

/// Where everything in a traffic pane with this border is.
pub fn traffic(pane: Rect, screen: &Screen) -> Traffic {
    let inside = inner(pane);
    if inside.is_empty() {
        return Traffic::default();
    }
    let pools = u16::try_from(screen.pools.max(1)).unwrap_or(u16::MAX);
    let wants_vessels = VESSEL + FALL;
    let fits = inside.width >= pools.saturating_mul(14).saturating_add(TABLE) && inside.height >= wants_vessels + 3;
    let below = if fits { wants_vessels } else { pools.min(4) };
    let room = inside.height.saturating_sub(below).max(1);
    // With much room more routers are shown, never at the cost of the diagram.
    let most = if inside.height > 30 { room / 2 } else { room };
    let all = u16::try_from(screen.routers.max(1)).unwrap_or(u16::MAX);
    let rows = all.min(most.saturating_sub(1).max(1)).min(inside.height);
    let first =
        screen.router.saturating_sub(usize::from(rows) - 1).min(screen.routers.saturating_sub(usize::from(rows)));
    let has_draft = inside.height > rows;
    let bars = rows + u16::from(has_draft);
    let label = LABEL.min(inside.width / 3);
    let facts = facts_width(inside.width, pools);
    let width = inside.width.saturating_sub(label + facts);
    let mut found = Traffic {
        routers: Rect { height: rows, ..inside },
        first,
        draft: Rect { y: inside.y + rows, height: u16::from(has_draft), ..inside },
        bar: Rect { x: inside.x + label, width, height: bars, ..inside },
        facts: Rect { x: inside.x + label + width, width: facts, height: bars, ..inside },
        ..Traffic::default()
    };
    let rest = Rect { y: inside.y + bars, height: inside.height - bars, ..inside };
    if fits && rest.height >= wants_vessels {
        vessels(&mut found, rest, pools);
    } else {
        found.lines = rest;
    }
    found
}

/// The split's numbers, then what was observed and the age, as the width allows.
fn facts_width(width: u16, pools: u16) -> u16 {
    let numbers = (pools.saturating_mul(7)).min(28);
    let observed = match width {
        0..50 => 0,
        50..76 => 4,
        76..100 => 20,
        _ => 30,
    };
    (numbers + observed).min(width / 2)
}

fn vessels(found: &mut Traffic, rest: Rect, pools: u16) {
    let tall = (rest.height * 3 / 5).clamp(VESSEL, 16).min(rest.height - FALL);
    let fall = rest.height - tall;
    let table = TABLE.max(rest.width * 2 / 5).min(64);
    let room = rest.width - table - 2;
    let each = (room / pools).saturating_sub(2).clamp(12, 60);
    let gap = (room.saturating_sub(each * pools) / pools).max(1);
    for index in 0..pools {
        let x = rest.x + gap / 2 + index * (each + gap);
        if x + each <= rest.right() - table {
            found.vessels.push(Rect::new(x, rest.y + fall, each, tall));
        }
    }
    let right = found.vessels.last().map_or(rest.x, |vessel| vessel.right());
    found.fall = Rect { height: fall, width: rest.width - table, ..rest };
    let x = (right + 3).min(rest.right());
    found.table = Rect { x, width: rest.right() - x, y: rest.y + 1, height: rest.height - 1 };
}

impl Traffic {
    pub(super) fn hit(&self, column: u16, row: u16) -> HitOn {
        let at = Position { x: column, y: row };
        if self.bar.contains(at) {
            let cells = u32::from(self.bar.width.saturating_sub(1).max(1));
            let points = u32::from(column - self.bar.x) * BasisPoints::ALL.0 / cells;
            return HitOn::Bar(BasisPoints(points.min(BasisPoints::ALL.0)));
        }
        if self.routers.contains(at) {
            return HitOn::Router(self.first + usize::from(row - self.routers.y));
        }
        HitOn::Pane
    }

    #[cfg(test)]
    pub(super) fn rectangles(&self) -> Vec<Rect> {
        let mut found = vec![self.routers, self.draft, self.bar, self.facts, self.fall, self.table, self.lines];
        found.extend(&self.vessels);
        found
    }
}
