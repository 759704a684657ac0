//! One run of a program of OpenSSH: arguments as given, no shell, no terminal, no questions.
//!
//! These programs ask for passphrases on the terminal that they belong to, whatever their inputs and outputs are: on the
//! screen of a cockpit. So they are run in a session of their own, which has no terminal, by `setsid` where the system has
//! it; where it has not, a process group of their own keeps them from reading the keys at least.
//!
//! Without a terminal they would take an answer from their input instead. A program that is given no input gets one that
//! cannot be read: not even its end counts as an answer then. A security key counts wrong PINs and locks itself.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStderr, Command};
use tokio::time::timeout;

use super::Tools;
use crate::adapter::group::Group;
use crate::adapter::run::find;

/// No key, signature or message of these programs comes near.
const LARGEST: u64 = 1024 * 1024;

/// What a program did.
pub(super) struct Ran {
    pub(super) is_success: bool,
    pub(super) code: Option<i32>,
    pub(super) out: String,
    /// The lines of its second output.
    pub(super) err: Vec<String>,
}

/// Why a program did nothing.
pub(super) enum NotRun {
    /// It is not installed.
    Missing,
    /// The system said no.
    Failed(std::io::Error),
    /// It had not ended in time, and was killed.
    TimedOut,
}

/// Runs a program to its end, with what it is to read if anything; `each` is told every line of its second output as it comes.
pub(super) async fn run(
    tools: &Tools,
    program: &Path,
    arguments: &[&OsStr],
    input: Option<&[u8]>,
    patience: Duration,
    each: &(dyn Fn(&str) + Send + Sync),
) -> Result<Ran, NotRun> {
    let program = find(program).await.ok_or(NotRun::Missing)?;
    let mut command = if let Some(setsid) = find("setsid").await {
        let mut command = Command::new(setsid);
        command.arg(program);
        command
    } else {
        let mut command = Command::new(program);
        command.process_group(0);
        command
    };
    command
        .args(arguments)
        .env("LC_ALL", "C")
        .env("SSH_ASKPASS_REQUIRE", "never")
        .env_remove("SSH_ASKPASS")
        .env_remove("SSH_AUTH_SOCK")
        .stdin(match input {
            Some(_) => Stdio::piped(),
            None => unreadable().map_err(NotRun::Failed)?,
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if let Some(agent) = &tools.agent {
        command.env("SSH_AUTH_SOCK", agent);
    }
    let mut child = command.spawn().map_err(NotRun::Failed)?;
    // With whatever it starts, a security key's driver for one: killed when its run is given up.
    let mut group = Group::of(&child);
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feed = async {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            // A program that does not want to read says why elsewhere.
            let _unread = stdin.write_all(input).await;
        }
    };
    let listen = async {
        let mut out = Vec::new();
        if let Some(stdout) = stdout {
            stdout.take(LARGEST).read_to_end(&mut out).await?;
        }
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&out).into_owned())
    };
    let all = async {
        let ((), out, err) = tokio::join!(feed, listen, lines(stderr, each));
        let status = child.wait().await?;
        Ok::<_, std::io::Error>(Ran { is_success: status.success(), code: status.code(), out: out?, err })
    };
    let ran = timeout(patience, all).await.map_err(|_elapsed| NotRun::TimedOut)?.map_err(NotRun::Failed);
    // It has ended by itself, and its number may soon be another's.
    group.forget();
    ran
}

/// An input of which every reading fails.
fn unreadable() -> std::io::Result<Stdio> {
    std::fs::File::options().write(true).open("/dev/null").map(Stdio::from)
}

/// The lines of the second output, without what would steer a terminal.
async fn lines(stderr: Option<ChildStderr>, each: &(dyn Fn(&str) + Send + Sync)) -> Vec<String> {
    let mut lines = Vec::new();
    let Some(stderr) = stderr else { return lines };
    let mut reader = BufReader::new(stderr.take(LARGEST)).split(b'\n');
    while let Ok(Some(line)) = reader.next_segment().await {
        let line: String = String::from_utf8_lossy(&line).chars().filter(|c| !c.is_control()).collect();
        each(&line);
        lines.push(line);
    }
    lines
}
