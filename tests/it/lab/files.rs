//! What the world keeps on disk: its directory goes with it, or with the next world; its logs stay small.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flightdeck::lab::{Lab, LabOptions};
use serde_json::Value;

use super::{fast, start, until};

#[tokio::test]
async fn what_a_killed_process_left_goes_when_the_next_world_starts() {
    let temporary = tempfile::tempdir().unwrap();
    let left = killed_world(temporary.path());
    assert!(left.join("blue.log").is_file(), "it could not clean up");
    let lab = start(below(temporary.path())).await;
    assert_eq!(within(temporary.path()), [lab.directory().to_owned()]);
    lab.stop().await;
    assert_eq!(within(temporary.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn worlds_that_live_leave_each_other_alone() {
    let temporary = tempfile::tempdir().unwrap();
    let one = start(below(temporary.path())).await;
    let other = start(below(temporary.path())).await;
    let third = start(below(temporary.path())).await;
    for lab in [&one, &other, &third] {
        assert!(lab.directory().join("green.log").is_file());
    }
    for lab in [one, other, third] {
        lab.stop().await;
    }
    assert_eq!(within(temporary.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn nothing_that_no_killed_world_left_is_removed() {
    let temporary = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let path = |name: &str| temporary.path().join(name);
    let directory_with_a_lock = |path: &Path| {
        fs::create_dir(path).unwrap();
        File::create(path.join("lock")).unwrap();
    };
    // Of another name, not locked yet, no directory, and behind a link.
    directory_with_a_lock(&path("flightdeck-notes"));
    fs::create_dir(path("flightdeck-demo-new")).unwrap();
    File::create(path("flightdeck-demo-file")).unwrap();
    directory_with_a_lock(&elsewhere.path().join("world"));
    symlink(elsewhere.path().join("world"), path("flightdeck-demo-link")).unwrap();
    let before = within(temporary.path());
    start(below(temporary.path())).await.stop().await;
    assert_eq!(within(temporary.path()), before);
    assert!(elsewhere.path().join("world/lock").is_file());
    // The same with nothing but the name and the lock goes, so it is these that keep the others.
    directory_with_a_lock(&path("flightdeck-demo-left"));
    start(below(temporary.path())).await.stop().await;
    assert_eq!(within(temporary.path()), before);
}

#[tokio::test]
async fn a_given_directory_stays_and_needs_no_lock() {
    let directory = tempfile::tempdir().unwrap();
    let given = directory.path().join("demo");
    let lab = start(LabOptions { directory: Some(given.clone()), ..fast() }).await;
    assert_eq!(lab.directory(), given);
    lab.stop().await;
    assert_eq!(within(&given), ["blue.log", "green.log"].map(|name| given.join(name)));
}

#[tokio::test]
async fn a_log_is_rotated_at_its_limit() {
    let directory = tempfile::tempdir().unwrap();
    let options = LabOptions {
        directory: Some(directory.path().to_owned()),
        rotate_at: 20_000,
        requests_per_second: 200.0,
        ..fast()
    };
    let lab = start(options).await;
    let (old, new) = (directory.path().join("green.log.1"), directory.path().join("green.log"));
    until("the log is rotated", async || old.is_file()).await;
    until("the new one is written", async || fs::metadata(&new).is_ok_and(|file| file.len() > 0)).await;
    lab.stop().await;
    let text = fs::read_to_string(&old).unwrap();
    assert!(text.len() >= 20_000, "{}", text.len());
    for line in text.lines().chain(fs::read_to_string(&new).unwrap().lines()) {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(line["pool"], "green");
    }
}

#[tokio::test]
#[ignore = "a helper: the process that is killed in the tests above"]
async fn helper_lives_until_it_is_killed() {
    let Some(temporary) = std::env::args_os().next_back().map(PathBuf::from).filter(|path| path.is_dir()) else {
        return;
    };
    let lab: Lab = start(below(&temporary)).await;
    println!("directory: {}", lab.directory().display());
    std::future::pending::<()>().await;
}

/// The directory of a world whose process, this test binary again, was killed with SIGKILL.
fn killed_world(temporary: &Path) -> PathBuf {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "lab::files::helper_lives_until_it_is_killed", "--ignored", "--nocapture"])
        .arg(temporary)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // What the test harness prints stands beside it.
    let said = lines.find_map(|line| Some(line.unwrap().split_once("directory: ")?.1.to_owned()));
    child.kill().unwrap();
    child.wait().unwrap();
    PathBuf::from(said.expect("the other process starts its world"))
}

fn below(temporary: &Path) -> LabOptions {
    LabOptions { temporary: temporary.to_owned(), requests_per_second: 0.0, ..fast() }
}

/// What lies in a directory, in order.
fn within(directory: &Path) -> Vec<PathBuf> {
    let mut all: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}
