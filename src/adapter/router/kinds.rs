//! Every kind of router that a profile can name: the one place that lists them.
//!
//! To add one: a folder beside this file with a configuration that is [`Configured`], a router that keeps
//! the contract of [`super`], and a line here. A kind whose crates are behind a feature is listed all the same, so that the
//! schema and every message know it, and a profile that names it is told the feature and the command.

use std::sync::Arc;
use std::time::Duration;

use super::kubernetes::{FEATURE as KUBERNETES, rollout, selector, weighted};
use super::{
    Configured, alb, caddy, command, consul, demo, envoy, haproxy, nginx, octopus, rest, traefik, traffic_manager,
};
use crate::domain::PoolId;
use crate::setting::Table;

/// One kind of router.
pub struct RouterKind {
    /// As the profile names it.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub doc: &'static str,
    /// The feature that its crates are behind, and whether this build has it; `None` where every build can.
    pub feature: Option<(&'static str, bool)>,
    /// Reads its keys, for these pools and this time-out; `None` when something was wrong with them.
    pub read: Read,
}

/// Reads the keys of one kind.
type Read = fn(&mut Table<'_>, &[PoolId], Duration) -> Option<Arc<dyn Configured>>;

/// All kinds, in the order in which messages name them.
pub const KINDS: &[RouterKind] = &[
    RouterKind {
        name: "haproxy",
        doc: "HAProxy's Runtime API over a unix socket, TCP or ssh.",
        feature: None,
        read: |table, pools, timeout| configured(haproxy::Config::read(table, pools, timeout)),
    },
    RouterKind {
        name: "octopus",
        doc: "The variables of an Octopus Deploy routing project.",
        feature: None,
        read: |table, pools, timeout| configured(octopus::Config::read(table, pools, timeout)),
    },
    RouterKind {
        name: "traffic-manager",
        doc: "The endpoints of an Azure Traffic Manager profile.",
        feature: None,
        read: |table, pools, timeout| configured(traffic_manager::Config::read(table, pools, timeout)),
    },
    RouterKind {
        name: "consul",
        doc: "A service-splitter of Consul's, over its HTTP API.",
        feature: None,
        read: |table, pools, timeout| configured(consul::Config::read(table, pools, timeout)),
    },
    RouterKind {
        name: "nginx",
        doc: "nginx's weights in a file of our own, reloaded and verified.",
        feature: None,
        read: |table, pools, timeout| configured(nginx::Config::read(table, pools, timeout)),
    },
    RouterKind {
        name: "traefik",
        doc: "A weighted service of Traefik's file or REST provider.",
        feature: None,
        read: |table, pools, timeout| configured(traefik::Config::read(table, pools, timeout)),
    },
    RouterKind {
        name: "alb",
        doc: "The weights of target groups in a rule or a listener of an AWS application load balancer.",
        feature: Some(("aws", cfg!(feature = "aws"))),
        read: |table, pools, timeout| configured(alb::Config::read(table, pools, timeout)),
    },
    RouterKind {
        name: "envoy",
        doc: "Envoy's runtime keys of weighted clusters, over its admin interface.",
        feature: None,
        read: |table, pools, timeout| configured(envoy::Config::read(table, pools, timeout)),
    },
    RouterKind {
        name: "caddy",
        doc: "Caddy's weighted_round_robin, over its admin interface.",
        feature: None,
        read: |table, pools, timeout| configured(caddy::Config::read(table, pools, timeout)),
    },
    RouterKind {
        name: "http",
        doc: "Any HTTP interface: requests, and where in a JSON answer the weights stand.",
        feature: None,
        read: |table, pools, timeout| configured(rest::Config::read(table, pools, timeout)),
    },
    RouterKind {
        name: "command",
        doc: "Any router that two scripts can steer: one prints the weights as JSON, one sets them.",
        feature: None,
        read: |table, pools, timeout| configured(command::Config::read(table, pools, timeout)),
    },
    RouterKind {
        name: "httproute",
        doc: "An HTTPRoute of the Kubernetes Gateway API.",
        feature: KUBERNETES,
        read: |table, pools, timeout| {
            configured(weighted::Config::read(weighted::Sort::HttpRoute, table, pools, timeout))
        },
    },
    RouterKind {
        name: "istio",
        doc: "A VirtualService of Istio.",
        feature: KUBERNETES,
        read: |table, pools, timeout| {
            configured(weighted::Config::read(weighted::Sort::VirtualService, table, pools, timeout))
        },
    },
    RouterKind {
        name: "traefik-service",
        doc: "A TraefikService of Traefik in Kubernetes.",
        feature: KUBERNETES,
        read: |table, pools, timeout| {
            configured(weighted::Config::read(weighted::Sort::TraefikService, table, pools, timeout))
        },
    },
    RouterKind {
        name: "argo-rollouts",
        doc: "A Rollout of Argo Rollouts, which goes by its own steps.",
        feature: KUBERNETES,
        read: |table, pools, timeout| configured(rollout::Config::read(table, pools, timeout)),
    },
    RouterKind {
        name: "service-selector",
        doc: "A Kubernetes Service whose selector names one pool: all or nothing.",
        feature: KUBERNETES,
        read: |table, pools, timeout| configured(selector::Config::read(table, pools, timeout)),
    },
    RouterKind {
        name: "demo",
        doc: "A router of the built-in world.",
        feature: None,
        read: |table, pools, timeout| configured(demo::Config::read(table, pools, timeout)),
    },
];

fn configured(config: Option<impl Configured>) -> Option<Arc<dyn Configured>> {
    config.map(|config| Arc::new(config) as Arc<dyn Configured>)
}
