//! Where things are kept: the state directory, the journals in it, and the journal that a profile names.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use directories::ProjectDirs;

use crate::domain::{Operator, Seat, SessionId, Timestamp, Why};
use crate::error::Error;
use crate::journal::{JournalError, Place, SessionSummary, SqliteStore, Store};
#[cfg(feature = "nats")]
use crate::journal::{NatsStore, nats};
use crate::profile::{JournalConfig, Loaded};
#[cfg(feature = "nats")]
use crate::profile::{NatsConfig, NatsLogin, NatsTls};
use crate::runtime::opening::Intent;

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
        let directory = self.named()?;
        make_private(&directory)?;
        Ok(directory)
    }

    /// The directory, which may not be there.
    pub(super) fn named(&self) -> Result<PathBuf, Error> {
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

/// Who comes aboard, and as what.
#[derive(Debug, clap::Args)]
pub(super) struct SeatArgs {
    /// The name that you work under; with keys, the one that the profile's list gives yours [default: the login name]
    #[arg(long = "as", value_name = "NAME")]
    operator: Option<String>,
    /// Watch only: nothing can be done from this cockpit
    #[arg(long)]
    observe: bool,
    /// The file of your SSH key, where the profile wants it signed [default: the one in your agent that it lists]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

impl SeatArgs {
    /// Whether they only watch.
    pub(super) fn observes(&self) -> bool {
        self.observe
    }

    /// What they want.
    pub(super) fn intent(self, state: &Path, from_version: String, to_version: String, why: Why) -> Intent {
        Intent {
            operator: operator(self.operator),
            seat: if self.observe { Seat::Observer } else { Seat::Operator },
            from_version,
            to_version,
            why,
            planned: None,
            key: self.key,
            state: state.to_owned(),
        }
    }
}

/// A time as an operator writes it, with its offset: `2026-11-22T02:00Z`; seconds may be left out.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    let spaced = text.trim().replacen(' ', "T", 1);
    let with_seconds = |text: &str| {
        let at = text.find('T').and_then(|at| text.get(at..)?.find(['Z', '+', '-']).map(|sign| at + sign))?;
        Some(format!("{}:00{}", text.get(..at)?, text.get(at..)?))
    };
    let read = |text: &str| serde_json::from_value::<Timestamp>(text.into()).ok();
    read(&spaced).or_else(|| read(&with_seconds(&spaced)?)).ok_or_else(|| {
        "a time is written with its day and its offset, such as 2026-11-22T02:00Z or 2026-11-22T03:00+01:00".to_owned()
    })
}

/// Who operates: as said, else the login name.
pub(super) fn operator(said: Option<String>) -> Operator {
    let login = || ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()));
    Operator::new(said.or_else(login).unwrap_or_else(|| "operator".to_owned()))
}

/// A journal, wherever it is.
pub(super) enum JournalPlace {
    /// On this host.
    Local(Place),
    /// On NATS.
    #[cfg(feature = "nats")]
    Nats(NatsConfig),
}

impl From<Place> for JournalPlace {
    fn from(place: Place) -> Self {
        Self::Local(place)
    }
}

/// The journal that a profile's sessions are in.
pub(super) fn place(loaded: &Loaded, state: &Path) -> JournalPlace {
    configured(&loaded.journal, state)
}

/// A journal as it is configured.
pub(super) fn configured(journal: &JournalConfig, state: &Path) -> JournalPlace {
    match journal {
        JournalConfig::Directory(directory) => Place::Shared(directory.clone()).into(),
        #[cfg(feature = "nats")]
        JournalConfig::Nats(config) => JournalPlace::Nats(config.clone()),
        // A profile that names NATS does not load where that is not built in.
        #[cfg(not(feature = "nats"))]
        JournalConfig::Nats(_) => Place::Private(state.join("journal")).into(),
        JournalConfig::Own => Place::Private(state.join("journal")).into(),
    }
}

/// Opens a journal, making it where it is not there. One on this host begins to be opened at once; the future waits for it.
pub(super) fn store(place: impl Into<JournalPlace>) -> impl Future<Output = Result<Arc<dyn Store>, Error>> {
    let begun = match place.into() {
        JournalPlace::Local(place) => Ok(begin_local(place)),
        #[cfg(feature = "nats")]
        JournalPlace::Nats(config) => Err(config),
    };
    async {
        match begun {
            Ok(opening) => local(opening).await,
            #[cfg(feature = "nats")]
            Err(config) => Ok(Arc::new(NatsStore::open(settings(config).await?).await?) as Arc<dyn Store>),
            #[cfg(not(feature = "nats"))]
            Err(()) => Err(Error::Internal { what: "there is no such journal".to_owned(), log: String::new() }),
        }
    }
}

type Opening = tokio::task::JoinHandle<Result<SqliteStore, JournalError>>;

fn begin_local(place: Place) -> Opening {
    tokio::task::spawn_blocking(move || SqliteStore::open(&place))
}

async fn local(opening: Opening) -> Result<Arc<dyn Store>, Error> {
    match opening.await {
        Ok(opened) => Ok(Arc::new(opened?)),
        Err(error) => Err(Error::Internal { what: error.to_string(), log: "the state directory".to_owned() }),
    }
}

/// Opens a journal if there is one.
pub(super) async fn existing_store(place: impl Into<JournalPlace>) -> Result<Option<Arc<dyn Store>>, Error> {
    match place.into() {
        JournalPlace::Local(place) => {
            let (Place::Private(directory) | Place::Shared(directory)) = &place;
            if directory.join("journal.db").exists() { local(begin_local(place)).await.map(Some) } else { Ok(None) }
        }
        #[cfg(feature = "nats")]
        JournalPlace::Nats(config) => {
            let store = NatsStore::open_existing(settings(config).await?).await?;
            Ok(store.map(|store| Arc::new(store) as Arc<dyn Store>))
        }
    }
}

/// The settings of a journal on NATS, with its secrets fetched.
#[cfg(feature = "nats")]
async fn settings(config: NatsConfig) -> Result<nats::Settings, Error> {
    let login = match config.login {
        None => None,
        Some(NatsLogin::Password { user, password }) => {
            Some(nats::Login::Password { user, password: password.resolve().await? })
        }
        Some(NatsLogin::Token(token)) => Some(nats::Login::Token(token.resolve().await?)),
        Some(NatsLogin::Nkey(seed)) => Some(nats::Login::Nkey(seed.resolve().await?)),
        Some(NatsLogin::Credentials(text)) => Some(nats::Login::Credentials(text.resolve().await?)),
    };
    let tls = config.tls.map(|NatsTls { ca, identity, first }| nats::Tls { ca, identity, first });
    Ok(nats::Settings {
        servers: config.servers,
        stream: config.stream,
        subject: config.subject,
        replicas: config.replicas,
        create: config.create,
        login,
        tls,
    })
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
        places.push(Place::Private(state.join("journal")).into());
        if let Ok(entries) = fs::read_dir(demos(state)) {
            places.extend(entries.flatten().map(|entry| Place::Private(entry.path()).into()));
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

/// The session that an operator names: `latest`, or the start of its id.
pub(super) async fn session(
    stores: &[Arc<dyn Store>],
    named: &str,
    state: &Path,
) -> Result<(SessionId, Arc<dyn Store>), Error> {
    let mut found = sessions(stores).await?;
    if named != "latest" {
        found.retain(|(session, _)| is_named(session.id, named));
        if found.len() > 1 {
            return Err(Error::NoSession {
                what: format!("{} sessions begin with {named}", found.len()),
                advice: "name more of the id; `flightdeck sessions` lists them".to_owned(),
            });
        }
    }
    let Some((session, store)) = found.into_iter().next() else {
        return Err(Error::NoSession {
            what: format!("no session {named} in the journals below {}", state.display()),
            advice: "`flightdeck sessions` lists what is there; --profile looks where a profile keeps its journal"
                .to_owned(),
        });
    };
    Ok((session.id, store))
}

/// Whether a session is the one that an operator names by the start of its id.
pub(super) fn is_named(id: SessionId, name: &str) -> bool {
    let plain = |text: &str| text.replace('-', "").to_lowercase();
    name.len() >= 4 && plain(&id.0.to_string()).starts_with(&plain(name))
}
