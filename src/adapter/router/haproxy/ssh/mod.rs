//! The socket of another host, through the system's `ssh`: no admin port needs to be open.
//!
//! One `ssh` process stands for one router. It logs in once, runs nothing there, and takes requests on a control socket of
//! its own in a folder that only this user can enter. Each exchange asks it there for a fresh connection to HAProxy's socket
//! (what `ssh -L` does for each connection that it takes, but with an answer to whether it came about).
//!
//! # Parts
//! `process` starts and ends `ssh`, `channel` is one connection through it, `packet` its messages, and `said` makes a trouble
//! of what `ssh` says when it ends.
//!
//! # Invariants
//! - Nothing is ever asked of a person here (`BatchMode`), and a host whose key is not known, or another one, is not spoken to.
//! - A [`Channel`] exists only when the other host has connected to the socket, and no byte went there before.
//! - `ssh` is killed when its [`Link`] is dropped.

mod channel;
mod packet;
mod process;
mod said;

pub(super) use channel::Channel;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use self::channel::Opened;
use self::process::{Process, Way};
use super::address::Remote;
use crate::domain::{Trouble, TroubleKind};

/// How soon is looked again whether `ssh` has logged in.
const LOOK: Duration = Duration::from_millis(10);
/// The first pause after a login that failed; each time twice as long, up to the last: a server may count bad logins.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(30);

/// The way to one host, as long as its router lives.
#[derive(Debug)]
pub(super) struct Link {
    remote: Remote,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    process: Option<Process>,
    failed: Option<Failed>,
    pause: Duration,
}

/// A login that failed, told again until the next one.
#[derive(Debug)]
struct Failed {
    until: Instant,
    trouble: Trouble,
}

impl Link {
    /// Starts nothing yet.
    pub(super) fn new(remote: Remote) -> Self {
        Self { remote, state: Mutex::new(State { process: None, failed: None, pause: FIRST_PAUSE }) }
    }

    /// A connection to the socket on the other host.
    pub(super) async fn connect(&self, what: &str, deadline: Instant) -> Result<Channel, Trouble> {
        let mut logged_in = false;
        let connecting = async {
            loop {
                let way = self.way(what)?;
                match Channel::open(&way, &self.remote.path, &mut logged_in).await {
                    Ok(Opened::Channel(channel)) => {
                        self.is_well();
                        return Ok(channel);
                    }
                    Ok(Opened::Refused(refusal)) => {
                        self.is_well();
                        return Err(said::refused(&self.remote, what, &refusal));
                    }
                    // It is still logging in, or has ended, which is found at the next turn.
                    Err(_not_there) => sleep(LOOK).await,
                }
            }
        };
        // The future is dropped before its flag is read.
        let connected = timeout_at(deadline, connecting).await;
        connected.unwrap_or_else(|_elapsed| Err(said::late(&self.remote, what, logged_in)))
    }

    /// The process that runs, or a new one, or why there is none.
    fn way(&self, what: &str) -> Result<Way, Trouble> {
        let mut state = self.state();
        if let Some(process) = &mut state.process {
            let ended = process.has_ended();
            if !ended && !process.is_worn() {
                return Ok(process.way());
            }
            let failed = (ended && !process.was_well()).then(|| said::ended(&self.remote, what, &process.said()));
            state.process = None;
            if let Some(trouble) = failed {
                return Err(state.fail(trouble));
            }
        }
        if let Some(failed) = &state.failed
            && Instant::now() < failed.until
        {
            let trouble = failed.trouble.clone();
            return Err(Trouble { what: what.to_owned(), ..trouble });
        }
        match Process::start(&self.remote) {
            Ok(process) => {
                let way = process.way();
                state.process = Some(process);
                Ok(way)
            }
            Err(error) => Err(state.fail(said::not_started(what, &error))),
        }
    }

    fn is_well(&self) {
        let mut state = self.state();
        state.failed = None;
        state.pause = FIRST_PAUSE;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked left a whole state behind: each step above is one assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Keeps a trouble for as long as no other login is tried.
    fn fail(&mut self, trouble: Trouble) -> Trouble {
        self.failed = Some(Failed { until: Instant::now() + self.pause, trouble: trouble.clone() });
        self.pause = (self.pause * 2).min(LAST_PAUSE);
        trouble
    }
}

/// Where `ssh` could not be understood: nothing that a person can mend in the profile.
fn unreachable(what: &str, why: impl Into<String>, advice: impl Into<String>) -> Trouble {
    Trouble::new(TroubleKind::Unreachable, what, why, advice)
}
