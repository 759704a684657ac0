//! Acts and faults of the built-in world, from the palette to the screen.

use std::time::Duration;

use crate::support::pty::{Pty, tells};

fn demo() -> Pty {
    let pty = Pty::flightdeck(&["demo", "--fast"], (120, 36));
    pty.wait_for("ana drives");
    pty.wait_for("50 / 50");
    pty
}

/// The error rate of the pool whose mark this is, in percent, as the metrics pane shows it.
fn errors(screen: &vt100::Screen, mark: char) -> Option<f64> {
    let text = screen.contents();
    let mut lines = text.lines().skip_while(|line| !line.contains("Metrics"));
    let shown = lines.find(|line| line.contains(&format!("{mark} ")) && line.contains('%'))?;
    shown.split(mark).nth(1)?.split('%').next()?.trim().parse().ok()
}

#[test]
fn a_new_version_that_fails_raises_the_error_rate_of_its_pool() {
    let mut pty = demo();
    pty.palette("deploy blue", "deploy to blue");
    pty.wait_for("deploying 2.5.0 to blue");
    pty.wait_until("a line of the new version", |screen| tells(screen, "blue-", "2.5.0"));
    pty.palette("new fails", "new version fails");
    pty.wait_for("2.5.0 fails now and then");
    pty.wait_until("errors of blue", |screen| errors(screen, '▲').is_some_and(|percent| percent > 1.0));
    pty.wait_until("no errors of green", |screen| errors(screen, '●').is_some_and(|percent| percent < 1.0));
}

#[test]
fn a_router_that_hangs_is_shown_as_silent_and_its_change_as_unknown() {
    let mut pty = demo();
    pty.palette("hang", "edge-1 hangs");
    pty.wait_for("edge-1 no longer answers");
    pty.wait_for("LIVE 1 of 2");
    pty.wait_for("no answer");
    // A forward act wants a fresh reading of every router, and the dialog says so instead of offering to send.
    pty.send("n");
    pty.wait_for("no fresh reading of edge-1");
    pty.wait_for("It cannot be done yet");
    assert!(!pty.text().contains("y send"), "{}", pty.text());
    pty.escape("It cannot be done yet");
    pty.palette("hang", "edge-1 hangs");
    pty.wait_until("both to answer", |screen| !screen.contents().contains("LIVE 1 of 2"));
    pty.send("n");
    pty.confirm("y send");
    pty.wait_for("Plan 1/10");
}

#[test]
fn what_happens_behind_the_operators_back_is_drift_and_can_be_put_back() {
    let mut pty = demo();
    pty.send("n");
    pty.confirm("y send");
    pty.wait_for("Plan 1/10");
    pty.palette("somebody", "somebody changes edge-2");
    pty.wait_for("edge-2 was changed outside: put back, accept or roll back");
    pty.send("d");
    pty.wait_for("Its weights were changed outside of this session.");
    pty.send("b");
    // Off the plan the target is typed.
    pty.wait_for("Type green 100 to send");
    pty.send("green 100\r");
    pty.wait_until("the drift to be over", |screen| !screen.contents().contains("was changed outside"));
    pty.palette("restarts", "edge-2 restarts");
    pty.wait_for("edge-2 was restarted and lost its weights");
    pty.send("R");
    pty.wait_for("╭ Roll back");
    pty.escape("╭ Roll back");
    pty.send("d");
    pty.wait_for("its runtime weights were lost");
    pty.send("a");
    pty.wait_for("Take the router as it is: why?");
    pty.send("it is to be so\r");
    pty.wait_until("the drift to be accepted", |screen| !screen.contents().contains("lost its weights"));
}

#[cfg(debug_assertions)]
#[test]
fn a_task_that_panics_is_told_and_the_deck_flies_on() {
    let mut pty = demo();
    pty.palette("panics", "a task panics");
    pty.wait_for("flightdeck has a fault: asked for in the palette");
    assert!(pty.is_raw());
    pty.wait_until("the screen to be held", vt100::Screen::alternate_screen);
    // It flies on: the next step is proposed, sent and verified.
    pty.send("n");
    pty.confirm("y send");
    pty.wait_for("Plan 1/10");
    pty.send("M");
    pty.wait_for("flies on, its own log has more");
    pty.escape("╭ Messages");
    pty.send("q");
    assert_eq!(pty.wait_for_end(Duration::from_mins(1)).exit_code(), 0);
    pty.assert_whole();
    let log = std::fs::read_dir(pty.state().join("log")).unwrap().flatten().map(|file| file.path());
    let log: String = log.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    assert!(log.contains("asked for in the palette") && log.contains("src/cli/demo.rs"), "{log}");
}
