//! The `ssh` process of one router.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

use super::super::address::Remote;
use crate::adapter::group::Group;

/// A control socket's path may be this long: `ssh` adds a word of its own while it makes one.
const LONGEST_PATH: usize = 85;

/// So many channels that came to nothing make `ssh` worth starting anew: it keeps each of them until it ends.
const MOST_REFUSED: usize = 1_000;
const MOST_UNANSWERED: usize = 16;

/// What stands for every login. `ssh` takes the first value that it finds, so the user's own configuration says the rest:
/// user, port, keys, jump hosts, known hosts.
const OPTIONS: [&str; 13] = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "ConnectTimeout=10",
    "ConnectionAttempts=1",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=2",
    "ClearAllForwardings=yes",
    "ControlPersist=no",
    "LogLevel=INFO",
    "RemoteCommand=none",
    "PermitLocalCommand=no",
    "ForwardAgent=no",
    "ForwardX11=no",
];

/// A running `ssh`.
#[derive(Debug)]
pub(super) struct Process {
    // The group is killed before the child is let go, and the folder removed last.
    group: Group,
    child: Child,
    way: Way,
    folder: TempDir,
}

/// What an exchange needs to know of it.
#[derive(Debug, Clone)]
pub(super) struct Way {
    /// The control socket, which is there once `ssh` has logged in.
    pub(super) socket: PathBuf,
    /// Whether it ever was.
    pub(super) is_well: Arc<AtomicBool>,
    /// Control connections that must not be closed.
    pub(super) kept: Arc<Kept>,
}

/// Control connections that must not be closed before `ssh` ends.
#[derive(Debug, Default)]
pub(super) struct Kept {
    id: AtomicU32,
    refusals: AtomicUsize,
    /// Those that a refusal was the last word on: another channel can be asked for there.
    spare: Mutex<Vec<UnixStream>>,
    unanswered: Mutex<Vec<UnixStream>>,
}

impl Process {
    /// Starts it; the login takes its time.
    pub(super) fn start(remote: &Remote) -> io::Result<Self> {
        let folder = private_folder()?;
        let socket = folder.path().join("control");
        let mut command = Command::new("ssh");
        command.args(["-N", "-T", "-M", "-S"]).arg(escaped(&socket));
        for option in OPTIONS {
            command.args(["-o", option]);
        }
        if let Some(config) = &remote.config {
            command.arg("-F").arg(config);
        }
        command
            .args(["--", &remote.host])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(words(folder.path()))?);
        let (child, group) = Group::start(&mut command)?;
        let way = Way { socket, is_well: Arc::default(), kept: Arc::default() };
        Ok(Self { group, child, way, folder })
    }

    pub(super) fn way(&self) -> Way {
        self.way.clone()
    }

    pub(super) fn has_ended(&mut self) -> bool {
        let ended = matches!(self.child.try_wait(), Ok(Some(_)) | Err(_));
        if ended {
            // Its number may belong to somebody else from now on.
            self.group.forget();
        }
        ended
    }

    /// Whether it ever took a request.
    pub(super) fn was_well(&self) -> bool {
        self.way.is_well.load(Ordering::Relaxed)
    }

    /// Whether it holds too much that came to nothing.
    pub(super) fn is_worn(&self) -> bool {
        let kept = &self.way.kept;
        kept.refusals.load(Ordering::Relaxed) > MOST_REFUSED || lock(&kept.unanswered).len() > MOST_UNANSWERED
    }

    /// What it said on its standard error.
    pub(super) fn said(&self) -> String {
        fs::read(words(self.folder.path())).map(|said| String::from_utf8_lossy(&said).into_owned()).unwrap_or_default()
    }
}

impl Kept {
    pub(super) fn next_id(&self) -> u32 {
        self.id.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn take_spare(&self) -> Option<UnixStream> {
        lock(&self.spare).pop()
    }

    pub(super) fn refused(&self, stream: UnixStream) {
        self.refusals.fetch_add(1, Ordering::Relaxed);
        lock(&self.spare).push(stream);
    }

    pub(super) fn unanswered(&self, stream: UnixStream) {
        lock(&self.unanswered).push(stream);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder that only this user can enter.
fn private_folder() -> io::Result<TempDir> {
    let make = |parent: &Path| {
        tempfile::Builder::new().prefix("flightdeck-").permissions(Permissions::from_mode(0o700)).tempdir_in(parent)
    };
    let folder = make(&std::env::temp_dir())?;
    if folder.path().as_os_str().len() > LONGEST_PATH - "/control".len() {
        return make(Path::new("/tmp"));
    }
    Ok(folder)
}

/// Where its standard error goes: a pipe that nobody empties would hold it back.
fn words(folder: &Path) -> PathBuf {
    folder.join("said")
}

/// `ssh` takes a % in a path for the beginning of a word of its own.
fn escaped(path: &Path) -> String {
    path.display().to_string().replace('%', "%%")
}
