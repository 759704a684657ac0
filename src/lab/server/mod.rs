//! One HTTP server of a pool: a port that stays, and one process after another behind it.
//!
//! Invariant: at most one [`Life`] listens on the port at a time; what it counts starts at zero with it.

mod route;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

pub(super) use self::route::Ailment;
use self::route::{Route, Served};
use super::Shared;
use super::log::{LogFile, Writer};
use super::metric::Metrics;
use super::task::lock;
use super::wire::{Head, Wire, answer_head};

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A server of the built-in world.
pub(super) struct Server {
    pub(super) name: String,
    pub(super) pool: String,
    pub(super) port: u16,
    shared: Arc<Shared>,
    log: Arc<LogFile>,
    version: Mutex<String>,
    life: Mutex<Option<Arc<Life>>>,
    is_killed: AtomicBool,
}

/// One process of a server.
struct Life {
    version: String,
    metrics: Metrics,
    is_stopping: AtomicBool,
    /// Cuts its connections and closes its port.
    cancel: CancellationToken,
}

impl Server {
    /// Starts a server on a free port.
    pub(super) async fn start(
        shared: &Arc<Shared>,
        log: &Arc<LogFile>,
        pool: &str,
        name: String,
    ) -> io::Result<Arc<Self>> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let server = Arc::new(Self {
            name,
            pool: pool.to_owned(),
            port: listener.local_addr()?.port(),
            shared: shared.clone(),
            log: log.clone(),
            version: Mutex::new(shared.options.from.clone()),
            life: Mutex::new(None),
            is_killed: AtomicBool::new(false),
        });
        server.live(listener);
        Ok(server)
    }

    /// The version that it runs, or would run if it were not down.
    pub(super) fn version(&self) -> String {
        lock(&self.version).clone()
    }

    /// Restarts it with another version: lets running requests end for a short while, is gone for a moment, comes back.
    pub(super) async fn restart(self: &Arc<Self>, version: &str) {
        let life = lock(&self.life).clone();
        if let Some(life) = &life {
            life.is_stopping.store(true, Relaxed);
            self.log.line("INFO", self.writer(&life.version), "stopping, letting requests end", format_args!(""));
            let grace = self.shared.options.restart * 2;
            // Whoever is still running after the grace is cut, as a supervisor would.
            drop(timeout(grace, Self::quiet(life)).await);
            life.cancel.cancel();
            *lock(&self.life) = None;
        }
        version.clone_into(&mut lock(&self.version));
        sleep(self.shared.options.restart).await;
        self.listen().await;
    }

    async fn quiet(life: &Life) {
        while life.metrics.in_flight() > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whether [`Server::kill`] holds it down.
    pub(super) fn is_killed(&self) -> bool {
        self.is_killed.load(Relaxed)
    }

    /// Ends it at once: connections are cut, the port refuses. `false` when it was dead already.
    pub(super) fn kill(&self) -> bool {
        let was_alive = !self.is_killed.swap(true, Relaxed);
        if let Some(life) = lock(&self.life).take() {
            life.cancel.cancel();
        }
        was_alive
    }

    /// Starts it again after [`Server::kill`]. `false` when it was not dead.
    pub(super) fn revive(self: &Arc<Self>) -> bool {
        let was_dead = self.is_killed.swap(false, Relaxed);
        if was_dead {
            let server = self.clone();
            self.shared.tasks.spawn(async move { server.listen().await });
        }
        was_dead
    }

    /// Takes its port again, as soon as the process before has let go of it, unless it is killed or another did so.
    async fn listen(self: &Arc<Self>) {
        while !self.is_killed() && lock(&self.life).is_none() {
            match TcpListener::bind(("127.0.0.1", self.port)).await {
                Ok(listener) => return self.live(listener),
                Err(_still_taken) => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Begins a new process behind the port.
    fn live(self: &Arc<Self>, listener: TcpListener) {
        let life = Arc::new(Life {
            version: self.version(),
            metrics: Metrics::default(),
            is_stopping: AtomicBool::new(false),
            cancel: self.shared.tasks.cancel.child_token(),
        });
        self.log.line("INFO", self.writer(&life.version), "listening", format_args!(r#","port":{}"#, self.port));
        *lock(&self.life) = Some(life.clone());
        let server = self.clone();
        self.shared.tasks.spawn(async move {
            life.cancel.run_until_cancelled(server.accept(&life, listener)).await;
        });
    }

    async fn accept(self: &Arc<Self>, life: &Arc<Life>, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let (server, life) = (self.clone(), life.clone());
                    self.shared.tasks.spawn(async move {
                        let connection = server.serve(&life, Wire::new(stream));
                        // A connection that broke is the other side's affair.
                        drop(life.cancel.run_until_cancelled(connection).await);
                    });
                }
                // Out of descriptors, mostly: wait until some are free again.
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn writer<'a>(&'a self, version: &'a str) -> Writer<'a> {
        Writer { server: &self.name, version }
    }

    /// Serves one connection until it closes.
    async fn serve(&self, life: &Life, mut wire: Wire) -> io::Result<()> {
        while let Some(head) = wire.head().await? {
            wire.body(head.length).await?;
            let closing = if life.is_stopping.load(Relaxed) || head.closes() { "Connection: close\r\n" } else { "" };
            match (head.method(), head.path()) {
                ("GET", "/health") => self.health(life, &mut wire, closing).await?,
                ("GET", "/version") => wire.answer(200, JSON, closing, &self.who(life)).await?,
                ("GET", "/metrics") => {
                    let labels = format!(r#"pool="{}",server="{}",version="{}""#, self.pool, self.name, life.version);
                    wire.answer(200, TEXT, closing, &life.metrics.text(&labels)).await?;
                }
                _ => self.business(life, &mut wire, &head, closing).await?,
            }
            if !closing.is_empty() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn who(&self, life: &Life) -> String {
        format!("{{\"pool\":\"{}\",\"server\":\"{}\",\"version\":\"{}\"}}\n", self.pool, self.name, life.version)
    }

    async fn health(&self, life: &Life, wire: &mut Wire, closing: &str) -> io::Result<()> {
        let (status, body) = if life.is_stopping.load(Relaxed) { (503, "stopping\n") } else { (200, "ok\n") };
        self.log.line(
            "INFO",
            self.writer(&life.version),
            "health check",
            format_args!(r#","route":"/health","status":{status}"#),
        );
        wire.answer(status, "text/plain", closing, body).await
    }

    async fn business(&self, life: &Life, wire: &mut Wire, head: &Head, closing: &str) -> io::Result<()> {
        let began = Instant::now();
        let flight = life.metrics.enter();
        let route = Route::of(head.method(), head.path());
        let served = self.shared.draw(|random| route.serve(random, &self.shared.faults_for(&life.version)));
        let stan = self.shared.stan();
        if route.asks_issuer() {
            self.log.line(
                "INFO",
                self.writer(&life.version),
                "asking the issuer",
                format_args!(
                    r#","method":"{}","route":"{}","stan":"{stan:06}","trace":"{:016x}""#,
                    route.method, route.template, served.trace
                ),
            );
        }
        sleep(served.latency).await;
        let took = began.elapsed();
        if let Some(span) = served.export.filter(|_| served.status == 200) {
            let head = self.head(life, 200, route::EXPORT_PART.len() * route::EXPORT_PARTS, closing);
            wire.write(head.as_bytes()).await?;
            for part in 0..route::EXPORT_PARTS {
                if part > 0 {
                    sleep(span / u32::try_from(route::EXPORT_PARTS).unwrap_or(1)).await;
                }
                wire.write(route::EXPORT_PART.as_bytes()).await?;
            }
            life.metrics.exported(200, began.elapsed());
        } else {
            life.metrics.answered(served.status, took);
            let body = self.who(life);
            let head = self.head(life, served.status, body.len(), closing);
            // The level falls before the client can know that its answer is whole.
            drop(flight);
            wire.write(&[head.as_bytes(), body.as_bytes()].concat()).await?;
        }
        self.tell(life, route, &served, stan, began.elapsed());
        Ok(())
    }

    fn head(&self, life: &Life, status: u16, length: usize, closing: &str) -> String {
        let extra =
            format!("X-Pool: {}\r\nX-Server: {}\r\nX-Version: {}\r\n{closing}", self.pool, self.name, life.version);
        answer_head(status, JSON, length, &extra)
    }

    /// Writes the request's line, and what an engineer would look for when it went badly.
    fn tell(&self, life: &Life, route: &Route, served: &Served, stan: u32, took: Duration) {
        let trace = served.trace;
        let (level, message) = match served.status {
            500 => ("ERROR", "issuer gateway closed the connection before an answer"),
            _ if served.is_slow => ("WARN", "slow answer from ledger, connection pool exhausted"),
            402 => ("INFO", "declined by issuer"),
            404 => ("INFO", "no such resource"),
            _ => ("INFO", route.done),
        };
        let (method, template, status, ms) = (route.method, route.template, served.status, took.as_millis());
        self.log.line(
            level,
            self.writer(&life.version),
            message,
            format_args!(
                r#","method":"{method}","route":"{template}","status":{status},"ms":{ms},"stan":"{stan:06}","trace":"{trace:016x}""#
            ),
        );
    }
}
