//! What cockpits tell each other on one host: small files beside the database. Nothing of it is synced.
//!
//! A file is written whole and renamed, so that nobody reads half of one. Files of cockpits that died are removed by
//! whoever looks.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::marker::PhantomData;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt as _;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::{Sender, channel};
use tokio::sync::oneshot;
use tokio_stream::wrappers::ReceiverStream;

use crate::domain::parcel::{Content, Parcel};
use crate::domain::{Presence, SessionId};

/// How often is looked without being woken.
const LOOK: Duration = Duration::from_secs(1);

/// A file that nobody wrote for so long is a dead cockpit's.
const DEAD: Duration = Duration::from_secs(30);

/// A file that nobody wrote for so long is not given to somebody who begins to listen.
const OLD: Duration = Duration::from_secs(8);

/// What cockpits tell each other.
pub(super) trait Told: Serialize + DeserializeOwned + Send + 'static {
    /// The directory of its files.
    const FOLDER: &'static str;
    /// More than this is none.
    const LARGEST: u64;

    /// The file that holds it, as the words between dots after the session's; what was in it before is over.
    fn place(&self) -> String;

    /// Counts up with each of a cockpit's, where they are to be told in order.
    fn order(&self) -> u64 {
        0
    }
}

impl Told for Presence {
    const FOLDER: &'static str = "presence";
    const LARGEST: u64 = 16 * 1024;

    fn place(&self) -> String {
        self.cockpit.to_string()
    }
}

impl Told for Parcel {
    const FOLDER: &'static str = "read";
    const LARGEST: u64 = 1024 * 1024;

    fn place(&self) -> String {
        // Some at a time, so that whoever looks now and then misses none.
        match self.content {
            Content::Values(_) => format!("{}.{}.{}", self.cockpit, self.source, self.number % PARCELS),
            Content::Lines(_) => format!("{}.{}.lines.{}", self.cockpit, self.source, self.number % REELS),
        }
    }

    fn order(&self) -> u64 {
        self.number
    }
}

/// How many parcels of one cockpit and source there are at a time.
const PARCELS: u64 = 8;

/// The same of lines, which come in bursts.
const REELS: u64 = 32;

/// How often is looked again at once, so that what came while it was looked is told in its place.
const LOOKS: usize = 4;

/// Where the files are, and with which rights.
#[derive(Debug)]
pub(super) struct Room<T> {
    directory: PathBuf,
    is_private: bool,
    holds: PhantomData<fn() -> T>,
}

impl<T> Clone for Room<T> {
    fn clone(&self) -> Self {
        Self { directory: self.directory.clone(), is_private: self.is_private, holds: PhantomData }
    }
}

impl<T: Told> Room<T> {
    /// Beside a database.
    pub(super) fn beside(database: &Path, is_private: bool) -> Self {
        Self { directory: database.with_file_name(T::FOLDER), is_private, holds: PhantomData }
    }

    /// Writes a cockpit's file, on a thread of its own. It starts at once.
    pub(super) fn announce(&self, session: SessionId, told: T) -> BoxFuture<'static, ()> {
        let (done, said) = oneshot::channel();
        let room = self.clone();
        let started = thread::Builder::new().name("journal-presence".to_owned()).spawn(move || {
            if let Err(error) = room.write(session, &told) {
                tracing::debug!(%error, "the other cockpits were not told");
            }
            // Whoever announced may have stopped waiting.
            done.send(()).ok();
        });
        async move {
            if started.is_ok() {
                // Best effort: how it went is of no use to anybody.
                drop(said.await);
            }
        }
        .boxed()
    }

    /// What the files of a session say, now and whenever they change.
    pub(super) fn listen(&self, session: SessionId) -> BoxStream<'static, T> {
        let (heard, received) = channel(64);
        let room = self.clone();
        let started = thread::Builder::new()
            .name("journal-presence".to_owned())
            .spawn(move || Listener { room, session, heard, seen: BTreeMap::new() }.run());
        if let Err(error) = started {
            tracing::debug!(%error, "the other cockpits are not listened to");
        }
        ReceiverStream::new(received).boxed()
    }

    fn write(&self, session: SessionId, told: &T) -> io::Result<()> {
        self.make()?;
        let name = format!("{session}.{}", told.place());
        let (file, draft) = (
            self.directory.join(format!("{name}.json")),
            self.directory.join(format!("{name}.{}.new", std::process::id())),
        );
        let mode = if self.is_private { 0o600 } else { 0o660 };
        let mut open = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&draft)?;
        // The umask may have taken the group's rights away.
        open.set_permissions(Permissions::from_mode(mode))?;
        open.write_all(&serde_json::to_vec(told)?)?;
        fs::rename(&draft, &file)
    }

    fn make(&self) -> io::Result<()> {
        if self.directory.is_dir() {
            return Ok(());
        }
        // Who is in the group may replace files of each other; the group comes from the directory above.
        let mode = if self.is_private { 0o700 } else { 0o2770 };
        match DirBuilder::new().mode(mode).create(&self.directory) {
            Ok(()) => fs::set_permissions(&self.directory, Permissions::from_mode(mode)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }
}

struct Listener<T> {
    room: Room<T>,
    session: SessionId,
    heard: Sender<T>,
    /// What each file said last.
    seen: BTreeMap<PathBuf, Vec<u8>>,
}

impl<T: Told> Listener<T> {
    fn run(mut self) {
        let (ring, bell) = sync_channel(1);
        let mut watcher = None;
        let mut is_first = true;
        while !self.heard.is_closed() {
            if watcher.is_none() {
                // Before the look, so that nothing falls between the two. Others may have to be here first.
                drop(self.room.make());
                watcher = watch(&self.room.directory, ring.clone());
            }
            let oldest = if is_first { OLD } else { DEAD };
            let mut all: Vec<T> = Vec::new();
            for _ in 0..LOOKS {
                let new = self.look(oldest);
                if new.is_empty() {
                    break;
                }
                all.extend(new);
            }
            all.sort_by_key(T::order);
            for told in all {
                if self.heard.blocking_send(told).is_err() {
                    return;
                }
            }
            is_first = false;
            wait(&bell);
        }
    }

    /// What is new, removing what is dead.
    fn look(&mut self, oldest: Duration) -> Vec<T> {
        let Ok(files) = fs::read_dir(&self.room.directory) else { return Vec::new() };
        let mut all = Vec::new();
        for file in files.flatten() {
            let path = file.path();
            let Ok(metadata) = file.metadata() else { continue };
            let age =
                metadata.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok()).unwrap_or_default();
            if age > DEAD {
                self.seen.remove(&path);
                // Somebody else may have removed it.
                drop(fs::remove_file(&path));
                continue;
            }
            let name = file.file_name();
            let ours = name.to_str().is_some_and(|name| name.starts_with(&format!("{}.", self.session)));
            if !ours || path.extension() != Some(OsStr::new("json")) || age > oldest || metadata.len() > T::LARGEST {
                continue;
            }
            let Ok(bytes) = fs::read(&path) else { continue };
            if self.seen.get(&path) != Some(&bytes) {
                // What cannot be read is a newer flightdeck's.
                all.extend(serde_json::from_slice::<T>(&bytes));
                self.seen.insert(path, bytes);
            }
        }
        all
    }
}

fn wait(bell: &Receiver<()>) {
    match bell.recv_timeout(LOOK) {
        Ok(()) | Err(RecvTimeoutError::Timeout) => {}
        Err(RecvTimeoutError::Disconnected) => thread::sleep(LOOK),
    }
}

/// Rings when a file is renamed into the directory. `None` where the system has no watch left.
fn watch(directory: &Path, ring: SyncSender<()>) -> Option<RecommendedWatcher> {
    let on_event = move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| event.paths.iter().any(|path| path.extension() == Some(OsStr::new("json")))) {
            match ring.try_send(()) {
                // A full channel means that it rings already; a closed one that nobody listens.
                Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
            }
        }
    };
    let mut watcher = notify::recommended_watcher(on_event).ok()?;
    watcher.watch(directory, RecursiveMode::NonRecursive).ok()?;
    Some(watcher)
}
