//! Prometheus' query API.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::{Fake, Gives, World};
use crate::support::web::{Asked, Said};

/// Prometheus behind a proxy that wants a token.
pub struct Prometheus;

impl Fake for Prometheus {
    const NAME: &'static str = "prometheus";
    const QUERY: &'static str = "sum(rate(errors_total{pool=\\\"blue\\\"}[1s]))";

    fn keys(at: &str, secret: &Path) -> String {
        format!(
            "at = \"{at}/prometheus\"\nscrape = \"1s\"\ntenant = \"shop\"\ntoken = {{ file = \"{}\" }}",
            secret.display()
        )
    }

    fn answer(world: &mut World, asked: &Asked) -> Said {
        if asked.header("authorization") != format!("Bearer {}", world.secret) {
            return Said::text(401, "Unauthorized");
        }
        if asked.header("x-scope-orgid") != "shop" {
            return Said::text(401, "no org id");
        }
        if let Gives::Said(said) = &world.gives {
            return said.clone();
        }
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(&asked.body).into_owned().collect();
        let number = |name: &str| form.get(name).and_then(|text| text.parse::<f64>().ok());
        match asked.route() {
            "/prometheus/api/v1/query" => {
                let (Some(query), Some(at)) = (form.get("query"), number("time")) else {
                    return bad("no query or time");
                };
                let newest =
                    if query.contains("timestamp(") { Some(at - f64::from(world.frozen_ms) / 1000.0) } else { None };
                let value = |text: String| json!({ "metric": {}, "value": [at, text] });
                let result = match (&newest, &world.gives) {
                    (Some(newest), _) => json!([value(newest.to_string())]),
                    (None, Gives::Value(number)) => json!([value(number.to_string())]),
                    (None, Gives::NotANumber) => json!([value("NaN".to_owned())]),
                    (None, Gives::Several) => json!([
                        { "metric": { "pod": "a" }, "value": [at, "1"] },
                        { "metric": { "pod": "b" }, "value": [at, "2"] },
                    ]),
                    (None, _) => json!([]),
                };
                good("vector", &result)
            }
            "/prometheus/api/v1/query_range" => {
                let (Some(start), Some(end), Some(step)) = (number("start"), number("end"), number("step")) else {
                    return bad("no start, end or step");
                };
                if (end - start) / step > 11_000.0 {
                    return bad("exceeded maximum resolution of 11,000 points per timeseries");
                }
                let Gives::Value(number) = world.gives else { return good("matrix", &json!([])) };
                // One point in the middle is missing.
                let (mut at, mut values, mut count) = (start, Vec::new(), 0);
                while at <= end {
                    if count != 5 {
                        values.push(json!([at, number.to_string()]));
                    }
                    at += step;
                    count += 1;
                }
                good("matrix", &json!([{ "metric": {}, "values": values }]))
            }
            _ => Said::text(404, "404 page not found"),
        }
    }
}

fn good(sort: &str, result: &Value) -> Said {
    Said::json(200, &json!({ "status": "success", "data": { "resultType": sort, "result": result } }))
}

fn bad(why: &str) -> Said {
    Said::json(400, &json!({ "status": "error", "errorType": "bad_data", "error": why }))
}
