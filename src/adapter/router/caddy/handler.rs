//! The reverse proxy that splits, as Caddy's configuration has it.

use serde::Deserialize;
use serde_json::Value;

use super::Config;
use crate::domain::reading::Admin;
use crate::domain::{NativeSplit, NativeWeight, Trouble, TroubleKind};

/// A no of Caddy's.
#[derive(Debug, Deserialize)]
pub(super) struct No {
    #[serde(rename = "error")]
    _error: String,
}

/// One upstream.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Upstream {
    #[serde(default)]
    pub(super) dial: String,
}

/// The handler as it is written.
#[derive(Debug, Deserialize)]
pub(super) struct Written {
    #[serde(default)]
    handler: String,
    #[serde(default)]
    upstreams: Vec<Upstream>,
    dynamic_upstreams: Option<Value>,
    #[serde(default)]
    load_balancing: Balancing,
    health_checks: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
struct Balancing {
    #[serde(default)]
    selection_policy: Policy,
}

#[derive(Debug, Default, Deserialize)]
struct Policy {
    #[serde(default)]
    policy: String,
    #[serde(default)]
    weights: Vec<i64>,
}

/// A reverse proxy that fits the profile.
#[derive(Debug)]
pub(super) struct Handler {
    weights: Vec<NativeWeight>,
    /// Whether it checks its upstreams at all.
    pub(super) has_checks: bool,
}

impl Handler {
    /// Checks what is written. `what` says what was asked.
    pub(super) fn of(config: &Config, what: &str, written: Written) -> Result<Self, Trouble> {
        let mismatch = |why: String, advice: &str| Err(Trouble::new(TroubleKind::Mismatch, what, why, advice));
        let Written { handler, upstreams, dynamic_upstreams, load_balancing, health_checks } = written;
        let Policy { policy, weights } = load_balancing.selection_policy;
        if handler.is_empty() {
            // Any document can be read as a handler without anything in it.
            let advice =
                "name a `reverse_proxy` under `handler`, and see whether that address is Caddy's admin interface";
            return mismatch("it is no handler".to_owned(), advice);
        }
        if handler != "reverse_proxy" {
            return mismatch(
                format!("it is a handler `{}`", harmless(&handler)),
                "name a `reverse_proxy` under `handler`",
            );
        }
        if dynamic_upstreams.is_some_and(|dynamic| !dynamic.is_null()) {
            return mismatch(
                "it has `dynamic_upstreams`, whose positions nobody knows".to_owned(),
                "weights go by position: write the upstreams down, one in front of each pool",
            );
        }
        if policy != "weighted_round_robin" {
            let policy = if policy.is_empty() { "none" } else { &policy };
            return mismatch(
                format!("its selection policy is {}, which has no weights", harmless(policy)),
                "write `lb_policy weighted_round_robin` with a weight for each upstream",
            );
        }
        if weights.len() != upstreams.len() {
            return mismatch(
                format!("it has {} weights for {} upstreams", weights.len(), upstreams.len()),
                "write one weight for each upstream, in their order: with fewer, Caddy sends everything to the first",
            );
        }
        let mut native: Vec<NativeWeight> = Vec::new();
        for (Upstream { dial }, weight) in upstreams.iter().zip(weights) {
            let shown = harmless(dial);
            let mut pools = config.pools_of(dial);
            let (Some(pool), None) = (pools.next(), pools.next()) else {
                let belongs = if config.pools_of(dial).next().is_none() { "no pool" } else { "several pools" };
                return mismatch(
                    format!("its upstream {shown} belongs to {belongs} of this router"),
                    "name every upstream under `pools` of this router, once",
                );
            };
            if native.iter().any(|known| known.reference == *dial) {
                return mismatch(
                    format!("its upstream {shown} is there twice"),
                    "name each upstream once in Caddy's configuration",
                );
            }
            let Ok(weight) = u32::try_from(weight) else {
                return mismatch(format!("its upstream {shown} has weight {weight}"), "write a weight from 0 on");
            };
            native.push(NativeWeight { reference: dial.clone(), pool: pool.clone(), weight, admin: Admin::Ready });
        }
        if let Some((pool, patterns)) =
            config.pools.iter().find(|(pool, _)| !native.iter().any(|each| each.pool == *pool))
        {
            let there: Vec<String> = native.iter().take(8).map(|each| harmless(&each.reference)).collect();
            let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
            return mismatch(
                format!("no upstream fits `{}` ({pool}); it has {there}", patterns.join(" ")),
                "correct `pools` of this router in the profile",
            );
        }
        Ok(Self { weights: native, has_checks: health_checks.is_some_and(|checks| !checks.is_null()) })
    }

    /// The weights that it holds, in the order of its upstreams.
    pub(super) fn native(&self) -> NativeSplit {
        NativeSplit(self.weights.clone())
    }

    /// Its upstreams, in their order.
    pub(super) fn dials(&self) -> Vec<String> {
        self.weights.iter().map(|weight| weight.reference.clone()).collect()
    }
}

/// A name of the configuration's for people.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(80).collect()
}
