//! Printing. A reader that has gone away (`| head`) is no error.

use std::io::{self, Stderr, Stdout, Write};

/// Standard output and error.
#[derive(Debug)]
pub(super) struct Out {
    stdout: Stdout,
    stderr: Stderr,
}

impl Out {
    pub(super) fn new() -> Self {
        Self { stdout: io::stdout(), stderr: io::stderr() }
    }

    /// A line of what was asked for.
    pub(super) fn line(&mut self, text: &str) {
        writeln!(self.stdout, "{text}").ok();
    }

    /// Lines of what was asked for, as they are.
    pub(super) fn text(&mut self, text: &str) {
        self.stdout.write_all(text.as_bytes()).and_then(|()| self.stdout.flush()).ok();
    }

    /// A remark beside what was asked for.
    pub(super) fn note(&mut self, text: &str) {
        writeln!(self.stderr, "{text}").ok();
    }

    /// Why it failed.
    pub(super) fn error(&mut self, text: &str) {
        writeln!(self.stderr, "flightdeck: {text}").ok();
    }
}
