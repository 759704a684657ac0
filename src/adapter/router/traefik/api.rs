//! What Traefik's API tells.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Config, Traefik};
use crate::domain::{Trouble, TroubleKind};

/// A service as `/api/http/services/NAME` gives it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Service {
    /// What its weights are, where it is a weighted one.
    pub(super) weighted: Option<Weighted>,
    /// Its servers, where it has some itself.
    pub(super) load_balancer: Option<LoadBalancer>,
    /// Each server's health, `UP` or `DOWN`.
    #[serde(default)]
    pub(super) server_status: BTreeMap<String, String>,
    /// `enabled`, or what else it is.
    #[serde(default)]
    pub(super) status: String,
    /// What is wrong with it.
    #[serde(default)]
    pub(super) error: Vec<String>,
    /// The routers that use it.
    #[serde(default)]
    pub(super) used_by: Vec<String>,
}

/// Weights.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Weighted {
    /// Of these services.
    #[serde(default)]
    pub(super) services: Vec<Child>,
    /// How clients are pinned.
    pub(super) sticky: Option<serde_json::Value>,
}

/// One service that a weighted one shares traffic with.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Child {
    /// Its name.
    pub(super) name: String,
    /// Its weight; none means 1.
    pub(super) weight: Option<i64>,
}

impl Child {
    /// What it counts for: below zero is nothing.
    pub(super) fn counts(&self) -> i64 {
        self.weight.unwrap_or(1).max(0)
    }
}

/// Servers.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LoadBalancer {
    /// Each with its address.
    #[serde(default)]
    pub(super) servers: Vec<Server>,
    /// How they are checked, if they are.
    pub(super) health_check: Option<serde_json::Value>,
}

/// One server.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Server {
    /// Its address.
    #[serde(default)]
    pub(super) url: String,
}

/// `/api/version`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    /// When this process started.
    pub(super) start_date: String,
}

/// What `/api/rawdata` has of each sort, by name.
type Raw = BTreeMap<String, BTreeMap<String, serde_json::Value>>;

impl Traefik {
    /// A service by its full name.
    pub(super) async fn service(&self, name: &str) -> Result<Service, Trouble> {
        let path = format!("/api/http/services/{name}");
        self.api.document(&path).await.map_err(|mut trouble: Trouble| {
            if trouble.kind == TroubleKind::Mismatch {
                trouble.advice = absent(&self.config, name);
            }
            trouble
        })
    }

    /// When the process started.
    pub(super) async fn version(&self) -> Result<Version, Trouble> {
        self.api.document("/api/version").await
    }

    /// What this provider has, each as `sort name`, and a REST change would take away if its template lacked it.
    pub(super) async fn everything(&self) -> Result<BTreeSet<String>, Trouble> {
        let raw: Raw = self.api.document("/api/rawdata").await?;
        let ending = &format!("@{}", self.config.way.provider());
        let named = raw.iter().flat_map(|(sort, things)| {
            things.keys().filter_map(move |name| Some(format!("{sort} {}", name.strip_suffix(ending)?)))
        });
        Ok(named.collect())
    }
}

fn absent(config: &Config, name: &str) -> String {
    let document = config.way.document().display();
    match config.way {
        super::Way::File(_) => {
            format!(
                "compare {name} with what is in {document}, and see whether Traefik watches its directory; its log tells"
            )
        }
        super::Way::Rest(_) => format!(
            "compare {name} with what is in {document}; after a start the REST provider has nothing until that is sent: PUT it \
             to /api/providers/rest once"
        ),
    }
}
