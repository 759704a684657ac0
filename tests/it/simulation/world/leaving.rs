//! D8: routers that are left out of the rest of the plan and taken in again: the fingers that do it, and a naive account of
//! what may be sent where.

use flightdeck::session::event::ChangeConfirmed;
use flightdeck::session::unwind::RouterExcluded;

use super::*;

/// What is known of routers that are left out.
pub struct Leaving {
    /// Its own, so that flights in which nothing is left out are what they were.
    random: Random,
    /// Whether routers are left out in this flight.
    pub flies: bool,
    /// Routers that are left out now.
    pub out: BTreeSet<RouterId>,
    /// The newest word about each router of a change; `None` between its intent and that.
    words: BTreeMap<(ChangeId, RouterId), Option<Outcome>>,
}

/// In two flights of twelve routers are left out: one of them has guards as well.
const SOME: (u64, [u64; 2]) = (12, [3, 10]);

impl Leaving {
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed ^ 0x006c_6561_7665_6f75),
            flies: SOME.1.contains(&(seed % SOME.0)),
            out: BTreeSet::new(),
            words: BTreeMap::new(),
        }
    }
}

impl World {
    /// Somebody leaves a router out, takes one in again, or sends to one that is left out.
    pub fn act_on_leaving(&mut self) {
        if !self.leaving.flies || !self.leaving.random.chance(25) {
            return;
        }
        let awake: Vec<usize> = self.alive().into_iter().filter(|at| !self.cockpits[*at].asleep).collect();
        let driver = awake.iter().copied().find(|at| self.cockpits[*at].flight.drives());
        let random = &mut self.leaving.random;
        let Some(at) = (if random.chance(80) { driver } else { random.pick(&awake).copied() }) else { return };
        let routers: Vec<RouterId> = self.routers.keys().cloned().collect();
        let Some(router) = random.pick(&routers).cloned() else { return };
        let out: Vec<RouterId> = self.cockpits[at].flight.session.excluded.keys().cloned().collect();
        let random = &mut self.leaving.random;
        match random.below(100) {
            0..45 => {
                let is_away = random.chance(40);
                let reason = if random.chance(5) { String::new() } else { "it does not answer".to_owned() };
                if let Some(simulated) = self.routers.get_mut(&router).filter(|_| is_away && !self.healed) {
                    simulated.stopped = true;
                }
                self.ask(at, Ask::ExcludeRouter { router, reason });
            }
            45..75 => {
                let Some(router) = random.pick(&out).cloned() else { return };
                self.ask(at, Ask::ProposeTakeIn(router));
                self.pass(30);
                self.confirm(at);
            }
            75..82 => {
                let some = random.pick(&out).cloned().unwrap_or(router);
                self.ask(at, Ask::Retry(vec![some]));
            }
            82..86 => self.ask(at, Ask::ProposePutBack(router)),
            _ => {}
        }
    }

    /// What must be true of an event at its place in the journal; and what it changes in the account.
    pub fn check_leaving(&mut self, entry: &Entry, event: &Event, fold: &Session) {
        match event {
            Event::ChangeConfirmed(confirmed) if confirmed.kind.is_forward() => {
                self.check_only_taken_in(entry, confirmed, fold);
            }
            Event::ChangeDispatched { change, routers, .. } => {
                let known = fold.change(*change).map(|change| change.confirmed.clone());
                let all = || known.iter().flat_map(|known| &known.routers).map(|order| order.router.clone()).collect();
                let routers: Vec<RouterId> = if routers.is_empty() { all() } else { routers.clone() };
                self.check_intent(*change, &routers, fold);
            }
            Event::WaveDispatched { change, routers, .. } | Event::ChangeRetried { change, routers, .. } => {
                self.check_intent(*change, routers, fold);
            }
            Event::RouterAnswered { change, router, outcome, .. } => {
                self.leaving.words.insert((*change, router.clone()), Some(outcome.clone()));
            }
            Event::RouterExcluded(excluded) => self.check_excluded(excluded, fold),
            Event::RouterIncluded { router } => {
                self.seen.mark("router taken in again");
                let by_its_change = entry.events.iter().any(|each| match each {
                    Event::ChangeConfirmed(confirmed) => {
                        confirmed.routers.iter().map(|order| &order.router).eq([router])
                    }
                    _ => false,
                });
                if !self.leaving.out.remove(router) || !by_its_change {
                    self.broke("D8", "a router was taken in without a change of its own, or was not left out");
                }
            }
            Event::SpillMerged(merged) => {
                for event in merged.entries.iter().flat_map(|spilled| &spilled.events) {
                    match event {
                        Event::ChangeConfirmed(confirmed) => {
                            let routers = confirmed.routers.iter().map(|order| order.router.clone());
                            let asked = routers.map(|router| ((confirmed.change, router), None));
                            self.leaving.words.extend(asked);
                        }
                        Event::RouterAnswered { change, router, outcome, .. } => {
                            self.leaving.words.insert((*change, router.clone()), Some(outcome.clone()));
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// No forward change goes to a router that is left out, but the one that brings it alone to what the others have.
    fn check_only_taken_in(&mut self, entry: &Entry, confirmed: &ChangeConfirmed, fold: &Session) {
        let out = |order: &flightdeck::session::proposal::RouterOrder| self.leaving.out.contains(&order.router);
        let Some(order) = confirmed.routers.iter().find(|order| out(order)) else {
            if !self.leaving.out.is_empty() {
                self.seen.mark("shift without a router left out");
            }
            return;
        };
        let included = |each: &Event| matches!(each, Event::RouterIncluded { router } if *router == order.router);
        let others = fold.expected.iter().filter(|(router, _)| !self.leaving.out.contains(*router));
        let as_others = { others }.any(|(_, native)| native.holds(&order.prepared.native));
        let is_alone = confirmed.routers.len() == 1 && confirmed.kind == ChangeKind::OffPlan;
        if !is_alone || !entry.events.iter().any(included) {
            self.broke("D8", "a change that goes forward goes to a router that is left out");
        } else if !as_others {
            self.broke("D8", "a router was taken in with other weights than the others have");
        }
    }

    fn check_intent(&mut self, change: ChangeId, routers: &[RouterId], fold: &Session) {
        let forward = fold.change(change).is_some_and(|change| change.confirmed.kind.is_forward());
        if forward && routers.iter().any(|router| self.leaving.out.contains(router)) {
            self.broke("D8", "an intent that goes forward names a router that is left out");
        }
        self.leaving.words.extend(routers.iter().map(|router| ((change, router.clone()), None)));
    }

    /// One that has its word, with a reason, and never the last.
    fn check_excluded(&mut self, excluded: &RouterExcluded, fold: &Session) {
        let router = &excluded.router;
        self.seen.mark("router left out");
        if excluded.reason.trim().is_empty() || !self.routers.contains_key(router) {
            self.broke("D8", "a router was left out without a reason, or that is none");
        }
        if !self.leaving.out.insert(router.clone()) {
            self.broke("D8", "a router was left out twice");
        }
        if self.leaving.out.len() == self.routers.len() {
            self.broke("D8", "the last router was left out");
        }
        let Some(change) = fold.in_flight() else { return };
        self.seen.mark("router left out of a change in flight");
        if matches!(self.leaving.words.get(&(change.id(), router.clone())), Some(None | Some(Outcome::Accepted))) {
            self.broke("D8", "a router was left out before it had its word");
        }
        if change.next_wave().is_some() {
            self.seen.mark("router left out between waves");
        }
        // Whoever left it out has answered what had stopped the change.
        self.ledger.stopped.remove(&change.id());
    }

    /// No byte of a change that goes forward reaches a router that is left out.
    pub fn check_byte(&mut self, send: &Send, forward: bool) {
        if !self.leaving.out.contains(&send.router) {
            return;
        }
        let settled = self.store.fold.change(send.change).and_then(|change| change.settled.as_ref());
        let is_superseded = matches!(settled, Some((_, Settlement::Superseded { .. })));
        if !forward {
            self.seen.mark("way back to a router left out");
        } else if !is_superseded {
            self.broke("D8", "a byte that goes forward went to a router that is left out");
        }
    }
}
