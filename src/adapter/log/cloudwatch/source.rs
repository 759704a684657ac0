//! Asks for the lines of a log group.

use ::http::Method;
use ::http::header::{HeaderName, HeaderValue};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::json;

use super::super::Cleaner;
use super::super::poll::{Heard, Page, Refused, System, Window, refused};
use super::Config;
use super::no::No;
use crate::adapter::aws::{Keys, masked};
use crate::adapter::http::{Answer, Client, Request, Tls};
use crate::domain::{Timestamp, Trouble, TroubleKind};

/// The most lines of one page that it gives.
const PAGE: usize = 10_000;

/// One log group, and who asks for it.
pub(super) struct CloudWatch {
    client: Client,
    keys: Keys,
    config: Config,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    #[serde(default)]
    events: Vec<Event>,
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(rename = "eventId")]
    id: String,
    timestamp: i64,
    message: String,
    #[serde(default)]
    log_stream_name: String,
}

impl CloudWatch {
    pub(super) fn new(config: &Config) -> Result<Self, Trouble> {
        let client = Client::new(config.at.clone(), None, &Tls::default(), config.timeout)?;
        let keys = Keys::new(&config.chain, &config.region, config.timeout);
        Ok(Self { client, keys, config: config.clone() })
    }

    fn what(&self) -> String {
        format!("read the log group {} at {}", self.config.group, self.config.at)
    }

    fn request(&self, window: Window, cursor: Option<&str>) -> Request {
        let mut body = json!({
            "logGroupName": self.config.group,
            "startTime": window.from.0,
            // The last millisecond of the window: AWS takes it in.
            "endTime": window.to.0.saturating_sub(1).max(window.from.0),
            "limit": PAGE,
        });
        if let Some(streams) = &self.config.streams {
            body["logStreamNamePrefix"] = json!(streams);
        }
        if let Some(pattern) = &self.config.pattern {
            body["filterPattern"] = json!(pattern);
        }
        if let Some(cursor) = cursor {
            body["nextToken"] = json!(cursor);
        }
        Request::new(Method::POST, "/")
            .header(HeaderName::from_static("x-amz-target"), HeaderValue::from_static("Logs_20140328.FilterLogEvents"))
            .body("application/x-amz-json-1.1", body.to_string())
    }

    /// Asks once; told that the credentials are over, once more with new ones.
    async fn ask(&self, request: &Request, what: &str) -> Result<Answer, Refused> {
        let mut is_second = false;
        loop {
            let keys = self.keys.get(what).await.map_err(Refused::Failed)?;
            let address = self.config.at.to_string();
            let signed = self.keys.signed(request, &keys, &address, "logs").map_err(|why| {
                let advice = "see whether the credentials are whole";
                let why = format!("the request cannot be signed: {why}");
                Refused::Failed(Trouble::new(TroubleKind::Denied, what, why, advice))
            })?;
            let asked = self.client.look(&signed).await;
            let mut answer = asked.map_err(|failure| Refused::Failed(failure.trouble(what)))?;
            if answer.is_success() {
                return Ok(answer);
            }
            answer.body = masked(&answer.text(), &keys).into_bytes();
            if No::read(&answer).is_some_and(|no| no.is_about_credentials()) {
                self.keys.forget().await;
                if !std::mem::replace(&mut is_second, true) {
                    continue;
                }
            }
            return Ok(answer);
        }
    }
}

impl System for CloudWatch {
    fn place(&self) -> String {
        format!("the log group {} at {}", self.config.group, self.config.at)
    }

    fn page<'a>(
        &'a self,
        cleaner: &'a mut Cleaner,
        window: Window,
        cursor: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page, Refused>> {
        async move {
            let what = self.what();
            let answer = self.ask(&self.request(window, cursor), &what).await?;
            if !answer.is_success() {
                return Err(match No::read(&answer) {
                    Some(no) => no.refused(&what, cursor.is_some(), &self.keys.login(), cleaner),
                    None => refused(&answer, &what, cursor.is_some(), cleaner),
                });
            }
            let found = answer.json::<Found>(&what).map_err(Refused::Failed)?;
            let heard = found.events.into_iter().map(|event| Heard {
                id: event.id,
                at: Timestamp(event.timestamp),
                text: event.message.into_bytes(),
                labels: vec![("stream".to_owned(), event.log_stream_name)],
            });
            Ok(Page {
                lines: heard.map(|heard| heard.found(cleaner)).collect(),
                next: found.next_token.filter(|token| !token.is_empty()),
                budget: None,
            })
        }
        .boxed()
    }
}
