//! Requests and answers of the logs, paired; what is found becomes values of panels, like any other measure.
//!
//! A value speaks of the logs' own clock and stands there: while a log delivers nothing no value comes, and the last one
//! grows old. A log that is not followed, or far behind, gives looks without a value.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Flight;
use super::drain::LogWatch;
use super::measure::Arrival;
use crate::domain::pairing::{Figure, Lane, PairSpec, Side, Sightings, Standing, Tally, Told, Way};
use crate::domain::procedure::Procedure;
use crate::domain::{Elapsed, Measure, Now, PoolId, SourceId, Timestamp, age};

/// All pairs of the profile.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Pairings(BTreeMap<SourceId, Pairing>);

/// One `[[pairs]]` of the profile.
#[derive(Clone, PartialEq, Debug)]
struct Pairing {
    spec: PairSpec,
    lanes: Vec<(Way, Watched)>,
    /// When values were last made of it.
    sampled: Option<Elapsed>,
}

#[derive(Clone, PartialEq, Debug)]
struct Watched {
    lane: Lane,
    /// The clock that the newest values speak of.
    told: Option<Timestamp>,
}

impl Pairings {
    pub(super) fn of(procedure: &Procedure) -> Self {
        let pools: Vec<PoolId> = procedure.pool_ids().cloned().collect();
        let pairing = |spec: &PairSpec| {
            let ways = spec.ways(&procedure.logs, &pools).into_iter();
            let lanes = ways.map(|way| (way, Watched { lane: Lane::new(spec.rule), told: None }));
            (spec.id.clone(), Pairing { spec: spec.clone(), lanes: lanes.collect(), sampled: None })
        };
        Self(procedure.pairs.iter().map(pairing).collect())
    }

    /// After another profile was taken in: what is paired as before goes on.
    pub(super) fn renew(&mut self, procedure: &Procedure) {
        let mut before = std::mem::replace(self, Self::of(procedure));
        for (id, pairing) in &mut self.0 {
            let ways = |pairing: &Pairing| pairing.lanes.iter().map(|(way, _)| way.clone()).collect::<Vec<_>>();
            let same = before.0.remove(id).filter(|same| same.spec == pairing.spec && ways(same) == ways(pairing));
            if let Some(same) = same {
                *pairing = same;
            }
        }
    }

    pub(super) fn take(&mut self, sightings: Vec<Sightings>) {
        for Sightings { pairs, log, all } in sightings {
            if let Some(watched) = self.0.get_mut(&pairs).and_then(|pairing| pairing.of_log(&log)) {
                for sighting in all {
                    watched.lane.take(sighting);
                }
            }
        }
    }

    /// Lines of any log were lost, up to this time.
    pub(super) fn lose(&mut self, until: Timestamp, why: &str) {
        for (_, watched) in self.0.values_mut().flat_map(|pairing| &mut pairing.lanes) {
            watched.lane.lose(until, why.to_owned());
        }
    }

    /// When values can be made of what has come since the last ones.
    pub(super) fn wakes_at(&self) -> Option<Elapsed> {
        let fresh = |pairing: &&Pairing| pairing.lanes.iter().any(|(_, watched)| watched.has_news());
        let due = |pairing: &Pairing| pairing.sampled.map_or(Elapsed(0), |at| at.plus(pairing.spec.rule.interval));
        self.0.values().filter(fresh).map(due).min()
    }
}

impl Pairing {
    fn of_log(&mut self, log: &SourceId) -> Option<&mut Watched> {
        self.lanes.iter_mut().find(|(way, _)| way.logs.contains(log)).map(|(_, watched)| watched)
    }
}

impl Watched {
    fn has_news(&self) -> bool {
        self.lane.clock() != self.told
    }
}

impl LogWatch {
    /// Up to when everything was delivered: never later than our own clock was when it came.
    fn delivered_up_to(&self, now: Now) -> Option<Timestamp> {
        let waited = i64::try_from(now.elapsed.since(self.delivered?).as_millis()).ok()?;
        self.watermark.map(|watermark| watermark.min(Timestamp(now.wall.0.saturating_sub(waited))))
    }
}

impl Flight {
    /// A log has delivered: its lanes go on as far as the slowest of their logs.
    pub(super) fn pair_up_to(&mut self, now: Now, log: &SourceId, dropped: u64) {
        for pairing in self.pairs.0.values_mut() {
            for (way, watched) in pairing.lanes.iter_mut().filter(|(way, _)| way.logs.contains(log)) {
                let up_to = |log: &SourceId| self.logs.get(log).and_then(|log| log.delivered_up_to(now));
                if let Some(until) = up_to(log).filter(|_| dropped > 0) {
                    watched.lane.lose(until, format!("{dropped} lines of {log} were lost at {}Z", until.clock()));
                }
                let slowest: Option<Vec<Timestamp>> = way.logs.iter().map(up_to).collect();
                if let Some(watermark) = slowest.and_then(|all| all.into_iter().min()) {
                    watched.lane.advance(watermark);
                }
            }
        }
    }

    /// Makes values of what was paired, by each interval.
    pub(super) fn sample_pairs(&mut self, now: Now) {
        let is_due = |pairing: &Pairing| {
            pairing.sampled.is_none_or(|sampled| now.elapsed.since(sampled) >= pairing.spec.rule.interval)
        };
        if !self.pairs.0.values().any(is_due) {
            return;
        }
        let mut pairs = std::mem::take(&mut self.pairs);
        for pairing in pairs.0.values_mut().filter(|pairing| is_due(pairing)) {
            let mut is_sampled = false;
            for (way, watched) in &mut pairing.lanes {
                let trouble = self.trouble_of(way);
                if trouble.is_none() && !watched.has_news() {
                    continue;
                }
                is_sampled = true;
                watched.told = watched.lane.clock();
                let behind = watched.told.map(|clock| now.wall.since(clock));
                let behind = behind.filter(|behind| *behind > slowest(&pairing.spec));
                let trouble = trouble.or_else(|| behind.map(|span| format!("the log is {} behind", age(span))));
                for pool in &way.pools {
                    let tally = watched.lane.tally(pool.as_ref()).filter(|_| trouble.is_none());
                    self.tell_pairs(now, &pairing.spec, pool.as_ref(), tally.as_ref(), trouble.as_ref());
                }
            }
            if is_sampled {
                pairing.sampled = Some(now.elapsed);
            }
        }
        self.pairs = pairs;
    }

    fn tell_pairs(
        &mut self,
        now: Now,
        spec: &PairSpec,
        pool: Option<&PoolId>,
        tally: Option<&Tally>,
        trouble: Option<&String>,
    ) {
        for figure in Figure::ALL {
            let (value, doubt) = tally.map_or((None, None), |tally| tally.value(figure));
            self.measures.point(Arrival {
                key: (Measure::Panel(figure.panel(&spec.id)), pool.cloned()),
                source: Some(&spec.id),
                interval: spec.rule.interval,
                at: now.elapsed,
                sampled: tally.map(|tally| (tally.clock, now.wall.since(tally.clock))),
                value,
                trouble: trouble.cloned().or(doubt),
                part: None,
            });
        }
    }

    /// Why the logs of a lane cannot be believed now.
    fn trouble_of(&self, way: &Way) -> Option<String> {
        way.logs.iter().find_map(|log| {
            let trouble = self.logs.get(log)?.trouble.as_ref()?;
            Some(format!("log {log}: {trouble}"))
        })
    }

    /// What was found last for one of the panels of a pairing, where it is one.
    pub fn tally_of(&self, measure: &Measure, pool: Option<&PoolId>) -> Option<(&PairSpec, Option<Tally>)> {
        let Measure::Panel(panel) = measure else { return None };
        let of_panel = |pairing: &&Pairing| Figure::ALL.iter().any(|figure| figure.panel(&pairing.spec.id) == *panel);
        let pairing = self.pairs.0.values().find(of_panel)?;
        let lane = pairing.lanes.iter().find(|(way, _)| way.pools.iter().any(|each| each.as_ref() == pool));
        Some((&pairing.spec, lane.and_then(|(_, watched)| watched.lane.tally(pool))))
    }

    /// What a line of a log is to the pairs of the profile: their name, which side it is, and how its request stands.
    pub fn paired<'f>(
        &'f self,
        log: &'f SourceId,
        line: Told<'f>,
        at: Timestamp,
    ) -> impl Iterator<Item = (&'f SourceId, Side, Option<Standing>)> {
        self.pairs.0.values().filter_map(move |pairing| {
            let (_, watched) = pairing.lanes.iter().find(|(way, _)| way.logs.contains(log))?;
            let seen = pairing.spec.see(line, None)?.ok()?;
            Some((&pairing.spec.id, seen.side, watched.lane.standing(&seen.key, at)))
        })
    }
}

/// How far behind our clock the logs of a pairing may be and still speak of now.
fn slowest(spec: &PairSpec) -> Duration {
    spec.rule.interval * 2 + spec.rule.late
}
