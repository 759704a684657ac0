//! Counted requests that are off the weights: said with the likely reason where there is room, else with the key that
//! tells it.

use flightdeck::cockpit::{Likely, OverlayKind};
use flightdeck::domain::Procedure;
use flightdeck::domain::reading::Skew;

use crate::support::app::App;
use crate::support::procedure::blue_green;
use crate::support::scene::{payments, picture};

fn three() -> App {
    let mut procedure = Procedure { routers: blue_green(3).routers, ..payments() };
    // Each router has the traffic of a whole service.
    procedure.pools.iter_mut().for_each(|pool| pool.capacity_per_server = None);
    App::with_weights(procedure, &[30, 70])
}

fn likely(app: &App, router: &str) -> Option<Likely> {
    app.model.likely_reason(&router.into())
}

fn shot(name: &str, app: &mut App) {
    for (columns, rows) in [(80, 24), (120, 36), (220, 60)] {
        let picture = picture(app, columns, rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), picture);
        });
    }
}

#[test]
fn a_share_that_is_off_says_why_where_the_router_tells() {
    let mut app = three();
    for (router, skew) in [("eu-1", Some(Skew::Sticky)), ("eu-2", None)] {
        app.router(router).routes = Some(vec![60, 40]);
        app.router(router).skew = skew;
    }
    app.pass(10_000);
    assert_eq!(likely(&app, "eu-1"), Some(Likely::Configured(Skew::Sticky)));
    assert_eq!(likely(&app, "eu-2"), Some(Likely::Open));
    assert_eq!(likely(&app, "eu-3"), None, "its traffic follows its weights");
    shot("off", &mut app);
    app.keys("i");
    let Some(OverlayKind::Details { lines, .. }) = app.model.overlay.as_ref().map(|overlay| overlay.kind.clone())
    else {
        panic!("i shows the details");
    };
    assert!(lines.iter().any(|line| line.starts_with("counted blue ") && line.ends_with(": off")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("clients keep their server or pool")), "{lines:?}");
}

#[test]
fn a_pool_that_still_gets_what_it_lost_keeps_its_connections() {
    let mut app = three();
    // The clients of eu-2 stay where they are.
    app.router("eu-2").routes = Some(vec![30, 70]);
    app.keys("n<drawn>y").pass(20_000);
    assert_eq!(app.split("eu-2"), "0 / 100");
    assert_eq!(likely(&app, "eu-2"), Some(Likely::KeptConnections));
    shot("off_kept", &mut app);
}
