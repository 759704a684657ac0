//! Who asks: a secret, fetched when it is first needed and again when it was refused or has had its time.

use std::fmt;
use std::time::Duration;

use ::http::{HeaderName, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::adapter::secret::{SecretError, SecretRef};

/// Who asks.
pub struct Login {
    form: Form,
    from: From,
    kept: Mutex<Option<Minted>>,
}

/// Gets a secret from somebody who gives a new one each time. Shown as where that is.
pub trait Mint: fmt::Display + Send + Sync {
    /// A new one.
    ///
    /// # Errors
    /// When none is given; nothing secret is in the error.
    fn mint(&self) -> BoxFuture<'_, Result<Minted, SecretError>>;
}

/// A secret, and how long it may be shown.
#[derive(Clone)]
pub struct Minted {
    secret: SecretString,
    until: Option<Instant>,
}

impl Minted {
    /// A secret that is good for a while from now on.
    pub fn new(secret: SecretString, good_for: Duration) -> Self {
        Self { secret, until: Instant::now().checked_add(good_for) }
    }

    fn is_good(&self) -> bool {
        self.until.is_none_or(|until| Instant::now() < until)
    }
}

enum From {
    Kept(SecretRef),
    Minted(Box<dyn Mint>),
}

impl From {
    async fn fetch(&self) -> Result<Minted, SecretError> {
        match self {
            Self::Kept(from) => Ok(Minted { secret: from.resolve().await?, until: None }),
            Self::Minted(from) => from.mint().await,
        }
    }
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept(from) => from.fmt(f),
            Self::Minted(from) => from.fmt(f),
        }
    }
}

#[derive(Clone)]
enum Form {
    Bearer,
    Worded(&'static str),
    Header(HeaderName),
    Basic(String),
}

impl Login {
    /// `Authorization: Bearer …`.
    pub fn bearer(from: SecretRef) -> Self {
        Self::of(Form::Bearer, From::Kept(from))
    }

    /// `Authorization: Bearer …` with a token that is given anew each time.
    pub fn minted(from: Box<dyn Mint>) -> Self {
        Self::of(Form::Bearer, From::Minted(from))
    }

    /// `Authorization:` with the system's own words before the secret: `Token token=`.
    pub fn worded(words: &'static str, from: SecretRef) -> Self {
        Self::of(Form::Worded(words), From::Kept(from))
    }

    /// The secret alone in a header of the system's own: `X-Octopus-ApiKey`.
    pub fn header(name: HeaderName, from: SecretRef) -> Self {
        Self::of(Form::Header(name), From::Kept(from))
    }

    /// `Authorization: Basic …` with this user and the secret as password.
    pub fn basic(user: String, from: SecretRef) -> Self {
        Self::of(Form::Basic(user), From::Kept(from))
    }

    fn of(form: Form, from: From) -> Self {
        Self { form, from, kept: Mutex::new(None) }
    }

    /// The header to send.
    ///
    /// # Errors
    /// When the secret cannot be had, or has characters that no header can carry.
    pub(in crate::adapter) async fn shown(&self) -> Result<(HeaderName, HeaderValue), SecretError> {
        let mut kept = self.kept.lock().await;
        let secret = match kept.take().filter(Minted::is_good) {
            Some(secret) => secret,
            None => self.from.fetch().await?,
        };
        let exposed = secret.secret.expose_secret();
        let (name, text) = match &self.form {
            Form::Bearer => (header::AUTHORIZATION, format!("Bearer {exposed}")),
            Form::Worded(words) => (header::AUTHORIZATION, format!("{words}{exposed}")),
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
    pub(in crate::adapter) async fn mask(&self, text: &mut Vec<u8>) {
        let kept = self.kept.lock().await;
        let Some(secret) = kept.as_ref().map(|kept| kept.secret.expose_secret().trim().as_bytes()) else { return };
        while let Some(at) = memchr::memmem::find(text, secret).filter(|_| !secret.is_empty()) {
            text.splice(at..at + secret.len(), "…".bytes());
        }
    }

    /// The secret was refused: the next one is fetched anew.
    pub(in crate::adapter) async fn forget(&self) {
        *self.kept.lock().await = None;
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login from {}", self.from)
    }
}
