//! An issue of Jira: comments, fix version, transition.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flightdeck::adapter::notifier::{Came, Telling};
use flightdeck::domain::notify::Occasion;
use serde_json::{Value, json};

use super::{SECRET, Site, contract, telling, tells};
use crate::support::web::{Asked, Said};

contract::contract!(contract_of_it, site(), Occasion::Closed);

struct Issue {
    status: &'static str,
    comments: Vec<String>,
    versions: Vec<String>,
    /// What the project has.
    known: Vec<&'static str>,
    /// Number and where it leads.
    transitions: Vec<(&'static str, &'static str)>,
    /// How often another user is moving it at the same moment.
    is_busy: usize,
}

fn site() -> Site<Issue> {
    let issue = Issue {
        status: "In Progress",
        comments: Vec::new(),
        versions: vec!["v2.4.0".to_owned()],
        known: vec!["v2.4.0", "v2.5.0"],
        transitions: vec![("11", "In Progress"), ("31", "Done")],
        is_busy: 0,
    };
    Site::start(
        "jira-issue",
        issue,
        rules,
        |at, secret| {
            format!(
                "at = \"http://{at}\"\nissue = \"RELEASE-42\"\nuser = \"ana@example.com\"\ntoken = {secret}\n\
                 fix_version = \"v{{{{ to }}}}\"\ntransition = {{ closed = \"done\" }}"
            )
        },
        |own| own.comments.len(),
        |own| own.comments.clone(),
    )
}

/// As Jira answers: basic login, 404 for what may not be seen, 204 for what was done, 400 for what does not exist.
fn rules(own: &mut Issue, asked: &Asked) -> Said {
    let login = format!("Basic {}", STANDARD.encode(format!("ana@example.com:{SECRET}")));
    if asked.header("authorization") != login {
        return Said::json(401, &json!({ "errorMessages": ["Client must be authenticated to access this resource."] }));
    }
    let Some(rest) = asked.route().strip_prefix("/rest/api/2/issue/RELEASE-42") else {
        return Said::json(404, &json!({ "errorMessages": ["Issue does not exist"], "errors": {} }));
    };
    let body = asked.json();
    match (asked.method.as_str(), rest) {
        ("GET", "") => {
            let versions: Vec<Value> = own.versions.iter().map(|name| json!({ "name": name })).collect();
            Said::json(200, &json!({ "fields": { "status": { "name": own.status }, "fixVersions": versions } }))
        }
        ("PUT", "") => {
            let name = body.pointer("/update/fixVersions/0/add/name").and_then(Value::as_str).unwrap_or_default();
            if !own.known.contains(&name) {
                let errors = json!({ "errorMessages": [format!("Version name '{name}' is not valid")], "errors": {} });
                return Said::json(400, &errors);
            }
            own.versions.push(name.to_owned());
            Said::text(204, "")
        }
        ("GET", "/comment") => {
            let comments: Vec<Value> = own.comments.iter().rev().map(|text| json!({ "body": text })).collect();
            Said::json(200, &json!({ "comments": comments, "total": own.comments.len() }))
        }
        ("POST", "/comment") => {
            own.comments.push(body["body"].as_str().expect("plain text").to_owned());
            Said::json(201, &json!({ "id": format!("{}", 10_000 + own.comments.len()) }))
        }
        ("GET", "/transitions") => {
            let all = own.transitions.iter().map(|(id, to)| json!({ "id": id, "name": "go", "to": { "name": to } }));
            Said::json(200, &json!({ "transitions": all.collect::<Vec<_>>() }))
        }
        ("POST", "/transitions") if own.is_busy > 0 => {
            own.is_busy -= 1;
            Said::json(409, &json!({ "errorMessages": ["The issue is being moved by somebody else"] }))
        }
        ("POST", "/transitions") => {
            let id = body.pointer("/transition/id").and_then(Value::as_str).unwrap_or_default();
            let Some((_, to)) = own.transitions.iter().find(|(each, _)| *each == id) else {
                return Said::json(400, &json!({ "errorMessages": ["no such transition"] }));
            };
            own.status = to;
            Said::text(204, "")
        }
        other => panic!("{other:?} is nothing that is known"),
    }
}

#[tokio::test]
async fn a_closing_comments_sets_the_version_and_moves_the_issue() {
    let site = site();
    let said = tells(&*site.notifier(), &telling(Occasion::Closed, 30)).await;
    assert_eq!(said.came, Came::Told { words: "comment 10001, fix version v2.5.0, now done".to_owned() });
    site.look(|own| {
        assert_eq!((own.status, own.versions.join(" ")), ("Done", "v2.4.0 v2.5.0".to_owned()));
        assert!(own.comments[0].contains("entry 30") && own.comments[0].contains("(flightdeck "), "{:?}", own.comments);
    });
    // What the issue has already is left alone.
    let said = tells(&*site.notifier(), &telling(Occasion::Closed, 31)).await;
    assert_eq!(said.came, Came::Told { words: "comment 10002".to_owned() });
}

#[tokio::test]
async fn an_issue_that_somebody_else_moves_is_tried_again_without_a_second_comment() {
    let site = site();
    site.look(|own| own.is_busy = 1);
    let first = site.notifier().tell(&telling(Occasion::Closed, 30)).await.came;
    assert!(matches!(first, Came::Later { may_be_there: true, .. }), "{first:?}");
    tells(&*site.notifier(), &Telling { may_be_there: true, ..telling(Occasion::Closed, 30) }).await;
    site.look(|own| assert_eq!((own.comments.len(), own.status), (1, "Done")));
}

#[tokio::test]
async fn a_transition_that_there_is_not_is_said_with_those_that_there_are() {
    let site = site();
    site.look(|own| own.transitions = vec![("11", "Review"), ("12", "Blocked")]);
    let came = site.notifier().tell(&telling(Occasion::Closed, 30)).await.came;
    let Came::Refused { why } = came else { panic!("{came:?}") };
    assert!(why.contains("comment 10001") && why.contains("no transition leads to done"), "{why}");
    assert!(why.contains("Review, Blocked"), "{why}");
    site.look(|own| own.transitions = vec![("31", "Done"), ("32", "Done")]);
    let came = site.notifier().tell(&telling(Occasion::Closed, 31)).await.came;
    assert!(matches!(&came, Came::Refused { why } if why.contains("several transitions lead to done")), "{came:?}");
}

#[tokio::test]
async fn a_version_that_the_project_lacks_is_said_in_its_words() {
    let site = site();
    site.look(|own| own.known = vec!["v2.4.0"]);
    let came = site.notifier().tell(&telling(Occasion::Opened, 1)).await.came;
    assert!(matches!(&came, Came::Refused { why } if why.contains("Version name 'v2.5.0' is not valid")), "{came:?}");
}
