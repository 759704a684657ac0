//! What the profile says about one Rollout.

use std::sync::Arc;
use std::time::Duration;

use super::super::place::{self, Place};
use crate::adapter::router::Configured;
use crate::adapter::router::Router;
use crate::domain::{BasisPoints, Capabilities, Holds, PoolId, Trouble, Zero};
use crate::setting::{Table, Wrong, choice, percent};

/// One Rollout.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The cluster and the namespace.
    pub place: Place,
    /// The Rollout's name.
    pub name: String,
    /// The pool of the version before.
    pub stable: PoolId,
    /// The pool of the template as it is now.
    pub canary: PoolId,
    /// The shares of its `setWeight` steps, in whole percent.
    pub steps: Vec<u32>,
    /// How long it may take to answer.
    pub timeout: Duration,
}

/// The words that the profile has for the pools.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Stable,
    Canary,
}

impl Config {
    /// Reads the keys of `kind = "argo-rollouts"`.
    pub fn read(table: &mut Table<'_>, pools: &[PoolId], timeout: Duration) -> Option<Self> {
        let place = Place::read(table);
        let name = table.required("rollout", "The Rollout's name.", &place::name());
        let doc = "The shares of its setWeight steps, which are the only ones besides nothing and everything.";
        let whole = percent(100, 9_900).and_then("a whole percentage from 1 to 99", |points| {
            if points % 100 == 0 { Ok(points / 100) } else { Err(Wrong::new("is no whole percentage")) }
        });
        let steps = table.required("steps", doc, &whole.list("a list of whole percentages, such as [20, 50]"));
        let names: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
        let doc = "Which pool is \"stable\", the version before, and which is \"canary\", that of the template now.";
        let part = choice(&[("stable", Part::Stable), ("canary", Part::Canary)], &[]);
        let parts = table.required_each_of("pools", doc, "pool", &names, &part)?;
        let of = |wanted: Part| {
            let mut all = parts.value.iter().filter(|(_, part)| part.value == wanted);
            all.next().filter(|_| all.next().is_none()).map(|(pool, _)| PoolId::new(pool.clone()))
        };
        let (Some(stable), Some(canary), 2) = (of(Part::Stable), of(Part::Canary), parts.value.len()) else {
            let wrong = Wrong::new("does not name one stable and one canary pool");
            table.report().refuse(&parts.spot, wrong.advice("a Rollout has exactly these two"));
            return None;
        };
        let steps = steps?.value.into_iter().map(|step| step.value).collect();
        Some(Self { place: place?, name: name?.value, stable, canary, steps, timeout })
    }

    /// Both pools, the version before first.
    #[cfg(feature = "kubernetes")]
    pub(super) fn pools(&self) -> [&PoolId; 2] {
        [&self.stable, &self.canary]
    }
}

impl Configured for Config {
    fn capabilities(&self) -> Capabilities {
        let steps = std::iter::once(0).chain(self.steps.iter().copied()).chain(std::iter::once(100));
        let mut steps: Vec<BasisPoints> = steps.map(BasisPoints::percent).collect();
        steps.sort_unstable();
        steps.dedup();
        Capabilities {
            change_ms: 60_000,
            back_ms: 5_000,
            // Pods are started before a share is raised.
            read_back_ms: 600_000,
            settle_ms: 5_000,
            least_poll_ms: 1_000,
            holds: Holds::Steps(steps),
            zero: Zero::TakenOut("the Rollout is aborted".to_owned()),
            atomic: true,
            conditional: true,
            ..Capabilities::of("Argo Rollouts", "Rollout: promote, abort, retry")
        }
    }

    fn place(&self) -> String {
        format!("{:?} {}", self.place, self.name)
    }

    #[cfg(feature = "kubernetes")]
    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        Ok(Arc::new(super::Rollout::new(self.clone())))
    }

    #[cfg(not(feature = "kubernetes"))]
    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        Err(super::super::missing(&format!("Rollout {} in {}", self.name, self.place.cluster)))
    }
}
