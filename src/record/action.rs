//! Deploy actions in a record: what was sent, what differed between running and coming, and what became of it.

use serde::Serialize;

use super::markdown::{confirmed_by, gates, second};
use super::people::key_of;
use super::story::{Act, Story};
use super::tell::{Teller, act};
use super::text::{add, fenced, inline, moment, span};
use crate::domain::action::ActionEnd;
use crate::domain::{ActionId, ChangeId, CockpitId, PoolId, StepId, Timestamp};
use crate::entry::Entry;
use crate::session::Event;
use crate::session::action::ActionStarting;
use crate::session::proposal::{Confirmation, GateReport, Override};
use crate::session::second::Second;

/// One run of a deploy action.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ActionStory {
    /// Its number in the record, from 1.
    pub number: usize,
    /// The act.
    pub act: ChangeId,
    /// The action.
    pub action: ActionId,
    /// The step that ran it; the act's name where it is one of a way back.
    pub step: StepId,
    /// Whether it is an act of a way back.
    pub unwinds: bool,
    /// The pool that it touches.
    pub pool: PoolId,
    /// Who confirmed it, and when.
    pub confirmed: Act,
    /// How it was confirmed.
    pub confirmation: Confirmation,
    /// The key that signed it, `SHA256:…`; null where it was not signed.
    pub key: Option<String>,
    /// What let it through where it asks two people.
    pub second: Second,
    /// The only cockpit that could send it.
    pub owner: CockpitId,
    /// After this nothing of it could be sent.
    pub deadline: Timestamp,
    /// The key that its system knows it by: a request that is sent again is not done twice.
    pub idempotency: String,
    /// Each request as it was shown and sent.
    pub requests: Vec<String>,
    /// What differed between running and coming, a line each.
    pub differences: Vec<String>,
    /// The gates as they stood at the moment of confirming.
    pub gates: Vec<GateReport>,
    /// Gates that were overridden.
    pub overrides: Vec<Override>,
    /// What its system knows it by; null where it never said.
    pub handle: Option<String>,
    /// Where people look at it.
    pub link: Option<String>,
    /// What was seen instead of an answer, in order.
    pub unknown: Vec<String>,
    /// How it was cancelled, in order.
    pub cancelled: Vec<Cancelled>,
    /// How it ended; null while it runs.
    pub ended: Option<ActionEnded>,
}

/// A cancelling of an action.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Cancelled {
    /// Who confirmed it, and when.
    pub act: Act,
    /// What its system said; null where it never did.
    pub answer: Option<String>,
}

/// How an action ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ActionEnded {
    /// When that was learnt.
    pub at: Timestamp,
    /// How.
    pub how: ActionEnd,
    /// The last lines of its log, masked.
    pub log: Vec<String>,
}

impl Teller<'_> {
    /// Deploy actions: what was sent, and what became of it.
    pub(super) fn action(&mut self, entry: &Entry, event: &Event) {
        match event {
            Event::ActionStarting(intent) => self.started(entry, intent),
            Event::ActionStarted { act, handle, link } => {
                let place = link.as_ref().map(|link| format!(", {link}")).unwrap_or_default();
                self.noticed(entry, "its system took the action", format!("{handle}{place}"));
                self.with_action(*act, |told| {
                    told.handle = Some(handle.clone());
                    told.link.clone_from(link);
                });
            }
            Event::ActionUnknown { act, why } => {
                self.noticed(entry, "whether the action runs is not known", why.clone());
                self.with_action(*act, |told| told.unknown.push(why.clone()));
            }
            Event::ActionEnded { act, action, end, log } => {
                let why = end.why().map(str::to_owned);
                let came: Vec<String> = why.into_iter().chain(log.last().cloned()).collect();
                self.noticed(entry, format!("{action} {}", end.word()), came.join("; "));
                let ended = ActionEnded { at: entry.at, how: end.clone(), log: log.clone() };
                self.with_action(*act, |told| told.ended = Some(ended));
            }
            Event::ActionCancelling(cancelling) => {
                self.did(entry, format!("confirmed to cancel {}", cancelling.action), "");
                let cancelled = Cancelled { act: act(entry), answer: None };
                self.with_action(cancelling.of, |told| told.cancelled.push(cancelled));
            }
            Event::ActionCancelAnswered { of, action, how, .. } => {
                self.noticed(entry, format!("cancelling {action}"), how.clone());
                self.with_action(*of, |told| {
                    if let Some(cancelled) = told.cancelled.iter_mut().rev().find(|each| each.answer.is_none()) {
                        cancelled.answer = Some(how.clone());
                    }
                });
            }
            _ => {}
        }
    }

    fn started(&mut self, entry: &Entry, intent: &ActionStarting) {
        self.second(entry, &intent.second, &format!("start {}", intent.step));
        let overrode = intent.overrides.iter().map(|each| {
            let found = intent.gates.iter().find(|report| report.gate == each.gate);
            format!("overrode \"{}\": {}", found.map_or("a gate", |report| report.text.as_str()), each.reason)
        });
        let number = self.story.actions.len() + 1;
        let came: Vec<String> = overrode.chain([format!("see action {number}")]).collect();
        self.story.step_overrides += intent.overrides.len();
        let of = if intent.unwinds { "the way back" } else { intent.step.as_str() };
        let what = format!("{} of {of}", intent.action);
        self.overrode(entry, &what, &intent.gates, &intent.overrides);
        self.did(entry, format!("started {what}"), came.join("; "));
        self.story.actions.push(ActionStory {
            number,
            act: intent.act,
            action: intent.action.clone(),
            step: intent.step.clone(),
            unwinds: intent.unwinds,
            pool: intent.pool.clone(),
            confirmed: act(entry),
            confirmation: intent.confirmation.clone(),
            key: intent.confirmation.signed.as_ref().and_then(key_of),
            second: intent.second.clone(),
            owner: intent.owner,
            deadline: intent.deadline,
            idempotency: intent.key.clone(),
            requests: intent.requests.clone(),
            differences: intent.differences.clone(),
            gates: intent.gates.clone(),
            overrides: intent.overrides.clone(),
            handle: None,
            link: None,
            unknown: Vec::new(),
            cancelled: Vec::new(),
            ended: None,
        });
    }

    fn with_action(&mut self, act: ChangeId, apply: impl FnOnce(&mut ActionStory)) {
        if let Some(told) = self.story.actions.iter_mut().find(|told| told.act == act) {
            apply(told);
        }
    }
}

/// Every action in full; empty where there is none.
pub(super) fn draw(story: &Story) -> String {
    if story.actions.is_empty() {
        return String::new();
    }
    let each: Vec<String> = story.actions.iter().map(|action| draw_action(story, action)).collect();
    format!("## Deploy actions\n\n{}", each.join("\n"))
}

fn draw_action(story: &Story, action: &ActionStory) -> String {
    let of = if action.unwinds { ", of the way back" } else { "" };
    let (name, step) = (inline(action.action.as_str()), inline(action.step.as_str()));
    let mut text = format!("### Action {}. {name}: {step}{of}\n\n", action.number);
    let who = confirmed_by(story, &action.confirmed, &action.confirmation, action.key.as_deref());
    add(&mut text, format_args!("{who}{}. {}.\n", second(&action.second), end(action)));
    if let Some(handle) = &action.handle {
        let link = action.link.as_ref().map(|link| format!(", {}", inline(link))).unwrap_or_default();
        add(&mut text, format_args!("\nIts system calls it {}{link}.\n", inline(handle)));
    }
    for why in &action.unknown {
        add(&mut text, format_args!("\nWhether it runs was not known: {}\n", inline(why)));
    }
    for cancelled in &action.cancelled {
        let (by, at) = (inline(cancelled.act.by.as_str()), moment(cancelled.act.at, story.opened.at));
        let answer = cancelled.answer.as_ref().map_or_else(|| "no answer is known".to_owned(), |words| inline(words));
        add(&mut text, format_args!("\n**Cancelled** by {by} at {at}: {answer}\n"));
    }
    let lists =
        [("Differs between running and coming", &action.differences), ("Requests as prepared", &action.requests)];
    for (title, lines) in lists.into_iter().filter(|(_, lines)| !lines.is_empty()) {
        add(&mut text, format_args!("\n{title}:\n\n{}", fenced(lines.iter().map(String::as_str))));
    }
    add(&mut text, format_args!("\nSent under the key `{}`.\n", action.idempotency));
    text.push_str(&gates(&action.gates, &action.overrides, &action.confirmed.by));
    if let Some(ended) = action.ended.as_ref().filter(|ended| !ended.log.is_empty()) {
        add(
            &mut text,
            format_args!("\nThe last lines of its log:\n\n{}", fenced(ended.log.iter().map(String::as_str))),
        );
    }
    text
}

fn end(action: &ActionStory) -> String {
    let Some(ended) = &action.ended else { return "**Still running, as far as this record knows**".to_owned() };
    let after = span(ended.at.since(action.confirmed.at));
    let why = ended.how.why().map(|why| format!(": {}", inline(why.trim_end_matches('.')))).unwrap_or_default();
    match &ended.how {
        ActionEnd::Succeeded => format!("**Succeeded** after {after}"),
        ActionEnd::Failed { .. } => format!("**Failed** after {after}{why}"),
        ActionEnd::NotSent { .. } => format!("**Not sent**{why}"),
    }
}
