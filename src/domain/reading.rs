//! What a router says: its native weights, its servers, and who it is.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::PoolId;
use super::share::Shares;

/// Whether an operator of the router lets a server take new traffic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Admin {
    /// Takes traffic by its weight.
    Ready,
    /// Set to drain on the router: keeps its weight, gets no new traffic.
    Drain,
    /// In maintenance: left alone by flightdeck.
    Maintenance,
    /// A backup server: gets traffic only when all others are gone; left alone by flightdeck.
    Backup,
}

/// One weight as the router holds it, in the router's own unit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NativeWeight {
    /// The router's own name for what carries the weight: `app/blue-1`, `map green.map app`.
    pub reference: String,
    /// The pool that it belongs to.
    pub pool: PoolId,
    /// The weight, in the router's own unit.
    pub weight: u32,
    /// Whether it takes part.
    pub admin: Admin,
}

/// All weights that one router holds for one profile, in the router's order. What a proposal is bound to (B1).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NativeSplit(pub Vec<NativeWeight>);

impl NativeSplit {
    /// The shares that these weights give when every server lives: of those that take part.
    pub fn shares<'a>(&self, pools: impl IntoIterator<Item = &'a PoolId>) -> Shares {
        Shares::of_parts(pools.into_iter().map(|pool| {
            let part = self.0.iter().filter(|each| each.pool == *pool && each.admin == Admin::Ready);
            (pool.clone(), part.map(|each| u64::from(each.weight)).sum())
        }))
    }

    /// Whether every weight that `prepared` names reads exactly as prepared (V1: native against native, never percent
    /// within a tolerance).
    pub fn holds(&self, prepared: &Self) -> bool {
        !prepared.0.is_empty()
            && prepared.0.iter().all(|wanted| {
                self.0.iter().any(|read| read.reference == wanted.reference && read.weight == wanted.weight)
            })
    }

    /// The differences to another split, each as `reference: this → other`, for people.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for mine in &self.0 {
            match other.0.iter().find(|theirs| theirs.reference == mine.reference) {
                None => found.push(format!("{}: {} → gone", mine.reference, mine.weight)),
                Some(theirs) if theirs.weight != mine.weight => {
                    found.push(format!("{}: {} → {}", mine.reference, mine.weight, theirs.weight));
                }
                Some(theirs) if theirs.admin != mine.admin => {
                    found.push(format!("{}: {:?} → {:?}", mine.reference, mine.admin, theirs.admin).to_lowercase());
                }
                Some(_) => {}
            }
        }
        for theirs in &other.0 {
            if !self.0.iter().any(|mine| mine.reference == theirs.reference) {
                found.push(format!("{}: new, {}", theirs.reference, theirs.weight));
            }
        }
        found
    }
}

/// Whether the router thinks that a server can take traffic.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Its check passes.
    Up,
    /// Its check fails.
    Down,
    /// The router does not check it.
    Unchecked,
}

/// One server as one router sees it. `None` is what the router cannot count.
#[derive(Clone, PartialEq, Debug)]
pub struct ServerReading {
    /// The router's name for it.
    pub name: String,
    /// Its pool.
    pub pool: PoolId,
    /// Health.
    pub health: Health,
    /// Administrative state.
    pub admin: Admin,
    /// Requests being served now, those waiting in a queue for it included.
    pub in_flight: Option<u64>,
    /// Requests since the router's counters started.
    pub requests: Option<u64>,
    /// Server errors (5xx and failed connections) since the router's counters started.
    pub errors: Option<u64>,
    /// Average response time as the router tells it (an average over its own window, not a percentile).
    pub response: Option<Duration>,
}

/// Which process answered. Another identity is another router, or the same one restarted (C5).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Identity {
    /// The host's or node's name, as the router gives it.
    pub node: String,
    /// The process, as the router gives it: a pid, a generation.
    pub process: String,
}

/// One look at one router.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    /// Who answered.
    pub identity: Identity,
    /// The router's own version of its configuration, where it has one (an entity tag, a resource version); else empty.
    pub generation: String,
    /// How long that process has been running, where it tells.
    pub uptime: Option<Duration>,
    /// The weights that it holds.
    pub native: NativeSplit,
    /// The shares that its living servers get now; differs from the native shares where servers are down and the
    /// router's model lets that move traffic.
    pub effective: Shares,
    /// Its servers.
    pub servers: Vec<ServerReading>,
    /// What an operator must know about this router, one sentence each (`leastconn follows weights only loosely`).
    pub warnings: Vec<String>,
    /// Work of the router's own that will move the weights, while there is some: a deployment, a rollout.
    pub underway: Option<Underway>,
    /// What of its configuration lets the counted shares differ from the weights, where it tells.
    pub skew: Option<Skew>,
}

/// Why the share that is counted may not be the one that the weights give.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Skew {
    /// Clients are kept with their server or pool: only new ones follow the weights.
    Sticky,
    /// Its way of choosing a server heeds the weights only loosely.
    Loose,
}

/// Work of a slow system that is not over: what the weights will be is on its way, what they are is what was read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Underway {
    /// The system's own name for it: `ServerTasks-77`; empty where it has none.
    pub task: String,
    /// What it is, for people: `deployment of release 2026.11.21.3`.
    pub what: String,
    /// What it waits for, if it waits: `a person's answer: Approve?`.
    pub waits_for: Option<String>,
    /// How far it is, 0 to 100, where the system tells.
    pub percent: Option<u8>,
    /// Where a person can watch it.
    pub link: Option<String>,
    /// How it is cancelled, where that can be and has not been asked yet.
    pub cancel: Option<Cancel>,
}

/// How a task is cancelled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cancel {
    /// The request as it will be sent.
    pub request: String,
    /// Whether flightdeck started the task.
    pub is_ours: bool,
    /// What it leaves, a sentence.
    pub leaves: String,
}

/// A pool's sums over the servers of one reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PoolTotals {
    /// Servers that are up or unchecked and not in maintenance.
    pub up: u32,
    /// All servers but those in maintenance and backups.
    pub servers: u32,
    /// Requests being served now; `None` when any server's is unknown.
    pub in_flight: Option<u64>,
    /// Requests counted; `None` when any server's is unknown.
    pub requests: Option<u64>,
    /// Errors counted; `None` when any server's is unknown.
    pub errors: Option<u64>,
}

impl Reading {
    /// The pools that it has servers of, in the order of their names.
    pub fn pools(&self) -> Vec<&PoolId> {
        let mut pools: Vec<&PoolId> = Vec::new();
        for server in &self.servers {
            if !pools.contains(&&server.pool) {
                pools.push(&server.pool);
            }
        }
        pools.sort();
        pools
    }

    /// A pool's sums.
    pub fn totals(&self, pool: &PoolId) -> PoolTotals {
        let mut servers = self.servers.iter().filter(|server| server.pool == *pool).peekable();
        let zero = servers.peek().map(|_| 0);
        // One pass: with many routers this is worked out many thousand times a second.
        let none = PoolTotals { up: 0, servers: 0, in_flight: zero, requests: zero, errors: zero };
        let add = |sum: Option<u64>, more: Option<u64>| sum.zip(more).map(|(sum, more)| sum + more);
        servers.fold(none, |totals, server| {
            let is_live = matches!(server.admin, Admin::Ready | Admin::Drain);
            PoolTotals {
                up: totals.up + u32::from(is_live && server.health != Health::Down),
                servers: totals.servers + u32::from(is_live),
                in_flight: add(totals.in_flight, server.in_flight),
                requests: add(totals.requests, server.requests),
                errors: add(totals.errors, server.errors),
            }
        })
    }

    /// Whether this came from another process than `earlier`, or from the same one started again.
    pub fn restarted_since(&self, earlier: &Self) -> bool {
        self.identity != earlier.identity
            || matches!((self.uptime, earlier.uptime), (Some(now), Some(then)) if now + Duration::from_secs(1) < then)
    }
}

/// What a router is asked to hold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Target {
    /// Shares per pool; the adapter finds the native weights.
    Weights(super::Weights),
    /// A split as it was read earlier, to the letter (R1).
    Native(NativeSplit),
}

/// A change of one router, worked out but not sent (B1).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Prepared {
    /// The native requests exactly as they will be sent, secrets masked.
    pub requests: Vec<String>,
    /// The native weights that they give; only those that are written.
    pub native: NativeSplit,
    /// The real shares after rounding.
    pub shares: Shares,
    /// What an operator must know before confirming, one sentence each.
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn native(weights: &[(&str, &str, u32, Admin)]) -> NativeSplit {
        NativeSplit(
            weights
                .iter()
                .map(|(reference, pool, weight, admin)| NativeWeight {
                    reference: (*reference).to_owned(),
                    pool: PoolId::from(*pool),
                    weight: *weight,
                    admin: *admin,
                })
                .collect(),
        )
    }

    #[test]
    fn a_server_in_maintenance_has_no_share() {
        let split = native(&[
            ("b1", "blue", 50, Admin::Ready),
            ("b2", "blue", 50, Admin::Maintenance),
            ("g1", "green", 50, Admin::Ready),
        ]);
        let pools = [PoolId::from("blue"), PoolId::from("green")];
        assert_eq!(split.shares(&pools).to_string(), "50.0 / 50.0");
    }

    #[test]
    fn an_empty_preparation_is_never_held() {
        assert!(!native(&[("b1", "blue", 1, Admin::Ready)]).holds(&NativeSplit::default()));
    }
}
