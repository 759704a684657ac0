//! One interface of AWS that takes forms and answers in XML: looks and changes, and what their answers mean.

use std::sync::Arc;
use std::time::Duration;

use ::http::Method;
use ::http::header::{ACCEPT, HeaderValue};
use aws_credential_types::Credentials;

use super::super::{Fence, SetAnswer};
use crate::adapter::aws::xml::{self, Element};
use crate::adapter::aws::{Keys, No, masked};
use crate::adapter::http::{Answer, Client, Endpoint, Request, Tls};
use crate::domain::{Trouble, TroubleKind};

/// The fields of a form.
pub(super) type Form = Vec<(String, String)>;

/// One interface.
pub(super) struct Api {
    /// Its name in signatures and permissions: `elasticloadbalancing`.
    service: &'static str,
    version: &'static str,
    address: String,
    client: Client,
    keys: Arc<Keys>,
}

impl Api {
    /// An interface. Nothing is sent yet.
    ///
    /// # Errors
    /// When this machine has no certificates to check an encrypted address with.
    pub(super) fn new(
        (service, version): (&'static str, &'static str),
        endpoint: &Endpoint,
        keys: Arc<Keys>,
        patience: Duration,
    ) -> Result<Self, Trouble> {
        let client = Client::new(endpoint.clone(), None, &Tls::default(), patience)?;
        Ok(Self { service, version, address: endpoint.to_string(), client, keys })
    }

    /// What is asked of what and where, for people.
    pub(super) fn what(&self, action: &str, of: &str) -> String {
        format!("{action} {of} at {}", self.address)
    }

    /// Asks without changing anything. Told that the credentials are over, it asks once more with new ones.
    ///
    /// # Errors
    /// When no answer came, it was a no, or it is none of this service.
    pub(super) async fn ask(&self, action: &str, of: &str, form: &Form) -> Result<Element, Trouble> {
        let what = self.what(action, of);
        let mut is_second = false;
        loop {
            let keys = self.keys.get(&what).await?;
            let request = self.request(action, form, &keys, &what)?;
            let answer = self.client.look(&request).await.map_err(|failure| failure.trouble(&what))?;
            match judged(&answer, action, &keys) {
                Judged::Yes(document) => return Ok(document),
                Judged::No(no) => {
                    if no.is_about_credentials() {
                        self.keys.forget().await;
                        if !std::mem::replace(&mut is_second, true) {
                            continue;
                        }
                    }
                    return Err(no.trouble(&what, &self.permission(action), &self.keys.login()));
                }
                Judged::Strange(_) if !answer.is_success() => return Err(answer.refusal(&what)),
                Judged::Strange(why) => {
                    let advice = "see whether that address is the one of this service of AWS";
                    return Err(Trouble::new(TroubleKind::Garbage, &what, why, advice));
                }
            }
        }
    }

    /// Asks for a change, once. The fence is asked directly before the first byte.
    ///
    /// # Errors
    /// The answer to the change, unless it is a yes.
    pub(super) async fn change(
        &self,
        action: &str,
        of: &str,
        form: &Form,
        fence: &dyn Fence,
    ) -> Result<Element, SetAnswer> {
        let what = self.what(action, of);
        let not_sent = |trouble: Trouble| SetAnswer::NotSent(trouble.to_string());
        let keys = self.keys.get(&what).await.map_err(not_sent)?;
        let request = self.request(action, form, &keys, &what).map_err(not_sent)?;
        let answer = self.client.write(&request, fence).await.map_err(|failure| failure.set_answer(&what))?;
        match judged(&answer, action, &keys) {
            Judged::Yes(document) => Ok(document),
            Judged::No(no) => {
                if no.is_about_credentials() {
                    self.keys.forget().await;
                }
                let advice = no.advice(&self.permission(action), &self.keys.login());
                let said = format!("{what}: {}; {advice}", no.said());
                Err(if no.may_have_acted() { SetAnswer::Unknown(said) } else { SetAnswer::Failed(said) })
            }
            Judged::Strange(_) if (400..500).contains(&answer.status) => {
                Err(SetAnswer::Failed(answer.refusal(&what).to_string()))
            }
            Judged::Strange(why) => {
                Err(SetAnswer::Unknown(format!("{what}: {why}; read the weights before anything else")))
            }
        }
    }

    fn permission(&self, action: &str) -> String {
        match self.service {
            "monitoring" => format!("cloudwatch:{action}"),
            service => format!("{service}:{action}"),
        }
    }

    fn request(&self, action: &str, form: &Form, keys: &Credentials, what: &str) -> Result<Request, Trouble> {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.append_pair("Action", action).append_pair("Version", self.version);
        body.extend_pairs(form);
        let body = body.finish();
        let request = Request::new(Method::POST, "/")
            // Asked for JSON, some of AWS's services of this kind give it.
            .header(ACCEPT, HeaderValue::from_static("application/xml, text/xml"))
            .body("application/x-www-form-urlencoded; charset=utf-8", body);
        self.keys.signed(&request, keys, &self.address, self.service).map_err(|why| {
            let advice = "see whether the credentials are whole";
            Trouble::new(TroubleKind::Denied, what, format!("the request cannot be signed: {why}"), advice)
        })
    }
}

/// What a whole answer means.
enum Judged {
    /// It did what was asked.
    Yes(Element),
    /// It said no.
    No(No),
    /// It is no answer of this service, for people.
    Strange(String),
}

fn judged(answer: &Answer, action: &str, keys: &Credentials) -> Judged {
    let text = masked(&answer.text(), keys);
    let document = match xml::read(text.as_bytes()) {
        Ok(document) => document,
        Err(why) => return Judged::Strange(format!("its answer cannot be understood: {why}")),
    };
    if answer.is_success() && document.name == format!("{action}Response") {
        return Judged::Yes(document);
    }
    match No::read(answer, &document) {
        Some(no) => Judged::No(no),
        None => Judged::Strange(format!("it answered {} with `{}`", answer.status, document.name.escape_debug())),
    }
}
