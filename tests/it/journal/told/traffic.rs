//! Traffic: waves, a way back in stages, guards and checks beside it, a slow system's task.

use flightdeck::domain::check::Verdict;
use flightdeck::domain::ramp::Ramp;
use flightdeck::domain::{BasisPoints, ChangeId, Outcome, PoolId, Timestamp, Waves};
use flightdeck::entry::Entry;
use flightdeck::session::Event;
use flightdeck::session::event::{
    ChangeConfirmed, ChangeKind, CheckAnswered, ConnectionsEnding, ProvenRouter, RouterBaseline, Settlement,
    TaskCancelling, WayBackProven,
};
use flightdeck::session::guard::{Acted, GuardBaseline};
use flightdeck::session::proposal::{Confirmation, Gesture};

use super::{ADA, BOB, START, Teller, change, dispatched, identity, opening, order, session, split, weights};

/// A short deployment in waves: one change that goes through, and one that is left after its first wave.
pub fn waves() -> Vec<Entry> {
    let mut teller = Teller { entries: vec![opening(session(1), "bridge", "prod")], counters: [1, 0] };
    let baseline =
        |router: &str| RouterBaseline { router: router.into(), identity: identity("4711"), native: split(100, 100) };
    let routers = vec![baseline("eu-1"), baseline("eu-2")];
    teller.tell(1.0, "ada", 1, vec![Event::BaselineAccepted { routers }]);
    let in_waves = |id: ChangeId, step: &str, blue: u32, from: (u32, u32), to: (u32, u32)| {
        let orders = vec![order("eu-1", "4711", Some(from), to), order("eu-2", "4711", Some(from), to)];
        let waves = Waves::new(vec![vec!["eu-1".into()], vec!["eu-2".into()]], std::time::Duration::from_secs(30));
        ChangeConfirmed { waves, ..change(id, ChangeKind::Step { step: step.into() }, blue, orders) }
    };
    let first_wave = |id: ChangeId, seconds: i64| Event::ChangeDispatched {
        change: id,
        owner: ADA,
        epoch: 1,
        deadline: Timestamp(START + seconds * 1000),
        routers: vec!["eu-1".into()],
    };
    let answered = |change: ChangeId, router: &str, outcome: Outcome| Event::RouterAnswered {
        change,
        router: router.into(),
        attempt: 1,
        outcome,
    };
    let drain = ChangeId { cockpit: ADA, counter: 1 };
    let confirmed = Box::new(in_waves(drain, "drain-blue", 0, (100, 100), (0, 100)));
    teller.tell(100.0, "ada", 1, vec![Event::ChangeConfirmed(confirmed), first_wave(drain, 110)]);
    teller.tell(100.1, "ada", 1, vec![answered(drain, "eu-1", Outcome::Accepted)]);
    teller.tell(100.3, "ada", 1, vec![answered(drain, "eu-1", Outcome::Verified)]);
    let second = Event::WaveDispatched {
        change: drain,
        wave: 2,
        routers: vec!["eu-2".into()],
        owner: ADA,
        epoch: 1,
        deadline: Timestamp(START + 140_000),
    };
    teller.tell(130.4, "ada", 1, vec![second]);
    teller.tell(130.5, "ada", 1, vec![answered(drain, "eu-2", Outcome::Accepted)]);
    let settled = Event::ChangeSettled { change: drain, how: Settlement::Verified };
    teller.tell(130.9, "ada", 1, vec![answered(drain, "eu-2", Outcome::Verified), settled]);
    let ten = ChangeId { cockpit: ADA, counter: 2 };
    let confirmed = Box::new(in_waves(ten, "blue-10", 10, (0, 100), (11, 100)));
    teller.tell(200.0, "ada", 1, vec![Event::ChangeConfirmed(confirmed), first_wave(ten, 210)]);
    teller.tell(200.2, "ada", 1, vec![answered(ten, "eu-1", Outcome::Failed { why: "permission denied".to_owned() })]);
    let left = Settlement::Left { reason: "eu-1 wants another socket".to_owned() };
    teller.tell(260.0, "ada", 1, vec![Event::ChangeSettled { change: ten, how: left }]);
    teller.entries
}

/// A smoke test that failed, then passed, and a check that compares with its own first answer.
pub fn checks() -> Vec<Entry> {
    let mut teller = Teller { entries: vec![opening(session(1), "bridge", "prod")], counters: [1, 0] };
    let answered = |check: &str, verdict, words: &str, value: Option<&str>| {
        Event::CheckAnswered(Box::new(CheckAnswered {
            check: check.into(),
            verdict,
            words: words.to_owned(),
            value: value.map(str::to_owned),
            evidence: vec![("request".to_owned(), "GET http://blue/health".to_owned())],
        }))
    };
    teller.tell(1.0, "ada", 1, vec![answered("rows", Verdict::Pass, "412 rows", Some("412"))]);
    teller.tell(60.0, "ada", 1, vec![answered("health", Verdict::Fail, "503: \u{1b}[31m<b>down</b>", None)]);
    teller.tell(90.0, "ada", 1, vec![answered("health", Verdict::Inconclusive, "no answer within 5s", None)]);
    teller.tell(120.0, "ada", 1, vec![answered("health", Verdict::Pass, "200, version 2.5.0", None)]);
    teller.entries
}

/// Guards: one red at the start, what they compare with, armed, fired, armed anew and not able to, disarmed by hand.
pub fn guards() -> Vec<Entry> {
    let mut teller = Teller { entries: vec![opening(session(1), "bridge", "prod")], counters: [1, 0] };
    let baseline =
        |router: &str| RouterBaseline { router: router.into(), identity: identity("4711"), native: split(0, 100) };
    let routers = vec![baseline("eu-1"), baseline("eu-2")];
    teller.tell(1.0, "ada", 1, vec![Event::BaselineAccepted { routers }]);
    let p99 = || "p99".into();
    let errors = || "errors".into();
    let words = "green 612 ms, ≤ 500 ms, 3 in a row".to_owned();
    teller.tell(9.0, "ada", 1, vec![Event::GuardConfessed { guard: p99(), words }]);
    teller.tell(60.0, "ada", 1, vec![Event::GuardCalmed { guard: p99() }]);
    let orders = |from: (u32, u32), to: (u32, u32)| {
        vec![order("eu-1", "4711", Some(from), to), order("eu-2", "4711", Some(from), to)]
    };
    let verified = |change: ChangeId| {
        let answered = |router: &str| Event::RouterAnswered {
            change,
            router: router.into(),
            attempt: 1,
            outcome: Outcome::Verified,
        };
        let settled = Event::ChangeSettled { change, how: Settlement::Verified };
        vec![answered("eu-1"), answered("eu-2"), settled]
    };
    let of =
        |guard: &str, pool: Option<&str>, value: f64| GuardBaseline::new(guard.into(), pool.map(PoolId::from), value);
    let measured = vec![of("p99", Some("green"), 212.0), of("requests", None, 433.25)];
    let ten = ChangeId { cockpit: ADA, counter: 1 };
    let confirmed = change(ten, ChangeKind::Step { step: "blue-10".into() }, 10, orders((0, 100), (10, 90)));
    let measured = Event::BaselineMeasured { guards: measured };
    teller.tell(100.0, "ada", 1, vec![measured, Event::ChangeConfirmed(Box::new(confirmed)), dispatched(ten, 1, 110)]);
    teller.tell(100.2, "ada", 1, verified(ten));
    teller.tell(120.0, "ada", 1, vec![Event::GuardsArmed { guards: vec![errors()], epoch: 1 }]);
    let thirty = ChangeId { cockpit: ADA, counter: 2 };
    let confirmed = change(thirty, ChangeKind::Step { step: "blue-30".into() }, 30, orders((10, 90), (30, 70)));
    teller.tell(200.0, "ada", 1, vec![Event::ChangeConfirmed(Box::new(confirmed)), dispatched(thirty, 1, 210)]);
    teller.tell(200.2, "ada", 1, verified(thirty));
    let back = ChangeId { cockpit: ADA, counter: 3 };
    let kind = ChangeKind::Rollback { supersedes: None, reopens: vec!["blue-30".into()] };
    let mut confirmed = change(back, kind, 10, orders((30, 70), (10, 90)));
    confirmed.gates.clear();
    confirmed.confirmation = Confirmation::new(Gesture::Guard(errors()), false);
    let tripped = |acted: Acted| Event::GuardTripped {
        guard: errors(),
        words: "blue 1.40 %, ≤ 1.00 %, 3 in a row".to_owned(),
        acted,
    };
    teller.tell(
        230.0,
        "ada",
        1,
        vec![
            tripped(Acted::RolledBack { change: back }),
            Event::ChangeConfirmed(Box::new(confirmed)),
            dispatched(back, 1, 240),
            Event::GuardsDisarmed { why: "errors fired".to_owned() },
        ],
    );
    teller.tell(230.2, "ada", 1, verified(back));
    teller.tell(300.0, "ada", 1, vec![Event::GuardCalmed { guard: errors() }]);
    teller.tell(301.0, "ada", 1, vec![Event::GuardsArmed { guards: vec![errors(), p99()], epoch: 1 }]);
    let because = "green has 0/2 up".to_owned();
    teller.tell(330.0, "ada", 1, vec![tripped(Acted::Rang { because })]);
    teller.tell(331.0, "ada", 1, vec![Event::GuardsDisarmed { why: "by hand".to_owned() }]);
    teller.tell(400.0, "ada", 1, vec![Event::GuardCalmed { guard: errors() }]);
    teller.tell(420.0, "ada", 1, vec![tripped(Acted::Proposed)]);
    teller.entries
}

/// A step whose way back is proven in two stages, and connections that lingered; added to format 1 later.
pub fn shapes() -> Vec<Entry> {
    shapes_despite(&[])
}

/// The same, with a check between the stages that failed; added to format 1 later still.
pub fn stages() -> Vec<Entry> {
    shapes_despite(&["smoke failed: 503 Service Unavailable"])
}

/// `despite` is what the second stage went on despite.
fn shapes_despite(despite: &[&str]) -> Vec<Entry> {
    let mut teller = Teller { entries: vec![opening(session(1), "bridge", "prod")], counters: [1, 0] };
    let baseline = RouterBaseline { router: "eu-1".into(), identity: identity("4711"), native: split(0, 100) };
    teller.tell(1.0, "ada", 1, vec![Event::BaselineAccepted { routers: vec![baseline] }]);
    let id = |counter| ChangeId { cockpit: ADA, counter };
    let ended = |id: ChangeId| {
        let outcome = Outcome::Verified;
        let answered = Event::RouterAnswered { change: id, router: "eu-1".into(), attempt: 1, outcome };
        vec![answered, Event::ChangeSettled { change: id, how: Settlement::Verified }]
    };
    let dispatched = |id: ChangeId, seconds: i64| Event::ChangeDispatched {
        change: id,
        owner: ADA,
        epoch: 1,
        deadline: Timestamp(START + seconds * 1000),
        routers: Vec::new(),
    };
    let there = change(
        id(1),
        ChangeKind::Step { step: "blue-10".into() },
        10,
        vec![order("eu-1", "4711", Some((0, 100)), (11, 100))],
    );
    teller.tell(100.0, "ada", 1, vec![Event::ChangeConfirmed(Box::new(there)), dispatched(id(1), 105)]);
    teller.tell(100.2, "ada", 1, ended(id(1)));
    for (stage, counter, blue, native) in [(1, 2, 5, (5, 100)), (2, 3, 0, (0, 100))] {
        let reopens = if stage == 1 { vec!["blue-10".into()] } else { Vec::new() };
        let kind = ChangeKind::Rollback { supersedes: None, reopens };
        let back = change(id(counter), kind, blue, vec![order("eu-1", "4711", Some((11, 100)), native)]);
        let left = vec![BasisPoints::percent(50), BasisPoints::ZERO];
        let ramp = Ramp { from: weights(10), to: weights(0), left, stage };
        let at = 110.0 + f64::from(counter);
        let despite = despite.iter().filter(|_| stage == 2).map(|each| (*each).to_owned()).collect();
        let events = vec![
            Event::ChangeConfirmed(Box::new(back)),
            Event::RampStage { change: id(counter), ramp, despite },
            dispatched(id(counter), 120),
        ];
        teller.tell(at, "ada", 1, events);
        teller.tell(at + 0.3, "ada", 1, ended(id(counter)));
        let timed = Event::RollbackTimed { change: id(counter), took_ms: 300, declared_ms: 1_000 };
        teller.tell(at + 0.31, "ada", 1, vec![timed]);
    }
    let routers = vec![ProvenRouter { router: "eu-1".into(), there_ms: 200, back_ms: 300 }];
    let proven = WayBackProven { step: "blue-10".into(), there: id(1), back: id(3), routers };
    teller.tell(113.4, "ada", 1, vec![Event::WayBackProven(Box::new(proven))]);
    let ending = ConnectionsEnding {
        act: id(4),
        router: "eu-1".into(),
        pool: "blue".into(),
        count: 2,
        reason: "asleep since the morning".to_owned(),
        owner: ADA,
        epoch: 1,
        deadline: Timestamp(START + 205_000),
    };
    teller.tell(200.0, "ada", 1, vec![Event::ConnectionsEnding(Box::new(ending))]);
    let ended = Event::ConnectionsEnded {
        act: id(4),
        router: "eu-1".into(),
        pool: "blue".into(),
        count: 1,
        reason: "asleep since the morning".to_owned(),
        how: "1 ended, 1 had ended by themselves".to_owned(),
    };
    teller.tell(200.1, "ada", 1, vec![ended]);
    teller.entries
}

/// A slow system's task that was cancelled; added to format 1 later.
pub fn tasks() -> Vec<Entry> {
    let mut teller = Teller { entries: vec![opening(session(1), "bridge", "prod")], counters: [1, 0] };
    let baseline = RouterBaseline { router: "eu-1".into(), identity: identity("4711"), native: split(0, 100) };
    teller.tell(1.0, "ada", 1, vec![Event::BaselineAccepted { routers: vec![baseline] }]);
    let act = ChangeId { cockpit: BOB, counter: 1 };
    let cancelling = TaskCancelling {
        act,
        router: "eu-1".into(),
        task: "ServerTasks-77".to_owned(),
        what: "deployment of release 2.5.1".to_owned(),
        owner: BOB,
        deadline: Timestamp(START + 65_000),
    };
    teller.tell(60.0, "bob", 1, vec![Event::TaskCancelling(Box::new(cancelling))]);
    let cancelled = Event::TaskCancelled {
        act,
        router: "eu-1".into(),
        task: "ServerTasks-77".to_owned(),
        how: "it is over after 12 s; the weights read 0.0 / 100.0".to_owned(),
    };
    teller.tell(72.0, "bob", 1, vec![cancelled]);
    teller.entries
}
