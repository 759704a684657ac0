//! Whole flights by keys, against real HAProxy processes under traffic.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::support::cockpit::{Cockpit, Shape, Site, assert_percent, head, percent, router, shift};
use crate::support::haproxy::{Haproxy, Layout, Setup, wait};
use crate::support::load::{Connections, Load, Tally, once};
use crate::support::pool::Pool;

const POOLS: [&str; 2] = ["blue", "green"];

/// Two HAProxy processes in front of the same pools, both under load.
struct World {
    blue: Pool,
    _green: Pool,
    edges: [Haproxy; 2],
    loads: [Load; 2],
}

impl World {
    fn new(shape: Shape, rate: u32) -> Self {
        let (blue, green) = (Pool::start("blue", 2), Pool::start("green", 3));
        let (at_blue, at_green) = (blue.addresses(), green.addresses());
        let layout = match shape {
            Shape::A => Layout::A { blue: &at_blue, green: &at_green },
            Shape::B => Layout::B { blue: &at_blue, green: &at_green },
            Shape::C => Layout::C { blue: &at_blue, green: &at_green },
        };
        let edges = [(); 2].map(|()| Setup::new(layout).patient().start());
        let loads = [&edges[0], &edges[1]].map(|edge| Load::start(edge.front(), rate, u64::MAX, Connections::Kept));
        Self { blue, _green: green, edges, loads }
    }

    fn site(&self, shape: Shape, steps: &str) -> Site {
        let [one, two] = &self.edges;
        let routers = router("edge-1", &one.admin_socket(), one, shape, &POOLS)
            + &router("edge-2", &two.admin_socket(), two, shape, &POOLS);
        Site::new(&(head(&POOLS) + "[drain]\nquiet = \"1s\"\n" + &routers + steps))
    }

    /// What both fronts together have answered.
    fn tallies(&self) -> [Tally; 2] {
        [self.loads[0].tally(), self.loads[1].tally()]
    }

    /// Both routers have the weights, and from here on the traffic follows.
    fn blue_has(&self, asked: f64, requests: u64) {
        for edge in &self.edges {
            assert_percent(edge, "blue", asked);
        }
        let before = self.tallies();
        let since = || {
            let now = self.tallies();
            [now[0].since(&before[0]), now[1].since(&before[1])]
        };
        wait("enough requests", || since().iter().map(Tally::answered).sum::<u64>() >= requests);
        let counted = since();
        let of_blue: u64 = counted.iter().map(|each| each.of("blue")).sum();
        let answered: u64 = counted.iter().map(Tally::answered).sum();
        let share = 100.0 * small(of_blue) / small(answered);
        assert!((share - asked).abs() <= 3.0, "asked {asked} %, counted {share:.1} % of {answered}: {counted:?}");
        assert_eq!(counted.iter().map(Tally::failed).sum::<u64>(), 0, "{counted:?}");
    }

    /// The first step drains blue, and one of its requests ends only after everybody else's.
    fn drain_blue(&self, cockpit: &mut Cockpit, requests: u64) {
        let has_ended = Arc::new(AtomicBool::new(false));
        let (front, ended) = (self.edges[1].front(), Arc::clone(&has_ended));
        let held = thread::spawn(move || {
            let answer = once(front, "/held");
            ended.store(true, Ordering::SeqCst);
            answer
        });
        wait("the request to be in blue", || self.blue.held() == 1);
        cockpit.shift();
        // Counting takes longer than the quiet time that is asked for.
        self.blue_has(0.0, requests);
        cockpit.shows(&["draining", "1 left", "○ in flight 1", "✓ new requests 0", "✗ blue not drained: in flight 1"]);
        assert!(!cockpit.has("✓ drained"), "{}", cockpit.pty.text());
        assert_eq!(self.blue.in_flight(), 1);
        self.blue.release();
        cockpit.pty.wait_until("blue to be drained", |screen| {
            let says_drained = screen.contents().contains("✓ drained");
            if says_drained {
                assert!(has_ended.load(Ordering::SeqCst), "drained before the last request has ended");
                assert_eq!(self.blue.in_flight(), 0);
            }
            says_drained
        });
        let answer = held.join().unwrap().unwrap();
        assert!(answer.starts_with("blue"), "{answer}");
    }

    fn end(self) {
        for load in self.loads {
            let tally = load.stop();
            assert_eq!(tally.failed(), 0, "no request was lost over the whole flight: {tally:?}");
        }
    }
}

/// Counts of a test are small.
fn small(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

fn to_blue(percent: u32) -> String {
    shift(&format!("Blue {percent}"), &format!("blue = {percent}"), "")
}

#[test]
fn the_whole_plan_is_flown_on_one_backend_with_servers_of_both_pools() {
    let world = World::new(Shape::A, 700);
    let drained = |pool: &str| format!("leave_when = [\"drained:{pool}\"]");
    let deploy = |pool: &str| {
        format!("[[step]]\nname = \"Deploy {pool}\"\ndeploy = \"{pool}\"\ntext = \"Roll 2.5.0 out to {pool}\"\n")
    };
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
    let site = world.site(Shape::A, &plan);
    let mut cockpit = site.open();
    cockpit.shows(&["2.4.0 → 2.5.0", "edge-1", "edge-2", "100 / 0"]);
    world.drain_blue(&mut cockpit, 2_000);
    cockpit.shows(&["next: Deploy blue, its gate holds"]);
    cockpit.complete();
    for asked in [10.0, 30.0, 50.0, 100.0] {
        cockpit.shift();
        world.blue_has(asked, 2_000);
    }
    cockpit.shows(&["next: Deploy green, its gate holds"]);
    cockpit.complete();
    for asked in [90.0, 70.0, 50.0] {
        cockpit.shift();
        world.blue_has(asked, 2_000);
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
        "set server app/blue-1 weight",
    ] {
        assert!(record.contains(told), "{told:?} is not told:\n{record}");
    }
    for step in ["drain-blue", "blue-10", "blue-30", "blue-50", "blue-100", "blue-90", "blue-70", "blue-50-again"] {
        let told = record.lines().any(|line| line.starts_with(&format!("| {step} | verified |")));
        assert!(told, "{step} is not told as verified:\n{record}");
    }
    world.end();
}

#[test]
fn a_percentage_in_a_map_is_flown_the_same_way() {
    // The router throws dice, so that more requests are counted.
    flown_shortly(Shape::B, 5_000);
}

#[test]
fn inner_proxies_are_flown_the_same_way() {
    flown_shortly(Shape::C, 2_000);
}

fn flown_shortly(shape: Shape, requests: u64) {
    let world = World::new(shape, 1_000);
    let plan = shift("Drain blue", "blue = 0", "leave_when = [\"drained:blue\"]")
        + &to_blue(10)
        + &to_blue(50)
        + &to_blue(100);
    let site = world.site(shape, &plan);
    let mut cockpit = site.open();
    world.drain_blue(&mut cockpit, requests);
    for asked in [10.0, 50.0, 100.0] {
        cockpit.shows(&["✓ next: "]);
        cockpit.shift();
        world.blue_has(asked, requests);
    }
    cockpit.quit();
    let record = site.record();
    assert!(record.contains("4 changes, 4 verified everywhere") && record.contains("blue is drained"), "{record}");
    world.end();
}

#[test]
fn three_pools_are_flown_drafted_and_rolled_back() {
    let pools = ["canary", "blue", "green"];
    let (blue, green, canary) = (Pool::start("blue", 2), Pool::start("green", 3), Pool::start("canary", 1));
    let (at_blue, at_green, at_canary) = (blue.addresses(), green.addresses(), canary.addresses());
    let layout = Layout::Pools(&[("blue", &at_blue), ("green", &at_green), ("canary", &at_canary)]);
    let edges = [(); 2].map(|()| Haproxy::start(layout));
    let routers = router("edge-1", &edges[0].admin_socket(), &edges[0], Shape::A, &pools)
        + &router("edge-2", &edges[1].admin_socket(), &edges[1], Shape::A, &pools);
    let plan = shift("Start even", "canary = 0, blue = 50", "")
        + &shift("Canary 2", "canary = 2", "back_to = { canary = 0 }")
        + &shift("Canary 20", "canary = 20", "");
    let site = Site::new(&(head(&pools) + &routers + &plan));
    let have = |canary: f64, blue: f64, green: f64| {
        for edge in &edges {
            for (pool, asked) in [("canary", canary), ("blue", blue), ("green", green)] {
                let has = percent(edge, pool);
                assert!((has - asked).abs() <= 0.1, "{pool} is to have {asked} %: {:?}", edge.weights());
            }
        }
    };
    let mut cockpit = site.open();
    cockpit.shift();
    have(0.0, 50.0, 50.0);
    cockpit.shift();
    have(2.0, 49.0, 49.0);
    cockpit.keys("60");
    cockpit.shows(&["draft"]);
    // The arrows hand the number over from pool to pool.
    cockpit.press_until("\x1b[C", "draft ■ 60");
    cockpit.keys("\r");
    cockpit.shows(&["Shift traffic off plan"]);
    cockpit.confirm("send");
    cockpit.shows(&["✓ edge-1 verified", "✓ edge-2 verified"]);
    wait("the draft on both", || edges.iter().all(|edge| (percent(edge, "green") - 60.0).abs() <= 0.1));
    let canary = percent(&edges[0], "canary");
    have(canary, 40.0 - canary, 60.0);
    assert!(canary > 0.0, "the rest is shared as it was shared before");
    // What the screen has read back is in the journal a moment later; only then is it over.
    site.record_with("3 changes, 3 verified everywhere");
    cockpit.keys("R");
    cockpit.shows(&["back_to of Canary 2"]);
    cockpit.confirm("roll back");
    cockpit.shows(&["back to ", "✓ edge-1 verified", "✓ edge-2 verified"]);
    wait("the way back on both", || edges.iter().all(|edge| percent(edge, "canary") == 0.0));
    have(0.0, 50.0, 50.0);
    site.record_with("4 changes, 4 verified everywhere, 1 rollback");
    cockpit.quit();
}
