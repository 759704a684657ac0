//! Faults in the middle of a change on one of two routers, of flightdeck itself, and what happens behind its back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::cockpit::{Cockpit, Shape, Site, assert_percent, head, router, shift};
use crate::support::door::{Door, When};
use crate::support::haproxy::{Haproxy, Layout, wait};
use crate::support::pool::Pool;

const POOLS: [&str; 2] = ["blue", "green"];

/// Two HAProxy processes, all traffic on blue; faults come to the second.
struct World {
    blue: Pool,
    _green: Pool,
    one: Haproxy,
    two: Arc<Mutex<Haproxy>>,
    door: Door,
    site: Site,
}

impl World {
    fn new(shape: Shape) -> Self {
        Self::timed(shape, "router_timeout = \"1s\"")
    }

    fn timed(shape: Shape, timing: &str) -> Self {
        let (blue, green) = (Pool::start("blue", 2), Pool::start("green", 2));
        let (at_blue, at_green) = (blue.addresses(), green.addresses());
        let layout = match shape {
            Shape::A => Layout::A { blue: &at_blue, green: &at_green },
            Shape::B => Layout::B { blue: &at_blue, green: &at_green },
            Shape::C => Layout::C { blue: &at_blue, green: &at_green },
        };
        let (one, two) = (Haproxy::start(layout), Haproxy::start(layout));
        let door = Door::to(two.admin_socket());
        let profile = head(&POOLS)
            + &format!("[timing]\n{timing}\n")
            + &router("edge-1", &one.admin_socket(), &one, shape, &POOLS)
            + &router("edge-2", &door.path(), &two, shape, &POOLS)
            + &shift("Half", "blue = 50", "")
            + &shift("All on green", "blue = 0", "");
        Self { blue, _green: green, one, two: Arc::new(Mutex::new(two)), door, site: Site::new(&profile) }
    }

    /// In the middle of the next change this happens to the second HAProxy.
    fn at_the_next_change(&self, when: When, fault: impl FnOnce(&mut Haproxy) + Send + 'static) {
        let two = Arc::clone(&self.two);
        self.door.at_the_next_change(when, move || fault(&mut two.lock().unwrap()));
    }

    /// What HAProxy itself has, on both.
    fn blue_has(&self, one: f64, two: f64) {
        assert_percent(&self.one, "blue", one);
        assert_percent(&self.two.lock().unwrap(), "blue", two);
    }

    fn two(&self, act: impl FnOnce(&mut Haproxy)) {
        act(&mut self.two.lock().unwrap());
    }

    /// Flies the first step, which does not come about everywhere, and opens the dialog that says so.
    fn half_done(&self) -> Cockpit {
        let mut cockpit = self.site.open();
        cockpit.next("send");
        cockpit.shows(&["50 / 50 is not done everywhere: edge-2 not verified"]);
        cockpit.press_until("x", "retry what is not verified");
        cockpit
    }
}

#[test]
fn a_router_killed_in_the_middle_is_retried_when_it_is_back() {
    let world = World::new(Shape::A);
    world.at_the_next_change(When::BeforeItIsHeard, Haproxy::kill);
    let mut cockpit = world.half_done();
    cockpit.shows(&["edge-1  ✓ verified", "edge-2  ? unknown, asking again", "last known 100 / 0"]);
    assert_percent(&world.one, "blue", 50.0);
    cockpit.press_until("r", "edge-2  ✗ not sent");
    world.two(Haproxy::restart);
    cockpit.shows(&["edge-2  ✗ not sent", "reads 100 / 0"]);
    cockpit.press_until("r", "Plan 1/2");
    world.blue_has(50.0, 50.0);
    let record = world.site.record_with("edge-2 is another process");
    for told in ["unknown", "not sent", "sent once more to edge-2", "1 change, 1 verified everywhere"] {
        assert!(record.contains(told), "{told:?} is not told:\n{record}");
    }
}

#[test]
fn a_router_restarted_in_the_middle_differs_and_is_retried() {
    let world = World::new(Shape::A);
    world.at_the_next_change(When::BeforeItIsHeard, Haproxy::restart);
    let mut cockpit = world.half_done();
    cockpit.shows(&["edge-1  ✓ verified", "edge-2  ✗ differs: reads 100 / 0"]);
    world.blue_has(50.0, 100.0);
    cockpit.press_until("r", "Plan 1/2");
    world.blue_has(50.0, 50.0);
    world.site.record_with("edge-2 is another process");
}

#[test]
fn a_router_reloaded_in_the_middle_differs_and_everything_is_put_back() {
    let world = World::new(Shape::A);
    world.at_the_next_change(When::BeforeItIsAnswered, |two| two.reload());
    let mut cockpit = world.half_done();
    cockpit.shows(&["edge-1  ✓ verified", "edge-2  ✗ differs: reads 100 / 0"]);
    world.blue_has(50.0, 100.0);
    cockpit.press_until("b", "takes the place of the change to 50 / 50");
    cockpit.confirm("roll back");
    cockpit.shows(&["back to 100 / 0", "✓ edge-1 verified", "✓ edge-2 verified"]);
    world.blue_has(100.0, 100.0);
    let record = world.site.record_with("1 rollback");
    assert!(record.contains("Stopped by the rollback"), "{record}");
}

#[test]
fn a_router_that_says_no_has_failed_and_everything_is_put_back() {
    let world = World::new(Shape::A);
    // By the time of the change the socket is one that may only look.
    world.two(|two| world.door.lead_the_next_change_to(two.user_socket()));
    let mut cockpit = world.half_done();
    cockpit.shows(&["edge-1  ✓ verified", "edge-2  ✗ failed: ", "Permission denied", "reads 100 / 0"]);
    world.blue_has(50.0, 100.0);
    cockpit.press_until("b", "takes the place of the change to 50 / 50");
    cockpit.confirm("roll back");
    cockpit.shows(&["back to 100 / 0", "✓ edge-1 verified", "✓ edge-2 verified"]);
    world.blue_has(100.0, 100.0);
    let record = world.site.record_with("1 rollback");
    assert!(record.contains("refused 4 of 4 commands; the socket's level is not admin"), "{record}");
}

#[test]
fn a_stopped_router_that_takes_the_change_late_is_verified_late() {
    let world = World::new(Shape::B);
    world.at_the_next_change(When::BeforeItIsHeard, |two| two.stop());
    let cockpit = world.half_done();
    cockpit.shows(&["edge-1  ✓ verified", "edge-2  ? unknown, asking again", "last known 100 / 0"]);
    assert_percent(&world.one, "blue", 50.0);
    world.two(|two| two.cont());
    cockpit.shows(&["Plan 1/2"]);
    world.blue_has(50.0, 50.0);
    world.site.record_with("1 change, 1 verified everywhere");
}

#[test]
fn a_change_that_was_left_and_comes_true_late_is_noticed() {
    let world = World::new(Shape::B);
    world.at_the_next_change(When::BeforeItIsHeard, |two| two.stop());
    let mut cockpit = world.half_done();
    cockpit.shows(&["edge-2  ? unknown, asking again"]);
    cockpit.keys("l");
    cockpit.keys("edge-2 hangs\r");
    cockpit.shows(&["! Half"]);
    cockpit.hides("is not done everywhere");
    world.two(|two| two.cont());
    world.site.record_with("edge-2 took change 1 after its time-out");
    cockpit.keys("M");
    cockpit.shows(&["edge-2 applied a change after its time-out"]);
    world.blue_has(50.0, 50.0);
}

#[test]
fn rolling_back_in_the_middle_wins_over_what_a_stopped_router_takes_late() {
    let world = World::new(Shape::B);
    world.at_the_next_change(When::BeforeItIsHeard, |two| two.stop());
    let mut cockpit = world.site.open();
    cockpit.next("send");
    cockpit.shows(&["50 / 50 is not done everywhere: edge-2 not verified"]);
    cockpit.keys("R");
    cockpit.shows(&["takes the place of the change to 50 / 50", "edge-2 has no fresh reading"]);
    cockpit.confirm("roll back");
    wait("the first router to be back", || world.one.weights()["blue"] == 100);
    cockpit.shows(&["100 / 0 is not done everywhere: edge-2 not verified"]);
    world.two(|two| two.cont());
    cockpit.shows(&["back to 100 / 0", "✓ edge-1 verified", "✓ edge-2 verified"]);
    world.blue_has(100.0, 100.0);
    let record = world.site.record_with("1 rollback");
    assert!(record.contains("Stopped by the rollback"), "{record}");
}

#[test]
fn weights_lost_in_a_restart_are_drift_within_two_polls_and_are_put_back() {
    // Watched closely for as short as can be, so that the slower polls of a quiet cockpit are measured.
    let world = World::timed(Shape::A, "close_for = \"1s\"\npoll = \"1s\"");
    let mut cockpit = world.site.open();
    cockpit.shift();
    world.two(Haproxy::restart);
    let back = Instant::now();
    cockpit.shows(&["edge-2 was restarted and lost its weights"]);
    // Two polls, and a little for a busy machine.
    assert!(back.elapsed() < Duration::from_secs(4), "noticed after {:?}", back.elapsed());
    world.site.record_with("edge-2 drifted: 50 / 50 → 100 / 0");
    cockpit.press_until("d", "Its process was replaced, and its runtime weights were lost.");
    cockpit.keys("b");
    cockpit.shows(&["Put a router back"]);
    cockpit.confirm("send");
    cockpit.hides("lost its weights");
    wait("the weights to be back", || {
        let two = world.two.lock().unwrap();
        two.weights()["blue-1"] == world.one.weights()["blue-1"]
    });
    world.blue_has(50.0, 50.0);
    world.site.record_with("2 changes, 2 verified everywhere");
}

#[test]
fn a_flightdeck_killed_in_the_middle_loses_no_decision() {
    let world = World::new(Shape::B);
    let stopped = Arc::new(AtomicBool::new(false));
    let is_stopped = Arc::clone(&stopped);
    world.at_the_next_change(When::BeforeItIsHeard, move |two| {
        two.stop();
        is_stopped.store(true, Ordering::SeqCst);
    });
    let mut cockpit = world.site.open();
    cockpit.next("send");
    wait("the change to be at both", || world.one.weights()["blue"] == 50 && stopped.load(Ordering::SeqCst));
    cockpit.pty.signal(Signal::KILL);
    cockpit.pty.wait_for_end(Duration::from_mins(1));
    assert!(world.site.record().contains("1 change, 1 in flight"), "{}", world.site.record());
    let mut again = world.site.begin();
    again.shows(&["ana drives", "50 / 50 is not done everywhere"]);
    again.press_until("x", "retry what is not verified");
    again.shows(&["edge-1  ✓ verified", "edge-2  ? unknown, asking again: the cockpit that sent it ended"]);
    world.two(|two| two.cont());
    again.shows(&["Plan 1/2"]);
    world.blue_has(50.0, 50.0);
    let record = world.site.record_with("1 change, 1 verified everywhere");
    assert!(record.contains("took the controls"), "{record}");
    again.quit();
}

#[test]
fn a_weight_changed_behind_the_operators_back_voids_the_proposal() {
    let world = World::new(Shape::A);
    let mut cockpit = world.site.open();
    cockpit.keys("n");
    cockpit.shows(&["y send"]);
    let said = world.one.ask("set server app/green-1 weight 7");
    assert_eq!(said.trim(), "");
    cockpit.shows(&["void: edge-1 changed outside: app/green-1: 0 → 7", "Nothing was sent."]);
    let meddled = world.one.weights();
    cockpit.keys("y\x1b");
    cockpit.hides("void:");
    cockpit.shows(&["edge-1 was changed outside"]);
    assert_eq!(world.one.weights(), meddled);
    assert_percent(&world.two.lock().unwrap(), "blue", 100.0);
    let record = world.site.record_with("edge-1 drifted");
    assert!(record.contains("0 changes"), "{record}");
}

#[test]
fn a_flapping_health_check_voids_nothing() {
    let world = World::new(Shape::A);
    let mut cockpit = world.site.open();
    cockpit.keys("n");
    cockpit.shows(&["y send", "✓ blue 2/2 up"]);
    for (ill, status, shown) in [(true, "DOWN", "✓ blue 1/2 up"), (false, "UP", "✓ blue 2/2 up")] {
        world.blue.servers[0].set_ill(ill);
        world.one.wait_for_status("app", "blue-1", status);
        world.two(|two| two.wait_for_status("app", "blue-1", status));
        cockpit.shows(&["y send", shown]);
    }
    assert!(!cockpit.has("void"), "{}", cockpit.pty.text());
    cockpit.confirm("send");
    cockpit.step_is_over();
    world.blue_has(50.0, 50.0);
}

#[test]
fn a_proposal_that_is_left_or_lapses_sends_nothing() {
    let world = World::timed(Shape::A, "proposal = \"5s\"");
    let mut cockpit = world.site.open();
    cockpit.keys("n");
    cockpit.shows(&["y send"]);
    cockpit.keys("\x1b");
    cockpit.hides("y send");
    cockpit.keys("y\r");
    cockpit.hides("y send");
    cockpit.keys("\x1bn");
    cockpit.shows(&["void: it lapsed after 5 s", "Nothing was sent."]);
    cockpit.keys("y\x1b");
    cockpit.hides("void:");
    cockpit.quit();
    world.blue_has(100.0, 100.0);
    let record = world.site.record();
    assert!(record.contains("0 changes"), "{record}");
}
