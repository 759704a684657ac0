//! What a look tells: what is live, what is saved, what is in flight, and what does not fit.

use flightdeck::adapter::router::Router;
use flightdeck::adapter::router::octopus::Octopus;
use flightdeck::domain::{BasisPoints, Target, TroubleKind, Weights};
use serde_json::json;

use super::super::router::{of, read};
use super::{Fixture, green};

#[tokio::test]
async fn saved_weights_are_not_live_weights() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let before = read(&router).await;
    assert_eq!((before.warnings, before.underway, before.generation.as_str()), (vec![], None, "7"));
    {
        let mut server = fixture.web.state();
        server.save(30, 70);
        server.set["Variables"][5]["Value"] = json!("9");
    }
    let after = read(&router).await;
    assert_eq!(of(&after.native), of(&before.native), "nothing was deployed");
    assert_eq!(
        after.warnings,
        [
            "saved but not deployed: Routing.Blue.Weight 30 (live 100), Routing.Green.Weight 70 (live 0), `Edge.Timeout` \
          too; the next release takes all of it along"
        ]
    );
    let prepared = router.prepare(&green(10), Some(&after)).unwrap();
    assert!(prepared.notes.contains(&after.warnings[0]), "whoever confirms sees it: {prepared:?}");
}

#[tokio::test]
async fn a_deployment_that_runs_is_under_way_and_changes_nothing_yet() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let before = read(&router).await.native;
    {
        let mut server = fixture.web.state();
        server.is_quick = false;
        server.save(50, 50);
        server.release("2026.11.21.1");
        server.deploy("2026.11.21.1");
        server.task("ServerTasks-2").percent = 40;
    }
    let reading = read(&router).await;
    assert_eq!(reading.native, before);
    let underway = reading.underway.unwrap();
    assert_eq!((underway.what.as_str(), underway.percent), ("deployment of release 2026.11.21.1", Some(40)));
    assert_eq!(underway.waits_for, None);
    assert_eq!(underway.link, Some(format!("http://{}/app#/Spaces-1/tasks/ServerTasks-2", fixture.web.address)));
    fixture.web.state().end("ServerTasks-2", "Success");
    let reading = read(&router).await;
    assert_eq!((reading.underway, reading.native.0[0].weight), (None, 50));
}

#[tokio::test]
async fn a_deployment_that_waits_says_for_whom() {
    let fixture = Fixture::start();
    let router = fixture.router();
    {
        let mut server = fixture.web.state();
        server.is_quick = false;
        server.deploy("2026.11.20.1");
        server.task("ServerTasks-2").question = Some("Approve the weights\u{1b}[2J".to_owned());
    }
    let waits_for = || async { read(&router).await.underway.unwrap().waits_for };
    assert_eq!(waits_for().await.as_deref(), Some("a person's answer: Approve the weights [2J"));
    {
        let mut server = fixture.web.state();
        server.task("ServerTasks-2").question = None;
        server.deploy("2026.11.20.1");
        server.end("ServerTasks-2", "Success");
        server.task("ServerTasks-3").state = "Queued";
    }
    assert_eq!(waits_for().await.as_deref(), Some("its turn"));
    fixture.web.state().task("ServerTasks-3").state = "Executing";
    fixture.web.state().deploy("2026.11.20.1");
    assert_eq!(read(&router).await.underway.unwrap().what, "deployment of release 2026.11.20.1, and 1 more after it");
}

#[tokio::test]
async fn what_ended_last_is_live_and_not_what_was_made_last() {
    let fixture = Fixture::start();
    let router = fixture.router();
    {
        let mut server = fixture.web.state();
        server.is_quick = false;
        server.save(60, 40);
        server.release("2026.11.21.1");
        server.deploy("2026.11.21.1");
        // It was made for a later time, and one that was made after it runs first.
        server.task("ServerTasks-2").state = "Queued";
        server.task("ServerTasks-2").question = Some("At noon".to_owned());
        server.save(20, 80);
        server.release("2026.11.21.2");
        server.deploy("2026.11.21.2");
        server.end("ServerTasks-3", "Success");
        server.end("ServerTasks-2", "Success");
    }
    assert_eq!(of(&read(&router).await.native), fixture.web.state().applied);
    assert_eq!(fixture.web.state().applied["Routing.Blue.Weight"], 60);
}

#[tokio::test]
async fn a_deployment_that_failed_leaves_a_doubt() {
    let fixture = Fixture::start();
    let router = fixture.router();
    {
        let mut server = fixture.web.state();
        server.is_quick = false;
        server.save(60, 40);
        server.release("2026.11.21.1");
        server.deploy("2026.11.21.1");
        server.end("ServerTasks-2", "Failed");
    }
    let reading = read(&router).await;
    assert_eq!(reading.native.0[0].weight, 100);
    let doubt = "the deployment of release 2026.11.21.1 ended as failed after the one of 2026.11.20.1, which is the last \
                 known to be whole: what really routes is uncertain until a deployment succeeds";
    assert!(reading.warnings.iter().any(|warning| warning == doubt), "{:?}", reading.warnings);
}

#[tokio::test]
async fn every_wrong_name_is_told_with_those_that_there_are() {
    let fixture = Fixture::start();
    for (noun, there) in [
        ("space", "Default, Payments"),
        ("project", "Bridge, Bridge Routing"),
        ("environment", "prod-drill, prod"),
        ("channel", "Hotfix, Release"),
    ] {
        let mut config = fixture.config();
        let wrong = "Nowhere".to_owned();
        match noun {
            "space" => config.space = wrong,
            "project" => config.project = wrong,
            "environment" => config.environment = wrong,
            _ => config.channel = Some(wrong),
        }
        let trouble = Octopus::new(config).unwrap().read().await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Mismatch);
        assert_eq!(trouble.why, format!("there is no {noun} `Nowhere`; this account sees {there}"));
        assert!(trouble.advice.contains(&format!("correct `{noun}` in the profile")), "{trouble}");
    }
    let mut config = fixture.config();
    config.pools[0].1 = "Routing.Azure.Weight".to_owned();
    let trouble = Octopus::new(config).unwrap().read().await.unwrap_err();
    assert!(trouble.why.contains("there is no variable `Routing.Azure.Weight`, only Routing.Blue.Weight"), "{trouble}");
}

#[tokio::test]
async fn a_weight_that_holds_elsewhere_too_is_told_and_a_doubtful_one_cannot_be_changed() {
    let fixture = Fixture::start();
    let router = fixture.router();
    fixture.web.state().set["Variables"][0]["Scope"] = json!({ "Environment": ["Environments-3", "Environments-5"] });
    let reading = read(&router).await;
    let shared = "not scoped to prod alone, so saving changes what other environments get: Routing.Blue.Weight";
    assert!(reading.warnings.iter().any(|warning| warning == shared), "{:?}", reading.warnings);

    fixture.web.state().set["Variables"][2]["Scope"] = json!({ "Role": ["edge"] });
    let reading = read(&router).await;
    let refused = router.prepare(&green(10), Some(&reading)).unwrap_err();
    assert!(
        refused.why.starts_with(
            "its weights cannot be changed: among the saved variables, variable `Routing.Blue.Weight` has several values"
        ),
        "{refused}"
    );
}

#[tokio::test]
async fn a_project_in_git_or_disabled_is_read_and_not_changed() {
    for (key, why) in [("IsVersionControlled", "the project is kept in git"), ("IsDisabled", "the project is disabled")]
    {
        let fixture = Fixture::start();
        fixture.web.state().project = json!({ key: true });
        let router = fixture.router();
        let reading = read(&router).await;
        let refused = router.prepare(&green(10), Some(&reading)).unwrap_err();
        assert!(refused.why.contains(why), "{refused}");
    }
}

#[tokio::test]
async fn a_project_that_was_never_deployed_has_no_live_weights() {
    let fixture = Fixture::start();
    fixture.web.state().deployments.clear();
    let trouble = fixture.router().read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Mismatch);
    assert_eq!(trouble.why, "no deployment of `Bridge Routing` to `prod` has succeeded");
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_ask_again() {
    let fixture = Fixture::start();
    fixture.web.state().limit = Some(12);
    let trouble = fixture.router().read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Denied);
    assert!(trouble.why.ends_with("429: Too many requests.; it takes requests again in 12 s"), "{trouble}");
}

#[tokio::test]
async fn a_share_finer_than_the_weights_is_refused_with_the_nearest() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let reading = read(&router).await;
    let pairs = vec![("blue".into(), BasisPoints(9_970)), ("green".into(), BasisPoints(30))];
    let refused = router.prepare(&Target::Weights(Weights::new(pairs).unwrap()), Some(&reading)).unwrap_err();
    assert_eq!(refused.why, "green cannot have 0.3 %: its weight is a whole number of 100");
    assert_eq!(refused.advice, "ask for 0 or for 1 %, the nearest that it can have");
}
