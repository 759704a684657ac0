//! Runs in a real terminal.
