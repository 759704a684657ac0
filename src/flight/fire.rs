//! What guards do once they trip (G1, G2): they ring, what they saw is written down, and an armed one rolls back.
//!
//! [`super::guard`] says how each guard stands; here is what follows from it. Every cockpit rings; the one that drives notes,
//! and fires what it has armed. Whether it may fire is the session's rule, decided against what is kept.
//!
//! Invariants: a guard's rollback is sent only once its entry is kept, and never beside the journal; what could not be kept
//! is not tried again, but waits for a person.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::back::WayBack;
use super::guard::GuardWatch;
use super::{Effect, Flight, Tone, WayBackChoice};
use crate::domain::guard::{GuardState, Then};
use crate::domain::{ChangeId, GuardId, Now, Prepared, Refused, RouterId, Target, Waves, Weights};
use crate::session::command::Command;
use crate::session::event::{ChangeKind, Event};
use crate::session::gate::way_back_fails;
use crate::session::guard::{Acted, GuardBaseline, to_arm};
use crate::session::proposal::{Bound, Confirmation, Proposal, RouterOrder};
use crate::session::{Stamp, flaw};

/// How a guard stands, as far as it matters for what it does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stand {
    /// It tripped, with its evidence in words.
    Red {
        /// `1.4 % > 1 % on blue, 3 in a row`.
        words: String,
    },
    /// It is known to be well, or has nothing to watch.
    Quiet,
    /// Neither: breached but not often enough, or inconclusive.
    Open,
}

/// What this cockpit does about its guards.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Fire {
    /// Guards that rang here for the trip that stands.
    rung: BTreeSet<GuardId>,
    /// The rollback of a guard on its way into the journal.
    shot: Option<Shot>,
    /// Armed guards that did not roll back, and why.
    because: BTreeMap<GuardId, String>,
    /// The newest change that the guards were looked at under, and how often each had tripped here then: more than that
    /// is another trip than the one that the change answered.
    since: (Option<ChangeId>, BTreeMap<GuardId, u32>),
}

/// A guard's rollback before it is kept.
#[derive(Clone, PartialEq, Debug)]
struct Shot {
    guard: GuardId,
    words: String,
    change: ChangeId,
    request: u64,
    to: Weights,
    targets: BTreeMap<RouterId, Target>,
    orders: BTreeMap<RouterId, Result<RouterOrder, Refused>>,
    made: Now,
    /// Whether it waits for the journal, and no more for routers to work it out.
    is_asked: bool,
}

/// How long routers may work out what the way back means for them, until the guard rings instead.
const PATIENCE: Duration = Duration::from_secs(2);

impl Flight {
    /// Rings, notes and fires: what follows from how the guards stand now.
    pub(super) fn look_after_guards(&mut self, now: Now, out: &mut Vec<Effect>) {
        if self.procedure.guards.is_empty() || !self.session.is_open() {
            return;
        }
        let newest = self.session.changes.last().map(|change| change.id());
        if self.fire.since.0 != newest {
            // What they said before it is no news any more.
            self.run_guards(now, true);
            let trips = self.guards.iter().map(|(guard, watch)| (guard.clone(), watch.trips)).collect();
            self.fire.since = (newest, trips);
        }
        let stands = self.guard_stands();
        self.ring(&stands, out);
        self.fire.because.retain(|guard, _| matches!(stands.get(guard), Some(Stand::Red { .. })));
        if !self.drives() {
            self.fire.shot = None;
            return;
        }
        self.shoot(now, &stands, out);
        if !self.link.is_busy() {
            self.note_guards(now, &stands);
        }
    }

    /// A trip rings once, on every screen: here where it is seen, or where another cockpit's word of it arrives.
    fn ring(&mut self, stands: &BTreeMap<GuardId, Stand>, out: &mut Vec<Effect>) {
        let told = |guard: &GuardId| self.session.guards.is_red(guard);
        let is_red = |guard: &GuardId| matches!(stands.get(guard), Some(Stand::Red { .. }));
        self.fire.rung.retain(|guard| is_red(guard) || told(guard));
        for (guard, stand) in stands {
            if let Stand::Red { words } = stand
                && !told(guard)
                && self.fire.rung.insert(guard.clone())
            {
                let (tone, text) = if self.session.changes.is_empty() {
                    (Tone::Warn, format!("the guard {guard} is red before anything was changed: {words}"))
                } else {
                    (Tone::Bad, format!("the guard {guard} tripped: {words}"))
                };
                out.push(Effect::tell(tone, text));
            }
        }
    }

    /// Brings the rollback of an armed guard that tripped on its way, one at a time.
    fn shoot(&mut self, now: Now, stands: &BTreeMap<GuardId, Stand>, out: &mut Vec<Effect>) {
        if let Some(shot) = self.fire.shot.take() {
            let is_red = matches!(stands.get(&shot.guard), Some(Stand::Red { .. }));
            let is_told = self.session.guards.is_red(&shot.guard);
            if is_told || !is_red && !shot.is_asked {
                return;
            }
            if shot.is_asked && self.link.fires(&shot.guard) {
                self.fire.shot = Some(shot);
            } else if shot.is_asked && !is_red {
                // It was quiet again before it was decided.
            } else if shot.is_asked {
                let because = match &self.link.down {
                    Some(why) => format!("the journal did not keep it: {why}"),
                    None => "it was not armed any more when that was decided".to_owned(),
                };
                self.rings_instead(shot.guard, because, out);
            } else if shot.orders.len() == shot.targets.len() {
                self.ask_to_fire(now, shot, out);
            } else if now.elapsed.since(shot.made.elapsed) > PATIENCE {
                self.rings_instead(shot.guard, "what each router is sent could not be worked out".to_owned(), out);
            } else {
                self.fire.shot = Some(shot);
            }
            return;
        }
        let fires = |(guard, stand): (&GuardId, &Stand)| match stand {
            Stand::Red { words } if self.may_fire(guard) => Some((guard.clone(), words.clone())),
            Stand::Red { .. } | Stand::Quiet | Stand::Open => None,
        };
        if let Some((guard, words)) = stands.iter().find_map(fires) {
            self.aim_shot(now, guard, words, out);
        }
    }

    fn may_fire(&self, guard: &GuardId) -> bool {
        let armed = self.session.armed().is_some_and(|armed| armed.guards.contains(guard));
        let acts = || self.procedure.guards.iter().any(|spec| spec.id == *guard && spec.then == Then::RollBack);
        let armed = armed || (flaw::is(flaw::Flaw::GuardFiresUnarmed) && acts());
        armed && !self.session.guards.is_red(guard) && !self.fire.because.contains_key(guard)
    }

    /// Works out what each router is sent; what is decided comes after it.
    fn aim_shot(&mut self, now: Now, guard: GuardId, words: String, out: &mut Vec<Effect>) {
        if self.is_cut_off() || self.spill.is_some() {
            return self.rings_instead(guard, "this cockpit is cut off from the journal".to_owned(), out);
        }
        let back = match self.guard_back(&guard) {
            Ok(back) => back,
            Err(refused) => return self.rings_instead(guard, refused.why, out),
        };
        if back.targets.is_empty() {
            return self.rings_instead(guard, "the profile names no router".to_owned(), out);
        }
        self.counters.changes += 1;
        self.counters.requests += 1;
        let request = self.counters.requests;
        for (router, target) in &back.targets {
            let reading =
                self.watches.get(router).and_then(|watch| watch.last.as_ref()).map(|seen| seen.reading.clone());
            out.push(Effect::Prepare { request, router: router.clone(), target: target.clone(), reading });
        }
        self.close_until = now.elapsed.plus(self.procedure.timing.close_for);
        self.fire.shot = Some(Shot {
            guard,
            words,
            change: ChangeId { cockpit: self.me.cockpit, counter: self.counters.changes },
            request,
            to: back.to,
            targets: back.targets,
            orders: BTreeMap::new(),
            made: now,
            is_asked: false,
        });
    }

    /// Takes what a router is sent for a guard's rollback; says whether it was asked for one.
    pub(super) fn prepared_for_guard(
        &mut self,
        request: u64,
        router: &RouterId,
        result: &Result<Prepared, Refused>,
    ) -> bool {
        let Some(shot) = self.fire.shot.as_mut().filter(|shot| shot.request == request) else { return false };
        let bound = self.watches.get(router).and_then(|watch| watch.last.as_ref()).map(|seen| Bound::of(&seen.reading));
        let order = result.clone().map(|prepared| RouterOrder { router: router.clone(), bound, prepared });
        shot.orders.insert(router.clone(), order);
        true
    }

    fn ask_to_fire(&mut self, now: Now, mut shot: Shot, out: &mut Vec<Effect>) {
        // The way back goes where it can: a router that cannot be prepared does not keep the others from it.
        let order = |router: &RouterId| shot.orders.get(router)?.as_ref().ok().cloned();
        let routers: Vec<RouterOrder> = self.procedure.routers.iter().filter_map(|router| order(&router.id)).collect();
        if routers.is_empty() {
            let why = shot.orders.values().find_map(|order| order.as_ref().err()).map(|refused| refused.why.clone());
            return self.rings_instead(shot.guard, why.unwrap_or_default(), out);
        }
        let proposal = Box::new(Proposal {
            change: shot.change,
            kind: ChangeKind::Rollback { supersedes: None, reopens: Vec::new() },
            to: shot.to.clone(),
            routers,
            waves: Waves::default(),
            revision: self.session.revision,
            profile: self.procedure.digest,
            made: now,
        });
        let others = self.others_breach(&shot.guard);
        let command = Command::FireGuard {
            guard: shot.guard.clone(),
            words: shot.words.clone(),
            is_red: true,
            others,
            proposal,
            evidence: self.evidence(now),
        };
        shot.is_asked = true;
        self.fire.shot = Some(shot);
        self.note(now, command);
    }

    /// What a guard knows is known at the moment of deciding.
    pub(super) fn renew_shot(&self, command: &mut Command) {
        if let Command::FireGuard { guard, is_red, others, .. } = command {
            *is_red = matches!(self.guard_stand(guard), Stand::Red { .. });
            *others = self.others_breach(guard);
        }
    }

    fn rings_instead(&mut self, guard: GuardId, because: String, out: &mut Vec<Effect>) {
        let text = format!("the guard {guard} is armed and did NOT roll back: {because}; R goes back");
        out.push(Effect::tell(Tone::Bad, text));
        self.fire.because.insert(guard, because);
    }

    /// Writes down what guards compare with, in front of the first change: it goes into the same entry.
    pub(super) fn note_baselines(&mut self, now: Now) {
        let measured = self.guard_baselines();
        let guards = measured.into_iter().map(|(guard, pool, value)| GuardBaseline::new(guard, pool, value));
        let guards: Vec<GuardBaseline> = guards.collect();
        if !guards.is_empty() && self.session.changes.is_empty() && self.drives() {
            self.note(now, Command::MeasureBaseline { guards });
        }
    }

    /// Writes down who tripped, who is quiet again, and who was red before anything began.
    fn note_guards(&mut self, now: Now, stands: &BTreeMap<GuardId, Stand>) {
        let mut notes = Vec::new();
        for (guard, stand) in stands {
            let told = self.session.guards.is_red(guard);
            let shooting = self.fire.shot.as_ref().is_some_and(|shot| shot.guard == *guard) || self.may_fire(guard);
            match stand {
                Stand::Red { words } if !told && !shooting => {
                    let (guard, words) = (guard.clone(), words.clone());
                    notes.push(if self.session.changes.is_empty() {
                        Command::NoteConfessed { guard, words }
                    } else {
                        let because = self.fire.because.get(&guard).cloned();
                        Command::NoteTripped { guard, words, because }
                    });
                }
                Stand::Red { .. } | Stand::Quiet | Stand::Open if told && self.is_calm(guard, stand) => {
                    notes.push(Command::NoteCalmed { guard: guard.clone() });
                }
                Stand::Red { .. } | Stand::Quiet | Stand::Open => {}
            }
        }
        for note in notes {
            self.note(now, note);
        }
    }

    fn has_tripped_since(&self, guard: &GuardId) -> bool {
        let before = self.fire.since.1.get(guard).copied().unwrap_or(0);
        self.guards.get(guard).is_some_and(|watch| watch.trips > before)
    }

    /// Whether a guard that was red is so no more. One that counts anew since the traffic was changed is red no more as
    /// well: its next trip is another one.
    fn is_calm(&self, guard: &GuardId, stand: &Stand) -> bool {
        let answered = self.session.guards.tripped.get(guard).is_some_and(|trip| trip.what.answered);
        match stand {
            Stand::Red { .. } => answered && self.has_tripped_since(guard),
            Stand::Quiet => true,
            Stand::Open => answered,
        }
    }

    /// Where a guard goes back to: its own split, else where R goes.
    ///
    /// # Errors
    /// As [`Flight::way_back`].
    pub fn guard_back(&self, guard: &GuardId) -> Result<WayBack, Refused> {
        let own = self.procedure.guard(guard).and_then(|spec| spec.back_to.clone());
        match own {
            Some(to) => Ok(WayBack { targets: self.targets(&to), to, why: format!("back_to of the guard {guard}") }),
            None => self.way_back(WayBackChoice::Step),
        }
    }

    /// Where guards that wait for an answer go back to, where one of them has a split of its own.
    pub(super) fn unanswered_back(&self) -> Option<(Weights, String)> {
        let specs = self.session.unanswered().filter_map(|(guard, _)| self.procedure.guard(guard));
        let mut own =
            specs.filter_map(|spec| Some((spec.back_to.clone()?, format!("back_to of the guard {}", spec.id))));
        own.next()
    }

    /// Guards that tripped and wait for a person: with the evidence, and why an armed one did not roll back. As the journal
    /// has it; where nobody writes it there, as it is seen here.
    pub fn waiting_trips(&self) -> Vec<(GuardId, String, Option<String>)> {
        let told = self.session.unanswered().map(|(guard, trip)| {
            let because = match &trip.what.acted {
                Acted::Rang { because } => Some(because.clone()),
                Acted::Proposed | Acted::RolledBack { .. } => None,
            };
            (guard.clone(), trip.what.words.clone(), because)
        });
        let going_back = self.session.in_flight().is_some_and(|change| !change.confirmed.kind.is_forward());
        let seen = self.guard_stands().into_iter().filter_map(|(guard, stand)| match stand {
            Stand::Red { words } if !self.session.guards.is_red(&guard) => {
                let because = self.fire.because.get(&guard).cloned();
                Some((guard, words, because))
            }
            Stand::Red { .. } | Stand::Quiet | Stand::Open => None,
        });
        told.chain(seen.filter(|_| !going_back && !self.session.changes.is_empty())).collect()
    }

    /// Why an armed guard would ring now instead of rolling back (G2); `None` where nothing speaks against it.
    pub fn guard_would_ring(&self, guard: &GuardId, now: Now) -> Option<String> {
        match self.guard_back(guard) {
            Ok(back) => way_back_fails(&self.session, &self.procedure, &back.to, &self.evidence(now))
                .or_else(|| self.others_breach(guard)),
            Err(refused) => Some(refused.why),
        }
    }

    /// Pools that the way back raises break the same limit (G2), in words.
    fn others_breach(&self, guard: &GuardId) -> Option<String> {
        self.guards.get(guard).and_then(|watch| watch.elsewhere.clone())
    }

    /// A person arms the guards that may roll back and are not red, or disarms them.
    pub(super) fn arm_guards(&mut self, now: Now, confirmation: Confirmation) {
        let (guards, _) = to_arm(&self.session, &self.procedure);
        let guards = guards.into_iter().cloned().collect();
        self.ask(now, Command::ArmGuards { guards, confirmation });
    }

    /// What kept events about guards set in motion here: a word to the operator.
    #[expect(clippy::wildcard_enum_match_arm, reason = "this is about few of many events; the others are `react`'s")]
    pub(super) fn react_to_guards(&mut self, stamp: &Stamp, event: &Event, out: &mut Vec<Effect>) {
        let mine = stamp.cockpit == self.me.cockpit;
        let who = &stamp.actor;
        let (tone, text) = match event {
            Event::GuardsArmed { guards, .. } => {
                let names: Vec<&str> = guards.iter().map(GuardId::as_str).collect();
                let names = names.join(", ");
                if mine {
                    (Tone::Good, format!("armed: {names}"))
                } else {
                    (Tone::Warn, format!("{who} armed the guards: {names}"))
                }
            }
            Event::GuardsDisarmed { why } => (Tone::Warn, format!("the guards are not armed any more: {why}")),
            Event::GuardTripped { guard, words, acted: Acted::RolledBack { .. } } => {
                self.fire.rung.insert(guard.clone());
                (Tone::Bad, format!("the guard {guard} ROLLS BACK: {words}"))
            }
            Event::GuardTripped { guard, acted: Acted::Rang { because }, .. } if mine => {
                if self.fire.because.contains_key(guard) {
                    return;
                }
                (Tone::Bad, format!("the guard {guard} is armed and did NOT roll back: {because}; R goes back"))
            }
            Event::GuardTripped { guard, words, .. } => {
                if !self.fire.rung.insert(guard.clone()) {
                    return;
                }
                (Tone::Bad, format!("the guard {guard} tripped: {words}"))
            }
            Event::GuardConfessed { guard, words } if !mine => {
                self.fire.rung.insert(guard.clone());
                (Tone::Warn, format!("the guard {guard} is red before anything was changed: {words}"))
            }
            Event::GuardCalmed { guard } => {
                self.fire.rung.remove(guard);
                self.fire.because.remove(guard);
                (Tone::Good, format!("the guard {guard} is red no more"))
            }
            _ => return,
        };
        out.push(Effect::tell(tone, text));
    }

    /// How every guard stands.
    fn guard_stands(&self) -> BTreeMap<GuardId, Stand> {
        let stand = |watch: &GuardWatch| match &watch.state {
            GuardState::Tripped { words, .. } => Stand::Red { words: words.clone() },
            GuardState::Quiet | GuardState::Resting { .. } => Stand::Quiet,
            GuardState::Breached { .. } | GuardState::Inconclusive { .. } => Stand::Open,
        };
        self.guards.iter().map(|(guard, watch)| (guard.clone(), stand(watch))).collect()
    }

    /// How one guard stands.
    fn guard_stand(&self, guard: &GuardId) -> Stand {
        self.guard_stands().remove(guard).unwrap_or(Stand::Open)
    }
}
