//! People: who was told, who approved, what was left for later, items beside their ticks.

use flightdeck::domain::due::FollowUp;
use flightdeck::domain::duty::{CommandEnd, Proof};
use flightdeck::domain::notify::{Occasion, TellOutcome};
use flightdeck::domain::{ChangeId, Digest, ItemId, Signed, Timestamp};
use flightdeck::entry::Entry;
use flightdeck::session::Event;
use flightdeck::session::approval::{ApprovalGiven, ApprovalReported};
use flightdeck::session::event::{StepMark, Told};
use flightdeck::session::item::{
    Attached as ItemProof, Calling, Despite, Ended, ItemRun, ReadBy, Reading, Starting, Ticking,
};
use flightdeck::session::proposal::{Confirmation, Gate, GateReport, GateState, Gesture, Override};
use flightdeck::session::second::Second;

use super::{ADA, START, Teller, closing, note, opening, session};

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

/// Approvals given, reported and taken back, and a step that went on without one; added to format 1 later.
pub fn approvals() -> Vec<Entry> {
    let mut teller = Teller { entries: vec![opening(session(1), "bridge", "prod")], counters: [1, 0] };
    let about = Digest([0xa5; 32]);
    let day = |second: i64| Timestamp(START + second * 1_000 + 86_400_000);
    let given = |second, signed| {
        Event::ApprovalGiven(Box::new(ApprovalGiven {
            approval: "operations".into(),
            title: "Operations lead".to_owned(),
            about,
            until: day(second),
            signed,
        }))
    };
    let signed = Signed { statement: "flightdeck statement 1".to_owned(), signature: "-----BEGIN".to_owned() };
    teller.tell(20.0, "bob", 1, vec![given(20, Some(signed))]);
    let reported = ApprovalReported {
        approval: "release".into(),
        title: "Release manager".to_owned(),
        by: "erin".into(),
        link: "https://chat.example.net/archives/C1/p2".to_owned(),
        about,
        until: day(30),
    };
    teller.tell(30.0, "ada", 1, vec![Event::ApprovalReported(Box::new(reported))]);
    let reason = "a page came in".to_owned();
    let withdrawn = Event::ApprovalWithdrawn { approval: "operations".into(), by: "bob".into(), reason };
    teller.tell(40.0, "bob", 1, vec![withdrawn]);
    teller.tell(50.0, "bob", 1, vec![given(50, None)]);
    let gate = Gate::Approval { approval: "vp".into() };
    let text = "approval: VP Engineering, missing".to_owned();
    let mark = StepMark::Done {
        gates: vec![GateReport { gate: gate.clone(), state: GateState::Fails, text }],
        overrides: vec![Override { gate, reason: "the site is down".to_owned() }],
        second: Second::NotAsked,
        signed: None,
    };
    teller.tell(60.0, "ada", 1, vec![Event::StepMarked { step: "deploy-blue".into(), mark }]);
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
    let ticked = Entry {
        events: vec![Event::ItemTicked { item, text, ticking: Ticking::default() }],
        ..note(session(3), 3, ADA, 3)
    };
    vec![opening, end, ticked]
}

/// Items with a command, out of their order, read aloud, with evidence and a time; an incident; added to format 1 later.
pub fn duties() -> Vec<Entry> {
    let mut teller = Teller { entries: vec![opening(session(1), "bridge", "prod")], counters: [1, 0] };
    let run = ChangeId { cockpit: ADA, counter: 1 };
    let (item, text) = (ItemId::new("deploy/health"), "Health is green".to_owned());
    let item_run = |run| Event::ItemRun(Box::new(run));
    let starting = Starting {
        run,
        item: item.clone(),
        text: text.clone(),
        command: "./smoke.sh blue\necho done".to_owned(),
        shell: vec!["/bin/bash".to_owned(), "-euo".to_owned(), "pipefail".to_owned(), "-c".to_owned()],
        directory: "/srv/deploy".to_owned(),
        limit_ms: 300_000,
        confirmation: Confirmation::new(Gesture::Key, true),
        owner: ADA,
        deadline: Timestamp(START + 32_000),
    };
    teller.tell(2.0, "ada", 1, vec![item_run(ItemRun::Starting(Box::new(starting)))]);
    teller.tell(3.0, "ada", 1, vec![item_run(ItemRun::Stopping { run })]);
    let ended = |end, lines: &[&str]| {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        item_run(ItemRun::Ended(Ended { run, item: item.clone(), end, took_ms: 1_200, lines, dropped: 3 }))
    };
    teller.tell(
        4.0,
        "ada",
        1,
        vec![
            ended(CommandEnd::CockpitGone, &[]),
            ended(CommandEnd::Exited { code: 1 }, &["no route", "card ••••1111"]),
            ended(CommandEnd::Signalled { signal: 9 }, &[]),
            ended(CommandEnd::TimedOut, &[]),
            ended(CommandEnd::NotStarted { why: "no such file".to_owned() }, &[]),
            ended(CommandEnd::Cancelled, &[]),
        ],
    );
    let attach = |proof| Event::ItemProven(Box::new(ItemProof { item: item.clone(), text: text.clone(), proof }));
    let lines = Proof::Lines { source: "app".into(), lines: vec!["GET /health 200".to_owned()] };
    teller.tell(
        5.0,
        "ada",
        1,
        vec![
            attach(Proof::Note { text: "seen on every server".to_owned() }),
            attach(Proof::Link { url: "https://ci.example.net/7".to_owned() }),
            attach(lines),
            Event::ItemWaiting { item: item.clone(), text: text.clone() },
        ],
    );
    let reading = |reading| Event::ItemRead(Box::new(reading));
    let read = || reading(Reading::Read { item: item.clone(), text: text.clone() });
    let by = |one_cockpit| ReadBy { by: "ada".into(), one_cockpit };
    teller.tell(6.0, "ada", 1, vec![read()]);
    let not_so = Reading::NotSo { item: item.clone(), text: text.clone(), read: by(false), word: "red".to_owned() };
    teller.tell(7.0, "bob", 1, vec![reading(not_so)]);
    teller.tell(8.0, "ada", 1, vec![read(), reading(Reading::Over), read()]);
    let despite = Despite { rule: "its time has not begun".to_owned(), reason: "it is late".to_owned() };
    let ticked = |despite, read| Event::ItemTicked {
        item: item.clone(),
        text: text.clone(),
        ticking: Ticking { despite, read },
    };
    teller.tell(9.0, "bob", 1, vec![ticked(None, Some(by(false)))]);
    teller.tell(10.0, "ada", 1, vec![ticked(Some(despite), Some(by(true)))]);
    let calling = |calling| Event::Calling(Box::new(calling));
    teller.tell(
        11.0,
        "ada",
        1,
        vec![
            calling(Calling::Declared { what: "errors at 4 %".to_owned() }),
            calling(Calling::Called { contact: "Release manager, Joe".to_owned(), answered: false }),
            calling(Calling::Called { contact: "On-call engineer".to_owned(), answered: true }),
            calling(Calling::Over),
        ],
    );
    teller.entries
}
