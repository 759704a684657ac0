//! A Service whose selector names one pool: all traffic goes to the pods with these labels.
//!
//! # Parts
//! `config` is what the profile says, `look` reads the Service, the pods of every pool and the endpoints, `prepare` makes a
//! merge patch of the selector.
//!
//! # Invariants
//! - Only the labels that the profile names are written; whatever else the selector says stays.
//! - A pool none of whose pods is ready is not switched to, where that can be seen.

mod config;
#[cfg(feature = "kubernetes")]
mod look;
#[cfg(feature = "kubernetes")]
mod prepare;

pub use config::{Config, Labels};

/// One Service.
#[cfg(feature = "kubernetes")]
pub type Selector = super::steered::Steered<Config>;

#[cfg(feature = "kubernetes")]
mod patched {
    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;
    use serde_json::Value;

    use super::super::cluster::Cluster;
    use super::super::object::{Object, Patch};
    use super::super::steered::{Patched, Steered};
    use super::{Config, look, prepare};
    use crate::domain::{NativeSplit, Prepared, Reading, Refused, Target, Trouble};

    impl Steered<Config> {
        /// A router for one configuration. Connects only when asked.
        pub fn new(config: Config) -> Self {
            let name = config.service.clone();
            let object = Object { group: "", version: "v1", resource: "services", subresource: "", name };
            let cluster = Cluster::new(config.place.clone(), config.timeout);
            Self { config, cluster, object }
        }
    }

    impl Patched for Config {
        fn look(router: &Steered<Self>) -> BoxFuture<'_, Result<Reading, Trouble>> {
            look::look(router).boxed()
        }

        fn native(&self, what: &str, object: &Value) -> Result<NativeSplit, Trouble> {
            look::native(self, what, object)
        }

        fn prepare(&self, object: &Object, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
            prepare::prepare(self, object, target, reading)
        }

        fn patch(&self, native: &NativeSplit) -> Result<Patch, Refused> {
            prepare::patch(self, native)
        }
    }
}
