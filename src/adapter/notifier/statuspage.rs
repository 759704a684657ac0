//! An incident or a maintenance of Statuspage: one per session, brought up to date and ended.
//!
//! Statuspage has no key against duplicates. What is opened carries the session in its metadata, and after a try without an
//! answer the open ones are looked through for it first; an update is looked for by its text. Whether subscribers are mailed
//! is said in the profile, never assumed. 420 is its older word for 429.

use std::sync::Arc;
use std::time::Duration;

use ::http::Method;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::send::{asked, garbage, object, probed, quote, send, unlooked};
use super::{Came, Configured, Notifier, Said, Telling};
use crate::adapter::http::{Client, Endpoint, Login, Request, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::Trouble;
use crate::domain::notify::Occasion;
use crate::setting::{Table, Wrong, choice, duration, flag, title, word};

/// What is kept on the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sort {
    /// An incident: something is wrong.
    Incident,
    /// A maintenance: something is being done.
    Maintenance,
}

/// What the profile says.
#[derive(Clone, Debug)]
pub(super) struct Config {
    at: Endpoint,
    sort: Sort,
    page: String,
    token: SecretRef,
    title: Option<String>,
    components: Vec<String>,
    impact: Option<&'static str>,
    mails: bool,
    ends: Vec<Occasion>,
    lasts: Duration,
    tls: Tls,
    timeout: Duration,
}

impl Config {
    /// Reads the keys of both kinds.
    pub(super) fn read(table: &mut Table<'_>, timeout: Duration, sort: Sort) -> Option<Self> {
        let at = table.optional("at", "The interface. Default \"https://api.statuspage.io/v1\".", &endpoint());
        let id = || word("an id, such as \"kctbh9vrtdwd\"", "", 40);
        let page = table.required("page", "The page's id.", &id());
        let token = SecretRef::required(table, "token", "Where the API key is kept.", "the API key");
        let doc = "What it is called on the page, for the public. Default: service, environment and versions.";
        let title = table.optional("title", doc, &title());
        let doc = "The ids of the components that it is about.";
        let components = table.optional("components", doc, &id().list("a list of ids, such as [\"kctbh9vrtdwd\"]"));
        let doc = "Whether subscribers of the page get a mail of it. There is no default: say it.";
        let mails = table.required("mails", doc, &flag());
        let doc =
            "What of `on` ends it; it is not begun by these. Default: rolled-back and closed; of a maintenance closed.";
        let ends = super::occasions(table, "ends", doc);
        let (impact, lasts) = match sort {
            Sort::Incident => {
                let words = ["none", "minor", "major", "critical"].map(|word| (word, word));
                let doc = "How bad it is said to be. Default: what Statuspage makes of the components.";
                (table.optional("impact", doc, &choice(&words, &[])), None)
            }
            Sort::Maintenance => {
                let doc = "How long it is announced to last, from the opening of the session on. Default 2h.";
                let most = Duration::from_hours(72);
                (None, table.optional("lasts", doc, &duration(Duration::from_mins(5), most)))
            }
        };
        let tls = Tls::read(table);
        let ends = ends.unwrap_or_else(|| match sort {
            Sort::Incident => vec![Occasion::RolledBack, Occasion::Closed],
            Sort::Maintenance => vec![Occasion::Closed],
        });
        if Occasion::ALL.iter().all(|occasion| ends.contains(occasion)) {
            table.refuse(Wrong::new("ends with everything, so nothing begins it").advice("name fewer in `ends`"));
        }
        Some(Self {
            at: at.map(|at| at.value).or_else(|| Endpoint::parse("https://api.statuspage.io/v1"))?,
            sort,
            page: page?.value,
            token: token?,
            title: title.map(|title| title.value),
            components: components.map(|all| all.value.into_iter().map(|id| id.value).collect()).unwrap_or_default(),
            impact: impact.map(|impact| impact.value),
            mails: mails?.value,
            ends,
            lasts: lasts.map_or(Duration::from_hours(2), |lasts| lasts.value),
            tls,
            timeout,
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Notifier>, Trouble> {
        let login = Login::worded("OAuth ", self.token.clone());
        let client = Client::new(self.at.clone(), Some(login), &self.tls, self.timeout)?;
        Ok(Arc::new(Statuspage { config: self.clone(), client }))
    }
}

struct Statuspage {
    config: Config,
    client: Client,
}

impl Statuspage {
    fn path(&self, rest: &str) -> String {
        format!("/pages/{}/incidents{rest}", self.config.page)
    }

    async fn get(&self, path: String) -> Result<Value, Came> {
        let request = Request::get(path);
        let answer = send(&self.client, &request, None).await?;
        serde_json::from_slice(&answer.body).map_err(|_not_json| garbage(&asked(&self.client, &request)))
    }

    /// The open one of this session, if there is one.
    async fn find(&self, session: &str) -> Result<Option<String>, Came> {
        let lists: &[&str] = match self.config.sort {
            Sort::Incident => &["/unresolved"],
            Sort::Maintenance => &["/active_maintenance", "/scheduled"],
        };
        for list in lists {
            let open = self.get(self.path(list)).await.map_err(unlooked)?;
            let all = open.as_array().map(Vec::as_slice).unwrap_or_default();
            let found = all.iter().find(|each| each["metadata"]["flightdeck"]["session"] == session);
            if let Some(id) = found.and_then(|each| each["id"].as_str()).filter(|id| is_id(id)) {
                return Ok(Some(id.to_owned()));
            }
        }
        Ok(None)
    }

    /// Whether the newest word on it is this one already.
    async fn says(&self, id: &str, text: &str, status: &str) -> Result<bool, Came> {
        let known = self.get(self.path(&format!("/{id}"))).await.map_err(unlooked)?;
        Ok(known["status"] == status && known["incident_updates"][0]["body"] == text)
    }

    /// What it stands at after this telling.
    fn status(&self, telling: &Telling) -> &'static str {
        let ends = self.config.ends.contains(&telling.news.occasion);
        match (self.config.sort, ends, telling.news.occasion) {
            (Sort::Incident, true, _) => "resolved",
            (Sort::Incident, false, Occasion::RollingBack) => "identified",
            (Sort::Incident, false, Occasion::RolledBack | Occasion::Verified) => "monitoring",
            (Sort::Incident, false, _) => "investigating",
            (Sort::Maintenance, true, _) => "completed",
            (Sort::Maintenance, false, _) => "in_progress",
        }
    }

    async fn told(&self, telling: &Telling, reference: &mut Option<String>) -> Result<String, Came> {
        let config = &self.config;
        let session = telling.news.session.to_string();
        let status = self.status(telling);
        let ends = config.ends.contains(&telling.news.occasion);
        let mut known = telling.reference.clone().filter(|id| is_id(id));
        if known.is_none() && telling.may_be_there {
            known = self.find(&session).await?;
        }
        let Some(id) = known else {
            if ends {
                return Ok("nothing is open on the page".to_owned());
            }
            let id = self.open(telling, status, &session).await?;
            *reference = Some(id.clone());
            return Ok(format!("{id} is {status}"));
        };
        *reference = Some(id.clone());
        if telling.may_be_there && self.says(&id, &telling.text, status).await? {
            return Ok(format!("{id} says so already"));
        }
        let mut incident = json!({ "status": status, "body": telling.text, "deliver_notifications": config.mails });
        if ends {
            incident["components"] = self.components("operational");
        }
        let request = Request::new(Method::PATCH, self.path(&format!("/{id}"))).json(&json!({ "incident": incident }));
        let answer = send(&self.client, &request, None).await?;
        object(&answer, &asked(&self.client, &request))?;
        Ok(format!("{id} is {status}"))
    }

    async fn open(&self, telling: &Telling, status: &str, session: &str) -> Result<String, Came> {
        let config = &self.config;
        let mut incident = json!({
            "name": config.title.as_ref().unwrap_or(&telling.title),
            "status": status,
            "body": telling.text,
            "component_ids": config.components,
            "deliver_notifications": config.mails,
            "metadata": { "flightdeck": { "session": session } },
        });
        match config.sort {
            Sort::Incident => {
                if let Some(impact) = config.impact {
                    incident["impact_override"] = json!(impact);
                }
            }
            Sort::Maintenance => {
                let at = telling.news.at;
                incident["components"] = self.components("under_maintenance");
                incident["scheduled_for"] = json!(at.to_string());
                incident["scheduled_until"] = json!(at.plus(config.lasts).to_string());
                incident["scheduled_auto_completed"] = json!(false);
            }
        }
        let request = Request::new(Method::POST, self.path("")).json(&json!({ "incident": incident }));
        let what = asked(&self.client, &request);
        let answer = send(&self.client, &request, None).await?;
        let said = object(&answer, &what)?;
        said["id"].as_str().filter(|id| is_id(id)).map(str::to_owned).ok_or_else(|| garbage(&what))
    }

    fn components(&self, status: &str) -> Value {
        let each = self.config.components.iter().map(|id| (id.clone(), json!(status)));
        Value::Object(each.collect())
    }
}

/// What becomes part of a path later must look like an id.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 40 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl Notifier for Statuspage {
    fn tell<'a>(&'a self, telling: &'a Telling) -> BoxFuture<'a, Said> {
        async move {
            let mut reference = None;
            let result = self.told(telling, &mut reference).await;
            Said::of(result, reference)
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async move {
            let path = format!("/pages/{}", self.config.page);
            let what = asked(&self.client, &Request::get(path.as_str()));
            let page = self.get(path).await;
            probed(
                page.map(|page| format!("the page is {}", quote(page["name"].as_str().unwrap_or("without a name")))),
                &what,
            )
        }
        .boxed()
    }
}
