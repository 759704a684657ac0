//! The journal's servers fail in the middle of things.

use std::sync::Arc;

use crate::support::call::Call;
use crate::support::door::When;
use crate::support::nats::Nats;

#[test]
fn the_leader_of_the_journal_dies_in_the_middle_of_a_change_and_nothing_is_lost_or_done_twice() {
    let nats = Arc::new(Nats::start(3));
    let call = Call::on_nats(&nats, "");
    let (mut ana, mut raj) = call.pair();
    let (servers, stream) = (Arc::clone(&nats), call.stream());
    call.door.at_the_next_change(When::BeforeItIsHeard, move || servers.kill(servers.leader(&stream)));
    ana.next("send");
    for cockpit in [&mut ana, &mut raj] {
        cockpit.step_is_over();
        cockpit.reads("50 / 50");
        cockpit.hides("CUT OFF");
    }
    call.blue_has(50.0);
    let record = call.record_with(&["1 change, 1 verified everywhere"]);
    assert!(!record.contains("sent once more"), "{record}");
    assert_eq!(call.door.changes(), 1, "it is sent once");
    // With two of three it goes on as ever.
    ana.shift();
    raj.step_is_over();
    call.blue_has(25.0);
    assert_eq!(call.door.changes(), 2);
    call.record_with(&["2 changes, 2 verified everywhere"]);
    ana.quit();
    raj.quit();
    call.end();
}

#[test]
fn without_any_journal_the_driver_rolls_back_beside_it_and_it_is_told_once_that_is_back() {
    let mut nats = Nats::start(3);
    let call = Call::on_nats(&nats, "");
    let (mut ana, mut raj) = call.pair();
    ana.shift();
    raj.step_is_over();
    call.record_with(&["1 change, 1 verified everywhere"]);
    for server in 0..3 {
        nats.kill(server);
    }
    for cockpit in [&ana, &raj] {
        cockpit.shows(&["CUT OFF", "nothing goes forward"]);
    }
    ana.is_told("n", "cut off from the journal: nothing goes forward until it answers");
    ana.press_until("R", "this goes beside it");
    ana.confirm("roll back");
    call.blue_gets(100.0);
    ana.shows(&["SPILLED"]);
    ana.reads("100 / 0");
    for server in 0..3 {
        nats.restart(server);
    }
    nats.wait_until_ready();
    for cockpit in [&ana, &raj] {
        cockpit.hides("CUT OFF");
        cockpit.hides("SPILLED");
        cockpit.reads("100 / 0");
        cockpit.shows(&["↩ Half"]);
    }
    call.record_with(&[
        "brought in what was done while cut off from the journal",
        "1 rollback",
        "2 changes, 2 verified",
    ]);
    call.blue_has(100.0);
    // Together they go forward again.
    ana.shows(&["ana (you) drives  raj copilot"]);
    raj.shows(&["ana drives  raj (you) copilot"]);
    ana.quit();
    raj.quit();
    call.end();
}
