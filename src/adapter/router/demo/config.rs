//! What the profile says about one router of the built-in world.

use std::time::Duration;

use crate::domain::PoolId;

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
