//! Datadog's timeseries API.

use std::path::Path;

use serde_json::{Value, json};

use super::{Fake, Gives, World};
use crate::support::web::{Asked, Said};

/// Datadog.
pub struct Datadog;

impl Fake for Datadog {
    const NAME: &'static str = "datadog";
    const QUERY: &'static str =
        "sum:api.errors{service:order-api}.as_rate() / sum:api.hits{service:order-api}.as_rate()";

    fn keys(at: &str, secret: &Path) -> String {
        let secret = secret.display();
        format!(
            "at = \"{at}\"\ndelay = \"0s\"\napi_key = {{ file = \"{secret}\" }}\napp_key = {{ file = \"{secret}\" }}"
        )
    }

    fn answer(world: &mut World, asked: &Asked) -> Said {
        if asked.header("dd-api-key") != world.secret || asked.header("dd-application-key") != world.secret {
            return Said::json(403, &json!({ "errors": ["Forbidden"] }));
        }
        if let Gives::Said(said) = &world.gives {
            return said.clone();
        }
        if (asked.method.as_str(), asked.route()) != ("POST", "/api/v2/query/timeseries") {
            return Said::json(404, &json!({ "errors": ["Not found"] }));
        }
        let attributes = &asked.json()["data"]["attributes"];
        let number = |name: &str| attributes[name].as_i64();
        let (Some(from), Some(to), Some(interval)) = (number("from"), number("to"), number("interval")) else {
            return bad("from, to and interval must be numbers");
        };
        if from < 1_000_000_000_000 || to <= from || interval < 1000 {
            return bad("from and to are milliseconds, in order");
        }
        let names: Vec<&str> =
            attributes["queries"].as_array().into_iter().flatten().filter_map(|q| q["name"].as_str()).collect();
        let formulas = attributes["formulas"].as_array().cloned().unwrap_or_default();
        let is_known = |formula: &Value| {
            let text = formula["formula"].as_str().unwrap_or_default();
            text.split(|c: char| !c.is_ascii_alphanumeric())
                .filter(|word| word.starts_with('a'))
                .all(|word| names.contains(&word))
        };
        if formulas.is_empty() || !formulas.iter().all(is_known) {
            return bad("formula uses an unknown query");
        }
        let mut times = Vec::new();
        let mut at = from - from.rem_euclid(interval);
        while at < to {
            times.push(at);
            at += interval;
        }
        let one = |index: usize, value: Option<f64>| {
            // One point in the middle is missing.
            let values: Vec<Option<f64>> =
                (0..times.len()).map(|place| value.filter(|_| times.len() < 10 || place != 5)).collect();
            (json!({ "group_tags": [], "query_index": index, "unit": null }), values)
        };
        let series: Vec<_> = match world.gives {
            Gives::Value(value) => (0..formulas.len()).map(|index| one(index, Some(value))).collect(),
            Gives::NotANumber => (0..formulas.len()).map(|index| one(index, None)).collect(),
            Gives::Several => vec![one(0, Some(1.0)), one(0, Some(2.0))],
            Gives::Nothing | Gives::Said(_) => Vec::new(),
        };
        let (series, values): (Vec<Value>, Vec<Vec<Option<f64>>>) = series.into_iter().unzip();
        let attributes = json!({ "series": series, "times": times, "values": values });
        Said::json(200, &json!({ "data": { "type": "timeseries_response", "attributes": attributes } }))
    }
}

fn bad(why: &str) -> Said {
    Said::json(400, &json!({ "errors": [{ "status": "400", "title": "Bad Request", "detail": why }] }))
}
