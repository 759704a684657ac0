//! Where the world's files lie, and the end of those that a killed process could not remove.
//!
//! A directory of its own holds a file `lock` that stays locked as long as its world lives; the system unlocks it with the
//! process, however that ends. What lies unlocked beside a new directory is therefore a leftover, and goes.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::LabError;

/// How the names of directories of their own begin.
const PREFIX: &str = "flightdeck-demo-";
/// The locked file.
const LOCK: &str = "lock";

/// The directory of the logs.
pub(super) struct Directory {
    pub(super) path: PathBuf,
    /// The lock of a directory of its own; `None` for a given one, which stays.
    lock: Option<File>,
}

impl Directory {
    /// The given directory, or one of its own in `temporary`.
    pub(super) fn create(given: Option<&Path>, temporary: &Path) -> Result<Self, LabError> {
        let Some(path) = given else { return Self::create_own(temporary) };
        fs::create_dir_all(path).map_err(|source| LabError::Logs { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), lock: None })
    }

    fn create_own(temporary: &Path) -> Result<Self, LabError> {
        remove_leftovers(temporary);
        let path = temporary.join(format!("{PREFIX}{}", uuid::Uuid::now_v7()));
        let failed = |source| LabError::Logs { path: path.clone(), source };
        // It must be new: nobody else's files are mixed in, or removed at the end.
        fs::create_dir(&path).map_err(failed)?;
        match lock_new(&path) {
            Ok(lock) => Ok(Self { path, lock: Some(lock) }),
            Err(source) => {
                // Nothing lies in it yet; the failure that is told is the one that counts.
                fs::remove_dir_all(&path).ok();
                Err(failed(source))
            }
        }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if self.lock.is_some() {
            // What is left in a temporary directory is the next world's to clean.
            fs::remove_dir_all(&self.path).ok();
        }
    }
}

/// Makes the lock of a new directory. It is locked before it has its name, so that nobody ever finds it unlocked.
fn lock_new(directory: &Path) -> io::Result<File> {
    let unnamed = directory.join("lock.new");
    let lock = File::create_new(&unnamed)?;
    match lock.try_lock() {
        // Where files cannot be locked, nobody else gets the lock either, and the directory is left alone.
        Ok(()) | Err(TryLockError::Error(_)) => {}
        Err(error @ TryLockError::WouldBlock) => return Err(error.into()),
    }
    fs::rename(unnamed, directory.join(LOCK))?;
    Ok(lock)
}

/// Removes the directories of worlds whose process is gone. What cannot be looked at or removed stays: it harms nobody.
fn remove_leftovers(temporary: &Path) {
    let Ok(entries) = fs::read_dir(temporary) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let path = entry.path();
        match remove_if_left(&path) {
            Ok(true) => tracing::info!(path = %path.display(), "removed what a killed demo left"),
            Ok(false) => {}
            Err(error) => tracing::debug!(path = %path.display(), %error, "cannot remove what a killed demo left"),
        }
    }
}

/// `false` when it is somebody's: another user's, or of a process that lives.
fn remove_if_left(path: &Path) -> io::Result<bool> {
    // Not followed: behind a link lies what no world has made.
    let found = fs::symlink_metadata(path)?;
    if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() {
        return Ok(false);
    }
    // A directory without a lock is one that is being made, or not of this kind.
    let lock = match File::open(path.join(LOCK)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        opened => opened?,
    };
    match lock.try_lock() {
        Ok(()) => fs::remove_dir_all(path).map(|()| true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
