//! Screens of two people on one session, at the sizes that matter.

use flightdeck::domain::Seat;

use crate::support::app::App;
use crate::support::pair::{ANA, MIA, Pair, RAJ, two_people};
use crate::support::scene::{payments, picture};

fn shot(name: &str, app: &mut App, sizes: &[(u16, u16)]) {
    for (columns, rows) in sizes {
        let picture = picture(app, *columns, *rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), picture);
        });
    }
}

const ALL: [(u16, u16); 3] = [(80, 24), (120, 36), (220, 60)];
const SMALL: [(u16, u16); 2] = [(80, 24), (120, 36)];

#[test]
fn what_the_second_person_is_asked_on_both_screens() {
    let mut pair = Pair::of(two_people(), "ana", "raj");
    pair.keys(ANA, "n<drawn>");
    shot("two_before", &mut pair.apps[ANA], &SMALL);
    pair.keys(ANA, "y");
    shot("two_banner_raj", &mut pair.apps[RAJ], &ALL);
    pair.keys(RAJ, "<f5><drawn>").keys(RAJ, "green 1");
    shot("two_look_raj", &mut pair.apps[RAJ], &ALL);
    shot("two_waiting_ana", &mut pair.apps[ANA], &ALL);
}

#[test]
fn a_refusal_and_a_request_that_is_over() {
    let mut pair = Pair::of(two_people(), "ana", "raj");
    pair.keys(ANA, "n<drawn>y").keys(RAJ, "<f5><drawn>");
    pair.act(ANA, |app| app.router("eu-2").weights = vec![25, 75]).pass(2_000);
    shot("two_void_raj", &mut pair.apps[RAJ], &SMALL);
    let mut pair = Pair::of(two_people(), "ana", "raj");
    pair.keys(ANA, "n<drawn>y").keys(RAJ, "<f5><drawn>n").keys(RAJ, "the queue is not empty<enter>").pass(300);
    shot("two_refused_ana", &mut pair.apps[ANA], &SMALL);
}

#[test]
fn the_glass_is_broken_and_nobody_misses_it() {
    let mut pair = Pair::of(two_people(), "ana", "raj");
    pair.pass_without(RAJ, 12_000).keys(ANA, "n<drawn><ctrl-b>").keys(ANA, "raj is on a train<enter><drawn>gre");
    shot("two_alone_ana", &mut pair.apps[ANA], &SMALL);
}

#[test]
fn a_run_is_chosen_and_stands_in_the_plan() {
    let mut procedure = two_people();
    procedure.plan.drain(1..2);
    procedure.plan[0].leave_when.clear();
    let mut pair = Pair::of(procedure, "ana", "raj");
    pair.keys(RAJ, "<f7><down><down><drawn>3 blue");
    shot("two_run_raj", &mut pair.apps[RAJ], &SMALL);
    pair.keys(RAJ, "-30<enter>").pass(300);
    shot("two_run_ana", &mut pair.apps[ANA], &SMALL);
}

#[test]
fn the_controls_change_hands_on_both_screens() {
    let mut pair = Pair::of(payments(), "ana", "raj");
    pair.keys(ANA, "O<drawn>");
    shot("controls_offer_ana", &mut pair.apps[ANA], &SMALL);
    pair.keys(ANA, "y").keys(RAJ, "<f6><drawn>");
    shot("controls_offered_raj", &mut pair.apps[RAJ], &SMALL);
    pair.keys(RAJ, "n").keys(RAJ, "A").keys(RAJ, "the line is bad<enter>");
    shot("controls_asked_ana", &mut pair.apps[ANA], &SMALL);
    pair.pass_without(ANA, 12_000);
    shot("controls_silent_raj", &mut pair.apps[RAJ], &SMALL);
    pair.keys(RAJ, "<f6>").pass_without(ANA, 4_000);
    shot("controls_take_raj", &mut pair.apps[RAJ], &SMALL);
}

#[test]
fn who_only_watches_and_who_is_pointed_at() {
    let mut pair = Pair::of(payments(), "ana", "raj").join("mia", Seat::Observer);
    pair.keys(RAJ, "jo");
    shot("watching_mia", &mut pair.apps[MIA], &ALL);
    pair.keys(MIA, "<f2>");
    shot("watching_call_mia", &mut pair.apps[MIA], &SMALL);
    pair.keys(ANA, "w");
    shot("people_ana", &mut pair.apps[ANA], &SMALL);
    shot("pair_tiny_raj", &mut pair.apps[RAJ], &[(39, 11), (40, 12)]);
}

#[test]
fn cut_off_the_screen_says_what_is_left() {
    let mut pair = Pair::of(payments(), "ana", "raj");
    pair.keys(ANA, "n<drawn>y").pass(3_000);
    pair.cut_off(RAJ, true).keys(RAJ, "N").keys(RAJ, "a note<enter>").pass(300);
    shot("cut_off_raj", &mut pair.apps[RAJ], &SMALL);
    pair.keys(RAJ, "R<drawn>");
    shot("cut_off_back_raj", &mut pair.apps[RAJ], &SMALL);
    pair.keys(RAJ, "blue 50<enter>").pass(1_500);
    shot("cut_off_spilled_raj", &mut pair.apps[RAJ], &SMALL);
    pair.keys(RAJ, "<f2>");
    shot("cut_off_call_raj", &mut pair.apps[RAJ], &[(80, 24)]);
}
