use super::*;
use crate::domain::CheckId;
use crate::domain::check::Asks;

/// One check with its run, flown by answers at moments in seconds.
struct Bench {
    spec: CheckSpec,
    run: Run,
    request: u64,
}

fn at(seconds: u64) -> Now {
    let wall = Timestamp(i64::try_from(seconds).unwrap_or(0) * 1_000);
    Now { wall, elapsed: Elapsed(seconds * 1_000) }
}

impl Bench {
    fn new(tries: u32, in_a_row: u32) -> Self {
        let spec = CheckSpec {
            id: CheckId::new("health"),
            kind: "http".to_owned(),
            group: None,
            pool: None,
            asks: Asks::System,
            every: Duration::from_secs(10),
            tries,
            in_a_row,
            timeout: Duration::from_secs(5),
            compares: false,
        };
        Self { spec, run: Run::default(), request: 0 }
    }

    /// Asks at this second, and says what it settled as, if it did.
    fn answer(&mut self, second: u64, verdict: Verdict) -> Option<Verdict> {
        assert!(self.run.is_due(at(second).elapsed, true), "it is due at {second} s");
        self.request += 1;
        self.run.ask(&self.spec, self.request, at(second).elapsed);
        let told = Told { answer: Answer::new(verdict, verdict.word(), at(second).wall), began: at(second) };
        self.run.answered(&self.spec, self.request, told, true)
    }

    fn stands(&self, second: u64) -> (Verdict, String) {
        self.run.stands(&self.spec, at(second).elapsed)
    }
}

#[test]
fn the_first_pass_ends_the_tries() {
    let mut bench = Bench::new(3, 1);
    assert_eq!(bench.stands(0), (Verdict::Inconclusive, "not asked yet".to_owned()));
    assert_eq!(bench.answer(0, Verdict::Fail), None);
    assert_eq!(bench.stands(2), (Verdict::Inconclusive, "fail; try 1 of 3, next in 8s".to_owned()));
    assert_eq!(bench.answer(10, Verdict::Pass), Some(Verdict::Pass));
    assert_eq!(bench.stands(10), (Verdict::Pass, "pass".to_owned()));
}

#[test]
fn it_fails_when_the_tries_are_used_up() {
    let mut bench = Bench::new(3, 1);
    for (second, settled) in [(0, None), (10, None), (20, Some(Verdict::Fail))] {
        assert_eq!(bench.answer(second, Verdict::Fail), settled);
    }
    assert_eq!(bench.stands(20), (Verdict::Fail, "fail".to_owned()));
    // Somebody still waits for it: it is asked on, which is no news until it changes.
    assert_eq!(bench.answer(30, Verdict::Fail), None);
    assert_eq!(bench.answer(40, Verdict::Pass), Some(Verdict::Pass));
}

#[test]
fn no_data_uses_tries_up_and_is_neither_pass_nor_fail() {
    let mut bench = Bench::new(2, 1);
    assert_eq!(bench.answer(0, Verdict::Inconclusive), None);
    assert_eq!(bench.answer(10, Verdict::Inconclusive), Some(Verdict::Inconclusive));
    assert_eq!(bench.stands(10).0, Verdict::Inconclusive);
}

#[test]
fn passes_are_counted_in_a_row() {
    let mut bench = Bench::new(3, 3);
    assert_eq!(bench.answer(0, Verdict::Pass), None);
    assert_eq!(bench.answer(10, Verdict::Pass), None);
    assert_eq!(bench.stands(12).1, "pass; 2 of 3 passes in a row, next in 8s");
    assert_eq!(bench.answer(20, Verdict::Inconclusive), None);
    for (second, settled) in [(30, None), (40, None), (50, Some(Verdict::Pass))] {
        assert_eq!(bench.answer(second, Verdict::Pass), settled);
    }
}

#[test]
fn a_passed_check_that_fails_later_has_its_tries_again() {
    let mut bench = Bench::new(2, 1);
    assert_eq!(bench.answer(0, Verdict::Pass), Some(Verdict::Pass));
    assert_eq!(bench.answer(10, Verdict::Fail), None);
    assert_eq!(bench.stands(10).0, Verdict::Inconclusive);
    assert_eq!(bench.answer(20, Verdict::Fail), Some(Verdict::Fail));
}

#[test]
fn an_old_pass_is_no_pass() {
    let mut bench = Bench::new(1, 1);
    bench.answer(0, Verdict::Pass);
    assert_eq!(bench.stands(20).0, Verdict::Pass);
    let stale = (Verdict::Inconclusive, "pass, asked 21s ago: too old to count".to_owned());
    assert_eq!(bench.stands(21), stale);
}

#[test]
fn an_answer_that_does_not_come_is_given_up_and_one_that_comes_late_is_ignored() {
    let mut bench = Bench::new(1, 1);
    bench.run.ask(&bench.spec, 1, at(0).elapsed);
    assert!(!bench.run.is_due(at(60).elapsed, true), "one question at a time");
    assert_eq!(bench.run.give_up(&bench.spec, at(7)), None);
    assert_eq!(bench.run.give_up(&bench.spec, at(8)), Some(Verdict::Inconclusive));
    assert_eq!(bench.stands(8), (Verdict::Inconclusive, "no answer came within 5s".to_owned()));
    let late = Told { answer: Answer::new(Verdict::Pass, "pass", at(9).wall), began: at(0) };
    assert_eq!(bench.run.answered(&bench.spec, 1, late, true), None);
    assert_eq!(bench.stands(9).0, Verdict::Inconclusive);
}

#[test]
fn a_system_that_asks_to_be_left_alone_is_left_alone_by_hands_too() {
    let mut bench = Bench::new(1, 1);
    bench.run.ask(&bench.spec, 1, at(0).elapsed);
    let mut answer = Answer::new(Verdict::Inconclusive, "429", at(0).wall);
    answer.not_before = Some(Duration::from_mins(1));
    bench.run.answered(&bench.spec, 1, Told { answer, began: at(0) }, true);
    bench.run.begin(at(5).elapsed);
    assert!(!bench.run.is_due(at(59).elapsed, true));
    assert!(bench.run.is_due(at(60).elapsed, false));
}

#[test]
fn what_an_operator_asks_for_runs_until_it_is_settled_and_is_news_each_time() {
    let mut bench = Bench::new(1, 2);
    bench.run.begin(at(0).elapsed);
    assert!(bench.run.is_due(at(0).elapsed, false));
    assert_eq!(bench.answer(0, Verdict::Pass), None);
    assert!(bench.run.is_due(at(10).elapsed, false));
    assert_eq!(bench.answer(10, Verdict::Pass), Some(Verdict::Pass));
    assert!(!bench.run.is_due(at(20).elapsed, false), "nobody waits for it any more");
    bench.run.begin(at(30).elapsed);
    bench.answer(30, Verdict::Pass);
    assert_eq!(bench.answer(40, Verdict::Pass), Some(Verdict::Pass));
}

#[test]
fn the_same_sample_looked_at_twice_is_one_answer() {
    let mut bench = Bench::new(1, 1);
    for is_distinct in [true, false, true] {
        bench.request += 1;
        bench.run.ask(&bench.spec, bench.request, at(0).elapsed);
        let told = Told { answer: Answer::new(Verdict::Fail, "2 %", at(0).wall), began: at(0) };
        bench.run.answered(&bench.spec, bench.request, told, is_distinct);
    }
    assert_eq!(bench.run.answers, 2);
}

#[test]
fn what_is_begun_anew_forgets_what_it_stood_as_and_the_answer_on_its_way() {
    let mut bench = Bench::new(1, 1);
    assert_eq!(bench.answer(0, Verdict::Pass), Some(Verdict::Pass));
    bench.run.ask(&bench.spec, 99, at(10).elapsed);
    bench.run.renew(at(12).elapsed);
    assert_eq!(bench.stands(12), (Verdict::Inconclusive, "pass, asked again now".to_owned()));
    let late = Told { answer: Answer::new(Verdict::Pass, "late", at(10).wall), began: at(10) };
    assert_eq!(bench.run.answered(&bench.spec, 99, late, true), None);
    assert_eq!(bench.stands(12).0, Verdict::Inconclusive);
    assert_eq!(bench.answer(12, Verdict::Fail), Some(Verdict::Fail), "it is due at once");
}
