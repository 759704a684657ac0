//! `[[router]]`: what is common to all kinds, and the list of kinds.

use std::sync::Arc;
use std::time::Duration;

use super::source::needs_feature;
use crate::adapter::router::{Configured, KINDS};
use crate::domain::procedure::RouterSpec;
use crate::domain::{PoolId, RouterId};
use crate::setting::{Found, Table, Variant, Wrong, duration, name, quoted};

/// The configuration of one router, of whatever kind.
#[derive(Clone, Debug)]
pub struct RouterConfig {
    /// What its kind says.
    pub configured: Arc<dyn Configured>,
    /// How long it may take to answer.
    pub timeout: Duration,
}

/// Reads all routers. `poll` and `timeout` hold where a router says nothing else; `names` gets every name that is written.
pub(super) fn read(
    table: &mut Table<'_>,
    pools: &[PoolId],
    poll: Duration,
    timeout: Duration,
    names: &mut Vec<Found<String>>,
) -> Vec<(RouterSpec, RouterConfig)> {
    let doc = "The routers that hold the weights; none where a plan moves no traffic.";
    let mut routers: Vec<(RouterSpec, RouterConfig)> = Vec::new();
    let read = table.tables("router", doc, |router| {
        let id = router.required("name", "The router's name.", &name());
        if let Some(id) = &id {
            unique(router, names, id, "router");
        }
        let own_poll =
            router.optional("poll", "How often it is read when nothing happens; else timing.poll.", &polls());
        let doc = "How long it may take to answer; else timing.router_timeout.";
        let own_timeout = router.optional("timeout", doc, &timeouts());
        let timeout = own_timeout.map_or(timeout, |timeout| timeout.value);
        let readers: Vec<_> =
            KINDS.iter().map(|kind| move |router: &mut Table<'_>| (kind.read)(router, pools, timeout)).collect();
        let variants: Vec<Variant<'_, '_, Option<Arc<dyn Configured>>>> = KINDS
            .iter()
            .zip(&readers)
            .map(|(kind, reader)| Variant { name: kind.name, doc: kind.doc, read: reader })
            .collect();
        let (kind, config) = router.kinds("kind", "Which system it is.", &variants, None)?;
        let feature = KINDS.iter().find(|each| each.name == kind).and_then(|each| each.feature);
        needs_feature(router, "router", kind, feature);
        let (id, configured) = (RouterId::new(id?.value), config?);
        let at = router.spot_if_written("at").unwrap_or_else(|| router.spot().clone());
        let capabilities = configured.capabilities();
        let least = Duration::from_millis(capabilities.least_poll_ms);
        let poll = own_poll.map_or_else(|| poll.max(least), |poll| poll.value.max(least));
        let spec = RouterSpec { id, kind: kind.to_owned(), capabilities, poll, timeout };
        Some((at, spec, RouterConfig { configured, timeout }))
    });
    for (at, spec, config) in read {
        let same = |(other, of): &&(RouterSpec, RouterConfig)| {
            other.kind == spec.kind && of.configured.place() == config.configured.place()
        };
        if let Some((other, _)) = routers.iter().find(same) {
            let what = format!("router {} steers the same place", quoted(other.id.as_str()));
            table.report().refuse(&at, Wrong::new(what).advice("name each router once"));
        }
        routers.push((spec, config));
    }
    routers
}

/// Says so when a name is used a second time.
pub(super) fn unique(table: &Table<'_>, names: &mut Vec<Found<String>>, name: &Found<String>, noun: &str) {
    if names.iter().any(|earlier| earlier.value == name.value) {
        let wrong = Wrong::new(format!("{} is another {noun}'s name already", quoted(name)));
        table.report().refuse(&name.spot, wrong.advice("give each its own"));
    }
    names.push(name.clone());
}

/// How often a router may be read.
pub(super) fn polls() -> crate::setting::Kind<Duration> {
    duration(Duration::from_millis(100), Duration::from_mins(1))
}

/// How long a router may take.
pub(super) fn timeouts() -> crate::setting::Kind<Duration> {
    duration(Duration::from_millis(50), Duration::from_mins(1))
}
