//! Kubernetes: objects of a cluster that hold weights, or steer whatever does.
//!
//! # Kinds
//! `httproute` (Gateway API), `istio` (`VirtualService`) and `traefik-service` (`TraefikService`) hold a list of destinations with
//! weights, and are one router here, [`weighted`]; `service-selector` is a Service whose selector names one pool;
//! `argo-rollouts` is a Rollout, which has steps of its own.
//!
//! # Parts
//! `place` says which cluster and namespace, `access` opens the way there, `cluster` asks it, `object` reads and patches one
//! object under guard, `steered` makes a router of that, `endpoint` lists the servers behind a Service.
//!
//! # Invariants
//! - Every request is an exchange of its own through [`crate::adapter::http`]; the `kube` crate only finds out who asks.
//! - A list of weights is never replaced: a merge would drop what else stands in it. Each weight is patched by its place, and
//!   the name that stands there is tested in the same patch.
//! - A change forward is bound to the `resourceVersion` in which the weights were the expected ones.
//! - Changes of others are found by polling: a watch would be another connection to keep.

#[cfg(feature = "kubernetes")]
mod access;
#[cfg(feature = "kubernetes")]
pub(in crate::adapter) mod cluster;
#[cfg(feature = "kubernetes")]
mod endpoint;
#[cfg(feature = "kubernetes")]
mod object;
pub(in crate::adapter) mod place;
pub mod rollout;
pub mod selector;
#[cfg(feature = "kubernetes")]
mod steered;
pub mod weighted;

pub use place::{Place, Through};

use crate::domain::{Trouble, TroubleKind};

/// The feature that these kinds are behind, and whether this build has it.
pub const FEATURE: Option<(&str, bool)> = Some(("kubernetes", cfg!(feature = "kubernetes")));

/// Said by a build that has none of it.
#[cfg(not(feature = "kubernetes"))]
pub(in crate::adapter) fn missing(place: &str) -> Trouble {
    let advice = "build it with: cargo install --locked --path . --features kubernetes";
    Trouble::new(
        TroubleKind::Mismatch,
        format!("reach {place}"),
        "this flightdeck was built without kubernetes",
        advice,
    )
}

/// A profile that does not fit the object.
#[cfg(feature = "kubernetes")]
fn misfit(what: &str, why: impl Into<String>, advice: &str) -> Trouble {
    Trouble::new(TroubleKind::Mismatch, what, why, advice)
}
