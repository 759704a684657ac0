//! Where the profile names keys, another person is another key (F3): what is signed, checked and does not count.

use flightdeck::domain::procedure::{Friction, Procedure};
use flightdeck::domain::{Signed, Signer};
use flightdeck::flight::{Ask, Msg, SignedAct, WayBackChoice};
use flightdeck::session::Event;

use crate::support::crew::{ANA, Pair, RAJ, alone, key};
use crate::support::procedure::blue_green;

fn with_keys() -> Procedure {
    let mut procedure = blue_green(1);
    procedure.confirm.shift = Friction::Two;
    procedure.people.keys = true;
    procedure
}

fn signer(principal: &str, key: &str) -> Signer {
    Signer { principal: principal.to_owned(), fingerprint: format!("SHA256:{key}") }
}

fn open() -> Pair {
    let mut pair = Pair::open(with_keys());
    pair.cockpits[ANA].flight.me.key = Some(signer("ana", "a"));
    pair.cockpits[RAJ].flight.me.key = Some(signer("raj", "r"));
    pair
}

/// Answers the newest wish for a signature.
fn sign(pair: &mut Pair, who: usize) -> SignedAct {
    let wanted = pair.cockpits[who].to_sign.pop().expect("a signature is wanted");
    let signed = Signed { statement: format!("{} {}", wanted.digest, wanted.what), signature: "sig".to_owned() };
    pair.tell(who, Msg::Signed { request: wanted.request, result: Ok(signed) });
    wanted.act
}

/// Answers the newest wish for a check, in ana's cockpit.
fn checked(pair: &mut Pair, result: Result<Signer, &str>) {
    let wanted = pair.cockpits[ANA].to_check.pop().expect("a check is wanted");
    pair.tell(ANA, Msg::SignatureChecked { entry: wanted.entry, result: result.map_err(str::to_owned) });
}

/// Asked and given, both signed, not checked.
fn given() -> Pair {
    let mut pair = open();
    pair.shift(ANA);
    assert_eq!(sign(&mut pair, ANA), SignedAct::Confirm);
    pair.give(RAJ);
    assert_eq!(sign(&mut pair, RAJ), SignedAct::Give);
    pair
}

fn refused(pair: &Pair, words: &str) {
    let said = pair.said(ANA);
    assert!(said.contains(words) && said.contains("[F3]"), "{said}");
    assert!(pair.sent.is_empty());
}

#[test]
fn nothing_is_asked_before_it_is_signed_and_nothing_given_without_a_signature() {
    let mut pair = open();
    let mark = pair.mark();
    pair.shift(ANA);
    assert_eq!(pair.story(mark), Vec::<String>::new());
    assert_eq!(pair.flight(ANA).keys.signing.as_ref().map(|signing| signing.what.as_str()), Some("shift to 0 / 100"));
    let wanted = pair.cockpits[ANA].to_sign.pop().unwrap();
    pair.tell(ANA, Msg::Signed { request: wanted.request, result: Err("no key is loaded".to_owned()) });
    assert_eq!(pair.said(ANA), "not signed, so nothing was done: no key is loaded");
    pair.confirm(ANA, key(), Vec::new());
    sign(&mut pair, ANA);
    pair.give(RAJ);
    assert_eq!(pair.story(mark), ["ana: confirmation_asked: shift to 0 / 100"]);
    // An answer to an older wish signs nothing.
    let signed = Signed { statement: String::new(), signature: String::new() };
    pair.tell(RAJ, Msg::Signed { request: 9_999, result: Ok(signed) });
    assert_eq!(pair.story(mark).len(), 1);
    sign(&mut pair, RAJ);
    assert_eq!(pair.story(mark)[1], "raj: confirmation_given: eu-1 signed");
}

#[test]
fn a_signature_that_comes_late_confirms_nothing_that_was_proposed_since() {
    let mut procedure = with_keys();
    procedure.confirm.shift = Friction::Key;
    for proposes_again in [Ask::ProposeStep, Ask::ProposeRollback(WayBackChoice::OffNew)] {
        let mut pair = Pair::open(procedure.clone());
        pair.shift(ANA);
        let mark = pair.mark();
        pair.ask(ANA, proposes_again);
        sign(&mut pair, ANA);
        assert_eq!(pair.story(mark), Vec::<String>::new());
        let said = "what was signed is not what stands here now, so nothing was done: shift to 0 / 100";
        assert_eq!(pair.said(ANA), said);
        pair.ask(ANA, Ask::ProposeStep);
        pair.confirm(ANA, key(), Vec::new());
        sign(&mut pair, ANA);
        assert!(!pair.story(mark).is_empty(), "{}", pair.said(ANA));
    }
}

#[test]
fn what_is_to_be_checked_says_who_when_about_what_and_after_which_entry() {
    let mut pair = given();
    let entry = pair
        .journal
        .iter()
        .rev()
        .find(|entry| entry.events.iter().any(|event| matches!(event, Event::ConfirmationGiven { .. })));
    let entry = entry.unwrap().clone();
    let check = pair.cockpits[ANA].to_check.pop().unwrap();
    let request = pair.flight(ANA).session.request.clone().unwrap();
    assert_eq!(
        (check.entry, check.act, check.digest, check.by, check.cockpit, check.at),
        (entry.number, SignedAct::Give, request.asked.digest, entry.actor, entry.cockpit, entry.at)
    );
    assert_eq!(check.heads.last().map(|(number, _)| *number), Some(entry.number - 1));
}

#[test]
fn it_goes_on_once_the_signature_was_checked_and_is_proven() {
    let mut pair = given();
    let mark = pair.mark();
    pair.pass(1_000);
    assert!(pair.sent.is_empty() && pair.flight(ANA).waits_for_second(), "the signature is not checked yet");
    checked(&mut pair, Ok(signer("raj", "r")));
    assert_eq!(
        pair.story(mark)[..2],
        ["ana: change_confirmed: drain-blue to 0 / 100, with raj, proven", "+ change_dispatched"]
    );
    assert_eq!(pair.sent.len(), 1);
}

#[test]
fn a_forged_signature_does_not_count() {
    let mut pair = given();
    let mark = pair.mark();
    checked(&mut pair, Err("it does not fit the text"));
    refused(&pair, "raj's signature does not count: it does not fit the text");
    assert_eq!(pair.story(mark), Vec::<String>::new());
}

#[test]
fn a_key_of_the_same_person_does_not_count() {
    let mut pair = given();
    pair.cockpits[ANA].flight.me.key = Some(signer("ana", "r"));
    checked(&mut pair, Ok(signer("raj", "r")));
    refused(&pair, "both are the same person");
    let mut pair = given();
    pair.cockpits[ANA].flight.me.key = Some(signer("raj", "other"));
    checked(&mut pair, Ok(signer("raj", "r")));
    refused(&pair, "both are the same person");
}

#[test]
fn a_key_of_another_name_does_not_count() {
    let mut pair = given();
    checked(&mut pair, Ok(signer("mallory", "m")));
    refused(&pair, "the key that signed for raj is mallory's");
}

#[test]
fn who_has_no_proven_key_of_their_own_goes_on_with_nobody() {
    let mut pair = given();
    pair.cockpits[ANA].flight.me.key = None;
    checked(&mut pair, Ok(signer("raj", "r")));
    refused(&pair, "your own key is not proven");
}

#[test]
fn a_run_is_signed_and_checked_as_well() {
    let mut pair = open();
    let mark = pair.mark();
    let confirmation = crate::support::crew::typed("1 drain-blue");
    pair.ask(RAJ, Ask::ConfirmRun { steps: vec!["drain-blue".into()], confirmation });
    assert_eq!(sign(&mut pair, RAJ), SignedAct::Run);
    pair.shift(ANA);
    sign(&mut pair, ANA);
    refused(&pair, "raj's signature is not checked yet");
    checked(&mut pair, Ok(signer("raj", "r")));
    pair.confirm(ANA, key(), Vec::new());
    sign(&mut pair, ANA);
    assert_eq!(
        pair.story(mark)[..2],
        ["raj: run_confirmed: drain-blue", "ana: change_confirmed: drain-blue to 0 / 100, in a run of raj"]
    );
}

#[test]
fn the_broken_glass_is_signed_too() {
    let mut pair = open();
    let mark = pair.mark();
    pair.ask(ANA, Ask::ProposeStep);
    let target = pair.flight(ANA).proposing.as_ref().and_then(|each| each.proposal()).unwrap().typed_target();
    pair.confirm(ANA, alone(&target, "raj is away"), Vec::new());
    assert!(pair.sent.is_empty());
    assert_eq!(sign(&mut pair, ANA), SignedAct::Alone);
    assert_eq!(pair.story(mark)[0], "ana: change_confirmed: drain-blue to 0 / 100, alone, raj is away");
}

#[test]
fn a_rollback_waits_for_no_signature_and_is_signed_after_it() {
    let mut pair = given();
    checked(&mut pair, Ok(signer("raj", "r")));
    pair.pass(300);
    let mark = pair.mark();
    pair.roll_back(RAJ);
    pair.pass(300);
    assert_eq!(pair.router("eu-1").weights, [50, 50]);
    assert_eq!(sign(&mut pair, RAJ), SignedAct::Rollback);
    assert_eq!(
        pair.story(mark),
        [
            "raj: controls_taken: rollback",
            "+ change_confirmed: rollback to 50 / 50, one person",
            "+ change_dispatched",
            "raj: router_answered: eu-1 accepted",
            "raj: router_answered: eu-1 verified",
            "+ change_settled: verified",
            "raj: rollback_signed",
        ]
    );
}
