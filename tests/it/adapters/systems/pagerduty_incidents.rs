//! Open incidents of PagerDuty.

use flightdeck::domain::check::Verdict;
use serde_json::{Value, json};

use super::{Fixture, SECRET, Site, before, contract, query, written};
use crate::support::web::{Asked, Said};

contract::contract!(contract_of_it, fixture());

fn fixture() -> Fixture<Account> {
    Fixture {
        site: site(),
        spoil: |account| account.incidents.push(incident(7, "PSHOP", "triggered", 5)),
        mend: |account| account.incidents.truncate(2),
    }
}

struct Account {
    incidents: Vec<Value>,
    /// Id and status.
    services: Vec<(&'static str, &'static str)>,
}

/// An incident that was created so many minutes ago.
fn incident(number: u64, service: &str, status: &str, ago: i64) -> Value {
    json!({
        "incident_number": number, "title": "Checkout fails", "status": status, "urgency": "high",
        "created_at": written(before(ago)), "service": { "id": service },
    })
}

fn site() -> Site<Account> {
    let incidents = vec![incident(1, "PSHOP", "resolved", 5), incident(2, "PCART", "triggered", 5)];
    let services = vec![("PSHOP", "active"), ("PCART", "critical")];
    Site::start("pagerduty-incidents", Account { incidents, services }, rules, |at, secret| {
        format!("at = \"http://{at}\"\nservices = [\"PSHOP\"]\ntoken = {secret}")
    })
}

/// As PagerDuty answers: its own form of login, thirty days unless all are asked for, pages by offset.
fn rules(account: &mut Account, asked: &Asked) -> Said {
    let no = |status: u16, message: &str| Said::json(status, &json!({ "error": { "message": message, "code": 2100 } }));
    if asked.header("authorization") != format!("Token token={SECRET}") {
        return no(401, "Unauthorized");
    }
    assert_eq!(asked.header("accept"), "application/vnd.pagerduty+json;version=2");
    if let Some(id) = asked.route().strip_prefix("/services/") {
        let found = account.services.iter().find(|(each, _)| *each == id);
        return found.map_or_else(
            || no(404, "Not Found"),
            |(id, status)| {
                Said::json(200, &json!({ "service": { "id": id, "name": format!("service {id}"), "status": status } }))
            },
        );
    }
    assert_eq!(asked.route(), "/incidents");
    let query = query(asked);
    let one_of =
        |name: &str, value: &Value| query.get(name).is_none_or(|all| all.iter().any(|each| value == each.as_str()));
    let (limit, offset) = (query["limit"][0].parse::<usize>().unwrap(), query["offset"][0].parse::<usize>().unwrap());
    assert!(limit <= 100 && limit + offset <= 10_000);
    let is_all = query.get("date_range").is_some_and(|range| range[0] == "all");
    let oldest = written(before(30 * 24 * 60));
    let fits = |incident: &&Value| {
        one_of("statuses[]", &incident["status"])
            && one_of("service_ids[]", &incident["service"]["id"])
            && one_of("urgencies[]", &incident["urgency"])
            && (is_all || incident["created_at"].as_str().unwrap() >= oldest.as_str())
    };
    let all: Vec<&Value> = account.incidents.iter().filter(fits).collect();
    let page: Vec<&&Value> = all.iter().skip(offset).take(limit).collect();
    Said::json(200, &json!({ "incidents": page, "limit": limit, "offset": offset, "more": offset + limit < all.len() }))
}

#[tokio::test]
async fn open_is_triggered_or_acknowledged_however_old() {
    let site = site();
    assert_eq!(site.told("").await, (Verdict::Pass, "no open incident".to_owned()));
    site.edit(|account| account.incidents.push(incident(3, "PSHOP", "acknowledged", 90 * 24 * 60)));
    assert_eq!(site.told("").await, (Verdict::Fail, "1 open: #3 Checkout fails".to_owned()));
    assert_eq!(
        site.told("since = \"change\"").await,
        (Verdict::Pass, "no open incident; 1 were created before".to_owned())
    );
    assert_eq!(site.told("urgency = \"low\"").await.0, Verdict::Pass);
}

#[tokio::test]
async fn every_page_is_read() {
    let site = site();
    site.edit(|account| {
        account.incidents = (1..=230).map(|number| incident(number, "PSHOP", "triggered", 5)).collect();
    });
    let (verdict, words) = site.told("").await;
    assert_eq!(verdict, Verdict::Fail);
    assert!(words.starts_with("230 open: #1 Checkout fails") && words.ends_with("and 225 more"), "{words}");
}

#[tokio::test]
async fn a_service_that_raises_none_proves_nothing() {
    let site = site();
    for (status, said) in [("maintenance", "is in maintenance"), ("disabled", "is disabled")] {
        site.edit(|account| account.services = vec![("PSHOP", status)]);
        let (verdict, words) = site.told("").await;
        assert_eq!(verdict, Verdict::Inconclusive);
        assert_eq!(words, format!("none open, and none would be raised: service PSHOP {said}"));
    }
    site.edit(|account| account.services.clear());
    let (verdict, words) = site.told("").await;
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(words.contains("compare the ids of the services"), "{words}");
}
