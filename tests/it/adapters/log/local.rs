//! Files and commands of this host.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flightdeck::adapter::log::local::Local;
use flightdeck::adapter::log::{Config, source};
use flightdeck::domain::TroubleKind;
use flightdeck::domain::log::{Level, LogSourceState};

use super::followed::Followed;

#[tokio::test]
async fn a_file_is_followed_from_its_last_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, numbered("old", 300)).unwrap();
    let mut log = followed(&path);
    log.until_text("old 299").await;
    assert_eq!(log.texts.len(), 200);
    assert_eq!(log.states, [LogSourceState::Following]);
    append(&path, "new 1\nnew 2\n");
    log.until_text("new 2").await;
    assert_eq!(log.texts.get(200..).unwrap(), ["new 1", "new 2"]);
}

#[tokio::test]
async fn a_torn_line_waits_for_its_newline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, "whole\nto").unwrap();
    let mut log = followed(&path);
    log.until_text("whole").await;
    append(&path, "rn");
    append(&path, " line\nnext\n");
    log.until_text("next").await;
    assert_eq!(log.texts, ["whole", "torn line", "next"]);
}

#[tokio::test]
async fn a_rename_loses_no_line_of_either_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, "a\n").unwrap();
    let mut log = followed(&path);
    log.until_text("a").await;
    for round in 0..3 {
        append(&path, &format!("before {round}\n"));
        let away = folder.path().join(format!("app.log.{round}"));
        fs::rename(&path, &away).unwrap();
        // The writer has not noticed yet.
        append(&away, &format!("late {round}\n"));
        fs::write(&path, format!("after {round}\n")).unwrap();
        log.until_text(&format!("after {round}")).await;
        append(&away, &format!("very late {round}\n"));
        log.until_text(&format!("very late {round}")).await;
    }
    let mut got = log.texts.clone();
    got.sort();
    let mut wanted: Vec<String> = (0..3)
        .flat_map(|n| ["before", "late", "after", "very late"].map(|word| format!("{word} {n}")))
        .chain(["a".to_owned()])
        .collect();
    wanted.sort();
    assert_eq!(got, wanted);
}

#[tokio::test]
async fn the_last_line_of_a_rotated_file_needs_no_newline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, "a\nno newline").unwrap();
    let mut log = followed(&path);
    log.until_text("a").await;
    fs::rename(&path, folder.path().join("app.log.1")).unwrap();
    fs::write(&path, "b\n").unwrap();
    log.until_text("no newline").await;
}

#[tokio::test]
async fn a_file_copied_and_emptied_is_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, "one\ntwo\n").unwrap();
    let mut log = followed(&path);
    log.until_text("two").await;
    fs::copy(&path, folder.path().join("app.log.1")).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
    append(&path, "after\n");
    log.until_text("after").await;
    // Longer than it ever was, in one go: the size alone would not tell.
    fs::write(&path, "emptied and grown past the old end\n").unwrap();
    log.until_text("emptied and grown past the old end").await;
    assert_eq!(log.texts.len(), 4);
}

#[tokio::test]
async fn a_writer_that_keeps_its_place_leaves_a_hole_that_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    let mut writer = fs::File::create(&path).unwrap();
    writer.write_all(b"before\n").unwrap();
    let mut log = followed(&path);
    log.until_text("before").await;
    fs::File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
    writer.write_all(b"after\n").unwrap();
    log.until_text("after").await;
}

#[tokio::test]
async fn what_is_not_there_yet_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("later").join("app.log");
    let mut log = followed(&path);
    let trouble = log.until_waiting().await;
    assert_eq!(trouble.kind, TroubleKind::Unreachable);
    assert!(trouble.what.contains("app.log"), "{trouble}");
    fs::create_dir(path.parent().unwrap()).unwrap();
    // All of a file that appears is new, however long it is.
    fs::write(&path, numbered("line", 300)).unwrap();
    log.until_text("line 299").await;
    assert_eq!(log.texts.len(), 300);
    assert_eq!(log.states.last(), Some(&LogSourceState::Following));
}

#[tokio::test]
async fn a_deleted_file_is_said_and_its_successor_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, "a\n").unwrap();
    let mut log = followed(&path);
    log.until_text("a").await;
    fs::remove_file(&path).unwrap();
    log.until_waiting().await;
    fs::write(&path, "b\n").unwrap();
    log.until_text("b").await;
    assert_eq!(log.states.last(), Some(&LogSourceState::Following));
}

#[tokio::test]
async fn a_link_is_followed_to_another_file() {
    let folder = tempfile::tempdir().unwrap();
    let (real, path) = (folder.path().join("real"), folder.path().join("app.log"));
    fs::create_dir(&real).unwrap();
    fs::write(real.join("1.log"), "first\n").unwrap();
    std::os::unix::fs::symlink(real.join("1.log"), &path).unwrap();
    let mut log = followed(&path);
    log.until_text("first").await;
    append(&real.join("1.log"), "more\n");
    log.until_text("more").await;
    fs::write(real.join("2.log"), "second\n").unwrap();
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(real.join("2.log"), &path).unwrap();
    log.until_text("second").await;
}

#[tokio::test]
async fn what_cannot_be_a_log_file_is_said_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [folder.path().to_owned(), file.join("app.log"), pipe] {
        let trouble = followed(&path).until_waiting().await;
        assert_eq!(trouble.kind, TroubleKind::Mismatch, "{trouble}");
        assert!(!trouble.advice.is_empty());
    }
}

#[tokio::test]
async fn a_file_without_permission_is_said() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, "secret\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let mut log = followed(&path);
    if fs::read(&path).is_ok() {
        // The superuser may read everything; then the line must come.
        log.until_text("secret").await;
        return;
    }
    assert_eq!(log.until_waiting().await.kind, TroubleKind::Denied);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    log.until_text("secret").await;
}

#[tokio::test]
async fn bytes_that_are_no_text_and_escapes_come_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(
        &path,
        b"\xff\x1b[2J\x9b31m ana@example.com \xe2\x80\xae\n{\"level\":\"error\",\"msg\":\"\\u001b]0;x\\u0007\"}\n",
    )
    .unwrap();
    let mut log = followed(&path);
    log.until_text("␛]0;x␇").await;
    assert_eq!(log.texts, ["\u{fffd}␛[2J\u{fffd}31m ‹email› ‹U+202E›", "␛]0;x␇"]);
    assert_eq!(log.levels, [Level::Info, Level::Error]);
}

#[tokio::test]
async fn noise_is_marked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, "GET /health 200\nGET /pay 200\n").unwrap();
    let config = Config { exclude: Some("/health".to_owned()), ..config(Local::File(path)) };
    let mut log = Followed::new(&config);
    log.until_text("GET /pay 200").await;
    assert_eq!(log.excluded, [true, false]);
}

#[tokio::test]
async fn a_burst_comes_whole_in_few_batches() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, "").unwrap();
    let mut log = followed(&path);
    log.until(|log| !log.states.is_empty()).await;
    append(&path, &numbered("line", 200_000));
    log.until_text("line 199999").await;
    assert_eq!((log.texts.len(), log.dropped), (200_000, 0));
    assert!(log.batches < 100, "{} batches", log.batches);
}

#[tokio::test]
async fn batches_keep_their_distance() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, "").unwrap();
    let mut log = followed(&path);
    log.until(|log| !log.states.is_empty()).await;
    let begun = Instant::now();
    let writer = std::thread::spawn(move || {
        let mut file = fs::File::options().append(true).open(path).unwrap();
        for number in 0..20_000 {
            writeln!(file, "line {number}").unwrap();
        }
    });
    log.until_text("line 19999").await;
    writer.join().unwrap();
    assert_eq!(log.texts.len(), 20_000);
    let most = begun.elapsed().as_millis() / 10 + 2;
    assert!(u128::from(log.batches) <= most, "{} batches in {most} times 10 ms", log.batches);
}

#[tokio::test]
async fn a_command_is_read_until_it_ends_and_started_again() {
    let mut log = command(&["sh", "-c", "echo out; echo 'disk is full' >&2; exit 3"]);
    log.until(|log| log.states.len() == 3).await;
    let [LogSourceState::Following, LogSourceState::Ended(trouble), LogSourceState::Following] = log.states.as_slice()
    else {
        panic!("{:?}", log.states);
    };
    assert!(trouble.why.contains("exit status: 3") && trouble.why.contains("disk is full"), "{trouble}");
    let mut texts: Vec<_> = log.texts.iter().zip(&log.levels).collect();
    texts.sort();
    assert_eq!(texts, [(&"disk is full".to_owned(), &Level::Warn), (&"out".to_owned(), &Level::Info)]);
}

#[tokio::test]
async fn words_of_a_command_are_no_shell_and_its_last_line_needs_no_newline() {
    let mut log = command(&["printf", "%s", "a; echo $HOME `id`"]);
    log.until_text("a; echo $HOME `id`").await;
}

#[tokio::test]
async fn a_missing_program_is_said_once() {
    let mut log = command(&["/nowhere/journalctl", "-f"]);
    log.until(|log| !log.states.is_empty()).await;
    let [LogSourceState::Ended(trouble)] = log.states.as_slice() else { panic!("{:?}", log.states) };
    assert!(trouble.what.contains("/nowhere/journalctl"), "{trouble}");
    assert!(trouble.why.contains("no such program"), "{trouble}");
}

#[tokio::test]
async fn a_command_and_its_children_are_gone_when_the_stream_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let pids = folder.path().join("pids");
    let script =
        format!("sleep 600 & echo $! > {0}.tmp; echo $$ >> {0}.tmp; mv {0}.tmp {0}; echo up; wait", pids.display());
    let mut log = command(&["sh", "-c", &script]);
    log.until_text("up").await;
    let pids: Vec<String> = fs::read_to_string(pids).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(pids.len(), 2);
    drop(log);
    let deadline = Instant::now() + Duration::from_secs(10);
    while pids.iter().any(|pid| is_running(pid)) {
        assert!(Instant::now() < deadline, "still running");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_probe_says_whether_the_source_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    let probe = |origin| {
        let source = source(&config(origin)).unwrap();
        async move { source.probe().await }
    };
    assert!(probe(Local::File(path.clone())).await.unwrap_err().why.contains("no such file"));
    assert!(probe(Local::File(folder.path().to_owned())).await.unwrap_err().why.contains("directory"));
    fs::write(&path, "12345").unwrap();
    assert!(probe(Local::File(path)).await.unwrap().contains("5 bytes"));
    assert!(probe(Local::Command(vec!["sh".to_owned()])).await.unwrap().contains("/sh"));
    assert!(probe(Local::Command(vec!["no-such-program".to_owned()])).await.is_err());
    assert!(source(&config(Local::Command(Vec::new()))).is_err());
}

fn config(origin: Local) -> Config {
    super::config(Arc::new(origin))
}

/// So many lines: `line 0`, `line 1` ...
fn numbered(word: &str, count: u32) -> String {
    (0..count).map(|number| format!("{word} {number}\n")).collect::<Vec<_>>().concat()
}

fn append(path: &Path, text: &str) {
    fs::File::options().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// Gone, or ended and not yet collected.
fn is_running(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z"))
}

fn followed(path: &Path) -> Followed {
    Followed::new(&config(Local::File(path.to_owned())))
}

fn command(words: &[&str]) -> Followed {
    Followed::new(&config(Local::Command(words.iter().map(|word| (*word).to_owned()).collect())))
}
