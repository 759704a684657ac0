//! What the profile says about one source of Prometheus text endpoints.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::super::super::secret::SecretRef;
use super::super::{Configured, MetricSource, Query};
use super::scrape::Endpoints;
use crate::domain::{SourceId, Trouble};
use crate::setting::{Kind, Table, Wrong, quoted, url};

/// One source of Prometheus text endpoints.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Its name.
    pub id: SourceId,
    /// The endpoints: `http://10.0.0.5:9100/metrics`.
    pub targets: Vec<String>,
    /// How long one may take to answer.
    pub timeout: Duration,
    /// A bearer token to send along.
    pub token: Option<SecretRef>,
    /// The series to count.
    pub series: Series,
}

/// Which series hold what. A selector is a metric name with optional label matchers: `http_requests_total{code=~"5.."}`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Series {
    /// Counts requests.
    pub requests: Option<String>,
    /// Counts failed requests.
    pub errors: Option<String>,
    /// The base name of a histogram of response times in seconds.
    pub latency: Option<String>,
    /// A gauge of requests being served.
    pub in_flight: Option<String>,
}

impl Configured for Config {
    fn answers_queries(&self) -> bool {
        false
    }

    fn connect(&self, _queries: &[Query]) -> Result<Arc<dyn MetricSource>, Trouble> {
        Ok(Arc::new(Endpoints::new(self)?))
    }
}

impl Config {
    /// Reads the keys that say what to read.
    pub fn read(table: &mut Table<'_>, id: &SourceId, timeout: Duration) -> Option<Self> {
        let targets = table.required(
            "targets",
            "Prometheus text endpoints, one per server.",
            &url().list("a list of addresses, such as [\"http://10.0.0.5:9100/metrics\"]"),
        );
        let token = SecretRef::read(table, "token", "A bearer token to send along, by reference.");
        let series = table.table("series", "Which series hold what.", Series::read);
        if let Some(targets) = &targets {
            for (index, target) in targets.iter().enumerate() {
                if targets.iter().take(index).any(|earlier| earlier.value == target.value) {
                    table.report().refuse(
                        &target.spot,
                        Wrong::new(format!("{} is named twice", quoted(target))).advice("name each target once"),
                    );
                }
            }
        }
        let wrong =
            Wrong::new("is missing").advice("name at least one: series = { requests = \"http_requests_total\" }");
        table.require("series", wrong);
        Some(Self {
            id: id.clone(),
            targets: targets?.value.into_iter().map(|target| target.value).collect(),
            timeout,
            token,
            series: series?,
        })
    }
}

impl Series {
    fn read(table: &mut Table<'_>) -> Self {
        let series = Self {
            requests: table.optional("requests", "Counts requests.", &selector()).map(|found| found.value),
            errors: table.optional("errors", "Counts failed requests.", &selector()).map(|found| found.value),
            latency: table
                .optional("latency", "The base name of a histogram of response times in seconds.", &selector())
                .map(|found| found.value),
            in_flight: table
                .optional("in_flight", "A gauge of requests being served.", &selector())
                .map(|found| found.value),
        };
        if !["requests", "errors", "latency", "in_flight"].iter().any(|key| table.has(key)) {
            table.refuse(Wrong::new("names no series").accepted("requests, errors, latency, in_flight"));
        }
        series
    }
}

/// A metric name with optional matchers: `http_requests_total{code=~"5..",method="GET"}`.
fn selector() -> Kind<String> {
    let schema = json!({ "type": "string", "pattern": "^[a-zA-Z_:][a-zA-Z0-9_:]*(\\{.*\\})?$" });
    let accepted = "a metric's name with optional matchers, such as 'http_requests_total{code=~\"5..\"}'";
    Kind::from_text(accepted, schema, |text| {
        let (name, matchers) = text.split_once('{').map_or((text, None), |(name, rest)| (name, Some(rest)));
        let named = name.chars().next().is_some_and(|c| !c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
        match matchers.map(|rest| rest.strip_suffix('}').ok_or("its { is not closed by }").and_then(matchers_fit)) {
            _ if !named => Err(Wrong::new(format!("{} is not a metric's name", quoted(name)))),
            Some(Err(why)) => Err(Wrong::new(format!("{}: {why}", quoted(text)))),
            None | Some(Ok(())) => Ok(text.to_owned()),
        }
    })
}

fn matchers_fit(text: &str) -> Result<(), &'static str> {
    let mut rest = text.trim();
    while !rest.is_empty() {
        let label = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if label.len() == rest.len() {
            return Err("a matcher begins with a label's name");
        }
        let operators = ["=~", "!~", "!=", "="];
        let after = operators.iter().find_map(|operator| label.trim_start().strip_prefix(operator));
        let value = after.ok_or("after a label stands =, !=, =~ or !~")?.trim_start();
        let value = value.strip_prefix('"').ok_or("a label's value stands in double quotes")?;
        let mut escaped = false;
        let end = value.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let (_, after) = value.split_at(end.ok_or("a label's value is not closed by a double quote")?);
        let after = after.trim_start_matches('"').trim_start();
        rest = match after.strip_prefix(',') {
            Some(next) => next.trim_start(),
            None if after.is_empty() => after,
            None => return Err("between two matchers stands a comma"),
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::matchers_fit;

    #[test]
    fn matchers_are_checked() {
        for text in ["", r#"code=~"5..""#, r#"a="x", b!="y","#, r#"a=""""#, r#"a=",}""#] {
            assert_eq!(matchers_fit(text), Ok(()), "{text}");
        }
        for text in ["code", "code=5", r#"code="5"#, r#"a="1" b="2""#, r#"="x""#, r#"a=>"x""#] {
            assert!(matchers_fit(text).is_err(), "{text}");
        }
    }
}
