//! The kind `command`: real programs, as they are written.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use flightdeck::domain::check::{Answer, Asking, Verdict};

use super::contract::{CARD, PATIENT};
use super::{asking, asking_after, check, line, shown};

/// A script in a folder of its own.
struct Script {
    folder: tempfile::TempDir,
}

impl Script {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ask");
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    async fn ask_with(&self, keys: &str, timeout: Duration, asking: &Asking) -> Answer {
        let keys = format!("kind = \"command\"\nrun = [\"{}\", \"$HOME; id\"]\n{keys}", self.path("ask"));
        check(&keys, timeout).ask(asking).await
    }

    async fn ask(&self, keys: &str) -> Answer {
        self.ask_with(keys, PATIENT, &asking()).await
    }
}

#[tokio::test]
async fn exit_codes_pass_fail_and_cannot_tell() {
    use Verdict::{Fail, Inconclusive, Pass};
    for (code, keys, verdict) in [
        (0, "", Pass),
        (1, "", Fail),
        (3, "pass = [0, 3]", Pass),
        (75, "unsure = [75]", Inconclusive),
        (127, "", Inconclusive),
    ] {
        let answer = Script::new(&format!("echo it is so; exit {code}")).ask(keys).await;
        assert_eq!(answer.verdict, verdict, "{code} {keys}: {}", shown(&answer));
        assert!(line(&answer, "exit code").starts_with(&code.to_string()));
        assert_eq!(line(&answer, "output"), "it is so");
    }
}

#[tokio::test]
async fn its_output_is_matched() {
    let script = Script::new("echo '3 of 3 replicas'");
    let answer = script.ask("matches = \"^([0-9]+) of \\\\d replicas$\"").await;
    // A line's end is no part of the line for people, and is one for a pattern.
    assert_eq!(answer.verdict, Verdict::Fail, "{}", shown(&answer));
    assert_eq!(script.ask("matches = \"^3 of 3\"").await.verdict, Verdict::Pass);
    assert_eq!(Script::new("true").ask("matches = \"x\"").await.verdict, Verdict::Inconclusive);
}

#[tokio::test]
async fn nothing_is_filled_in_and_no_shell_reads_it() {
    let answer = Script::new("printf '%s' \"$1\"").ask("matches = \"^[$]HOME; id$\"").await;
    assert_eq!(answer.verdict, Verdict::Pass, "{}", shown(&answer));
    assert!(line(&answer, "command").ends_with("$HOME; id"));
}

#[tokio::test]
async fn what_cannot_be_started_is_inconclusive_and_says_so() {
    let keys = "kind = \"command\"\nrun = [\"/nowhere/ask\"]";
    let answer = check(keys, PATIENT).ask(&asking()).await;
    assert_eq!(answer.verdict, Verdict::Inconclusive);
    assert!(answer.words.starts_with("it cannot be started: "), "{}", answer.words);
    let trouble = check(keys, PATIENT).probe(asking().now).await.unwrap_err().to_string();
    assert!(trouble.contains("/nowhere/ask"), "{trouble}");
}

#[tokio::test]
async fn looking_whether_it_is_there_does_not_run_it() {
    let script = Script::new("touch \"$(dirname \"$0\")/was-run\"");
    let keys = format!("kind = \"command\"\nrun = [\"{}\"]", script.path("ask"));
    let found = check(&keys, PATIENT).probe(asking().now).await.unwrap();
    assert!(found.contains("it is not run now"), "{found}");
    assert!(!Path::new(&script.path("was-run")).exists());
}

#[tokio::test]
async fn when_its_time_is_over_it_is_killed_with_all_that_it_started() {
    let script = Script::new("sleep 300 & echo $! > \"$(dirname \"$0\")/child\"; wait");
    let begun = Instant::now();
    let answer = script.ask_with("", Duration::from_millis(700), &asking()).await;
    assert_eq!(answer.verdict, Verdict::Inconclusive, "{}", shown(&answer));
    assert!(answer.words.contains("it was killed"), "{}", answer.words);
    assert!(begun.elapsed() < PATIENT / 2);
    let child = std::fs::read_to_string(script.path("child")).unwrap();
    let state = format!("/proc/{}/stat", child.trim());
    let limit = Instant::now() + PATIENT;
    // Gone, or dead and not buried yet.
    while std::fs::read_to_string(&state).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(Instant::now() < limit, "the child lives on");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_it_says_is_masked_and_harmless() {
    let answer = Script::new(&format!(
        "printf 'card {CARD} \\033[2J of ana@example.com\\n'; echo 'password=hunter2' >&2; exit 1"
    ));
    let answer = answer.ask("").await;
    let all = shown(&answer);
    for hidden in [CARD, "ana@example.com", "hunter2", "\u{1b}"] {
        assert!(!all.contains(hidden), "{all}");
    }
    assert!(all.contains("••••1111"), "{all}");
}

#[tokio::test]
async fn a_count_is_held_against_the_one_at_the_beginning() {
    let script = Script::new("echo 'rows: 412 (in 3 ms)'");
    let keys = "same_as_before = true\nvalue = \"rows: ([0-9]+)\"";
    let first = script.ask(keys).await;
    assert_eq!((first.verdict, first.value.as_deref()), (Verdict::Pass, Some("412")));
    let same = script.ask_with(keys, PATIENT, &asking_after("412")).await;
    assert_eq!((same.verdict, same.words.as_str()), (Verdict::Pass, "412, as before"));
    let other = script.ask_with(keys, PATIENT, &asking_after("411")).await;
    assert_eq!((other.verdict, other.words.as_str()), (Verdict::Fail, "412, before it was 411"));
    let none = script.ask("same_as_before = true\nvalue = \"lines: ([0-9]+)\"").await;
    assert_eq!(none.verdict, Verdict::Inconclusive);
}
