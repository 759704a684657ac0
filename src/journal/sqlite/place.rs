//! The directory of a journal, its files and their modes.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::journal::JournalError;

/// Where a journal is, and for whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// In the user's own state directory: nobody else can read it, and nobody can join.
    Private(
        /// The directory; made where it is not there.
        PathBuf,
    ),
    /// In a directory that the profile names, for everybody who may write there. Its group decides who that is.
    Shared(
        /// The directory; it must be there.
        PathBuf,
    ),
}

impl Place {
    /// Whether it is one user's own.
    pub fn is_private(&self) -> bool {
        matches!(self, Self::Private(_))
    }

    fn directory(&self) -> &Path {
        match self {
            Self::Private(directory) | Self::Shared(directory) => directory,
        }
    }
}

/// The files of one journal.
#[derive(Clone, Debug)]
pub(super) struct Files {
    /// The database.
    pub(super) database: PathBuf,
    /// The bell: a byte is appended after each commit.
    pub(super) bell: PathBuf,
    /// Device and inode of the database when it was opened.
    identity: (u64, u64),
}

impl Files {
    /// Makes what is not there.
    pub(super) fn prepare(place: &Place) -> Result<Self, JournalError> {
        let directory = place.directory();
        let (mode, advice) = match place {
            Place::Private(_) => {
                make_private(directory)?;
                (0o600, "make its directory writable for yourself, or name another one")
            }
            Place::Shared(_) => {
                check_shared(directory)?;
                // SQLite gives its log and its shared memory the database's mode, whatever the umask is.
                (0o660, "only the group that its directory belongs to may; ask who keeps it to take you in")
            }
        };
        let (database, bell) = (directory.join("journal.db"), directory.join("bell"));
        for file in [&database, &bell] {
            make_file(file, mode, advice)?;
        }
        let identity = identity_of(&database).map_err(|source| JournalError::Directory {
            what: "look at the journal",
            path: database.display().to_string(),
            source,
            advice: "check that nobody removes it",
        })?;
        Ok(Self { database, bell, identity })
    }

    /// The database for people.
    pub(super) fn shown(&self) -> String {
        self.database.display().to_string()
    }

    /// Whether the database at this path is still the one that was opened: writing to a removed one keeps nothing.
    pub(super) fn still_there(&self) -> io::Result<bool> {
        match identity_of(&self.database) {
            Ok(identity) => Ok(identity == self.identity),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn identity_of(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}

fn make_private(directory: &Path) -> Result<(), JournalError> {
    let failed = |source| JournalError::Directory {
        what: "make the journal's directory",
        path: directory.display().to_string(),
        source,
        advice: "make it writable for yourself, or name another one",
    };
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
    let metadata = fs::metadata(directory).map_err(failed)?;
    if metadata.mode() & 0o077 != 0 {
        fs::set_permissions(directory, Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}

fn check_shared(directory: &Path) -> Result<(), JournalError> {
    let failed = |source| JournalError::Directory {
        what: "open the journal's directory",
        path: directory.display().to_string(),
        source,
        advice: "make it once for the group that operates: install -d -m 2770 -g GROUP DIRECTORY",
    };
    let metadata = fs::metadata(directory).map_err(failed)?;
    if !metadata.is_dir() {
        return Err(failed(io::Error::from(io::ErrorKind::NotADirectory)));
    }
    match network_file_system(directory).map_err(failed)? {
        Some(system) => Err(JournalError::NetworkFileSystem { path: directory.display().to_string(), system }),
        None => Ok(()),
    }
}

/// The name of the file system where it is one that several hosts can mount.
#[cfg(target_os = "linux")]
fn network_file_system(directory: &Path) -> io::Result<Option<&'static str>> {
    let found = rustix::fs::statfs(directory)?;
    Ok(network_name(i128::from(found.f_type)))
}

/// Elsewhere the file system's kind is not looked at.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the other system's form can fail")]
fn network_file_system(_directory: &Path) -> io::Result<Option<&'static str>> {
    Ok(None)
}

/// The kinds as the kernel numbers them in `statfs`. The field's type differs between machines; this holds them all.
#[cfg(target_os = "linux")]
fn network_name(kind: i128) -> Option<&'static str> {
    match kind & 0xffff_ffff {
        0x6969 => Some("NFS"),
        0x517b => Some("SMB"),
        0xff53_4d42 => Some("CIFS"),
        0xfe53_4d42 => Some("SMB2"),
        0x5346_414f => Some("AFS"),
        0x00c3_6400 => Some("Ceph"),
        0x7375_7245 => Some("Coda"),
        0x0102_1997 => Some("9p"),
        _ => None,
    }
}

fn make_file(path: &Path, mode: u32, advice: &'static str) -> Result<(), JournalError> {
    let failed = |source| JournalError::Directory {
        what: "make the journal's file",
        path: path.display().to_string(),
        source,
        advice,
    };
    match OpenOptions::new().write(true).create_new(true).mode(mode).open(path) {
        // The umask may have taken the group's rights away.
        Ok(file) => file.set_permissions(Permissions::from_mode(mode)).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // Opened for writing once, so that a missing right is said here and not at the first entry.
            let opened: io::Result<File> = OpenOptions::new().append(true).open(path);
            opened.map(drop).map_err(|source| JournalError::Directory {
                what: "open the journal's file",
                path: path.display().to_string(),
                source,
                advice: "ask its owner for the right to write it: it needs the operators' group and mode 0660",
            })
        }
        Err(error) => Err(failed(error)),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_their_numbers() {
        // The kernel's number for CIFS is negative where the field is 32 bits wide.
        assert_eq!(network_name(i128::from(0xff53_4d42_u32.cast_signed())), Some("CIFS"));
        assert_eq!(network_name(0x6969), Some("NFS"));
        // ext4, btrfs and tmpfs are local.
        for local in [0xef53, 0x9123_683e, 0x0102_1994] {
            assert_eq!(network_name(local), None);
        }
    }

    #[test]
    fn a_private_journal_is_nobody_elses() {
        let dir = tempfile::tempdir().expect("a directory");
        let inner = dir.path().join("state").join("flightdeck");
        let files = Files::prepare(&Place::Private(inner.clone())).expect("it is made");
        let mode = |path: &Path| fs::metadata(path).expect("it is there").mode() & 0o777;
        assert_eq!((mode(&inner), mode(&files.database), mode(&files.bell)), (0o700, 0o600, 0o600));
    }

    #[test]
    fn a_shared_journal_is_writable_for_its_group_whatever_the_umask() {
        let dir = tempfile::tempdir().expect("a directory");
        let files = Files::prepare(&Place::Shared(dir.path().to_owned())).expect("it is made");
        let mode = |path: &Path| fs::metadata(path).expect("it is there").mode() & 0o777;
        assert_eq!((mode(&files.database), mode(&files.bell)), (0o660, 0o660));
        let missing = Files::prepare(&Place::Shared(dir.path().join("nowhere"))).expect_err("nobody made it");
        assert!(missing.to_string().contains("install -d -m 2770"), "{missing}");
    }
}
