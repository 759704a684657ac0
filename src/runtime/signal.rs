//! Signals that end, suspend or wake the program.

use std::io;

use rustix::process::Signal as Number;
use tokio::signal::unix::{self, SignalKind, signal};

/// What a signal asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    /// End, in order: TERM, INT, HUP, with its number.
    End(
        /// The signal's number.
        u8,
    ),
    /// To the background: TSTP.
    Suspend,
    /// Back again: CONT.
    Continue,
    /// The terminal has another size: WINCH.
    Resize,
}

/// Listens for signals.
#[derive(Debug)]
pub struct Signals {
    term: unix::Signal,
    int: unix::Signal,
    hup: unix::Signal,
    tstp: unix::Signal,
    cont: unix::Signal,
    winch: unix::Signal,
}

impl Signals {
    /// Starts to listen; from here on none of these does what it does by default.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            hup: signal(SignalKind::hangup())?,
            tstp: signal(SignalKind::from_raw(Number::TSTP.as_raw()))?,
            cont: signal(SignalKind::from_raw(Number::CONT.as_raw()))?,
            winch: signal(SignalKind::window_change())?,
        })
    }

    /// The next signal. Nothing is lost when this is dropped before it answers.
    pub async fn next(&mut self) -> Signal {
        let end = |number: Number| Signal::End(u8::try_from(number.as_raw()).unwrap_or(0));
        tokio::select! {
            biased;
            Some(()) = self.hup.recv() => end(Number::HUP),
            Some(()) = self.term.recv() => end(Number::TERM),
            Some(()) = self.int.recv() => end(Number::INT),
            Some(()) = self.tstp.recv() => Signal::Suspend,
            Some(()) = self.cont.recv() => Signal::Continue,
            Some(()) = self.winch.recv() => Signal::Resize,
            else => std::future::pending().await,
        }
    }
}
