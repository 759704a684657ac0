//! Bounded HTTP load that counts who answered.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How requests reach the router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connections {
    /// A new connection for every request.
    New,
    /// Connections are kept between requests.
    Kept,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Good answers per server.
    pub servers: BTreeMap<String, u64>,
    /// Requests without a good answer, by what came instead.
    pub failures: BTreeMap<String, u64>,
}

impl Tally {
    /// All good answers.
    pub fn answered(&self) -> u64 {
        self.servers.values().sum()
    }

    /// All requests without one.
    pub fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    /// Good answers of one pool.
    pub fn of(&self, pool: &str) -> u64 {
        let own = self.servers.iter().filter(|(server, _)| server.rsplit_once('-').is_some_and(|(of, _)| of == pool));
        own.map(|(_, count)| count).sum()
    }

    /// One pool's percentage of the good answers.
    #[allow(clippy::cast_precision_loss, reason = "counts of a test stay small")]
    pub fn percent(&self, pool: &str) -> f64 {
        100.0 * self.of(pool) as f64 / self.answered().max(1) as f64
    }

    fn count(&mut self, answer: Result<String, String>) {
        match answer {
            Ok(server) => *self.servers.entry(server).or_default() += 1,
            Err(failure) => *self.failures.entry(failure).or_default() += 1,
        }
    }

    /// This tally without what an earlier one of the same load already had.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let less = |now: &BTreeMap<String, u64>, then: &BTreeMap<String, u64>| {
            now.iter().map(|(name, count)| (name.clone(), count - then.get(name).unwrap_or(&0))).collect()
        };
        Self { servers: less(&self.servers, &earlier.servers), failures: less(&self.failures, &earlier.failures) }
    }
}

/// A steady load that runs until it is stopped or has sent all it may.
pub struct Load {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

struct Shared {
    front: SocketAddr,
    path: String,
    connections: Connections,
    started: Instant,
    gap: Duration,
    most: u64,
    next: AtomicU64,
    is_over: AtomicBool,
    tally: Mutex<Tally>,
}

impl Load {
    /// Sends `rate` requests a second, at most `most` in all.
    pub fn start(front: SocketAddr, rate: u32, most: u64, connections: Connections) -> Self {
        Self::start_on(front, "/", rate, most, connections)
    }

    /// The same, for another path than `/`.
    pub fn start_on(front: SocketAddr, path: &str, rate: u32, most: u64, connections: Connections) -> Self {
        const WORKERS: usize = 8;
        let shared = Arc::new(Shared {
            front,
            path: path.to_owned(),
            connections,
            started: Instant::now(),
            gap: Duration::from_secs(1) / rate.max(1),
            most,
            next: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
            tally: Mutex::default(),
        });
        let workers = (0..WORKERS)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.work())
            })
            .collect();
        Self { shared, workers }
    }

    /// What came back until now.
    pub fn tally(&self) -> Tally {
        self.shared.tally.lock().unwrap().clone()
    }

    /// Waits until all requests are answered.
    pub fn finish(mut self) -> Tally {
        for worker in self.workers.drain(..) {
            worker.join().expect("a load worker ends by itself");
        }
        self.tally()
    }

    /// Ends it now.
    pub fn stop(self) -> Tally {
        self.shared.is_over.store(true, Ordering::SeqCst);
        self.finish()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
    }
}

impl Shared {
    fn work(&self) {
        let mut kept = None;
        while !self.is_over.load(Ordering::SeqCst) {
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            if number >= self.most {
                return;
            }
            // The pace is part of what is asked for: a late worker catches up, an early one waits for its turn.
            let turn = self.started + self.gap * u32::try_from(number).unwrap_or(u32::MAX);
            thread::sleep(turn.saturating_duration_since(Instant::now()));
            let answer = self.ask(&mut kept);
            self.tally.lock().unwrap().count(answer);
        }
    }

    fn ask(&self, kept: &mut Option<BufReader<TcpStream>>) -> Result<String, String> {
        let connection = match kept.take() {
            Some(connection) => connection,
            None => connect(self.front).map_err(|error| format!("connect: {}", error.kind()))?,
        };
        let (answer, connection) = get(connection, &self.path, self.connections)?;
        if self.connections == Connections::Kept {
            *kept = connection;
        }
        answer
    }
}

/// Sends one request on a connection of its own and gives the name of who answered, or what came instead.
pub fn once(front: SocketAddr, path: &str) -> Result<String, String> {
    let connection = connect(front).map_err(|error| format!("connect: {}", error.kind()))?;
    get(connection, path, Connections::New)?.0
}

fn connect(front: SocketAddr) -> std::io::Result<BufReader<TcpStream>> {
    let connection = TcpStream::connect_timeout(&front, Duration::from_secs(30))?;
    connection.set_read_timeout(Some(Duration::from_secs(30)))?;
    connection.set_nodelay(true)?;
    Ok(BufReader::new(connection))
}

type Got = (Result<String, String>, Option<BufReader<TcpStream>>);

fn get(mut connection: BufReader<TcpStream>, path: &str, connections: Connections) -> Result<Got, String> {
    let broken = |error: std::io::Error| format!("broken: {}", error.kind());
    let close = if connections == Connections::New { "connection: close\r\n" } else { "" };
    let request = format!("GET {path} HTTP/1.1\r\nhost: app\r\n{close}\r\n");
    connection.get_mut().write_all(request.as_bytes()).map_err(broken)?;
    let mut line = String::new();
    connection.read_line(&mut line).map_err(broken)?;
    let status = line.split(' ').nth(1).unwrap_or("no answer").to_owned();
    let (mut length, mut closes) = (None, connections == Connections::New);
    loop {
        line.clear();
        if connection.read_line(&mut line).map_err(broken)? == 0 || line == "\r\n" {
            break;
        }
        let header = line.trim().to_ascii_lowercase();
        length = header.strip_prefix("content-length: ").and_then(|length| length.parse().ok()).or(length);
        closes |= header == "connection: close";
    }
    let mut body = String::new();
    match length {
        Some(length) => connection.by_ref().take(length).read_to_string(&mut body).map_err(broken)?,
        None => connection.read_to_string(&mut body).map_err(broken)?,
    };
    let answer = if status == "200" { Ok(body) } else { Err(status) };
    Ok((answer, (!closes && length.is_some()).then_some(connection)))
}
