//! `HTTPRoute` of the Gateway API: `spec.rules[i].backendRefs[j].weight`, 0 to 1,000,000, 1 where none is written.
//!
//! Weights take effect when the gateway's controller has taken the route over, which it says in the status: every condition
//! carries the generation that it was made for.

use crate::domain::Capabilities;

/// What an `HTTPRoute` can do.
pub(super) fn capabilities() -> Capabilities {
    Capabilities {
        change_ms: 50,
        back_ms: 50,
        settle_ms: 2_000,
        least_poll_ms: 1_000,
        conditional: true,
        ..Capabilities::of("Gateway API", "HTTPRoute, one guarded patch")
    }
}

#[cfg(feature = "kubernetes")]
pub(super) use known::*;

#[cfg(feature = "kubernetes")]
mod known {
    use serde_json::Value;

    use super::super::list::{Item, List};
    use crate::domain::reading::Underway;

    /// Its rules.
    pub(in super::super) fn lists(object: &Value) -> Vec<List> {
        let rules = object.pointer("/spec/rules").and_then(Value::as_array).into_iter().flatten();
        rules
            .enumerate()
            .map(|(index, rule)| List {
                place: format!("spec.rules[{index}].backendRefs"),
                name: rule["name"].as_str().map(str::to_owned),
                items: rule["backendRefs"].as_array().into_iter().flatten().map(item).collect(),
            })
            .collect()
    }

    fn item(reference: &Value) -> Item {
        let is_service = reference["kind"].as_str().is_none_or(|kind| kind == "Service");
        let name = reference["name"].as_str().unwrap_or_default().to_owned();
        let service = (is_service && reference["namespace"].is_null()).then(|| name.clone());
        Item { name, weight: reference["weight"].as_i64().unwrap_or(1), service }
    }

    /// What the gateways say: warnings, and whether one has not taken the route over yet.
    pub(in super::super) fn status(object: &Value) -> (Vec<String>, Option<Underway>) {
        let generation = object.pointer("/metadata/generation").and_then(Value::as_u64).unwrap_or(0);
        let (mut warnings, mut underway) = (Vec::new(), None);
        let parents = object.pointer("/status/parents").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        if parents.is_empty() {
            warnings.push("no gateway has taken this HTTPRoute, so that its weights steer nothing".to_owned());
        }
        for parent in parents {
            let gateway = parent.pointer("/parentRef/name").and_then(Value::as_str).unwrap_or("its parent");
            let controller = parent["controllerName"].as_str().unwrap_or("its controller");
            for condition in parent["conditions"].as_array().into_iter().flatten() {
                let text = |key: &str| condition[key].as_str().unwrap_or_default();
                let (kind, is_true) = (text("type"), text("status") == "True");
                let seen = condition["observedGeneration"].as_u64().unwrap_or(generation);
                if !matches!(kind, "Accepted" | "Programmed" | "ResolvedRefs" | "PartiallyInvalid") {
                    continue;
                }
                if seen < generation {
                    underway = Some(Underway {
                        what: format!("gateway {gateway} takes over generation {generation}"),
                        waits_for: Some(format!("{controller}, which has seen {seen}")),
                        ..Underway::default()
                    });
                } else if is_true == (kind == "PartiallyInvalid") {
                    let (reason, message) = (text("reason"), text("message"));
                    let state = if is_true { "" } else { "not " };
                    warnings.push(format!(
                        "gateway {gateway} says that the HTTPRoute is {state}{kind} ({reason}): {message}"
                    ));
                }
            }
        }
        (warnings, underway)
    }

    #[cfg(test)]
    mod tests {
        use serde_json::json;

        use super::status;

        #[test]
        fn a_gateway_that_lags_is_work_under_way_and_one_that_refuses_is_a_warning() {
            let with = |kind: &str, is_true: &str, seen: u64| {
                let condition = json!({ "type": kind, "status": is_true, "observedGeneration": seen, "reason": "Why", "message": "so" });
                let parent = json!({ "parentRef": { "name": "edge" }, "controllerName": "example.com/gw", "conditions": [condition] });
                status(&json!({ "metadata": { "generation": 108 }, "status": { "parents": [parent] } }))
            };
            assert_eq!(with("Accepted", "True", 108), (Vec::new(), None));
            let (warnings, underway) = with("Accepted", "False", 107);
            assert!(warnings.is_empty(), "what it said of another generation is over: {warnings:?}");
            let underway = underway.expect("it lags");
            assert_eq!(underway.what, "gateway edge takes over generation 108");
            assert_eq!(underway.waits_for.as_deref(), Some("example.com/gw, which has seen 107"));
            assert!(with("ResolvedRefs", "False", 108).0[0].contains("is not ResolvedRefs (Why): so"));
            assert!(with("PartiallyInvalid", "True", 108).0[0].contains("is PartiallyInvalid (Why): so"));
            assert!(status(&json!({})).0[0].contains("no gateway has taken"));
        }
    }
}
