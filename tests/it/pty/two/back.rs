//! The way back from either cockpit, whatever became of the other one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::call::Call;
use crate::support::cockpit::Cockpit;
use crate::support::door::When;
use crate::support::nats::Nats;

#[test]
fn the_copilot_rolls_back_while_the_driver_is_stopped_who_then_sends_nothing_more() {
    let call = Call::on_nats(Nats::three(), "");
    let (mut ana, mut raj) = call.pair();
    sends_and_is_stopped(&call, &mut ana, || {});
    raj.reads("50 / 50");
    call.blue_has(50.0);
    raj.press_until("R", "takes the place of the change to 50 / 50");
    raj.confirm("roll back");
    raj.shows(&["raj (you) drives", "back to 100 / 0", "✓ edge-1 verified"]);
    call.blue_has(100.0);
    call.record_with(&["2 changes", "1 rollback", "Stopped by the rollback"]);
    assert_eq!(call.door.changes(), 2, "the step and the way back");
    ana.pty.signal(Signal::CONT);
    ana.shows(&["raj drives  ana (you) copilot"]);
    ana.reads("100 / 0");
    ana.is_told("n", "raj has the controls: A asks for them");
    raj.shows(&["raj (you) drives  ana copilot"]);
    call.blue_has(100.0);
    assert_eq!(call.door.changes(), 2, "she sends nothing more");
    call.record_with(&["2 changes", "1 rollback"]);
    ana.quit();
    raj.quit();
    call.end();
}

#[test]
fn what_the_stopped_driver_had_sent_and_comes_late_is_found_and_answered_by_the_copilot() {
    let call = Call::on_nats(Nats::three(), "");
    let (mut ana, mut raj) = call.pair();
    let (go, goes) = mpsc::channel();
    sends_and_is_stopped(&call, &mut ana, move || goes.recv_timeout(Duration::from_mins(1)).unwrap());
    raj.press_until("R", "takes the place of the change to 50 / 50");
    raj.confirm("roll back");
    raj.shows(&["raj (you) drives", "back to 100 / 0", "✓ edge-1 verified"]);
    go.send(()).unwrap();
    call.blue_gets(50.0);
    raj.has_been_told("edge-1 applied a change after its time-out");
    ana.pty.signal(Signal::CONT);
    ana.shows(&["raj drives  ana (you) copilot"]);
    // It undid the way back: that is drift, and stands on both screens until somebody answers.
    for cockpit in [&mut ana, &mut raj] {
        cockpit.shows(&["50 / 50", "drifted", "put back, accept or roll back"]);
    }
    raj.press_until("R", "╭ Roll back");
    raj.confirm("roll back");
    call.blue_gets(100.0);
    for cockpit in [&ana, &raj] {
        cockpit.reads("100 / 0");
    }
    assert_eq!(call.door.changes(), 3, "the step, late, and twice the way back");
    call.record_with(&["edge-1 took change 1 after its time-out", "2 rollbacks"]);
    ana.quit();
    raj.quit();
    call.end();
}

/// Sends the next step; in the middle of it the process is stopped. HAProxy hears the change once `then` is over.
fn sends_and_is_stopped(call: &Call, driver: &mut Cockpit, then: impl FnOnce() + Send + 'static) {
    let pid = Pid::from_raw(i32::try_from(driver.pty.pid()).unwrap()).unwrap();
    let stopped = Arc::new(AtomicBool::new(false));
    let is_stopped = Arc::clone(&stopped);
    call.door.at_the_next_change(When::BeforeItIsHeard, move || {
        kill_process(pid, Signal::STOP).unwrap();
        is_stopped.store(true, Ordering::SeqCst);
        then();
    });
    driver.keys("n");
    driver.pty.wait_for("y send");
    driver.confirm_until("the change", || stopped.load(Ordering::SeqCst));
}
