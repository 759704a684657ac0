//! A slow system's task, cancelled at the keys while a rollback waits for it (R6).

use flightdeck::domain::Procedure;
use flightdeck::domain::reading::{Cancel, Underway};
use flightdeck::session::Event;

use crate::support::app::App;
use crate::support::procedure::blue_green;
use crate::support::scene::{payments, picture};

fn shot(name: &str, app: &mut App) {
    for (columns, rows) in [(80, 24), (120, 36)] {
        let picture = picture(app, columns, rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), picture);
        });
    }
}

fn deployment(is_ours: bool) -> Underway {
    Underway {
        task: "ServerTasks-77".to_owned(),
        what: "deployment of release 2.5.1".to_owned(),
        percent: Some(40),
        cancel: Some(Cancel {
            request: "POST https://octopus.example/api/Spaces-1/tasks/ServerTasks-77/cancel".to_owned(),
            is_ours,
            leaves: "what its steps have done stays done: what routes is uncertain until a deployment succeeds"
                .to_owned(),
        }),
        ..Underway::default()
    }
}

/// Two routers of a slow system; on the second one somebody deploys.
fn at_work(is_ours: bool) -> App {
    let mut procedure = Procedure { routers: blue_green(2).routers, ..payments() };
    procedure.routers.iter_mut().for_each(|router| router.capabilities.change_ms = 180_000);
    let mut app = App::with_weights(procedure, &[50, 50]);
    app.keys("n<drawn>y").pass(2_000);
    app.router("eu-2").underway = Some(deployment(is_ours));
    app.pass(10_000);
    app
}

#[test]
fn the_rollback_says_what_is_in_its_way_and_the_task_is_cancelled_by_its_name() {
    let mut app = at_work(false);
    app.keys("R<drawn>");
    shot("task_in_the_way", &mut app);
    app.keys("y").pass(3_000).draw();
    shot("task_blocks", &mut app);
    app.keys("X<drawn>");
    shot("task_cancel", &mut app);
    app.keys("y<enter>");
    assert!(app.tasks_cancelled.is_empty(), "a key does not cancel what somebody else started");
    app.keys("<backspace>cancel ServerTasks-77<enter>").pass(500);
    assert_eq!((app.tasks_cancelled.as_slice(), app.overlay().as_str()), (&["ServerTasks-77".to_owned()][..], ""));
    app.router("eu-2").underway = None;
    app.pass(2_000);
    let how = app.events().find_map(|event| match event {
        Event::TaskCancelled { how, .. } => Some(how.clone()),
        _ => None,
    });
    assert!(
        how.is_some_and(|how| how.starts_with("it is over after ") && how.ends_with("the weights read 50.0 / 50.0"))
    );
    assert!(app.notices().iter().any(|notice| notice.starts_with("ServerTasks-77 of eu-2: it is over")));
}

#[test]
fn what_flightdeck_started_is_cancelled_by_a_key_that_came_after_the_dialog() {
    let mut app = at_work(true);
    app.keys("X").keys("y");
    assert!(app.tasks_cancelled.is_empty(), "the dialog was not on the screen yet");
    app.draw();
    shot("task_ours", &mut app);
    app.keys("y").pass(500);
    assert_eq!(app.tasks_cancelled.len(), 1);
}

#[test]
fn esc_sends_nothing_and_a_task_that_ended_meanwhile_is_said() {
    let mut app = at_work(false);
    app.keys("X<drawn>cancel Server");
    app.router("eu-2").underway = None;
    app.pass(2_000);
    assert_eq!(app.overlay(), "CancelTask");
    app.keys("Tasks-77<enter>").pass(500);
    assert!(app.tasks_cancelled.is_empty(), "it is over");
    app.keys("<esc>X");
    assert!(app.notices().last().is_some_and(|notice| notice.contains("nothing to cancel")));
}
