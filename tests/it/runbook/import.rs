//! `flightdeck import` from the outside: files, what it says, how it ends.

use std::path::Path;
use std::process::Output;

use crate::cli::{flightdeck, text};

fn import(state: &Path, arguments: &[&str]) -> Output {
    flightdeck(state, &[&["import"], arguments].concat())
}

#[test]
fn a_draft_is_written_beside_the_runbook_and_checks_without_a_hand_on_it() {
    let state = tempfile::tempdir().unwrap();
    for name in ["dual-router.md", "staged.md", "promotion.md", "cutover.md", "canary.md", "latin1.md", "empty.md"] {
        let runbook = state.path().join(name);
        std::fs::copy(Path::new("tests/it/runbook").join(name), &runbook).unwrap();
        let said = import(state.path(), &[runbook.to_str().unwrap()]);
        let all = format!("{}{}", text(&said.stdout), text(&said.stderr));
        assert_eq!(said.status.code(), Some(0), "{name}: {all}");
        let profile = runbook.with_extension("toml");
        assert!(all.contains(&format!("flightdeck check {}", profile.display())), "{name}: {all}");
        let checked = flightdeck(state.path(), &["check", profile.to_str().unwrap()]);
        let all = format!("{}{}", text(&checked.stdout), text(&checked.stderr));
        assert_eq!(checked.status.code(), Some(0), "{name}: {all}");
    }
}

#[test]
fn it_says_what_it_came_to_and_where_it_did_not_understand() {
    let state = tempfile::tempdir().unwrap();
    let said = import(state.path(), &["tests/it/runbook/canary.md", "--out", "-"]);
    assert!(text(&said.stdout).starts_with("# Drafted from canary.md"));
    for words in [
        "28 items (4 with a box), 14 commands, 2 links",
        "10 steps proposed (3 of traffic), 5 guards and 2 times in comments, to be checked by a person",
        "6 passages below a procedure not understood",
        "lines 9, 38, 56, 77, 82, 114",
    ] {
        assert!(text(&said.stderr).contains(words), "{words}: {}", text(&said.stderr));
    }
}

#[test]
fn secrets_and_what_is_there_already_are_left_alone() {
    let state = tempfile::tempdir().unwrap();
    let runbook = state.path().join("secret.md");
    std::fs::write(&runbook, "## Deploy\n- run it\n\n```sh\nexport DB_PASSWORD=hunter2\n```\n").unwrap();
    let said = import(state.path(), &[runbook.to_str().unwrap()]);
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
    assert!(text(&said.stdout).contains("1 secret left out"), "{}", text(&said.stdout));
    let drafted = std::fs::read_to_string(state.path().join("secret.toml")).unwrap();
    assert!(!drafted.contains("hunter2") && drafted.contains("DB_PASSWORD=<secret>"), "{drafted}");
    std::fs::write(state.path().join("secret.toml"), "mine").unwrap();
    let said = import(state.path(), &[runbook.to_str().unwrap()]);
    assert_eq!(said.status.code(), Some(2));
    assert!(text(&said.stderr).contains("--out"), "{}", text(&said.stderr));
    assert_eq!(std::fs::read_to_string(state.path().join("secret.toml")).unwrap(), "mine");
    let said = import(state.path(), &["/nowhere/runbook.md"]);
    assert_eq!(said.status.code(), Some(2));
    assert!(text(&said.stderr).contains("/nowhere/runbook.md"));
}
