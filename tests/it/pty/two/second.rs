//! What asks two people: asked, looked at, confirmed and refused from another cockpit; runs; keys.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::call::{Call, F5, F7, IMPATIENT};
use crate::support::nats::Nats;

const TWO: &str = "[confirm]\nshift = \"two\"\n";

#[test]
fn a_shift_is_sent_once_the_second_person_has_confirmed_it_and_not_when_they_refuse() {
    let call = Call::on_nats(Nats::three(), TWO);
    let (mut ana, mut raj) = call.pair();
    ana.shows(&["names are claims"]);
    ana.next("ask the second person");
    ana.shows(&["waiting for raj"]);
    raj.shows(&["ana asks: shift 100 / 0 → 50 / 50 on 1 router"]);
    raj.press_until(F5, "ana asks for your confirmation");
    raj.shows(&["✓ edge-1 reads the same here", "set server app/blue-1 weight"]);
    ana.shows(&["raj is looking at it"]);
    assert_eq!(ana.digest(), raj.digest(), "both read the same digest");
    call.blue_has(100.0);
    raj.types_the_target();
    raj.enters("ana asks for your confirmation");
    ana.step_is_over();
    raj.step_is_over();
    call.blue_has(50.0);

    ana.next("ask the second person");
    raj.press_until(F5, "ana asks for your confirmation");
    // A word that came before the dialog was drawn does not count.
    raj.press_until("\x0e", "Refuse");
    raj.keys("the queue is not empty\r");
    ana.shows(&["raj refused it: the queue is not empty"]);
    call.blue_has(50.0);
    call.record_with(&[
        "asked for a second person",
        "confirmed by raj as the second person",
        "refused as the second person",
        "1 change, 1 verified everywhere",
    ]);
    call.end();
}

#[test]
fn a_run_pauses_when_the_copilot_who_confirmed_it_is_gone() {
    let call = Call::on_nats(Nats::three(), &(TWO.to_owned() + IMPATIENT));
    let (mut ana, mut raj) = call.pair();
    raj.press_until(F7, "Confirm a run of steps");
    raj.press_until("\x1b[B", "◆ A quarter");
    raj.types_the_target();
    raj.enters("Confirm a run of steps");
    ana.shows(&["run: 2 confirmed by raj"]);
    // The run has the second person's word already.
    ana.shift();
    call.blue_has(50.0);
    raj.pty.signal(Signal::KILL);
    raj.pty.wait_for_end(Duration::from_mins(1));
    ana.shows(&["raj not here"]);
    ana.hides("run: ");
    ana.has_been_told("the confirmed run of steps is over: raj, who confirmed it, is not here any more");
    ana.press_until("n", "nobody else is here");
    ana.pty.escape("nobody else is here");
    call.blue_has(50.0);
    // He comes back and is asked as ever.
    let mut raj = call.join("raj", &[]);
    raj.shows(&["ana drives  raj (you) copilot"]);
    ana.shows(&["ana (you) drives  raj copilot"]);
    ana.next("ask the second person");
    raj.gives_their_word();
    ana.step_is_over();
    call.blue_has(25.0);
    call.record_with(&["part of the run that raj confirmed", "the confirmed run of steps ended"]);
    call.end();
}

#[test]
fn with_keys_two_people_are_two_keys() {
    let call = call_with_keys(|ana, raj| format!("ana {ana}raj {raj}"));
    let key = |name: &str| call.folder().join(name).display().to_string();
    let mut ana = call.open("ana", &["--key", &key("one")]);
    ana.shows(&["ana drives", "✓ ▲"]);
    let mut raj = call.join("raj", &["--key", &key("two")]);
    raj.shows(&["ana drives  raj (you) copilot", "✓ ▲"]);
    ana.shows(&["ana (you) drives  raj copilot"]);
    assert!(!ana.has("names are claims"), "{}", ana.pty.text());
    ana.next("ask the second person");
    raj.press_until(F5, "it is signed with your key");
    raj.gives_their_word();
    ana.step_is_over();
    raj.step_is_over();
    call.blue_has(50.0);
    call.record_with(&["confirmed as the second person", ", signed", "1 change, 1 verified everywhere"]);
    call.end();
}

#[test]
fn one_key_under_two_names_is_one_person() {
    let call = call_with_keys(|one, _| format!("ana {one}raj {one}"));
    let key = call.folder().join("one").display().to_string();
    let mut ana = call.open("ana", &["--key", &key]);
    ana.shows(&["ana drives", "✓ ▲"]);
    let mut raj = call.join("raj", &["--key", &key]);
    raj.shows(&["ana drives  raj (you) copilot", "✓ ▲"]);
    ana.shows(&["ana (you) drives  raj copilot"]);
    ana.next("ask the second person");
    raj.gives_their_word();
    ana.shows(&["both are the same person", "two terminals of one person are one person"]);
    call.blue_has(100.0);
    // A key that the list does not give to one's name confirms nothing at all.
    let mia = call.join("mia", &["--key", &key]);
    mia.shows(&["cannot be confirmed from here"]);
    call.end();
}

/// A list is made of the lines of two keys; the files are `one` and `two`.
fn call_with_keys(list: impl Fn(&str, &str) -> String) -> Call {
    let call = Call::on_nats(Nats::three(), &(TWO.to_owned() + "[people]\nallowed_signers = \"allowed_signers\"\n"));
    let line = |name: &str| {
        let path: PathBuf = call.folder().join(name);
        let mut make = Command::new("ssh-keygen");
        make.args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"]).arg(&path);
        assert!(make.status().unwrap().success(), "ssh-keygen makes a key");
        std::fs::read_to_string(path.with_extension("pub")).unwrap()
    };
    let list = list(&line("one"), &line("two"));
    std::fs::write(call.folder().join("allowed_signers"), list).unwrap();
    call
}
