//! `[[router]]`: what is common to all kinds, and the list of kinds.

use std::time::Duration;

use crate::adapter::router::{demo, haproxy};
use crate::domain::procedure::RouterSpec;
use crate::domain::{Capabilities, PoolId, RouterId};
use crate::setting::{Found, Table, Variant, Wrong, duration, name, quoted};

/// The configuration of one router, by kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RouterConfig {
    /// HAProxy's Runtime API.
    Haproxy(haproxy::Config),
    /// A router of the built-in world.
    Demo(demo::Config),
}

/// Kinds that a later version will know.
const NOT_YET: [&str; 12] = [
    "octopus",
    "envoy",
    "caddy",
    "nginx",
    "traefik",
    "alb",
    "gateway-api",
    "httproute",
    "istio",
    "kubernetes",
    "azure",
    "argo-rollouts",
];

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
        let poll = own_poll.map_or(poll, |poll| poll.value);
        let timeout = own_timeout.map_or(timeout, |timeout| timeout.value);
        let kinds = [
            Variant {
                name: "haproxy",
                doc: "HAProxy's Runtime API over a unix socket or TCP.",
                read: &|router: &mut Table<'_>| {
                    haproxy::Config::read(router, pools, timeout).map(RouterConfig::Haproxy)
                },
            },
            Variant {
                name: "demo",
                doc: "A router of the built-in world.",
                read: &|router: &mut Table<'_>| demo::Config::read(router, pools, timeout).map(RouterConfig::Demo),
            },
        ];
        let (kind, config) = router.kinds("kind", "Which system it is.", &kinds, &NOT_YET)?;
        let (id, config) = (RouterId::new(id?.value), config?);
        let at = router.spot_if_written("at").unwrap_or_else(|| router.spot().clone());
        let spec = RouterSpec { id, kind: kind.to_owned(), capabilities: config.capabilities(), poll };
        Some((at, spec, config))
    });
    for (at, spec, config) in read {
        if let Some((other, _)) = routers.iter().find(|(_, other)| other.same_place(&config)) {
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

impl RouterConfig {
    fn capabilities(&self) -> Capabilities {
        match self {
            Self::Haproxy(_) => haproxy::Config::capabilities(),
            Self::Demo(_) => demo::Config::capabilities(),
        }
    }

    /// Whether a change of one would be a change of the other.
    fn same_place(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Haproxy(one), Self::Haproxy(other)) => one.address == other.address && one.shape == other.shape,
            (Self::Demo(one), Self::Demo(other)) => one.at == other.at,
            (Self::Haproxy(_), Self::Demo(_)) | (Self::Demo(_), Self::Haproxy(_)) => false,
        }
    }
}
