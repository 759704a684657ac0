//! What Prometheus answers, and what that means.

use serde::Deserialize;
use serde_json::Value;

use crate::adapter::http::Answer;
use crate::domain::{Timestamp, Trouble, TroubleKind};

/// How many labels sets of an answer with too many series are shown.
const SHOWN: usize = 3;

#[derive(Deserialize)]
struct Document {
    status: String,
    #[serde(default)]
    data: Option<Data>,
    #[serde(rename = "errorType", default)]
    error_type: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    infos: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    #[serde(default)]
    result: Value,
}

#[derive(Deserialize)]
struct Element {
    #[serde(default)]
    metric: serde_json::Map<String, Value>,
    value: Option<(f64, String)>,
    values: Option<Vec<(f64, String)>>,
    #[serde(default)]
    histogram: Option<Value>,
    #[serde(default)]
    histograms: Option<Value>,
}

/// One value of an instant query, and what Prometheus remarks.
#[derive(Debug, PartialEq)]
pub(super) struct Instant {
    pub(super) value: Option<f64>,
    pub(super) remarks: Vec<String>,
}

/// The value of an instant query: none where there is no series or no number.
pub(super) fn instant(answer: &Answer, what: &str) -> Result<Instant, Trouble> {
    let (data, remarks) = data(answer, what)?;
    let pair = match data.result_type.as_str() {
        "scalar" => Some(serde_json::from_value(data.result).map_err(|error| garbage(what, &error.to_string()))?),
        "vector" => one(data.result, what)?.and_then(|element| element.value),
        other => return Err(no_value(what, other)),
    };
    Ok(Instant { value: pair.and_then(|(_, text): (f64, String)| number(&text)), remarks })
}

/// The points of a range query, in order, without the gaps.
pub(super) fn range(answer: &Answer, what: &str) -> Result<Vec<(Timestamp, Option<f64>)>, Trouble> {
    let (data, _) = data(answer, what)?;
    if data.result_type != "matrix" {
        return Err(no_value(what, &data.result_type));
    }
    let points = one(data.result, what)?.and_then(|element| element.values).unwrap_or_default();
    Ok(points.into_iter().map(|(at, text)| (millis(at), number(&text))).collect())
}

fn data(answer: &Answer, what: &str) -> Result<(Data, Vec<String>), Trouble> {
    let document: Document = match serde_json::from_slice(&answer.body) {
        Ok(document) => document,
        Err(_) if !answer.is_success() => return Err(refused(answer, what)),
        Err(error) => return Err(garbage(what, &error.to_string())),
    };
    if document.status != "success" {
        return Err(said_no(answer, what, &document));
    }
    let remarks = document.warnings.into_iter().chain(document.infos).collect();
    let data = document.data.ok_or_else(|| garbage(what, "it has no `data`"))?;
    Ok((data, remarks))
}

/// A no in Prometheus' own form.
fn said_no(answer: &Answer, what: &str, document: &Document) -> Trouble {
    let said = if document.error.is_empty() { String::new() } else { answer.words() };
    let (kind, why, advice) = match document.error_type.as_str() {
        "bad_data" => (TroubleKind::Mismatch, "it cannot read the query", "correct the panel's `query`"),
        "execution" => (TroubleKind::Mismatch, "it cannot work the query out", "try the query in Prometheus' own page"),
        "timeout" => (TroubleKind::TimedOut, "the query took too long there", "make it cheaper: a recording rule"),
        "canceled" => (TroubleKind::TimedOut, "the query was cancelled there", "ask again, or make it cheaper"),
        "unavailable" => (TroubleKind::Unreachable, "it is not ready", "it may still be starting: look at its log"),
        _ => return refused(answer, what),
    };
    let why = if said.is_empty() { why.to_owned() } else { format!("{why}: {said}") };
    Trouble::new(kind, what, why, advice)
}

/// A no of Prometheus, or of something before it.
fn refused(answer: &Answer, what: &str) -> Trouble {
    if answer.status == 404 {
        let why = "it answered 404: there is no query API";
        let advice = "compare `at` with Prometheus' own address, and mind what comes before /api/v1: \"https://mimir/prometheus\"";
        return Trouble::new(TroubleKind::Mismatch, what, why, advice);
    }
    if answer.status == 401 && answer.words().contains("no org id") {
        let why = "it answered 401: no org id";
        return Trouble::new(TroubleKind::Denied, what, why, "name the `tenant` whose series are meant");
    }
    answer.refusal(what)
}

/// The only series of an answer.
fn one(result: Value, what: &str) -> Result<Option<Element>, Trouble> {
    let mut all: Vec<Element> = serde_json::from_value(result).map_err(|error| garbage(what, &error.to_string()))?;
    if all.len() > 1 {
        let shown: Vec<String> = all.iter().take(SHOWN).map(|element| labels(&element.metric)).collect();
        let more = if all.len() > SHOWN { ", …" } else { "" };
        let why = format!("it gave {} series where a panel has one: {}{more}", all.len(), shown.join(", "));
        let advice = "put sum(...), avg(...) or max(...) around it, or select one";
        return Err(Trouble::new(TroubleKind::Mismatch, what, why, advice));
    }
    let only = all.pop();
    if only.as_ref().is_some_and(|element| element.histogram.is_some() || element.histograms.is_some()) {
        let why = "it gave a native histogram, which is no number";
        return Err(Trouble::new(TroubleKind::Mismatch, what, why, "put histogram_quantile(0.99, ...) around it"));
    }
    Ok(only)
}

fn labels(metric: &serde_json::Map<String, Value>) -> String {
    let each = metric.iter().map(|(name, value)| format!("{name}={value}"));
    let text = format!("{{{}}}", each.collect::<Vec<_>>().join(","));
    super::super::web::shown(&text)
}

fn no_value(what: &str, sort: &str) -> Trouble {
    let why = match sort {
        "matrix" => "it gave a range, which is no value".to_owned(),
        other => format!("it gave a {}, which is no value", super::super::web::shown(other)),
    };
    Trouble::new(TroubleKind::Mismatch, what, why, "put a function around it, such as rate(...) and sum(...)")
}

fn garbage(what: &str, why: &str) -> Trouble {
    let why = format!("its answer cannot be understood: {}", super::super::web::shown(why));
    Trouble::new(TroubleKind::Garbage, what, why, "see whether that address is the one of Prometheus' API")
}

/// A value as Prometheus writes it; NaN and infinity are no number.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

#[expect(clippy::cast_possible_truncation, reason = "a time in milliseconds is far within i64, and other ones are cut")]
fn millis(seconds: f64) -> Timestamp {
    Timestamp((seconds * 1000.0).round() as i64)
}
