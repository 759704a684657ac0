//! What the tests share.

pub mod app;
pub mod call;
#[cfg(any(feature = "kubernetes", feature = "nats"))]
pub mod certificate;
pub mod cockpit;
pub mod crew;
pub mod desk;
pub mod door;
pub mod edges;
pub mod fake;
pub mod haproxy;
pub mod keys;
#[cfg(feature = "kubernetes")]
pub mod kube;
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
