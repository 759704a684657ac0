//! Commands against the built-in world, some of them while a cockpit flies it.

use std::time::Duration;

use flightdeck::lab::Fault;

use crate::signature::workshop::Workshop;
use crate::support::pty::Pty;
use crate::support::world::World;

#[test]
fn check_looks_at_everything_and_says_what_is_away() {
    let mut world = World::new();
    let (code, said, _) = world.run(&["check", "PROFILE"]);
    assert_eq!(code, 0, "{said}");
    for line in [
        "✓ router edge-1: 50.0 / 50.0",
        "✓ router edge-2",
        "✓ log blue",
        "✓ log green",
        "✓ metrics blue",
        "✓ metrics green",
        "/journal: not there yet, the first session makes it; synced to disk, SOLO, this host only",
        "✓ people: the profile names no keys: names are claims",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(!world.state.path().join("journal").exists(), "nothing is made by looking");
    world.end();
    let (code, said, why) = world.run(&["check", "PROFILE"]);
    assert_eq!(code, 4, "{said}");
    assert!(
        said.contains("✗ router edge-1") && said.contains("✗ metrics blue") && why.contains("do not answer"),
        "{said}{why}"
    );
}

#[test]
fn status_tells_the_routers_and_the_session_in_a_stable_form() {
    let world = World::new();
    let (code, said, _) = world.run(&["status", "PROFILE", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &status["format"], &status["session"]), (0, &1.into(), &serde_json::Value::Null));
    assert_eq!(status["routers"][0]["name"], "edge-1");
    assert_eq!(status["routers"][0]["pools"][0]["pool"], "blue");
    let mut pty = world.open("ana");
    pty.wait_for("ana drives");
    let (_, said, _) = world.run(&["status", "PROFILE"]);
    assert!(said.contains("ana drives, process") && said.contains("next step: Drain blue"), "{said}");
    assert!(said.contains("  journal: synced to disk, SOLO") && said.contains("  aboard: ana on "), "{said}");
    let (_, said, _) = world.run(&["status", "PROFILE", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&said).unwrap();
    let session = &status["session"];
    assert_eq!((&session["durability"], &session["private"]), (&"synced".into(), &true.into()));
    assert_eq!((&session["aboard"][0]["operator"], &session["aboard"][0]["is_gone"]), (&"ana".into(), &false.into()));
    assert_eq!([&session["request"], &session["run"], &session["asking"]], [&serde_json::Value::Null; 3]);
    let (code, said, _) = world.run(&["check", "PROFILE"]);
    assert!(code == 0 && said.contains("✓ session: ") && said.contains("; ana drives, process"), "{said}");
    pty.send("q");
    pty.wait_for_end(Duration::from_secs(10));
    let (_, said, _) = world.run(&["status", "PROFILE"]);
    assert!(said.contains("  nobody drives\n"), "she left, and her controls are free: {said}");
}

#[test]
fn check_says_what_two_engineers_need() {
    let world = World::new();
    let workshop = Workshop::new();
    let (ana, raj) = (workshop.key("ana", "ed25519"), workshop.key("raj", "ed25519"));
    let shared = world.state.path().join("shared");
    let journal = format!("increment   = 10\njournal = \"{}\"\n", shared.display());
    world.edit("demo.toml", "increment   = 10\n", &journal);
    world.edit(
        "demo.toml",
        "[confirm]\nshift    = \"key\"",
        "[people]\nallowed_signers = \"keys\"\n\n[confirm]\nshift = \"two\"",
    );
    std::fs::write(world.state.path().join("keys"), format!("ana {}\nraj {}\n", ana.line(), raj.line())).unwrap();
    let key = ana.path.to_str().unwrap();
    let (code, said, _) = world.run_with_path(&["check", "PROFILE", "--as", "ana", "--key", key]);
    assert!(code == 4 && said.contains("✗ journal: ") && said.contains("install -d -m 2770 -g GROUP"), "{said}");
    std::fs::create_dir(&shared).unwrap();
    let (code, said, _) = world.run_with_path(&["check", "PROFILE", "--as", "ana", "--key", key]);
    assert_eq!(code, 0, "{said}");
    let whose = format!("✓ people: 2 keys may sign; you sign as ana with ana's key {}", ana.fingerprint());
    assert!(said.contains(&whose) && said.contains("who may write in the directory may join"), "{said}");
    for (arguments, why) in [
        (&["check", "PROFILE", "--as", "raj", "--key", key][..], "nothing can be confirmed by raj from here"),
        (&["check", "PROFILE", "--as", "ana"], "no key of theirs is in the agent; load it with ssh-add"),
    ] {
        let (code, said, _) = world.run_with_path(arguments);
        assert!(code == 0 && said.contains(why), "{why}: {said}");
    }
    assert!(!shared.join("journal.db").exists(), "nothing is made by looking");
}

#[test]
fn what_a_cockpit_signs_is_good_to_whoever_checks_the_record() {
    let world = World::new();
    let workshop = Workshop::new();
    let ana = workshop.key("ana", "ed25519");
    world.edit("demo.toml", "[confirm]\n", "[people]\nallowed_signers = \"keys\"\n\n[confirm]\n");
    std::fs::write(world.state.path().join("keys"), format!("ana {}\n", ana.line())).unwrap();
    let key = ana.path.to_str().unwrap();
    let mut pty = world.in_terminal(&["open", "PROFILE", "--as", "ana", "--key", key]);
    pty.wait_for("ana drives");
    pty.wait_for("50 / 50");
    pty.send("n");
    pty.confirm("y send");
    pty.wait_for("verified on 2 of 2");
    pty.send("R");
    pty.wait_for("╭ Roll back");
    let mut looks = 0;
    let said = loop {
        let (code, said, why) = world.run_with_path(&["record", "--verify"]);
        if said.contains("confirm: roll back to 50 / 50") || looks == 100 {
            assert_eq!(code, 0, "{said}{why}");
            break said;
        }
        // A key before the dialog was drawn confirms nothing.
        if pty.text().contains("╭ Roll back") {
            pty.send("\r");
        }
        looks += 1;
        std::thread::sleep(Duration::from_millis(100));
    };
    let fingerprint = ana.fingerprint();
    assert!(said.contains(&format!("confirm: shift to 0 / 100  {fingerprint}")), "{said}");
    assert!(said.contains("2 good, 0 bad, 0 missing"), "{said}{}", pty.text());
    let (_, record, _) = world.run_with_path(&["record"]);
    assert!(record.contains("| Names | proven: 2 of 2 signatures hold"), "{record}");
    assert!(record.contains(&format!("with one key, signed with `{fingerprint}`")), "{record}");
}

#[test]
fn rolling_back_while_the_cockpit_runs_takes_the_controls_and_is_read_back() {
    let world = World::new();
    let mut pty = world.open("ana");
    pty.wait_for("ana drives");
    pty.wait_for("50 / 50");
    let (code, _, why) = world.run(&["rollback", "PROFILE", "--yes"]);
    assert_eq!(code, 7, "nothing has been changed: {why}");
    pty.send("n");
    pty.confirm("y send");
    pty.wait_for("verified on 2 of 2");
    let (code, said, why) = world.run(&["rollback", "PROFILE"]);
    assert!(code == 7 && why.contains("--yes") && said.contains("edge-1: 0.0 / 100.0 → 50.0 / 50.0"), "{said}{why}");
    let (code, said, why) = world.run(&["rollback", "PROFILE", "--yes", "--as", "raj"]);
    assert_eq!(code, 0, "{said}{why}");
    assert!(said.contains("takes the controls from ana") && said.contains("read back on every router"), "{said}");
    pty.wait_for("nobody drives");
    let (_, record, _) = world.run(&["record"]);
    assert!(record.contains("raj") && record.contains("50 / 50"), "{record}");
}

#[test]
fn what_was_left_open_is_gone_on_with() {
    let world = World::new();
    let mut first = world.open("ana");
    first.wait_for("ana drives");
    first.signal(rustix::process::Signal::KILL);
    first.wait_for_end(Duration::from_secs(10));
    let mut second = world.open("ana");
    second.wait_for("goes on; what was in flight is read from the routers");
    second.wait_for("ana drives");
    let third = world.open("ana");
    third.wait_for("rolling back and holding need none");
    let (_, sessions, _) = world.run(&["sessions"]);
    assert_eq!(sessions.lines().count(), 1, "{sessions}");
    second.send("q");
    second.wait_for_end(Duration::from_secs(10));
}

#[test]
fn another_version_than_the_open_session_has_is_not_gone_on_with_in_silence() {
    let world = World::new();
    let opened = ["open", "PROFILE", "--as", "ana", "--from", "2.4.0", "--to", "2.5.0"];
    let mut first = world.in_terminal(&opened);
    first.wait_for("ana drives");
    first.signal(rustix::process::Signal::KILL);
    first.wait_for_end(Duration::from_secs(10));
    let (code, _, why) = world.run(&["open", "PROFILE", "--as", "ana", "--to", "2.6.0"]);
    assert_eq!(code, 7, "{why}");
    assert!(why.contains("go on with the open session as --to 2.6.0") && why.contains("2.4.0 → 2.5.0"), "{why}");
    assert!(why.contains("close it first to deploy another version"), "{why}");
    let mut same = world.in_terminal(&[&opened[..], &["--start", "2026-11-22T02:00Z"]].concat());
    same.wait_for("not taken are --start (there: not planned)");
    same.send("q");
    same.wait_for_end(Duration::from_secs(10));
}

#[test]
fn rolling_back_asks_at_the_terminal_and_no_is_the_default() {
    let world = World::new();
    let mut pty = drained(&world);
    for (answer, code, words) in
        [("\n", 7, "nothing was sent"), ("n\n", 7, "nothing was sent"), ("y\n", 0, "read back on every router")]
    {
        let mut back = world.in_terminal(&["rollback", "PROFILE", "--as", "raj"]);
        back.wait_for("Send it? y/N");
        back.send(answer);
        let ended = back.wait_for_end(Duration::from_secs(20)).exit_code();
        back.wait_for(words);
        assert_eq!(ended, code, "{answer:?}: {}", back.text());
    }
    pty.wait_for("nobody drives");
    pty.send("t");
    pty.wait_for("ana drives");
}

#[test]
fn the_acts_of_a_way_back_are_asked_for_one_by_one_at_the_terminal() {
    let world = World::new();
    let undo = "[[action]]\nname = \"undo\"\nkind = \"command\"\nrun = [\"/bin/echo\", \"undone\"]\npoll = \"1s\"\n\n\
                [[rollback]]\nname = \"Undo\"\nrun = \"undo\"\npool = \"blue\"\nwith_traffic = true\n\n";
    let first = "[[rollback]]\nname = \"Put 2.4.0 back\"\n";
    world.edit("demo.toml", first, &format!("{undo}{first}"));
    let _flown = drained(&world);
    let mut back = world.in_terminal(&["rollback", "PROFILE", "--as", "raj", "--acts"]);
    back.wait_for("Send it? y/N");
    back.send("y\n");
    back.wait_for("1 of 3: Undo");
    back.wait_for("Start it? y/N");
    back.send("y\n");
    back.wait_for("✓ Undo");
    back.wait_for("2 of 3: Put 2.4.0 back");
    back.wait_for("Is it done? y/N");
    back.send("n\n");
    assert_eq!(back.wait_for_end(Duration::from_secs(20)).exit_code(), 7, "{}", back.text());
    let (_, said, _) = world.run(&["status", "PROFILE"]);
    assert!(said.contains("Put 2.4.0 back, of the way back, is not done") && !said.contains("Undo, of"), "{said}");
}

#[test]
fn a_profile_that_wants_the_target_typed_takes_nothing_else() {
    let world = World::new();
    world.edit("demo.toml", "rollback = \"key\"", "rollback = \"type\"");
    let _flown = drained(&world);
    let (code, _, why) = world.run(&["rollback", "PROFILE", "--yes"]);
    assert!(code == 7 && why.contains("--confirm"), "{code} {why}");
    let mut back = world.in_terminal(&["rollback", "PROFILE"]);
    back.wait_for("to send: ");
    back.send("y\n");
    assert_eq!(back.wait_for_end(Duration::from_secs(20)).exit_code(), 7);
    let mut back = world.in_terminal(&["rollback", "PROFILE"]);
    back.wait_for("to send: ");
    let shown = back.text();
    let target = shown.split("Type  ").nth(1).and_then(|rest| rest.split("  to send").next()).unwrap().to_owned();
    back.send(&format!("{target}\n"));
    assert_eq!(back.wait_for_end(Duration::from_secs(20)).exit_code(), 0, "{}", back.text());
}

#[test]
fn a_rollback_that_a_router_does_not_answer_ends_as_not_verified_and_names_it() {
    let world = World::new();
    let _flown = drained(&world);
    world.control().fault(Fault::RouterHangs(0), true);
    let (code, said, why) = world.run(&["rollback", "PROFILE", "--yes"]);
    assert_eq!(code, 5, "{said}{why}");
    assert!(said.contains("✗ edge-1: unknown") && said.contains("✓ edge-2: verified"), "{said}");
    assert!(why.contains("is not verified on edge-1") && why.contains("run this again"), "{why}");
    world.control().fault(Fault::RouterHangs(0), false);
    let (code, said, why) = world.run(&["rollback", "PROFILE", "--yes"]);
    assert_eq!(code, 0, "the advice helps: {said}{why}");
}

#[test]
fn a_journal_that_is_none_is_told_by_every_command_that_needs_it() {
    let world = World::new();
    let journal = world.state.path().join("journal");
    std::fs::create_dir_all(&journal).unwrap();
    std::fs::write(journal.join("journal.db"), "this is no database, and long enough to be read as one".repeat(40))
        .unwrap();
    for arguments in [&["open", "PROFILE"][..], &["rollback", "PROFILE"], &["status", "PROFILE"], &["record"]] {
        let (code, said, why) = world.run(arguments);
        assert_eq!(code, 6, "{arguments:?}: {said}{why}");
        assert!(why.contains("journal.db"), "{arguments:?}: {why}");
    }
    let (_, said, _) = world.run(&["status", "PROFILE"]);
    assert!(said.contains("✓ edge-1"), "the routers are told all the same: {said}");
}

/// A cockpit that has flown the first step: blue has no weight.
fn drained(world: &World) -> Pty {
    let mut pty = world.open("ana");
    pty.wait_for("ana drives");
    pty.wait_for("50 / 50");
    pty.send("n");
    pty.confirm("y send");
    pty.wait_for("Plan 1/10");
    pty
}
