//! What commands answer where there is nothing to fly, and how they end.

use super::{flightdeck, text};

#[test]
fn the_schema_is_one() {
    let state = tempfile::tempdir().unwrap();
    let said = flightdeck(state.path(), &["schema"]);
    let schema: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(said.status.code(), Some(0));
    assert!(schema["properties"]["router"].is_object(), "{schema}");
}

#[test]
fn each_failure_has_its_code_and_says_what_to_do() {
    let state = tempfile::tempdir().unwrap();
    let broken = state.path().join("broken.toml");
    std::fs::write(&broken, "service = 1\nenvironment = \"prod\"\nnonsense = true\n").unwrap();
    let broken = broken.to_str().unwrap();
    for (arguments, code, words) in [
        (vec![], 2, "flightdeck demo"),
        (vec!["fly"], 2, "unrecognized subcommand"),
        (vec!["open"], 2, "<PROFILE>"),
        (vec!["check", "/nowhere/profile.toml"], 3, "/nowhere/profile.toml"),
        (vec!["check", broken], 3, "nonsense"),
        (vec!["open", broken], 3, "nonsense"),
        (vec!["status", broken], 3, "nonsense"),
        (vec!["rollback", broken], 3, "nonsense"),
        (vec!["record"], 7, "no session latest"),
        (vec!["record", "0193a5c2"], 7, "flightdeck sessions"),
        (vec!["open", "--theme", "neon", broken], 2, "high-contrast"),
    ] {
        let said = flightdeck(state.path(), &arguments);
        let all = format!("{}{}", text(&said.stdout), text(&said.stderr));
        assert_eq!(said.status.code(), Some(code), "{arguments:?}: {all}");
        assert!(all.contains(words), "{arguments:?} does not say `{words}`: {all}");
    }
}

#[test]
fn a_session_that_needs_a_ticket_is_not_opened_without_one_that_fits() {
    let state = tempfile::tempdir().unwrap();
    let profile = state.path().join("profile.toml");
    let text_of = "service = \"app\"\nenvironment = \"test\"\nnew = \"blue\"\n[pools.blue]\n[pools.green]\n\
                   [confirm]\nticket = \"PAY-[0-9]+\"\nreason = true\n";
    std::fs::write(&profile, text_of).unwrap();
    let profile = profile.to_str().unwrap();
    for (arguments, words) in [
        (vec!["open", profile], "asks for a ticket; name it with --ticket, one that fits PAY-[0-9]+"),
        (vec!["open", profile, "--ticket", "OPS-1", "--reason", "x"], "the ticket OPS-1 does not fit PAY-[0-9]+"),
        (vec!["open", profile, "--ticket", "PAY-17"], "asks for a reason; say it with --reason"),
    ] {
        let said = flightdeck(state.path(), &arguments);
        let all = format!("{}{}", text(&said.stdout), text(&said.stderr));
        assert_eq!(said.status.code(), Some(7), "{arguments:?}: {all}");
        assert!(all.contains(words), "{arguments:?} does not say `{words}`: {all}");
    }
    let said = flightdeck(state.path(), &["sessions"]);
    assert!(!text(&said.stdout).contains("app"), "no session was opened");
}

#[test]
fn every_problem_of_a_profile_is_told_at_once() {
    let state = tempfile::tempdir().unwrap();
    let broken = state.path().join("broken.toml");
    std::fs::write(&broken, "service = 1\nnonsense = true\n").unwrap();
    let said = text(&flightdeck(state.path(), &["check", broken.to_str().unwrap()]).stderr);
    for place in ["broken.toml:1:", "broken.toml:2:", "environment"] {
        assert!(said.contains(place), "{place}: {said}");
    }
}

#[test]
fn check_looks_whether_each_check_can_be_asked() {
    let state = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let there = listener.local_addr().unwrap();
    let profile = state.path().join("profile.toml");
    let text_of = format!(
        "service = \"app\"\nenvironment = \"test\"\nnew = \"blue\"\n[pools.blue]\n[pools.green]\n\
         [[check]]\nname = \"database\"\nkind = \"tcp\"\nat = \"{there}\"\n\
         [[check]]\nname = \"page\"\nkind = \"http\"\nat = \"unix:/nowhere/page.sock\"\n\
         [[check]]\nname = \"rows\"\nkind = \"command\"\nrun = [\"/bin/false\"]\n\
         [[check]]\nname = \"old\"\nkind = \"command\"\nrun = [\"/nowhere/old\"]\n"
    );
    std::fs::write(&profile, text_of).unwrap();
    let said = flightdeck(state.path(), &["check", profile.to_str().unwrap()]);
    let all = format!("{}{}", text(&said.stdout), text(&said.stderr));
    assert_eq!(said.status.code(), Some(4), "{all}");
    let line = |name: &str| {
        let found = all.lines().find(|line| line.contains(&format!(" check {name}: ")));
        found.unwrap_or_else(|| panic!("nothing of {name}: {all}")).to_owned()
    };
    assert!(line("database").starts_with("✓ check database: it answers; now it would pass: connected in "), "{all}");
    // It is not run: whether it passes is asked in a session.
    assert!(line("rows").starts_with("✓ check rows: /bin/false is there"), "{all}");
    for (name, words) in [("page", "GET unix:/nowhere/page.sock/"), ("old", "/nowhere/old")] {
        // What was tried, what came, what to do.
        assert!(line(name).starts_with("✗ ") && line(name).contains(words) && line(name).contains("; "), "{all}");
    }
    drop(listener);
}

#[test]
fn no_session_yet_is_no_failure() {
    let state = tempfile::tempdir().unwrap();
    let said = flightdeck(state.path(), &["sessions"]);
    assert_eq!((said.status.code(), text(&said.stdout)), (Some(0), String::new()));
    assert!(text(&said.stderr).contains("flightdeck open PROFILE"));
}

#[test]
fn the_readme_lists_every_exit_code() {
    let readme = include_str!("../../../README.md");
    for (code, meaning) in flightdeck::error::Exit::TABLE {
        assert!(readme.contains(&format!("| {code} | {meaning} |")), "{code} {meaning}");
    }
}

#[test]
fn check_tells_which_windows_are_open_and_a_closed_one_is_no_fault() {
    let state = tempfile::tempdir().unwrap();
    let profile = state.path().join("windows.toml");
    std::fs::write(
        &profile,
        "service = \"archive\"\nenvironment = \"test\"\n[[step]]\nname = \"Copy\"\npause = \"Copy it.\"\n\
         [[window]]\nname = \"the century\"\nrule = \"block\"\nwhen = \"2020-01-01 to 2098-12-31 UTC\"\n\
         [[window]]\nname = \"always\"\nrule = \"allow\"\nsteps = \"deploy\"\nwhen = \"2020-01-01 to 2098-12-31 UTC\"\n",
    )
    .unwrap();
    let said = flightdeck(state.path(), &["check", profile.to_str().unwrap()]);
    let all = text(&said.stdout);
    assert_eq!(said.status.code(), Some(0), "{all}");
    assert!(all.contains("– window: the century blocks: ends in "), "{all}");
    assert!(all.contains("at 2099-01-01 00:00 UTC (shift, deploy, pause)"), "{all}");
    assert!(all.contains("✓ window: always closes in ") && all.contains("(deploy)"), "{all}");
}
