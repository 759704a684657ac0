//! A row per router: name, kind and state, the bar, the split as read, and what was observed or what is wrong.
//!
//! ```text
//!  eu-1 haproxy      ✓ ■■■■■■■■■■■■■■■■■■■■■■■■■■■■■   30 / 70  % seen 29.4 ±1.6 % consistent  4s
//!  eu-2 haproxy      ✓ ■■■■■■■■■■■■■■■■■■■■■■■■■■■■■   30 / 70  % off 41.0 ±1.6 %: sticky
//!  draft               □□□□□□□□□□□□□□□□□□□□□□□□□□□□□   50 / 50  % ▲ +248 req/s
//! ```

use super::bar::{self, Look};
use crate::cockpit::{Action, Likely, Model};
use crate::domain::procedure::RouterSpec;
use crate::domain::share::{Agreement, Observed};
use crate::domain::{Freshness, PoolId, Proof, Shares, Weights};
use crate::layout::Traffic;
use crate::theme::Role;
use crate::view::format::{MISSING, aligned, old, share, signed, split};
use crate::view::pen::{Pen, Row, fit_middle, width};
use crate::view::seen::Seen;
use crate::view::state;

/// Draws the rows of the routers in view.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, inside: &Traffic) {
    let selected = model.router_row();
    for (row, at) in (0..inside.routers.height).zip(inside.first..) {
        let Some(router) = model.router_in(at) else { break };
        one(pen, model, inside, row, at == selected, router);
    }
}

fn one(pen: &mut Pen<'_>, model: &Model, inside: &Traffic, row: u16, is_chosen: bool, router: &RouterSpec) {
    let procedure = &model.flight.procedure;
    let now = model.now.elapsed;
    let watch = model.flight.watches.get(&router.id);
    let freshness =
        watch.map_or(Freshness::Missing, |watch| watch.freshness(now, model.flight.is_close(now), &procedure.timing));
    let state = state::router(model, &router.id);
    let y = inside.routers.y + row;
    let many = procedure.routers.len() > 1;
    let selected = many && is_chosen && model.focus == crate::cockpit::Pane::Traffic;
    let label = inside.bar.x - inside.routers.x;
    let mut cells = pen.row(inside.routers.x, y, label);
    cells.put(Role::Accent, if selected { "›" } else { " " });
    let room = cells.left().saturating_sub(3);
    let text = fit_middle(router.id.as_str(), room);
    let name = width(&text);
    cells.put(if selected { Role::Strong } else { Role::Text }, &text);
    // The kind stands there whole or not at all.
    let kind = if name + 1 + width(&router.kind) <= room { router.kind.as_str() } else { "" };
    // Who points at it stands in the kind's place.
    match crate::view::pointer::mark(model, router.id.as_str()) {
        Some(mark) => cells.skip(1).cell(Role::Accent, room.saturating_sub(name + 1), &mark),
        None => cells.skip(1).cell(Role::Dim, room.saturating_sub(name + 1), kind),
    };
    let mark = cells.left().saturating_sub(2);
    cells.skip(mark).put(state.role, state.mark.encode_utf8(&mut [0; 4]));
    let shares = watch.and_then(|watch| watch.shares());
    let look = if freshness.is_live() { Look::Live } else { Look::Old };
    let bar_cells = inside.bar.width.saturating_sub(1);
    match shares {
        Some(shares) => {
            let marks: Vec<&str> = procedure.pools.iter().map(|pool| pool.mark.as_str()).collect();
            bar::bar(pen, inside.bar.x, y, bar_cells, &parts(shares), &marks, look);
        }
        None => pen.run(inside.bar.x, y, bar_cells, "·", pen.style(Role::Stale)),
    }
    facts(pen, model, inside, y, router, shares, freshness, &state);
}

#[expect(clippy::too_many_arguments, reason = "the facts of one row, each of another sort")]
fn facts(
    pen: &mut Pen<'_>,
    model: &Model,
    inside: &Traffic,
    y: u16,
    router: &RouterSpec,
    shares: Option<&Shares>,
    freshness: Freshness,
    state: &state::RouterState,
) {
    let numbers = if freshness.is_live() { Role::Strong } else { Role::Stale };
    let text = shares.map_or_else(|| aligned(&vec![MISSING.to_owned(); model.flight.procedure.pools.len()]), split);
    let mut cells = pen.row(inside.facts.x, y, inside.facts.width);
    cells.put(numbers, &text);
    if let Some(age) = freshness.age().filter(|age| *age > router.poll || !freshness.is_live()) {
        cells.end(if freshness.is_live() { Role::Dim } else { Role::Stale }, &format!(" {:>3}", old(age)));
    }
    cells.put(Role::Dim, percent_after(&text)).skip(1);
    if !state.words.is_empty() {
        cells.put(state.role, &state.words);
        return;
    }
    if let Some(words) = effective(model, router) {
        cells.put(Role::Wait, &words);
        return;
    }
    if let Some(left) = model.flight.settling(&router.id, model.now.elapsed) {
        cells.put(Role::Wait, &format!("traffic follows within {}", crate::domain::age(left)));
        return;
    }
    let Some((mark, seen)) = told(model, &model.flight.observed(&router.id)) else {
        let proof = router.capabilities.proof;
        if proof < Proof::Observed && shares.is_some() {
            cells.put(Role::Dim, &format!("{}: it counts no requests", proof.word()));
        }
        return;
    };
    let percent = seen.share.fraction().unwrap_or_default() * 100.0;
    let role = match seen.agreement {
        Agreement::Consistent => Role::Text,
        Agreement::NotEnoughYet => Role::Dim,
        Agreement::Off => return off(&mut cells, model, router, &mark, &seen),
    };
    cells.put(Role::Dim, "seen ").put(Role::Text, &mark).put(role, &format!("{percent:>4.1}"));
    cells.put(Role::Dim, &format!(" {:<7}", format!("±{:.1} %", seen.interval.half_width_points())));
    let word = seen.agreement.word();
    if cells.left() >= width(word) {
        cells.put(role, word);
    }
}

/// A share that is off, and why that is likely: as much of it as there is room for, and the key that tells the rest.
fn off(cells: &mut Row<'_, '_>, model: &Model, router: &RouterSpec, mark: &str, seen: &Observed) {
    let percent = seen.share.fraction().unwrap_or_default() * 100.0;
    let half = seen.interval.half_width_points();
    let key = crate::view::key::in_panes(model, &Action::Details);
    let word = model.likely_reason(&router.id).and_then(Likely::word);
    let of_word = |word| [format!("{mark}{percent:.1} ±{half:.1} %: {word}"), format!("{mark}{percent:.1}: {word}")];
    let of_key = [format!("{mark}{percent:.1} %, {key} why"), format!("{mark}{percent:.1}, {key}")];
    let fits = |text: &String| width(text) + 4 <= cells.left();
    let text = word.map(of_word).into_iter().flatten().chain(of_key).find(fits);
    cells.put(Role::Bad, "off ").put(Role::Bad, &text.unwrap_or_else(|| format!("{percent:.1}")));
}

/// The unit of a split's numbers, with the gap that they leave.
fn percent_after(numbers: &str) -> &'static str {
    if numbers.ends_with(' ') { "%" } else { " %" }
}

/// The observed share that says most: one that is off, else the first pool's; with the pool's mark where it is another.
fn told(model: &Model, observed: &[(PoolId, Observed)]) -> Option<(String, Observed)> {
    let place = observed.iter().position(|(_, seen)| seen.agreement == Agreement::Off).unwrap_or(0);
    let (pool, seen) = observed.get(place)?;
    let mark = if place == 0 { None } else { model.flight.procedure.pool(pool) };
    Some((mark.map(|pool| format!("{} ", pool.mark)).unwrap_or_default(), *seen))
}

/// What the living servers really get, where that is not what the weights say.
fn effective(model: &Model, router: &RouterSpec) -> Option<String> {
    let reading = &model.flight.watches.get(&router.id)?.last.as_ref()?.reading;
    let native = reading.native.shares(model.flight.procedure.pool_ids());
    let moved = reading.effective.0.iter().any(|(pool, gets)| {
        gets.fraction().zip(native.of(pool).fraction()).is_some_and(|(gets, set)| (gets - set).abs() > 0.005)
    });
    let texts: Vec<String> = reading.effective.0.iter().map(|(_, each)| share(each.part, each.whole)).collect();
    moved.then(|| format!("living servers get {}", texts.join(" / ")))
}

pub(super) fn parts(shares: &Shares) -> Vec<f64> {
    shares.0.iter().map(|(_, share)| share.fraction().unwrap_or(0.0)).collect()
}

fn points(weights: &Weights) -> Vec<f64> {
    weights.iter().map(|(_, points)| points.fraction()).collect()
}

/// Draws the row of the draft.
pub(super) fn draft(pen: &mut Pen<'_>, model: &Model, inside: &Traffic, seen: &Seen<'_>) {
    let Some(draft) = model.draft.as_ref().filter(|_| !inside.draft.is_empty()) else { return };
    let y = inside.draft.y;
    let pool = model.pool().and_then(|pool| seen.pools.iter().find(|each| each.spec.id == *pool));
    let mut cells = pen.row(inside.draft.x, y, inside.bar.x - inside.draft.x);
    cells.skip(1).put(Role::Wait, "draft");
    if let Some(pool) = pool {
        cells.skip(1).put(pool.role, &pool.spec.mark).skip(1);
        let typed = if draft.typed.is_empty() { String::new() } else { format!("{}▏", draft.typed) };
        if typed.is_empty() {
            cells.put(Role::Dim, pool.spec.id.as_str());
        } else {
            cells.put(Role::Strong, &typed);
        }
    }
    bar::bar(pen, inside.bar.x, y, inside.bar.width.saturating_sub(1), &points(&draft.weights), &[], Look::Draft);
    let texts: Vec<String> = draft.weights.iter().map(|(_, points)| points.to_string()).collect();
    let mut cells = pen.row(inside.facts.x, y, inside.facts.width);
    let text = aligned(&texts);
    cells.put(Role::Wait, &text).put(Role::Dim, percent_after(&text)).skip(1);
    let moved = pool.and_then(|pool| {
        let wanted = draft.weights.of(&pool.spec.id).fraction();
        Some((pool, (wanted - pool.share?) * seen.total?))
    });
    if let Some((pool, moved)) = moved {
        cells.put(pool.role, &pool.spec.mark).put(Role::Text, &format!(" {}", signed(moved))).put(Role::Dim, " req/s");
    }
}
