//! `record --verify` and `--signatures`: whose the signatures are, and whether OpenSSH says the same.

use std::path::Path;
use std::process::{Command, Stdio};

use flightdeck::domain::Timestamp;
use flightdeck::session::Event;
use flightdeck::session::proposal::Confirmation;
use flightdeck::session::second::{AskedAct, ConfirmationAsked, RunConfirmed, Second, run_digest};
use flightdeck::signature::{Act, Head};

use super::signed::{Said, Told};
use super::{flightdeck, text, with_programs};

/// Runs `record` on the only session; gives the exit code and everything that was printed.
fn record(state: &Path, arguments: &[&str]) -> (i32, String) {
    let arguments: Vec<&str> = [&["record"], arguments].concat();
    // `ssh-keygen` must be found for P-521.
    let said = with_programs(state, &arguments);
    (said.status.code().unwrap(), text(&said.stdout) + &text(&said.stderr))
}

#[test]
fn every_signature_of_a_session_is_checked_without_asking_anybody() {
    let state = tempfile::tempdir().unwrap();
    let told = Told::whole("ed25519");
    told.keep(state.path());
    let (code, said) = record(state.path(), &["--verify"]);
    assert_eq!(code, 0, "{said}");
    let (ada, bob) = (told.ada.fingerprint(), told.bob.fingerprint());
    for line in [
        "✓ chain: 15 entries".to_owned(),
        format!("✓ entry 5  bob  approve: second person: complete deploy-to-blue  {bob}"),
        format!("✓ entry 6  ada  confirm: complete deploy-to-blue  {ada}"),
        format!("✓ entry 8  bob  approve: second person: shift to 10 / 90  {bob}"),
        format!("✓ entry 9  ada  confirm: shift to 10 / 90  {ada}"),
        format!("✓ entry 11  bob  run: second person: a run of steps: blue-50  {bob}"),
        format!("✓ entry 12  ada  confirm: shift to 50 / 50  {ada}"),
        format!("✓ entry 16  ada  confirm: roll back to 0 / 100  {ada}"),
        "7 good, 0 bad, 0 missing; keys as the session's own profile lists them".to_owned(),
    ] {
        let line = line.replace("15 entries", &format!("{} entries", told.entries.len()));
        assert!(said.contains(&line), "{line}\n{said}");
    }
    // A list from outside is the check that does not trust the journal.
    let only_ada = told.workshop.write("only-ada", format!("ada {}\n", told.ada.line()).as_bytes());
    let (code, said) = record(state.path(), &["--verify", "--allowed-signers", only_ada.to_str().unwrap()]);
    assert!(code == 8 && said.contains("✗ entry 5  bob") && said.contains("keys from the file"), "{said}");
    assert!(said.contains("7 signatures do not hold"), "what rests on bob's word does not hold either: {said}");
}

#[test]
fn the_record_says_that_names_are_proven_and_by_which_keys() {
    let state = tempfile::tempdir().unwrap();
    let told = Told::whole("ed25519");
    told.keep(state.path());
    let (code, said) = record(state.path(), &["--json"]);
    let story: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &story["record"], &story["names"]), (0, &1.into(), &"proven".into()));
    assert_eq!(story["changes"][0]["key"], told.ada.fingerprint());
    assert_eq!(story["changes"][2]["key"], told.ada.fingerprint(), "the rollback, signed after it");
    assert_eq!(story["asked"][1]["key"], told.bob.fingerprint());
    assert_eq!(story["changes"][0]["second"]["second"], "given");
    assert!(story["signatures"].as_array().unwrap().iter().all(|each| each["state"] == "good"));
    let (_, text) = record(state.path(), &[]);
    assert!(text.contains("| Names | proven: 7 of 7 signatures hold"), "{text}");
}

#[test]
fn openssh_says_the_same_of_the_same_bytes() {
    let state = tempfile::tempdir().unwrap();
    let told = Told::whole("ecdsa 521");
    told.keep(state.path());
    let directory = state.path().join("out");
    let (code, said) = record(state.path(), &["--verify", "--signatures", directory.to_str().unwrap()]);
    assert!(code == 0 && said.contains("7 good"), "P-521 is checked, too: {said}");
    let commands: Vec<&str> = said.lines().filter(|line| line.starts_with("ssh-keygen")).collect();
    assert_eq!(commands.len(), 7, "{said}");
    let run = |command: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(&directory).stdin(Stdio::null()).output().unwrap()
    };
    for command in &commands {
        let answer = run(command);
        let heard = text(&answer.stdout);
        assert!(
            answer.status.success() && heard.starts_with("Good \"flightdeck\" signature for"),
            "{command}: {heard}"
        );
    }
    // It is these bytes and no others.
    let statement = directory.join("0005-001.statement");
    let whole = std::fs::read_to_string(&statement).unwrap();
    std::fs::write(&statement, whole.replace("bridge", "bridgf")).unwrap();
    assert!(!run(commands[0]).status.success());
    let (code, said) = record(state.path(), &["--signatures", directory.to_str().unwrap()]);
    assert!(code == 2 && said.contains("empty or not there yet"), "nothing is written over: {said}");
}

/// Makes a signature wrong.
type Spoil = &'static dyn Fn(&mut Said);

/// A shift with a second person, up to its confirmation; `spoil` spoils both signatures in turn.
fn shift(driver: &dyn Fn(&mut Said), second: &dyn Fn(&mut Said)) -> Told {
    let mut told = Told::new("ed25519");
    let proposal = told.proposal(1, "blue-10", 10);
    let act = AskedAct::Change(Box::new(proposal.clone()));
    let own = told.sign("ada", Act::Confirm, ConfirmationAsked::digest_of(&act, &[]), driver);
    let asked = told.ask(1, act);
    let entry = told.give(asked, second);
    told.fly(Told::confirmed(&proposal, Some(own), Told::given(entry)));
    told
}

fn verified(told: &Told) -> (i32, String) {
    let state = tempfile::tempdir().unwrap();
    told.keep(state.path());
    record(state.path(), &["--verify"])
}

#[test]
fn a_statement_that_does_not_speak_of_its_place_does_not_hold() {
    let fair: &dyn Fn(&mut Said) = &|_| {};
    assert_eq!(verified(&shift(fair, fair)).0, 0);
    let spoilt: [(Spoil, &str); 9] = [
        (&|said| said.other_key = true, "is another operator's: line 2"),
        (&|said| said.claim.session = crate::journal::told::session(8), "was signed for the session"),
        (&|said| said.claim.environment = "stage".to_owned(), "was signed for bridge in stage"),
        (&|said| said.claim.act = Act::Refuse, "was signed to refuse, and is used to approve"),
        (&|said| said.claim.about.0[0] ^= 1, "is bound to"),
        (&|said| said.claim.cockpit = crate::journal::told::ADA, "was signed in the cockpit"),
        (&|said| said.claim.head.hash.0[0] ^= 1, "a journal that is not this one"),
        (&|said| said.claim.valid_until = Timestamp(said.claim.at.0 + 1), "was valid until"),
        (&|said| said.claim.head = Head { number: 1, ..said.claim.head }, "replayed"),
    ];
    for (spoil, why) in spoilt {
        let (code, said) = verified(&shift(fair, spoil));
        let line = said.lines().find(|line| line.starts_with("✗ entry 5  bob")).unwrap_or_default();
        assert!(code == 8 && line.contains(why), "{why}: {said}");
        assert!(said.contains("✗ entry 6  ada"), "what rests on it does not hold either: {said}");
    }
    let (code, said) = verified(&shift(&|said| said.claim.about.0[0] ^= 1, fair));
    assert!(code == 8 && said.contains("✗ entry 6  ada") && said.contains("✓ entry 5  bob"), "{said}");
}

#[test]
fn what_was_confirmed_is_worked_out_anew_and_not_believed() {
    let mut told = shift(&|_| {}, &|_| {});
    // Whoever rewrites the journal, chain and all, moves more traffic than was signed.
    for event in told.entries.iter_mut().flat_map(|entry| &mut entry.events) {
        if let Event::ChangeConfirmed(confirmed) = event {
            confirmed.to = crate::journal::told::weights(90);
        }
    }
    let (code, said) = verified(&told);
    assert!(code == 8 && said.contains("✗ entry 6  ada  confirm: shift to 90 / 10"), "{said}");
    assert!(said.contains("✓ entry 5  bob"), "bob's word is about what was asked, which is untouched: {said}");
}

#[test]
fn a_missing_signature_one_used_twice_and_one_person_twice_are_found() {
    let fair: &dyn Fn(&mut Said) = &|_| {};
    let mut unsigned = shift(fair, fair);
    let mut twice = shift(fair, fair);
    for event in unsigned.entries.iter_mut().flat_map(|entry| &mut entry.events) {
        if let Event::ChangeConfirmed(confirmed) = event {
            confirmed.confirmation = Confirmation { signed: None, ..confirmed.confirmation.clone() };
        }
    }
    let (code, said) = verified(&unsigned);
    assert!(
        code == 8 && said.contains("not signed: the profile wants it signed") && said.contains("1 missing"),
        "{said}"
    );

    let steps = vec!["blue-50".into()];
    let digest = run_digest(twice.procedure(), &steps);
    let signed = Some(twice.sign("bob", Act::Run, digest, fair));
    let run = RunConfirmed { steps, digest, signed };
    twice.tell("bob", vec![Event::RunConfirmed(Box::new(run.clone()))]);
    twice.tell("bob", vec![Event::RunEnded { why: "enough".to_owned() }]);
    twice.tell("bob", vec![Event::RunConfirmed(Box::new(run))]);
    let (code, said) = verified(&twice);
    assert!(code == 8 && said.contains("✓ entry 8") && said.contains("entry 8 has used it already"), "{said}");

    // Bob confirms as both: his own word, and ada's act with his key under her name is refused by the list; under his own
    // name in her cockpit it is no other person.
    let mut told = Told::new("ed25519");
    let proposal = told.proposal(1, "blue-10", 10);
    let asked = told.ask(1, AskedAct::Change(Box::new(proposal.clone())));
    let entry = told.give(asked, fair);
    told.fly(Told::confirmed(&proposal, None, Told::given(entry)));
    for entry in &mut told.entries {
        if matches!(entry.events.first(), Some(Event::ChangeConfirmed(_))) {
            entry.actor = "bob".into();
        }
    }
    let (code, said) = verified(&told);
    assert!(code == 8 && said.contains("✗ entry 6  bob"), "{said}");
}

#[test]
fn a_broken_chain_comes_before_every_signature() {
    let state = tempfile::tempdir().unwrap();
    let told = Told::whole("ed25519");
    told.keep(state.path());
    let database = rusqlite::Connection::open(state.path().join("journal/journal.db")).unwrap();
    database.execute_batch("DROP TRIGGER entry_stays; DROP TRIGGER entry_goes;").unwrap();
    let edit = "UPDATE entry SET text = replace(text, 'blue-50', 'blue-51') WHERE number = 11";
    assert_eq!(database.execute(edit, []).unwrap(), 1);
    drop(database);
    let (code, said) = record(state.path(), &["--verify"]);
    assert!(code == 6 && said.contains("✗ chain: entry 11") && said.contains("✓ entry 6  ada"), "{code} {said}");
}

#[test]
fn broken_glass_is_the_first_thing_that_the_record_says() {
    let state = tempfile::tempdir().unwrap();
    let mut told = Told::new("ed25519");
    let proposal = told.proposal(1, "blue-10", 10);
    let act = AskedAct::Change(Box::new(proposal.clone()));
    let own = told.sign("ada", Act::BreakGlass, ConfirmationAsked::digest_of(&act, &[]), &|_| {});
    let reason = "bob's line is dead and blue is on fire".to_owned();
    let mut confirmed = Told::confirmed(&proposal, Some(own), Second::Alone { reason: reason.clone() });
    confirmed.confirmation.alone = Some(reason);
    told.fly(confirmed);
    told.keep(state.path());
    let (code, said) = record(state.path(), &["--verify"]);
    assert!(code == 0 && said.contains("✓ entry 4  ada  break-glass: shift to 10 / 90, ALONE"), "{said}");
    let (_, text) = record(state.path(), &[]);
    let first = text.lines().nth(2).unwrap();
    assert!(first.starts_with("> **THE GLASS WAS BROKEN.**") && first.contains("blue is on fire"), "{text}");
}

#[test]
fn without_keys_names_are_claims_and_that_is_no_failure() {
    let state = tempfile::tempdir().unwrap();
    let told = Told::new("ed25519");
    told.keep(state.path());
    let (code, said) = record(state.path(), &["--verify"]);
    assert!(code == 0 && said.contains("no signatures: names are claims"), "{said}");
    let missing = flightdeck(state.path(), &["record", "--verify", "--allowed-signers", "/nowhere/keys"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("/nowhere/keys"));
}
