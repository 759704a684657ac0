//! The version at the keys: its digest in the header and before a deployment, and a tag that was moved.

use flightdeck::domain::check::{Answer, Asking, Verdict};
use flightdeck::flight;
use flightdeck::session::Event;

use crate::support::action::with_action;
use crate::support::app::App;
use crate::support::scene::{payments, picture};
use crate::support::version::{CHECK, points_to, with_version};

const STEP: &str = "deploy-to-blue";

fn shot(name: &str, app: &mut App) {
    for (columns, rows) in [(80, 24), (120, 36)] {
        let picture = picture(app, columns, rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), picture);
        });
    }
}

/// Time passes; the registry says this, and the signature holds.
fn pass(app: &mut App, seconds: u32, registry: impl Fn(&Asking) -> Answer) {
    for _ in 0..seconds {
        app.pass(1_000);
        while let Some((check, request, asking)) = app.questions.pop() {
            let answer = match check.as_str() {
                CHECK => registry(&asking),
                _ => Answer::new(Verdict::Pass, "signed by release", asking.now),
            };
            let (began, answer) = (app.now(), Box::new(answer));
            app.tell(flightdeck::cockpit::Msg::Flight(flight::Msg::CheckAnswered { check, request, began, answer }));
        }
    }
}

/// Blue is drained, and its deployment is next.
fn drained(registry: impl Fn(&Asking) -> Answer) -> App {
    let procedure = with_version(with_action(payments(), STEP, false), &["signed"]);
    let mut app = App::with_weights(procedure, &[50, 50]);
    app.keys("n<drawn>y");
    pass(&mut app, 13, registry);
    app.draw();
    app
}

fn starts(app: &App) -> usize {
    app.events().filter(|event| matches!(event, Event::ActionStarting(_))).count()
}

#[test]
fn what_is_deployed_is_shown_with_its_digest_before_it_is_confirmed() {
    let mut app = drained(|asking| points_to('a', asking));
    shot("version_resolved", &mut app);
    app.keys("n<drawn>");
    pass(&mut app, 1, |asking| points_to('a', asking));
    shot("version_confirm", &mut app);
    app.keys("y").pass(500);
    assert_eq!(starts(&app), 1, "{:?}", app.notices());
}

#[test]
fn a_tag_that_was_moved_is_shown_with_both_digests_and_set_aside_with_a_reason() {
    let mut app = drained(|asking| points_to('a', asking));
    app.keys("n<drawn>");
    pass(&mut app, 2, |asking| points_to('b', asking));
    shot("version_moved", &mut app);
    app.keys("y").pass(500);
    assert_eq!(starts(&app), 0);
    app.keys("<drawn>opushed twice<enter><drawn>blue<enter>").pass(500);
    assert_eq!(starts(&app), 1, "{:?}", app.notices());
}

#[test]
fn a_version_that_is_not_resolved_is_said_and_not_deployed() {
    let silent = |asking: &Asking| Answer::new(Verdict::Inconclusive, "no whole answer within 5s", asking.now);
    let mut app = drained(silent);
    app.keys("n<drawn>");
    shot("version_not_resolved", &mut app);
    app.keys("y").pass(500);
    assert_eq!(starts(&app), 0);
}

#[test]
fn a_deployment_by_hand_shows_it_as_well() {
    let mut app = App::with_weights(with_version(payments(), &[]), &[50, 50]);
    app.keys("n<drawn>y");
    pass(&mut app, 13, |asking| points_to('a', asking));
    app.draw().keys("n<drawn>");
    shot("version_by_hand", &mut app);
}
