//! What the profile says about one log source.

use std::path::PathBuf;

use crate::domain::{PoolId, SourceId};
use crate::setting::{Table, Wrong, absolute_path, command, flag, regex};

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

impl Config {
    /// Reads the keys of one `[[log]]` that say what to read.
    pub fn read(table: &mut Table<'_>, id: Option<SourceId>, pool: Option<PoolId>) -> Option<Self> {
        table.not_yet(&[
            ("kind", "leave it out: a log is a `file` or a `command`"),
            ("query", "a log is a `file` or a `command`"),
            ("correlate", "leave it out"),
        ]);
        let file = table.optional("file", "A file, followed through rotation and truncation.", &absolute_path());
        let doc = "A command that goes on printing, as program and arguments; no shell.";
        let command = table.optional("command", doc, &command());
        let doc = "A regular expression for lines that are noise, such as health checks: counted apart and hidden.";
        let exclude = table.optional("exclude", doc, &regex());
        let doc = "Whether card numbers, e-mail addresses, phone numbers and IP addresses are masked. Default true.";
        let mask = table.optional("mask", doc, &flag());
        let origin = match (file, command) {
            (Some(file), None) => Some(Origin::File(file.value)),
            (None, Some(command)) => Some(Origin::Command(command.value)),
            (Some(_), Some(command)) => {
                let wrong = Wrong::new("stands beside `file`").advice("a source has one origin: make it two [[log]]s");
                table.report().refuse(&command.spot, wrong);
                None
            }
            (None, None) => {
                if !["file", "command", "kind", "query"].iter().any(|key| table.has(key)) {
                    let accepted = "file = \"/var/log/app.log\" or command = [\"journalctl\", \"-f\", \"-u\", \"app\"]";
                    table.refuse(Wrong::new("says nothing of where the lines come from").accepted(accepted));
                }
                None
            }
        };
        Some(Self {
            id: id?,
            pool,
            origin: origin?,
            exclude: exclude.map(|exclude| exclude.value),
            mask: mask.is_none_or(|mask| mask.value),
        })
    }
}
