//! What differs between the pods that run and those that come.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::before::{items, text};
use super::super::differ::{self, Names};
use super::super::say;
use super::change::{Change, wanted};

/// A line for each.
pub(super) fn lines(deployment: &Value, change: &Change, pods: &[Value]) -> Vec<String> {
    let now = &deployment["spec"]["template"];
    let coming = change.template.as_ref().unwrap_or(now);
    let mut lines = Vec::new();
    let names: BTreeSet<&str> = containers(now).chain(containers(coming)).map(|each| text(each, "/name")).collect();
    for name in names {
        let of = |template: &Value| containers(template).find(|each| text(each, "/name") == name).cloned();
        let (before, after) = (of(now).unwrap_or_default(), of(coming).unwrap_or_default());
        let shown = say::quoted(name);
        lines.push(differ::value(&format!("image of {shown}"), text(&before, "/image"), text(&after, "/image")));
        lines.extend(digests(name, pods));
        lines.extend(differ::names(&format!("variables of {shown}"), &variables(&before), &variables(&after)));
        for part in ["cpu", "memory"] {
            let (before, after) = (resource(&before, part), resource(&after, part));
            if !(before.is_empty() && after.is_empty()) {
                lines.push(differ::value(&format!("{part} of {shown}"), &before, &after));
            }
        }
    }
    lines.extend(differ::names("secrets", &secrets(now), &secrets(coming)));
    let replicas = wanted(deployment);
    lines.push(differ::value("replicas", &replicas.to_string(), &change.replicas.unwrap_or(replicas).to_string()));
    lines
}

fn containers(template: &Value) -> impl Iterator<Item = &Value> {
    items(template, "/spec/initContainers").chain(items(template, "/spec/containers"))
}

/// The digests that the pods of a container run now.
fn digests(container: &str, pods: &[Value]) -> Option<String> {
    let ids = pods.iter().flat_map(|pod| items(pod, "/status/containerStatuses"));
    let ids = ids.filter(|each| text(each, "/name") == container).map(|each| text(each, "/imageID"));
    let digests: BTreeSet<String> = ids.filter_map(|id| Some(say::quoted(id.rsplit_once('@')?.1))).collect();
    let shown = digests.into_iter().collect::<Vec<_>>();
    (!shown.is_empty()).then(|| format!("digest of {} now: {}", say::quoted(container), shown.join(", ")))
}

/// The variables of the environment, with what is written of each.
fn variables(container: &Value) -> Names {
    let named = items(container, "/env").map(|each| (text(each, "/name").to_owned(), each.to_string()));
    let whole = items(container, "/envFrom").filter_map(|each| {
        let map = text(each, "/configMapRef/name");
        (!map.is_empty()).then(|| (format!("all of {map}"), each.to_string()))
    });
    named.chain(whole).collect()
}

/// The secrets that the pods are given, by name.
fn secrets(template: &Value) -> Names {
    let volumes = items(template, "/spec/volumes").flat_map(|each| {
        let projected = items(each, "/projected/sources").map(|source| text(source, "/secret/name"));
        std::iter::once(text(each, "/secret/secretName")).chain(projected).collect::<Vec<_>>()
    });
    let used = containers(template).flat_map(|container| {
        let one = items(container, "/env").map(|each| text(each, "/valueFrom/secretKeyRef/name"));
        one.chain(items(container, "/envFrom").map(|each| text(each, "/secretRef/name"))).collect::<Vec<_>>()
    });
    let pulls = items(template, "/spec/imagePullSecrets").map(|each| text(each, "/name"));
    let all = volumes.chain(used).chain(pulls).filter(|name| !name.is_empty());
    all.map(|name| (name.to_owned(), String::new())).collect()
}

/// What is asked for, and the most that is given.
fn resource(container: &Value, part: &str) -> String {
    let of = |which: &str| {
        let value = &container["resources"][which][part];
        value.as_str().map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, str::to_owned)
    };
    match (of("requests"), of("limits")) {
        (asked, most) if most.is_empty() => asked,
        (asked, most) if asked.is_empty() => format!("at most {most}"),
        (asked, most) => format!("{asked}, at most {most}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(image: &str, level: &str, secret: &str, memory: &str) -> Value {
        json!({ "spec": {
            "containers": [{
                "name": "shop", "image": image,
                "env": [
                    { "name": "LEVEL", "value": level },
                    { "name": "PASSWORD", "valueFrom": { "secretKeyRef": { "name": "shop-db", "key": "p" } } },
                ],
                "envFrom": [{ "configMapRef": { "name": "shop-settings" } }],
                "resources": { "requests": { "cpu": "250m", "memory": memory }, "limits": { "memory": "1Gi" } },
            }],
            "volumes": [{ "secret": { "secretName": secret } }],
        }})
    }

    #[test]
    fn what_differs_is_told_by_name_and_never_by_value() {
        let deployment =
            json!({ "spec": { "replicas": 3, "template": template("shop:1", "hunter2", "shop-tls", "256Mi") } });
        let change =
            Change { template: Some(template("shop:2", "hunter3", "shop-tls-2", "512Mi")), ..Change::default() };
        let pod = json!({ "status": { "containerStatuses": [{ "name": "shop", "imageID": "shop@sha256:aa" }] } });
        assert_eq!(
            lines(&deployment, &change, &[pod.clone(), pod]),
            [
                "image of shop: shop:1 → shop:2",
                "digest of shop now: sha256:aa",
                "variables of shop: of another value LEVEL; 2 the same",
                "cpu of shop: 250m, the same",
                "memory of shop: 256Mi, at most 1Gi → 512Mi, at most 1Gi",
                "secrets: new shop-tls-2; gone shop-tls; 1 the same",
                "replicas: 3, the same",
            ]
        );
    }
}
