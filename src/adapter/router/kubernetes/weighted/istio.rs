//! `VirtualService` of Istio: `spec.http[i].route[j].weight`. Where none is written, a destination that stands alone gets
//! everything, and one among several gets nothing. Control planes before mid-2022 refuse a sum other than 100, so that it is
//! always 100 here. There is no status to tell when the proxies have taken it over.

use crate::domain::{BasisPoints, Capabilities, Holds};

/// What a `VirtualService` can do.
pub(super) fn capabilities() -> Capabilities {
    Capabilities {
        change_ms: 50,
        back_ms: 50,
        settle_ms: 5_000,
        least_poll_ms: 1_000,
        holds: Holds::Shares { finest: BasisPoints(100) },
        conditional: true,
        ..Capabilities::of("Istio", "VirtualService, one guarded patch")
    }
}

#[cfg(feature = "kubernetes")]
pub(super) use known::*;

#[cfg(feature = "kubernetes")]
mod known {
    use serde_json::Value;

    use super::super::list::{Item, List};

    /// Its http routes.
    pub(in super::super) fn lists(object: &Value, namespace: &str) -> Vec<List> {
        let routes = object.pointer("/spec/http").and_then(Value::as_array).into_iter().flatten();
        routes
            .enumerate()
            .map(|(index, route)| {
                let all = route["route"].as_array().map_or(&[][..], Vec::as_slice);
                let unwritten = if all.len() == 1 { 100 } else { 0 };
                List {
                    place: format!("spec.http[{index}].route"),
                    name: route["name"].as_str().map(str::to_owned),
                    items: all.iter().map(|each| item(each, unwritten, namespace)).collect(),
                }
            })
            .collect()
    }

    fn item(route: &Value, unwritten: i64, namespace: &str) -> Item {
        let host = route.pointer("/destination/host").and_then(Value::as_str).unwrap_or_default();
        let subset = route.pointer("/destination/subset").and_then(Value::as_str);
        Item {
            name: subset.map_or_else(|| host.to_owned(), |subset| format!("{host}/{subset}")),
            weight: route["weight"].as_i64().unwrap_or(unwritten),
            // Which pods are in a subset is said by a DestinationRule, not by the Service.
            service: if subset.is_none() { service(host, namespace) } else { None },
        }
    }

    /// The Service of this namespace that a host means: `app`, `app.shop` or `app.shop.svc.cluster.local`.
    pub(in super::super) fn service(host: &str, namespace: &str) -> Option<String> {
        let mut parts = host.split('.');
        let name = parts.next()?;
        let fits = parts.next().is_none_or(|of| of == namespace) && parts.next().is_none_or(|part| part == "svc");
        (fits && !name.contains('*')).then(|| name.to_owned())
    }
}
