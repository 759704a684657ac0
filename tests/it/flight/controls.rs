//! The controls (C1 to C5): handed over, asked for, taken from silence, released; and what needs none.

use flightdeck::domain::reading::Identity;
use flightdeck::domain::{CockpitId, Seat};
use flightdeck::flight::{Ask, Msg, WayBackChoice};

use crate::support::crew::{ANA, Line, Pair, RAJ, key, typed};
use crate::support::procedure::{blue_green, weights};

fn id(pair: &Pair, who: usize) -> CockpitId {
    pair.flight(who).me.cockpit
}

fn offer(pair: &mut Pair, from: usize, to: usize) {
    let to = id(pair, to);
    pair.ask(from, Ask::Offer { to });
}

fn asks(pair: &mut Pair, who: usize, reason: &str) {
    pair.ask(who, Ask::AskControls { reason: reason.to_owned() });
}

fn resume(pair: &mut Pair, who: usize, holder_gone: bool) {
    let controls = pair.flight(who).me.controls("the process before is gone");
    pair.ask(who, Ask::Resume { controls, holder_gone });
}

/// A change that stays in flight: the second router is stopped.
fn in_flight(pair: &mut Pair) {
    pair.router("eu-2").stopped = true;
    pair.shift(ANA);
    pair.pass(200);
}

#[test]
fn offered_and_taken_they_change_hands_with_a_summary() {
    let mut pair = Pair::open(blue_green(2));
    let mark = pair.mark();
    offer(&mut pair, ANA, RAJ);
    let summary = pair.flight(RAJ).session.offer.clone().unwrap().summary;
    assert_eq!(
        summary,
        [
            "eu-1 has 50.0 / 50.0, read 0:00 ago",
            "eu-2 has 50.0 / 50.0, read 0:00 ago",
            "next step: Drain blue",
            "1 required items are open",
            "no way back: nothing has been changed yet",
        ]
    );
    pair.ask(RAJ, Ask::AcceptOffer);
    assert!(pair.flight(RAJ).drives() && !pair.flight(ANA).drives());
    pair.shift(ANA);
    assert!(pair.said(ANA).contains("raj has the controls") && pair.said(ANA).contains("[C2]"), "{}", pair.said(ANA));
    pair.shift(RAJ);
    assert_eq!(
        pair.story(mark),
        [
            "ana: controls_offered: to raj",
            "raj: controls_taken: handed over by ana",
            "raj: change_confirmed: drain-blue to 0 / 100, one person",
            "+ change_dispatched",
            "raj: router_answered: eu-1 accepted",
            "raj: router_answered: eu-2 accepted",
            "+ router_answered: eu-1 verified",
            "raj: router_answered: eu-2 verified",
            "+ change_settled: verified",
        ]
    );
    pair.all_see_the_same();
}

#[test]
fn an_offer_can_be_refused_by_one_and_taken_back_by_the_other() {
    let mut pair = Pair::open(blue_green(1));
    let mark = pair.mark();
    offer(&mut pair, ANA, RAJ);
    pair.ask(RAJ, Ask::EndOffer);
    pair.ask(RAJ, Ask::AcceptOffer);
    assert!(pair.said(RAJ).contains("not offered to this cockpit") && pair.said(RAJ).contains("[C3]"));
    offer(&mut pair, ANA, RAJ);
    pair.ask(ANA, Ask::EndOffer);
    pair.ask(RAJ, Ask::AcceptOffer);
    assert_eq!(
        pair.story(mark),
        [
            "ana: controls_offered: to raj",
            "raj: offer_ended: refused",
            "ana: controls_offered: to raj",
            "ana: offer_ended: taken back",
        ]
    );
    assert!(pair.was_told(ANA, "raj ended the offer of the controls: refused"));
    assert!(pair.flight(ANA).drives());
}

#[test]
fn a_third_cockpit_neither_ends_nor_takes_an_offer_between_two_others() {
    let mut pair = Pair::open(blue_green(1));
    let eve = pair.aboard("eve", Seat::Operator);
    let mark = pair.mark();
    offer(&mut pair, ANA, RAJ);
    pair.ask(eve, Ask::AcceptOffer);
    pair.ask(eve, Ask::EndOffer);
    assert!(pair.said(eve).contains("between two others"), "{}", pair.said(eve));
    asks(&mut pair, RAJ, "my turn");
    pair.ask(eve, Ask::EndAsking);
    asks(&mut pair, eve, "mine");
    assert!(pair.said(eve).contains("raj asks for them already"), "{}", pair.said(eve));
    assert_eq!(pair.story(mark), ["ana: controls_offered: to raj", "raj: controls_asked: my turn"]);
}

#[test]
fn while_a_forward_change_is_in_flight_they_stay_where_they_are() {
    let mut pair = Pair::open(blue_green(2));
    offer(&mut pair, ANA, RAJ);
    in_flight(&mut pair);
    let mark = pair.mark();
    pair.ask(RAJ, Ask::AcceptOffer);
    assert!(pair.said(RAJ).contains("a forward change is in flight"), "{}", pair.said(RAJ));
    offer(&mut pair, ANA, RAJ);
    assert!(pair.said(ANA).contains("a forward change is in flight"), "{}", pair.said(ANA));
    assert_eq!(pair.story(mark), Vec::<String>::new());
}

#[test]
fn they_are_not_offered_to_who_watches_is_absent_or_has_them() {
    let mut pair = Pair::open(blue_green(1));
    let eve = pair.aboard("eve", Seat::Observer);
    let mark = pair.mark();
    offer(&mut pair, ANA, eve);
    assert!(pair.said(ANA).contains("they only watch") && pair.said(ANA).contains("[C2]"), "{}", pair.said(ANA));
    offer(&mut pair, ANA, ANA);
    assert!(pair.said(ANA).contains("you have them"), "{}", pair.said(ANA));
    pair.ask(RAJ, Ask::LeaveSession { why: "lunch".to_owned() });
    offer(&mut pair, ANA, RAJ);
    assert_eq!(pair.story(mark), ["raj: cockpit_left: lunch"]);
}

#[test]
fn an_asking_stands_on_every_screen_until_it_is_answered() {
    let mut pair = Pair::open(blue_green(1));
    let eve = pair.aboard("eve", Seat::Observer);
    let mark = pair.mark();
    asks(&mut pair, RAJ, "  ");
    assert!(pair.said(RAJ).contains("no reason is given"), "{}", pair.said(RAJ));
    asks(&mut pair, RAJ, "ana is on the phone");
    assert_eq!(pair.said(ANA), "raj asks for the controls: ana is on the phone");
    assert!(pair.flight(eve).session.asking.is_some());
    asks(&mut pair, RAJ, "really");
    assert!(pair.said(RAJ).contains("you asked already"), "{}", pair.said(RAJ));
    asks(&mut pair, ANA, "why not");
    assert!(pair.said(ANA).contains("you have them"), "{}", pair.said(ANA));
    pair.ask(ANA, Ask::EndAsking);
    assert_eq!(pair.said(RAJ), "ana ended the asking for the controls: refused");
    asks(&mut pair, RAJ, "now");
    pair.ask(RAJ, Ask::EndAsking);
    assert_eq!(
        pair.story(mark),
        [
            "raj: controls_asked: ana is on the phone",
            "ana: asking_ended: refused",
            "raj: controls_asked: now",
            "raj: asking_ended: withdrawn",
        ]
    );
}

#[test]
fn they_are_not_taken_over_from_a_holder_who_is_there() {
    let mut pair = Pair::open(blue_green(1));
    pair.ask(RAJ, Ask::TakeOver);
    assert!(pair.said(RAJ).contains("you have not asked for them"), "{}", pair.said(RAJ));
    asks(&mut pair, RAJ, "she is slow");
    let mark = pair.mark();
    pair.pass(60_000);
    pair.ask(ANA, Ask::LookClosely);
    pair.pass(60_000);
    pair.ask(RAJ, Ask::TakeOver);
    assert!(pair.said(RAJ).contains("ana is there: last key 1:0"), "{}", pair.said(RAJ));
    assert_eq!(pair.story(mark), Vec::<String>::new());
}

#[test]
fn from_a_stopped_process_they_are_taken_over_after_silence_and_grace_and_not_before() {
    let mut pair = Pair::open(blue_green(1));
    pair.ask(ANA, Ask::LookClosely);
    pair.pass(100);
    pair.stop(ANA);
    let mark = pair.mark();
    pair.pass(5_000);
    asks(&mut pair, RAJ, "her laptop sleeps");
    pair.pass(4_000);
    pair.ask(RAJ, Ask::TakeOver);
    assert!(pair.said(RAJ).contains("ana is there"), "{}", pair.said(RAJ));
    pair.pass(6_000);
    pair.ask(RAJ, Ask::TakeOver);
    assert!(pair.said(RAJ).contains("ana may still answer for 0:0"), "{}", pair.said(RAJ));
    pair.pass(5_000);
    pair.ask(RAJ, Ask::TakeOver);
    assert!(pair.flight(RAJ).drives(), "{}", pair.said(RAJ));
    pair.go_on(ANA);
    assert!(!pair.flight(ANA).drives());
    assert!(pair.was_told(ANA, "raj has the controls: ana was silent: her laptop sleeps"));
    pair.shift(ANA);
    assert_eq!(
        pair.story(mark),
        ["raj: controls_asked: her laptop sleeps", "raj: controls_taken: ana was silent: her laptop sleeps",]
    );
    pair.all_see_the_same();
}

#[test]
fn a_holder_who_touches_no_key_counts_as_silent() {
    let mut pair = Pair::open(blue_green(1));
    pair.ask(ANA, Ask::LookClosely);
    asks(&mut pair, RAJ, "nobody at her desk");
    let mark = pair.mark();
    pair.pass(115_000);
    pair.ask(RAJ, Ask::TakeOver);
    assert!(pair.said(RAJ).contains("ana is there"), "{}", pair.said(RAJ));
    pair.pass(6_000);
    pair.ask(RAJ, Ask::TakeOver);
    assert_eq!(pair.story(mark), ["raj: controls_taken: ana was silent: nobody at her desk"]);
}

#[test]
fn a_copilot_who_has_just_come_has_seen_no_silence_yet() {
    let mut pair = Pair::open(blue_green(1));
    pair.stop(ANA);
    pair.pass(60_000);
    let eve = pair.aboard("eve", Seat::Operator);
    asks(&mut pair, eve, "nobody drives");
    let mark = pair.mark();
    pair.pass(9_000);
    pair.ask(eve, Ask::TakeOver);
    assert!(pair.said(eve).contains("ana is there"), "{}", pair.said(eve));
    pair.pass(8_000);
    pair.ask(eve, Ask::TakeOver);
    assert_eq!(pair.story(mark), ["eve: controls_taken: ana was silent: nobody drives"]);
}

#[test]
fn while_the_holders_intent_may_still_live_nobody_takes_them() {
    let mut procedure = blue_green(2);
    procedure.timing.deadline = std::time::Duration::from_secs(30);
    let mut pair = Pair::open(procedure);
    in_flight(&mut pair);
    pair.stop(ANA);
    asks(&mut pair, RAJ, "she is gone");
    let mark = pair.mark();
    pair.pass(26_000);
    pair.ask(RAJ, Ask::TakeOver);
    // The deadline, the longest time-out of a router, and two seconds more.
    assert!(
        pair.said(RAJ).contains("may still send a change that it decided, for 0:07") && pair.said(RAJ).contains("[D3]"),
        "{}",
        pair.said(RAJ)
    );
    pair.pass(8_000);
    pair.ask(RAJ, Ask::TakeOver);
    assert!(pair.flight(RAJ).drives(), "{}", pair.said(RAJ));
    pair.ask(RAJ, Ask::Leave { reason: "eu-2 is looked at".to_owned() });
    assert_eq!(
        pair.story(mark),
        ["raj: controls_taken: ana was silent: she is gone", "raj: change_settled: left, eu-2 is looked at",]
    );
}

#[test]
fn leaving_releases_them_and_they_can_be_taken_at_once() {
    let mut pair = Pair::open(blue_green(1));
    let mark = pair.mark();
    pair.ask(ANA, Ask::LeaveSession { why: "done for today".to_owned() });
    assert!(pair.flight(RAJ).session.controls.is_none());
    assert_eq!(pair.said(RAJ), "ana left: done for today");
    pair.shift(RAJ);
    assert!(pair.said(RAJ).contains("nobody has the controls"), "{}", pair.said(RAJ));
    resume(&mut pair, RAJ, false);
    assert!(pair.flight(RAJ).drives());
    assert_eq!(
        pair.story(mark),
        ["ana: cockpit_left: done for today", "raj: controls_taken: the process before is gone"]
    );
}

#[test]
fn an_asking_is_answered_by_the_holder_leaving() {
    let mut pair = Pair::open(blue_green(1));
    let mark = pair.mark();
    asks(&mut pair, RAJ, "my turn");
    pair.ask(ANA, Ask::LeaveSession { why: "bye".to_owned() });
    pair.ask(RAJ, Ask::TakeOver);
    assert_eq!(
        pair.story(mark),
        ["raj: controls_asked: my turn", "ana: cockpit_left: bye", "raj: controls_taken: taken over"]
    );
}

#[test]
fn from_a_process_that_is_provably_gone_they_are_taken_back_at_once_and_else_not() {
    let mut pair = Pair::open(blue_green(1));
    pair.stop(ANA);
    let mark = pair.mark();
    resume(&mut pair, RAJ, false);
    assert!(
        pair.said(RAJ).contains("is not known to be gone") && pair.said(RAJ).contains("[C4]"),
        "{}",
        pair.said(RAJ)
    );
    resume(&mut pair, RAJ, true);
    assert_eq!(pair.story(mark), ["raj: controls_taken: the process before is gone"]);
}

#[test]
fn an_observer_watches_and_nothing_of_theirs_is_taken() {
    let mut pair = Pair::open(blue_green(1));
    let eve = pair.aboard("eve", Seat::Observer);
    pair.pass(500);
    pair.shift(ANA);
    pair.pass(20_000);
    let mark = pair.mark();
    let asks: Vec<Ask> = vec![
        Ask::AskControls { reason: "please".to_owned() },
        Ask::Hold { reason: "stop".to_owned() },
        Ask::Note("hello".to_owned()),
        Ask::ToggleItem("deploy/health".into()),
        Ask::TakeOver,
        Ask::AcceptOffer,
        Ask::Resume { controls: pair.flight(eve).me.controls("mine"), holder_gone: true },
        Ask::EndRun { why: "no".to_owned() },
        Ask::Close { outcome: "over".to_owned() },
    ];
    for ask in asks {
        pair.cockpit(eve).notices.clear();
        pair.ask(eve, ask.clone());
        assert!(
            pair.said(eve).contains("only watches") && pair.said(eve).contains("[C2]"),
            "{ask:?}: {}",
            pair.said(eve)
        );
    }
    pair.ask(eve, Ask::ProposeRollback(WayBackChoice::Step));
    pair.confirm(eve, key(), Vec::new());
    pair.pass(2_000);
    assert!(pair.said(eve).contains("[C2]"), "{}", pair.said(eve));
    assert_eq!(pair.story(mark), Vec::<String>::new());
    pair.ask(eve, Ask::LeaveSession { why: "seen enough".to_owned() });
    assert_eq!(pair.story(mark), ["eve: cockpit_left: seen enough"]);
}

#[test]
fn with_a_clock_far_off_nothing_goes_forward_and_the_way_back_is_open() {
    let mut pair = Pair::open(blue_green(1));
    pair.shift(ANA);
    pair.pass(300);
    let mark = pair.mark();
    for who in [ANA, RAJ] {
        pair.tell(who, Msg::Clock { offset_ms: Some(-31_000) });
        assert!(pair.said(who).contains("31 s off"), "{}", pair.said(who));
    }
    pair.ask(ANA, Ask::ProposeShift(weights(&[("blue", 10), ("green", 90)])));
    pair.confirm(ANA, typed("blue 10"), Vec::new());
    assert!(pair.said(ANA).contains("[S2]"), "{}", pair.said(ANA));
    offer(&mut pair, ANA, RAJ);
    assert!(pair.said(ANA).contains("[S2]"), "{}", pair.said(ANA));
    pair.ask(ANA, Ask::Hold { reason: "clocks".to_owned() });
    pair.roll_back(ANA);
    pair.pass(300);
    assert_eq!(
        pair.story(mark),
        [
            "ana: held: clocks",
            "ana: change_confirmed: rollback to 50 / 50, one person",
            "+ change_dispatched",
            "ana: router_answered: eu-1 accepted",
            "ana: router_answered: eu-1 verified",
            "+ change_settled: verified",
        ]
    );
}

#[test]
fn an_offer_is_not_taken_with_a_clock_far_off() {
    let mut pair = Pair::open(blue_green(1));
    offer(&mut pair, ANA, RAJ);
    pair.tell(RAJ, Msg::Clock { offset_ms: Some(31_000) });
    let mark = pair.mark();
    pair.ask(RAJ, Ask::AcceptOffer);
    assert!(pair.said(RAJ).contains("[S2]"), "{}", pair.said(RAJ));
    pair.tell(RAJ, Msg::Clock { offset_ms: Some(29_000) });
    pair.ask(RAJ, Ask::AcceptOffer);
    assert_eq!(pair.story(mark), ["raj: controls_taken: handed over by ana"]);
}

#[test]
fn the_copilot_holds_and_only_the_driver_releases() {
    let mut pair = Pair::open(blue_green(1));
    let mark = pair.mark();
    pair.ask(RAJ, Ask::Hold { reason: "errors rise".to_owned() });
    assert_eq!(pair.said(ANA), "raj holds the deployment: errors rise");
    pair.shift(ANA);
    assert!(pair.said(ANA).contains("held by raj: errors rise"), "{}", pair.said(ANA));
    pair.ask(RAJ, Ask::ReleaseHold { reason: "calm".to_owned() });
    assert!(pair.said(RAJ).contains("[C2]"), "{}", pair.said(RAJ));
    pair.ask(ANA, Ask::ReleaseHold { reason: "calm".to_owned() });
    assert_eq!(pair.story(mark), ["raj: held: errors rise", "ana: hold_released: calm"]);
}

#[test]
fn a_rollback_by_the_copilot_takes_the_controls_in_the_same_entry_and_supersedes() {
    let mut pair = Pair::open(blue_green(2));
    in_flight(&mut pair);
    let mark = pair.mark();
    pair.roll_back(RAJ);
    let entry = pair.journal[mark].clone();
    assert_eq!(entry.events.len(), 3, "one entry");
    assert_eq!(pair.flight(RAJ).session.controls.as_ref().map(|controls| controls.epoch), Some(entry.number));
    // The stopped router applies what waits, in order: the change, then the rollback.
    pair.router("eu-2").go_on();
    pair.pass(1_000);
    assert_eq!(pair.router("eu-2").weights, [50, 50]);
    assert_eq!(
        pair.story(mark),
        [
            "raj: controls_taken: rollback",
            "+ change_confirmed: rollback instead to 50 / 50, one person",
            "+ change_dispatched",
            "raj: router_answered: eu-1 accepted",
            "raj: router_answered: eu-2 unknown",
            "+ router_answered: eu-1 verified",
            // Of the change that it took the place of, then of itself.
            "raj: router_answered: eu-2 differs",
            "+ router_answered: eu-2 verified",
            "+ change_settled: verified",
        ]
    );
    assert!(pair.was_told(ANA, "raj rolls back to 50 / 50"));
    let sent: Vec<(&str, &str)> = pair.sent.iter().map(|(who, router, _)| (who.as_str(), router.as_str())).collect();
    assert_eq!(sent, [("ana", "eu-1"), ("ana", "eu-2"), ("raj", "eu-1"), ("raj", "eu-2")]);
    pair.all_see_the_same();
}

#[test]
fn of_two_who_want_to_roll_back_the_second_finds_nothing_left_to_do() {
    let mut pair = Pair::open(blue_green(1));
    pair.shift(ANA);
    pair.pass(300);
    for who in [ANA, RAJ] {
        pair.ask(who, Ask::ProposeRollback(WayBackChoice::Step));
    }
    let mark = pair.mark();
    pair.confirm(ANA, key(), Vec::new());
    pair.pass(300);
    pair.confirm(RAJ, key(), Vec::new());
    assert!(pair.said(RAJ).contains("every router holds that already"), "{}", pair.said(RAJ));
    pair.pass(500);
    assert_eq!(
        pair.story(mark),
        [
            "ana: change_confirmed: rollback to 50 / 50, one person",
            "+ change_dispatched",
            "ana: router_answered: eu-1 accepted",
            "ana: router_answered: eu-1 verified",
            "+ change_settled: verified",
        ]
    );
    assert_eq!(pair.router("eu-1").weights, [50, 50]);
}

#[test]
fn who_lost_the_race_for_a_number_decides_again_on_what_came() {
    let mut pair = Pair::open(blue_green(1));
    let mark = pair.mark();
    // Raj's cockpit has not heard of the hold when he wants to hold, too.
    pair.stop(RAJ);
    pair.ask(ANA, Ask::Hold { reason: "errors rise".to_owned() });
    pair.cockpits[RAJ].line = Line::Silent;
    pair.go_on(RAJ);
    pair.cockpits[RAJ].line = Line::Answers;
    pair.ask(RAJ, Ask::Hold { reason: "errors rise!".to_owned() });
    pair.pass(1_500);
    assert!(pair.said(RAJ).contains("ana holds it already"), "{}", pair.said(RAJ));
    assert_eq!(pair.story(mark), ["ana: held: errors rise"]);
    pair.all_see_the_same();
}

/// Eu-1 as it is reached from somewhere else.
fn elsewhere() -> Identity {
    Identity { node: "another".to_owned(), process: "7".to_owned() }
}

#[test]
fn a_cockpit_that_reaches_another_router_by_that_name_moves_nothing_forward_and_may_roll_back() {
    let mut procedure = blue_green(2);
    procedure.plan[0].leave_when.clear();
    let mut pair = Pair::open(procedure);
    pair.shift(ANA);
    pair.pass(300);
    pair.cockpits[RAJ].reaches.insert("eu-1".into(), elsewhere());
    pair.pass(1_200);
    offer(&mut pair, ANA, RAJ);
    pair.ask(RAJ, Ask::AcceptOffer);
    pair.pass(200);
    let mark = pair.mark();
    assert_eq!(
        pair.flight(RAJ).other_routers().map(flightdeck::domain::RouterId::as_str).collect::<Vec<_>>(),
        ["eu-1"]
    );
    pair.ask(RAJ, Ask::ProposeShift(weights(&[("blue", 60), ("green", 40)])));
    pair.confirm(RAJ, typed("blue 60"), Vec::new());
    assert!(
        pair.said(RAJ).contains("eu-1 is not the same router: another answers here, the journal knows sim")
            && pair.said(RAJ).contains("[C5]"),
        "{}",
        pair.said(RAJ)
    );
    pair.ask(RAJ, Ask::Withdraw);
    pair.roll_back(RAJ);
    pair.pass(300);
    assert_eq!(
        pair.story(mark),
        [
            "raj: change_confirmed: rollback to 50 / 50, one person",
            "+ change_dispatched",
            "raj: router_answered: eu-1 accepted",
            "raj: router_answered: eu-2 accepted",
            "+ router_answered: eu-1 verified",
            "raj: router_answered: eu-2 verified",
            "+ change_settled: verified",
        ]
    );
}

#[test]
fn a_restart_is_noted_once_and_by_the_driver_only() {
    let mut pair = Pair::open(blue_green(2));
    let mark = pair.mark();
    let now = pair.now().elapsed.0;
    pair.router("eu-1").restart(now);
    pair.pass(5_000);
    assert_eq!(pair.story(mark), ["ana: router_restarted: eu-1 2 was 1"]);
    for who in [ANA, RAJ] {
        assert!(pair.was_told(who, "eu-1 was restarted: 2 was 1"));
    }
}

#[test]
fn what_goes_out_as_one_entry_names_the_epoch_of_that_entry() {
    let mut pair = Pair::open(blue_green(1));
    pair.shift(ANA);
    pair.pass(300);
    pair.cockpits[RAJ].line = Line::Silent;
    pair.ask(RAJ, Ask::Note("one".to_owned()));
    // These wait for the first append's answer, and go out together.
    pair.ask(RAJ, Ask::Note("two".to_owned()));
    pair.roll_back(RAJ);
    let mark = pair.mark();
    let entry = pair.cockpits[RAJ].unanswered.remove(0);
    let id = entry.id;
    pair.journal.push(entry.clone());
    pair.tell(ANA, Msg::Followed { entries: vec![(entry, flightdeck::domain::Digest::ZERO)], is_tail: false });
    pair.cockpits[RAJ].line = Line::Answers;
    let answer = flightdeck::flight::Appended::Kept { hash: flightdeck::domain::Digest::ZERO };
    pair.tell(RAJ, Msg::Appended { entry: id, answer });
    pair.pass(300);
    assert_eq!(
        pair.story(mark)[..5],
        [
            "raj: note_added: one",
            "raj: note_added: two",
            "+ controls_taken: rollback",
            "+ change_confirmed: rollback to 50 / 50, one person",
            "+ change_dispatched",
        ]
    );
    let epochs: Vec<u64> = pair.journal[mark..]
        .iter()
        .flat_map(|entry| &entry.events)
        .filter_map(|event| match event {
            flightdeck::session::Event::ChangeDispatched { epoch, .. } => Some(*epoch),
            _ => None,
        })
        .collect();
    assert_eq!(epochs, [pair.journal[mark + 1].number]);
}

#[test]
fn a_journal_that_grew_while_it_was_read_is_read_to_its_end() {
    let mut pair = Pair::open(blue_green(1));
    pair.pass(300);
    pair.cockpits[RAJ].line = Line::Silent;
    let head = pair.journal.len();
    for text in ["one", "two", "three"] {
        pair.ask(ANA, Ask::Note(text.to_owned()));
    }
    let entries = |from: usize, to: usize| -> Vec<_> {
        let kept = (from..=to).map(|number| (pair.journal[number - 1].clone(), flightdeck::domain::Digest::ZERO));
        kept.collect()
    };
    let (gap, tail) = (entries(head + 2, head + 3), entries(head + 1, head + 2));
    // The follower is ahead: what lies between is asked for, and was read before the newest entry was there.
    pair.tell(RAJ, Msg::Followed { entries: gap, is_tail: false });
    assert_eq!(pair.cockpits[RAJ].reads, [head as u64]);
    pair.tell(RAJ, Msg::Followed { entries: tail, is_tail: true });
    assert_eq!(pair.cockpits[RAJ].reads, [head as u64, head as u64 + 2]);
    pair.line(RAJ, Line::Answers);
    pair.all_see_the_same();
}
