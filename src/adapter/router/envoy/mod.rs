//! Envoy, steered by the runtime keys of a route's weighted clusters over its admin interface.
//!
//! A route with `weighted_clusters` and a `runtime_key_prefix` takes each cluster's weight from the runtime key
//! `PREFIX.CLUSTER`, and from its configuration while there is no such key. One `POST /runtime_modify` sets all keys at once;
//! a snapshot of the runtime holds for a whole request, so that the weights of a change come true together.
//!
//! # Parts
//! `answer` holds the forms in which Envoy answers, `route` finds the weighted clusters in its configuration, `runtime` says
//! which value of a key holds, `look` makes a [`Reading`] of all of it, `warn` says what an operator must know about it, and
//! `prepare` makes a change.
//!
//! # Invariants
//! - Envoy takes every key and every value without a word. So a prefix that no route has is refused when it is read, only
//!   whole numbers are sent, always for every pool, and never nothing for all of them: that is 404 for every request.
//! - The configuration does not show what the runtime says: a weight is the key's value where it has one that Envoy can use,
//!   and the configured one elsewhere.
//! - There is no version to compare with: what was read and what is written have a gap between them.

mod answer;
mod config;
mod look;
mod prepare;
mod route;
mod runtime;
mod warn;

use ::http::Method;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;

pub use config::Config;

use self::answer::{BootstrapDump, Clusters, RouteDump, Runtime, Stats};
use self::look::Seen;
use super::{Configured, Fence, Router, SetAnswer};
use crate::adapter::http::{Answer, Client, Request};
use crate::domain::{Capabilities, NativeSplit, Prepared, Reading, Refused, Target, Trouble};

/// One Envoy process.
#[derive(Debug)]
pub struct Envoy {
    config: Config,
    client: Client,
}

impl Envoy {
    /// A router for one configuration. Connects only when asked.
    ///
    /// # Errors
    /// When a certificate of an encrypted admin interface cannot be read.
    pub fn new(config: Config) -> Result<Self, Trouble> {
        let client = Client::new(config.at.clone(), None, &config.tls, config.timeout)?;
        Ok(Self { config, client })
    }

    async fn look(&self) -> Result<Reading, Trouble> {
        let clusters = self.config.clusters_path();
        let (bootstrap, (routes, runtime), clusters) = tokio::try_join!(
            self.document::<BootstrapDump>(
                "/config_dump?mask=bootstrap.layered_runtime,bootstrap.node.id,last_updated"
            ),
            self.weights(),
            self.document::<Clusters>(&clusters),
        )?;
        let stats: Stats = self.document(&look::stats_path(&self.config, &clusters)).await?;
        look::reading(&self.config, &Seen { bootstrap, routes, runtime, clusters, stats })
    }

    /// What weights are made of: the configured ones, and the runtime keys over them.
    async fn weights(&self) -> Result<(Vec<RouteDump>, Runtime), Trouble> {
        let [fixed, dynamic] = self.config.routes_paths();
        let (fixed, dynamic, runtime) = tokio::try_join!(
            self.document::<answer::Dump<RouteDump>>(&fixed),
            self.document::<answer::Dump<RouteDump>>(&dynamic),
            self.document::<Runtime>("/runtime?format=json"),
        )?;
        Ok(([fixed.configs, dynamic.configs].concat(), runtime))
    }

    /// Reads one document. What is said of it has the path and not the query, which nobody could read.
    async fn document<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        let what = format!("read {}{}", self.config.at, path.split('?').next().unwrap_or_default());
        let answer = self.client.look(&Request::get(path)).await.map_err(|failure| failure.trouble(&what))?;
        if answer.is_success() { answer.json(&what) } else { Err(answer.refusal(&what)) }
    }

    async fn write(&self, prepared: &Prepared, expected: Option<&NativeSplit>, fence: &dyn Fence) -> SetAnswer {
        let path = match prepare::path(&self.config, &prepared.native) {
            Ok(path) => path,
            Err(refused) => return SetAnswer::NotSent(refused.to_string()),
        };
        if let Some(expected) = expected {
            let native =
                self.weights().await.and_then(|(routes, runtime)| look::native(&self.config, &routes, &runtime));
            match native {
                Err(trouble) => return SetAnswer::NotSent(trouble.to_string()),
                Ok(native) if native != *expected => return SetAnswer::Moved(native),
                Ok(_) => {}
            }
        }
        let what = format!("set {}", self.config.at);
        match self.client.write(&Request::new(Method::POST, path), fence).await {
            Ok(answer) => judge(&what, &answer),
            Err(failure) => failure.set_answer(&what),
        }
    }
}

/// What a whole answer to a change means.
fn judge(what: &str, answer: &Answer) -> SetAnswer {
    let said = || format!("{what}: it answered {}: {}", answer.status, answer.words());
    match answer.status {
        200 if answer.text().trim() == "OK" => SetAnswer::Accepted,
        503 if answer.text().contains("admin layer") => SetAnswer::Failed(format!("{}; {}", said(), warn::ADD_A_LAYER)),
        400..500 => SetAnswer::Failed(format!("{}; see whether that address is Envoy's admin interface", said())),
        // A yes in other words, or a failure of whatever stands in between, proves nothing.
        _ => SetAnswer::Unknown(format!("{}; read the weights before anything else", said())),
    }
}

impl Router for Envoy {
    fn capabilities(&self) -> Capabilities {
        self.config.capabilities()
    }

    fn read(&self) -> BoxFuture<'_, Result<Reading, Trouble>> {
        self.look().boxed()
    }

    fn prepare(&self, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
        prepare::prepare(&self.config, target, reading)
    }

    fn set<'a>(
        &'a self,
        prepared: &'a Prepared,
        expected: Option<&'a NativeSplit>,
        fence: &'a dyn Fence,
    ) -> BoxFuture<'a, SetAnswer> {
        self.write(prepared, expected, fence).boxed()
    }
}
