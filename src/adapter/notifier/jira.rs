//! An issue of Jira: a comment for each telling, a fix version, and a transition where the profile asks for one.
//!
//! Jira has no key against duplicates: each comment ends with its telling's key, and the newest comments are looked through
//! for it before it is written once more. A fix version that the issue has, and a status that it is in, are left alone.
//! Transitions are named by where they lead; their numbers differ from workflow to workflow.
//!
//! It is the second version of the interface that is spoken: an own server has no other, and its comments are plain text.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ::http::Method;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::send::{asked, encoded, garbage, object, probed, quote, raw, refused, send, unlooked};
use super::{Came, Configured, Notifier, Said, Telling, occasion, text};
use crate::adapter::http::{Client, Endpoint, Login, Request, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::Trouble;
use crate::domain::notify::Occasion;
use crate::setting::{Table, Wrong, title, word};

/// How many of the newest comments are looked through.
const LOOKED_THROUGH: usize = 50;

/// What the profile says.
#[derive(Clone, Debug)]
pub(super) struct Config {
    at: Endpoint,
    issue: String,
    user: Option<String>,
    token: SecretRef,
    fix_version: Option<String>,
    transitions: BTreeMap<Occasion, String>,
    tls: Tls,
    timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "jira-issue"`.
    pub(super) fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let at = table.required("at", "The site: \"https://example.atlassian.net\".", &endpoint());
        let kind = word("an issue's key, such as \"RELEASE-42\"", "-_", 60);
        let issue = table.required("issue", "The issue's key.", &kind);
        let doc = "The user of the token, an e-mail address. Without one the token is shown alone, as an own server takes it.";
        let user = table.optional("user", doc, &title());
        let token = SecretRef::required(table, "token", "Where the token is kept.", "the token");
        let doc = "A fix version that the issue gets, made of the same facts as texts: \"v{{ to }}\".";
        let fix_version = table.optional("fix_version", doc, &title());
        let doc = "Where the issue goes by what is told: { closed = \"Done\" }.";
        let transition = table.map("transition", doc, &title());
        let tls = Tls::read(table);
        let report = table.report();
        if let Some(found) = &fix_version
            && let Err(why) = text::check(found)
        {
            report.refuse(&found.spot, Wrong::new(why));
        }
        let mut transitions = BTreeMap::new();
        for (name, status) in transition.map(|found| found.value).unwrap_or_default() {
            if let Some(occasion) = Occasion::ALL.into_iter().find(|occasion| occasion.word() == name.as_str()) {
                transitions.insert(occasion, status.value);
            } else {
                let wrong = Wrong::new("is nothing that is told of").accepted(occasion().accepted());
                report.refuse(&name.spot, wrong.suggesting(&name, Occasion::ALL.map(Occasion::word)));
            }
        }
        Some(Self {
            at: at?.value,
            issue: issue?.value,
            user: user.map(|user| user.value),
            token: token?,
            fix_version: fix_version.map(|version| version.value),
            transitions,
            tls,
            timeout,
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Notifier>, Trouble> {
        let token = self.token.clone();
        let login = match &self.user {
            Some(user) => Login::basic(user.clone(), token),
            None => Login::bearer(token),
        };
        let client = Client::new(self.at.clone(), Some(login), &self.tls, self.timeout)?;
        Ok(Arc::new(Jira { config: self.clone(), client }))
    }
}

struct Jira {
    config: Config,
    client: Client,
}

impl Jira {
    fn path(&self, rest: &str) -> String {
        format!("/rest/api/2/issue/{}{rest}", encoded(&self.config.issue))
    }

    async fn get(&self, path: String) -> Result<Value, Came> {
        let request = Request::get(path);
        let answer = send(&self.client, &request, None).await?;
        object(&answer, &asked(&self.client, &request))
    }

    async fn told(&self, telling: &Telling) -> Result<String, Came> {
        let comment = self.comment(telling).await?;
        // What is tried again from here on finds its comment.
        let more = self.bring_up(telling).await.map_err(|came| match came {
            Came::Later { why, after, .. } => Came::Later { why, after, may_be_there: true },
            Came::Refused { why } => Came::Refused { why: format!("{comment}; but {why}") },
            Came::Told { words } => Came::Told { words },
            Came::Unknown { why } => Came::Unknown { why },
        })?;
        Ok(std::iter::once(comment).chain(more).collect::<Vec<_>>().join(", "))
    }

    async fn comment(&self, telling: &Telling) -> Result<String, Came> {
        let mark = format!("(flightdeck {})", telling.key);
        if telling.may_be_there {
            let path = self.path(&format!("/comment?orderBy=-created&maxResults={LOOKED_THROUGH}"));
            let known = self.get(path).await.map_err(unlooked)?;
            let comments = known["comments"].as_array().map(Vec::as_slice).unwrap_or_default();
            if comments.iter().any(|each| each["body"].as_str().is_some_and(|body| body.contains(&mark))) {
                return Ok("the comment was there already".to_owned());
            }
        }
        let body = json!({ "body": format!("{}\n\n{mark}", telling.text) });
        let request = Request::new(Method::POST, self.path("/comment")).json(&body);
        let what = asked(&self.client, &request);
        let answer = send(&self.client, &request, None).await?;
        let said = object(&answer, &what)?;
        said["id"].as_str().map(|id| format!("comment {}", quote(id))).ok_or_else(|| garbage(&what))
    }

    /// Fix version and status, each only where the issue does not have it.
    async fn bring_up(&self, telling: &Telling) -> Result<Vec<String>, Came> {
        let version = self.config.fix_version.as_ref().filter(|_| !telling.news.to.is_empty());
        let version = version.and_then(|template| text::line(template, &telling.news));
        let status = self.config.transitions.get(&telling.news.occasion);
        let mut done = Vec::new();
        if version.is_none() && status.is_none() {
            return Ok(done);
        }
        let issue = self.get(self.path("?fields=status,fixVersions")).await?;
        let fields = &issue["fields"];
        if let Some(version) = version {
            let versions = fields["fixVersions"].as_array().map(Vec::as_slice).unwrap_or_default();
            if !versions.iter().any(|each| each["name"] == version.as_str()) {
                let update = json!({ "update": { "fixVersions": [{ "add": { "name": version } }] } });
                send(&self.client, &Request::new(Method::PUT, self.path("")).json(&update), None).await?;
                done.push(format!("fix version {version}"));
            }
        }
        if let Some(status) = status
            && !same(fields["status"]["name"].as_str(), status)
        {
            self.transition(status).await?;
            done.push(format!("now {status}"));
        }
        Ok(done)
    }

    async fn transition(&self, status: &str) -> Result<(), Came> {
        let known = self.get(self.path("/transitions")).await?;
        let all = known["transitions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let leads = |each: &&Value| same(each["to"]["name"].as_str(), status);
        let ids: Vec<&str> = all.iter().filter(leads).filter_map(|each| each["id"].as_str()).collect();
        let request = Request::new(Method::POST, self.path("/transitions"));
        let what = asked(&self.client, &request);
        let [id] = ids.as_slice() else {
            let names: Vec<String> = all.iter().filter_map(|each| each["to"]["name"].as_str()).map(quote).collect();
            let many = if ids.is_empty() { "no transition leads" } else { "several transitions lead" };
            let names = if names.is_empty() { "nowhere".to_owned() } else { names.join(", ") };
            let why = format!("{what}: {many} to {status}; from where the issue is now it can go to {names}");
            return Err(Came::Refused { why });
        };
        let request = request.json(&json!({ "transition": { "id": id } }));
        let answer = raw(&self.client, &request, None).await?;
        match answer.status {
            _ if answer.is_success() => Ok(()),
            // Somebody else moved the issue at the same moment.
            409 => {
                let why = format!("{what}: somebody else moves the issue at this moment; it is tried again by itself");
                Err(Came::Later { why, after: None, may_be_there: true })
            }
            _ => Err(refused(&answer, &what)),
        }
    }
}

/// Names of statuses are told from each other whatever their case.
fn same(one: Option<&str>, other: &str) -> bool {
    one.is_some_and(|one| one.to_lowercase() == other.to_lowercase())
}

impl Notifier for Jira {
    fn tell<'a>(&'a self, telling: &'a Telling) -> BoxFuture<'a, Said> {
        async move { Said::of(self.told(telling).await, None) }.boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async move {
            let path = self.path("?fields=status");
            let what = asked(&self.client, &Request::get(path.as_str()));
            let issue = self.get(path).await;
            let said = issue.map(|issue| {
                format!(
                    "{} is {}",
                    self.config.issue,
                    quote(issue["fields"]["status"]["name"].as_str().unwrap_or("there"))
                )
            });
            probed(said, &what)
        }
        .boxed()
    }
}
