//! Metric sources against their contract: one set of scenarios for every kind that answers queries, each against a fake of
//! its system; then what is particular to one of them, and real servers.

#[cfg(feature = "aws")]
mod cloudwatch;
mod contract;
mod fake;
mod prometheus;
mod scenario;
mod text;
