//! Every adapter against its contract.

mod alb;
mod consul;
mod demo;
mod envoy;
mod haproxy;
mod log;
mod metric;
mod nginx;
mod octopus;
mod router;
mod traefik;
mod traffic_manager;
