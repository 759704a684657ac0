//! Who else is there (J6), what they see of us, and the controls between us (C3, S2).

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Effect, Flight, Tone};
use crate::domain::{CockpitId, Digest, Elapsed, Now, Operator, Outcome, Presence, Seat, clock_span};
use crate::session::Command;
use crate::session::gate::{Forward, gates};
use crate::session::proposal::GateState;

/// The cockpits of a session, as far as they are heard.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Crew {
    /// Whether others can join at all: in a journal of one's own nobody is announced.
    pub shared: bool,
    /// Every other cockpit that was heard, with the moment.
    pub others: BTreeMap<CockpitId, Heard>,
    /// What this cockpit points at.
    pub pointer: Option<String>,
    /// The request that is on this cockpit's screen.
    pub looking_at: Option<Digest>,
    /// How far this host's clock is from the store's, in milliseconds; `None` while that is not known.
    pub offset_ms: Option<i64>,
    announced: Option<Elapsed>,
    touched: Option<Elapsed>,
    /// When the asking for the controls was folded, and whose it is.
    asked: Option<(CockpitId, Elapsed)>,
    began: Option<Elapsed>,
    /// When the newest intent of another cockpit was folded, or was found at opening: its owner's wall clock may be wrong.
    pub(super) intent_seen: Option<Elapsed>,
}

/// Another cockpit, as heard.
#[derive(Clone, PartialEq, Debug)]
pub struct Heard {
    /// What it said last.
    pub presence: Presence,
    /// When.
    pub at: Elapsed,
}

/// How often a cockpit announces itself.
const ANNOUNCE: Duration = Duration::from_secs(2);
/// A clock further off than this is said, in milliseconds.
const NEAR_MS: u64 = 2_000;

impl Crew {
    pub(super) fn wakes_at(&self) -> Option<Elapsed> {
        self.shared.then(|| self.announced.map_or(Elapsed(0), |at| at.plus(ANNOUNCE)))
    }

    /// How long it was listened to the others.
    pub(super) fn listened_for(&self, now: Elapsed) -> Duration {
        self.began.map_or(Duration::ZERO, |began| now.since(began))
    }

    /// How far this host's clock is from the store's, without direction.
    pub fn skew_ms(&self) -> u64 {
        self.offset_ms.unwrap_or(0).unsigned_abs()
    }
}

impl Flight {
    /// Other cockpits that were heard within the time of silence, by name.
    pub fn present(&self, now: Elapsed) -> impl Iterator<Item = &Presence> {
        let silence = self.procedure.people.silence;
        self.crew
            .others
            .values()
            .filter(move |heard| now.since(heard.at) < silence && !heard.presence.leaving)
            .map(|heard| &heard.presence)
    }

    /// How long nothing was heard of another cockpit; counted from when this one began to listen.
    pub fn silent_for(&self, cockpit: CockpitId, now: Elapsed) -> Duration {
        let heard = self.crew.others.get(&cockpit).map(|heard| heard.at).or(self.crew.began);
        heard.map_or(Duration::ZERO, |at| now.since(at))
    }

    /// How long the operator of another cockpit has touched no key, as far as it is heard.
    pub fn away_for(&self, cockpit: CockpitId, now: Elapsed) -> Duration {
        match self.crew.others.get(&cockpit) {
            Some(heard) => Duration::from_millis(heard.presence.idle_ms) + now.since(heard.at),
            None => self.silent_for(cockpit, now),
        }
    }

    /// How long this cockpit's own asking for the controls has stood; `None` when it does not ask.
    pub fn asked_for(&self, now: Elapsed) -> Option<Duration> {
        let mine = self.session.asking.as_ref().is_some_and(|asking| asking.cockpit == self.me.cockpit);
        let (cockpit, at) = self.crew.asked.filter(|_| mine)?;
        (cockpit == self.me.cockpit).then(|| now.since(at))
    }

    /// The holder of the controls, if that is another cockpit.
    pub fn other_driver(&self) -> Option<(CockpitId, &Operator)> {
        let holder = &self.session.controls.as_ref()?.holder;
        (holder.cockpit != self.me.cockpit).then_some((holder.cockpit, &holder.operator))
    }

    pub(super) fn present_heard(&mut self, now: Now, presence: Presence, out: &mut Vec<Effect>) {
        if presence.cockpit == self.me.cockpit {
            return;
        }
        let at = now.elapsed;
        let name = &presence.operator;
        let pointed = self.crew.others.get(&presence.cockpit).and_then(|heard| heard.presence.pointer.as_ref());
        if let Some(pointer) = presence.pointer.as_ref().filter(|pointer| pointed != Some(*pointer)) {
            out.push(Effect::tell(Tone::Plain, format!("{name} points at {pointer}")));
        }
        if presence.leaving {
            self.crew.others.remove(&presence.cockpit);
        } else {
            let has_come = self.crew.others.insert(presence.cockpit, Heard { presence, at }).is_none();
            if has_come && self.asks_metered(at) {
                self.share_past(out);
            }
        }
    }

    pub(super) fn clock_told(&mut self, offset_ms: Option<i64>, out: &mut Vec<Effect>) {
        let was = self.crew.skew_ms();
        self.crew.offset_ms = offset_ms;
        let is = self.crew.skew_ms();
        if is > NEAR_MS && was <= NEAR_MS {
            let text =
                format!("this host's clock is {} s off the journal's: times on it are not to be compared", is / 1000);
            out.push(Effect::tell(Tone::Warn, text));
        }
    }

    /// A person is at the keys.
    pub(super) fn touched_by_person(&mut self, now: Elapsed) {
        self.crew.touched = Some(now);
    }

    /// Announces this cockpit when it is time, or at once where something about it changed.
    pub(super) fn announce(&mut self, now: Now, at_once: bool, out: &mut Vec<Effect>) {
        self.crew.began.get_or_insert(now.elapsed);
        let due = self.crew.announced.is_none_or(|at| now.elapsed.since(at) >= ANNOUNCE);
        if !self.crew.shared || !(due || at_once) {
            return;
        }
        self.crew.announced = Some(now.elapsed);
        out.push(Effect::Announce(self.presence(now, false)));
    }

    /// What the others are told of this cockpit.
    pub fn presence(&self, now: Now, leaving: bool) -> Presence {
        let idle = self.crew.touched.or(self.crew.began).map_or(Duration::ZERO, |at| now.elapsed.since(at));
        Presence {
            cockpit: self.me.cockpit,
            operator: self.me.operator.clone(),
            host: self.me.process.host.clone(),
            pid: self.me.process.pid,
            observer: self.me.seat == Seat::Observer,
            at: now.wall,
            idle_ms: u64::try_from(idle.as_millis()).unwrap_or(u64::MAX),
            leaving,
            pointer: self.crew.pointer.clone(),
            looking_at: self.crew.looking_at,
        }
    }

    /// An intent that stood in the journal when this cockpit opened it counts from its first moment, unless it was given
    /// by this host's own clock.
    pub(super) fn see_intent_at_opening(&mut self, now: Now) {
        if self.crew.intent_seen.is_some() {
            return;
        }
        let Some(intent) = self.session.intent_of_others(self.me.cockpit) else { return };
        let owner = self.session.aboard.get(&intent.owner);
        if owner.is_none_or(|owner| owner.process.host != self.me.process.host) {
            self.crew.intent_seen = Some(now.elapsed);
        }
    }

    pub(super) fn offer_controls(&mut self, now: Now, to: CockpitId) {
        let aboard = self.session.aboard.get(&to).map(|aboard| aboard.operator.clone());
        let heard = || self.crew.others.get(&to).map(|heard| heard.presence.operator.clone());
        let Some(operator) = aboard.or_else(heard) else { return };
        let summary = self.summary(now);
        self.ask(now, Command::Offer { to, operator, summary });
    }

    pub(super) fn take_over(&mut self, now: Now) {
        let (waited, silent, away) = self.signs_of_holder(now.elapsed);
        let (controls, asking) = (self.me.controls("taken over"), self.own_asking());
        self.ask(now, Command::TakeOver { controls, asking, waited, silent, away });
    }

    /// The entry of this cockpit's asking, as it was folded; 0 where it does not ask.
    pub(super) fn own_asking(&self) -> u64 {
        let own = self.session.asking.as_ref().filter(|asking| asking.cockpit == self.me.cockpit);
        own.map_or(0, |asking| asking.entry)
    }

    /// How long this cockpit has waited, the holder's process was not heard, and its operator touched no key.
    pub(super) fn signs_of_holder(&self, now: Elapsed) -> (Duration, Duration, Duration) {
        let holder = self.other_driver().map(|(cockpit, _)| cockpit);
        let waited = self.asked_for(now).unwrap_or_default();
        let silent = holder.map_or(Duration::MAX, |holder| self.silent_for(holder, now));
        let away = holder.map_or(Duration::MAX, |holder| self.away_for(holder, now));
        (waited, silent, away)
    }

    pub(super) fn asking_folded(&mut self, now: Elapsed, cockpit: CockpitId) {
        self.crew.asked = Some((cockpit, now));
    }

    /// A run of steps ends when a pool with weight is lost, or who confirmed it is silent (F3).
    pub(super) fn look_after_run(&mut self, now: Now) {
        let Some(run) = self.session.run.as_ref().filter(|_| self.drives() && !self.link.is_busy()) else { return };
        let (by, cockpit) = (run.given.by.clone(), run.given.cockpit);
        let grace = self.procedure.people.silence + self.procedure.people.grace;
        let why = if cockpit != self.me.cockpit && self.silent_for(cockpit, now.elapsed) > grace {
            Some(format!("{by}, who confirmed it, is not here any more"))
        } else {
            let lost = self.dead_destination(now);
            lost.map(|why| format!("the way is not green: {why}"))
        };
        if let Some(why) = why {
            self.note(now, Command::EndRun { why });
        }
    }

    fn dead_destination(&self, now: Now) -> Option<String> {
        let step = self.session.next_step(&self.procedure.plan)?;
        let crate::domain::procedure::StepAct::Shift(to) = &step.act else { return None };
        let reports = gates(&self.session, &self.procedure, Forward::Shift(to), &self.evidence(now));
        let dead = |report: &&crate::session::proposal::GateReport| {
            report.state == GateState::Fails
                && matches!(
                    report.gate,
                    crate::session::proposal::Gate::Destination { .. } | crate::session::proposal::Gate::Guard { .. }
                )
        };
        reports.iter().find(dead).map(|report| report.text.clone())
    }

    /// Where things are, what is open, what is red: what is read when the controls change hands.
    pub fn summary(&self, now: Now) -> Vec<String> {
        let mut lines = Vec::new();
        for (router, watch) in &self.watches {
            let age = watch.last.as_ref().map(|seen| clock_span(now.elapsed.since(seen.at.elapsed)));
            match (watch.shares(), age) {
                (Some(shares), Some(age)) if watch.trouble.is_none() => {
                    lines.push(format!("{router} has {shares}, read {age} ago"));
                }
                (shares, _) => {
                    let last = shares.map_or("never read".to_owned(), |shares| format!("last known {shares}"));
                    lines.push(format!("{router} does not answer: {last}"));
                }
            }
        }
        match self.session.next_step(&self.procedure.plan) {
            Some(step) => lines.push(format!("next step: {}", step.name)),
            None if self.procedure.plan.is_empty() => {}
            None => lines.push("the plan has no step left".to_owned()),
        }
        if let Some(change) = self.session.in_flight() {
            let open: Vec<String> = change
                .unfinished()
                .map(|(router, known)| {
                    let word = known.and_then(|known| known.outcome.as_ref()).map_or("no answer yet", Outcome::word);
                    format!("{router} {word}")
                })
                .collect();
            lines.push(format!("in flight: {}: {}", change.confirmed.to, open.join(", ")));
        }
        if let Some(soak) = &self.soak {
            let soak = soak.evidence();
            if soak.held < soak.needed {
                lines.push(format!("soak {} of {}", clock_span(soak.held), clock_span(soak.needed)));
            }
        }
        let loud = |watch: &&super::guard::GuardWatch| watch.gate() != GateState::Holds;
        let guards = self.guards.iter().filter(|(_, watch)| loud(watch));
        lines.extend(guards.map(|(guard, watch)| format!("guard {guard}: {}", watch.words())));
        lines.extend(self.session.hold.iter().map(|hold| format!("held by {}: {}", hold.by, hold.what)));
        lines.extend(self.session.drifted.keys().map(|router| format!("{router} differs from the plan")));
        let required = self.procedure.checklist.sections.iter().flat_map(|section| &section.items);
        let open = required.filter(|item| item.required && !self.session.ticks.contains_key(&item.id)).count();
        if open > 0 {
            lines.push(format!("{open} required items are open"));
        }
        match self.way_back(super::WayBackChoice::Step) {
            Ok(back) => lines.push(format!("the way back: {}", back.to)),
            Err(refused) => lines.push(format!("no way back: {}", refused.why)),
        }
        lines
    }
}
