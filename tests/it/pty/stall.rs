//! A terminal that stops reading delays nothing but drawing (S3).

use std::thread;
use std::time::{Duration, Instant};

use flightdeck::lab::Fault;

use crate::support::world::World;

/// At least this long nothing is read.
const STALL: Duration = Duration::from_secs(5);

/// The terminal reads again only after what is to happen has happened; a busy machine may take this long to get there.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn a_change_confirmed_just_before_the_terminal_stops_reading_is_sent_verified_and_kept() {
    let world = World::new();
    let mut pty = world.open("ana");
    pty.wait_for("ana drives");
    pty.wait_for("50 / 50");
    pty.send("n");
    pty.wait_for("y send");
    // The frame after the one with the dialog is there: the program knows that the dialog was shown.
    let valid = |text: &str| text.split("valid ").nth(1).map(|rest| rest.chars().take(4).collect::<String>());
    let before = valid(&pty.text());
    pty.wait_until("the next frame", |screen| valid(&screen.contents()) != before);
    pty.send("y");
    pty.pause(true);
    let began = Instant::now();
    // Frames are larger than what the terminal holds, so the writer is stuck from here on.
    for _ in 0..40 {
        pty.send("\x0c");
        thread::sleep(Duration::from_millis(20));
    }
    let verified = || {
        let (_, said, _) = world.run(&["status", "PROFILE", "--json"]);
        let status: serde_json::Value = serde_json::from_str(&said).unwrap();
        let parts: Vec<u64> = status["routers"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|each| each["pools"][0]["weight"]["part"].as_u64())
            .collect();
        parts == [0, 0] && status["session"]["in_flight"].is_null() && status["session"]["next_step"] != "drain-blue"
    };
    while !verified() {
        assert!(began.elapsed() < PATIENCE, "nothing was sent and kept while the terminal did not read");
        thread::sleep(Duration::from_millis(50));
    }
    let (_, record, _) = world.run(&["record"]);
    assert!(record.contains("verified"), "{record}");
    // What happens during the stall is noticed and journalled during it, too.
    world.control().fault(Fault::WeightMoves, true);
    let drifted = || world.run(&["record", "--json"]).1.contains("drift");
    while !drifted() {
        assert!(began.elapsed() < PATIENCE, "drift was not noticed while the terminal did not read");
        thread::sleep(Duration::from_millis(50));
    }
    thread::sleep(STALL.saturating_sub(began.elapsed()));
    assert!(!pty.text().contains("was changed outside"), "the terminal read after all");
    pty.pause(false);
    let resumed = Instant::now();
    pty.wait_for("edge-2 was changed outside");
    assert!(resumed.elapsed() < STALL, "the screen was current after {:?}", resumed.elapsed());
}
