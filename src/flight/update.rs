//! One message in, effects out.

use std::sync::Arc;
use std::time::Duration;

use super::second::Then;
use super::watch::Seen;
use super::{Ask, ChangedProfile, Effect, Flight, Msg, SignedAct, Tone};
use crate::domain::procedure::StepAct;
use crate::domain::{Digest, ItemId, Now, Reading, RouterId, StepId, Trouble};
use crate::session::Command;
use crate::session::decide::step::asked_act;
use crate::session::event::RouterBaseline;
use crate::session::proposal::{Confirmation, Override};
use crate::session::second::{AskedAct, ConfirmationAsked};

impl Flight {
    /// Takes a message in and says what is to be done.
    pub fn update(&mut self, now: Now, msg: Msg) -> Vec<Effect> {
        let mut out = Vec::new();
        let measured = matches!(msg, Msg::Looked { .. });
        self.see_intent_at_opening(now);
        match msg {
            Msg::Tick => {
                self.tick(now, &mut out);
                self.look_after_checks(now, &mut out);
                self.run_soak(now);
            }
            Msg::RouterRead { router, poll, began, result } => {
                self.router_read(now, &router, poll, began, result, &mut out);
            }
            Msg::Looked { source, began, look } => {
                self.share(&source, &look, &mut out);
                self.looked(&source, began, look);
            }
            Msg::Remembered { source, began, past } => self.remembered(&source, began, past),
            Msg::CheckAnswered { check, request, began, answer } => {
                self.check_answered(now, &check, request, began, *answer);
            }
            Msg::Notified { notifier, key, came } => self.notified(now, &notifier, &key, *came, &mut out),
            Msg::Prepared { request, router, result } => self.prepared(request, router, result),
            Msg::SetAnswered { change, router, attempt, outcome } => {
                self.set_answered(now, change, &router, attempt, outcome, &mut out);
            }
            Msg::Appended { entry, answer } => {
                self.appended(now, entry, answer, &mut out);
                self.run_soak(now);
            }
            Msg::Followed { entries, is_tail } => {
                self.followed(now, entries, is_tail, &mut out);
                self.run_soak(now);
            }
            Msg::Present(presence) => self.present_heard(now, presence, &mut out),
            Msg::Shared(parcel) => self.parcel_heard(now, *parcel, &mut out),
            Msg::Clock { offset_ms } => self.clock_told(offset_ms, &mut out),
            Msg::Signed { request, result } => self.signed(now, request, result, &mut out),
            Msg::SignatureChecked { entry, result } => self.signature_checked(entry, result, &mut out),
            Msg::Spilled { entry, result } => self.spilled(now, entry, result, &mut out),
            Msg::SpillFound(spill) => self.spill_found(now, *spill, &mut out),
            Msg::RecordWritten(notice) => {
                self.record = Some(notice.clone());
                out.push(Effect::Tell(notice));
            }
            Msg::JournalAway { why } => self.journal_away(now, why, &mut out),
            Msg::JournalBroken { why } => {
                self.link.reading = None;
                out.push(Effect::tell(Tone::Bad, format!("the journal cannot be read on: {why}; read-only from here")));
                self.link.broken = Some(why);
            }
            Msg::ConnectionsListed { request, router, pool, began, result } => {
                self.connections_listed(request, router, pool, began, result);
            }
            Msg::ConnectionsEnded { act, ended } => self.connections_ended(now, act, &ended, &mut out),
            Msg::LinesRead(batch) => self.lines_read(*batch, &mut out),
            Msg::TaskCancelAnswered { act, outcome } => self.task_cancel_answered(now, act, outcome, &mut out),
            Msg::ActionDescribed { request, result } => self.action_described(request, result),
            Msg::ActionAnswered { act, started } => self.action_answered(now, act, started),
            Msg::ActionLooked { request, act, began, look } => self.action_looked(now, request, act, began, *look),
            Msg::ActionCancelAnswered { act, outcome } => self.action_cancel_answered(now, act, outcome, &mut out),
            Msg::CommandEnded(ended) => self.command_ended(now, *ended, &mut out),
            Msg::Sighted(sightings) => self.pairs.take(sightings),
            Msg::TelemetryLost { count } => {
                self.pairs.lose(now.wall, &format!("{count} messages of logs or metrics were lost"));
            }
            Msg::LogSeen { source, delivery } => {
                self.logs.entry(source.clone()).or_default().take(now, delivery);
                self.pair_up_to(now, &source, delivery.dropped);
            }
            Msg::LogState { source, trouble } => {
                self.share_log_state(&source, trouble.as_deref(), &mut out);
                let log = self.logs.entry(source).or_default();
                log.followed |= trouble.is_none();
                log.trouble = trouble;
            }
            Msg::ProfileDiffers { changed } => self.changed_profile = changed.map(|changed| *changed),
            Msg::Ask(ask) => self.asked(now, ask, &mut out),
        }
        self.look_between_readings(now);
        self.sample_routers(now.elapsed);
        self.sample_pairs(now);
        self.run_guards(now, measured);
        self.accept_baseline(now);
        self.look_after_waves(now);
        self.look_after_stages(now, &mut out);
        self.note_version(now);
        self.look_after_actions(now, &mut out);
        self.look_after_waiting(now, &mut out);
        self.take_up_approvals(&mut out);
        self.look_after_guards(now, &mut out);
        self.note_tellings(now);
        self.pump(now, &mut out);
        self.spill_when_late(now, &mut out);
        self.check_stands(now);
        out
    }

    fn tick(&mut self, now: Now, out: &mut Vec<Effect>) {
        let timing = self.procedure.timing;
        let close = self.is_close(now.elapsed);
        let lost = self.procedure.longest_timeout() * 2 + Duration::from_secs(2);
        let due: Vec<RouterId> =
            self.watches
                .iter()
                .filter(|(_, watch)| match watch.pending {
                    // A read that is never answered must not stop the watch.
                    Some((_, began)) => now.elapsed.since(began) > lost,
                    None => {
                        watch.due <= now.elapsed
                            || watch.last.as_ref().is_some_and(|seen| {
                                now.elapsed.since(seen.at.elapsed) >= watch.interval(close, &timing)
                            })
                    }
                })
                .map(|(router, _)| router.clone())
                .collect();
        for router in due {
            self.read(now, &router, out);
        }
        let idle = self.watches.values().filter(|watch| watch.pending.is_none());
        self.reads_at = idle.map(|watch| watch.due).min();
        self.give_up_on_silence(now);
        self.mind_meter(now.elapsed, out);
        self.ask_after_journal(now, out);
        self.announce(now, false, out);
        self.look_after_run(now);
        self.look_after_commands(now);
        if self.watches.is_empty() {
            let drains = self.look_at_drains(now);
            self.note_all(now, drains);
        }
    }

    /// Begins a read now.
    pub(super) fn read(&mut self, now: Now, router: &RouterId, out: &mut Vec<Effect>) {
        let close = self.is_close(now.elapsed);
        let timing = self.procedure.timing;
        let Some(watch) = self.watches.get_mut(router) else { return };
        self.counters.polls += 1;
        watch.pending = Some((self.counters.polls, now.elapsed));
        watch.due = now.elapsed.plus(watch.interval(close, &timing));
        out.push(Effect::Read { router: router.clone(), poll: self.counters.polls });
    }

    fn router_read(
        &mut self,
        now: Now,
        router: &RouterId,
        poll: u64,
        began: Now,
        result: Result<Arc<Reading>, Trouble>,
        out: &mut Vec<Effect>,
    ) {
        let Some(watch) = self.watches.get_mut(router) else { return };
        if watch.pending.is_some_and(|(pending, _)| pending <= poll) {
            watch.pending = None;
            self.reads_at = Some(self.reads_at.map_or(watch.due, |at| at.min(watch.due)));
        }
        let reading = match result {
            Ok(reading) => reading,
            Err(trouble) => {
                watch.failures += 1;
                if watch.failures == 2 {
                    out.push(Effect::tell(Tone::Bad, format!("{router} does not answer: {trouble}")));
                }
                watch.trouble = Some((now, trouble));
                let notes = self.look_at_drains(now);
                self.note_all(now, notes);
                return;
            }
        };
        let came_back = watch.failures >= 2;
        let before = watch.last.clone();
        let seen = Seen::new(began, poll, reading, self.procedure.pool_ids());
        if !watch.take(seen.clone()) {
            return;
        }
        if came_back {
            out.push(Effect::tell(Tone::Good, format!("{router} answers again")));
        }
        let restarted = before.as_ref().is_some_and(|before| seen.reading.restarted_since(&before.reading));
        if restarted && let Some(before) = &before {
            let (was, is) = (&before.reading.identity.process, &seen.reading.identity.process);
            out.push(Effect::tell(Tone::Bad, format!("{router} was restarted: {is} was {was}")));
        }
        self.compare_identity(now, router, &seen.reading);
        self.count(router, &seen, before.as_ref());
        self.note_load(now.elapsed);
        self.check_bound(now, router, &seen.reading);
        self.read_back(now, router, &seen, out);
        self.look_at_tasks(now, router, &seen, out);
        self.look_for_drift(now, router, &seen);
        let mut notes = self.look_at_drains(now);
        if self.drives() {
            notes.extend(self.note_observed(router));
        } else {
            notes.clear();
        }
        self.note_all(now, notes);
    }

    pub(super) fn note_all(&mut self, now: Now, commands: Vec<Command>) {
        if self.drives() {
            for command in commands {
                self.note(now, command);
            }
        }
    }

    /// Drift is looked for when nothing is on its way: neither a change on this router nor an entry that could move what
    /// is expected of it.
    fn look_for_drift(&mut self, now: Now, router: &RouterId, seen: &Seen) {
        let quiet = self.session.is_open()
            && self.session.baseline
            && self.drives()
            && !self.link.is_busy()
            && self.link.broken.is_none()
            && !self
                .executing
                .iter()
                .any(|each| each.legs.get(router).is_some_and(|leg| leg.phase != super::execute::Phase::Done));
        // One that is left out is not held against the plan.
        let quiet = quiet && !self.session.excluded.contains_key(router);
        if !quiet || self.session.expects(router).is_none() {
            return;
        }
        let read = &seen.reading.native;
        let holds = self.session.expected.get(router).is_some_and(|expected| read.holds(expected));
        let restarted = self.watches.get(router).is_some_and(|watch| watch.restarted);
        if holds && let Some(watch) = self.watches.get_mut(router) {
            watch.restarted = false;
        }
        if holds == self.session.drifted.contains_key(router)
            || self.session.drifted.get(router).is_some_and(|drifted| drifted.read != *read)
        {
            let command = Command::NoteDrift { router: router.clone(), read: read.clone(), restarted };
            self.note(now, command);
        }
    }

    /// Once every router has been read for the first time, what they have is where the plan starts.
    fn accept_baseline(&mut self, now: Now) {
        if self.session.baseline || !self.session.is_open() || !self.drives() || self.link.is_busy() {
            return;
        }
        if let Some(routers) = self.as_read() {
            self.note(now, Command::AcceptBaseline { routers });
        }
    }

    /// Every router as last read; `None` while one was never read.
    fn as_read(&self) -> Option<Vec<RouterBaseline>> {
        let is_flown = |router: &RouterId| !self.session.excluded.contains_key(router);
        if self.watches.iter().rev().any(|(router, watch)| watch.last.is_none() && is_flown(router)) {
            return None;
        }
        self.procedure
            .routers
            .iter()
            .filter(|router| self.watches.get(&router.id).is_some_and(|watch| watch.last.is_some()))
            .map(|router| {
                let seen = self.watches.get(&router.id)?.last.as_ref()?;
                Some(RouterBaseline {
                    router: router.id.clone(),
                    identity: seen.reading.identity.clone(),
                    native: seen.reading.native.clone(),
                })
            })
            .collect()
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each wish, most of one line")]
    fn asked(&mut self, now: Now, ask: Ask, out: &mut Vec<Effect>) {
        match ask {
            // These two wait for a journal that is away: without them the cockpit could do nothing.
            Ask::Open { opened, controls } => self.note(now, Command::Open { opened, controls }),
            Ask::Resume { controls, holder_gone } => {
                // The claim is about the holder of this moment, and not about who has them when it is decided.
                let holder = self.session.controls.as_ref().filter(|_| holder_gone).map(|held| held.holder.cockpit);
                self.note(now, Command::TakeBack { controls, gone: holder });
            }
            Ask::LookClosely => {
                self.touched_by_person(now.elapsed);
                self.close_until = now.elapsed.plus(self.procedure.timing.close_for);
            }
            Ask::ListConnections { router, pool } => self.list_connections(router, pool, out),
            Ask::EndConnections { end, confirmation } => self.end_connections(now, *end, confirmation),
            Ask::CancelTask { cancel, confirmation } => self.cancel_task(now, *cancel, confirmation),
            Ask::DescribeAction => self.describe_action(now, out),
            Ask::DescribeRollbackAct
            | Ask::TakeRollbackAct { .. }
            | Ask::SkipRollbackAct { .. }
            | Ask::PassRollbackAct
            | Ask::ExcludeRouter { .. }
            | Ask::ProposeTakeIn(_) => self.asked_on_way_back(now, ask, out),
            Ask::CancelAction { of, confirmation } => self.cancel_action(now, of, confirmation),
            Ask::RunCommand(confirmed) => self.run_command(now, *confirmed),
            Ask::Duty(duty) => self.ask_duty(now, *duty),
            Ask::ProposeStep => self.propose_step(now, out),
            Ask::ProposeShift(to) => self.propose_shift(now, to, out),
            Ask::ProposePutBack(router) => self.propose_put_back(now, &router, out),
            Ask::ProposeRollback(choice) => self.propose_rollback(now, choice, out),
            Ask::Withdraw => self.withdraw(now, out),
            Ask::Confirm { confirmation, overrides } => self.confirm(now, confirmation, overrides, out),
            Ask::CompleteStep { confirmation, overrides } => self.complete(now, confirmation, overrides, out),
            Ask::SkipStep { reason } => {
                if let Some(step) = self.next_step_id() {
                    self.ask(now, Command::SkipStep { step, reason });
                }
            }
            Ask::Retry(routers) => {
                if let Some(change) = self.session.in_flight().map(crate::session::Change::id) {
                    self.ask(now, Command::Retry { change, routers });
                }
            }
            Ask::SendWave => self.send_wave(now, out),
            Ask::Leave { reason } => {
                if let Some(change) = self.session.in_flight().map(crate::session::Change::id) {
                    self.ask(now, Command::Leave { change, reason });
                }
            }
            Ask::ArmGuards { confirmation } => self.arm_guards(now, confirmation),
            Ask::DisarmGuards => {
                self.ask(now, Command::DisarmGuards { why: crate::session::guard::BY_HAND.to_owned() });
            }
            Ask::AcceptDrift { router, read, reason } => self.ask(now, Command::AcceptDrift { router, read, reason }),
            Ask::ToggleItem(item) => self.toggle(now, item),
            Ask::RunChecks(checks) => self.run_checks(now, &checks, out),
            Ask::TellAgain => self.tell_again(now, out),
            Ask::Note(text) => self.ask(now, Command::AddNote { text }),
            Ask::Attach { source, lines } => self.ask(now, Command::AttachLines { source, lines }),
            Ask::Hold { reason } => self.ask(now, Command::Hold { reason }),
            Ask::ReleaseHold { reason } => self.ask(now, Command::ReleaseHold { reason }),
            Ask::ReloadProfile { confirmation } => self.reload(now, confirmation, out),
            Ask::Join => {
                let (seat, process) = (self.me.seat, self.me.process.clone());
                self.note(now, Command::Join { seat, process });
                self.announce(now, true, out);
            }
            Ask::LeaveSession { why } => {
                self.note(now, Command::LeaveSession { why });
                if self.crew.shared {
                    out.push(Effect::Announce(self.presence(now, true)));
                }
            }
            Ask::Offer { to } => self.offer_controls(now, to),
            Ask::AcceptOffer => {
                let controls = self.me.controls("handed over");
                self.ask(now, Command::AcceptOffer { controls });
            }
            Ask::EndOffer => {
                let why = if self.drives() { "taken back" } else { "refused" };
                self.ask(now, Command::EndOffer { why: why.to_owned() });
            }
            Ask::AskControls { reason } => self.ask(now, Command::AskControls { reason }),
            Ask::EndAsking => {
                let why = if self.drives() { "refused" } else { "withdrawn" };
                self.ask(now, Command::EndAsking { why: why.to_owned() });
            }
            Ask::TakeOver => self.take_over(now),
            Ask::Give { request, digest, confirmation } => self.give(now, request, digest, confirmation, out),
            Ask::Refuse { request, reason } => self.ask(now, Command::RefuseSecond { request, reason }),
            Ask::Approve { approval, about, confirmation } => self.approve(now, approval, about, confirmation, out),
            Ask::ReportApproval { approval, by, link } => {
                self.ask(now, Command::ReportApproval { approval, by, link });
            }
            Ask::WithdrawApproval { approval, by, reason } => {
                self.ask(now, Command::WithdrawApproval { approval, by, reason });
            }
            Ask::ConfirmRun { steps, confirmation } => self.confirm_run(now, steps, confirmation, out),
            Ask::EndRun { why } => self.ask(now, Command::EndRun { why }),
            Ask::Point(pointer) => {
                self.crew.pointer = pointer;
                self.announce(now, true, out);
            }
            Ask::LookAt(digest) => {
                self.crew.looking_at = digest;
                self.announce(now, true, out);
            }
            Ask::Close { outcome } => {
                let routers = self.as_read().unwrap_or_default();
                let left = self.left_at_closing();
                self.note_all_tellings(now);
                self.ask(now, Command::Close { outcome, routers, left });
            }
        }
    }

    fn complete(&mut self, now: Now, confirmation: Confirmation, overrides: Vec<Override>, out: &mut Vec<Effect>) {
        let Some(step) = self.next_step_id().and_then(|id| self.procedure.step(&id)).map(|(_, step)| step.clone())
        else {
            return;
        };
        let act = if step.action().is_none() {
            asked_act(&self.session, &step)
        } else if self.is_described_anew(now, &step.id, out) {
            return;
        } else if let Some(act) = self.asked_start(&step) {
            act
        } else {
            return;
        };
        let signed = if confirmation.alone.is_some() { SignedAct::Alone } else { SignedAct::Confirm };
        let digest = ConfirmationAsked::digest_of(&act, &overrides);
        let then = Then::Complete { confirmation, overrides };
        if let Some(then) = self.signed_or(now, signed, digest, act.words(), then, out) {
            self.go_on(now, then, out);
        }
    }

    pub(super) fn complete_signed(&mut self, now: Now, confirmation: Confirmation, overrides: Vec<Override>) {
        if let Some(step) = self.next_step_id() {
            self.complete_work(now, step, confirmation, overrides);
        }
    }

    /// Confirmed: to another person where that is asked, else into the journal.
    pub(super) fn complete_work(
        &mut self,
        now: Now,
        step: StepId,
        confirmation: Confirmation,
        overrides: Vec<Override>,
    ) {
        if self.completing_asks_second(&step, &confirmation) {
            let act = self.procedure.work(&step).and_then(|step| match step.action() {
                Some(_) => self.asked_start(step),
                None => Some(asked_act(&self.session, step)),
            });
            if let Some(act) = act {
                self.ask_second(now, act, overrides, confirmation);
            }
            return;
        }
        self.take_step(now, step, overrides, confirmation);
    }

    /// Starts the action of a step, or completes one that a person did.
    pub(super) fn take_step(&mut self, now: Now, step: StepId, overrides: Vec<Override>, confirmation: Confirmation) {
        if self.procedure.work(&step).is_some_and(|step| step.action().is_some()) {
            return self.start_action(now, &step, confirmation, overrides);
        }
        let evidence = self.evidence(now);
        self.ask(now, Command::CompleteStep { step, overrides, confirmation, evidence });
    }

    fn withdraw(&mut self, now: Now, out: &mut Vec<Effect>) {
        let confirming =
            |proposing: &super::propose::Proposing| matches!(proposing.stage, super::propose::Stage::Confirming(_));
        if self.proposing.as_ref().is_some_and(confirming) {
            out.push(Effect::tell(Tone::Warn, "it is confirmed already and on its way into the journal; R rolls back"));
        } else {
            self.end_waiting(now, "withdrawn");
            self.proposing = None;
        }
    }

    fn toggle(&mut self, now: Now, item: ItemId) {
        let command =
            if self.session.ticks.contains_key(&item) { Command::Untick { item } } else { Command::Tick { item } };
        self.ask(now, command);
    }

    fn reload(&mut self, now: Now, confirmation: Confirmation, out: &mut Vec<Effect>) {
        match &self.changed_profile {
            Some(ChangedProfile::Good { procedure, .. }) => {
                let act = AskedAct::reload(&self.session, procedure.digest);
                let signed = if confirmation.alone.is_some() { SignedAct::Alone } else { SignedAct::Confirm };
                let digest = ConfirmationAsked::digest_of(&act, &[]);
                let then = Then::Reload { confirmation };
                if let Some(then) = self.signed_or(now, signed, digest, act.words(), then, out) {
                    self.go_on(now, then, out);
                }
            }
            Some(ChangedProfile::Bad { why }) => {
                out.push(Effect::tell(Tone::Warn, format!("the profile on disk has problems: {why}")));
            }
            None => out.push(Effect::tell(Tone::Plain, "the profile on disk is the one that is flown")),
        }
    }

    pub(super) fn reload_signed(&mut self, now: Now, confirmation: Confirmation, out: &mut Vec<Effect>) {
        let Some(ChangedProfile::Good { procedure, .. }) = &self.changed_profile else { return };
        if self.reloading_asks_second(&confirmation) {
            let act = AskedAct::reload(&self.session, procedure.digest);
            self.ask_second(now, act, Vec::new(), confirmation);
        } else {
            self.reload_now(now, confirmation, out);
        }
    }

    /// Takes in the profile on disk, if it is still the one that was confirmed.
    pub(super) fn reload_now(&mut self, now: Now, confirmation: Confirmation, out: &mut Vec<Effect>) {
        let Some(ChangedProfile::Good { procedure, files }) = &self.changed_profile else {
            out.push(Effect::tell(Tone::Warn, "the profile on disk changed again: nothing was taken in"));
            return;
        };
        let names = |procedure: &crate::domain::Procedure| {
            let routers: Vec<_> = procedure.routers.iter().map(|router| router.id.clone()).collect();
            (procedure.pool_ids().cloned().collect::<Vec<_>>(), routers)
        };
        let command = Command::ReloadProfile {
            files: files.clone(),
            digest: procedure.digest,
            same_routers: names(procedure) == names(&self.procedure),
            confirmation,
            evidence: self.evidence(now),
        };
        self.ask(now, command);
    }

    /// Who answers for a router, held against the journal (C5): the driver notes another process of the same node.
    fn compare_identity(&mut self, now: Now, router: &RouterId, reading: &Reading) {
        let known = self.session.identities.get(router);
        if let Some(watch) = self.watches.get_mut(router) {
            watch.is_other = known.is_some_and(|known| known.node != reading.identity.node);
        }
        let Some(known) = known.filter(|known| **known != reading.identity) else { return };
        if self.session.is_open() && self.drives() && known.node == reading.identity.node {
            let (was, is) = (known.clone(), reading.identity.clone());
            self.note(now, Command::NoteRestart { router: router.clone(), was, is });
        }
    }

    /// Holds what answers for the routers against the journal anew, once that has learnt of another.
    pub(super) fn look_at_identities(&mut self) {
        for (router, watch) in &mut self.watches {
            let read = watch.last.as_ref().map(|seen| &seen.reading.identity.node);
            watch.is_other =
                read.zip(self.session.identities.get(router)).is_some_and(|(read, known)| *read != known.node);
        }
    }

    /// Routers of which this cockpit reads another node than the journal knows (C5).
    pub fn other_routers(&self) -> impl Iterator<Item = &RouterId> {
        self.watches.iter().filter(|(_, watch)| watch.is_other).map(|(router, _)| router)
    }

    /// A reloaded profile takes hold once its entry is kept.
    pub(super) fn take_profile(&mut self, digest: Digest) {
        if let Some(ChangedProfile::Good { procedure, .. }) = &self.changed_profile
            && procedure.digest == digest
        {
            let known = std::mem::take(&mut self.guards);
            self.guards = super::guard::watches(procedure, &self.procedure, known);
            self.procedure = procedure.clone();
            for watch in self.watches.values_mut() {
                if let Some(Seen { at, poll, reading, .. }) = watch.last.take() {
                    watch.last = Some(Seen::new(at, poll, reading, self.procedure.pool_ids()));
                }
            }
            self.changed_profile = None;
            self.forget_checks();
            self.pairs.renew(&self.procedure);
            let rule = &self.procedure.drain;
            self.drains =
                self.procedure.pool_ids().map(|pool| (pool.clone(), crate::domain::drain::Drain::new(rule))).collect();
        }
    }

    fn next_step_id(&self) -> Option<crate::domain::StepId> {
        self.session.next_step(&self.procedure.plan).map(|step| step.id.clone())
    }

    /// Whether the next step is a person's work.
    pub fn next_is_by_hand(&self) -> bool {
        let next = self.session.next_step(&self.procedure.plan);
        next.is_some_and(|step| matches!(step.act, StepAct::Deploy { .. } | StepAct::Pause { .. }))
    }
}
