//! Values of sources that work them out: of which time they are, and what a source remembers.

use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::measure::{PanelSpec, Sample};
use flightdeck::domain::metric::{Answered, Look, Past};
use flightdeck::domain::procedure::{Limits, MetricSpec};
use flightdeck::domain::{Elapsed, Measure, Now, SessionId, Timestamp, Unit};
use flightdeck::flight::{Flight, Msg};
use flightdeck::session::Session;

use crate::support::desk::me;
use crate::support::procedure::blue_green;

const WALL: i64 = 1_795_000_000_000;

#[test]
fn a_value_stands_at_the_time_that_it_speaks_of() {
    let mut flight = flight();
    look(&mut flight, 100_000, Some((40_000, 1.0)));
    look(&mut flight, 110_000, Some((40_000, 1.0)));
    look(&mut flight, 120_000, None);
    look(&mut flight, 160_000, Some((100_000, 2.0)));
    let wanted = [(Elapsed(40_000), Some(1.0)), (Elapsed(60_000), None), (Elapsed(100_000), Some(2.0))];
    assert_eq!(points(&flight), wanted, "the same sample twice is one, and a gap is as late as its values");
    assert_eq!(flight.measures.of(&load(), None).unwrap().looked, Elapsed(160_000));
}

#[test]
fn the_time_of_values_never_goes_back() {
    let mut flight = flight();
    look(&mut flight, 100_000, Some((99_000, 1.0)));
    look(&mut flight, 105_000, Some((90_000, 2.0)));
    assert_eq!(points(&flight), [(Elapsed(99_000), Some(1.0)), (Elapsed(99_000), Some(2.0))]);
}

#[test]
fn what_a_source_remembers_is_before_its_series_and_marked() {
    for is_first in [true, false] {
        let mut flight = flight();
        let points_told =
            [(10_000, None), (20_000, Some(1.0)), (30_000, None), (40_000, Some(3.0)), (95_000, Some(9.0))];
        let past = Past {
            measure: load(),
            pool: None,
            points: points_told.iter().map(|(at, value)| (Timestamp(WALL + at), *value)).collect(),
        };
        let remembered = Msg::Remembered { source: "prom".into(), began: at(90_000), past: vec![past] };
        if is_first {
            flight.update(at(90_000), remembered.clone());
            look(&mut flight, 100_000, Some((90_000, 4.0)));
        } else {
            look(&mut flight, 100_000, Some((90_000, 4.0)));
            flight.update(at(100_500), remembered.clone());
        }
        flight.update(at(101_000), remembered);
        let wanted = [(20_000, Some(1.0)), (30_000, None), (40_000, Some(3.0)), (90_000, Some(4.0))]
            .map(|(at, value)| (Elapsed(at), value));
        assert_eq!(points(&flight), wanted, "first {is_first}");
        assert_eq!(flight.measures.of(&load(), None).unwrap().remembered, Some(Elapsed(40_000)));
    }
}

fn load() -> Measure {
    Measure::Panel("load".into())
}

fn flight() -> Flight {
    let mut procedure = blue_green(1);
    let interval = Duration::from_secs(10);
    procedure.metrics =
        vec![MetricSpec { id: "prom".into(), pool: None, interval, limits: Limits::default(), metered: false }];
    procedure.panels = vec![PanelSpec {
        id: "load".into(),
        source: "prom".into(),
        unit: Unit::Number,
        pools: Vec::new(),
        limit: None,
        interval,
        window: Duration::from_mins(1),
        is_shown: true,
    }];
    Flight::new(me(1, "ana"), SessionId(uuid::Uuid::from_u128(7)), Session::default(), Arc::new(procedure))
}

fn at(millis: u64) -> Now {
    Now { wall: Timestamp(WALL + i64::try_from(millis).unwrap()), elapsed: Elapsed(millis) }
}

fn look(flight: &mut Flight, millis: u64, sample: Option<(i64, f64)>) {
    let sample = sample.map(|(of, value)| Sample { at: Timestamp(WALL + of), value });
    let look = Look::Values(vec![Answered { measure: load(), pool: None, value: Ok(sample) }]);
    flight.update(at(millis), Msg::Looked { source: "prom".into(), began: at(millis), look });
}

fn points(flight: &Flight) -> Vec<(Elapsed, Option<f64>)> {
    flight.measures.of(&load(), None).expect("it is there").points.iter().copied().collect()
}
