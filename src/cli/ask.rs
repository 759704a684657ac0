//! Asking a person at the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

/// Whether there is anybody to ask.
pub(super) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks, and gives the line that was answered; empty at the end of input.
pub(super) async fn line(question: &str) -> String {
    let mut stderr = io::stderr();
    write!(stderr, "{question}").and_then(|()| stderr.flush()).ok();
    let read = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).map(|_count| answer)
    });
    // Whatever goes wrong counts as no answer, and no answer as no.
    read.await.ok().and_then(Result::ok).unwrap_or_default().trim().to_owned()
}
