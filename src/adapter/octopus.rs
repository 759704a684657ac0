//! The HTTP interface of an Octopus server: documents, what its noes mean, and the ids behind names.

use std::time::Duration;

use ::http::{HeaderName, Method};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::http::{Answer, Client, Endpoint, Login, Request, Tls};
use super::router::{Fence, SetAnswer};
use super::secret::SecretRef;
use crate::domain::{Trouble, TroubleKind};

/// One server.
#[derive(Debug)]
pub(in crate::adapter) struct Api {
    client: Client,
}

/// A page of a list.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "PascalCase")]
pub(in crate::adapter) struct Page<T> {
    /// What is on it.
    pub(in crate::adapter) items: Vec<T>,
}

/// Something with an id and a name.
#[derive(Deserialize, Clone, PartialEq, Eq, Debug)]
#[serde(rename_all = "PascalCase")]
pub(in crate::adapter) struct Item {
    /// `Environments-3`.
    pub(in crate::adapter) id: String,
    /// `prod`.
    pub(in crate::adapter) name: String,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "PascalCase")]
struct Channel {
    id: String,
    name: String,
    #[serde(default)]
    is_default: bool,
}

impl Api {
    /// A server that is shown an API key.
    ///
    /// # Errors
    /// When a certificate cannot be read.
    pub(in crate::adapter) fn new(at: Endpoint, key: SecretRef, tls: &Tls, timeout: Duration) -> Result<Self, Trouble> {
        let login = Login::header(HeaderName::from_static("x-octopus-apikey"), key);
        Ok(Self { client: Client::new(at, Some(login), tls, timeout)? })
    }

    /// Who asks, for answers that mean something else than a document.
    pub(in crate::adapter) fn client(&self) -> &Client {
        &self.client
    }

    /// Where it is.
    pub(in crate::adapter) fn at(&self) -> &Endpoint {
        self.client.endpoint()
    }

    /// One document.
    pub(in crate::adapter) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        let what = self.what("read", path);
        let answer = self.look(path, &what).await?;
        if answer.is_success() { answer.json(&what) } else { Err(said(&answer).refusal(&what)) }
    }

    /// One document, or nothing where there is none.
    pub(in crate::adapter) async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Trouble> {
        let what = self.what("read", path);
        let answer = self.look(path, &what).await?;
        match answer.status {
            404 => Ok(None),
            _ if answer.is_success() => answer.json(&what).map(Some),
            _ => Err(said(&answer).refusal(&what)),
        }
    }

    /// The one of this name; where there is none, the trouble says what there is.
    pub(in crate::adapter) async fn named<T: DeserializeOwned>(
        &self,
        list: &str,
        noun: &str,
        name: &str,
        of: fn(&T) -> &String,
    ) -> Result<T, Trouble> {
        let found: Page<T> = self.get(&format!("{list}?partialName={}&take=100", encoded(name))).await?;
        let is_it = |each: &T| of(each).eq_ignore_ascii_case(name);
        if let Some(it) = found.items.into_iter().find(is_it) {
            return Ok(it);
        }
        let all: Page<T> = self.get(&format!("{list}?take=100")).await?;
        let names: Vec<&str> = all.items.iter().map(|each| of(each).as_str()).collect();
        Err(self.absent(noun, name, &names))
    }

    /// The channel of this name, or the project's default one.
    pub(in crate::adapter) async fn channel(
        &self,
        space: &str,
        project: &str,
        wanted: Option<&str>,
    ) -> Result<Item, Trouble> {
        let all: Page<Channel> = self.get(&format!("/api/{space}/projects/{project}/channels?take=100")).await?;
        let is_it = |each: &&Channel| match wanted {
            Some(name) => each.name.eq_ignore_ascii_case(name),
            None => each.is_default,
        };
        if let Some(channel) = all.items.iter().find(is_it) {
            return Ok(Item { id: channel.id.clone(), name: channel.name.clone() });
        }
        let names: Vec<&str> = all.items.iter().map(|each| each.name.as_str()).collect();
        Err(self.absent("channel", wanted.unwrap_or("default"), &names))
    }

    fn absent(&self, noun: &str, name: &str, there: &[&str]) -> Trouble {
        let why = if there.is_empty() {
            format!("there is no {noun} `{name}`, and this account sees no other")
        } else {
            let shown = there.iter().take(12).copied().collect::<Vec<_>>().join(", ");
            let more = if there.len() > 12 { ", …" } else { "" };
            format!("there is no {noun} `{name}`; this account sees {shown}{more}")
        };
        let advice = format!("correct `{noun}` in the profile, or let this account see it");
        Trouble::new(TroubleKind::Mismatch, format!("read {}", self.at()), why, advice)
    }

    /// Asks for a change, once. What went wrong is the answer of the whole change, but for what was done before.
    pub(in crate::adapter) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        fence: &dyn Fence,
    ) -> Result<Answer, SetAnswer> {
        let what = self.what(if method == Method::PUT { "save" } else { "ask for" }, path);
        let request = Request::new(method, path);
        let request = if let Some(body) = body { request.json(body) } else { request };
        let answer = self.client.write(&request, fence).await.map_err(|failure| failure.set_answer(&what))?;
        if answer.is_success() {
            return Ok(answer);
        }
        let refusal = said(&answer).refusal(&what).to_string();
        // A server that fails inside, or a proxy in front of it, does not tell how far it came.
        Err(if answer.status >= 500 { SetAnswer::Unknown(refusal) } else { SetAnswer::Failed(refusal) })
    }

    /// What is asked and where, for people; a query is left out.
    fn what(&self, verb: &str, path: &str) -> String {
        format!("{verb} {}{}", self.at(), path.split('?').next().unwrap_or_default())
    }

    async fn look(&self, path: &str, what: &str) -> Result<Answer, Trouble> {
        let mut answer = self.client.look(&Request::get(path)).await.map_err(|failure| failure.trouble(what))?;
        // What cannot be understood is quoted.
        self.client.mask(&mut answer.body).await;
        Ok(answer)
    }
}

/// The same answer with the server's own words for a body: its message, and each error that it lists.
pub(in crate::adapter) fn said(answer: &Answer) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Words {
        #[serde(default)]
        error_message: Option<String>,
        #[serde(default)]
        errors: Vec<String>,
    }
    let words: Option<Words> = serde_json::from_slice(&answer.body).ok();
    let Some(Words { error_message, errors }) = words else { return answer.clone() };
    let all: Vec<String> = error_message.into_iter().chain(errors).collect();
    if all.is_empty() { answer.clone() } else { Answer { body: all.join(" ").into_bytes(), ..answer.clone() } }
}

/// A name as a part of a query.
pub(in crate::adapter) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
