//! What the profile says about one Service.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::super::place::{self, Place};
use crate::adapter::router::Configured;
use crate::adapter::router::Router;
use crate::domain::{Capabilities, Holds, PoolId, Trouble, Zero};
use crate::setting::{Kind, Table, Wrong, quoted, word};

/// One Service whose selector names a pool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The cluster and the namespace.
    pub place: Place,
    /// The Service's name.
    pub service: String,
    /// Per pool, in the profile's order, the labels that the selector has for it.
    pub pools: Vec<(PoolId, Labels)>,
    /// How long it may take to answer.
    pub timeout: Duration,
}

/// Labels, by key in the order in which they are written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Labels(pub Vec<(String, String)>);

impl Labels {
    /// Reads `key=value`, or several with commas between.
    pub fn parse(text: &str) -> Option<Self> {
        let pairs: Option<Vec<_>> = text
            .split(',')
            .map(|pair| pair.trim().split_once('='))
            .map(|pair| pair.filter(|(key, value)| !key.is_empty() && !value.is_empty() && !value.contains('=')))
            .map(|pair| pair.map(|(key, value)| (key.to_owned(), value.to_owned())))
            .collect();
        let pairs = pairs?;
        let is_twice = |index: usize, key: &str| pairs.iter().take(index).any(|(earlier, _)| earlier == key);
        (!pairs.iter().enumerate().any(|(index, (key, _))| is_twice(index, key))).then_some(Self(pairs))
    }

    /// Their keys, sorted.
    fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.0.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        keys
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = self.0.iter().map(|(key, value)| format!("{key}={value}")).collect();
        f.write_str(&pairs.join(","))
    }
}

impl Config {
    /// Reads the keys of `kind = "service-selector"`.
    pub fn read(table: &mut Table<'_>, pools: &[PoolId], timeout: Duration) -> Option<Self> {
        let place = Place::read(table);
        let service = table.required("service", "The Service's name.", &place::name());
        let names: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
        let doc = "Per pool, the labels that the Service's selector has for it.";
        let found = table.required_each_of("pools", doc, "pool", &names, &labels())?.value;
        let mut fits = true;
        for (index, (_, own)) in found.iter().enumerate() {
            for (earlier, other) in found.iter().take(index) {
                let wrong = if own.value.keys() != other.value.keys() {
                    let what = format!("has other keys than {} of pool {earlier}", quoted(&other.value.to_string()));
                    Wrong::new(what).advice("the same keys with other values: a switch replaces them all")
                } else if own.value.0.iter().all(|pair| other.value.0.contains(pair)) {
                    Wrong::new(format!("is what pool {earlier} has already")).advice("a pod belongs to one pool")
                } else {
                    continue;
                };
                fits = false;
                table.report().refuse(&own.spot, wrong);
            }
        }
        let pools = found.into_iter().map(|(pool, labels)| (PoolId::new(pool), labels.value)).collect();
        let (place, service) = (place?, service?.value);
        fits.then_some(Self { place, service, pools, timeout })
    }
}

fn labels() -> Kind<Labels> {
    const ACCEPTED: &str = "labels: \"key=value\", or several with commas between";
    word(ACCEPTED, "-._/=,", 400).and_then(ACCEPTED, |text| {
        Labels::parse(&text).ok_or_else(|| Wrong::new(format!("cannot be {}", quoted(&text))))
    })
}

impl Configured for Config {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            change_ms: 50,
            back_ms: 50,
            // Every node follows the endpoints by itself; connections that are open stay where they are.
            settle_ms: 5_000,
            least_poll_ms: 1_000,
            holds: Holds::AllOrNothing,
            zero: Zero::TakenOut("the selector names another pool".to_owned()),
            conditional: true,
            ..Capabilities::of("Kubernetes", "Service selector, one guarded patch")
        }
    }

    fn place(&self) -> String {
        format!("{:?} {}", self.place, self.service)
    }

    #[cfg(feature = "kubernetes")]
    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        Ok(Arc::new(super::Selector::new(self.clone())))
    }

    #[cfg(not(feature = "kubernetes"))]
    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        Err(super::super::missing(&format!("Service {} in {}", self.service, self.place.cluster)))
    }
}
