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
    app.keys("y").pass(500).keys("x").draw();
    shot("thousand_partly", &mut app);
}
