//! Entries to a story.

use std::collections::BTreeMap;

use super::FORMAT;
use super::people::key_of;
use super::proof::Proofs;
use super::story::{
    Act, Attached, Attempt, ChainStory, ChangeStory, Checked, Drained, Ending, Late, NamedShares, ObservedShare,
    PoolStory, RouterChange, RouterStory, Row, Said, Settled, StepStory, Story, Ticked, WaveStory,
};
use super::text::{count, split};
use super::words::left_open;
use crate::domain::share::Agreement;
use crate::domain::{ChangeId, ItemId, NativeSplit, Outcome, PoolId, RouterId, Shares, StepId, Timestamp};
use crate::entry::{Entry, History};
use crate::session::decide::guard::fired;
use crate::session::event::{
    ChangeConfirmed, ChangeKind, CheckAnswered, RouterBaseline, SessionOpened, Settlement, StepMark,
};
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
    sends: BTreeMap<usize, Vec<(RouterId, u32)>>,
    /// The row that collects ticks, while nothing else happens.
    ticks_row: Option<usize>,
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

    fn checked(&mut self, entry: &Entry, answered: &CheckAnswered) {
        let CheckAnswered { check, verdict, words, value: _, evidence } = answered;
        self.noticed(entry, format!("check {check}: {}", verdict.word()), words.clone());
        let evidence = evidence.iter().map(|(name, text)| format!("{name}: {text}")).collect();
        let (check, words) = (check.clone(), words.clone());
        self.story.checks.push(Checked { act: act(entry), check, verdict: *verdict, words, evidence });
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

    /// What was seen at the routers and done by nobody here, and its answers.
    fn seen(&mut self, entry: &Entry, event: &Event) {
        match event {
            Event::SplitObserved { change, router, pool, share, agreement } => {
                let seen = ObservedShare { pool: pool.clone(), share: *share, agreement: *agreement, at: entry.at };
                if *agreement == Agreement::Off {
                    let asked = self.change(*change).map(|change| change.to.of(pool).to_string()).unwrap_or_default();
                    let came = format!("{share} % of {} requests, asked {asked} %", count(share.whole));
                    self.noticed(entry, format!("{router} serves {pool} off its weight"), came);
                }
                self.with_router(*change, router, |known| {
                    known.observed.retain(|each| each.pool != seen.pool);
                    known.observed.push(seen);
                });
            }
            Event::DriftNoticed { router, expected, read, restarted } => {
                let what =
                    format!("{router} drifted: {} → {}", split(&self.shares(expected)), split(&self.shares(read)));
                let why = if *restarted { "its process was replaced, and its weights were lost: " } else { "" };
                self.noticed(entry, what, format!("{why}{}", expected.differences(read).join(", ")));
            }
            Event::DriftEnded { router } => self.noticed(entry, format!("{router} is back at what it was given"), ""),
            Event::DriftAccepted { router, native, reason } => {
                let what = format!("accepted what {router} has: {}", split(&self.shares(native)));
                self.did(entry, what, reason.clone());
            }
            Event::RouterRestarted { router, was, is } => {
                let came = format!("process {} was {}", is.process, was.process);
                self.noticed(entry, format!("{router} is another process"), came);
            }
            _ => {}
        }
    }

    fn confirmed(&mut self, entry: &Entry, confirmed: &ChangeConfirmed) {
        if let ChangeKind::Rollback { supersedes, reopens } = &confirmed.kind {
            if let Some(superseded) = supersedes {
                self.settled(entry, *superseded, &Settlement::Superseded { by: confirmed.change });
            }
            for step in reopens {
                if let Some(over) = self.story.steps.iter_mut().rev().find(|over| over.step == *step) {
                    over.reopened = true;
                }
            }
        }
        self.hold_ends(entry.at);
        let routers = confirmed.routers.iter().map(|order| RouterChange {
            router: order.router.clone(),
            before: order.bound.as_ref().map(|bound| self.shares(&bound.native)),
            native_before: order.bound.as_ref().map(|bound| bound.native.clone()),
            after: order.prepared.shares.clone(),
            native: order.prepared.native.clone(),
            requests: order.prepared.requests.clone(),
            attempts: Vec::new(),
            observed: Vec::new(),
            late: None,
        });
        let change = ChangeStory {
            number: self.story.changes.len() + 1,
            change: confirmed.change,
            kind: confirmed.kind.clone(),
            to: confirmed.to.clone(),
            confirmed: act(entry),
            confirmation: confirmed.confirmation.clone(),
            key: confirmed.confirmation.signed.as_ref().and_then(key_of),
            second: confirmed.second.clone(),
            digest: confirmed.digest,
            owner: None,
            deadline: None,
            gates: confirmed.gates.clone(),
            overrides: confirmed.overrides.clone(),
            waves: confirmed.waves.iter().map(|routers| WaveStory { routers: routers.to_vec(), sent: None }).collect(),
            between_ms: u64::try_from(confirmed.waves.between().as_millis()).unwrap_or(u64::MAX),
            routers: routers.collect(),
            settled: None,
        };
        let by_somebody = fired(&confirmed.confirmation).is_none();
        self.row(entry, by_somebody, change.title(), String::new(), Some(change.number));
        self.story.changes.push(change);
        let title = self.story.changes.last().map(ChangeStory::title).unwrap_or_default();
        self.overrode(entry, &title, &confirmed.gates, &confirmed.overrides);
        self.second(entry, &confirmed.second, &title);
    }

    fn retried(&mut self, entry: &Entry, change: ChangeId, routers: &[RouterId]) {
        self.sent_to(entry, change, routers, format!("sent once more to {}", named(routers)));
    }

    fn wave_sent(&mut self, entry: &Entry, id: ChangeId, wave: u32, routers: &[RouterId]) {
        let index = usize::try_from(wave).unwrap_or_default().saturating_sub(1);
        self.with_change(id, |change| {
            if let Some(wave) = change.waves.get_mut(index) {
                wave.sent = Some(act(entry));
            }
        });
        let waves = self.change(id).map_or(0, |change| change.waves.len());
        self.sent_to(entry, id, routers, format!("sent wave {wave} of {waves}: {}", named(routers)));
    }

    /// A row of something that was sent after the change itself; what came of it is known at the end.
    fn sent_to(&mut self, entry: &Entry, change: ChangeId, routers: &[RouterId], what: String) {
        let mut begun = Vec::new();
        for router in routers {
            self.with_router(change, router, |known| begun.push((router.clone(), begin(known, entry.at))));
        }
        let number = self.change(change).map(|change| change.number);
        self.sends.insert(self.story.timeline.len(), begun);
        self.row(entry, true, what, String::new(), number);
    }

    fn settled(&mut self, entry: &Entry, id: ChangeId, how: &Settlement) {
        let Some(change) = self.story.changes.iter_mut().rev().find(|change| change.change == id) else { return };
        if change.settled.is_some() {
            return;
        }
        change.settled = Some(Settled { at: entry.at, how: how.clone() });
        let number = change.number;
        let step = match &change.kind {
            ChangeKind::Step { step } => Some((step.clone(), change.confirmed.at)),
            ChangeKind::OffPlan | ChangeKind::PutBack | ChangeKind::Rollback { .. } => None,
        };
        let (word, reason) = match how {
            Settlement::Verified => ("verified", String::new()),
            Settlement::Left { reason } => ("left partly done", reason.clone()),
            Settlement::Superseded { .. } => ("rolled back", String::new()),
            Settlement::NothingSent => ("nothing sent", String::new()),
        };
        if let Settlement::Left { reason } = how {
            self.row(entry, true, format!("left change {number} partly done"), reason.clone(), Some(number));
        }
        if let Some((step, began)) = step {
            self.step_over(entry, step, word, reason, began);
        }
    }

    fn late(&mut self, entry: &Entry, id: ChangeId, router: &RouterId, read: &NativeSplit) {
        let shares = self.shares(read);
        let number = self.change(id).map(|change| change.number);
        let what = format!("{router} took change {} after its time-out", number.unwrap_or_default());
        self.row(entry, false, what, format!("it reads {} now", split(&shares)), number);
        self.with_router(id, router, |known| known.late = Some(Late { at: entry.at, shares }));
    }

    fn marked(&mut self, entry: &Entry, step: &StepId, mark: &StepMark) {
        let (word, reason, what) = match mark {
            StepMark::Done { gates, overrides, second, signed: _ } => {
                self.second(entry, second, &format!("complete {step}"));
                let overrode: Vec<String> = overrides
                    .iter()
                    .map(|each| {
                        let text =
                            gates.iter().find(|report| report.gate == each.gate).map(|report| report.text.as_str());
                        format!("overrode \"{}\": {}", text.unwrap_or("a gate"), each.reason)
                    })
                    .collect();
                self.story.step_overrides += overrides.len();
                self.overrode(entry, step.as_str(), gates, overrides);
                ("done", overrode.join("; "), format!("did {step}"))
            }
            StepMark::Acted { .. } => {
                // What was sent, and how it ended, stands in rows of its own.
                return self.step_over(entry, step.clone(), "done", String::new(), entry.at);
            }
            StepMark::AlreadySo => ("already so", String::new(), format!("marked {step} as already so")),
            StepMark::LeftFailed { why, .. } => ("left as it ended", why.clone(), format!("went on after {step}")),
            StepMark::Skipped { reason } => ("skipped", reason.clone(), format!("skipped {step}")),
        };
        self.did(entry, what, reason.clone());
        self.step_over(entry, step.clone(), word, reason, entry.at);
    }

    fn step_over(&mut self, entry: &Entry, step: StepId, how: &'static str, reason: String, began: Timestamp) {
        let by = entry.actor.clone();
        self.story.steps.push(StepStory {
            step,
            how,
            reason,
            began,
            ended: entry.at,
            by,
            held_ms: None,
            reopened: false,
        });
    }

    /// The newest step's split is kept no longer.
    fn hold_ends(&mut self, at: Timestamp) {
        for step in self.story.steps.iter_mut().filter(|step| step.held_ms.is_none() && step.how == "verified") {
            step.held_ms = u64::try_from(at.since(step.ended).as_millis()).ok();
        }
    }

    fn ticked(&mut self, entry: &Entry, item: &ItemId, text: &str, ticked: bool) {
        self.followed_up(entry, item, ticked);
        match self.story.checklist.iter_mut().find(|each| each.item == *item) {
            Some(known) => {
                (known.ticked, known.act) = (ticked, act(entry));
                known.taken_back += u32::from(!ticked);
            }
            None => self.story.checklist.push(Ticked {
                item: item.clone(),
                text: text.to_owned(),
                ticked,
                act: act(entry),
                taken_back: u32::from(!ticked),
            }),
        }
        if !ticked {
            return;
        }
        let row = self.ticks_row.and_then(|index| self.story.timeline.get_mut(index));
        if let Some(row) = row.filter(|row| row.by.as_ref() == Some(&entry.actor)) {
            row.came.push_str("; ");
            row.came.push_str(text);
        } else {
            self.ticks_row = Some(self.story.timeline.len());
            self.did(entry, "ticked", text);
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

    fn shares(&self, native: &NativeSplit) -> Shares {
        let pools: Vec<&PoolId> = self.story.pools.iter().map(|each| &each.pool).collect();
        native.shares(pools)
    }

    fn change(&self, id: ChangeId) -> Option<&ChangeStory> {
        self.story.changes.iter().rev().find(|change| change.change == id)
    }

    pub(super) fn with_change(&mut self, id: ChangeId, tell: impl FnOnce(&mut ChangeStory)) {
        if let Some(change) = self.story.changes.iter_mut().rev().find(|change| change.change == id) {
            tell(change);
        }
    }

    fn with_router(&mut self, id: ChangeId, router: &RouterId, tell: impl FnOnce(&mut RouterChange)) {
        self.with_change(id, |change| {
            if let Some(known) = change.routers.iter_mut().find(|known| known.router == *router) {
                tell(known);
            }
        });
    }
}

fn begin(router: &mut RouterChange, at: Timestamp) -> u32 {
    let attempt = router.attempts.last().map_or(1, |last| last.attempt + 1);
    router.attempts.push(Attempt { attempt, at, accepted: None, outcome: None, known: None });
    attempt
}

fn answered(router: &mut RouterChange, number: u32, outcome: &Outcome, at: Timestamp) {
    // A router that was not as it was seen has a word without having been sent to.
    if router.attempts.last().is_none_or(|last| last.attempt < number) {
        router.attempts.push(Attempt { attempt: number, at, accepted: None, outcome: None, known: None });
    }
    if let Some(attempt) = router.attempts.iter_mut().find(|attempt| attempt.attempt == number) {
        if *outcome == Outcome::Accepted {
            attempt.accepted = Some(at);
        }
        (attempt.outcome, attempt.known) = (Some(outcome.clone()), Some(at));
    }
}

pub(super) fn act(entry: &Entry) -> Act {
    Act { entry: entry.number, at: entry.at, by: entry.actor.clone() }
}

fn named(routers: &[RouterId]) -> String {
    routers.iter().map(RouterId::as_str).collect::<Vec<_>>().join(", ")
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
