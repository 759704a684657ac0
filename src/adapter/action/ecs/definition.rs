//! Task definitions: one made of another, and what differs between them.

use serde_json::{Value, json};

use super::super::before::{items, text};
use super::super::differ::{self, Names};
use super::super::say;

/// The tag that has the key of the act that registered it.
pub(super) const TAG: &str = "flightdeck:act";

/// What AWS tells of a definition and takes from nobody.
const ITS_OWN: [&str; 8] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
];

/// One task definition, with its tags.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Definition {
    own: Value,
    tags: Vec<Value>,
}

impl Definition {
    /// Of an answer to `DescribeTaskDefinition`; `None` where it is none.
    pub(super) fn read(answer: &Value) -> Option<Self> {
        let own = answer.get("taskDefinition").filter(|own| own["containerDefinitions"].is_array())?.clone();
        text(&own, "/taskDefinitionArn").contains(":task-definition/").then_some(())?;
        Some(Self { own, tags: items(answer, "/tags").cloned().collect() })
    }

    /// Family and revision.
    pub(super) fn name(&self) -> &str {
        short(text(&self.own, "/taskDefinitionArn"))
    }

    /// The key of the act that registered it; empty where none did.
    pub(super) fn key(&self) -> &str {
        self.tags.iter().find(|tag| tag["key"] == TAG).map_or("", |tag| text(tag, "/value"))
    }

    /// When it was registered, in seconds.
    pub(super) fn registered(&self) -> f64 {
        self.own["registeredAt"].as_f64().unwrap_or(0.0)
    }

    /// The request that registers it with another image, under a key.
    ///
    /// # Errors
    /// When it has no such container.
    pub(super) fn with(&self, container: &str, image: &str, key: &str) -> Result<Value, String> {
        let mut coming = self.own.clone();
        let names: Vec<&str> = items(&self.own, "/containerDefinitions").map(|each| text(each, "/name")).collect();
        let Some(index) = names.iter().position(|name| *name == container) else {
            let (name, has) = (self.name(), say::quoted(&names.join(", ")));
            return Err(format!(
                "{name} has no container {container}, it has {has}; correct `container` in the profile"
            ));
        };
        coming["containerDefinitions"][index]["image"] = json!(image);
        if let Some(coming) = coming.as_object_mut() {
            coming.retain(|name, value| !ITS_OWN.contains(&name.as_str()) && !value.is_null());
        }
        // Tags of AWS's own come by themselves.
        let stays = |tag: &&Value| tag["key"] != TAG && !text(tag, "/key").starts_with("aws:");
        let mut tags: Vec<Value> = self.tags.iter().filter(stays).cloned().collect();
        tags.push(json!({ "key": TAG, "value": key }));
        coming["tags"] = json!(tags);
        Ok(coming)
    }

    /// What differs between this one and one that is about to be registered.
    pub(super) fn differences(&self, coming: &Value) -> Vec<String> {
        let mut lines = Vec::new();
        for (now, coming) in items(&self.own, "/containerDefinitions").zip(items(coming, "/containerDefinitions")) {
            let name = say::quoted(text(now, "/name"));
            lines.push(differ::value(&format!("image of {name}"), text(now, "/image"), text(coming, "/image")));
            lines.extend(differ::names(&format!("variables of {name}"), &variables(now), &variables(coming)));
            lines.extend(differ::names(&format!("secrets of {name}"), &secrets(now), &secrets(coming)));
            lines.extend(sizes(&format!(" of {name}"), now, coming));
        }
        lines.extend(sizes(" of the task", &self.own, coming));
        lines
    }
}

/// Family and revision of an ARN.
pub(super) fn short(definition: &str) -> &str {
    definition.rsplit_once(":task-definition/").map_or(definition, |(_, short)| short)
}

fn variables(container: &Value) -> Names {
    let files =
        items(container, "/environmentFiles").map(|file| ("a file".to_owned(), text(file, "/value").to_owned()));
    let named = items(container, "/environment");
    named.map(|each| (text(each, "/name").to_owned(), text(each, "/value").to_owned())).chain(files).collect()
}

fn secrets(container: &Value) -> Names {
    let named = items(container, "/secrets");
    named.map(|each| (text(each, "/name").to_owned(), text(each, "/valueFrom").to_owned())).collect()
}

/// What it is given: numbers in a container, texts in a task.
fn sizes(of: &str, now: &Value, coming: &Value) -> Vec<String> {
    let shown = |whole: &Value, key: &str| match &whole[key] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    ["cpu", "memory", "memoryReservation"]
        .into_iter()
        .map(|key| (key, shown(now, key), shown(coming, key)))
        .filter(|(_, now, coming)| !(now.is_empty() && coming.is_empty()))
        .map(|(key, now, coming)| differ::value(&format!("{key}{of}"), &now, &coming))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition() -> Definition {
        let container = json!({
            "name": "shop", "image": "shop:1", "cpu": 256, "memory": 512,
            "environment": [{ "name": "LEVEL", "value": "hunter2" }],
            "secrets": [{ "name": "PASSWORD", "valueFrom": "arn:of-a-secret" }],
        });
        Definition::read(&json!({
            "taskDefinition": {
                "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:42",
                "family": "shop", "revision": 42, "status": "ACTIVE", "registeredAt": 1.5, "cpu": "512",
                "containerDefinitions": [container, { "name": "proxy", "image": "proxy:1" }],
            },
            "tags": [{ "key": "team", "value": "a" }, { "key": "aws:x", "value": "b" }, { "key": TAG, "value": "fd-1-1" }],
        }))
        .expect("it is one")
    }

    #[test]
    fn one_is_made_of_another_without_what_is_its_own() {
        let before = definition();
        assert_eq!((before.name(), before.key()), ("shop:42", "fd-1-1"));
        let coming = before.with("shop", "shop:2", "fd-1-2").expect("it has the container");
        assert_eq!(coming["containerDefinitions"][0]["image"], "shop:2");
        assert_eq!(coming["containerDefinitions"][0]["environment"][0]["value"], "hunter2", "what it needs goes on");
        assert_eq!(coming["tags"], json!([{ "key": "team", "value": "a" }, { "key": TAG, "value": "fd-1-2" }]));
        assert!(coming.get("revision").is_none() && coming.get("taskDefinitionArn").is_none());
        assert!(before.with("shpo", "shop:2", "fd-1-2").is_err_and(|why| why.contains("shop, proxy")));
    }

    #[test]
    fn what_differs_is_told_by_name_and_never_by_value() {
        let before = definition();
        let coming = before.with("shop", "shop:2", "fd-1-2").expect("it has the container");
        assert_eq!(
            before.differences(&coming),
            [
                "image of shop: shop:1 → shop:2",
                "variables of shop: LEVEL, the same",
                "secrets of shop: PASSWORD, the same",
                "cpu of shop: 256, the same",
                "memory of shop: 512, the same",
                "image of proxy: proxy:1, the same",
                "cpu of the task: 512, the same",
            ]
        );
    }
}
