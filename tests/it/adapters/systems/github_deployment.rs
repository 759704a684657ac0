//! GitHub: whether a run was approved for an environment, by its review history and by what still waits.

use flightdeck::domain::check::Verdict;
use serde_json::{Value, json};

use super::{Fixture, SECRET, Site, ask, contract};
use crate::support::web::{Asked, Said};

contract::contract!(contract_of_it, fixture());

fn fixture() -> Fixture<Repository> {
    Fixture {
        site: site(),
        spoil: |repository| repository.reviews[0]["state"] = json!("rejected"),
        mend: |repository| repository.reviews[0]["state"] = json!("approved"),
    }
}

struct Repository {
    starter: &'static str,
    reviews: Vec<Value>,
    pending: Vec<Value>,
}

fn review(state: &str, by: &str, environment: &str) -> Value {
    json!({
        "state": state, "comment": "Ship it! mail me at ops@example.net",
        "environments": [{ "id": 161_088_068, "name": environment, "url": "https://api.github.com/" }],
        "user": { "login": by, "id": 1, "type": "User" },
    })
}

fn waiting(environment: &str) -> Value {
    json!({
        "environment": { "id": 161_088_068, "name": environment },
        "wait_timer": 0, "wait_timer_started_at": null, "current_user_can_approve": false,
        "reviewers": [
            { "type": "User", "reviewer": { "login": "carol" } },
            { "type": "Team", "reviewer": { "id": 1, "name": "Justice League", "slug": "justice-league" } },
        ],
    })
}

fn site() -> Site<Repository> {
    let repository =
        Repository { starter: "ana", reviews: vec![review("approved", "carol", "production")], pending: Vec::new() };
    Site::start("github-deployment", repository, rules, |at, secret| {
        format!(
            "at = \"http://{at}\"\nrepository = \"acme/shop\"\nrun = 42\nenvironment = \"Production\"\ntoken = {secret}"
        )
    })
}

/// As GitHub answers: what waits and what was reviewed are lists beside the run.
fn rules(repository: &mut Repository, asked: &Asked) -> Said {
    let no = |status: u16, message: &str| Said::json(status, &json!({ "message": message }));
    if asked.header("authorization") != format!("Bearer {SECRET}") {
        return no(401, "Bad credentials");
    }
    assert_eq!(asked.header("accept"), "application/vnd.github+json");
    assert_eq!(asked.header("x-github-api-version"), "2022-11-28");
    match asked.route() {
        "/repos/acme/shop/actions/runs/42" => Said::json(
            200,
            &json!({
                "id": 42, "display_title": "deploy 2.5.0", "status": "in_progress", "conclusion": null,
                "head_sha": "4a9c1f0e5b7d2c3a8f6e1d0b9c8a7f6e5d4c3b2a", "run_attempt": 1,
                "html_url": "https://github.com/acme/shop/actions/runs/42",
                "actor": { "login": "somebody" }, "triggering_actor": { "login": repository.starter },
            }),
        ),
        "/repos/acme/shop/actions/runs/42/pending_deployments" => Said::json(200, &json!(repository.pending)),
        "/repos/acme/shop/actions/runs/42/approvals" => Said::json(200, &json!(repository.reviews)),
        _ => no(404, "Not Found"),
    }
}

#[tokio::test]
async fn it_passes_once_a_reviewer_other_than_who_started_the_run_approved() {
    let site = site();
    let told = |verdict, words: &str| (verdict, words.to_owned());
    assert_eq!(site.told("").await, told(Verdict::Pass, "run 42: Production was approved by carol"));
    site.edit(|repository| repository.starter = "Carol");
    let words = "run 42: Production was approved by carol alone, who started the run";
    assert_eq!(site.told("").await, told(Verdict::Fail, words));
    assert_eq!(site.told("own = true").await.0, Verdict::Pass);
    site.edit(|repository| {
        repository.starter = "ana";
        repository.reviews.push(review("approved", "dave", "production"));
    });
    assert_eq!(site.told("").await.1, "run 42: Production was approved by carol, dave");
    assert_eq!(site.told("reviewers = [\"DAVE\"]").await.1, "run 42: Production was approved by dave");
    let words = "run 42: Production was approved by carol alone, not among the reviewers that the profile names";
    assert_eq!(site.told("reviewers = [\"erin\"]").await, told(Verdict::Fail, words));
}

#[tokio::test]
async fn what_waits_is_not_approved_whatever_the_history_says_of_an_earlier_attempt() {
    let site = site();
    site.edit(|repository| repository.pending = vec![waiting("staging"), waiting("production")]);
    let words = "run 42 waits for the review of Production: by carol, the team justice-league";
    assert_eq!(site.told("").await, (Verdict::Fail, words.to_owned()));
    site.edit(|repository| {
        repository.pending.truncate(1);
    });
    assert_eq!(site.told("").await.0, Verdict::Pass, "another environment waits");
}

#[tokio::test]
async fn a_rejection_fails_and_what_was_both_cannot_be_told() {
    let site = site();
    site.edit(|repository| repository.reviews = vec![review("rejected", "dave", "production")]);
    assert_eq!(site.told("").await, (Verdict::Fail, "run 42: Production was rejected by dave".to_owned()));
    site.edit(|repository| repository.reviews.push(review("approved", "carol", "production")));
    let (verdict, words) = site.told("").await;
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(words.contains("was rejected by dave, and approved; see its page"), "{words}");
}

#[tokio::test]
async fn an_environment_that_nobody_was_asked_about_is_not_approved_by_silence() {
    let site = site();
    site.edit(|repository| repository.reviews = vec![review("approved", "carol", "staging")]);
    let (verdict, words) = site.told("").await;
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(words.contains("nobody was asked to review Production; see whether it has come so far"), "{words}");
}

#[tokio::test]
async fn its_evidence_names_the_reviews_and_the_run_and_nothing_personal() {
    let answer = ask(&*site().check()).await;
    let of = |wanted: &str| {
        answer.evidence.iter().find(|(name, _)| name == wanted).map(|(_, text)| text.clone()).unwrap_or_default()
    };
    assert_eq!(of("review"), "approved by carol: Ship it! mail me at ‹email›");
    assert_eq!(of("page"), "https://github.com/acme/shop/actions/runs/42");
    assert_eq!(of("title"), "deploy 2.5.0");
    assert!(of("request").ends_with("/repos/acme/shop/actions/runs/42, its pending_deployments and approvals"));
}
