//! Objects of Kubernetes against the contract, on an API server in memory, and what only they have.

mod access;
mod rollout;
mod selector;
mod weighted;
