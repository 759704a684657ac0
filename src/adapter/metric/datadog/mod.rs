//! Datadog: all panels with the same window in one request to the timeseries API.
//!
//! # The same sample read twice
//! A value is that of one whole interval of the panel's window, and its time is the interval's end. The newest interval still
//! fills for a while after its end (`delay`), and is not looked at before. Until the next one is whole, the answer is given
//! from memory: so each cockpit asks once per window, whatever its interval. Datadog's limits are of the whole organisation,
//! so one cockpit of a session asks for all.
//!
//! Queries are passed on as they are; where one works values out of several metrics, each metric's part is sent as a query
//! and the rest as the formula over them, which is the form that the API takes.

mod config;
mod formula;
mod source;
mod wire;

pub use config::Config;
