//! Whether the version ran in another environment, for so long, and was not rolled back there.
//!
//! What ran there is read where the profile says: from the history of a file in git, from an HTTP address, or from the
//! sessions of flightdeck itself. The same places tell the latest version of an environment, for `open` without `--to`.
//!
//! Parts: `git`, `web`, `sessions` (the places), `scalar` (one value of a YAML or JSON document).
//!
//! # Invariants
//! - That a version did not run there is said only by a place that was read; one that does not answer proves nothing.
//! - Nothing is made up: a value that is not where the profile says is untold, not empty.

mod git;
mod scalar;
mod sessions;
mod web;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::time::timeout;

pub use sessions::{NoPast, Past, PastAsked};

use super::filled::{Filled, NAMES};
use super::system::{Bounded, System, Untold};
use super::{Check, Configured};
use crate::adapter::filled::strict;
use crate::domain::check::{Answer, Asking};
use crate::domain::version::{History, ran};
use crate::domain::{Timestamp, Trouble, TroubleKind};
use crate::setting::{Table, Variant, Wrong, duration, span_text, title, word};

/// What the profile says.
#[derive(Clone, Debug)]
pub struct Config {
    /// The environment.
    environment: String,
    /// For how long it must have run there; `None` where any time will do.
    needed: Option<Duration>,
    /// The version as it is named there.
    version: Filled,
    /// Where what ran there is read.
    source: Source,
    /// How long it may take.
    timeout: Duration,
}

/// Where what ran in an environment is read.
#[derive(Clone, Debug)]
enum Source {
    Git(git::Config),
    Http(web::Config),
    Sessions(sessions::Config),
}

/// An environment whose latest version is the one to deploy, where nobody says another.
#[derive(Clone, Debug)]
pub struct Latest {
    /// The environment.
    pub environment: String,
    source: Source,
    timeout: Duration,
}

/// A place that was made ready to be read.
trait Place: Send + Sync {
    /// What is read, for people.
    fn shown(&self, version: &str) -> String;

    /// What ran there. `version` is the one that is asked about; places that are asked for one need it.
    fn history<'a>(&'a self, version: &'a str, now: Timestamp) -> BoxFuture<'a, Result<History, Untold>>;
}

impl Config {
    /// Reads the keys of `kind = "ran-in"`.
    pub fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let environment = environment(table);
        let doc = "How long it must have run there: \"24h\". Default: any time will do.";
        let needed = table.optional("for", doc, &duration(Duration::from_secs(1), Duration::from_hours(24 * 90)));
        let doc = "The version as it is named there. Default \"{to}\".";
        let version = table.optional("version", doc, &strict(word(NAMED, "-._/:@+{}", 200), NAMES));
        let source = source(table);
        let version = version.map_or_else(Filled::version, |version| version.value);
        let needed = needed.map(|needed| needed.value);
        Some(Self { environment: environment?, needed, version, source: source?, timeout })
    }
}

const NAMED: &str = "a version, such as \"v{to}\"";

impl Latest {
    /// Reads the keys of `[version.latest]`.
    pub fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let environment = environment(table);
        let source = source(table);
        Some(Self { environment: environment?, source: source?, timeout })
    }

    /// What ran there, newest first.
    ///
    /// # Errors
    /// Why that cannot be told.
    pub async fn history(&self, past: &Arc<dyn Past>, now: Timestamp) -> Result<History, Trouble> {
        let place = self.source.place(&self.environment, self.timeout, past)?;
        let what = format!("look up the latest version of {}: {}", self.environment, place.shown(""));
        let advice = "name the version with --to VERSION";
        match timeout(self.timeout, place.history("", now)).await {
            Ok(Ok(history)) => Ok(history),
            Ok(Err(untold)) => Err(Trouble::new(TroubleKind::Unreachable, what, untold.words, advice)),
            Err(_late) => {
                let why = format!("no whole answer within {}", span_text(self.timeout));
                Err(Trouble::new(TroubleKind::TimedOut, what, why, advice))
            }
        }
    }
}

fn environment(table: &mut Table<'_>) -> Option<String> {
    let doc = "The environment in which it must have run: \"staging\".";
    table.required("environment", doc, &title()).map(|environment| environment.value)
}

/// The keys of `source`.
fn source(table: &mut Table<'_>) -> Option<Source> {
    let doc = "Where what ran there is read: { kind = \"git\", ... }.";
    let read = table.table("source", doc, |table| {
        let git = |table: &mut Table<'_>| git::Config::read(table).map(Source::Git);
        let http = |table: &mut Table<'_>| web::Config::read(table).map(Source::Http);
        let sessions = |table: &mut Table<'_>| Some(Source::Sessions(sessions::Config::read(table)));
        let variants: [Variant<'_, '_, Option<Source>>; 3] = [
            Variant { name: "git", doc: "The history of one value of a file in a git checkout.", read: &git },
            Variant { name: "http", doc: "What an HTTP address answers.", read: &http },
            Variant { name: "sessions", doc: "flightdeck's own sessions of that environment.", read: &sessions },
        ];
        table.kinds("kind", "What is read.", &variants, None).and_then(|(_, source)| source)
    });
    table.require("source", Wrong::new("is missing: where what ran there is read").accepted("{ kind = \"git\", ... }"));
    read.flatten()
}

impl Source {
    fn place(&self, environment: &str, timeout: Duration, past: &Arc<dyn Past>) -> Result<Box<dyn Place>, Trouble> {
        Ok(match self {
            Self::Git(config) => Box::new(git::Checkout::new(config.clone(), timeout)),
            Self::Http(config) => Box::new(config.connect(timeout)?),
            Self::Sessions(config) => Box::new(config.over(environment, past.clone())),
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        let nobody: Arc<dyn Past> = Arc::new(NoPast);
        self.connect_over(&nobody)
    }

    fn connect_over(&self, past: &Arc<dyn Past>) -> Result<Arc<dyn Check>, Trouble> {
        let place = self.source.place(&self.environment, self.timeout, past)?;
        Ok(Arc::new(Bounded::new(RanIn { config: self.clone(), place }, self.timeout)))
    }
}

struct RanIn {
    config: Config,
    place: Box<dyn Place>,
}

impl System for RanIn {
    fn request(&self, asking: &Asking) -> String {
        self.place.shown(&self.config.version.shown(asking))
    }

    fn expected(&self, asking: &Asking) -> String {
        let version = self.config.version.shown(asking);
        let environment = &self.config.environment;
        match self.config.needed {
            Some(needed) => format!("{version} ran in {environment} for {}", span_text(needed)),
            None => format!("{version} ran in {environment}"),
        }
    }

    fn look<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Answer, Untold>> {
        async move {
            let Config { environment, needed, version, .. } = &self.config;
            let version = version.fill(asking)?;
            let history = self.place.history(&version, asking.now).await?;
            let (verdict, words) = ran(&history, environment, &version, *needed, asking.now);
            let mut answer = Answer::new(verdict, words, asking.now).with("read", history.source.as_str());
            if let Some(run) = history.runs.iter().find(|run| run.version == version) {
                answer = answer.with("by", run.by.as_str());
            }
            Ok(answer)
        }
        .boxed()
    }
}
