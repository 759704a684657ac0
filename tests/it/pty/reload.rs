//! The profile changes on disk while it is flown: it is said, and taken in only when it is confirmed.

use crate::support::world::World;

const DIFFERS: &str = "the profile on disk is not the one that is flown";

#[test]
fn a_changed_profile_is_said_and_taken_in_once_it_is_confirmed() {
    let world = World::new();
    let mut pty = world.open("ana");
    pty.wait_for("ana drives");
    pty.wait_for("50 / 50");
    world.edit("demo.md", "- [ ] Both of us see", "- [ ] The kettle is on\n- [ ] Both of us see");
    pty.wait_for(DIFFERS);
    assert!(!pty.text().contains("The kettle is on"), "nothing is taken in by itself");
    pty.send("P");
    pty.wait_for("Take the changed profile in");
    pty.escape("Take the changed profile in");
    pty.wait_for(DIFFERS);
    pty.send("P");
    pty.confirm("y take it in");
    pty.wait_for("The kettle is on");
    pty.wait_until("the banner to go", |screen| !screen.contents().contains(DIFFERS));

    // A broken one is said with its place, and the old one is flown on.
    world.edit("demo.toml", "increment   = 10", "increment   = \"much\"");
    pty.wait_for("the profile on disk has problems, the old one is flown: ");
    pty.wait_for("demo.toml:7:15: increment");
    pty.send("P");
    pty.send("M");
    pty.wait_for("cannot be taken in");
    pty.escape("╭ Messages");
    world.edit("demo.toml", "increment   = \"much\"", "increment   = 10");
    pty.wait_until("the banner to go", |screen| !screen.contents().contains("has problems, the old"));

    // Other routers are another session.
    world.edit("demo.toml", "name  = \"edge-2\"", "name  = \"edge-3\"");
    pty.wait_for(DIFFERS);
    pty.send("P");
    pty.confirm_in_vain("y take it in", "it names other pools or routers than this session");
    pty.escape("y take it in");
    pty.wait_for("edge-2");
    let (_, record, _) = world.run(&["record"]);
    assert!(record.contains("profile"), "{record}");
}
