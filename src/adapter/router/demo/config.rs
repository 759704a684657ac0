//! What the profile says about one router of the built-in world.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Configured, Router};
use super::DemoRouter;
use crate::domain::{Capabilities, PoolId, Proof, Trouble};
use crate::setting::{Table, name, url};

/// Where one router of the built-in world is steered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The base address of its HTTP interface: `http://127.0.0.1:41801`.
    pub at: String,
    /// Per pool, in the profile's order, the router's name for it.
    pub pools: Vec<(PoolId, String)>,
    /// How long it may take to answer.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "demo"`.
    pub fn read(table: &mut Table<'_>, pools: &[PoolId], timeout: Duration) -> Option<Self> {
        let names: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
        let at = table.required("at", "The base address of the router's HTTP interface.", &url());
        let pools = table.required_each_of("pools", "Per pool, the router's name for it.", "pool", &names, &name());
        let pools = pools?.value.into_iter().map(|(pool, name)| (PoolId::new(pool), name.value)).collect();
        Some(Self { at: at?.value, pools, timeout })
    }
}

impl Configured for Config {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            change_ms: 2,
            back_ms: 2,
            conditional: true,
            proof: Proof::Observed,
            counts_in_flight: true,
            counts_requests: true,
            make_permanent: Some("nothing is to be done, its routers end with the demo".to_owned()),
            ..Capabilities::of("built-in", "HTTP, one conditional request")
        }
    }

    fn place(&self) -> String {
        self.at.clone()
    }

    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        Ok(Arc::new(DemoRouter::new(self.clone())?))
    }
}
