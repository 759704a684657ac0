//! Any system that answers JSON over HTTP: a query is a path with a JSON pointer behind `#`, such as
//! `/actuator/metrics/hikaricp.connections.active#/measurements/0/value`.
//!
//! Queries of one path share one request. A number, or text that is one, is a value; null or nothing at the pointer is none.
//! Where the document tells its own time, `time` points to it, and the same document read twice is known as one; else a value
//! is of the moment at which it was read.

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::web::{Web, Who, now, shown, side_by_side};
use super::{Configured, MetricSource, Query};
use crate::adapter::http::{Endpoint, Request, Tls, endpoint};
use crate::domain::measure::Sample;
use crate::domain::metric::{Answered, Look};
use crate::domain::{SourceId, Timestamp, Trouble, TroubleKind};
use crate::setting::{Kind, Table, Wrong, quoted};

/// One system that answers JSON.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Its name.
    pub id: SourceId,
    /// Where it is.
    pub at: Endpoint,
    /// Who asks.
    pub who: Who,
    /// Where a document says of when it is.
    pub time: Option<String>,
    /// Certificates.
    pub tls: Tls,
    /// How long it may take to answer.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "http"`.
    pub fn read(table: &mut Table<'_>, id: &SourceId, timeout: Duration) -> Option<Self> {
        let doc = "Where it is; the paths of queries come behind it: \"http://10.0.0.5:8080\".";
        let at = table.required("at", doc, &endpoint());
        let who = Who::read(table);
        let doc =
            "Where a document says of when it is, as a JSON pointer: RFC 3339, or seconds or milliseconds since 1970.";
        let time = table.optional("time", doc, &pointer());
        let tls = Tls::read(table);
        let time = time.map(|time| time.value);
        Some(Self { id: id.clone(), at: at?.value, who: who?, time, tls, timeout })
    }
}

fn pointer() -> Kind<String> {
    let schema = serde_json::json!({ "type": "string", "pattern": "^/" });
    Kind::from_text("a JSON pointer, such as \"/data/at\"", schema, |text| {
        let fits = text.starts_with('/') && !text.chars().any(char::is_control);
        if fits { Ok(text.to_owned()) } else { Err(Wrong::new(format!("cannot be {}", quoted(text)))) }
    })
}

impl Configured for Config {
    fn answers_queries(&self) -> bool {
        true
    }

    fn check_query(&self, text: &str) -> Result<(), String> {
        let (path, pointer) = text.split_once('#').ok_or("has no # with a JSON pointer behind it")?;
        if !path.starts_with('/') {
            return Err("begins with no /: a query is a path behind the source's `at`".to_owned());
        }
        if path.contains(char::is_whitespace) {
            return Err("has a blank in its path: write %20".to_owned());
        }
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err("has a JSON pointer that begins with no /".to_owned());
        }
        Ok(())
    }

    fn connect(&self, queries: &[Query]) -> Result<Arc<dyn MetricSource>, Trouble> {
        let mut documents: Vec<Document> = Vec::new();
        for query in queries {
            let (path, pointer) = query.text.split_once('#').unwrap_or((&query.text, ""));
            let part = (query.clone(), pointer.to_owned());
            match documents.iter_mut().find(|document| document.path == path) {
                Some(document) => document.parts.push(part),
                None => documents.push(Document { path: path.to_owned(), parts: vec![part] }),
            }
        }
        let web = Web::new(&self.id, &self.at, self.who.login(), &self.tls, self.timeout)?;
        Ok(Arc::new(Json { web, time: self.time.clone(), documents }))
    }
}

/// One system with the documents that are read of it.
struct Json {
    web: Web,
    time: Option<String>,
    documents: Vec<Document>,
}

struct Document {
    path: String,
    /// Each query with its pointer.
    parts: Vec<(Query, String)>,
}

impl Json {
    async fn read(&self, document: &Document) -> Vec<Answered> {
        let whole = self.whole(&document.path).await;
        let each = document.parts.iter().map(|(query, pointer)| {
            let value = match &whole {
                Ok((whole, at)) => self.value(whole, *at, &document.path, pointer),
                Err(trouble) => Err(trouble.clone()),
            };
            Answered { measure: query.measure.clone(), pool: query.pool.clone(), value }
        });
        each.collect()
    }

    async fn whole(&self, path: &str) -> Result<(Value, Timestamp), Trouble> {
        let what = format!("read {}{}", self.web.endpoint(), shown(path));
        let answer = self.web.ask(&Request::get(path), &what).await?;
        let read = now();
        if !answer.is_success() {
            return Err(answer.refusal(&what));
        }
        let whole: Value = answer.json(&what)?;
        let Some(pointer) = &self.time else { return Ok((whole, read)) };
        let at = whole.pointer(pointer).and_then(time_of).ok_or_else(|| {
            let why = format!("there is no time at `{}` in its answer", shown(pointer));
            Trouble::new(TroubleKind::Mismatch, &what, why, "correct the source's `time`, or leave it out")
        })?;
        Ok((whole, at))
    }

    fn value(&self, whole: &Value, at: Timestamp, path: &str, pointer: &str) -> Result<Option<Sample>, Trouble> {
        let number = match whole.pointer(pointer) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Number(number)) => number.as_f64(),
            Some(Value::String(text)) => match text.trim().parse::<f64>() {
                Ok(number) => Some(number),
                Err(_not_a_number) => return Err(self.no_number(path, pointer, "text")),
            },
            Some(Value::Bool(_)) => return Err(self.no_number(path, pointer, "true or false")),
            Some(Value::Array(_)) => return Err(self.no_number(path, pointer, "a list")),
            Some(Value::Object(_)) => return Err(self.no_number(path, pointer, "an object")),
        };
        Ok(number.filter(|number| number.is_finite()).map(|value| Sample { at, value }))
    }

    fn no_number(&self, path: &str, pointer: &str, sort: &str) -> Trouble {
        let what = format!("read {}{}", self.web.endpoint(), shown(path));
        let why = format!("at `{}` stands {sort}, not a number", shown(pointer));
        Trouble::new(TroubleKind::Mismatch, what, why, "correct the JSON pointer in the panel's `query`")
    }
}

impl MetricSource for Json {
    fn look(&self) -> BoxFuture<'_, Look> {
        async {
            let reads = self.documents.iter().map(|document| self.read(document).boxed());
            Look::Values(side_by_side(reads.collect()).await.into_iter().flatten().collect())
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<(String, Vec<String>), Trouble>> {
        async {
            if self.documents.is_empty() {
                let what = format!("read {}", self.web.endpoint());
                self.web.ask(&Request::get("/"), &what).await?;
                return Ok(("answers, and no panel asks it".to_owned(), Vec::new()));
            }
            super::probed(self.look().await)
        }
        .boxed()
    }
}

/// A time as documents tell it.
fn time_of(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => match text.parse::<f64>() {
            Ok(number) => since_1970(number),
            Err(_) => DateTime::parse_from_rfc3339(text).ok().map(|at| Timestamp(at.timestamp_millis())),
        },
        Value::Number(number) => since_1970(number.as_f64()?),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Seconds, or milliseconds where seconds would be thousands of years away.
#[expect(clippy::cast_possible_truncation, reason = "what is no time of this age is left out")]
fn since_1970(number: f64) -> Option<Timestamp> {
    let millis = if number > 1e11 { number } else { number * 1000.0 };
    (millis > 0.0 && millis < 1e14).then_some(Timestamp(millis as i64))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_read_in_every_form() {
        for value in
            [json!("2023-11-14T22:13:20Z"), json!(1_700_000_000), json!(1_700_000_000_000_i64), json!("1700000000.0")]
        {
            assert_eq!(time_of(&value), Some(Timestamp(1_700_000_000_000)), "{value}");
        }
        for value in [json!(null), json!("yesterday"), json!(-1), json!([1])] {
            assert_eq!(time_of(&value), None, "{value}");
        }
    }
}
