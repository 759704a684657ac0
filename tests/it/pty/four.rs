//! One plan over four systems at once: a real HAProxy, Envoy, Caddy and nginx under traffic, one of which fails in the middle.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::support::caddy::{self, Caddy};
use crate::support::cockpit::{Cockpit, Shape, Site, head, percent, router, shift};
use crate::support::envoy::{self, Envoy, PREFIX};
use crate::support::haproxy::{self, Haproxy, Layout, wait};
use crate::support::keeper::program;
use crate::support::load::{Connections, Load, Tally};
use crate::support::nginx::{Nginx, Way};
use crate::support::pool::Pool;
use crate::support::relay::Relay;

/// The routers in the profile's order; each is named after its kind.
const NAMES: [&str; 4] = ["haproxy", "envoy", "caddy", "nginx"];
const POOLS: [&str; 2] = ["blue", "green"];

/// Four routers in front of the same pools, everything on blue, each under a load that counts who answers.
struct Four {
    _pools: [Pool; 2],
    haproxy: Haproxy,
    envoy: Envoy,
    caddy: Arc<Caddy>,
    /// In front of Caddy's admin interface.
    relay: Relay,
    nginx: Nginx,
    traffic: [Traffic; 4],
}

/// What one router carries.
struct Traffic {
    load: Load,
    /// How many requests a count takes.
    count: u64,
}

impl Traffic {
    /// Exact weights need few requests. Where each request is a throw of dice, 4 points are more than four standard deviations
    /// of this many.
    fn start(front: SocketAddr, is_thrown: bool, connections: Connections) -> Self {
        let (rate, count) = if is_thrown { (500, 2_800) } else { (200, 1_000) };
        Self { load: Load::start(front, rate, u64::MAX, connections), count }
    }
}

impl Four {
    fn start() -> Self {
        let (blue, green) = (Pool::start("blue", 2), Pool::start("green", 3));
        let (at_blue, at_green) = (blue.addresses(), green.addresses());
        let haproxy = haproxy::Setup::new(Layout::A { blue: &at_blue, green: &at_green }).patient().start();
        let envoy = envoy::Setup::new(&[("blue", &at_blue), ("green", &at_green)]).start();
        let caddy = Arc::new(caddy::Setup::inner(&[&blue, &green]).start());
        let relay = Relay::to(caddy.admin());
        let nginx = Nginx::start(Way::Split, at_blue, at_green);
        // Caddy and nginx close connections that are kept when they take a change.
        let traffic = [
            Traffic::start(haproxy.front(), false, Connections::Kept),
            Traffic::start(envoy.front(), true, Connections::Kept),
            Traffic::start(caddy.front(), false, Connections::New),
            Traffic::start(nginx.front(), true, Connections::New),
        ];
        Self { _pools: [blue, green], haproxy, envoy, caddy, relay, nginx, traffic }
    }

    /// A profile of all four.
    fn site(&self, steps: &str) -> Site {
        let [_, envoy, caddy, nginx] = NAMES.map(|name| format!("[[router]]\nname = \"{name}\"\nkind = \"{name}\"\n"));
        let dials = self.caddy.dials();
        let test = [program("nginx", "nginx").display().to_string()];
        let test: Vec<String> = test.into_iter().chain(self.nginx.command(&["-t"]).split_off(1)).collect();
        let routers = [
            router(NAMES[0], &self.haproxy.admin_socket(), &self.haproxy, Shape::A, &POOLS),
            format!(
                "{envoy}at = \"http://{}\"\nprefix = \"{PREFIX}\"\npools = {{ blue = \"blue\", green = \"green\" }}\n",
                self.envoy.admin()
            ),
            format!(
                "{caddy}at = \"http://{}\"\norigin = \"http://{}\"\nhandler = \"app_pools\"\n\
                 pools = {{ blue = \"{}\", green = \"{}\" }}\ninner = {{ blue = \"pool_blue\", green = \"pool_green\" }}\n",
                self.relay.address(),
                self.caddy.admin(),
                dials[0],
                dials[1]
            ),
            format!(
                "{nginx}file = \"{}\"\nsplit = \"$pool\"\npools = {{ blue = \"blue\", green = \"green\" }}\n\
                 status = \"http://{}/flightdeck\"\npid_file = \"{}\"\ntest = {test:?}\n",
                self.nginx.file().display(),
                self.nginx.status(),
                self.nginx.pid_file().display()
            ),
        ];
        // Long enough that the others' answers are there before the one that fails is given up.
        let timing = "[timing]\nrouter_timeout = \"5s\"\n";
        Site::new(&(head(&POOLS) + timing + &routers.join("\n") + steps))
    }

    /// Blue's percentage as a router itself has it, in the profile's order.
    fn blue_at(&self, index: usize) -> f64 {
        let share = |blue: u32, green: u32| 100.0 * f64::from(blue) / f64::from(blue + green);
        match index {
            0 => percent(&self.haproxy, "blue"),
            1 => {
                let weights = self.envoy.weights();
                share(weights[&format!("{PREFIX}.blue")], weights[&format!("{PREFIX}.green")])
            }
            2 => {
                let (weights, dials) = (self.caddy.weights(), self.caddy.dials());
                share(weights[&dials[0]], weights[&dials[1]])
            }
            _ => {
                let weights = self.nginx.weights();
                share(weights["blue"], weights["green"])
            }
        }
    }

    /// A router itself has this percentage of blue.
    fn has(&self, index: usize, blue: f64) {
        let has = self.blue_at(index);
        assert!((has - blue).abs() <= 0.1, "{} is to have {blue} % of blue and has {has} %", NAMES[index]);
    }

    /// All four themselves have this percentage of blue, and from here on the traffic through each follows: it is off by 4
    /// points at most, and no request is lost.
    fn have(&self, blue: f64) {
        for index in 0..NAMES.len() {
            self.has(index, blue);
        }
        let before = self.tallies();
        let counted = || {
            let all = self.tallies().into_iter().zip(&before);
            all.map(|(now, before)| now.since(before)).collect::<Vec<_>>()
        };
        wait("enough requests through each", || {
            counted().iter().zip(&self.traffic).all(|(tally, traffic)| tally.answered() >= traffic.count)
        });
        for (name, tally) in NAMES.iter().zip(counted()) {
            let (answered, share) = (tally.answered(), tally.percent("blue"));
            let is_exact = blue == 0.0 || (blue - 100.0).abs() < f64::EPSILON;
            let slack = if is_exact { 0.0 } else { 4.0 };
            assert!(
                (share - blue).abs() <= slack,
                "{name}: asked {blue} % of blue, counted {share:.1} % of {answered}: {tally:?}"
            );
            assert_eq!(tally.failed(), 0, "{name}: {tally:?}");
        }
    }

    fn tallies(&self) -> [Tally; 4] {
        self.traffic.each_ref().map(|traffic| traffic.load.tally())
    }

    /// Flies the next shift, which is verified on all four.
    fn shift(&self, cockpit: &mut Cockpit, to: &str, blue: f64) {
        cockpit.shift();
        cockpit.has_been_told(&format!("{to}, verified on 4 of 4"));
        self.have(blue);
    }

    /// Flies the next shift, to half and half, in the middle of which Caddy stops where it is.
    fn shift_without_caddy(&self, cockpit: &mut Cockpit) {
        let caddy = Arc::clone(&self.caddy);
        self.relay.at_the_next_change(move || caddy.freeze(true));
        cockpit.next("send");
        // Nobody waits for the one that does not answer.
        cockpit.pty.wait_until("the other three to be verified", |screen| {
            let shown = screen.contents();
            let is_verified =
                |name: &str| row(&shown, name).is_some_and(|row| row.contains("50 / 50") && row.contains("verified"));
            let verified = NAMES.map(is_verified);
            assert!(!verified[2], "caddy is not heard of:\n{shown}");
            let three = verified[0] && verified[1] && verified[3];
            assert!(three || !shown.contains("is not done everywhere"), "the others were delayed:\n{shown}");
            three
        });
        for index in [0, 1, 3] {
            self.has(index, 50.0);
        }
        cockpit.shows(&["50 / 50 is not done everywhere: caddy not verified"]);
        cockpit.press_until("x", "retry what is not verified");
        cockpit.shows(&[
            "haproxy  ✓ verified",
            "envoy    ✓ verified",
            "caddy    ? unknown, asking again",
            "nginx    ✓ verified",
            "last known 10 / 90",
        ]);
    }

    /// Lets Caddy go on, and waits until it carries traffic as before.
    fn thaw(&self) {
        let before = self.traffic[2].load.tally();
        self.caddy.freeze(false);
        wait("Caddy to carry traffic again", || self.traffic[2].load.tally().since(&before).answered() > 500);
    }
}

/// A router's row in the traffic: its name, then its kind.
fn row<'a>(shown: &'a str, name: &str) -> Option<&'a str> {
    shown.lines().find(|line| {
        let mut words = line.trim_start_matches(['│', '›', ' ']).split_whitespace();
        words.next() == Some(name) && words.next() == Some(name)
    })
}

#[test]
fn one_plan_is_flown_over_four_systems_one_of_which_fails_in_the_middle() {
    let four = Four::start();
    let to_blue = |percent: u32, rest: &str| shift(&format!("Blue {percent}"), &format!("blue = {percent}"), rest);
    let plan = shift("Drain blue", "blue = 0", "")
        + &to_blue(10, "")
        + &to_blue(50, "")
        + &to_blue(100, "back_to = { blue = 0 }");
    let site = four.site(&plan);
    let mut cockpit = site.open_with(|line| NAMES.iter().any(|name| row(line, name).is_some()));
    cockpit.shows(&["100 / 0"]);
    four.have(100.0);
    four.shift(&mut cockpit, "0 / 100", 0.0);
    four.shift(&mut cockpit, "10 / 90", 10.0);

    four.shift_without_caddy(&mut cockpit);
    // It takes the change when it goes on: late, and found.
    four.thaw();
    cockpit.step_is_over();
    cockpit.has_been_told("50 / 50, verified on 4 of 4");
    four.have(50.0);
    site.record_with("3 changes, 3 verified everywhere");

    four.shift(&mut cockpit, "100 / 0", 100.0);
    cockpit.shows(&["every step of the plan is over", "Plan 4/4"]);
    cockpit.keys("R");
    cockpit.shows(&["back_to of Blue 100"]);
    cockpit.confirm("roll back");
    site.record_with("5 changes, 5 verified everywhere, 1 rollback");
    cockpit.has_been_told("rolled back: 0 / 100, verified on 4 of 4");
    four.have(0.0);
    cockpit.quit();
    for (name, tally) in NAMES.iter().zip(four.tallies()) {
        // Whoever is stopped may lose what it was asked meanwhile.
        assert!(*name == "caddy" || tally.failed() == 0, "{name} lost requests of the flight: {tally:?}");
    }
}
