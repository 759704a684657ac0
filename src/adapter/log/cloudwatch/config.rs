//! What the profile says about a log group.

use std::time::Duration;

use super::super::keys::timeout;
use super::super::poll::Pace;
use crate::adapter::aws::{Chain, regional};
use crate::adapter::http::{Endpoint, endpoint};
use crate::setting::{Table, Wrong, quoted, text, word};

/// Five requests a second are an account's in a region, with all its tools together; lines are found after some seconds.
const PACE: Pace =
    Pace { every: Duration::from_secs(10), lag: Duration::from_secs(30), since: Duration::from_mins(15) };

/// One log group.
#[derive(Clone, Debug)]
pub struct Config {
    /// The region.
    pub region: String,
    /// Where the interface is.
    pub at: Endpoint,
    /// The group's name.
    pub group: String,
    /// What the names of its streams begin with.
    pub streams: Option<String>,
    /// A filter pattern in AWS's own syntax; every line where there is none.
    pub pattern: Option<String>,
    /// Whose credentials.
    pub chain: Chain,
    /// How long one answer may take.
    pub timeout: Duration,
    /// How often it is asked.
    pub pace: Pace,
}

impl Config {
    /// Reads the keys of `kind = "cloudwatch-logs"`.
    pub fn read(table: &mut Table<'_>) -> Option<Self> {
        let region = word("the name of a region, such as \"eu-west-1\"", "-", 30);
        let region = table.required("region", "The region of the log group.", &region);
        let doc = "Where the interface is, for a VPC endpoint; else the region's own.";
        let at = table.optional("at", doc, &endpoint());
        let accepted = "the name of a log group";
        let group = table.required("group", "The log group.", &word(accepted, "-_/.#", 512));
        let doc = "What the names of its streams begin with. Default: all of them.";
        let streams = table.optional("streams", doc, &text());
        let doc = "Which lines, as a filter pattern of AWS: { $.level = \"ERROR\" }. Default: all.";
        let pattern = table.optional("pattern", doc, &text());
        let chain = Chain::read(table);
        let timeout = timeout(table);
        let pace = Pace::read(table, PACE);
        if let Some(at) = at.as_ref().filter(|at| at.is_unix()) {
            let wrong = Wrong::new("is a unix socket").advice("requests are signed for a host: name one");
            table.report().refuse(&at.spot, wrong);
            return None;
        }
        let region = region?;
        let own = regional("logs", &region);
        if own.is_none() && at.is_none() {
            let wrong = Wrong::new(format!("{} has addresses that are not known here", quoted(&region)));
            table.report().refuse(&region.spot, wrong.advice("name the address of its interface as `at`"));
        }
        Some(Self {
            at: at.map(|at| at.value).or(own)?,
            region: region.value,
            group: group?.value,
            streams: streams.map(|streams| streams.value),
            pattern: pattern.map(|pattern| pattern.value),
            chain,
            timeout,
            pace,
        })
    }
}
