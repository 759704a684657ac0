//! The spill: what an operator decided while the journal did not answer, in a file of this host (R5).
//!
//! One file for each cockpit, `SESSION-COCKPIT.jsonl`, with space reserved for it at opening and a lock that its process
//! holds while it lives. The first line names what it follows, `{"format":1,"session","after","hash"}`: the journal's last
//! entry that was seen and its hash. Every further line is `{"entry","hash"}`; its hash is SHA-256 over the line
//! `flightdeck spill 1`, ended by a line feed, the hash before it, and the entry's JSON as written. A line is synced before
//! it counts. A torn last line is no entry.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, FlockOperation, fallocate, flock};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::domain::{CockpitId, Digest, SessionId};
use crate::session::event::{SpillMerged, Spilled};

use super::JournalError;

/// The file's format.
const FORMAT: u32 = 1;
/// Space that is reserved: a rollback of a thousand routers with its requests takes less.
const RESERVED: u64 = 1 << 20;

/// One cockpit's spill.
#[derive(Debug)]
pub struct Spill {
    path: PathBuf,
    session: SessionId,
    file: File,
    /// The hash of the last line; `None` while the file is empty.
    last: Option<Digest>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: u32,
    session: SessionId,
    after: u64,
    hash: Digest,
}

#[derive(Serialize, Deserialize)]
struct Line<'l> {
    #[serde(borrow)]
    entry: &'l RawValue,
    hash: Digest,
}

impl Spill {
    /// Makes this cockpit's file and reserves space in it.
    ///
    /// # Errors
    /// When the directory or the file cannot be made; where the file system cannot reserve space, it goes on without.
    pub fn reserve(directory: &Path, session: SessionId, cockpit: CockpitId) -> Result<Self, JournalError> {
        let failed = |what, path: &Path| {
            let path = path.display().to_string();
            move |source| JournalError::Directory { what, path, source, advice: "make room or rights for it" }
        };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(failed("make the spill's directory", directory))?;
        let path = directory.join(format!("{session}-{cockpit}.jsonl"));
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed("make the spill", &path))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(io::Error::from)
            .map_err(failed("lock the spill", &path))?;
        match make_room(&file) {
            Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                return Err(failed("reserve space for the spill", &path)(error));
            }
            Err(error) => tracing::warn!(%error, "no space could be reserved for a spill"),
            Ok(()) => {}
        }
        Ok(Self { path, session, file, last: None })
    }

    /// Writes an entry behind the journal's entry `after` with its `hash`, synced; gives the entry's own hash.
    ///
    /// # Errors
    /// What the system said. Nothing of the entry counts then.
    pub fn append(&mut self, after: u64, hash: Digest, entry: &Spilled) -> io::Result<Digest> {
        let mut text = String::new();
        if self.last.is_none() {
            let head = Head { format: FORMAT, session: self.session, after, hash };
            text.push_str(&serde_json::to_string(&head)?);
            text.push('\n');
        }
        let prev = self.last.unwrap_or(hash);
        let raw = serde_json::value::to_raw_value(&Spilled { hash: None, ..entry.clone() })?;
        let hash = chained(prev, raw.get());
        text.push_str(&serde_json::to_string(&Line { entry: &raw, hash })?);
        text.push('\n');
        let before = self.file.metadata()?.len();
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // What is half written would hide what follows it.
            self.file.set_len(before).ok();
            return Err(error);
        }
        self.last = Some(hash);
        Ok(hash)
    }

    /// Empties it: everything of it is in the journal.
    ///
    /// # Errors
    /// What the system said.
    pub fn clear(&mut self) -> io::Result<()> {
        self.last = None;
        self.file.set_len(0)?;
        // Cutting it off gave its space back.
        make_room(&self.file).ok();
        self.file.sync_data()
    }
}

impl Drop for Spill {
    /// An empty file is of no use to anybody.
    fn drop(&mut self) {
        if self.file.metadata().is_ok_and(|metadata| metadata.len() == 0) {
            fs::remove_file(&self.path).ok();
        }
    }
}

/// What cockpits of a session that do not live any more have left, with the files that hold it. A file that cannot be read
/// to its end gives what stands before.
pub fn left_behind(directory: &Path, session: SessionId) -> Vec<(PathBuf, SpillMerged)> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let name = format!("{session}-");
    let mut found: Vec<(PathBuf, SpillMerged)> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&name))
        .filter_map(|entry| {
            let path = entry.path();
            let mut file = File::open(&path).ok()?;
            // Its process lives: it brings it into the journal itself.
            flock(&file, FlockOperation::NonBlockingLockShared).ok()?;
            let mut text = String::new();
            file.read_to_string(&mut text).ok()?;
            if text.is_empty() {
                fs::remove_file(&path).ok();
            }
            read(session, &text).map(|spill| (path, spill))
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

fn make_room(file: &File) -> io::Result<()> {
    Ok(fallocate(file, FallocateFlags::KEEP_SIZE, 0, RESERVED)?)
}

fn read(session: SessionId, text: &str) -> Option<SpillMerged> {
    let mut lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let head: Head = serde_json::from_str(lines.next()?).ok()?;
    if head.format != FORMAT || head.session != session {
        return None;
    }
    let mut prev = head.hash;
    let mut entries = Vec::new();
    for line in lines {
        let Ok(line) = serde_json::from_str::<Line<'_>>(line) else { break };
        let Ok(entry) = serde_json::from_str::<Spilled>(line.entry.get()) else { break };
        if chained(prev, line.entry.get()) != line.hash {
            break;
        }
        prev = line.hash;
        entries.push(Spilled { hash: Some(line.hash), ..entry });
    }
    (!entries.is_empty()).then_some(SpillMerged { after: head.after, hash: head.hash, entries })
}

fn chained(prev: Digest, entry: &str) -> Digest {
    let mut hash = Sha256::new();
    hash.update(b"flightdeck spill 1\n");
    hash.update(prev.0);
    hash.update(entry.as_bytes());
    Digest(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use uuid::Uuid;

    use super::*;
    use crate::domain::{EntryId, Timestamp};
    use crate::session::Event;

    const SESSION: SessionId = SessionId(Uuid::from_u128(1));
    const COCKPIT: CockpitId = CockpitId(Uuid::from_u128(2));

    fn entry(counter: u32) -> Spilled {
        Spilled {
            id: EntryId { cockpit: COCKPIT, counter },
            at: Timestamp(5),
            actor: "ana".into(),
            cockpit: COCKPIT,
            events: vec![Event::NoteAdded { text: format!("note {counter}") }],
            hash: None,
        }
    }

    fn left(directory: &Path) -> Option<SpillMerged> {
        left_behind(directory, SESSION).into_iter().next().map(|(_, spill)| spill)
    }

    #[test]
    fn what_is_written_is_found_when_its_process_is_gone() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut spill = Spill::reserve(directory.path(), SESSION, COCKPIT).expect("a spill");
        let head = Digest([7; 32]);
        let first = spill.append(3, head, &entry(1)).expect("written");
        let second = spill.append(3, head, &entry(2)).expect("written");
        assert_eq!(left(directory.path()), None, "its process lives");
        drop(spill);
        let found = left(directory.path()).expect("found");
        assert_eq!((found.after, found.hash), (3, head));
        let hashes: Vec<_> = found.entries.iter().map(|entry| entry.hash).collect();
        assert_eq!(hashes, [Some(first), Some(second)]);
        assert_eq!(found.entries.first().map(|entry| &entry.events), Some(&entry(1).events));
        assert!(left_behind(directory.path(), SessionId(Uuid::from_u128(9))).is_empty(), "of another session");
    }

    #[test]
    fn an_empty_or_cleared_spill_leaves_no_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let files = || fs::read_dir(directory.path()).expect("read").count();
        drop(Spill::reserve(directory.path(), SESSION, COCKPIT).expect("a spill"));
        assert_eq!(files(), 0);
        let mut spill = Spill::reserve(directory.path(), SESSION, COCKPIT).expect("a spill");
        spill.append(1, Digest::ZERO, &entry(1)).expect("written");
        spill.clear().expect("cleared");
        assert_eq!(files(), 1);
        drop(spill);
        assert_eq!(files(), 0);
    }

    #[test]
    fn torn_and_edited_lines_do_not_count_nor_what_follows_them() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut spill = Spill::reserve(directory.path(), SESSION, COCKPIT).expect("a spill");
        for counter in 1..4 {
            spill.append(1, Digest::ZERO, &entry(counter)).expect("written");
        }
        let path = spill.path.clone();
        drop(spill);
        let whole = fs::read_to_string(&path).expect("read");
        let count = |text: &str| {
            File::create(&path).and_then(|mut file| file.write_all(text.as_bytes())).expect("written");
            left(directory.path()).map_or(0, |spill| spill.entries.len())
        };
        assert_eq!(count(&whole), 3);
        assert_eq!(count(whole.trim_end()), 2, "the last line is torn");
        assert_eq!(count(&whole.replace("note 2", "note 9")), 1);
        assert_eq!(count(&whole.replace("\"after\":1", "\"after\":x")), 0);
    }
}
