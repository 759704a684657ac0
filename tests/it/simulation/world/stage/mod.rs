//! R8: ways back in stages: the procedures that have them, the fingers that fly them, and the systems that answer for the
//! checks between them. What must hold is in [`account`].

mod account;

use std::time::Duration;

use flightdeck::domain::BasisPoints;
use flightdeck::domain::check::{Answer, CheckSpec, Verdict};
use flightdeck::domain::procedure::BackRule;
use flightdeck::domain::ramp::Ramp;

use super::*;
use crate::support::procedure::check;

pub use account::{Account, Told};

/// What is known of stages, and what the checks between them say.
pub struct Staging {
    /// Its own, so that flights without stages are what they were before there were any.
    random: Random,
    /// Whether this flight has ways back in stages.
    pub flies: bool,
    /// What each check says now; `None` where no answer ever comes.
    says: BTreeMap<CheckId, Option<Verdict>>,
    pub account: Account,
}

/// One flight of twelve has stages.
const SOME: (u64, u64) = (12, 7);
const CHECKS: [&str; 2] = ["health", "login"];

impl Staging {
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed ^ 0x0073_7461_6765_7321),
            flies: seed % SOME.0 == SOME.1,
            says: BTreeMap::new(),
            account: Account::default(),
        }
    }

    /// Two stages or three; in half of the procedures they go on by themselves, in half there are checks between them.
    pub fn procedure(&mut self, procedure: Procedure) -> Procedure {
        if !self.flies {
            return procedure;
        }
        let quick = |name: &str| CheckSpec {
            every: Duration::from_secs(1),
            timeout: Duration::from_millis(600),
            ..check(name, None)
        };
        let checks = CHECKS.map(quick).to_vec();
        self.shaped(Procedure { checks, ..procedure })
    }

    /// An edition of it, in which the way back may have another shape.
    pub fn edited(&mut self, edited: Procedure) -> Procedure {
        if !self.flies {
            return edited;
        }
        if self.random.chance(50) { self.shaped(edited) } else { valid(edited) }
    }

    fn shaped(&mut self, procedure: Procedure) -> Procedure {
        let ramps: [&[u32]; 5] = [&[5_000, 0], &[5_000, 2_500, 0], &[6_000, 3_000, 0], &[8_000, 0], &[5_000, 4_999, 0]];
        let ramp = self.random.pick(&ramps).copied().unwrap_or_default().iter().copied().map(BasisPoints).collect();
        let between = 400 + 400 * self.random.below(3);
        let goes_on = self.random.chance(50).then_some(Duration::from_millis(between));
        let named = if self.random.chance(50) { CHECKS.map(CheckId::from).to_vec() } else { Vec::new() };
        let back = BackRule { ramp, goes_on, checks: named, ..procedure.back };
        valid(Procedure { back, ..procedure })
    }

    /// What a check says when it is asked: mostly what it said before.
    fn says(&mut self, check: &CheckId, healed: bool) -> Option<Verdict> {
        if healed {
            return Some(Verdict::Pass);
        }
        let before = self.says.get(check).copied().unwrap_or(Some(Verdict::Pass));
        let now = match self.random.below(100) {
            0..70 => before,
            70..86 => Some(Verdict::Pass),
            86..92 => Some(Verdict::Fail),
            92..96 => Some(Verdict::Inconclusive),
            _ => None,
        };
        self.says.insert(check.clone(), now);
        now
    }
}

/// Stages go by themselves only where a rollback asks for a key: no profile says anything else.
fn valid(mut procedure: Procedure) -> Procedure {
    if procedure.back.goes_on.is_some() {
        procedure.confirm.rollback = Friction::Key;
    }
    procedure
}

impl World {
    /// A system is asked, and answers in time, late or never.
    pub fn ask_check(&mut self, at: usize, check: CheckId, request: u64) {
        if self.tagging.resolves(&check) {
            return self.serve_tag(at, check, request);
        }
        let (began, healed) = (self.now(at), self.healed);
        let Some(verdict) = self.staging.says(&check, healed) else {
            return self.seen.mark("check between stages never answered");
        };
        let late = !healed && self.staging.random.chance(4);
        let delay = self.staging.random.below(if late { 3_000 } else { 250 });
        let answer = Box::new(Answer::new(verdict, format!("{check} says {}", verdict.word()), began.wall));
        self.answer(at, delay, Msg::CheckAnswered { check, request, began, answer });
    }

    /// Somebody goes back in stages, goes on with the next one, goes back at once, or looks on.
    pub fn act_on_stages(&mut self) {
        if !self.staging.flies {
            return;
        }
        self.note_waiting();
        let awake: Vec<usize> = self.alive().into_iter().filter(|at| !self.cockpits[*at].asleep).collect();
        let driver = awake.iter().copied().find(|at| self.cockpits[*at].flight.drives());
        let random = &mut self.staging.random;
        let Some(at) = (if random.chance(80) { driver } else { random.pick(&awake).copied() }) else { return };
        let (roll, span) = (random.below(100), random.below(2_000));
        let session = &self.cockpits[at].flight.session;
        let (waits, in_flight) = (session.ramp().is_some(), session.in_flight().is_some());
        match (waits, roll) {
            (true, 0..10) => self.go_back(at, WayBackChoice::Ramp),
            (true, 10..15) => self.go_back(at, WayBackChoice::Step),
            (true, 15..21) => self.ask(at, Ask::Hold { reason: "look at that stage".to_owned() }),
            (true, 21..29) => self.ask(at, Ask::ReleaseHold { reason: "looked".to_owned() }),
            (true, 29..37) => self.hand_over(at),
            // Whatever a person proposed is in the way of what goes by itself.
            (true, 37..42) => self.ask(at, Ask::Withdraw),
            (true, 42..80) => self.pass(400 + span),
            (false, 0..6) if in_flight => self.go_back(at, WayBackChoice::Ramp),
            (false, 6..9) if in_flight => self.go_back(at, WayBackChoice::Step),
            (false, 0..30) if !in_flight => {
                self.go_back(at, WayBackChoice::Ramp);
                self.pass(300 + span);
            }
            _ => {}
        }
    }

    fn go_back(&mut self, at: usize, choice: WayBackChoice) {
        self.ask(at, Ask::ProposeRollback(choice));
        self.pass(20);
        let proposal = self.cockpits[at].flight.proposing.as_ref().and_then(|each| each.proposal());
        let Some(typed) = proposal.map(flightdeck::session::Proposal::typed_target) else { return };
        let gesture = if self.staging.random.chance(50) { Gesture::Key } else { Gesture::Typed(typed) };
        self.ask(at, Ask::Confirm { confirmation: Confirmation::new(gesture, true), overrides: Vec::new() });
    }

    /// The controls change hands between two stages, and sometimes come back.
    fn hand_over(&mut self, at: usize) {
        let me = self.cockpits[at].flight.me.cockpit;
        let others = self.alive().into_iter().filter(|other| *other != at && !self.cockpits[*other].asleep);
        let others: Vec<usize> = others.collect();
        let Some(other) = self.staging.random.pick(&others).copied() else { return };
        let to = self.cockpits[other].flight.me.cockpit;
        let comes_back = self.staging.random.chance(50);
        for (from, to, taker) in [(at, to, other), (other, me, at)].into_iter().take(1 + usize::from(comes_back)) {
            self.ask(from, Ask::Offer { to });
            self.pass(120);
            self.ask(taker, Ask::AcceptOffer);
            self.pass(120);
        }
    }

    /// What keeps a stage back that would go by itself.
    fn note_waiting(&mut self) {
        for at in self.alive() {
            let now = self.now(at).elapsed;
            let Some(Err(why)) = self.cockpits[at].flight.next_stage_waits(now) else { continue };
            let kept_back = [
                ("says fail", "stage kept back by a check that fails"),
                ("says inconclusive", "stage kept back by a check that cannot tell"),
                ("no answer came", "stage kept back by a check without an answer"),
                ("held by", "stage kept back by a hold"),
                ("differs from the plan", "stage kept back by drift"),
            ];
            for (words, what) in kept_back {
                if why.contains(words) {
                    self.seen.mark(what);
                }
            }
        }
    }

    /// All faults being over: from wherever it is, the way back in stages goes on, by a key and by itself, up to its end or
    /// to somewhere on it.
    pub fn walk_back_in_stages(&mut self) {
        if !self.staging.flies || self.broken.is_some() || self.staging.random.chance(40) {
            return;
        }
        let operators: Vec<usize> =
            self.alive().into_iter().filter(|at| self.cockpits[*at].flight.me.seat == Seat::Operator).collect();
        let driver = operators.iter().copied().find(|at| self.cockpits[*at].flight.drives());
        let Some(at) = driver.or_else(|| operators.first().copied()) else { return };
        self.ask(at, Ask::Withdraw);
        if self.store.fold.hold.is_some() {
            self.ask(at, Ask::ReleaseHold { reason: "all is well".to_owned() });
        }
        self.pass(100);
        for round in 0..self.staging.random.below(5) {
            let before = self.store.fold.changes.last().map(|change| change.id());
            // What was withdrawn before is a person's to go on with.
            let is_by_itself = round > 0 && self.store.fold.ramp().is_some() && self.goes_by_itself(at);
            if is_by_itself {
                self.pass(9_000);
            } else {
                self.go_back(at, WayBackChoice::Ramp);
                let proposing = self.cockpits[at].flight.proposing.as_ref().filter(|each| each.ramp.is_some());
                let is_first = proposing.is_some_and(|each| each.ramp.as_ref().is_some_and(|ramp| ramp.stage == 1));
                match proposing.map(|each| &each.stage) {
                    Some(Stage::Confirming(_)) => {}
                    // The whole way is less than a router can tell apart: idle, it does nothing (R3).
                    Some(Stage::Ready(proposal)) if is_first && self.hold_already(proposal) => return,
                    Some(Stage::Ready(_)) => return self.broke("R8", "a stage was confirmed and refused"),
                    // Nothing to go back to, or two people are asked.
                    Some(_) | None => return,
                }
                self.pass(7_000);
            }
            // The one after it may be on its way already.
            for _ in 0..7 {
                if self.store.fold.in_flight().is_some() {
                    self.pass(1_000);
                }
            }
            if self.broken.is_some() {
                return;
            }
            let newest = self.store.fold.changes.last();
            let is_stage = newest.is_some_and(|change| change.took().is_some() && change.ramp.is_some());
            if !is_stage || newest.map(|change| change.id()) == before {
                let how = if is_by_itself { "that nothing spoke against" } else { "that was confirmed" };
                let what = newest.map(|change| (change.id(), change.settled.clone()));
                return self.broke("R8", format!("a stage {how} did not go, on healthy routers: {what:?}"));
            }
            let is_last = newest.and_then(|change| change.ramp.as_ref()).is_some_and(Ramp::is_last);
            if is_last {
                return self.seen.mark("way back ended in stages");
            }
        }
    }

    fn hold_already(&self, proposal: &flightdeck::session::Proposal) -> bool {
        let mut orders = proposal.routers.iter();
        orders.all(|order| self.routers[&order.router].native().holds(&order.prepared.native))
    }

    /// Whether this cockpit sent the newest stage, and nothing keeps the next one from going by itself.
    fn goes_by_itself(&self, at: usize) -> bool {
        let (fold, flight) = (&self.store.fold, &self.cockpits[at].flight);
        let flown = self.flown(fold);
        let mine = self.staging.account.newest(fold).is_some_and(|stage| stage.is_of(flight.me.cockpit, fold));
        mine && flown.back.goes_on.is_some()
            && flown.digest == flight.procedure.digest
            && flight.proposing.is_none()
            && fold.drifted.is_empty()
            && fold.hold.is_none()
    }
}
