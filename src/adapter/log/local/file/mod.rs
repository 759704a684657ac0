//! One file, followed by its name: rotation, truncation, disappearance, all seen by looking at the file and at its name.
//!
//! Plain blocking reads in bounded steps; `follow` says when a step is due. Nothing here waits.
//!
//! - Another file under the name: the old one is read to its end and kept open for a moment longer, as its writers may not
//!   have noticed yet; the new one is read from its beginning.
//! - The file became shorter, or what stands before the place read last is not what stood there: it was emptied and is
//!   read from its beginning.
//! - Further behind than [`LAG_LIMIT`]: the oldest lines are skipped and counted.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::Cleaner;
use super::super::lines::Lines;
use crate::domain::log::LogLine;
use crate::domain::{Trouble, TroubleKind};

/// How much of a file that was there before is shown: at most so many lines within so many bytes.
const TAIL_LINES: usize = 200;
const TAIL_BYTES: u64 = 64 * 1024;
/// One read.
const CHUNK: usize = 128 * 1024;
/// One step ends when it has so many lines or has read so many bytes.
const STEP_LINES: usize = 32_768;
const STEP_BYTES: usize = 8 * 1024 * 1024;
/// From this far behind on, lines are skipped until half of it is left.
const LAG_LIMIT: u64 = 64 * 1024 * 1024;
/// How much of what was read last is remembered, to notice that the file was emptied and written anew.
const REMEMBERED: usize = 64;
/// How long a rotated file is kept open for writers that have not noticed.
const GRACE: Duration = Duration::from_secs(2);

/// What one step found.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// New lines.
    pub(super) lines: Vec<LogLine>,
    /// Lines skipped before them.
    pub(super) dropped: u64,
    /// Why the name leads to no file that can be read, if so.
    pub(super) trouble: Option<Trouble>,
    /// Whether another file was opened than before.
    pub(super) opened: bool,
    /// Whether more is to be read at once.
    pub(super) more: bool,
}

/// A followed name.
#[derive(Debug)]
pub(super) struct Follower {
    path: PathBuf,
    cleaner: Cleaner,
    open: Option<Opened>,
    /// The file that had the name before.
    parting: Option<(Opened, Instant)>,
    /// Whether a step was made: a file that appears later is new, and read from its beginning.
    looked: bool,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct Opened {
    file: File,
    identity: (u64, u64),
    offset: u64,
    /// The bytes before `offset`, at most [`REMEMBERED`].
    last: Vec<u8>,
    lines: Lines,
}

impl Follower {
    pub(super) fn new(path: PathBuf, cleaner: Cleaner) -> Self {
        Self { path, cleaner, open: None, parting: None, looked: false, buffer: vec![0; CHUNK] }
    }

    /// Looks at the name and reads what is new, up to a bound.
    pub(super) fn step(&mut self) -> Step {
        let mut step = Step::default();
        let mut budget = STEP_BYTES;
        // The file that had the name before is read first, and no further rotation is looked for until it is.
        if !self.read_parting(&mut budget, &mut step) {
            return step;
        }
        step.trouble = self.look(&mut step).err();
        self.looked = true;
        if self.read_parting(&mut budget, &mut step)
            && let Some(open) = &mut self.open
            && let Err(error) = open.read(&mut self.buffer, &mut self.cleaner, &mut budget, &mut step)
        {
            step.trouble = Some(trouble(&self.path, &error));
            self.reopen();
        }
        step
    }

    /// Reads the file that had the name before. Says whether it was read to its end.
    fn read_parting(&mut self, budget: &mut usize, step: &mut Step) -> bool {
        let Some((old, until)) = &mut self.parting else { return true };
        // What cannot be read any more has ended.
        let ended = old.read(&mut self.buffer, &mut self.cleaner, budget, step).unwrap_or(true);
        if ended && Instant::now() >= *until {
            old.finish(&mut self.cleaner, step);
            self.parting = None;
        }
        ended
    }

    /// Opens what the name leads to, when it is not what is open.
    fn look(&mut self, step: &mut Step) -> Result<(), Trouble> {
        let found = std::fs::metadata(&self.path).and_then(|metadata| regular(&metadata).map(|()| metadata));
        let metadata = found.map_err(|error| trouble(&self.path, &error))?;
        if self.open.as_ref().is_some_and(|open| open.identity == identity(&metadata)) {
            return Ok(());
        }
        let opened = Opened::at(&self.path, !self.looked).map_err(|error| trouble(&self.path, &error))?;
        step.opened = true;
        if let Some(old) = self.open.replace(opened)
            && let Some((mut older, _)) = self.parting.replace((old, Instant::now() + GRACE))
        {
            older.finish(&mut self.cleaner, step);
        }
        Ok(())
    }

    /// Opens the same file once more after a failed read, as network file systems ask for, and goes on at the same place.
    fn reopen(&mut self) {
        if let Some(open) = &mut self.open
            && let Ok(again) = Opened::at(&self.path, false)
            && again.identity == open.identity
        {
            open.file = again.file;
        }
    }
}

impl Opened {
    /// Opens a file, near its end or at its beginning.
    fn at(path: &Path, near_end: bool) -> io::Result<Self> {
        // A pipe that took the name since the look would keep a plain open waiting for its other end.
        let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let metadata = file.metadata()?;
        regular(&metadata)?;
        let offset = if near_end { tail(&file, metadata.len())? } else { 0 };
        Ok(Self { file, identity: identity(&metadata), offset, last: Vec::new(), lines: Lines::default() })
    }

    /// Reads until the end of the file or the bounds of a step. Says whether the end was reached.
    fn read(
        &mut self,
        buffer: &mut [u8],
        cleaner: &mut Cleaner,
        budget: &mut usize,
        step: &mut Step,
    ) -> io::Result<bool> {
        self.notice_emptied()?;
        self.skip(buffer, step)?;
        loop {
            if *budget == 0 || step.lines.len() >= STEP_LINES {
                step.more = true;
                return Ok(false);
            }
            let known = self.last.len();
            let read = self.file.read_at(buffer, self.offset - known as u64)?;
            let bytes = buffer.get(..read).unwrap_or_default();
            let Some(new) = bytes.strip_prefix(self.last.as_slice()) else {
                self.begin_again();
                continue;
            };
            if new.is_empty() {
                return Ok(true);
            }
            self.lines.feed(new, |line, more| step.lines.push(cleaner.line(line, more)));
            self.offset += new.len() as u64;
            *budget = budget.saturating_sub(new.len());
            let remember = bytes.len().saturating_sub(REMEMBERED);
            self.last = bytes.get(remember..).unwrap_or_default().to_vec();
        }
    }

    /// The last line of a file that will not grow any more needs no newline.
    fn finish(&mut self, cleaner: &mut Cleaner, step: &mut Step) {
        self.lines.finish(|line, more| step.lines.push(cleaner.line(line, more)));
    }

    fn notice_emptied(&mut self) -> io::Result<()> {
        if self.file.metadata()?.len() < self.offset {
            self.begin_again();
        }
        Ok(())
    }

    fn begin_again(&mut self) {
        self.offset = 0;
        self.last.clear();
        self.lines.clear();
    }

    /// Skips and counts the oldest lines when too much has piled up.
    fn skip(&mut self, buffer: &mut [u8], step: &mut Step) -> io::Result<()> {
        let size = self.file.metadata()?.len();
        if size.saturating_sub(self.offset) <= LAG_LIMIT {
            return Ok(());
        }
        let target = size - LAG_LIMIT / 2;
        self.lines.clear();
        self.last.clear();
        while self.offset < target {
            let read = self.file.read_at(buffer, self.offset)?;
            let bytes = buffer.get(..read).unwrap_or_default();
            // The end of the last line that begins before the target, so that what follows is whole.
            let wanted = usize::try_from(target - self.offset).unwrap_or(usize::MAX);
            let end = match bytes.get(wanted..).and_then(|rest| memchr::memchr(b'\n', rest)) {
                Some(newline) => wanted + newline + 1,
                None => read,
            };
            if read == 0 {
                break;
            }
            step.dropped += memchr::memchr_iter(b'\n', bytes.get(..end).unwrap_or_default()).count() as u64;
            self.offset += end as u64;
        }
        Ok(())
    }
}

/// Where the last lines of a file begin.
fn tail(file: &File, size: u64) -> io::Result<u64> {
    let start = size.saturating_sub(TAIL_BYTES);
    let mut bytes = vec![0; usize::try_from(size - start).unwrap_or(0)];
    let read = file.read_at(&mut bytes, start)?;
    bytes.truncate(read);
    let ends: Vec<usize> = memchr::memchr_iter(b'\n', &bytes).collect();
    // What follows the last newline is a line as well, though not a whole one.
    let pieces = ends.len() + usize::from(ends.last().is_some_and(|end| end + 1 < bytes.len()));
    let after = match pieces.checked_sub(TAIL_LINES) {
        Some(skipped) if skipped > 0 => ends.get(skipped - 1).map_or(0, |end| end + 1),
        _ if start > 0 => ends.first().map_or(0, |end| end + 1),
        _ => 0,
    };
    Ok(start + after as u64)
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

fn regular(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        Ok(())
    } else if metadata.is_dir() {
        Err(io::ErrorKind::IsADirectory.into())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a pipe, socket or device, not a file"))
    }
}

/// What an operator is told when the file cannot be read.
pub(super) fn trouble(path: &Path, error: &io::Error) -> Trouble {
    let (kind, advice) = match error.kind() {
        io::ErrorKind::NotFound => (
            TroubleKind::Unreachable,
            "nothing to do if its service has yet to start: it is looked for again; else correct the path",
        ),
        io::ErrorKind::PermissionDenied => (
            TroubleKind::Denied,
            "let this user read the file and enter its directories, often by joining the group that owns the logs",
        ),
        io::ErrorKind::IsADirectory => (TroubleKind::Mismatch, "name a file in it"),
        io::ErrorKind::NotADirectory => (TroubleKind::Mismatch, "a part of the path is a file: correct the path"),
        io::ErrorKind::InvalidInput => (TroubleKind::Mismatch, "name a file, or read it by a command"),
        _ => (TroubleKind::Unreachable, "look at the file on this machine; it is tried again"),
    };
    let why = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        _ => error.to_string(),
    };
    Trouble::new(kind, format!("follow {}", path.display()), why, advice)
}

#[cfg(test)]
mod tests;
