//! Approvals: who may give one, what it is bound to, and when it counts (F7).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use flightdeck::domain::approval::{ApprovalSource, ApprovalSpec, Approvers};
use flightdeck::domain::check::Verdict;
use flightdeck::domain::procedure::{Condition, Friction, Procedure};
use flightdeck::domain::{Digest, Operator, Signer, Timestamp};
use flightdeck::session::approval::{Known, Worth};
use flightdeck::session::command::Evidence;
use flightdeck::session::event::StepMark;
use flightdeck::session::proposal::{Confirmation, Gate, GateState, Gesture, Override};
use flightdeck::session::{Asked, Command, Event};

use super::world::{ANA, EVE, RAJ, Who, World, procedure};
use crate::simulation::random::Random;

/// A third operator.
const MIA: Who = Who { name: "mia", number: 4, seat: flightdeck::domain::Seat::Operator };

const DAY: u64 = 24 * 3_600_000;

fn people(names: &[&str], quorum: u32) -> Approvers {
    Approvers {
        roles: vec!["operations-lead".into()],
        people: names.iter().map(|name| Operator::from(*name)).collect(),
        quorum,
        valid_for: Duration::from_hours(24),
        own: false,
        reported: false,
    }
}

fn spec(id: &str, approvers: Approvers) -> ApprovalSpec {
    ApprovalSpec {
        id: id.into(),
        title: "Operations lead".to_owned(),
        source: ApprovalSource::People(approvers),
        escalation: vec!["VP Engineering".to_owned()],
    }
}

/// The first step needs this approval, and one key.
fn needing(approvers: Approvers) -> Procedure {
    let mut procedure = procedure();
    procedure.confirm.shift = Friction::Key;
    procedure.approvals = vec![spec("operations", approvers)];
    procedure.plan[0].needs = vec!["operations".into()];
    procedure
}

fn open(approvers: Approvers) -> World {
    World::opened(needing(approvers))
}

fn typed(text: &str) -> Confirmation {
    Confirmation::new(Gesture::Typed(text.to_owned()), true)
}

fn approve(world: &World) -> Command {
    let about = world.session.about(&"operations".into());
    Command::Approve { approval: "operations".into(), about, confirmation: typed("operations") }
}

fn report(by: &str, link: &str) -> Command {
    Command::ReportApproval { approval: "operations".into(), by: by.into(), link: link.to_owned() }
}

fn withdraw(by: &str) -> Command {
    Command::WithdrawApproval { approval: "operations".into(), by: by.into(), reason: "a page came in".to_owned() }
}

fn shift(world: &World, overrides: Vec<Override>, evidence: Evidence) -> Command {
    let proposal = world.step(ANA);
    let confirmation = typed(&proposal.typed_target());
    Command::Confirm { proposal: Box::new(proposal), overrides, confirmation, evidence }
}

/// What stands against the next shift, or nothing.
fn against(world: &World) -> String {
    match world.decides(ANA, shift(world, Vec::new(), world.evidence())) {
        Ok(_) => String::new(),
        Err(refused) => format!("[{}] {}", refused.rule, refused.why),
    }
}

fn refused(world: &World, who: Who, command: Command) -> String {
    let refused = world.decides(who, command).expect_err("a rule says no");
    format!("[{}] {}; {}", refused.rule, refused.why, refused.advice)
}

#[test]
fn a_step_that_needs_an_approval_waits_for_it_and_goes_once_it_is_given() {
    let mut world = open(people(&["raj"], 1));
    assert_eq!(against(&world), "[F4] approval: Operations lead, missing");
    world.does(RAJ, approve(&world));
    assert_eq!(against(&world), "");
    let Some(Event::ApprovalGiven(given)) = world.entries.last().map(|entry| entry.events[0].clone()) else {
        panic!("{:?}", world.entries.last())
    };
    assert_eq!(given.until, world.now().wall.plus(Duration::from_hours(24)));
    assert_eq!(given.title, "Operations lead", "the journal can be read alone");
}

#[test]
fn what_a_step_is_left_with_stands_before_the_next_one_and_not_before_itself() {
    let mut procedure = needing(people(&["raj"], 1));
    procedure.plan[0].needs.clear();
    procedure.plan[0].leave_when = vec![Condition::Approved("operations".into())];
    let mut world = World::opened(procedure);
    assert_eq!(against(&world), "");
    world.does(ANA, Command::SkipStep { step: world.procedure.plan[0].id.clone(), reason: "done by hand".to_owned() });
    let next = world.procedure.plan[1].id.clone();
    let complete = |world: &World| {
        let (overrides, confirmation) = (Vec::new(), typed("blue"));
        Command::CompleteStep { step: next.clone(), overrides, confirmation, evidence: world.evidence() }
    };
    assert!(world.decides(ANA, complete(&world)).is_ok(), "a step that was left out asks for nothing");
    let mut procedure = world.procedure.clone();
    procedure.plan[1].needs = vec!["operations".into()];
    world.procedure = procedure;
    assert!(refused(&world, ANA, complete(&world)).contains("approval: Operations lead, missing"));
    world.does(RAJ, approve(&world));
    assert!(world.decides(ANA, complete(&world)).is_ok());
}

#[test]
fn nobody_approves_what_is_their_own_whenever_they_did() {
    let mut world = open(people(&["ana", "raj"], 1));
    let said = refused(&world, ANA, approve(&world));
    assert!(said.contains("[F7] ana drives, and nobody approves what is their own"), "{said}");
    // Another name in the driver's cockpit is no other person either.
    let asked = Asked { actor: "raj".into(), ..world.asked(ANA, approve(&world)) };
    let no = flightdeck::session::decide(&world.session, &world.procedure, &asked).expect_err("the same cockpit");
    assert_eq!((no.rule.as_str(), no.why.as_str()), ("F7", "this cockpit drives, whatever name is used in it"));
    world.does(RAJ, approve(&world));
    assert_eq!(against(&world), "");
    // Who gave it drives now: it counts no more.
    world.does(ANA, Command::Offer { to: RAJ.cockpit(), operator: "raj".into(), summary: Vec::new() });
    world.does(RAJ, Command::AcceptOffer { controls: RAJ.controls("handed over by ana") });
    let no = world.decides(RAJ, {
        let proposal = world.step(RAJ);
        let confirmation = typed(&proposal.typed_target());
        let (overrides, evidence) = (Vec::new(), world.evidence());
        Command::Confirm { proposal: Box::new(proposal), overrides, confirmation, evidence }
    });
    let no = no.expect_err("it is raj's own now");
    assert!(no.why.contains("raj drives now, and nobody approves what is their own"), "{}", no.why);
}

#[test]
fn where_the_profile_says_so_ones_own_word_counts() {
    let mut world = open(Approvers { own: true, ..people(&["ana"], 1) });
    world.does(ANA, approve(&world));
    assert_eq!(against(&world), "");
}

#[test]
fn only_who_has_a_role_approves_each_person_once_and_by_its_typed_name() {
    let mut world = open(people(&["raj", "mia"], 2));
    world.does(MIA, Command::Join { seat: MIA.seat, process: MIA.process() });
    let about = world.session.about(&"operations".into());
    let wrong = Command::Approve { approval: "operations".into(), about, confirmation: typed("operation") };
    assert!(refused(&world, RAJ, wrong).starts_with("[F1] "));
    let key = Confirmation::new(Gesture::Key, true);
    let key = Command::Approve { approval: "operations".into(), about, confirmation: key };
    assert!(refused(&world, RAJ, key).starts_with("[F1] "));
    let unseen = Confirmation::new(Gesture::Typed("operations".to_owned()), false);
    let unseen = Command::Approve { approval: "operations".into(), about, confirmation: unseen };
    assert!(refused(&world, RAJ, unseen).starts_with("[F2] "));
    world.does(RAJ, approve(&world));
    assert!(refused(&world, RAJ, approve(&world)).contains("one person counts once"));
    assert!(against(&world).starts_with("[F4] approval: Operations lead 1 of 2, raj until "), "{}", against(&world));
    let stranger = Who { name: "zoe", number: 9, seat: MIA.seat };
    let said = refused(&world, stranger, approve(&world));
    assert_eq!(said, "[F7] zoe is not operations-lead; ask one of raj, mia");
    assert!(refused(&world, EVE, approve(&world)).starts_with("[C2] "), "an observer only watches");
    let unknown = Command::Approve { approval: "other".into(), about, confirmation: typed("other") };
    assert!(refused(&world, RAJ, unknown).contains("there is no approval other"));
    world.does(MIA, approve(&world));
    assert_eq!(against(&world), "");
}

#[test]
fn it_holds_for_its_time_from_the_stamp_of_its_entry_and_can_be_given_again() {
    let mut world = open(people(&["raj"], 1));
    world.does(RAJ, approve(&world));
    let until = world.session.approvals[0].until;
    world.time += DAY;
    assert_eq!(against(&world), "", "its last moment belongs to it");
    world.time += 1;
    let said = against(&world);
    assert_eq!(said, format!("[F4] approval: Operations lead, raj expired at {}Z", until.clock()));
    world.does(RAJ, approve(&world));
    assert_eq!(against(&world), "");
    assert_eq!(world.session.words_for(&"operations".into()).len(), 1, "the newest word of each person");
    // A clock that was set back makes nothing younger than the journal knows it to be.
    let mut world = open(people(&["raj"], 1));
    world.does(RAJ, approve(&world));
    world.time += DAY + 1;
    world.does(ANA, Command::AddNote { text: "later".to_owned() });
    world.time -= DAY;
    assert!(against(&world).contains("expired"), "{}", against(&world));
}

#[test]
fn it_is_about_these_versions_and_this_profile_and_nothing_else() {
    let mut world = open(people(&["raj"], 1));
    let about = world.session.about(&"operations".into());
    let other =
        Command::Approve { approval: "operations".into(), about: Digest([1; 32]), confirmation: typed("operations") };
    assert!(refused(&world, RAJ, other).contains("it is not what was on your screen"));
    world.does(RAJ, approve(&world));
    let digest = Digest([8; 32]);
    let confirmation = Confirmation::new(Gesture::Key, true);
    let evidence = world.evidence();
    let reload = Command::ReloadProfile { files: Vec::new(), digest, same_routers: true, confirmation, evidence };
    world.does(ANA, reload);
    assert!(refused(&world, RAJ, approve(&world)).starts_with("[B1] "), "this cockpit flies the old profile");
    world.procedure.digest = digest;
    assert_ne!(world.session.about(&"operations".into()), about);
    let said = against(&world);
    assert!(said.contains("raj gave it about other versions or another profile: it is asked anew"), "{said}");
    world.does(RAJ, approve(&world));
    assert_eq!(against(&world), "");
    // Of another version it is about something else from the start.
    let mut other = World::new(needing(people(&["raj"], 1)));
    let Command::Open { mut opened, controls } = other.opening(ANA) else { panic!("an opening") };
    "2.6.0".clone_into(&mut opened.to_version);
    other.does(ANA, Command::Open { opened, controls });
    assert_ne!(other.session.about(&"operations".into()), about);
}

#[test]
fn who_gave_it_takes_it_back_with_a_reason_and_nobody_else_does() {
    let mut world = open(people(&["raj", "mia"], 1));
    world.does(RAJ, approve(&world));
    assert!(refused(&world, ANA, withdraw("raj")).contains("it is raj's"));
    let silent = Command::WithdrawApproval { approval: "operations".into(), by: "raj".into(), reason: " ".to_owned() };
    assert!(refused(&world, RAJ, silent).starts_with("[F4] no reason"));
    world.does(RAJ, withdraw("raj"));
    assert_eq!(against(&world), "[F4] approval: Operations lead, raj took it back: a page came in");
    assert!(refused(&world, RAJ, withdraw("raj")).contains("there is no such word"));
    world.does(RAJ, approve(&world));
    assert_eq!(against(&world), "");
}

#[test]
fn what_is_told_by_somebody_counts_only_where_the_profile_says_so_and_is_never_taken_for_verified() {
    const LINK: &str = "https://chat.example.net/archives/C1/p2";
    let silent = open(people(&["mia", "ana"], 1));
    assert!(refused(&silent, RAJ, report("mia", LINK)).contains("this profile takes nobody's word for it"));
    let mut world = open(Approvers { reported: true, ..people(&["mia", "ana", "raj"], 1) });
    assert!(refused(&world, RAJ, report("mia", "she said so")).contains("no link says"));
    for link in ["https://user:word@host/x", "ftp://host/x", "https://", "https://a b", "https:///x"] {
        assert!(refused(&world, RAJ, report("mia", link)).contains("no link says"), "{link}");
    }
    assert!(refused(&world, RAJ, report("raj", LINK)).contains("approve it yourself"));
    assert!(refused(&world, RAJ, report("ana", LINK)).contains("nobody approves what is their own"));
    assert!(refused(&world, RAJ, report("zoe", LINK)).contains("zoe is not operations-lead"));
    world.does(RAJ, report("mia", LINK));
    assert_eq!(against(&world), "");
    let reports = flightdeck::session::gate::gates(
        &world.session,
        &world.procedure,
        flightdeck::session::gate::Forward::Complete,
        &world.evidence(),
        world.now().wall,
    );
    let gate = Gate::Approval { approval: "operations".into() };
    let said = reports.into_iter().find(|report| report.gate == gate).expect("it is asked");
    assert_eq!(said.state, GateState::Holds);
    assert!(said.text.contains("mia, reported by raj, not verified, until "), "{}", said.text);
    assert!(refused(&world, ANA, withdraw("mia")).contains("it is mia's"));
    world.does(RAJ, withdraw("mia"));
    assert!(against(&world).contains("mia, reported by raj, not verified, taken back by raj"), "{}", against(&world));
}

#[test]
fn an_approval_that_a_check_reads_is_given_there_and_stands_as_the_check_does() {
    let mut procedure = needing(people(&["raj"], 1));
    procedure.approvals[0].source = ApprovalSource::Check("ticket".into());
    let world = World::opened(procedure);
    assert!(refused(&world, RAJ, approve(&world)).contains("ticket reads it from its system; give it there"));
    let asked = |verdict, words: &str| {
        let mut evidence = world.evidence();
        evidence.checks = BTreeMap::from([("ticket".into(), (verdict, words.to_owned()))]);
        world.decides(ANA, shift(&world, Vec::new(), evidence))
    };
    let no = asked(Verdict::Fail, "RELEASE-42 is Open, not Approved").expect_err("it is not approved");
    assert_eq!(no.why, "approval: Operations lead, ticket failed: RELEASE-42 is Open, not Approved");
    assert!(asked(Verdict::Inconclusive, "no answer").is_err(), "what is not known is no approval");
    assert!(asked(Verdict::Pass, "RELEASE-42 is Approved").is_ok());
    assert_eq!(against(&world), "[F4] approval: Operations lead, ticket was not asked yet");
}

#[test]
fn without_one_a_step_goes_by_an_override_whose_reason_the_journal_keeps() {
    let mut world = open(people(&["raj"], 1));
    let gate = Gate::Approval { approval: "operations".into() };
    let silent = vec![Override { gate: gate.clone(), reason: " ".to_owned() }];
    assert!(refused(&world, ANA, shift(&world, silent, world.evidence())).starts_with("[F4] no reason"));
    let given = vec![Override { gate: gate.clone(), reason: "the site is down".to_owned() }];
    world.does(ANA, shift(&world, given, world.evidence()));
    let kept = world.session.in_flight().expect("it went").confirmed.clone();
    let stood = kept.gates.iter().find(|report| report.gate == gate).expect("the journal has how it stood");
    assert_eq!((stood.state, stood.text.as_str()), (GateState::Fails, "approval: Operations lead, missing"));
    assert_eq!(kept.overrides[0].reason, "the site is down");
}

#[test]
fn where_keys_are_named_it_counts_once_its_signature_holds_and_is_not_the_drivers_key() {
    let mut procedure = needing(people(&["raj"], 1));
    procedure.people.keys = true;
    let mut world = World::opened(procedure);
    assert!(refused(&world, RAJ, approve(&world)).contains("this profile wants it signed"));
    let signed = flightdeck::domain::Signed { statement: "s".to_owned(), signature: "g".to_owned() };
    let about = world.session.about(&"operations".into());
    let confirmation = Confirmation { signed: Some(signed), ..typed("operations") };
    world.does(RAJ, Command::Approve { approval: "operations".into(), about, confirmation });
    let entry = world.session.approvals[0].entry;
    let key = |principal: &str, key: &str| Signer { principal: principal.to_owned(), fingerprint: key.to_owned() };
    let worth = |found: Option<Result<Signer, String>>| {
        let signers = found.map(|found| (entry, found)).into_iter().collect();
        let (checks, own) = (BTreeMap::new(), key("ana", "a"));
        let known = Known { checks: &checks, signers: &signers, own_key: Some(&own) };
        let spec = &world.procedure.approvals[0];
        let standing = world.session.approval(&world.procedure, spec, &known, world.now().wall);
        (standing.state, standing.words[0].1.clone())
    };
    let unproven = |why: &str| (GateState::Inconclusive, Worth::Unproven { why: why.to_owned() });
    assert_eq!(worth(None), unproven("its signature is not checked yet"));
    assert_eq!(worth(Some(Err("forged".to_owned()))), unproven("forged"));
    assert_eq!(worth(Some(Ok(key("mia", "m")))), unproven("the key that signed it is mia's"));
    assert_eq!(worth(Some(Ok(key("raj", "a")))), (GateState::Fails, Worth::Own));
    assert_eq!(worth(Some(Ok(key("raj", "r")))), (GateState::Holds, Worth::Counts));
}

#[test]
fn a_clock_far_off_gives_none_because_its_time_would_mean_nothing() {
    let world = open(people(&["raj"], 1));
    let asked = Asked { skew_ms: 31_000, ..world.asked(RAJ, approve(&world)) };
    let no = flightdeck::session::decide(&world.session, &world.procedure, &asked).expect_err("far off");
    assert_eq!(no.rule, "S2");
}

/// Who said what for the approval, told from the events alone by somebody who knows nothing of the session's own reckoning.
#[derive(Default)]
struct Ledger {
    words: BTreeMap<Operator, (Timestamp, Digest)>,
    driver: Option<Operator>,
    profile: Option<Digest>,
}

impl Ledger {
    fn hear(&mut self, actor: &Operator, event: &Event) {
        match event {
            Event::SessionOpened(opened) => self.profile = Some(opened.digest),
            Event::ProfileReloaded { digest, .. } => self.profile = Some(*digest),
            Event::ControlsTaken(taken) => self.driver = Some(taken.operator.clone()),
            Event::ApprovalGiven(given) => {
                self.words.insert(actor.clone(), (given.until, self.profile.expect("it is open")));
            }
            Event::ApprovalReported(reported) => {
                self.words.insert(reported.by.clone(), (reported.until, self.profile.expect("it is open")));
            }
            Event::ApprovalWithdrawn { by, .. } => {
                self.words.remove(by);
            }
            _ => {}
        }
    }

    fn quorum(&self, at: Timestamp, quorum: usize) -> bool {
        let counts = |(who, (until, profile)): (&Operator, &(Timestamp, Digest))| {
            let holds = at <= *until && Some(*profile) == self.profile && Some(who) != self.driver.as_ref();
            holds.then(|| who.clone())
        };
        self.words.iter().filter_map(counts).collect::<BTreeSet<Operator>>().len() >= quorum
    }
}

/// Whatever is asked, by whomever, in whatever order: no step that needs the approval goes without so many words or an
/// override that the journal holds.
#[test]
fn no_step_goes_without_its_approvals_or_an_override_on_record() {
    let (mut went, mut overrode, mut kept_back, mut expired, mut withdrawn) = (0, 0, 0, 0, 0);
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let quorum = 1 + random.below(2);
        let approvers = Approvers {
            reported: random.chance(50),
            ..people(&["ana", "raj", "mia"], u32::try_from(quorum).expect("small"))
        };
        let mut procedure = needing(approvers);
        for step in &mut procedure.plan {
            step.needs = vec!["operations".into()];
        }
        let mut world = World::opened(procedure);
        world.does(MIA, Command::Join { seat: MIA.seat, process: MIA.process() });
        let mut ledger = Ledger::default();
        let mut heard = 0;
        for _ in 0..60 {
            let who = *random.pick(&[ANA, RAJ, MIA]).expect("somebody");
            let gate = Gate::Approval { approval: "operations".into() };
            let overrides = if random.chance(15) {
                vec![Override { gate: gate.clone(), reason: "now".to_owned() }]
            } else {
                Vec::new()
            };
            let next = world.session.next_step(&world.procedure.plan).map(|step| step.id.clone());
            let command = match random.below(9) {
                0 | 1 => approve(&world),
                2 => report(random.pick(&["ana", "raj", "mia"]).expect("one"), "https://a.example/b"),
                3 if random.chance(40) => withdraw(random.pick(&["ana", "raj", "mia"]).expect("one")),
                4 => {
                    let to = *random.pick(&[ANA, RAJ, MIA]).expect("one");
                    Command::Offer { to: to.cockpit(), operator: to.name.into(), summary: Vec::new() }
                }
                5 => Command::AcceptOffer { controls: who.controls("handed over") },
                6 | 7 => {
                    let proposal = world.step(who);
                    let confirmation = typed(&proposal.typed_target());
                    let evidence = world.evidence();
                    Command::Confirm { proposal: Box::new(proposal), overrides, confirmation, evidence }
                }
                _ => match next {
                    Some(step) => {
                        let confirmation = typed(if step.as_str().ends_with("green") { "green" } else { "blue" });
                        Command::CompleteStep { step, overrides, confirmation, evidence: world.evidence() }
                    }
                    None => Command::AddNote { text: "over".to_owned() },
                },
            };
            let is_step = matches!(command, Command::Confirm { .. } | Command::CompleteStep { .. });
            match world.tries(who, command) {
                Err(refused) if is_step && refused.why.starts_with("approval: ") => {
                    kept_back += 1;
                    expired += u32::from(refused.why.contains("expired"));
                }
                Ok(_) | Err(_) => {}
            }
            while heard < world.entries.len() {
                let entry = world.entries[heard].clone();
                heard += 1;
                for event in &entry.events {
                    let given = match event {
                        Event::ChangeConfirmed(confirmed) => &confirmed.overrides,
                        Event::StepMarked { mark: StepMark::Done { overrides, .. }, .. } => overrides,
                        Event::ApprovalWithdrawn { .. } => {
                            withdrawn += 1;
                            ledger.hear(&entry.actor, event);
                            continue;
                        }
                        _ => {
                            ledger.hear(&entry.actor, event);
                            continue;
                        }
                    };
                    let is_overridden = given.iter().any(|each| each.gate == gate && each.reason == "now");
                    let is_there = ledger.quorum(entry.at, usize::try_from(quorum).expect("small"));
                    assert!(is_overridden || is_there, "seed {seed}: entry {} went without", entry.number);
                    went += u32::from(is_there);
                    overrode += u32::from(!is_there);
                }
            }
            // What goes out is verified at once, so that the plan goes on.
            if let Some(change) = world.session.in_flight().map(flightdeck::session::Change::id) {
                for router in ["eu-1", "eu-2"] {
                    let outcome = flightdeck::domain::Outcome::Verified;
                    let router = router.into();
                    let _kept = world.tries(ANA, Command::NoteOutcome { change, router, attempt: 1, outcome });
                }
            }
            world.time += if random.chance(4) { DAY / 2 } else { random.below(5_000) };
        }
    }
    for (what, count) in [
        ("went", went),
        ("overrode", overrode),
        ("kept back", kept_back),
        ("expired", expired),
        ("withdrawn", withdrawn),
    ] {
        assert!(count > 20, "{what}: {count}");
    }
}
