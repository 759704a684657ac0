//! A weighted router that really routes: an HTTP proxy in front of both pools, steered over an HTTP interface.
//!
//! - [`balance`]: which server is next; `carry`: a request there and its answer back; `health`: who can be asked at all;
//!   `control`: the interface that an adapter speaks to.
//!
//! Weights are kept in memory alone, as with most routers: a restart gives back the configured ones, starts the counters
//! again and answers with another identity.

mod balance;
mod carry;
mod control;
mod health;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use self::balance::Balance;
pub(super) use self::balance::MOST;
use super::server::Server;
use super::task::{Tasks, lock};
use super::wire::Wire;
use crate::domain::reading::{Admin, Health};

/// The weight that every server has in the configuration.
const CONFIGURED: u32 = 50;

/// A router of the built-in world.
pub(super) struct Router {
    pub(super) name: String,
    /// Where traffic goes in.
    pub(super) traffic_port: u16,
    /// Where it is steered.
    pub(super) control_port: u16,
    tasks: Tasks,
    /// Name, pool and port of each server.
    configured: Vec<(String, String, u16)>,
    life: Mutex<Arc<Life>>,
    is_hung: watch::Sender<bool>,
    /// Changes are applied one after the other, in the order in which they came, also those that waited out a hang.
    turn: tokio::sync::Mutex<()>,
}

/// One process of a router.
struct Life {
    process: u64,
    started: Instant,
    servers: Vec<Arc<Upstream>>,
    balance: Mutex<Balance>,
    /// Cuts its connections.
    cancel: CancellationToken,
}

/// One server as a router sees it.
struct Upstream {
    name: String,
    pool: String,
    port: u16,
    is_up: AtomicBool,
    admin: Mutex<Admin>,
    in_flight: AtomicU64,
    requests: AtomicU64,
    errors: AtomicU64,
    /// A running average of the time to an answer's head.
    average_us: AtomicU64,
    /// Kept connections that nobody uses.
    idle: Mutex<Vec<Wire>>,
}

impl Router {
    /// Starts a router on two free ports.
    pub(super) async fn start(
        tasks: &Tasks,
        name: &str,
        process: u64,
        servers: &[Arc<Server>],
        health_every: Duration,
    ) -> io::Result<Arc<Self>> {
        let traffic = TcpListener::bind(("127.0.0.1", 0)).await?;
        let control = TcpListener::bind(("127.0.0.1", 0)).await?;
        let configured: Vec<_> =
            servers.iter().map(|server| (server.name.clone(), server.pool.clone(), server.port)).collect();
        let router = Arc::new(Self {
            name: name.to_owned(),
            traffic_port: traffic.local_addr()?.port(),
            control_port: control.local_addr()?.port(),
            tasks: tasks.clone(),
            life: Mutex::new(Life::new(process, &configured, tasks)),
            configured,
            is_hung: watch::Sender::new(false),
            turn: tokio::sync::Mutex::default(),
        });
        let each = router.clone();
        tasks.spawn(async move {
            accept(&traffic, |client| {
                let life = each.life();
                each.tasks.spawn(async move {
                    let carried = carry::carry(&life, client);
                    // A connection that broke is the client's affair; what went wrong behind it is counted.
                    drop(life.cancel.run_until_cancelled(carried).await);
                });
            })
            .await;
        });
        let each = router.clone();
        tasks.spawn(async move {
            accept(&control, |client| {
                let (router, life) = (each.clone(), each.life());
                each.tasks.spawn(async move {
                    let served = control::serve(&router, &life, client);
                    // A connection that broke is the client's affair.
                    drop(life.cancel.run_until_cancelled(served).await);
                });
            })
            .await;
        });
        let each = router.clone();
        tasks.spawn(async move { health::watch(&each, health_every).await });
        Ok(router)
    }

    fn life(&self) -> Arc<Life> {
        lock(&self.life).clone()
    }

    /// Makes the control interface take requests and not answer, or answer again. Traffic goes on. `false` when it was
    /// so already.
    pub(super) fn hang(&self, on: bool) -> bool {
        self.is_hung.send_if_modified(|is_hung| std::mem::replace(is_hung, on) != on)
    }

    pub(super) fn is_hung(&self) -> bool {
        *self.is_hung.borrow()
    }

    /// Restarts it: configured weights, counters at zero, connections cut, a hang and what waited in it gone.
    pub(super) fn restart(&self, process: u64) {
        let next = Life::new(process, &self.configured, &self.tasks);
        let before = std::mem::replace(&mut *lock(&self.life), next);
        before.cancel.cancel();
        self.hang(false);
    }

    /// Changes the weight of one pool's first server, as somebody at another console would: server, before, after.
    pub(super) fn meddle(&self, pool: &str) -> Option<(String, u32, u32)> {
        let life = self.life();
        let index = life.servers.iter().position(|server| server.pool == pool)?;
        let mut balance = lock(&life.balance);
        let mut weights = balance.weights().to_vec();
        let weight = weights.get_mut(index)?;
        let before = *weight;
        *weight = if before >= 2 { before / 2 } else { CONFIGURED };
        let after = *weight;
        balance.set(weights);
        Some((life.servers.get(index)?.name.clone(), before, after))
    }
}

/// Hands over every connection.
async fn accept(listener: &TcpListener, mut serve: impl FnMut(Wire)) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => serve(Wire::new(stream)),
            // Out of descriptors, mostly: wait until some are free again.
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

impl Life {
    fn new(process: u64, configured: &[(String, String, u16)], tasks: &Tasks) -> Arc<Self> {
        let servers = configured
            .iter()
            .map(|(name, pool, port)| {
                Arc::new(Upstream {
                    name: name.clone(),
                    pool: pool.clone(),
                    port: *port,
                    is_up: AtomicBool::new(true),
                    admin: Mutex::new(Admin::Ready),
                    in_flight: AtomicU64::new(0),
                    requests: AtomicU64::new(0),
                    errors: AtomicU64::new(0),
                    average_us: AtomicU64::new(0),
                    idle: Mutex::default(),
                })
            })
            .collect();
        Arc::new(Self {
            process,
            started: Instant::now(),
            servers,
            balance: Mutex::new(Balance::new(vec![CONFIGURED; configured.len()])),
            cancel: tasks.cancel.child_token(),
        })
    }

    /// The server for the next request.
    fn choose(&self) -> Option<Arc<Upstream>> {
        let may = |index: usize| self.servers.get(index).is_some_and(|server| server.takes_traffic());
        let index = lock(&self.balance).choose(may)?;
        self.servers.get(index).cloned()
    }
}

impl Upstream {
    fn takes_traffic(&self) -> bool {
        self.is_up.load(Relaxed) && *lock(&self.admin) == Admin::Ready
    }

    fn health(&self) -> Health {
        if self.is_up.load(Relaxed) { Health::Up } else { Health::Down }
    }

    /// Moves the average a 64th of the way.
    fn took(&self, span: Duration) {
        let new = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        let old = self.average_us.load(Relaxed);
        let average = if old == 0 { new } else { (old * 63).saturating_add(new) / 64 };
        self.average_us.store(average, Relaxed);
    }
}
