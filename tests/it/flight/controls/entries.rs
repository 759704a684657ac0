//! One journal of two cockpits: races for its next entry, and what each sees at the routers.

use flightdeck::domain::reading::Identity;
use flightdeck::flight::{Ask, Msg};

use super::offer;
use crate::support::crew::{ANA, Line, Pair, RAJ, typed};
use crate::support::procedure::{blue_green, weights};

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
