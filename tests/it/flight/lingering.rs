//! Connections that linger: listed, and ended only by an act of its own (D6).

use std::time::Duration;

use flightdeck::domain::Elapsed;
use flightdeck::domain::connection::Connection;
use flightdeck::flight::Ask;
use flightdeck::flight::connection::EndConnections;
use flightdeck::session::Event;
use flightdeck::session::proposal::{Confirmation, Gesture};

use crate::support::desk::Desk;
use crate::support::procedure::blue_green;

fn connection(id: &str, seconds: u64) -> Connection {
    Connection {
        id: id.to_owned(),
        server: "app/blue-1".to_owned(),
        client: "‹ip›:5000".to_owned(),
        age: Duration::from_secs(seconds),
    }
}

/// Two sleepers of blue, listed on the first router.
fn listed(desk: &mut Desk) -> EndConnections {
    desk.lingering = vec![connection("0x1", 700), connection("0x2", 31)];
    desk.ask(Ask::ListConnections { router: "eu-1".into(), pool: "blue".into() });
    let list = &desk.flight.lingering.lists[&("eu-1".into(), "blue".into())];
    EndConnections {
        router: "eu-1".into(),
        pool: "blue".into(),
        connections: list.connections.clone().unwrap(),
        listed: list.at,
        reason: "they sleep".to_owned(),
    }
}

fn end(desk: &mut Desk, end: EndConnections, typed: &str) {
    let confirmation = Confirmation::new(Gesture::Typed(typed.to_owned()), true);
    desk.ask(Ask::EndConnections { end: Box::new(end), confirmation });
}

#[test]
fn what_lingers_is_ended_by_its_number_and_written_down_before_and_after() {
    let mut desk = Desk::open(blue_green(2));
    desk.shift();
    desk.pass(1_000);
    let ending = listed(&mut desk);
    desk.pass(5_000);
    end(&mut desk, ending, "end 2");
    let told: Vec<String> = desk
        .events()
        .filter_map(|event| match event {
            Event::ConnectionsEnding(ending) => Some(format!("end {} of {}", ending.count, ending.pool)),
            Event::ConnectionsEnded { count, reason, how, .. } => Some(format!("{count}: {how}, because {reason}")),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["end 2 of blue", "2: 2 ended, because they sleep"]);
    let ages: Vec<u64> = desk.ended[0].connections.iter().map(|each| each.age.as_secs()).collect();
    assert_eq!(ages, [703, 34], "five seconds older than they were listed, but for the rounding of both looks");
    assert!(desk.flight.session.ending.is_empty());
}

#[test]
fn while_the_pool_has_weight_nothing_is_ended() {
    let mut desk = Desk::open(blue_green(2));
    let ending = listed(&mut desk);
    end(&mut desk, ending, "end 2");
    assert!(desk.ended.is_empty());
    assert!(desk.said().contains("blue has weight on eu-1"), "{}", desk.said());
}

#[test]
fn nothing_is_ended_without_the_number_a_reason_or_fresh_readings() {
    let mut desk = Desk::open(blue_green(2));
    desk.shift();
    desk.pass(1_000);
    let ending = listed(&mut desk);
    end(&mut desk, ending.clone(), "end 3");
    assert!(desk.said().contains("`end 3` is not `end 2`"), "{}", desk.said());
    end(&mut desk, EndConnections { reason: "  ".to_owned(), ..ending.clone() }, "end 2");
    assert!(desk.said().contains("no reason is given"), "{}", desk.said());
    desk.router("eu-2").stopped = true;
    desk.pass(4_000);
    end(&mut desk, ending.clone(), "end 2");
    assert!(desk.said().contains("eu-2 has no fresh reading"), "{}", desk.said());
    desk.router("eu-2").go_on();
    desk.pass(1_000);
    desk.ask(Ask::Hold { reason: "wait".to_owned() });
    end(&mut desk, ending, "end 2");
    assert!(desk.said().contains("holds the deployment"), "{}", desk.said());
    assert!(desk.ended.is_empty());
}

#[test]
fn an_intent_that_is_not_kept_ends_nothing() {
    let mut desk = Desk::open(blue_green(1));
    desk.shift();
    desk.pass(1_000);
    let ending = listed(&mut desk);
    desk.journal_answers = false;
    end(&mut desk, ending, "end 2");
    desk.pass(1_000);
    assert!(desk.ended.is_empty(), "no byte goes out before its intent is kept");
    assert_eq!(desk.flight.lingering.lists.len(), 1);
    assert!(desk.now().elapsed > Elapsed(0));
}
