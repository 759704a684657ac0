//! Issues of Jira.

use base64::Engine as _;
use flightdeck::domain::check::Verdict;
use serde_json::{Value, json};

use super::{Fixture, SECRET, Site, contract, query};
use crate::support::web::{Asked, Said};

contract::contract!(contract_of_it, fixture());

fn fixture() -> Fixture<Value> {
    Fixture {
        site: site(),
        spoil: |issue| issue["fields"]["status"]["name"] = json!("In Review"),
        mend: |issue| issue["fields"]["status"]["name"] = json!("Approved"),
    }
}

fn site() -> Site<Value> {
    let issue = json!({
        "key": "RELEASE-42",
        "fields": {
            "status": { "name": "Approved", "statusCategory": { "key": "done" } },
            "fixVersions": [{ "name": "v2.4.1" }, { "name": "v2.5.0" }], "summary": "Release 2.5.0 of the shop",
            "updated": "2026-11-21T12:00:00.000+0000",
        },
    });
    Site::start("jira-issue", issue, rules, |at, secret| {
        format!(
            "at = \"http://{at}\"\nissue = \"RELEASE-42\"\nstatus = [\"approved\", \"Done\"]\nfix_version = \"v{{to}}\"\nuser = \"ops@example.net\"\ntoken = {secret}"
        )
    })
}

/// As Jira answers: a wrong login is nobody's, and nobody sees no issue.
fn rules(issue: &mut Value, asked: &Asked) -> Said {
    let login = base64::engine::general_purpose::STANDARD.encode(format!("ops@example.net:{SECRET}"));
    let no =
        json!({ "errorMessages": ["Issue does not exist or you do not have permission to see it."], "errors": {} });
    if asked.header("authorization") != format!("Basic {login}") {
        return Said::json(404, &no).with("X-Seraph-LoginReason", "AUTHENTICATED_FAILED");
    }
    match asked.route() {
        "/rest/api/2/issue/RELEASE-42" => {
            // Only the fields that are asked for come.
            let wanted = query(asked)["fields"][0].clone();
            let fields = issue["fields"]
                .as_object()
                .unwrap()
                .iter()
                .filter(|(name, _)| wanted.split(',').any(|each| each == *name));
            let fields: serde_json::Map<String, Value> =
                fields.map(|(name, value)| (name.clone(), value.clone())).collect();
            Said::json(200, &json!({ "key": issue["key"], "fields": fields }))
        }
        _ => Said::json(404, &no),
    }
}

#[tokio::test]
async fn status_and_fix_version_must_both_be_right() {
    let site = site();
    assert_eq!(site.told("").await, (Verdict::Pass, "RELEASE-42 is Approved".to_owned()));
    site.edit(|issue| issue["fields"]["fixVersions"] = json!([{ "name": "v2.4.1" }]));
    assert_eq!(site.told("").await, (Verdict::Fail, "RELEASE-42 has fix version v2.4.1, not v2.5.0".to_owned()));
    site.edit(|issue| issue["fields"]["status"]["name"] = json!("Open"));
    let words = "RELEASE-42 is Open, not approved or Done, and has fix version v2.4.1, not v2.5.0";
    assert_eq!(site.told("").await, (Verdict::Fail, words.to_owned()));
}

#[tokio::test]
async fn an_issue_that_is_not_seen_is_not_told_about() {
    let site = site();
    let keys = site.keys().replace("RELEASE-42", "RELEASE-43");
    let answer = super::ask(&*super::check("jira-issue", &keys, super::PATIENT)).await;
    assert_eq!(answer.verdict, Verdict::Inconclusive);
    assert!(answer.words.contains("Issue does not exist or you do not have permission to see it."), "{}", answer.words);
    assert!(answer.words.contains("compare the issue's key"), "{}", answer.words);
}
