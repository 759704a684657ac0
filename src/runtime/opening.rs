//! Opening a session: a new one, or the unclosed one of the same service and environment (J7).

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use uuid::Uuid;

use super::adapter::Adapters;
use super::hands::{SharedSpill, SpillFiles, Tools};
use super::keys::{Keys, Whose};
use super::past::Sessions;
use super::process;
use crate::domain::{CockpitId, Operator, Procedure, Refused, Seat, SessionId, Timestamp, Why};
use crate::error::Error;
use crate::flight::{Ask, ChangedProfile, Flight, Me, Msg, Notice, Tone};
use crate::journal::{Spill, Store, spill};
use crate::profile::{self, Loaded, ProfileFile};
use crate::session::Session;
use crate::session::event::{ProfileText, SessionOpened};

/// What an operator said at the command line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Intent {
    /// The name that they work under.
    pub operator: Operator,
    /// What they may do.
    pub seat: Seat,
    /// The version that runs; empty when not said.
    pub from_version: String,
    /// The version that is to run; empty when not said.
    pub to_version: String,
    /// Why a session is opened (F6).
    pub why: Why,
    /// When it is planned to begin, where a session is opened.
    pub planned: Option<Timestamp>,
    /// Their key's file; else their agent is asked.
    pub key: Option<PathBuf>,
    /// The directory of this user's state: spills are below it.
    pub state: PathBuf,
}

/// A session that is ready to be flown.
pub struct Opening {
    /// What its hands work with.
    pub tools: Tools,
    /// The flight over what the journal holds.
    pub flight: Flight,
    /// The profile on disk; the session's own where none was named.
    pub on_disk: Loaded,
    /// What the flight is told first.
    pub first: Vec<Msg>,
    /// What the operator is told first.
    pub notices: Vec<Notice>,
}

/// A cockpit of this process.
fn me(intent: &Intent) -> Me {
    Me {
        cockpit: CockpitId(Uuid::now_v7()),
        operator: intent.operator.clone(),
        process: process::me(),
        seat: intent.seat,
        key: None,
    }
}

/// Opens a session: joins the unclosed one, or begins.
///
/// # Errors
/// When the journal cannot be read, or the profile that it holds cannot be used any more.
pub async fn open(store: Arc<dyn Store>, on_disk: Loaded, intent: &Intent) -> Result<Opening, Error> {
    let (service, environment) = (&on_disk.procedure.service, &on_disk.procedure.environment);
    match store.unclosed(service, environment).await? {
        Some(session) => Box::pin(join(store, Some(on_disk), session, intent)).await,
        None if intent.seat == Seat::Observer => Err(none_open(&*store, service, environment)),
        None => Box::pin(begin(store, on_disk, intent)).await,
    }
}

/// Takes up the unclosed session of a profile for one act, without coming aboard.
///
/// # Errors
/// As [`open`], and when there is none.
pub async fn take_up(store: Arc<dyn Store>, on_disk: Loaded, intent: &Intent) -> Result<Opening, Error> {
    let (service, environment) = (&on_disk.procedure.service, &on_disk.procedure.environment);
    let Some(session) = store.unclosed(service, environment).await? else {
        return Err(none_open(&*store, service, environment));
    };
    let mut opening = Box::pin(join(store, Some(on_disk), session, intent)).await?;
    opening.first.retain(|msg| !matches!(msg, Msg::Ask(Ask::Resume { .. } | Ask::Join)));
    Ok(opening)
}

fn none_open(store: &dyn Store, service: &str, environment: &str) -> Error {
    Error::NoSession {
        what: format!("no session of {service} in {environment} is open in {}", store.place()),
        advice: "nothing was changed through flightdeck since the last one was closed; `open` begins one".to_owned(),
    }
}

async fn begin(store: Arc<dyn Store>, on_disk: Loaded, intent: &Intent) -> Result<Opening, Error> {
    // The rule decides again where it is opened; here nobody has to look at a cockpit first.
    if let Some(lack) = on_disk.procedure.why.lacks(&intent.why) {
        return Err(Error::Refused(Refused::new("F6", "open the session", lack.words(), lack.advice())));
    }
    let me = me(intent);
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
        why: intent.why.clone(),
        planned: intent.planned,
    });
    let first = vec![Msg::Ask(Ask::Open { opened, controls: me.controls("opened") })];
    let flight = Flight::new(me, SessionId(Uuid::now_v7()), Session::default(), procedure);
    let flown = on_disk.clone();
    Box::pin(fitted(store, flight, &flown, on_disk, intent, first, Vec::new())).await
}

/// Comes aboard a session that runs. Without a profile, the session's own is the one on disk.
///
/// # Errors
/// When the journal cannot be read, or the profile that it holds cannot be used any more.
pub async fn join(
    store: Arc<dyn Store>,
    on_disk: Option<Loaded>,
    id: SessionId,
    intent: &Intent,
) -> Result<Opening, Error> {
    let history = store.read(id, 1).await?;
    let session = history.fold();
    if let Some(refused) = another_version(&session, intent) {
        return Err(Error::Refused(refused));
    }
    // What is flown is what the journal holds; the file on disk may have changed since.
    let flown = profile::parse(&files(session.profile_files()))?;
    let procedure = Arc::new(flown.procedure.clone());
    let on_disk = on_disk.unwrap_or_else(|| flown.clone());
    let me = me(intent);
    let mut first = Vec::new();
    let mut notices = Vec::new();
    let mut tell = |tone, text: String| notices.push(Notice { tone, text });
    first.push(Msg::Ask(Ask::Join));
    match &session.controls {
        _ if intent.seat == Seat::Observer => tell(Tone::Plain, "you watch: nothing can be done from here".to_owned()),
        Some(held) if !process::is_gone(&held.holder.process, session.is_on_one_host()) => {
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
    if let Some(said) = not_taken(&session, intent) {
        tell(Tone::Warn, said);
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
    let mut flight = Flight::new(me, id, session, procedure);
    for kept in &history.entries {
        flight.link.remember(kept.entry.number, kept.hash);
    }
    Box::pin(fitted(store, flight, &flown, on_disk, intent, first, notices)).await
}

/// Versions that were said and are not those of the session that is open: to go on in silence would be to deploy another one.
fn another_version(session: &Session, intent: &Intent) -> Option<Refused> {
    let opened = &session.opened.as_ref()?.what;
    let pairs =
        [("--from", &intent.from_version, &opened.from_version), ("--to", &intent.to_version, &opened.to_version)];
    let differs = |(_, said, is): &(&str, &String, &String)| !said.is_empty() && !is.is_empty() && said != is;
    let (option, said, is) = pairs.into_iter().find(differs)?;
    let what = format!("go on with the open session as {option} {said}");
    let why = format!(
        "it was opened for {} → {} at {}",
        opened.from_version,
        opened.to_version,
        session.opened.as_ref()?.at.long()
    );
    let advice = format!("say {option} {is} or nothing to go on with it; close it first to deploy another version");
    Some(Refused::new("", what, why, advice))
}

/// What else was said and stands otherwise in the session that is open: it stays as it is there.
fn not_taken(session: &Session, intent: &Intent) -> Option<String> {
    let opened = &session.opened.as_ref()?.what;
    let differs = |said: &str, is: &str| !said.is_empty() && said != is;
    let planned = opened.planned.map_or_else(|| "not planned".to_owned(), Timestamp::long);
    let said = [
        (differs(&intent.from_version, &opened.from_version), "--from", opened.from_version.clone()),
        (differs(&intent.to_version, &opened.to_version), "--to", opened.to_version.clone()),
        (differs(&intent.why.ticket, &opened.why.ticket), "--ticket", opened.why.ticket.clone()),
        (differs(&intent.why.reason, &opened.why.reason), "--reason", opened.why.reason.clone()),
        (intent.planned.is_some() && intent.planned != opened.planned, "--start", planned),
    ];
    let each = said.into_iter().filter(|(differs, ..)| *differs).map(|(_, option, is)| {
        if is.is_empty() { format!("{option} (there: none)") } else { format!("{option} (there: {is})") }
    });
    let each: Vec<String> = each.collect();
    (!each.is_empty())
        .then(|| format!("this session is open already, and stays as it was opened: not taken are {}", each.join(", ")))
}

/// The flight with what its hands need: adapters, keys, the file beside the journal.
async fn fitted(
    store: Arc<dyn Store>,
    mut flight: Flight,
    flown: &Loaded,
    on_disk: Loaded,
    intent: &Intent,
    mut first: Vec<Msg>,
    mut notices: Vec<Notice>,
) -> Result<Opening, Error> {
    flight.crew.shared = !store.is_private();
    let past = Sessions { store: Some(store.clone()), service: flight.procedure.service.clone() };
    let adapters = Adapters::over(&flown.adapters, Some(Arc::new(past))).map_err(Error::Trouble)?;
    let mut keys = None;
    if let Some(allowed) = &flown.allowed_signers {
        let whose = Whose {
            session: flight.id,
            service: flight.procedure.service.clone(),
            environment: flight.procedure.environment.clone(),
            cockpit: flight.me.cockpit,
            operator: intent.operator.clone(),
        };
        let (found, why) = Keys::find(allowed.clone(), intent.key.as_deref(), whose).await;
        flight.me.key = found.own();
        if let Some(why) = why.filter(|_| intent.seat == Seat::Operator) {
            let text = format!("what this profile wants signed cannot be confirmed from here: {why}");
            notices.push(Notice { tone: Tone::Warn, text });
        }
        keys = Some(Arc::new(found));
    }
    let spill = spill_files(&intent.state.join("spill"), &flight, &mut first, &mut notices);
    let tools = Tools { adapters, store, session: flight.id, keys, spill };
    Ok(Opening { tools, flight, on_disk, first, notices })
}

/// The file beside the journal, and what earlier cockpits of this user have left in theirs: it comes first.
fn spill_files(
    directory: &Path,
    flight: &Flight,
    first: &mut Vec<Msg>,
    notices: &mut Vec<Notice>,
) -> Option<SharedSpill> {
    let left = spill::left_behind(directory, flight.id);
    let (paths, spills): (Vec<_>, Vec<_>) = left.into_iter().unzip();
    first.splice(0..0, spills.into_iter().map(|spill| Msg::SpillFound(Box::new(spill))));
    match Spill::reserve(directory, flight.id, flight.me.cockpit) {
        Ok(own) => Some(Arc::new(Mutex::new(SpillFiles { own, found: paths }))),
        Err(error) => {
            let text = format!("a rollback while the journal is away could not be recorded: failed to {error}");
            notices.push(Notice { tone: Tone::Warn, text });
            None
        }
    }
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
    Ok(profile_of(session)?.procedure)
}

/// The whole profile that a session flies, from the bytes in its journal.
///
/// # Errors
/// When this version cannot read it.
pub fn profile_of(session: &Session) -> Result<Loaded, Error> {
    Ok(profile::parse(&files(session.profile_files()))?)
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
