//! The structured log of one pool: JSON lines, written in small batches, rotated before it grows large.

use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use chrono::{SecondsFormat, Utc};

use super::task::lock;

/// At this size the file becomes `….1` and a new one begins.
const ROTATE_AT: u64 = 16 * 1024 * 1024;
/// How often lines go to the file: soon enough to look immediate, seldom enough to cost nothing.
const EVERY: Duration = Duration::from_millis(50);

/// One pool's log file.
pub(super) struct LogFile {
    path: PathBuf,
    pool: String,
    waiting: Mutex<String>,
}

/// Which process writes a line.
#[derive(Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) server: &'a str,
    pub(super) version: &'a str,
}

impl LogFile {
    /// Creates the file, so that it can be followed from the start.
    pub(super) fn create(path: PathBuf, pool: &str) -> io::Result<Self> {
        File::create(&path)?;
        Ok(Self { path, pool: pool.to_owned(), waiting: Mutex::new(String::new()) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line. `fields` are further JSON members, each after a comma; they and `message` must need no escaping.
    pub(super) fn line(&self, level: &str, writer: Writer<'_>, message: &str, fields: fmt::Arguments<'_>) {
        let at = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        let (pool, Writer { server, version }) = (&self.pool, writer);
        // Writing to a string cannot fail.
        writeln!(
            lock(&self.waiting),
            r#"{{"timestamp":"{at}","level":"{level}","message":"{message}","pool":"{pool}","server":"{server}","version":"{version}"{fields}}}"#
        )
        .ok();
    }

    /// Writes what waits, again and again.
    pub(super) async fn keep_writing(&self) {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut is_failing = false;
        loop {
            tick.tick().await;
            let result = self.write();
            if let Err(error) = &result
                && !is_failing
            {
                tracing::warn!(path = %self.path.display(), %error, "the demo's log cannot be written, its lines are lost");
            }
            is_failing = result.is_err();
        }
    }

    /// A few kilobytes to a local file: quicker than handing them to another thread.
    fn write(&self) -> io::Result<()> {
        let lines = std::mem::take(&mut *lock(&self.waiting));
        if lines.is_empty() {
            return Ok(());
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        if file.metadata()?.len() > ROTATE_AT {
            std::fs::rename(&self.path, self.path.with_extension("log.1"))?;
            file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        }
        file.write_all(lines.as_bytes())
    }
}
