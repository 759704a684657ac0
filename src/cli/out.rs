//! Printing. A reader that has gone away (`| head`) is no error.

use std::io::{self, Write};

/// Standard output and error.
#[derive(Debug)]
pub(super) struct Out(());

impl Out {
    pub(super) fn new() -> Self {
        Self(())
    }

    /// A line of what was asked for.
    pub(super) fn line(&mut self, text: &str) {
        writeln!(io::stdout(), "{text}").ok();
    }

    /// Lines of what was asked for, as they are.
    pub(super) fn text(&mut self, text: &str) {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).ok();
    }

    /// A remark beside what was asked for.
    pub(super) fn note(&mut self, text: &str) {
        writeln!(io::stderr(), "{text}").ok();
    }

    /// Why it failed.
    pub(super) fn error(&mut self, text: &str) {
        writeln!(io::stderr(), "flightdeck: {text}").ok();
    }
}
