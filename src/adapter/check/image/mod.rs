//! Whether an image is in its registry, asked as the OCI distribution specification has it.
//!
//! The manifest is asked for by `HEAD` with every form of it accepted; a registry that tells no digest is asked by `GET`, and
//! what it gives is hashed. A challenge is answered as it is put: a token from the realm that it names, or a user and password.
//! That the registry has no such manifest or repository is a fail; any other 404 comes from something that is no registry.
//!
//! The value is the digest: with `same_as_before` the check fails when the tag was moved since the session was opened.

mod reference;
mod registry;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

pub use reference::Reference;

use self::registry::{Found, Registry};
use super::filled::{Filled, NAMES, filled};
use super::system::{Bounded, System, Untold};
use super::{Check, Configured};
use crate::adapter::http::{Endpoint, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::check::{Answer, Asking, Verdict};
use crate::domain::{PoolId, Trouble};
use crate::setting::{Kind, Table, Wrong, text, word};

/// What the profile says.
#[derive(Clone, Debug)]
pub struct Config {
    /// The image.
    pub image: Filled,
    /// The registry's address, where it is not https at the image's own host.
    pub at: Option<Endpoint>,
    /// The digest that it must have.
    pub digest: Option<String>,
    /// Who asks.
    pub login: Option<(String, SecretRef)>,
    /// Certificates.
    pub tls: Tls,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "image"`.
    pub fn read(table: &mut Table<'_>, pool: Option<&PoolId>, timeout: Duration) -> Option<Self> {
        let doc = "The image with its registry and its tag or digest: \"registry.example.net/shop:{to}\".";
        let image = table.required("image", doc, &image(pool.is_some()));
        let doc = "The registry's address, where it is not https at the image's own host.";
        let at = table.optional("at", doc, &endpoint());
        let digest = table.optional("digest", "The digest that it must have. Default: any.", &digest());
        let user = table.optional("user", "The user, where the registry asks for one.", &text());
        let password = SecretRef::read(table, "password", "Where the user's password or token is kept.");
        let tls = Tls::read(table);
        if table.has("user") != table.has("password") {
            table.refuse(Wrong::new("names one of `user` and `password` without the other"));
        }
        Some(Self {
            image: image?.value.for_pool(pool),
            at: at.map(|at| at.value),
            digest: digest.map(|digest| digest.value),
            login: user.map(|user| user.value).zip(password),
            tls,
            timeout,
        })
    }
}

/// An image by its whole name.
pub(super) fn image(has_pool: bool) -> Kind<Filled> {
    let accepted = "an image with its registry and its tag, such as \"registry.example.net/shop:{to}\"";
    filled(word(accepted, "-._/:@{}", 400), has_pool).and_then(accepted, |image| {
        // Any version will do to see whether the rest is whole.
        match Reference::parse(&image.example(NAMES)) {
            Ok(_) => Ok(image),
            Err(why) => Err(Wrong::new(why)),
        }
    })
}

/// `sha256:` and 64 digits.
pub(super) fn digest() -> Kind<String> {
    const ACCEPTED: &str = "\"sha256:\" and 64 hexadecimal digits";
    word(ACCEPTED, ":", 71).and_then(ACCEPTED, |text| {
        let digits = text.strip_prefix("sha256:").unwrap_or_default();
        let fits = digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if fits { Ok(text) } else { Err(Wrong::new("is not a digest")) }
    })
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        // Certificates that cannot be read are said now.
        if let Some(at) = &self.at {
            Registry::open(at.clone(), None, &self.tls, self.timeout)?;
        }
        Ok(Arc::new(Bounded::new(Image(self.clone()), self.timeout)))
    }
}

struct Image(Config);

impl System for Image {
    fn request(&self, asking: &Asking) -> String {
        match Reference::parse(&self.0.image.shown(asking)) {
            Ok(image) => {
                let at = self.0.at.as_ref().map_or_else(|| format!("https://{}", image.host()), ToString::to_string);
                format!("HEAD {at}{}", image.path())
            }
            Err(_) => self.0.image.shown(asking),
        }
    }

    fn expected(&self, asking: &Asking) -> String {
        let image = self.0.image.shown(asking);
        match &self.0.digest {
            Some(digest) => format!("{image} is there with digest {digest}"),
            None => format!("{image} is there"),
        }
    }

    fn look<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Answer, Untold>> {
        async move {
            let written = self.0.image.fill(asking)?;
            let image = Reference::parse(&written).map_err(|why| Untold::new(format!("`{written}` {why}")))?;
            let at = match &self.0.at {
                Some(at) => at.clone(),
                None => Endpoint::parse(&format!("https://{}", image.host()))
                    .ok_or_else(|| Untold::new(format!("`{}` is no host; name the registry as `at`", image.host())))?,
            };
            let registry = Registry::open(at, self.0.login.clone(), &self.0.tls, self.0.timeout)?;
            let (found, at) = registry.manifest(&image, asking.now).await?;
            let (digest, sort) = match found {
                Found::Missing(code) => {
                    let words = format!("{written} is not there: the registry answers {code}");
                    return Ok(Answer::new(Verdict::Fail, words, at));
                }
                Found::There { digest, sort } => (digest, sort),
            };
            let answer = match &self.0.digest {
                Some(wanted) if *wanted != digest => {
                    Answer::new(Verdict::Fail, format!("{written} is {digest}, not {wanted}"), at)
                }
                _ => Answer::new(Verdict::Pass, format!("{written} is there, {}", short(&digest)), at),
            };
            let answer = answer.with("digest", digest.as_str()).with("manifest", sort);
            Ok(Answer { value: Some(digest), ..answer })
        }
        .boxed()
    }
}

/// The first digits of a digest, enough for people.
pub(super) fn short(digest: &str) -> String {
    digest.chars().take("sha256:".len() + 12).collect()
}
