//! Metric sources against their contract.
