//! The second person: asked, confirmed, refused, lapsed, void; alone; runs of steps (F3).

use flightdeck::cockpit::{Msg, OverlayKind};
use flightdeck::domain::Seat;
use flightdeck::session::Event;
use flightdeck::session::second::Second;

use crate::support::pair::{ANA, MIA, Pair, RAJ, two_people};

fn seconds(pair: &Pair) -> Vec<Second> {
    let flight = &pair.apps[ANA].model.flight;
    flight.session.changes.iter().map(|change| change.confirmed.second.clone()).collect()
}

fn split(pair: &mut Pair) -> String {
    let mut split = String::new();
    pair.act(ANA, |app| split = app.split("eu-1"));
    split
}

fn banners(pair: &Pair, who: usize) -> Vec<String> {
    pair.apps[who].model.banners().into_iter().map(|banner| banner.text).collect()
}

fn screen(pair: &mut Pair, who: usize) -> String {
    pair.screen(who, 120, 36)
}

#[test]
fn what_ana_asks_raj_confirms_by_typing_its_target_and_it_is_sent() {
    let mut pair = Pair::of(two_people(), "ana", "raj");
    pair.keys(ANA, "n<drawn>y");
    assert!(screen(&mut pair, ANA).contains("waiting for raj"));
    assert_eq!(banners(&pair, RAJ), ["ana asks: shift 50 / 50 → 0 / 100 on 2 routers (5:00)"]);
    assert_eq!(pair.apps[RAJ].overlay(), "", "nothing opens by itself");
    pair.keys(RAJ, "<f5><drawn>");
    assert!(screen(&mut pair, ANA).contains("raj is looking at it"));
    let digest = pair.apps[RAJ].model.flight.session.request.as_ref().map(|request| request.asked.digest.short());
    let digest = digest.expect("a request");
    for who in [ANA, RAJ] {
        assert!(screen(&mut pair, who).contains(&digest), "both read the same digest");
    }
    pair.keys(RAJ, "green 100<enter>").pass(500);
    assert_eq!(split(&mut pair), "0 / 100");
    assert!(matches!(seconds(&pair).last(), Some(Second::Given { by, .. }) if by.as_str() == "raj"));
    assert_eq!((pair.apps[ANA].overlay(), pair.apps[RAJ].overlay()), (String::new(), String::new()));
}

#[test]
fn keys_before_the_look_was_drawn_the_opening_key_paste_and_mouse_confirm_nothing() {
    let mut pair = Pair::of(two_people(), "ana", "raj");
    pair.keys(ANA, "n<drawn>y");
    pair.keys(RAJ, "<f5>green 100<enter><drawn><f5><f5><enter>");
    pair.act(RAJ, |app| {
        app.tell(Msg::Paste("green 100\n".to_owned()));
        app.tell(Msg::Click { column: 60, row: 18 });
    });
    pair.keys(RAJ, "<enter>").pass(300);
    assert_eq!(split(&mut pair), "50 / 50");
    assert_eq!(pair.apps[RAJ].overlay(), "Look");
    assert!(pair.apps[ANA].model.flight.waits_for_second());
}

#[test]
fn a_refusal_gives_its_reason_and_stands_in_the_dialog_of_who_asked() {
    let mut pair = Pair::of(two_people(), "ana", "raj");
    pair.keys(ANA, "n<drawn>y").keys(RAJ, "<f5><drawn>n").keys(RAJ, "the queue is not empty<enter>").pass(300);
    assert!(pair.apps[ANA].model.is_void());
    let screen = screen(&mut pair, ANA);
    assert!(screen.contains("raj refused it: the queue is not empty"), "{screen}");
    assert_eq!(split(&mut pair), "50 / 50");
    assert!(banners(&pair, RAJ).is_empty(), "{:?}", banners(&pair, RAJ));
}

#[test]
fn what_nobody_confirms_in_time_lapses_on_both_screens() {
    let mut pair = Pair::of(two_people(), "ana", "raj");
    pair.keys(ANA, "n<drawn>y").keys(RAJ, "<f5><drawn>").pass(302_000);
    assert!(pair.apps[ANA].model.is_void());
    assert!(screen(&mut pair, RAJ).contains("over, nothing was sent: "), "{}", screen(&mut pair, RAJ));
    pair.keys(RAJ, "green 100<enter>").pass(300);
    assert_eq!(split(&mut pair), "50 / 50");
}

#[test]
fn what_moved_meanwhile_is_void_on_both_screens() {
    let mut pair = Pair::of(two_people(), "ana", "raj");
    pair.keys(ANA, "n<drawn>y").keys(RAJ, "<f5><drawn>");
    pair.act(ANA, |app| app.router("eu-2").weights = vec![25, 75]).pass(2_500);
    assert!(pair.apps[ANA].model.is_void());
    let seen = screen(&mut pair, RAJ);
    assert!(seen.contains("over, nothing was sent: ") && seen.contains("eu-2"), "{seen}");
    pair.keys(RAJ, "<drawn>green 100<enter>").pass(300);
    assert_eq!(pair.apps[ANA].sends.len() + pair.apps[RAJ].sends.len(), 0);
}

#[test]
fn escape_withdraws_what_was_asked() {
    let mut pair = Pair::of(two_people(), "ana", "raj");
    pair.keys(ANA, "n<drawn>y").keys(RAJ, "<f5><drawn>").keys(ANA, "<esc>");
    assert_eq!(pair.apps[ANA].overlay(), "");
    assert!(pair.apps[RAJ].model.flight.session.request.is_none());
    let seen = screen(&mut pair, RAJ);
    assert!(seen.contains("withdrawn"), "{seen}");
    pair.keys(RAJ, "<esc>");
    assert_eq!(pair.apps[RAJ].model.flight.crew.looking_at, None);
}

#[test]
fn the_dialog_says_before_asking_who_is_there_and_that_nobody_is() {
    let mut pair = Pair::of(two_people(), "ana", "raj");
    pair.keys(ANA, "n<drawn>");
    assert!(screen(&mut pair, ANA).contains("two people: asks raj"), "{}", screen(&mut pair, ANA));
    pair.keys(ANA, "<esc>").pass_without(RAJ, 12_000).keys(ANA, "n<drawn>");
    let alone = screen(&mut pair, ANA);
    assert!(alone.contains("nobody else is here") && alone.contains("Ctrl-B"), "{alone}");
    assert!(alone.contains("raj not here"), "{alone}");
}

#[test]
fn the_glass_is_broken_with_a_reason_and_the_target_and_every_screen_says_so() {
    let mut pair = Pair::of(two_people(), "ana", "raj");
    pair.keys(ANA, "n<drawn><ctrl-b><enter>");
    assert!(screen(&mut pair, ANA).contains("needs a reason"));
    pair.keys(ANA, "raj is on a train<enter>").keys(ANA, "green 100<enter>").pass(300);
    assert_eq!(split(&mut pair), "50 / 50", "what was typed before it was drawn does not count");
    pair.keys(ANA, "<drawn>y<enter>").pass(300);
    assert_eq!(split(&mut pair), "50 / 50");
    pair.keys(ANA, "<ctrl-u>green 100<enter>").pass(1_000);
    assert_eq!(split(&mut pair), "0 / 100");
    assert_eq!(seconds(&pair).last(), Some(&Second::Alone { reason: "raj is on a train".to_owned() }));
    let told = pair.apps[RAJ].notices().join("\n");
    assert!(told.contains("ana broke the glass, alone: raj is on a train"), "{told}");
}

#[test]
fn escape_from_the_broken_glass_goes_back_to_asking() {
    let mut pair = Pair::of(two_people(), "ana", "raj");
    pair.keys(ANA, "n<drawn><ctrl-b>a reason<enter><drawn><esc><drawn>y");
    assert!(pair.apps[ANA].model.flight.waits_for_second());
}

#[test]
fn where_the_profile_forbids_it_the_glass_cannot_be_broken() {
    let mut procedure = two_people();
    procedure.people.break_glass = false;
    let mut pair = Pair::of(procedure, "ana", "raj");
    pair.keys(ANA, "n<drawn>");
    assert!(!screen(&mut pair, ANA).contains("Ctrl-B"));
    pair.keys(ANA, "<ctrl-b>a reason<enter>green 100<enter>").pass(300);
    assert_eq!(split(&mut pair), "50 / 50");
}

#[test]
fn a_persons_step_asks_the_second_person_too() {
    let mut procedure = two_people();
    procedure.plan.remove(0);
    let mut pair = Pair::of(procedure, "ana", "raj");
    pair.keys(ANA, "n<drawn>y").pass(200);
    assert_eq!(pair.apps[ANA].overlay(), "Complete");
    assert!(screen(&mut pair, ANA).contains("waiting for raj"), "{}", screen(&mut pair, ANA));
    pair.keys(RAJ, "<f5><drawn><ctrl-n>not deployed everywhere<enter>").pass(200);
    let refused = screen(&mut pair, ANA);
    assert!(refused.contains("raj refused: not deployed everywhere"), "{refused}");
    pair.keys(ANA, "<drawn>y").keys(RAJ, "<f5><drawn>blue<enter>").pass(200);
    assert!(pair.apps[RAJ].model.flight.session.steps.contains_key(&"deploy-to-blue".into()));
    assert_eq!(pair.apps[ANA].overlay(), "");
}

#[test]
fn one_person_in_two_terminals_is_one_person() {
    let mut pair = Pair::of(two_people(), "ana", "ana");
    pair.keys(ANA, "n<drawn>y");
    assert!(screen(&mut pair, ANA).contains("nobody is here"), "{}", screen(&mut pair, ANA));
    pair.keys(RAJ, "<f5><drawn>");
    let seen = screen(&mut pair, RAJ);
    assert!(seen.contains("two terminals of one person are one person"), "{seen}");
    pair.keys(RAJ, "green 100<enter>").pass(300);
    assert_eq!(split(&mut pair), "50 / 50");
}

#[test]
fn a_run_is_chosen_typed_and_covers_its_steps() {
    let mut procedure = two_people();
    procedure.plan.drain(1..2);
    procedure.plan[0].leave_when.clear();
    for step in &mut procedure.plan {
        step.soak = None;
    }
    let mut pair = Pair::of(procedure, "ana", "raj");
    pair.keys(RAJ, "<f7><down><down><down><up><drawn>3 blue-30<enter>").pass(300);
    assert_eq!(pair.apps[RAJ].overlay(), "");
    for who in [ANA, RAJ] {
        assert!(screen(&mut pair, who).contains("run: 3 confirmed by raj"), "{}", screen(&mut pair, who));
    }
    pair.keys(ANA, "n<drawn>");
    assert!(!screen(&mut pair, ANA).contains("two people"), "the run covers it");
    pair.keys(ANA, "y").pass(1_000);
    assert_eq!(split(&mut pair), "0 / 100");
    assert!(matches!(seconds(&pair).last(), Some(Second::Run { .. })));
    pair.keys(ANA, "E").keys(ANA, "errors rise<enter>").pass(300);
    assert!(pair.apps[RAJ].model.flight.session.run.is_none());
    let told = pair.apps[RAJ].notices().join("\n");
    assert!(told.contains("the confirmed run of steps is over: errors rise"), "{told}");
}

#[test]
fn who_only_watches_sees_the_request_and_cannot_answer_it() {
    let mut pair = Pair::of(two_people(), "ana", "raj").join("mia", Seat::Observer);
    pair.keys(ANA, "n<drawn>y").keys(MIA, "<f5><drawn>green 100<enter>").pass(300);
    assert_eq!(split(&mut pair), "50 / 50");
    assert!(screen(&mut pair, MIA).contains("you only watch"));
}

#[test]
fn signing_is_said_in_the_dialog_and_a_failure_is_told() {
    let mut procedure = two_people();
    procedure.people.keys = true;
    let mut pair = Pair::of(procedure, "ana", "raj");
    pair.keys(ANA, "n<drawn>y");
    assert!(screen(&mut pair, ANA).contains("touch your key if it blinks"), "{}", screen(&mut pair, ANA));
    let request = *pair.apps[ANA].to_sign.last().expect("asked to sign");
    let result = Err("no key of the list is in the agent".to_owned());
    pair.act(ANA, |app| {
        app.tell(Msg::Flight(flightdeck::flight::Msg::Signed { request, result }));
    });
    let seen = screen(&mut pair, ANA);
    assert!(seen.contains("no key of the list is in the agent"), "{seen}");
    assert!(matches!(
        pair.apps[ANA].model.overlay.as_ref().map(|overlay| &overlay.kind),
        Some(OverlayKind::Shift(confirm)) if !confirm.waiting
    ));
    assert!(!pair.apps[ANA].events().any(|event| matches!(event, Event::ConfirmationAsked(_))));
}

#[test]
fn a_router_that_reads_differently_here_is_said_to_the_second_person() {
    let mut pair = Pair::of(two_people(), "ana", "raj");
    pair.keys(ANA, "n<drawn>y");
    // Only raj's cockpit has read it so far.
    pair.act(RAJ, |app| {
        app.router("eu-2").process = 99;
        app.pass(1_500);
        app.keys("<f5><drawn>");
    });
    let seen = screen(&mut pair, RAJ);
    assert!(seen.contains("eu-2 is not the same router here"), "{seen}");
}

#[test]
fn taking_a_changed_profile_in_asks_the_second_person_too() {
    let mut pair = Pair::of(two_people(), "ana", "raj");
    for who in [ANA, RAJ] {
        let mut procedure = two_people();
        procedure.digest = flightdeck::domain::Digest([9; 32]);
        let changed = flightdeck::flight::ChangedProfile::Good { procedure: procedure.into(), files: Vec::new() };
        pair.act(who, |app| {
            app.tell(Msg::Flight(flightdeck::flight::Msg::ProfileDiffers { changed: Some(Box::new(changed)) }));
        });
    }
    pair.keys(ANA, "P<drawn>y");
    assert!(screen(&mut pair, ANA).contains("waiting for raj"), "{}", screen(&mut pair, ANA));
    assert!(
        banners(&pair, RAJ)[0].contains("ana asks: take in the changed profile 0909·0909"),
        "{:?}",
        banners(&pair, RAJ)
    );
    pair.keys(RAJ, "<f5><drawn>reload<enter>").pass(300);
    assert_eq!(pair.apps[ANA].overlay(), "");
    assert!(pair.apps[ANA].model.flight.session.reloaded.is_some());
}

#[test]
fn what_is_proposed_for_two_stands_as_long_as_the_other_has_to_answer() {
    let mut pair = Pair::of(two_people(), "ana", "raj");
    pair.keys(ANA, "n<drawn>");
    assert!(screen(&mut pair, ANA).contains("valid 5:00"), "{}", screen(&mut pair, ANA));
}

#[test]
fn overrides_are_read_with_their_reasons_by_the_second_person() {
    let mut procedure = two_people();
    procedure.plan.remove(0);
    procedure.plan[0].leave_when = vec![flightdeck::domain::procedure::Condition::Items("before-the-call".to_owned())];
    let mut pair = Pair::of(procedure, "ana", "raj");
    pair.keys(ANA, "n<drawn>y").keys(RAJ, "<f5><drawn>blue<enter>").pass(300);
    pair.keys(ANA, "n<drawn>o").keys(ANA, "the channel is down<enter>").keys(ANA, "<drawn>green 90<enter>").pass(300);
    pair.keys(RAJ, "<f5><drawn>");
    let seen = screen(&mut pair, RAJ);
    assert!(seen.contains("because: the channel is down"), "{seen}");
}
