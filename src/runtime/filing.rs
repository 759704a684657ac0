//! Records on disk: a session's record is written where its profile wants it, as Markdown and as JSON.
//!
//! # Invariants
//! - A file is whole or not there: it is written beside its place and moved there.
//! - The record of another session is never written over: then this one has a name of its own.
//! - Nothing waits for it. What goes wrong is told, and `record --write` tries again.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::opening;
use super::proof::{self, Lists};
use crate::domain::SessionId;
use crate::entry::History;
use crate::error::Error;
use crate::flight::{Notice, Tone};
use crate::journal::Store;
use crate::record::{self, Place, Proofs};

/// The files of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filed {
    /// The record as Markdown.
    pub markdown: PathBuf,
    /// The record as JSON.
    pub json: PathBuf,
}

/// Writes the record of a session that was closed, and says what came of it; `None` where its profile wants no files.
pub async fn told(store: Arc<dyn Store>, session: SessionId) -> Option<Notice> {
    let (tone, text) = match file_session(store, session).await {
        Ok(filed) => (Tone::Good, format!("the record is in {}", filed?.markdown.display())),
        Err(error) => {
            let id = opening::short(session);
            (Tone::Warn, format!("{error}; the journal has everything: flightdeck record {id} --write tries again"))
        }
    };
    Some(Notice { tone, text })
}

/// Writes the record of a session where its own profile wants it; `None` where that names no directory.
///
/// # Errors
/// When the journal cannot be read, or the files cannot be written.
pub async fn file_session(store: Arc<dyn Store>, session: SessionId) -> Result<Option<Filed>, Error> {
    let history = store.read(session, 1).await?;
    let Some(directory) = directory_of(&history)? else { return Ok(None) };
    let mut lists = Lists::read(None)?;
    let proofs = proof::proofs(&history, &mut lists).await;
    let written = tokio::task::spawn_blocking(move || file(&directory, &history, &proofs)).await;
    written
        .map_err(|error| Error::Internal { what: error.to_string(), log: "the state directory".to_owned() })?
        .map(Some)
}

/// The directory that the profile of a session names for records; `None` where it names none.
///
/// # Errors
/// When this version cannot read that profile, or the directory is named from where the profile lies and it is not there.
pub fn directory_of(history: &History) -> Result<Option<PathBuf>, Error> {
    let session = history.fold();
    let loaded = opening::profile_of(&session)?;
    let Some(named) = loaded.records else { return Ok(None) };
    let profile = loaded.files.first().map(|main| PathBuf::from(&main.path)).unwrap_or_default();
    if named.is_absolute() {
        return Ok(Some(named));
    }
    if !profile.is_file() {
        return Err(Error::Usage {
            what: format!(
                "failed to write the record: {} is named from where the profile lies, and {} is not here",
                named.display(),
                profile.display()
            ),
            advice: "write it where the profile is, or name a directory: flightdeck record SESSION --write --into DIR"
                .to_owned(),
        });
    }
    Ok(Some(profile.parent().unwrap_or(Path::new("")).join(named)))
}

/// Writes the record of a session below a directory.
///
/// # Errors
/// When the directory cannot be made, or a file cannot be written.
pub fn file(directory: &Path, history: &History, proofs: &Proofs) -> Result<Filed, Error> {
    let nothing = || Error::Usage {
        what: "failed to write the record: the session has no entry that can be read".to_owned(),
        advice: "`flightdeck record SESSION --verify` says why".to_owned(),
    };
    let place = record::place(history).ok_or_else(nothing)?;
    let json = record::document(history, Some(proofs)).ok_or_else(nothing)?;
    let markdown = record::markdown(history, Some(proofs));
    let directory = directory.join(&place.environment);
    fs::create_dir_all(&directory).map_err(|source| Error::File {
        what: "make the directory of records",
        path: directory.display().to_string(),
        source,
        advice: "make it, or name another one: flightdeck record SESSION --write --into DIR",
    })?;
    for stem in [place.stem.clone(), place.stem_of_its_own()] {
        let filed =
            Filed { markdown: directory.join(format!("{stem}.md")), json: directory.join(format!("{stem}.json")) };
        if is_for(&filed, &place) && put(&filed.json, &json, &place)? && put(&filed.markdown, &markdown, &place)? {
            return Ok(filed);
        }
    }
    Err(Error::Usage {
        what: format!("failed to write the record: {} has files of that name", directory.display()),
        advice: "move them, or name another directory: flightdeck record SESSION --write --into DIR".to_owned(),
    })
}

/// Whether both names are free or hold this session's record already.
fn is_for(filed: &Filed, place: &Place) -> bool {
    [&filed.json, &filed.markdown].into_iter().all(|path| !path.exists() || is_of(path, place))
}

fn is_of(path: &Path, place: &Place) -> bool {
    let id = place.session.0.to_string();
    fs::read(path).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(&id))
}

/// Puts a file at its place whole: `false` where somebody else's came there first.
fn put(path: &Path, text: &str, place: &Place) -> Result<bool, Error> {
    let trouble = |source| Error::File {
        what: "write the record",
        path: path.display().to_string(),
        source,
        advice: "the session is safe in its journal; try again: flightdeck record SESSION --write",
    };
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let put = written.and_then(|()| match fs::hard_link(&beside, path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && !is_of(path, place) => Ok(false),
        // This session's own is there already, or there are no links on this file system.
        Err(_) => fs::rename(&beside, path).map(|()| true),
    });
    fs::remove_file(&beside).ok();
    put.map_err(trouble)
}
