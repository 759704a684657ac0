//! Systems that take their time: what was accepted is given it, and what they say is under way is waited for.

use flightdeck::domain::Underway;
use flightdeck::session::Event;
use flightdeck::session::event::Settlement;

use crate::support::desk::Desk;
use crate::support::procedure::blue_green;

fn words(desk: &Desk) -> Vec<&'static str> {
    desk.events()
        .filter_map(|event| match event {
            Event::RouterAnswered { outcome, .. } => Some(outcome.word()),
            _ => None,
        })
        .collect()
}

fn verified(desk: &Desk) -> bool {
    let change = desk.flight.session.changes.last().unwrap();
    matches!(change.settled, Some((_, Settlement::Verified)))
}

#[test]
fn what_reads_back_late_differs_only_after_its_time() {
    for (lag, wanted) in [(1_500, vec!["accepted", "verified"]), (60_000, vec!["accepted", "differs"])] {
        let mut procedure = blue_green(1);
        procedure.routers[0].capabilities.read_back_ms = 2_000;
        let mut desk = Desk::open(procedure);
        desk.router("eu-1").lag = lag;
        desk.shift();
        desk.pass(1_000);
        assert_eq!(words(&desk), ["accepted"]);
        desk.pass(2_000);
        assert_eq!(words(&desk), wanted, "{lag} ms");
    }
}

#[test]
fn while_the_system_is_at_work_nothing_differs_however_long_it_takes() {
    let mut desk = Desk::open(blue_green(1));
    desk.router("eu-1").lag = 600_000;
    desk.router("eu-1").underway = Some(Underway { what: "deployment".to_owned(), ..Underway::default() });
    desk.shift();
    desk.pass(120_000);
    assert_eq!(words(&desk), ["accepted"]);
    desk.router("eu-1").lag = 0;
    desk.router("eu-1").underway = None;
    desk.pass(1_000);
    assert_eq!(words(&desk), ["accepted", "verified"]);
    assert!(verified(&desk));
}

#[test]
fn a_way_back_is_verified_only_once_the_system_has_come_to_rest() {
    let mut desk = Desk::open(blue_green(1));
    desk.router("eu-1").lag = 600_000;
    desk.router("eu-1").underway = Some(Underway { what: "deployment".to_owned(), ..Underway::default() });
    desk.shift();
    desk.pass(5_000);
    desk.ask(flightdeck::flight::Ask::ProposeRollback(flightdeck::flight::WayBackChoice::Step));
    desk.confirm();
    desk.pass(5_000);
    assert!(!verified(&desk), "it reads what it had all along, and the deployment of the shift may still be running");
    desk.router("eu-1").underway = None;
    desk.router("eu-1").lag = 0;
    desk.pass(1_000);
    assert!(verified(&desk));
}

#[test]
fn a_task_that_ends_without_the_weights_has_failed_to_give_them() {
    let mut desk = Desk::open(blue_green(1));
    desk.router("eu-1").lag = 600_000;
    desk.router("eu-1").underway = Some(Underway { what: "deployment".to_owned(), ..Underway::default() });
    desk.shift();
    desk.pass(30_000);
    desk.router("eu-1").underway = None;
    desk.pass(1_000);
    assert_eq!(words(&desk), ["accepted", "differs"]);
}

#[test]
fn traffic_is_counted_only_once_it_follows_the_weights() {
    let mut procedure = blue_green(1);
    procedure.routers[0].capabilities.settle_ms = 5_000;
    let mut desk = Desk::open(procedure);
    desk.shift();
    desk.pass(4_000);
    let router = "eu-1".into();
    assert!(desk.flight.settling(&router, desk.now().elapsed).is_some());
    assert!(desk.flight.observed(&router).iter().all(|(_, seen)| seen.share.whole == 0));
    desk.pass(10_000);
    assert!(desk.flight.settling(&router, desk.now().elapsed).is_none());
    assert!(desk.flight.observed(&router).iter().any(|(_, seen)| seen.share.whole > 100));
}
