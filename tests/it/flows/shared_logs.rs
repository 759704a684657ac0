//! A metered log on the screen of who does not ask it: by whom it is read, and what is wrong with it there.

use flightdeck::cockpit::Msg;
use flightdeck::domain::parcel::{Content, Lines, Parcel};
use flightdeck::flight;

use crate::support::pair::{ANA, Pair, RAJ};
use crate::support::scene::{payments, picture};

#[test]
fn the_logs_say_by_whom_they_are_read() {
    let mut procedure = payments();
    for log in &mut procedure.logs {
        log.metered = true;
    }
    let mut pair = Pair::of(procedure, "ana", "raj");
    pair.pass(3_000);
    let title = |pair: &mut Pair, who: usize, columns| {
        let picture = picture(&mut pair.apps[who], columns, 36);
        picture.lines().find(|line| line.contains("Logs")).expect("the pane").to_owned()
    };
    assert!(title(&mut pair, RAJ, 120).contains("2 logs read by ana"), "{}", title(&mut pair, RAJ, 120));
    assert!(!title(&mut pair, ANA, 120).contains("read by"), "ana reads them herself");
    let lines = Lines { trouble: Some("429 Too Many Requests".to_owned()), ..Lines::default() };
    let cockpit = pair.apps[ANA].model.flight.me.cockpit;
    let parcel = Parcel { cockpit, number: 1, source: "blue".into(), content: Content::Lines(lines) };
    pair.apps[RAJ].tell(Msg::Flight(flight::Msg::Shared(Box::new(parcel))));
    let said = title(&mut pair, RAJ, 220);
    assert!(said.contains("? blue, read by ana, waits: 429 Too Many"), "{said}");
}
