//! ECS, ECR and CloudWatch: on a stand-in that checks every signature, and on moto as far as it goes.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use flightdeck::domain::check::Verdict;
use serde_json::{Value, json};

use super::{Fixture, PATIENT, SECRET, Site, ask, before, check, line, written};
use crate::support::aws::Account;
use crate::support::moto::Moto;
use crate::support::web::{Asked, Said};

const ID: &str = "AKIAOPERATOR";
const NEW: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:42";
const OLD: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:41";
const DIGEST: &str = "sha256:4a9c1f0e5b7d2c3a8f6e1d0b9c8a7f6e5d4c3b2a4a9c1f0e5b7d2c3a8f6e1d0b";

mod ecs {
    use super::ecs_fixture;

    crate::adapters::systems::contract::contract!(contract_of_it, ecs_fixture());
}

mod ecr {
    use super::ecr_fixture;

    crate::adapters::systems::contract::contract!(contract_of_it, ecr_fixture());
}

mod alarms {
    use super::alarm_fixture;

    crate::adapters::systems::contract::contract!(contract_of_it, alarm_fixture());
}

/// What a region holds.
struct Region {
    account: Account,
    /// By name.
    services: BTreeMap<&'static str, Value>,
    /// Tag and status.
    images: Vec<(&'static str, &'static str)>,
    /// Name, state, and since how many minutes.
    alarms: Vec<(&'static str, &'static str, i64)>,
    /// What is answered instead to whoever is known: status, code, message.
    no: Option<(u16, &'static str, &'static str)>,
}

fn site(kind: &'static str, keys: &'static str) -> Site<Region> {
    let service = json!({
        "serviceName": "shop-blue", "status": "ACTIVE", "desiredCount": 3, "runningCount": 3, "pendingCount": 0,
        "deployments": [{ "status": "PRIMARY", "taskDefinition": NEW, "rolloutState": "COMPLETED", "rolloutStateReason": "ECS deployment completed." }],
        "events": [{ "message": "(service shop-blue) has reached a steady state." }],
    });
    let region = Region {
        account: Account::new(ID, SECRET),
        services: BTreeMap::from([("shop-blue", service)]),
        images: vec![("2.5.0", "ACTIVE"), ("2.4.0", "ARCHIVED")],
        alarms: vec![("shop-errors", "OK", 300), ("shop-latency", "OK", 300), ("cart-errors", "ALARM", 5)],
        no: None,
    };
    let site = Site::start(kind, region, rules, move |at: SocketAddr, secret| {
        let path = secret.trim_start_matches("{ file = ").trim_end_matches(" }").to_owned();
        format!("{keys}\nendpoint = \"http://{at}\"\nprofile = \"deploy\"\ncredentials = {path}")
    });
    let file =
        |id: &str, secret: &str| format!("[deploy]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
    site.secrets_are(&file(ID, SECRET), &file(ID, "hunter2-of-a-stranger"));
    site
}

const ECS: &str =
    "region = \"eu-west-1\"\ncluster = \"prod\"\nservice = \"shop-{pool}\"\ntask_definition = \"shop:42\"";
const IMAGE: &str = "image = \"123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/shop:{to}\"";
const ALARMS: &str = "region = \"eu-west-1\"\nprefix = \"shop-\"";

fn ecs_fixture() -> Fixture<Region> {
    let spoil = |region: &mut Region| region.service()["runningCount"] = json!(2);
    Fixture { site: site("ecs-stable", ECS), spoil, mend: |region| region.service()["runningCount"] = json!(3) }
}

fn ecr_fixture() -> Fixture<Region> {
    Fixture {
        site: site("ecr-image", IMAGE),
        spoil: |region| region.images.clear(),
        mend: |region| region.images = vec![("2.5.0", "ACTIVE")],
    }
}

fn alarm_fixture() -> Fixture<Region> {
    Fixture {
        site: site("cloudwatch-alarms", ALARMS),
        spoil: |region| region.alarms[0].1 = "ALARM",
        mend: |region| region.alarms[0].1 = "OK",
    }
}

impl Region {
    fn service(&mut self) -> &mut Value {
        self.services.get_mut("shop-blue").unwrap()
    }

    fn images(&self, body: &Value) -> Said {
        assert_eq!(body["registryId"], "123456789012");
        if body["repositoryName"] != "team/shop" {
            return no(400, "RepositoryNotFoundException", "The repository does not exist in the registry");
        }
        let id = &body["imageIds"][0];
        let fits =
            |(tag, _): &&(&str, &str)| id["imageTag"] == *tag || (id["imageDigest"] == DIGEST && *tag == "2.5.0");
        match self.images.iter().find(fits) {
            Some((tag, status)) => Said::json(
                200,
                &json!({ "imageDetails": [{ "imageDigest": DIGEST, "imageTags": [tag], "imageStatus": status, "imagePushedAt": 1_795_000_000.5 }] }),
            ),
            None => no(400, "ImageNotFoundException", "The image with imageId does not exist within the repository"),
        }
    }

    fn services(&self, body: &Value) -> Said {
        if body["cluster"] != "prod" {
            return no(400, "ClusterNotFoundException", "Cluster not found.");
        }
        let name = body["services"][0].as_str().unwrap();
        let arn = format!("arn:aws:ecs:eu-west-1:123456789012:service/prod/{name}");
        let answer = match self.services.get(name) {
            Some(service) => json!({ "services": [service], "failures": [] }),
            None => json!({ "services": [], "failures": [{ "arn": arn, "reason": "MISSING" }] }),
        };
        Said::json(200, &answer)
    }

    /// Two alarms a page, and composite ones only where they are asked for.
    fn alarms(&self, form: &BTreeMap<String, String>) -> Said {
        let names: Vec<&String> = (1..).map_while(|number| form.get(&format!("AlarmNames.member.{number}"))).collect();
        assert_eq!(form["AlarmTypes.member.2"], "CompositeAlarm");
        let fits = |(name, ..): &&(&str, &str, i64)| {
            form.get("AlarmNamePrefix").is_none_or(|prefix| name.starts_with(prefix.as_str()))
                && (names.is_empty() || names.iter().any(|each| each == name))
        };
        let all: Vec<_> = self.alarms.iter().filter(fits).collect();
        let begin: usize =
            form.get("NextToken").map_or(0, |token| token.strip_prefix("page-").unwrap().parse().unwrap());
        let member = |(name, state, ago): &&(&str, &str, i64)| {
            format!(
                "<member><AlarmName>{name}</AlarmName><StateValue>{state}</StateValue><StateReason>Threshold Crossed</StateReason>\
                 <StateUpdatedTimestamp>{}</StateUpdatedTimestamp></member>",
                written(before(*ago))
            )
        };
        let members: String = all.iter().skip(begin).take(2).map(member).collect();
        let token =
            if all.len() > begin + 2 { format!("<NextToken>page-{}</NextToken>", begin + 2) } else { String::new() };
        Said::text(
            200,
            &format!(
                "<DescribeAlarmsResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><DescribeAlarmsResult>\
                 <MetricAlarms>{members}</MetricAlarms><CompositeAlarms/>{token}</DescribeAlarmsResult></DescribeAlarmsResponse>"
            ),
        )
    }
}

/// A no as the services that speak JSON write it.
fn no(status: u16, code: &str, message: &str) -> Said {
    Said::json(status, &json!({ "__type": format!("com.amazonaws.service.v1#{code}"), "message": message }))
}

fn rules(region: &mut Region, asked: &Asked) -> Said {
    let target = asked.header("x-amz-target").to_owned();
    let service = match target.split('.').next().unwrap_or_default() {
        "AmazonEC2ContainerServiceV20141113" => "ecs",
        "AmazonEC2ContainerRegistry_V20150921" => "ecr",
        _ => "monitoring",
    };
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(&asked.body).into_owned().collect();
    let refusal = match region.account.signer(asked, service) {
        Err((code, message)) => Some((403, code.to_owned(), message)),
        Ok(_) => region.no.map(|(status, code, message)| (status, code.to_owned(), message.to_owned())),
    };
    if let Some((status, code, message)) = refusal {
        let xml = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        );
        return if service == "monitoring" { Said::text(status, &xml) } else { no(status, &code, &message) };
    }
    match target.split_once('.').map_or(form.get("Action").map_or("", String::as_str), |(_, action)| action) {
        "DescribeServices" => region.services(&asked.json()),
        "DescribeImages" => region.images(&asked.json()),
        "DescribeAlarms" => region.alarms(&form),
        other => no(400, "UnknownOperationException", other),
    }
}

#[tokio::test]
async fn a_service_is_stable_only_with_the_definition_that_is_expected() {
    let site = site("ecs-stable", ECS);
    let answer = ask(&*site.check()).await;
    assert_eq!((answer.verdict, answer.words.as_str()), (Verdict::Pass, "stable: 3 of 3 tasks of shop:42 run"));
    assert_eq!(answer.value.as_deref(), Some("shop:42"));
    assert_eq!(line(&answer, "newest event"), "(service shop-blue) has reached a steady state.");
    site.edit(|region| region.service()["deployments"][0]["taskDefinition"] = json!(OLD));
    let words = "the primary deployment is of shop:41, not of shop:42: ECS deployment completed.";
    assert_eq!(site.told("").await, (Verdict::Fail, words.to_owned()));
    site.edit(|region| {
        let service = region.service();
        service["deployments"][0]["taskDefinition"] = json!(NEW);
        (service["desiredCount"], service["runningCount"]) = (json!(0), json!(0));
    });
    assert_eq!(site.told("").await.0, Verdict::Fail, "nothing that runs proves nothing");
    assert_eq!(site.told("least = 0").await.0, Verdict::Pass);
}

#[tokio::test]
async fn a_service_that_is_missing_fails_and_a_cluster_that_is_not_known_is_not_told() {
    let site = site("ecs-stable", ECS);
    site.edit(|region| region.services.clear());
    assert_eq!(site.told("").await, (Verdict::Fail, "there is no service shop-blue in cluster prod".to_owned()));
    let keys = site.keys().replace("\"prod\"", "\"stage\"");
    let answer = ask(&*check("ecs-stable", &keys, PATIENT)).await;
    assert_eq!(answer.verdict, Verdict::Inconclusive);
    assert!(
        answer.words.contains("ClusterNotFoundException") && answer.words.contains("compare the names"),
        "{}",
        answer.words
    );
}

#[tokio::test]
async fn aws_says_no_in_its_own_codes() {
    for (kind, keys, permission) in [
        ("ecs-stable", ECS, "ecs:DescribeServices"),
        ("ecr-image", IMAGE, "ecr:DescribeImages"),
        ("cloudwatch-alarms", ALARMS, "cloudwatch:DescribeAlarms"),
    ] {
        let site = site(kind, keys);
        site.edit(|region| region.no = Some((400, "AccessDeniedException", "User is not authorized")));
        let (verdict, words) = site.told("").await;
        assert_eq!(verdict, Verdict::Inconclusive);
        assert!(words.contains(&format!("the permission {permission}")), "{words}");
        site.edit(|region| region.no = Some((400, "ThrottlingException", "Rate exceeded")));
        let (verdict, words) = site.told("").await;
        assert_eq!(verdict, Verdict::Inconclusive);
        assert!(words.contains("Rate exceeded") && words.contains("used up for the moment"), "{words}");
    }
}

#[tokio::test]
async fn an_archived_image_cannot_be_pulled() {
    let site = site("ecr-image", IMAGE);
    let answer = ask(&*site.check()).await;
    assert_eq!((answer.verdict, answer.value.as_deref()), (Verdict::Pass, Some(DIGEST)), "{}", answer.words);
    assert_eq!(line(&answer, "pushed"), "2026-11-18 11:06:40Z");
    let with = |image: &str| check("ecr-image", &site.keys().replace("team/shop:{to}", image), PATIENT);
    let answer = ask(&*with("team/shop:{from}")).await;
    assert_eq!(answer.verdict, Verdict::Fail);
    assert!(answer.words.ends_with("is archived, and cannot be pulled until it is restored"), "{}", answer.words);
    assert_eq!(ask(&*with(&format!("team/shop@{DIGEST}"))).await.verdict, Verdict::Pass);
    let answer = ask(&*with("team/other:{to}")).await;
    assert!(
        answer.verdict == Verdict::Fail && answer.words.ends_with("there is no such repository"),
        "{}",
        answer.words
    );
}

#[tokio::test]
async fn alarms_without_data_and_alarms_that_are_not_there_prove_nothing() {
    let site = site("cloudwatch-alarms", ALARMS);
    assert_eq!(site.told("").await, (Verdict::Pass, "none of 2 in alarm".to_owned()));
    site.edit(|region| region.alarms[1].1 = "INSUFFICIENT_DATA");
    let words = "none in alarm, and it cannot be told of all: shop-latency has not enough data";
    assert_eq!(site.told("").await, (Verdict::Inconclusive, words.to_owned()));
    let with = |which: &str| check("cloudwatch-alarms", &site.keys().replace("prefix = \"shop-\"", which), PATIENT);
    let answer = ask(&*with("alarms = [\"shop-errors\", \"shop-gone\"]")).await;
    assert_eq!(answer.words, "none in alarm, and it cannot be told of all: shop-gone is not there");
    let answer = ask(&*with("prefix = \"search-\"")).await;
    assert!(answer.verdict == Verdict::Inconclusive && answer.words.contains("nothing watches"), "{}", answer.words);
}

#[tokio::test]
async fn every_page_of_alarms_is_read_and_since_the_change_counts_what_began_after_it() {
    let site = site("cloudwatch-alarms", ALARMS);
    site.edit(|region| {
        region.alarms.extend([
            ("shop-a", "OK", 300),
            ("shop-b", "OK", 300),
            ("shop-c", "ALARM", 30),
            ("shop-d", "ALARM", 5),
        ]);
    });
    assert_eq!(site.told("").await.1, "2 in alarm: shop-c, shop-d");
    assert_eq!(site.told("since = \"change\"").await.1, "1 in alarm: shop-d; 1 began before and go on");
}

#[tokio::test]
async fn moto_answers_in_the_same_forms() {
    const ECS: &str = "AmazonEC2ContainerServiceV20141113";
    const ECR: &str = "AmazonEC2ContainerRegistry_V20150921";
    let moto = Moto::bare(&[("MOTO_ECS_SERVICE_RUNNING", "3")]);
    moto.ask_json("ecs", &format!("{ECS}.CreateCluster"), &json!({ "clusterName": "prod" }));
    let container = json!({ "name": "shop", "image": "shop:1", "memory": 100 });
    let definition = json!({ "family": "shop", "containerDefinitions": [container] });
    moto.ask_json("ecs", &format!("{ECS}.RegisterTaskDefinition"), &definition);
    let service =
        json!({ "cluster": "prod", "serviceName": "shop-blue", "taskDefinition": "shop:1", "desiredCount": 3 });
    moto.ask_json("ecs", &format!("{ECS}.CreateService"), &service);
    moto.ask_json("ecr", &format!("{ECR}.CreateRepository"), &json!({ "repositoryName": "team/shop" }));
    let manifest = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": {}, "layers": [] });
    let image = json!({ "repositoryName": "team/shop", "imageTag": "2.5.0", "imageManifest": manifest.to_string() });
    moto.ask_json("ecr", &format!("{ECR}.PutImage"), &image);
    let alarm = "AlarmName=shop-errors&MetricName=Errors&Namespace=Shop&Statistic=Sum&Period=60&EvaluationPeriods=1&Threshold=1&ComparisonOperator=GreaterThanThreshold";
    moto.ask("monitoring", "PutMetricAlarm", alarm);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("credentials");
    std::fs::write(&path, "[deploy]\naws_access_key_id = test\naws_secret_access_key = test\n").unwrap();
    let told = async |kind: &str, keys: &str| {
        let access = format!(
            "endpoint = \"http://{}\"\nprofile = \"deploy\"\ncredentials = \"{}\"",
            moto.address,
            path.display()
        );
        let answer = ask(&*check(kind, &format!("{keys}\n{access}"), PATIENT)).await;
        (answer.verdict, answer.words)
    };
    let ecs = |service: &str, definition: &str| {
        format!(
            "region = \"eu-west-1\"\ncluster = \"prod\"\nservice = \"{service}\"\ntask_definition = \"{definition}\""
        )
    };
    let stable = "stable: 3 of 3 tasks of shop:1 run".to_owned();
    assert_eq!(told("ecs-stable", &ecs("shop-blue", "shop:1")).await, (Verdict::Pass, stable));
    assert_eq!(told("ecs-stable", &ecs("shop-blue", "shop:2")).await.0, Verdict::Fail);
    let missing = "there is no service shop-green in cluster prod".to_owned();
    assert_eq!(told("ecs-stable", &ecs("shop-green", "shop:1")).await, (Verdict::Fail, missing));

    let (verdict, words) = told("ecr-image", IMAGE).await;
    assert_eq!(verdict, Verdict::Pass, "{words}");
    let (verdict, words) = told("ecr-image", &IMAGE.replace("{to}", "{from}")).await;
    assert_eq!(verdict, Verdict::Fail, "{words}");
    let (verdict, words) = told("ecr-image", &IMAGE.replace("team/shop", "team/other")).await;
    assert_eq!(verdict, Verdict::Fail, "{words}");

    let state = |state: &str| {
        moto.ask("monitoring", "SetAlarmState", &format!("AlarmName=shop-errors&StateValue={state}&StateReason=tried"));
    };
    state("OK");
    assert_eq!(told("cloudwatch-alarms", ALARMS).await, (Verdict::Pass, "none of 1 in alarm".to_owned()));
    state("ALARM");
    assert_eq!(told("cloudwatch-alarms", ALARMS).await, (Verdict::Fail, "1 in alarm: shop-errors".to_owned()));
    state("INSUFFICIENT_DATA");
    assert_eq!(told("cloudwatch-alarms", ALARMS).await.0, Verdict::Inconclusive);
    let gone = "region = \"eu-west-1\"\nalarms = [\"shop-gone\"]";
    assert_eq!(told("cloudwatch-alarms", gone).await.0, Verdict::Inconclusive);
}
