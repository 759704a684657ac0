//! Logs of Elasticsearch and `OpenSearch`, searched again and again.
//!
//! Both take the same queries and differ in how a search stays the same while it is paged: a point in time is opened and closed
//! in other words, and what tells lines of the same time apart is called otherwise. What `exclude` names is found with the
//! rest and named in the same query, so that one search tells which lines are noise.

mod answer;
mod config;
mod product;

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

pub use config::{Config, Who};
pub use product::Product;

use super::config::Config as Source;
use super::poll::{Budget, Page, Polled, Refused, System, Window, refused};
use super::{Cleaner, LogSource, Origin};
use crate::adapter::http::{Answer, Client, Request};
use crate::domain::{Trouble, TroubleKind};

/// Lines of one page.
const PAGE: usize = 1_000;
/// How long a point in time is kept between two pages.
const KEPT: &str = "1m";

impl Origin for Config {
    fn connect(&self, source: &Source) -> Result<Arc<dyn LogSource>, Trouble> {
        let elastic = Elastic { client: self.client()?, config: self.clone(), noise: source.exclude_query.clone() };
        Ok(Arc::new(Polled::new(source, self.pace, elastic)))
    }

    fn delay(&self) -> std::time::Duration {
        self.pace.delay()
    }
}

struct Elastic {
    client: Client,
    config: Config,
    noise: Option<String>,
}

impl Elastic {
    async fn ask(&self, request: &Request, what: &str) -> Result<Answer, Refused> {
        self.client.look(request).await.map_err(|failure| Refused::Failed(failure.trouble(what)))
    }

    /// A point in time, in which nothing changes while it is paged.
    async fn open(&self, cleaner: &Cleaner) -> Result<String, Refused> {
        let Config { product, index, at, .. } = &self.config;
        let what = format!("open a point in time of {index} in {at}");
        let answer = self.ask(&product.open(index, KEPT), &what).await?;
        if !answer.is_success() {
            return Err(refused(&answer, &what, false, cleaner));
        }
        product.opened(&answer.json(&what).map_err(Refused::Failed)?).ok_or_else(|| {
            let advice = "see whether `kind` names the product that runs there";
            Refused::Failed(Trouble::new(TroubleKind::Garbage, what, "its answer names no point in time", advice))
        })
    }

    /// It is kept for a minute anyway: whether it could be closed changes nothing.
    async fn close(&self, point: &str) {
        drop(self.client.look(&self.config.product.close(point)).await);
    }

    fn body(&self, window: Window, cursor: &Cursor) -> Value {
        let Config { product, query, time, .. } = &self.config;
        let times =
            json!({ "gte": window.from.to_string(), "lt": window.to.to_string(), "format": "strict_date_time" });
        let mut filter = vec![json!({ "range": { time: times } })];
        filter.extend(query.iter().map(|query| json!({ "query_string": { "query": query } })));
        let mut wanted = json!({ "filter": filter });
        if let Some(noise) = &self.noise {
            wanted["should"] = json!([{ "query_string": { "query": noise, "_name": NOISE } }]);
            wanted["minimum_should_match"] = json!(0);
        }
        let mut body = json!({
            "size": PAGE,
            "track_total_hits": false,
            "query": { "bool": wanted },
            "pit": { "id": cursor.point, "keep_alive": KEPT },
            "sort": [{ time: { "order": "asc", "format": "strict_date_time" } }, { product.tie(): "asc" }],
        });
        if let Some(after) = &cursor.after {
            body["search_after"] = after.clone();
        }
        body
    }
}

/// The name of the query that finds noise, as hits tell which queries found them.
const NOISE: &str = "noise";

/// Where the next page begins.
struct Cursor {
    point: String,
    after: Option<Value>,
}

impl Cursor {
    fn read(text: &str) -> Option<Self> {
        let mut read: Value = serde_json::from_str(text).ok()?;
        Some(Self { point: read["point"].as_str()?.to_owned(), after: Some(read["after"].take()) })
    }

    fn written(point: &str, after: &Value) -> String {
        json!({ "point": point, "after": after }).to_string()
    }
}

impl System for Elastic {
    fn place(&self) -> String {
        format!("the logs in {} of {}", self.config.index, self.config.at)
    }

    fn page<'a>(
        &'a self,
        cleaner: &'a mut Cleaner,
        window: Window,
        cursor: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page, Refused>> {
        async move {
            let what = format!("search {} in {}", self.config.index, self.config.at);
            let from = match cursor.and_then(Cursor::read) {
                Some(cursor) => cursor,
                None => Cursor { point: self.open(cleaner).await?, after: None },
            };
            let request = Request::new(http::Method::POST, "/_search").json(&self.body(window, &from));
            let asked = self.ask(&request, &what).await;
            let answer = match asked {
                Ok(answer) if answer.is_success() => answer,
                no => {
                    if cursor.is_none() {
                        self.close(&from.point).await;
                    }
                    return Err(refused(&no?, &what, cursor.is_some(), cleaner));
                }
            };
            let found = answer.json::<answer::Found>(&what).map_err(Refused::Failed)?;
            let point = found.point().unwrap_or(&from.point).to_owned();
            let is_whole = found.is_whole(&what);
            let mut page = Page { budget: Budget::read(&answer), ..Page::default() };
            if let Err(trouble) = is_whole {
                self.close(&point).await;
                return Err(Refused::Failed(trouble));
            }
            page.next = found.last(PAGE).map(|after| Cursor::written(&point, after));
            page.lines = found.lines(cleaner, &self.config, &what).map_err(Refused::Failed)?;
            if page.next.is_none() {
                self.close(&point).await;
            }
            Ok(page)
        }
        .boxed()
    }
}
