//! What the profile says about a tag that is kept in git.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::super::shown::Shown;
use super::super::template::{NAMES, Template, strict};
use super::super::{Action, Configured};
use super::{ImageTag, KEPT};
use crate::adapter::http::Endpoint;
use crate::adapter::secret::SecretRef;
use crate::domain::Trouble;
use crate::setting::{Kind, Table, Wrong, quoted, text, word};

/// One tag in a file of a branch.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) repository: String,
    pub(super) branch: String,
    pub(super) file: Template,
    pub(super) place: String,
    pub(super) write: Template,
    pub(super) message: Option<Template>,
    pub(super) author: Option<Author>,
    pub(super) login: Option<GitLogin>,
    pub(super) timeout: Duration,
}

/// Who commits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Author {
    pub(super) name: String,
    pub(super) address: String,
}

/// A token for an https repository.
#[derive(Clone, Debug)]
pub(super) struct GitLogin {
    /// Scheme, host and port that it is shown to.
    pub(super) host: String,
    pub(super) user: String,
    pub(super) token: SecretRef,
}

impl Config {
    /// Reads the keys of `kind = "image-tag"`.
    pub fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let doc = "The repository, as git takes it: \"https://git.example.net/gitops.git\", \"git@git.example.net:gitops.git\".";
        let repository = table.required("repository", doc, &repository());
        let branch = table.required("branch", "The branch that is read and pushed to.", &branch());
        let doc =
            "The file from the repository's root: \"helm/environments/prod-env/image-tags.yaml\"; {pool} is filled in.";
        let file = table.required("file", doc, &strict(file(), &["pool"]));
        let doc = "Where the tag stands in the file: \"/checkout/image/tag\", \"/images/0/newTag\".";
        let place = table.required("place", doc, &place());
        let doc = "What is written there. Default \"{to}\".";
        let write = table.optional("write", doc, &strict(text(), NAMES));
        let doc = "The commit's message, in a line. Default: the file, the place and what is written.";
        let message = table.optional("message", doc, &strict(text(), NAMES));
        let doc = "Who commits: \"Name <address>\". Default: as git is told by its own configuration.";
        let author = table.optional("author", doc, &author());
        let doc = "A token for an https repository, by reference. Default: git's own means.";
        let token = SecretRef::read(table, "token", doc);
        let doc = "The user's name that goes with the token. Default \"x-access-token\".";
        let user = table.optional("token_user", doc, &word("a user's name", "-._", 100));
        let report = table.report();
        if let Some(spot) = table.spot_if_written("token_user").filter(|_| !table.has("token")) {
            report.refuse(&spot, Wrong::new("goes with `token` only").advice("name a `token`, or leave it out"));
        }
        let (repository, asks) = (repository?, table.spot_if_written("token"));
        let host = host_of(&repository.value);
        if let Some(spot) = asks.filter(|_| host.is_none()) {
            let wrong = Wrong::new("goes with a repository whose address begins with https://");
            report.refuse(&spot, wrong.advice("leave it out: git has its own means for others, such as keys of ssh"));
            return None;
        }
        let user = user.map_or_else(|| "x-access-token".to_owned(), |user| user.value);
        let login = token.and_then(|token| Some(GitLogin { host: host?, user, token }));
        Some(Self {
            repository: repository.value,
            branch: branch?.value,
            file: file?.value,
            place: place?.value,
            write: write.map_or_else(|| Template::of("{to}"), |write| write.value),
            message: message.map(|message| message.value),
            author: author.map(|author| author.value),
            login,
            timeout,
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Action>, Trouble> {
        Ok(Arc::new(ImageTag { config: self.clone(), shown: Shown::newest(KEPT) }))
    }

    fn can_cancel(&self) -> bool {
        false
    }
}

/// Scheme, host and port of a repository to which a token may be shown: over TLS, or on this machine.
fn host_of(repository: &str) -> Option<String> {
    let parsed = Endpoint::parse(repository).filter(|at| !at.is_unix() && (at.is_encrypted() || at.is_local()))?;
    let (scheme, rest) = repository.split_once("://")?;
    let host = rest.split('/').next()?;
    Some(format!("{scheme}://{host}")).filter(|_| !parsed.host().is_empty())
}

fn repository() -> Kind<String> {
    let accepted = "\"https://host/path\", \"ssh://user@host/path\", \"user@host:path\", or a whole path";
    Kind::from_text(accepted, json!({ "type": "string", "pattern": "^[^-\\s][^\\s]*$" }), move |text| {
        let is_clean = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
        let is_web = text.starts_with("https://") || text.starts_with("http://");
        if is_web && text.contains('@') {
            return Err(Wrong::new("names a user or a password")
                .advice("leave it out of the address; a token is named by `token`"));
        }
        let is_ssh = text.strip_prefix("ssh://").is_some_and(|rest| !rest.starts_with(['-', '/']));
        let is_path = text.starts_with('/') || text.strip_prefix("file://").is_some_and(|path| path.starts_with('/'));
        let is_short = !text.contains("://")
            && text.split_once(':').is_some_and(|(host, path)| {
                let fits = |c: char| c.is_ascii_alphanumeric() || "-._@".contains(c);
                !host.is_empty() && !host.starts_with('-') && host.chars().all(fits) && !path.starts_with(':')
            });
        let fits = is_web && Endpoint::parse(text).is_some() || is_ssh || is_path || is_short;
        if fits && is_clean { Ok(text.to_owned()) } else { Err(Wrong::new(format!("cannot be {}", quoted(text)))) }
    })
}

fn branch() -> Kind<String> {
    const ACCEPTED: &str = "the name of a branch, such as \"main\"";
    word(ACCEPTED, "-._/", 200).and_then(ACCEPTED, |text| {
        let is_part =
            |part: &str| !part.is_empty() && !part.starts_with(['.', '-']) && part.strip_suffix(".lock").is_none();
        let fits = text.split('/').all(is_part) && !text.contains("..") && !text.ends_with('.');
        if fits { Ok(text) } else { Err(Wrong::new(format!("cannot be {}", quoted(&text)))) }
    })
}

fn file() -> Kind<String> {
    const ACCEPTED: &str = "a file's path from the repository's root";
    text().and_then(ACCEPTED, |text| {
        let is_part = |part: &str| !matches!(part, "" | "." | ".." | ".git");
        // What stands in braces is a pool's name.
        let fits = text.split('/').all(is_part) && !text.contains(['\\', ':']);
        if fits { Ok(text) } else { Err(Wrong::new(format!("cannot be {}", quoted(&text)))) }
    })
}

fn place() -> Kind<String> {
    let accepted = "keys from the document's root, such as \"/checkout/image/tag\"";
    Kind::from_text(accepted, json!({ "type": "string", "pattern": "^/." }), |text| {
        let fits = text.starts_with('/') && text.len() > 1 && text.chars().all(|c| !c.is_control());
        if fits { Ok(text.to_owned()) } else { Err(Wrong::new(format!("cannot be {}", quoted(text)))) }
    })
}

fn author() -> Kind<Author> {
    let accepted = "\"Name <address>\"";
    Kind::from_text(accepted, json!({ "type": "string", "pattern": "^[^<>]+ <[^<>\\s]+>$" }), |text| {
        let parts = text.strip_suffix('>').and_then(|text| text.split_once(" <"));
        let fits = |part: &str| !part.is_empty() && part.chars().all(|c| !c.is_control() && !"<>".contains(c));
        match parts.filter(|(name, address)| fits(name) && fits(address) && !address.contains(' ')) {
            Some((name, address)) => Ok(Author { name: name.to_owned(), address: address.to_owned() }),
            None => Err(Wrong::new(format!("cannot be {}", quoted(text)))),
        }
    })
}
