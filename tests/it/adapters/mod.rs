//! Every adapter against its contract.

mod demo;
mod haproxy;
mod log;
mod metric;
mod octopus;
mod router;
mod traffic_manager;
