//! The kind `http`, against its contract and against what health addresses really say.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::check::Check;
use flightdeck::domain::check::{Answer, Asking, Verdict};
use serde_json::json;

use super::contract::{CARD, PATIENT, Subject, contract};
use super::{asking, asking_after, check, line, shown};
use crate::support::web::{Asked, Said, Web};

const TOKEN: &str = "s3cr3t-of-health";

/// A server with a health address that asks who asks.
struct Health {
    web: Web<State>,
    /// Keeps the token.
    folder: tempfile::TempDir,
}

#[derive(Default)]
struct State {
    is_down: bool,
    says: Option<Said>,
}

impl Health {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), TOKEN).unwrap();
        let web = Web::start(State::default(), |state: &mut State, asked: &Asked| {
            if let Some(said) = &state.says {
                return said.clone();
            }
            if asked.header("authorization") != format!("Bearer {TOKEN}") {
                return Said::json(401, &json!({ "message": "who asks?" }));
            }
            let (status, word) = if state.is_down { (503, "DOWN") } else { (200, "UP") };
            Said::json(status, &json!({ "status": word, "version": "2.5.0" }))
        });
        Self { web, folder }
    }

    fn keys(&self, at: SocketAddr) -> String {
        let token = self.folder.path().join("token");
        format!(
            "kind = \"http\"\nat = \"http://{at}\"\npath = \"/actuator/health\"\ntoken = {{ file = \"{}\" }}\n\
             json = {{ \"/status\" = \"UP\" }}\nversion = \"/version\"",
            token.display()
        )
    }
}

impl Subject for Health {
    fn check(&self, timeout: Duration) -> Arc<dyn Check> {
        check(&self.keys(self.web.address), timeout)
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Arc<dyn Check> {
        check(&self.keys(peer), timeout)
    }

    fn passes(&self) {
        self.web.state().is_down = false;
    }

    fn fails(&self) {
        self.web.state().is_down = true;
    }

    fn says(&self, said: Option<Said>) {
        self.web.state().says = said;
    }

    fn asked(&self) -> Vec<Asked> {
        self.web.asked()
    }

    fn freeze(&self, is_frozen: bool) {
        self.web.freeze(is_frozen);
    }

    fn end(&self) {
        self.web.end();
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.to_owned()]
    }
}

contract!(health, Health::start());

/// What a check with these keys says of one answer.
async fn of(said: Said, keys: &str, asking: &Asking) -> Answer {
    let web = Web::start((), move |(): &mut (), _: &Asked| said.clone());
    let keys = format!("kind = \"http\"\nat = \"http://{}\"\n{keys}", web.address);
    check(&keys, PATIENT).ask(asking).await
}

async fn says(said: Said, keys: &str) -> (Verdict, String) {
    let answer = of(said, keys, &asking()).await;
    (answer.verdict, answer.words)
}

fn is(verdict: Verdict, words: &str) -> (Verdict, String) {
    (verdict, words.to_owned())
}

#[tokio::test]
async fn the_shapes_of_health_addresses_are_told_apart() {
    use Verdict::{Fail, Inconclusive, Pass};
    let up = r#"json = { "/status" = "UP" }"#;
    let spring = |status: u16, word: &str| {
        Said::json(status, &json!({ "status": word, "components": { "db": { "status": "UP", "details": {} } } }))
    };
    assert_eq!(says(spring(200, "UP"), up).await, is(Pass, "200, /status is UP"));
    let down = says(spring(503, "DOWN"), up).await;
    assert_eq!(down.0, Fail);
    assert!(down.1.starts_with("503 is not 200 to 299"), "{}", down.1);
    // Spring answers 200 to UNKNOWN: the word decides.
    assert_eq!(says(spring(200, "UNKNOWN"), up).await, is(Fail, "200, /status is UNKNOWN, not UP"));
    let other = || Said::json(200, &json!({ "status": "healthy", "version": "2.5.0", "checks": { "database": "ok" } }));
    let keys = "json = { \"/status\" = \"healthy\", \"/checks/database\" = \"ok\" }\nversion = \"/version\"";
    let said = says(other(), keys).await;
    assert_eq!(said, is(Pass, "200, /status is healthy, /checks/database is ok, version 2.5.0"));
    assert_eq!(says(other(), r#"json = { "/db" = "ok" }"#).await.0, Inconclusive);
}

#[tokio::test]
async fn a_version_is_held_against_the_one_that_was_named_at_opening() {
    use Verdict::{Fail, Inconclusive, Pass};
    let runs = |version: &str| Said::json(200, &json!({ "build": { "version": version } }));
    let keys = "version = \"/build/version\"";
    assert_eq!(says(runs("2.5.0"), keys).await, is(Pass, "200, version 2.5.0"));
    assert_eq!(says(runs("v2.5.0"), keys).await.0, Pass);
    assert_eq!(says(runs("2.4.0"), keys).await, is(Fail, "200, version 2.4.0 is not 2.5.0"));
    assert_eq!(says(runs("2.5.01"), keys).await.0, Fail);
    let before = "version = \"/build/version\"\nversion_is = \"from_version\"";
    assert_eq!(says(runs("2.4.0"), before).await.0, Pass);
    let unsaid = Asking { to_version: String::new(), ..asking() };
    let answer = of(runs("2.5.0"), keys, &unsaid).await;
    assert_eq!(answer.verdict, Inconclusive);
    assert!(answer.words.contains("open the session with --to"), "{}", answer.words);
}

#[tokio::test]
async fn status_headers_text_and_time_are_expectations_too() {
    use Verdict::{Fail, Inconclusive, Pass};
    let page = || Said::text(200, "all systems nominal").with("X-Colour", "blue");
    for (keys, verdict) in [
        ("", Pass),
        ("status = [200, 204]", Pass),
        ("status = [204]", Fail),
        ("contains = \"nominal\"", Pass),
        ("contains = \"degraded\"", Fail),
        ("matches = \"^all .* nominal$\"", Pass),
        ("matches = \"^no\"", Fail),
        ("answer_headers = { x-colour = \"blue\" }", Pass),
        ("answer_headers = { x-colour = \"green\" }", Fail),
        ("answer_headers = { x-shape = \"round\" }", Inconclusive),
        ("latency = \"10s\"", Pass),
    ] {
        let said = says(page(), keys).await;
        assert_eq!(said.0, verdict, "{keys}: {}", said.1);
    }
    let slow = Web::start((), |(): &mut (), _: &Asked| {
        std::thread::sleep(Duration::from_millis(60));
        Said::text(200, "late")
    });
    let keys = format!("kind = \"http\"\nat = \"http://{}\"\nlatency = \"20ms\"", slow.address);
    let answer = check(&keys, PATIENT).ask(&asking()).await;
    assert_eq!(answer.verdict, Fail);
    assert!(answer.words.contains("which is over 20 ms"), "{}", answer.words);
}

#[tokio::test]
async fn a_status_that_is_expected_passes_whatever_it_means_elsewhere() {
    assert_eq!(says(Said::text(401, "login first"), "status = [401]").await.0, Verdict::Pass);
    assert_eq!(says(Said::text(404, "gone"), "status = [404]").await.0, Verdict::Pass);
}

#[tokio::test]
async fn a_redirect_is_said_and_not_followed() {
    let elsewhere = Web::start((), |(): &mut (), _: &Asked| Said::text(200, "fine"));
    let to = format!("http://{}/", elsewhere.address);
    let said = says(Said::text(302, "").with("Location", &to), "").await;
    assert_eq!(said.0, Verdict::Fail);
    assert!(said.1.contains("which is not followed"), "{}", said.1);
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn a_system_that_is_out_of_order_for_a_while_is_left_alone_so_long() {
    let answer = of(Said::text(503, "").with("Retry-After", "120"), "", &asking()).await;
    assert_eq!((answer.verdict, answer.not_before), (Verdict::Inconclusive, Some(Duration::from_mins(2))));
    // A day is not waited for because one header says so; a date is understood.
    let answer = of(Said::text(429, "").with("Retry-After", "86400"), "", &asking()).await;
    assert_eq!(answer.not_before, Some(Duration::from_mins(15)));
    let date = "Sat, 21 Nov 2026 01:33:10 GMT";
    let answer = of(Said::text(429, "").with("Retry-After", date), "", &asking()).await;
    assert_eq!(answer.not_before, Some(Duration::from_mins(1)));
}

#[tokio::test]
async fn a_post_for_a_read_only_address_is_sent_as_the_profile_has_it() {
    let search = Web::start((), |(): &mut (), asked: &Asked| Said::json(200, &json!({ "asked": asked.json() })));
    let keys = format!(
        "kind = \"http\"\nat = \"http://{}/api\"\npath = \"/search?size=0\"\nmethod = \"POST\"\n\
         body = '{{\"query\": \"status:up\"}}'\nheaders = {{ X-Tenant = \"blue\" }}\njson = {{ \"/asked/query\" = \"status:up\" }}",
        search.address
    );
    let answer = check(&keys, PATIENT).ask(&asking()).await;
    assert_eq!(answer.verdict, Verdict::Pass, "{}", shown(&answer));
    let asked = search.asked();
    assert_eq!((asked[0].method.as_str(), asked[0].path.as_str()), ("POST", "/api/search?size=0"));
    assert_eq!((asked[0].header("x-tenant"), asked[0].header("content-type")), ("blue", "application/json"));
}

#[tokio::test]
async fn a_count_is_held_against_the_one_at_the_beginning() {
    let rows = |count: u32| Said::json(200, &json!({ "rows": count }));
    let keys = "value = \"/rows\"\nsame_as_before = true";
    let first = of(rows(412), keys, &asking()).await;
    assert_eq!((first.verdict, first.value.as_deref()), (Verdict::Pass, Some("412")));
    assert_eq!(of(rows(412), keys, &asking_after("412")).await.verdict, Verdict::Pass);
    let answer = of(rows(411), keys, &asking_after("412")).await;
    assert_eq!((answer.verdict, answer.words.as_str()), (Verdict::Fail, "200, /rows is 411, before it was 412"));
    let long = Said::json(200, &json!({ "rows": "x".repeat(400) }));
    assert_eq!(of(long, keys, &asking()).await.verdict, Verdict::Inconclusive);
}

#[tokio::test]
async fn the_evidence_says_what_was_asked_and_what_came() {
    let said = Said::json(500, &json!({ "message": format!("card {CARD} was declined") }));
    let answer = of(said, "path = \"/pay\"", &asking()).await;
    assert!(line(&answer, "request").starts_with("GET http://127.0.0.1:"), "{}", shown(&answer));
    assert!(line(&answer, "answer").starts_with("500 in "), "{}", shown(&answer));
    assert_eq!(line(&answer, "expected status"), "200 to 299");
    assert!(line(&answer, "body").contains("••••1111"), "{}", shown(&answer));
}
