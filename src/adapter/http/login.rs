//! Who asks: a secret, fetched when it is first needed and again when it was refused.

use std::fmt;

use ::http::{HeaderName, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::adapter::secret::{SecretError, SecretRef};

/// Who asks.
pub struct Login {
    form: Form,
    from: SecretRef,
    kept: Mutex<Option<SecretString>>,
}

#[derive(Clone)]
enum Form {
    Bearer,
    Header(HeaderName),
    Basic(String),
}

impl Login {
    /// `Authorization: Bearer …`.
    pub fn bearer(from: SecretRef) -> Self {
        Self { form: Form::Bearer, from, kept: Mutex::new(None) }
    }

    /// The secret alone in a header of the system's own: `X-Octopus-ApiKey`.
    pub fn header(name: HeaderName, from: SecretRef) -> Self {
        Self { form: Form::Header(name), from, kept: Mutex::new(None) }
    }

    /// `Authorization: Basic …` with this user and the secret as password.
    pub fn basic(user: String, from: SecretRef) -> Self {
        Self { form: Form::Basic(user), from, kept: Mutex::new(None) }
    }

    /// The header to send.
    ///
    /// # Errors
    /// When the secret cannot be had, or has characters that no header can carry.
    pub(super) async fn shown(&self) -> Result<(HeaderName, HeaderValue), SecretError> {
        let mut kept = self.kept.lock().await;
        let secret = match &*kept {
            Some(secret) => secret.clone(),
            None => self.from.resolve().await?,
        };
        let exposed = secret.expose_secret();
        let (name, text) = match &self.form {
            Form::Bearer => (header::AUTHORIZATION, format!("Bearer {exposed}")),
            Form::Header(name) => (name.clone(), exposed.to_owned()),
            Form::Basic(user) => {
                (header::AUTHORIZATION, format!("Basic {}", STANDARD.encode(format!("{user}:{exposed}"))))
            }
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_would_quote_it| SecretError {
            from: self.from.to_string(),
            why: "it has characters that no HTTP header can carry".to_owned(),
            advice: "see whether it is the secret alone, on one line".to_owned(),
        })?;
        value.set_sensitive(true);
        *kept = Some(secret);
        Ok((name, value))
    }

    /// Takes the secret out of a text.
    pub(super) async fn mask(&self, text: &mut Vec<u8>) {
        let kept = self.kept.lock().await;
        let Some(secret) = kept.as_ref().map(|secret| secret.expose_secret().trim().as_bytes()) else { return };
        while let Some(at) = memchr::memmem::find(text, secret).filter(|_| !secret.is_empty()) {
            text.splice(at..at + secret.len(), "…".bytes());
        }
    }

    /// The secret was refused: the next one is fetched anew.
    pub(super) async fn forget(&self) {
        *self.kept.lock().await = None;
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login from {}", self.from)
    }
}
