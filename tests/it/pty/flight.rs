//! Whole flights by keys, against real HAProxy processes under traffic.

use crate::support::cockpit::{Shape, percent, shift};
use crate::support::edges::Edges;
use crate::support::haproxy::wait;

#[test]
fn the_whole_plan_is_flown_on_one_backend_with_servers_of_both_pools() {
    the_whole_plan_is_flown(Shape::A, "set server app/blue-1 weight");
}

#[test]
fn the_whole_plan_is_flown_by_a_percentage_in_a_map() {
    the_whole_plan_is_flown(Shape::B, "green.map app 90");
}

#[test]
fn the_whole_plan_is_flown_on_inner_proxies() {
    the_whole_plan_is_flown(Shape::C, "set server app/blue weight");
}

fn the_whole_plan_is_flown(shape: Shape, sent: &str) {
    let edges = Edges::blue_green(shape);
    let drained = |pool: &str| format!("leave_when = [\"drained:{pool}\"]");
    let deploy = |pool: &str| {
        format!("[[step]]\nname = \"Deploy {pool}\"\ndeploy = \"{pool}\"\ntext = \"Roll 2.5.0 out to {pool}\"\n")
    };
    let to_blue = |percent: u32| shift(&format!("Blue {percent}"), &format!("blue = {percent}"), "");
    let plan = shift("Drain blue", "blue = 0", &drained("blue"))
        + &deploy("blue")
        + &to_blue(10)
        + &to_blue(30)
        + &to_blue(50)
        + &shift("Blue 100", "blue = 100", &drained("green"))
        + &deploy("green")
        + &to_blue(90)
        + &to_blue(70)
        + &shift("Blue 50 again", "blue = 50", "");
    let split = |blue: f64| [("blue", blue), ("green", 100.0 - blue)];
    let site = edges.site(&plan);
    let mut cockpit = site.open();
    cockpit.shows(&["2.4.0 → 2.5.0", "edge-1", "edge-2", "100 / 0"]);
    edges.drain(&mut cockpit, "blue", &split(0.0));
    cockpit.shows(&["next: Deploy blue, its gate holds"]);
    cockpit.complete();
    for asked in [10.0, 30.0, 50.0] {
        cockpit.shift();
        edges.have(&split(asked));
    }
    edges.drain(&mut cockpit, "green", &split(100.0));
    cockpit.shows(&["next: Deploy green, its gate holds"]);
    cockpit.complete();
    for asked in [90.0, 70.0, 50.0] {
        cockpit.shift();
        edges.have(&split(asked));
    }
    cockpit.shows(&["every step of the plan is over", "Plan 10/10"]);
    cockpit.quit();
    let record = site.record();
    for told in [
        "# checkout, test: 2.4.0 → 2.5.0",
        "by ana",
        "8 changes, 8 verified everywhere",
        "did deploy-blue",
        "did deploy-green",
        "blue is drained",
        "green is drained",
        sent,
    ] {
        assert!(record.contains(told), "{told:?} is not told:\n{record}");
    }
    for step in ["drain-blue", "blue-10", "blue-30", "blue-50", "blue-100", "blue-90", "blue-70", "blue-50-again"] {
        let told = record.lines().any(|line| line.starts_with(&format!("| {step} | verified |")));
        assert!(told, "{step} is not told as verified:\n{record}");
    }
    edges.end();
}

#[test]
fn three_pools_are_flown_drafted_and_rolled_back() {
    let edges = Edges::with_a_canary();
    let plan = shift("Start even", "canary = 0, blue = 50", "")
        + &shift("Canary 2", "canary = 2", "back_to = { canary = 0 }")
        + &shift("Canary 20", "canary = 20", "");
    let site = edges.site(&plan);
    let mut cockpit = site.open();
    edges.have(&[("canary", 0.0), ("blue", 100.0), ("green", 0.0)]);
    cockpit.shift();
    edges.have(&[("canary", 0.0), ("blue", 50.0), ("green", 50.0)]);
    cockpit.shift();
    edges.have(&[("canary", 2.0), ("blue", 49.0), ("green", 49.0)]);
    cockpit.keys("60");
    cockpit.shows(&["draft"]);
    // The arrows hand the number over from pool to pool.
    cockpit.press_until("\x1b[C", "draft ■ 60");
    cockpit.keys("\r");
    cockpit.shows(&["Shift traffic off plan"]);
    cockpit.confirm("send");
    cockpit.shows(&["✓ edge-1 verified", "✓ edge-2 verified"]);
    let both = |pool: &str, asked: f64| edges.both.iter().all(|edge| (percent(edge, pool) - asked).abs() <= 0.1);
    wait("the draft on both", || both("green", 60.0));
    let canary = percent(&edges.both[0], "canary");
    assert!(canary > 0.0, "the rest is shared as it was shared before");
    edges.have(&[("canary", canary), ("blue", 40.0 - canary), ("green", 60.0)]);
    // What the screen has read back is in the journal a moment later; only then is it over.
    site.record_with("3 changes, 3 verified everywhere");
    cockpit.keys("R");
    cockpit.shows(&["back_to of Canary 2"]);
    cockpit.confirm("roll back");
    cockpit.shows(&["back to ", "✓ edge-1 verified", "✓ edge-2 verified"]);
    wait("the way back on both", || both("canary", 0.0));
    edges.have(&[("canary", 0.0), ("blue", 50.0), ("green", 50.0)]);
    site.record_with("4 changes, 4 verified everywhere, 1 rollback");
    cockpit.quit();
    edges.end();
}
