//! CloudWatch as moto answers it, and what is particular to it.

use chrono::{Duration, SecondsFormat, Utc};
use flightdeck::domain::TroubleKind;

use super::fake::Gives;
use super::fake::cloudwatch::CloudWatch;
use super::scenario::{Scene, profile, source, value};
use crate::support::moto::Moto;
use crate::support::web::Said;

#[tokio::test]
async fn moto_tells_what_was_put_into_it() {
    let moto = tokio::task::spawn_blocking(Moto::start).await.unwrap();
    let at = Utc::now() - Duration::minutes(2);
    for (pool, count) in [("blue", 3), ("green", 5)] {
        let form = format!(
            "Namespace=Shop&MetricData.member.1.MetricName=Orders&MetricData.member.1.Value={count}&\
             MetricData.member.1.Timestamp={}&MetricData.member.1.Dimensions.member.1.Name=Pool&\
             MetricData.member.1.Dimensions.member.1.Value={pool}",
            at.to_rfc3339_opts(SecondsFormat::Secs, true)
        );
        moto.ask("monitoring", "PutMetricData", &form);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    std::fs::write(&file, "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = x\n").unwrap();
    let keys = format!(
        "at = \"http://{}\"\nregion = \"eu-west-1\"\ndelay = \"0s\"\ncredentials = \"{}\"",
        moto.address,
        file.display()
    );
    let loaded = profile(&keys, "cloudwatch", "query = 'Sum(Shop:Orders{Pool=\"green\"})'\nunit = \"orders\"");
    let sample = value(source(&loaded).as_ref()).await.unwrap().expect("it was put there");
    assert!((sample.value - 5.0).abs() < 1e-9, "{sample:?}");
    let behind = Utc::now().timestamp_millis() - sample.at.0;
    assert!((30_000..200_000).contains(&behind), "{behind} ms");
    let loaded = profile(&keys, "cloudwatch", "query = 'Sum(Shop:Orders{Pool=\"red\"})'");
    assert_eq!(value(source(&loaded).as_ref()).await, Ok(None));
}

#[tokio::test]
async fn a_throttled_account_is_left_alone() {
    let scene = Scene::of::<CloudWatch>();
    let body = "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>";
    scene.gives(Gives::Said(Said::text(400, body)));
    let told = scene.look().await.expect_err("it is throttled");
    assert_eq!(told.kind, TroubleKind::Denied);
    assert!(told.why.contains("Rate exceeded") && told.why.contains("15 s"), "{told}");
    let asked = scene.web.asked().len();
    assert!(scene.look().await.is_err());
    assert_eq!(scene.web.asked().len(), asked);
}

#[tokio::test]
async fn a_metric_that_may_not_be_seen_is_said() {
    let scene = Scene::of::<CloudWatch>();
    let body = "<GetMetricDataResponse><GetMetricDataResult><MetricDataResults><member><Id>e0</Id><Label>x</Label>\
                <StatusCode>Forbidden</StatusCode><Timestamps/><Values/></member></MetricDataResults>\
                </GetMetricDataResult></GetMetricDataResponse>";
    scene.gives(Gives::Said(Said::text(200, body)));
    let told = scene.look().await.expect_err("it may not be seen");
    assert_eq!(told.kind, TroubleKind::Denied);
    assert!(told.advice.contains("cloudwatch:GetMetricData"), "{told}");
}
