//! Every adapter against its contract.

mod caddy;
mod demo;
mod envoy;
mod haproxy;
mod log;
mod metric;
mod router;
