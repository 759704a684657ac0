//! One person alone: the broken glass.

use flightdeck::flight::Ask;

use super::{NOTHING, refused, two_people};
use crate::support::crew::{ANA, Pair, RAJ, alone, key};

#[test]
fn alone_with_the_target_and_a_reason_the_glass_is_broken_and_every_screen_says_so() {
    let mut pair = Pair::open(two_people(1));
    let mark = pair.mark();
    pair.ask(ANA, Ask::ProposeStep);
    pair.confirm(ANA, alone("blue 0", " "), Vec::new());
    let target = pair.flight(ANA).proposing.as_ref().and_then(|each| each.proposal()).unwrap().typed_target();
    pair.confirm(ANA, alone(&target, " "), Vec::new());
    refused(&pair, ANA, "no reason is given", "F4");
    let by_key = flightdeck::session::proposal::Confirmation { alone: Some("raj is away".to_owned()), ..key() };
    pair.confirm(ANA, by_key, Vec::new());
    refused(&pair, ANA, "typed", "F1");
    pair.confirm(ANA, alone(&target, "raj is away"), Vec::new());
    for who in [ANA, RAJ] {
        assert!(pair.was_told(who, "ana broke the glass, alone: raj is away"));
    }
    assert_eq!(
        pair.story(mark)[..2],
        ["ana: change_confirmed: drain-blue to 0 / 100, alone, raj is away", "+ change_dispatched"]
    );
}

#[test]
fn where_the_profile_forbids_it_nobody_breaks_the_glass() {
    let mut procedure = two_people(1);
    procedure.people.break_glass = false;
    let mut pair = Pair::open(procedure);
    let mark = pair.mark();
    pair.ask(ANA, Ask::ProposeStep);
    let target = pair.flight(ANA).proposing.as_ref().and_then(|each| each.proposal()).unwrap().typed_target();
    pair.confirm(ANA, alone(&target, "raj is away"), Vec::new());
    refused(&pair, ANA, "this profile lets nobody do it alone", "F3");
    assert_eq!(pair.story(mark), NOTHING);
    // The way back asks nobody.
    assert!(pair.sent.is_empty());
}
