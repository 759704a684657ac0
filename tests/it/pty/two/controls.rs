//! Who drives: one plan on two screens, controls that are handed over, people who fall silent and come back.

use std::time::Duration;

use rustix::process::Signal;

use crate::support::call::{Call, F6, IMPATIENT};
use crate::support::nats::Nats;

#[test]
fn one_plan_is_on_both_screens_and_the_controls_are_handed_over() {
    let call = Call::on_nats(Nats::three(), "");
    let (mut ana, mut raj) = call.pair();
    ana.shift();
    raj.step_is_over();
    for cockpit in [&ana, &raj] {
        cockpit.reads("50 / 50");
        cockpit.shows(&["◉ Half", "next: A quarter"]);
    }
    call.blue_has(50.0);
    // Ticking needs no controls, and both see who did it.
    raj.keys("\x1b2j ");
    for cockpit in [&ana, &raj] {
        cockpit.pty.wait_until("raj's tick", |screen| {
            screen.contents().lines().any(|line| line.contains("✓ Everybody is here") && line.contains("raj"))
        });
    }
    raj.is_told("n", "ana has the controls: A asks for them");
    ana.press_until("O", "y offer them");
    ana.confirm("offer them");
    raj.shows(&["ana offers you the controls"]);
    raj.press_until(F6, "next step: A quarter");
    raj.confirm("take the controls");
    raj.shows(&["raj (you) drives  ana copilot"]);
    ana.shows(&["raj drives  ana (you) copilot"]);
    ana.is_told("n", "raj has the controls: A asks for them");
    raj.shift();
    ana.step_is_over();
    for cockpit in [&ana, &raj] {
        cockpit.reads("25 / 75");
        cockpit.shows(&["next: All on green"]);
    }
    call.blue_has(25.0);
    call.record_with(&[
        "offered raj the controls",
        "handed over by ana",
        "2 changes, 2 verified everywhere",
        "| raj | joined |",
    ]);
    ana.quit();
    raj.has_been_told("ana left: quit");
    raj.quit();
    call.end();
}

#[test]
fn from_a_driver_who_fell_silent_the_controls_are_taken_over() {
    let call = Call::on_nats(Nats::three(), IMPATIENT);
    let (mut ana, mut raj) = call.pair();
    ana.shift();
    raj.step_is_over();
    raj.reads("50 / 50");
    ana.pty.signal(Signal::STOP);
    raj.shows(&["ana drives, not here"]);
    raj.press_until("A", "Ask for the controls");
    raj.keys("ana does not answer\r");
    raj.shows(&["take them"]);
    raj.press_until(F6, "y take the controls");
    raj.confirm("take the controls");
    raj.shows(&["raj (you) drives"]);
    raj.shift();
    call.blue_has(25.0);
    ana.pty.signal(Signal::CONT);
    ana.step_is_over();
    ana.shows(&["raj drives  ana (you) copilot"]);
    ana.reads("25 / 75");
    ana.is_told("n", "raj has the controls: A asks for them");
    raj.shows(&["raj (you) drives  ana copilot"]);
    call.blue_has(25.0);
    call.record_with(&["asked for the controls", "ana does not answer", "2 changes, 2 verified everywhere"]);
    ana.quit();
    raj.quit();
    call.end();
}

#[test]
fn a_driver_whose_process_is_gone_leaves_the_controls_to_whoever_takes_them() {
    let call = Call::on_nats(Nats::three(), IMPATIENT);
    let (mut ana, mut raj) = call.pair();
    ana.shift();
    raj.step_is_over();
    raj.reads("50 / 50");
    ana.pty.signal(Signal::KILL);
    ana.pty.wait_for_end(Duration::from_mins(1));
    // Both are on this host: here it is certain that she is gone.
    raj.shows(&["ana had the controls and is gone: nobody drives"]);
    raj.press_until("t", "raj (you) drives");
    raj.shift();
    let mut ana = call.join("ana", &[]);
    ana.shows(&["raj drives  ana (you) copilot"]);
    ana.reads("25 / 75");
    ana.is_told("n", "raj has the controls: A asks for them");
    call.record_with(&["took the controls", "2 changes, 2 verified everywhere"]);
    ana.quit();
    raj.quit();
    call.end();
}
