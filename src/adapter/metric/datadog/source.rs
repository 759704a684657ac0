//! Asks Datadog, the panels of each window in one request.

use std::time::Duration;

use ::http::HeaderName;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::super::web::Web;
use super::super::windowed::{self, Group, Values, Windowed};
use super::super::{MetricSource, Query};
use super::Config;
use super::formula::Formula;
use super::wire::{self, Told};
use crate::adapter::http::Login;
use crate::domain::measure::Sample;
use crate::domain::metric::{Look, Past};
use crate::domain::{Timestamp, Trouble};

/// How many intervals are asked for: a late one is looked for where it should be, and no further back.
const INTERVALS: i64 = 3;

/// One Datadog with the queries that it is asked.
pub(super) struct Datadog {
    web: Web,
    delay_ms: i64,
    groups: Vec<Group<Formula>>,
}

impl Datadog {
    pub(super) fn new(config: &Config, queries: &[Query]) -> Result<Self, Trouble> {
        let mut groups: Vec<Group<Formula>> = Vec::new();
        let mut names = 0;
        for query in queries {
            let formula = Formula::read(&query.text, names).map_err(|why| windowed::unfit(&config.id, query, &why))?;
            names += formula.metrics.len();
            Group::put(&mut groups, query, formula, |_, _| true);
        }
        let api = Login::header(HeaderName::from_static("dd-api-key"), config.api_key.clone());
        let app = Login::header(HeaderName::from_static("dd-application-key"), config.app_key.clone());
        let web = Web::new(&config.id, &config.at, Some(api), &config.tls, config.timeout)?.and(app);
        Ok(Self { web, delay_ms: windowed::millis(config.delay), groups })
    }

    async fn series(
        &self,
        group: &Group<Formula>,
        from: i64,
        to: i64,
        interval: i64,
    ) -> Result<(Told, String), Trouble> {
        let what = group.what(&self.web.endpoint().to_string());
        let answer = self.web.ask(&wire::request(&group.questions(), from, to, interval), &what).await?;
        Ok((wire::read(&answer, &what)?, what))
    }
}

impl Windowed for Datadog {
    type Question = Formula;

    fn groups(&self) -> &[Group<Formula>] {
        &self.groups
    }

    fn delay_ms(&self) -> i64 {
        self.delay_ms
    }

    async fn newest(&self, group: &Group<Formula>, end: i64) -> (Values, bool) {
        let from = end - INTERVALS * group.window_ms;
        let (series, what) = match self.series(group, from, end, group.window_ms).await {
            Ok(told) => told,
            Err(trouble) => return (group.all_failed(&trouble), false),
        };
        let values = (0..group.asked.len()).map(|index| {
            let points = series.points(index, &what)?;
            // A point stands at the beginning of its interval.
            let value = points.iter().rev().find(|(at, _)| at.0 < end && at.0 >= end - group.window_ms);
            Ok(value.and_then(|(_, value)| *value).map(|value| Sample { at: Timestamp(end), value }))
        });
        (values.collect(), true)
    }

    async fn range(&self, group: &Group<Formula>, span: i64, step: i64) -> Result<Vec<Past>, Trouble> {
        let end = self.whole_until(group.window_ms);
        let (series, what) = self.series(group, end - span, end, step).await?;
        let each = group.asked.iter().enumerate().map(|(index, (query, _))| {
            let points = series.points(index, &what)?.into_iter().filter(|(at, _)| at.0 + step <= end);
            let points = points.map(|(at, value)| (Timestamp(at.0 + step), value)).collect();
            Ok(Group::<Formula>::past(query, points))
        });
        each.collect()
    }
}

impl MetricSource for Datadog {
    fn look(&self) -> BoxFuture<'_, Look> {
        windowed::look(self).boxed()
    }

    fn past(&self, span: Duration, step: Duration) -> BoxFuture<'_, Result<Vec<Past>, Trouble>> {
        windowed::past(self, span, step).boxed()
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
