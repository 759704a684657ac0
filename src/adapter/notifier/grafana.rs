//! Annotations of Grafana, of a dashboard or of the whole organisation.
//!
//! Grafana has no key against duplicates: the telling's key is one of the annotation's tags, and after a try without an
//! answer it is searched for first.

use std::sync::Arc;
use std::time::Duration;

use ::http::Method;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::send::{asked, encoded, garbage, object, probed, send, unlooked};
use super::{Came, Configured, Notifier, Said, Telling};
use crate::adapter::http::{Client, Endpoint, Login, Request, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::Trouble;
use crate::setting::{Table, Wrong, count, title, word};

/// What the profile says.
#[derive(Clone, Debug)]
pub(super) struct Config {
    at: Endpoint,
    token: SecretRef,
    dashboard: Option<String>,
    panel: Option<usize>,
    tags: Vec<String>,
    tls: Tls,
    timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "grafana-annotation"`.
    pub(super) fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let at = table.required("at", "Grafana's own address: \"https://grafana.example.net\".", &endpoint());
        let doc = "Where the service account's token is kept: annotations:create, annotations:read.";
        let token = SecretRef::required(table, "token", doc, "the service account's token");
        let doc = "The dashboard's UID. Without one the annotation is the organisation's, found by its tags.";
        let dashboard = table.optional("dashboard", doc, &word("a dashboard's UID", "-_", 40));
        let panel =
            table.optional("panel", "The panel's number on that dashboard. Default: all.", &count(1, 1_000_000));
        let doc = "Tags beside flightdeck, the service, the environment and the event's own.";
        let tags = table.optional("tags", doc, &title().list("a list of tags, such as [\"deploy\"]"));
        let tls = Tls::read(table);
        if let Some(panel) = panel.as_ref().filter(|_| !table.has("dashboard")) {
            let wrong = Wrong::new("goes with `dashboard` only").advice("name the dashboard too, or leave it out");
            table.report().refuse(&panel.spot, wrong);
        }
        Some(Self {
            at: at?.value,
            token: token?,
            dashboard: dashboard.map(|dashboard| dashboard.value),
            panel: panel.map(|panel| panel.value),
            tags: tags.map(|tags| tags.value.into_iter().map(|tag| tag.value).collect()).unwrap_or_default(),
            tls,
            timeout,
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Notifier>, Trouble> {
        let login = Login::bearer(self.token.clone());
        let client = Client::new(self.at.clone(), Some(login), &self.tls, self.timeout)?;
        Ok(Arc::new(Grafana { config: self.clone(), client }))
    }
}

struct Grafana {
    config: Config,
    client: Client,
}

impl Grafana {
    async fn annotate(&self, telling: &Telling) -> Result<String, Came> {
        let (config, news) = (&self.config, &telling.news);
        if telling.may_be_there && self.is_there(&telling.key).await? {
            return Ok("it was there already".to_owned());
        }
        let own = ["flightdeck", &news.service, &news.environment, news.occasion.word(), &telling.key];
        let tags: Vec<&str> = own.into_iter().chain(config.tags.iter().map(String::as_str)).collect();
        let mut body = json!({ "time": news.at.0, "tags": tags, "text": telling.text });
        if let Some(dashboard) = &config.dashboard {
            body["dashboardUID"] = json!(dashboard);
        }
        if let Some(panel) = config.panel {
            body["panelId"] = json!(panel);
        }
        let request = Request::new(Method::POST, "/api/annotations").json(&body);
        let what = asked(&self.client, &request);
        let answer = send(&self.client, &request, None).await?;
        let id = object(&answer, &what)?["id"].as_u64();
        id.map(|id| format!("annotation {id}")).ok_or_else(|| garbage(&what))
    }

    async fn is_there(&self, key: &str) -> Result<bool, Came> {
        let request = Request::get(format!("/api/annotations?limit=1&tags={}", encoded(key)));
        let answer = send(&self.client, &request, None).await.map_err(unlooked)?;
        let found: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        found.as_array().map(|found| !found.is_empty()).ok_or_else(|| garbage(&asked(&self.client, &request)))
    }
}

impl Notifier for Grafana {
    fn tell<'a>(&'a self, telling: &'a Telling) -> BoxFuture<'a, Said> {
        async move { Said::of(self.annotate(telling).await, None) }.boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async move {
            let request = Request::get("/api/annotations?limit=1");
            let what = asked(&self.client, &request);
            let answer = send(&self.client, &request, None).await;
            probed(answer.map(|_found| "annotations can be read".to_owned()), &what)
        }
        .boxed()
    }
}
