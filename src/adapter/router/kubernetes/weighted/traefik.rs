//! `TraefikService`: `spec.weighted.services[].weight`, 1 where none is written. Of zero or less the child is taken out of the
//! balancer and of sticky cookies too, so that sticky clients move. There is no status to tell when Traefik has taken it over;
//! it gathers changes for two seconds by default.

use crate::domain::Capabilities;

/// What a `TraefikService` can do.
pub(super) fn capabilities() -> Capabilities {
    Capabilities {
        change_ms: 50,
        back_ms: 50,
        settle_ms: 2_500,
        least_poll_ms: 1_000,
        conditional: true,
        ..Capabilities::of("Traefik", "TraefikService, one guarded patch")
    }
}

#[cfg(feature = "kubernetes")]
pub(super) use known::*;

#[cfg(feature = "kubernetes")]
mod known {
    use serde_json::Value;

    use super::super::list::{Item, List};

    /// Its one list.
    pub(in super::super) fn lists(object: &Value) -> Vec<List> {
        let services = object.pointer("/spec/weighted/services").and_then(Value::as_array);
        let list = |services: &Vec<Value>| List {
            place: "spec.weighted.services".to_owned(),
            name: None,
            items: services.iter().map(item).collect(),
        };
        services.map(list).into_iter().collect()
    }

    fn item(service: &Value) -> Item {
        let is_service = service["kind"].as_str().is_none_or(|kind| kind == "Service");
        let name = service["name"].as_str().unwrap_or_default().to_owned();
        let of_here = is_service && service["namespace"].is_null();
        Item { weight: service["weight"].as_i64().unwrap_or(1), service: of_here.then(|| name.clone()), name }
    }

    /// Whether clients keep to their pool by a cookie.
    pub(in super::super) fn is_sticky(object: &Value) -> bool {
        object.pointer("/spec/weighted/sticky").is_some_and(|sticky| !sticky.is_null())
    }

    /// What an operator must know of it.
    pub(in super::super) fn warnings(object: &Value) -> Vec<String> {
        let said = "sticky cookies keep a client on its pool until that has weight 0: weights steer only new clients";
        if is_sticky(object) { vec![said.to_owned()] } else { Vec::new() }
    }
}
