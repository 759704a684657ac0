//! Deploy actions, and the version that they deploy.

use flightdeck::domain::action::{Acting, ActionEnd};
use flightdeck::domain::{ChangeId, Timestamp};
use flightdeck::entry::Entry;
use flightdeck::session::Event;
use flightdeck::session::action::{ActionCancelling, ActionStarting};
use flightdeck::session::event::{RouterBaseline, StepMark};
use flightdeck::session::proposal::{Confirmation, Gate, GateReport, GateState, Gesture, Override};
use flightdeck::session::second::Second;

use super::{ADA, BOB, START, Teller, identity, opening, session, split};

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
        unwinds: false,
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

/// A version whose tag was resolved to a digest; added to format 1 later.
pub fn versions() -> Vec<Entry> {
    let mut teller = Teller { entries: vec![opening(session(1), "bridge", "prod")], counters: [1, 0] };
    let resolved = flightdeck::domain::version::Resolved {
        tag: "2.5.0".to_owned(),
        image: "registry.example.net/bridge:2.5.0".to_owned(),
        digest: format!("sha256:{}", "0a".repeat(32)),
        source: "HEAD https://registry.example.net/v2/bridge/manifests/2.5.0".to_owned(),
        when: Timestamp(START + 30_000),
    };
    teller.tell(30.0, "ada", 1, vec![Event::VersionResolved(Box::new(resolved))]);
    teller.entries
}
