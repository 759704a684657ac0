//! Every adapter against its contract.

mod alb;
mod demo;
mod haproxy;
mod log;
mod metric;
mod router;
