//! After a change, and between its waves: what is known of each router; and a router that is not what the plan gave it.
//!
//! ```text
//! ╭ 50 / 50: not done everywhere ──────────────────────────────────────────╮
//! │  ✗ 1 failed    ✓ 1 verified    · 2 wait                                │
//! │  wave 3 of 3 waits: not every router before it is verified             │
//! │                                                                        │
//! │  eu-2  ? unknown, asking again: no answer for 2 s                      │
//! │        last known 30 / 70, 7s old                                      │
//! │  eu-1  ✓ verified  0.009 s  reads 50 / 50                              │
//! │  wave 3 waits: us-1, us-2                                              │
//! │                                                                        │
//! │  r retry    b put back    l leave, with a reason    Esc close          │
//! ╰────────────────────────────────────────────────────────────────────────╯
//! ```

use super::{Piece, Sheet, key, piece};
use crate::cockpit::{Action, Model};
use crate::domain::{Outcome, RouterId, age};
use crate::flight::execute::{Leg, Phase};
use crate::session::Change;
use crate::theme::Role;
use crate::view::format::took;
use crate::view::key as keys;
use crate::view::state::{self, RouterState, leg_state, outcome_state, shares};

/// Routers up to so many are told one by one without being counted first.
const FEW: usize = 4;
/// Verified routers up to so many have a line each.
const LINES: usize = 8;

/// Routers up to so many are named.
const NAMED: usize = 60;

/// How urgently a router wants to be looked at, the most urgent first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Trouble,
    UnderWay,
    Verified,
    Waits,
}

/// One router of the change.
struct Row<'m> {
    router: &'m RouterId,
    sort: Sort,
    /// The word that it is counted under.
    word: &'static str,
    state: RouterState,
    leg: Option<&'m Leg>,
}

/// The dialog of a change that is not done everywhere, or that goes in waves.
pub(super) fn partial(model: &Model) -> Sheet {
    let Some(change) = model.flight.session.in_flight() else {
        let mut sheet = Sheet::new("Not done everywhere");
        sheet.line(vec![piece(Role::Good, "✓ nothing is open any more")]);
        sheet.pin(key(&keys::of(model, &Action::Escape), "close"));
        return sheet;
    };
    let is_stuck = model.partial().is_some();
    let title = if is_stuck { "not done everywhere" } else { "router by router" };
    let mut sheet = Sheet::new(format!("{}: {title}", change.confirmed.to));
    sheet.border = if is_stuck { Role::Bad } else { Role::Accent };
    sheet.width = 84;
    let rows = rows(model, change);
    if let Some(words) = model.wave_words() {
        let role = if is_stuck || model.wave_wants_a_word() { Role::Wait } else { Role::Strong };
        sheet.line(counts(&rows));
        sheet.line(vec![piece(role, words)]);
        sheet.gap();
    } else if rows.len() > FEW {
        sheet.line(counts(&rows));
        sheet.gap();
    }
    let names = rows.iter().filter(|row| row.sort != Sort::Waits).map(|row| row.router.as_str().chars().count());
    let names = names.max().unwrap_or(0);
    let verified = rows.iter().filter(|row| row.sort == Sort::Verified).count();
    for row in rows.iter().filter(|row| row.sort < Sort::Verified || (row.sort == Sort::Verified && verified <= LINES))
    {
        told(model, &mut sheet, row, names);
    }
    if verified > LINES {
        let each = rows.iter().filter(|row| row.sort == Sort::Verified).map(|row| row.router.as_str());
        sheet.line(vec![piece(Role::Good, "✓ verified: "), piece(Role::Text, names_of(&each.collect::<Vec<_>>()))]);
    }
    waiting(&mut sheet, change, &rows);
    let mut line = Vec::new();
    if is_stuck || change.confirmed.waves.are_all_at_once() {
        line.extend(key(&keys::of(model, &Action::Retry), "retry what is not verified"));
    }
    if model.wave_wants_a_word() {
        let text = format!("send wave {}", change.waves_sent + 1);
        line.extend(key(&keys::of(model, &Action::SendWave), &text));
    }
    line.extend(key(&keys::of(model, &Action::PutBack), "put back"));
    if let Some(router) = model.router_to_exclude().filter(|_| is_stuck) {
        let text = format!("leave {router} out of the plan");
        line.extend(key(&keys::of(model, &Action::ExcludeRouter), &text));
    }
    line.extend(key(&keys::of(model, &Action::Leave), "leave, with a reason"));
    line.extend(key(&keys::of(model, &Action::Escape), "close"));
    sheet.pin(line);
    sheet
}

/// How many routers there are of each word.
pub(super) fn counted(model: &Model, change: &Change) -> Vec<Piece> {
    counts(&rows(model, change))
}

/// Every router with what is known of it, the most urgent first, else in their order.
fn rows<'m>(model: &'m Model, change: &'m Change) -> Vec<Row<'m>> {
    let execution = model.flight.execution(change.id());
    let waiting: std::collections::BTreeSet<&RouterId> = change.waiting().collect();
    let row = |router: &'m RouterId| {
        let leg = execution.and_then(|execution| execution.legs.get(router));
        let outcome = change.outcomes.get(router).and_then(|known| known.outcome.as_ref());
        let drifted = model.flight.session.drifted.contains_key(router);
        let (sort, word, state) = match (leg, outcome) {
            _ if change.excluded.contains(router) => (Sort::Trouble, "left out", state::router(model, router)),
            _ if drifted => (Sort::Trouble, "drifted", state::router(model, router)),
            (Some(leg), _) => {
                let (sort, word) = match (leg.phase, &leg.outcome) {
                    (Phase::Sending, _) => (Sort::UnderWay, "sending"),
                    (Phase::ReadingBack { .. }, _) => (Sort::UnderWay, "accepted"),
                    (Phase::Asking { .. }, None) => (Sort::UnderWay, "asked"),
                    (Phase::Done, None) => (Sort::UnderWay, "without a word"),
                    (Phase::Asking { .. } | Phase::Done, Some(outcome)) => sorted(outcome),
                };
                (sort, word, leg_state(model, leg))
            }
            (None, Some(outcome)) => {
                let (sort, word) = sorted(outcome);
                (sort, word, outcome_state(model, outcome))
            }
            (None, None) if waiting.contains(router) => (Sort::Waits, "waiting", state::router(model, router)),
            (None, None) => (Sort::UnderWay, "without a word", state::router(model, router)),
        };
        Row { router, sort, word, state, leg }
    };
    let mut rows: Vec<Row<'_>> = change.confirmed.routers.iter().map(|order| row(&order.router)).collect();
    rows.sort_by_key(|row| row.sort);
    rows
}

fn sorted(outcome: &Outcome) -> (Sort, &'static str) {
    let sort = match outcome {
        Outcome::Verified => Sort::Verified,
        Outcome::Accepted => Sort::UnderWay,
        Outcome::NotSent { .. }
        | Outcome::Differs { .. }
        | Outcome::Moved { .. }
        | Outcome::Failed { .. }
        | Outcome::Unknown { .. } => Sort::Trouble,
    };
    (sort, outcome.word())
}

fn counts(rows: &[Row<'_>]) -> Vec<Piece> {
    let mut found: Vec<(&Row<'_>, usize)> = Vec::new();
    for row in rows {
        match found.iter_mut().find(|(first, _)| first.word == row.word) {
            Some((_, count)) => *count += 1,
            None => found.push((row, 1)),
        }
    }
    let each = |(first, count): (&Row<'_>, usize)| {
        piece(first.state.role, format!("{} {count} {}    ", first.state.mark, first.word))
    };
    found.into_iter().map(each).collect()
}

/// One router: its state, and what it reads.
fn told(model: &Model, sheet: &mut Sheet, row: &Row<'_>, names: usize) {
    let mut line = vec![
        piece(Role::Strong, format!("{:<names$}  ", row.router.as_str())),
        piece(row.state.role, format!("{} {}", row.state.mark, row.state.words)),
    ];
    if let Some(span) = row.leg.and_then(|leg| leg.took) {
        line.push(piece(Role::Dim, format!("  {}", took(span))));
    }
    let (role, reads) = reads(model, row.router);
    if row.sort == Sort::Verified {
        line.push(piece(role, format!("  {reads}")));
        sheet.line(line);
    } else {
        sheet.line(line);
        sheet.line(vec![piece(role, format!("{}{reads}", " ".repeat(names + 4)))]);
    }
}

/// What a router has, as far as it is known.
fn reads(model: &Model, router: &RouterId) -> (Role, String) {
    let watch = model.flight.watches.get(router);
    let Some(seen) = watch.and_then(|watch| watch.last.as_ref()) else {
        return (Role::Stale, "never read".to_owned());
    };
    let split = shares(model, &seen.reading.native);
    if watch.is_some_and(|watch| watch.fresh(model.now.elapsed).is_some()) {
        (Role::Text, format!("reads {split}"))
    } else {
        let old = model.now.elapsed.since(seen.at.elapsed);
        (Role::Stale, format!("last known {split}, {} old", age(old)))
    }
}

/// Names one by one; of very many, where they begin and end.
fn names_of(names: &[&str]) -> String {
    match names {
        [first, .., last] if names.len() > NAMED => {
            format!("{first} … {last}, {} routers", crate::view::format::whole(names.len() as u64))
        }
        few => few.join(", "),
    }
}

/// A line for each wave that waits: nothing was sent to its routers.
fn waiting(sheet: &mut Sheet, change: &Change, rows: &[Row<'_>]) {
    for (number, wave) in (1..).zip(change.confirmed.waves.iter()).skip(change.waves_sent) {
        let waits = |router: &&RouterId| rows.iter().any(|row| row.sort == Sort::Waits && row.router == *router);
        let routers: Vec<&str> = wave.iter().filter(waits).map(RouterId::as_str).collect();
        if !routers.is_empty() {
            sheet.line(vec![
                piece(Role::Dim, format!("· wave {number} waits: ")),
                piece(Role::Text, names_of(&routers)),
            ]);
        }
    }
}

/// The dialog of a drifted router.
pub(super) fn drift(model: &Model, router: &RouterId) -> Sheet {
    let flight = &model.flight;
    let mut sheet = Sheet::new(format!("{router} is not what the plan gave it"));
    sheet.border = Role::Bad;
    sheet.width = 84;
    let Some(drifted) = flight.session.drifted.get(router) else {
        sheet.border = Role::Accent;
        sheet.line(vec![piece(Role::Good, "✓ it is again")]);
        sheet.pin(key(&keys::of(model, &Action::Escape), "close"));
        return sheet;
    };
    let since = model.now.wall.since(drifted.at);
    let why = if drifted.restarted {
        "Its process was replaced, and its runtime weights were lost."
    } else {
        "Its weights were changed outside of this session."
    };
    sheet.line(vec![
        piece(Role::Text, why),
        piece(Role::Dim, format!("  {} ago, at {}", age(since), drifted.at.clock())),
    ]);
    sheet.gap();
    if let Some(expected) = flight.session.expected.get(router) {
        sheet.line(vec![piece(Role::Dim, "the plan gave it  "), piece(Role::Strong, shares(model, expected))]);
        sheet.line(vec![piece(Role::Dim, "it reads          "), piece(Role::Bad, shares(model, &drifted.read))]);
        sheet.gap();
        for difference in expected.differences(&drifted.read) {
            sheet.line(vec![piece(Role::Text, format!("  {difference}"))]);
        }
    }
    let mut line = key(&keys::of(model, &Action::PutBack), "put it back");
    line.extend(key(&keys::of(model, &Action::AcceptDrift), "take it as it is, with a reason"));
    line.extend(key(&keys::of(model, &Action::RollBack), "roll back"));
    line.extend(key(&keys::of(model, &Action::Escape), "close"));
    sheet.pin(line);
    sheet
}
