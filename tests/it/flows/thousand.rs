//! A thousand routers on the screen: all of them sent to and verified, and the few that failed found at once.

use flightdeck::domain::Procedure;
use flightdeck::session::Event;
use flightdeck::session::event::Settlement;

use crate::support::app::{App, Mood};
use crate::support::procedure::blue_green;
use crate::support::scene::{payments, picture};

const ROUTERS: usize = 1_000;

fn shot(name: &str, app: &mut App) {
    for (columns, rows) in [(80, 24), (120, 36)] {
        let picture = picture(app, columns, rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), picture);
        });
    }
}

fn thousand() -> Procedure {
    let mut procedure = Procedure { routers: blue_green(ROUTERS).routers, ..payments() };
    // Every one of them has the traffic of a whole service.
    procedure.pools.iter_mut().for_each(|pool| pool.capacity_per_server = None);
    procedure
}

#[test]
fn a_shift_of_all_of_them_is_sent_once_to_each_and_verified_on_each() {
    let mut app = App::with_weights(thousand(), &[50, 50]);
    app.keys("n").draw();
    shot("thousand_confirm", &mut app);
    app.keys("y").pass(500);
    assert_eq!(app.sends.len(), ROUTERS);
    assert!(app.sends.iter().all(|(_, kept)| *kept), "the intent was kept before the first byte");
    assert!(app.routers.values().all(|router| router.weights == [0, 100]));
    let verified = |event: &&Event| matches!(event, Event::ChangeSettled { how: Settlement::Verified, .. });
    assert_eq!(app.events().filter(verified).count(), 1);
    assert!(app.notices().iter().any(|notice| notice.contains("verified on 1000 of 1000")));
    shot("thousand_verified", &mut app);
}

#[test]
fn three_that_fail_stand_before_all_others_and_each_outcome_is_counted() {
    let mut app = App::with_weights(thousand(), &[50, 50]);
    app.keys("n<drawn>");
    for router in ["eu-17", "eu-500", "eu-998"] {
        app.router(router).mood = Mood::Refuses;
    }
    app.keys("y").pass(1_500).draw();
    shot("thousand_front", &mut app);
    app.keys("x").draw();
    shot("thousand_partly", &mut app);
}

/// The names in the first rows of the traffic pane.
fn front(app: &App, rows: usize) -> Vec<&str> {
    (0..rows).filter_map(|row| Some(app.model.router_in(row)?.id.as_str())).collect()
}

fn selected(app: &App) -> &str {
    app.model.selected_router().unwrap().id.as_str()
}

#[test]
fn what_fails_differs_or_is_silent_comes_to_the_front_and_goes_back_when_it_is_well() {
    let mut app = App::with_weights(thousand(), &[50, 50]);
    app.keys("n<drawn>");
    app.router("eu-700").mood = Mood::Refuses;
    app.router("eu-17").mood = Mood::LosesAnswers;
    app.keys("y").pass(1_500);
    // The lost answer was read back since.
    assert_eq!(front(&app, 4), ["eu-700", "eu-1", "eu-2", "eu-3"]);
    app.router("eu-998").weights = vec![3, 97];
    app.router("eu-40").mood = Mood::Silent;
    app.pass(4_000);
    assert_eq!(front(&app, 4), ["eu-40", "eu-700", "eu-998", "eu-1"]);
    assert_eq!(app.model.roster.wrong(), 3);
    assert_eq!(selected(&app), "eu-40", "the first row was meant, whoever stands there");
    app.router("eu-998").weights = vec![0, 100];
    for router in ["eu-700", "eu-40"] {
        app.router(router).mood = Mood::Well;
    }
    app.keys("x<drawn>r").pass(8_000);
    assert_eq!(front(&app, 3), ["eu-1", "eu-2", "eu-3"]);
    assert_eq!(app.model.roster.wrong(), 0);
}

#[test]
fn what_is_under_way_stands_before_what_is_done() {
    let mut app = App::with_weights(thousand(), &[50, 50]);
    app.keys("n<drawn>");
    app.answering = false;
    app.keys("y");
    // The journal keeps it, each router says yes, and some of them are read back.
    for _ in 0..ROUTERS + 200 {
        app.settle_one();
    }
    app.pass(1_000);
    let execution = app.model.flight.executing.first().unwrap();
    let is_done = |router: &str| execution.legs[&router.into()].phase == flightdeck::flight::execute::Phase::Done;
    let all = front(&app, ROUTERS);
    let open = all.iter().take_while(|router| !is_done(router)).count();
    assert!((1..ROUTERS).contains(&open), "{open}");
    assert!(all.iter().skip(open).all(|router| is_done(router)));
}

#[test]
fn a_selected_router_stays_selected_and_no_row_moves_under_a_finger() {
    let mut app = App::with_weights(thousand(), &[50, 50]);
    app.keys("jj");
    assert_eq!(selected(&app), "eu-3");
    app.router("eu-500").mood = Mood::Silent;
    app.pass(2_500);
    assert_eq!(front(&app, 3), ["eu-1", "eu-2", "eu-3"], "a key was pressed among the rows just now");
    app.pass(5_000);
    assert_eq!(front(&app, 2), ["eu-500", "eu-1"]);
    assert_eq!((selected(&app), app.model.router_row()), ("eu-3", 3));
    // Home means the first row again.
    app.keys("g");
    assert_eq!(selected(&app), "eu-500");
}

#[test]
fn routers_that_all_fit_keep_their_places() {
    let mut app = App::with_weights(Procedure { routers: blue_green(4).routers, ..payments() }, &[50, 50]);
    app.router("eu-4").mood = Mood::Silent;
    app.pass(6_000);
    assert_eq!(front(&app, 4), ["eu-1", "eu-2", "eu-3", "eu-4"]);
}
