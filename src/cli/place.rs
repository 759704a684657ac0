//! Where things are kept: the state directory, the journals in it, and the journal that a profile names.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use directories::ProjectDirs;

use crate::domain::{Operator, SessionId};
use crate::error::Error;
use crate::journal::{JournalError, Place, SessionSummary, SqliteStore, Store};
use crate::profile::Loaded;

/// Where state is kept.
#[derive(Debug, clap::Args)]
pub(super) struct StateArgs {
    /// Where journals and flightdeck's own log are kept [default: the user's state directory]
    #[arg(long, env = "FLIGHTDECK_STATE_DIR", value_name = "DIR", hide_env_values = true)]
    state_dir: Option<PathBuf>,
}

impl StateArgs {
    /// The directory, made where it is not there.
    pub(super) fn directory(&self) -> Result<PathBuf, Error> {
        let directory = self.state_dir.clone().or_else(|| {
            let project = ProjectDirs::from("", "", "flightdeck")?;
            Some(project.state_dir().unwrap_or_else(|| project.data_local_dir()).to_owned())
        });
        let Some(directory) = directory else {
            return Err(Error::Usage {
                what: "there is no home directory to keep state in".to_owned(),
                advice: "name one with --state-dir".to_owned(),
            });
        };
        make_private(&directory)?;
        Ok(directory)
    }
}

fn make_private(directory: &Path) -> Result<(), Error> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|source| Error::File {
        what: "make the state directory",
        path: directory.display().to_string(),
        source,
        advice: "name another one with --state-dir",
    })
}

/// Who operates: as said, else the login name.
pub(super) fn operator(said: Option<String>) -> Operator {
    let login = || ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()));
    Operator::new(said.or_else(login).unwrap_or_else(|| "operator".to_owned()))
}

/// The journal that a profile's sessions are in.
pub(super) fn place(loaded: &Loaded, state: &Path) -> Place {
    match &loaded.journal_dir {
        Some(directory) => Place::Shared(directory.clone()),
        None => Place::Private(state.join("journal")),
    }
}

/// Opens a journal, making it where it is not there. It begins at once; the future waits for it.
pub(super) fn store(place: Place) -> impl Future<Output = Result<Arc<dyn Store>, Error>> {
    let opening = tokio::task::spawn_blocking(move || SqliteStore::open(&place));
    async {
        match opening.await {
            Ok(opened) => Ok(Arc::new(opened?) as Arc<dyn Store>),
            Err(error) => Err(Error::Internal { what: error.to_string(), log: "the state directory".to_owned() }),
        }
    }
}

/// Opens a journal if there is one.
pub(super) async fn existing_store(place: Place) -> Result<Option<Arc<dyn Store>>, Error> {
    let (Place::Private(directory) | Place::Shared(directory)) = &place;
    if directory.join("journal.db").exists() { store(place).await.map(Some) } else { Ok(None) }
}

/// The directory of the demo's journals: one for each demo, because each has a world of its own.
pub(super) fn demos(state: &Path) -> PathBuf {
    state.join("demo")
}

/// Every journal below the state directory, or the one that a profile names.
pub(super) async fn journals(state: &Path, profile: Option<&Loaded>) -> Result<Vec<Arc<dyn Store>>, Error> {
    let mut places = Vec::new();
    if let Some(loaded) = profile {
        places.push(place(loaded, state));
    } else {
        places.push(Place::Private(state.join("journal")));
        if let Ok(entries) = fs::read_dir(demos(state)) {
            places.extend(entries.flatten().map(|entry| Place::Private(entry.path())));
        }
    }
    let mut stores = Vec::new();
    for place in places {
        stores.extend(existing_store(place).await?);
    }
    Ok(stores)
}

/// Every session with its journal, newest first.
pub(super) async fn sessions(stores: &[Arc<dyn Store>]) -> Result<Vec<(SessionSummary, Arc<dyn Store>)>, JournalError> {
    let mut all = Vec::new();
    for store in stores {
        all.extend(store.sessions().await?.into_iter().map(|session| (session, store.clone())));
    }
    all.sort_by_key(|(session, _)| std::cmp::Reverse((session.opened, session.id)));
    Ok(all)
}

/// Whether a session is the one that an operator names by the start of its id.
pub(super) fn is_named(id: SessionId, name: &str) -> bool {
    let plain = |text: &str| text.replace('-', "").to_lowercase();
    name.len() >= 4 && plain(&id.0.to_string()).starts_with(&plain(name))
}
