//! Cut off from the journal (R5): the way back goes beside it, is sent, and is merged when the journal is back.

use flightdeck::domain::{Digest, Seat};
use flightdeck::flight::{Ask, Msg, WayBackChoice};
use flightdeck::session::event::SpillMerged;

use crate::support::crew::{ANA, Line, Pair, RAJ, key, typed};
use crate::support::procedure::{blue_green, weights};

/// Both routers stand at 0 / 100; there is a way back.
fn shifted() -> Pair {
    let mut procedure = blue_green(2);
    procedure.plan[0].leave_when.clear();
    let mut pair = Pair::open(procedure);
    pair.shift(ANA);
    pair.pass(500);
    pair.sent.clear();
    pair
}

fn target(pair: &Pair, who: usize) -> String {
    pair.flight(who).proposing.as_ref().and_then(|each| each.proposal()).unwrap().typed_target()
}

fn sent(pair: &Pair) -> Vec<(&str, &str)> {
    pair.sent.iter().map(|(who, router, _)| (who.as_str(), router.as_str())).collect()
}

/// The cockpit knows that the journal is away.
fn away(pair: &mut Pair, who: usize) {
    pair.cockpits[who].line = Line::Away;
    pair.ask(who, Ask::Note("is it there?".to_owned()));
    assert!(pair.said(who).contains("not recorded, so nothing was done: disk full"), "{}", pair.said(who));
    assert!(pair.flight(who).is_cut_off());
}

const NOTHING: Vec<String> = Vec::new();
const BY_ANA: [(&str, &str); 2] = [("ana", "eu-1"), ("ana", "eu-2")];

/// What a rollback of ana's that is merged looks like, and what is found on its routers then.
const MERGED: &str = "ana: spill_merged: ana: change_confirmed: rollback to 50 / 50, one person + change_dispatched";

#[test]
fn where_the_journal_is_silent_the_way_back_goes_out_after_a_second() {
    let mut pair = shifted();
    pair.cockpits[ANA].line = Line::Silent;
    let mark = pair.mark();
    pair.roll_back(ANA);
    pair.pass(900);
    assert!(pair.sent.is_empty());
    pair.pass(200);
    assert_eq!(sent(&pair), BY_ANA);
    assert_eq!(pair.cockpits[ANA].spilled.len(), 1);
    assert!(pair.was_told(ANA, "the rollback is recorded beside it, and goes out now"));
    pair.pass(300);
    for router in ["eu-1", "eu-2"] {
        assert_eq!(pair.router(router).weights, [50, 50]);
    }
    assert_eq!(pair.story(mark), NOTHING);
    assert!(pair.flight(ANA).spill.is_some());
}

#[test]
fn where_the_journal_says_that_it_is_away_the_way_back_goes_out_at_once() {
    let mut pair = shifted();
    pair.cockpits[ANA].line = Line::Away;
    pair.roll_back(ANA);
    assert_eq!(sent(&pair), BY_ANA);
    assert_eq!(pair.cockpits[ANA].spilled.len(), 1);
    let mut pair = shifted();
    away(&mut pair, ANA);
    pair.roll_back(ANA);
    assert_eq!(sent(&pair), BY_ANA);
}

#[test]
fn when_the_journal_is_back_one_entry_carries_it_and_the_routers_are_read_again() {
    let mut pair = shifted();
    pair.cockpits[ANA].line = Line::Away;
    let mark = pair.mark();
    pair.roll_back(ANA);
    pair.pass(3_000);
    pair.line(ANA, Line::Answers);
    pair.pass(3_000);
    assert_eq!(
        pair.story(mark),
        [
            MERGED,
            "ana: router_answered: eu-1 accepted",
            "+ router_answered: eu-2 accepted",
            "+ router_answered: eu-1 verified",
            "+ router_answered: eu-2 verified",
            "+ change_settled: verified",
        ]
    );
    assert_eq!(sent(&pair), BY_ANA, "merging sends nothing");
    assert!(pair.cockpits[ANA].spilled.is_empty() && pair.flight(ANA).spill.is_none());
    assert!(pair.was_told(ANA, "what was decided while cut off is in the journal now"));
    assert!(pair.was_told(RAJ, "ana rolled back while cut off from the journal: the routers are read again"));
    assert_eq!(pair.flight(RAJ).session.last_verified().map(|(_, to)| to.to_string()), Some("50 / 50".to_owned()));
    pair.all_see_the_same();
}

#[test]
fn an_append_that_was_unknown_and_kept_after_all_is_no_second_rollback() {
    let mut pair = shifted();
    pair.cockpits[ANA].line = Line::Silent;
    let mark = pair.mark();
    pair.roll_back(ANA);
    pair.pass(1_500);
    pair.unknown(ANA);
    pair.keep_in_silence(ANA);
    pair.pass(1_000);
    pair.line(ANA, Line::Answers);
    pair.pass(3_000);
    assert_eq!(sent(&pair), BY_ANA);
    assert_eq!(
        pair.story(mark),
        [
            "ana: change_confirmed: rollback to 50 / 50, one person",
            "+ change_dispatched",
            "ana: router_answered: eu-1 accepted",
            "+ router_answered: eu-2 accepted",
            "+ router_answered: eu-1 verified",
            "+ router_answered: eu-2 verified",
            "+ change_settled: verified",
        ]
    );
    assert!(pair.cockpits[ANA].spilled.is_empty() && pair.flight(ANA).spill.is_none());
    pair.all_see_the_same();
}

#[test]
fn an_append_that_was_unknown_and_not_kept_is_recorded_once() {
    let mut pair = shifted();
    pair.cockpits[ANA].line = Line::Silent;
    let mark = pair.mark();
    pair.roll_back(ANA);
    pair.pass(1_500);
    pair.unknown(ANA);
    pair.cockpits[ANA].unanswered.clear();
    pair.line(ANA, Line::Answers);
    pair.pass(3_000);
    assert_eq!(sent(&pair), BY_ANA);
    let confirmed = pair.story(mark).iter().filter(|line| line.contains("rollback to 50 / 50")).count();
    assert_eq!(confirmed, 1, "{:?}", pair.story(mark));
    assert!(pair.cockpits[ANA].spilled.is_empty() && pair.flight(ANA).spill.is_none());
    pair.all_see_the_same();
}

#[test]
fn where_the_spill_fails_too_it_is_sent_and_shown_as_not_recorded() {
    let mut pair = shifted();
    pair.cockpits[ANA].line = Line::Away;
    pair.cockpits[ANA].spill_fails = true;
    let mark = pair.mark();
    pair.roll_back(ANA);
    assert_eq!(sent(&pair), BY_ANA);
    assert!(pair.was_told(ANA, "NOT RECORDED: neither journal nor spill take it: no space left"));
    assert!(pair.flight(ANA).spill.as_ref().is_some_and(|spill| !spill.is_recorded()));
    // This process still knows it.
    pair.line(ANA, Line::Answers);
    pair.pass(3_000);
    assert_eq!(pair.story(mark)[0], MERGED);
    pair.all_see_the_same();
}

#[test]
fn cut_off_who_is_not_known_to_drive_types_the_target() {
    let mut pair = shifted();
    away(&mut pair, RAJ);
    pair.roll_back(RAJ);
    assert!(pair.said(RAJ).contains("[F1]") && pair.sent.is_empty(), "{}", pair.said(RAJ));
    let target = target(&pair, RAJ);
    pair.confirm(RAJ, typed(&target), Vec::new());
    assert_eq!(sent(&pair), [("raj", "eu-1"), ("raj", "eu-2")]);
    let mark = pair.mark();
    pair.line(RAJ, Line::Answers);
    pair.pass(3_000);
    assert_eq!(
        pair.story(mark),
        [
            // Ana is not cut off: she sees that somebody moved the routers, and then who.
            "ana: drift_noticed: eu-1",
            "ana: drift_noticed: eu-2",
            "raj: spill_merged: raj: controls_taken: rollback + change_confirmed: rollback to 50 / 50, one person + \
             change_dispatched",
            "raj: router_answered: eu-1 accepted",
            "+ router_answered: eu-2 accepted",
            "+ router_answered: eu-1 verified",
            "+ router_answered: eu-2 verified",
            "+ change_settled: verified",
        ]
    );
    assert!(pair.flight(ANA).session.drifted.is_empty());
    assert!(pair.flight(RAJ).drives() && !pair.flight(ANA).drives());
    pair.all_see_the_same();
}

#[test]
fn a_copilot_whose_journal_falls_silent_can_still_roll_back_by_typing() {
    let mut pair = shifted();
    pair.cockpits[RAJ].line = Line::Silent;
    pair.roll_back(RAJ);
    pair.pass(1_200);
    assert!(pair.said(RAJ).contains("[F1]") && pair.sent.is_empty(), "{}", pair.said(RAJ));
    let target = target(&pair, RAJ);
    pair.confirm(RAJ, typed(&target), Vec::new());
    pair.pass(1_200);
    assert_eq!(sent(&pair), [("raj", "eu-1"), ("raj", "eu-2")]);
}

#[test]
fn nothing_goes_forward_while_cut_off() {
    let mut pair = shifted();
    away(&mut pair, ANA);
    let mark = pair.mark();
    pair.ask(ANA, Ask::ProposeShift(weights(&[("blue", 60), ("green", 40)])));
    let target = target(&pair, ANA);
    pair.confirm(ANA, typed(&target), Vec::new());
    pair.pass(3_000);
    assert!(pair.sent.is_empty());
    assert!(pair.was_told(ANA, "not recorded, so nothing was done"));
    assert_eq!(pair.story(mark), NOTHING);
}

#[test]
fn a_change_of_another_driver_meanwhile_has_lost_to_it() {
    let mut pair = shifted();
    away(&mut pair, RAJ);
    // Raj does not hear of what ana does, who is not cut off.
    pair.router("eu-2").stopped = true;
    pair.ask(ANA, Ask::ProposeShift(weights(&[("blue", 60), ("green", 40)])));
    pair.confirm(ANA, typed("blue 60"), Vec::new());
    pair.pass(300);
    pair.ask(RAJ, Ask::ProposeRollback(WayBackChoice::Step));
    let target = target(&pair, RAJ);
    pair.confirm(RAJ, typed(&target), Vec::new());
    pair.pass(300);
    assert_eq!(pair.router("eu-1").weights, [50, 50]);
    let mark = pair.mark();
    let lost = pair.flight(ANA).session.in_flight().unwrap().id();
    pair.line(RAJ, Line::Answers);
    pair.router("eu-2").go_on();
    pair.pass(5_000);
    assert_eq!(pair.router("eu-2").weights, [50, 50], "the rollback is the last word");
    for who in [ANA, RAJ] {
        let session = &pair.flight(who).session;
        assert!(matches!(
            session.change(lost).and_then(|change| change.settled.clone()),
            Some((_, flightdeck::session::event::Settlement::Superseded { .. }))
        ));
        assert!(session.in_flight().is_none());
        assert_eq!(session.last_verified().map(|(_, to)| to.to_string()), Some("50 / 50".to_owned()));
    }
    assert_eq!(pair.story(mark).iter().filter(|line| line.contains("spill_merged")).count(), 1);
    pair.all_see_the_same();
}

#[test]
fn a_spill_that_a_crash_left_behind_is_found_and_merged_once() {
    let mut pair = shifted();
    let head = pair.flight(ANA).link.head();
    pair.cockpits[ANA].line = Line::Away;
    pair.roll_back(ANA);
    let entries = pair.cockpits[ANA].spilled.clone();
    pair.stop(ANA);
    let found = SpillMerged { after: head.0, hash: head.1, entries };
    let mark = pair.mark();
    let again = pair.aboard("ana", Seat::Operator);
    pair.tell(again, Msg::SpillFound(Box::new(found.clone())));
    pair.pass(2_000);
    let controls = pair.flight(again).me.controls("the process before is gone");
    pair.ask(again, Ask::Resume { controls, holder_gone: true });
    pair.pass(2_000);
    assert_eq!(
        pair.story(mark),
        [
            "ana: cockpit_joined: operator",
            MERGED,
            "ana: controls_taken: the process before is gone",
            "ana: router_answered: eu-1 verified",
            "+ router_answered: eu-2 verified",
            "+ change_settled: verified",
        ]
    );
    // Found once more, as after a crash between merging and dropping it.
    let mark = pair.mark();
    pair.tell(again, Msg::SpillFound(Box::new(found)));
    pair.pass(2_000);
    assert_eq!(pair.story(mark), NOTHING);
    assert_eq!(sent(&pair), BY_ANA);
}

#[test]
fn an_observer_who_finds_a_spill_on_this_host_brings_it_in_as_well() {
    let mut pair = shifted();
    let head = pair.flight(ANA).link.head();
    pair.cockpits[ANA].line = Line::Away;
    pair.roll_back(ANA);
    let entries = pair.cockpits[ANA].spilled.clone();
    pair.stop(ANA);
    let mark = pair.mark();
    let eve = pair.aboard("eve", Seat::Observer);
    pair.tell(eve, Msg::SpillFound(Box::new(SpillMerged { after: head.0, hash: head.1, entries })));
    pair.pass(2_000);
    pair.ask(eve, Ask::LeaveSession { why: "seen enough".to_owned() });
    assert_eq!(
        pair.story(mark),
        [
            "eve: cockpit_joined: observer".to_owned(),
            MERGED.replacen("ana", "eve", 1),
            "eve: cockpit_left: seen enough".to_owned(),
        ]
    );
}

#[test]
fn a_broken_chain_makes_it_read_only_and_leaves_the_way_back() {
    let mut pair = shifted();
    pair.tell(ANA, Msg::JournalBroken { why: "entry 4 does not fit entry 3".to_owned() });
    assert!(pair.said(ANA).contains("read-only from here"), "{}", pair.said(ANA));
    let mark = pair.mark();
    pair.ask(ANA, Ask::Note("lost".to_owned()));
    pair.pass(2_000);
    pair.roll_back(ANA);
    pair.pass(500);
    assert_eq!(sent(&pair), BY_ANA);
    assert_eq!(pair.cockpits[ANA].spilled.len(), 1);
    pair.pass(5_000);
    assert_eq!(pair.story(mark), NOTHING, "nothing is appended to a broken chain");
    for router in ["eu-1", "eu-2"] {
        assert_eq!(pair.router(router).weights, [50, 50]);
    }
}

#[test]
fn a_rollback_that_the_journal_takes_in_time_is_not_spilled() {
    let mut pair = shifted();
    pair.cockpits[ANA].line = Line::Silent;
    let mark = pair.mark();
    pair.roll_back(ANA);
    pair.pass(500);
    let entry = pair.cockpits[ANA].unanswered.remove(0);
    let id = entry.id;
    pair.journal.push(entry);
    pair.cockpits[ANA].line = Line::Answers;
    let answer = flightdeck::flight::Appended::Kept { hash: Digest::ZERO };
    pair.tell(ANA, Msg::Appended { entry: id, answer });
    pair.pass(3_000);
    assert_eq!(sent(&pair), BY_ANA);
    assert!(pair.cockpits[ANA].spilled.is_empty());
    assert_eq!(pair.story(mark)[0], "ana: change_confirmed: rollback to 50 / 50, one person");
}

#[test]
fn a_second_rollback_while_cut_off_is_spilled_after_the_first() {
    let mut pair = shifted();
    pair.cockpits[ANA].line = Line::Away;
    let mark = pair.mark();
    pair.roll_back(ANA);
    pair.pass(500);
    pair.router("eu-1").weights = vec![30, 70];
    pair.pass(1_200);
    pair.ask(ANA, Ask::ProposeRollback(WayBackChoice::Step));
    pair.confirm(ANA, key(), Vec::new());
    pair.pass(500);
    assert_eq!(pair.router("eu-1").weights, [50, 50]);
    assert_eq!(pair.cockpits[ANA].spilled.len(), 2);
    pair.line(ANA, Line::Answers);
    pair.pass(3_000);
    let story = pair.story(mark);
    assert_eq!(story.iter().filter(|line| line.contains("spill_merged")).count(), 1, "{story:?}");
    assert_eq!(story[0].matches("change_dispatched").count(), 2, "{story:?}");
    pair.all_see_the_same();
}

#[test]
fn a_newer_rollback_goes_out_although_the_journal_took_the_one_before_it_after_all() {
    let mut pair = shifted();
    pair.cockpits[ANA].line = Line::Silent;
    let mark = pair.mark();
    pair.roll_back(ANA);
    // The disk takes its time.
    pair.cockpits[ANA].spill_waits = true;
    pair.pass(1_200);
    let id = pair.cockpits[ANA].unanswered[0].id;
    pair.keep_in_silence(ANA);
    pair.cockpits[ANA].line = Line::Answers;
    pair.tell(ANA, Msg::Appended { entry: id, answer: flightdeck::flight::Appended::Kept { hash: Digest::ZERO } });
    pair.pass(300);
    pair.router("eu-1").weights = vec![30, 70];
    pair.pass(1_200);
    pair.roll_back(ANA);
    pair.written_beside(ANA);
    pair.pass(3_000);
    assert_eq!(pair.router("eu-1").weights, [50, 50]);
    let story = pair.story(mark);
    assert_eq!(story.iter().filter(|line| line.contains("change_confirmed")).count(), 2, "{story:?}");
    assert!(pair.flight(ANA).spill.is_none(), "{story:?}");
    pair.all_see_the_same();
}
