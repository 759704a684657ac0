//! Logs of pods, as the API server of a cluster gives them.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flightdeck::adapter::log::kubernetes::Config as Pods;
use flightdeck::adapter::log::source;
use flightdeck::domain::TroubleKind;
use serde_json::{Value, json};

use super::contract::keeps_the_contract;
use super::followed::Followed;
use super::shelf::{Line, Pod, SECRET, Shelf, World, now, query};
use crate::support::kube::{place, status};
use crate::support::web::{Asked, Said, Web};

// There are no pages, cursors or budgets here, and no line comes late within a stream.
keeps_the_contract!(super::world;
    nonsense_is_said
    a_source_that_was_away_is_caught_up_with
    nobody_there_is_said
    hostile_lines_are_harmless_and_masked
);

fn world() -> World {
    let shelf = Shelf { pods: vec![pod("b-0")], ..Shelf::default() };
    let web = Web::with_sockets(shelf, answer, stream);
    let address = web.address;
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path(), &format!("http://{address}"), &json!({}), &json!({ "token": SECRET }));
    let mut world = World::new(web, |_, _| {
        Arc::new(Pods {
            place,
            selector: "app=bridge,track in (blue)".to_owned(),
            container: None,
            timeout: Duration::from_secs(5),
            every: Duration::from_millis(50),
            since: Duration::from_mins(5),
        })
    });
    // The kubeconfig is read when the cluster is first asked.
    world.kept.push(folder);
    world
}

fn pod(name: &'static str) -> Pod {
    Pod { name, restarts: 0, state: "running", ends: 0 }
}

fn answer(shelf: &mut Shelf, asked: &Asked) -> Said {
    let shown = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
    if let Some(fault) = shelf.fault(shown) {
        return fault;
    }
    if asked.route() == "/api/v1/namespaces/shop/pods" {
        assert_eq!(query(asked, "labelSelector").as_deref(), Some("app=bridge,track in (blue)"));
        return Said::json(
            200,
            &json!({ "kind": "PodList", "items": shelf.pods.iter().map(listed).collect::<Vec<_>>() }),
        );
    }
    let Some(pod) = pod_of(shelf, asked) else {
        return status(404, "NotFound", "pods not found");
    };
    if query(asked, "container").as_deref() != Some("app") {
        return status(400, "BadRequest", "a container name must be specified");
    }
    if pod.state == "waiting" {
        return status(400, "BadRequest", "container is waiting to start");
    }
    assert_eq!(query(asked, "timestamps").as_deref(), Some("true"));
    if query(asked, "previous").is_some() {
        assert!(query(asked, "follow").is_none());
        if pod.restarts == 0 {
            return status(400, "BadRequest", "previous terminated container not found");
        }
    } else {
        assert_eq!(query(asked, "follow").as_deref(), Some("true"));
    }
    shelf.tails += 1;
    Said::text(200, "").with("Transfer-Encoding", "chunked")
}

fn listed(pod: &Pod) -> Value {
    let mut state = json!({});
    state[pod.state] = json!({});
    json!({
        "metadata": { "name": pod.name, "uid": format!("uid-{}", pod.name) },
        "spec": { "containers": [{ "name": "app" }] },
        "status": { "phase": "Running", "containerStatuses": [{ "name": "app", "restartCount": pod.restarts, "state": state }] },
    })
}

fn pod_of<'a>(shelf: &'a Shelf, asked: &Asked) -> Option<&'a Pod> {
    let name = asked.route().strip_prefix("/api/v1/namespaces/shop/pods/")?.strip_suffix("/log")?;
    shelf.pods.iter().find(|pod| pod.name == name)
}

/// Writes lines as they come, from the whole second that it is asked for, until the container ends.
fn stream(shelf: &Mutex<Shelf>, asked: &Asked, mut stream: TcpStream) {
    let since = query(asked, "sinceTime").unwrap();
    assert!(!since.contains('.'), "{since}");
    let since = super::shelf::millis(&since);
    let Some(begun) = pod_of(&shelf.lock().unwrap(), asked).cloned() else { return };
    let mut told: Vec<u64> = Vec::new();
    let is_before = query(asked, "previous").is_some();
    let life = begun.restarts - u32::from(is_before);
    loop {
        let (new, is_over) = {
            let shelf = shelf.lock().unwrap();
            let new: Vec<Line> = shelf
                .within(since, i64::MAX)
                .into_iter()
                .filter(|line| line.pod == begun.name && line.life == life && !told.contains(&line.id))
                .collect();
            let pod = pod_of(&shelf, asked);
            if pod.is_some_and(|pod| pod.ends != begun.ends) {
                // The connection is lost, whatever there is to say.
                return;
            }
            let goes_on = !is_before && pod.is_some_and(|pod| pod.state == "running" && pod.restarts == begun.restarts);
            (new, !goes_on)
        };
        told.extend(new.iter().map(|line| line.id));
        let text = new.iter().map(|line| format!("{} {}\n", stamp(line), line.written())).collect::<Vec<_>>().concat();
        // Torn anywhere, as a network does.
        for part in text.as_bytes().chunks(1_000) {
            let chunk = [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
            if stream.write_all(&chunk).is_err() {
                return;
            }
        }
        if is_over {
            stream.write_all(b"0\r\n\r\n").ok();
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// To the nanosecond, without zeros at the end.
fn stamp(line: &Line) -> String {
    let at = chrono::DateTime::from_timestamp_millis(line.at).unwrap();
    let text = at.format("%Y-%m-%dT%H:%M:%S%.9f").to_string();
    format!("{}Z", text.trim_end_matches('0').trim_end_matches('.'))
}

#[tokio::test]
async fn every_pod_is_followed_and_each_line_says_whose_it_is() {
    let world = world();
    world.shelf().pods.push(pod("b-1"));
    let begin = now() - 60_000;
    for number in 0..2_500 {
        world.shelf().put(begin + number, &format!("line {number}")).pod = if number % 2 == 0 { "b-0" } else { "b-1" };
    }
    let mut log = Followed::new(&world.config);
    log.until(|log| log.texts.len() >= 2_500).await;
    let of = |pod: &str| -> Vec<String> {
        let lines = log.lines.iter().filter(|line| line.field("pod") == Some(pod));
        lines.map(|line| line.text.clone()).collect()
    };
    let wanted = |parity| (0..2_500).filter(move |number| number % 2 == parity).map(|number| format!("line {number}"));
    assert_eq!(of("b-0"), wanted(0).collect::<Vec<_>>());
    assert_eq!(of("b-1"), wanted(1).collect::<Vec<_>>());
    assert_eq!(log.lines[0].field("container"), Some("app"));
    assert!(log.lines.iter().all(|line| line.at.is_some()));
}

#[tokio::test]
async fn a_stream_that_ends_is_opened_again_and_repeats_nothing() {
    let world = world();
    // Three lines within one second, two of them of the same moment.
    let second = (now() - 5_000) / 1_000 * 1_000;
    for (at, text) in [(second + 100, "a"), (second + 200, "b"), (second + 200, "c")] {
        world.shelf().put(at, text);
    }
    let mut log = Followed::new(&world.config);
    log.until_text("c").await;
    world.shelf().put(second + 200, "d");
    world.shelf().pods[0].ends += 1;
    log.until_text("d").await;
    world.shelf().pods[0].ends += 1;
    world.shelf().put(second + 300, "e");
    log.until_text("e").await;
    assert_eq!(log.texts, ["a", "b", "c", "d", "e"]);
    assert_eq!(log.states.len(), 1, "{:?}", log.states);
}

#[tokio::test]
async fn a_container_that_starts_anew_is_followed_and_one_that_ended_is_read_once() {
    let world = world();
    world.shelf().put(now() - 3_000, "first life");
    let mut log = Followed::new(&world.config);
    log.until_text("first life").await;
    {
        let mut shelf = world.shelf();
        shelf.put(now() - 2_000, "last words");
        shelf.pods[0].state = "terminated";
    }
    log.until_text("last words").await;
    let streams = |world: &World| world.web.asked().iter().filter(|asked| asked.route().ends_with("/log")).count();
    {
        let mut shelf = world.shelf();
        (shelf.pods[0].state, shelf.pods[0].restarts) = ("running", 1);
        shelf.put(now() - 1_000, "second life").life = 1;
    }
    log.until_text("second life").await;
    assert!(streams(&world) <= 5, "{} streams", streams(&world));
    assert_eq!(log.texts, ["first life", "last words", "second life"]);
}

#[tokio::test]
async fn what_a_container_wrote_before_it_started_anew_is_read_to_its_end() {
    let world = world();
    world.shelf().put(now() - 3_000, "first life");
    let mut log = Followed::new(&world.config);
    log.until_text("first life").await;
    {
        let mut shelf = world.shelf();
        // The connection is lost before the last words came.
        shelf.pods[0].ends += 1;
        shelf.put(now() - 2_000, "last words");
        shelf.pods[0].restarts = 1;
        shelf.put(now() - 1_000, "second life").life = 1;
    }
    log.until_text("second life").await;
    assert_eq!(log.texts, ["first life", "last words", "second life"]);
}

#[tokio::test]
async fn a_pod_that_comes_is_followed_and_one_that_goes_is_read_to_its_end() {
    let world = world();
    world.shelf().put(now(), "old");
    let mut log = Followed::new(&world.config);
    log.until_text("old").await;
    {
        let mut shelf = world.shelf();
        shelf.put(now(), "farewell");
        shelf.put(now(), "hello").pod = "b-1";
        shelf.pods.push(pod("b-1"));
    }
    log.until_text("hello").await;
    log.until_text("farewell").await;
    world.shelf().pods.remove(0);
    world.shelf().put(now(), "on").pod = "b-1";
    log.until_text("on").await;
}

#[tokio::test]
async fn labels_that_no_pod_has_are_said() {
    let world = world();
    world.shelf().pods.clear();
    let mut log = Followed::new(&world.config);
    let trouble = log.until_waiting().await;
    assert_eq!(trouble.kind, TroubleKind::Mismatch);
    assert!(trouble.why.contains("no pod"), "{trouble}");
    assert!(source(&world.config).unwrap().probe().await.unwrap().starts_with("0 pods"));
    world.shelf().pods.push(pod("b-0"));
    log.until_following().await;
}

#[tokio::test]
async fn what_may_not_be_read_is_said_and_the_token_never_shown() {
    let world = world();
    world.shelf().is_locked = true;
    let mut log = Followed::new(&world.config);
    let trouble = log.until_waiting().await;
    assert_eq!(trouble.kind, TroubleKind::Denied, "{trouble}");
    assert!(!trouble.to_string().contains(SECRET), "{trouble}");
    let trouble = source(&world.config).unwrap().probe().await.unwrap_err();
    assert!(!trouble.to_string().contains(SECRET), "{trouble}");
}

#[tokio::test]
async fn silence_is_vouched_for_up_to_the_quietest_container() {
    let world = world();
    world.shelf().pods.push(pod("b-1"));
    let (early, late) = (now() - 9_000, now() - 1_000);
    world.shelf().put(late, "busy");
    let mut log = Followed::new(&world.config);
    log.until_text("busy").await;
    assert!(log.watermarks.is_empty(), "one has said nothing: {:?}", log.watermarks);
    world.shelf().put(early, "quiet").pod = "b-1";
    log.until(|log| !log.watermarks.is_empty()).await;
    assert_eq!(log.watermarks.last().unwrap().0, early);
}
