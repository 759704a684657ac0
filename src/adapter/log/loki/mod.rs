//! Logs of Loki: told as they come over a WebSocket, and asked for in ranges.
//!
//! The tail is quick and promises nothing: it drops lines under load, ends every hour, and may hang. So the ranges are asked
//! for as well, less often: they catch up at the beginning and after a gap, find what the tail dropped, and are what silence
//! is proven by. A line that came both ways is handed over once, known by its time to the nanosecond, its labels and its text.

mod answer;
mod config;
mod tail;

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

pub use config::Config;

use super::config::Config as Source;
use super::poll::{Budget, Live, Page, Polled, Refused, System, Window, refused};
use super::{Cleaner, LogSource, Origin};
use crate::adapter::http::{Client, Request};
use crate::domain::{Trouble, TroubleKind};

/// Lines of one page.
const PAGE: usize = 1_000;
/// Nanoseconds in a millisecond.
const NANOS: i64 = 1_000_000;

impl Origin for Config {
    fn connect(&self, source: &Source) -> Result<Arc<dyn LogSource>, Trouble> {
        let loki = Loki { client: Arc::new(self.client()?), config: self.clone() };
        Ok(Arc::new(Polled::new(source, self.pace, loki)))
    }

    fn delay(&self) -> std::time::Duration {
        self.pace.delay()
    }
}

struct Loki {
    client: Arc<Client>,
    config: Config,
}

impl System for Loki {
    fn place(&self) -> String {
        format!("the logs of {} in {}", self.config.query, self.config.at)
    }

    fn page<'a>(
        &'a self,
        cleaner: &'a mut Cleaner,
        window: Window,
        cursor: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page, Refused>> {
        async move {
            let what = format!("read a range of {} in {}", self.config.query, self.config.at);
            let start = cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or(window.from.0.saturating_mul(NANOS));
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("query", &self.config.query)
                .append_pair("start", &start.to_string())
                .append_pair("end", &window.to.0.saturating_mul(NANOS).to_string())
                .append_pair("limit", &PAGE.to_string())
                .append_pair("direction", "forward")
                .finish();
            let request = self.config.request(format!("/loki/api/v1/query_range?{query}"));
            let asked = self.client.look(&request).await;
            let answer = asked.map_err(|failure| Refused::Failed(failure.trouble(&what)))?;
            if !answer.is_success() {
                return Err(refused(&answer, &what, false, cleaner));
            }
            let range = answer.json::<answer::Range>(&what).map_err(Refused::Failed)?;
            let Some(mut lines) = range.lines() else {
                let advice = "name a query of logs, { } with filters behind it; numbers belong into panels";
                let why = "its answer holds numbers, not lines";
                return Err(Refused::Failed(Trouble::new(TroubleKind::Mismatch, what, why, advice)));
            };
            lines.sort_by_key(|line| line.nanos);
            let last = lines.last().map(|line| line.nanos).filter(|_| lines.len() >= PAGE);
            // A page of one moment alone would lead to itself: then the next moment is gone on with.
            let next = last.map(|last| if last > start { last } else { last + 1 });
            Ok(Page {
                lines: lines.into_iter().map(|line| line.heard().found(cleaner)).collect(),
                next: next.map(|next| next.to_string()),
                budget: Budget::read(&answer),
            })
        }
        .boxed()
    }

    fn live(&self) -> Option<BoxStream<'static, Live>> {
        Some(tail::tail(Arc::clone(&self.client), self.config.clone()))
    }
}

impl Config {
    fn request(&self, path: String) -> Request {
        let request = Request::get(path);
        match &self.tenant {
            Some((name, value)) => request.header(name.clone(), value.clone()),
            None => request,
        }
    }
}
