//! One service of AWS that speaks JSON (`application/x-amz-json-1.1`): looks and changes, signed, and what their answers are.

use std::time::Duration;

use ::http::Method;
use ::http::header::{HeaderName, HeaderValue};
use aws_credential_types::Credentials;
use serde_json::Value;

use super::{Keys, No, Place, masked};
use crate::adapter::hidden::without_values;
use crate::adapter::http::{Answer, Client, Failure, Request, Tls};
use crate::adapter::router::Fence;
use crate::domain::{Trouble, TroubleKind};

/// How a service is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    /// In signatures and permissions, and the first part of its host.
    pub(crate) name: &'static str,
    /// Before the action in the header that names it.
    pub(crate) target: &'static str,
}

/// One service.
pub(crate) struct Service {
    named: Named,
    address: String,
    client: Client,
    keys: Keys,
}

/// What came back.
pub(crate) enum Said {
    /// A document.
    Yes(Value),
    /// No, with its code where it has one.
    No(Option<No>, Answer),
    /// A yes that is no document.
    Strange,
}

/// Why no whole answer came.
pub(crate) enum Lost {
    /// There are no credentials that could be shown: no byte went out.
    Unsigned(Trouble),
    /// The exchange failed.
    Exchange(Failure),
}

impl Service {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// When the region has no address that is known here, or this machine no certificates.
    pub(crate) fn new(named: Named, place: &Place, patience: Duration) -> Result<Self, Trouble> {
        let endpoint = place.at(named.name)?;
        let address = endpoint.to_string();
        let client = Client::new(endpoint, None, &Tls::default(), patience)?;
        Ok(Self { named, address, client, keys: Keys::new(&place.chain, &place.region, patience) })
    }

    /// What is asked, with where.
    pub(crate) fn what(&self, action: &str) -> String {
        format!("{action} at {}", self.address)
    }

    /// What to do about a no.
    pub(crate) fn advice(&self, no: &No, action: &str) -> String {
        no.advice(&format!("{}:{action}", self.named.name), &self.keys.login())
    }

    /// Asks without changing anything. Told that the credentials are over, it asks once more with new ones.
    ///
    /// # Errors
    /// Why no whole answer came.
    pub(crate) async fn look(&self, action: &str, body: &Value) -> Result<Said, Lost> {
        let first = self.ask(action, body, None).await?;
        match &first {
            Said::No(Some(no), _) if no.is_about_credentials() => self.ask(action, body, None).await,
            Said::Yes(_) | Said::No(..) | Said::Strange => Ok(first),
        }
    }

    /// Asks for a change, once. The fence is asked directly before the first byte.
    ///
    /// # Errors
    /// Why no whole answer came, and whether a byte may have gone out.
    pub(crate) async fn change(&self, action: &str, body: &Value, fence: &dyn Fence) -> Result<Said, Lost> {
        self.ask(action, body, Some(fence)).await
    }

    async fn ask(&self, action: &str, body: &Value, fence: Option<&dyn Fence>) -> Result<Said, Lost> {
        let what = self.what(action);
        let keys = self.keys.get(&what).await.map_err(Lost::Unsigned)?;
        let request = self.signed(action, body, &keys, &what).map_err(Lost::Unsigned)?;
        let said = match fence {
            None => self.client.look(&request).await,
            Some(fence) => self.client.write(&request, fence).await,
        };
        let mut answer = said.map_err(Lost::Exchange)?;
        answer.body = masked(&answer.text(), &keys).into_bytes();
        if answer.is_success() {
            let document = serde_json::from_slice(&answer.body).ok().filter(Value::is_object);
            return Ok(document.map_or(Said::Strange, Said::Yes));
        }
        answer.body = without_values(&answer.text(), body).into_bytes();
        let no = no(&answer);
        if no.as_ref().is_some_and(No::is_about_credentials) {
            self.keys.forget().await;
        }
        Ok(Said::No(no, answer))
    }

    fn signed(&self, action: &str, body: &Value, keys: &Credentials, what: &str) -> Result<Request, Trouble> {
        let unsigned = |why: String| {
            let advice = "see whether the credentials are whole";
            Trouble::new(TroubleKind::Denied, what, format!("the request cannot be signed: {why}"), advice)
        };
        let target = HeaderValue::from_str(&format!("{}.{action}", self.named.target));
        let target = target.map_err(|error| unsigned(error.to_string()))?;
        let request = Request::new(Method::POST, "/")
            .header(HeaderName::from_static("x-amz-target"), target)
            .body("application/x-amz-json-1.1", body.to_string());
        self.keys.signed(&request, keys, &self.address, self.named.name).map_err(unsigned)
    }
}

/// A refusal: its type has a name before the code, and the message one of two keys.
fn no(answer: &Answer) -> Option<No> {
    let document: Value = serde_json::from_slice(&answer.body).ok()?;
    let code = document["__type"].as_str().or_else(|| document["code"].as_str()).unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default();
    let message = document["message"].as_str().or_else(|| document["Message"].as_str()).unwrap_or_default();
    No::of(answer.status, code, message, answer.status >= 500)
}
