//! Logs of this host: a file, followed by name, or a command that goes on printing.

mod command;
mod file;
mod follow;

use std::path::PathBuf;
use std::sync::Arc;

use super::{Config, LogSource, Origin};
use crate::domain::Trouble;
use crate::setting::{Table, Wrong, absolute_path, command};

/// Where the lines of this host come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Local {
    /// A file, followed by name through rotation and truncation.
    File(PathBuf),
    /// A command that goes on printing: program and arguments, no shell.
    Command(Vec<String>),
}

impl Local {
    /// Reads the keys that say what to read.
    pub fn read(table: &mut Table<'_>) -> Option<Self> {
        let file = table.optional("file", "A file, followed through rotation and truncation.", &absolute_path());
        let doc = "A command that goes on printing, as program and arguments; no shell.";
        let command = table.optional("command", doc, &command());
        match (file, command) {
            (Some(file), None) => Some(Self::File(file.value)),
            (None, Some(command)) => Some(Self::Command(command.value)),
            (Some(_), Some(command)) => {
                let wrong = Wrong::new("stands beside `file`").advice("a source has one origin: make it two [[log]]s");
                table.report().refuse(&command.spot, wrong);
                None
            }
            (None, None) => {
                if !["file", "command"].iter().any(|key| table.has(key)) {
                    let accepted = "file = \"/var/log/app.log\" or command = [\"journalctl\", \"-f\", \"-u\", \"app\"]";
                    table.refuse(Wrong::new("says nothing of where the lines come from").accepted(accepted));
                }
                None
            }
        }
    }
}

impl Origin for Local {
    fn connect(&self, config: &Config) -> Result<Arc<dyn LogSource>, Trouble> {
        match self {
            Self::File(path) => Ok(Arc::new(follow::FileSource::new(config, path))),
            Self::Command(words) => Ok(Arc::new(command::CommandSource::new(config, words)?)),
        }
    }
}
