//! An alert of PagerDuty by its Events API v2: triggered by what goes wrong, resolved by what ends it.
//!
//! All tellings of one session have one `dedup_key`, which makes them one alert, however often each is sent. 202 says that
//! the event was taken, and not that anybody was paged.

use std::sync::Arc;
use std::time::Duration;

use ::http::Method;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::send::{asked, garbage, object, secret, send};
use super::{Came, Configured, Notifier, Said, Telling};
use crate::adapter::http::{Client, Endpoint, Request, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::Trouble;
use crate::domain::notify::{Mood, Occasion};
use crate::setting::{Table, choice};

/// The longest summary that PagerDuty takes.
const SUMMARY: usize = 1_024;

/// What the profile says.
#[derive(Clone, Debug)]
pub(super) struct Config {
    at: Endpoint,
    routing_key: SecretRef,
    resolve: Vec<Occasion>,
    severity: Option<&'static str>,
    tls: Tls,
    timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "pagerduty"`.
    pub(super) fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let doc = "The interface. Default \"https://events.pagerduty.com\"; \"https://events.eu.pagerduty.com\" for accounts there.";
        let at = table.optional("at", doc, &endpoint());
        let doc = "Where the integration's routing key is kept.";
        let routing_key = SecretRef::required(table, "routing_key", doc, "the integration's routing key");
        let doc =
            "What of `on` resolves the alert; everything else triggers it. Default [\"rolled-back\", \"closed\"].";
        let resolve = super::occasions(table, "resolve", doc);
        let doc = "How severe a triggered alert is. Default: critical for what goes wrong, else warning.";
        let words = ["critical", "error", "warning", "info"].map(|word| (word, word));
        let severity = table.optional("severity", doc, &choice(&words, &[]));
        let tls = Tls::read(table);
        Some(Self {
            at: at.map(|at| at.value).or_else(|| Endpoint::parse("https://events.pagerduty.com"))?,
            routing_key: routing_key?,
            resolve: resolve.unwrap_or_else(|| vec![Occasion::RolledBack, Occasion::Closed]),
            severity: severity.map(|severity| severity.value),
            tls,
            timeout,
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Notifier>, Trouble> {
        let client = Client::new(self.at.clone(), None, &self.tls, self.timeout)?;
        Ok(Arc::new(PagerDuty { config: self.clone(), client }))
    }
}

struct PagerDuty {
    config: Config,
    client: Client,
}

impl PagerDuty {
    async fn enqueue(&self, telling: &Telling) -> Result<String, Came> {
        let routing_key = secret(&self.config.routing_key).await?;
        let news = &telling.news;
        let notifier = telling.key.rsplit('/').next().unwrap_or_default();
        let dedup_key = format!("flightdeck/{}/{notifier}", news.session);
        let resolves = self.config.resolve.contains(&news.occasion);
        let mut body = json!({
            "routing_key": routing_key.expose_secret(),
            "event_action": if resolves { "resolve" } else { "trigger" },
            "dedup_key": dedup_key,
        });
        if !resolves {
            let severity = match news.occasion.mood() {
                Mood::Bad => "critical",
                Mood::Plain | Mood::Good | Mood::Warn => "warning",
            };
            let summary = format!("{} {}: {}", news.service, news.environment, telling.text.replace('\n', " "));
            body["client"] = json!("flightdeck");
            body["payload"] = json!({
                "summary": summary.chars().take(SUMMARY).collect::<String>(),
                "source": format!("{} {}", news.service, news.environment),
                "severity": self.config.severity.unwrap_or(severity),
                "timestamp": news.at.to_string(),
                "component": news.service,
                "group": news.environment,
                "class": news.occasion.word(),
                "custom_details": {
                    "session": news.session.to_string(), "entry": news.entry, "who": news.who,
                    "step": news.step, "weights": news.weights,
                },
            });
        }
        let request = Request::new(Method::POST, "/v2/enqueue").json(&body);
        let what = asked(&self.client, &request);
        let answer = send(&self.client, &request, Some(&routing_key)).await?;
        if object(&answer, &what)?["status"] != "success" {
            return Err(garbage(&what));
        }
        Ok(format!("the alert {dedup_key} is {}", if resolves { "resolved" } else { "triggered" }))
    }
}

impl Notifier for PagerDuty {
    fn tell<'a>(&'a self, telling: &'a Telling) -> BoxFuture<'a, Said> {
        async move { Said::of(self.enqueue(telling).await, None) }.boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async move {
            let what = format!("reach {}", self.client.endpoint());
            self.client.knock().await.map_err(|failure| failure.trouble(&what))?;
            Ok("somebody listens there; a routing key cannot be tried without an alert".to_owned())
        }
        .boxed()
    }
}
