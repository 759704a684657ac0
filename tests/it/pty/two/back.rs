//! The way back from either cockpit, whatever became of the other one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::call::Crew;
use crate::support::cockpit::Cockpit;
use crate::support::door::When;
use crate::support::nats::Nats;

#[test]
fn the_copilot_rolls_back_while_the_driver_is_stopped_who_then_sends_nothing_more() {
    let crew = Crew::on_nats(Nats::three(), "");
    let (mut ana, mut raj) = crew.pair();
    sends_and_is_stopped(&crew, &mut ana, || {});
    raj.reads("50 / 50");
    crew.blue_has(50.0);
    raj.press_until("R", "takes the place of the change to 50 / 50");
    raj.confirm("roll back");
    raj.shows(&["raj (you) drives", "back to 100 / 0", "✓ edge-1 verified"]);
    crew.blue_has(100.0);
    crew.record_with(&["2 changes", "1 rollback", "Stopped by the rollback"]);
    assert_eq!(crew.door.changes(), 2, "the step and the way back");
    ana.pty.signal(Signal::CONT);
    ana.shows(&["raj drives  ana (you) copilot"]);
    ana.reads("100 / 0");
    ana.is_told("n", "raj has the controls: A asks for them");
    raj.shows(&["raj (you) drives  ana copilot"]);
    crew.blue_has(100.0);
    assert_eq!(crew.door.changes(), 2, "she sends nothing more");
    crew.record_with(&["2 changes", "1 rollback"]);
    ana.quit();
    raj.quit();
    crew.end();
}

#[test]
fn what_the_stopped_driver_had_sent_and_comes_late_is_found_and_answered_by_the_copilot() {
    let crew = Crew::on_nats(Nats::three(), "");
    let (mut ana, mut raj) = crew.pair();
    let (go, goes) = mpsc::channel();
    sends_and_is_stopped(&crew, &mut ana, move || goes.recv_timeout(Duration::from_mins(1)).unwrap());
    raj.press_until("R", "takes the place of the change to 50 / 50");
    raj.confirm("roll back");
    raj.shows(&["raj (you) drives", "back to 100 / 0", "✓ edge-1 verified"]);
    go.send(()).unwrap();
    crew.blue_gets(50.0);
    raj.has_been_told("edge-1 applied a change after its time-out");
    ana.pty.signal(Signal::CONT);
    ana.shows(&["raj drives  ana (you) copilot"]);
    ana.reads("50 / 50");
    raj.press_until("R", "╭ Roll back");
    raj.confirm("roll back");
    crew.blue_gets(100.0);
    for cockpit in [&ana, &raj] {
        cockpit.reads("100 / 0");
    }
    assert_eq!(crew.door.changes(), 3, "the step, late, and twice the way back");
    crew.record_with(&["edge-1 took change 1 after its time-out", "2 rollbacks"]);
    ana.quit();
    raj.quit();
    crew.end();
}

/// Sends the next step; in the middle of it the process is stopped. HAProxy hears the change once `then` is over.
fn sends_and_is_stopped(crew: &Crew, driver: &mut Cockpit, then: impl FnOnce() + Send + 'static) {
    let pid = Pid::from_raw(i32::try_from(driver.pty.pid()).unwrap()).unwrap();
    let stopped = Arc::new(AtomicBool::new(false));
    let is_stopped = Arc::clone(&stopped);
    crew.door.at_the_next_change(When::BeforeItIsHeard, move || {
        kill_process(pid, Signal::STOP).unwrap();
        is_stopped.store(true, Ordering::SeqCst);
        then();
    });
    driver.keys("n");
    driver.pty.wait_for("y send");
    driver.confirm_until("the change", || stopped.load(Ordering::SeqCst));
}
