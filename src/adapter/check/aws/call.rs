//! One service of AWS that speaks JSON (`application/x-amz-json-1.1`): asks, and tells refusals from answers.

use std::time::Duration;

use ::http::Method;
use ::http::header::{HeaderName, HeaderValue};
use serde_json::Value;

use super::Place;
use crate::adapter::check::system::{Untold, date, quote, retry_after, with_wait};
use crate::adapter::http::{Answer as Said, Client, Request, Tls};
use crate::adapter::router::alb::keys::{Keys, masked};
use crate::adapter::router::alb::words::No;
use crate::domain::{Timestamp, Trouble, TroubleKind};

/// One service.
pub(super) struct Service {
    /// Its name in signatures and permissions.
    name: &'static str,
    /// What comes before an action in the header that names it.
    target: &'static str,
    address: String,
    client: Client,
    keys: Keys,
}

/// What was answered.
pub(super) enum Told {
    /// Yes, with the service's time.
    Yes(Value, Timestamp),
    /// A refusal that says something about what was asked for: its code, and what it said.
    Missing(String, String, Timestamp),
}

impl Service {
    /// Nothing is sent yet. `host` is the first part of its address in a region.
    pub(super) fn new(
        (name, target, host): (&'static str, &'static str, &'static str),
        place: &Place,
        patience: Duration,
    ) -> Result<Self, Trouble> {
        let endpoint = place.at(host).ok_or_else(|| place.nowhere())?;
        let address = endpoint.to_string();
        let client = Client::new(endpoint, None, &Tls::default(), patience)?;
        Ok(Self { name, target, address, client, keys: place.keys(patience) })
    }

    /// Asks. `missing` are the codes that say that what was asked for is not there. Told that the credentials are over, it
    /// asks once more with new ones.
    pub(super) async fn ask(
        &self,
        action: &str,
        body: &Value,
        missing: &[&str],
        now: Timestamp,
    ) -> Result<Told, Untold> {
        let what = format!("{action} at {}", self.address);
        let mut is_second = false;
        loop {
            let keys = self.keys.get(&what).await?;
            let target = HeaderValue::from_str(&format!("{}.{action}", self.target));
            let target = target.map_err(|error| Untold::new(format!("{what}: {error}; this is a bug")))?;
            let request = Request::new(Method::POST, "/")
                .header(HeaderName::from_static("x-amz-target"), target)
                .body("application/x-amz-json-1.1", body.to_string());
            let signed = self.keys.signed(&request, &keys, &self.address, self.name).map_err(|why| {
                let advice = "see whether the credentials are whole";
                Trouble::new(TroubleKind::Denied, &what, format!("the request cannot be signed: {why}"), advice)
            })?;
            let mut said = self.client.look(&signed).await.map_err(|failure| failure.trouble(&what))?;
            said.body = masked(&said.text(), &keys).into_bytes();
            let at = date(&said).unwrap_or(now);
            let document: Option<Value> = serde_json::from_slice(&said.body).ok();
            if said.is_success() {
                return match document {
                    Some(document) if document.is_object() => Ok(Told::Yes(document, at)),
                    _ => Err(Untold::new(format!(
                        "{what}: its answer is none of this service; see where `endpoint` leads"
                    ))),
                };
            }
            let Some(no) = document.and_then(|document| no(&said, &document)) else {
                return Err(said.refusal(&what).into());
            };
            if no.is_about_credentials() {
                self.keys.forget().await;
                if !std::mem::replace(&mut is_second, true) {
                    continue;
                }
            }
            if missing.contains(&no.code()) {
                return Ok(Told::Missing(no.code().to_owned(), quote(&no.said()), at));
            }
            let untold: Untold = no.trouble(&what, &format!("{}:{action}", self.name), &self.keys.login()).into();
            let not_before = retry_after(&said, now).filter(|_| !said.header("retry-after").is_empty());
            return Err(Untold { words: with_wait(untold.words, not_before), not_before });
        }
    }
}

/// A refusal as these services write it: its type has a name before the code, and the message one of two keys.
fn no(said: &Said, document: &Value) -> Option<No> {
    let code = document["__type"].as_str().or_else(|| document["code"].as_str()).unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default();
    let message = document["message"].as_str().or_else(|| document["Message"].as_str()).unwrap_or_default();
    No::of(said.status, code, message, said.status >= 500)
}
