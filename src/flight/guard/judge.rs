//! One pool's value against a limit or its baseline, and the answer of a check.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Baselines, Watched};
use crate::domain::check::Verdict;
use crate::domain::guard::{GuardSpec, Of, Said, Subject, rank};
use crate::domain::procedure::Role;
use crate::domain::{CheckId, Elapsed, GuardId, Limit, Measure, PoolId, Unit, age, clock_span};
use crate::flight::Flight;
use crate::flight::measure::Series;

/// How far back a baseline is taken.
const BASELINE: Duration = Duration::from_mins(10);
/// So many values make a baseline.
const FEWEST: usize = 3;
/// A source that gives the same sample again for longer than this gives nothing new.
const REPEATED: Duration = Duration::from_mins(1);

impl Flight {
    /// Takes in the values that have come; gives how often one is expected. What is found ends with `beside`.
    pub(super) fn judge_value(
        &self,
        now: Elapsed,
        measure: &Measure,
        pool: Option<&PoolId>,
        limit: Limit,
        beside: &str,
        one: &mut Watched,
    ) -> Duration {
        one.limit = Some(limit);
        let Some(series) = self.measures.of(measure, pool) else {
            one.run.wait(self.unmeasured(measure, pool));
            return self.interval(measure);
        };
        let (unit, window) = (self.unit(measure), self.window(measure, series));
        let newest = series.points.back().map(|(at, _)| *at);
        // What was measured before this guard looked first is history.
        let fresh = |at: Elapsed| one.taken.map_or(Some(at) == newest, |taken| at > taken);
        let arrived: Vec<(Elapsed, Option<f64>)> = series.points.iter().copied().filter(|(at, _)| fresh(*at)).collect();
        for (at, value) in arrived {
            one.taken = Some(at);
            let said = match value.filter(|value| value.is_finite()) {
                None => match series.trouble.as_ref().filter(|_| Some(at) == newest) {
                    Some(trouble) => Said::Failed(trouble.clone()),
                    None => Said::Nothing(format!("no value of {}", subject(measure, pool))),
                },
                Some(value) => {
                    one.value = Some((at, value));
                    one.found = found(pool, &unit, value, limit) + beside;
                    let breaks = limit.is_broken_by(value);
                    match self.guarding.until_counts(at, window, breaks) {
                        Some(left) => Said::NotYet(reaches_back(window, left)),
                        None if breaks => Said::Breaks(one.found.clone()),
                        None => Said::Keeps,
                    }
                }
            };
            one.run.take(at, said);
        }
        if let Some(words) = nothing_new(now, series, window, subject(measure, pool)) {
            one.run.wait(words);
        }
        series.interval
    }

    /// As [`Self::judge_value`], against the limit beside a baseline, once there is one.
    pub(super) fn judge_baseline(
        &self,
        now: Elapsed,
        spec: &GuardSpec,
        measure: &Measure,
        pool: Option<&PoolId>,
        limit: Option<Limit>,
        one: &mut Watched,
    ) -> Duration {
        if self.guarding.is_before() {
            let so_far = self.measured(measure, pool);
            let unit = self.unit(measure);
            one.rest(match so_far {
                Some(value) => format!("takes its baseline, {} so far", unit.words(value)),
                None => "takes its baseline, too few values so far".to_owned(),
            });
            return self.interval(measure);
        }
        let Some(limit) = limit else {
            one.limit = None;
            one.run.wait("no baseline was taken before the first change".to_owned());
            return self.interval(measure);
        };
        let beside = self.baseline(&spec.id, pool).map(|(baseline, of)| {
            let of = of.filter(|of| Some(of) != pool).map(|of| format!(" of {of}")).unwrap_or_default();
            format!(", baseline{of} {}", self.unit(measure).words(baseline))
        });
        self.judge_value(now, measure, pool, limit, &beside.unwrap_or_default(), one)
    }

    /// Takes in the newest answer of a check: one that cannot tell counts as a failed query.
    pub(super) fn judge_check(&self, now: Elapsed, check: &CheckId, one: &mut Watched) {
        let Some((verdict, words, number)) = self.check_verdict(check) else {
            one.run.wait(format!("check {check} was not asked yet"));
            return;
        };
        if one.answer.replace(number) == Some(number) {
            return;
        }
        let said = match verdict {
            Verdict::Pass => Said::Keeps,
            Verdict::Fail => Said::Breaks(words.clone()),
            Verdict::Inconclusive => Said::Failed(words.clone()),
        };
        one.found = words;
        one.run.take(now, said);
    }

    /// The newest answer of a check with its words, and a number that grows with each distinct answer; `None` while it was
    /// never asked.
    #[expect(clippy::unused_self, reason = "checks are asked elsewhere; their answers are read here")]
    pub(super) fn check_verdict(&self, _check: &CheckId) -> Option<(Verdict, String, u64)> {
        None
    }

    /// That a pool with the other version breaks the limit too, in words (G2).
    pub(super) fn elsewhere(
        &self,
        measure: &Measure,
        pool: Option<&PoolId>,
        limit: impl Fn(&PoolId) -> Option<Limit>,
    ) -> Option<String> {
        self.other_version(pool?).into_iter().find_map(|other| {
            let limit = limit(&other)?;
            let (_, value) = self.measures.of(measure, Some(&other))?.newest()?;
            let value = value.filter(|value| limit.is_broken_by(*value))?;
            Some(format!("{} too", found(Some(&other), &self.unit(measure), value, limit)))
        })
    }

    /// The baseline of a guard, and the pool that it is of: the pool's own; where it carried nothing then, that of the
    /// pools that did, the old ones first.
    pub(super) fn baseline(&self, guard: &GuardId, pool: Option<&PoolId>) -> Option<(f64, Option<PoolId>)> {
        let of = |pool: Option<&PoolId>| {
            let key = (guard.clone(), pool.cloned());
            let kept = self.session.guard_baselines.get(&key);
            kept.or_else(|| self.guarding.baselines.get(&key)).map(|value| (*value, pool.cloned()))
        };
        let of_role = |role: Role| {
            let pools = self.procedure.pools.iter().filter(move |each| each.role == role);
            pools.filter_map(|each| of(Some(&each.id))).next()
        };
        of(pool).or_else(|| of(None)).or_else(|| of_role(Role::Old)).or_else(|| of_role(Role::New))
    }

    /// What every guard with a baseline would take as such now.
    pub(super) fn measured_baselines(&self) -> Baselines {
        let mut baselines = BTreeMap::new();
        for spec in &self.procedure.guards {
            let Subject::Baseline { measure, of, .. } = &spec.subject else { continue };
            let pools: Vec<Option<PoolId>> = match of {
                Of::Raised | Of::Each | Of::Pool(_) => self.procedure.pool_ids().cloned().map(Some).collect(),
                Of::Whole => vec![None],
            };
            for pool in pools {
                if let Some(value) = self.measured(measure, pool.as_ref()) {
                    baselines.insert((spec.id.clone(), pool), value);
                }
            }
        }
        baselines
    }

    /// The median of the last values; `None` where they are too few.
    fn measured(&self, measure: &Measure, pool: Option<&PoolId>) -> Option<f64> {
        let series = self.measures.of(measure, pool)?;
        let (last, _) = series.newest()?;
        let recent = series.points.iter().filter(|(at, _)| last.since(*at) <= BASELINE);
        let values: Vec<f64> = recent.filter_map(|(_, value)| *value).collect();
        rank::median(&values).filter(|_| values.len() >= FEWEST)
    }

    pub(super) fn unit(&self, measure: &Measure) -> Unit {
        let panel = || self.procedure.panels.iter().find(|panel| Measure::Panel(panel.id.clone()) == *measure);
        measure.unit().or_else(|| panel().map(|panel| panel.unit.clone())).unwrap_or(Unit::Number)
    }

    /// How far back one value of a series looks.
    pub(super) fn window(&self, measure: &Measure, series: &Series) -> Duration {
        let panel = self.procedure.panels.iter().find(|panel| Measure::Panel(panel.id.clone()) == *measure);
        panel.map_or(series.interval, |panel| panel.window)
    }

    /// How often a measure is expected that was not measured yet.
    fn interval(&self, measure: &Measure) -> Duration {
        let panel = self.procedure.panels.iter().find(|panel| Measure::Panel(panel.id.clone()) == *measure);
        panel.map_or(Duration::from_secs(1), |panel| panel.interval)
    }

    fn unmeasured(&self, measure: &Measure, pool: Option<&PoolId>) -> String {
        let panel = self.procedure.panels.iter().find(|panel| Measure::Panel(panel.id.clone()) == *measure);
        let trouble = panel.and_then(|panel| self.measures.troubles.get(&panel.source));
        let what = subject(measure, pool);
        match trouble {
            Some(trouble) => format!("nothing has measured {what} yet: {trouble}"),
            None => format!("nothing has measured {what} yet"),
        }
    }
}

fn subject(measure: &Measure, pool: Option<&PoolId>) -> String {
    pool.map_or_else(|| measure.to_string(), |pool| format!("{measure} of {pool}"))
}

fn found(pool: Option<&PoolId>, unit: &Unit, value: f64, limit: Limit) -> String {
    let whose = pool.map(|pool| format!("{pool} ")).unwrap_or_default();
    format!("{whose}{}, {}", unit.words(value), limit.words(unit))
}

/// Words for a value that looks back before the change.
pub(super) fn reaches_back(window: Duration, left: Duration) -> String {
    format!("a value looks back {}, before the change; it counts in {}", clock_span(window), clock_span(left))
}

/// Why no new value comes, where none does.
fn nothing_new(now: Elapsed, series: &Series, window: Duration, what: String) -> Option<String> {
    let silent = now.since(series.looked);
    if silent > series.interval * 2 + Duration::from_secs(1) {
        return Some(format!("no answer about {what} for {}", age(silent)));
    }
    let (newest, _) = series.newest()?;
    let same = now.since(newest);
    (same > REPEATED.max(window).max(series.interval * 4))
        .then(|| format!("the source repeats its value of {what} from {} ago", age(same)))
}
