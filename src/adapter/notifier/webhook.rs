//! An HTTP address that takes signed JSON.
//!
//! # What is sent
//! `POST` with a JSON object (`id`, `run`, `entry`, `kind`, `at`, `actor`, `service`, `env`, `step`, `before`, `after`,
//! `status`, `why`, `title`, `text`) and these headers:
//! - `Idempotency-Key`: the object's `id`. The same telling always has the same one: whoever has seen it may answer 200 and
//!   do nothing.
//! - `X-Flightdeck-Timestamp`: when it was sent, in seconds since 1970.
//! - `X-Flightdeck-Signature`: `sha256=` and the HMAC-SHA-256, in hex, of the time stamp, a dot and the body.
//!
//! 2xx is a yes. Redirects are not followed: a signed message goes where the profile says and nowhere else.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ::http::{HeaderName, HeaderValue, Method};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use ring::hmac;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::send::{asked, secret, send};
use super::{Came, Configured, Notifier, Said, Telling};
use crate::adapter::http::{Client, Endpoint, Login, Request, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::Trouble;
use crate::domain::notify::Mood;
use crate::setting::{Kind, Table, Wrong, quoted, text};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const TIMESTAMP: HeaderName = HeaderName::from_static("x-flightdeck-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("x-flightdeck-signature");

/// What the profile says.
#[derive(Clone, Debug)]
pub(super) struct Config {
    at: Endpoint,
    path: String,
    secret: SecretRef,
    token: Option<SecretRef>,
    tls: Tls,
    timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "webhook"`.
    pub(super) fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let at = table.required("at", "Who takes it: \"https://hooks.example.net\".", &endpoint());
        let doc = "The path that is posted to: \"/deployments\". Default \"/\".";
        let path = table.optional("path", doc, &path());
        let doc = "Where the secret is kept that messages are signed with.";
        let secret = SecretRef::required(table, "secret", doc, "the secret that messages are signed with");
        let token = SecretRef::read(table, "token", "Where a token is kept, for an address that wants one besides.");
        let tls = Tls::read(table);
        let path = path.map_or_else(|| "/".to_owned(), |path| path.value);
        Some(Self { at: at?.value, path, secret: secret?, token, tls, timeout })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Notifier>, Trouble> {
        let login = self.token.clone().map(Login::bearer);
        let client = Client::new(self.at.clone(), login, &self.tls, self.timeout)?;
        Ok(Arc::new(Webhook { client, path: self.path.clone(), secret: self.secret.clone() }))
    }
}

struct Webhook {
    client: Client,
    path: String,
    secret: SecretRef,
}

impl Webhook {
    async fn post(&self, telling: &Telling) -> Result<String, Came> {
        let secret = secret(&self.secret).await?;
        let body = body(telling);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().to_string();
        let signature = signature(secret.expose_secret(), &now, &body);
        let header = |text: &str| {
            HeaderValue::from_str(text)
                .map_err(|_odd| Came::Refused { why: format!("{text:?} fits no HTTP header; rename the notifier") })
        };
        let request = Request::new(Method::POST, self.path.as_str())
            .header(KEY, header(&telling.key)?)
            .header(TIMESTAMP, header(&now)?)
            .header(SIGNATURE, header(&format!("sha256={signature}"))?)
            .body("application/json", body);
        let answer = send(&self.client, &request, Some(&secret)).await?;
        Ok(format!("{}: it answered {}", asked(&self.client, &request), answer.status))
    }
}

fn path() -> Kind<String> {
    let accepted = "a path that begins with /";
    text().and_then(accepted, |path| {
        let fits = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        if fits { Ok(path) } else { Err(Wrong::new(format!("cannot be {}", quoted(&path)))) }
    })
}

/// The object that is sent; the same for every try, so that its receiver can compare.
fn body(telling: &Telling) -> Vec<u8> {
    let news = &telling.news;
    let status = match news.occasion.mood() {
        Mood::Plain => "info",
        Mood::Good => "success",
        Mood::Warn => "warning",
        Mood::Bad => "error",
    };
    let object = json!({
        "id": telling.key,
        "run": news.session.to_string(),
        "entry": news.entry,
        "kind": news.occasion.word(),
        "at": news.at.to_string(),
        "actor": news.who,
        "service": news.service,
        "env": news.environment,
        "step": news.step,
        "before": { "version": news.from },
        "after": { "version": news.to, "weights": news.weights },
        "status": status,
        "why": crate::adapter::log::masked(news.why.clone()),
        "title": telling.title,
        "text": telling.text,
    });
    object.to_string().into_bytes()
}

/// The HMAC-SHA-256 of time stamp, dot and body, in hex.
fn signature(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(timestamp.as_bytes());
    context.update(b".");
    context.update(body);
    context.sign().as_ref().iter().fold(String::new(), |mut hex, byte| {
        // Writing to text does not fail.
        write!(hex, "{byte:02x}").unwrap_or_default();
        hex
    })
}

impl Notifier for Webhook {
    fn tell<'a>(&'a self, telling: &'a Telling) -> BoxFuture<'a, Said> {
        async move { Said::of(self.post(telling).await, None) }.boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async move {
            let what = format!("reach {}", self.client.endpoint());
            self.client.knock().await.map_err(|failure| failure.trouble(&what))?;
            Ok("somebody listens there; nothing was sent".to_owned())
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::signature;

    #[test]
    fn the_signature_is_the_one_that_other_programs_compute() {
        // printf '1795269600.{"a":1}' | openssl dgst -sha256 -hmac hunter2
        let expected = "beeb4b4c8a216aa75b07904f49a82fb75d8c8ab581e52da5fb4def0bc5f99af8";
        assert_eq!(signature("hunter2", "1795269600", br#"{"a":1}"#), expected);
    }
}
