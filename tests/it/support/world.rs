//! The built-in world in the process of the test, with its profile in a file: commands and cockpits fly it from outside.

use std::path::PathBuf;
use std::sync::Arc;

use flightdeck::lab::{Lab, LabControl, LabOptions};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::task::TaskTracker;

use super::pty::Pty;
use crate::cli::{flightdeck, text, with_programs};

/// The world with its profile in a file, and a state directory.
pub struct World {
    /// The state directory; the profile lies in it, too.
    pub state: Arc<TempDir>,
    /// The profile.
    pub profile: PathBuf,
    lab: Option<Lab>,
    runtime: Runtime,
}

impl World {
    /// A world with little load.
    pub fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let options = LabOptions { requests_per_second: 50.0, ..LabOptions::fast() };
        let lab = runtime.block_on(Lab::start(options, &TaskTracker::new())).unwrap();
        let state = Arc::new(tempfile::tempdir().unwrap());
        let mut profile = None;
        for (name, bytes) in lab.profile().unwrap() {
            let path = state.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            profile.get_or_insert(path);
        }
        Self { state, profile: profile.unwrap(), lab: Some(lab), runtime }
    }

    /// Runs a command to its end; `PROFILE` stands for the profile. Gives the exit code and what was printed.
    pub fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let said = flightdeck(self.state.path(), &self.filled(arguments));
        (said.status.code().unwrap(), text(&said.stdout), text(&said.stderr))
    }

    /// The same with the programs of this machine, `ssh-keygen` for one.
    pub fn run_with_path(&self, arguments: &[&str]) -> (i32, String, String) {
        let said = with_programs(self.state.path(), &self.filled(arguments));
        (said.status.code().unwrap(), text(&said.stdout), text(&said.stderr))
    }

    /// Runs a command in a terminal.
    pub fn in_terminal(&self, arguments: &[&str]) -> Pty {
        Pty::spawn_in(self.state.clone(), env!("CARGO_BIN_EXE_flightdeck"), &self.filled(arguments), (120, 36))
    }

    /// Opens the cockpit.
    pub fn open(&self, operator: &str) -> Pty {
        self.in_terminal(&["open", "PROFILE", "--as", operator])
    }

    /// The switches.
    pub fn control(&self) -> LabControl {
        self.lab.as_ref().unwrap().control()
    }

    /// Changes the text of a file beside the profile.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.state.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} does not hold {from}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }

    /// Ends the world: nothing answers any more.
    pub fn end(&mut self) {
        if let Some(lab) = self.lab.take() {
            self.runtime.block_on(lab.stop());
        }
    }

    fn filled<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        let profile = self.profile.to_str().unwrap();
        arguments.iter().map(|each| if *each == "PROFILE" { profile } else { each }).collect()
    }
}
