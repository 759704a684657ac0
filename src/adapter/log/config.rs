//! What the profile says about one log source.

use std::path::PathBuf;

use crate::domain::{PoolId, SourceId};

/// One log source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Its name.
    pub id: SourceId,
    /// The pool whose lines it carries, if they are one pool's.
    pub pool: Option<PoolId>,
    /// Where the lines come from.
    pub origin: Origin,
    /// A regular expression for lines that are noise (health checks): counted apart and hidden.
    pub exclude: Option<String>,
    /// Whether card numbers, e-mail addresses, phone numbers and IP addresses are masked. On by default.
    pub mask: bool,
}

/// Where lines come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A file, followed by name through rotation and truncation.
    File(PathBuf),
    /// A command that goes on printing: program and arguments, no shell.
    Command(Vec<String>),
}
