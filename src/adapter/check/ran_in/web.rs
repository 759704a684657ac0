//! What runs by the answer of an HTTP address: the version, and since when.

use std::time::Duration;

use ::http::Method;
use ::http::header::{ACCEPT, HeaderValue};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::scalar::{of_json, pointer, scalar, version as checked};
use super::{Place, Untold};
use crate::adapter::check::system::{Advice, encoded, look, quote, refused, rfc3339};
use crate::adapter::http::{Client, Endpoint, Login, Request, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::version::{End, History, Ran};
use crate::domain::{Timestamp, Trouble};
use crate::setting::{Kind, Table, Wrong, quoted, text};

const ADVICE: Advice =
    Advice { denied: "name a `token` that may read it", missing: "see whether `at` and `path` name the right address" };

/// What the profile says.
#[derive(Clone, Debug)]
pub(super) struct Config {
    at: Endpoint,
    path: String,
    value: String,
    since: Option<String>,
    token: Option<SecretRef>,
    tls: Tls,
}

impl Config {
    pub(super) fn read(table: &mut Table<'_>) -> Option<Self> {
        let at = table.required("at", "Where it is: \"https://deploys.example.net\".", &endpoint());
        let doc = "The path that is asked; {to} is filled in: \"/staging/accounts\". Default \"/\".";
        let path = table.optional("path", doc, &path());
        let doc = "Where the version stands in the answer, which is YAML or JSON: \"/tag\".";
        let value = table.required("value", doc, &pointer());
        let doc = "Where it says since when that runs, in RFC 3339 or in seconds since 1970: \"/since\".";
        let since = table.optional("since", doc, &pointer());
        let token = SecretRef::read(table, "token", "A bearer token to send along, by reference.");
        let tls = Tls::read(table);
        Some(Self {
            at: at?.value,
            path: path.map_or_else(|| "/".to_owned(), |path| path.value),
            value: value?.value,
            since: since.map(|since| since.value),
            token,
            tls,
        })
    }

    /// The address, ready to be asked. Nothing is sent yet.
    pub(super) fn connect(&self, patience: Duration) -> Result<Web, Trouble> {
        let login = self.token.clone().map(Login::bearer);
        let client = Client::new(self.at.clone(), login, &self.tls, patience)?;
        Ok(Web { config: self.clone(), client })
    }
}

fn path() -> Kind<String> {
    const ACCEPTED: &str = "a path that begins with /, with {to} where the version stands";
    text().and_then(ACCEPTED, |path| {
        let rest = path.replace("{to}", "");
        let fits = path.starts_with('/') && !rest.contains(['{', '}']) && !path.chars().any(char::is_whitespace);
        if fits { Ok(path) } else { Err(Wrong::new(format!("cannot be {}", quoted(&path)))) }
    })
}

/// An address.
pub(super) struct Web {
    config: Config,
    client: Client,
}

impl Web {
    fn path(&self, version: &str) -> String {
        self.config.path.replace("{to}", &encoded(version))
    }
}

impl Place for Web {
    fn shown(&self, version: &str) -> String {
        format!("GET {}{}", self.config.at, self.path(version))
    }

    fn history<'a>(&'a self, version: &'a str, now: Timestamp) -> BoxFuture<'a, Result<History, Untold>> {
        async move {
            let shown = self.shown(version);
            let accept = HeaderValue::from_static("application/json, application/yaml, text/plain;q=0.5");
            let request = Request::new(Method::GET, self.path(version)).header(ACCEPT, accept);
            let mut said = look(&self.client, &request).await?;
            self.client.mask(&mut said.body).await;
            if !said.is_success() {
                return Err(refused(&said, &shown, now, ADVICE));
            }
            let text = String::from_utf8_lossy(&said.body).into_owned();
            let untold = |why: String| Untold::new(format!("{shown}: its answer {why}; compare it with the profile"));
            let pointer = &self.config.value;
            let found = scalar(&text, pointer).map_err(|why| untold(quote(&why)))?;
            let found = found.ok_or_else(|| untold(format!("has no value at {pointer}")))?;
            let version = checked(&found, version).map_err(untold)?;
            let from = match &self.config.since {
                None => None,
                Some(pointer) => {
                    let since = since(&text, pointer).map_err(|why| untold(quote(&why)))?;
                    Some(since.ok_or_else(|| untold(format!("says at {pointer} no time that is known")))?)
                }
            };
            let run = Ran { version, from, by: shown.clone(), end: End::Runs };
            // It says what runs there now, and that alone.
            Ok(History { runs: vec![run], is_whole: true, source: shown })
        }
        .boxed()
    }
}

fn since(text: &str, pointer: &str) -> Result<Option<Timestamp>, String> {
    let written = match serde_json::from_str::<Value>(text) {
        Ok(document) => of_json(&document, pointer)?,
        Err(_no_json) => scalar(text, pointer)?,
    };
    let seconds = |text: &str| text.parse::<i64>().ok().map(|seconds| Timestamp(seconds.saturating_mul(1_000)));
    Ok(written.and_then(|text| rfc3339(&text).or_else(|| seconds(&text))))
}
