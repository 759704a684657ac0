//! The server's HTTP interface: documents, and what its noes mean.

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::adapter::http::{Answer, Client, Endpoint, Request};
use crate::adapter::router::{Fence, SetAnswer};
use crate::domain::Trouble;

/// One server.
#[derive(Debug)]
pub(super) struct Api {
    client: Client,
}

/// A page of a list.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Page<T> {
    /// What is on it.
    pub(super) items: Vec<T>,
}

/// Something with an id and a name.
#[derive(Deserialize, Clone, PartialEq, Eq, Debug)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Item {
    /// `Environments-3`.
    pub(super) id: String,
    /// `prod`.
    pub(super) name: String,
}

impl Api {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    pub(super) fn at(&self) -> &Endpoint {
        self.client.endpoint()
    }

    /// One document.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        let what = self.what("read", path);
        let answer = self.look(path, &what).await?;
        if answer.is_success() { answer.json(&what) } else { Err(said(&answer).refusal(&what)) }
    }

    /// One document, or nothing where there is none.
    pub(super) async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Trouble> {
        let what = self.what("read", path);
        let answer = self.look(path, &what).await?;
        match answer.status {
            404 => Ok(None),
            _ if answer.is_success() => answer.json(&what).map(Some),
            _ => Err(said(&answer).refusal(&what)),
        }
    }

    /// Asks for a change, once. What went wrong is the answer of the whole change, but for what was done before.
    pub(super) async fn send(
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
        self.client.look(&Request::get(path)).await.map_err(|failure| failure.trouble(what))
    }
}

/// The same answer with the server's own words for a body: its message, and each error that it lists.
fn said(answer: &Answer) -> Answer {
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
pub(super) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
