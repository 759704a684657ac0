//! The way back (R1 to R4): known before it is needed, with the health and size of what it goes back to.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::load::Carried;
use super::watch::Watch;
use super::{Flight, WayBackChoice};
use crate::domain::procedure::{Role, StepAct};
use crate::domain::ramp::Ramp;
use crate::domain::{NativeSplit, Now, PoolId, Refused, RouterId, Target, Weights};
use crate::session::event::{ChangeKind, Settlement, StepMark};
use crate::session::newer::Raises;
use crate::session::state::StepEnd;

/// Where R goes.
#[derive(Clone, PartialEq, Debug)]
pub struct WayBack {
    /// The weights.
    pub to: Weights,
    /// Why these: `back_to of Blue 30`.
    pub why: String,
    /// What each router is sent.
    pub targets: BTreeMap<RouterId, Target>,
}

/// The time in which a step's change may be rolled back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Window {
    /// So much of it is left.
    Left(Duration),
    /// It has been over for so long.
    Over(Duration),
}

/// Where R goes, before it is worked out for each router.
struct Aim<'a> {
    to: Weights,
    why: String,
    /// What each router had; `None` where each is given the weights.
    natives: Option<BTreeMap<&'a RouterId, &'a NativeSplit>>,
}

/// The way back as it is shown: with what it needs and what it finds.
#[derive(Clone, PartialEq, Debug)]
pub struct WayBackView {
    /// The weights that it goes to.
    pub to: Weights,
    /// Why these: `back_to of Blue 30`.
    pub why: String,
    /// The pools that it raises, each with what it needs and has.
    pub raised: Vec<Raised>,
    /// How long each router usually takes, in milliseconds, in the profile's order.
    pub routers: Vec<(RouterId, u64)>,
    /// Whether every router was read just now and holds it already.
    pub holds: bool,
}

/// A pool that the way back raises.
#[derive(Clone, PartialEq, Debug)]
pub struct Raised {
    /// The pool.
    pub pool: PoolId,
    /// Servers that are up: the fewest that any router sees, and all of them; `None` without a reading.
    pub servers: Option<(u32, u32)>,
    /// Requests per second that each of its servers will get, where the routers count them.
    pub needs_per_server: Option<f64>,
    /// Requests per second that one server is declared to carry.
    pub capacity_per_server: Option<f64>,
    /// What it has carried, as far as this cockpit has seen.
    pub carried: Option<Carried>,
    /// A deployment to this pool is the next step: its version may be changing.
    pub being_deployed: bool,
}

impl Raised {
    /// Whether it is known to be able to take the traffic; `None` when that cannot be told.
    pub fn is_enough(&self) -> Option<bool> {
        match (self.servers, self.needs_per_server, self.capacity_per_server) {
            (Some((0, _)), ..) => Some(false),
            (Some(_), Some(needs), Some(capacity)) => Some(needs <= capacity),
            (Some(_), Some(needs), None) => self.carried.filter(|seen| needs <= seen.best_per_server).map(|_| true),
            _ => None,
        }
    }

    /// How many servers were up when it last carried most, where fewer are up now.
    pub fn shrunk_from(&self) -> Option<u32> {
        let (up, _) = self.servers?;
        self.carried.map(|carried| carried.servers).filter(|before| up < *before)
    }
}

impl Flight {
    /// Where R goes now.
    ///
    /// # Errors
    /// When there is nothing to go back to, or no way back by traffic (R2).
    pub fn way_back(&self, choice: WayBackChoice) -> Result<WayBack, Refused> {
        let aim = self.aim(choice)?;
        let targets = match &aim.natives {
            Some(natives) => {
                let target = |native: &NativeSplit| Target::Native(native.clone());
                let had = natives.iter().map(|(router, native)| ((*router).clone(), target(native)));
                // Routers that were left out meanwhile go back too, where they answer.
                let left_out = self.session.excluded.keys().filter(|router| !natives.contains_key(*router));
                had.chain(left_out.map(|router| (router.clone(), Target::Weights(aim.to.clone())))).collect()
            }
            None => self.targets(&aim.to),
        };
        Ok(WayBack { to: aim.to, why: aim.why, targets })
    }

    /// The weights that R goes back to now: what the key line says, without working out what each router is sent.
    ///
    /// # Errors
    /// As [`Flight::way_back`].
    pub fn way_back_to(&self, choice: WayBackChoice) -> Result<Weights, Refused> {
        self.aim(choice).map(|aim| aim.to)
    }

    fn aim(&self, choice: WayBackChoice) -> Result<Aim<'_>, Refused> {
        match choice {
            WayBackChoice::Step => self.same_again().map_or_else(|| self.step_back(), Ok).and_then(|aim| self.old(aim)),
            WayBackChoice::Further => self.step_back().and_then(|aim| self.old(aim)),
            WayBackChoice::OffNew => self.off_new(),
            WayBackChoice::Ramp => {
                let ramp = self.next_stage()?;
                let (to, why) = (ramp.weights(), format!("{} of the way back to {}", ramp.words(), ramp.to));
                Ok(Aim { to, why, natives: None })
            }
        }
    }

    /// The ways back that are there now, the one that R shows first at the head.
    pub fn ways_back(&self) -> Vec<WayBackChoice> {
        let goes_on = self.session.ramp().is_some();
        let has_ramp = !self.procedure.back.ramp.is_empty() && self.next_stage().is_ok();
        let mut ways = vec![WayBackChoice::Step];
        if goes_on && self.next_stage().is_ok() {
            ways.insert(0, WayBackChoice::Ramp);
        } else if has_ramp {
            ways.push(WayBackChoice::Ramp);
        }
        // One step further than a rollback that is over; while it is under way it is the same that is asked again.
        let is_over = self.session.newest_rollback().is_some_and(|back| back.took().is_some());
        if is_over
            && !goes_on
            && self.step_back().and_then(|aim| self.old(aim)).is_ok_and(|aim| Some(&aim.to) != self.last_target())
        {
            ways.push(WayBackChoice::Further);
        }
        ways.push(WayBackChoice::OffNew);
        ways
    }

    fn last_target(&self) -> Option<&Weights> {
        self.session.newest_rollback().map(|back| &back.confirmed.to)
    }

    /// The stage of a way back in stages that comes next; the first one where none is under way (R8).
    ///
    /// # Errors
    /// Where the profile has no stages, or there is nothing to go back to.
    pub fn next_stage(&self) -> Result<Ramp, Refused> {
        let refused = |why: &str| Refused::new("R8", "roll back in stages", why, "roll back at once");
        // Routers that differ get one and the same stage: what is less for one may be more for another (R2).
        let unless_it_raises = |ramp: Ramp| match self.raises(&ramp.weights()) {
            Some(raises) => Err(refused(&raises.words())),
            None => Ok(ramp),
        };
        if let Some(ramp) = self.session.ramp() {
            return unless_it_raises(ramp.next());
        }
        if self.procedure.back.ramp.is_empty() {
            return Err(refused("the profile names no stages"));
        }
        if let Some(stage) = self.session.in_flight().and_then(|change| change.ramp.as_ref()) {
            return Err(refused(&format!("{} is on its way", stage.words())));
        }
        let to = self.aim(WayBackChoice::Step)?.to;
        let read = self.watches.values().find_map(|watch| watch.shares()?.nearest_weights());
        let from = read.ok_or_else(|| refused("no router was read: where the way begins is not known"))?;
        if from == to {
            return Err(refused("the routers are there already"));
        }
        unless_it_raises(Ramp { from, to, left: self.procedure.back.ramp.clone(), stage: 1 })
    }

    /// A rollback that nothing came after is meant when R is pressed once more: twice is the same as once. One in stages
    /// means where it ends.
    fn same_again(&self) -> Option<Aim<'_>> {
        let back = self.session.newest_rollback()?;
        if matches!(back.settled, Some((_, Settlement::NothingSent))) {
            return None;
        }
        if let Some(ramp) = back.ramp.as_ref().filter(|ramp| !ramp.is_last()) {
            let why = "where the way back in stages ends".to_owned();
            return Some(Aim { to: ramp.to.clone(), why, natives: None });
        }
        let natives = back.confirmed.routers.iter().map(|order| (&order.router, &order.prepared.native)).collect();
        Some(Aim {
            to: back.confirmed.to.clone(),
            why: "the rollback before, once more".to_owned(),
            natives: Some(natives),
        })
    }

    /// What a rollback took, beside what the profile declares.
    pub fn against_declared(&self, took: Duration) -> String {
        let seconds = took.as_secs_f64();
        match self.procedure.back.estimate {
            Some(declared) => {
                let word = if took > declared { "longer than the" } else { "within the" };
                format!(", took {seconds:.1} s, {word} {:.1} s declared", declared.as_secs_f64())
            }
            None => format!(", took {seconds:.1} s"),
        }
    }

    /// How much is left of the time in which the newest step's change may be rolled back, or how long it has been over.
    pub fn rollback_window(&self, now: Now) -> Option<Window> {
        let within = self.procedure.back.within?;
        let newest = self
            .session
            .changes
            .iter()
            .rev()
            .find(|change| !matches!(change.settled, Some((_, Settlement::NothingSent))))?;
        let is_step = matches!(newest.confirmed.kind, ChangeKind::Step { .. });
        let since = newest.intent.filter(|_| is_step).map(|_| now.wall.since(newest.at))?;
        Some(within.checked_sub(since).map_or_else(|| Window::Over(since.saturating_sub(within)), Window::Left))
    }

    fn step_back(&self) -> Result<Aim<'_>, Refused> {
        let nothing =
            || Refused::new("R3", "roll back", "nothing has been changed yet", "there is nothing to go back to");
        if let Some((to, why)) = self.unanswered_back() {
            return Ok(Aim { natives: None, to, why });
        }
        let in_flight = self.session.in_flight().filter(|change| change.confirmed.kind.is_forward());
        let step = match in_flight.map(|change| &change.confirmed.kind) {
            Some(ChangeKind::Step { step }) => self.procedure.step(step).map(|(_, step)| step),
            Some(ChangeKind::OffPlan | ChangeKind::PutBack | ChangeKind::Rollback { .. }) => None,
            None => self.procedure.plan.iter().rev().find(|step| {
                matches!(step.act, StepAct::Shift(_))
                    && self
                        .session
                        .steps
                        .get(&step.id)
                        .is_some_and(|done| !matches!(done.how, StepEnd::Marked(StepMark::Skipped { .. })))
            }),
        };
        if let Some((step, to)) = step.and_then(|step| Some((step, step.back_to.clone()?))) {
            let why = format!("back_to of {}", step.name);
            return Ok(Aim { natives: None, to, why });
        }
        let (to, natives) = self.splits_before().ok_or_else(nothing)?;
        Ok(Aim { to, why: "the splits before the last change".to_owned(), natives: Some(natives) })
    }

    /// The pool that these weights would raise as the routers were read last (R2).
    fn raises(&self, to: &Weights) -> Option<Raises> {
        self.session.raises(&self.procedure, to, |router| self.last_read(router))
    }

    fn last_read(&self, router: &RouterId) -> Option<&NativeSplit> {
        Some(&self.watches.get(router)?.last.as_ref()?.reading.native)
    }

    /// This way back, where it raises no version that is not known to be the old one; else everything off those (R2).
    fn old<'a>(&'a self, aim: Aim<'a>) -> Result<Aim<'a>, Refused> {
        let raises = match &aim.natives {
            Some(natives) => {
                let splits = natives.iter().map(|(router, native)| (*router, *native));
                self.session.raises_native(&self.procedure, &aim.to, &splits, |router| self.last_read(router))
            }
            None => self.raises(&aim.to),
        };
        let Some(raises) = raises else { return Ok(aim) };
        let off = self.off_new()?;
        if self.is_off(&self.not_old()) {
            let why = format!("{} {}, and gets no traffic: {} would raise it", raises.pool, raises.why, aim.why);
            return Err(Refused::new(
                "R2",
                "roll back",
                why,
                "go back by the profile's rollback acts, or shift off the plan",
            ));
        }
        Ok(Aim { why: format!("{}; not {}: {}", off.why, aim.why, raises.words()), ..off })
    }

    /// Whether no router gives these pools anything, as far as routers were read.
    fn is_off(&self, pools: &BTreeSet<PoolId>) -> bool {
        let mut read = self.watches.values().filter_map(Watch::shares);
        self.session.in_flight().is_none() && read.all(|shares| pools.iter().all(|pool| shares.of(pool).part == 0))
    }

    fn off_new(&self) -> Result<Aim<'_>, Refused> {
        let new = self.not_old();
        let old: Vec<(PoolId, u64)> = self
            .procedure
            .pool_ids()
            .map(|pool| {
                let weight = if new.contains(pool) { 0 } else { self.weight_or_one(pool) };
                (pool.clone(), weight)
            })
            .collect();
        let to = Weights::nearest(&old).ok_or_else(|| {
            Refused::new(
                "R2",
                "take everything off the new version",
                "every pool runs it: there is no way back by traffic",
                "use the profile's rollback acts",
            )
        })?;
        Ok(Aim { natives: None, to, why: "everything off the new version".to_owned() })
    }

    /// Old pools keep their proportions to each other; where all of them are at zero they share equally.
    fn weight_or_one(&self, pool: &PoolId) -> u64 {
        let new = self.not_old();
        let weight = |pool: &PoolId| {
            self.session
                .expected
                .values()
                .map(|native| native.shares(self.procedure.pool_ids()).of(pool).part)
                .sum::<u64>()
        };
        let any = self.procedure.pool_ids().filter(|pool| !new.contains(*pool)).any(|pool| weight(pool) > 0);
        if any { weight(pool) } else { 1 }
    }

    /// The pools that run the new version, and those whose version is not known (R2).
    fn not_old(&self) -> BTreeSet<PoolId> {
        self.new_pools().into_iter().chain(self.session.newer_pools(&self.procedure)).collect()
    }

    /// The pools that run the new version: those whose deploy step is done; without deploy steps, by role.
    pub fn new_pools(&self) -> BTreeSet<PoolId> {
        let deploys = || {
            self.procedure.plan.iter().filter_map(|step| match &step.act {
                StepAct::Deploy { pool, .. } => Some((step, pool)),
                StepAct::Shift(_) | StepAct::Pause { .. } => None,
            })
        };
        if deploys().next().is_none() {
            let by_role = self.procedure.pools.iter().filter(|pool| pool.role == Role::New);
            return by_role.map(|pool| pool.id.clone()).collect();
        }
        deploys()
            .filter(|(step, _)| {
                self.session.steps.get(&step.id).is_some_and(|done| {
                    matches!(done.how, StepEnd::Marked(StepMark::Done { .. } | StepMark::Acted { .. }))
                })
            })
            .map(|(_, pool)| pool.clone())
            .collect()
    }

    /// Weights for every router. One that was never read cannot be worked out from weights: it gets the native split that
    /// it was given for them before, where there is one (R4).
    pub(super) fn targets(&self, to: &Weights) -> BTreeMap<RouterId, Target> {
        let target = |router: &RouterId| {
            let read = self.watches.get(router).is_some_and(|watch| watch.last.is_some());
            let before = || {
                let change = self.session.changes.iter().rev().find(|change| change.confirmed.to == *to)?;
                change.order(router).map(|order| Target::Native(order.prepared.native.clone()))
            };
            if read { None } else { before() }.unwrap_or_else(|| Target::Weights(to.clone()))
        };
        self.procedure.routers.iter().map(|router| (router.id.clone(), target(&router.id))).collect()
    }

    /// The standing line: where R goes, and whether that can take it.
    ///
    /// # Errors
    /// As [`Flight::way_back`].
    pub fn way_back_view(&self, choice: WayBackChoice, now: Now) -> Result<WayBackView, Refused> {
        // Drawn with every frame, and the routers may be many: what each is sent is not worked out for it.
        let aim = self.aim(choice)?;
        let next = self.session.next_step(&self.procedure.plan);
        let mut raised = Vec::new();
        for (pool, points) in aim.to.iter().filter(|(_, points)| points.0 > 0) {
            let grows =
                self.watches.values().filter_map(|watch| watch.last.as_ref()).any(|seen| {
                    seen.shares.of(pool).fraction().is_none_or(|share| share + 0.000_05 < points.fraction())
                });
            if !grows {
                continue;
            }
            raised.push(Raised {
                pool: pool.clone(),
                servers: self.servers_of(pool, now.elapsed),
                needs_per_server: self.needs_per_server(pool, points, now.elapsed),
                carried: self.carried(pool),
                capacity_per_server: self.procedure.pool(pool).and_then(|pool| pool.capacity_per_server),
                being_deployed: self.session.is_touched(pool)
                    || next.is_some_and(|step| matches!(&step.act, StepAct::Deploy { pool: to, .. } if to == pool)),
            });
        }
        let routers = self
            .procedure
            .routers
            .iter()
            .filter(|router| aim.natives.as_ref().is_none_or(|natives| natives.contains_key(&router.id)))
            .map(|router| (router.id.clone(), router.capabilities.back_ms + router.capabilities.settle_ms))
            .collect();
        let holds = self.watches.iter().all(|(router, watch)| {
            watch.fresh(now.elapsed).is_some_and(|seen| match &aim.natives {
                Some(natives) => natives.get(router).is_none_or(|native| seen.reading.native.holds(native)),
                None => seen.shares.are_exactly(&aim.to),
            })
        });
        Ok(WayBackView { to: aim.to, why: aim.why, raised, routers, holds })
    }
}
