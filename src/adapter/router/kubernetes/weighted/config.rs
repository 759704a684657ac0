//! What the profile says about one object with weights.

use std::sync::Arc;
use std::time::Duration;

use super::super::place::{self, Place};
use super::{httproute, istio, traefik};
use crate::adapter::router::Configured;
use crate::adapter::router::Router;
use crate::domain::{Capabilities, PoolId, Trouble};
use crate::setting::{Kind, Table, Which, which, word};

/// One object with weights.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Which kind it is.
    pub sort: Sort,
    /// The cluster and the namespace.
    pub place: Place,
    /// The object's name.
    pub name: String,
    /// The rule or route of it that holds the weights; else the only one that names every pool.
    pub rule: Option<Which>,
    /// Per pool, in the profile's order, the destination that stands for it.
    pub pools: Vec<(PoolId, String)>,
    /// How long it may take to answer.
    pub timeout: Duration,
}

/// The kinds of object that hold a list of weights.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// `HTTPRoute` of the Gateway API.
    HttpRoute,
    /// `VirtualService` of Istio.
    VirtualService,
    /// `TraefikService` of Traefik.
    TraefikService,
}

impl Config {
    /// Reads the keys of `kind = "httproute"`, `"istio"` or `"traefik-service"`.
    pub fn read(sort: Sort, table: &mut Table<'_>, pools: &[PoolId], timeout: Duration) -> Option<Self> {
        let place = Place::read(table);
        let (key, doc) = match sort {
            Sort::HttpRoute => ("httproute", "The HTTPRoute's name."),
            Sort::VirtualService => ("virtualservice", "The VirtualService's name."),
            Sort::TraefikService => ("traefikservice", "The TraefikService's name."),
        };
        let name = table.required(key, doc, &place::name());
        let rule = match sort {
            Sort::HttpRoute => {
                let doc = "Which of its rules, by name or by place from 0; else the only one that names every pool.";
                table.optional("rule", doc, &which())
            }
            Sort::VirtualService => {
                let doc =
                    "Which of its http routes, by name or by place from 0; else the only one that names every pool.";
                table.optional("route", doc, &which())
            }
            Sort::TraefikService => None,
        };
        let doc = match sort {
            Sort::HttpRoute => "Per pool, the name of its backendRef.",
            Sort::VirtualService => "Per pool, its destination: the host, or host/subset.",
            Sort::TraefikService => "Per pool, the name of its service in spec.weighted.",
        };
        let pools = place::pools(table, pools, doc, &destination(sort));
        let rule = rule.map(|rule| rule.value);
        Some(Self { sort, place: place?, name: name?.value, rule, pools: pools?, timeout })
    }
}

fn destination(sort: Sort) -> Kind<String> {
    match sort {
        Sort::VirtualService => word("a host, or host/subset", "-./_*", 400),
        Sort::HttpRoute | Sort::TraefikService => {
            word("the name of a service, or of what else it sends to", "-.@_", 253)
        }
    }
}

impl Configured for Config {
    fn capabilities(&self) -> Capabilities {
        match self.sort {
            Sort::HttpRoute => httproute::capabilities(),
            Sort::VirtualService => istio::capabilities(),
            Sort::TraefikService => traefik::capabilities(),
        }
    }

    fn place(&self) -> String {
        format!("{:?} {} {:?}", self.place, self.name, self.rule)
    }

    #[cfg(feature = "kubernetes")]
    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        Ok(Arc::new(super::Weighted::new(self.clone())))
    }

    #[cfg(not(feature = "kubernetes"))]
    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        Err(super::super::missing(&format!("{} in {}", self.name, self.place.cluster)))
    }
}
