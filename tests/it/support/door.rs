//! A door in front of a HAProxy's Runtime API, through which a fault can come exactly in the middle of a change.
//!
//! The door is a path that leads to HAProxy's own socket. While it is watched it leads past a relay, which knows a change
//! when it hears one, opens the way to HAProxy again and lets the fault happen.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// When the fault comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The change was sent, and HAProxy has not heard it yet.
    BeforeItIsHeard,
    /// HAProxy has carried it out, and its answer is still on the way.
    BeforeItIsAnswered,
}

type Fault = (When, Box<dyn FnOnce() + Send>);

/// A path that leads to a HAProxy.
pub struct Door {
    shared: Arc<Shared>,
}

struct Shared {
    dir: tempfile::TempDir,
    to: PathBuf,
    fault: Mutex<Option<Fault>>,
    /// Where the next change is heard instead.
    aside: Mutex<Option<PathBuf>>,
    /// Changes that went past the relay.
    changes: AtomicUsize,
    /// The relay stays when a fault is over.
    stays: AtomicBool,
}

impl Door {
    /// A door to a socket.
    pub fn to(socket: PathBuf) -> Self {
        let dir = tempfile::Builder::new().prefix("fd-door").tempdir().unwrap();
        let shared = Arc::new(Shared {
            dir,
            to: socket,
            fault: Mutex::default(),
            aside: Mutex::default(),
            changes: AtomicUsize::new(0),
            stays: AtomicBool::new(false),
        });
        shared.lead_to(&shared.to);
        Self { shared }
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.shared.path()
    }

    /// Has the next change heard at another socket, once.
    pub fn lead_the_next_change_to(&self, socket: PathBuf) {
        *self.shared.aside.lock().unwrap() = Some(socket);
        self.at_the_next_change(When::BeforeItIsHeard, || {});
    }

    /// Does this in the middle of the next change, once.
    pub fn at_the_next_change(&self, when: When, fault: impl FnOnce() + Send + 'static) {
        *self.shared.fault.lock().unwrap() = Some((when, Box::new(fault)));
        if !self.shared.stays.load(Ordering::SeqCst) {
            self.relay();
        }
    }

    /// From now on every change is counted; to be said before the first fault.
    pub fn count_changes(&self) {
        self.shared.stays.store(true, Ordering::SeqCst);
        self.relay();
    }

    /// How many changes were sent since they are counted, whoever sent them.
    pub fn changes(&self) -> usize {
        self.shared.changes.load(Ordering::SeqCst)
    }

    fn relay(&self) {
        let relay = self.shared.dir.path().join("relay");
        let listener = UnixListener::bind(&relay).unwrap();
        let shared = Arc::clone(&self.shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // Either side leaves when it likes.
                thread::spawn(move || shared.carry(client).ok());
            }
        });
        self.shared.lead_to(&relay);
    }
}

impl Shared {
    fn path(&self) -> PathBuf {
        self.dir.path().join("door")
    }

    fn lead_to(&self, socket: &Path) {
        // A rename takes the place of the old link at once.
        let fresh = self.dir.path().join("fresh");
        std::os::unix::fs::symlink(socket, &fresh).unwrap();
        std::fs::rename(&fresh, self.path()).unwrap();
    }

    fn carry(&self, mut client: UnixStream) -> std::io::Result<()> {
        let mut line = String::new();
        BufReader::new(client.try_clone()?).read_line(&mut line)?;
        let is_change = line.contains(";set server ") || line.contains(";set map ");
        let aside = if is_change { self.aside.lock().unwrap().take() } else { None };
        let mut server = UnixStream::connect(aside.as_ref().unwrap_or(&self.to))?;
        let fault = if is_change { self.fault.lock().unwrap().take() } else { None };
        if is_change {
            self.changes.fetch_add(1, Ordering::SeqCst);
        }
        if fault.is_some() && !self.stays.load(Ordering::SeqCst) {
            self.lead_to(&self.to);
        }
        match fault {
            Some((When::BeforeItIsAnswered, fault)) => {
                server.write_all(line.as_bytes())?;
                let mut answer = Vec::new();
                server.read_to_end(&mut answer)?;
                fault();
                return client.write_all(&answer);
            }
            Some((When::BeforeItIsHeard, fault)) => fault(),
            None => {}
        }
        server.write_all(line.as_bytes())?;
        let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
        thread::spawn(move || {
            std::io::copy(&mut from, &mut to).ok();
            to.shutdown(Shutdown::Both).ok();
        });
        // The client says no more; when it leaves, HAProxy sees it leave.
        client.read_to_end(&mut Vec::new())?;
        server.shutdown(Shutdown::Both)
    }
}
