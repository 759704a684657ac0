//! Asks CloudWatch, the panels of each window in one request and its further pages.

use std::time::Duration;

use ::http::Method;
use ::http::header::{ACCEPT, HeaderValue};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::super::web::Web;
use super::super::windowed::{self, Group, Values, Windowed};
use super::super::{MetricSource, Query};
use super::Config;
use super::query::Question;
use super::wire::{self, Series, stamp};
use crate::adapter::aws::xml::{self, Element};
use crate::adapter::aws::{Keys, No, masked};
use crate::adapter::http::{Request, Tls};
use crate::domain::measure::Sample;
use crate::domain::metric::{Look, Past};
use crate::domain::{Trouble, TroubleKind};

/// How many periods back a late one is looked for.
const PERIODS: i64 = 4;
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
    groups: Vec<Group<Question>>,
}

impl CloudWatch {
    pub(super) fn new(config: &Config, queries: &[Query]) -> Result<Self, Trouble> {
        let mut groups: Vec<Group<Question>> = Vec::new();
        let mut ids = 0;
        for query in queries {
            let question = Question::read(&query.text, ids).map_err(|why| windowed::unfit(&config.id, query, &why))?;
            ids += question.metrics.len();
            let size = |group: &Group<Question>| {
                group.questions().iter().map(|question| question.metrics.len() + 1).sum::<usize>()
            };
            Group::put(&mut groups, query, question, |group, new| size(group) + new.metrics.len() < QUERIES);
        }
        let web = Web::new(&config.id, &config.at, None, &Tls::default(), config.timeout)?;
        let keys = Keys::new(&config.chain, &config.region, config.timeout);
        let delay_ms = windowed::millis(config.delay);
        Ok(Self { web, keys, address: config.at.to_string(), delay_ms, groups })
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

    async fn series(
        &self,
        group: &Group<Question>,
        period_ms: i64,
        span: (i64, i64),
    ) -> Result<(Series, String), Trouble> {
        let what = group.what(&self.address);
        let questions = group.questions();
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
}

impl Windowed for CloudWatch {
    type Question = Question;

    fn groups(&self) -> &[Group<Question>] {
        &self.groups
    }

    fn delay_ms(&self) -> i64 {
        self.delay_ms
    }

    async fn newest(&self, group: &Group<Question>, end: i64) -> (Values, bool) {
        let span = (end - PERIODS * group.window_ms, end);
        let (series, what) = match self.series(group, group.window_ms, span).await {
            Ok(told) => told,
            Err(trouble) => return (group.all_failed(&trouble), false),
        };
        let values = group.questions().into_iter().enumerate().map(|(index, question)| {
            let points = series.points(&wire::id(index, question), group.window_ms, &what)?;
            let newest = points.into_iter().rfind(|(until, _)| *until <= end);
            Ok(newest.filter(|(_, value)| value.is_finite()).map(|(until, value)| Sample { at: stamp(until), value }))
        });
        let values: Values = values.collect();
        // A period that is not there yet may still come.
        let is_full = |value: &Result<Option<Sample>, Trouble>| {
            value.as_ref().is_ok_and(|sample| sample.is_some_and(|sample| sample.at == stamp(end)))
        };
        let is_last_word = values.iter().all(is_full);
        (values, is_last_word)
    }

    async fn range(&self, group: &Group<Question>, span: i64, period: i64) -> Result<Vec<Past>, Trouble> {
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
            Ok(Group::<Question>::past(query, points))
        });
        each.collect()
    }
}

impl MetricSource for CloudWatch {
    fn look(&self) -> BoxFuture<'_, Look> {
        windowed::look(self).boxed()
    }

    fn past(&self, span: Duration, step: Duration) -> BoxFuture<'_, Result<Vec<Past>, Trouble>> {
        windowed::past(self, span, step).boxed()
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
