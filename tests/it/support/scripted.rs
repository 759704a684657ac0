//! One scripted router of the cockpit that tests drive.

use flightdeck::domain::reading::{Admin, Health, Identity, ServerReading, Skew};
use flightdeck::domain::{NativeSplit, NativeWeight, Outcome, PoolId, Prepared, Reading, Target, Underway};
use flightdeck::flight;

pub(super) const SERVERS: usize = 3;
pub(super) const RATE: u64 = 620;

/// How a scripted router behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mood {
    /// It does what it is asked and answers.
    #[default]
    Well,
    /// It does what it is asked, and no answer comes.
    LosesAnswers,
    /// Nothing arrives and nothing comes back.
    Silent,
    /// It says no to every write.
    Refuses,
}

/// One scripted router: three servers per pool, 620 requests per second by weight.
#[derive(Clone, Debug)]
pub struct FakeRouter {
    /// How it behaves.
    pub mood: Mood,
    /// Weights by pool, in the profile's order, each for every server of the pool.
    pub weights: Vec<u32>,
    /// Servers that are up, by pool.
    pub up: Vec<usize>,
    /// Its process; another one is a restart.
    pub process: u32,
    /// Its node; another one is another router.
    pub node: String,
    /// Requests per second, shared by weight.
    pub rate: u64,
    /// The weights that its traffic follows instead of those that it was given: kept connections, sticky clients.
    pub routes: Option<Vec<u32>>,
    /// What it tells of why that may be.
    pub skew: Option<Skew>,
    /// What it tells of work of its own.
    pub underway: Option<Underway>,
    /// Of each pool's requests, how many in a thousand fail.
    pub failing: Vec<u64>,
    pub(super) requests: Vec<u64>,
    /// In thousandths, so that few requests fail as many do.
    pub(super) errors: Vec<u64>,
    pub(super) in_flight: Vec<u64>,
    pub(super) counted: u64,
}

impl FakeRouter {
    fn native(&self, pools: &[PoolId]) -> NativeSplit {
        NativeSplit(native(pools, &self.weights))
    }

    pub(super) fn set(&mut self, pools: &[PoolId], send: &flight::Send) -> Outcome {
        let unknown = || Outcome::Unknown { why: "no answer for 2 s".to_owned() };
        let read = self.native(pools);
        if self.mood == Mood::Silent {
            return unknown();
        }
        if send.expected.as_ref().is_some_and(|expected| !read.holds(expected)) {
            return Outcome::Moved { read };
        }
        if self.mood == Mood::Refuses {
            return Outcome::Failed { why: "permission denied".to_owned() };
        }
        for wanted in &send.prepared.native.0 {
            if let Some(index) = pools.iter().position(|pool| *pool == wanted.pool) {
                self.weights[index] = wanted.weight;
            }
        }
        if self.mood == Mood::LosesAnswers { unknown() } else { Outcome::Accepted }
    }

    pub(super) fn flow(&mut self, ms: u64) {
        let weights = self.routes.clone().unwrap_or_else(|| self.weights.clone());
        let whole: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
        let passed = ms.saturating_sub(self.counted);
        for (index, weight) in weights.iter().enumerate() {
            let share = (self.rate * passed * u64::from(*weight)).checked_div(whole * 1000).unwrap_or(0);
            self.requests[index] += share;
            self.errors[index] += share * self.failing[index];
            self.in_flight[index] = match share {
                0 => self.in_flight[index].saturating_sub(passed / 100),
                _ => u64::from(*weight) / 2 + 3,
            };
        }
        self.counted = ms;
    }

    pub(super) fn read(&mut self, pools: &[PoolId], ms: u64) -> Reading {
        self.flow(ms);
        let native = self.native(pools);
        let mut servers = Vec::new();
        for (index, pool) in pools.iter().enumerate() {
            for server in 0..SERVERS {
                let part = |whole: u64| {
                    let (each, rest) = (whole / SERVERS as u64, whole % SERVERS as u64);
                    Some(each + u64::from((server as u64) < rest))
                };
                servers.push(ServerReading {
                    name: format!("{pool}-{}", server + 1),
                    pool: pool.clone(),
                    health: if server < self.up[index] { Health::Up } else { Health::Down },
                    admin: Admin::Ready,
                    in_flight: part(self.in_flight[index]),
                    requests: part(self.requests[index]),
                    errors: part(self.errors[index] / 1000),
                    response: None,
                });
            }
        }
        Reading {
            identity: Identity { node: self.node.clone(), process: self.process.to_string() },
            generation: String::new(),
            uptime: None,
            effective: native.shares(pools),
            native,
            servers,
            warnings: Vec::new(),
            underway: self.underway.clone(),
            skew: self.skew,
        }
    }
}

fn native(pools: &[PoolId], weights: &[u32]) -> Vec<NativeWeight> {
    let each = |(pool, weight): (&PoolId, &u32)| NativeWeight {
        reference: format!("app/{pool}"),
        pool: pool.clone(),
        weight: *weight,
        admin: Admin::Ready,
    };
    pools.iter().zip(weights).map(each).collect()
}

pub(super) fn prepare(pools: &[PoolId], target: &Target) -> Prepared {
    let native = match target {
        Target::Native(native) => native.clone(),
        Target::Weights(weights) => {
            let percent: Vec<u32> = pools.iter().map(|pool| weights.of(pool).0.div_ceil(100)).collect();
            NativeSplit(native(pools, &percent))
        }
    };
    let requests = native.0.iter().map(|each| format!("set weight {} {}", each.reference, each.weight)).collect();
    Prepared { requests, shares: native.shares(pools), native, notes: Vec::new() }
}
