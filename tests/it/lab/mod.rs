//! The built-in world does what the demo shows: it routes by weight, drains, deploys, fails on demand, and goes away.

mod files;

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use flightdeck::lab::{Fault, Lab, LabOptions};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::TaskTracker;

#[tokio::test]
async fn traffic_follows_the_weights() {
    let lab = quiet().await;
    set(&lab, 0, 30, 70).await;
    let mut client = Client::connect(&lab.traffic()[0].1).await;
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..500 {
        // Four at once would be quicker and no truer: the choice does not depend on the answers.
        let answer = client.send("GET", "/", "").await;
        assert!(answer.status < 600);
        *seen.entry(answer.header("x-server").to_owned()).or_default() += 1;
    }
    let of = |pool: &str| seen.iter().filter(|(server, _)| server.starts_with(pool)).map(|(_, n)| n).sum::<u32>();
    // 500 requests are less than two rounds of 300 weights, and already this near.
    assert!((145..=155).contains(&of("blue")), "{seen:?}");
    assert_eq!(seen.len(), 6, "every server gets its part: {seen:?}");
    let state = state(&lab, 0).await;
    assert_eq!(
        state["servers"].as_array().unwrap().iter().map(|each| each["requests"].as_u64().unwrap()).sum::<u64>(),
        500
    );
    lab.stop().await;
}

#[tokio::test]
async fn two_thousand_requests_side_by_side_stay_within_three_points() {
    let lab = quiet().await;
    set(&lab, 1, 30, 70).await;
    let address = lab.traffic()[1].1.clone();
    let clients = (0..20).map(|_| {
        let address = address.clone();
        async move {
            let mut client = Client::connect(&address).await;
            let mut blue = 0_u32;
            for _ in 0..100 {
                let answer = client.send("GET", "/v1/payments/pay_1", "").await;
                blue += u32::from(answer.header("x-pool") == "blue");
            }
            blue
        }
    });
    let blue: u32 = futures_util::future::join_all(clients).await.into_iter().sum();
    assert!((540..=660).contains(&blue), "{blue} of 2000");
    lab.stop().await;
}

#[tokio::test]
async fn a_pool_without_weight_drains_and_its_long_requests_end_whole() {
    let options = LabOptions {
        requests_per_second: 200.0,
        export_share: 0.1,
        export: (Duration::from_millis(300), Duration::from_millis(900)),
        ..fast()
    };
    let lab = start(options).await;
    let level = async |lab: &Lab| {
        let mut sum = 0;
        for router in 0..2 {
            let state = state(lab, router).await;
            let servers = state["servers"].as_array().unwrap().clone();
            let blue = servers.iter().filter(|each| each["pool"] == "blue");
            sum += blue.map(|each| each["in_flight"].as_u64().unwrap()).sum::<u64>();
        }
        sum
    };
    until("blue is busy", async || level(&lab).await >= 3).await;
    for router in 0..2 {
        set(&lab, router, 0, 100).await;
    }
    assert!(level(&lab).await > 0, "weight zero cuts nothing");
    until("blue has drained", async || level(&lab).await == 0).await;
    let counted = requests(&state(&lab, 0).await, "blue");
    let before = lab.control().load();
    until("green serves on", async || lab.control().load().answered > before.answered + 40).await;
    assert_eq!(requests(&state(&lab, 0).await, "blue"), counted, "nothing new goes to blue");
    let seen = lab.control().load();
    assert_eq!((seen.broken, seen.skipped), (0, 0), "{seen:?}");
    lab.stop().await;
}

#[tokio::test]
async fn a_conditional_change_is_refused_when_the_weights_have_moved() {
    let lab = quiet().await;
    let said = lab.control().fault(Fault::WeightMoves, true);
    assert_eq!(said, "edge-2: somebody set blue-1 from 50 to 25");
    let mut client = Client::connect(&lab.steering()[1].1).await;
    let condition = |blue_1: u32| {
        format!(
            "Expected-Weights: blue-1={blue_1}:ready,blue-2=50:ready,blue-3=50:ready,green-1=50:ready,green-2=50:ready,green-3=50:ready\r\n"
        )
    };
    let refused = client.send_with("PUT", "/weights", &condition(50), r#"{"blue-1":10}"#).await;
    assert_eq!((refused.status, &refused.json()["servers"][0]["weight"]), (409, &json!(25)));
    let taken = client.send_with("PUT", "/weights", &condition(25), r#"{"blue-1":10}"#).await;
    assert_eq!((taken.status, &taken.json()["servers"][0]["weight"]), (200, &json!(10)));
    lab.stop().await;
}

#[tokio::test]
async fn changes_that_make_no_sense_change_nothing() {
    let lab = quiet().await;
    let mut client = Client::connect(&lab.steering()[0].1).await;
    for (body, status) in [
        (r#"{"blue-1":0,"blue-2":0,"blue-3":0,"green-1":0,"green-2":0,"green-3":0}"#, 422),
        (r#"{"blue-1":257}"#, 400),
        (r#"{"blue-1":-1}"#, 400),
        (r#"{"blue-1":1,"red-1":1}"#, 400),
        ("weights", 400),
    ] {
        let answer = client.send("PUT", "/weights", body).await;
        assert_eq!(answer.status, status, "{body}");
        assert!(answer.json()["error"].is_string(), "{body}");
    }
    assert_eq!(weights(&state(&lab, 0).await), [50; 6]);
    lab.stop().await;
}

#[tokio::test]
async fn a_hanging_router_routes_on_and_applies_late_what_was_sent() {
    let lab = quiet().await;
    let control = lab.control();
    control.fault(Fault::RouterHangs(0), true);
    let mut steering = Client::connect(&lab.steering()[0].1).await;
    let asked = timeout(Duration::from_millis(150), steering.send("PUT", "/weights", r#"{"blue-1":7}"#)).await;
    assert!(asked.is_err(), "it takes the request and does not answer");
    // The sender goes away, as a client does after its time-out.
    drop(steering);
    let through = Client::connect(&lab.traffic()[0].1).await.send("GET", "/", "").await;
    assert_eq!(through.header("x-version"), "2.4.0");
    control.fault(Fault::RouterHangs(0), false);
    until("the late change shows", async || weights(&state(&lab, 0).await)[0] == 7).await;
    lab.stop().await;
}

#[tokio::test]
async fn a_restarted_router_is_another_process_with_configured_weights() {
    let lab = quiet().await;
    set(&lab, 1, 10, 90).await;
    Client::connect(&lab.traffic()[1].1).await.send("GET", "/", "").await;
    let before = state(&lab, 1).await;
    lab.control().fault(Fault::RouterRestarts, true);
    let after = state(&lab, 1).await;
    assert_eq!((weights(&before)[0], weights(&after)), (10, vec![50; 6]));
    assert_eq!(before["node"], after["node"]);
    assert_ne!(before["process"], after["process"]);
    assert_eq!(requests(&after, "blue") + requests(&after, "green"), 0);
    lab.stop().await;
}

#[tokio::test]
async fn a_deployment_brings_the_new_version_to_one_pool_and_faults_afflict_only_it() {
    let lab = quiet().await;
    let control = lab.control();
    assert_eq!(control.fault(Fault::NewFails, true), "2.5.0 fails now and then; no server runs it yet");
    assert_eq!(control.deploy("blue", "2.5.0"), "deploying 2.5.0 to blue, one server after the other");
    assert_eq!(control.deploy("blue", "2.5.0"), "blue is being deployed to already");
    until("a router sees a server go", async || !downs(&lab).await.is_empty()).await;
    assert!(downs(&lab).await.iter().all(|name| name.starts_with("blue")), "green is not touched");
    until("blue is deployed", async || !control.is_deploying("blue")).await;
    until("all are up again", async || downs(&lab).await.is_empty()).await;
    assert_eq!(control.fault(Fault::NewSlows, false), "2.5.0 is as quick as before, on 3 servers");
    for (name, address) in lab.servers() {
        let (version, fails) = if name.starts_with("blue") { ("2.5.0", true) } else { ("2.4.0", false) };
        let mut client = Client::connect(&address).await;
        assert_eq!(client.send("GET", "/version", "").await.json()["version"], version);
        let mut failed = 0;
        for _ in 0..60 {
            failed += u32::from(client.send("GET", "/", "").await.status == 500);
        }
        // At 12 % the chance to see none in 60 is below 0.1 %, at the ordinary 0.03 % the chance to see two likewise.
        assert!(if fails { failed >= 1 } else { failed <= 1 }, "{name}: {failed} of 60");
        let metrics = client.send("GET", "/metrics", "").await.body;
        assert!(metrics.contains(&format!("version=\"{version}\",code=\"500\"}} {failed}\n")), "{metrics}");
    }
    lab.stop().await;
}

#[tokio::test]
async fn a_dead_server_is_noticed_and_comes_back() {
    let lab = quiet().await;
    let control = lab.control();
    assert_eq!(control.fault(Fault::ServerDies(0), true), "blue-1 is dead");
    let health = async |lab: &Lab| state(lab, 0).await["servers"][0]["health"].clone();
    until("it is down", async || health(&lab).await == "down").await;
    let mut client = Client::connect(&lab.traffic()[0].1).await;
    for _ in 0..30 {
        assert_ne!(client.send("GET", "/v1/payments/pay_1", "").await.header("x-server"), "blue-1");
    }
    control.fault(Fault::ServerDies(0), false);
    until("it is up", async || health(&lab).await == "up").await;
    assert!(control.faults().iter().all(|entry| entry.is_on != Some(true)));
    lab.stop().await;
}

#[tokio::test]
async fn logs_are_json_lines_with_health_checks_among_them() {
    let lab = start(LabOptions { requests_per_second: 200.0, ..fast() }).await;
    let path = lab.directory().join("green.log");
    let text = async || std::fs::read_to_string(&path).unwrap();
    until("requests and checks are logged", async || {
        let text = text().await;
        text.matches("\"stan\"").count() > 20 && text.contains("/health")
    })
    .await;
    for line in text().await.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["timestamp"].is_string() && line["level"].is_string() && line["message"].is_string(), "{line}");
        assert_eq!((&line["pool"], &line["version"]), (&json!("green"), &json!("2.4.0")));
    }
    lab.stop().await;
}

#[tokio::test]
async fn the_profile_names_real_places() {
    let lab = quiet().await;
    let files = lab.profile().unwrap();
    let [(profile_path, profile), (checklist_path, checklist)] = files.as_slice() else { panic!("{files:?}") };
    let profile: toml::Table = String::from_utf8(profile.clone()).unwrap().parse().unwrap();
    assert_eq!(profile_path, "demo.toml");
    assert_eq!(profile["checklist"]["from"].as_str(), Some(checklist_path.as_str()));
    let routers: Vec<_> =
        profile["router"].as_array().unwrap().iter().map(|each| each["at"].as_str().unwrap()).collect();
    let steering: Vec<_> = lab.steering().iter().map(|(_, address)| format!("http://{address}")).collect();
    assert_eq!(routers, steering);
    let targets = profile["metrics"][1]["targets"].as_array().unwrap();
    let green = lab.servers().into_iter().filter(|(name, _)| name.starts_with("green"));
    assert_eq!(
        targets.iter().map(|each| each.as_str().unwrap().to_owned()).collect::<Vec<_>>(),
        green.map(|(_, address)| format!("http://{address}/metrics")).collect::<Vec<_>>()
    );
    for log in profile["log"].as_array().unwrap() {
        assert!(std::path::Path::new(log["file"].as_str().unwrap()).is_file(), "{log}");
    }
    // Every section that a step waits for is a heading of the checklist.
    let checklist = String::from_utf8(checklist.clone()).unwrap();
    let slugs: Vec<_> = checklist
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|title| format!("items:{}", flightdeck::domain::checklist::slug(title)))
        .collect();
    let waits = profile["step"].as_array().unwrap().iter().filter_map(|step| step.get("leave_when")?.as_array());
    for wait in waits.flatten().filter_map(|wait| wait.as_str()).filter(|wait| wait.starts_with("items:")) {
        assert!(slugs.iter().any(|slug| slug == wait), "{wait} is none of {slugs:?}");
    }
    lab.stop().await;
}

#[tokio::test]
async fn nothing_is_left_when_it_ends() {
    let tracker = TaskTracker::new();
    let lab = Lab::start(LabOptions { requests_per_second: 100.0, ..fast() }, &tracker).await.unwrap();
    until("it serves", async || lab.control().load().answered > 10).await;
    let ports: Vec<String> =
        [lab.traffic(), lab.steering(), lab.servers()].into_iter().flatten().map(|(_, address)| address).collect();
    assert_eq!(ports.len(), 10);
    let directory = lab.directory().to_owned();
    let control = lab.control();
    // A deployment under way ends with it.
    control.deploy("green", "2.5.0");
    timeout(Duration::from_secs(2), lab.stop()).await.expect("it ends at once");
    assert!(tracker.is_empty(), "{} tasks are left", tracker.len());
    for address in ports {
        assert!(TcpStream::connect(&address).await.is_err(), "{address} is still open");
    }
    assert!(!directory.exists());
    // Switches of a world that is gone do no harm.
    control.fault(Fault::ServerDies(0), true);
}

#[tokio::test]
async fn a_world_that_is_dropped_ends_too() {
    let tracker = TaskTracker::new();
    let lab = Lab::start(LabOptions { requests_per_second: 100.0, ..fast() }, &tracker).await.unwrap();
    let (address, directory) = (lab.traffic()[0].1.clone(), lab.directory().to_owned());
    drop(lab);
    tracker.close();
    timeout(Duration::from_secs(2), tracker.wait()).await.expect("its tasks end");
    assert!(TcpStream::connect(&address).await.is_err() && !directory.exists());
}

/// Hundreds of requests at the demo's pace cost a fraction of one core even without optimisation; a spinning task would cost all.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_whole_world_costs_little() {
    let used = || {
        // This thread's: the whole world runs on it, and other tests on others.
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        // Fields 14 and 15 of the line, in hundredths of a second.
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    let lab = start(LabOptions { health_every: Duration::from_secs(1), ..LabOptions::default() }).await;
    let (before, began) = (used(), Instant::now());
    until("hundreds are answered", async || lab.control().load().answered > 300).await;
    let percent = (used() - before) * 1000 / u64::try_from(began.elapsed().as_millis()).unwrap();
    assert!(percent < 30, "{percent} % of a core for {:?}", lab.control().load());
    lab.stop().await;
}

async fn start(options: LabOptions) -> Lab {
    Lab::start(options, &TaskTracker::new()).await.unwrap()
}

/// Short times, so that a test need not wait for what the demo lets be seen.
fn fast() -> LabOptions {
    LabOptions { health_every: Duration::from_millis(30), restart: Duration::from_millis(90), ..LabOptions::default() }
}

/// A world without a load of its own.
async fn quiet() -> Lab {
    start(LabOptions { requests_per_second: 0.0, ..fast() }).await
}

/// Waits for a state, at most ten seconds.
async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let wait = async {
        while !holds().await {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(10), wait).await.unwrap_or_else(|_| panic!("waited in vain until {what}"));
}

async fn state(lab: &Lab, router: usize) -> Value {
    Client::connect(&lab.steering()[router].1).await.send("GET", "/state", "").await.json()
}

async fn set(lab: &Lab, router: usize, blue: u32, green: u32) {
    let weights = json!({
        "blue-1": blue, "blue-2": blue, "blue-3": blue, "green-1": green, "green-2": green, "green-3": green
    });
    let answer = Client::connect(&lab.steering()[router].1).await.send("PUT", "/weights", &weights.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// The servers that the first router holds for dead.
async fn downs(lab: &Lab) -> Vec<String> {
    let state = state(lab, 0).await;
    let servers = state["servers"].as_array().unwrap().iter();
    servers.filter(|each| each["health"] == "down").map(|each| each["name"].as_str().unwrap().to_owned()).collect()
}

fn weights(state: &Value) -> Vec<u64> {
    state["servers"].as_array().unwrap().iter().map(|each| each["weight"].as_u64().unwrap()).collect()
}

fn requests(state: &Value, pool: &str) -> u64 {
    let servers = state["servers"].as_array().unwrap().iter();
    servers.filter(|each| each["pool"] == pool).map(|each| each["requests"].as_u64().unwrap()).sum()
}

/// A plain HTTP client on one kept connection.
struct Client(BufReader<TcpStream>);

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Client {
    async fn connect(address: &str) -> Self {
        Self(BufReader::new(TcpStream::connect(address).await.unwrap()))
    }

    async fn send(&mut self, method: &str, path: &str, body: &str) -> Answer {
        self.send_with(method, path, "", body).await
    }

    async fn send_with(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len());
        self.0.get_mut().write_all(request.as_bytes()).await.unwrap();
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).await.unwrap() > 0, "closed after {lines:?}");
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let status = lines[0].split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<_> = lines[1..]
            .iter()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let mut answer = Answer { status, headers, body: String::new() };
        let mut body = vec![0; answer.header("content-length").parse().unwrap()];
        self.0.read_exact(&mut body).await.unwrap();
        answer.body = String::from_utf8(body).unwrap();
        answer
    }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(each, _)| each == name).map_or("", |(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}
