//! Which servers stand behind a Service, by its `EndpointSlice`s.

use serde_json::Value;

use super::cluster::Cluster;
use crate::domain::PoolId;
use crate::domain::reading::{Admin, Health, ServerReading};

/// The endpoints of some Services of one namespace.
pub(super) enum Endpoints {
    /// As they are listed: the Service, the endpoint's name, and whether it is ready.
    Listed(Vec<(String, String, bool)>),
    /// They cannot be listed; why, for people.
    Hidden(String),
}

impl Endpoints {
    /// Lists them. What cannot be listed is no trouble: the weights are known all the same.
    pub(super) async fn of(cluster: &Cluster, services: &[&str]) -> Self {
        if services.is_empty() {
            return Self::Listed(Vec::new());
        }
        let namespace = &cluster.place.namespace;
        let selector = encoded(&format!("kubernetes.io/service-name in ({})", services.join(",")));
        let path = format!("/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices?labelSelector={selector}");
        match cluster.document("list endpointslices", &path).await {
            Ok(list) => Self::Listed(listed(&list)),
            Err(trouble) => Self::Hidden(format!(
                "how many servers are ready is not known: {}; grant `list` on endpointslices.discovery.k8s.io to see them",
                trouble.why
            )),
        }
    }

    /// A Service's servers as they are, or one that nobody checks.
    pub(super) fn servers(&self, pool: &PoolId, service: Option<&str>, called: &str) -> Vec<ServerReading> {
        let server = |name: &str, health| ServerReading {
            name: name.to_owned(),
            pool: pool.clone(),
            health,
            admin: Admin::Ready,
            in_flight: None,
            requests: None,
            errors: None,
            response: None,
        };
        match (self, service) {
            (Self::Listed(all), Some(service)) => all
                .iter()
                .filter(|(of, ..)| of == service)
                .map(|(_, name, is_ready)| server(name, if *is_ready { Health::Up } else { Health::Down }))
                .collect(),
            _ => vec![server(called, Health::Unchecked)],
        }
    }
}

fn listed(list: &Value) -> Vec<(String, String, bool)> {
    let mut found: Vec<(String, String, bool)> = Vec::new();
    for slice in list["items"].as_array().into_iter().flatten() {
        let service = slice.pointer("/metadata/labels/kubernetes.io~1service-name").and_then(Value::as_str);
        for endpoint in slice["endpoints"].as_array().into_iter().flatten() {
            let name = endpoint.pointer("/targetRef/name").or_else(|| endpoint.pointer("/addresses/0"));
            let (Some(service), Some(name)) = (service, name.and_then(Value::as_str)) else { continue };
            // Absent means that nothing is known against it.
            let is_ready = endpoint.pointer("/conditions/ready").and_then(Value::as_bool).unwrap_or(true);
            // A pod with two addresses stands in two slices.
            match found.iter_mut().find(|(of, called, _)| of == service && called == name) {
                Some(known) => known.2 |= is_ready,
                None => found.push((service.to_owned(), name.to_owned(), is_ready)),
            }
        }
    }
    found.sort();
    found
}

/// Text as it stands in a query.
pub(super) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{encoded, listed};

    #[test]
    fn a_pod_in_two_slices_is_one_server_and_ready_unless_told_otherwise() {
        let slice = |endpoints| json!({ "metadata": { "labels": { "kubernetes.io/service-name": "app" } }, "endpoints": endpoints });
        let list = json!({ "items": [
            slice(json!([{ "addresses": ["10.0.0.1"], "targetRef": { "name": "app-1" } }, { "addresses": ["10.0.0.2"], "conditions": { "ready": false } }])),
            slice(json!([{ "addresses": ["fd00::1"], "targetRef": { "name": "app-1" }, "conditions": { "ready": true } }])),
        ]});
        let expected = [("app", "10.0.0.2", false), ("app", "app-1", true)];
        let expected: Vec<_> = expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), *c)).collect();
        assert_eq!(listed(&list), expected);
        assert_eq!(encoded("a/b in (c,d)"), "a%2Fb+in+%28c%2Cd%29");
    }
}
