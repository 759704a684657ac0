//! The load: clients that come when they come, whatever the answers take (an open loop), within a bound.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout};

use super::Shared;
use super::random::Random;
use super::task::lock;
use super::wire::Wire;

/// Requests under way per router. What comes beyond is counted and not sent.
const AT_ONCE: usize = 256;
/// How long a client waits.
const PATIENCE: Duration = Duration::from_mins(1);
/// How far the rate swings around its mean.
const SWING: f64 = 0.3;
/// When the machine could not keep up for this long, the arrivals of that time are let go: a burst would only look odd.
const LATE: Duration = Duration::from_millis(250);

/// What the clients saw since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LoadSeen {
    /// Requests that got a whole answer below 500.
    pub answered: u64,
    /// Requests that got 500 or above.
    pub refused: u64,
    /// Requests that got no whole answer.
    pub broken: u64,
    /// Requests that were not sent, because too many were under way.
    pub skipped: u64,
}

/// The clients of one router.
pub(super) struct Load {
    port: u16,
    shared: Arc<Shared>,
    idle: Mutex<Vec<Wire>>,
    answered: AtomicU64,
    refused: AtomicU64,
    broken: AtomicU64,
    skipped: AtomicU64,
}

impl Load {
    /// Starts sending.
    pub(super) fn start(shared: &Arc<Shared>, port: u16) -> Arc<Self> {
        let load = Arc::new(Self {
            port,
            shared: shared.clone(),
            idle: Mutex::default(),
            answered: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            broken: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
        });
        let each = load.clone();
        shared.tasks.spawn(async move { each.send().await });
        load
    }

    /// What its clients saw.
    pub(super) fn seen(&self) -> LoadSeen {
        LoadSeen {
            answered: self.answered.load(Relaxed),
            refused: self.refused.load(Relaxed),
            broken: self.broken.load(Relaxed),
            skipped: self.skipped.load(Relaxed),
        }
    }

    async fn send(self: &Arc<Self>) {
        let options = &self.shared.options;
        let mean = options.requests_per_second / 2.0;
        let mut random = Random::new(options.seed ^ u64::from(self.port));
        let bound = Arc::new(Semaphore::new(AT_ONCE));
        let began = Instant::now();
        let mut next = began;
        if mean <= 0.0 {
            return;
        }
        loop {
            next += Duration::from_secs_f64(random.arrival() / rate(mean, next - began, options.wave));
            sleep_until(next).await;
            if next.elapsed() > LATE {
                next = Instant::now();
            }
            let Ok(permit) = bound.clone().try_acquire_owned() else {
                self.skipped.fetch_add(1, Relaxed);
                continue;
            };
            let (load, request) = (self.clone(), request(&mut random, options.export_share));
            self.shared.tasks.spawn(async move {
                match timeout(PATIENCE, load.ask(request.as_bytes())).await {
                    Ok(Ok(0..500)) => load.answered.fetch_add(1, Relaxed),
                    Ok(Ok(_)) => load.refused.fetch_add(1, Relaxed),
                    Ok(Err(_)) | Err(_) => load.broken.fetch_add(1, Relaxed),
                };
                drop(permit);
            });
        }
    }

    /// Sends one request over a kept connection and reads its whole answer.
    async fn ask(&self, request: &[u8]) -> io::Result<u16> {
        let mut wire = loop {
            let kept = lock(&self.idle).pop();
            match kept {
                Some(wire) if wire.is_idle() => break wire,
                Some(_closed_by_the_router) => {}
                None => break Wire::connect(self.port).await?,
            }
        };
        wire.write(request).await?;
        let head = wire.head().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        wire.pass(Vec::new(), head.length, None).await?;
        if !head.closes() {
            lock(&self.idle).push(wire);
        }
        Ok(head.status())
    }
}

/// Requests per second at a moment: a slow wave around the mean.
fn rate(mean: f64, at: Duration, wave: Duration) -> f64 {
    let turns = at.as_secs_f64() / wave.as_secs_f64().max(1.0);
    mean * (1.0 + SWING * (turns * std::f64::consts::TAU).sin())
}

/// What the next client wants.
fn request(random: &mut Random, export_share: f64) -> String {
    if random.chance(export_share) {
        return get("/v1/exports/settlement");
    }
    let payment = random.bits() >> 40;
    match random.unit() {
        0.0..0.5 => post("/v1/payments/authorize", payment),
        0.5..0.6 => post("/v1/payments/capture", payment),
        0.6..0.94 => get(&format!("/v1/payments/pay_{payment:06x}")),
        _ => get("/"),
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: payments-api\r\n\r\n")
}

fn post(path: &str, payment: u64) -> String {
    let body = format!("{{\"payment\":\"pay_{payment:06x}\"}}");
    format!("POST {path} HTTP/1.1\r\nHost: payments-api\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wave_swings_by_a_third_about_its_mean() {
        let at = |seconds| rate(100.0, Duration::from_secs(seconds), Duration::from_mins(1));
        for (seconds, wanted) in [(0, 100.0), (15, 130.0), (30, 100.0), (45, 70.0), (75, 130.0)] {
            assert!((at(seconds) - wanted).abs() < 1e-6, "second {seconds}: {}", at(seconds));
        }
    }
}
