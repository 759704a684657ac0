//! Secrets by reference: the profile says where one is kept, never what it is.

use std::path::PathBuf;

/// Where a secret is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SecretRef {
    /// An environment variable.
    Env(String),
    /// A file; its text without the final newline.
    File(PathBuf),
    /// A command's standard output without the final newline: program and arguments, no shell.
    Command(Vec<String>),
}
