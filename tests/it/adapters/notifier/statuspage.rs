//! Incidents and maintenances of Statuspage.

use flightdeck::adapter::notifier::{Came, Telling};
use flightdeck::domain::notify::Occasion;
use serde_json::{Value, json};

use super::{SECRET, Site, contract, telling, tells};
use crate::support::web::{Asked, Said};

mod incident {
    use super::*;
    contract::contract!(contract_of_it, site("statuspage-incident"), Occasion::RollingBack);
}

mod maintenance {
    use super::*;
    contract::contract!(contract_of_it, site("statuspage-maintenance"), Occasion::Opened);
}

#[derive(Default)]
struct Page {
    incidents: Vec<Value>,
}

fn site(kind: &'static str) -> Site<Page> {
    Site::start(
        kind,
        Page::default(),
        rules,
        |at, secret| {
            format!("at = \"http://{at}/v1\"\npage = \"p1\"\ntoken = {secret}\ncomponents = [\"c1\"]\nmails = false")
        },
        // What people see: each word on each incident.
        |own| own.incidents.iter().map(|each| each["incident_updates"].as_array().unwrap().len()).sum(),
        |own| own.incidents.iter().map(|each| each["incident_updates"].to_string()).collect(),
    )
}

/// As Statuspage answers: its own form of login, states that an incident and a maintenance may have.
fn rules(own: &mut Page, asked: &Asked) -> Said {
    if asked.header("authorization") != format!("OAuth {SECRET}") {
        return Said::json(401, &json!({ "error": "Could not authenticate" }));
    }
    let Some(rest) = asked.route().strip_prefix("/v1/pages/p1") else {
        return Said::json(404, &json!({ "error": "not found" }));
    };
    let is_open = |each: &&Value| !["resolved", "completed"].contains(&each["status"].as_str().unwrap());
    let is_planned = |each: &&Value| each["scheduled_for"].is_string();
    match (asked.method.as_str(), rest) {
        ("GET", "") => Said::json(200, &json!({ "id": "p1", "name": "Shop" })),
        ("GET", "/incidents/unresolved") => {
            let found: Vec<&Value> = own.incidents.iter().filter(|each| is_open(each) && !is_planned(each)).collect();
            Said::json(200, &json!(found))
        }
        ("GET", "/incidents/active_maintenance") => {
            let found: Vec<&Value> = own.incidents.iter().filter(|each| is_open(each) && is_planned(each)).collect();
            Said::json(200, &json!(found))
        }
        ("GET", "/incidents/scheduled") => Said::json(200, &json!([])),
        ("POST", "/incidents") => {
            let mut incident = asked.json()["incident"].clone();
            let planned = incident["scheduled_for"].is_string();
            let states: &[&str] = if planned {
                &["scheduled", "in_progress", "verifying", "completed"]
            } else {
                &["investigating", "identified", "monitoring", "resolved"]
            };
            let fits = states.contains(&incident["status"].as_str().unwrap_or_default())
                && !incident["name"].as_str().unwrap_or_default().is_empty()
                && planned == incident["scheduled_until"].is_string()
                && incident["deliver_notifications"].is_boolean();
            if !fits {
                return Said::json(422, &json!({ "error": ["status is invalid"] }));
            }
            incident["id"] = json!(format!("i{}", own.incidents.len() + 1));
            incident["incident_updates"] = json!([{ "body": incident["body"], "status": incident["status"] }]);
            own.incidents.push(incident.clone());
            Said::json(201, &incident)
        }
        (method, path) => {
            let id = path.strip_prefix("/incidents/").unwrap_or_default();
            let Some(found) = own.incidents.iter_mut().find(|each| each["id"] == id) else {
                return Said::json(404, &json!({ "error": "not found" }));
            };
            if method == "PATCH" {
                let change = asked.json()["incident"].clone();
                found["status"] = change["status"].clone();
                if change["components"].is_object() {
                    found["components"] = change["components"].clone();
                }
                let update = json!({ "body": change["body"], "status": change["status"] });
                found["incident_updates"].as_array_mut().unwrap().insert(0, update);
            }
            Said::json(200, found)
        }
    }
}

async fn told(site: &Site<Page>, occasion: Occasion, entry: u64, reference: Option<String>) -> (Came, Option<String>) {
    let said = tells(&*site.notifier(), &Telling { reference, ..telling(occasion, entry) }).await;
    (said.came, said.reference)
}

#[tokio::test]
async fn an_incident_is_opened_brought_up_to_date_and_resolved() {
    let site = site("statuspage-incident");
    let (_, reference) = told(&site, Occasion::RollingBack, 7, None).await;
    assert_eq!(reference.as_deref(), Some("i1"));
    told(&site, Occasion::Guard, 8, reference.clone()).await;
    told(&site, Occasion::RolledBack, 9, reference).await;
    site.look(|own| {
        let [incident] = &own.incidents[..] else { panic!("{:?}", own.incidents) };
        assert_eq!(incident["name"], "shop prod: deployment 2.4.0 → 2.5.0");
        assert_eq!(
            (&incident["status"], &incident["components"]),
            (&json!("resolved"), &json!({ "c1": "operational" }))
        );
        let states: Vec<&str> = incident["incident_updates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|each| each["status"].as_str().unwrap())
            .collect();
        assert_eq!(states, ["resolved", "investigating", "identified"]);
        assert_eq!(incident["deliver_notifications"], false);
    });
}

#[tokio::test]
async fn what_ends_it_begins_nothing() {
    let site = site("statuspage-incident");
    let (came, _) = told(&site, Occasion::RolledBack, 9, None).await;
    assert_eq!(came, Came::Told { words: "nothing is open on the page".to_owned() });
    assert!(site.look(|own| own.incidents.is_empty()));
}

#[tokio::test]
async fn a_maintenance_goes_from_the_opening_to_the_closing() {
    let site = site("statuspage-maintenance");
    let (_, reference) = told(&site, Occasion::Opened, 1, None).await;
    site.look(|own| {
        let begun = &own.incidents[0];
        assert_eq!(
            (&begun["status"], &begun["components"]),
            (&json!("in_progress"), &json!({ "c1": "under_maintenance" }))
        );
        assert!(begun["scheduled_for"].as_str() < begun["scheduled_until"].as_str(), "{begun}");
    });
    told(&site, Occasion::Closed, 30, reference).await;
    assert_eq!(site.look(|own| own.incidents[0]["status"].clone()), "completed");
}

#[tokio::test]
async fn an_update_whose_answer_was_lost_is_not_written_twice() {
    let site = site("statuspage-incident");
    let (_, reference) = told(&site, Occasion::RollingBack, 7, None).await;
    site.loses(Said::text(502, "bad gateway"));
    let telling = Telling { reference, ..telling(Occasion::Guard, 8) };
    let first = site.notifier().tell(&telling).await.came;
    assert!(matches!(first, Came::Later { may_be_there: true, .. }), "{first:?}");
    tells(&*site.notifier(), &Telling { may_be_there: true, ..telling }).await;
    assert_eq!(site.look(|own| own.incidents[0]["incident_updates"].as_array().unwrap().len()), 2);
}

#[tokio::test]
async fn its_older_word_for_too_often_is_understood() {
    let site = site("statuspage-incident");
    site.says(Some(Said::json(420, &json!({ "error": "enhance your calm" }))));
    let came = site.notifier().tell(&telling(Occasion::RollingBack, 7)).await.came;
    assert!(matches!(came, Came::Later { after: Some(_), may_be_there: false, .. }), "{came:?}");
}
