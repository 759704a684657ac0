//! What a group says of itself.

use serde_json::Value;

use super::super::say;
use super::body::{TAG, containers};
use crate::domain::action::ActionState;

/// A group, as it was read.
pub(super) struct Seen(pub(super) Value);

impl Seen {
    /// Whether this is a container group.
    pub(super) fn is_group(&self) -> bool {
        self.0["properties"]["containers"].is_array()
    }

    /// Whether an act made it.
    pub(super) fn has_key(&self, key: &str) -> bool {
        self.0["tags"][TAG] == key
    }

    /// `Running`, `Stopped`, …
    pub(super) fn state(&self) -> &str {
        self.0.pointer("/properties/instanceView/state").and_then(Value::as_str).unwrap_or_default()
    }

    /// `Succeeded`, `Failed`, or what Azure does with it.
    pub(super) fn provisioning(&self) -> &str {
        self.0.pointer("/properties/provisioningState").and_then(Value::as_str).unwrap_or_default()
    }

    /// Its state, for people.
    pub(super) fn words(&self) -> String {
        say::quoted(if self.state().is_empty() { self.provisioning() } else { self.state() })
    }

    /// Its containers that do not run: name, and what they do.
    fn idle(&self) -> Vec<String> {
        let idle = containers(&self.0).filter_map(|(name, own)| {
            let now = &own["instanceView"]["currentState"];
            let state = now["state"].as_str().unwrap_or_default();
            let is_well = matches!(state, "Running" | "") || state == "Terminated" && now["exitCode"] == 0;
            let detail = now["detailStatus"].as_str().unwrap_or_default();
            (!is_well).then(|| say::quoted(&format!("{name}: {state} {detail}")))
        });
        idle.collect()
    }

    /// How far it is on its way to run.
    pub(super) fn running(&self) -> ActionState {
        let count = containers(&self.0).count();
        let idle = self.idle();
        let percent = count.saturating_sub(idle.len()).saturating_mul(100).checked_div(count);
        let percent = percent.and_then(|share| u8::try_from(share).ok()).filter(|share| *share < 100);
        let waits = |what: String| ActionState::Running { percent, waits_for: Some(what) };
        let last = || self.events().pop().map(|last| format!(": {last}")).unwrap_or_default();
        match (self.provisioning(), self.state()) {
            ("Failed", _) => ActionState::Failed { why: format!("Azure could not make it{}", last()) },
            ("Succeeded", "Running") if idle.is_empty() => ActionState::Succeeded,
            // Its containers were to run to an end, and have.
            ("Succeeded", "Succeeded") => ActionState::Succeeded,
            ("Succeeded", "Running") => waits(format!("its containers to run: {}", idle.join(", "))),
            ("Succeeded", state @ ("Failed" | "Stopped" | "Terminated")) => {
                ActionState::Failed { why: format!("it is {}{}", state.to_lowercase(), last()) }
            }
            ("Succeeded", _) => waits("its containers to begin".to_owned()),
            ("", _) => ActionState::Unknown { why: "its group does not say how it stands".to_owned() },
            (_, _) => waits("Azure to make it".to_owned()),
        }
    }

    /// What happened to it and its containers, a line each, oldest first.
    pub(super) fn events(&self) -> Vec<String> {
        let list = |of: &Value| of["instanceView"]["events"].as_array().cloned().unwrap_or_default();
        let mut all: Vec<(String, String)> = Vec::new();
        let mut take = |who: &str, events: Vec<Value>| {
            for event in events {
                let part = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
                all.push((part("lastTimestamp"), say::quoted(&format!("{who}{}: {}", part("name"), part("message")))));
            }
        };
        take("", list(&self.0["properties"]));
        for (name, own) in containers(&self.0) {
            take(&format!("{name} "), list(own));
        }
        // Azure's times are of one form: they sort as they are written.
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all.into_iter().map(|(_, line)| line).collect()
    }
}
