//! Log sources against their contract.

#[cfg(feature = "aws")]
mod cloudwatch;
mod contract;
mod datadog;
mod elastic;
mod followed;
#[cfg(feature = "kubernetes")]
mod kubernetes;
mod local;
mod loki;
mod paired;
mod shared;
#[cfg_attr(not(feature = "kubernetes"), expect(dead_code, reason = "what only pods keep is of no use without them"))]
mod shelf;

use std::sync::Arc;

use flightdeck::adapter::log::{Config, Origin};

/// What a profile says of the source in these tests.
fn config(origin: Arc<dyn Origin>) -> Config {
    Config {
        id: "app".into(),
        pool: Some("blue".into()),
        metered: false,
        origin,
        exclude: None,
        exclude_query: None,
        mask: true,
        mask_fields: Vec::new(),
        mask_patterns: Vec::new(),
    }
}
