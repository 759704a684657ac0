//! Makes a [`Reading`] of what the cluster says.

use serde_json::Value;

use super::super::steered::Steered;
use super::config::{Config, Sort};
use super::list::{self, List};
use super::{httproute, traefik};
use crate::adapter::router::kubernetes::endpoint::Endpoints;
use crate::adapter::router::kubernetes::object::owners;
use crate::domain::reading::{Admin, Skew};
use crate::domain::{NativeSplit, NativeWeight, Reading, Trouble};

/// Reads the object, what may be done with it, and the servers behind it, side by side.
pub(super) async fn look(router: &Steered<Config>) -> Result<Reading, Trouble> {
    let Steered { config, cluster, object } = router;
    let namespace = &config.place.namespace;
    let services: Vec<String> =
        config.pools.iter().filter_map(|(_, name)| config.sort.service(name, namespace)).collect();
    let services: Vec<&str> = services.iter().map(String::as_str).collect();
    let (read, may_patch, endpoints) =
        tokio::join!(object.read(cluster), object.may_patch(cluster), Endpoints::of(cluster, &services));
    let (meta, document) = read?;
    let what = cluster.told(&format!("read {}", object.short())).await;
    let (list, mut warnings) = list::find(config, &what, &document)?;
    let native = weights(config, &list);
    if may_patch == Some(false) {
        warnings.insert(0, object.may_not(namespace));
    }
    warnings.extend(owners(&document));
    let (mut underway, mut skew) = (None, None);
    match config.sort {
        Sort::HttpRoute => {
            let (said, work) = httproute::status(&document);
            warnings.extend(said);
            underway = work;
        }
        Sort::VirtualService => {}
        Sort::TraefikService => {
            warnings.extend(traefik::warnings(&document));
            skew = traefik::is_sticky(&document).then_some(Skew::Sticky);
        }
    }
    if let Endpoints::Hidden(why) = &endpoints {
        warnings.push(why.clone());
    }
    let mut servers = Vec::new();
    for (pool, name) in &config.pools {
        let item = list.items.iter().find(|item| item.name == *name);
        let service = item.and_then(|item| item.service.as_deref());
        servers.extend(endpoints.servers(pool, service, name));
    }
    Ok(Reading {
        identity: meta.identity(cluster.address().await),
        generation: meta.generation,
        uptime: None,
        // A pool without servers keeps its share: who falls into it is answered with an error.
        effective: native.shares(config.pools.iter().map(|(pool, _)| pool)),
        native,
        servers,
        warnings,
        underway,
        skew,
    })
}

/// The weights alone, to compare.
pub(super) fn native(config: &Config, what: &str, object: &Value) -> Result<NativeSplit, Trouble> {
    Ok(weights(config, &list::find(config, what, object)?.0))
}

/// The pools' weights, in the order of the object.
fn weights(config: &Config, list: &List) -> NativeSplit {
    let each = list.items.iter().enumerate().filter_map(|(index, item)| {
        let (pool, _) = config.pools.iter().find(|(_, name)| *name == item.name)?;
        Some(NativeWeight {
            reference: format!("{}[{index}] {}", list.place, item.name),
            pool: pool.clone(),
            weight: u32::try_from(item.weight.max(0)).unwrap_or(u32::MAX),
            admin: Admin::Ready,
        })
    });
    NativeSplit(each.collect())
}
