//! The dynamic configuration in which weights are edited: JSON, which Traefik reads from YAML files too.

use std::collections::BTreeSet;

use serde::Deserialize as _;
use serde_json::Value;

use super::Config;
use super::api::Child;
use crate::domain::NativeSplit;

/// A document that holds the weighted service.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Document(Value);

impl Document {
    /// Reads a document, and sees that it holds what the profile names.
    pub(super) fn of(text: &str, config: &Config) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
        let mut document = Self(value);
        for (_, child) in &config.pools {
            if document.child(config, child).is_none() {
                return Err(format!("it has no `{child}` under http.services.{}.weighted.services", config.service));
            }
        }
        Ok(document)
    }

    /// The services of the weighted one, as far as they can be understood.
    pub(super) fn children(&self, config: &Config) -> Vec<Child> {
        let list = self.0.pointer(&pointer(config)).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(|child| Child::deserialize(child).ok()).collect()
    }

    /// The same with these weights.
    pub(super) fn with(mut self, config: &Config, native: &NativeSplit) -> Self {
        for (_, name) in &config.pools {
            let reference = config.reference(name);
            let weight = native.0.iter().find(|each| each.reference == reference).map(|each| each.weight);
            if let (Some(weight), Some(child)) = (weight, self.child(config, name).and_then(Value::as_object_mut)) {
                child.insert("weight".to_owned(), weight.into());
            }
        }
        self
    }

    /// As it is written.
    pub(super) fn text(&self) -> String {
        format!("{:#}\n", self.0)
    }

    /// As it is sent.
    pub(super) fn value(&self) -> &Value {
        &self.0
    }

    /// What it holds, each as `sort name`, in the words of Traefik's `/api/rawdata`.
    pub(super) fn everything(&self) -> BTreeSet<String> {
        let sorts = ["http", "tcp", "udp"].into_iter().flat_map(|part| {
            let parts = self.0.get(part).and_then(Value::as_object);
            parts.into_iter().flatten().map(move |(sort, things)| (part, sort, things))
        });
        sorts
            .flat_map(|(part, sort, things)| {
                let sort = if part == "http" { sort.clone() } else { part.to_owned() + &capital(sort) };
                things.as_object().into_iter().flatten().map(move |(name, _)| format!("{sort} {name}"))
            })
            .collect()
    }

    fn child(&mut self, config: &Config, name: &str) -> Option<&mut Value> {
        let list = self.0.pointer_mut(&pointer(config))?.as_array_mut()?;
        list.iter_mut()
            .find(|child| child.get("name").and_then(Value::as_str).is_some_and(|each| is_same(config, each, name)))
    }
}

/// Where the children are. Names hold neither `/` nor `~`.
fn pointer(config: &Config) -> String {
    format!("/http/services/{}/weighted/services", config.service)
}

/// Whether two names are of one service: the provider's own may be left out.
pub(super) fn is_same(config: &Config, one: &str, other: &str) -> bool {
    config.full_child(one) == config.full_child(other)
}

/// `routers` as in `tcpRouters`.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}
