//! The version in a session: resolved once by who drives, and the gates of what is deployed.

use flightdeck::domain::check::Verdict;
use flightdeck::domain::procedure::Procedure;
use flightdeck::domain::version::{Resolved, Seen};
use flightdeck::domain::{Refused, Timestamp};
use flightdeck::session::command::Evidence;
use flightdeck::session::gate::{Forward, forward, gates};
use flightdeck::session::proposal::{Gate, GateReport, GateState};
use flightdeck::session::{Command, Event};

use super::command::column;
use super::world::{ANA, RAJ, World, procedure};
use crate::support::action::with_action;
use crate::support::version::{digest, with_version};

/// What the driver saw.
pub fn resolved(letter: char) -> Resolved {
    Resolved {
        tag: "2.5.0".to_owned(),
        image: "registry.example.net/shop:2.5.0".to_owned(),
        digest: digest(letter),
        source: "HEAD https://registry.example.net/v2/shop/manifests/2.5.0".to_owned(),
        when: Timestamp(1_795_000_000_000),
    }
}

fn note(letter: char) -> Command {
    Command::NoteVersion(Box::new(resolved(letter)))
}

/// A shift is done, and a deployment is next.
fn deploying(procedure: Procedure) -> World {
    let mut world = World::opened(with_version(procedure, &["signed"]));
    for label in ["Confirm, the next step, alone with a reason", "NoteOutcome, verified", "NoteOutcome, verified"] {
        let command = (column(label).make)(&world, ANA);
        world.does(ANA, command);
    }
    world
}

fn evidence(world: &World, seen: Seen) -> Evidence {
    let mut evidence = world.evidence();
    evidence.checks.insert("signed".into(), (Verdict::Pass, "signed".to_owned()));
    evidence.version = seen;
    evidence
}

fn asked(world: &World, seen: Seen) -> GateReport {
    let step = world.session.next_step(&world.procedure.plan).expect("a deployment is next");
    let reports = gates(&world.session, &world.procedure, forward(step), &evidence(world, seen), world.now().wall);
    reports.into_iter().find(|report| report.gate == Gate::Version).expect("it is asked")
}

fn rule(decided: Result<Vec<Event>, Refused>) -> String {
    decided.expect_err("a rule says no").rule
}

#[test]
fn the_first_digest_that_the_driver_saw_stands_for_the_session() {
    let mut world = deploying(with_action(procedure(), "deploy-to-blue", false));
    assert_eq!(rule(world.decides(RAJ, note('a'))), "C2", "who does not drive writes nothing down");
    world.does(ANA, note('a'));
    assert_eq!(world.session.digest(), digest('a'));
    assert_eq!(world.decides(ANA, note('b')), Ok(Vec::new()), "another one is what the gate is about");
    // Whatever a later version of flightdeck would write, the first one stands.
    world.keep(ANA, vec![Event::VersionResolved(Box::new(resolved('b')))]);
    assert_eq!(world.session.digest(), digest('a'));
}

#[test]
fn what_is_no_digest_or_another_version_is_not_written_down() {
    let world = deploying(procedure());
    let refused = |change: fn(&mut Resolved)| {
        let mut resolved = resolved('a');
        change(&mut resolved);
        rule(world.decides(ANA, Command::NoteVersion(Box::new(resolved))))
    };
    assert_eq!(refused(|resolved| resolved.digest = "latest".to_owned()), "D9");
    assert_eq!(refused(|resolved| resolved.tag = "2.6.0".to_owned()), "D9");
    assert_eq!(rule(World::open().decides(ANA, note('a'))), "D9", "the profile resolves nothing");
}

#[test]
fn the_gate_of_a_deployment_says_how_the_tag_stands() {
    for procedure in [with_action(procedure(), "deploy-to-blue", false), procedure()] {
        let mut world = deploying(procedure);
        let unknown = || Seen::Unknown { words: "no answer within 5s".to_owned() };
        let missing = || Seen::Missing { words: "registry.example.net/shop:2.5.0 is not there".to_owned() };
        let (state, text) =
            (GateState::Inconclusive, "registry.example.net/shop:2.5.0 is not resolved: no answer within 5s");
        assert_eq!((asked(&world, unknown()).state, asked(&world, unknown()).text.as_str()), (state, text));
        assert_eq!(asked(&world, missing()).state, GateState::Fails);
        let first = asked(&world, Seen::Digest(digest('a')));
        assert_eq!(first.state, GateState::Inconclusive, "what is not in the journal does not count: {}", first.text);
        world.does(ANA, note('a'));
        assert_eq!(asked(&world, Seen::Digest(digest('a'))).state, GateState::Holds);
        let moved = asked(&world, Seen::Digest(digest('b')));
        assert_eq!(moved.state, GateState::Fails);
        assert!(
            moved.text.starts_with("2.5.0 points to sha256:bbbbbbbbbbbb now; it was sha256:aaaaaaaaaaaa,"),
            "{}",
            moved.text
        );
        assert!(moved.gate.may_be_overridden());
        assert_eq!(asked(&world, missing()).state, GateState::Fails);
        assert_eq!(asked(&world, unknown()).state, GateState::Inconclusive, "not known is not the same");
    }
}

#[test]
fn what_a_deployment_asks_for_is_asked_of_no_shift() {
    let world = deploying(procedure());
    let to = crate::support::procedure::weights(&[("blue", 10), ("green", 90)]);
    let seen = Seen::Digest(digest('b'));
    let reports =
        gates(&world.session, &world.procedure, Forward::Shift(&to), &evidence(&world, seen), world.now().wall);
    let about_version =
        |report: &&GateReport| report.gate == Gate::Version || report.gate == Gate::Check { check: "signed".into() };
    assert_eq!(reports.iter().filter(about_version).count(), 0);
}

#[test]
fn a_required_check_blocks_the_deployment_until_it_passes() {
    let mut world = deploying(with_action(procedure(), "deploy-to-blue", false));
    world.does(ANA, note('a'));
    let mut start = (column("StartAction").make)(&world, ANA);
    for (verdict, may) in [(Verdict::Fail, false), (Verdict::Inconclusive, false), (Verdict::Pass, true)] {
        *start.evidence_mut().expect("it is judged from evidence") = {
            let mut evidence = evidence(&world, Seen::Digest(digest('a')));
            evidence.checks.insert("signed".into(), (verdict, "by nobody".to_owned()));
            evidence
        };
        assert_eq!(world.decides(ANA, start.clone()).is_ok(), may, "{verdict:?}");
    }
}
