//! Every adapter against its contract.

mod alb;
mod caddy;
mod command;
mod consul;
mod demo;
mod envoy;
mod haproxy;
mod log;
mod metric;
mod nginx;
mod rest;
mod router;
mod traefik;
