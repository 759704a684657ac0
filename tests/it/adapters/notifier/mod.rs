//! Notifiers against their contract: one suite that runs on every kind, and what only they have.
//!
//! A kind's tests make a [`Site`], a fake of its system that enforces what the system's documentation says (who asks, which
//! headers and fields it wants, how it says no), and call [`contract::contract!`]. Its state counts what people would see.

pub mod contract;
mod datadog;
mod flown;
mod grafana;
mod jira;
mod pagerduty;
mod slack;
mod statuspage;
mod webhook;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::notifier::{Came, KINDS, Notifier, Said, Telling};
use flightdeck::domain::notify::{News, Occasion};
use flightdeck::domain::{SessionId, Timestamp};
use flightdeck::setting::{Report, Source, read};
use tempfile::TempDir;

use crate::support::web::{Asked, Said as Answer, Web};

/// Time enough for any answer on a busy machine.
pub const PATIENT: Duration = Duration::from_secs(20);
/// Too short for a system that does not answer.
pub const HASTY: Duration = Duration::from_millis(400);
/// The secret that the fakes take.
pub const SECRET: &str = "hunter2-of-the-operator";

/// The session that is told of.
pub fn session() -> SessionId {
    SessionId(uuid::Uuid::from_u128(0x99))
}

/// What is told of an occasion, as the entry of that number; its key is made as the flight makes it.
pub fn telling(occasion: Occasion, entry: u64) -> Telling {
    let news = News {
        occasion,
        service: "shop".to_owned(),
        environment: "prod".to_owned(),
        from: "2.4.0".to_owned(),
        to: "2.5.0".to_owned(),
        step: "Blue 30".to_owned(),
        weights: "blue 30 %, green 70 %".to_owned(),
        who: "ana".to_owned(),
        why: "a reason".to_owned(),
        at: now(),
        session: session(),
        entry,
    };
    Telling {
        key: format!("{}/{entry}.1/one", session()),
        title: "shop prod: deployment 2.4.0 → 2.5.0".to_owned(),
        text: format!("what was told <of> & entry {entry}"),
        news,
        reference: None,
        may_be_there: false,
    }
}

fn now() -> Timestamp {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(now.as_millis()).unwrap())
}

/// The notifier of a kind with these keys, or what is wrong with them.
pub fn notifier(kind: &str, keys: &str, timeout: Duration) -> Arc<dyn Notifier> {
    let kind = KINDS.iter().find(|each| each.name == kind).unwrap_or_else(|| panic!("there is no kind {kind}"));
    let sources = [Source::new("notify", keys.as_bytes()).unwrap()];
    let report = Report::new(&sources);
    let configured = read(&report, |table| (kind.read)(table, timeout)).flatten();
    if let Some(problems) = report.into_problems() {
        panic!("{problems}\n{keys}");
    }
    let configured = configured.expect("what has no problem is configured");
    assert!(!format!("{configured:?}").contains(SECRET), "its configuration shows a secret");
    configured.connect().unwrap_or_else(|trouble| panic!("{trouble}"))
}

/// The keys of a profile, for an address and a reference to a secret.
type Keys = Box<dyn Fn(SocketAddr, &str) -> String + Send + Sync>;

/// A fake of one system: its state, and an answer that is given in place of all others.
pub struct Site<S: Send + 'static> {
    kind: &'static str,
    web: Web<State<S>>,
    keys: Keys,
    folder: TempDir,
    effects: fn(&S) -> usize,
    shown: fn(&S) -> Vec<String>,
}

/// What a fake knows.
pub struct State<S> {
    /// The system's own.
    pub own: S,
    /// Given in place of every answer, nothing having been done.
    instead: Option<Answer>,
    /// Given in place of the answer to the next request that changes something, which is done all the same.
    lost: Option<Answer>,
}

impl<S: Send + 'static> Site<S> {
    /// Starts one. `keys` makes the keys of the notifier; `effects` counts what people were told, `shown` is what they read.
    pub fn start(
        kind: &'static str,
        own: S,
        rules: impl Fn(&mut S, &Asked) -> Answer + Send + Sync + 'static,
        keys: impl Fn(SocketAddr, &str) -> String + Send + Sync + 'static,
        effects: fn(&S) -> usize,
        shown: fn(&S) -> Vec<String>,
    ) -> Self {
        let web = Web::start(State { own, instead: None, lost: None }, move |state, asked| {
            if let Some(instead) = &state.instead {
                return instead.clone();
            }
            let answer = rules(&mut state.own, asked);
            let changes = asked.method != "GET" && answer.status < 300;
            match state.lost.take_if(|_| changes) {
                Some(lost) => lost,
                None => answer,
            }
        });
        let site = Self { kind, web, keys: Box::new(keys), folder: tempfile::tempdir().unwrap(), effects, shown };
        std::fs::write(site.file("right"), format!("{SECRET}\n")).unwrap();
        std::fs::write(site.file("wrong"), "hunter2-of-a-stranger\n").unwrap();
        site
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A notifier for an address, with the right secret or a wrong one.
    pub fn made(&self, address: SocketAddr, secret: &str, timeout: Duration) -> Arc<dyn Notifier> {
        let keys = (self.keys)(address, &format!("{{ file = \"{}\" }}", self.file(secret).display()));
        notifier(self.kind, &keys, timeout)
    }

    /// The keys of the notifier, as a profile has them.
    pub fn written(&self) -> String {
        (self.keys)(self.web.address, &format!("{{ file = \"{}\" }}", self.file("right").display()))
    }

    /// A notifier that reaches it.
    pub fn notifier(&self) -> Arc<dyn Notifier> {
        self.made(self.web.address, "right", PATIENT)
    }

    /// Its own state.
    pub fn look<T>(&self, at: impl FnOnce(&mut S) -> T) -> T {
        at(&mut self.web.state().own)
    }

    /// From now on every request is answered by this, nothing being done; `None` lets the system answer again.
    pub fn says(&self, answer: Option<Answer>) {
        self.web.state().instead = answer;
    }

    /// The next request that changes something is done, and its answer is this.
    pub fn loses(&self, answer: Answer) {
        self.web.state().lost = Some(answer);
    }
}

/// Tells once, and must have told.
pub async fn tells(notifier: &dyn Notifier, telling: &Telling) -> Said {
    let said = notifier.tell(telling).await;
    assert!(matches!(said.came, Came::Told { .. }), "{said:?}");
    said
}
