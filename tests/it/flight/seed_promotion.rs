//! The promotion with gates, flown at the keys of two cockpits with the real adapters: a registry, Jira, Argo CD and the
//! service's health behind HTTP, and git itself. Nothing is promoted before its hour, without its day in staging, without a yes
//! from Jira and from the release manager, or with another image than the one that was resolved.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use flightdeck::domain::Seat;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::outside::{Flown, is_done, screen, told};
use crate::support::pair::{ANA, Pair, RAJ as ERIN};
use crate::support::web::{Asked, Said, Web};

const PROFILE: &str = include_str!("seed_promotion.toml");
const TOKEN: &str = "hunter2-of-the-systems";
const STAGING: &str = "environments/staging/tags.yaml";
const PRODUCTION: &str = "environments/production/tags.yaml";
const APPLICATION: &str = "/api/v1/applications/ledger";
/// When sessions are opened: 2026-11-21 14:00:00Z, a Saturday, nine o'clock in New York.
const OPENED: i64 = 1_795_269_600;

/// A bare repository, and a checkout of it, with the tags of both environments.
struct Gitops(TempDir);

impl Gitops {
    fn start() -> Self {
        let gitops = Self(tempfile::tempdir().unwrap());
        let (origin, desk) = (gitops.origin(), gitops.desk());
        git(gitops.0.path(), OPENED, &["init", "--quiet", "--bare", "--initial-branch=main", text(&origin)]);
        git(gitops.0.path(), OPENED, &["init", "--quiet", "--initial-branch=main", text(&desk)]);
        git(&desk, OPENED, &["remote", "add", "origin", text(&origin)]);
        gitops.push(&[(STAGING, "v2.4.0"), (PRODUCTION, "v2.4.0")], 200);
        gitops.push(&[(STAGING, "v2.5.0")], 22);
        gitops
    }

    fn origin(&self) -> PathBuf {
        self.0.path().join("origin.git")
    }

    fn desk(&self) -> PathBuf {
        self.0.path().join("desk")
    }

    /// The pipeline writes tags, so many hours before the session.
    fn push(&self, tags: &[(&str, &str)], hours: i64) {
        let desk = self.desk();
        for (file, tag) in tags {
            std::fs::create_dir_all(desk.join(file).parent().unwrap()).unwrap();
            std::fs::write(desk.join(file), values(tag)).unwrap();
        }
        git(&desk, OPENED, &["add", "--all"]);
        git(&desk, OPENED - hours * 3_600, &["commit", "--quiet", "--message", "by the pipeline"]);
        git(&desk, OPENED, &["push", "--quiet", "origin", "HEAD:refs/heads/main"]);
    }

    /// Whether pushes are taken.
    fn takes_pushes(&self, takes: bool) {
        let hook = self.origin().join("hooks/pre-receive");
        std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
        let end = i32::from(!takes);
        std::fs::write(&hook, format!("#!/bin/sh\necho 'the branch is closed for an audit'\nexit {end}\n")).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn commits(&self) -> usize {
        git(&self.origin(), OPENED, &["rev-list", "--count", "main"]).trim().parse().unwrap()
    }
}

fn values(tag: &str) -> String {
    format!("# One tag for each service.\naccounts:\n  tag: v1.9.0\nledger:\n  tag: \"{tag}\"   # by the pipeline\n")
}

/// The file of tags as the branch has it.
fn tags(origin: &Path) -> String {
    git(origin, OPENED, &["show", &format!("main:{PRODUCTION}")])
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs git as somebody with no configuration.
fn git(folder: &Path, at: i64, arguments: &[&str]) -> String {
    let date = format!("{at} +0000");
    let ran = Command::new("git")
        .current_dir(folder)
        .args(arguments)
        .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1"), ("LC_ALL", "C")])
        .envs([("GIT_AUTHOR_NAME", "Ana"), ("GIT_AUTHOR_EMAIL", "ana@flightdeck.invalid")])
        .envs([("GIT_COMMITTER_NAME", "Ana"), ("GIT_COMMITTER_EMAIL", "ana@flightdeck.invalid")])
        .envs([("GIT_COMMITTER_DATE", &date), ("GIT_AUTHOR_DATE", &date)])
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("git cannot be started ({error}): run ./tests/run, which installs it"));
    assert!(ran.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

/// Everything behind HTTP.
struct World {
    /// Where it is, as images name it.
    at: String,
    origin: PathBuf,
    /// The digest that the tag of the coming version points to.
    digest: char,
    ticket: &'static str,
    health: &'static str,
    /// The images that run.
    runs: String,
    /// The operation that runs or ran last, with its key.
    operation: Value,
    phase: &'static str,
    syncs: Vec<String>,
}

impl World {
    fn answer(&mut self, asked: &Asked) -> Said {
        let path = asked.route().to_owned();
        let secret = asked.header("authorization");
        if path.starts_with("/api/v1/") && secret != format!("Bearer {TOKEN}") {
            return Said::json(401, &json!({ "error": "no session information", "code": 16 }));
        }
        match (asked.method.as_str(), path.as_str()) {
            ("GET" | "HEAD", "/v2/bank/ledger/manifests/v2.5.0") => {
                Said::text(200, "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\"}")
                    .with("Content-Type", "application/vnd.oci.image.index.v1+json")
                    .with("Docker-Content-Digest", &self.digest())
            }
            ("GET", "/rest/api/2/issue/PAY-17") if secret.starts_with("Basic ") => Said::json(
                200,
                &json!({ "key": "PAY-17", "fields": { "status": { "name": self.ticket }, "summary": "Ledger" } }),
            ),
            ("GET", "/actuator/health") => Said::json(200, &json!({ "status": self.health })),
            ("GET", APPLICATION) => Said::json(200, &self.application()),
            ("POST", "/api/v1/applications/ledger/sync") => {
                let body = asked.json();
                self.syncs.push(body["infos"][0]["value"].as_str().unwrap().to_owned());
                self.operation = json!({ "info": body["infos"], "sync": {} });
                self.phase = "Running";
                let mut taken = self.application();
                taken["operation"] = self.operation.clone();
                Said::json(200, &taken)
            }
            _ => Said::json(404, &json!({ "message": "Not Found" })),
        }
    }

    fn digest(&self) -> String {
        format!("sha256:{}", self.digest.to_string().repeat(64))
    }

    fn application(&self) -> Value {
        let wanted = self.image();
        let mut application = json!({
            "metadata": { "name": "ledger", "namespace": "argocd" }, "spec": { "project": "bank" },
            "status": {
                "sync": { "status": if self.runs == wanted { "Synced" } else { "OutOfSync" }, "revision": "4a9c1f0e5b7d2c3a8f6e1d0b9c8a7f6e5d4c3b2a" },
                "health": { "status": "Healthy" },
                "summary": { "images": [self.runs] },
                "resources": [],
            },
        });
        if self.operation.is_object() {
            application["status"]["operationState"] = json!({
                "operation": self.operation, "phase": self.phase, "message": "",
                "startedAt": format!("2026-11-21T16:00:{:02}Z", self.syncs.len()),
            });
        }
        application
    }

    /// The image that the branch asks for.
    fn image(&self) -> String {
        let tags = tags(&self.origin);
        let tag = tags.split('"').nth(1).expect("the tag is quoted");
        format!("{}/bank/ledger:{tag}", self.at)
    }

    /// The cluster has what the branch asks for.
    fn roll_out(&mut self) {
        self.runs = self.image();
        self.phase = "Succeeded";
    }
}

struct Promotion {
    pair: Pair,
    world: Web<World>,
    gitops: Gitops,
    _secrets: TempDir,
}

impl Promotion {
    /// Opened at nine in New York by ana, two hours before the day in staging is over; she sees that, and waits. Then erin joins.
    fn open() -> Self {
        let gitops = Gitops::start();
        let world = World {
            at: String::new(),
            origin: gitops.origin(),
            digest: 'a',
            ticket: "In Review",
            health: "UP",
            runs: String::new(),
            operation: Value::Null,
            phase: "",
            syncs: Vec::new(),
        };
        let world = Web::start(world, World::answer);
        let at = world.address.to_string();
        world.state().at.clone_from(&at);
        world.state().runs = format!("{at}/bank/ledger:v2.4.0");
        let secrets = tempfile::tempdir().unwrap();
        let token = secrets.path().join("token");
        std::fs::write(&token, TOKEN).unwrap();
        let token = format!("{{ file = \"{}\" }}", token.display());
        let mut text = PROFILE
            .replace("{ env = \"JIRA_TOKEN\" }", &token)
            .replace("{ env = \"ARGOCD_AUTH_TOKEN\" }", &token)
            .replace("/srv/gitops.git", text(&gitops.origin()))
            .replace("/srv/gitops", text(&gitops.desk()));
        for host in ["registry", "tickets", "argocd", "ledger"] {
            text = text
                .replace(&format!("https://{host}.example.net"), &format!("http://{at}"))
                .replace(&format!("{host}.example.net"), &at);
        }
        let mut flown = Flown::open(&text);
        flown.keys("n<drawn>");
        flown.shows(&["business hours"]);
        flown.keys("y").pass(2);
        assert!(!flown.is_done("before"), "not at nine in New York");
        assert_eq!(flown.app.model.flight.session.version, None);
        flown.keys("<esc>").tick(&["before/the-image-is-known-by-its-digest"]).pass(15);
        assert!(flown.app.model.flight.session.version.is_some(), "resolved at its tick: {:?}", flown.app.notices());
        flown.pass(61 * 60).keys("n<drawn>y").pass(75);
        assert!(flown.is_done("before"), "{:?}", flown.app.notices());
        flown.tick(&["before/the-pipeline-has-tested-it"]).pass(1).keys("n<drawn>");
        flown.shows(&[
            "sha256:aaaa",
            "ran only 23 h of 24 h",
            "approval: Release manager, missing",
            "approval: Release ticket",
        ]);
        flown.keys("ledger<enter>").pass(2);
        assert_eq!(gitops.commits(), 2, "none of it holds yet");
        flown.keys("<esc>").pass(61 * 60);
        let pair = Pair::join_to(flown.app).join("erin", Seat::Operator);
        Self { pair, world, gitops, _secrets: secrets }
    }

    fn shows(&self, wanted: &[&str]) {
        let screen = screen(&self.pair.apps[ANA]);
        for each in wanted {
            assert!(
                screen.contains(each),
                "{each:?} is not on the screen:\n{screen}\n{:?}",
                self.pair.apps[ANA].notices()
            );
        }
    }

    fn keys(&mut self, keys: &str) -> &mut Self {
        self.pair.keys(ANA, keys);
        self
    }

    fn pass(&mut self, seconds: u64) -> &mut Self {
        self.pair.pass(seconds * 1_000);
        self.pair.keys(ANA, "<drawn>");
        self
    }

    fn told(&self) -> Vec<String> {
        told(&self.pair.apps[ANA])
    }

    fn is_done(&self, step: &str) -> bool {
        is_done(&self.pair.apps[ANA], step)
    }

    fn tags(&self) -> String {
        tags(&self.gitops.origin())
    }

    /// Both say yes, and the tag is written.
    fn write_the_tag(&mut self) {
        self.world.state().ticket = "Approved";
        self.pair.keys(ERIN, "V<drawn>a<drawn>release<enter>");
        self.pass(75).keys("n<drawn>ledger<enter>").pass(15);
        assert!(self.is_done("write-the-tag"), "{:?} {:?}", self.told(), self.pair.apps[ANA].notices());
        self.keys("<esc>");
    }

    /// The sync is asked for, and the cluster gets there.
    fn sync(&mut self) {
        self.keys("n<drawn>ledger<enter>").pass(6);
        self.world.state().roll_out();
        self.pass(20);
        assert!(self.is_done("sync"), "{:?} {:?}", self.told(), self.pair.apps[ANA].notices());
        self.keys("<esc>");
    }
}

#[test]
fn nothing_is_promoted_before_every_gate_holds_and_the_image_is_the_one_that_was_resolved() {
    let mut flight = Promotion::open();
    flight.keys("n<drawn>ledger<enter>").pass(2);
    assert_eq!(flight.gitops.commits(), 2, "nobody has said yes");
    flight.keys("<esc>");
    assert!(
        flight.pair.apps[ERIN].model.banners().iter().any(|banner| banner.text.contains("waits for your approval"))
    );
    flight.keys("V<drawn>a<drawn>release<enter><esc>").pass(1);
    flight.keys("<esc>n<drawn>");
    flight.shows(&["approval: Release manager, missing"]);
    flight.keys("<esc>");

    flight.pair.keys(ERIN, "V<drawn>a<drawn>release<enter>");
    flight.pass(75).keys("n<drawn>");
    flight.shows(&["✓ approval: Release manager, erin", "PAY-17 is In Review"]);
    flight.keys("ledger<enter>").pass(2);
    assert_eq!(flight.gitops.commits(), 2, "the ticket is not approved");
    flight.world.state().ticket = "Approved";
    flight.world.state().digest = 'b';
    flight.keys("<esc>").pass(75).keys("n<drawn>");
    flight.shows(&["sha256:aaaa", "sha256:bbbb"]);
    flight.keys("ledger<enter>").pass(2);
    assert_eq!(flight.gitops.commits(), 2, "somebody moved the tag");
    flight.world.state().digest = 'a';
    flight.keys("<esc>").pass(75).keys("n<drawn>ledger<enter>").pass(15);
    assert_eq!(flight.tags(), values("v2.5.0"), "{:?}", flight.pair.apps[ANA].notices());
    assert_eq!(flight.gitops.commits(), 3);
    assert!(flight.is_done("write-the-tag"));
}

#[test]
fn git_that_says_no_once_is_asked_again_and_a_sync_whose_answer_is_lost_is_found_by_its_key() {
    let mut flight = Promotion::open();
    flight.gitops.takes_pushes(false);
    flight.world.state().ticket = "Approved";
    flight.pair.keys(ERIN, "V<drawn>a<drawn>release<enter>");
    flight.pass(75).keys("n<drawn>");
    flight.shows(&["environments/production/tags.yaml /ledger/tag: v2.4.0 → v2.5.0"]);
    flight.keys("ledger<enter>").pass(15);
    flight.shows(&["the branch is closed for an audit"]);
    assert!(!flight.is_done("write-the-tag"));
    assert_eq!((flight.tags(), flight.gitops.commits()), (values("v2.4.0"), 2));
    flight.gitops.takes_pushes(true);
    flight.keys("<esc>n<drawn>ledger<enter>").pass(15);
    assert_eq!((flight.tags(), flight.gitops.commits()), (values("v2.5.0"), 3));

    flight.world.freeze_at(|asked| asked.method == "POST");
    flight.keys("<esc>n<drawn>");
    flight.shows(&["bank/ledger: v2.4.0 → v2.5.0"]);
    flight.keys("ledger<enter>").pass(1);
    assert_eq!(flight.told().last().map(String::as_str), Some("unknown"), "{:?}", flight.told());
    flight.world.freeze(false);
    let until = Instant::now() + Duration::from_mins(1);
    while flight.world.state().syncs.is_empty() {
        assert!(Instant::now() < until, "what was sent never arrives");
        std::thread::yield_now();
    }
    flight.pass(20);
    assert!(flight.told().last().is_some_and(|told| told.starts_with("runs as ")), "{:?}", flight.told());
    flight.world.state().roll_out();
    flight.pass(20);
    assert!(flight.is_done("sync"), "{:?}", flight.told());
    assert_eq!(flight.world.state().syncs.len(), 1, "it was sent once");

    flight.world.state().health = "DOWN";
    flight.keys("<esc>").pass(60).keys("n<drawn>y").pass(2);
    assert!(!flight.is_done("after"), "its health says no");
    flight.world.state().health = "UP";
    flight.keys("<esc>").pass(60).keys("n<drawn>y").pass(2);
    assert!(flight.is_done("after"), "{:?}", flight.pair.apps[ANA].notices());
    let kept = serde_json::to_string(
        &flight.pair.apps[ANA].journal.iter().map(|entry| format!("{entry:?}")).collect::<Vec<_>>(),
    );
    assert!(!kept.unwrap().contains(TOKEN), "the journal has a secret");
}

#[test]
fn the_way_back_is_the_tag_before_byte_for_byte_and_its_sync() {
    let mut flight = Promotion::open();
    flight.write_the_tag();
    flight.sync();
    assert!(flight.world.state().runs.ends_with("v2.5.0"));
    flight.world.state().health = "DOWN";
    flight.pass(30).keys("R<drawn>");
    flight.shows(&["The tag before", "/ledger/tag: v2.5.0 → v2.4.0"]);
    flight.keys("y").pass(15);
    assert_eq!(flight.tags(), values("v2.4.0"), "{:?}", flight.pair.apps[ANA].notices());
    assert!(flight.world.state().runs.ends_with("v2.5.0"), "the sync is an act of its own");
    flight.keys("<esc>u<drawn>");
    flight.shows(&["bank/ledger: v2.5.0 → v2.4.0"]);
    flight.keys("y").pass(6);
    flight.world.state().roll_out();
    flight.pass(20);
    assert!(flight.world.state().runs.ends_with("v2.4.0"));
    assert!(!flight.is_done("write-the-tag") && !flight.is_done("sync"), "from there on it goes again");
}
