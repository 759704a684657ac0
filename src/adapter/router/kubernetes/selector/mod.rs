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

#[cfg(feature = "kubernetes")]
pub use steer::Selector;

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

    /// One Service.
    pub struct Selector {
        pub(super) config: Config,
        pub(super) cluster: Cluster,
        pub(super) object: Object,
    }

    impl Selector {
        /// A router for one configuration. Connects only when asked.
        pub fn new(config: Config) -> Self {
            let cluster = Cluster::new(config.place.clone(), config.timeout);
            let name = config.service.clone();
            let object = Object { group: "", version: "v1", resource: "services", subresource: "", name };
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

    impl Router for Selector {
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
