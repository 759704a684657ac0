//! How a change goes out: saved, released, deployed, and nothing twice.

use flightdeck::adapter::router::{Router, SetAnswer};
use serde_json::{Value, json};

use super::super::router::{Gate, PATIENT, Subject, read};
use super::{Fixture, green};

const PUT: &str = "PUT /api/Spaces-1/variables/variableset-Projects-101";
const RELEASE: &str = "POST /api/Spaces-1/releases/create/v1";
const DEPLOY: &str = "POST /api/Spaces-1/deployments/create/untenanted/v1";

#[tokio::test]
async fn a_change_is_saved_released_and_deployed_as_it_was_shown() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let reading = read(&router).await;
    let before = fixture.web.state().set.clone();
    let prepared = router.prepare(&green(30), Some(&reading)).unwrap();
    let gate = Gate::open();
    assert_eq!(router.set(&prepared, Some(&reading.native), &gate).await, SetAnswer::Accepted);
    assert_eq!(fixture.writes(), [PUT, RELEASE, DEPLOY]);
    assert_eq!(gate.asked(), 3, "the fence is asked before every write");

    let sent: Vec<_> = fixture.web.asked().into_iter().filter(|asked| asked.method != "GET").collect();
    let at = format!("http://{}", fixture.web.address);
    assert_eq!(
        prepared.requests[0],
        format!(
            "PUT {at}{} {{\"Version\":7,\"Variables\":[{{\"Name\":\"Routing.Blue.Weight\",\"Value\":\"70\"}},\
             {{\"Name\":\"Routing.Green.Weight\",\"Value\":\"30\"}}, all others as read]}}",
            sent[0].path
        )
    );
    for (shown, sent) in prepared.requests[1..].iter().zip(&sent[1..]) {
        assert_eq!(*shown, format!("POST {at}{} {}", sent.path, String::from_utf8_lossy(&sent.body)));
    }
    assert!(prepared.requests[1].contains("\"releaseVersion\":\"1.7.0-flightdeck.70.30\""), "{prepared:?}");

    let server = fixture.web.state();
    let mut wanted = before;
    wanted["Version"] = json!(8);
    wanted["Variables"][0]["Value"] = json!("70");
    wanted["Variables"][1]["Value"] = json!("30");
    assert_eq!(server.set, wanted, "nothing but the two weights has changed");
    assert_eq!(server.secrets["v-5"], "hunter2", "and what nobody can read is still there");
}

#[tokio::test]
async fn a_lifecycle_that_deploys_by_itself_is_not_doubled() {
    for is_quick in [true, false] {
        let fixture = Fixture::start();
        let router = fixture.router();
        let prepared = router.prepare(&green(30), Some(&read(&router).await)).unwrap();
        {
            let mut server = fixture.web.state();
            (server.deploys_itself, server.is_quick) = (true, is_quick);
        }
        assert_eq!(router.set(&prepared, None, &Gate::open()).await, SetAnswer::Accepted);
        assert_eq!(fixture.writes(), [PUT, RELEASE]);
        assert_eq!(fixture.web.state().deployments.len(), 2);
    }
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_makes_nothing_a_second_time() {
    // What is lost is the answer to the first, the second or the third write.
    for lost in 1..=3 {
        let fixture = Fixture::start();
        let patient = fixture.router();
        let prepared = patient.prepare(&green(30), Some(&read(&patient).await)).unwrap();
        fixture.web.state().is_quick = false;
        let asked = std::sync::atomic::AtomicU32::new(0);
        let answer = {
            let gate = Gate::hooked(|| {
                if asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1 == lost {
                    fixture.freeze();
                }
                Ok(())
            });
            fixture.adapter(std::time::Duration::from_secs(2)).set(&prepared, None, &gate).await
        };
        let SetAnswer::Unknown(why) = answer else { panic!("an answer was lost, and it is {answer:?}") };
        assert_eq!(why.contains("saved the weights (Version 8)"), lost > 1, "{why}");
        assert_eq!(why.contains("made release 1.7.0-flightdeck.70.30"), lost > 2, "{why}");
        fixture.thaw();
        wait_for(&fixture, lost as usize).await;
        assert_eq!(patient.set(&prepared, None, &Gate::open()).await, SetAnswer::Accepted);
        assert_eq!(fixture.writes(), [PUT, RELEASE, DEPLOY], "each once");
    }
}

#[tokio::test]
async fn a_fence_that_closes_in_the_middle_leaves_exact_words() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let prepared = router.prepare(&green(30), Some(&read(&router).await)).unwrap();
    let asked = std::sync::atomic::AtomicU32::new(0);
    let gate = Gate::hooked(|| match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => Ok(()),
        _ => Err("the deadline has passed".to_owned()),
    });
    let answer = router.set(&prepared, None, &gate).await;
    assert_eq!(
        answer,
        SetAnswer::Failed(
            "saved the weights (Version 8), and then: the deadline has passed; nothing was deployed by this change, and \
             what is saved goes live with the next release that anyone deploys"
                .to_owned()
        )
    );
    assert_eq!(fixture.writes(), [PUT]);
}

#[tokio::test]
async fn what_somebody_else_saved_is_never_merged() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let prepared = router.prepare(&green(30), Some(&read(&router).await)).unwrap();
    fixture.web.state().save(90, 10);
    let answer = router.set(&prepared, None, &Gate::open()).await;
    assert!(
        matches!(&answer, SetAnswer::NotSent(why) if why.contains("their Version is 8, and was 7; propose it anew")),
        "{answer:?}"
    );
    assert!(fixture.writes().is_empty());
}

#[tokio::test]
async fn what_somebody_else_saves_in_the_last_moment_is_told_in_the_servers_words() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let prepared = router.prepare(&green(30), Some(&read(&router).await)).unwrap();
    let gate = Gate::hooked(|| {
        fixture.web.state().save(90, 10);
        Ok(())
    });
    let answer = router.set(&prepared, None, &gate).await;
    assert!(
        matches!(&answer, SetAnswer::Failed(why) if why.contains("400: There was a problem with your request. Changes to \
            these variables could not be saved, because another user has made changes")),
        "{answer:?}"
    );
    assert_eq!(fixture.web.state().set["Variables"][0]["Value"], "90");
}

#[tokio::test]
async fn a_release_that_froze_somebody_elses_weights_is_not_deployed() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let prepared = router.prepare(&green(30), Some(&read(&router).await)).unwrap();
    let asked = std::sync::atomic::AtomicU32::new(0);
    let gate = Gate::hooked(|| {
        if asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 1 {
            fixture.web.state().save(1, 99);
        }
        Ok(())
    });
    let answer = router.set(&prepared, None, &gate).await;
    let SetAnswer::Failed(why) = answer else { panic!("others' weights were frozen, and the answer is {answer:?}") };
    assert!(why.contains("release 1.7.0-flightdeck.70.30 holds other weights"), "{why}");
    assert_eq!(fixture.writes(), [PUT, RELEASE]);
}

#[tokio::test]
async fn a_bound_change_does_not_line_up_behind_a_deployment() {
    let fixture = Fixture::start();
    let router = fixture.router();
    {
        let mut server = fixture.web.state();
        server.is_quick = false;
        server.save(60, 40);
        server.release("2026.11.21.1");
        server.deploy("2026.11.21.1");
    }
    let reading = read(&router).await;
    let prepared = router.prepare(&green(30), Some(&reading)).unwrap();
    assert!(
        prepared.notes.iter().any(|note| note.contains("this change is not sent while it goes on")),
        "{prepared:?}"
    );
    let answer = router.set(&prepared, Some(&reading.native), &Gate::open()).await;
    assert!(
        matches!(&answer, SetAnswer::NotSent(why) if why.contains("release 2026.11.21.1 is not over (Executing)")),
        "{answer:?}"
    );
    assert!(fixture.writes().is_empty());
}

#[tokio::test]
async fn every_missing_permission_is_named_with_what_was_done_before_it() {
    for (permission, done) in [
        ("VariableEdit", ""),
        ("ReleaseCreate", "saved the weights (Version 8), and then: "),
        ("DeploymentCreate", "saved the weights (Version 8), made release 1.7.0-flightdeck.70.30, and then: "),
    ] {
        let fixture = Fixture::start();
        let router = fixture.router();
        let prepared = router.prepare(&green(30), Some(&read(&router).await)).unwrap();
        fixture.web.state().lacks.insert(crate::support::octopus::KEY.to_owned(), vec![permission]);
        let answer = router.set(&prepared, None, &Gate::open()).await;
        let SetAnswer::Failed(why) = answer else { panic!("{permission} is missing, and the answer is {answer:?}") };
        assert!(why.starts_with(done) && why.contains("403: You do not have permission"), "{why}");
        assert!(why.contains(&format!("Missing permission: {permission}; ask whoever runs it")), "{why}");
    }
    for permission in ["VariableView", "DeploymentView"] {
        let fixture = Fixture::start();
        fixture.web.state().lacks.insert(crate::support::octopus::KEY.to_owned(), vec![permission]);
        let trouble = fixture.router().read().await.unwrap_err();
        assert!(trouble.to_string().contains(&format!("Missing permission: {permission}")), "{trouble}");
    }
}

/// The fake is held to the rules that the adapter must not break.
#[tokio::test]
async fn the_fake_deletes_what_is_left_out_and_wipes_what_has_no_id() {
    let fixture = Fixture::start();
    let put = |change: &dyn Fn(&mut Value)| {
        let mut body = fixture.web.state().set.clone();
        change(&mut body);
        let asked = crate::support::web::Asked {
            method: "PUT".to_owned(),
            path: "/api/Spaces-1/variables/variableset-Projects-101".to_owned(),
            headers: vec![("x-octopus-apikey".to_owned(), crate::support::octopus::KEY.to_owned())],
            body: body.to_string().into_bytes(),
        };
        fixture.web.state().answer(&asked).status
    };
    assert_eq!(put(&|body| body["Version"] = json!(6)), 400);
    assert_eq!(put(&|body| body["Variables"][0]["Type"] = Value::Null), 500);
    assert_eq!(put(&|body| body["Variables"][4]["Id"] = Value::Null), 200);
    assert!(fixture.web.state().secrets.is_empty());
    assert_eq!(put(&|body| drop(body["Variables"].as_array_mut().unwrap().pop())), 200);
    assert_eq!(fixture.web.state().set["Variables"].as_array().unwrap().len(), 5);
}

/// Waits until the server has taken what it was sent while it was stopped.
async fn wait_for(fixture: &Fixture, writes: usize) {
    let limit = std::time::Instant::now() + PATIENT;
    while fixture.writes().len() < writes {
        assert!(std::time::Instant::now() < limit, "it takes nothing of what it was sent");
        tokio::task::yield_now().await;
    }
}
