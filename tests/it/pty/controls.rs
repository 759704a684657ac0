//! Two cockpits on one session: who drives, and how the controls go over when the driver is gone (C2, C4).

use std::time::Duration;

use rustix::process::Signal;

use crate::support::world::World;

#[test]
fn the_second_cockpit_drives_once_the_first_is_gone() {
    let world = World::new();
    let mut first = world.open("ana");
    first.wait_for("ana drives");
    first.wait_for("50 / 50");
    let mut second = world.open("raj");
    second.wait_for("ana has the controls; rolling back and holding need none");
    // Neither forward nor at the controls while the first lives; both are said.
    second.wait_for("50 / 50");
    second.send("n");
    second.wait_for("ana has the controls: A asks for them");
    second.send("t");
    second.send("M");
    second.wait_for("is not known to be gone");
    second.escape("╭ Messages");
    first.signal(Signal::KILL);
    first.wait_for_end(Duration::from_mins(1));
    second.wait_for("ana had the controls and is gone: nobody drives  t take them");
    second.send("t");
    second.wait_for("raj drives");
    second.send("n");
    second.confirm("y send");
    second.wait_for("Plan 1/10");
    let (_, record, _) = world.run(&["record"]);
    assert!(record.contains("raj"), "{record}");
}
