//! Asks CloudWatch, the panels of each window in one request and its further pages.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ::http::Method;
use ::http::header::{ACCEPT, HeaderValue};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::super::web::{Web, now, shown, side_by_side};
use super::super::{MetricSource, Query};
use super::Config;
use super::query::Question;
use super::wire::{self, Series, stamp};
use crate::adapter::aws::xml::{self, Element};
use crate::adapter::aws::{Keys, No, masked};
use crate::adapter::http::{Request, Tls};
use crate::domain::measure::Sample;
use crate::domain::metric::{Answered, Look, Past};
use crate::domain::{Trouble, TroubleKind};

/// How many periods back a late one is looked for.
const PERIODS: i64 = 4;
/// The most points that are asked for at once.
const POINTS: i64 = 1_000;
/// The most pages of one answer that are read.
const PAGES: usize = 20;
/// The most metrics and expressions of one request.
const QUERIES: usize = 500;

/// One CloudWatch with the queries that it is asked.
pub(super) struct CloudWatch {
    web: Web,
    keys: Keys,
    address: String,
    delay_ms: i64,
    groups: Vec<Group>,
}

/// Queries with the same window.
struct Group {
    period_ms: i64,
    asked: Vec<(Query, Question)>,
    /// The end of the period that was answered in full, with the answers.
    last: Mutex<Option<(i64, Vec<Option<Sample>>)>>,
}

impl CloudWatch {
    pub(super) fn new(config: &Config, queries: &[Query]) -> Result<Self, Trouble> {
        let mut groups: Vec<Group> = Vec::new();
        let mut ids = 0;
        for query in queries {
            let question = Question::read(&query.text, ids).map_err(|why| {
                let what = format!("set up the metric source `{}`", config.id);
                Trouble::new(
                    TroubleKind::Mismatch,
                    what,
                    format!("`{}` {why}", shown(&query.text)),
                    "correct the query",
                )
            })?;
            ids += question.metrics.len();
            let period_ms = i64::try_from(query.window.as_millis()).unwrap_or(i64::MAX).max(1_000);
            let size =
                |group: &Group| group.asked.iter().map(|(_, question)| question.metrics.len() + 1).sum::<usize>();
            let has_room =
                |group: &&mut Group| group.period_ms == period_ms && size(group) + question.metrics.len() < QUERIES;
            match groups.iter_mut().find(has_room) {
                Some(group) => group.asked.push((query.clone(), question)),
                None => {
                    groups.push(Group { period_ms, asked: vec![(query.clone(), question)], last: Mutex::default() })
                }
            }
        }
        let web = Web::new(&config.id, &config.at, None, &Tls::default(), config.timeout)?;
        let keys = Keys::new(&config.chain, &config.region, config.timeout);
        let delay_ms = i64::try_from(config.delay.as_millis()).unwrap_or(i64::MAX);
        Ok(Self { web, keys, address: config.at.to_string(), delay_ms, groups })
    }

    /// The end of the newest period of this length that is whole.
    fn whole_until(&self, period_ms: i64) -> i64 {
        let filled = now().0 - self.delay_ms;
        filled - filled.rem_euclid(period_ms)
    }

    /// One page. Told that the credentials are over, it asks once more with new ones.
    async fn page(&self, form: &[(String, String)], what: &str) -> Result<Element, Trouble> {
        // What encodes cannot go from thread to thread, and is over before anything is waited for.
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::new(Method::POST, "/")
            .header(ACCEPT, HeaderValue::from_static("application/xml, text/xml"))
            .body("application/x-www-form-urlencoded; charset=utf-8", body);
        let mut is_second = false;
        loop {
            let keys = self.keys.get(what).await?;
            let signed = self.keys.signed(&request, &keys, &self.address, "monitoring").map_err(|why| {
                let advice = "see whether the credentials are whole";
                Trouble::new(TroubleKind::Denied, what, format!("the request cannot be signed: {why}"), advice)
            })?;
            let mut answer = self.web.ask(&signed, what).await?;
            // Some refusals repeat what was sent.
            answer.body = masked(&answer.text(), &keys).into_bytes();
            let document = xml::read(&answer.body);
            if let Ok(document) = &document
                && answer.is_success()
                && document.name == "GetMetricDataResponse"
            {
                return Ok(document.clone());
            }
            let no = document.as_ref().ok().and_then(|document| No::read(&answer, document));
            let Some(no) = no else {
                if !answer.is_success() {
                    return Err(answer.refusal(what));
                }
                let why = "its answer cannot be understood";
                let advice = "see whether that address is the one of CloudWatch";
                return Err(Trouble::new(TroubleKind::Garbage, what, why, advice));
            };
            if no.is_throttled() {
                return Err(self.web.told_off(what, &no.said()));
            }
            if no.is_about_credentials() {
                self.keys.forget().await;
                if !std::mem::replace(&mut is_second, true) {
                    continue;
                }
            }
            return Err(no.trouble(what, "cloudwatch:GetMetricData", &self.keys.login()));
        }
    }

    async fn series(&self, group: &Group, period_ms: i64, span: (i64, i64)) -> Result<(Series, String), Trouble> {
        let first = group.asked.first().map(|(query, _)| shown(&query.text)).unwrap_or_default();
        let more = match group.asked.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        let what = format!("ask {} for `{first}`{more}", self.address);
        let questions: Vec<&Question> = group.asked.iter().map(|(_, question)| question).collect();
        let mut series = Series::default();
        let mut token: Option<String> = None;
        for _ in 0..PAGES {
            let form = wire::form(&questions, period_ms / 1000, span, token.as_deref());
            token = series.add(&self.page(&form, &what).await?, &what)?;
            if token.is_none() {
                return Ok((series, what));
            }
        }
        let why = format!("its answer goes on after {PAGES} pages");
        Err(Trouble::new(TroubleKind::Garbage, what, why, "ask fewer panels of this source"))
    }

    async fn values(&self, group: &Group) -> Vec<Result<Option<Sample>, Trouble>> {
        let end = self.whole_until(group.period_ms);
        let kept = group.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, samples)) = kept.filter(|(until, _)| *until == end) {
            return samples.into_iter().map(Ok).collect();
        }
        let span = (end - PERIODS * group.period_ms, end);
        let (series, what) = match self.series(group, group.period_ms, span).await {
            Ok(told) => told,
            Err(trouble) => return group.asked.iter().map(|_| Err(trouble.clone())).collect(),
        };
        let values = group.asked.iter().enumerate().map(|(index, (_, question))| {
            let points = series.points(&wire::id(index, question), group.period_ms, &what)?;
            let newest = points.into_iter().rfind(|(until, _)| *until <= end);
            Ok(newest.filter(|(_, value)| value.is_finite()).map(|(until, value)| Sample { at: stamp(until), value }))
        });
        let values: Vec<Result<Option<Sample>, Trouble>> = values.collect();
        let is_full = |value: &Result<Option<Sample>, Trouble>| {
            value.as_ref().is_ok_and(|sample| sample.is_some_and(|sample| sample.at == stamp(end)))
        };
        if values.iter().all(is_full) {
            let samples = values.iter().map(|value| value.clone().ok().flatten()).collect();
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
        let period = group.period_ms * (step.max(span / POINTS) / group.period_ms).max(1);
        let end = self.whole_until(period);
        let start = end - span / period * period;
        let (series, what) = self.series(group, period, (start, end)).await?;
        let each = group.asked.iter().enumerate().map(|(index, (query, question))| {
            let told = series.points(&wire::id(index, question), period, &what)?;
            let mut points = Vec::new();
            let mut at = start + period;
            while at <= end {
                let value = told.iter().find(|(until, _)| *until == at).map(|(_, value)| *value);
                points.push((stamp(at), value.filter(|value| value.is_finite())));
                at += period;
            }
            Ok(Past { measure: query.measure.clone(), pool: query.pool.clone(), points })
        });
        each.collect()
    }
}

impl MetricSource for CloudWatch {
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
                self.keys.get(&format!("ask {}", self.address)).await?;
                return Ok(("credentials are found, and no panel asks it".to_owned(), Vec::new()));
            }
            super::super::probed(self.look().await)
        }
        .boxed()
    }
}
