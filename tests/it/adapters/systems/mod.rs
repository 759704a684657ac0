//! Checks of systems against their contract: one suite that runs on every one, and what only they have.
//!
//! A system's tests make a [`Subject`] and call [`contract!`], which makes one test of each function of [`contract`]. Every
//! stand-in keeps the rules of its system: who asks, which headers and parameters it wants, pages, how it says no.

mod argocd;
#[cfg(feature = "aws")]
mod aws;
pub mod contract;
mod datadog_monitors;
mod github_deployment;
mod github_run;
mod image;
mod image_signed;
mod jira_issue;
mod keys;
#[cfg(feature = "kubernetes")]
mod kubernetes;
mod pagerduty_incidents;
mod prometheus_alerts;
mod prometheus_real;
mod ran_in;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::check::{Check, KINDS};
use flightdeck::domain::check::{Answer, Asking, Verdict};
use flightdeck::domain::{PoolId, Timestamp};
use flightdeck::setting::{Report, Source, read};
use tempfile::TempDir;

use self::contract::Subject;
use crate::adapters::check::contract as every;
use crate::support::web::{Asked, Said, Web};

/// Time enough for any answer on a busy machine.
pub const PATIENT: Duration = Duration::from_secs(20);

/// The secret that the stand-ins take.
pub const SECRET: &str = "hunter2-of-the-operator";

/// When it is asked: 2026-11-21 14:00:00Z.
pub const NOW: Timestamp = Timestamp(1_795_269_600_000);

/// The check of a kind with these keys.
pub fn check(kind: &str, keys: &str, timeout: Duration) -> Arc<dyn Check> {
    configured(kind, keys, timeout).unwrap_or_else(|problems| panic!("{problems}\n{keys}"))
}

/// The check of a kind with these keys, or what is wrong with them.
pub fn configured(kind: &str, keys: &str, timeout: Duration) -> Result<Arc<dyn Check>, String> {
    let kind = KINDS.iter().find(|each| each.name == kind).unwrap_or_else(|| panic!("there is no kind {kind}"));
    let sources = [Source::new("check", keys.as_bytes()).unwrap()];
    let report = Report::new(&sources);
    let pool = PoolId::new("blue");
    let configured = read(&report, |table| (kind.read)(table, Some(&pool), timeout)).flatten();
    if let Some(problems) = report.into_problems() {
        return Err(problems.to_string());
    }
    let configured = configured.expect("what has no problem is configured");
    assert!(!format!("{configured:?}").contains(SECRET), "its configuration shows a secret");
    Ok(configured.connect().unwrap_or_else(|trouble| panic!("{trouble}")))
}

/// What a check is told in the middle of a session.
pub fn asking() -> Asking {
    Asking {
        now: NOW,
        from_version: "2.4.0".to_owned(),
        to_version: "2.5.0".to_owned(),
        digest: String::new(),
        opened: before(60),
        changed: Some(before(10)),
        earlier: None,
    }
}

/// So many minutes before [`NOW`].
pub fn before(minutes: i64) -> Timestamp {
    Timestamp(NOW.0 - minutes * 60_000)
}

/// Asks once.
pub async fn ask(check: &dyn Check) -> Answer {
    check.ask(&asking()).await
}

/// A line of the evidence.
pub fn line<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.evidence.iter().find(|(each, _)| each == name).map_or("", |(_, text)| text)
}

/// A time as systems write it.
pub fn written(at: Timestamp) -> String {
    at.to_string()
}

/// The parameters of a query; of several of one name, all.
pub fn query(asked: &Asked) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let query = asked.path.split_once('?').map_or("", |(_, query)| query);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()).into_owned() {
        all.entry(name).or_default().push(value);
    }
    all
}

/// The keys of a profile, for an address and a secret.
type Keys = Box<dyn Fn(SocketAddr, &str) -> String + Send + Sync>;

/// A stand-in for one system: its state, and an answer that is given in place of all others.
pub struct Site<S: Send + 'static> {
    kind: &'static str,
    web: Web<State<S>>,
    keys: Keys,
    folder: TempDir,
}

/// What a stand-in knows.
pub struct State<S> {
    /// The system's own.
    pub own: S,
    instead: Option<Said>,
}

impl<S: Send + 'static> Site<S> {
    /// Starts one. `keys` makes the keys of the check from its address and the reference to its secret.
    pub fn start(
        kind: &'static str,
        own: S,
        rules: impl Fn(&mut S, &Asked) -> Said + Send + Sync + 'static,
        keys: impl Fn(SocketAddr, &str) -> String + Send + Sync + 'static,
    ) -> Self {
        let web = Web::start(State { own, instead: None }, move |state, asked| match &state.instead {
            Some(instead) => instead.clone(),
            None => rules(&mut state.own, asked),
        });
        let site = Self { kind, web, keys: Box::new(keys), folder: tempfile::tempdir().unwrap() };
        std::fs::write(site.secret(), format!("{SECRET}\n")).unwrap();
        std::fs::write(site.wrong_secret(), "hunter2-of-a-stranger\n").unwrap();
        site
    }

    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only systems of AWS have two"))]
    /// What stands in the file of the secret, and in the one of a wrong secret.
    pub fn secrets_are(&self, right: &str, wrong: &str) {
        std::fs::write(self.secret(), right).unwrap();
        std::fs::write(self.wrong_secret(), wrong).unwrap();
    }

    fn secret(&self) -> PathBuf {
        self.folder.path().join("secret")
    }

    fn wrong_secret(&self) -> PathBuf {
        self.folder.path().join("wrong")
    }

    /// The keys of the check.
    pub fn keys(&self) -> String {
        self.keys_at(self.web.address)
    }

    /// The same for a peer at another address.
    pub fn keys_at(&self, address: SocketAddr) -> String {
        (self.keys)(address, &format!("{{ file = \"{}\" }}", self.secret().display()))
    }

    /// Changes what it knows.
    pub fn edit(&self, change: impl FnOnce(&mut S)) {
        change(&mut self.web.state().own);
    }

    /// A check of it.
    pub fn check(&self) -> Arc<dyn Check> {
        check(self.kind, &self.keys(), PATIENT)
    }

    /// A check of it with these keys besides.
    pub fn check_with(&self, more: &str) -> Arc<dyn Check> {
        // Above the tables that its own keys may end with.
        check(self.kind, &format!("{more}\n{}", self.keys()), PATIENT)
    }

    /// Asks it anew, with these keys besides.
    pub async fn told(&self, more: &str) -> (Verdict, String) {
        let answer = ask(&*self.check_with(more)).await;
        (answer.verdict, answer.words)
    }
}

/// A stand-in with how it is good and how it is bad.
pub struct Fixture<S: Send + 'static> {
    /// The stand-in.
    pub site: Site<S>,
    /// Makes it such that the check fails.
    pub spoil: fn(&mut S),
    /// Makes it good again.
    pub mend: fn(&mut S),
}

impl<S: Send + 'static> every::Subject for Fixture<S> {
    fn check(&self, timeout: Duration) -> Arc<dyn Check> {
        check(self.site.kind, &self.site.keys(), timeout)
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Arc<dyn Check> {
        check(self.site.kind, &self.site.keys_at(peer), timeout)
    }

    fn passes(&self) {
        self.site.edit(self.mend);
    }

    fn fails(&self) {
        self.site.edit(self.spoil);
    }

    fn says(&self, said: Option<Said>) {
        self.site.web.state().instead = said;
    }

    fn asked(&self) -> Vec<Asked> {
        self.site.web.asked()
    }

    fn is_harmless(&self, asked: &Asked) -> bool {
        // The interfaces of AWS take nothing but POST, and name what is done.
        let is_description =
            asked.header("x-amz-target").contains(".Describe") || asked.body.starts_with(b"Action=Describe");
        matches!(asked.method.as_str(), "GET" | "HEAD") || is_description
    }

    fn freeze(&self, is_frozen: bool) {
        self.site.web.freeze(is_frozen);
    }

    fn end(&self) {
        self.site.web.end();
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }
}

impl<S: Send + 'static> Subject for Fixture<S> {
    fn stranger(&self) -> Arc<dyn Check> {
        let (right, wrong) = (self.site.secret(), self.site.wrong_secret());
        let keys = self.site.keys().replace(&right.display().to_string(), &wrong.display().to_string());
        check(self.site.kind, &keys, PATIENT)
    }
}
