//! Events of Datadog (v1, which takes an API key alone).
//!
//! An event has no key against duplicates, and with the API key alone no event can be looked up: one that may have arrived is
//! not sent again. Events of one session are shown together by their aggregation key.

use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderName, Method};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::json;

use super::send::{LOOK_YOURSELF, asked, garbage, object, probed, quote, send};
use super::{Came, Configured, Notifier, Said, Telling};
use crate::adapter::http::{Client, Endpoint, Login, Request, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::Trouble;
use crate::domain::notify::Mood;
use crate::setting::{Table, title};

const API_KEY: HeaderName = HeaderName::from_static("dd-api-key");

/// What the profile says.
#[derive(Clone, Debug)]
pub(super) struct Config {
    at: Endpoint,
    api_key: SecretRef,
    tags: Vec<String>,
    tls: Tls,
    timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "datadog-event"`.
    pub(super) fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let doc = "The interface. Default \"https://api.datadoghq.com\"; of another site, \"https://api.SITE\".";
        let at = table.optional("at", doc, &endpoint());
        let api_key = SecretRef::required(table, "api_key", "Where the API key is kept.", "the API key");
        let doc = "Tags beside service, env, version and the event's own: [\"team:payments\"].";
        let tags = table.optional("tags", doc, &title().list("a list of tags, such as [\"team:payments\"]"));
        let tls = Tls::read(table);
        Some(Self {
            at: at.map(|at| at.value).or_else(|| Endpoint::parse("https://api.datadoghq.com"))?,
            api_key: api_key?,
            tags: tags.map(|tags| tags.value.into_iter().map(|tag| tag.value).collect()).unwrap_or_default(),
            tls,
            timeout,
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Notifier>, Trouble> {
        let login = Login::header(API_KEY, self.api_key.clone());
        let client = Client::new(self.at.clone(), Some(login), &self.tls, self.timeout)?;
        Ok(Arc::new(Datadog { client, tags: self.tags.clone() }))
    }
}

struct Datadog {
    client: Client,
    tags: Vec<String>,
}

impl Datadog {
    async fn post(&self, telling: &Telling) -> Result<String, Came> {
        let news = &telling.news;
        let request = Request::new(Method::POST, "/api/v1/events");
        let what = asked(&self.client, &request);
        if telling.may_be_there {
            return Err(Came::Unknown { why: format!("{what}: no answer came; {LOOK_YOURSELF}") });
        }
        let mut tags = vec![
            "source:flightdeck".to_owned(),
            format!("service:{}", news.service),
            format!("env:{}", news.environment),
            format!("event:{}", news.occasion),
        ];
        if !news.to.is_empty() {
            tags.push(format!("version:{}", news.to));
        }
        tags.extend(self.tags.iter().cloned());
        let alert_type = match news.occasion.mood() {
            Mood::Plain => "info",
            Mood::Good => "success",
            Mood::Warn => "warning",
            Mood::Bad => "error",
        };
        let request = request.json(&json!({
            "title": telling.title,
            "text": telling.text,
            "tags": tags,
            "alert_type": alert_type,
            "priority": "normal",
            "aggregation_key": format!("flightdeck/{}", news.session),
            "date_happened": news.at.0 / 1_000,
        }));
        let answer = send(&self.client, &request, None).await?;
        let said = object(&answer, &what)?;
        if said["status"] != "ok" {
            return Err(garbage(&what));
        }
        let id = said["event"]["id_str"].as_str().map(|id| format!(" {}", quote(id))).unwrap_or_default();
        Ok(format!("event{id}"))
    }
}

impl Notifier for Datadog {
    fn tell<'a>(&'a self, telling: &'a Telling) -> BoxFuture<'a, Said> {
        async move { Said::of(self.post(telling).await, None) }.boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async move {
            let request = Request::get("/api/v1/validate");
            let what = asked(&self.client, &request);
            let answer = send(&self.client, &request, None).await;
            probed(answer.map(|_valid| "the API key is good".to_owned()), &what)
        }
        .boxed()
    }
}
