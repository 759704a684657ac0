//! Makes a [`Reading`] of the Service, its pods and its endpoints.

use serde_json::{Map, Value};

use super::super::endpoint::{Endpoints, encoded};
use super::super::misfit;
use super::super::object::owners;
use super::super::steered::Steered;
use super::{Config, Labels};
use crate::adapter::router::kubernetes::cluster::Cluster;
use crate::domain::reading::{Admin, Health, ServerReading, Underway};
use crate::domain::{NativeSplit, NativeWeight, PoolId, Reading, Trouble};

/// What a pool's only weight is called.
pub(super) fn reference(labels: &Labels) -> String {
    format!("spec.selector {labels}")
}

/// Reads everything side by side.
pub(super) async fn look(router: &Steered<Config>) -> Result<Reading, Trouble> {
    let Steered { config, cluster, object } = router;
    let namespace = &config.place.namespace;
    let pods = futures_util::future::join_all(config.pools.iter().map(|(_, labels)| pods(cluster, labels)));
    let services = [config.service.as_str()];
    let (read, may_patch, pods, endpoints) =
        tokio::join!(object.read(cluster), object.may_patch(cluster), pods, Endpoints::of(cluster, &services));
    let (meta, document) = read?;
    let what = cluster.told(&format!("read {}", object.short())).await;
    let native = native(config, &what, &document)?;
    let mut warnings = owners(&document);
    if may_patch == Some(false) {
        warnings.insert(0, object.may_not(namespace));
    }
    let mut servers = Vec::new();
    let mut ready: Vec<(&PoolId, String)> = Vec::new();
    let mut is_seen = true;
    for ((pool, labels), pods) in config.pools.iter().zip(&pods) {
        match pods {
            Ok(list) => {
                for (name, is_ready) in matching(list, &selector(&document), labels) {
                    servers.push(server(&name, pool, if is_ready { Health::Up } else { Health::Down }));
                    ready.push((pool, name));
                }
            }
            Err(trouble) => {
                is_seen = false;
                servers.push(server(&labels.to_string(), pool, Health::Unchecked));
                let said = format!(
                    "which pods are ready is not known: {}; grant `list` on pods, so that a switch to pods that are not ready is refused",
                    trouble.why
                );
                if !warnings.contains(&said) {
                    warnings.push(said);
                }
            }
        }
    }
    if let Endpoints::Hidden(why) = &endpoints {
        warnings.push(why.clone());
    }
    let underway = if is_seen { follows(&native, &ready, &endpoints) } else { None };
    Ok(Reading {
        identity: meta.identity(cluster.address().await),
        // A Service counts no generations.
        generation: meta.version,
        uptime: None,
        effective: native.shares(config.pools.iter().map(|(pool, _)| pool)),
        native,
        servers,
        warnings,
        underway,
        skew: None,
    })
}

/// The endpoints follow the selector a moment later; until then some of the other pods still get traffic.
fn follows(native: &NativeSplit, pods: &[(&PoolId, String)], endpoints: &Endpoints) -> Option<Underway> {
    let Endpoints::Listed(all) = endpoints else { return None };
    let live = &native.0.iter().find(|weight| weight.weight > 0)?.pool;
    let strangers =
        all.iter().filter(|(_, name, _)| !pods.iter().any(|(pool, pod)| pool == &live && pod == name)).count();
    (strangers > 0).then(|| Underway {
        what: format!("the endpoints follow the selector: {strangers} of {} are not {live}'s", all.len()),
        waits_for: Some("the cluster's endpoint controller".to_owned()),
        ..Underway::default()
    })
}

async fn pods(cluster: &Cluster, labels: &Labels) -> Result<Value, Trouble> {
    let path =
        format!("/api/v1/namespaces/{}/pods?labelSelector={}", cluster.place.namespace, encoded(&labels.to_string()));
    cluster.document("list pods", &path).await
}

fn server(name: &str, pool: &PoolId, health: Health) -> ServerReading {
    ServerReading {
        name: name.to_owned(),
        pool: pool.clone(),
        health,
        admin: Admin::Ready,
        in_flight: None,
        requests: None,
        errors: None,
        response: None,
    }
}

/// The pods that the Service would select for this pool, and whether each is ready. Those that end are none.
fn matching(list: &Value, selector: &Map<String, Value>, pool: &Labels) -> Vec<(String, bool)> {
    let is_selected = |pod: &&Value| {
        let own = |key: &str| pod["metadata"]["labels"][key].as_str();
        let of_pool = |key: &str| pool.0.iter().find(|(each, _)| each == key);
        selector.iter().all(|(key, value)| of_pool(key).is_some() || own(key) == value.as_str())
            && pool.0.iter().all(|(key, value)| own(key) == Some(value))
    };
    let lives = |pod: &&Value| pod.pointer("/metadata/deletionTimestamp").is_none();
    let mut found: Vec<(String, bool)> = list["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(lives)
        .filter(is_selected)
        .filter_map(|pod| {
            let conditions = pod.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
            let ready = conditions.filter(|each| each["type"] == "Ready").any(|each| each["status"] == "True");
            Some((pod.pointer("/metadata/name")?.as_str()?.to_owned(), ready))
        })
        .collect();
    found.sort();
    found
}

fn selector(object: &Value) -> Map<String, Value> {
    object.pointer("/spec/selector").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// Everything on the pool that the selector names.
pub(super) fn native(config: &Config, what: &str, object: &Value) -> Result<NativeSplit, Trouble> {
    let selector = selector(object);
    let is_named = |labels: &Labels| {
        labels.0.iter().all(|(key, value)| selector.get(key).and_then(Value::as_str) == Some(value.as_str()))
    };
    if !config.pools.iter().any(|(_, labels)| is_named(labels)) {
        let has: Vec<String> =
            selector.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
        let has = if has.is_empty() { "nothing".to_owned() } else { has.join(",") };
        let pools: Vec<String> = config.pools.iter().map(|(pool, labels)| format!("{labels} ({pool})")).collect();
        let why = format!("its selector is {has}, which names none of {}", pools.join(", "));
        return Err(misfit(
            what,
            why,
            "correct the labels in the profile, or let the Service select one of the pools first",
        ));
    }
    let each = config.pools.iter().map(|(pool, labels)| NativeWeight {
        reference: reference(labels),
        pool: pool.clone(),
        weight: if is_named(labels) { 100 } else { 0 },
        admin: Admin::Ready,
    });
    Ok(NativeSplit(each.collect()))
}
