//! Every state of a drain, and what takes it there. Times are seconds; the wall clock is far from zero and passes with
//! ours unless a test lets it jump.

use super::*;
use crate::domain::{RouterId, Timestamp};

const QUIET: u64 = 10;
const BOUND: Duration = Duration::from_secs(10);

fn drain() -> Drain {
    Drain::new(&DrainRule { quiet: Duration::from_secs(QUIET), ..DrainRule::default() })
}

fn wall(second: i64) -> Timestamp {
    Timestamp(1_795_000_000_000 + second * 1_000)
}

fn now(second: u64) -> Now {
    Now { wall: wall(i64::try_from(second).expect("a short test")), elapsed: Elapsed(second * 1_000) }
}

fn weight(finding: Finding) -> Look {
    Look::new(Evidence::WeightZero, finding)
}

fn in_flight(second: u64, finding: Finding) -> Look {
    Look::new(Evidence::InFlight, finding).until(Until::Moment(Elapsed(second * 1_000)))
}

fn gauge(second: u64, finding: Finding) -> Look {
    let measure = Evidence::Measure(crate::domain::Measure::Panel("sessions".into()));
    Look::new(measure, finding).until(Until::Moment(Elapsed(second * 1_000)))
}

/// A log whose newest line is of this second of the wall clock and was delivered at that second of ours.
fn log(lines: u64, watermark: i64, last: Option<i64>, delivered: u64) -> Look {
    let until =
        Until::Source { watermark: wall(watermark), last: last.map(wall), delivered: Elapsed(delivered * 1_000) };
    Look::new(Evidence::Log("blue".into()), Finding::count(lines)).until(until)
}

fn look(drain: &mut Drain, second: u64, looks: Vec<Look>) -> (DrainState, Option<u64>) {
    drain.look(now(second), BOUND, looks);
    (drain.state, drain.quiet_for().map(|quiet| quiet.as_secs()))
}

#[test]
fn drained_is_quiet_for_the_whole_time() {
    let mut drain = drain();
    for (second, level, state) in [
        (0, 4, DrainState::Draining),
        (1, 0, DrainState::Draining),
        (6, 1, DrainState::Draining),
        (7, 0, DrainState::Draining),
        (16, 0, DrainState::Draining),
        (17, 0, DrainState::Drained),
        (18, 1, DrainState::Draining),
    ] {
        let looks = vec![weight(Finding::Zero), in_flight(second, Finding::count(level))];
        assert_eq!(look(&mut drain, second, looks).0, state, "second {second}");
    }
}

#[test]
fn weight_alone_proves_nothing() {
    let mut drain = drain();
    for second in 0..30 {
        let looks = vec![weight(Finding::Zero), in_flight(second, Finding::CannotCount)];
        assert_eq!(look(&mut drain, second, looks).0, DrainState::Unknown);
    }
}

#[test]
fn what_cannot_count_is_said_and_holds_nothing_back() {
    let mut drain = drain();
    let cannot: Vec<RouterId> = vec!["eu-2".into()];
    for second in 0..=10 {
        let requests = Look::new(Evidence::Requests, Finding::CannotCount);
        let counted = Look { cannot: cannot.clone(), ..in_flight(second, Finding::Zero) };
        look(&mut drain, second, vec![weight(Finding::Zero), counted, requests]);
    }
    assert_eq!(drain.state, DrainState::Drained);
    assert_eq!(drain.lines.iter().map(|line| line.cannot.len()).collect::<Vec<_>>(), [0, 1, 0]);
}

#[test]
fn a_missing_answer_starts_the_quiet_time_again() {
    let mut drain = drain();
    for second in 0..9 {
        look(&mut drain, second, vec![weight(Finding::Zero), in_flight(second, Finding::Zero)]);
    }
    let gone = vec![weight(Finding::Zero), in_flight(9, Finding::unknown("no answer"))];
    assert_eq!(look(&mut drain, 9, gone), (DrainState::Unknown, None));
    let back = vec![weight(Finding::Zero), in_flight(10, Finding::Zero)];
    assert_eq!(look(&mut drain, 10, back), (DrainState::Draining, Some(0)));
}

#[test]
fn one_unknown_line_makes_the_whole_unknown_and_the_others_go_on() {
    let mut drain = drain();
    for second in 0..=8 {
        let sessions = gauge(second, if second == 4 { Finding::unknown("not a number") } else { Finding::Zero });
        look(&mut drain, second, vec![weight(Finding::Zero), in_flight(second, Finding::Zero), sessions]);
    }
    let quiets: Vec<_> = drain.lines.iter().map(|line| line.quiet.map(|quiet| quiet.as_secs())).collect();
    assert_eq!(quiets, [Some(8), Some(8), Some(3)], "each line has a clock of its own");
    assert_eq!((drain.state, drain.quiet_for()), (DrainState::Draining, Some(Duration::from_secs(3))));
}

#[test]
fn a_pause_in_looking_is_not_quiet() {
    let mut drain = drain();
    look(&mut drain, 0, vec![weight(Finding::Zero), in_flight(0, Finding::Zero)]);
    let after = look(&mut drain, 60, vec![weight(Finding::Zero), in_flight(60, Finding::Zero)]);
    assert_eq!(after, (DrainState::Draining, Some(0)));
}

#[test]
fn weight_that_comes_back_starts_every_clock_again() {
    let mut drain = drain();
    for second in 0..=9 {
        let looks = vec![weight(Finding::Zero), in_flight(second, Finding::Zero), log(0, 9, None, second)];
        look(&mut drain, second, looks);
    }
    let back = vec![weight(Finding::Some(10.0)), in_flight(10, Finding::Zero), log(0, 10, None, 10)];
    assert_eq!(look(&mut drain, 10, back), (DrainState::Active, None));
    let again = vec![weight(Finding::Zero), in_flight(11, Finding::Zero), log(0, 11, None, 11)];
    assert_eq!(look(&mut drain, 11, again), (DrainState::Draining, Some(0)));
}

#[test]
fn a_log_is_quiet_by_its_own_clock_which_lags() {
    let mut drain = drain();
    // The source delivers health checks, each 20 seconds late.
    for second in 0..=29_i64 {
        let at = u64::try_from(second).expect("it is positive");
        let state = look(&mut drain, at, vec![weight(Finding::Zero), log(0, second - 20, None, at)]).0;
        assert_eq!(state, DrainState::Draining, "second {second}");
    }
    let state = look(&mut drain, 30, vec![weight(Finding::Zero), log(0, 10, None, 30)]);
    assert_eq!(state, (DrainState::Drained, Some(10)));
    assert_eq!(drain.lines.last().and_then(|line| line.age), Some(Duration::from_secs(20)), "the lag is known");
}

#[test]
fn a_line_of_before_the_drain_that_comes_late_is_no_traffic_and_a_newer_one_is() {
    let mut drain = drain();
    look(&mut drain, 100, vec![weight(Finding::Zero), log(0, 100, None, 100)]);
    let late = look(&mut drain, 105, vec![weight(Finding::Zero), log(3, 105, Some(99), 105)]);
    assert_eq!(late, (DrainState::Draining, Some(5)), "they are of before the weight was zero");
    let newer = look(&mut drain, 108, vec![weight(Finding::Zero), log(1, 108, Some(103), 108)]);
    assert_eq!(newer, (DrainState::Draining, None), "a request came at 103, and its line five seconds later");
    for second in 109..=117_i64 {
        let at = u64::try_from(second).expect("it is positive");
        look(&mut drain, at, vec![weight(Finding::Zero), log(0, second, Some(103), at)]);
    }
    assert_eq!(drain.state, DrainState::Draining);
    assert_eq!(look(&mut drain, 118, vec![weight(Finding::Zero), log(0, 118, Some(103), 118)]).0, DrainState::Drained);
}

#[test]
fn a_watermark_that_stands_still_holds_the_clock_and_then_proves_nothing() {
    let mut drain = drain();
    look(&mut drain, 0, vec![weight(Finding::Zero), log(0, 0, None, 0)]);
    for second in 1..=45 {
        let state = look(&mut drain, second, vec![weight(Finding::Zero), log(0, 3, None, 0)]);
        assert_eq!(state.0, DrainState::Draining, "second {second}: quiet stands at three");
    }
    let still = look(&mut drain, 46, vec![weight(Finding::Zero), log(0, 3, None, 0)]);
    assert_eq!(still.0, DrainState::Unknown);
    let why = "nothing delivered for 0:46: silence is not proof";
    assert_eq!(drain.lines.last().map(|line| &line.finding), Some(&Finding::unknown(why)));
    // It delivers again, and nothing of what it delivers speaks against: the whole time was quiet.
    assert_eq!(look(&mut drain, 47, vec![weight(Finding::Zero), log(0, 47, None, 47)]).0, DrainState::Drained);
}

#[test]
fn a_source_whose_clock_jumps_ahead_proves_nothing_sooner() {
    let mut drain = drain();
    look(&mut drain, 0, vec![weight(Finding::Zero), log(0, 0, None, 0)]);
    let jumped = look(&mut drain, 3, vec![weight(Finding::Zero), log(0, 3_600, None, 3)]);
    assert_eq!(jumped, (DrainState::Draining, Some(3)));
}

#[test]
fn our_wall_clock_may_jump_while_the_quiet_runs() {
    for jump in [-7_200, 7_200] {
        let mut drain = drain();
        let moment = |second: u64, jump: i64| {
            let shown = i64::try_from(second).expect("a short test") + jump;
            Now { wall: wall(shown), elapsed: Elapsed(second * 1_000) }
        };
        let looks = |second: u64, shown: i64| vec![weight(Finding::Zero), log(0, shown, None, second)];
        for second in 0..5 {
            drain.look(moment(second, 0), BOUND, looks(second, i64::try_from(second).expect("a short test")));
        }
        for second in 5..40 {
            // A local log tells the time by the same clock.
            let shown = i64::try_from(second).expect("a short test") + jump;
            drain.look(moment(second, jump), BOUND, looks(second, shown));
            let least = if jump < 0 { 15 } else { 10 };
            let is_drained = drain.state == DrainState::Drained;
            assert_eq!(is_drained, second >= least, "second {second} after a jump of {jump} s");
        }
    }
}

#[test]
fn requests_that_trickle_keep_the_pool_draining() {
    let mut drain = drain();
    for second in 0..120 {
        let requests = Look::new(Evidence::Requests, Finding::count(u64::from(second % 9 == 0)));
        let requests = requests.until(Until::Moment(Elapsed(second * 1_000)));
        let state = look(&mut drain, second, vec![weight(Finding::Zero), requests]).0;
        assert_eq!(state, DrainState::Draining, "second {second}");
    }
}

#[test]
fn the_time_left_follows_the_pace() {
    let mut drain = drain();
    for (second, level) in [(0, 40), (5, 30), (10, 20)] {
        look(&mut drain, second, vec![weight(Finding::Zero), in_flight(second, Finding::count(level))]);
    }
    assert_eq!(drain.time_left(), Some(Duration::from_secs(10)));
}
