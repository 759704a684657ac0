//! Every adapter against its contract.

pub mod action;
mod alb;
mod caddy;
pub mod check;
mod command;
mod consul;
mod demo;
mod envoy;
mod haproxy;
#[cfg(feature = "kubernetes")]
mod kubernetes;
mod log;
mod metric;
mod nginx;
mod notifier;
mod octopus;
mod rest;
mod router;
mod systems;
mod traefik;
mod traffic_manager;
