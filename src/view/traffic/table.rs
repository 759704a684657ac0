//! The pools side by side in numbers; then what is known of a drain; then what still stands before the next step.
//!
//! ```text
//!                  ▲ blue     ● green
//!  in flight       41 req      96 req
//!  req/s              372         868
//!  p99             212 ms      190 ms
//!  errors  12s     0.02 %      0.01 %
//!  guards    ✓ errors  ! p99 1/2   soak 3:12/5:00
//!
//!  ▲ ✓ weight 0 read back on 2 of 2 · 1s
//!  ▲ ○ in flight 17 · 1s
//!  ▲ – eu-2 cannot count in-flight
//!  ▲ ✓ log blue 0, quiet 0:12 · 3s behind
//!  next Blue 50   ✗ soak 3:12 of 5:00
//! ```
//!
//! Where there is no room for it, a line per pool:
//!
//! ```text
//!  ▲ blue      30 %    372 req/s     41 in flight   212 ms   0.02 %   3/3 up   draining, quiet 0:06 of 1:00
//! ```

use std::time::Duration;

use ratatui::layout::Rect;

use crate::cockpit::{Model, SOON};
use crate::domain::drain::{DrainState, Evidence, Finding, Line as Evidenced};
use crate::domain::{age, clock_span};
use crate::session::gate::{forward, gates};
use crate::session::proposal::{Gate, GateReport, GateState};
use crate::session::window::{next_kind, windows};
use crate::theme::Role;
use crate::view::format::{MISSING, millis, old, percent, rate, whole};
use crate::view::overlay::wrapped;
use crate::view::pen::{Pen, fit, width};
use crate::view::plan;
use crate::view::seen::{PoolSeen, Reading, Seen};

/// Columns of the labels.
const LABEL: u16 = 10;

/// Draws the table with what follows it.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, area: Rect, seen: &Seen<'_>) {
    if area.width < LABEL + 10 {
        return;
    }
    let pools = u16::try_from(seen.pools.len()).unwrap_or(u16::MAX);
    let column = ((area.width - LABEL) / pools.max(1)).clamp(8, 13);
    let mut head = pen.row_of(area, 0);
    head.cell(seen.number(), LABEL, &seen.old.map(|age| format!("read {}", old(age))).unwrap_or_default());
    for pool in &seen.pools {
        head.number(pool.role, column, &fit(&format!("{} {}", pool.spec.mark, pool.spec.id), column - 1));
    }
    let number = seen.number();
    let rows: [(&str, &str, Value); 4] = [
        ("in flight", " req", |pool| Cell::read(pool.in_flight.map(whole))),
        ("req/s", "", |pool| Cell::read(pool.rate.map(rate))),
        ("p99", " ms", |pool| Cell::charted(pool.p99, millis)),
        ("errors", " %", |pool| Cell::charted(pool.errors, percent)),
    ];
    for (row, (label, unit, value)) in (1..).zip(rows) {
        let mut cells = pen.row_of(area, row);
        let values: Vec<Cell> = seen.pools.iter().map(value).collect();
        // The age of what a metric source told stands beside its name: there is one interval for all pools.
        let age = values.iter().filter_map(Cell::age).max().map(|age| format!(" {}", old(age))).unwrap_or_default();
        let told = LABEL - width(&age).min(LABEL);
        cells.cell(Role::Dim, told.min(width(label)), label).cell(Role::Stale, LABEL - told.min(width(label)), &age);
        for cell in values {
            let role = match cell.from {
                _ if cell.text == MISSING => Role::Stale,
                From::Routers => number,
                From::Chart { is_old: true, .. } => Role::Stale,
                From::Chart { is_old: false, .. } => Role::Strong,
            };
            cells.number(role, column - width(unit), &cell.text).put(Role::Dim, unit);
        }
    }
    let guards = Rect { y: area.y + 5, height: area.height.saturating_sub(5), ..area };
    let above = 5 + super::guard::draw(pen, model, guards);
    // A row is left free below where there is one to spare.
    let above = above + u16::from(area.height > above + 4);
    let rest = Rect { y: area.y + above, height: area.height.saturating_sub(above), ..area };
    below(pen, model, rest, seen);
}

/// Takes a row's value of one pool.
type Value = fn(&PoolSeen<'_>) -> Cell;

/// Where a number comes from, which says how old it may be.
enum From {
    Routers,
    Chart { is_old: bool, age: Option<Duration> },
}

struct Cell {
    text: String,
    from: From,
}

impl Cell {
    fn read(text: Option<String>) -> Self {
        Self { text: text.unwrap_or_else(|| MISSING.to_owned()), from: From::Routers }
    }

    fn charted(reading: Reading, write: fn(f64) -> String) -> Self {
        let text = reading.value.map_or_else(|| MISSING.to_owned(), write);
        Self { text, from: From::Chart { is_old: reading.is_old, age: reading.age } }
    }

    fn age(&self) -> Option<Duration> {
        match self.from {
            From::Routers => None,
            From::Chart { age, .. } => age,
        }
    }
}

fn below(pen: &mut Pen<'_>, model: &Model, area: Rect, seen: &Seen<'_>) {
    let mut row = 0;
    for pool in &seen.pools {
        for (role, text) in drain_lines(model, pool) {
            if row + 1 < area.height {
                pen.row_of(area, row).put(pool.role, &pool.spec.mark).skip(1).put(role, &text);
                row += 1;
            }
        }
    }
    if row > 0 && row + 2 < area.height {
        row += 1;
    }
    for (role, text) in plan::schedule(model).into_iter().chain(next_lines(model)) {
        for line in wrapped(&text, area.width) {
            if row < area.height {
                pen.row_of(area, row).put(role, &line);
                row += 1;
            }
        }
    }
}

/// What speaks for and against drained, for a pool without weight: each line of evidence with its mark.
fn drain_lines(model: &Model, pool: &PoolSeen<'_>) -> Vec<(Role, String)> {
    let Some(drain) = pool.drain.filter(|drain| drain.state != DrainState::Active) else { return Vec::new() };
    if pool.share.is_none_or(|share| share > 0.0) {
        return Vec::new();
    }
    drain.lines.iter().flat_map(|line| evidence_lines(model, line)).collect()
}

/// A line of evidence: its mark, what it says, how long it has been quiet and how old that is; then who cannot count it.
fn evidence_lines(model: &Model, line: &Evidenced) -> Vec<(Role, String)> {
    let routers = model.flight.procedure.routers.len();
    let name = line.evidence.name();
    let quiet = line.quiet.map_or_else(String::new, |quiet| format!(", quiet {}", clock_span(quiet)));
    let since_look = model.flight.drains.values().filter_map(|drain| drain.looked).max();
    let since_look = since_look.map_or(Duration::ZERO, |looked| model.now.elapsed.since(looked));
    let old = match (line.age, line.watermark) {
        (None, _) => String::new(),
        (Some(lag), Some(_)) => format!(" · {} behind", age(lag + since_look)),
        (Some(old), None) => format!(" · {}", age(old + since_look)),
    };
    let first = match &line.finding {
        Finding::Zero if line.evidence == Evidence::WeightZero => {
            (Role::Good, format!("✓ {name} on {routers} of {routers}{old}"))
        }
        Finding::Zero => (Role::Good, format!("✓ {name} {}{quiet}{old}", line.evidence.nothing())),
        Finding::Some(_) => (Role::Wait, format!("○ {name} {}{old}", model.flight.amount(line))),
        Finding::CannotCount => (Role::Dim, format!("– {name}: no router can count it")),
        Finding::Unknown { why } => (Role::Stale, format!("? {name} unknown: {why}{old}")),
    };
    let cannot = model.flight.cannot_count(line);
    let second = (!cannot.is_empty()).then(|| (Role::Dim, format!("– {cannot}")));
    std::iter::once(first).chain(second).collect()
}

/// What stands before the next step: its name, then the gates that do not hold.
pub(in crate::view) fn next_lines(model: &Model) -> Vec<(Role, String)> {
    let flight = &model.flight;
    let plan = &flight.procedure.plan;
    if plan.is_empty() || !flight.session.is_open() {
        return Vec::new();
    }
    let Some(step) = flight.session.next_step(plan) else {
        return vec![(Role::Good, "✓ every step of the plan is over".to_owned())];
    };
    let reports = gates(&flight.session, &flight.procedure, forward(step), &flight.evidence(model.now), model.now.wall);
    let open = reports.iter().filter(|report| report.state != GateState::Holds).count();
    let head = match (open, reports.len()) {
        (0, 0) => (Role::Good, format!("✓ next: {}", step.name)),
        (0, 1) => (Role::Good, format!("✓ next: {}, its gate holds", step.name)),
        (0, all) => (Role::Good, format!("✓ next: {}, all {all} gates hold", step.name)),
        _ => (Role::Text, format!("next: {}", step.name)),
    };
    let failing = reports.iter().filter(|report| report.state != GateState::Holds).map(gate_line);
    std::iter::once(head).chain(failing).chain(closing(model)).collect()
}

/// Windows that are open and close within a day, with when they do.
fn closing(model: &Model) -> impl Iterator<Item = (Role, String)> {
    let (flight, now) = (&model.flight, model.now.wall);
    let kind = next_kind(&flight.session, &flight.procedure);
    windows(&flight.procedure, kind, now).into_iter().filter_map(move |stands| {
        let left = stands.closes_in(now).filter(|left| *left <= Duration::from_hours(24))?;
        let (role, mark) = if left <= SOON { (Role::Wait, "!") } else { (Role::Good, "✓") };
        Some((role, format!("{mark} {}", stands.text)))
    })
}

/// One gate with its mark.
pub(in crate::view) fn gate_line(report: &GateReport) -> (Role, String) {
    match report.state {
        GateState::Holds => (Role::Good, format!("✓ {}", report.text)),
        GateState::Fails if is_wrong(&report.gate) => (Role::Bad, format!("✗ {}", report.text)),
        GateState::Fails => (Role::Wait, format!("✗ {}", report.text)),
        GateState::Inconclusive => (Role::Wait, format!("? {}", report.text)),
    }
}

/// Whether a gate that fails is wrong now; others wait for time or for the operator.
fn is_wrong(gate: &Gate) -> bool {
    match gate {
        Gate::Destination { .. }
        | Gate::NoDrift
        | Gate::Readings
        | Gate::Guard { .. }
        | Gate::Check { .. }
        | Gate::Checks { .. }
        | Gate::Version => true,
        Gate::NoHold
        | Gate::Items { .. }
        | Gate::Drained { .. }
        | Gate::Soak
        | Gate::SoakBeforeEnd
        | Gate::NoTraffic { .. }
        | Gate::Untouched { .. }
        | Gate::ActionKnown { .. }
        | Gate::WayBack { .. }
        | Gate::Window { .. }
        | Gate::Approval { .. } => false,
    }
}

/// One line per pool.
pub(super) fn lines(pen: &mut Pen<'_>, area: Rect, seen: &Seen<'_>) {
    let number = seen.number();
    for (row, pool) in (0..area.height).zip(&seen.pools) {
        let mut cells = pen.row_of(area, row);
        let share = pool.percent_fixed();
        cells.skip(1).put(pool.role, &pool.spec.mark).skip(1).cell(pool.role, 9, pool.spec.id.as_str());
        cells.number(number, 5, &share).put(Role::Dim, " %");
        cells.number(number, 7, &pool.rate.map_or_else(|| MISSING.to_owned(), rate)).put(Role::Dim, " req/s");
        cells.number(number, 5, &pool.in_flight.map_or_else(|| MISSING.to_owned(), whole)).put(Role::Dim, " in flight");
        let p99 = Cell::charted(pool.p99, millis);
        cells.number(charted(pool.p99), 6, &p99.text).put(Role::Dim, " ms");
        let errors = Cell::charted(pool.errors, percent);
        cells.number(charted(pool.errors), 6, &errors.text).put(Role::Dim, " %");
        if let Some(age) = pool.p99.age.max(pool.errors.age) {
            cells.put(Role::Stale, &format!(" {}", old(age)));
        }
        cells.skip(2);
        match drain_word(pool) {
            Some((role, text)) if cells.left() > 12 || pool.servers.is_none_or(|(up, all)| up == all) => {
                cells.put(role, &text);
            }
            _ => {
                let (role, text) = match pool.servers {
                    Some((up, all)) if up < all => (Role::Bad, format!("{up}/{all} up")),
                    Some((up, all)) => (Role::Dim, format!("{up}/{all} up")),
                    None => (Role::Stale, MISSING.to_owned()),
                };
                cells.put(role, &text);
            }
        }
    }
}

fn charted(reading: Reading) -> Role {
    if reading.is_old || reading.value.is_none() { Role::Stale } else { Role::Strong }
}

/// A drain in a word, for a pool without weight.
fn drain_word(pool: &PoolSeen<'_>) -> Option<(Role, String)> {
    let drain = pool.drain.filter(|_| pool.share.is_some_and(|share| share == 0.0))?;
    match drain.state {
        DrainState::Active => None,
        DrainState::Drained => Some((Role::Good, "✓ drained".to_owned())),
        DrainState::Draining => {
            let words = match drain.quiet_for() {
                Some(quiet) => format!("quiet {}", clock_span(quiet)),
                None => "draining".to_owned(),
            };
            Some((Role::Wait, words))
        }
        DrainState::Unknown => Some((Role::Stale, "? drain".to_owned())),
    }
}
