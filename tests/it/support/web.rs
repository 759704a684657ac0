//! A system behind HTTP that keeps the rules which a test gives it: its state, and a function from a request to an answer.
//!
//! It can be stopped, as a process is by SIGSTOP: connections are taken, nothing is answered, and what was asked meanwhile
//! is done when it goes on, late. It can be ended, so that nobody is there any more.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// What was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `GET`.
    pub method: String,
    /// Path with query, as sent.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Asked {
    /// A header's value, empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(each, _)| each == name).map_or("", |(_, value)| value)
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The path without its query.
    pub fn route(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Said {
    /// The status.
    pub status: u16,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Said {
    /// A JSON answer.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    /// A text answer.
    pub fn text(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    /// The same with a header.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

type Rules<S> = dyn Fn(&mut S, &Asked) -> Said + Send + Sync;

/// Whether this request is the one.
type Trap = fn(&Asked) -> bool;

/// What goes on with a connection whose answer does not end.
type Sockets<S> = dyn Fn(&Mutex<S>, &Asked, TcpStream) + Send + Sync;

/// A running system.
pub struct Web<S: Send + 'static> {
    /// Where it listens.
    pub address: SocketAddr,
    inner: Arc<Inner<S>>,
}

/// What is taken and not answered.
#[derive(Clone, Copy, PartialEq)]
enum Frozen {
    Nothing,
    Writes,
    Everything,
}

struct Inner<S> {
    state: Mutex<S>,
    asked: Mutex<Vec<Asked>>,
    frozen: Mutex<Frozen>,
    /// What stops it when it comes, once.
    trap: Mutex<Option<Trap>>,
    thawed: Condvar,
    is_over: AtomicBool,
    rules: Box<Rules<S>>,
    sockets: Box<Sockets<S>>,
}

impl<S: Send + 'static> Web<S> {
    /// Starts one on a free port.
    pub fn start(state: S, rules: impl Fn(&mut S, &Asked) -> Said + Send + Sync + 'static) -> Self {
        Self::with_sockets(state, rules, |_, _, _| ())
    }

    /// Starts one on a free port that goes on with what it answered 101 or chunked.
    pub fn with_sockets(
        state: S,
        rules: impl Fn(&mut S, &Asked) -> Said + Send + Sync + 'static,
        sockets: impl Fn(&Mutex<S>, &Asked, TcpStream) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            state: Mutex::new(state),
            asked: Mutex::default(),
            frozen: Mutex::new(Frozen::Nothing),
            trap: Mutex::new(None),
            thawed: Condvar::new(),
            is_over: AtomicBool::new(false),
            rules: Box::new(rules),
            sockets: Box::new(sockets),
        });
        let serving = Arc::clone(&inner);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let serving = Arc::clone(&serving);
                thread::spawn(move || serving.serve(stream));
            }
        });
        Self { address, inner }
    }

    /// Its state, to look at or to meddle with.
    pub fn state(&self) -> MutexGuard<'_, S> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.inner.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops it, or lets it go on.
    pub fn freeze(&self, is_frozen: bool) {
        self.keep(if is_frozen { Frozen::Everything } else { Frozen::Nothing });
    }

    /// Stops it for all that is no look, or lets it go on.
    pub fn freeze_writes(&self, is_frozen: bool) {
        self.keep(if is_frozen { Frozen::Writes } else { Frozen::Nothing });
    }

    fn keep(&self, frozen: Frozen) {
        *self.inner.frozen.lock().unwrap() = frozen;
        self.inner.thawed.notify_all();
    }

    /// Stops it once such a request comes, before it is done.
    pub fn freeze_at(&self, trap: Trap) {
        *self.inner.trap.lock().unwrap() = Some(trap);
    }

    /// Ends it: nobody is there any more.
    pub fn end(&self) {
        self.inner.is_over.store(true, Ordering::SeqCst);
        // Wakes the listener, which then drops the port.
        drop(TcpStream::connect(self.address));
        while TcpStream::connect(self.address).is_ok() {
            thread::yield_now();
        }
    }
}

impl<S: Send + 'static> Drop for Web<S> {
    fn drop(&mut self) {
        self.freeze(false);
        self.inner.is_over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

impl<S> Inner<S> {
    /// One request, one answer, and the connection is closed. Whoever leaves before is not told.
    fn serve(&self, mut stream: TcpStream) {
        let Some(asked) = heard(&stream) else { return };
        let is_write = asked.method != "GET";
        let mut frozen = self.frozen.lock().unwrap();
        if self.trap.lock().unwrap().take_if(|is_it| is_it(&asked)).is_some() {
            *frozen = Frozen::Everything;
        }
        while *frozen == Frozen::Everything || *frozen == Frozen::Writes && is_write {
            frozen = self.thawed.wait(frozen).unwrap();
        }
        drop(frozen);
        let said = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked.clone());
            (self.rules)(&mut state, &asked)
        };
        let goes_on = said.status == 101 || said.headers.iter().any(|(name, _)| name == "Transfer-Encoding");
        let mut head = match said.status {
            status if goes_on => format!("HTTP/1.1 {status} Said\r\n"),
            status => format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\nConnection: close\r\n", said.body.len()),
        };
        for (name, value) in &said.headers {
            head.extend([name.as_str(), ": ", value, "\r\n"]);
        }
        let bytes = [head.as_bytes(), b"\r\n", &said.body].concat();
        if stream.write_all(&bytes).is_ok() && goes_on {
            (self.sockets)(&self.state, &asked, stream);
        } else {
            stream.shutdown(Shutdown::Write).ok();
        }
    }
}

fn heard(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, path, headers, body })
}
