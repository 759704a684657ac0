//! A router that can be stopped, restarted, changed behind the operator's back, and that answers late or not at all.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::reading::{Admin, Health, Identity, ServerReading};
use flightdeck::domain::{NativeSplit, NativeWeight, PoolId, Prepared, Reading, Target, Underway};

/// One simulated router.
#[derive(Clone, Debug)]
pub struct Router {
    pools: Vec<PoolId>,
    configured: Vec<u32>,
    pub weights: Vec<u32>,
    pub stopped: bool,
    pub dead: bool,
    /// Pools whose servers fail their checks.
    pub down: Vec<bool>,
    /// Writes that came while it was stopped: applied, in order, when it goes on.
    pub held: VecDeque<NativeSplit>,
    /// How long a change takes until it reads back, in milliseconds.
    pub lag: u64,
    /// What it says of work under way.
    pub underway: Option<Underway>,
    /// Whether it tells that it is at work while what it reads is behind.
    pub tells: bool,
    /// What still reads, and since when it is out of date, once that is known.
    behind: Option<(Vec<u32>, Option<u64>)>,
    process: u32,
    started: u64,
    requests: Vec<u64>,
    in_flight: Vec<u64>,
    fed: Vec<u64>,
    counted: u64,
}

impl Router {
    pub fn new(pools: &[PoolId], weights: &[u32]) -> Self {
        Self {
            pools: pools.to_vec(),
            configured: weights.to_vec(),
            weights: weights.to_vec(),
            stopped: false,
            dead: false,
            down: vec![false; pools.len()],
            held: VecDeque::new(),
            lag: 0,
            underway: None,
            tells: false,
            behind: None,
            process: 1,
            started: 0,
            requests: vec![0; pools.len()],
            in_flight: vec![0; pools.len()],
            fed: vec![0; pools.len()],
            counted: 0,
        }
    }

    pub fn native(&self) -> NativeSplit {
        NativeSplit(
            self.pools
                .iter()
                .zip(&self.weights)
                .map(|(pool, weight)| NativeWeight {
                    reference: format!("app/{pool}"),
                    pool: pool.clone(),
                    weight: *weight,
                    admin: Admin::Ready,
                })
                .collect(),
        )
    }

    pub fn apply(&mut self, native: &NativeSplit) {
        if self.lag > 0 {
            self.behind = Some((self.weights.clone(), None));
        }
        for wanted in &native.0 {
            if let Some(index) = self.pools.iter().position(|pool| *pool == wanted.pool) {
                self.weights[index] = wanted.weight;
            }
        }
    }

    /// The same as a system that takes so long until a change reads back, and tells or does not tell of it.
    #[must_use]
    pub fn slow(self, lag: u64, tells: bool) -> Self {
        Self { lag, tells, ..self }
    }

    /// Whether what it reads is not what it has yet.
    pub fn is_behind(&self) -> bool {
        self.behind.is_some()
    }

    pub fn go_on(&mut self) {
        self.stopped = false;
        while let Some(write) = self.held.pop_front() {
            self.apply(&write);
        }
    }

    pub fn restart(&mut self, now: u64) {
        self.weights = self.configured.clone();
        self.behind = None;
        self.held.clear();
        self.stopped = false;
        self.dead = false;
        self.process += 1;
        self.started = now;
        self.requests.fill(0);
        self.in_flight.fill(0);
        self.fed.fill(now);
        self.counted = now;
    }

    /// Traffic: 100 requests per second by weight; a pool without weight finishes what it has.
    fn flow(&mut self, now: u64) {
        let whole: u64 = self.weights.iter().map(|weight| u64::from(*weight)).sum();
        let came = (now - self.counted) / 10;
        for (index, weight) in self.weights.iter().enumerate() {
            let part = (came * u64::from(*weight)).checked_div(whole).unwrap_or(0);
            self.requests[index] += part;
            if *weight > 0 {
                self.fed[index] = now;
            }
            // A pool without weight finishes what it has: one request a second.
            self.in_flight[index] = 3_u64.saturating_sub((now - self.fed[index]) / 1_000);
        }
        self.counted += came * 10;
    }

    /// Requests that come to a pool whatever its weight: kept connections, sticky clients.
    pub fn stray(&mut self, pool: &PoolId, count: u64) {
        if let Some(index) = self.pools.iter().position(|each| each == pool) {
            self.requests[index] += count;
        }
    }

    pub fn read(&mut self, now: u64) -> Arc<Reading> {
        self.flow(now);
        let mut native = self.native();
        let mut underway = self.underway.clone();
        if let Some((old, since)) = &mut self.behind {
            if now < *since.get_or_insert(now) + self.lag {
                native.0.iter_mut().zip(old).for_each(|(each, old)| each.weight = *old);
                underway = underway.or_else(|| self.tells.then(Underway::default));
            } else {
                self.behind = None;
            }
        }
        let effective = native.shares(&self.pools);
        Arc::new(Reading {
            identity: Identity { node: "sim".to_owned(), process: self.process.to_string() },
            generation: String::new(),
            uptime: Some(Duration::from_millis(now - self.started)),
            servers: self
                .pools
                .iter()
                .enumerate()
                .map(|(index, pool)| ServerReading {
                    name: pool.to_string(),
                    pool: pool.clone(),
                    health: if self.down[index] { Health::Down } else { Health::Up },
                    admin: Admin::Ready,
                    in_flight: Some(self.in_flight[index]),
                    requests: Some(self.requests[index]),
                    errors: Some(0),
                    response: None,
                })
                .collect(),
            native,
            effective,
            warnings: Vec::new(),
            underway,
            skew: None,
        })
    }
}

/// What a target means for such a router: whole percents. Pure.
pub fn prepare(pools: &[PoolId], target: &Target) -> Prepared {
    let native = match target {
        Target::Native(native) => native.clone(),
        Target::Weights(weights) => NativeSplit(
            pools
                .iter()
                .map(|pool| NativeWeight {
                    reference: format!("app/{pool}"),
                    pool: pool.clone(),
                    weight: weights.of(pool).0.div_ceil(100),
                    admin: Admin::Ready,
                })
                .collect(),
        ),
    };
    let requests = native.0.iter().map(|each| format!("set {} {}", each.reference, each.weight)).collect();
    let shares = native.shares(pools);
    Prepared { requests, native, shares, notes: Vec::new() }
}
