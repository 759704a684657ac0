//! Flightdeck's own log: a few rotating files in the state directory, never the terminal. What may be a secret is blotted
//! out on the way, whatever wrote it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::LazyLock;

use regex::bytes::Regex;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{Builder, Rotation};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The variable that sets how much is written: `error`, `warn`, `info` (the default), `debug`, `trace` or `off`.
pub const LEVEL: &str = "FLIGHTDECK_LOG";

/// What is written for a secret.
const REDACTED: &[u8] = b"${before}[redacted]${after}";

/// How many days are kept.
const DAYS: usize = 7;

/// How many lines may wait to be written; more are dropped. The room for them is taken at once: at the library's own 128,000
/// it is 5 MiB, and most of the time that a start takes.
const WAITING: usize = 2_048;

/// What looks like a secret, each with what stands before it: credentials in an address, authorization headers, and
/// values that are named like secrets.
static SECRETS: LazyLock<Option<[Regex; 2]>> = LazyLock::new(|| {
    let in_address = Regex::new(r"(?<before>://[^\s/@:]*:)[^\s/@]+(?<after>@)");
    let named = Regex::new(
        r#"(?xi)
        (?<before> \b(?:bearer|basic)\s+
          | [\w-]*(?:token|secret|passw(?:or)?d|passphrase|api[_-]?key|authorization) ["']? \s* [:=] \s* ["']? (?:bearer\s+|basic\s+)? )
        [^\s"'@,;&}]+ (?<after>)"#,
    );
    Some([in_address.ok()?, named.ok()?])
});

/// Every secret stands after or within one of these, so a plain line without any of them holds none, and the patterns need
/// not be made before the first line that does. Kept with [`SECRETS`].
const SIGNS: [&[u8]; 9] =
    [b"://", b"bearer", b"basic", b"token", b"secret", b"passw", b"passphrase", b"api", b"authorization"];

fn may_hold_a_secret(line: &[u8]) -> bool {
    // Beyond ASCII there are letters that the patterns take for plain ones.
    if !line.is_ascii() {
        return true;
    }
    let line = line.to_ascii_lowercase();
    SIGNS.iter().any(|sign| memchr::memmem::find(&line, sign).is_some())
}

/// The log while it is written; what waits goes out when this is dropped.
#[derive(Debug)]
pub struct OwnLog {
    /// The directory of the files.
    pub directory: PathBuf,
    _worker: Option<WorkerGuard>,
}

/// Starts the log. That it cannot be written stops nothing: the reason is given back with it.
pub fn start(state_directory: &Path) -> (OwnLog, Option<String>) {
    let directory = state_directory.join("log");
    let level = std::env::var(LEVEL).ok();
    let parsed = level.as_deref().map(LevelFilter::from_str);
    let complaint = match &parsed {
        Some(Err(_)) => Some(format!(
            "{LEVEL} is `{}`, which is not a level (accepted: off, error, warn, info, debug, trace); info is used",
            level.as_deref().unwrap_or_default()
        )),
        Some(Ok(_)) | None => None,
    };
    let level = parsed.and_then(Result::ok).unwrap_or(LevelFilter::INFO);
    if level == LevelFilter::OFF {
        return (OwnLog { directory, _worker: None }, complaint);
    }
    // The appender complains on the terminal about a directory that is not there.
    std::fs::create_dir_all(&directory).ok();
    let appender = Builder::new()
        .rotation(Rotation::DAILY)
        .filename_prefix("flightdeck")
        .filename_suffix("log")
        .max_log_files(DAYS)
        .build(&directory);
    let appender = match appender {
        Ok(appender) => appender,
        Err(error) => {
            let why = format!("no log of flightdeck's own is written in {}: {error}", directory.display());
            return (OwnLog { directory, _worker: None }, Some(why));
        }
    };
    let (writer, worker) = NonBlockingBuilder::default().buffered_lines_limit(WAITING).finish(Redacted(appender));
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer);
    let ours = Targets::new().with_target("flightdeck", level);
    // Already set where several commands run in one process, which tests do: the first log stays.
    tracing_subscriber::registry().with(ours).with(lines).try_init().ok();
    (OwnLog { directory, _worker: Some(worker) }, complaint)
}

/// Blots secrets out of what is written. Each write is one whole line.
struct Redacted<W>(W);

impl<W: Write> Write for Redacted<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if !may_hold_a_secret(line) {
            self.0.write_all(line)?;
            return Ok(line.len());
        }
        match &*SECRETS {
            Some([in_address, named]) => {
                let line = in_address.replace_all(line, REDACTED);
                self.0.write_all(&named.replace_all(&line, REDACTED))?;
            }
            // Without the rules nothing is known to be harmless.
            None => self.0.write_all(b"[redacted]\n")?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(line: &str) -> String {
        let mut out = Vec::new();
        Redacted(&mut out).write_all(line.as_bytes()).expect("memory does not fail");
        String::from_utf8(out).expect("it stays text")
    }

    #[test]
    fn secrets_do_not_reach_the_log() {
        for line in [
            "GET https://ana:hunter2@host/metrics failed",
            "header Authorization: Bearer hunter2",
            "Authorization: hunter2",
            r#"{"api_key": "hunter2"}"#,
            "token=hunter2&x=1",
            "db_password='hunter2'",
            "DB_PASSPHRASE=hunter2",
            "X-Api_Key: hunter2",
            "proxy-authorization: Basic hunter2",
            "ſecret=hunter2 to\u{212a}en=hunter2",
        ] {
            let out = redacted(line);
            assert!(!out.contains("hunter2") && out.contains("[redacted]"), "{line} -> {out}");
        }
    }

    #[test]
    fn plain_lines_stay_as_they_are() {
        for line in
            ["write router=eu-1 requests=[\"set server app/blue-1 weight 86\"]", "http://127.0.0.1:80/state took 3 ms"]
        {
            assert_eq!(redacted(line), line);
        }
    }
}
