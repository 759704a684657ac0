//! Commands against the built-in world, some of them while a cockpit flies it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::lab::{Lab, LabOptions};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::task::TaskTracker;

use super::{flightdeck, text};
use crate::support::pty::Pty;

/// The world with its profile in a file, and a state directory.
struct World {
    state: Arc<TempDir>,
    profile: PathBuf,
    lab: Option<Lab>,
    runtime: Runtime,
}

impl World {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let options = LabOptions { requests_per_second: 50.0, ..LabOptions::default() };
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

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let profile = self.profile.to_str().unwrap();
        let arguments: Vec<&str> =
            arguments.iter().map(|each| if *each == "PROFILE" { profile } else { each }).collect();
        let said = flightdeck(self.state.path(), &arguments);
        (said.status.code().unwrap(), text(&said.stdout), text(&said.stderr))
    }

    fn open(&self) -> Pty {
        let profile = self.profile.to_str().unwrap();
        let program = env!("CARGO_BIN_EXE_flightdeck");
        Pty::spawn_in(self.state.clone(), program, &["open", profile, "--as", "ana"], (120, 36))
    }

    fn end(&mut self) {
        if let Some(lab) = self.lab.take() {
            self.runtime.block_on(lab.stop());
        }
    }
}

#[test]
fn check_looks_at_everything_and_says_what_is_away() {
    let mut world = World::new();
    let (code, said, _) = world.run(&["check", "PROFILE"]);
    assert_eq!(code, 0, "{said}");
    for line in [
        "✓ router edge-1: 50.0 / 50.0",
        "✓ router edge-2",
        "✓ log blue",
        "✓ log green",
        "✓ metrics blue",
        "✓ metrics green",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    world.end();
    let (code, said, why) = world.run(&["check", "PROFILE"]);
    assert_eq!(code, 4, "{said}");
    assert!(
        said.contains("✗ router edge-1") && said.contains("✗ metrics blue") && why.contains("do not answer"),
        "{said}{why}"
    );
}

#[test]
fn status_tells_the_routers_and_the_session_in_a_stable_form() {
    let world = World::new();
    let (code, said, _) = world.run(&["status", "PROFILE", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &status["format"], &status["session"]), (0, &1.into(), &serde_json::Value::Null));
    assert_eq!(status["routers"][0]["name"], "edge-1");
    assert_eq!(status["routers"][0]["pools"][0]["pool"], "blue");
    let mut pty = world.open();
    pty.wait_for("ana drives");
    let (_, said, _) = world.run(&["status", "PROFILE"]);
    assert!(said.contains("ana drives, process") && said.contains("next step: Drain blue"), "{said}");
    pty.send("q");
    pty.wait_for_end(Duration::from_secs(10));
    let (_, said, _) = world.run(&["status", "PROFILE"]);
    assert!(said.contains("nobody drives: ana's process"), "{said}");
}

#[test]
fn rolling_back_while_the_cockpit_runs_takes_the_controls_and_is_read_back() {
    let world = World::new();
    let mut pty = world.open();
    pty.wait_for("ana drives");
    pty.wait_for("50 / 50");
    let (code, _, why) = world.run(&["rollback", "PROFILE", "--yes"]);
    assert_eq!(code, 7, "nothing has been changed: {why}");
    pty.send("n");
    pty.wait_for("y send");
    // A key that comes before the program knows that the dialog was shown confirms nothing, and it says so.
    let answered = |screen: &vt100::Screen| {
        let text = screen.contents();
        text.contains("press it again") || !text.contains("y send")
    };
    pty.send("y");
    pty.wait_until("an answer to y", answered);
    if pty.text().contains("press it again") {
        pty.send("y");
    }
    pty.wait_for("verified on 2 of 2");
    let (code, said, why) = world.run(&["rollback", "PROFILE"]);
    assert!(code == 7 && why.contains("--yes") && said.contains("edge-1: 0.0 / 100.0 → 50.0 / 50.0"), "{said}{why}");
    let (code, said, why) = world.run(&["rollback", "PROFILE", "--yes", "--as", "raj"]);
    assert_eq!(code, 0, "{said}{why}");
    assert!(said.contains("takes the controls from ana") && said.contains("read back on every router"), "{said}");
    pty.wait_for("raj drives");
    let (_, record, _) = world.run(&["record"]);
    assert!(record.contains("raj") && record.contains("50 / 50"), "{record}");
}

#[test]
fn what_was_left_open_is_gone_on_with() {
    let world = World::new();
    let mut first = world.open();
    first.wait_for("ana drives");
    first.signal(rustix::process::Signal::KILL);
    first.wait_for_end(Duration::from_secs(10));
    let mut second = world.open();
    second.wait_for("goes on; what was in flight is read from the routers");
    second.wait_for("ana drives");
    let third = world.open();
    third.wait_for("rolling back and holding need none");
    let (_, sessions, _) = world.run(&["sessions"]);
    assert_eq!(sessions.lines().count(), 1, "{sessions}");
    second.send("q");
    second.wait_for_end(Duration::from_secs(10));
}
