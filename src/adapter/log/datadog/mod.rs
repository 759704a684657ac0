//! Logs of Datadog, searched again and again: it has no public way to follow them.
//!
//! The query goes there as the profile has it. What `exclude` names is left out of it, as health checks may be most of the
//! lines; but that they come is what shows that silence is silence, so each poll asks for the newest one of them, and hands
//! it over as noise.

mod answer;
mod config;

use std::sync::Arc;

use ::http::Method;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

pub use config::Config;

use super::config::Config as Source;
use super::poll::{Budget, Page, Polled, Refused, System, Window, refused};
use super::{Cleaner, LogSource, Origin};
use crate::adapter::http::{Client, Request};
use crate::domain::Trouble;

/// The most lines of one page that it gives.
const PAGE: usize = 1_000;

impl Origin for Config {
    fn connect(&self, source: &Source) -> Result<Arc<dyn LogSource>, Trouble> {
        let datadog = Datadog::new(self, source)?;
        Ok(Arc::new(Polled::new(source, self.pace, datadog)))
    }

    fn delay(&self) -> std::time::Duration {
        self.pace.delay()
    }
}

struct Datadog {
    client: Client,
    query: String,
    /// What finds the noise that is left out of the query.
    noise: Option<String>,
    indexes: Vec<String>,
}

impl Datadog {
    fn new(config: &Config, source: &Source) -> Result<Self, Trouble> {
        let (query, noise) = match &source.exclude_query {
            None => (config.query.clone(), None),
            Some(noise) => (format!("({}) -({noise})", config.query), Some(format!("({}) ({noise})", config.query))),
        };
        Ok(Self { client: config.client()?, query, noise, indexes: config.indexes.clone() })
    }

    async fn ask(&self, body: &Value, cleaner: &Cleaner, has_cursor: bool) -> Result<Answered, Refused> {
        let what = self.what();
        let request = Request::new(Method::POST, "/api/v2/logs/events/search").json(body);
        let answer = self.client.look(&request).await.map_err(|failure| Refused::Failed(failure.trouble(&what)))?;
        if !answer.is_success() {
            return Err(refused(&answer, &what, has_cursor, cleaner));
        }
        let budget = Budget::read(&answer);
        let found = answer.json::<answer::Found>(&what).map_err(Refused::Failed)?;
        Ok(Answered { found, budget })
    }

    fn search(&self, query: &str, window: Window) -> Value {
        let mut filter = json!({ "query": query, "from": window.from.to_string(), "to": window.to.to_string() });
        if !self.indexes.is_empty() {
            filter["indexes"] = json!(self.indexes);
        }
        json!({ "filter": filter })
    }

    fn what(&self) -> String {
        format!("search the logs of {}", self.client.endpoint())
    }
}

struct Answered {
    found: answer::Found,
    budget: Option<Budget>,
}

impl System for Datadog {
    fn place(&self) -> String {
        format!("the logs of {} in {}", self.query, self.client.endpoint())
    }

    fn page<'a>(
        &'a self,
        cleaner: &'a mut Cleaner,
        window: Window,
        cursor: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page, Refused>> {
        async move {
            let mut body = self.search(&self.query, window);
            body["sort"] = json!("timestamp");
            body["page"] = json!({ "limit": PAGE });
            if let Some(cursor) = cursor {
                body["page"]["cursor"] = json!(cursor);
            }
            let Answered { found, mut budget } = self.ask(&body, cleaner, cursor.is_some()).await?;
            let what = self.what();
            let mut page = Page { next: found.next(), ..Page::default() };
            page.lines = found.lines(cleaner, false, &what).map_err(Refused::Failed)?;
            if let (None, Some(noise)) = (&page.next, &self.noise) {
                let mut body = self.search(noise, window);
                body["sort"] = json!("-timestamp");
                body["page"] = json!({ "limit": 1 });
                let answered = self.ask(&body, cleaner, false).await?;
                budget = answered.budget.or(budget);
                page.lines.extend(answered.found.lines(cleaner, true, &what).map_err(Refused::Failed)?);
            }
            page.budget = budget;
            Ok(page)
        }
        .boxed()
    }
}
