//! Who asks: a token that is kept somewhere, or one that an application gets for itself.

use std::fmt;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Application, Identity};
use crate::adapter::http::{Client, Endpoint, Login, Mint, Minted, Request, Tls};
use crate::adapter::secret::SecretError;
use crate::domain::Trouble;

/// A token is not shown any more when it is this near to its end: it must last for a whole change.
const MARGIN: Duration = Duration::from_mins(2);

/// Who asks the management interface at this address.
pub(super) fn login(identity: &Identity, at: &Endpoint, tls: &Tls, timeout: Duration) -> Result<Login, Trouble> {
    match identity {
        Identity::Token(from) => Ok(Login::bearer(from.clone())),
        Identity::Application(application) => {
            let client = Client::new(application.authority.clone(), None, tls, timeout)?;
            let scope = format!("{at}/.default");
            Ok(Login::minted(Box::new(Asking { application: (**application).clone(), client, scope })))
        }
    }
}

/// An application that asks for tokens.
struct Asking {
    application: Application,
    client: Client,
    scope: String,
}

#[derive(Deserialize)]
struct Given {
    access_token: String,
    #[serde(default)]
    expires_in: u64,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl fmt::Display for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for application {}", self.application.authority, self.application.client_id)
    }
}

impl Mint for Asking {
    fn mint(&self) -> BoxFuture<'_, Result<Minted, SecretError>> {
        self.ask().boxed()
    }
}

impl Asking {
    async fn ask(&self) -> Result<Minted, SecretError> {
        let Application { tenant, client_id, client_secret, .. } = &self.application;
        let failed = |why: String, advice: &str| SecretError { from: self.to_string(), why, advice: advice.to_owned() };
        let secret = client_secret.resolve().await?;
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", client_id)
            .append_pair("client_secret", secret.expose_secret())
            .append_pair("scope", &self.scope)
            .finish();
        let request = Request::new(Method::POST, format!("/{tenant}/oauth2/v2.0/token"));
        let request = request.body("application/x-www-form-urlencoded", form);
        let what = "ask for a token";
        let answer = self.client.look(&request).await.map_err(|failure| {
            let trouble = failure.trouble(what);
            failed(trouble.why, &trouble.advice)
        })?;
        if !answer.is_success() {
            let refused: Option<Refused> = serde_json::from_slice(&answer.body).ok();
            let words = refused.map_or_else(String::new, |refused| {
                let text = format!("{}: {}", refused.error, refused.error_description);
                text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
            });
            // Whatever it quotes, the secret is not shown.
            let words = words.replace(secret.expose_secret(), "…");
            let why = format!("it answered {}: {words}", answer.status);
            return Err(failed(
                why,
                "see whether tenant, client_id and secret belong together, and the secret is not expired",
            ));
        }
        let given: Given = serde_json::from_slice(&answer.body).map_err(|_may_quote_it| {
            failed("its answer holds no token".to_owned(), "see whether `authority` is right")
        })?;
        Ok(Minted::new(
            SecretString::from(given.access_token),
            Duration::from_secs(given.expires_in).saturating_sub(MARGIN),
        ))
    }
}
