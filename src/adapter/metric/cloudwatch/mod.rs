//! CloudWatch, by `GetMetricData`.
//!
//! # Queries
//! A metric is written as `Sum(AWS/ApplicationELB:RequestCount{LoadBalancer="app/edge/1",TargetGroup="targetgroup/blue/2"})`:
//! statistic, namespace, name, dimensions. One alone is asked for as it is; several in an expression are asked for with ids of
//! their own, and the expression is CloudWatch's metric math over them. Text without such a metric is an expression as it is:
//! `SELECT ...`.
//!
//! # The same sample read twice
//! A value is that of one whole period, as long as the panel's window, and its time is the period's end. CloudWatch tells of a
//! period one to three minutes late, so the newest that is told among the last ones is the value: until the next one is told it
//! stays the same, with the time that it had. Each answer costs a fee, so one cockpit of a session asks for all, and no more
//! often than there can be something new.

mod config;
mod query;
#[cfg(feature = "aws")]
mod source;
#[cfg(feature = "aws")]
mod wire;

pub use config::Config;
