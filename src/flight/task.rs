//! Tasks of slow systems: how long they are under way, and cancelling them (R6): confirmed, kept, sent, and read back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::watch::Seen;
use super::{Effect, Flight, Tone};
use crate::domain::reading::{Cancel, Underway};
use crate::domain::{ChangeId, Elapsed, Now, Outcome, RouterId, Timestamp, age};
use crate::session::command::Command;
use crate::session::event::{ChangeKind, TaskCancelling};
use crate::session::proposal::Confirmation;

/// What is known of tasks.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Tasks {
    /// What each router's system is at, and since when that has been seen.
    seen: BTreeMap<RouterId, (String, Elapsed)>,
    /// Acts of this process that are sent once their intent is kept (C4).
    ready: BTreeSet<ChangeId>,
    /// What was sent, and is not known to be over.
    open: BTreeMap<ChangeId, Asked>,
}

/// A task that was asked to end.
#[derive(Clone, PartialEq, Debug)]
struct Asked {
    router: RouterId,
    task: String,
    since: Elapsed,
    /// The first read that counts, once the system has spoken, or has not in time.
    counts_from: Option<u64>,
    /// Why its answer is not known.
    unknown: Option<String>,
}

/// What is to be cancelled, as it was shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CancelTask {
    /// The router.
    pub router: RouterId,
    /// The task, by the system's name for it.
    pub task: String,
    /// What it is, for people.
    pub what: String,
    /// How it is cancelled and what that leaves.
    pub cancel: Cancel,
}

/// One request to cancel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SendCancel {
    /// The act.
    pub act: ChangeId,
    /// The router.
    pub router: RouterId,
    /// The task.
    pub task: String,
    /// After this nothing is sent, by the wall clock,
    pub deadline: Timestamp,
    /// and by the clock that runs during suspend.
    pub until: Elapsed,
}

/// How long a task goes on after a request without an answer before that is taken as lost.
const LOST: Duration = Duration::from_secs(15);

impl Flight {
    /// What a router's system is at, by its newest reading.
    pub fn underway(&self, router: &RouterId) -> Option<&Underway> {
        self.watches.get(router)?.last.as_ref()?.reading.underway.as_ref()
    }

    /// How long a router's system has been seen at what it is at.
    pub fn underway_for(&self, router: &RouterId, now: Elapsed) -> Option<Duration> {
        self.tasks.seen.get(router).map(|(_, since)| now.since(*since))
    }

    /// What could be cancelled of a router now.
    pub fn cancellable(&self, router: &RouterId) -> Option<CancelTask> {
        let underway = self.underway(router)?;
        Some(CancelTask {
            router: router.clone(),
            task: underway.task.clone(),
            what: underway.what.clone(),
            cancel: underway.cancel.clone()?,
        })
    }

    /// The routers on which a rollback in flight waits behind a task that could be cancelled.
    pub fn blocked_back(&self) -> Vec<&RouterId> {
        let back = self.session.in_flight().filter(|change| !change.confirmed.kind.is_forward());
        let legs = back.and_then(|back| self.execution(back.id())).map(|execution| &execution.legs);
        let is_open = |leg: &super::execute::Leg| leg.phase != super::execute::Phase::Done;
        let open = legs.into_iter().flatten().filter(|(_, leg)| is_open(leg)).map(|(router, _)| router);
        // What flightdeck started is this rollback's own by now, or was cancelled by it.
        open.filter(|router| self.cancellable(router).is_some_and(|each| !each.cancel.is_ours)).collect()
    }

    /// Whether a rollback is what its system is asked for now.
    pub fn is_rolling_back(&self) -> bool {
        let kind = self.session.in_flight().map(|change| &change.confirmed.kind);
        matches!(kind, Some(ChangeKind::Rollback { .. }))
    }

    pub(super) fn cancel_task(&mut self, now: Now, cancel: CancelTask, confirmation: Confirmation) {
        self.counters.changes += 1;
        let act = ChangeId { cockpit: self.me.cockpit, counter: self.counters.changes };
        let running = self.cancellable(&cancel.router).map(|running| running.task);
        self.tasks.ready.insert(act);
        let CancelTask { router, task, what, cancel } = cancel;
        let is_ours = cancel.is_ours;
        self.ask(now, Command::CancelTask { act, router, task, what, is_ours, running, confirmation });
    }

    /// The intent is kept: now it may be sent (D1), by the process that confirmed it alone (C4).
    pub(super) fn send_cancel(&mut self, now: Now, intent: &TaskCancelling, out: &mut Vec<Effect>) {
        if !self.tasks.ready.remove(&intent.act) || intent.owner != self.me.cockpit {
            return;
        }
        let (router, task) = (intent.router.clone(), intent.task.clone());
        let asked =
            Asked { router: router.clone(), task: task.clone(), since: now.elapsed, counts_from: None, unknown: None };
        self.tasks.open.insert(intent.act, asked);
        out.push(Effect::CancelTask(Box::new(SendCancel {
            act: intent.act,
            router,
            task,
            deadline: intent.deadline,
            until: now.elapsed.plus(intent.deadline.since(now.wall)),
        })));
    }

    /// The system's word; what it is worth the next readings tell.
    pub(super) fn task_cancel_answered(&mut self, now: Now, act: ChangeId, outcome: Outcome, out: &mut Vec<Effect>) {
        let from = self.counters.polls + 1;
        let Some(asked) = self.tasks.open.get_mut(&act) else { return };
        let how = match outcome {
            Outcome::NotSent { why } => format!("nothing was sent: {why}"),
            Outcome::Failed { why } => format!("refused: {why}"),
            Outcome::Unknown { why } => {
                (asked.counts_from, asked.unknown) = (Some(from), Some(why));
                self.close_until = now.elapsed.plus(self.procedure.timing.close_for);
                return;
            }
            Outcome::Accepted | Outcome::Verified | Outcome::Differs { .. } | Outcome::Moved { .. } => {
                asked.counts_from = Some(from);
                self.close_until = now.elapsed.plus(self.procedure.timing.close_for);
                return;
            }
        };
        let text = format!("{} of {} is not cancelled: {how}", asked.task, asked.router);
        self.tasks.open.remove(&act);
        out.push(Effect::tell(Tone::Bad, text));
        self.note(now, Command::NoteTaskCancelled { act, how });
    }

    /// A reading tells what a router's system is at, and whether what was cancelled is over.
    pub(super) fn look_at_tasks(&mut self, now: Now, router: &RouterId, seen: &Seen, out: &mut Vec<Effect>) {
        let reading = &seen.reading;
        match &reading.underway {
            None => drop(self.tasks.seen.remove(router)),
            Some(underway) => {
                let name = if underway.task.is_empty() { &underway.what } else { &underway.task };
                if self.tasks.seen.get(router).is_none_or(|(known, _)| known != name) {
                    self.tasks.seen.insert(router.clone(), (name.clone(), now.elapsed));
                }
            }
        }
        let counts = |asked: &Asked| asked.router == *router && asked.counts_from.is_some_and(|from| seen.poll >= from);
        let read: Vec<ChangeId> =
            self.tasks.open.iter().filter(|(_, asked)| counts(asked)).map(|(act, _)| *act).collect();
        for act in read {
            let Some(asked) = self.tasks.open.get(&act) else { continue };
            let running = reading.underway.as_ref().filter(|underway| underway.task == asked.task);
            let after = now.elapsed.since(asked.since);
            let (tone, how) = match (running, &asked.unknown) {
                (None, _) => {
                    let shares = reading.native.shares(self.procedure.pool_ids());
                    (Tone::Good, format!("it is over after {}; the weights read {shares}", age(after)))
                }
                // It can be cancelled again: the request has not arrived.
                (Some(Underway { cancel: Some(_), .. }), Some(why)) if after >= LOST => {
                    (Tone::Bad, format!("no answer came ({why}), and it goes on"))
                }
                (Some(_), _) => continue,
            };
            out.push(Effect::tell(tone, format!("{} of {router}: {how}", asked.task)));
            self.tasks.open.remove(&act);
            self.note(now, Command::NoteTaskCancelled { act, how });
        }
    }

    /// Whether the cancelling of a router's task is on its way.
    pub fn is_cancelling(&self, router: &RouterId) -> bool {
        self.tasks.open.values().any(|asked| asked.router == *router)
    }
}
