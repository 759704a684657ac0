//! A router that is one object of a cluster, read as a whole and changed by one guarded patch.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::cluster::Cluster;
use super::object::{Object, Patch};
use crate::adapter::router::{Configured, Fence, Router, SetAnswer};
use crate::domain::{Capabilities, NativeSplit, Prepared, Reading, Refused, Target, Trouble};

/// What one kind of object knows of itself.
pub(super) trait Patched: Configured + Sized {
    /// Reads the object and what stands around it.
    fn look(router: &Steered<Self>) -> BoxFuture<'_, Result<Reading, Trouble>>;

    /// The weights that the object holds.
    fn native(&self, what: &str, object: &Value) -> Result<NativeSplit, Trouble>;

    /// What leads to a target.
    fn prepare(&self, object: &Object, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused>;

    /// The patch that gives these weights.
    fn patch(&self, native: &NativeSplit) -> Result<Patch, Refused>;
}

/// One such object.
pub struct Steered<C> {
    pub(super) config: C,
    pub(super) cluster: Cluster,
    pub(super) object: Object,
}

async fn write<C: Patched>(
    router: &Steered<C>,
    prepared: &Prepared,
    expected: Option<&NativeSplit>,
    fence: &dyn Fence,
) -> SetAnswer {
    let Steered { config, cluster, object } = router;
    let patch = match config.patch(&prepared.native) {
        Ok(patch) => patch,
        Err(refused) => return SetAnswer::NotSent(refused.to_string()),
    };
    let what = format!("read {}", object.short());
    let seen = |object: &Value| config.native(&what, object);
    let expected = expected.map(|expected| (expected, &seen as _));
    object.patch(cluster, &patch, expected, fence).await
}

impl<C: Patched> Router for Steered<C> {
    fn capabilities(&self) -> Capabilities {
        self.config.capabilities()
    }

    fn read(&self) -> BoxFuture<'_, Result<Reading, Trouble>> {
        C::look(self)
    }

    fn prepare(&self, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
        self.config.prepare(&self.object, target, reading)
    }

    fn set<'a>(
        &'a self,
        prepared: &'a Prepared,
        expected: Option<&'a NativeSplit>,
        fence: &'a dyn Fence,
    ) -> BoxFuture<'a, SetAnswer> {
        write(self, prepared, expected, fence).boxed()
    }
}
