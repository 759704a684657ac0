//! A metered source is asked by one cockpit, whose readings the others are given (J6).

use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::measure::{PanelSpec, Sample};
use flightdeck::domain::metric::{Answered, Look};
use flightdeck::domain::parcel::Parcel;
use flightdeck::domain::procedure::{Limits, MetricSpec};
use flightdeck::domain::{Elapsed, Measure, Now, Procedure, SessionId, Timestamp, Unit};
use flightdeck::flight::{Effect, Flight, Msg};
use flightdeck::session::Session;

use crate::support::desk::{Desk, me};
use crate::support::procedure::blue_green;

#[test]
fn a_cockpit_alone_asks_at_once() {
    let mut alone = flight(1);
    alone.crew.shared = false;
    assert_eq!(told(&alone.update(at(0), Msg::Tick)), Some(true));
    assert_eq!(told(&alone.update(at(1_000), Msg::Tick)), None, "it is told once");
}

#[test]
fn of_two_that_do_not_drive_one_asks_and_the_other_takes_over_when_it_is_gone() {
    let (mut ana, mut ben) = (flight(1), flight(2));
    let mut asks = (None, None);
    for second in 0..10 {
        meet(&mut ana, &mut ben, at(second * 1_000), &mut asks);
        if second < 3 {
            assert_eq!(asks, (Some(false), Some(false)), "they listen first");
        }
    }
    assert_eq!(asks, (Some(true), Some(false)));
    for second in 10..40 {
        let effects = ben.update(at(second * 1_000), Msg::Tick);
        asks.1 = told(&effects).or(asks.1);
    }
    assert_eq!(asks.1, Some(true), "nobody else is there any more");
}

#[test]
fn who_drives_asks_and_a_newcomer_leaves_it_to_them() {
    let mut desk = Desk::open(metered());
    desk.flight.crew.shared = true;
    let now = desk.now();
    assert!(desk.flight.asks_metered(now.elapsed));
    let mut other = desk.flight.clone();
    other.me = me(0, "ben");
    assert!(!other.asks_metered(now.elapsed), "the driver is taken to be there");
    let silence = other.procedure.people.silence;
    let later = now.elapsed.plus(silence + Duration::from_secs(5));
    assert!(other.asks_metered(later), "the driver was not heard for too long");
}

#[test]
fn what_one_reads_the_other_draws_once() {
    let (mut ana, mut ben) = (flight(1), flight(2));
    let mut asks = (None, None);
    for second in 0..10 {
        meet(&mut ana, &mut ben, at(second * 1_000), &mut asks);
    }
    let look = |value: f64, of: i64| {
        let sample = Sample { at: Timestamp(of), value };
        Look::Values(vec![Answered { measure: rate(), pool: None, value: Ok(Some(sample)) }])
    };
    let now = at(10_000);
    let looked = Msg::Looked { source: "dd".into(), began: now, look: look(0.5, now.wall.0 - 2_000) };
    let parcel = shared(&ana.update(now, looked)).expect("it is shared");
    for _ in 0..2 {
        assert_eq!(ben.update(now, Msg::Shared(Box::new(parcel.clone()))), Vec::new());
    }
    assert_eq!(ana.update(now, Msg::Shared(Box::new(parcel.clone()))), Vec::new(), "one's own come back");
    for flight in [&ana, &ben] {
        let points: Vec<_> = flight.measures.of(&rate(), None).expect("it is there").points.iter().copied().collect();
        assert_eq!(points, [(Elapsed(8_000), Some(0.5))], "at the time that it speaks of");
    }
    // Who asks for itself draws nobody else's.
    let text = serde_json::to_string(&Parcel { number: 9, cockpit: ben.me.cockpit, ..parcel }).unwrap();
    let foreign: Parcel = serde_json::from_str(&text).expect("a parcel is read again");
    ana.update(at(11_000), Msg::Shared(Box::new(foreign)));
    assert_eq!(ana.measures.of(&rate(), None).unwrap().points.len(), 1);
}

fn rate() -> Measure {
    Measure::Panel("rate".into())
}

fn metered() -> Procedure {
    let mut procedure = blue_green(1);
    let interval = Duration::from_secs(15);
    procedure.metrics =
        vec![MetricSpec { id: "dd".into(), pool: None, interval, limits: Limits::default(), metered: true }];
    procedure.panels = vec![PanelSpec {
        id: "rate".into(),
        source: "dd".into(),
        unit: Unit::Percent,
        pools: Vec::new(),
        limit: None,
        interval,
        window: Duration::from_mins(1),
        is_shown: true,
    }];
    procedure
}

fn flight(number: u128) -> Flight {
    let id = SessionId(uuid::Uuid::from_u128(7));
    let mut flight = Flight::new(me(number, "ana"), id, Session::default(), Arc::new(metered()));
    flight.crew.shared = true;
    flight
}

fn at(millis: u64) -> Now {
    Now { wall: Timestamp(1_795_000_000_000 + i64::try_from(millis).unwrap()), elapsed: Elapsed(millis) }
}

/// A tick of both, each hearing the other.
fn meet(ana: &mut Flight, ben: &mut Flight, now: Now, asks: &mut (Option<bool>, Option<bool>)) {
    let (of_ana, of_ben) = (ana.update(now, Msg::Tick), ben.update(now, Msg::Tick));
    *asks = (told(&of_ana).or(asks.0), told(&of_ben).or(asks.1));
    for (effects, other) in [(of_ana, ben), (of_ben, ana)] {
        for effect in effects {
            if let Effect::Announce(presence) = effect {
                other.update(now, Msg::Present(presence));
            }
        }
    }
}

fn told(effects: &[Effect]) -> Option<bool> {
    effects.iter().find_map(|effect| if let Effect::Meter { asks, .. } = effect { Some(*asks) } else { None })
}

fn shared(effects: &[Effect]) -> Option<Parcel> {
    effects.iter().find_map(|effect| if let Effect::Share(parcel) = effect { Some((**parcel).clone()) } else { None })
}
