//! What every system that keeps logs has in these tests: lines, faults, and a way to be asked.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant, SystemTime};

use flightdeck::adapter::http::Endpoint;
use flightdeck::adapter::log::{Config, Origin, Pace};
use flightdeck::adapter::secret::SecretRef;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::web::{Asked, Said, Web};

/// The secret that every system wants to be shown.
pub const SECRET: &str = "s3cret-of-the-operator";

/// Often, so that tests are quick; lines may be three seconds late.
pub const PACE: Pace =
    Pace { every: Duration::from_millis(50), lag: Duration::from_secs(3), since: Duration::from_mins(5) };

/// One kept line.
#[derive(Clone, Debug)]
pub struct Line {
    pub id: u64,
    pub at: i64,
    pub text: String,
    pub level: &'static str,
    pub attributes: Value,
    pub is_noise: bool,
    /// Left out by what tells lines by itself.
    pub is_dropped: bool,
    /// Not found by what is asked, though it was told of.
    pub is_lost: bool,
    /// Which pod wrote it.
    pub pod: &'static str,
    /// How often its container had been started anew by then.
    pub life: u32,
}

/// One pod.
#[derive(Clone, Debug)]
pub struct Pod {
    pub name: &'static str,
    pub restarts: u32,
    /// `running`, `terminated` or `waiting`.
    pub state: &'static str,
    /// Its streams end when this changes.
    pub ends: u32,
}

impl Line {
    /// As a program writes it that has more to say than a text.
    pub fn written(&self) -> String {
        if self.attributes == json!({}) && self.level == "info" {
            return self.text.clone();
        }
        let mut object = self.attributes.clone();
        object["msg"] = json!(self.text);
        object["level"] = json!(self.level);
        object.to_string()
    }
}

/// What a system keeps, and what is wrong with it.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each fault is switched on by itself")]
pub struct Shelf {
    pub lines: Vec<Line>,
    /// So many requests more are refused with 429.
    pub throttle: u32,
    /// When one was refused, and when the next one came.
    pub throttled: Option<Instant>,
    pub came_back: Option<Instant>,
    /// What remains of the budget, told with each answer.
    pub budget: Option<u32>,
    /// So many cursors more are over.
    pub expire: u32,
    /// Every second page is empty and names a next one.
    pub empty_pages: bool,
    /// Answers 500.
    pub is_down: bool,
    /// Answers nonsense.
    pub is_garbage: bool,
    /// The secret that is good is another one.
    pub is_locked: bool,
    /// Open cursors.
    pub cursors: Vec<(String, Value)>,
    pub next: u64,
    /// Every tail ends when this changes.
    pub tails_end: u64,
    /// No tail is opened.
    pub no_tails: bool,
    pub pods: Vec<Pod>,
    pub tails: u64,
}

impl Shelf {
    pub fn put(&mut self, at: i64, text: &str) -> &mut Line {
        self.next += 1;
        self.lines.push(Line {
            id: self.next,
            at,
            text: text.to_owned(),
            level: "info",
            attributes: json!({}),
            is_noise: false,
            is_dropped: false,
            is_lost: false,
            pod: "b-0",
            life: 0,
        });
        self.lines.last_mut().unwrap()
    }

    /// Lines within these milliseconds, oldest first.
    pub fn within(&self, from: i64, to: i64) -> Vec<Line> {
        let mut lines: Vec<Line> = self.lines.iter().filter(|line| (from..to).contains(&line.at)).cloned().collect();
        lines.sort_by_key(|line| (line.at, line.id));
        lines
    }

    pub fn open(&mut self, cursor: Value) -> String {
        self.next += 1;
        let name = format!("cursor-{}", self.next);
        self.cursors.push((name.clone(), cursor));
        name
    }

    pub fn cursor(&mut self, name: &str) -> Option<Value> {
        if self.expire > 0 {
            self.expire -= 1;
            self.cursors.clear();
        }
        self.cursors.iter().find(|(each, _)| each == name).map(|(_, cursor)| cursor.clone())
    }

    /// What is answered before the question is looked at.
    pub fn fault(&mut self, shown: &str) -> Option<Said> {
        if self.throttled.is_some() && self.came_back.is_none() {
            self.came_back = Some(Instant::now());
        }
        if self.is_down {
            return Some(Said::text(500, "out of order"));
        }
        if self.is_locked || shown != SECRET {
            // Some systems repeat what they were shown.
            return Some(Said::json(403, &json!({ "message": format!("{shown} may not read; ask ana@example.com") })));
        }
        if self.is_garbage {
            return Some(Said::text(200, "<html>hello \u{1b}[2J</html>"));
        }
        if self.throttle > 0 {
            self.throttle -= 1;
            self.throttled = Some(Instant::now());
            self.came_back = None;
            return Some(Said::text(429, "too many").with("Retry-After", "1"));
        }
        None
    }

    pub fn said(&self, body: &Value) -> Said {
        let said = Said::json(200, body);
        match self.budget {
            None => said,
            Some(left) => said.with("X-RateLimit-Remaining", &left.to_string()).with("X-RateLimit-Reset", "1"),
        }
    }
}

/// A running system of one kind, and where its secret is.
pub struct World {
    pub web: Web<Shelf>,
    pub config: Config,
    /// Where the secret is kept.
    pub secret: PathBuf,
    /// What must stay until the end.
    pub kept: Vec<TempDir>,
}

impl World {
    pub fn new(web: Web<Shelf>, origin: impl FnOnce(Endpoint, SecretRef) -> Arc<dyn Origin>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, SECRET).unwrap();
        let config = super::config(origin(endpoint(web.address), SecretRef::File(secret.clone())));
        Self { web, config, secret, kept: vec![folder] }
    }

    pub fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.web.state()
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.web.asked().len()
    }
}

pub fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint::parse(&format!("http://{address}")).unwrap()
}

/// The clock, in milliseconds.
pub fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

pub fn iso(at: i64) -> String {
    chrono::DateTime::from_timestamp_millis(at).unwrap().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

pub fn millis(iso: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(iso).unwrap().timestamp_millis()
}

/// The values of a query.
pub fn query(asked: &Asked, key: &str) -> Option<String> {
    let (_, query) = asked.path.split_once('?')?;
    url::form_urlencoded::parse(query.as_bytes()).find(|(each, _)| each == key).map(|(_, value)| value.into_owned())
}
