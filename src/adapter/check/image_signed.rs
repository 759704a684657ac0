//! Whether an image is signed by whom it should be: `cosign verify` is run, with a key or with an identity and its issuer.
//!
//! The program knows where signatures are kept, of which kinds they are, and whom to trust; this reads how it ended. Its
//! documented exit codes tell "no signature" (10) and "no matching signature" (12) from everything else, such as a registry
//! that does not answer or refuses, which proves nothing about the image. No such program proves nothing either.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::filled::Filled;
use super::image::{image, short};
use super::system::{Bounded, System, Untold, quote};
use super::{Check, Configured};
use crate::adapter::run::{Ended, Ran, run};
use crate::domain::check::{Answer, Asking, Verdict};
use crate::domain::{PoolId, Trouble};
use crate::setting::{Kind, Table, Wrong, quoted, text};

/// So much of the time is left for saying how it went.
const MARGIN: Duration = Duration::from_millis(50);

/// What the profile says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The image.
    pub image: Filled,
    /// Who must have signed it.
    pub by: By,
    /// The program.
    pub program: String,
    /// Further options for it.
    pub options: Vec<String>,
    /// How long it may take.
    pub timeout: Duration,
}

/// Who must have signed it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum By {
    /// Whoever has the secret half of this key: a file, or a reference to a key service.
    Key(String),
    /// Who had this identity by this issuer when it was signed.
    Identity {
        /// The identity, or a pattern of it.
        identity: String,
        /// Whether it is a pattern.
        is_pattern: bool,
        /// Who vouched for it.
        issuer: String,
    },
}

impl Config {
    /// Reads the keys of `kind = "image-signed"`.
    pub fn read(table: &mut Table<'_>, pool: Option<&PoolId>, timeout: Duration) -> Option<Self> {
        let doc = "The image with its registry and its tag or digest: \"registry.example.net/shop:{to}\".";
        let image = table.required("image", doc, &image(pool.is_some()));
        let doc = "The public key: a whole path, or a reference to a key service, such as \"awskms:///alias/release\".";
        let key = table.optional("key", doc, &key());
        let doc = "Who must have signed it without a key: an e-mail address, or the address of a workflow.";
        let identity = table.optional("identity", doc, &text());
        let doc = "A regular expression for the identity, in place of it.";
        let pattern = table.optional("identity_pattern", doc, &text());
        let issuer = table.optional(
            "issuer",
            "Who vouched for the identity: \"https://token.actions.githubusercontent.com\".",
            &text(),
        );
        let program = table.optional("program", "The program. Default \"cosign\".", &text());
        let doc = "Further options for it: [\"--trusted-root=/etc/sigstore/trusted_root.json\"].";
        let accepted = "a list of options that begin with --";
        let options = table.optional("options", doc, &option().list(accepted));
        let by = match (key, identity, pattern, issuer) {
            (Some(key), None, None, None) => By::Key(key.value),
            (None, Some(identity), None, Some(issuer)) => {
                By::Identity { identity: identity.value, is_pattern: false, issuer: issuer.value }
            }
            (None, None, Some(pattern), Some(issuer)) => {
                By::Identity { identity: pattern.value, is_pattern: true, issuer: issuer.value }
            }
            _ => {
                let written =
                    ["key", "identity", "identity_pattern", "issuer"].iter().filter(|key| table.has(key)).count();
                let what = if written == 0 {
                    "does not say who must have signed it"
                } else {
                    "does not say one way who must have signed it"
                };
                table
                    .refuse(Wrong::new(what).accepted("key, or identity with issuer, or identity_pattern with issuer"));
                return None;
            }
        };
        Some(Self {
            image: image?.value.for_pool(pool),
            by,
            program: program.map_or_else(|| "cosign".to_owned(), |program| program.value),
            options: options.map(|all| all.value.into_iter().map(|one| one.value).collect()).unwrap_or_default(),
            timeout,
        })
    }

    fn words(&self, image: &str) -> Vec<String> {
        let mut words: Vec<String> = ["verify", "--output", "json"].map(str::to_owned).to_vec();
        match &self.by {
            By::Key(key) => words.extend(["--key".to_owned(), key.clone()]),
            By::Identity { identity, is_pattern, issuer } => {
                let option = if *is_pattern { "--certificate-identity-regexp" } else { "--certificate-identity" };
                words.extend([option.to_owned(), identity.clone()]);
                words.extend(["--certificate-oidc-issuer".to_owned(), issuer.clone()]);
            }
        }
        words.extend(self.options.iter().cloned());
        words.push(image.to_owned());
        words.insert(0, self.program.clone());
        words
    }
}

fn key() -> Kind<String> {
    const ACCEPTED: &str =
        "a whole path, such as \"/etc/flightdeck/release.pub\", or a reference, such as \"awskms:///alias/release\"";
    text().and_then(ACCEPTED, |key| {
        // A session may be taken up again from another directory.
        let fits = key.starts_with('/') || key.split_once("://").is_some_and(|(scheme, _)| !scheme.is_empty());
        if fits { Ok(key) } else { Err(Wrong::new(format!("cannot be {}", quoted(&key)))) }
    })
}

fn option() -> Kind<String> {
    text().and_then("an option that begins with --", |option| {
        if option.starts_with("--") { Ok(option) } else { Err(Wrong::new(format!("cannot be {}", quoted(&option)))) }
    })
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        Ok(Arc::new(Bounded::new(Cosign(self.clone()), self.timeout)))
    }
}

struct Cosign(Config);

impl System for Cosign {
    fn request(&self, asking: &Asking) -> String {
        self.0.words(&self.0.image.shown(asking)).join(" ")
    }

    fn expected(&self, _asking: &Asking) -> String {
        match &self.0.by {
            By::Key(key) => format!("signed with {key}"),
            By::Identity { identity, is_pattern: false, issuer } => format!("signed by {identity} of {issuer}"),
            By::Identity { identity, is_pattern: true, issuer } => {
                format!("signed by one that fits {identity} of {issuer}")
            }
        }
    }

    fn look<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Answer, Untold>> {
        async move {
            let image = self.0.image.fill(asking)?;
            let words = self.0.words(&image);
            let program = &self.0.program;
            match run(&words, Vec::new(), self.0.timeout.saturating_sub(MARGIN)).await {
                Ran::NotStarted(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Untold::new(format!(
                    "there is no program `{program}` here; install cosign, or name where it is as `program`"
                ))),
                Ran::NotStarted(error) => {
                    Err(Untold::new(format!("{program} cannot be started: {error}; try it by hand")))
                }
                Ran::Killed { why, .. } => Err(Untold::new(format!(
                    "{program} verify: {why}; give the check a longer `timeout`, or try it by hand"
                ))),
                Ran::Ended(ended) => judge(&image, program, &ended, asking),
            }
        }
        .boxed()
    }
}

/// What its end means.
fn judge(image: &str, program: &str, ended: &Ended, asking: &Asking) -> Result<Answer, Untold> {
    let said = quote(&ended.words);
    let fail = |words: String| Ok(Answer::new(Verdict::Fail, words, asking.now).with("said", said.as_str()));
    let untold = |why: String| {
        Err(Untold::new(format!("{program} verify {image}: {why}; that says nothing about the image: try it by hand")))
    };
    if ended.code != Some(0) && is_about_the_way(&ended.words) {
        return untold(format!("{}: {said}", ended.how));
    }
    match ended.code {
        Some(0) => {
            let signatures: Vec<Value> = serde_json::from_slice(&ended.out).unwrap_or_default();
            let Some(first) = signatures.first() else {
                return untold("it says yes and names no signature".to_owned());
            };
            let digest = first.pointer("/critical/image/docker-manifest-digest").and_then(Value::as_str).map(quote);
            let of = digest.as_deref().map(|digest| format!(", {}", short(digest))).unwrap_or_default();
            let count = signatures.len();
            let words = format!("{image} is signed{of}; signatures that hold: {count}");
            let mut answer = Answer::new(Verdict::Pass, words, asking.now);
            for (name, pointer) in [("signed by", "/optional/Subject"), ("vouched for by", "/optional/Issuer")] {
                if let Some(text) = first.pointer(pointer).and_then(Value::as_str) {
                    answer = answer.with(name, quote(text));
                }
            }
            if let Some(digest) = digest {
                answer = answer.with("digest", digest.as_str());
                answer.value = Some(digest);
            }
            Ok(answer)
        }
        Some(10) => fail(format!("{image} has no signature")),
        Some(11) => fail(format!("{image} is not in its registry")),
        Some(12) => fail(format!("{image} is signed, and by nobody who was expected")),
        Some(13) => fail(format!("{image} is signed without a certificate")),
        // Before it had codes of its own, it said so in words alone.
        Some(1) if ended.words.contains("no signatures found") => fail(format!("{image} has no signature")),
        Some(1) if ended.words.contains("no matching signatures") => {
            fail(format!("{image} is signed, and by nobody who was expected"))
        }
        _ => untold(format!("{}: {said}", ended.how)),
    }
}

/// Whether it speaks of a registry or a log that did not answer, or refused: what it concludes from that is no conclusion.
fn is_about_the_way(words: &str) -> bool {
    const SIGNS: [&str; 14] = [
        "dial tcp",
        "connection refused",
        "connection reset",
        "no such host",
        "i/o timeout",
        "deadline exceeded",
        "TLS handshake",
        "tls: failed to verify",
        "UNAUTHORIZED",
        "DENIED",
        "TOOMANYREQUESTS",
        "429 Too Many Requests",
        "500 Internal Server Error",
        "503 Service Unavailable",
    ];
    SIGNS.iter().any(|sign| words.contains(sign))
}
