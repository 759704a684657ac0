//! Objects that hold a list of destinations with weights: `HTTPRoute`, `VirtualService`, `TraefikService`.
//!
//! # Parts
//! `config` is what the profile says, `httproute`, `istio` and `traefik` know one kind each, `list` finds the list that the
//! profile means, `look` makes a [`Reading`](crate::domain::Reading) of it, and `prepare` a patch.

mod config;
mod httproute;
mod istio;
#[cfg(feature = "kubernetes")]
mod list;
#[cfg(feature = "kubernetes")]
mod look;
#[cfg(feature = "kubernetes")]
mod prepare;
mod traefik;

pub use config::{Config, Sort};

/// One such object.
#[cfg(feature = "kubernetes")]
pub type Weighted = super::steered::Steered<Config>;

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
            let object = config.sort.object(&config.name);
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
