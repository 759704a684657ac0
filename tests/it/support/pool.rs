//! Pools of tiny HTTP servers in this process, for routers to send traffic to.
//!
//! Every server answers with its name (`blue-1`), on kept connections too. `/slow?ms=300` answers after that time, `/held`
//! once it is released, `/health` says 503 while the server is told to be ill, and requests other than health checks are counted. All end when dropped.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Some servers of one pool.
pub struct Pool {
    /// Its name.
    pub name: String,
    /// Its servers.
    pub servers: Vec<Server>,
}

impl Pool {
    /// Starts `count` servers named `name-1`, `name-2` ...
    pub fn start(name: &str, count: usize) -> Self {
        let servers = (1..=count).map(|number| Server::start(&format!("{name}-{number}"))).collect();
        Self { name: name.to_owned(), servers }
    }

    /// Where its servers listen.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(|server| server.address).collect()
    }

    /// Requests that its servers got, health checks aside.
    pub fn requests(&self) -> u64 {
        self.servers.iter().map(Server::requests).sum()
    }

    /// Requests that its servers are working on.
    pub fn in_flight(&self) -> u64 {
        self.servers.iter().map(Server::in_flight).sum()
    }

    /// Requests for `/held` that came.
    pub fn held(&self) -> u64 {
        self.servers.iter().map(|server| server.inner.held.load(Ordering::SeqCst)).sum()
    }

    /// Lets requests for `/held` be answered from now on.
    pub fn release(&self) {
        for server in &self.servers {
            server.inner.releases.store(true, Ordering::SeqCst);
        }
    }
}

/// One HTTP server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    name: String,
    requests: AtomicU64,
    in_flight: AtomicU64,
    is_ill: AtomicBool,
    fails: AtomicBool,
    has_ended: AtomicBool,
    held: AtomicU64,
    releases: AtomicBool,
    /// The open ones.
    connections: Mutex<BTreeMap<u64, TcpStream>>,
}

impl Server {
    /// Starts one on a free port.
    pub fn start(name: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
        let address = listener.local_addr().expect("a bound listener has an address");
        let inner = Arc::new(Inner { name: name.to_owned(), ..Inner::default() });
        let served = Arc::clone(&inner);
        thread::spawn(move || {
            for (connection, number) in listener.incoming().flatten().zip(0..) {
                if served.has_ended.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(copy) = connection.try_clone() {
                    served.connections.lock().unwrap().insert(number, copy);
                }
                let served = Arc::clone(&served);
                // A connection that breaks ends its thread: routers close them as they please.
                thread::spawn(move || {
                    serve(&connection, &served).ok();
                    served.connections.lock().unwrap().remove(&number);
                });
            }
        });
        Self { address, inner }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Makes its health check fail, or pass again.
    pub fn set_ill(&self, ill: bool) {
        self.inner.is_ill.store(ill, Ordering::SeqCst);
    }

    /// Makes it answer every request with 500, or as usual again; the health check is not touched.
    pub fn set_failing(&self, failing: bool) {
        self.inner.fails.store(failing, Ordering::SeqCst);
    }

    /// Requests that it got, health checks aside.
    pub fn requests(&self) -> u64 {
        self.inner.requests.load(Ordering::SeqCst)
    }

    /// Requests that it is working on.
    pub fn in_flight(&self) -> u64 {
        self.inner.in_flight.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.inner.has_ended.store(true, Ordering::SeqCst);
        // Wakes the listener, which then sees that it is over.
        TcpStream::connect_timeout(&self.address, Duration::from_secs(1)).ok();
        for connection in self.inner.connections.lock().unwrap().values() {
            connection.shutdown(Shutdown::Both).ok();
        }
    }
}

fn serve(connection: &TcpStream, server: &Inner) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection.try_clone()?);
    let mut writer = connection.try_clone()?;
    connection.set_nodelay(true)?;
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        let mut header = String::new();
        while reader.read_line(&mut header)? > 0 && header != "\r\n" {
            header.clear();
        }
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        let status = if path.starts_with("/health") {
            if server.is_ill.load(Ordering::SeqCst) { "503 Service Unavailable" } else { "200 OK" }
        } else {
            server.requests.fetch_add(1, Ordering::SeqCst);
            server.in_flight.fetch_add(1, Ordering::SeqCst);
            if let Some(ms) = path.strip_prefix("/slow?ms=").and_then(|ms| ms.parse().ok()) {
                thread::sleep(Duration::from_millis(ms));
            }
            if path == "/held" {
                server.held.fetch_add(1, Ordering::SeqCst);
                while !server.releases.load(Ordering::SeqCst) && !server.has_ended.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(5));
                }
            }
            if server.fails.load(Ordering::SeqCst) { "500 Internal Server Error" } else { "200 OK" }
        };
        let body = &server.name;
        let answer =
            format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\ncontent-type: text/plain\r\n\r\n{body}", body.len());
        let written = writer.write_all(answer.as_bytes());
        if !path.starts_with("/health") {
            server.in_flight.fetch_sub(1, Ordering::SeqCst);
        }
        written?;
    }
}
