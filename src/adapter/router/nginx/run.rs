//! Runs the commands that test and reload.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::timeout;

/// The most of an output that is read.
const MOST: u64 = 64 * 1024;

/// The most of it that is quoted.
const QUOTED: usize = 300;

/// Why a command did not say yes.
#[derive(Debug)]
pub(super) enum Said {
    /// It ended with another code than 0; with its words.
    No(String),
    /// It could not be started.
    NotStarted(io::Error),
    /// It had not ended in time.
    NotEnded,
}

/// Runs a command to its end.
pub(super) async fn run(words: &[String], patience: Duration) -> Result<(), Said> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Said::No("it names no program".to_owned()));
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(Said::NotStarted)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let all = async {
        let (out, error) = tokio::join!(read(stdout), read(stderr));
        let status = child.wait().await.map_err(Said::NotStarted)?;
        if status.success() { Ok(()) } else { Err(Said::No(quoted(&format!("{error}\n{out}"), &status.to_string()))) }
    };
    timeout(patience, all).await.unwrap_or(Err(Said::NotEnded))
}

async fn read(output: Option<impl AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    if let Some(output) = output {
        // What was read until it broke is what there is to quote.
        let _broken = output.take(MOST).read_to_end(&mut bytes).await;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What it said, on one short harmless line; of many lines the last ones say why, and nginx's last one only that it failed.
fn quoted(text: &str, status: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.ends_with("test failed"));
    let joined = lines.collect::<Vec<_>>().join("; ");
    let clean: String = joined.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let skipped = clean.chars().count().saturating_sub(QUOTED);
    let end: String = clean.chars().skip(skipped).collect();
    match (end.is_empty(), skipped) {
        (true, _) => status.to_owned(),
        (false, 0) => end,
        (false, _) => format!("…{end}"),
    }
}

impl Said {
    /// For people.
    pub(super) fn words(&self) -> String {
        match self {
            Self::No(words) => format!("says `{words}`"),
            Self::NotStarted(error) => format!("could not be started: {error}"),
            Self::NotEnded => "had not ended within the time-out".to_owned(),
        }
    }
}

/// A command as a person would type it.
pub(super) fn shown(words: &[String]) -> String {
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn commands_say_yes_or_no_or_nothing() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let patience = Duration::from_secs(20);
        assert!(run(&words(&["true"]), patience).await.is_ok());
        let said =
            run(&words(&["sh", "-c", "echo '[emerg] a\u{1b}[2J' >&2; echo 'test failed' >&2; exit 1"]), patience).await;
        assert_eq!(said.expect_err("it says no").words(), "says `[emerg] a [2J`");
        let silent = run(&words(&["false"]), patience).await.expect_err("it says no");
        assert_eq!(silent.words(), "says `exit status: 1`");
        let absent = run(&words(&["/no/such/program"]), patience).await.expect_err("there is none");
        assert!(absent.words().contains("No such file"), "{}", absent.words());
        let endless = run(&words(&["sleep", "1000"]), Duration::from_millis(50)).await.expect_err("it does not end");
        assert!(matches!(endless, Said::NotEnded));
    }
}
