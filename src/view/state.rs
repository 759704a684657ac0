//! The state of a router in a mark and a few words: during a change, after it, and when it is silent.

use crate::cockpit::Model;
use crate::domain::{Freshness, NativeSplit, Outcome, RouterId, age};
use crate::flight::execute::{Leg, Phase};
use crate::session::event::Settlement;
use crate::theme::Role;

/// A router's state as it is drawn.
pub(super) struct RouterState {
    pub(super) mark: char,
    pub(super) role: Role,
    /// A few words; empty where the mark says it all.
    pub(super) words: String,
}

impl RouterState {
    fn new(mark: char, role: Role, words: impl Into<String>) -> Self {
        Self { mark, role, words: words.into() }
    }
}

/// The state of one router: what is under way first, then what is wrong, then what was read.
pub(super) fn router(model: &Model, id: &RouterId) -> RouterState {
    let flight = &model.flight;
    let Some(watch) = flight.watches.get(id) else { return RouterState::new('?', Role::Stale, "not watched") };
    let now = model.now.elapsed;
    let silent = watch.trouble.as_ref();
    let is_executing = flight.executing.iter().any(|execution| execution.legs.contains_key(id));
    if let Some(why) = flight.session.excluded.get(id).filter(|_| !is_executing) {
        let silent = if silent.is_some() { ", does not answer" } else { "" };
        return RouterState::new('!', Role::Bad, format!("LEFT OUT{silent}: {}", why.what));
    }
    if let Some(leg) = flight.executing.iter().rev().find_map(|execution| execution.legs.get(id)) {
        let waits = matches!(leg.phase, Phase::ReadingBack { .. } | Phase::Asking { .. });
        return underway(model, id).filter(|_| waits).unwrap_or_else(|| leg_state(model, leg));
    }
    if let Some((_, trouble)) = silent {
        let words = match watch.last.as_ref() {
            Some(_) => trouble.why.clone(),
            None => format!("never read: {}", trouble.why),
        };
        return RouterState::new('✗', Role::Bad, words);
    }
    if let Some(drifted) = flight.session.drifted.get(id) {
        let words = if drifted.restarted { "restarted: its weights are lost" } else { "drifted: changed outside" };
        return RouterState::new('!', Role::Bad, words);
    }
    if let Some(words) = waits_for_wave(model, id) {
        return RouterState::new('·', Role::Dim, words);
    }
    let close = flight.is_close(now);
    match watch.freshness(now, close, &flight.procedure.timing) {
        Freshness::Missing => RouterState::new('–', Role::Stale, "not read yet"),
        Freshness::Stale { age: old } => RouterState::new('?', Role::Stale, format!("stale, read {} ago", age(old))),
        Freshness::Live { .. } => underway(model, id).unwrap_or_else(|| settled(model, id)),
    }
}

/// Work of a slow system's own: what it is, how far, and what it waits for.
fn underway(model: &Model, id: &RouterId) -> Option<RouterState> {
    let seen = model.flight.watches.get(id)?.last.as_ref()?;
    let underway = seen.reading.underway.as_ref()?;
    let percent = underway.percent.map_or_else(String::new, |percent| format!(" {percent} %"));
    let waits = underway.waits_for.as_ref().map_or_else(String::new, |what| format!(", waits for {what}"));
    Some(RouterState::new('↻', Role::Wait, format!("{}{percent}{waits}", underway.what)))
}

/// The wave of the change in flight that this router waits for.
fn waits_for_wave(model: &Model, id: &RouterId) -> Option<String> {
    let change = model.flight.session.in_flight().filter(|change| change.is_waiting(id))?;
    let wave = change.confirmed.waves.iter().position(|wave| wave.contains(id))?;
    Some(format!("waits for wave {}", wave + 1))
}

/// What the newest change came to on this router, where it is not verified.
fn settled(model: &Model, id: &RouterId) -> RouterState {
    let session = &model.flight.session;
    let newest = session.changes.iter().rev().find(|change| change.order(id).is_some());
    let left = newest.filter(|change| matches!(change.settled, Some((_, Settlement::Left { .. }))));
    if left.is_some_and(|change| change.is_waiting(id)) {
        return RouterState::new('!', Role::Wait, "left: not sent");
    }
    let outcome = left.and_then(|change| change.outcomes.get(id)).and_then(|known| known.outcome.as_ref());
    if let Some(outcome) = outcome.filter(|outcome| **outcome != Outcome::Verified) {
        return RouterState::new('!', Role::Wait, format!("left: {}", outcome.word()));
    }
    let watch = model.flight.watches.get(id).and_then(|watch| watch.last.as_ref());
    match (session.expected.get(id), watch) {
        (Some(expected), Some(seen)) if seen.reading.native.holds(expected) => RouterState::new('✓', Role::Good, ""),
        _ => RouterState::new('·', Role::Dim, ""),
    }
}

/// A leg of a change that is under way.
pub(super) fn leg_state(model: &Model, leg: &Leg) -> RouterState {
    match (leg.phase, &leg.outcome) {
        (Phase::Sending, _) => RouterState::new('↻', Role::Wait, "sending"),
        (Phase::ReadingBack { .. }, _) => RouterState::new('↻', Role::Wait, "accepted, reading back"),
        (Phase::Asking { .. }, outcome) => {
            let why = match outcome {
                Some(Outcome::Unknown { why }) => format!("unknown, asking again: {why}"),
                _ => "asking".to_owned(),
            };
            RouterState::new('?', Role::Wait, why)
        }
        (Phase::Done, Some(outcome)) => outcome_state(model, outcome),
        (Phase::Done, None) => RouterState::new('·', Role::Dim, ""),
    }
}

/// An outcome with its mark and words.
pub(super) fn outcome_state(model: &Model, outcome: &Outcome) -> RouterState {
    match outcome {
        Outcome::Verified => RouterState::new('✓', Role::Good, "verified"),
        Outcome::Accepted => RouterState::new('↻', Role::Wait, "accepted, not read back"),
        Outcome::NotSent { why } => RouterState::new('✗', Role::Bad, format!("not sent: {why}")),
        Outcome::Differs { read } => {
            RouterState::new('✗', Role::Bad, format!("differs: reads {}", shares(model, read)))
        }
        Outcome::Moved { read } => {
            RouterState::new('✗', Role::Bad, format!("moved, nothing written: reads {}", shares(model, read)))
        }
        Outcome::Failed { why } => RouterState::new('✗', Role::Bad, format!("failed: {why}")),
        Outcome::Unknown { why } => RouterState::new('?', Role::Wait, format!("unknown: {why}")),
    }
}

/// A native split as shares, for people.
pub(super) fn shares(model: &Model, native: &NativeSplit) -> String {
    let shares = native.shares(model.flight.procedure.pool_ids());
    let texts: Vec<String> = shares.0.iter().map(|(_, each)| super::format::share(each.part, each.whole)).collect();
    texts.join(" / ")
}
