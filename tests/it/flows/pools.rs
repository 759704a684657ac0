//! Three pools on scripted routers: a whole plan by keys, the weights that the routers get and the shares that are shown.

use flightdeck::domain::procedure::{Condition, Procedure, Step, StepAct};
use flightdeck::theme::Theme;

use crate::support::app::App;
use crate::support::procedure::weights;
use crate::support::scene::{drawn, step, text, three_pools};

#[test]
fn a_plan_over_three_pools_is_flown_and_its_shares_are_shown() {
    let splits =
        [[0, 80, 20], [10, 70, 20], [30, 50, 20], [50, 40, 10], [100, 0, 0], [90, 0, 10], [70, 10, 20], [50, 25, 25]];
    let mut app = App::with_weights(procedure(&splits), &[40, 40, 20]);
    shows(&app, [40, 40, 20]);
    for (index, split) in splits.into_iter().enumerate() {
        if index == 1 || index == 5 {
            deploy(&mut app);
        }
        let before = app.sends.len();
        step(&mut app, "n<drawn>y");
        let [blue, green, canary] = split;
        for router in ["eu-1", "eu-2"] {
            assert_eq!(app.split(router), format!("{blue} / {green} / {canary}"), "{router}: {:?}", app.notices());
        }
        assert_eq!(app.sends.len(), before + 2, "one change of each router");
        for (send, is_kept) in &app.sends[before..] {
            assert!(is_kept, "nothing is sent without a kept intent");
            let native: Vec<String> =
                send.prepared.native.0.iter().map(|each| format!("{} {}", each.reference, each.weight)).collect();
            assert_eq!(
                native,
                [format!("app/blue {blue}"), format!("app/green {green}"), format!("app/canary {canary}")]
            );
        }
        let done = format!("{blue} / {green} / {canary}, verified on 2 of 2");
        assert!(app.notices().contains(&done.as_str()), "{done:?}: {:?}", app.notices());
        // The window of the rates and of the observed share is this step's alone by then.
        app.pass(40_000);
        shows(&app, split);
        assert_eq!(app.changes(), index + 1);
    }
    assert!(screen(&app).contains("every step of the plan is over"), "{}", screen(&app));
    // One step back from the end is one change of all three pools.
    step(&mut app, "R<drawn>y");
    assert_eq!((app.split("eu-1"), app.split("eu-2")), ("70 / 10 / 20".to_owned(), "70 / 10 / 20".to_owned()));
}

/// A person's step.
fn deploy(app: &mut App) {
    let sent = app.sends.len();
    step(app, "n<drawn>y");
    assert_eq!(app.sends.len(), sent, "a deployment sends nothing to a router");
}

/// Both routers' rows have the split, the observed share beside it fits, and so do the requests of each pool.
fn shows(app: &App, split: [u32; 3]) {
    let screen = screen(app);
    let [blue, green, canary] = split;
    let row = format!("{blue:>5} / {green:>3} / {canary:>3}");
    for router in ["eu-1", "eu-2"] {
        let told = screen.lines().find(|line| line.contains(&format!("{router} haproxy"))).unwrap_or_default();
        assert!(told.contains('✓') && told.contains(&row), "{router} does not show {row:?}:\n{screen}");
        let seen = told.split_once("seen ").and_then(|(_, seen)| seen.split_whitespace().next()?.parse().ok());
        near(seen.unwrap_or(f64::NAN), blue, &screen);
    }
    // In the table each pool has a column of its own; one space stands between thousands, more between columns.
    let (_, row) = screen.lines().find_map(|line| line.split_once("req/s  ")).expect("the table has the rates");
    let columns = row.split('│').next().unwrap_or_default().split("  ").map(str::trim).filter(|cell| !cell.is_empty());
    let rates: Vec<f64> = columns.map(|cell| cell.replace(' ', "").parse().expect("a rate")).collect();
    assert_eq!(rates.len(), split.len(), "{rates:?}");
    let whole: f64 = rates.iter().sum();
    for (rate, asked) in rates.iter().zip(split) {
        near(100.0 * rate / whole, asked, &screen);
    }
}

/// A share that is shown is within 3 points of the asked one.
fn near(share: f64, asked: u32, screen: &str) {
    assert!((share - f64::from(asked)).abs() <= 3.0, "asked {asked} %, shown {share} %:\n{screen}");
}

fn screen(app: &App) -> String {
    let theme = Theme::builtin("dark").expect("the default theme is built in");
    text(&drawn(&app.model, &theme, 120, 36))
}

/// Two routers in front of three pools, everything checked that a shift of traffic asks for and nothing else.
fn procedure(splits: &[[u32; 3]]) -> Procedure {
    let mut procedure = three_pools();
    procedure.checklist.sections.clear();
    let shift = |[blue, green, canary]: [u32; 3], leave_when| Step {
        id: format!("blue-{blue}").as_str().into(),
        name: format!("Blue {blue}"),
        act: StepAct::Shift(weights(&[("blue", blue), ("green", green), ("canary", canary)])),
        leave_when,
        needs: Vec::new(),
        soak: None,
        schedule: Vec::new(),
        prove: None,
        back_to: None,
        guards: std::collections::BTreeMap::new(),
    };
    let deploy = |pool: &str| Step {
        id: format!("deploy-{pool}").as_str().into(),
        name: format!("Deploy {pool}"),
        act: StepAct::Deploy { pool: pool.into(), text: format!("deploy the new version to {pool}"), action: None },
        leave_when: Vec::new(),
        needs: Vec::new(),
        soak: None,
        schedule: Vec::new(),
        prove: None,
        back_to: None,
        guards: std::collections::BTreeMap::new(),
    };
    for (index, split) in splits.iter().enumerate() {
        let drained = match index {
            0 => vec![Condition::Drained("blue".into())],
            4 => vec![Condition::Drained("green".into()), Condition::Drained("canary".into())],
            _ => Vec::new(),
        };
        let is_drain = !drained.is_empty();
        procedure.plan.push(shift(*split, drained));
        if is_drain {
            procedure.plan.push(deploy(if index == 0 { "blue" } else { "green" }));
        }
    }
    // Names of steps are their own.
    if let Some(last) = procedure.plan.last_mut() {
        last.id = "blue-50-again".into();
    }
    procedure
}
