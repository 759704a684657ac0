//! What the tests share.

pub mod app;
#[cfg(feature = "aws")]
pub mod aws;
pub mod call;
#[cfg(any(feature = "kubernetes", feature = "nats"))]
pub mod certificate;
pub mod cockpit;
pub mod consul;
pub mod crew;
pub mod desk;
pub mod door;
pub mod edges;
pub mod envoy;
pub mod fake;
pub mod haproxy;
pub mod keeper;
pub mod keys;
#[cfg(feature = "kubernetes")]
pub mod kube;
pub mod load;
#[cfg(feature = "aws")]
pub mod moto;
#[cfg(feature = "nats")]
pub mod nats;
pub mod nginx;
pub mod pair;
pub mod pool;
pub mod procedure;
pub mod pty;
pub mod scene;
pub mod sshd;
pub mod traefik;
pub mod web;
#[cfg(feature = "lab")]
pub mod world;
