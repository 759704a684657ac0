//! Random fingers in a world that misbehaves: whatever is typed, nothing goes out without a kept intent (D1), and nothing
//! goes out at all without a key that confirms what was drawn (F2).

use flightdeck::cockpit::Msg;
use proptest::prelude::*;

use crate::support::app::{App, Mood, Store, half};
use crate::support::pair::{ANA, Pair, RAJ, two_people};

#[derive(Clone, Debug)]
enum Act {
    Key(&'static str),
    Type(&'static str),
    /// Keys with frames between them, as an operator who means it presses them.
    Fly(&'static str),
    Draw,
    Pass(u64),
    Paste(&'static str),
    Click(u16, u16),
    Wheel(u16, u16),
    Mood(usize, Mood),
    Store(Store),
    Outside(usize, u32),
    Answering(bool),
    SettleOne,
}

const KEYS: [&str; 54] = [
    "n",
    "y",
    "enter",
    "esc",
    "R",
    "ctrl-r",
    "tab",
    "shift-tab",
    "x",
    "d",
    "r",
    "b",
    "l",
    "a",
    "o",
    "ctrl-o",
    "p",
    "H",
    "S",
    "N",
    "C",
    ":",
    "?",
    "/",
    "q",
    "ctrl-c",
    "ctrl-z",
    "i",
    "M",
    "z",
    "f2",
    "T",
    "up",
    "down",
    "left",
    "right",
    "space",
    "+",
    "-",
    "3",
    "0",
    ".",
    "backspace",
    "v",
    "f5",
    "f6",
    "f7",
    "O",
    "A",
    "E",
    "o",
    "w",
    "ctrl-b",
    "ctrl-n",
];

const FLOWN: [&str; 6] = [
    "<esc><esc>n<drawn>y",
    "<ctrl-r><drawn>y",
    "<esc><esc>n<drawn>obecause<enter><drawn>blue 10<enter>",
    "<esc><esc>20<enter><drawn>blue 80<enter>",
    "<esc><esc>x<drawn>r",
    "<esc><esc>d<drawn>b<drawn>blue 50<enter>",
];

/// Random acts; those that are not `confirming` lack the keys that confirm.
fn act(confirming: bool) -> impl Strategy<Value = Act> {
    let keys: Vec<&'static str> =
        KEYS.into_iter().filter(|key| confirming || !matches!(*key, "y" | "enter" | "r")).collect();
    let moods = prop_oneof![Just(Mood::Well), Just(Mood::Silent), Just(Mood::LosesAnswers), Just(Mood::Refuses)];
    let stores = prop_oneof![4 => Just(Store::Well), 1 => Just(Store::Unavailable), 1 => Just(Store::LosesAnswers)];
    let words = ["blue 10", "green 100", "blue 40", "done", "a reason"];
    prop_oneof![
        12 => proptest::sample::select(keys).prop_map(Act::Key),
        if confirming { 4 } else { 1 } => proptest::sample::select(words.to_vec())
            .prop_map(move |words| if confirming { Act::Type(words) } else { Act::Paste(words) }),
        4 => proptest::sample::select(if confirming { FLOWN.to_vec() } else { vec!["n<drawn>", "R<drawn>"] }).prop_map(Act::Fly),
        8 => Just(Act::Draw),
        4 => (50_u64..3000).prop_map(Act::Pass),
        1 => proptest::sample::select(vec!["y", "blue 10\n", "green 100\r\n", "y\ny\n"]).prop_map(Act::Paste),
        1 => (0_u16..130, 0_u16..40).prop_map(|(column, row)| Act::Click(column, row)),
        1 => (0_u16..130, 0_u16..40).prop_map(|(column, row)| Act::Wheel(column, row)),
        1 => (0_usize..2, moods).prop_map(|(router, mood)| Act::Mood(router, mood)),
        1 => stores.prop_map(Act::Store),
        1 => (0_usize..2, 0_u32..=100).prop_map(|(router, blue)| Act::Outside(router, blue)),
        1 => any::<bool>().prop_map(Act::Answering),
        2 => Just(Act::SettleOne),
    ]
}

fn perform(app: &mut App, act: &Act) {
    let name = |router: &usize| format!("eu-{}", router + 1);
    match act {
        Act::Key(key) => app.press(key),
        Act::Type(text) => app.keys(text).press("enter"),
        Act::Fly(keys) => app.keys(keys),
        Act::Draw => app.draw(),
        Act::Pass(ms) => app.pass(*ms),
        Act::Paste(text) => app.tell(Msg::Paste((*text).to_owned())),
        Act::Click(column, row) => app.tell(Msg::Click { column: *column, row: *row }),
        Act::Wheel(column, row) => app.tell(Msg::Wheel { column: *column, row: *row, lines: 3 }),
        Act::Mood(router, mood) => {
            app.router(&name(router)).mood = *mood;
            app
        }
        Act::Store(store) => {
            app.store = *store;
            app
        }
        Act::Outside(router, blue) => {
            app.router(&name(router)).weights = vec![*blue, 100 - blue];
            app
        }
        Act::Answering(answering) => {
            app.answering = *answering;
            app
        }
        Act::SettleOne => app.settle_one(),
    };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_sent_before_its_intent_is_kept(acts in proptest::collection::vec(act(true), 0..120)) {
        let mut app = half();
        for act in &acts {
            perform(&mut app, act);
        }
        for (send, kept) in &app.sends {
            prop_assert!(*kept, "{} was sent to before the intent was kept", send.router);
        }
    }

    #[test]
    fn without_a_key_that_confirms_nothing_is_sent(acts in proptest::collection::vec(act(false), 0..120)) {
        let mut app = half();
        for act in &acts {
            perform(&mut app, act);
        }
        prop_assert_eq!(app.sends.len(), 0);
    }

    #[test]
    fn without_a_frame_nothing_is_sent(acts in proptest::collection::vec(act(true), 0..120)) {
        let mut app = half();
        for act in acts.iter().filter(|act| !matches!(act, Act::Draw | Act::Fly(_))) {
            perform(&mut app, act);
        }
        prop_assert_eq!(app.sends.len(), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn one_pair_of_hands_sends_nothing_that_asks_two(acts in proptest::collection::vec(act(true), 0..80)) {
        let mut procedure = two_people();
        procedure.confirm.off_plan = flightdeck::domain::procedure::Friction::Two;
        procedure.people.break_glass = false;
        let mut pair = Pair::of(procedure, "ana", "raj");
        for act in &acts {
            pair.act(ANA, |app| perform(app, act));
            pair.keys(RAJ, "<drawn>");
        }
        let forward = pair.apps[ANA].model.flight.session.changes.iter().filter(|c| c.confirmed.kind.is_forward()).count();
        prop_assert_eq!(forward, 0);
    }
}

#[test]
fn fingers_do_send_now_and_then_so_that_the_rules_above_mean_something() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut sent = 0;
    for _ in 0..60 {
        let acts = proptest::collection::vec(act(true), 120).new_tree(&mut runner).expect("acts").current();
        let mut app = half();
        for act in &acts {
            perform(&mut app, act);
        }
        sent += usize::from(!app.sends.is_empty());
    }
    assert!(sent >= 20, "{sent} of 60 flights sent anything");
}
