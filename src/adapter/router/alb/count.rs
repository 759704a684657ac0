//! What CloudWatch counts: requests per target group in whole minutes, told as a sentence for people.
//!
//! It is never a counter of the router. CloudWatch tells of a minute some minutes later and leaves out minutes without
//! requests, so a count that stands still proves nothing, and one that jumps by a minute's requests is no rate. Only minutes
//! that began after the weights were first read as they are count, so that none is of the weights before.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::call::{Api, Form};
use super::config::Config;
use crate::adapter::aws::xml::Element;
use crate::domain::{NativeSplit, PoolId, Shares};

/// CloudWatch tells minutes, and asks a fee for each question.
const MINUTE: Duration = Duration::from_mins(1);

/// What time it is.
pub(super) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// For one rule or listener.
pub(super) struct Counts {
    api: Api,
    /// Per pool, the dimensions of its target group.
    pools: Vec<(PoolId, [(&'static str, String); 2])>,
    settle: Duration,
    patience: Duration,
    clock: Clock,
    kept: Mutex<Option<Kept>>,
}

/// What was told of the present weights.
struct Kept {
    native: NativeSplit,
    /// The first minute that counts, in seconds since 1970.
    from: u64,
    /// Until which minute it was asked.
    asked: u64,
    said: Option<String>,
}

impl Counts {
    pub(super) fn new(config: &Config, api: Api, settle: Duration, clock: Clock) -> Self {
        let arn = config.place.arn();
        let pools = config.pools.iter().map(|(pool, group)| {
            (pool.clone(), [("LoadBalancer", arn.load_balancer_id()), ("TargetGroup", group.group_id())])
        });
        Self {
            api,
            pools: pools.collect(),
            settle,
            // A reading never waits for it as long as it may wait for the weights.
            patience: config.timeout / 2,
            clock,
            kept: Mutex::new(None),
        }
    }

    /// What there is to say for these weights. Asks at most once a minute.
    pub(super) async fn sentence(&self, native: &NativeSplit) -> Option<String> {
        let now = (self.clock)().duration_since(UNIX_EPOCH).ok()?;
        let mut kept = self.kept.lock().await;
        if kept.as_ref().is_none_or(|kept| kept.native != *native) {
            let from = (now + self.settle).as_secs().next_multiple_of(MINUTE.as_secs());
            *kept = Some(Kept { native: native.clone(), from, asked: 0, said: None });
        }
        let kept = kept.as_mut()?;
        let until = now.as_secs() / MINUTE.as_secs() * MINUTE.as_secs();
        if until > kept.from && until > kept.asked {
            kept.asked = until;
            kept.said = Some(self.ask(kept.from, until).await);
        }
        kept.said.clone()
    }

    async fn ask(&self, from: u64, until: u64) -> String {
        const ACTION: &str = "GetMetricData";
        let form = self.form(from, until);
        let answer = match timeout(self.patience, self.api.ask(ACTION, "RequestCount", &form)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(trouble)) => return format!("CloudWatch tells no requests: {}; {}", trouble.why, trouble.advice),
            Err(_late) => return format!("CloudWatch tells no requests: no answer within {:?}", self.patience),
        };
        told(&answer, &self.pools.iter().map(|(pool, _)| pool.clone()).collect::<Vec<_>>(), from)
    }

    fn form(&self, from: u64, until: u64) -> Form {
        let mut form: Form = [("StartTime", from), ("EndTime", until)]
            .map(|(name, seconds)| (name.to_owned(), at(seconds, "%Y-%m-%dT%H:%M:%SZ")))
            .to_vec();
        for (index, (_, dimensions)) in self.pools.iter().enumerate() {
            let query = format!("MetricDataQueries.member.{}", index + 1);
            let metric = format!("{query}.MetricStat.Metric");
            form.push((format!("{query}.Id"), format!("pool{index}")));
            form.push((format!("{metric}.Namespace"), "AWS/ApplicationELB".to_owned()));
            form.push((format!("{metric}.MetricName"), "RequestCount".to_owned()));
            for (number, (name, value)) in dimensions.iter().enumerate() {
                let dimension = format!("{metric}.Dimensions.member.{}", number + 1);
                form.push((format!("{dimension}.Name"), (*name).to_owned()));
                form.push((format!("{dimension}.Value"), value.clone()));
            }
            form.push((format!("{query}.MetricStat.Period"), MINUTE.as_secs().to_string()));
            form.push((format!("{query}.MetricStat.Stat"), "Sum".to_owned()));
        }
        form
    }
}

/// What an answer says, for people.
fn told(answer: &Element, pools: &[PoolId], from: u64) -> String {
    let results: Vec<&Element> =
        answer.anywhere("MetricDataResults").into_iter().flat_map(|list| &list.children).collect();
    let mut newest = None;
    let mut parts = Vec::new();
    for (index, pool) in pools.iter().enumerate() {
        let id = format!("pool{index}");
        let mut sum = 0.0;
        for result in results.iter().filter(|result| result.text("Id") == id) {
            let times = result.list("Timestamps").filter_map(|time| DateTime::parse_from_rfc3339(&time.text).ok());
            newest = newest.max(times.map(|time| time.timestamp()).max());
            sum += result.list("Values").filter_map(|value| value.text.parse::<f64>().ok()).sum::<f64>();
        }
        parts.push((pool.clone(), whole(sum)));
    }
    let begin = at(from, "%H:%M");
    let Some(newest) = newest.and_then(|newest| u64::try_from(newest).ok()) else {
        return format!(
            "CloudWatch has told no requests yet of the minutes since {begin} UTC, when these weights held"
        );
    };
    let each: Vec<String> = parts.iter().map(|(pool, count)| format!("{pool} {count}")).collect();
    format!(
        "CloudWatch counted from {begin} to {} UTC, under these weights: {} requests, which is {} %",
        at(newest + MINUTE.as_secs(), "%H:%M"),
        each.join(", "),
        Shares::of_parts(parts)
    )
}

/// A count that came as a decimal number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a negative or huge count is cut to the range"
)]
fn whole(count: f64) -> u64 {
    count.round() as u64
}

/// A time in UTC.
fn at(seconds: u64, form: &str) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
    time.unwrap_or_default().format(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::told;
    use crate::adapter::aws::xml;

    const FROM: u64 = 1_795_272_720;

    #[test]
    fn minutes_are_summed_per_pool_and_said_with_their_time() {
        let series = |id: &str, points: &[(&str, &str)]| {
            let list = |of: fn(&(&str, &str)) -> String| points.iter().map(of).collect::<String>();
            format!(
                "<member><Id>{id}</Id><Timestamps>{}</Timestamps><Values>{}</Values></member>",
                list(|(time, _)| format!("<member>2026-11-21T{time}:00Z</member>")),
                list(|(_, value)| format!("<member>{value}</member>"))
            )
        };
        let answer = |all: &str| {
            let text = format!("<R><MetricDataResults>{all}</MetricDataResults></R>");
            told(&xml::read(text.as_bytes()).expect("it is a document"), &["blue".into(), "green".into()], FROM)
        };
        let both = series("pool1", &[("14:53", "300.0"), ("14:52", "600.0")]) + &series("pool0", &[("14:52", "100.0")]);
        assert_eq!(
            answer(&both),
            "CloudWatch counted from 14:52 to 14:54 UTC, under these weights: blue 100, green 900 requests, which is 10.0 / 90.0 %"
        );
        let none = "CloudWatch has told no requests yet of the minutes since 14:52 UTC, when these weights held";
        assert_eq!(answer(&series("pool0", &[])), none);
    }
}
