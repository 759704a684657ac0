//! Opening a session: a new one, or the unclosed one of the same service and environment (J7).

use std::sync::Arc;

use uuid::Uuid;

use super::adapter::Adapters;
use super::process;
use crate::domain::{CockpitId, Operator, Procedure, Seat, SessionId};
use crate::error::Error;
use crate::flight::{Ask, ChangedProfile, Flight, Me, Msg, Notice, Tone};
use crate::journal::Store;
use crate::profile::{self, Loaded, ProfileFile};
use crate::session::Session;
use crate::session::event::{ProfileText, SessionOpened};

/// What an operator said at the command line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Intent {
    /// The name that they work under.
    pub operator: Operator,
    /// The version that runs; empty when not said.
    pub from_version: String,
    /// The version that is to run; empty when not said.
    pub to_version: String,
}

/// A session that is ready to be flown.
pub struct Opening {
    /// The journal.
    pub store: Arc<dyn Store>,
    /// The flight over what the journal holds.
    pub flight: Flight,
    /// The adapters of the profile that is flown.
    pub adapters: Adapters,
    /// The profile on disk.
    pub on_disk: Loaded,
    /// What the flight is told first.
    pub first: Vec<Msg>,
    /// What the operator is told first.
    pub notices: Vec<Notice>,
}

/// A cockpit of this process.
pub fn me(operator: Operator) -> Me {
    Me { cockpit: CockpitId(Uuid::now_v7()), operator, process: process::me(), seat: Seat::Operator, key: None }
}

/// Opens a session: goes on with the unclosed one, or begins.
///
/// # Errors
/// When the journal cannot be read, or the profile that it holds cannot be used any more.
pub async fn open(store: Arc<dyn Store>, on_disk: Loaded, intent: &Intent) -> Result<Opening, Error> {
    let (service, environment) = (&on_disk.procedure.service, &on_disk.procedure.environment);
    match store.unclosed(service, environment).await? {
        Some(session) => resume(store, on_disk, session, &intent.operator).await,
        None => begin(store, on_disk, intent),
    }
}

/// Opens the unclosed session of a profile, without asking for its controls.
///
/// # Errors
/// As [`open`], and when there is none.
pub async fn join(store: Arc<dyn Store>, on_disk: Loaded, operator: &Operator) -> Result<Opening, Error> {
    let (service, environment) = (&on_disk.procedure.service, &on_disk.procedure.environment);
    let Some(session) = store.unclosed(service, environment).await? else {
        return Err(Error::NoSession {
            what: format!("no session of {service} in {environment} is open in {}", store.place()),
            advice: "nothing was changed through flightdeck since the last one was closed; `open` begins one"
                .to_owned(),
        });
    };
    let mut opening = resume(store, on_disk, session, operator).await?;
    opening.first.retain(|msg| !matches!(msg, Msg::Ask(Ask::Resume { .. })));
    Ok(opening)
}

fn begin(store: Arc<dyn Store>, on_disk: Loaded, intent: &Intent) -> Result<Opening, Error> {
    let me = me(intent.operator.clone());
    let procedure = Arc::new(on_disk.procedure.clone());
    let opened = Box::new(SessionOpened {
        service: procedure.service.clone(),
        environment: procedure.environment.clone(),
        from_version: intent.from_version.clone(),
        to_version: intent.to_version.clone(),
        pools: procedure.pools.iter().map(|pool| (pool.id.clone(), pool.mark.clone())).collect(),
        routers: procedure.routers.iter().map(|router| (router.id.clone(), router.kind.clone())).collect(),
        files: texts(&on_disk.files),
        digest: procedure.digest,
        flightdeck: env!("CARGO_PKG_VERSION").to_owned(),
        durability: store.durability(),
        private: store.is_private(),
    });
    let first = vec![Msg::Ask(Ask::Open { opened, controls: me.controls("opened") })];
    let adapters = Adapters::new(&on_disk.adapters).map_err(Error::Trouble)?;
    let flight = Flight::new(me, SessionId(Uuid::now_v7()), Session::default(), procedure);
    Ok(Opening { store, flight, adapters, on_disk, first, notices: Vec::new() })
}

async fn resume(store: Arc<dyn Store>, on_disk: Loaded, id: SessionId, operator: &Operator) -> Result<Opening, Error> {
    let history = store.read(id, 1).await?;
    let session = history.fold();
    let me = me(operator.clone());
    // What is flown is what the journal holds; the file on disk may have changed since.
    let flown = profile::parse(&files(session.profile_files()))?;
    let procedure = Arc::new(flown.procedure.clone());
    let mut first = Vec::new();
    let mut notices = Vec::new();
    let mut tell = |tone, text: String| notices.push(Notice { tone, text });
    match &session.controls {
        Some(held) if !process::is_gone(&held.holder.process) => {
            let (holder, process) = (&held.holder.operator, &held.holder.process);
            let text = format!(
                "{holder} drives from process {} on {}: this cockpit may hold and roll back, and not move forward",
                process.pid, process.host
            );
            tell(Tone::Warn, text);
        }
        held => {
            let why = if held.is_some() { "the process before is gone" } else { "nobody had the controls" };
            first.push(Msg::Ask(Ask::Resume { controls: me.controls(why), holder_gone: held.is_some() }));
            tell(Tone::Plain, format!("session {} goes on; what was in flight is read from the routers", short(id)));
        }
    }
    if let Some(broken) = &history.broken {
        first.push(Msg::JournalBroken { why: broken.to_string() });
    }
    if procedure.digest != on_disk.procedure.digest {
        first.push(Msg::ProfileDiffers { changed: Some(Box::new(changed(&on_disk))) });
        tell(
            Tone::Warn,
            "the profile on disk is not the one that this session flies; reload it from the palette".to_owned(),
        );
    }
    let adapters = Adapters::new(&flown.adapters).map_err(Error::Trouble)?;
    let flight = Flight::new(me, id, session, procedure);
    Ok(Opening { store, flight, adapters, on_disk, first, notices })
}

/// A changed profile as the flight takes it.
pub fn changed(loaded: &Loaded) -> ChangedProfile {
    ChangedProfile::Good { procedure: Arc::new(loaded.procedure.clone()), files: texts(&loaded.files) }
}

/// The procedure that a session flies, from the bytes in its journal.
///
/// # Errors
/// When this version cannot read it.
pub fn procedure_of(session: &Session) -> Result<Procedure, Error> {
    Ok(profile::parse(&files(session.profile_files()))?.procedure)
}

fn texts(files: &[ProfileFile]) -> Vec<ProfileText> {
    // A profile that was read is UTF-8 throughout.
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    files.iter().map(|file| ProfileText { path: file.path.clone(), text: text(&file.bytes) }).collect()
}

fn files(texts: &[ProfileText]) -> Vec<ProfileFile> {
    texts.iter().map(|file| ProfileFile { path: file.path.clone(), bytes: file.text.clone().into_bytes() }).collect()
}

/// The first part of a session's id, for people.
pub fn short(id: SessionId) -> String {
    id.0.simple().to_string().chars().take(12).collect()
}
