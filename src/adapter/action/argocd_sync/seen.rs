//! What an application says of its last operation, its health and what it runs.

use serde_json::Value;

use super::super::say;
use crate::adapter::argocd::revisions;
use crate::domain::action::ActionState;

/// The name under which an operation carries an act's key.
pub(super) const INFO: &str = "flightdeck";
/// More lines about resources say no more.
const MOST_LINES: usize = 8;

/// Whose operation is in the one place that an application has for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Slot {
    /// There never was one.
    Empty,
    /// This act's.
    Ours,
    /// Another one, told from others by when it began.
    Other(String),
}

/// How the operation stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// It goes on, or ended in a way that needs no look at the health.
    Told(ActionState),
    /// It came to a good end.
    Succeeded,
    /// It is in a phase that is not known here.
    Strange(String),
}

/// How healthy the application is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Health {
    Good,
    Bad(String),
    Waits(String),
    Strange(String),
}

/// An application, as it was read.
pub(super) struct Seen(pub(super) Value);

impl Seen {
    /// Whether this is an application.
    pub(super) fn is_application(&self) -> bool {
        self.0["status"].is_object()
    }

    fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whose operation it is that runs, or ran last.
    pub(super) fn slot(&self, key: &str) -> Slot {
        let has_key = |under: &str| {
            let infos = self.0.pointer(under).and_then(Value::as_array);
            infos.into_iter().flatten().any(|info| info["name"] == INFO && info["value"] == key)
        };
        if has_key("/operation/info") || has_key("/status/operationState/operation/info") {
            return Slot::Ours;
        }
        let (pending, began) = (self.is_pending(), self.text("/status/operationState/startedAt"));
        if !pending && !self.0["status"]["operationState"].is_object() {
            return Slot::Empty;
        }
        Slot::Other(format!("{began}{}", if pending { "+" } else { "" }))
    }

    /// Whether one was asked for that has not begun.
    fn is_pending(&self) -> bool {
        self.0["operation"].is_object()
    }

    /// Whether one is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.is_pending() || matches!(self.text("/status/operationState/phase"), "Running" | "Terminating")
    }

    /// How the operation stands that runs, or ran last.
    pub(super) fn phase(&self, key: &str) -> Phase {
        let message = say::quoted(self.text("/status/operationState/message"));
        let running = |waits_for: Option<String>| Phase::Told(ActionState::Running { percent: None, waits_for });
        let infos = self.0.pointer("/operation/info").and_then(Value::as_array);
        let has_begun = self.0["status"]["operationState"].pointer("/operation/info").and_then(Value::as_array);
        let is_key = |info: &Value| info["value"] == key;
        let waits =
            infos.is_some_and(|all| all.iter().any(is_key)) && !has_begun.is_some_and(|all| all.iter().any(is_key));
        if waits {
            return running(Some("Argo CD to begin".to_owned()));
        }
        match self.text("/status/operationState/phase") {
            "Running" => running(message.strip_prefix("waiting for ").map(str::to_owned)),
            "Terminating" => running(Some("the sync to be given up".to_owned())),
            "Succeeded" => Phase::Succeeded,
            "Failed" | "Error" if message.to_lowercase().contains("terminated") => {
                Phase::Told(ActionState::Failed { why: format!("cancelled: {message}") })
            }
            phase @ ("Failed" | "Error") => {
                Phase::Told(ActionState::Failed { why: format!("{}: {message}", phase.to_lowercase()) })
            }
            other => Phase::Strange(say::quoted(other)),
        }
    }

    /// How healthy it is.
    pub(super) fn health(&self) -> Health {
        let why = match say::quoted(self.text("/status/health/message")) {
            why if why.is_empty() => why,
            why => format!(": {why}"),
        };
        match self.text("/status/health/status") {
            "Healthy" => Health::Good,
            "Degraded" => Health::Bad(format!("degraded{why}")),
            "Progressing" => Health::Waits(format!("the application to become healthy: it is progressing{why}")),
            "Missing" => Health::Waits(format!("the application to become healthy: it is missing{why}")),
            "Suspended" => Health::Waits(format!("somebody to resume what is suspended{why}")),
            other => Health::Strange(say::quoted(other)),
        }
    }

    /// What tells one end of an operation from another.
    pub(super) fn mark(&self) -> String {
        let since = self.text("/status/health/lastTransitionTime");
        format!("{} {since}", self.text("/status/operationState/finishedAt"))
    }

    /// A line for each resource that the operation was about, and for the health.
    pub(super) fn log(&self) -> Vec<String> {
        let resources = self.0.pointer("/status/operationState/syncResult/resources").and_then(Value::as_array);
        let part = |each: &Value, key: &str| each[key].as_str().unwrap_or_default().to_owned();
        let mut lines: Vec<String> = resources
            .into_iter()
            .flatten()
            .map(|each| {
                let status = [part(each, "hookPhase"), part(each, "status")].into_iter().find(|one| !one.is_empty());
                let status = status.unwrap_or_default();
                format!("{} {}: {status} {}", part(each, "kind"), part(each, "name"), part(each, "message"))
            })
            .collect();
        let health = self.text("/status/health/status");
        if !health.is_empty() {
            lines.push(format!("health: {health} {}", self.text("/status/health/message")));
        }
        say::last_lines(lines.iter().map(String::as_str))
    }

    /// What will be another one: revision, images, resources.
    pub(super) fn differences(&self, revision: Option<&str>, images: &[String]) -> Vec<String> {
        let mut lines = Vec::new();
        let synced = revisions(&self.0, "/status/sync").iter().map(|each| short(each)).collect::<Vec<_>>().join(", ");
        let synced = say::quoted(if synced.is_empty() { "nothing" } else { &synced });
        match revision {
            Some(revision) if short(revision) == synced => lines.push(format!("revision: {synced}, the same")),
            Some(revision) => lines.push(format!("revision: {synced} → {}", short(revision))),
            None => lines.push(format!("revision: {synced} now")),
        }
        let run = self.0.pointer("/status/summary/images").and_then(Value::as_array);
        let run: Vec<&str> = run.into_iter().flatten().filter_map(Value::as_str).collect();
        for image in images {
            let (name, coming) = parts(image);
            let now: Vec<String> =
                run.iter().filter(|each| parts(each).0 == name).map(|each| say::quoted(parts(each).1)).collect();
            let now = if now.is_empty() { "not there".to_owned() } else { now.join(", ") };
            lines.push(if now == coming {
                format!("image {name}: {now}, the same")
            } else {
                format!("image {name}: {now} → {coming}")
            });
        }
        if images.is_empty() {
            lines.extend(run.iter().take(MOST_LINES).map(|image| format!("image {} now", say::quoted(image))));
        }
        let resources = self.0.pointer("/status/resources").and_then(Value::as_array);
        let differ = resources.into_iter().flatten().filter(|each| each["status"] == "OutOfSync");
        let words = |each: &Value| {
            let part = |key: &str| each[key].as_str().unwrap_or_default();
            let end = if each["requiresPruning"] == true { "is no longer in git" } else { "is out of sync" };
            format!("{} {end}", say::quoted(&format!("{} {}", part("kind"), part("name"))))
        };
        let differ: Vec<String> = differ.map(words).collect();
        lines.extend(differ.iter().take(MOST_LINES).cloned());
        if differ.len() > MOST_LINES {
            lines.push(format!("{} more resources are out of sync", differ.len() - MOST_LINES));
        }
        lines
    }

    /// Whether Argo CD syncs it by itself.
    pub(super) fn is_automatic(&self) -> bool {
        let automated = &self.0["spec"]["syncPolicy"]["automated"];
        automated.is_object() && automated["enabled"] != false
    }

    /// Where people look at it.
    pub(super) fn page(&self, at: &str) -> Option<String> {
        let (namespace, name) = (self.text("/metadata/namespace"), self.text("/metadata/name"));
        let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        if name.is_empty() || !is_name(name) || !is_name(namespace) {
            return None;
        }
        let namespace = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
        Some(format!("{at}/applications/{namespace}{name}"))
    }
}

/// An image's name, and its tag or digest.
fn parts(image: &str) -> (&str, &str) {
    if let Some((name, digest)) = image.split_once('@') {
        return (parts(name).0, digest);
    }
    match image.rsplit_once(':') {
        // A port is no tag.
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        Some(_) | None => (image, "latest"),
    }
}

/// A commit as people write it; any other revision as it is.
fn short(revision: &str) -> &str {
    let is_commit = revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_commit { revision.get(..7).unwrap_or(revision) } else { revision }
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn a_port_is_no_tag_and_a_digest_wins_over_one() {
        assert_eq!(parts("registry:5000/shop"), ("registry:5000/shop", "latest"));
        assert_eq!(parts("registry:5000/shop:1"), ("registry:5000/shop", "1"));
        assert_eq!(parts("shop:1@sha256:ab"), ("shop", "sha256:ab"));
    }
}
