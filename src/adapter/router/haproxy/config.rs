//! What the profile says about one HAProxy.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::PoolId;

/// Where and how one HAProxy process is steered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The Runtime API.
    pub address: Address,
    /// How the pools are modelled in its configuration.
    pub shape: Shape,
    /// How long it may take to answer.
    pub timeout: Duration,
}

/// A Runtime API socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Address {
    /// `unix:/run/haproxy/admin.sock`
    Unix(PathBuf),
    /// `tcp:127.0.0.1:9999`
    Tcp(String),
}

/// How two or more pools share the traffic of one HAProxy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shape {
    /// Servers of all pools in one backend, or one server per pool in front: weights per server.
    Servers {
        /// The backend.
        backend: String,
        /// Per pool, in the profile's order, a pattern of server names, `*` standing for any text.
        pools: Vec<(PoolId, String)>,
        /// Per pool, the inner proxy whose servers tell the pool's health and size, where one server stands for a pool.
        inner: Vec<(PoolId, String)>,
    },
    /// Two backends and a percentage in a map.
    Map {
        /// The map's file name or `#id`, as the Runtime API knows it.
        map: String,
        /// The map's key.
        key: String,
        /// The pool whose percentage the map holds; the other one gets the rest.
        percent_of: PoolId,
        /// Per pool, in the profile's order, its backend.
        pools: Vec<(PoolId, String)>,
    },
}
