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

#[cfg(feature = "kubernetes")]
pub use steer::Weighted;

#[cfg(feature = "kubernetes")]
mod steer {
    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;

    use super::super::cluster::Cluster;
    use super::super::object::Object;
    use super::{Config, look, prepare};
    use crate::adapter::router::Configured;
    use crate::adapter::router::Fence;
    use crate::adapter::router::Router;
    use crate::adapter::router::SetAnswer;
    use crate::domain::{Capabilities, NativeSplit, Prepared, Reading, Refused, Target, Trouble};

    /// One such object.
    pub struct Weighted {
        pub(super) config: Config,
        pub(super) cluster: Cluster,
        pub(super) object: Object,
    }

    impl Weighted {
        /// A router for one configuration. Connects only when asked.
        pub fn new(config: Config) -> Self {
            let cluster = Cluster::new(config.place.clone(), config.timeout);
            let object = config.sort.object(&config.name);
            Self { config, cluster, object }
        }

        async fn write(&self, prepared: &Prepared, expected: Option<&NativeSplit>, fence: &dyn Fence) -> SetAnswer {
            let patch = match prepare::patch(&self.config, &prepared.native) {
                Ok(patch) => patch,
                Err(refused) => return SetAnswer::NotSent(refused.to_string()),
            };
            let what = format!("read {}", self.object.short());
            let seen = |object: &serde_json::Value| look::native(&self.config, &what, object);
            let expected = expected.map(|expected| (expected, &seen as _));
            self.object.patch(&self.cluster, &patch, expected, fence).await
        }
    }

    impl Router for Weighted {
        fn capabilities(&self) -> Capabilities {
            self.config.capabilities()
        }

        fn read(&self) -> BoxFuture<'_, Result<Reading, Trouble>> {
            look::look(self).boxed()
        }

        fn prepare(&self, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
            prepare::prepare(&self.config, &self.object, target, reading)
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
}
