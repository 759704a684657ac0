//! What the profile says about one router of the built-in world.

use std::time::Duration;

use crate::domain::{Capabilities, PoolId};
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
    /// What the routers of the built-in world can do.
    pub fn capabilities() -> Capabilities {
        Capabilities {
            system: "built-in".to_owned(),
            means: "HTTP, one conditional request".to_owned(),
            change_ms: 2,
            settle_ms: 0,
            counts_in_flight: true,
            counts_requests: true,
            runtime_only: true,
            conditional: true,
        }
    }

    /// Reads the keys of `kind = "demo"`.
    pub fn read(table: &mut Table<'_>, pools: &[PoolId], timeout: Duration) -> Option<Self> {
        let names: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
        let at = table.required("at", "The base address of the router's HTTP interface.", &url());
        let pools = table.required_each_of("pools", "Per pool, the router's name for it.", "pool", &names, &name());
        let pools = pools?.value.into_iter().map(|(pool, name)| (PoolId::new(pool), name.value)).collect();
        Some(Self { at: at?.value, pools, timeout })
    }
}
