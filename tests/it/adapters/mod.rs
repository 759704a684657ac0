//! Every adapter against its contract.

mod command;
mod consul;
mod demo;
mod haproxy;
mod log;
mod metric;
mod rest;
mod router;
