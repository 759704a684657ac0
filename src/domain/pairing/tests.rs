//! What pairs with what, what is a number, and what is bounded.

use std::time::Duration;

use proptest::prelude::*;

use super::tally::nearest_rank;
use super::*;
use crate::domain::log::{Fields, Level, LogBatch, LogLine};
use crate::domain::{PoolId, Timestamp};

const RULE: Rule = Rule {
    unanswered_after: Duration::from_secs(10),
    window: Duration::from_mins(1),
    late: Duration::from_secs(2),
    fewest: 2,
    interval: Duration::from_secs(5),
};

fn sighting(side: Side, at: i64, key: &str, pool: &str) -> Sighting {
    let pool = (!pool.is_empty()).then(|| PoolId::from(pool));
    Sighting { at: Timestamp(at), seen: Ok(Seen { side, key: key.into(), pool }) }
}

fn request(at: i64, key: &str) -> Sighting {
    sighting(Side::Request, at, key, "blue")
}

fn answer(at: i64, key: &str) -> Sighting {
    sighting(Side::Answer, at, key, "blue")
}

/// A lane that has been watched for a minute.
fn watched() -> Lane {
    let mut lane = Lane::new(RULE);
    lane.advance(Timestamp(0));
    lane.advance(Timestamp(60_000));
    lane
}

fn fed(mut lane: Lane, sightings: impl IntoIterator<Item = Sighting>, watermark: i64) -> Lane {
    for sighting in sightings {
        lane.take(sighting);
    }
    lane.advance(Timestamp(watermark));
    lane
}

fn tally(lane: &Lane) -> Tally {
    lane.tally(None).expect("it has a clock")
}

fn value(lane: &Lane, figure: Figure) -> Option<f64> {
    tally(lane).value(figure).0
}

fn doubt(lane: &Lane, figure: Figure) -> Option<String> {
    tally(lane).value(figure).1
}

#[test]
fn nearest_rank_is_the_smallest_value_that_so_many_are_not_above() {
    // The worked example of the method: five values, and their 5th, 30th, 40th, 50th and 100th percentile.
    for (percent, wanted) in [(5, 15), (30, 20), (40, 20), (50, 35), (100, 50)] {
        assert_eq!(nearest_rank(&mut [35, 20, 15, 50, 40], percent), Some(wanted), "{percent}");
    }
    assert_eq!(nearest_rank(&mut (1..=20).collect::<Vec<u64>>(), 95), Some(19));
    assert_eq!(nearest_rank(&mut (1..=21).collect::<Vec<u64>>(), 95), Some(20));
    assert_eq!(nearest_rank(&mut [7], 95), Some(7));
    assert_eq!(nearest_rank(&mut [], 95), None);
}

#[test]
fn the_times_between_requests_and_answers_give_the_percentile_of_each_pool() {
    let mut lane = watched();
    for number in 1..=20_i64 {
        let (key, pool) = (number.to_string(), if number > 17 { "green" } else { "blue" });
        lane.take(sighting(Side::Request, 61_000 + number, &key, pool));
        lane.take(sighting(Side::Answer, 61_000 + number + number * 10, &key, pool));
    }
    lane.advance(Timestamp(70_000));
    let p95 = |pool: Option<&str>| {
        let tally = lane.tally(pool.map(PoolId::from).as_ref()).expect("it has a clock");
        (tally.timed, tally.value(Figure::P95).0)
    };
    assert_eq!(p95(None), (20, Some(190.0)));
    assert_eq!(p95(Some("blue")), (17, Some(170.0)));
    assert_eq!(p95(Some("green")), (3, Some(200.0)));
    assert_eq!(p95(Some("canary")), (0, None), "no answer is no time, not 0 ms");
}

#[test]
fn too_few_answers_make_no_percentile() {
    let one = fed(watched(), [request(61_000, "a"), answer(61_010, "a")], 70_000);
    assert_eq!((value(&one, Figure::P95), tally(&one).p95_ms), (None, Some(10)));
    assert!(tally(&one).words().contains(&"p95 needs 2 answers, 1 have a time".to_owned()));
}

#[test]
fn a_request_is_unanswered_once_the_log_itself_is_so_much_later() {
    let lane = fed(watched(), [request(61_000, "a"), request(62_000, "b"), answer(63_000, "b")], 73_000);
    assert_eq!(value(&lane, Figure::Unanswered), Some(0.0), "10 s at the clock of 71 s, not longer");
    assert_eq!(value(&lane, Figure::Open), Some(1.0));
    let lane = fed(lane, [], 73_001);
    assert_eq!(value(&lane, Figure::Unanswered), Some(1.0));
    assert_eq!(tally(&lane).oldest, Some(Duration::from_millis(10_001)));
    let lane = fed(lane, [answer(72_000, "a")], 74_001);
    assert_eq!(value(&lane, Figure::Unanswered), Some(0.0), "a late answer is one");
}

#[test]
fn without_a_request_nothing_is_a_number_but_that_nothing_is_open() {
    let lane = watched();
    assert_eq!(lane.tally(None).map(|tally| tally.requests), Some(0));
    for (figure, wanted) in [(Figure::Unanswered, None), (Figure::Duplicates, None), (Figure::P95, None)] {
        assert_eq!(value(&lane, figure), wanted, "{figure:?}");
    }
    assert_eq!(value(&lane, Figure::Open), Some(0.0));
    assert_eq!(Lane::new(RULE).tally(None), None, "nothing was delivered");
}

#[test]
fn what_began_before_the_lane_is_not_known() {
    let mut lane = Lane::new(RULE);
    lane.advance(Timestamp(60_000));
    let lane = fed(lane, [request(61_000, "a")], 69_999);
    assert_eq!((value(&lane, Figure::Unanswered), value(&lane, Figure::Open)), (None, None));
    assert_eq!(value(&lane, Figure::Duplicates), Some(0.0));
    let lane = fed(lane, [], 70_000);
    assert_eq!((value(&lane, Figure::Unanswered), value(&lane, Figure::Open)), (Some(0.0), Some(1.0)));
}

#[test]
fn a_key_that_is_used_while_it_is_open_is_double_and_used_again_later_is_not() {
    let twice = [request(61_000, "a"), request(61_500, "a"), answer(62_000, "a"), request(62_001, "a")];
    let lane = fed(watched(), twice, 65_000);
    assert_eq!((value(&lane, Figure::Duplicates), value(&lane, Figure::Open)), (Some(1.0), Some(1.0)));
    assert_eq!(tally(&lane).answered, 1);
    let lane = fed(lane, [request(122_500, "b")], 124_500);
    assert_eq!(value(&lane, Figure::Duplicates), Some(0.0), "the window has passed it");
}

#[test]
fn an_answer_that_comes_first_is_the_requests_own_and_one_of_long_before_is_not() {
    let lane = fed(watched(), [answer(61_500, "a"), request(61_000, "a")], 65_000);
    assert_eq!((tally(&lane).answered, tally(&lane).timed, tally(&lane).p95_ms), (1, 1, Some(500)));
    // Stamped before its request, by a clock that differs a little: answered, in no time that is known.
    let lane = fed(watched(), [answer(61_000, "a"), request(61_800, "a")], 65_000);
    assert_eq!((tally(&lane).answered, tally(&lane).timed, tally(&lane).open), (1, 0, 0));
    let lane = fed(watched(), [answer(61_000, "a"), request(63_001, "a")], 66_000);
    assert_eq!((tally(&lane).answered, tally(&lane).open), (0, 1));
}

#[test]
fn what_is_later_than_allowed_is_taken_as_well_as_can_be() {
    let lane = fed(watched(), [request(61_000, "a"), answer(61_100, "b")], 80_000);
    assert_eq!(value(&lane, Figure::Unanswered), Some(1.0));
    let lane = fed(lane, [answer(61_200, "a"), request(61_050, "b")], 80_001);
    assert_eq!((tally(&lane).answered, tally(&lane).open, tally(&lane).p95_ms), (2, 0, Some(200)));
    assert_eq!(tally(&lane).late, 2);
    assert!(tally(&lane).words().contains(&"2 lines so far came more than 2s late".to_owned()));
}

#[test]
fn a_loss_leaves_unknown_what_was_open_until_it_cannot_matter() {
    let mut lane = fed(watched(), [request(61_000, "a")], 73_001);
    assert_eq!(value(&lane, Figure::Unanswered), Some(1.0));
    lane.lose(Timestamp(74_000), "12 lines of blue were lost".to_owned());
    let lane = fed(lane, [request(75_000, "b")], 85_999);
    for figure in [Figure::Unanswered, Figure::Open] {
        assert_eq!(tally(&lane).value(figure), (None, Some("12 lines of blue were lost".to_owned())), "{figure:?}");
    }
    let lane = fed(lane, [], 87_001);
    assert_eq!(tally(&lane).value(Figure::Unanswered), (Some(1.0), None), "what came after it is judged");
}

#[test]
fn what_has_no_key_or_a_masked_one_is_said_and_makes_less_of_the_figures() {
    let keyless = |side, is_masked| Sighting { at: Timestamp(61_000), seen: Err(NoKey { side, is_masked }) };
    let lane = fed(watched(), [request(61_000, "a"), keyless(Side::Request, false)], 73_001);
    let said = Some("1 requests of the last 1m have no key".to_owned());
    assert_eq!((value(&lane, Figure::Unanswered), doubt(&lane, Figure::Unanswered)), (Some(1.0), said.clone()));
    let lane = fed(lane, [answer(62_000, "a")], 73_100);
    assert_eq!((value(&lane, Figure::Unanswered), doubt(&lane, Figure::Unanswered)), (None, said), "0 of too few");
    let lane = fed(watched(), [request(61_000, "a"), keyless(Side::Answer, true)], 73_001);
    assert_eq!(
        tally(&lane).value(Figure::Unanswered),
        (None, Some("1 answers of the last 1m have a key that is masked".to_owned())),
        "its request only seems unanswered"
    );
}

#[test]
fn memory_is_bounded_and_what_is_given_up_is_said() {
    let mut lane = Lane::bounded(RULE, 100);
    lane.advance(Timestamp(0));
    lane.advance(Timestamp(60_000));
    for number in 0..5_000 {
        lane.take(request(61_000 + number % 7, &format!("open {number}")));
        if number % 50 == 0 {
            lane.advance(Timestamp(63_100 + number));
        }
    }
    assert!(lane.kept().iter().all(|kept| *kept <= 100), "{:?}", lane.kept());
    let lane = fed(lane, [], 80_000);
    let (unanswered, said) = tally(&lane).value(Figure::Unanswered);
    assert_eq!(unanswered, Some(100.0), "at least so many");
    assert_eq!(said.as_deref(), Some("100 requests of the last 1m were given up: too many are open"));
    let lane = fed(lane, [], 200_000);
    assert_eq!((tally(&lane).value(Figure::Open), tally(&lane).lapsed), ((Some(0.0), None), 100));
}

#[test]
fn answers_without_requests_are_bounded_too() {
    let mut lane = Lane::bounded(RULE, 100);
    lane.advance(Timestamp(0));
    for number in 0..1_000 {
        lane.take(answer(1_000 + number, &format!("orphan {number}")));
        lane.advance(Timestamp(3_000 + number));
    }
    assert!(lane.kept().iter().all(|kept| *kept <= 100), "{:?}", lane.kept());
    assert_eq!(doubt(&lane, Figure::Open).as_deref(), Some("more than 100 answers came without a request"));
}

#[test]
fn a_clock_that_is_set_back_begins_anew_and_a_small_step_only_waits() {
    let lane = fed(watched(), [request(61_000, "a")], 73_001);
    let lane = fed(lane, [], 40_000);
    assert_eq!((tally(&lane).clock, tally(&lane).open), (Timestamp(71_001), 1));
    let lane = fed(lane, [], -7_200_000);
    assert_eq!((tally(&lane).clock, tally(&lane).open), (Timestamp(-7_202_000), 0));
    assert_eq!(value(&lane, Figure::Open), None);
}

#[test]
fn how_one_request_stands_is_known_from_either_of_its_lines() {
    let sightings = [request(61_000, "a"), answer(61_038, "a"), request(61_500, "b"), request(70_000, "a")];
    let lane = fed(watched(), sightings, 73_000);
    for (key, at, wanted) in [
        ("a", 61_000, Some(Standing::Answered(Some(38)))),
        ("a", 61_038, Some(Standing::Answered(Some(38)))),
        ("a", 70_000, Some(Standing::Open(1_000))),
        ("b", 61_500, Some(Standing::Open(9_500))),
        ("c", 61_000, None),
        ("a", 72_000, Some(Standing::Waiting)),
    ] {
        assert_eq!(lane.standing(key, Timestamp(at)), wanted, "{key} at {at}");
    }
}

#[test]
fn lines_are_told_by_fields_or_by_text_and_noise_is_neither() {
    let spec = spec();
    let line = |text: &str, fields: &[(&str, &str)], excluded| LogLine {
        at: Some(Timestamp(5)),
        level: Level::Info,
        text: text.to_owned(),
        excluded,
        fields: Fields::of(fields.iter().copied()),
    };
    let lines = vec![
        line("in", &[("mti", "1100"), ("stan", "004217"), ("net", "dci")], false),
        line("answer to net=dci stan=004217", &[], false),
        line("in", &[("mti", "1100"), ("stan", "004218"), ("net", "dci")], true),
        line("in", &[("mti", "1100"), ("stan", "‹masked›"), ("net", "dci")], false),
        line("in", &[("mti", "1100"), ("stan", "••••4242"), ("net", "dci")], false),
        line("in", &[("mti", "1101"), ("stan", ""), ("net", "dci")], false),
        line("in", &[("mti", "11"), ("stan", "004219"), ("net", "dci")], false),
        line("nothing", &[], false),
    ];
    let (source, pool) = ("blue".into(), Some("blue".into()));
    let batch = LogBatch { source, pool, lines, ids: Vec::new(), dropped: 0, watermark: None, by_time: false };
    let found = sight(&[spec], &batch, Timestamp(9));
    let seen = |side| Ok(Seen { side, key: "004217\u{1f}dci".into(), pool: Some("blue".into()) });
    let keyless = |is_masked| Err(NoKey { side: Side::Request, is_masked });
    let wanted = [seen(Side::Request), seen(Side::Answer), keyless(true), keyless(true), keyless(false)];
    let wanted = wanted.map(|seen| Sighting { at: Timestamp(5), seen });
    assert_eq!(found.iter().map(|found| found.all.as_slice()).collect::<Vec<_>>(), [wanted.as_slice()]);
    let other = LogBatch { source: "other".into(), ..batch };
    assert_eq!(sight(&[self::spec()], &other, Timestamp(9)), [], "not one of its logs");
}

#[test]
fn logs_of_pools_are_lanes_of_their_own_unless_the_lines_tell_the_pool() {
    let logs: Vec<LogSpec> =
        [("blue", Some("blue")), ("blue-2", Some("blue")), ("green", Some("green")), ("edge", None)]
            .into_iter()
            .map(|(id, pool)| LogSpec::new(id.into(), pool.map(PoolId::from)))
            .collect();
    let pools = ["blue".into(), "green".into()];
    let ways = |named: &[&str], field: Option<&str>| {
        let logs_of = named.iter().map(|log| SourceId::from(*log)).collect();
        let spec = PairSpec { logs: logs_of, pool: field.map(str::to_owned), ..spec() };
        let way = |way: Way| {
            let pools = way.pools.iter().map(|pool| pool.as_ref().map_or("all", PoolId::as_str).to_owned());
            (way.logs.len(), pools.collect::<Vec<_>>().join(" "))
        };
        spec.ways(&logs, &pools).into_iter().map(way).collect::<Vec<_>>()
    };
    let way = |logs, pools: &str| (logs, pools.to_owned());
    assert_eq!(ways(&["blue", "blue-2", "green"], None), [way(2, "blue"), way(1, "green")]);
    assert_eq!(ways(&["blue", "edge"], None), [way(2, "all")]);
    assert_eq!(ways(&["edge"], None), [way(1, "all")]);
    assert_eq!(ways(&["blue", "edge"], Some("pool")), [way(2, "blue green")]);
}

fn spec() -> PairSpec {
    PairSpec {
        id: "authorisations".into(),
        logs: vec!["blue".into()],
        request: Recognised::Field {
            name: "mti".to_owned(),
            wanted: Wanted::Matches(Pattern::new("^11..$").expect("a pattern")),
        },
        answer: Recognised::Text(Pattern::new("^answer to").expect("a pattern")),
        key: vec!["stan".to_owned(), "net".to_owned()],
        pool: None,
        rule: RULE,
    }
}

/// Requests at these times, each answered after so long or not at all.
fn exchanges() -> impl Strategy<Value = Vec<(i64, Option<i64>)>> {
    let answered = proptest::option::weighted(0.8, 0..20_000_i64);
    proptest::collection::vec((61_000..100_000_i64, answered), 1..40)
}

proptest! {
    /// Lines that come in any order, none later than is allowed, are counted as if they had come in the order of their times.
    #[test]
    fn the_order_in_which_lines_come_does_not_matter(exchanges in exchanges(), delays in proptest::collection::vec(0..2_000_i64, 80)) {
        let mut sightings: Vec<Sighting> = Vec::new();
        for (number, (asked, took)) in exchanges.iter().enumerate() {
            sightings.push(request(*asked, &number.to_string()));
            sightings.extend(took.map(|took| answer(asked + took, &number.to_string())));
        }
        sightings.sort_by_key(|sighting| sighting.at);
        let mut shuffled: Vec<(i64, Sighting)> = sightings.iter().cloned().zip(&delays).map(|(each, delay)| (each.at.0 + delay, each)).collect();
        shuffled.sort_by_key(|(arrives, _)| *arrives);
        let (mut in_order, mut late, mut newest) = (watched(), watched(), i64::MIN);
        for sighting in sightings {
            let at = sighting.at;
            in_order = fed(in_order, [sighting], at.0);
        }
        for (_, sighting) in shuffled {
            newest = newest.max(sighting.at.0);
            late = fed(late, [sighting], newest);
        }
        prop_assert_eq!(tally(&late), tally(&in_order));
        let (late, in_order) = (fed(late, [], 125_000), fed(in_order, [], 125_000));
        prop_assert_eq!(tally(&late), tally(&in_order));
    }

    /// A naive count over everything agrees with what is kept along the way.
    #[test]
    fn what_is_counted_is_what_a_look_at_everything_would_count(exchanges in exchanges(), watermark in 63_000..130_000_i64) {
        let mut lane = watched();
        for (number, (asked, took)) in exchanges.iter().enumerate() {
            lane.take(request(*asked, &number.to_string()));
            if let Some(took) = took {
                lane.take(answer(asked + took, &number.to_string()));
            }
        }
        lane.advance(Timestamp(watermark));
        let clock = watermark - 2_000;
        let begin = clock - 60_000;
        let asked = |(asked, _): &&(i64, Option<i64>)| (begin + 1..=clock).contains(asked);
        let is_open = |(asked, took): &&(i64, Option<i64>)| took.is_none_or(|took| asked + took > clock);
        let open = exchanges.iter().filter(asked).filter(is_open);
        let mut times: Vec<u64> = exchanges
            .iter()
            .filter_map(|(asked, took)| took.filter(|took| (begin + 1..=clock).contains(&(asked + took))))
            .map(|took| u64::try_from(took).expect("it is not negative"))
            .collect();
        times.sort_unstable();
        let rank = (times.len() * 95).div_ceil(100);
        let found = tally(&lane);
        prop_assert_eq!(found.requests, exchanges.iter().filter(asked).count());
        prop_assert_eq!(found.open, open.clone().count());
        prop_assert_eq!(found.unanswered, open.filter(|(asked, _)| *asked < clock - 10_000).count());
        prop_assert_eq!(found.timed, times.len());
        prop_assert_eq!(found.p95_ms, rank.checked_sub(1).and_then(|place| times.get(place)).copied());
        prop_assert_eq!(found.duplicates, 0);
    }
}
