//! The cutover of a service of ECS behind a load balancer, flown at the keys with the real adapters on moto: the idle service is
//! deployed to and tested, gets all traffic at once, and the old one is scaled down after the soak, which ends the way back.
//!
//! moto has no scheduler: a service that is told another task definition never gets a deployment of it. The relay in front of it
//! stands in for that, and can lose an answer.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::SystemTime;

use flightdeck::domain::drain::DrainState;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::moto::Moto;
use crate::support::outside::{Flown, told};
use crate::support::web::{Asked, Said, Web};

const PROFILE: &str = include_str!("seed_cutover.toml");
const ECS: &str = "AmazonEC2ContainerServiceV20141113";
const REGISTRY: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/parcel-desk";

/// What moto lacks: the deployment of each service that was told a task definition.
struct Scheduler {
    moto: SocketAddr,
    rollouts: Vec<Rollout>,
}

struct Rollout {
    service: String,
    definition: Value,
    made: f64,
    is_done: bool,
}

impl Scheduler {
    fn answer(&mut self, asked: &Asked) -> Said {
        let said = forward(self.moto, asked);
        let target = asked.header("x-amz-target");
        if said.status == 200 && target == format!("{ECS}.UpdateService") && asked.json()["taskDefinition"].is_string()
        {
            let body = asked.json();
            let made = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64();
            let service = body["service"].as_str().unwrap().to_owned();
            self.rollouts.push(Rollout { service, definition: body["taskDefinition"].clone(), made, is_done: false });
        }
        if said.status == 200 && target == format!("{ECS}.DescribeServices") {
            let mut body: Value = serde_json::from_slice(&said.body).unwrap();
            for service in body["services"].as_array_mut().unwrap() {
                self.schedule(service);
            }
            return Said::json(200, &body);
        }
        said
    }

    /// Shows a service as its newest rollout has it.
    fn schedule(&self, service: &mut Value) {
        let Some(rollout) = self.rollouts.iter().rfind(|each| service["serviceName"] == *each.service) else { return };
        let wanted = service["desiredCount"].clone();
        let running = if rollout.is_done { wanted.clone() } else { json!(0) };
        let state = if rollout.is_done { "COMPLETED" } else { "IN_PROGRESS" };
        let mut deployments = vec![json!({
            "id": format!("ecs-svc/{}", rollout.made), "status": "PRIMARY", "taskDefinition": rollout.definition,
            "desiredCount": wanted, "runningCount": running, "pendingCount": 0, "failedTasks": 0,
            "rolloutState": state, "createdAt": rollout.made,
        })];
        if !rollout.is_done {
            let mut before = service["deployments"][0].clone();
            before["status"] = json!("ACTIVE");
            deployments.push(before);
        }
        service["deployments"] = json!(deployments);
        service["runningCount"] = running;
    }
}

/// The same request, asked of somebody else.
fn forward(at: SocketAddr, asked: &Asked) -> Said {
    let mut head = format!("{} {} HTTP/1.1\r\n", asked.method, asked.path);
    for (name, value) in asked.headers.iter().filter(|(name, _)| name != "connection" && name != "content-length") {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    write!(head, "connection: close\r\ncontent-length: {}\r\n\r\n", asked.body.len()).unwrap();
    let mut stream = TcpStream::connect(at).expect("moto takes connections");
    stream.write_all(&[head.as_bytes(), &asked.body].concat()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("it has a head");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("it has a status");
    let kind = head.lines().find_map(|line| line.strip_prefix("Content-Type: ")).unwrap_or_default();
    Said { status, headers: vec![("Content-Type".to_owned(), kind.to_owned())], body: answer[end + 4..].to_vec() }
}

/// The service itself, both pools of it.
struct Tasks {
    /// Requests being served, of blue and of green.
    in_flight: [u32; 2],
    /// Whether green reaches its database.
    is_connected: bool,
}

fn tasks(tasks: &mut Tasks, asked: &Asked) -> Said {
    let metrics = |pool: usize| {
        let in_flight = tasks.in_flight[pool];
        let text = format!("http_requests_total 4711\nhttp_errors_total 0\nhttp_requests_in_flight {in_flight}\n");
        Said::text(200, &text).with("Content-Type", "text/plain; version=0.0.4")
    };
    match asked.route() {
        "/blue/metrics" => metrics(0),
        "/green/metrics" => metrics(1),
        "/green/health" => {
            let database = if tasks.is_connected { "connected" } else { "lost" };
            Said::json(200, &json!({ "status": "healthy", "version": "v2.5.0", "database": database }))
        }
        _ => Said::text(404, "no such page"),
    }
}

struct Site {
    flown: Flown,
    moto: Moto,
    relay: Web<Scheduler>,
    tasks: Web<Tasks>,
    _credentials: TempDir,
}

impl Site {
    /// Blue runs v2.4.0 with three tasks and all traffic; green has none of either.
    fn open() -> Self {
        let moto = Moto::start();
        furnish(&moto);
        let relay = Web::start(Scheduler { moto: moto.address, rollouts: Vec::new() }, Scheduler::answer);
        let tasks = Web::start(Tasks { in_flight: [4, 1], is_connected: false }, tasks);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials");
        std::fs::write(&file, "[deploy]\naws_access_key_id = test\naws_secret_access_key = test-secret\n").unwrap();
        let reached = |key: &str| {
            let (at, file) = (relay.address, file.display());
            format!("{key}\nendpoint = \"http://{at}\"\ncredentials = \"{file}\"")
        };
        let mut text = String::new();
        for line in PROFILE.lines() {
            let arn = |key: &str, arn: &str| format!("{key} = \"{arn}\"");
            let line = match line.split_once('=').map(|(key, value)| (key.trim(), value)) {
                Some(("profile", _)) => reached(line),
                Some(("rule", _)) => arn("rule", &moto.rule),
                Some((pool @ "blue", value)) if value.contains("arn:") => arn(pool, &moto.groups[0]),
                Some((pool @ "green", value)) if value.contains("arn:") => arn(pool, &moto.groups[1]),
                _ => line
                    .replace("blue.parcel-desk.internal", &tasks.address.to_string())
                    .replace("green.parcel-desk.internal", &tasks.address.to_string()),
            };
            text.push_str(&line);
            text.push('\n');
        }
        let flown = Flown::open(&text);
        Self { flown, moto, relay, tasks, _credentials: folder }
    }

    /// What a service is to run, and how much of it.
    fn service(&self, pool: &str) -> (String, u64) {
        let body = json!({ "cluster": "production", "services": [format!("parcel-desk-{pool}")] });
        let service = &self.moto.ask_json("ecs", &format!("{ECS}.DescribeServices"), &body)["services"][0];
        let definition = service["taskDefinition"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        (definition, service["desiredCount"].as_u64().unwrap())
    }

    /// ECS brings the tasks up, and time passes until it is looked again.
    fn settle(&mut self) {
        self.relay.state().rollouts.iter_mut().for_each(|each| each.is_done = true);
        self.flown.pass(15);
    }

    fn alarm(&self, state: &str) {
        let form = format!("AlarmName=parcel-desk-errors&StateValue={state}&StateReason=tried");
        self.moto.ask("monitoring", "SetAlarmState", &form);
    }

    fn drain(&self, pool: &str) -> DrainState {
        self.flown.app.model.flight.drains[&pool.into()].state
    }

    /// What comes before anything is deployed: people, and the digest of the image.
    fn prepare(&mut self) {
        self.flown.keys("n<drawn>y");
        assert!(self.flown.is_done("before"), "{:?}", self.flown.app.notices());
        self.flown.tick(&[
            "before/the-pipeline-is-green",
            "before/the-image-is-known-by-its-digest",
            "before/the-database-is-backed-up",
        ]);
        self.flown.pass(15);
    }

    /// Up to all traffic on green, verified.
    fn cut_over(&mut self) {
        self.tasks.state().in_flight[1] = 0;
        self.tasks.state().is_connected = true;
        self.flown.pass(60);
        self.prepare();
        self.flown.keys("n<drawn>green<enter>");
        self.settle();
        assert!(self.flown.is_done("deploy-to-green"), "{:?}", self.flown.app.notices());
        self.flown.keys("<esc>").tick(&["data/the-column-is-there"]).pass(30);
        self.flown.keys("n<drawn>y").pass(20);
        assert_eq!(self.moto.weights(true), [0, 100], "{}", self.flown.screen());
    }
}

/// The image, both services, what scales green, and an alarm.
fn furnish(moto: &Moto) {
    let ecr = |what: &str, body: &Value| {
        moto.ask_json("ecr", &format!("AmazonEC2ContainerRegistry_V20150921.{what}"), body);
    };
    let ecs = |what: &str, body: &Value| {
        moto.ask_json("ecs", &format!("{ECS}.{what}"), body);
    };
    ecr("CreateRepository", &json!({ "repositoryName": "parcel-desk" }));
    let manifest = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": {}, "layers": [] });
    ecr(
        "PutImage",
        &json!({ "repositoryName": "parcel-desk", "imageTag": "v2.5.0", "imageManifest": manifest.to_string() }),
    );
    ecs("CreateCluster", &json!({ "clusterName": "production" }));
    let container = json!({
        "name": "app", "image": format!("{REGISTRY}:v2.4.0"), "cpu": 256, "memory": 512, "essential": true,
        "environment": [{ "name": "LOG_LEVEL", "value": "info" }, { "name": "QUEUE", "value": "hunter2-of-the-queue" }],
        "secrets": [{ "name": "DATABASE", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/parcel-desk" }],
    });
    let definition =
        json!({ "family": "parcel-desk", "cpu": "512", "memory": "1024", "containerDefinitions": [container] });
    ecs("RegisterTaskDefinition", &definition);
    for (pool, count) in [("blue", 3), ("green", 0)] {
        let name = format!("parcel-desk-{pool}");
        let service = json!({ "cluster": "production", "serviceName": name, "taskDefinition": "parcel-desk:1", "desiredCount": 0 });
        ecs("CreateService", &service);
        ecs("UpdateService", &json!({ "cluster": "production", "service": name, "desiredCount": count }));
    }
    let target = json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/production/parcel-desk-green",
        "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 0, "MaxCapacity": 9,
    });
    moto.ask_json("application-autoscaling", "AnyScaleFrontendService.RegisterScalableTarget", &target);
    let alarm = "AlarmName=parcel-desk-errors&MetricName=Errors&Namespace=ParcelDesk&Statistic=Sum&Period=60&\
                 EvaluationPeriods=1&Threshold=1&ComparisonOperator=GreaterThanThreshold";
    moto.ask("monitoring", "PutMetricAlarm", alarm);
    moto.ask("monitoring", "SetAlarmState", "AlarmName=parcel-desk-errors&StateValue=OK&StateReason=tried");
}

#[test]
fn the_idle_service_is_deployed_to_gets_everything_and_the_old_one_ends_after_the_soak() {
    let mut site = Site::open();
    assert_eq!(site.moto.weights(true), [100, 0]);
    site.prepare();
    site.flown.keys("n<drawn>");
    site.flown.shows(&["Deploy to green", "sha256:", "green not drained: measured in-flight 1 req"]);
    site.flown.keys("green<enter>");
    assert_eq!(site.service("green"), ("parcel-desk:1".to_owned(), 0), "a task of green still serves a request");

    site.tasks.state().in_flight[1] = 0;
    site.flown.keys("<esc>").pass(60);
    assert_eq!(site.drain("green"), DrainState::Drained);
    site.flown.keys("n<drawn>");
    site.flown.shows(&[
        &format!("image of app: {REGISTRY}:v2.4.0 →"),
        "parcel-desk@sha256:",
        "variables of app: LOG_LEVEL, QUEUE, the same",
        "secrets of app: DATABASE, the same",
        "cpu of the task: 512, the same",
        "memory of the task: 1024, the same",
        "tasks: 0 → 3",
    ]);
    assert!(!site.flown.screen().contains("hunter2"), "{}", site.flown.screen());
    site.flown.keys("green<enter>").pass(20);
    assert_eq!(site.service("green"), ("parcel-desk:2".to_owned(), 3));
    site.flown.shows(&["3 of 3 tasks to run"]);
    assert!(!site.flown.is_done("deploy-to-green"));
    site.settle();
    assert!(site.flown.is_done("deploy-to-green"), "{:?}", told(&site.flown.app));

    site.flown.keys("<esc>").tick(&["data/the-column-is-there"]).pass(30).keys("n<drawn>");
    site.flown.shows(&["smoke"]);
    site.flown.keys("y").pass(5);
    assert_eq!(site.moto.weights(true), [100, 0], "its health says that it has lost the database");
    site.tasks.state().is_connected = true;
    site.flown.keys("<esc>").pass(60).keys("n<drawn>y").pass(20);
    assert_eq!(site.moto.weights(true), [0, 100], "{}", site.flown.screen());
    assert!(site.flown.is_done("all-to-green"));

    site.flown.pass(60);
    assert_eq!(site.drain("blue"), DrainState::Draining, "blue still serves what it was sent");
    site.tasks.state().in_flight = [0, 5];
    site.flown.pass(60);
    assert_eq!(site.drain("blue"), DrainState::Drained);
    site.flown.tick(&["soak/an-order-was-placed-and-paid"]).pass(18 * 60);
    site.flown.shows(&["Warnings in the log"]);
    site.flown.keys("n<drawn>blue<enter>").pass(5);
    assert_eq!(site.service("blue").1, 3, "the soak is not over");
    site.alarm("ALARM");
    site.flown.keys("<esc>").pass(45 * 60).keys("n<drawn>blue<enter>").pass(5);
    site.flown.shows(&["parcel-desk-errors"]);
    assert_eq!(site.service("blue").1, 3, "an alarm is no end of a soak");
    site.alarm("OK");
    site.flown.keys("<esc>").pass(3 * 60).keys("n<drawn>");
    site.flown.shows(&["Scale blue to nothing, which ends the way back", "tasks: 3 → 0"]);
    site.flown.keys("y").pass(1);
    assert_eq!(site.service("blue").1, 3, "one key does not end the way back");
    site.flown.keys("<esc>n<drawn>blue<enter>").pass(15);
    assert_eq!(site.service("blue"), ("parcel-desk:1".to_owned(), 0));
    assert!(site.flown.is_done("scale-blue-to-nothing"), "{:?}", told(&site.flown.app));
    let words = [
        "starting deploy-green",
        "runs as parcel-desk:2",
        "succeeded",
        "starting end-blue",
        "runs as 0 tasks",
        "succeeded",
    ];
    assert_eq!(told(&site.flown.app), words);
}

#[test]
fn before_the_old_one_ends_the_way_back_is_the_traffic_and_then_its_acts_in_order() {
    let mut site = Site::open();
    site.cut_over();
    site.flown.pass(5 * 60).keys("R<drawn>");
    site.flown.shows(&["Hold the scaling of green", "Scale green to nothing"]);
    site.flown.keys("<enter>").pass(20);
    assert_eq!(site.moto.weights(true), [100, 0], "{}", site.flown.screen());
    assert_eq!(site.service("green").1, 3, "nothing but the traffic goes by itself");

    site.flown.keys("u<drawn>y").pass(5);
    let body = json!({ "ServiceNamespace": "ecs" });
    let targets =
        site.moto.ask_json("application-autoscaling", "AnyScaleFrontendService.DescribeScalableTargets", &body);
    assert_eq!(targets["ScalableTargets"][0]["SuspendedState"]["DynamicScalingOutSuspended"], true, "{targets}");
    site.tasks.state().in_flight = [4, 0];
    site.flown.keys("<esc>").pass(60).keys("u<drawn>");
    site.flown.shows(&["tasks: 3 → 0"]);
    site.flown.keys("y").pass(15);
    assert_eq!(site.service("green"), ("parcel-desk:2".to_owned(), 0), "{}", site.flown.screen());
    assert_eq!(site.service("blue"), ("parcel-desk:1".to_owned(), 3), "what runs was not touched");
    site.flown.keys("<esc>u<drawn>y").pass(2);
    site.flown.tick(&["after-a-rollback/the-team-knows"]);
    assert!(!site.flown.is_done("deploy-to-green"), "it is open again");
}

#[test]
fn a_deployment_whose_answer_is_lost_is_found_by_its_key_and_made_once() {
    let mut site = Site::open();
    site.tasks.state().in_flight[1] = 0;
    site.flown.pass(60);
    site.prepare();
    site.relay.freeze_at(|asked| asked.header("x-amz-target").ends_with(".UpdateService"));
    site.flown.keys("n<drawn>green<enter>").pass(1);
    assert_eq!(told(&site.flown.app), ["starting deploy-green", "unknown"]);
    assert_eq!(site.service("green").0, "parcel-desk:1", "it waits in front of ECS");
    site.relay.freeze(false);
    let is_told = |asked: &Asked| asked.header("x-amz-target").ends_with(".UpdateService");
    let until = std::time::Instant::now() + std::time::Duration::from_mins(1);
    while site.service("green").0 != "parcel-desk:2" {
        assert!(std::time::Instant::now() < until, "what was sent never arrives");
        std::thread::yield_now();
    }
    site.flown.pass(15);
    assert_eq!(told(&site.flown.app)[2..], ["runs as parcel-desk:2"]);
    site.settle();
    assert_eq!(told(&site.flown.app)[3..], ["succeeded"]);
    assert_eq!(site.relay.asked().iter().filter(|asked| is_told(asked)).count(), 1);
}
