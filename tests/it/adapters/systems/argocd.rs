//! Argo CD: synced and healthy, held for one more answer.

use flightdeck::domain::check::Verdict;
use serde_json::{Value, json};

use super::{Fixture, SECRET, Site, ask, contract, line, query};
use crate::support::web::{Asked, Said};

const COMMIT: &str = "4a9c1f0e5b7d2c3a8f6e1d0b9c8a7f6e5d4c3b2a";

contract::contract!(contract_of_it, fixture(), held);

fn fixture() -> Fixture<Value> {
    let spoil = |application: &mut Value| application["status"]["health"]["status"] = json!("Degraded");
    Fixture { site: site(), spoil, mend: |application| application["status"]["health"]["status"] = json!("Healthy") }
}

fn site() -> Site<Value> {
    let application = json!({
        "metadata": { "name": "shop" }, "spec": { "project": "payments" },
        "status": {
            "sync": { "status": "Synced", "revision": COMMIT },
            "health": { "status": "Healthy", "lastTransitionTime": "2026-11-21T13:50:00Z" },
            "operationState": { "phase": "Succeeded", "finishedAt": "2026-11-21T13:49:00Z", "syncResult": { "revision": COMMIT } },
        },
    });
    Site::start("argocd", application, rules, |at, secret| {
        format!(
            "at = \"http://{at}\"\napplication = \"shop\"\nproject = \"payments\"\nrevision = \"4a9c1f0\"\ntoken = {secret}"
        )
    })
}

/// As the server answers: without a project an application that is not there is forbidden, with one it is not found.
fn rules(application: &mut Value, asked: &Asked) -> Said {
    let no = |status: u16, code: u32, message: &str| {
        Said::json(status, &json!({ "error": message, "code": code, "message": message }))
    };
    if asked.header("authorization") != format!("Bearer {SECRET}") {
        return no(401, 16, "no session information");
    }
    let query = query(asked);
    let Some(project) = query.get("project").and_then(|all| all.first()) else {
        return no(403, 7, "permission denied");
    };
    match asked.route() {
        "/api/v1/applications/shop" if *project != application["spec"]["project"] => no(403, 7, "permission denied"),
        "/api/v1/applications/shop" => Said::json(200, application).with("Date", "Sat, 21 Nov 2026 14:00:07 GMT"),
        _ => no(404, 5, "applications.argoproj.io \"other\" not found"),
    }
}

#[tokio::test]
async fn healthy_counts_when_it_is_held_for_one_more_answer() {
    let site = site();
    let check = site.check();
    let first = ask(&*check).await;
    assert_eq!(first.verdict, Verdict::Inconclusive);
    assert_eq!(first.words, format!("synced to {COMMIT} and healthy; it counts when the next answer says the same"));
    let second = ask(&*check).await;
    assert_eq!((second.verdict, second.words), (Verdict::Pass, format!("synced to {COMMIT} and healthy")));
    assert_eq!(line(&first, "time"), "2026-11-21 14:00:07Z", "by the server's clock");
    // It flickers: what was good before does not count for what is good again.
    site.edit(|application| application["status"]["health"]["status"] = json!("Progressing"));
    assert_eq!(ask(&*check).await.verdict, Verdict::Fail);
    site.edit(|application| {
        application["status"]["health"] = json!({ "status": "Healthy", "lastTransitionTime": "2026-11-21T14:01:00Z" });
    });
    assert_eq!(ask(&*check).await.verdict, Verdict::Inconclusive);
    assert_eq!(ask(&*check).await.verdict, Verdict::Pass);
    // Another good state is not the one that was seen.
    site.edit(|application| application["status"]["health"]["lastTransitionTime"] = json!("2026-11-21T14:02:00Z"));
    assert_eq!(ask(&*check).await.verdict, Verdict::Inconclusive);
}

#[tokio::test]
async fn an_application_that_is_not_there_fails_and_one_of_another_project_is_not_told() {
    let site = site();
    let keys = site.keys();
    let other = super::check("argocd", &keys.replace("\"shop\"", "\"other\""), super::PATIENT);
    let answer = ask(&*other).await;
    assert_eq!(
        (answer.verdict, answer.words.as_str()),
        (Verdict::Fail, "there is no application other in project payments")
    );
    let elsewhere = super::check("argocd", &keys.replace("payments", "billing"), super::PATIENT);
    let answer = ask(&*elsewhere).await;
    assert_eq!(answer.verdict, Verdict::Inconclusive);
    assert!(answer.words.contains("may be in another project"), "{}", answer.words);
}

#[tokio::test]
async fn the_revision_of_the_session_is_what_must_be_synced() {
    let site = site();
    let keys = site.keys().replace("4a9c1f0", "v{to}");
    let check = super::check("argocd", &keys, super::PATIENT);
    let answer = ask(&*check).await;
    assert_eq!((answer.verdict, answer.words), (Verdict::Fail, format!("compared with {COMMIT}, not with v2.5.0")));
    let mut asking = super::asking();
    asking.to_version.clear();
    let answer = check.ask(&asking).await;
    assert_eq!(answer.verdict, Verdict::Inconclusive);
    assert!(answer.words.contains("open the session with --to VERSION"), "{}", answer.words);
}
