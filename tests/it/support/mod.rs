//! What the tests share.

pub mod app;
pub mod caddy;
pub mod call;
pub mod cockpit;
pub mod crew;
pub mod desk;
pub mod door;
pub mod edges;
pub mod envoy;
pub mod fake;
pub mod haproxy;
pub mod keeper;
pub mod keys;
pub mod load;
#[cfg(feature = "nats")]
pub mod nats;
pub mod pair;
pub mod pool;
pub mod procedure;
pub mod pty;
pub mod scene;
pub mod web;
#[cfg(feature = "lab")]
pub mod world;
