//! The whole plan of the demo, flown by keys, and its story afterwards.

use std::time::Duration;

use crate::cli::{flightdeck, text};
use crate::support::pty::{Pty, tells};

#[test]
fn the_whole_plan_is_flown_with_one_key_a_step_and_the_record_tells_it() {
    let mut pty = Pty::flightdeck(&["demo", "--fast"], (120, 36));
    pty.wait_for("ana drives");
    pty.wait_for("50 / 50");

    step(&mut pty, 1, "y send");
    // Too early: the dialog says what stands against the next step and what makes it hold, and offers no key to send.
    pty.send("n");
    pty.wait_for("Deploy to blue done?");
    pty.wait_until("the gate or its end", |screen| {
        let shown = screen.contents();
        shown.contains("y record it as done")
            || (shown.contains("blue not drained") && shown.contains("wait for it, or o override, with a reason"))
    });
    pty.wait_for("y record it as done");
    pty.escape("y record it as done");
    deploy(&mut pty, "blue");
    step(&mut pty, 2, "y record it as done");
    // The items of the deployment stand against the next shift until they are ticked.
    pty.send("n");
    pty.wait_for("open: All three blue servers say the new version");
    pty.wait_for("Alt-2: tick it");
    pty.wait_for("It cannot be done yet");
    pty.escape("It cannot be done yet");
    tick(&mut pty, 8, 2);

    for done in 3..=6 {
        step(&mut pty, done, "y send");
    }
    pty.wait_for("✓ next: Deploy to green");
    deploy(&mut pty, "green");
    step(&mut pty, 7, "y record it as done");
    tick(&mut pty, 15, 4);
    for done in 8..=10 {
        step(&mut pty, done, "y send");
    }
    pty.send("C");
    pty.wait_for("what did it come to?");
    pty.send("both pools run 2.5.0\r");
    pty.wait_for("the session is closed: both pools run 2.5.0");
    pty.send("q");
    assert_eq!(pty.wait_for_end(Duration::from_mins(1)).exit_code(), 0);
    pty.assert_whole();

    let elsewhere = tempfile::tempdir().unwrap();
    let said = flightdeck(elsewhere.path(), &["record", "latest", "--state-dir", pty.state().to_str().unwrap()]);
    let story = text(&said.stdout);
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
    for words in [
        "ana",
        "2.4.0",
        "2.5.0",
        "Step drain-blue: 50 / 50 → 0 / 100",
        "did deploy-to-blue",
        "Step blue-10: 0 / 100 → 10 / 90",
        "Step blue-30: 10 / 90 → 30 / 70",
        "Step blue-50: 30 / 70 → 50 / 50",
        "Step blue-100: 50 / 50 → 100 / 0",
        "did deploy-to-green",
        "Step blue-90: 100 / 0 → 90 / 10",
        "Step blue-70: 90 / 10 → 70 / 30",
        "Step blue-50-again: 70 / 30 → 50 / 50",
        "8 changes, 8 verified everywhere",
        "blue is drained | weight 0 read back: 0, quiet",
        "green is drained | weight 0 read back: 0, quiet",
        "All three green servers say the new version",
        "held: soak 0:02 of 0:02",
        "both pools run 2.5.0",
    ] {
        assert!(story.contains(words), "the record does not tell `{words}`:\n{story}");
    }
}

/// One key for the step, one for its confirmation; the dialog waits until every gate holds.
fn step(pty: &mut Pty, done: usize, words: &str) {
    pty.send("n");
    pty.confirm(words);
    pty.wait_for(&format!("Plan {done}/10"));
}

/// Deploys, and looks into the log for the last server's word that it runs the new version.
fn deploy(pty: &mut Pty, pool: &str) {
    pty.palette(&format!("deploy {pool}"), &format!("deploy to {pool}"));
    pty.send("/");
    pty.wait_for("Filter the logs");
    pty.send(&format!("\x15noise:show /{pool}-3.*2.5.0/\r"));
    pty.wait_until("the last server", |screen| tells(screen, &format!("{pool}-3"), "2.5.0"));
}

/// Ticks two items, the first of which stands so many rows below the top of the checklist.
fn tick(pty: &mut Pty, row: usize, ticked: usize) {
    pty.send("\x1b2");
    pty.send(&format!("g{} j j", "j".repeat(row)));
    pty.wait_for(&format!("Checklist {ticked}/16"));
}
