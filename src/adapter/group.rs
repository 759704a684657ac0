//! A program with all that it starts: one process group, which is killed when nobody holds it any more.

use std::io;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

/// The group of a program that leads it. It is to be dropped before the child is let go: until then its number is its own.
#[derive(Debug)]
pub(super) struct Group(Option<Pid>);

impl Group {
    /// Starts a program in a group of its own.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn start(command: &mut Command) -> io::Result<(Child, Self)> {
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        let group = Self::of(&child);
        Ok((child, group))
    }

    /// The group of a child that was just started as the first of one.
    pub(super) fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    /// Its number; `None` once it is gone.
    pub(super) fn id(&self) -> Option<Pid> {
        self.0
    }

    /// Sends a signal to all of it.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(pid) = self.0 {
            // Nobody left to signal is what is wanted.
            let _gone = kill_process_group(pid, signal);
        }
    }

    /// Kills all of it, now and not again.
    pub(super) fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.forget();
    }

    /// Leaves it alone from now on: its number may belong to somebody else.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
