//! Files that are only ever replaced whole: written beside, renamed over, and put back when the new text is no good.
//!
//! # Invariants
//! - Whoever opens the file finds the old text or the new one, never a part of either.
//! - A text that was not [kept](Replaced::keep) does not outlive its [`Replaced`]: a broken file would wait for the next start
//!   of the system that reads it.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use tempfile::NamedTempFile;
use tokio::task::spawn_blocking;

/// A new text that lies beside the file and is not yet in its place.
#[derive(Debug)]
pub struct Beside {
    new: NamedTempFile,
    path: PathBuf,
    folder: PathBuf,
    old: Vec<u8>,
    mode: Permissions,
}

/// A new text in its place, and the old one in memory.
#[derive(Debug)]
pub struct Replaced {
    path: PathBuf,
    folder: PathBuf,
    old: Option<Vec<u8>>,
    mode: Permissions,
}

impl Beside {
    /// Writes a new text beside a file that is there. A link is followed: what it leads to is what is replaced.
    ///
    /// # Errors
    /// When the file cannot be read or its directory not be written into.
    pub async fn write(path: &Path, text: String) -> io::Result<Self> {
        let path = path.to_owned();
        spawn_blocking(move || Self::write_now(&path, text.as_bytes())).await?
    }

    fn write_now(path: &Path, text: &[u8]) -> io::Result<Self> {
        let path = fs::canonicalize(path)?;
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        let (old, mode) = (fs::read(&path)?, fs::metadata(&path)?.permissions());
        Ok(Self { new: laid(&folder, text, &mode)?, path, folder, old, mode })
    }

    /// Renames it over the file.
    ///
    /// # Errors
    /// When the system says no; the old text is still there then.
    pub fn replace(self) -> io::Result<Replaced> {
        self.new.persist(&self.path).map_err(|error| error.error)?;
        Ok(Replaced { path: self.path, folder: self.folder, old: Some(self.old), mode: self.mode })
    }
}

impl Replaced {
    /// The new text stays, whatever comes.
    pub fn keep(&mut self) -> Kept {
        Kept { path: self.path.clone(), folder: self.folder.clone(), old: self.old.take(), mode: self.mode.clone() }
    }

    /// Puts the old text back.
    ///
    /// # Errors
    /// When that cannot be done; the new text is still there then.
    pub fn put_back(mut self) -> io::Result<()> {
        match self.old.take() {
            Some(old) => put(&self.path, &self.folder, &old, &self.mode),
            None => Ok(()),
        }
    }
}

impl Drop for Replaced {
    fn drop(&mut self) {
        if let Some(old) = self.old.take() {
            // Nobody is left to be told.
            let _untold = put(&self.path, &self.folder, &old, &self.mode);
        }
    }
}

/// A new text that stays, unless somebody takes it back by name.
#[derive(Debug)]
pub struct Kept {
    path: PathBuf,
    folder: PathBuf,
    old: Option<Vec<u8>>,
    mode: Permissions,
}

impl Kept {
    /// Puts the old text back all the same.
    ///
    /// # Errors
    /// When that cannot be done; the new text is still there then.
    pub fn take_back(self) -> io::Result<()> {
        self.old.map_or(Ok(()), |old| put(&self.path, &self.folder, &old, &self.mode))
    }

    /// Waits until the new text would survive a loss of power.
    ///
    /// # Errors
    /// When the disk says no.
    pub async fn settle(&self) -> io::Result<()> {
        let folder = self.folder.clone();
        spawn_blocking(move || File::open(folder)?.sync_all()).await?
    }
}

/// Whether this process may replace a file.
pub fn may_replace(path: &Path) -> bool {
    let path = fs::canonicalize(path).unwrap_or_else(|_absent| path.to_owned());
    path.parent().is_some_and(|folder| access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok())
}

fn laid(folder: &Path, text: &[u8], mode: &Permissions) -> io::Result<NamedTempFile> {
    // Hidden and with another ending: what includes `*.conf` or watches for `*.yaml` leaves it alone.
    let mut new = tempfile::Builder::new().prefix(".flightdeck-").suffix(".new").tempfile_in(folder)?;
    new.write_all(text)?;
    new.as_file().set_permissions(mode.clone())?;
    new.as_file().sync_all()?;
    Ok(new)
}

fn put(path: &Path, folder: &Path, text: &[u8], mode: &Permissions) -> io::Result<()> {
    laid(folder, text, mode)?.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[tokio::test]
    async fn a_text_that_is_not_kept_gives_way_to_the_old_one() {
        let folder = tempfile::tempdir().expect("a directory can be made");
        let file = folder.path().join("a.conf");
        fs::write(&file, "old").expect("it can be written");
        let now = || fs::read_to_string(&file).expect("it can be read");
        let write = |text: &str| Beside::write(&file, text.to_owned());

        drop(write("new").await.expect("it fits beside"));
        assert_eq!(now(), "old", "what is beside is not in place");
        let replaced = write("new").await.and_then(Beside::replace).expect("it is replaced");
        assert_eq!(now(), "new");
        drop(replaced);
        assert_eq!(now(), "old");
        let mut replaced = write("new").await.and_then(Beside::replace).expect("it is replaced");
        let kept = replaced.keep();
        drop(replaced);
        kept.settle().await.expect("the disk takes it");
        assert_eq!(now(), "new");
        kept.take_back().expect("it goes back");
        assert_eq!(now(), "old");
        write("new").await.and_then(Beside::replace).and_then(Replaced::put_back).expect("it goes back");
        assert_eq!(now(), "old");
        assert_eq!(fs::read_dir(folder.path()).expect("it can be listed").count(), 1, "nothing is left beside");
    }

    #[tokio::test]
    async fn links_and_permissions_stay_what_they_are() {
        let folder = tempfile::tempdir().expect("a directory can be made");
        let (file, link) = (folder.path().join("a.conf"), folder.path().join("link.conf"));
        fs::write(&file, "old").expect("it can be written");
        fs::set_permissions(&file, Permissions::from_mode(0o640)).expect("it can be set");
        symlink(&file, &link).expect("it can be linked");
        let mut replaced =
            Beside::write(&link, "new".to_owned()).await.and_then(Beside::replace).expect("it is replaced");
        let _kept = replaced.keep();
        assert_eq!(fs::read_to_string(&file).expect("it can be read"), "new");
        assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
        assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o640);
        let absent = Beside::write(&folder.path().join("b.conf"), "new".to_owned()).await;
        assert_eq!(absent.expect_err("only what is there is replaced").kind(), io::ErrorKind::NotFound);
    }
}
