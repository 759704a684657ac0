//! One service of AWS: signs, asks, and tells refusals from answers. Some speak JSON (`application/x-amz-json-1.1`), some take
//! forms and answer in XML.

use std::time::Duration;

use ::http::Method;
use ::http::header::{ACCEPT, HeaderName, HeaderValue};
use serde_json::Value;

use super::Place;
use crate::adapter::aws::xml::{self, Element};
use crate::adapter::aws::{Keys, No, masked};
use crate::adapter::check::system::{Advice, Untold, date, quote, refused, retry_after, with_wait};
use crate::adapter::http::{Answer as Said, Client, Request, Tls};
use crate::domain::{Timestamp, Trouble, TroubleKind};

const ADVICE: Advice = Advice {
    denied: "see whether the credentials are right, and what they may do",
    missing: "see whether `endpoint` is the address of this service of AWS",
};

/// One service.
pub(super) struct Service {
    /// Its name in signatures.
    name: &'static str,
    /// Its name in permissions.
    permission: &'static str,
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

/// What came back, signed for and masked.
enum Exchanged {
    Yes(Said),
    No(No, Said),
}

impl Service {
    /// Nothing is sent yet. `host` is the first part of its address in a region.
    pub(super) fn new(
        (name, permission, host): (&'static str, &'static str, &'static str),
        place: &Place,
        patience: Duration,
    ) -> Result<Self, Trouble> {
        let endpoint = place.at(host)?;
        let address = endpoint.to_string();
        let client = Client::new(endpoint, None, &Tls::default(), patience)?;
        Ok(Self { name, permission, address, client, keys: Keys::new(&place.chain, &place.region, patience) })
    }

    /// Asks a service that speaks JSON. `target` comes before the action in the header that names it; `missing` are the
    /// codes that say that what was asked for is not there.
    pub(super) async fn ask(
        &self,
        (target, action): (&str, &str),
        body: &Value,
        missing: &[&str],
        now: Timestamp,
    ) -> Result<Told, Untold> {
        let what = self.what(action);
        let target = HeaderValue::from_str(&format!("{target}.{action}"));
        let target = target.map_err(|error| Untold::new(format!("{what}: {error}; write to who makes flightdeck")))?;
        let request = Request::new(Method::POST, "/")
            .header(HeaderName::from_static("x-amz-target"), target)
            .body("application/x-amz-json-1.1", body.to_string());
        match self.exchange(&what, &request, json_no, now).await? {
            Exchanged::Yes(said) => match serde_json::from_slice(&said.body) {
                Ok(document @ Value::Object(_)) => Ok(Told::Yes(document, date(&said).unwrap_or(now))),
                _ => Err(Untold::new(format!("{what}: its answer is none of this service; {}", ADVICE.missing))),
            },
            Exchanged::No(no, said) if missing.contains(&no.code()) => {
                Ok(Told::Missing(no.code().to_owned(), quote(&no.said()), date(&said).unwrap_or(now)))
            }
            Exchanged::No(no, said) => Err(self.untold(&no, &said, action, now)),
        }
    }

    /// Asks a service that takes forms.
    pub(super) async fn ask_form(
        &self,
        (version, action): (&str, &str),
        form: &[(String, String)],
        now: Timestamp,
    ) -> Result<(Element, Timestamp), Untold> {
        let what = self.what(action);
        // Made and left behind here: it must not be held while the answer is waited for.
        let body = {
            let mut body = url::form_urlencoded::Serializer::new(String::new());
            body.append_pair("Action", action).append_pair("Version", version).extend_pairs(form);
            body.finish()
        };
        let request = Request::new(Method::POST, "/")
            // Asked for JSON, some of AWS's services of this kind give it.
            .header(ACCEPT, HeaderValue::from_static("application/xml, text/xml"))
            .body("application/x-www-form-urlencoded; charset=utf-8", body);
        match self.exchange(&what, &request, xml_no, now).await? {
            Exchanged::Yes(said) => match xml::read(&said.body) {
                Ok(document) if document.name == format!("{action}Response") => {
                    Ok((document, date(&said).unwrap_or(now)))
                }
                _ => Err(Untold::new(format!("{what}: its answer is none of this service; {}", ADVICE.missing))),
            },
            Exchanged::No(no, said) => Err(self.untold(&no, &said, action, now)),
        }
    }

    fn what(&self, action: &str) -> String {
        format!("{action} at {}", self.address)
    }

    /// Sends it, signed. Told that the credentials are over, it does so once more with new ones.
    async fn exchange(
        &self,
        what: &str,
        request: &Request,
        no: fn(&Said) -> Option<No>,
        now: Timestamp,
    ) -> Result<Exchanged, Untold> {
        let mut is_second = false;
        loop {
            let keys = self.keys.get(what).await?;
            let signed = self.keys.signed(request, &keys, &self.address, self.name).map_err(|why| {
                let advice = "see whether the credentials are whole";
                Trouble::new(TroubleKind::Denied, what, format!("the request cannot be signed: {why}"), advice)
            })?;
            let mut said = self.client.look(&signed).await.map_err(|failure| failure.trouble(what))?;
            said.body = masked(&said.text(), &keys).into_bytes();
            if said.is_success() {
                return Ok(Exchanged::Yes(said));
            }
            let Some(no) = no(&said) else { return Err(refused(&said, what, now, ADVICE)) };
            if no.is_about_credentials() {
                self.keys.forget().await;
                if !std::mem::replace(&mut is_second, true) {
                    continue;
                }
            }
            return Ok(Exchanged::No(no, said));
        }
    }

    fn untold(&self, no: &No, said: &Said, action: &str, now: Timestamp) -> Untold {
        let permission = format!("{}:{action}", self.permission);
        let untold: Untold = no.trouble(&self.what(action), &permission, &self.keys.login()).into();
        let not_before =
            retry_after(said, now).filter(|_| said.status == 429 || !said.header("retry-after").is_empty());
        Untold { words: with_wait(untold.words, not_before), not_before }
    }
}

/// A refusal as the services that speak JSON write it: its type has a name before the code, and the message one of two keys.
fn json_no(said: &Said) -> Option<No> {
    let document: Value = serde_json::from_slice(&said.body).ok()?;
    let code = document["__type"].as_str().or_else(|| document["code"].as_str()).unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default();
    let message = document["message"].as_str().or_else(|| document["Message"].as_str()).unwrap_or_default();
    No::of(said.status, code, message, said.status >= 500)
}

fn xml_no(said: &Said) -> Option<No> {
    No::read(said, &xml::read(&said.body).ok()?)
}
