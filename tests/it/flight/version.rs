//! The version: its tag is resolved once, and looked at again before each deployment.

use flightdeck::domain::check::{Answer, Asking, Verdict};
use flightdeck::domain::{Procedure, Trouble, TroubleKind};
use flightdeck::flight::{Ask, Msg};
use flightdeck::session::Event;
use flightdeck::session::proposal::{Confirmation, Gate, GateReport, GateState, Gesture, Override};

use crate::support::action::with_action;
use crate::support::desk::Desk;
use crate::support::procedure::blue_green;
use crate::support::version::{CHECK, digest, points_to, with_version};

const STEP: &str = "deploy-to-blue";

fn procedure() -> Procedure {
    with_version(with_action(blue_green(2), STEP, false), &["signed"])
}

/// Answers every question of this check that waits.
fn answer(desk: &mut Desk, name: &str, with: impl Fn(&Asking) -> Answer) {
    while let Some(at) = desk.questions.iter().position(|(check, ..)| check.as_str() == name) {
        let (check, request, asking) = desk.questions.remove(at);
        let (began, answer) = (desk.now(), Box::new(with(&asking)));
        desk.tell(Msg::CheckAnswered { check, request, began, answer });
    }
}

/// Time passes; the registry says this, and the signature holds.
fn pass(desk: &mut Desk, span: u64, registry: impl Fn(&Asking) -> Answer) {
    for _ in 0..span / 1_000 {
        desk.pass(1_000);
        answer(desk, CHECK, &registry);
        answer(desk, "signed", |asking| Answer::new(Verdict::Pass, "signed by release", asking.now));
    }
}

fn silent(asking: &Asking) -> Answer {
    Answer::new(Verdict::Inconclusive, "no whole answer within 5s", asking.now)
}

/// Blue has no weight and is drained, and its deployment is next.
fn next(registry: impl Fn(&Asking) -> Answer) -> Desk {
    let mut desk = Desk::open(procedure());
    desk.shift();
    pass(&mut desk, 12_000, registry);
    desk
}

fn gate(desk: &Desk, gate: &Gate) -> GateReport {
    desk.ask_gates().into_iter().find(|report| report.gate == *gate).expect("it is asked")
}

fn start(desk: &mut Desk, gesture: Gesture, overrides: Vec<Override>) {
    desk.ask(Ask::DescribeAction);
    desk.ask(Ask::CompleteStep { confirmation: Confirmation::new(gesture, true), overrides });
}

fn resolved(desk: &Desk) -> Vec<String> {
    let of = |event: &Event| match event {
        Event::VersionResolved(resolved) => Some(resolved.digest.clone()),
        _ => None,
    };
    desk.events().filter_map(of).collect()
}

#[test]
fn it_is_resolved_when_the_first_deployment_is_next_and_what_is_started_is_told_its_digest() {
    let mut desk = Desk::open(procedure());
    desk.pass(5_000);
    assert!(desk.questions.is_empty(), "nothing deploys yet: {:?}", desk.questions);
    desk.shift();
    pass(&mut desk, 12_000, |asking| points_to('a', asking));
    assert_eq!(resolved(&desk), [digest('a')]);
    let kept = desk.flight.session.version.clone().expect("it is kept");
    assert_eq!((kept.what.tag.as_str(), kept.by.as_str()), ("2.5.0", "ana"));
    assert_eq!(kept.what.source, "HEAD https://registry.example.net/v2/shop/manifests/2.5.0");
    assert_eq!(gate(&desk, &Gate::Version).state, GateState::Holds, "{:?}", desk.ask_gates());
    start(&mut desk, Gesture::Key, Vec::new());
    assert_eq!(desk.actions.starts.len(), 1, "{}", desk.said());
    assert_eq!(desk.actions.starts[0].acting.digest, digest('a'));
}

#[test]
fn a_tag_that_was_moved_closes_the_gate_and_an_override_deploys_the_first_digest() {
    let mut desk = next(|asking| points_to('a', asking));
    pass(&mut desk, 12_000, |asking| points_to('b', asking));
    assert_eq!(resolved(&desk), [digest('a')], "the first one stands");
    let report = gate(&desk, &Gate::Version);
    assert_eq!(report.state, GateState::Fails);
    assert!(
        report.text.contains("sha256:bbbbbbbbbbbb") && report.text.contains("sha256:aaaaaaaaaaaa"),
        "{}",
        report.text
    );
    start(&mut desk, Gesture::Key, Vec::new());
    assert!(desk.said().contains("the tag was moved"), "{}", desk.said());
    assert!(desk.actions.starts.is_empty());
    let overrides = vec![Override { gate: Gate::Version, reason: "the pipeline pushed it twice".to_owned() }];
    start(&mut desk, Gesture::Typed("blue".to_owned()), overrides);
    assert_eq!(desk.actions.starts.len(), 1, "{}", desk.said());
    assert_eq!(desk.actions.starts[0].acting.digest, digest('a'));
}

#[test]
fn a_registry_that_does_not_answer_resolves_nothing_and_the_gate_says_so() {
    let mut desk = next(silent);
    let report = gate(&desk, &Gate::Version);
    assert_eq!(report.state, GateState::Inconclusive);
    assert_eq!(report.text, "registry.example.net/shop:2.5.0 is not resolved: no whole answer within 5s");
    start(&mut desk, Gesture::Key, Vec::new());
    assert!(desk.actions.starts.is_empty() && resolved(&desk).is_empty());
    // An answer that holds none is none.
    pass(&mut desk, 12_000, |asking| Answer { value: Some("latest".to_owned()), ..points_to('a', asking) });
    assert!(resolved(&desk).is_empty());
    assert!(gate(&desk, &Gate::Version).text.contains("its answer holds no digest"));
    pass(&mut desk, 12_000, |asking| points_to('a', asking));
    assert_eq!(resolved(&desk), [digest('a')]);
}

#[test]
fn an_old_answer_says_nothing_of_now() {
    let mut desk = next(|asking| points_to('a', asking));
    desk.pass(40_000);
    let report = gate(&desk, &Gate::Version);
    assert_eq!(report.state, GateState::Inconclusive, "{}", report.text);
    assert!(report.text.starts_with("whether 2.5.0 is still sha256:aaaaaaaaaaaa"), "{}", report.text);
}

#[test]
fn another_cockpit_goes_on_with_the_digest_that_was_kept() {
    let mut desk = next(|asking| points_to('a', asking));
    desk.crash();
    pass(&mut desk, 12_000, |asking| points_to('b', asking));
    assert_eq!(resolved(&desk), [digest('a')]);
    assert_eq!(gate(&desk, &Gate::Version).state, GateState::Fails);
    pass(&mut desk, 12_000, |asking| points_to('a', asking));
    start(&mut desk, Gesture::Key, Vec::new());
    assert_eq!(desk.actions.starts.len(), 1, "{}", desk.said());
    assert_eq!(desk.actions.starts[0].acting.digest, digest('a'));
}

#[test]
fn required_checks_are_asked_about_the_digest_and_never_before_there_is_one() {
    let mut desk = Desk::open(procedure());
    desk.shift();
    for _ in 0..12 {
        desk.pass(1_000);
        answer(&mut desk, CHECK, silent);
    }
    let asked = |desk: &Desk| desk.questions.iter().filter(|(check, ..)| check.as_str() == "signed").count();
    assert_eq!(asked(&desk), 0);
    let signed = Gate::Check { check: "signed".into() };
    assert_eq!(gate(&desk, &signed).state, GateState::Inconclusive);
    desk.pass(10_000);
    answer(&mut desk, CHECK, |asking| points_to('a', asking));
    desk.pass(300);
    assert_eq!(asked(&desk), 1);
    let told = |asking: &Asking| {
        assert_eq!(asking.digest, digest('a'));
        Answer::new(Verdict::Fail, "signed, and by nobody who was expected", asking.now)
    };
    answer(&mut desk, "signed", told);
    assert_eq!(gate(&desk, &signed).state, GateState::Fails);
    start(&mut desk, Gesture::Key, Vec::new());
    assert!(desk.actions.starts.is_empty(), "{}", desk.said());
}

#[test]
fn what_could_not_be_worked_out_without_the_digest_is_worked_out_with_it() {
    let mut desk = next(silent);
    let why = "names {digest}, which is not known";
    desk.actions.description = Err(Trouble::new(TroubleKind::Mismatch, "work it out", why, "wait"));
    desk.ask(Ask::DescribeAction);
    assert!(!desk.flight.can_start(&STEP.into(), desk.now().elapsed));
    desk.actions.description = crate::support::action::Actions::default().description;
    pass(&mut desk, 12_000, |asking| points_to('a', asking));
    assert!(desk.flight.can_start(&STEP.into(), desk.now().elapsed), "nobody asked for it again");
}

#[test]
fn the_tick_of_its_item_resolves_it_before_anything_is_deployed() {
    let mut procedure = procedure();
    let item = procedure.checklist.items().next().expect("there is one").id.clone();
    procedure.version.as_mut().expect("it is resolved").item = Some(item.clone());
    let mut desk = Desk::open(procedure);
    desk.pass(5_000);
    assert!(desk.questions.is_empty());
    desk.ask(Ask::ToggleItem(item));
    pass(&mut desk, 3_000, |asking| points_to('a', asking));
    assert_eq!(resolved(&desk), [digest('a')]);
    desk.questions.clear();
    desk.pass(60_000);
    assert!(desk.questions.is_empty(), "it is looked at again once a deployment is next");
}
