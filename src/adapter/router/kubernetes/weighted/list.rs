//! Which list of an object the profile means, and how its parts are called.
//!
//! A weight's reference is its place and the destination's name: `spec.rules[0].backendRefs[1] app-green`. It is enough to
//! patch it without a reading, and the name is tested in the patch.

use serde_json::{Value, json};

use super::super::misfit;
use super::config::{Config, Sort};
use super::{httproute, istio, traefik};
use crate::adapter::router::kubernetes::object::Object;
use crate::domain::{PoolId, Trouble};
use crate::setting::Which;

/// A list of destinations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct List {
    /// `spec.rules[0].backendRefs`
    pub(super) place: String,
    /// The name of its rule.
    pub(super) name: Option<String>,
    /// Its destinations.
    pub(super) items: Vec<Item>,
}

/// One destination.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Item {
    pub(super) name: String,
    /// As written; below zero it means nothing.
    pub(super) weight: i64,
    /// The Service of this namespace behind it, where it is one.
    pub(super) service: Option<String>,
}

impl Sort {
    /// The object of this name.
    pub(super) fn object(self, name: &str) -> Object {
        let (group, version, resource) = match self {
            Self::HttpRoute => ("gateway.networking.k8s.io", "v1", "httproutes"),
            Self::VirtualService => ("networking.istio.io", "v1", "virtualservices"),
            Self::TraefikService => ("traefik.io", "v1alpha1", "traefikservices"),
        };
        Object { group, version, resource, subresource: "", name: name.to_owned() }
    }

    /// All lists of an object.
    fn lists(self, object: &Value, namespace: &str) -> Vec<List> {
        match self {
            Self::HttpRoute => httproute::lists(object),
            Self::VirtualService => istio::lists(object, namespace),
            Self::TraefikService => traefik::lists(object),
        }
    }

    /// What one of its lists belongs to.
    fn noun(self) -> &'static str {
        match self {
            Self::HttpRoute => "rule",
            Self::VirtualService => "http route",
            Self::TraefikService => "weighted service",
        }
    }

    /// The Service behind a destination, as its name alone tells.
    pub(super) fn service(self, name: &str, namespace: &str) -> Option<String> {
        match self {
            Self::HttpRoute | Self::TraefikService => Some(name.to_owned()),
            Self::VirtualService if name.contains('/') => None,
            Self::VirtualService => istio::service(name, namespace),
        }
    }

    /// The place of a weight as JSON Patch names it, if it can be one of this kind.
    pub(super) fn pointer(self, place: &str) -> Option<String> {
        let (before, between, after) = match self {
            Self::HttpRoute => ("spec.rules[", "].backendRefs[", "]"),
            Self::VirtualService => ("spec.http[", "].route[", "]"),
            Self::TraefikService => ("spec.weighted.services[", "", "]"),
        };
        let inner = place.strip_prefix(before)?.strip_suffix(after)?;
        let digits = |text: &str| !text.is_empty() && text.len() < 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        let fits = match between {
            "" => digits(inner),
            between => inner.split_once(between).is_some_and(|(list, item)| digits(list) && digits(item)),
        };
        fits.then(|| format!("/{}", place.replace("].", "/").replace(['.', '['], "/").replace(']', "")))
    }

    /// What must stand at a place for its weight to be the one that is meant.
    pub(super) fn tests(self, pointer: &str, name: &str) -> Vec<Value> {
        let test = |key: &str, value: &str| json!({ "op": "test", "path": format!("{pointer}/{key}"), "value": value });
        match (self, name.split_once('/')) {
            (Self::HttpRoute | Self::TraefikService, _) => vec![test("name", name)],
            (Self::VirtualService, None) => vec![test("destination/host", name)],
            (Self::VirtualService, Some((host, subset))) => {
                vec![test("destination/host", host), test("destination/subset", subset)]
            }
        }
    }
}

/// The list that the profile means, and what must be known of the others.
pub(super) fn find(config: &Config, what: &str, object: &Value) -> Result<(List, Vec<String>), Trouble> {
    let noun = config.sort.noun();
    let lists = config.sort.lists(object, &config.place.namespace);
    let named =
        |list: &List| list.name.as_ref().map_or_else(|| list.place.clone(), |name| format!("{} ({name})", list.place));
    let holds = |list: &List, pool: &(PoolId, String)| list.items.iter().any(|item| item.name == pool.1);
    let found: Vec<&List> = match &config.rule {
        Some(Which::Place(place)) => lists.get(*place).into_iter().collect(),
        Some(Which::Named(name)) => lists.iter().filter(|list| list.name.as_ref() == Some(name)).collect(),
        None => lists.iter().filter(|list| config.pools.iter().all(|pool| holds(list, pool))).collect(),
    };
    let list = match found.as_slice() {
        [list] => (*list).clone(),
        [] => {
            let wanted = match &config.rule {
                Some(Which::Place(place)) => format!("it has no {noun} {place}"),
                Some(Which::Named(name)) => format!("it has no {noun} called {name}"),
                None => {
                    format!("no {noun} of it sends to {}", listed(config.pools.iter().map(|(_, name)| name.as_str())))
                }
            };
            let there: Vec<String> = lists
                .iter()
                .map(|list| {
                    format!("{} sends to {}", named(list), listed(list.items.iter().map(|item| item.name.as_str())))
                })
                .collect();
            let there = if there.is_empty() { "it has none".to_owned() } else { there.join("; ") };
            return Err(misfit(what, format!("{wanted}; {there}"), "correct the names in the profile"));
        }
        several => {
            let places: Vec<String> = several.iter().map(|list| named(list)).collect();
            let why = format!("more than one {noun} fits: {}", places.join(", "));
            let advice = "say which one is meant: by `rule` in an HTTPRoute, by `route` in a VirtualService";
            return Err(misfit(what, why, advice));
        }
    };
    for (pool, name) in &config.pools {
        let why = match list.items.iter().filter(|item| item.name == *name).count() {
            1 => continue,
            0 => format!(
                "{} does not send to {name} ({pool}); it sends to {}",
                named(&list),
                listed(list.items.iter().map(|item| item.name.as_str()))
            ),
            many => format!(
                "{} sends to {name} ({pool}) in {many} places, and which of the weights counts is not said",
                named(&list)
            ),
        };
        return Err(misfit(what, why, "correct the names in the profile, or the object"));
    }
    let mut warnings = Vec::new();
    let is_ours = |item: &Item| config.pools.iter().any(|(_, name)| *name == item.name);
    for item in list.items.iter().filter(|item| !is_ours(item) && item.weight > 0) {
        warnings.push(format!(
            "{} has weight {} in {} and is no pool's: shares are of the pools among themselves",
            item.name, item.weight, list.place
        ));
    }
    for other in lists.iter().filter(|other| other.place != list.place && other.items.iter().any(is_ours)) {
        warnings.push(format!(
            "{} sends to these pools too, by weights of its own that are not steered here",
            named(other)
        ));
    }
    Ok((list, warnings))
}

/// Some names, for people.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const MOST: usize = 6;
    let all: Vec<&str> = names.collect();
    match all.len() {
        0 => "nothing".to_owned(),
        count if count > MOST => {
            format!("{} and {} more", all.get(..MOST).unwrap_or_default().join(", "), count - MOST)
        }
        _ => all.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::Sort;

    #[test]
    fn a_place_is_a_pointer_of_its_kind_and_of_no_other() {
        let pointer = |sort: Sort, place: &str| sort.pointer(place);
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(pointer(Sort::HttpRoute, "spec.rules[0].backendRefs[12]"), is("/spec/rules/0/backendRefs/12"));
        assert_eq!(pointer(Sort::VirtualService, "spec.http[3].route[1]"), is("/spec/http/3/route/1"));
        assert_eq!(pointer(Sort::TraefikService, "spec.weighted.services[1]"), is("/spec/weighted/services/1"));
        for wrong in
            ["spec.rules[].backendRefs[1]", "spec.rules[a].backendRefs[1]", "spec.http[3].route[1]", "metadata"]
        {
            assert_eq!(pointer(Sort::HttpRoute, wrong), None, "{wrong}");
        }
    }
}
