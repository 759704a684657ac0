//! The alerting rules: whether any of them could raise an alert that is looked for.

use std::time::Duration;

use serde_json::Value;

use super::super::system::{few, quote, rfc3339};
use super::matcher::Matcher;
use crate::domain::Timestamp;
use crate::domain::age;

/// A group that is so many of its intervals late is no longer evaluated.
const MISSED: u32 = 4;
/// And never less than this: a restart takes its time.
const LEAST_LATE: Duration = Duration::from_mins(2);

/// What the rules say.
pub(super) struct Rules {
    /// How many there are.
    all: usize,
    /// Those that could raise an alert that is looked for.
    able: Vec<Rule>,
}

struct Rule {
    name: String,
    /// What is wrong with it.
    error: Option<String>,
    /// When it was last evaluated; `None` where it never was.
    evaluated: Option<Timestamp>,
    interval: Duration,
}

impl Rules {
    /// Reads them; `None` where the data is none of this form.
    pub(super) fn read(data: &Value, matchers: &[Matcher]) -> Option<Self> {
        let mut rules = Self { all: 0, able: Vec::new() };
        for group in data["groups"].as_array()? {
            let seconds = group["interval"].as_f64().filter(|seconds| (0.0..1e9).contains(seconds)).unwrap_or(60.0);
            for rule in group["rules"].as_array().into_iter().flatten() {
                if rule["type"] != "alerting" {
                    continue;
                }
                rules.all += 1;
                if !could_fit(rule, matchers) {
                    continue;
                }
                let text = |key: &str| rule[key].as_str().unwrap_or_default();
                let at = rule["lastEvaluation"].as_str().or_else(|| group["lastEvaluation"].as_str());
                rules.able.push(Rule {
                    name: quote(text("name")),
                    error: (text("health") == "err").then(|| quote(text("lastError"))),
                    // The year 1 stands for never.
                    evaluated: at.and_then(rfc3339).filter(|at| at.0 > 0),
                    interval: Duration::from_secs_f64(seconds),
                });
            }
        }
        Some(rules)
    }

    /// Why no alert proves nothing; `None` where it proves that there is none.
    pub(super) fn blind(&self, now: Timestamp) -> Option<String> {
        if self.all == 0 {
            return Some(
                "no alerting rule is loaded; load some, or write expect_rules = false where others evaluate them"
                    .to_owned(),
            );
        }
        if self.able.is_empty() {
            return Some(format!(
                "none of its {} alerting rules raises alerts that fit; compare `match` with their labels",
                self.all
            ));
        }
        let broken: Vec<String> =
            self.able.iter().filter_map(|rule| Some(format!("{} ({})", rule.name, rule.error.as_deref()?))).collect();
        if !broken.is_empty() {
            return Some(format!("rules that cannot be evaluated: {}", few(&broken)));
        }
        if self.able.iter().any(|rule| rule.evaluated.is_none()) {
            return Some("its rules have not been evaluated yet; ask again".to_owned());
        }
        let late = self.able.iter().find_map(|rule| {
            let age = now.since(rule.evaluated?);
            (age > (rule.interval * MISSED).max(LEAST_LATE)).then_some((rule, age))
        });
        late.map(|(rule, since)| {
            format!("{} was last evaluated {} ago; see whether Prometheus is well", rule.name, age(since))
        })
    }

    /// For the evidence.
    pub(super) fn told(&self) -> String {
        let newest = self.able.iter().filter_map(|rule| rule.evaluated).max();
        let at = newest.map(|at| format!(", last evaluated {}", at.long())).unwrap_or_default();
        format!("{} of {} could raise one{at}", self.able.len(), self.all)
    }
}

/// Whether a rule could raise an alert that fits. A label that it does not write itself comes from what is measured.
fn could_fit(rule: &Value, matchers: &[Matcher]) -> bool {
    matchers.iter().all(|matcher| {
        let own = match matcher.label() {
            "alertname" => rule["name"].as_str(),
            label => rule["labels"][label].as_str().filter(|value| !value.contains("{{")),
        };
        own.is_none_or(|value| matcher.fits(Some(value)))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules(matchers: &[&str], rule: &Value) -> Rules {
        let matchers: Vec<Matcher> = matchers.iter().map(|each| Matcher::of(each)).collect();
        let data = json!({ "groups": [{ "name": "g", "interval": 15, "rules": [rule] }] });
        Rules::read(&data, &matchers).expect("they can be read")
    }

    fn rule() -> Value {
        json!({
            "type": "alerting", "name": "TooManyErrors", "health": "ok",
            "labels": { "severity": "critical" }, "lastEvaluation": "1970-01-01T00:10:00Z",
        })
    }

    const NOW: Timestamp = Timestamp(605_000);

    #[test]
    fn rules_that_could_raise_it_see() {
        assert_eq!(rules(&[], &rule()).blind(NOW), None);
        assert_eq!(rules(&["severity=critical", "instance=a"], &rule()).blind(NOW), None, "an instance is measured");
    }

    #[test]
    fn no_rule_no_fitting_rule_a_broken_one_and_a_late_one_are_blind() {
        let none = Rules::read(&json!({ "groups": [] }), &[]).expect("they can be read");
        assert!(none.blind(NOW).is_some_and(|why| why.contains("no alerting rule is loaded")));
        let recording = json!({ "type": "recording", "name": "r" });
        assert!(rules(&[], &recording).blind(NOW).is_some());
        assert!(rules(&["severity=page"], &rule()).blind(NOW).is_some_and(|why| why.contains("none of its 1")));
        let mut broken = rule();
        (broken["health"], broken["lastError"]) = (json!("err"), json!("vector cannot contain metrics"));
        assert!(rules(&[], &broken).blind(NOW).is_some_and(|why| why.contains("vector cannot contain")));
        assert!(rules(&[], &rule()).blind(Timestamp(1_200_000)).is_some_and(|why| why.contains("10m ago")));
        let mut fresh = rule();
        fresh["lastEvaluation"] = json!("0001-01-01T00:00:00Z");
        assert!(rules(&[], &fresh).blind(NOW).is_some_and(|why| why.contains("not been evaluated yet")));
    }
}
