//! Asks one Prometheus, all queries side by side.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ::http::{HeaderName, HeaderValue, Method};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::super::web::{Web, now, shown, side_by_side};
use super::super::{MetricSource, Query};
use super::answer::{self, Instant};
use super::{Config, expression};
use crate::adapter::http::Request;
use crate::domain::measure::Sample;
use crate::domain::metric::{Answered, Look, Past};
use crate::domain::{Timestamp, Trouble, TroubleKind};

/// How far the clocks may be apart before Prometheus' own is followed, in milliseconds: its answer tells whole seconds.
const NEAR_MS: i64 = 2_000;
/// The most points that a range query may give.
const POINTS: u128 = 11_000;

/// One Prometheus with the queries that it is asked.
pub(super) struct Prometheus {
    web: Web,
    scope: Option<HeaderValue>,
    scrape_ms: i64,
    /// How far its clock is ahead of ours, in milliseconds.
    ahead_ms: AtomicI64,
    asked: Vec<Asked>,
}

struct Asked {
    query: Query,
    /// Gives the time of the newest sample behind the value; `None` where the query selects nothing.
    newest: Option<String>,
    /// The same for series that have ended since.
    ended: Option<String>,
    /// The newest evaluation that was answered, with the answer.
    last: Mutex<Option<(i64, Option<Sample>)>>,
}

impl Prometheus {
    pub(super) fn new(config: &Config, queries: &[Query]) -> Result<Self, Trouble> {
        let scope = config.tenant.as_deref().map(HeaderValue::from_str).transpose().map_err(|_unfit| {
            let what = format!("set up the metric source `{}`", config.id);
            Trouble::new(TroubleKind::Mismatch, what, "its `tenant` fits no header", "correct it")
        })?;
        let asked = queries.iter().map(|query| {
            let selectors = expression::selectors(&query.text);
            let times: Vec<String> = selectors.iter().map(|selector| format!("max(timestamp({selector}))")).collect();
            let step = config.scrape.as_secs().max(1);
            let span = query.window.as_secs().max(step) + step;
            let over = selectors.iter().map(|each| format!("max(max_over_time(timestamp({each})[{span}s:{step}s]))"));
            let over: Vec<String> = over.collect();
            Asked {
                query: query.clone(),
                newest: (!times.is_empty()).then(|| newest_of(&times)),
                ended: (!over.is_empty()).then(|| newest_of(&over)),
                last: Mutex::default(),
            }
        });
        Ok(Self {
            web: Web::new(&config.id, &config.at, config.who.login(), &config.tls, config.timeout)?,
            scope,
            scrape_ms: i64::try_from(config.scrape.as_millis()).unwrap_or(15_000),
            ahead_ms: AtomicI64::new(0),
            asked: asked.collect(),
        })
    }

    /// The newest whole multiple of the scrape interval, by Prometheus' clock.
    fn evaluation(&self) -> i64 {
        let there = now().0 + self.ahead_ms.load(Ordering::Relaxed);
        there - there.rem_euclid(self.scrape_ms)
    }

    fn what(&self, query: &str) -> String {
        format!("ask {} for `{}`", self.web.endpoint(), shown(query))
    }

    fn request(&self, path: &str, fields: &[(&str, &str)]) -> Request {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        let request = Request::new(Method::POST, path).body("application/x-www-form-urlencoded", body.finish());
        match &self.scope {
            Some(scope) => request.header(HeaderName::from_static("x-scope-orgid"), scope.clone()),
            None => request,
        }
    }

    async fn instant(&self, query: &str, at: i64) -> Result<Instant, Trouble> {
        let what = self.what(query);
        let request = self.request("/api/v1/query", &[("query", query), ("time", &seconds(at))]);
        let answer = self.web.ask(&request, &what).await?;
        let ahead = answer.ahead_ms().filter(|ahead| ahead.abs() > NEAR_MS).unwrap_or(0);
        self.ahead_ms.store(ahead, Ordering::Relaxed);
        answer::instant(&answer, &what)
    }

    /// One query at one time: its value with the time that it speaks of.
    async fn sample(&self, asked: &Asked, at: i64) -> Result<Option<Sample>, Trouble> {
        let newest = async {
            match &asked.newest {
                Some(query) => self.instant(query, at).await.map(|instant| instant.value),
                None => Ok(None),
            }
        };
        let (value, newest) = futures_util::join!(self.instant(&asked.query.text, at), newest);
        let Some(value) = value?.value else { return Ok(None) };
        let newest = match (newest, &asked.ended) {
            (Ok(Some(newest)), _) => Some(newest),
            (Ok(None), Some(ended)) => self.instant(ended, at).await.ok().and_then(|instant| instant.value),
            // What can only be read for the whole is as old as its evaluation.
            (Ok(None), None) | (Err(_), _) => None,
        };
        let newest = newest.map_or(at, millis);
        // Scrapes come a little late, and the newest one may be on its way.
        let is_fresh = newest >= at - self.scrape_ms - self.scrape_ms / 2;
        Ok(Some(Sample { at: Timestamp(if is_fresh { at } else { newest }), value }))
    }

    async fn answered(&self, asked: &Asked, at: i64) -> Answered {
        let kept = *asked.last.lock().unwrap_or_else(PoisonError::into_inner);
        let value = match kept.filter(|(then, _)| *then == at) {
            Some((_, sample)) => Ok(sample),
            None => self.sample(asked, at).await.inspect(|sample| {
                *asked.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, *sample));
            }),
        };
        Answered { measure: asked.query.measure.clone(), pool: asked.query.pool.clone(), value }
    }

    async fn range(&self, asked: &Asked, span: Duration, step: Duration) -> Result<Past, Trouble> {
        let text = &asked.query.text;
        let what = self.what(text);
        let least = Duration::from_millis(u64::try_from(span.as_millis() / POINTS).unwrap_or(u64::MAX));
        let scrape = Duration::from_millis(self.scrape_ms.unsigned_abs());
        let step = i64::try_from(step.max(least).max(scrape).as_millis()).unwrap_or(i64::MAX);
        let end = self.evaluation();
        let start = end - i64::try_from(span.as_millis()).unwrap_or(0) / step * step;
        let step_text = seconds(step);
        let fields =
            [("query", text.as_str()), ("start", &seconds(start)), ("end", &seconds(end)), ("step", &step_text)];
        let answer = self.web.ask(&self.request("/api/v1/query_range", &fields), &what).await?;
        let mut told = answer::range(&answer, &what)?.into_iter().peekable();
        let mut points = Vec::new();
        let mut at = start;
        while at <= end {
            while told.peek().is_some_and(|(then, _)| then.0 < at - step / 2) {
                told.next();
            }
            let value = told.next_if(|(then, _)| then.0 <= at + step / 2).and_then(|(_, value)| value);
            points.push((Timestamp(at), value));
            at += step;
        }
        Ok(Past { measure: asked.query.measure.clone(), pool: asked.query.pool.clone(), points })
    }
}

impl MetricSource for Prometheus {
    fn look(&self) -> BoxFuture<'_, Look> {
        async {
            let at = self.evaluation();
            let looks = self.asked.iter().map(|asked| self.answered(asked, at).boxed());
            Look::Values(side_by_side(looks.collect()).await)
        }
        .boxed()
    }

    fn past(&self, span: Duration, step: Duration) -> BoxFuture<'_, Result<Vec<Past>, Trouble>> {
        async move {
            let looks = self.asked.iter().map(|asked| self.range(asked, span, step).boxed());
            side_by_side(looks.collect()).await.into_iter().collect()
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<(String, Vec<String>), Trouble>> {
        async {
            let first = self.instant("vector(1)", self.evaluation()).await?;
            let mut remarks = first.remarks;
            let ahead = self.ahead_ms.load(Ordering::Relaxed);
            if ahead != 0 {
                remarks.push(format!("its clock is {} s off this host's: its own is followed", ahead / 1000));
            }
            let at = self.evaluation();
            let looks = self.asked.iter().map(|asked| self.instant(&asked.query.text, at).boxed());
            let answers = side_by_side(looks.collect()).await;
            let mut with_value = 0;
            for (asked, answer) in self.asked.iter().zip(answers) {
                let Instant { value, remarks: told } = answer?;
                remarks.extend(told.iter().map(|remark| format!("{}: {}", asked.query.measure, shown(remark))));
                if value.is_some() {
                    with_value += 1;
                } else {
                    remarks.push(format!("{} has no value now: `{}`", named(&asked.query), shown(&asked.query.text)));
                }
            }
            remarks.dedup();
            Ok((format!("{with_value} of {} queries have a value", self.asked.len()), remarks))
        }
        .boxed()
    }
}

fn named(query: &Query) -> String {
    match &query.pool {
        Some(pool) => format!("{} of {pool}", query.measure),
        None => query.measure.to_string(),
    }
}

/// The newest of several times, each of which may be missing.
fn newest_of(times: &[String]) -> String {
    match times {
        [only] => only.clone(),
        several => {
            // Each gets a label of its own, else the first that is there would hide the others.
            let each = several
                .iter()
                .enumerate()
                .map(|(i, time)| format!("label_replace({time}, \"n\", \"{i}\", \"\", \"\")"));
            format!("max({})", each.collect::<Vec<_>>().join(" or "))
        }
    }
}

/// Milliseconds as Prometheus reads times.
fn seconds(ms: i64) -> String {
    format!("{}.{:03}", ms.div_euclid(1000), ms.rem_euclid(1000))
}

#[expect(clippy::cast_possible_truncation, reason = "a time in milliseconds is far within i64, and other ones are cut")]
fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}
