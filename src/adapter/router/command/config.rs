//! What the profile says about one pair of scripts.

use std::sync::Arc;
use std::time::Duration;

use super::super::scale::Scale;
use super::super::{Configured, Router};
use super::CommandRouter;
use crate::domain::{Capabilities, PoolId, Proof, Trouble};
use crate::setting::{Table, Wrong, choice, command, count, duration, flag, quoted, text};

/// The most that one weight can be.
const MOST: usize = 1_000_000_000;

/// The commands that read and set the weights.
#[expect(clippy::struct_excessive_bools, reason = "each is an independent fact about the scripts")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Prints the weights.
    pub read: Vec<String>,
    /// Says whether a change can be made, and makes none.
    pub prepare: Option<Vec<String>>,
    /// Makes a change.
    pub set: Vec<String>,
    /// Per pool, in the profile's order, what the system calls what carries its weight.
    pub pools: Vec<(PoolId, String)>,
    /// The least and the most weight of a pool.
    pub range: (u32, u32),
    /// What all weights add up to, where the system insists.
    pub sum: Option<u32>,
    /// Whether `set` itself compares what it finds with what was expected, in one step with the change.
    pub conditional: bool,
    /// Whether all weights of a change come true at one moment.
    pub atomic: bool,
    /// Whether `read` tells requests in flight.
    pub counts_in_flight: bool,
    /// Whether `read` tells requests.
    pub counts_requests: bool,
    /// How long an accepted change takes until it reads back.
    pub takes: Duration,
    /// How long traffic follows the old weights after that.
    pub settle: Duration,
    /// How long a command may run.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "command"`.
    pub fn read(table: &mut Table<'_>, pools: &[PoolId], timeout: Duration) -> Option<Self> {
        let names: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
        let doc = "The command that prints the weights as JSON, as program and arguments; no shell.";
        let read = table.required("read", doc, &command());
        let doc = "The command that says whether a change can be made, and makes none; run directly before `set`.";
        let prepare = table.optional("prepare", doc, &command());
        let doc = "The command that sets the weights, which it is given as JSON on its input.";
        let set = table.required("set", doc, &command());
        let doc = "Per pool, what the system calls what carries its weight; else the pool's name.";
        let has_places = table.has("pools");
        let places = table.each_of("pools", doc, "pool", &names, &text());
        let doc = "The least and the most weight of a pool: [0, 100] where nothing is said.";
        let accepted = "two whole numbers that grow, such as [0, 100]";
        let range = count(0, MOST).list(accepted).and_then(accepted, |found| match found.as_slice() {
            [least, most] if least.value < most.value => Ok((whole(least.value), whole(most.value))),
            _ => Err(Wrong::new("is no range")),
        });
        let range = table.optional("range", doc, &range).map_or((0, 100), |range| range.value);
        let doc = "What the weights of all pools add up to, where the system insists.";
        let sum = table.optional("sum", doc, &count(1, MOST));
        let doc =
            "Whether `set` compares for itself what it finds with what was expected, and ends with 9 when it moved.";
        let conditional = table.optional("conditional", doc, &flag()).is_some_and(|found| found.value);
        let doc = "Whether all weights of a change come true at one moment; else true.";
        let atomic = table.optional("atomic", doc, &flag()).is_none_or(|found| found.value);
        let doc = "What `read` counts: requests, in_flight.";
        let counted = choice(&[("requests", true), ("in_flight", false)], &[]).list("a list of requests, in_flight");
        let counts = table.optional("counts", doc, &counted).map(|found| found.value).unwrap_or_default();
        let span = || duration(Duration::from_millis(1), Duration::from_hours(1));
        let doc = "How long an accepted change may take until it reads back.";
        let takes = table.optional("takes", doc, &span()).map_or(Duration::ZERO, |takes| takes.value);
        let doc = "How long traffic still follows the old weights after that.";
        let settle = table.optional("settle", doc, &span()).map_or(Duration::ZERO, |settle| settle.value);
        if let Some(sum) = sum.as_ref().filter(|sum| whole(sum.value) > range.1) {
            let wrong = Wrong::new(format!("is more than {}, the most of one pool", range.1));
            table.report().refuse(&sum.spot, wrong.advice("one pool has it all when the others have nothing"));
            return None;
        }
        let pools = match places {
            None if has_places => return None,
            None => pools.iter().map(|pool| (pool.clone(), pool.to_string())).collect(),
            Some(places) => {
                for (index, (_, place)) in places.value.iter().enumerate() {
                    let mut earlier = places.value.iter().take(index);
                    if let Some((other, _)) = earlier.find(|(_, other)| other.value == place.value) {
                        let what = format!("{} is what pool {other} is called already", quoted(&place.value));
                        table.report().refuse(&place.spot, Wrong::new(what).advice("give each pool a name of its own"));
                        return None;
                    }
                }
                places.value.into_iter().map(|(pool, place)| (PoolId::new(pool), place.value)).collect()
            }
        };
        Some(Self {
            read: read?.value,
            prepare: prepare.map(|prepare| prepare.value),
            set: set?.value,
            pools,
            range,
            sum: sum.map(|sum| whole(sum.value)),
            conditional,
            atomic,
            counts_in_flight: counts.iter().any(|each| !each.value),
            counts_requests: counts.iter().any(|each| each.value),
            takes,
            settle,
            timeout,
        })
    }

    /// The numbers that it takes.
    pub(super) fn scale(&self) -> Scale {
        Scale { least: self.range.0, most: self.range.1, sum: self.sum }
    }
}

impl Configured for Config {
    fn capabilities(&self) -> Capabilities {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let takes = millis(self.takes).max(100);
        Capabilities {
            change_ms: takes,
            back_ms: takes,
            read_back_ms: millis(self.takes),
            settle_ms: millis(self.settle),
            holds: self.scale().holds(),
            zero: self.scale().zero(),
            atomic: self.atomic,
            conditional: self.conditional,
            proof: if self.counts_requests { Proof::Observed } else { Proof::ReadBack },
            counts_in_flight: self.counts_in_flight,
            counts_requests: self.counts_requests,
            ..Capabilities::of("command", self.set.first().map_or("", String::as_str))
        }
    }

    fn place(&self) -> String {
        format!("{:?}", self.set)
    }

    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        Ok(Arc::new(CommandRouter::new(self.clone())))
    }
}

fn whole(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
