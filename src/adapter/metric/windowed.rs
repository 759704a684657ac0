//! Queries that a system answers interval by interval: those of one window are asked together, and what a whole interval
//! came to is asked for once.
//!
//! Invariant: an interval counts as whole only once the system has had its delay to fill it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;

use super::Query;
use super::web::{now, shown, side_by_side};
use crate::domain::measure::Sample;
use crate::domain::metric::{Answered, Look, Past};
use crate::domain::{SourceId, Trouble, TroubleKind};

/// The most points that are asked for at once.
const POINTS: i64 = 1_000;

/// What the queries of a group came to, in their order.
pub(super) type Values = Vec<Result<Option<Sample>, Trouble>>;

/// Queries with the same window, each with what the system is asked for it.
pub(super) struct Group<Q> {
    pub(super) window_ms: i64,
    pub(super) asked: Vec<(Query, Q)>,
    /// The end of the interval that was answered, with the answers.
    last: Mutex<Option<(i64, Vec<Option<Sample>>)>>,
}

/// A source of such groups.
pub(super) trait Windowed: Sync {
    /// What the system is asked for one query.
    type Question: Send + Sync;

    /// The groups.
    fn groups(&self) -> &[Group<Self::Question>];

    /// How long the system takes to fill an interval.
    fn delay_ms(&self) -> i64;

    /// Asks for the interval that ends then; says too whether its answers are the last word.
    fn newest(&self, group: &Group<Self::Question>, end: i64) -> impl Future<Output = (Values, bool)> + Send;

    /// Asks for all intervals of this length within the span before now, both in milliseconds.
    fn range(
        &self,
        group: &Group<Self::Question>,
        span: i64,
        step: i64,
    ) -> impl Future<Output = Result<Vec<Past>, Trouble>> + Send;

    /// The end of the newest interval of this length that is whole.
    fn whole_until(&self, length_ms: i64) -> i64 {
        let filled = now().0 - self.delay_ms();
        filled - filled.rem_euclid(length_ms)
    }
}

impl<Q> Group<Q> {
    /// Puts a query into the group of its window that has room for it, or into a new one.
    pub(super) fn put(groups: &mut Vec<Self>, query: &Query, question: Q, has_room: impl Fn(&Self, &Q) -> bool) {
        let window_ms = millis(query.window).max(1_000);
        match groups.iter_mut().find(|group| group.window_ms == window_ms && has_room(group, &question)) {
            Some(group) => group.asked.push((query.clone(), question)),
            None => {
                groups.push(Self { window_ms, asked: vec![(query.clone(), question)], last: Mutex::default() });
            }
        }
    }

    /// What the system is asked, query by query.
    pub(super) fn questions(&self) -> Vec<&Q> {
        self.asked.iter().map(|(_, question)| question).collect()
    }

    /// What is asked and where, for people.
    pub(super) fn what(&self, address: &str) -> String {
        let first = self.asked.first().map(|(query, _)| shown(&query.text)).unwrap_or_default();
        match self.asked.len() {
            1 => format!("ask {address} for `{first}`"),
            count => format!("ask {address} for `{first}` and {} more", count - 1),
        }
    }

    /// The same trouble for each query.
    pub(super) fn all_failed(&self, trouble: &Trouble) -> Values {
        self.asked.iter().map(|_| Err(trouble.clone())).collect()
    }

    /// The past of one query.
    pub(super) fn past(query: &Query, points: Vec<(crate::domain::Timestamp, Option<f64>)>) -> Past {
        Past { measure: query.measure.clone(), pool: query.pool.clone(), points }
    }
}

/// A query that cannot be asked like this.
pub(super) fn unfit(id: &SourceId, query: &Query, why: &str) -> Trouble {
    let why = format!("`{}` {why}", shown(&query.text));
    Trouble::new(TroubleKind::Mismatch, format!("set up the metric source `{id}`"), why, "correct the query")
}

/// The newest whole interval of every query.
pub(super) async fn look<S: Windowed>(source: &S) -> Look {
    let looks = source.groups().iter().map(|group| answered(source, group).boxed());
    Look::Values(side_by_side(looks.collect()).await.into_iter().flatten().collect())
}

/// The past of every query, in whole windows, so that each point means the same as those that follow.
pub(super) async fn past<S: Windowed>(source: &S, span: Duration, step: Duration) -> Result<Vec<Past>, Trouble> {
    let (span, step) = (millis(span), millis(step));
    let ranges = source.groups().iter().map(|group| {
        let step = group.window_ms * (step.max(span / POINTS) / group.window_ms).max(1);
        source.range(group, span, step).boxed()
    });
    let all: Result<Vec<Vec<Past>>, Trouble> = side_by_side(ranges.collect()).await.into_iter().collect();
    all.map(|all| all.into_iter().flatten().collect())
}

async fn answered<S: Windowed>(source: &S, group: &Group<S::Question>) -> Vec<Answered> {
    let each = group.asked.iter().zip(values(source, group).await);
    each.map(|((query, _), value)| Answered { measure: query.measure.clone(), pool: query.pool.clone(), value })
        .collect()
}

async fn values<S: Windowed>(source: &S, group: &Group<S::Question>) -> Values {
    let end = source.whole_until(group.window_ms);
    let kept = group.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some((_, samples)) = kept.filter(|(until, _)| *until == end) {
        return samples.into_iter().map(Ok).collect();
    }
    let (values, is_last_word) = source.newest(group, end).await;
    if is_last_word && let Ok(samples) = values.iter().cloned().collect::<Result<Vec<_>, _>>() {
        *group.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((end, samples));
    }
    values
}

/// A configured span in milliseconds.
pub(super) fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
