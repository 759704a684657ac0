//! The structured log of one pool: JSON lines, written in small batches, rotated before it grows large.

use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use chrono::{SecondsFormat, Utc};

use super::task::lock;

/// How often lines go to the file: soon enough to look immediate, seldom enough to cost nothing.
const EVERY: Duration = Duration::from_millis(50);

/// One pool's log file.
pub(super) struct LogFile {
    path: PathBuf,
    pool: String,
    /// The size in bytes at which the file becomes `….log.1` and a new one begins.
    rotate_at: u64,
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
    pub(super) fn create(path: PathBuf, pool: &str, rotate_at: u64) -> io::Result<Self> {
        File::create(&path)?;
        Ok(Self { path, pool: pool.to_owned(), rotate_at, waiting: Mutex::default() })
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
        if file.metadata()?.len() >= self.rotate_at {
            std::fs::rename(&self.path, self.path.with_extension("log.1"))?;
            file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        }
        file.write_all(lines.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotation_at_the_limit_loses_and_splits_no_line() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("blue.log");
        let log = LogFile::create(path.clone(), "blue", 1_000).expect("it can be written");
        let text = |path: &Path| std::fs::read_to_string(path).expect("it is there");
        let before = path.with_extension("log.1");
        let mut written = 0;
        while !before.exists() {
            log.line(
                "INFO",
                Writer { server: "blue-1", version: "2.4.0" },
                "paid",
                format_args!(",\"stan\":{written}"),
            );
            log.write().expect("it can be written");
            written += 1;
            assert!(written < 100, "it never rotates");
        }
        let (old, new) = (text(&before), text(&path));
        assert!((1_000..1_200).contains(&old.len()), "{}", old.len());
        assert_eq!(new.lines().count(), 1);
        for (number, line) in old.lines().chain(new.lines()).enumerate() {
            assert!(line.ends_with(&format!(",\"stan\":{number}}}")), "{line}");
        }
        assert_eq!(old.lines().count() + 1, written);
    }
}
