//! One told deployment: every kind of event, a partial change, an override, drift, a rollback.

use flightdeck::domain::action::{Acting, ActionEnd};
use flightdeck::domain::check::Verdict;
use flightdeck::domain::due::FollowUp;
use flightdeck::domain::notify::{Occasion, TellOutcome};
use flightdeck::domain::ramp::Ramp;
use flightdeck::domain::reading::{Admin, Identity};
use flightdeck::domain::share::Agreement;
use flightdeck::domain::{
    BasisPoints, ChangeId, CockpitId, Digest, Durability, EntryId, ItemId, NativeSplit, NativeWeight, Outcome, PoolId,
    Prepared, RequestId, RouterId, Seat, SessionId, Share, Signed, Timestamp, Waves, Weights,
};
use flightdeck::entry::Entry;
use flightdeck::session::Event;
use flightdeck::session::action::{ActionCancelling, ActionStarting};
use flightdeck::session::event::{
    ChangeConfirmed, ChangeKind, CheckAnswered, ConnectionsEnding, ControlsTaken, Process, ProfileText, ProvenRouter,
    RouterBaseline, SessionOpened, Settlement, SpillMerged, Spilled, StepMark, TaskCancelling, Told, WayBackProven,
};
use flightdeck::session::guard::{Acted, GuardBaseline};
use flightdeck::session::proposal::{Bound, Confirmation, Gate, GateReport, GateState, Gesture, Override, RouterOrder};
use flightdeck::session::second::{AskedAct, ConfirmationAsked, RunConfirmed, Second};
use uuid::Uuid;

/// 2026-11-21 14:00:00 UTC.
const START: i64 = 1_795_269_600_000;

pub const ADA: CockpitId = CockpitId(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_ada0));
pub const BOB: CockpitId = CockpitId(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_b0b0));

/// A session's id by a small number.
pub fn session(number: u128) -> SessionId {
    SessionId(Uuid::from_u128(0x0192_0000_0000_7000_8000_5e55_0000_0000 + number))
}

/// The split of a router with one server in each pool.
pub fn split(blue: u32, green: u32) -> NativeSplit {
    let weight = |name: &str, pool: &str, weight| NativeWeight {
        reference: format!("app/{name}"),
        pool: PoolId::from(pool),
        weight,
        admin: Admin::Ready,
    };
    NativeSplit(vec![weight("blue-1", "blue", blue), weight("green-1", "green", green)])
}

pub fn weights(blue: u32) -> Weights {
    let blue = BasisPoints::percent(blue);
    Weights::new(vec![("blue".into(), blue), ("green".into(), BasisPoints(10_000 - blue.0))]).unwrap()
}

fn identity(process: &str) -> Identity {
    Identity { node: "lb".to_owned(), process: process.to_owned() }
}

fn controls(cockpit: CockpitId, operator: &str, why: &str) -> Event {
    Event::ControlsTaken(ControlsTaken {
        cockpit,
        operator: operator.into(),
        process: Process { host: "bastion".to_owned(), boot: "b00t".to_owned(), pid: 4711, started: 99 },
        why: why.to_owned(),
    })
}

/// The first entry of a session.
pub fn opening(session: SessionId, service: &str, environment: &str) -> Entry {
    let opened = SessionOpened {
        service: service.to_owned(),
        environment: environment.to_owned(),
        from_version: "2.4.0".to_owned(),
        to_version: "2.5.0".to_owned(),
        pools: vec![("blue".into(), "▲".to_owned()), ("green".into(), "●".to_owned())],
        routers: vec![("eu-1".into(), "haproxy".to_owned()), ("eu-2".into(), "haproxy".to_owned())],
        files: vec![ProfileText { path: "bridge.toml".to_owned(), text: "service = \"bridge\"\n".to_owned() }],
        digest: Digest([7; 32]),
        flightdeck: "0.1.0".to_owned(),
        durability: Durability::Synced,
        private: false,
        why: flightdeck::domain::Why::default(),
        planned: None,
    };
    Entry {
        session,
        number: 1,
        id: EntryId { cockpit: ADA, counter: 1 },
        cockpit: ADA,
        actor: "ada".into(),
        at: Timestamp(START),
        epoch: 0,
        events: vec![Event::SessionOpened(Box::new(opened)), controls(ADA, "ada", "opened")],
    }
}

/// An entry with a note.
pub fn note(session: SessionId, number: u64, cockpit: CockpitId, counter: u32) -> Entry {
    Entry {
        session,
        number,
        id: EntryId { cockpit, counter },
        cockpit,
        actor: if cockpit == ADA { "ada".into() } else { "bob".into() },
        at: Timestamp(START + i64::from(counter) * 1000),
        epoch: 1,
        events: vec![Event::NoteAdded { text: format!("note {counter}") }],
    }
}

/// The entry that closes a session.
pub fn closing(session: SessionId, number: u64) -> Entry {
    let closed = Event::SessionClosed {
        outcome: "done".to_owned(),
        routers: Vec::new(),
        left: Vec::new(),
        follow_ups: Vec::new(),
    };
    Entry { events: vec![closed], ..note(session, number, ADA, u32::try_from(number).unwrap()) }
}

struct Teller {
    entries: Vec<Entry>,
    counters: [u32; 2],
}

impl Teller {
    fn tell(&mut self, seconds: f64, who: &str, epoch: u64, events: Vec<Event>) {
        let (cockpit, index) = if who == "bob" { (BOB, 1) } else { (ADA, 0) };
        self.counters[index] += 1;
        #[expect(clippy::cast_possible_truncation, reason = "a few thousand seconds")]
        let at = Timestamp(START + (seconds * 1000.0).round() as i64);
        self.entries.push(Entry {
            session: session(1),
            number: self.entries.len() as u64 + 1,
            id: EntryId { cockpit, counter: self.counters[index] },
            cockpit,
            actor: who.into(),
            at,
            epoch,
            events,
        });
    }
}

fn order(router: &str, process: &str, from: Option<(u32, u32)>, to: (u32, u32)) -> RouterOrder {
    let native = split(to.0, to.1);
    let pools = [PoolId::from("blue"), PoolId::from("green")];
    RouterOrder {
        router: router.into(),
        bound: from.map(|(blue, green)| Bound {
            native: split(blue, green),
            identity: identity(process),
            generation: String::new(),
        }),
        prepared: Prepared {
            requests: native
                .0
                .iter()
                .map(|each| format!("set server {} weight {}", each.reference, each.weight))
                .collect(),
            shares: native.shares(&pools),
            native,
            notes: Vec::new(),
        },
    }
}

fn change(id: ChangeId, kind: ChangeKind, blue: u32, routers: Vec<RouterOrder>) -> ChangeConfirmed {
    ChangeConfirmed {
        change: id,
        kind,
        to: weights(blue),
        routers,
        waves: Waves::default(),
        gates: vec![GateReport {
            gate: Gate::Destination { pool: "green".into() },
            state: GateState::Holds,
            text: "green 2/2 up".to_owned(),
        }],
        overrides: Vec::new(),
        confirmation: Confirmation::new(Gesture::Key, true),
        digest: Digest([9; 32]),
        revision: 3,
        second: Second::NotAsked,
    }
}

fn dispatched(id: ChangeId, epoch: u64, seconds: i64) -> Event {
    let deadline = Timestamp(START + seconds * 1000);
    Event::ChangeDispatched { change: id, owner: id.cockpit, epoch, deadline, routers: Vec::new() }
}

fn answered(change: ChangeId, router: &str, attempt: u32, outcome: Outcome) -> Event {
    Event::RouterAnswered { change, router: router.into(), attempt, outcome }
}

fn step(id: &str) -> ChangeKind {
    ChangeKind::Step { step: id.into() }
}

fn ticked(item: &str, text: &str) -> Event {
    Event::ItemTicked { item: item.into(), text: text.to_owned() }
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

/// People outside were told, and could not be; added to format 1 later.
pub fn tellings() -> Vec<Entry> {
    let mut teller = Teller { entries: vec![opening(session(1), "bridge", "prod")], counters: [1, 0] };
    let told = |what, entry, outcome, words: &str, reference: Option<&str>| {
        Event::Told(Box::new(Told {
            notifier: "team".into(),
            what,
            entry,
            outcome,
            words: words.to_owned(),
            reference: reference.map(str::to_owned),
        }))
    };
    let live = "C0123456789/1503435956.000247";
    let words = "message 1503435957.000100 in the thread of 1503435956.000247";
    teller.tell(2.0, "ada", 1, vec![told(Occasion::Opened, 1, TellOutcome::Told, words, Some(live))]);
    teller.tell(60.0, "ada", 1, vec![Event::Held { reason: "look first".to_owned() }]);
    let no = "POST https://slack.com/api/chat.update: invalid_auth; see whether the token is right";
    let unknown = "POST https://api.datadoghq.com/api/v1/events: no answer came; look there yourself";
    teller.tell(
        61.0,
        "ada",
        1,
        vec![
            told(Occasion::Held, 3, TellOutcome::NotTold, no, None),
            told(Occasion::Held, 3, TellOutcome::Unknown, unknown, None),
        ],
    );
    teller.entries
}

/// A deploy action that was lost, found, cancelled and failed, and one that succeeded; added to format 1 later.
pub fn actions() -> Vec<Entry> {
    let mut teller = Teller { entries: vec![opening(session(1), "bridge", "prod")], counters: [1, 0] };
    let baseline = RouterBaseline { router: "eu-1".into(), identity: identity("4711"), native: split(0, 100) };
    teller.tell(1.0, "ada", 1, vec![Event::BaselineAccepted { routers: vec![baseline] }]);
    let id = |cockpit, counter| ChangeId { cockpit, counter };
    let gate = Gate::NoTraffic { pool: "blue".into() };
    let text = "blue not drained: 2 in flight".to_owned();
    let starting = |counter: u32, until: i64| ActionStarting {
        act: id(ADA, counter),
        step: "deploy-blue".into(),
        action: "deploy-blue".into(),
        pool: "blue".into(),
        key: Acting::key_of(id(ADA, counter)),
        requests: vec!["POST https://deploy.example.net/deployments".to_owned()],
        differences: vec!["version: 2.4.0 → 2.5.0".to_owned()],
        gates: vec![GateReport { gate: gate.clone(), state: GateState::Fails, text: text.clone() }],
        overrides: vec![Override { gate: gate.clone(), reason: "both are health checks".to_owned() }],
        confirmation: Confirmation::new(Gesture::Typed("blue".to_owned()), true),
        second: Second::NotAsked,
        owner: ADA,
        epoch: 1,
        deadline: Timestamp(START + until),
    };
    let ended = |counter, end, log: &[&str]| Event::ActionEnded {
        act: id(ADA, counter),
        action: "deploy-blue".into(),
        end,
        log: log.iter().map(|line| (*line).to_owned()).collect(),
    };
    teller.tell(60.0, "ada", 1, vec![Event::ActionStarting(Box::new(starting(2, 65_000)))]);
    let why = "no answer within 10s".to_owned();
    teller.tell(70.0, "ada", 1, vec![Event::ActionUnknown { act: id(ADA, 2), why }]);
    let link = Some("https://deploy.example.net/deployments/7".to_owned());
    teller.tell(75.0, "ada", 1, vec![Event::ActionStarted { act: id(ADA, 2), handle: "7".to_owned(), link }]);
    let cancelling = ActionCancelling {
        act: id(BOB, 1),
        of: id(ADA, 2),
        action: "deploy-blue".into(),
        owner: BOB,
        deadline: Timestamp(START + 95_000),
    };
    teller.tell(90.0, "bob", 1, vec![Event::ActionCancelling(Box::new(cancelling))]);
    let how = "its system took it; looks tell when it is over".to_owned();
    let answered = Event::ActionCancelAnswered { act: id(BOB, 1), of: id(ADA, 2), action: "deploy-blue".into(), how };
    teller.tell(90.2, "bob", 1, vec![answered]);
    let end = ActionEnd::Failed { why: "cancelled".to_owned() };
    teller.tell(95.0, "ada", 1, vec![ended(2, end, &["pulling the image", "stopped"])]);
    teller.tell(120.0, "ada", 1, vec![Event::ActionStarting(Box::new(starting(3, 125_000)))]);
    let mark = StepMark::Acted { act: id(ADA, 3) };
    let marked = Event::StepMarked { step: "deploy-blue".into(), mark };
    teller.tell(180.0, "ada", 1, vec![ended(3, ActionEnd::Succeeded, &[]), marked]);
    teller.entries
}

/// A session with a planned start that left something for after the end, and that was done.
pub fn later() -> Vec<Entry> {
    let mut opening = opening(session(3), "bridge", "prod");
    for event in &mut opening.events {
        if let Event::SessionOpened(opened) = event {
            opened.planned = Some(Timestamp(START + 3_600_000));
        }
    }
    let (item, text) = (ItemId::from("follow-up/look-again"), "Look at it once more".to_owned());
    let left = FollowUp { item: item.clone(), text: text.clone(), due: Timestamp(START + 7_202_000) };
    let mut end = closing(session(3), 2);
    end.events = vec![Event::SessionClosed {
        outcome: "done".to_owned(),
        routers: Vec::new(),
        left: Vec::new(),
        follow_ups: vec![left],
    }];
    let ticked = Entry { events: vec![Event::ItemTicked { item, text }], ..note(session(3), 3, ADA, 3) };
    vec![opening, end, ticked]
}
