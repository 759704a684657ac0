//! Two HAProxy processes in front of the same pools, both under load that counts who answers.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::cockpit::{Cockpit, Shape, Site, head, percent, router};
use super::haproxy::{Haproxy, Layout, Setup, wait};
use super::load::{Connections, Load, Tally, once};
use super::pool::Pool;

/// The routers, what they send traffic to, and the traffic.
pub struct Edges {
    shape: Shape,
    /// In the profile's order.
    names: Vec<&'static str>,
    pools: Vec<Pool>,
    /// The routers.
    pub both: [Haproxy; 2],
    loads: [Load; 2],
    /// How many requests a count takes.
    count: u64,
}

impl Edges {
    /// Blue with two servers and green with three, everything on blue.
    pub fn blue_green(shape: Shape) -> Self {
        let pools = vec![Pool::start("blue", 2), Pool::start("green", 3)];
        let (blue, green) = (pools[0].addresses(), pools[1].addresses());
        let layout = match shape {
            Shape::A => Layout::A { blue: &blue, green: &green },
            Shape::B => Layout::B { blue: &blue, green: &green },
            Shape::C => Layout::C { blue: &blue, green: &green },
        };
        let both = start(layout);
        Self::under_load(shape, vec!["blue", "green"], pools, both)
    }

    /// Blue and green with a canary of one server, all in one backend, everything on blue.
    pub fn with_a_canary() -> Self {
        let pools = vec![Pool::start("blue", 2), Pool::start("green", 3), Pool::start("canary", 1)];
        let at: Vec<(&str, Vec<SocketAddr>)> =
            pools.iter().map(|pool| (pool.name.as_str(), pool.addresses())).collect();
        let layout: Vec<(&str, &[SocketAddr])> = at.iter().map(|(name, at)| (*name, at.as_slice())).collect();
        let both = start(Layout::Pools(&layout));
        Self::under_load(Shape::A, vec!["canary", "blue", "green"], pools, both)
    }

    fn under_load(shape: Shape, names: Vec<&'static str>, pools: Vec<Pool>, both: [Haproxy; 2]) -> Self {
        // A percentage in a map throws dice for each request: of 5,000 the share is known to 0.7 points.
        let (rate, count) = if shape == Shape::B { (1_250, 5_000) } else { (800, 2_000) };
        let loads = [&both[0], &both[1]].map(|edge| Load::start(edge.front(), rate, u64::MAX, Connections::Kept));
        Self { shape, names, pools, both, loads, count }
    }

    /// A profile of both routers.
    pub fn site(&self, steps: &str) -> Site {
        let mut text = head(&self.names) + "[drain]\nquiet = \"1s\"\n";
        for (edge, number) in self.both.iter().zip(1..) {
            let router = router(&format!("edge-{number}"), &edge.admin_socket(), edge, self.shape, &self.names);
            write!(text, "{router}").unwrap();
        }
        Site::new(&(text + steps))
    }

    /// Both routers have these percentages, and from here on the traffic follows: each is off by 3 points at most.
    pub fn have(&self, asked: &[(&str, f64)]) {
        for edge in &self.both {
            for (pool, asked) in asked {
                let has = percent(edge, pool);
                assert!((has - asked).abs() <= 0.1, "{pool} is to have {asked} %: {:?}", edge.weights());
            }
        }
        let tallies = || [self.loads[0].tally(), self.loads[1].tally()];
        let before = tallies();
        let since = || {
            let now = tallies();
            [now[0].since(&before[0]), now[1].since(&before[1])]
        };
        let sum = |of: &dyn Fn(&Tally) -> u64| since().iter().map(of).sum::<u64>();
        wait("enough requests", || sum(&Tally::answered) >= self.count);
        let counted = since();
        let sum = |of: &dyn Fn(&Tally) -> u64| counted.iter().map(of).sum::<u64>();
        let answered = sum(&Tally::answered);
        for (pool, asked) in asked {
            let of_pool = sum(&|tally| tally.of(pool));
            let share = 100.0 * small(of_pool) / small(answered);
            assert!(
                (share - asked).abs() <= 3.0,
                "asked {asked} % of {pool}, counted {share:.1} % of {answered}: {counted:?}"
            );
            assert!(of_pool > 0 || *asked == 0.0, "{pool} is to have {asked} % and gets nothing: {counted:?}");
        }
        assert_eq!(sum(&Tally::failed), 0, "{counted:?}");
    }

    /// Flies the next step, which takes everything off `pool`, while one of the pool's requests ends only after everybody
    /// else's.
    pub fn drain(&self, cockpit: &mut Cockpit, pool: &str, asked: &[(&str, f64)]) {
        let drained = self.pools.iter().find(|each| each.name == pool).unwrap();
        let has_ended = Arc::new(AtomicBool::new(false));
        let (front, ended, name) = (self.both[1].front(), Arc::clone(&has_ended), pool.to_owned());
        let held = thread::spawn(move || {
            loop {
                // Other pools answer at once: nothing is held there any more.
                let answer = once(front, "/held");
                if !answer.as_ref().is_ok_and(|by| !by.starts_with(&name)) {
                    ended.store(true, Ordering::SeqCst);
                    return answer;
                }
            }
        });
        wait("the request to be in the pool", || drained.held() == 1);
        cockpit.shift();
        // Counting takes longer than the quiet time that is asked for.
        self.have(asked);
        let not_yet = format!("✗ {pool} not drained: in flight 1");
        cockpit.shows(&["draining", "1 req", "○ in flight 1", "✓ new requests 0", &not_yet]);
        assert!(!cockpit.has("✓ drained"), "{}", cockpit.pty.text());
        assert_eq!(drained.in_flight(), 1);
        drained.release();
        cockpit.pty.wait_until(&format!("{pool} to be drained"), |screen| {
            let says_drained = screen.contents().contains("✓ drained");
            if says_drained {
                assert!(has_ended.load(Ordering::SeqCst), "drained before the last request has ended");
                assert_eq!(drained.in_flight(), 0);
            }
            says_drained
        });
        let answer = held.join().unwrap().unwrap();
        assert!(answer.starts_with(pool), "{answer}");
    }

    /// Ends the load; no request of the whole flight was lost.
    pub fn end(self) {
        for load in self.loads {
            let tally = load.stop();
            assert_eq!(tally.failed(), 0, "no request was lost over the whole flight: {tally:?}");
        }
    }
}

fn start(layout: Layout<'_>) -> [Haproxy; 2] {
    [(); 2].map(|()| Setup::new(layout).patient().start())
}

/// Counts of a test are small.
fn small(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}
