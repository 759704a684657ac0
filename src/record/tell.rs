//! Entries to a story.

use std::collections::BTreeMap;

use super::FORMAT;
use super::change::{answered, begin};
use super::proof::Proofs;
use super::story::{
    Act, Attached, ChainStory, ChangeStory, Drained, Ending, NamedShares, PoolStory, RouterChange, RouterStory, Row,
    Said, Story,
};
use super::text::split;
use super::words::left_open;
use crate::domain::{ChangeId, NativeSplit, PoolId, RouterId, Shares};
use crate::entry::{Entry, History};
use crate::session::event::{RouterBaseline, SessionOpened, StepMark};
use crate::session::unwind::RollbackActMarked;
use crate::session::{Event, Session};

/// Tells what the entries say; `None` when there is none that opens a session.
pub fn tell(history: &History) -> Option<Story> {
    tell_proven(history, None)
}

/// The same, with what became of checking the signatures.
pub fn tell_proven(history: &History, proofs: Option<&Proofs>) -> Option<Story> {
    let first = &history.entries.first()?.entry;
    let opened = first.events.iter().find_map(|event| match event {
        Event::SessionOpened(opened) => Some(opened),
        _ => None,
    })?;
    let mut teller = Teller {
        story: opening(first, opened, history),
        proofs,
        session: Session::default(),
        is_cut_off: false,
        sends: BTreeMap::new(),
        ticks_row: None,
    };
    for kept in &history.entries {
        teller.story.skipped.extend(kept.skipped.iter().cloned());
        for event in &kept.entry.events {
            teller.event(&kept.entry, event);
            teller.session.apply_entry(&kept.entry.stamp(), std::slice::from_ref(event));
        }
    }
    Some(teller.finish())
}

fn opening(first: &Entry, opened: &SessionOpened, history: &History) -> Story {
    let (entries, head) = history.head();
    Story {
        record: FORMAT,
        session: first.session,
        service: opened.service.clone(),
        environment: opened.environment.clone(),
        from_version: opened.from_version.clone(),
        to_version: opened.to_version.clone(),
        resolved: None,
        why: opened.why.clone(),
        planned: opened.planned,
        flightdeck: opened.flightdeck.clone(),
        profile: opened.digest,
        pools: opened.pools.iter().map(|(pool, mark)| PoolStory { pool: pool.clone(), mark: mark.clone() }).collect(),
        routers: opened
            .routers
            .iter()
            .map(|(router, kind)| RouterStory { router: router.clone(), kind: kind.clone() })
            .collect(),
        opened: act(first),
        closed: None,
        step_overrides: 0,
        chain: ChainStory { entries, head, broken: super::verify(history).err().map(|broken| broken.to_string()) },
        names: "claims",
        durability: opened.durability,
        private: opened.private,
        broken_glass: Vec::new(),
        cut_off: Vec::new(),
        drove: Vec::new(),
        aboard: Vec::new(),
        asked: Vec::new(),
        runs: Vec::new(),
        approvals: Vec::new(),
        signatures: Vec::new(),
        overrides: Vec::new(),
        incidents: Vec::new(),
        timeline: Vec::new(),
        changes: Vec::new(),
        actions: Vec::new(),
        steps: Vec::new(),
        checklist: Vec::new(),
        follow_ups: Vec::new(),
        checks: Vec::new(),
        drains: Vec::new(),
        lines: Vec::new(),
        notes: Vec::new(),
        left_open: Vec::new(),
        skipped: Vec::new(),
    }
}

pub(super) struct Teller<'a> {
    pub(super) story: Story,
    pub(super) proofs: Option<&'a Proofs>,
    /// The session before the event that is told.
    pub(super) session: Session,
    /// Whether what is told was done while cut off from the journal.
    pub(super) is_cut_off: bool,
    /// Rows of retries and of later waves: what came of them is known at the end.
    pub(super) sends: BTreeMap<usize, Vec<(RouterId, u32)>>,
    /// The row that collects ticks, while nothing else happens.
    pub(super) ticks_row: Option<usize>,
}

impl Teller<'_> {
    #[expect(clippy::too_many_lines, reason = "one arm for each event, most of one line")]
    pub(super) fn event(&mut self, entry: &Entry, event: &Event) {
        if !matches!(event, Event::ItemTicked { .. }) {
            self.ticks_row = None;
        }
        self.crew(entry, event);
        self.signature(entry, event);
        self.approvals(entry, event);
        self.incident(entry, event);
        match event {
            Event::SessionOpened(opened) => {
                let came = match (opened.from_version.as_str(), opened.to_version.as_str()) {
                    ("", "") => String::new(),
                    (from, to) => format!("{} → {}", or_unknown(from), or_unknown(to)),
                };
                let words = if opened.why.is_empty() {
                    "opened the session".to_owned()
                } else {
                    format!("opened the session for {}", opened.why.words())
                };
                self.did(entry, &words, came);
            }
            Event::ControlsTaken(taken) if taken.why == "opened" => {}
            Event::ControlsTaken(taken) => self.did(entry, "took the controls", taken.why.clone()),
            Event::CockpitJoined { .. }
            | Event::CockpitLeft { .. }
            | Event::ControlsOffered { .. }
            | Event::OfferEnded { .. }
            | Event::ControlsAsked { .. }
            | Event::AskingEnded { .. }
            | Event::ConfirmationAsked(_)
            | Event::ConfirmationGiven { .. }
            | Event::ConfirmationRefused { .. }
            | Event::ConfirmationEnded { .. }
            | Event::RunConfirmed(_)
            | Event::RunEnded { .. }
            | Event::RollbackSigned { .. } => self.people(entry, event),
            Event::SpillMerged(spill) => self.spilled(entry, spill),
            Event::BaselineAccepted { routers } => {
                let came = self.named(routers).iter().map(shown).collect::<Vec<_>>().join(", ");
                self.did(entry, "accepted the splits as read", came);
            }
            Event::BaselineMeasured { .. }
            | Event::GuardsArmed { .. }
            | Event::GuardsDisarmed { .. }
            | Event::GuardTripped { .. }
            | Event::GuardConfessed { .. }
            | Event::GuardCalmed { .. } => self.guards(entry, event),
            Event::ChangeConfirmed(confirmed) => self.confirmed(entry, confirmed),
            Event::ChangeDispatched { change, owner, deadline, routers, .. } => {
                let at = entry.at;
                let sent = act(entry);
                self.with_change(*change, |change| {
                    (change.owner, change.deadline) = (Some(*owner), Some(*deadline));
                    let first = |router: &&mut RouterChange| routers.is_empty() || routers.contains(&router.router);
                    for router in change.routers.iter_mut().filter(first) {
                        begin(router, at);
                    }
                    if let Some(wave) = change.waves.first_mut() {
                        wave.sent = Some(sent);
                    }
                });
            }
            Event::WaveDispatched { change, wave, routers, owner, deadline, .. } => {
                self.wave_sent(entry, *change, *wave, routers);
                self.with_change(*change, |change| (change.owner, change.deadline) = (Some(*owner), Some(*deadline)));
            }
            Event::ChangeRetried { change, routers, owner, deadline, .. } => {
                self.retried(entry, *change, routers);
                self.with_change(*change, |change| (change.owner, change.deadline) = (Some(*owner), Some(*deadline)));
            }
            Event::RouterAnswered { change, router, attempt, outcome } => {
                self.with_router(*change, router, |known| answered(known, *attempt, outcome, entry.at));
            }
            Event::ChangeSettled { change, how } => self.settled(entry, *change, how),
            Event::LateEffect { change, router, read } => self.late(entry, *change, router, read),
            Event::StepMarked { step, mark } => self.marked(entry, step, mark),
            Event::ItemTicked { item, text, ticking } => {
                self.ticked(entry, item, text, true);
                self.ticking(entry, text, ticking);
            }
            Event::ItemRun(_)
            | Event::ItemRead(_)
            | Event::ItemProven(_)
            | Event::ItemWaiting { .. }
            | Event::Calling(_) => self.duty(entry, event),
            Event::ItemUnticked { item, text } => {
                self.ticked(entry, item, text, false);
                self.did(entry, "took a tick back", text.clone());
            }
            Event::NoteAdded { text } => {
                self.story.notes.push(Said { act: act(entry), text: text.clone() });
                self.did(entry, "noted", text.clone());
            }
            Event::LinesAttached { source, lines } => {
                let number = if lines.len() == 1 { "a line".to_owned() } else { format!("{} lines", lines.len()) };
                self.did(entry, format!("attached {number} of the log {source}"), "see Evidence");
                self.story.lines.push(Attached { act: act(entry), source: source.clone(), lines: lines.clone() });
            }
            Event::Held { reason } => self.did(entry, "held the deployment", reason.clone()),
            Event::HoldReleased { reason } => self.did(entry, "released the hold", reason.clone()),
            Event::CheckAnswered(answered) => self.checked(entry, answered),
            Event::VersionResolved(resolved) => {
                let came = format!("{}, asked by {} at {}", resolved.digest, resolved.source, resolved.when.long());
                self.noticed(entry, format!("{} was resolved", resolved.image), came);
                self.story.resolved = Some((**resolved).clone());
            }
            Event::Told(told) => {
                let what = format!("{} {} of {} (entry {})", told.notifier, told.outcome.word(), told.what, told.entry);
                self.noticed(entry, what, told.words.clone());
            }
            Event::ConnectionsEnding(_)
            | Event::ConnectionsEnded { .. }
            | Event::TaskCancelling(_)
            | Event::TaskCancelled { .. }
            | Event::RampStage { .. }
            | Event::RollbackTimed { .. }
            | Event::WayBackProven(_) => self.way_back(entry, event),
            Event::ActionStarting(_)
            | Event::ActionStarted { .. }
            | Event::ActionUnknown { .. }
            | Event::ActionEnded { .. }
            | Event::ActionCancelling(_)
            | Event::ActionCancelAnswered { .. } => self.action(entry, event),
            // Told already.
            Event::ApprovalGiven(_) | Event::ApprovalReported(_) | Event::ApprovalWithdrawn { .. } => {}
            Event::RollbackActMarked(marked) => self.unwound(entry, marked),
            Event::RouterExcluded(excluded) => {
                let what = format!("LEFT {} OUT of the plan", excluded.router);
                self.did(entry, what, excluded.reason.clone());
            }
            Event::RouterIncluded { router } => {
                self.did(entry, format!("took {router} into the plan again"), "with the weights of the others");
            }
            Event::PoolDrained { pool, evidence } => {
                self.noticed(entry, format!("{pool} is drained"), evidence.join("; "));
                self.story.drains.push(Drained { pool: pool.clone(), at: entry.at, evidence: evidence.clone() });
            }
            Event::SplitObserved { .. }
            | Event::DriftNoticed { .. }
            | Event::DriftEnded { .. }
            | Event::DriftAccepted { .. }
            | Event::RouterRestarted { .. } => self.seen(entry, event),
            Event::ProfileReloaded { digest, second, .. } => {
                self.story.profile = *digest;
                self.did(entry, "took the changed profile in", format!("digest {}", digest.short()));
                self.second(entry, second, &format!("take in the profile {}", digest.short()));
            }
            Event::SessionClosed { outcome, routers, left, follow_ups } => {
                self.story.left_open.extend_from_slice(left);
                self.left_for_later(follow_ups);
                self.did(entry, "closed the session", outcome.clone());
                let routers = self.named(routers);
                self.story.closed = Some(Ending { act: act(entry), outcome: outcome.clone(), routers });
            }
        }
    }

    /// The shapes of a way back, and what lingered.
    fn way_back(&mut self, entry: &Entry, event: &Event) {
        match event {
            Event::ConnectionsEnding(ending) => {
                let (count, pool, router) = (ending.count, &ending.pool, &ending.router);
                self.did(
                    entry,
                    format!("confirmed to end {count} connections of {pool} on {router}"),
                    ending.reason.clone(),
                );
            }
            Event::ConnectionsEnded { router, pool, how, .. } => {
                self.noticed(entry, format!("connections of {pool} on {router}"), how.clone());
            }
            Event::TaskCancelling(cancelling) => {
                let (router, task) = (&cancelling.router, &cancelling.task);
                self.did(entry, format!("confirmed to cancel {task} of {router}"), cancelling.what.clone());
            }
            Event::TaskCancelled { router, task, how, .. } => {
                self.noticed(entry, format!("cancelling {task} of {router}"), how.clone());
            }
            Event::RampStage { ramp, despite, .. } => {
                let despite =
                    if despite.is_empty() { String::new() } else { format!(", despite {}", despite.join("; ")) };
                let words = format!("{}{despite}", ramp.words());
                self.noticed(entry, format!("the way back to {} goes in stages", ramp.to), words);
            }
            Event::RollbackTimed { took_ms, declared_ms, .. } => {
                let word = if took_ms > declared_ms { "longer than" } else { "within" };
                let came = format!("{word} the {} declared", seconds(*declared_ms));
                self.noticed(entry, format!("the rollback's traffic took {}", seconds(*took_ms)), came);
            }
            Event::WayBackProven(proof) => {
                let each = proof.routers.iter().map(|router| {
                    format!("{} there {}, back {}", router.router, seconds(router.there_ms), seconds(router.back_ms))
                });
                let came: Vec<String> = each.collect();
                self.noticed(
                    entry,
                    format!("rollback tested: the way back of {} is proven", proof.step),
                    came.join("; "),
                );
            }
            _ => {}
        }
    }

    /// An act of a way back that is over, and what is open again after it.
    fn unwound(&mut self, entry: &Entry, marked: &RollbackActMarked) {
        let name = &marked.name;
        let (what, came) = match &marked.mark {
            StepMark::Done { second, .. } => {
                self.second(entry, second, &format!("complete {name}"));
                (format!("did {name}, of the way back"), String::new())
            }
            StepMark::Acted { .. } => (format!("{name}, of the way back, is done"), String::new()),
            StepMark::LeftFailed { why, .. } => (format!("went on after {name}, of the way back"), why.clone()),
            StepMark::Skipped { reason } => (format!("skipped {name}, of the way back"), reason.clone()),
            StepMark::AlreadySo => (format!("{name}, of the way back, was so already"), String::new()),
        };
        for step in &marked.reopens {
            if let Some(over) = self.story.steps.iter_mut().rev().find(|over| over.step == *step) {
                over.reopened = true;
            }
        }
        if matches!(marked.mark, StepMark::Acted { .. }) {
            self.noticed(entry, what, came);
        } else {
            self.did(entry, what, came);
        }
    }

    fn finish(mut self) -> Story {
        if let Some(end) = self.story.closed.as_ref().map(|closed| closed.act.at) {
            self.hold_ends(end);
        }
        for (index, row) in self.story.timeline.iter_mut().enumerate() {
            let Some(change) = row.change.and_then(|number| self.story.changes.get(number - 1)) else { continue };
            if let Some(routers) = self.sends.get(&index) {
                row.came = change.came_of(|known| {
                    let wanted = routers.iter().find(|(router, _)| *router == known.router)?;
                    known.attempts.iter().find(|attempt| attempt.attempt == wanted.1)
                });
            } else if row.entry == change.confirmed.entry && row.came.is_empty() {
                let first = change.waves.first().map(|wave| wave.routers.as_slice());
                row.came = change.came_of(|known| {
                    let goes_first = first.is_none_or(|first| first.contains(&known.router));
                    known.attempts.first().filter(|_| goes_first)
                });
            }
        }
        // After what was said to be left at closing.
        let open = left_open(&self.story, &self.session);
        self.story.left_open.extend(open);
        self.weigh_names();
        self.story
    }

    pub(super) fn did(&mut self, entry: &Entry, what: impl Into<String>, came: impl Into<String>) {
        self.row(entry, true, what.into(), came.into(), None);
    }

    pub(super) fn noticed(&mut self, entry: &Entry, what: impl Into<String>, came: impl Into<String>) {
        self.row(entry, false, what.into(), came.into(), None);
    }

    pub(super) fn row(&mut self, entry: &Entry, by_somebody: bool, what: String, came: String, change: Option<usize>) {
        let by = by_somebody.then(|| entry.actor.clone());
        let cut_off = self.is_cut_off;
        self.story.timeline.push(Row { entry: entry.number, at: entry.at, by, what, came, change, cut_off });
    }

    fn named(&self, routers: &[RouterBaseline]) -> Vec<NamedShares> {
        let named =
            |each: &RouterBaseline| NamedShares { router: each.router.clone(), shares: self.shares(&each.native) };
        routers.iter().map(named).collect()
    }

    pub(super) fn shares(&self, native: &NativeSplit) -> Shares {
        let pools: Vec<&PoolId> = self.story.pools.iter().map(|each| &each.pool).collect();
        native.shares(pools)
    }

    pub(super) fn change(&self, id: ChangeId) -> Option<&ChangeStory> {
        self.story.changes.iter().rev().find(|change| change.change == id)
    }

    pub(super) fn with_change(&mut self, id: ChangeId, tell: impl FnOnce(&mut ChangeStory)) {
        if let Some(change) = self.story.changes.iter_mut().rev().find(|change| change.change == id) {
            tell(change);
        }
    }

    pub(super) fn with_router(&mut self, id: ChangeId, router: &RouterId, tell: impl FnOnce(&mut RouterChange)) {
        self.with_change(id, |change| {
            if let Some(known) = change.routers.iter_mut().find(|known| known.router == *router) {
                tell(known);
            }
        });
    }
}

pub(super) fn act(entry: &Entry) -> Act {
    Act { entry: entry.number, at: entry.at, by: entry.actor.clone() }
}

fn shown(named: &NamedShares) -> String {
    format!("{} {}", named.router, split(&named.shares))
}

fn or_unknown(version: &str) -> &str {
    if version.is_empty() { "unknown" } else { version }
}

/// Milliseconds as seconds, as people write them.
#[expect(clippy::cast_precision_loss, reason = "times of a deployment are far below 2^52 ms")]
fn seconds(ms: u64) -> String {
    if ms < 10_000 { format!("{:.2} s", ms as f64 / 1_000.0) } else { format!("{} s", ms / 1_000) }
}
