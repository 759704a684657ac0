//! What operators did, as marks among the log lines and on the charts: found by what became new in the session.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Model;
use crate::domain::{ChangeId, ItemId, PoolId, StepId};
use crate::session::event::{ChangeKind, Settlement, StepMark};
use crate::session::state::{Session, StepEnd};

/// The most marks kept on the time axis.
const MARKS: usize = 200;

/// What a session had before entries were folded in.
pub(super) struct Before {
    changes: BTreeMap<ChangeId, bool>,
    ticks: BTreeSet<ItemId>,
    steps: BTreeSet<StepId>,
    notes: usize,
    held: bool,
    drained: BTreeMap<PoolId, u64>,
}

impl Before {
    pub(super) fn of(session: &Session) -> Self {
        Self {
            changes: session.changes.iter().map(|change| (change.id(), change.settled.is_some())).collect(),
            ticks: session.ticks.keys().cloned().collect(),
            steps: session.steps.keys().cloned().collect(),
            notes: session.notes.len(),
            held: session.hold.is_some(),
            drained: session.drained.iter().map(|(pool, proof)| (pool.clone(), proof.entry)).collect(),
        }
    }
}

impl Model {
    /// Marks what is new since `before`.
    pub(super) fn mark(&mut self, before: &Before) {
        let (traffic, other) = self.news(before);
        for text in traffic.iter().chain(&other) {
            self.logs.book.mark(text, self.now);
        }
        for text in traffic {
            self.charts.marks.push_back((self.now.elapsed, text));
        }
        while self.charts.marks.len() > MARKS {
            self.charts.marks.pop_front();
        }
        self.logs.search();
    }

    /// What touches traffic, and what does not.
    fn news(&self, before: &Before) -> (Vec<String>, Vec<String>) {
        let session = &self.flight.session;
        let (mut traffic, mut other) = (Vec::new(), Vec::new());
        for change in &session.changes {
            let known = before.changes.get(&change.id());
            let to = &change.confirmed.to;
            if known.is_none() {
                let act = match &change.confirmed.kind {
                    ChangeKind::Step { .. } => "shift to",
                    ChangeKind::OffPlan => "shift off plan to",
                    ChangeKind::PutBack => "put back to",
                    ChangeKind::Rollback { .. } => "roll back to",
                };
                traffic.push(format!("{}: {act} {to}", change.by));
            }
            if let (false, Some((_, how))) = (known.copied().unwrap_or(false), &change.settled) {
                let (routers, all) = (change.counted().count(), change.confirmed.routers.len());
                match how {
                    Settlement::Verified => traffic.push(format!("{to} verified on {routers} of {all}")),
                    Settlement::Left { reason } => traffic.push(format!("{to} left partly done: {reason}")),
                    Settlement::NothingSent => traffic.push(format!("{to}: nothing was sent")),
                    Settlement::Superseded { .. } => {}
                }
            }
        }
        for (id, done) in session.steps.iter().filter(|(id, _)| !before.steps.contains(*id)) {
            let name = self.flight.procedure.work(id).map_or(id.as_str(), |step| step.name.as_str());
            match &done.how {
                StepEnd::Marked(StepMark::Skipped { reason }) => {
                    traffic.push(format!("{} skipped {name}: {reason}", done.by));
                }
                StepEnd::Marked(StepMark::LeftFailed { why, .. }) => {
                    traffic.push(format!("{} went on after {name}: {why}", done.by));
                }
                StepEnd::Marked(StepMark::Acted { .. }) => traffic.push(format!("{name} succeeded")),
                StepEnd::Marked(StepMark::Done { .. } | StepMark::AlreadySo) => {
                    traffic.push(format!("{}: {name}", done.by));
                }
                StepEnd::Verified(_) | StepEnd::Left(_) => {}
            }
        }
        let text = |item: &ItemId| {
            self.flight.procedure.checklist.item(item).map_or_else(|| item.to_string(), |item| item.text.clone())
        };
        for (item, tick) in session.ticks.iter().filter(|(item, _)| !before.ticks.contains(*item)) {
            other.push(format!("{} ticked {}", tick.by, text(item)));
        }
        for item in before.ticks.iter().filter(|item| !session.ticks.contains_key(*item)) {
            other.push(format!("tick taken back: {}", text(item)));
        }
        other.extend(session.notes.iter().skip(before.notes).map(|note| format!("{}: {}", note.by, note.what)));
        match (&session.hold, before.held) {
            (Some(hold), false) => other.push(format!("{} holds: {}", hold.by, hold.what)),
            (None, true) => other.push("the hold is released".to_owned()),
            (Some(_), true) | (None, false) => {}
        }
        let proven = session.drained.iter().filter(|(pool, proof)| before.drained.get(*pool) != Some(&proof.entry));
        traffic.extend(proven.map(|(pool, _)| format!("{pool} is drained")));
        (traffic, other)
    }
}
