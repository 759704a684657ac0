//! Approvals on two screens: who drives sees what is missing, who has the role gives it in their own cockpit (F7).

use std::time::Duration;

use flightdeck::domain::approval::{ApprovalSource, ApprovalSpec, Approvers};
use flightdeck::domain::procedure::Procedure;
use flightdeck::domain::{Operator, Seat};
use flightdeck::session::event::ChangeConfirmed;
use flightdeck::session::proposal::Gate;

use crate::support::pair::{ANA, MIA, Pair, RAJ};
use crate::support::scene::{payments, picture};

macro_rules! shot {
    ($name:literal, $pair:expr, $who:expr, $columns:literal x $rows:literal) => {
        let picture = picture(&mut $pair.apps[$who], $columns, $rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(concat!($name, "_", $columns, "x", $rows), picture);
        });
    };
}

fn approval(id: &str, title: &str, people: &[&str], quorum: u32) -> ApprovalSpec {
    ApprovalSpec {
        id: id.into(),
        title: title.to_owned(),
        source: ApprovalSource::People(Approvers {
            roles: vec![id.into()],
            people: people.iter().map(|name| Operator::from(*name)).collect(),
            quorum,
            valid_for: Duration::from_hours(24),
            own: false,
            reported: false,
        }),
        escalation: vec!["Tech lead and operations lead together".to_owned(), "VP Engineering".to_owned()],
    }
}

/// The first step needs the operations lead; the next one two of three, of whom one may be noted as told.
fn procedure() -> Procedure {
    let mut procedure = payments();
    procedure.pools.iter_mut().for_each(|pool| pool.capacity_per_server = None);
    let operations = approval("operations-lead", "Operations lead", &["raj"], 1);
    let mut release = approval("release", "Release manager or tech lead", &["raj", "mia", "erin"], 2);
    if let ApprovalSource::People(approvers) = &mut release.source {
        approvers.reported = true;
    }
    procedure.approvals = vec![operations, release];
    procedure.plan[0].needs = vec!["operations-lead".into()];
    procedure.plan[1].needs = vec!["release".into()];
    procedure
}

fn opened() -> Pair {
    Pair::of(procedure(), "ana", "raj")
}

fn banners(pair: &Pair, who: usize) -> Vec<String> {
    pair.apps[who].model.banners().into_iter().map(|banner| banner.text).collect()
}

fn shows(pair: &mut Pair, who: usize, wanted: &[&str]) {
    for size in [(120, 36), (80, 24)] {
        let screen = pair.screen(who, size.0, size.1);
        for text in wanted {
            assert!(screen.contains(text), "`{text}` is not on the screen of {size:?}:\n{screen}");
        }
    }
}

/// The changes that were confirmed.
fn changes(pair: &Pair) -> Vec<&ChangeConfirmed> {
    pair.apps[ANA].model.flight.session.changes.iter().map(|change| &*change.confirmed).collect()
}

fn given(pair: &Pair) -> usize {
    pair.apps[ANA].model.flight.session.approvals.len()
}

#[test]
fn who_drives_sees_what_is_missing_and_whom_to_ask_and_is_told_the_key() {
    let mut pair = opened();
    let screen = pair.screen(ANA, 120, 36);
    assert!(screen.contains("✗ approval: Operations lead, missing"), "{screen}");
    assert!(screen.lines().last().is_some_and(|keys| keys.contains("V approvals")), "{screen}");
    pair.keys(ANA, "n<drawn>");
    shot!("approval_missing", pair, ANA, 120 x 36);
    shot!("approval_missing", pair, ANA, 80 x 24);
    let screen = pair.screen(ANA, 120, 36);
    assert!(screen.contains("ask raj; else turn to Tech lead"), "{screen}");
    pair.keys(ANA, "y").pass(500);
    assert_eq!(changes(&pair).len(), 0, "a key is not enough");
}

#[test]
fn who_has_the_role_is_asked_by_a_banner_and_approves_by_the_typed_name() {
    let mut pair = opened();
    assert_eq!(banners(&pair, RAJ), ["Drain blue waits for your approval: Operations lead"]);
    assert!(banners(&pair, ANA).is_empty(), "{:?}", banners(&pair, ANA));
    assert_eq!(pair.apps[RAJ].overlay(), "", "nothing opens by itself");
    pair.keys(RAJ, "V<drawn>");
    shot!("approvals", pair, RAJ, 120 x 36);
    shot!("approvals", pair, RAJ, 80 x 24);
    pair.keys(RAJ, "a<drawn>");
    shot!("approve", pair, RAJ, 120 x 36);
    shot!("approve", pair, RAJ, 80 x 24);
    pair.keys(RAJ, "operations<enter>");
    assert_eq!(given(&pair), 0, "it is not the whole name");
    pair.keys(RAJ, "-lead<enter>").pass(500);
    assert_eq!(given(&pair), 1);
    assert_eq!(pair.apps[RAJ].overlay(), "");
    assert!(banners(&pair, RAJ).is_empty(), "{:?}", banners(&pair, RAJ));
    assert!(pair.apps[ANA].notices().iter().any(|text| text.starts_with("raj approved: Operations lead, until ")));
    pair.keys(ANA, "n<drawn>");
    shows(&mut pair, ANA, &["✓ approval: Operations lead, raj until 2026-11-22"]);
    pair.keys(ANA, "y").pass(2_000);
    assert_eq!(changes(&pair).len(), 1);
}

#[test]
fn keys_before_the_dialog_was_drawn_the_opening_key_and_paste_approve_nothing() {
    let mut pair = opened();
    pair.keys(RAJ, "V<drawn>aoperations-lead<enter><drawn><enter><enter>a");
    pair.act(RAJ, |app| {
        app.tell(flightdeck::cockpit::Msg::Paste("operations-lead\n".to_owned()));
    });
    pair.keys(RAJ, "<enter>").pass(500);
    assert_eq!(given(&pair), 0);
    assert_eq!(pair.apps[RAJ].overlay(), "Approve");
    pair.keys(RAJ, "<esc>");
    assert_eq!(pair.apps[RAJ].overlay(), "");
}

#[test]
fn who_drives_cannot_give_it_and_is_told_why() {
    let mut pair = opened();
    pair.keys(ANA, "V<drawn>");
    let screen = pair.screen(ANA, 120, 36);
    assert!(!screen.contains("a approve"), "{screen}");
    pair.keys(ANA, "a").pass(100);
    assert_eq!(pair.apps[ANA].overlay(), "Approvals");
    let said = pair.apps[ANA].notices().last().map(|text| (*text).to_owned()).unwrap_or_default();
    assert_eq!(said, "Operations lead: it is not yours: ask raj");
    assert_eq!(given(&pair), 0);
}

#[test]
fn without_it_the_step_goes_by_a_reason_which_the_journal_keeps() {
    let mut pair = opened();
    pair.keys(ANA, "n<drawn>o").keys(ANA, "<drawn>the site is down<enter><drawn>");
    shows(&mut pair, ANA, &["↷ approval: Operations lead, missing", "overridden: the site is down"]);
    pair.keys(ANA, "green 100<enter>").pass(2_000);
    let gates: Vec<Gate> =
        changes(&pair).into_iter().flat_map(|change| change.overrides.clone()).map(|each| each.gate).collect();
    assert_eq!(gates, [Gate::Approval { approval: "operations-lead".into() }]);
}

/// The first step is over; raj has approved the next one, and erin is said to have.
fn at_the_second() -> Pair {
    let mut pair = opened().join("mia", Seat::Operator);
    pair.keys(RAJ, "V<drawn>a<drawn>operations-lead<enter>").pass(500);
    pair.keys(ANA, "n<drawn>y").pass(12_000);
    pair.keys(RAJ, "V<drawn>a<drawn>release<enter>").pass(500);
    pair.keys(MIA, "V<drawn>t<drawn>");
    pair
}

#[test]
fn what_somebody_was_told_stands_as_reported_and_not_verified_on_every_screen() {
    let mut pair = at_the_second();
    pair.keys(MIA, "erin<enter>");
    let screen = pair.screen(MIA, 120, 36);
    assert!(screen.contains("✗ type who approved it and the address"), "{screen}");
    pair.keys(MIA, " https://chat.example.net/archives/C1/p2<enter>").pass(500);
    assert_eq!(given(&pair), 3);
    pair.keys(ANA, "V<drawn>");
    shot!("approvals_reported", pair, ANA, 120 x 36);
    shot!("approvals_reported", pair, ANA, 80 x 24);
    pair.keys(ANA, "<esc>n<drawn>");
    let screen = pair.screen(ANA, 120, 36);
    assert!(screen.contains("erin, reported") && screen.contains("  by mia, not verified, until"), "{screen}");
}

#[test]
fn what_is_taken_back_and_what_has_expired_is_shown_with_who_and_when() {
    let mut pair = at_the_second();
    pair.keys(MIA, "erin https://chat.example.net/archives/C1/p2<enter>").pass(500);
    pair.keys(RAJ, "V<drawn>w<drawn>").keys(RAJ, "a page came in<enter>").pass(500);
    let said = pair.apps[ANA].notices().last().map(|text| (*text).to_owned()).unwrap_or_default();
    assert_eq!(said, "raj took back the approval: Release manager or tech lead: a page came in");
    // A day and a second later.
    for app in &mut pair.apps {
        app.skip(86_401_000);
    }
    pair.pass(500);
    assert!(
        banners(&pair, ANA)
            .iter()
            .any(|text| text.starts_with("the approval of Release manager or tech lead has expired")),
        "{:?}",
        banners(&pair, ANA)
    );
    pair.keys(ANA, "V<drawn>");
    shot!("approvals_expired", pair, ANA, 120 x 36);
    shot!("approvals_expired", pair, ANA, 80 x 24);
}

#[test]
fn a_profile_without_approvals_says_so() {
    let mut pair = Pair::of(payments(), "ana", "raj");
    pair.keys(ANA, "V").pass(100);
    assert_eq!(pair.apps[ANA].overlay(), "");
    let said = pair.apps[ANA].notices().last().map(|text| (*text).to_owned()).unwrap_or_default();
    assert!(said.starts_with("this profile asks for no approval: [[approval]] names one"), "{said}");
}
