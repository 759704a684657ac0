//! What is sent to the timeseries API and what comes back.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::web::shown;
use super::formula::Formula;
use crate::adapter::http::{Answer, Request};
use crate::domain::{Timestamp, Trouble, TroubleKind};

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    data: Option<Data>,
    #[serde(default)]
    errors: Value,
}

#[derive(Deserialize)]
struct Data {
    attributes: Series,
}

/// What came back: several series over the same times.
#[derive(Deserialize, Default)]
pub(super) struct Series {
    #[serde(default)]
    series: Vec<Of>,
    #[serde(default)]
    times: Vec<i64>,
    #[serde(default)]
    values: Vec<Vec<Option<f64>>>,
}

#[derive(Deserialize)]
struct Of {
    #[serde(default)]
    group_tags: Vec<String>,
    query_index: usize,
}

impl Series {
    /// The points of one formula; nothing where it has no series.
    pub(super) fn points(&self, index: usize, what: &str) -> Result<Vec<(Timestamp, Option<f64>)>, Trouble> {
        let mut of = self.series.iter().zip(&self.values).filter(|(of, _)| of.query_index == index);
        let Some((_, values)) = of.next() else { return Ok(Vec::new()) };
        if of.next().is_some() {
            let all: Vec<&Of> = self.series.iter().filter(|of| of.query_index == index).collect();
            let tags: Vec<String> = all.iter().take(3).map(|of| shown(&of.group_tags.join(","))).collect();
            let why = format!("it gave {} series where a panel has one: {}", all.len(), tags.join(", "));
            return Err(Trouble::new(
                TroubleKind::Mismatch,
                what,
                why,
                "leave `by {...}` out of the query, or name one",
            ));
        }
        if values.len() != self.times.len() {
            let why = format!("its answer has {} times and {} values", self.times.len(), values.len());
            return Err(Trouble::new(TroubleKind::Garbage, what, why, "ask again"));
        }
        let times = self.times.iter().map(|at| Timestamp(*at));
        Ok(times.zip(values.iter().map(|value| value.filter(|value| value.is_finite()))).collect())
    }
}

/// The request for these formulas from one time to another.
pub(super) fn request(formulas: &[&Formula], from: i64, to: i64, interval: i64) -> Request {
    let queries = formulas.iter().flat_map(|formula| &formula.metrics);
    let queries = queries.map(|(name, query)| json!({ "data_source": "metrics", "name": name, "query": query }));
    let attributes = json!({
        "from": from,
        "to": to,
        "interval": interval,
        "formulas": formulas.iter().map(|formula| json!({ "formula": formula.text })).collect::<Vec<_>>(),
        "queries": queries.collect::<Vec<_>>(),
    });
    let body = json!({ "data": { "type": "timeseries_request", "attributes": attributes } });
    Request::new(::http::Method::POST, "/api/v2/query/timeseries").json(&body)
}

/// The series of an answer.
pub(super) fn read(answer: &Answer, what: &str) -> Result<Series, Trouble> {
    let document: Option<Document> = serde_json::from_slice(&answer.body).ok();
    let errors = document.as_ref().map(|document| errors(&document.errors)).unwrap_or_default();
    if answer.is_success() && errors.is_empty() {
        return match document.and_then(|document| document.data) {
            Some(data) => Ok(data.attributes),
            None => Err(Trouble::new(
                TroubleKind::Garbage,
                what,
                "its answer cannot be understood",
                "see whether that address is the one of Datadog's API",
            )),
        };
    }
    let why = match (answer.is_success(), errors.is_empty()) {
        (true, _) => errors,
        (false, true) => return Err(answer.refusal(what)),
        (false, false) => format!("it answered {}: {errors}", answer.status),
    };
    let (kind, advice) = match answer.status {
        400 => (TroubleKind::Mismatch, "correct the panel's `query`"),
        401 | 403 => {
            (TroubleKind::Denied, "compare `site`, `api_key` and `app_key`; the application key needs timeseries_query")
        }
        500.. => (TroubleKind::Unreachable, "see Datadog's status page, and ask again"),
        _ => (TroubleKind::Mismatch, "try the query in Datadog's own notebook"),
    };
    Err(Trouble::new(kind, what, why, advice))
}

/// Errors in either of the forms that Datadog has.
fn errors(errors: &Value) -> String {
    let one = |error: &Value| match error {
        Value::String(text) => Some(text.clone()),
        Value::Object(fields) => {
            let text = ["detail", "title"].iter().find_map(|key| fields.get(*key)?.as_str());
            text.map(str::to_owned)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    };
    let all: Vec<String> = match errors {
        Value::Array(all) => all.iter().filter_map(one).collect(),
        other => one(other).into_iter().collect(),
    };
    shown(&all.join("; "))
}
