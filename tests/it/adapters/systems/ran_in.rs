//! Whether a version ran in another environment: by an HTTP address, by the history of a file in git, by past sessions.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use flightdeck::adapter::check::ran_in::{Past, PastAsked};
use flightdeck::adapter::check::{Check, KINDS};
use flightdeck::domain::check::Verdict;
use flightdeck::domain::version::{End, History, Ran};
use flightdeck::domain::{PoolId, Trouble, TroubleKind};
use flightdeck::setting::{Report, Source, read};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::json;

use super::{Fixture, NOW, PATIENT, SECRET, Site, ask, before, check, contract, line, written};
use crate::support::web::{Asked, Said};

contract::contract!(contract_of_it, fixture());

/// What runs in staging, as a service of the users tells it.
struct Deploys {
    tag: &'static str,
    /// Minutes ago.
    since: i64,
}

fn fixture() -> Fixture<Deploys> {
    Fixture { site: site(), spoil: |deploys| deploys.tag = "2.4.0", mend: |deploys| deploys.tag = "2.5.0" }
}

fn site() -> Site<Deploys> {
    Site::start("ran-in", Deploys { tag: "2.5.0", since: 3_000 }, rules, |at, secret| {
        format!(
            "environment = \"staging\"\nfor = \"24h\"\n\
             source = {{ kind = \"http\", at = \"http://{at}\", path = \"/staging/shop\", value = \"/tag\", since = \
             \"/since\", token = {secret} }}"
        )
    })
}

fn rules(deploys: &mut Deploys, asked: &Asked) -> Said {
    if asked.header("authorization") != format!("Bearer {SECRET}") {
        return Said::json(401, &json!({ "message": "who are you?" }));
    }
    assert_eq!((asked.method.as_str(), asked.route()), ("GET", "/staging/shop"));
    Said::json(200, &json!({ "tag": deploys.tag, "since": written(before(deploys.since)) }))
}

#[tokio::test]
async fn too_short_a_time_there_fails_with_how_long_it_was() {
    let site = site();
    site.edit(|deploys| deploys.since = 180);
    let (verdict, words) = site.told("").await;
    assert_eq!(verdict, Verdict::Fail);
    assert!(words.starts_with("2.5.0 ran only 3 h of 24 h in staging; long enough on "), "{words}");
    site.edit(|deploys| deploys.tag = "2.4.0");
    let (verdict, words) = site.told("").await;
    assert_eq!((verdict, words.as_str()), (Verdict::Fail, "2.5.0 not found in staging; 2.4.0 runs there"));
    site.edit(|deploys| (deploys.tag, deploys.since) = ("v2.5.0", 3_000));
    assert_eq!(site.told("version = \"v{to}\"").await.0, Verdict::Pass);
}

/// A checkout with one commit for each tag, from so many hours ago.
fn checkout(tags: &[(&str, i64)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), NOW.0, &["init", "--quiet", "--initial-branch=main"]);
    for (tag, hours) in tags {
        let text = format!("# by the pipeline\naccounts:\n  tag: \"{tag}\"\ncards:\n  tag: 1.0.0\n");
        std::fs::create_dir_all(folder.path().join("env")).unwrap();
        std::fs::write(folder.path().join("env/image-tags.yaml"), text).unwrap();
        git(folder.path(), NOW.0, &["add", "."]);
        git(folder.path(), before(hours * 60).0, &["commit", "--quiet", "--allow-empty", "-m", tag]);
    }
    folder
}

fn git(folder: &Path, at: i64, words: &[&str]) {
    let date = format!("{} +0000", at / 1_000);
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(words).env("GIT_COMMITTER_DATE", &date).env("GIT_AUTHOR_DATE", &date);
    for (name, value) in [("NAME", "ana"), ("EMAIL", "ana@example.net")] {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    let status = command.env("GIT_CONFIG_GLOBAL", "/dev/null").status();
    let status = status.expect("git is needed; run ./tests/run, which installs it");
    assert!(status.success(), "git {words:?}: {status}");
}

fn by_git(folder: &Path) -> Arc<dyn Check> {
    let keys = format!(
        "environment = \"staging\"\nfor = \"24h\"\nsource = {{ kind = \"git\", checkout = \"{}\", file = \
         \"env/image-tags.yaml\", value = \"/accounts/tag\" }}",
        folder.display()
    );
    check("ran-in", &keys, PATIENT)
}

async fn told(tags: &[(&str, i64)]) -> (Verdict, String) {
    let folder = checkout(tags);
    let answer = ask(&*by_git(folder.path())).await;
    (answer.verdict, answer.words)
}

#[tokio::test]
async fn the_history_of_a_file_tells_how_long_a_version_has_run() {
    let folder = checkout(&[("2.4.0", 200), ("2.5.0", 30)]);
    let answer = ask(&*by_git(folder.path())).await;
    assert_eq!(answer.verdict, Verdict::Pass, "{}", answer.words);
    assert!(answer.words.starts_with("2.5.0 has run 30 h in staging, since 2026-11-20"), "{}", answer.words);
    assert!(line(&answer, "by").contains("by ana"), "{:?}", answer.evidence);
    assert!(line(&answer, "read").contains("/accounts/tag of env/image-tags.yaml on HEAD"), "{:?}", answer.evidence);
    let (verdict, words) = told(&[("2.4.0", 200), ("2.5.0", 3)]).await;
    assert_eq!(verdict, Verdict::Fail);
    assert!(words.starts_with("2.5.0 ran only 3 h of 24 h"), "{words}");
    // It counts from when it was first there, whatever else was committed meanwhile.
    assert_eq!(told(&[("2.4.0", 200), ("2.5.0", 30), ("2.5.0", 2)]).await.0, Verdict::Pass);
    assert_eq!(told(&[("2.5.0", 60), ("2.6.0", 10)]).await.0, Verdict::Pass, "it ran long enough before the next one");
}

#[tokio::test]
async fn a_version_that_was_rolled_back_there_or_never_ran_there_fails() {
    let (verdict, words) = told(&[("2.4.0", 200), ("2.5.0", 100), ("2.4.0", 10)]).await;
    assert_eq!(verdict, Verdict::Fail);
    assert!(words.starts_with("2.5.0 was rolled back to 2.4.0 in staging on 2026-11-21"), "{words}");
    assert!(words.ends_with(", after 90 h"), "{words}");
    let (verdict, words) = told(&[("2.4.0", 200)]).await;
    assert_eq!((verdict, words.as_str()), (Verdict::Fail, "2.5.0 not found in staging; 2.4.0 runs there"));
}

#[tokio::test]
async fn a_checkout_that_cannot_be_read_tells_nothing_about_the_version() {
    let folder = tempfile::tempdir().unwrap();
    let answer = ask(&*by_git(folder.path())).await;
    assert_eq!(answer.verdict, Verdict::Inconclusive);
    assert!(answer.words.contains("git") && answer.words.contains("try it by hand"), "{}", answer.words);
    let folder = checkout(&[("2.5.0", 30)]);
    let elsewhere = |from: &str, to: &str| {
        let keys = format!(
            "environment = \"staging\"\nsource = {{ kind = \"git\", checkout = \"{}\", file = \"env/image-tags.yaml\", \
             value = \"/accounts/tag\" }}",
            folder.path().display()
        );
        check("ran-in", &keys.replace(from, to), PATIENT)
    };
    for (from, to, why) in [
        ("/accounts/tag", "/loans/tag", "there is no value; see whether `value` is right"),
        ("image-tags.yaml", "tags.yaml", "git log knows no commit of it"),
        ("kind = \"git\"", "kind = \"git\", branch = \"origin/main\"", "try it by hand"),
        ("kind = \"git\"", "kind = \"git\", program = \"no-such-git\"", "there is no program `no-such-git` here"),
    ] {
        let answer = ask(&*elsewhere(from, to)).await;
        assert_eq!(answer.verdict, Verdict::Inconclusive, "{to}: {}", answer.words);
        assert!(answer.words.contains(why), "{to}: {}", answer.words);
    }
}

/// Sessions as a journal tells them, or why it does not.
struct Told(Result<History, &'static str>);

impl Past for Told {
    fn history<'a>(&'a self, asked: &'a PastAsked) -> BoxFuture<'a, Result<History, Trouble>> {
        assert_eq!((asked.environment.as_str(), asked.service.as_deref()), ("staging", None));
        let answer = self.0.clone();
        async move { answer.map_err(|why| Trouble::new(TroubleKind::Unreachable, "read the sessions", why, "wait")) }
            .boxed()
    }
}

fn by_sessions(past: Told) -> Arc<dyn Check> {
    let kind = KINDS.iter().find(|each| each.name == "ran-in").expect("it is a kind");
    let keys = "environment = \"staging\"\nfor = \"24h\"\nsource = { kind = \"sessions\" }";
    let sources = [Source::new("check", keys.as_bytes()).unwrap()];
    let report = Report::new(&sources);
    let pool = PoolId::new("blue");
    let configured = read(&report, |table| (kind.read)(table, Some(&pool), PATIENT)).flatten();
    let past: Arc<dyn Past> = Arc::new(past);
    configured.expect("it is whole").connect_over(&past).expect("it can be used")
}

#[tokio::test]
async fn past_sessions_are_asked_where_the_profile_says_so() {
    let run = |end| Ran { version: "2.5.0".to_owned(), from: Some(before(3_000)), by: "session 1".to_owned(), end };
    let history = |end| History { runs: vec![run(end)], is_whole: true, source: "the journal".to_owned() };
    let back = End::RolledBack { to: String::new(), at: before(10) };
    for (end, verdict) in [(End::Runs, Verdict::Pass), (End::Unsettled, Verdict::Inconclusive), (back, Verdict::Fail)] {
        let answer = ask(&*by_sessions(Told(Ok(history(end))))).await;
        assert_eq!(answer.verdict, verdict, "{}", answer.words);
        assert_eq!(line(&answer, "read"), "the journal");
    }
    let answer = ask(&*by_sessions(Told(Err("no answer")))).await;
    assert_eq!(answer.verdict, Verdict::Inconclusive);
    let nowhere = check("ran-in", "environment = \"staging\"\nsource = { kind = \"sessions\" }", PATIENT);
    let answer = ask(&*nowhere).await;
    assert_eq!(answer.verdict, Verdict::Inconclusive);
    assert!(answer.words.contains("there is no journal here"), "{}", answer.words);
}
