//! A measure held against a limit: the kind of check that the core answers by itself.
//!
//! A zero counts only while its liveness measure is not zero: a log that is not read has no errors either. A value whose
//! window reaches back before the last change speaks of before it, and does not count yet (G4).

use std::time::Duration;

use super::Flight;
use crate::domain::check::{Answer, Threshold, Verdict};
use crate::domain::{Elapsed, Measure, Now, PoolId, Unit, age};

/// The newest value of a measure, or why there is none.
type Value = Result<(Elapsed, f64), String>;

impl Flight {
    /// Holds the newest value against the limit; gives the answer and the moment of the sample that it was judged by.
    pub(super) fn hold_against(
        &self,
        threshold: &Threshold,
        pool: Option<&PoolId>,
        now: Now,
    ) -> (Answer, Option<Elapsed>) {
        let Threshold { measure, limit, liveness } = threshold;
        let unit = self.unit_of(measure);
        let name = match pool {
            Some(pool) => format!("{measure} of {pool}"),
            None => measure.to_string(),
        };
        let inconclusive = |words: String| Answer::new(Verdict::Inconclusive, words, now.wall);
        let expected = limit.words(&unit);
        let (at, value) = match self.newest_value(measure, pool, now.elapsed) {
            Ok(found) => found,
            Err(why) => return (inconclusive(format!("{name}: {why}")).with("limit", expected), None),
        };
        let words = format!("{} {}", unit.words(value), if limit.is_broken_by(value) { "breaks" } else { "keeps" });
        let words = format!("{words} {expected}");
        let evidence = |answer: Answer| {
            let old = age(now.elapsed.since(at));
            answer
                .with("measure", name.clone())
                .with("value", format!("{}, {old} old", unit.words(value)))
                .with("limit", expected.clone())
        };
        if let Some(left) = self.reaches_back(measure, now) {
            let words = format!("{name}: its window reaches back before the last change, for {} more", age(left));
            return (evidence(inconclusive(words)), Some(at));
        }
        if value == 0.0
            && let Some(liveness) = liveness
        {
            match self
                .newest_value(liveness, pool, now.elapsed)
                .or_else(|_| self.newest_value(liveness, None, now.elapsed))
            {
                Ok((_, alive)) if alive > 0.0 => {
                    let alive = self.unit_of(liveness).words(alive);
                    let verdict = if limit.is_broken_by(value) { Verdict::Fail } else { Verdict::Pass };
                    let words = format!("{words}, and {liveness} is alive");
                    let answer = Answer::new(verdict, words, now.wall).with("liveness", format!("{liveness} {alive}"));
                    return (evidence(answer), Some(at));
                }
                Ok(_) => {
                    let words = format!("{name} is zero, and so is {liveness}: nothing may be counted at all");
                    return (evidence(inconclusive(words)), Some(at));
                }
                Err(why) => {
                    let words = format!("{name} is zero, and {liveness}, which would prove it, is not known: {why}");
                    return (evidence(inconclusive(words)), Some(at));
                }
            }
        }
        let verdict = if limit.is_broken_by(value) { Verdict::Fail } else { Verdict::Pass };
        (evidence(Answer::new(verdict, words, now.wall)), Some(at))
    }

    fn newest_value(&self, measure: &Measure, pool: Option<&PoolId>, now: Elapsed) -> Value {
        let series = self.measures.of(measure, pool).ok_or_else(|| "nothing measures it".to_owned())?;
        let trouble = || series.trouble.clone().unwrap_or_else(|| "no value".to_owned());
        let (at, value) = series.newest().ok_or_else(trouble)?;
        let value = value.filter(|value| value.is_finite()).ok_or_else(trouble)?;
        let old = now.since(series.looked);
        if old > (series.interval * 2).max(Duration::from_secs(2)) {
            return Err(format!("{} old: its source was not read since", age(old)));
        }
        if let Some((counted, all)) = series.part {
            return Err(format!("only {counted} of {all} targets tell it"));
        }
        Ok((at, value))
    }

    /// How long a value still speaks of before the last change.
    fn reaches_back(&self, measure: &Measure, now: Now) -> Option<Duration> {
        let Measure::Panel(panel) = measure else { return None };
        let window = self.procedure.panels.iter().find(|spec| spec.id == *panel)?.window;
        let since = now.wall.since(self.last_sent()?);
        window.checked_sub(since).filter(|left| !left.is_zero())
    }

    fn unit_of(&self, measure: &Measure) -> Unit {
        let panel = || self.procedure.panels.iter().find(|panel| panel.id.as_str() == measure.name());
        measure.unit().or_else(|| panel().map(|panel| panel.unit.clone())).unwrap_or(Unit::Number)
    }
}
