//! Whether an issue of Jira is in one of some statuses, and has a fix version.
//!
//! Jira says 404 of an issue that is not there and of one that the login may not see, and takes a wrong login for nobody's:
//! neither says anything about the issue. Statuses are told from each other by name, whatever their case.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::filled::{Filled, filled};
use super::system::{Advice, Bounded, System, Untold, date, encoded, look, quote, refused};
use super::{Check, Configured};
use crate::adapter::http::{Client, Endpoint, Login, Request, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::check::{Answer, Asking, Verdict};
use crate::domain::{PoolId, Trouble};
use crate::setting::{Table, Wrong, title, word};

const ADVICE: Advice = Advice {
    denied: "see whether user and token are right, and whether that user may browse the project",
    missing: "compare the issue's key; Jira also says so of an issue that the login may not see, and to a login that is wrong",
};

/// What the profile says.
#[derive(Clone, Debug)]
pub struct Config {
    /// The site.
    pub at: Endpoint,
    /// The issue's key.
    pub issue: Filled,
    /// The statuses that pass; any where none is named.
    pub statuses: Vec<String>,
    /// The fix version that it must have.
    pub fix_version: Option<Filled>,
    /// The user of the token; else the token is shown alone.
    pub user: Option<String>,
    /// Where the token is kept.
    pub token: SecretRef,
    /// Certificates.
    pub tls: Tls,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "jira-issue"`.
    pub fn read(table: &mut Table<'_>, pool: Option<&PoolId>, timeout: Duration) -> Option<Self> {
        let at = table.required("at", "The site: \"https://example.atlassian.net\".", &endpoint());
        let kind = word("an issue's key, such as \"RELEASE-42\"", "-_{}", 60);
        let issue = table.required("issue", "The issue's key.", &filled(kind, pool.is_some()));
        let doc = "The statuses that pass, by name: [\"Approved\", \"Done\"].";
        let statuses =
            table.optional("status", doc, &title().list("a list of statuses, such as [\"Approved\", \"Done\"]"));
        let doc = "The fix version that it must have: \"v{to}\".";
        let fix_version = table.optional("fix_version", doc, &filled(title(), pool.is_some()));
        let doc = "The user of the token, an e-mail address. Without one the token is shown alone, as an own server takes it.";
        let user = table.optional("user", doc, &title());
        let token = SecretRef::required(table, "token", "Where the token is kept.", "the token");
        let tls = Tls::read(table);
        if !table.has("status") && !table.has("fix_version") {
            table.refuse(Wrong::new("asks nothing about the issue").accepted("status, fix_version, or both"));
            return None;
        }
        Some(Self {
            at: at?.value,
            issue: issue?.value.for_pool(pool),
            statuses: statuses.map(|all| all.value.into_iter().map(|one| one.value).collect()).unwrap_or_default(),
            fix_version: fix_version.map(|version| version.value.for_pool(pool)),
            user: user.map(|user| user.value),
            token: token?,
            tls,
            timeout,
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        let token = self.token.clone();
        let login = match &self.user {
            Some(user) => Login::basic(user.clone(), token),
            None => Login::bearer(token),
        };
        let client = Client::new(self.at.clone(), Some(login), &self.tls, self.timeout)?;
        Ok(Arc::new(Bounded::new(Jira { config: self.clone(), client }, self.timeout)))
    }
}

struct Jira {
    config: Config,
    client: Client,
}

impl Jira {
    /// The same fields are there in both versions of the interface; an own server has only this one.
    fn path(issue: &str) -> String {
        format!("/rest/api/2/issue/{}?fields=status,fixVersions,summary,updated", encoded(issue))
    }

    /// What is not as it should be.
    fn wrong(&self, status: &str, versions: &[String], wanted: Option<&str>) -> Vec<String> {
        let mut wrong = Vec::new();
        let fits = |wanted: &String| wanted.to_lowercase() == status.to_lowercase();
        if !self.config.statuses.is_empty() && !self.config.statuses.iter().any(fits) {
            wrong.push(format!("is {}, not {}", quote(status), self.config.statuses.join(" or ")));
        }
        if let Some(wanted) = wanted.filter(|wanted| !versions.iter().any(|version| version == wanted)) {
            let has = if versions.is_empty() { "none".to_owned() } else { quote(&versions.join(", ")) };
            wrong.push(format!("has fix version {has}, not {wanted}"));
        }
        wrong
    }
}

impl System for Jira {
    fn request(&self, asking: &Asking) -> String {
        format!("GET {}{}", self.config.at, Self::path(&self.config.issue.shown(asking)))
    }

    fn expected(&self, asking: &Asking) -> String {
        let mut parts = Vec::new();
        if !self.config.statuses.is_empty() {
            parts.push(format!("status {}", self.config.statuses.join(" or ")));
        }
        if let Some(version) = &self.config.fix_version {
            parts.push(format!("fix version {}", version.shown(asking)));
        }
        parts.join(", ")
    }

    fn look<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Answer, Untold>> {
        async move {
            let issue = self.config.issue.fill(asking)?;
            let wanted = self.config.fix_version.as_ref().map(|version| version.fill(asking)).transpose()?;
            let said = look(&self.client, &Request::get(Self::path(&issue))).await?;
            let what = format!("read issue {issue} at {}", self.config.at);
            if !said.is_success() {
                return Err(refused(&said, &what, asking.now, ADVICE));
            }
            let document: Value = said.json(&what)?;
            let Some(status) = document.pointer("/fields/status/name").and_then(Value::as_str) else {
                return Err(Untold::new(format!("{what}: its answer tells no status; see where `at` leads")));
            };
            let versions = document.pointer("/fields/fixVersions").and_then(Value::as_array);
            let versions: Vec<String> =
                versions.into_iter().flatten().filter_map(|each| each["name"].as_str()).map(str::to_owned).collect();
            let at = date(&said).unwrap_or(asking.now);
            let wrong = self.wrong(status, &versions, wanted.as_deref());
            let mut answer = if wrong.is_empty() {
                Answer::new(Verdict::Pass, format!("{issue} is {}", quote(status)), at)
            } else {
                Answer::new(Verdict::Fail, format!("{issue} {}", wrong.join(", and ")), at)
            };
            answer.value = Some(quote(status));
            let answer = answer.with("status", quote(status)).with("fix versions", quote(&versions.join(", ")));
            Ok(match document.pointer("/fields/summary").and_then(Value::as_str) {
                Some(summary) => answer.with("summary", quote(summary)),
                None => answer,
            })
        }
        .boxed()
    }
}
