//! The contract of a router adapter: one suite that runs on every one.
