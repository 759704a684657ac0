//! What an HTTP address answers: its status, parts of the JSON document that it gives, a version, headers, text in the
//! body, the time that it takes.
//!
//! Parts: `config` (what the profile says), `expect` (what an answer must be, and how it is judged).
//!
//! # Invariants
//! - GET and HEAD, or a POST that the profile names for a read-only address: nothing else is sent.
//! - A redirect is an answer and not followed: what stands behind it is another address.
//! - A no that says nothing of the service (401, 403, 429) is inconclusive, unless that very status is expected.

mod config;
mod expect;

use std::time::Duration;

use ::http::header::{ACCEPT, HeaderValue};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

pub use config::Config;
pub use expect::{Expect, Which};

use super::{Check, say};
use crate::adapter::http::{self, Client, Request};
use crate::domain::check::{Answer, Asking, Verdict};

/// One address with what it must answer.
struct Http {
    config: Config,
    client: Client,
    shown: String,
}

impl Check for Http {
    fn ask<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Answer> {
        async move {
            let answer = say::within(self.config.timeout, asking, self.once(asking)).await;
            let request = ("request".to_owned(), self.shown.clone());
            Answer { evidence: std::iter::once(request).chain(answer.evidence).collect(), ..answer }
        }
        .boxed()
    }
}

impl Http {
    async fn once(&self, asking: &Asking) -> Answer {
        let begun = Instant::now();
        let mut answer = match self.client.look(&self.request()).await {
            Ok(answer) => answer,
            Err(failure) => return say::failure(failure, &self.shown, asking),
        };
        let took = begun.elapsed();
        // Some answers repeat what they were shown.
        self.client.mask(&mut answer.body).await;
        let said = self.judge(&answer, took, asking);
        let status = format!("{} in {} ms", answer.status, took.as_millis());
        let mut whole = Answer { evidence: vec![("answer".to_owned(), status)], ..said.clone() };
        whole.evidence.extend(said.evidence);
        whole
    }

    fn judge(&self, answer: &http::Answer, took: Duration, asking: &Asking) -> Answer {
        if say::is_refusal(answer) && !self.config.expect.names_status(answer.status) {
            return say::refusal(answer, &self.shown, asking);
        }
        let said = self.config.expect.judge(answer, took, asking);
        if said.verdict == Verdict::Pass || answer.body.is_empty() {
            return said;
        }
        said.with("body", say::evidence(&answer.text()))
    }

    fn request(&self) -> Request {
        let Config { method, path, body, headers, .. } = &self.config;
        let accept = HeaderValue::from_static("application/json, */*;q=0.5");
        let mut request = Request::new(method.clone(), path.as_str());
        if !headers.iter().any(|(name, _)| name == ACCEPT) {
            request = request.header(ACCEPT, accept);
        }
        for (name, value) in headers {
            request = request.header(name.clone(), value.clone());
        }
        if let Some(body) = body {
            let is_typed = headers.iter().any(|(name, _)| name == ::http::header::CONTENT_TYPE);
            request = if is_typed {
                Request { body: body.clone().into(), ..request }
            } else {
                request.body("application/json", body.as_str())
            };
        }
        request
    }
}
