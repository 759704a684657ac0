//! The whole story: every kind of event, a partial change, an override, drift, a rollback.

use flightdeck::domain::share::Agreement;
use flightdeck::domain::{ChangeId, Digest, EntryId, Outcome, RequestId, RouterId, Seat, Share, Signed, Timestamp};
use flightdeck::entry::Entry;
use flightdeck::session::Event;
use flightdeck::session::event::{
    ChangeKind, Process, ProfileText, RouterBaseline, Settlement, SpillMerged, Spilled, StepMark,
};
use flightdeck::session::proposal::{Gate, GateReport, GateState, Gesture, Override};
use flightdeck::session::second::{AskedAct, ConfirmationAsked, RunConfirmed, Second};

use super::{
    ADA, BOB, START, Teller, answered, change, controls, dispatched, identity, opening, order, session, split, ticked,
};

/// The whole story.
#[expect(clippy::too_many_lines, reason = "a story is told from its beginning to its end")]
pub fn deployment() -> Vec<Entry> {
    let first = opening(session(1), "message-bridge", "prod");
    let mut teller = Teller { entries: vec![first], counters: [1, 0] };
    let [drain, ten, thirty, put_back] = [1, 2, 3, 4].map(|counter| ChangeId { cockpit: ADA, counter });
    let back = ChangeId { cockpit: BOB, counter: 1 };
    let baseline = |router: &str, process: &str, (blue, green)| RouterBaseline {
        router: router.into(),
        identity: identity(process),
        native: split(blue, green),
    };
    let both =
        |from: (u32, u32), to| vec![order("eu-1", "7001", Some(from), to), order("eu-2", "7002", Some(from), to)];

    let routers = vec![baseline("eu-1", "7001", (50, 50)), baseline("eu-2", "7002", (50, 50))];
    teller.tell(20.0, "ada", 1, vec![Event::BaselineAccepted { routers }]);
    let (told, bridge) = ("before-the-call/channel-told", "before-the-call/bridge-open");
    teller.tell(60.0, "ada", 1, vec![ticked(told, "Channel told"), ticked(bridge, "Bridge open | both *dialled in*")]);
    teller.tell(75.0, "bob", 1, vec![Event::ItemUnticked { item: told.into(), text: "Channel told".to_owned() }]);
    teller.tell(90.0, "ada", 1, vec![ticked(told, "Channel told")]);

    // The old version leaves blue.
    let confirmed = change(drain, step("drain-blue"), 0, both((50, 50), (0, 100)));
    teller.tell(131.0, "ada", 1, vec![Event::ChangeConfirmed(Box::new(confirmed)), dispatched(drain, 1, 141)]);
    let accepted =
        |change| vec![answered(change, "eu-1", 1, Outcome::Accepted), answered(change, "eu-2", 1, Outcome::Accepted)];
    teller.tell(131.012, "ada", 1, accepted(drain));
    teller.tell(
        131.034,
        "ada",
        1,
        vec![
            answered(drain, "eu-1", 1, Outcome::Verified),
            answered(drain, "eu-2", 1, Outcome::Verified),
            Event::ChangeSettled { change: drain, how: Settlement::Verified },
        ],
    );
    let observed = |router: &str, part, agreement| Event::SplitObserved {
        change: drain,
        router: router.into(),
        pool: "blue".into(),
        share: Share { part, whole: 2_000 },
        agreement,
    };
    teller.tell(
        150.0,
        "ada",
        1,
        vec![observed("eu-1", 3, Agreement::Consistent), observed("eu-2", 120, Agreement::Off)],
    );
    let evidence = vec!["weight 0 read back on eu-1, eu-2".to_owned(), "in flight 0 for 1:00".to_owned()];
    teller.tell(241.0, "ada", 1, vec![Event::PoolDrained { pool: "blue".into(), evidence }]);
    teller.tell(
        600.0,
        "ada",
        1,
        vec![
            Event::LinesAttached {
                source: "blue".into(),
                lines: vec!["bridge 2.5.0 is up".to_owned(), "``` | <b>not markup</b> \u{1b}[31m \u{202e}".to_owned()],
            },
            Event::StepMarked {
                step: "deploy-blue".into(),
                mark: StepMark::Done {
                    gates: vec![GateReport {
                        gate: Gate::Items { section: "before".to_owned() },
                        state: GateState::Fails,
                        text: "Before the call 1/2, open: Status page".to_owned(),
                    }],
                    overrides: vec![Override {
                        gate: Gate::Items { section: "before".to_owned() },
                        reason: "the page is told by the on-call lead".to_owned(),
                    }],
                    second: Second::NotAsked,
                    signed: None,
                },
            },
        ],
    );

    // One router takes it, the other one does not answer.
    let confirmed = change(ten, step("blue-10"), 10, both((0, 100), (10, 90)));
    teller.tell(700.0, "ada", 1, vec![Event::ChangeConfirmed(Box::new(confirmed)), dispatched(ten, 1, 710)]);
    let silence = || Outcome::Unknown { why: "no answer within 2 s".to_owned() };
    teller.tell(
        702.1,
        "ada",
        1,
        vec![answered(ten, "eu-1", 1, Outcome::Verified), answered(ten, "eu-2", 1, silence())],
    );
    let routers: Vec<RouterId> = vec!["eu-2".into()];
    let deadline = Timestamp(START + 740_000);
    teller.tell(730.0, "ada", 1, vec![Event::ChangeRetried { change: ten, routers, owner: ADA, epoch: 1, deadline }]);
    teller.tell(732.0, "ada", 1, vec![answered(ten, "eu-2", 2, silence())]);
    let reason = "eu-2 is being looked at, eu-1 may stay".to_owned();
    teller.tell(760.0, "ada", 1, vec![Event::ChangeSettled { change: ten, how: Settlement::Left { reason } }]);
    teller.tell(771.0, "ada", 1, vec![Event::LateEffect { change: ten, router: "eu-2".into(), read: split(10, 90) }]);
    teller.tell(780.0, "bob", 1, vec![Event::Held { reason: "p99 of blue | look first".to_owned() }]);

    // Weights move without us.
    let restarted = Event::RouterRestarted { router: "eu-2".into(), was: identity("7002"), is: identity("7102") };
    let drifted = |router: &str, read, restarted| Event::DriftNoticed {
        router: router.into(),
        expected: split(10, 90),
        read,
        restarted,
    };
    teller.tell(800.0, "ada", 1, vec![restarted, drifted("eu-2", split(50, 50), true)]);
    teller.tell(805.0, "ada", 1, vec![drifted("eu-1", split(11, 89), false)]);
    teller.tell(809.0, "ada", 1, vec![Event::DriftEnded { router: "eu-1".into() }]);
    teller.tell(820.0, "bob", 1, vec![Event::HoldReleased { reason: "p99 is back".to_owned() }]);
    let routers = vec![order("eu-2", "7102", Some((50, 50)), (10, 90))];
    let confirmed = change(put_back, ChangeKind::PutBack, 10, routers);
    teller.tell(830.0, "ada", 1, vec![Event::ChangeConfirmed(Box::new(confirmed)), dispatched(put_back, 1, 840)]);
    let read = split(60, 50);
    teller.tell(
        830.1,
        "ada",
        1,
        vec![
            answered(put_back, "eu-2", 1, Outcome::Moved { read: read.clone() }),
            Event::ChangeSettled { change: put_back, how: Settlement::NothingSent },
        ],
    );
    teller.tell(835.0, "ada", 1, vec![drifted("eu-2", read.clone(), true)]);
    let reason = "the other team holds eu-2 there".to_owned();
    teller.tell(850.0, "ada", 1, vec![Event::DriftAccepted { router: "eu-2".into(), native: read, reason }]);
    let mark = StepMark::Skipped { reason: "10 was long enough".to_owned() };
    teller.tell(
        860.0,
        "ada",
        1,
        vec![
            Event::StepMarked { step: "blue-20".into(), mark },
            Event::StepMarked { step: "check-green".into(), mark: StepMark::AlreadySo },
        ],
    );
    let files = vec![ProfileText { path: "bridge.toml".to_owned(), text: "service = \"bridge\" # 2\n".to_owned() }];
    teller.tell(870.0, "ada", 1, {
        let (digest, second) = (Digest([8; 32]), Second::NotAsked);
        vec![Event::ProfileReloaded { files, digest, second, signed: None }]
    });

    // Onward without the soak, and back in the middle of it.
    let routers =
        vec![order("eu-1", "7001", Some((10, 90)), (30, 70)), order("eu-2", "7102", Some((60, 50)), (30, 70))];
    let mut confirmed = change(thirty, step("blue-30"), 30, routers);
    confirmed
        .gates
        .insert(0, GateReport { gate: Gate::Soak, state: GateState::Fails, text: "soak 3:12 of 5:00".to_owned() });
    confirmed.overrides =
        vec![Override { gate: Gate::Soak, reason: "window ends at 15:00, ada and bob agree".to_owned() }];
    confirmed.confirmation.gesture = Gesture::Typed("blue 30".to_owned());
    teller.tell(900.0, "ada", 1, vec![Event::ChangeConfirmed(Box::new(confirmed)), dispatched(thirty, 1, 910)]);
    teller.tell(900.02, "ada", 1, vec![answered(thirty, "eu-1", 1, Outcome::Verified)]);
    let kind = ChangeKind::Rollback { supersedes: Some(thirty), reopens: vec!["blue-20".into()] };
    let routers = vec![order("eu-1", "7001", Some((30, 70)), (0, 100)), order("eu-2", "7102", None, (0, 100))];
    let mut confirmed = change(back, kind, 0, routers);
    confirmed.gates.clear();
    let epoch = teller.entries.len() as u64 + 1;
    teller.tell(
        901.5,
        "bob",
        1,
        vec![
            controls(BOB, "bob", "rollback"),
            Event::ChangeConfirmed(Box::new(confirmed)),
            dispatched(back, epoch, 912),
        ],
    );
    teller.tell(
        901.6,
        "bob",
        epoch,
        vec![
            answered(thirty, "eu-2", 1, Outcome::NotSent { why: "superseded by a rollback".to_owned() }),
            answered(back, "eu-1", 1, Outcome::Verified),
            answered(back, "eu-2", 1, Outcome::Differs { read: split(1, 100) }),
        ],
    );
    let retried = Event::ChangeRetried {
        change: back,
        routers: vec!["eu-2".into()],
        owner: BOB,
        epoch,
        deadline: Timestamp(START + 915_000),
    };
    teller.tell(903.0, "bob", epoch, vec![retried]);
    teller.tell(
        903.2,
        "bob",
        epoch,
        vec![
            answered(back, "eu-2", 2, Outcome::Verified),
            Event::ChangeSettled { change: back, how: Settlement::Verified },
        ],
    );
    teller.tell(
        950.0,
        "bob",
        epoch,
        vec![Event::NoteAdded { text: "Timeouts in *blue*, see <#ops> | `2.5.1` next".to_owned() }],
    );
    between_people(&mut teller, epoch, back);
    let routers = vec![baseline("eu-1", "7001", (0, 100)), baseline("eu-2", "7102", (0, 100))];
    let outcome = "rolled back, green serves 2.4.0".to_owned();
    teller.tell(
        1_000.0,
        "bob",
        epoch,
        vec![Event::SessionClosed { outcome, routers, left: Vec::new(), follow_ups: Vec::new() }],
    );
    teller.entries
}

/// What two people do with each other: controls, second persons, what was decided while cut off.
fn between_people(teller: &mut Teller, epoch: u64, back: ChangeId) {
    let process = Process { host: "bastion".to_owned(), boot: "b1".to_owned(), pid: 4243, started: 99 };
    let signed = |what: &str| Signed {
        statement: format!("flightdeck statement 1\nact: {what}\n"),
        signature: "armoured".to_owned(),
    };
    let seat = Seat::Operator;
    let reason = "bob's line is bad".to_owned();
    teller.tell(951.0, "ada", epoch, vec![Event::CockpitJoined { seat, process }, Event::ControlsAsked { reason }]);
    let offered = Event::ControlsOffered {
        to: ADA,
        operator: "ada".into(),
        summary: vec!["eu-1 has 0 / 100, read 0:01 ago".to_owned(), "next step: blue-20".to_owned()],
    };
    teller.tell(952.0, "bob", epoch, vec![Event::AskingEnded { why: "refused".to_owned() }, offered]);
    teller.tell(953.0, "ada", epoch, vec![Event::OfferEnded { why: "refused".to_owned() }]);
    let asked = |counter| {
        let typed = "green".to_owned();
        let act = AskedAct::Complete {
            step: "deploy-green".into(),
            typed,
            revision: 24,
            profile: Digest([8; 32]),
            requests: Vec::new(),
        };
        let request = RequestId { cockpit: BOB, counter };
        let digest = ConfirmationAsked::digest_of(&act, &[]);
        let until = Timestamp(START + 1_300_000);
        Box::new(ConfirmationAsked { request, act, overrides: Vec::new(), digest, until })
    };
    let (one, two, three) = (asked(1), asked(2), asked(3));
    let (request, digest, reason) = (one.request, one.digest, "green is not built yet".to_owned());
    let refused = Event::ConfirmationRefused { request, reason };
    teller.tell(954.0, "bob", epoch, vec![Event::ConfirmationAsked(one)]);
    teller.tell(955.0, "ada", epoch, vec![refused]);
    let ended = Event::ConfirmationEnded { request: two.request, why: "withdrawn".to_owned() };
    teller.tell(956.0, "bob", epoch, vec![Event::ConfirmationAsked(two), ended]);
    let request = three.request;
    teller.tell(957.0, "bob", epoch, vec![Event::ConfirmationAsked(three)]);
    let looked = vec!["eu-1".into()];
    let given = Event::ConfirmationGiven { request, digest, looked, signed: Some(signed("approve")) };
    teller.tell(958.0, "ada", epoch, vec![given]);
    let mark = StepMark::Done {
        gates: Vec::new(),
        overrides: Vec::new(),
        second: Second::Given { by: "ada".into(), cockpit: ADA, entry: 0, key: None },
        signed: None,
    };
    teller.tell(959.0, "bob", epoch, vec![Event::StepMarked { step: "deploy-green".into(), mark }]);
    let steps = vec!["blue-20".into(), "blue-30".into()];
    let run = RunConfirmed { steps, digest: Digest([6; 32]), signed: None };
    teller.tell(960.0, "ada", epoch, vec![Event::RunConfirmed(Box::new(run))]);
    teller.tell(961.0, "bob", epoch, vec![Event::RunEnded { why: "the call is over for today".to_owned() }]);
    let again = ChangeId { cockpit: ADA, counter: 9 };
    let mut confirmed = change(
        again,
        ChangeKind::Rollback { supersedes: None, reopens: Vec::new() },
        0,
        vec![order("eu-2", "7102", Some((1, 100)), (0, 100))],
    );
    confirmed.gates.clear();
    let merged = SpillMerged {
        after: 30,
        hash: Digest([5; 32]),
        entries: vec![Spilled {
            id: EntryId { cockpit: ADA, counter: 900 },
            at: Timestamp(START + 961_500),
            actor: "ada".into(),
            cockpit: ADA,
            events: vec![
                controls(ADA, "ada", "rollback"),
                Event::ChangeConfirmed(Box::new(confirmed)),
                dispatched(again, epoch, 966),
            ],
            hash: Some(Digest([4; 32])),
        }],
    };
    teller.tell(962.0, "ada", epoch, vec![Event::SpillMerged(Box::new(merged))]);
    teller.tell(
        963.0,
        "ada",
        epoch,
        vec![
            answered(again, "eu-2", 1, Outcome::Verified),
            Event::ChangeSettled { change: again, how: Settlement::Verified },
        ],
    );
    let signed = signed("rollback");
    teller.tell(964.0, "bob", epoch, vec![Event::RollbackSigned { change: back, signed }]);
    teller.tell(965.0, "ada", epoch, vec![Event::CockpitLeft { why: "quit".to_owned() }]);
    teller.tell(966.0, "bob", epoch, vec![controls(BOB, "bob", "nobody had the controls")]);
}

fn step(id: &str) -> ChangeKind {
    ChangeKind::Step { step: id.into() }
}
