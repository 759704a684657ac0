//! Every adapter against its contract.

mod demo;
mod haproxy;
#[cfg(feature = "kubernetes")]
mod kubernetes;
mod log;
mod metric;
mod router;
