//! Approvals between cockpits (F7): a gate until they are given, signed where keys are named, checked again by who comes later.

use std::time::Duration;

use flightdeck::domain::approval::{ApprovalSource, ApprovalSpec, Approvers};
use flightdeck::domain::check::{Answer, Verdict};
use flightdeck::domain::procedure::Procedure;
use flightdeck::domain::{Operator, Seat, Signed, Signer};
use flightdeck::flight::{Ask, Msg, SignedAct};
use flightdeck::session::proposal::{Gate, GateState, Override};

use crate::support::crew::{ANA, Pair, RAJ, key, typed};
use crate::support::desk::Desk;
use crate::support::procedure::{blue_green, check};

fn needing(quorum: u32) -> Procedure {
    let mut procedure = blue_green(1);
    procedure.approvals = vec![ApprovalSpec {
        id: "operations".into(),
        title: "Operations lead".to_owned(),
        source: ApprovalSource::People(Approvers {
            roles: vec!["operations-lead".into()],
            people: ["ana", "raj", "mia"].map(Operator::from).to_vec(),
            quorum,
            valid_for: Duration::from_hours(24),
            own: false,
            reported: true,
        }),
        escalation: vec!["VP Engineering".to_owned()],
    }];
    procedure.plan[0].needs = vec!["operations".into()];
    procedure
}

fn approve(pair: &mut Pair, who: usize) {
    let about = pair.flight(who).session.about(&"operations".into());
    pair.ask(who, Ask::Approve { approval: "operations".into(), about, confirmation: typed("operations") });
}

#[test]
fn a_shift_is_not_sent_before_another_person_has_approved_and_is_asked_again_at_the_moment_of_confirming() {
    let mut pair = Pair::open(needing(1));
    pair.shift(ANA);
    assert!(pair.said(ANA).contains("approval: Operations lead, missing"), "{}", pair.said(ANA));
    assert!(pair.sent.is_empty());
    approve(&mut pair, ANA);
    assert!(pair.said(ANA).contains("nobody approves what is their own"), "{}", pair.said(ANA));
    let mark = pair.mark();
    approve(&mut pair, RAJ);
    assert!(pair.story(mark)[0].starts_with("raj: approval_given"), "{:?}", pair.story(mark));
    assert!(pair.said(ANA).starts_with("raj approved: Operations lead, until "), "{}", pair.said(ANA));
    // The proposal stands: gates do not bind, they are asked again.
    pair.confirm(ANA, key(), Vec::new());
    assert_eq!(pair.sent.len(), 1, "{}", pair.said(ANA));
    pair.all_see_the_same();
}

#[test]
fn what_is_taken_back_between_proposing_and_confirming_keeps_the_change_back() {
    let mut pair = Pair::open(needing(1));
    approve(&mut pair, RAJ);
    pair.ask(ANA, Ask::ProposeStep);
    pair.ask(
        RAJ,
        Ask::WithdrawApproval { approval: "operations".into(), by: "raj".into(), reason: "a page came in".to_owned() },
    );
    pair.confirm(ANA, key(), Vec::new());
    assert!(pair.said(ANA).contains("raj took it back: a page came in"), "{}", pair.said(ANA));
    assert!(pair.sent.is_empty());
    let gate = Gate::Approval { approval: "operations".into() };
    let overrides = vec![Override { gate, reason: "agreed on the call".to_owned() }];
    pair.confirm(ANA, typed("green 100"), overrides);
    assert_eq!(pair.sent.len(), 1, "{}", pair.said(ANA));
}

#[test]
fn two_people_are_two_people() {
    let mut pair = Pair::open(needing(2));
    let mia = pair.aboard("mia", Seat::Operator);
    approve(&mut pair, RAJ);
    pair.shift(ANA);
    assert!(pair.said(ANA).contains("Operations lead 1 of 2, raj until"), "{}", pair.said(ANA));
    approve(&mut pair, RAJ);
    assert!(pair.said(RAJ).contains("one person counts once"), "{}", pair.said(RAJ));
    approve(&mut pair, mia);
    pair.confirm(ANA, key(), Vec::new());
    assert_eq!(pair.sent.len(), 1, "{}", pair.said(ANA));
}

#[test]
fn what_somebody_notes_for_another_is_told_as_reported_and_not_verified() {
    let mut pair = Pair::open(needing(1));
    let link = "https://chat.example.net/p1".to_owned();
    pair.ask(ANA, Ask::ReportApproval { approval: "operations".into(), by: "mia".into(), link });
    let said = "ana noted that mia approved: Operations lead; reported, not verified";
    assert_eq!(pair.said(RAJ), said);
    pair.shift(ANA);
    assert_eq!(pair.sent.len(), 1, "{}", pair.said(ANA));
}

fn signer(principal: &str, key: &str) -> Signer {
    Signer { principal: principal.to_owned(), fingerprint: format!("SHA256:{key}") }
}

fn signed(pair: &mut Pair) {
    let wanted = pair.cockpits[RAJ].to_sign.pop().expect("a signature is wanted");
    assert_eq!(wanted.act, SignedAct::Approval);
    assert_eq!(wanted.what, "approve: Operations lead");
    let signature = Signed { statement: wanted.digest.to_string(), signature: "sig".to_owned() };
    pair.tell(RAJ, Msg::Signed { request: wanted.request, result: Ok(signature) });
}

fn state(pair: &Pair, who: usize) -> GateState {
    let flight = pair.flight(who);
    flight.approval_standing(&flight.procedure.approvals[0], pair.now()).state
}

#[test]
fn where_keys_are_named_it_is_signed_and_counts_once_its_signature_was_checked_by_who_confirms() {
    let mut procedure = needing(1);
    procedure.people.keys = true;
    let mut pair = Pair::open(procedure);
    pair.cockpits[ANA].flight.me.key = Some(signer("ana", "a"));
    pair.cockpits[RAJ].flight.me.key = Some(signer("raj", "r"));
    let mark = pair.mark();
    approve(&mut pair, RAJ);
    assert_eq!(pair.story(mark), Vec::<String>::new(), "nothing is given before it is signed");
    signed(&mut pair);
    assert_eq!(state(&pair, ANA), GateState::Inconclusive);
    let about = pair.flight(ANA).session.about(&"operations".into());
    let wanted = pair.cockpits[ANA].to_check.pop().expect("a check is wanted");
    assert_eq!((wanted.act, wanted.digest, wanted.by.as_str()), (SignedAct::Approval, about, "raj"));
    pair.tell(ANA, Msg::SignatureChecked { entry: wanted.entry, result: Ok(signer("raj", "r")) });
    assert_eq!(state(&pair, ANA), GateState::Holds);
    // Who comes later finds it in the journal and has it checked as well.
    let later = pair.aboard("mia", Seat::Operator);
    let entry = wanted.entry;
    let wanted: Vec<_> = pair.cockpits[later].to_check.iter().filter(|wanted| wanted.entry == entry).cloned().collect();
    assert_eq!(wanted.len(), 1, "once, however many messages came");
    assert_eq!(wanted[0].digest, about);
    assert!(wanted[0].heads.iter().any(|(number, _)| *number == entry - 1), "{:?}", wanted[0].heads);
    assert_eq!(state(&pair, later), GateState::Inconclusive);
    pair.tell(later, Msg::SignatureChecked { entry, result: Err("the key is not listed".to_owned()) });
    assert_eq!(state(&pair, later), GateState::Inconclusive, "what does not hold is no approval");
}

#[test]
fn the_check_that_reads_an_approval_is_asked_while_a_step_waits_for_it() {
    let mut procedure = needing(1);
    procedure.approvals[0].source = ApprovalSource::Check("ticket".into());
    procedure.checks = vec![check("ticket", None)];
    let mut desk = Desk::open(procedure);
    desk.pass(1_000);
    assert!(desk.flight.is_check_wanted(&"ticket".into()));
    let (check, request, asking) = desk.questions.pop().expect("it was asked");
    let answer = Box::new(Answer::new(Verdict::Pass, "RELEASE-42 is Approved", asking.now));
    let began = desk.now();
    desk.tell(Msg::CheckAnswered { check, request, began, answer });
    let flight = &desk.flight;
    assert_eq!(flight.approval_standing(&flight.procedure.approvals[0], desk.now()).state, GateState::Holds);
    assert!(flight.missing_approvals(desk.now()).is_empty());
}
