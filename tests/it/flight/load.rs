//! What a destination and the way back can carry (D4, R1).

use flightdeck::flight::{Ask, WayBackChoice};
use flightdeck::session::proposal::{Gate, GateState};

use crate::support::desk::Desk;
use crate::support::procedure::blue_green;

#[test]
fn a_pool_is_not_raised_above_its_declared_capacity_without_a_word() {
    // A hundred requests a second come; each pool has one server.
    for (capacity, state) in [(150.0, GateState::Holds), (70.0, GateState::Fails)] {
        let mut procedure = blue_green(1);
        procedure.pools[1].capacity_per_server = Some(capacity);
        let mut desk = Desk::open(procedure);
        desk.pass(5_000);
        desk.ask(Ask::ProposeStep);
        let gates = desk.flight.gates(desk.now());
        let green = gates.iter().find(|report| report.gate == Gate::Destination { pool: "green".into() }).unwrap();
        assert_eq!(green.state, state, "{}", green.text);
        if state == GateState::Fails {
            assert_eq!(green.text, "green 1/1 up, and 100 % is 100 req/s for each, with 70 declared");
        }
    }
}

#[test]
fn the_way_back_says_what_the_pool_has_carried_so_far() {
    let mut procedure = blue_green(1);
    procedure.pools[0].capacity_per_server = None;
    let mut desk = Desk::open(procedure);
    desk.pass(5_000);
    desk.shift();
    desk.pass(5_000);
    let back = desk.flight.way_back_view(WayBackChoice::Step, desk.now()).unwrap();
    let blue = &back.raised[0];
    let best = blue.carried.unwrap().best_per_server;
    assert!((best - 50.0).abs() < 3.0, "half of a hundred requests a second: {best}");
    assert_eq!(blue.shrunk_from(), None);
}
