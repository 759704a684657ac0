//! Records in the directory that a profile names, and checking such a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use super::{PROFILE, closed, keep};
use crate::cli::{flightdeck, text};
use crate::journal::told;

/// A state directory with sessions of one profile in it.
struct Shelf {
    state: tempfile::TempDir,
    profile: PathBuf,
}

impl Shelf {
    fn new() -> Self {
        let state = tempfile::tempdir().unwrap();
        let profile = state.path().join("bridge.toml");
        fs::write(&profile, PROFILE).unwrap();
        Self { state, profile }
    }

    fn with(self, number: u128) -> Self {
        keep(self.state.path(), &closed(&self.profile, told::session(number)));
        self
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let Output { status, stdout, stderr } = flightdeck(self.state.path(), arguments);
        (status.code().unwrap(), text(&stdout), text(&stderr))
    }

    fn directory(&self) -> PathBuf {
        self.state.path().join("docs/deployments/prod")
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.directory())
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

const PLAIN: &str = "2026-11-21-bridge-2.5.0";

#[test]
fn a_record_is_written_where_the_profile_wants_it_and_verified_there() {
    let shelf = Shelf::new().with(1);
    let (code, said, why) = shelf.run(&["record", "latest", "--write"]);
    assert_eq!(code, 0, "{why}");
    assert_eq!(shelf.files(), [format!("{PLAIN}.json"), format!("{PLAIN}.md")]);
    assert!(said.contains(&format!("docs/deployments/prod/{PLAIN}.md")), "{said}");
    let json = shelf.directory().join(format!("{PLAIN}.json"));
    let (code, said, why) = shelf.run(&["record", "--verify", json.to_str().unwrap()]);
    assert!(code == 0 && said.contains("✓ record: ") && said.contains("✓ chain: 3 entries"), "{said}{why}");
    let markdown = fs::read_to_string(shelf.directory().join(format!("{PLAIN}.md"))).unwrap();
    for words in ["| For | PAY-17 |", "## Follow-ups", "- [ ] Scale the old pool down (due 2100-01-01 00:00:00Z)"] {
        assert!(markdown.contains(words), "{words}:\n{markdown}");
    }
    // What is printed is what is written.
    let (_, printed, _) = shelf.run(&["record", "--json"]);
    assert_eq!(printed, fs::read_to_string(&json).unwrap());
}

#[test]
fn a_changed_file_ends_with_its_code_and_the_place() {
    let shelf = Shelf::new().with(1);
    shelf.run(&["record", "latest", "--write"]);
    let json = shelf.directory().join(format!("{PLAIN}.json"));
    let whole = fs::read_to_string(&json).unwrap();
    let at = whole.rfind("note 1").unwrap();
    let mut edited = whole.clone();
    edited.replace_range(at..at + 6, "note 7");
    fs::write(&json, edited).unwrap();
    let (code, said, why) = shelf.run(&["record", "--verify", json.to_str().unwrap()]);
    assert_eq!(code, 6, "{said}{why}");
    for words in
        ["entry 2 (note_added, 2026-11-21T14:00:01.000Z)", "changed after it was written", "record SESSION --write"]
    {
        assert!(why.contains(words), "{words}: {why}");
    }
    let (code, _, why) = shelf.run(&["record", "--verify", "./nowhere.json"]);
    assert!(code == 2 && why.contains("./nowhere.json"), "{why}");
}

#[test]
fn the_same_session_is_written_over_and_another_one_never() {
    let shelf = Shelf::new().with(1).with(2);
    let first = told::session(1).0.to_string();
    let second = told::session(2).0.to_string();
    for _ in 0..2 {
        assert_eq!(shelf.run(&["record", &first, "--write"]).0, 0);
        assert_eq!(shelf.files().len(), 2, "{:?}", shelf.files());
    }
    for _ in 0..2 {
        let (code, said, why) = shelf.run(&["record", &second, "--write"]);
        assert_eq!(code, 0, "{why}");
        assert!(said.contains("-5e5500000002.md"), "{said}");
        assert_eq!(shelf.files().len(), 4, "{:?}", shelf.files());
    }
    let plain = fs::read_to_string(shelf.directory().join(format!("{PLAIN}.json"))).unwrap();
    assert!(plain.contains(&first) && !plain.contains(&second));
}

#[test]
fn what_somebody_else_put_there_stays_and_where_nothing_fits_it_is_said() {
    let shelf = Shelf::new().with(1);
    fs::create_dir_all(shelf.directory()).unwrap();
    let mine = shelf.directory().join(format!("{PLAIN}.md"));
    fs::write(&mine, "written by hand").unwrap();
    let own = shelf.directory().join(format!("{PLAIN}-5e5500000001.md"));
    assert_eq!(shelf.run(&["record", "latest", "--write"]).0, 0);
    assert_eq!(fs::read_to_string(&mine).unwrap(), "written by hand");
    fs::write(&own, "taken, too").unwrap();
    fs::remove_file(own.with_extension("json")).unwrap();
    let (code, _, why) = shelf.run(&["record", "latest", "--write"]);
    assert!(code == 2 && why.contains("has files of that name") && why.contains("--into DIR"), "{why}");
    let elsewhere = shelf.state.path().join("elsewhere");
    let (code, _, why) = shelf.run(&["record", "latest", "--write", "--into", elsewhere.to_str().unwrap()]);
    assert!(code == 0 && elsewhere.join(format!("prod/{PLAIN}.md")).is_file(), "{why}");
    // Nothing that was begun is left lying about.
    assert!(shelf.files().iter().all(|name| !name.contains(".md.") && !name.contains(".json.")), "{:?}", shelf.files());
}

#[test]
fn a_directory_that_cannot_be_made_and_a_profile_that_is_gone_are_said() {
    let shelf = Shelf::new().with(1);
    fs::write(shelf.state.path().join("docs"), "a file").unwrap();
    let (code, _, why) = shelf.run(&["record", "latest", "--write"]);
    assert!(code == 2 && why.contains("make the directory of records"), "{why}");
    fs::remove_file(&shelf.profile).unwrap();
    let (code, _, why) = shelf.run(&["record", "latest", "--write"]);
    assert!(code == 2 && why.contains("bridge.toml is not here") && why.contains("--into DIR"), "{why}");
}

#[cfg(feature = "lab")]
#[test]
fn closing_in_the_cockpit_writes_the_record_and_what_goes_wrong_is_shown_and_done_again_by_hand() {
    let world = crate::support::world::World::new();
    world.edit("demo.toml", "increment   = 10\n", "increment   = 10\nrecord = { directory = \"docs/deployments\" }\n");
    let docs = world.state.path().join("docs");
    fs::write(&docs, "in the way").unwrap();
    let mut pty = world.open("ana");
    pty.wait_for("ana drives");
    pty.wait_for("50 / 50");
    pty.send("C");
    pty.wait_for("what did it come to?");
    pty.wait_for("steps were not taken");
    pty.send("nothing was done\r");
    pty.wait_for("make the directory of records");
    pty.send("q");
    pty.wait_for_end(std::time::Duration::from_mins(1));
    fs::remove_file(&docs).unwrap();
    let (code, said, why) = world.run(&["record", "latest", "--write"]);
    assert_eq!(code, 0, "{said}{why}");
    let json = said.lines().find(|line| line.contains(".json")).unwrap();
    assert!(Path::new(json).is_file(), "{said}");
    assert_eq!(world.run(&["record", "--verify", json]).0, 0);

    let mut pty = world.open("ana");
    pty.wait_for("ana drives");
    pty.wait_for("50 / 50");
    pty.send("C");
    pty.wait_for("what did it come to?");
    pty.send("once more\r");
    pty.wait_for("the record is in");
    pty.send("q");
    pty.wait_for_end(std::time::Duration::from_mins(1));
}
