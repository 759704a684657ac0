//! One registry: asks for a manifest and answers its challenge.
//!
//! Invariant: a user and password go only to the registry itself, or to the realm that it names over an encrypted connection
//! or on this machine; a token goes only to the registry.

use std::fmt::Write as _;
use std::time::Duration;

use ::http::Method;
use ::http::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::super::system::{Advice, Untold, date, encoded, look, quote, refused};
use super::Reference;
use crate::adapter::http::{Answer as Said, Client, Endpoint, Login, Request, Tls};
use crate::adapter::secret::SecretRef;
use crate::domain::{Timestamp, Trouble};

/// Every form of a manifest: a registry that is not told so converts it, or says that there is none.
const FORMS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
                     application/vnd.docker.distribution.manifest.list.v2+json, \
                     application/vnd.docker.distribution.manifest.v2+json";

const ADVICE: Advice = Advice {
    denied: "name a `user` and `password` that may pull it; some registries say so of what is not there as well",
    missing: "see whether the image's host, or `at`, is the address of the registry",
};

/// What was found.
pub(super) enum Found {
    /// The manifest's digest and form.
    There {
        /// Its digest.
        digest: String,
        /// Its media type.
        sort: String,
    },
    /// The registry has none; its word for it.
    Missing(String),
}

/// A registry that somebody may ask.
pub(super) struct Registry {
    client: Client,
    login: Option<(String, SecretRef)>,
    /// The same, to know what must not be quoted.
    shown: Option<Login>,
    tls: Tls,
    timeout: Duration,
}

impl Registry {
    /// Nothing is sent yet.
    pub(super) fn open(
        at: Endpoint,
        login: Option<(String, SecretRef)>,
        tls: &Tls,
        timeout: Duration,
    ) -> Result<Self, Trouble> {
        let shown = login.clone().map(|(user, password)| Login::basic(user, password));
        Ok(Self { client: Client::new(at, None, tls, timeout)?, login, shown, tls: tls.clone(), timeout })
    }

    /// Looks for a manifest; with the registry's time.
    pub(super) async fn manifest(&self, image: &Reference, now: Timestamp) -> Result<(Found, Timestamp), Untold> {
        let what = format!("look for {}{}", self.client.endpoint(), image.path());
        if let Some(login) = &self.shown {
            login.shown().await.map_err(|error| Untold::new(error.to_string()))?;
        }
        let mut pass = None;
        let mut said = self.ask(Method::HEAD, image, pass.as_ref()).await?;
        if said.status == 401 {
            pass = Some(self.pass(&said, image, now).await?);
            said = self.ask(Method::HEAD, image, pass.as_ref()).await?;
        }
        let at = date(&said).unwrap_or(now);
        if said.is_success() && !said.header("docker-content-digest").is_empty() {
            return Ok((there(&said, said.header("docker-content-digest")), at));
        }
        if said.is_success() || said.status == 404 {
            // The answer to a HEAD has no body: neither what to hash nor the reason.
            said = self.ask(Method::GET, image, pass.as_ref()).await?;
        }
        if said.is_success() {
            let document: Value = serde_json::from_slice(&said.body).unwrap_or_default();
            if document["schemaVersion"].as_u64().is_none() {
                return Err(Untold::new(format!("{what}: its answer is no manifest; {}", ADVICE.missing)));
            }
            let hash = Sha256::digest(&said.body);
            let digest = hash.iter().fold("sha256:".to_owned(), |mut text, byte| {
                // Writing to a string cannot fail.
                let _written = write!(text, "{byte:02x}");
                text
            });
            return Ok((there(&said, &digest), at));
        }
        if said.status == 404
            && let Some(code) = code(&said)
        {
            return Ok((Found::Missing(code), at));
        }
        Err(refused(&said, &what, now, ADVICE))
    }

    async fn ask(&self, method: Method, image: &Reference, pass: Option<&HeaderValue>) -> Result<Said, Untold> {
        let mut request = Request::new(method, image.path()).header(ACCEPT, HeaderValue::from_static(FORMS));
        if let Some(pass) = pass {
            request = request.header(AUTHORIZATION, pass.clone());
        }
        let mut said = look(&self.client, &request).await?;
        if let Some(pass) = pass.filter(|_| !said.is_success()) {
            // A refusal is quoted, and what stands before a registry may repeat in it what it was shown.
            let secret = pass.as_bytes().splitn(2, |byte| *byte == b' ').last().unwrap_or_default();
            while let Some(at) = memchr::memmem::find(&said.body, secret).filter(|_| !secret.is_empty()) {
                said.body.splice(at..at + secret.len(), "…".bytes());
            }
        }
        if let Some(login) = self.shown.as_ref().filter(|_| !said.is_success()) {
            login.mask(&mut said.body).await;
        }
        Ok(said)
    }

    /// What to show after a challenge.
    async fn pass(&self, said: &Said, image: &Reference, now: Timestamp) -> Result<HeaderValue, Untold> {
        let at = self.client.endpoint();
        let challenges: Vec<&str> =
            said.headers.get_all("www-authenticate").iter().filter_map(|value| value.to_str().ok()).collect();
        let with = |scheme: &str| challenges.iter().find_map(|text| after_scheme(text, scheme));
        if let Some(parameters) = with("bearer") {
            let realm = parameter(parameters, "realm").unwrap_or_default();
            let service = parameter(parameters, "service").unwrap_or_default();
            let scope = parameter(parameters, "scope");
            let scope = scope.unwrap_or_else(|| format!("repository:{}:pull", image.repository()));
            return self.token(&realm, &service, &scope, now).await;
        }
        if with("basic").is_some() {
            let Some((user, password)) = &self.login else {
                return Err(Untold::new(format!(
                    "{at} asks for a user and password; name them as `user` and `password`"
                )));
            };
            let login = Login::basic(user.clone(), password.clone());
            let shown = login.shown().await.map_err(|error| Untold::new(error.to_string()))?;
            return Ok(shown.1);
        }
        Err(refused(said, &format!("ask {at}"), now, ADVICE))
    }

    /// A token for pulling, from the realm of the challenge.
    async fn token(&self, realm: &str, service: &str, scope: &str, now: Timestamp) -> Result<HeaderValue, Untold> {
        let at = self.client.endpoint();
        let parsed = url::Url::parse(realm).ok().filter(|url| url.query().is_none());
        let endpoint = parsed.as_ref().and_then(|url| {
            let authority = url.port().map_or_else(String::new, |port| format!(":{port}"));
            Endpoint::parse(&format!("{}://{}{authority}", url.scheme(), url.host_str()?))
        });
        let (Some(url), Some(endpoint)) = (parsed, endpoint) else {
            return Err(Untold::new(format!(
                "{at} names {} as where tokens are given; see what is there",
                quote(realm)
            )));
        };
        let is_safe =
            endpoint.is_encrypted() || endpoint.is_local() || endpoint.host() == at.host() && !at.is_encrypted();
        if !is_safe {
            return Err(Untold::new(format!(
                "{at} wants the login sent unencrypted to {endpoint}; nothing was sent there"
            )));
        }
        let login = self.login.clone().map(|(user, password)| Login::basic(user, password));
        let path = format!("{}?service={}&scope={}", url.path(), encoded(service), encoded(scope));
        let client = Client::new(endpoint, login, &self.tls, self.timeout)?;
        let said = look(&client, &Request::get(path)).await?;
        let what = format!("get a token from {realm} for {scope}");
        if !said.is_success() {
            return Err(refused(&said, &quote(&what), now, ADVICE));
        }
        // Read without an error that would quote it.
        let document: Value = serde_json::from_slice(&said.body).unwrap_or_default();
        let token = document["token"].as_str().or_else(|| document["access_token"].as_str());
        let value = token.and_then(|token| HeaderValue::from_str(&format!("Bearer {token}")).ok());
        let mut value = value.ok_or_else(|| Untold::new(format!("{}: its answer holds no token", quote(&what))))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

fn there(said: &Said, digest: &str) -> Found {
    Found::There { digest: quote(digest), sort: quote(said.header("content-type")) }
}

/// The registry's own word for why there is none.
fn code(said: &Said) -> Option<String> {
    let document: Value = serde_json::from_slice(&said.body).ok()?;
    let code = document["errors"][0]["code"].as_str()?;
    matches!(code, "MANIFEST_UNKNOWN" | "NAME_UNKNOWN" | "NOT_FOUND").then(|| code.to_owned())
}

/// The parameters of a challenge of this scheme.
fn after_scheme<'t>(text: &'t str, scheme: &str) -> Option<&'t str> {
    let (first, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    first.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// One parameter of a challenge; a comma may stand within quotes.
fn parameter(parameters: &str, name: &str) -> Option<String> {
    let mut rest = parameters.trim();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let (value, behind) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(',').unwrap_or((after, "")),
        };
        if key.trim().trim_start_matches(',').trim().eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned());
        }
        rest = behind.trim_start_matches([',', ' ']);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{after_scheme, parameter};

    #[test]
    fn a_challenge_is_read() {
        let text =
            r#"Bearer realm="https://auth.example.net/token",service="registry", scope="repository:shop:pull,push""#;
        let parameters = after_scheme(text, "bearer").expect("it is one");
        assert_eq!(parameter(parameters, "realm").as_deref(), Some("https://auth.example.net/token"));
        assert_eq!(parameter(parameters, "service").as_deref(), Some("registry"));
        assert_eq!(parameter(parameters, "scope").as_deref(), Some("repository:shop:pull,push"));
        assert_eq!(parameter(parameters, "error"), None);
        assert_eq!(after_scheme("Basic realm=\"x\"", "bearer"), None);
    }
}
