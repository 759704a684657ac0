//! A deployment, cancelled by an act of its own (R6).

use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::domain::reading::Cancel;

use super::super::router::{Gate, read};
use super::{Fixture, green};
use crate::support::octopus::KEY;

const CANCEL: &str = "POST /api/Spaces-1/tasks/ServerTasks-2/cancel";

/// Somebody else deploys other weights, and that takes its time.
fn others_deploy(fixture: &Fixture) {
    let mut server = fixture.web.state();
    (server.is_quick, server.cancels_at_once) = (false, false);
    server.save(60, 40);
    server.release("2026.11.21.1");
    server.deploy("2026.11.21.1");
}

async fn told(router: &impl Router) -> (String, Option<Cancel>) {
    let underway = read(router).await.underway.unwrap();
    (underway.task, underway.cancel)
}

#[tokio::test]
async fn what_somebody_else_started_is_told_with_its_request_and_cancelled_by_its_name() {
    let fixture = Fixture::start();
    let router = fixture.router();
    others_deploy(&fixture);
    let (task, cancel) = told(&router).await;
    let cancel = cancel.unwrap();
    assert_eq!((task.as_str(), cancel.is_ours), ("ServerTasks-2", false));
    let (verb, url) = CANCEL.split_once(' ').unwrap();
    assert_eq!(cancel.request, format!("{verb} http://{}{url}", fixture.web.address));
    let gate = Gate::open();
    assert_eq!(router.cancel(&task, &gate).await, SetAnswer::Accepted);
    assert_eq!((gate.asked(), fixture.writes()), (1, vec![CANCEL.to_owned()]));
    // Its yes is not its end, and it is not asked a second time.
    let underway = read(&router).await.underway.unwrap();
    assert_eq!(underway.waits_for.as_deref(), Some("the end of what is being cancelled"));
    assert_eq!((underway.task.as_str(), underway.cancel), ("ServerTasks-2", None));
    let again = router.cancel(&task, &gate).await;
    assert!(matches!(&again, SetAnswer::NotSent(why) if why.contains("already")), "{again:?}");
    fixture.web.state().end(&task, "Canceled");
    let reading = read(&router).await;
    assert_eq!(reading.underway, None);
    assert!(reading.warnings.iter().any(|warning| warning.contains("ended as canceled")), "{:?}", reading.warnings);
    let over = router.cancel(&task, &gate).await;
    assert!(matches!(&over, SetAnswer::NotSent(why) if why.contains("under way any more")), "{over:?}");
    assert_eq!(fixture.writes().len(), 1);
}

#[tokio::test]
async fn what_flightdeck_started_is_told_as_its_own() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let before = read(&router).await;
    fixture.web.state().is_quick = false;
    let forward = router.prepare(&green(30), Some(&before)).unwrap();
    assert_eq!(router.set(&forward, Some(&before.native), &Gate::open()).await, SetAnswer::Accepted);
    let (_, cancel) = told(&router).await;
    assert!(cancel.unwrap().is_ours);
}

#[tokio::test]
async fn a_closed_fence_a_missing_permission_and_a_lost_answer_each_have_their_word() {
    let fixture = Fixture::start();
    let router = fixture.router();
    others_deploy(&fixture);
    let (task, _) = told(&router).await;
    let closed = router.cancel(&task, &Gate::closed("its time is over")).await;
    assert!(matches!(&closed, SetAnswer::NotSent(why) if why.contains("its time is over")), "{closed:?}");
    fixture.web.state().lacks.insert(KEY.to_owned(), vec!["TaskCancel"]);
    let denied = router.cancel(&task, &Gate::open()).await;
    assert!(matches!(&denied, SetAnswer::Failed(why) if why.contains("TaskCancel")), "{denied:?}");
    assert_eq!(fixture.web.state().states(), ["Success", "Executing"]);
    fixture.web.freeze(true);
    let hasty = flightdeck::adapter::router::octopus::Octopus::new(fixture.config_at(
        fixture.web.address,
        "pilot",
        super::super::router::HASTY,
    ))
    .unwrap();
    let silent = hasty.cancel(&task, &Gate::open()).await;
    assert!(matches!(silent, SetAnswer::NotSent(_)), "the look before it was not answered: {silent:?}");
}
