//! What ran by flightdeck's own sessions. The journal is not an adapter's business: whoever has one gives a [`Past`].

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::{Place, Untold};
use crate::domain::version::History;
use crate::domain::{Timestamp, Trouble, TroubleKind};
use crate::setting::{Table, absolute_path, title};

/// What flightdeck deployed before, by its journals.
pub trait Past: Send + Sync {
    /// What ran, newest first.
    ///
    /// # Errors
    /// Why that cannot be told.
    fn history<'a>(&'a self, asked: &'a PastAsked) -> BoxFuture<'a, Result<History, Trouble>>;
}

/// What is asked about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PastAsked {
    /// The environment.
    pub environment: String,
    /// The service; `None` for the profile's own.
    pub service: Option<String>,
    /// The directory of the journal; `None` for the profile's own.
    pub journal: Option<PathBuf>,
}

/// Where there is no journal.
#[derive(Clone, Copy, Debug)]
pub struct NoPast;

impl Past for NoPast {
    fn history<'a>(&'a self, asked: &'a PastAsked) -> BoxFuture<'a, Result<History, Trouble>> {
        async move {
            let what = format!("look up the sessions of {}", asked.environment);
            let advice = "open a session, or name the directory of its journal as `journal`";
            Err(Trouble::new(TroubleKind::Mismatch, what, "there is no journal here", advice))
        }
        .boxed()
    }
}

/// What the profile says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Config {
    service: Option<String>,
    journal: Option<PathBuf>,
}

impl Config {
    pub(super) fn read(table: &mut Table<'_>) -> Self {
        let service = table.optional("service", "The service there. Default: this profile's.", &title());
        let doc = "The directory of that environment's journal, where it is another one than this profile's.";
        let journal = table.optional("journal", doc, &absolute_path());
        Self { service: service.map(|service| service.value), journal: journal.map(|journal| journal.value) }
    }

    pub(super) fn over(&self, environment: &str, past: Arc<dyn Past>) -> Sessions {
        let Self { service, journal } = self.clone();
        Sessions { asked: PastAsked { environment: environment.to_owned(), service, journal }, past }
    }
}

/// The sessions of an environment.
pub(super) struct Sessions {
    asked: PastAsked,
    past: Arc<dyn Past>,
}

impl Place for Sessions {
    fn shown(&self, _version: &str) -> String {
        let journal = self.asked.journal.as_ref().map(|journal| format!(" in {}", journal.display()));
        format!("read the sessions of {}{}", self.asked.environment, journal.unwrap_or_default())
    }

    fn history<'a>(&'a self, _version: &'a str, _now: Timestamp) -> BoxFuture<'a, Result<History, Untold>> {
        async move { Ok(self.past.history(&self.asked).await?) }.boxed()
    }
}
