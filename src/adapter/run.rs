//! One run of a program: as given, no shell, bounded in time and in what it may say.
//!
//! Invariant: the program and what it started are killed when the run is over or given up (they are a process group).

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures_util::future::join3;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, Command};
use tokio::time::timeout;

use super::group::Group;
use super::withheld;
use crate::setting::literal;

/// The longest answer.
const LIMIT: usize = 1024 * 1024;
/// How much of its second output is kept: the end.
const LAST_WORDS: usize = 4 * 1024;
/// The most of it that is quoted.
const QUOTED: usize = 300;
/// How long what it wrote may take to arrive once it has ended; something that it left behind may hold the pipes.
const FAREWELL: Duration = Duration::from_millis(500);

/// What became of a run.
pub(in crate::adapter) enum Ran {
    /// It could not be started: nothing happened.
    NotStarted(std::io::Error),
    /// It ended by itself.
    Ended(Ended),
    /// It was killed, for this reason.
    Killed {
        /// Why.
        why: String,
        /// Whether the time was over.
        is_late: bool,
    },
}

/// How a program ended, and what it said.
pub(in crate::adapter) struct Ended {
    /// Its exit code; `None` when a signal ended it.
    pub(in crate::adapter) code: Option<i32>,
    /// How, for people: `exit status: 1`.
    pub(in crate::adapter) how: String,
    /// Its first output.
    pub(in crate::adapter) out: Vec<u8>,
    /// The end of its second one, as it came,
    pub(in crate::adapter) err: Vec<u8>,
    /// and for people.
    pub(in crate::adapter) words: String,
}

/// A variable of a program's environment: set, or taken out of it.
pub(in crate::adapter) type Variable = (String, Option<String>);

/// Runs a program with this on its input.
pub(in crate::adapter) async fn run(words: &[String], input: Vec<u8>, limit: Duration) -> Ran {
    run_with(words, &[], input, limit).await
}

/// Runs a program with this on its input and these changes to its environment.
pub(in crate::adapter) async fn run_with(
    words: &[String],
    variables: &[Variable],
    input: Vec<u8>,
    limit: Duration,
) -> Ran {
    let Some((program, arguments)) = words.split_first() else {
        return Ran::NotStarted(std::io::Error::new(std::io::ErrorKind::NotFound, "no program is named"));
    };
    let mut command = Command::new(program);
    for (name, value) in variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Of the two, the group is dropped first: it is still its own then.
    let (mut child, _group) = match Group::start(&mut command) {
        Ok(started) => started,
        Err(error) => return Ran::NotStarted(error),
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let said = {
        let talk = join3(feed(stdin, input), gather(stdout, &mut out), tail(stderr, &mut err));
        let mut talk = std::pin::pin!(talk);
        let whole = async {
            tokio::select! {
                ((), is_whole, ()) = &mut talk => {
                    if !is_whole {
                        return None;
                    }
                    Some(child.wait().await)
                }
                status = child.wait() => {
                    let _lapsed = timeout(FAREWELL, talk).await;
                    Some(status)
                }
            }
        };
        timeout(limit, whole).await
    };
    match said {
        Err(_late) => Ran::Killed { why: format!("no answer within {limit:?}; it was killed"), is_late: true },
        Ok(None) => Ran::Killed { why: format!("its answer is longer than {} KiB", LIMIT / 1024), is_late: false },
        Ok(Some(_)) if out.len() > LIMIT => {
            Ran::Killed { why: format!("its answer is longer than {} KiB", LIMIT / 1024), is_late: false }
        }
        Ok(Some(Err(error))) => Ran::Killed { why: format!("its end was not seen: {error}"), is_late: false },
        Ok(Some(Ok(status))) => Ran::Ended(ended(status, out, &err)),
    }
}

fn ended(status: ExitStatus, out: Vec<u8>, err: &[u8]) -> Ended {
    let words = words(&String::from_utf8_lossy(err));
    Ended { code: status.code(), how: status.to_string(), out, err: err.to_vec(), words }
}

/// Writes the input and closes it. A program that does not read it is not asked to.
async fn feed(stdin: Option<ChildStdin>, input: Vec<u8>) {
    if let Some(mut stdin) = stdin {
        // It may have ended, or closed its input.
        let _unread = stdin.write_all(&input).await;
    }
}

/// Reads the first output; says whether that was all of it.
async fn gather(pipe: Option<impl AsyncRead + Unpin>, out: &mut Vec<u8>) -> bool {
    let Some(pipe) = pipe else { return true };
    let limit = u64::try_from(LIMIT).unwrap_or(u64::MAX);
    // A pipe that breaks has ended.
    let _end = pipe.take(limit + 1).read_to_end(out).await;
    out.len() <= LIMIT
}

/// Keeps the end of the second output.
async fn tail(pipe: Option<impl AsyncRead + Unpin>, err: &mut Vec<u8>) {
    let Some(mut pipe) = pipe else { return };
    while matches!(pipe.read_buf(err).await, Ok(1..)) {
        if err.len() > 2 * LAST_WORDS {
            err.drain(..err.len() - LAST_WORDS);
        }
    }
}

/// What a program said last, for people: one line, harmless on a terminal, not long, and nothing that looks like a secret.
pub(super) fn words(text: &str) -> String {
    let text = &*withheld::without(text);
    if literal::is_in(text) {
        return "what it said holds a secret and is not shown".to_owned();
    }
    let harmless: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = harmless.split_whitespace().collect::<Vec<_>>().join(" ");
    let count = words.chars().count();
    if count <= QUOTED {
        return words;
    }
    let end: String = words.chars().skip(count - QUOTED).collect();
    format!("…{end}")
}

/// Where a program is that a start would find.
pub(super) async fn find(program: impl AsRef<Path>) -> Option<PathBuf> {
    let program = program.as_ref();
    if program.as_os_str().as_encoded_bytes().contains(&b'/') {
        return is_executable(program).await.then(|| program.to_owned());
    }
    for folder in std::env::split_paths(&std::env::var_os("PATH")?) {
        let path = folder.join(program);
        if is_executable(&path).await {
            return Some(path);
        }
    }
    None
}

async fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = tokio::fs::metadata(path).await;
    metadata.is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn last_words_are_one_short_harmless_line_without_secrets() {
        assert_eq!(words("a\r\n\u{1b}[2J b\n"), "a [2J b");
        assert_eq!(words(&format!("{} end", "x".repeat(400))).chars().count(), 301);
        assert!(words(&format!("{} end", "x".repeat(400))).ends_with("end"));
        assert!(!words("curl -H 'Authorization: Bearer hunter2'").contains("hunter2"));
    }
}
