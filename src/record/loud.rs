//! What must not be overlooked: gates that were overridden, what went wrong, what is to be done after the end.

use serde::Serialize;

use super::story::{Act, Story};
use super::tell::{Teller, act};
use super::text::{add, inline, moment, span};
use crate::domain::action::ActionEnd;
use crate::domain::check::Verdict;
use crate::domain::due::FollowUp;
use crate::domain::{ItemId, Operator, Outcome, Timestamp};
use crate::entry::Entry;
use crate::session::Event;
use crate::session::event::{ChangeKind, Settlement};
use crate::session::proposal::{GateReport, Override};

/// A gate that was overridden.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Overridden {
    /// Who overrode it, and when.
    pub act: Act,
    /// What was done all the same.
    pub what: String,
    /// What the gate said.
    pub gate: String,
    /// Why.
    pub reason: String,
}

/// Something that went wrong, or that somebody stopped the deployment for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Incident {
    /// The entry that says so.
    pub entry: u64,
    /// When.
    pub at: Timestamp,
    /// Who did it; null for what was noticed.
    pub by: Option<Operator>,
    /// What.
    pub what: String,
}

/// Something to be done after the end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Following {
    /// The item.
    pub item: ItemId,
    /// What.
    pub text: String,
    /// By when.
    pub due: Timestamp,
    /// Who did it, and when; null while it is open.
    pub done: Option<Act>,
}

impl Teller<'_> {
    /// Notes what was overridden for an act.
    pub(super) fn overrode(&mut self, entry: &Entry, what: &str, gates: &[GateReport], overrides: &[Override]) {
        let each = overrides.iter().map(|given| {
            let report = gates.iter().find(|report| report.gate == given.gate);
            Overridden {
                act: act(entry),
                what: what.to_owned(),
                gate: report.map_or_else(|| "a gate".to_owned(), |report| report.text.clone()),
                reason: given.reason.clone(),
            }
        });
        self.story.overrides.extend(each);
    }

    /// Notes what went wrong.
    pub(super) fn incident(&mut self, entry: &Entry, event: &Event) {
        let (by_somebody, what) = match event {
            Event::GuardTripped { guard, words, .. } => (false, format!("guard {guard} tripped: {words}")),
            Event::GuardConfessed { guard, words } => (false, format!("guard {guard} was red at the start: {words}")),
            Event::Held { reason } => (true, format!("held the deployment: {reason}")),
            Event::DriftNoticed { router, restarted, .. } => {
                let why = if *restarted { ", its process was replaced" } else { "" };
                (false, format!("{router} drifted{why}"))
            }
            Event::RouterAnswered { router, outcome, .. } => match outcome {
                Outcome::Failed { .. } | Outcome::Unknown { .. } | Outcome::Differs { .. } | Outcome::Moved { .. } => {
                    (false, format!("{router}: {}", outcome.word()))
                }
                Outcome::NotSent { .. } | Outcome::Accepted | Outcome::Verified => return,
            },
            Event::ChangeConfirmed(confirmed) => match &confirmed.kind {
                ChangeKind::Rollback { .. } => (true, format!("rolled back to {}", confirmed.to)),
                ChangeKind::Step { .. } | ChangeKind::OffPlan | ChangeKind::PutBack => return,
            },
            Event::ChangeSettled { how: Settlement::Left { reason }, .. } => {
                (true, format!("left a change partly done: {reason}"))
            }
            Event::RouterExcluded(excluded) => {
                (true, format!("left {} out of the plan: {}", excluded.router, excluded.reason))
            }
            Event::CheckAnswered(answered) if answered.verdict == Verdict::Fail => {
                (false, format!("check {} failed: {}", answered.check, answered.words))
            }
            Event::ActionUnknown { why, .. } => (false, format!("whether an action runs was not known: {why}")),
            Event::ActionEnded { action, end: ActionEnd::Failed { .. }, .. } => (false, format!("{action} failed")),
            Event::SpillMerged(_) => (false, "the deployment was cut off from its journal".to_owned()),
            _ => return,
        };
        let by = by_somebody.then(|| entry.actor.clone());
        self.story.incidents.push(Incident { entry: entry.number, at: entry.at, by, what });
    }

    /// What was left for after the end, as the session was closed.
    pub(super) fn left_for_later(&mut self, follow_ups: &[FollowUp]) {
        let each = follow_ups.iter().map(|left| {
            let FollowUp { item, text, due } = left.clone();
            Following { item, text, due, done: None }
        });
        self.story.follow_ups.extend(each);
    }

    /// A tick of something that was left for after the end, or its taking back.
    pub(super) fn followed_up(&mut self, entry: &Entry, item: &ItemId, ticked: bool) {
        for following in self.story.follow_ups.iter_mut().filter(|following| following.item == *item) {
            following.done = ticked.then(|| act(entry));
        }
    }
}

/// Overridden gates, a line for each, to stand above everything else.
pub(super) fn overrides(story: &Story) -> Vec<String> {
    let each = story.overrides.iter().map(|given| {
        format!(
            "**OVERRIDDEN** by {} at {}, entry {}, for {}: “{}”, because {}",
            inline(given.act.by.as_str()),
            moment(given.act.at, story.opened.at),
            given.act.entry,
            inline(&given.what),
            inline(&given.gate),
            inline(given.reason.trim_end_matches('.'))
        )
    });
    each.collect()
}

/// What went wrong, as a table; empty where nothing did.
pub(super) fn incidents(story: &Story) -> String {
    if story.incidents.is_empty() {
        return String::new();
    }
    let mut text = "## Incidents\n\n| UTC | Who | What |\n| --- | --- | --- |\n".to_owned();
    for incident in &story.incidents {
        let by = incident.by.as_ref().map_or_else(|| "–".to_owned(), |by| inline(by.as_str()));
        add(
            &mut text,
            format_args!("| {} | {by} | {} |\n", moment(incident.at, story.opened.at), inline(&incident.what)),
        );
    }
    text
}

/// What is to be done after the end, with boxes; empty where nothing is.
pub(super) fn follow_ups(story: &Story) -> String {
    if story.follow_ups.is_empty() {
        return String::new();
    }
    let mut text = "## Follow-ups\n\n".to_owned();
    for following in &story.follow_ups {
        let words = inline(&following.text);
        match &following.done {
            Some(done) => {
                let (by, at) = (inline(done.by.as_str()), done.at.long());
                add(&mut text, format_args!("- [x] {words} ({by}, {at}; due {})\n", following.due.long()));
            }
            None => add(&mut text, format_args!("- [ ] {words} (due {})\n", following.due.long())),
        }
    }
    text
}

/// From the first change or deploy action to the end of the last, for the head; `None` where nothing was changed.
pub(super) fn flown(story: &Story) -> Option<String> {
    let first = story.began()?;
    let settled = story.changes.iter().filter_map(|change| change.settled.as_ref()).map(|settled| settled.at);
    let ended = story.actions.iter().filter_map(|action| action.ended.as_ref()).map(|ended| ended.at);
    let last = settled.chain(ended).max()?;
    let took = span(last.since(first));
    let late = story.planned.map(|planned| {
        let (before, after) = (planned.since(first), first.since(planned));
        if after.is_zero() {
            format!("; {} before the planned start", span(before))
        } else {
            format!("; {} after the planned start", span(after))
        }
    });
    let (from, to) = (moment(first, story.opened.at), moment(last, story.opened.at));
    Some(format!("{from} to {to}, {took}{}", late.unwrap_or_default()))
}
