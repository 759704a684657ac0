//! The controls between two cockpits (C3), observers, pointing, and being cut off (R5).

use flightdeck::domain::Seat;
use flightdeck::session::Event;

use crate::support::app::half;
use crate::support::pair::{ANA, MIA, Pair, RAJ, two_people};
use crate::support::scene::payments;

fn screen(pair: &mut Pair, who: usize) -> String {
    pair.screen(who, 120, 36)
}

fn driver(pair: &Pair) -> &'static str {
    match (pair.apps[ANA].model.flight.drives(), pair.apps[RAJ].model.flight.drives()) {
        (true, false) => "ana",
        (false, true) => "raj",
        (false, false) => "nobody",
        (true, true) => "both",
    }
}

#[test]
fn the_header_says_who_drives_who_is_there_and_who_is_not() {
    let mut pair = Pair::of(payments(), "ana", "raj").join("mia", Seat::Observer);
    let (ana, mia) = (pair.screen(ANA, 150, 36), pair.screen(MIA, 150, 36));
    assert!(ana.contains("ana (you) drives  raj copilot  mia watches"), "{ana}");
    assert!(mia.contains("ana drives  raj copilot  mia watching only"), "{mia}");
    pair.pass_without(RAJ, 12_000);
    assert!(pair.screen(ANA, 150, 36).contains("raj not here"));
}

#[test]
fn an_offer_is_a_banner_read_in_its_dialog_and_accepted_there() {
    let mut pair = Pair::of(payments(), "ana", "raj");
    pair.keys(ANA, "O<drawn>");
    assert!(screen(&mut pair, ANA).contains("next step: Drain blue"), "{}", screen(&mut pair, ANA));
    pair.keys(ANA, "y");
    assert_eq!(pair.apps[RAJ].overlay(), "", "a banner takes no keyboard");
    assert!(screen(&mut pair, RAJ).contains("ana offers you the controls  F6 look"), "{}", screen(&mut pair, RAJ));
    pair.keys(RAJ, "<f6>y");
    assert_eq!(driver(&pair), "ana", "not drawn yet");
    pair.keys(RAJ, "<drawn>");
    assert!(screen(&mut pair, RAJ).contains("no way back: nothing has been changed yet"), "{}", screen(&mut pair, RAJ));
    pair.keys(RAJ, "y").pass(200);
    assert_eq!(driver(&pair), "raj");
    assert_eq!(pair.apps[RAJ].overlay(), "");
}

#[test]
fn an_offer_is_refused_or_taken_back() {
    let mut pair = Pair::of(payments(), "ana", "raj");
    pair.keys(ANA, "O<drawn>y").keys(RAJ, "<f6><drawn>n").pass(200);
    assert_eq!(driver(&pair), "ana");
    assert!(
        pair.apps[ANA].notices().iter().any(|text| text.contains("raj ended the offer")),
        "{:?}",
        pair.apps[ANA].notices()
    );
    pair.keys(ANA, "O<drawn>y");
    assert!(screen(&mut pair, ANA).contains("offered to raj  O take the offer back"), "{}", screen(&mut pair, ANA));
    pair.keys(RAJ, "<f6><drawn>").keys(ANA, "O").pass(200);
    assert_eq!(pair.apps[RAJ].overlay(), "", "the dialog has nothing to be about any more");
    pair.keys(RAJ, "y").pass(200);
    assert_eq!(driver(&pair), "ana");
}

#[test]
fn who_asks_for_the_controls_is_handed_them_or_refused() {
    let mut pair = Pair::of(payments(), "ana", "raj");
    pair.keys(RAJ, "A").keys(RAJ, "ana has to leave<enter>");
    assert!(
        screen(&mut pair, ANA).contains("raj asks for the controls: ana has to leave"),
        "{}",
        screen(&mut pair, ANA)
    );
    pair.keys(ANA, "<f6><drawn>n").pass(200);
    assert!(pair.apps[RAJ].model.flight.session.asking.is_none());
    pair.keys(RAJ, "A").keys(RAJ, "once more<enter>").keys(ANA, "<f6><drawn>y");
    pair.keys(RAJ, "<f6><drawn>y").pass(200);
    assert_eq!(driver(&pair), "raj");
}

#[test]
fn from_a_silent_driver_the_controls_are_taken_after_the_grace() {
    let mut pair = Pair::of(payments(), "ana", "raj");
    pair.keys(RAJ, "A").keys(RAJ, "ana does not answer<enter><f6><drawn>y").pass(200);
    assert_eq!(driver(&pair), "ana");
    assert!(
        pair.apps[RAJ].notices().iter().any(|text| text.contains("ana is there")),
        "{:?}",
        pair.apps[RAJ].notices()
    );
    pair.keys(RAJ, "<esc>").pass_without(ANA, 12_000);
    let seen = screen(&mut pair, RAJ);
    assert!(seen.contains("asked 0:12, ana silent 0:") && seen.contains("yours in 0:0"), "{seen}");
    assert!(seen.contains("ana drives, not here"), "{seen}");
    pair.pass_without(ANA, 4_000).keys(RAJ, "<f6><drawn>y").pass_without(ANA, 300);
    assert!(pair.apps[RAJ].model.flight.drives());
    pair.cut_off(ANA, false).pass(500);
    assert_eq!(driver(&pair), "raj");
}

#[test]
fn without_the_controls_forward_keys_say_who_has_them_and_which_key_asks() {
    let mut pair = Pair::of(payments(), "ana", "raj");
    for keys in ["n", "S", "+", "3", "C"] {
        pair.keys(RAJ, keys);
        let told = pair.apps[RAJ].notices().last().map(|text| (*text).to_owned());
        assert_eq!(told.as_deref(), Some("ana has the controls: A asks for them; R and H need none"), "{keys}");
        assert_eq!((pair.apps[RAJ].overlay().as_str(), pair.apps[RAJ].model.draft.is_none()), ("", true), "{keys}");
        assert!(screen(&mut pair, RAJ).contains("ana has the controls: A asks for them"), "{keys}");
    }
    pair.keys(RAJ, "H").keys(RAJ, "errors rise<enter>");
    assert!(pair.apps[ANA].model.flight.session.hold.is_some(), "holding needs no controls");
}

#[test]
fn the_copilot_rolls_back_from_their_own_cockpit() {
    let mut pair = Pair::of(payments(), "ana", "raj");
    pair.keys(ANA, "n<drawn>y").pass(3_000).keys(RAJ, "R<drawn><enter>").pass(1_500);
    let mut split = String::new();
    pair.act(RAJ, |app| split = app.split("eu-1"));
    assert_eq!(split, "50 / 50");
}

#[test]
fn who_only_watches_has_no_forward_keys_and_is_told_so() {
    let mut pair = Pair::of(payments(), "ana", "raj").join("mia", Seat::Observer);
    let seen = screen(&mut pair, MIA);
    assert!(
        seen.lines().last().is_some_and(|line| line.contains("watching only") && !line.contains("roll back")),
        "{seen}"
    );
    for keys in ["n", "R", "H", "A", "t", "+", "<ctrl-r>", "<f7>", "O"] {
        pair.keys(MIA, keys);
        assert_eq!(pair.apps[MIA].overlay(), "", "{keys}");
        let told = pair.apps[MIA].notices().last().map(|text| (*text).to_owned()).unwrap_or_default();
        assert!(told.contains("you only watch"), "{keys}: {told}");
    }
}

#[test]
fn a_pointer_marks_the_thing_on_the_other_screen_and_moves_nothing_there() {
    let mut pair = Pair::of(payments(), "ana", "raj");
    pair.keys(ANA, "<alt-2>").keys(RAJ, "jo");
    let marked = screen(&mut pair, ANA);
    assert!(marked.lines().any(|line| line.contains("eu-2 ◀ raj")), "{marked}");
    assert_eq!(pair.apps[ANA].model.focus, flightdeck::cockpit::Pane::Checklist);
    pair.keys(RAJ, "o");
    assert!(!screen(&mut pair, ANA).contains("◀ raj"));
    pair.keys(RAJ, "<ctrl-o>");
    assert!(screen(&mut pair, ANA).contains("Drain blue◀raj"));
    pair.keys(RAJ, "<esc>");
    assert!(!screen(&mut pair, ANA).contains("◀raj"));
    pair.keys(RAJ, "<alt-4>o");
    assert!(screen(&mut pair, ANA).contains("Logs ◀ raj"));
    pair.keys(RAJ, "<alt-2>jo");
    assert!(screen(&mut pair, ANA).lines().any(|line| line.contains("☐") && line.contains("◀ raj")));
}

#[test]
fn cut_off_the_way_back_goes_beside_the_journal_and_is_merged_when_it_is_back() {
    let mut pair = Pair::of(payments(), "ana", "raj");
    pair.keys(ANA, "n<drawn>y").pass(3_000);
    pair.cut_off(RAJ, true).keys(RAJ, "N").keys(RAJ, "a note<enter>").pass(300);
    let seen = screen(&mut pair, RAJ);
    assert!(seen.contains("CUT OFF") && seen.contains("R roll back"), "{seen}");
    pair.keys(RAJ, "R<drawn>");
    let dialog = screen(&mut pair, RAJ);
    assert!(dialog.contains("this goes beside it") && dialog.contains("Type blue 50"), "{dialog}");
    pair.keys(RAJ, "y<enter>").pass(300);
    assert_eq!(pair.apps[RAJ].sends.len(), 0, "who is not the last known driver types the target");
    pair.keys(RAJ, "<ctrl-u>blue 50<enter>").pass(1_500);
    assert_eq!(pair.apps[RAJ].sends.len(), 2);
    assert!(screen(&mut pair, RAJ).contains("SPILLED"), "{}", screen(&mut pair, RAJ));
    pair.cut_off(RAJ, false).pass(12_000);
    assert!(pair.apps[RAJ].model.flight.spill.is_none());
    let mut merged = false;
    pair.act(ANA, |app| merged = app.events().any(|event| matches!(event, Event::SpillMerged(_))));
    assert!(merged);
    assert!(!screen(&mut pair, RAJ).contains("SPILLED"));
}

#[test]
fn another_router_of_the_same_name_is_said_and_nothing_goes_forward() {
    let mut pair = Pair::of(payments(), "ana", "raj");
    pair.act(ANA, |app| app.router("eu-2").node = "other".to_owned()).pass(2_000);
    let seen = screen(&mut pair, ANA);
    assert!(seen.contains("eu-2: not the same router as the journal's"), "{seen}");
    pair.keys(ANA, "n<drawn>y").pass(500);
    assert_eq!(pair.apps[ANA].sends.len(), 0);
}

#[test]
fn who_left_is_gone_from_the_header_and_free_controls_are_offered_to_who_is_there() {
    let mut pair = Pair::of(payments(), "ana", "raj");
    pair.act(ANA, |app| {
        app.ask(flightdeck::flight::Ask::LeaveSession { why: "the call is over".to_owned() });
    });
    pair.pass_without(ANA, 500);
    let seen = screen(&mut pair, RAJ);
    assert!(seen.contains("nobody drives") && seen.contains("nobody has the controls  t take them"), "{seen}");
    assert!(!seen.contains("ana"), "{seen}");
}

#[test]
fn a_clock_that_is_off_is_said() {
    let mut pair = Pair::of(payments(), "ana", "raj");
    pair.act(RAJ, |app| {
        app.tell(flightdeck::cockpit::Msg::Flight(flightdeck::flight::Msg::Clock { offset_ms: Some(-42_000) }));
    });
    assert!(screen(&mut pair, RAJ).contains("clock is 42 s off"), "{}", screen(&mut pair, RAJ));
    pair.keys(RAJ, "w");
    assert!(screen(&mut pair, RAJ).contains("-42.0 s off"), "{}", screen(&mut pair, RAJ));
}

#[test]
fn names_are_claims_where_two_people_are_asked_without_keys() {
    let mut pair = Pair::of(two_people(), "ana", "raj");
    assert!(pair.screen(ANA, 150, 36).contains("names are claims"));
    let solo = crate::support::scene::text(&crate::support::scene::drawn(
        &half().model,
        &flightdeck::theme::Theme::builtin("dark").expect("built in"),
        120,
        36,
    ));
    assert!(solo.contains("SOLO, this host only") && !solo.contains("names are claims"), "{solo}");
}
