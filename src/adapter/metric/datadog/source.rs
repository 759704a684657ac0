//! Asks Datadog, the panels of each window in one request.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ::http::HeaderName;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::super::web::{Web, now, shown, side_by_side};
use super::super::{MetricSource, Query};
use super::Config;
use super::formula::Formula;
use super::wire::{self, Series};
use crate::adapter::http::Login;
use crate::domain::measure::Sample;
use crate::domain::metric::{Answered, Look, Past};
use crate::domain::{Timestamp, Trouble, TroubleKind};

/// How many intervals are asked for: a late one is looked for where it should be, and no further back.
const INTERVALS: i64 = 3;
/// The most points that are asked for at once.
const POINTS: i64 = 1_000;

/// One Datadog with the queries that it is asked.
pub(super) struct Datadog {
    web: Web,
    delay_ms: i64,
    groups: Vec<Group>,
}

/// Queries with the same window.
struct Group {
    window_ms: i64,
    asked: Vec<(Query, Formula)>,
    /// The end of the interval that was answered, with the answers.
    last: Mutex<Option<(i64, Vec<Option<Sample>>)>>,
}

impl Datadog {
    pub(super) fn new(config: &Config, queries: &[Query]) -> Result<Self, Trouble> {
        let mut groups: Vec<Group> = Vec::new();
        let mut names = 0;
        for query in queries {
            let formula = Formula::read(&query.text, names).map_err(|why| {
                let what = format!("set up the metric source `{}`", config.id);
                Trouble::new(
                    TroubleKind::Mismatch,
                    what,
                    format!("`{}` {why}", shown(&query.text)),
                    "correct the query",
                )
            })?;
            names += formula.metrics.len();
            let window_ms = i64::try_from(query.window.as_millis()).unwrap_or(i64::MAX).max(1_000);
            match groups.iter_mut().find(|group| group.window_ms == window_ms) {
                Some(group) => group.asked.push((query.clone(), formula)),
                None => groups.push(Group { window_ms, asked: vec![(query.clone(), formula)], last: Mutex::default() }),
            }
        }
        let api = Login::header(HeaderName::from_static("dd-api-key"), config.api_key.clone());
        let app = Login::header(HeaderName::from_static("dd-application-key"), config.app_key.clone());
        let web = Web::new(&config.id, &config.at, Some(api), &config.tls, config.timeout)?.and(app);
        Ok(Self { web, delay_ms: i64::try_from(config.delay.as_millis()).unwrap_or(i64::MAX), groups })
    }

    /// The end of the newest interval of a window that is whole.
    fn whole_until(&self, window_ms: i64) -> i64 {
        let filled = now().0 - self.delay_ms;
        filled - filled.rem_euclid(window_ms)
    }

    fn what(&self, group: &Group) -> String {
        let first = group.asked.first().map(|(query, _)| shown(&query.text)).unwrap_or_default();
        match group.asked.len() {
            1 => format!("ask {} for `{first}`", self.web.endpoint()),
            count => format!("ask {} for `{first}` and {} more", self.web.endpoint(), count - 1),
        }
    }

    async fn series(&self, group: &Group, from: i64, to: i64, interval: i64) -> Result<(Series, String), Trouble> {
        let what = self.what(group);
        let formulas: Vec<&Formula> = group.asked.iter().map(|(_, formula)| formula).collect();
        let answer = self.web.ask(&wire::request(&formulas, from, to, interval), &what).await?;
        Ok((wire::read(&answer, &what)?, what))
    }

    async fn values(&self, group: &Group) -> Vec<Result<Option<Sample>, Trouble>> {
        let end = self.whole_until(group.window_ms);
        let kept = group.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, samples)) = kept.filter(|(until, _)| *until == end) {
            return samples.into_iter().map(Ok).collect();
        }
        let from = end - INTERVALS * group.window_ms;
        let (series, what) = match self.series(group, from, end, group.window_ms).await {
            Ok(told) => told,
            Err(trouble) => return group.asked.iter().map(|_| Err(trouble.clone())).collect(),
        };
        let values = (0..group.asked.len()).map(|index| {
            let points = series.points(index, &what)?;
            // A point stands at the beginning of its interval.
            let value = points.iter().rev().find(|(at, _)| at.0 < end && at.0 >= end - group.window_ms);
            Ok(value.and_then(|(_, value)| *value).map(|value| Sample { at: Timestamp(end), value }))
        });
        let values: Vec<Result<Option<Sample>, Trouble>> = values.collect();
        if let Ok(samples) = values.iter().cloned().collect::<Result<Vec<_>, _>>() {
            *group.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((end, samples));
        }
        values
    }

    async fn answered(&self, group: &Group) -> Vec<Answered> {
        let values = self.values(group).await;
        let each = group.asked.iter().zip(values);
        each.map(|((query, _), value)| Answered { measure: query.measure.clone(), pool: query.pool.clone(), value })
            .collect()
    }

    async fn range(&self, group: &Group, span: Duration, step: Duration) -> Result<Vec<Past>, Trouble> {
        let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let step = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
        // Whole windows, so that each point means the same as those that follow.
        let step = group.window_ms * (step.max(span / POINTS) / group.window_ms).max(1);
        let end = self.whole_until(group.window_ms);
        let (series, what) = self.series(group, end - span, end, step).await?;
        let each = group.asked.iter().enumerate().map(|(index, (query, _))| {
            let points = series.points(index, &what)?.into_iter().filter(|(at, _)| at.0 + step <= end);
            let points = points.map(|(at, value)| (Timestamp(at.0 + step), value)).collect();
            Ok(Past { measure: query.measure.clone(), pool: query.pool.clone(), points })
        });
        each.collect()
    }
}

impl MetricSource for Datadog {
    fn look(&self) -> BoxFuture<'_, Look> {
        async {
            let looks = self.groups.iter().map(|group| self.answered(group).boxed());
            Look::Values(side_by_side(looks.collect()).await.into_iter().flatten().collect())
        }
        .boxed()
    }

    fn past(&self, span: Duration, step: Duration) -> BoxFuture<'_, Result<Vec<Past>, Trouble>> {
        async move {
            let looks = self.groups.iter().map(|group| self.range(group, span, step).boxed());
            let all: Result<Vec<Vec<Past>>, Trouble> = side_by_side(looks.collect()).await.into_iter().collect();
            all.map(|all| all.into_iter().flatten().collect())
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<(String, Vec<String>), Trouble>> {
        async {
            if self.groups.is_empty() {
                return Ok(("no panel asks it, so nothing was asked".to_owned(), Vec::new()));
            }
            super::super::probed(self.look().await)
        }
        .boxed()
    }
}
