//! Whether an application of Argo CD is synced and healthy, at a revision.
//!
//! A pass needs all of it: synced, healthy, the last sync succeeded, and where a revision is named, that one synced and applied;
//! and the same once more when it is next asked, because Healthy flickers before the new `ReplicaSet` appears. An application is
//! always asked for with its project: then one that is not there is a 404, which fails, and one of another project a 403, which
//! tells nothing. Unknown, as Argo CD says it of what it cannot see, stays unknown.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::filled::{Filled, filled};
use super::system::{Advice, Bounded, System, Untold, date, look, quote, refused};
use super::{Check, Configured};
use crate::adapter::argocd::{self, Place};
use crate::adapter::http::{Client, Request};
use crate::domain::check::{Answer, Asking, Verdict};
use crate::domain::{PoolId, Trouble};
use crate::setting::{Table, flag};

const ADVICE: Advice = Advice {
    denied: "the application may be in another project, or the token lacks `applications, get` on it",
    missing: "compare `at` with the address of Argo CD",
};

/// A commit's name is recognised by so many of its first digits.
const SHORTEST_COMMIT: usize = 7;

/// What the profile says.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it is.
    pub place: Place,
    /// The application's name.
    pub application: Filled,
    /// What must be synced.
    pub revision: Option<Filled>,
    /// Whether Argo CD is asked to compare with git now.
    pub refresh: bool,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "argocd"`.
    pub fn read(table: &mut Table<'_>, pool: Option<&PoolId>, timeout: Duration) -> Option<Self> {
        let place = Place::read(table);
        let name = filled(argocd::application(), pool.is_some());
        let application = table.required("application", "The application's name.", &name);
        let doc = "What must be synced: a commit, of which the first seven digits are enough, a tag or a chart's version. Default: any.";
        let revision = table.optional("revision", doc, &filled(argocd::revision(), pool.is_some()));
        let doc = "Whether Argo CD is asked to compare with git at once instead of in its own time; it notes that on the application. Default false.";
        let refresh = table.optional("refresh", doc, &flag());
        Some(Self {
            place: place?,
            application: application?.value.for_pool(pool),
            revision: revision.map(|revision| revision.value.for_pool(pool)),
            refresh: refresh.is_some_and(|refresh| refresh.value),
            timeout,
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        let client = self.place.client(self.timeout)?;
        let system = ArgoCd { config: self.clone(), client, good: Mutex::default() };
        Ok(Arc::new(Bounded::new(system, self.timeout)))
    }
}

struct ArgoCd {
    config: Config,
    client: Client,
    /// What was synced and healthy when it was last asked.
    good: Mutex<Option<String>>,
}

impl ArgoCd {
    fn path(&self, application: &str) -> String {
        let refresh = if self.config.refresh { "&refresh=normal" } else { "" };
        format!("{}{refresh}", self.config.place.path(application, ""))
    }

    /// Whether the same was good when it was last asked; what is good now is kept for the next time.
    fn is_held(&self, good: Option<String>) -> bool {
        let mut kept = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        let is_held = good.is_some() && *kept == good;
        *kept = good;
        is_held
    }
}

impl System for ArgoCd {
    fn request(&self, asking: &Asking) -> String {
        format!("GET {}{}", self.config.place.at, self.path(&self.config.application.shown(asking)))
    }

    fn expected(&self, asking: &Asking) -> String {
        let held = "synced, healthy and held for one more answer";
        match &self.config.revision {
            None => held.to_owned(),
            Some(revision) => format!("{held}, at {}", revision.shown(asking)),
        }
    }

    fn look<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Answer, Untold>> {
        async move {
            let application = self.config.application.fill(asking)?;
            let revision = self.config.revision.as_ref().map(|revision| revision.fill(asking)).transpose()?;
            let request = Request::get(self.path(&application));
            // Whatever comes now, only an answer that is good again holds what was good before.
            let said = look(&self.client, &request).await.inspect_err(|_lost| {
                self.is_held(None);
            })?;
            let what = format!("read application {application} at {}", self.config.place.at);
            let at = date(&said).unwrap_or(asking.now);
            let is_missing = said.status == 404 && said.json::<Value>(&what).is_ok_and(|no| no["code"] == 5);
            if is_missing {
                self.is_held(None);
                let words = format!("there is no application {application} in project {}", self.config.place.project);
                return Ok(Answer::new(Verdict::Fail, words, at));
            }
            if !said.is_success() {
                self.is_held(None);
                return Err(refused(&said, &what, asking.now, ADVICE));
            }
            let document: Value = said.json(&what)?;
            if !document["status"].is_object() {
                self.is_held(None);
                return Err(Untold::new(format!("{what}: its answer is no application; {}", ADVICE.missing)));
            }
            let seen = Seen::of(&document);
            let (verdict, words) = match seen.judge(revision.as_deref()) {
                (Verdict::Pass, words) if self.is_held(Some(seen.mark())) => (Verdict::Pass, words),
                (Verdict::Pass, words) => {
                    (Verdict::Inconclusive, format!("{words}; it counts when the next answer says the same"))
                }
                other => {
                    self.is_held(None);
                    other
                }
            };
            Ok(seen.told(Answer::new(verdict, words, at)))
        }
        .boxed()
    }
}

/// What an application says of itself.
struct Seen {
    sync: String,
    revisions: Vec<String>,
    health: String,
    health_message: String,
    since: String,
    phase: String,
    phase_message: String,
    applied: Vec<String>,
    finished: String,
    conditions: Vec<String>,
}

impl Seen {
    fn of(application: &Value) -> Self {
        let text = |pointer: &str| application.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let revisions = |under: &str| argocd::revisions(application, under);
        let conditions = application.pointer("/status/conditions").and_then(Value::as_array);
        let condition = |each: &Value| {
            let kind = each["type"].as_str().filter(|kind| kind.ends_with("Error"))?;
            Some(format!("{}: {}", quote(kind), quote(each["message"].as_str().unwrap_or_default())))
        };
        Self {
            sync: text("/status/sync/status"),
            revisions: revisions("/status/sync"),
            health: text("/status/health/status"),
            health_message: text("/status/health/message"),
            since: text("/status/health/lastTransitionTime"),
            phase: text("/status/operationState/phase"),
            phase_message: text("/status/operationState/message"),
            applied: revisions("/status/operationState/syncResult"),
            finished: text("/status/operationState/finishedAt"),
            conditions: conditions.into_iter().flatten().filter_map(condition).collect(),
        }
    }

    fn judge(&self, revision: Option<&str>) -> (Verdict, String) {
        if let Some(revision) = revision
            && !self.revisions.iter().any(|synced| is_revision(synced, revision))
        {
            let synced = quote(&self.revisions.join(", "));
            return (Verdict::Fail, format!("compared with {synced}, not with {revision}"));
        }
        match self.sync.as_str() {
            "Synced" => {}
            "OutOfSync" => return (Verdict::Fail, format!("out of sync{}", self.running())),
            other => {
                let why = self.conditions.first().map(|first| format!(": {first}")).unwrap_or_default();
                let words = format!("whether it is synced is {}{why}; see the application in Argo CD", unknown(other));
                return (Verdict::Inconclusive, words);
            }
        }
        match self.phase.as_str() {
            // One that never had to be synced by an operation has none.
            "Succeeded" | "" => {}
            "Running" | "Terminating" => return (Verdict::Fail, "a sync is running".to_owned()),
            other => {
                return (Verdict::Fail, format!("the last sync is {}: {}", quote(other), quote(&self.phase_message)));
            }
        }
        if let Some(revision) = revision
            && self.phase == "Succeeded"
            && !self.applied.iter().any(|applied| is_revision(applied, revision))
        {
            return (
                Verdict::Fail,
                format!("the last sync applied {}, not {revision}", quote(&self.applied.join(", "))),
            );
        }
        match self.health.as_str() {
            "Healthy" => (Verdict::Pass, format!("synced to {} and healthy", quote(&self.revisions.join(", ")))),
            state @ ("Progressing" | "Degraded" | "Suspended" | "Missing") => {
                let why = if self.health_message.is_empty() {
                    String::new()
                } else {
                    format!(": {}", quote(&self.health_message))
                };
                (Verdict::Fail, format!("synced, and {}{why}", state.to_lowercase()))
            }
            other => {
                (Verdict::Inconclusive, format!("its health is {}; see the application in Argo CD", unknown(other)))
            }
        }
    }

    fn running(&self) -> &'static str {
        if self.phase == "Running" { ", a sync is running" } else { "" }
    }

    /// What tells one good state from another one.
    fn mark(&self) -> String {
        [self.revisions.join(","), self.finished.clone(), self.since.clone()].join(" ")
    }

    fn told(&self, answer: Answer) -> Answer {
        let revision = quote(&self.revisions.join(", "));
        let mut answer = answer
            .with("sync", format!("{} at {revision}", quote(&self.sync)))
            .with("health", quote(&format!("{} {}", self.health, self.health_message)));
        if !self.phase.is_empty() {
            let finished =
                if self.finished.is_empty() { String::new() } else { format!(", ended {}", quote(&self.finished)) };
            answer = answer.with("last sync", format!("{}{finished}", quote(&self.phase)));
        }
        answer.value = Some(revision);
        self.conditions.iter().fold(answer, |answer, each| answer.with("condition", each.as_str()))
    }
}

/// What is not said, or not known here.
fn unknown(state: &str) -> String {
    if state.is_empty() { "not said".to_owned() } else { quote(state) }
}

/// Whether they are the same revision; of a commit the first digits are enough.
fn is_revision(there: &str, wanted: &str) -> bool {
    let is_commit = wanted.len() >= SHORTEST_COMMIT && wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
    there == wanted || is_commit && there.len() == 40 && there.starts_with(&wanted.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn application() -> Value {
        json!({ "status": {
            "sync": { "status": "Synced", "revision": COMMIT }, "health": { "status": "Healthy" },
            "operationState": { "phase": "Succeeded", "syncResult": { "revision": COMMIT } },
        }})
    }

    fn judged(change: impl FnOnce(&mut Value), revision: Option<&str>) -> (Verdict, String) {
        let mut application = application();
        change(&mut application["status"]);
        Seen::of(&application).judge(revision)
    }

    #[test]
    fn only_all_of_it_together_is_a_pass() {
        assert_eq!(judged(|_| {}, Some(COMMIT)).0, Verdict::Pass);
        assert_eq!(judged(|_| {}, Some("0123456")).0, Verdict::Pass, "the first digits are enough");
        assert_eq!(judged(|status| status["sync"]["status"] = json!("OutOfSync"), None).0, Verdict::Fail);
        assert_eq!(judged(|status| status["health"]["status"] = json!("Progressing"), None).0, Verdict::Fail);
        assert_eq!(judged(|status| status["operationState"]["phase"] = json!("Running"), None).0, Verdict::Fail);
        assert_eq!(judged(|status| status["operationState"]["phase"] = json!("Error"), None).0, Verdict::Fail);
        let (verdict, words) = judged(|_| {}, Some("v2.5.0"));
        assert_eq!((verdict, words), (Verdict::Fail, format!("compared with {COMMIT}, not with v2.5.0")));
        let old = "f".repeat(40);
        let applied = |status: &mut Value| status["operationState"]["syncResult"]["revision"] = json!(old);
        assert_eq!(judged(applied, Some(COMMIT)).0, Verdict::Fail, "compared is not applied");
    }

    #[test]
    fn unknown_stays_unknown() {
        assert_eq!(judged(|status| status["sync"]["status"] = json!("Unknown"), None).0, Verdict::Inconclusive);
        assert_eq!(judged(|status| status["health"]["status"] = json!("Unknown"), None).0, Verdict::Inconclusive);
        assert_eq!(judged(|status| status["health"] = json!({}), None).0, Verdict::Inconclusive);
    }

    #[test]
    fn an_application_of_several_sources_has_several_revisions() {
        let several = |status: &mut Value| {
            status["sync"] = json!({ "status": "Synced", "revisions": ["1.2.3", COMMIT] });
            status["operationState"]["syncResult"] = json!({ "revisions": ["1.2.3", COMMIT] });
        };
        assert_eq!(judged(several, Some("1.2.3")).0, Verdict::Pass);
        assert_eq!(judged(several, Some("1.2.4")).0, Verdict::Fail);
    }
}
