//! GitHub Actions: a run by its id, or the newest that belongs here.

use std::time::Duration;

use flightdeck::domain::check::Verdict;
use serde_json::{Value, json};

use super::{Fixture, SECRET, Site, ask, contract, query};
use crate::support::web::{Asked, Said};

const COMMIT: &str = "4a9c1f0e5b7d2c3a8f6e1d0b9c8a7f6e5d4c3b2a";

contract::contract!(contract_of_it, fixture());

fn fixture() -> Fixture<Repository> {
    Fixture {
        site: site(),
        spoil: |repository| repository.runs[0]["conclusion"] = json!("failure"),
        mend: |repository| repository.runs[0]["conclusion"] = json!("success"),
    }
}

struct Repository {
    /// Newest first.
    runs: Vec<Value>,
    /// The answers that cost something.
    counted: u32,
    /// How many of them there are left.
    left: u32,
}

fn run(id: u64, title: &str, status: &str, conclusion: Option<&str>) -> Value {
    json!({
        "id": id, "display_title": title, "status": status, "conclusion": conclusion, "head_sha": COMMIT,
        "head_branch": "main", "created_at": format!("2026-11-21T13:{:02}:00Z", id % 60), "run_attempt": 1,
        "html_url": format!("https://github.com/acme/shop/actions/runs/{id}"),
    })
}

fn site() -> Site<Repository> {
    let repository =
        Repository { runs: vec![run(42, "deploy 2.5.0", "completed", Some("success"))], counted: 0, left: 5000 };
    Site::start("github-run", repository, rules, |at, secret| {
        format!(
            "at = \"http://{at}\"\nrepository = \"acme/shop\"\nworkflow = \"deploy.yml\"\ntitle = \"{{to}}\"\ntoken = {secret}"
        )
    })
}

/// As GitHub answers: a user agent must be named, a list has pages and filters, and what has not changed is 304 and free.
fn rules(repository: &mut Repository, asked: &Asked) -> Said {
    let no =
        |status: u16, message: &str| Said::json(status, &json!({ "message": message, "status": status.to_string() }));
    if asked.header("user-agent").is_empty() {
        return no(
            403,
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
        );
    }
    if asked.header("authorization") != format!("Bearer {SECRET}") {
        return no(401, "Bad credentials");
    }
    assert_eq!(asked.header("accept"), "application/vnd.github+json");
    assert_eq!(asked.header("x-github-api-version"), "2022-11-28");
    if repository.left == 0 {
        return no(403, "API rate limit exceeded for user ID 1.")
            .with("X-RateLimit-Remaining", "0")
            .with("X-RateLimit-Reset", "1795270500");
    }
    let query = query(asked);
    let of = |name: &str| query.get(name).and_then(|all| all.first()).map(String::as_str);
    let body = match asked.route() {
        "/repos/acme/shop/actions/workflows/deploy.yml/runs" => {
            let size: usize = of("per_page").map_or(30, |size| size.parse().unwrap());
            let page: usize = of("page").map_or(1, |page| page.parse().unwrap());
            assert!(size <= 100);
            let fits = |run: &&Value| {
                of("head_sha").is_none_or(|sha| run["head_sha"] == sha)
                    && of("branch").is_none_or(|branch| run["head_branch"] == branch)
            };
            let all: Vec<&Value> = repository.runs.iter().filter(fits).collect();
            let page: Vec<&&Value> = all.iter().skip((page - 1) * size).take(size).collect();
            json!({ "total_count": all.len(), "workflow_runs": page })
        }
        route => {
            let id = route.strip_prefix("/repos/acme/shop/actions/runs/").and_then(|id| id.parse::<u64>().ok());
            match repository.runs.iter().find(|run| run["id"].as_u64() == id) {
                Some(run) => run.clone(),
                None => return no(404, "Not Found"),
            }
        }
    };
    let hash = ring::digest::digest(&ring::digest::SHA256, body.to_string().as_bytes());
    let tag = hash.as_ref().iter().take(8).fold(String::new(), |tag, byte| format!("{tag}{byte:02x}"));
    let tag = format!("\"{tag}\"");
    if asked.header("if-none-match") == tag {
        return Said::text(304, "").with("ETag", &tag);
    }
    repository.counted += 1;
    Said::json(200, &body).with("ETag", &tag)
}

fn with(site: &Site<Repository>, keys: &str) -> std::sync::Arc<dyn flightdeck::adapter::check::Check> {
    let own = site.keys().replace("workflow = \"deploy.yml\"\ntitle = \"{to}\"", keys);
    super::check("github-run", &own, super::PATIENT)
}

#[tokio::test]
async fn a_run_is_as_far_as_github_says() {
    let site = site();
    for (run, verdict, words) in [
        (run(1, "", "completed", Some("success")), Verdict::Pass, "run 1 concluded with success"),
        (run(2, "", "completed", Some("timed_out")), Verdict::Fail, "run 2 concluded with timed_out"),
        (run(3, "", "completed", Some("skipped")), Verdict::Fail, "run 3 concluded with skipped"),
        (run(4, "", "in_progress", None), Verdict::Fail, "run 4 has not concluded, it is in progress"),
        (run(5, "", "waiting", None), Verdict::Fail, "run 5 waits for somebody's approval"),
    ] {
        let check = with(&site, &format!("run = {}", run["id"]));
        site.edit(|repository| repository.runs = vec![run]);
        let answer = ask(&*check).await;
        assert_eq!((answer.verdict, answer.words.as_str()), (verdict, words));
    }
}

#[tokio::test]
async fn the_newest_run_that_belongs_here_is_meant_and_never_the_newest_alone() {
    let site = site();
    site.edit(|repository| {
        repository.runs = vec![
            run(50, "deploy 2.6.0", "completed", Some("failure")),
            run(49, "deploy 2.5.0", "completed", Some("success")),
            run(48, "deploy 2.5.0", "completed", Some("failure")),
        ];
    });
    assert_eq!(site.told("").await, (Verdict::Pass, "run 49 concluded with success".to_owned()));
    site.edit(|repository| repository.runs.truncate(1));
    let (verdict, words) = site.told("").await;
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(words.starts_with("none of the 1 newest runs belongs here"), "{words}");
}

#[tokio::test]
async fn a_run_on_a_later_page_is_found() {
    let site = site();
    site.edit(|repository| {
        let others = (0..130).map(|number| run(1_000 - number, "nightly", "completed", Some("failure")));
        repository.runs = others.chain([run(7, "deploy 2.5.0", "completed", Some("success"))]).collect();
    });
    assert_eq!(site.told("").await, (Verdict::Pass, "run 7 concluded with success".to_owned()));
}

#[tokio::test]
async fn what_has_not_changed_is_asked_for_nothing() {
    let site = site();
    let check = with(&site, "run = 42");
    for _ in 0..3 {
        assert_eq!(ask(&*check).await.verdict, Verdict::Pass);
    }
    site.edit(|repository| assert_eq!(repository.counted, 1));
}

#[tokio::test]
async fn an_hour_that_is_used_up_ends_when_github_says() {
    let site = site();
    site.edit(|repository| repository.left = 0);
    let answer = ask(&*site.check()).await;
    assert_eq!((answer.verdict, answer.not_before), (Verdict::Inconclusive, Some(Duration::from_mins(15))));
    assert!(answer.words.contains("the requests of this hour are used up"), "{}", answer.words);
}

#[tokio::test]
async fn what_is_not_there_may_be_what_may_not_be_seen() {
    let site = site();
    let answer = ask(&*with(&site, "run = 4711")).await;
    assert_eq!(answer.verdict, Verdict::Inconclusive);
    assert!(answer.words.contains("GitHub also says so of what the token may not see"), "{}", answer.words);
}
