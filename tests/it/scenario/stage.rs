//! One scenario: read, played, and held against what it expects.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use flightdeck::domain::procedure::{Procedure, RouterSpec, StepAct};
use flightdeck::domain::{GuardId, clock_span};
use flightdeck::profile::{ProfileFile, parse};
use flightdeck::session::gate::{Forward, gates};
use flightdeck::session::proposal::GateState;
use flightdeck::theme::Theme;
use serde::Deserialize;

use super::source::Sources;
use super::system::{Systems, done, open_items, started, tick_all};
use crate::support::app::App;
use crate::support::procedure::capabilities;
use crate::support::scene::{drawn, text};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    about: String,
    profile: String,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    weights: Vec<u32>,
    moment: Vec<Moment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Moment {
    name: Option<String>,
    given: Option<toml::Table>,
    #[serde(default)]
    tick: Vec<String>,
    keys: Option<String>,
    wall: Option<String>,
    skip: Option<String>,
    pass: Option<String>,
    then: Option<Expected>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Expected {
    guards: BTreeMap<String, String>,
    trips: BTreeMap<String, u32>,
    elsewhere: BTreeMap<String, String>,
    red_at_start: Option<Vec<String>>,
    drains: BTreeMap<String, String>,
    soak: Option<String>,
    gates: Option<Vec<String>>,
    split: Option<String>,
    sent: Option<usize>,
    done: Option<Vec<String>>,
    open_items: Option<usize>,
    started: Option<Vec<String>>,
    screen: Vec<String>,
    not_on_screen: Vec<String>,
}

/// Plays a file; what did not go as written.
pub fn play(path: &Path) -> Vec<String> {
    let written = std::fs::read_to_string(path).expect("the scenario can be read");
    let scenario: Scenario = toml::from_str(&written).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()));
    assert!(scenario.about.ends_with('.'), "{}: about is a sentence", path.display());
    let mut sources = Sources::default();
    let mut systems = Systems::default();
    let mut app = App::with_weights(procedure(path, &scenario), &scenario.weights);
    let mut wrong = Vec::new();
    for (number, moment) in (1..).zip(&scenario.moment) {
        let name = moment.name.as_deref().unwrap_or("");
        if let Some(given) = &moment.given {
            let given = systems.give(&mut app, given);
            sources.give(&mut app, &given);
        }
        let mut unmet_here = tick_all(&mut app, &moment.tick);
        if let Some(keys) = &moment.keys {
            app.keys(keys);
        }
        if let Some(wall) = &moment.wall {
            let (back, span) = wall.strip_prefix('-').map_or((1, wall.as_str()), |span| (-1, span));
            app.wall_set += back * i64::try_from(ms(span)).expect("a span");
        }
        if let Some(skip) = &moment.skip {
            app.skip(ms(skip));
        }
        for _ in 0..moment.pass.as_deref().map_or(0, ms) / 100 {
            app.pass(100);
            sources.look(&mut app);
            systems.answer(&mut app);
        }
        app.draw();
        unmet_here.extend(moment.then.iter().flat_map(|then| unmet(&mut app, then)));
        for each in unmet_here {
            wrong.push(format!("{}, moment {number} ({name}): {each}", path.display()));
        }
    }
    wrong
}

fn procedure(path: &Path, scenario: &Scenario) -> Procedure {
    let mut files =
        vec![ProfileFile { path: "scenario.toml".to_owned(), bytes: scenario.profile.clone().into_bytes() }];
    for (name, at) in &scenario.files {
        let bytes = std::fs::read(at).unwrap_or_else(|why| panic!("{}: {at}: {why}", path.display()));
        files.push(ProfileFile { path: name.clone(), bytes });
    }
    let loaded = parse(&files).unwrap_or_else(|problems| panic!("{}: {problems}", path.display()));
    let mut procedure = loaded.procedure;
    for router in &mut procedure.routers {
        *router = RouterSpec { capabilities: capabilities(), ..router.clone() };
    }
    procedure
}

fn ms(span: &str) -> u64 {
    let (number, unit) = span.split_at(span.find(|c: char| !c.is_ascii_digit()).expect("a span has a unit"));
    let number: u64 = number.parse().expect("a span begins with a number");
    number
        * match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => panic!("{span}: no such unit"),
        }
}

/// What of the expected is not so.
fn unmet(app: &mut App, then: &Expected) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut begins = |what: &str, wanted: &str, found: &str| {
        if !found.starts_with(wanted) || wanted.is_empty() != found.is_empty() {
            wrong.push(format!("{what}: expected {wanted:?}, found {found:?}"));
        }
    };
    for (guard, wanted) in &then.guards {
        begins(&format!("guard {guard}"), wanted, &watch(app, guard).words());
    }
    for (guard, wanted) in &then.elsewhere {
        begins(&format!("elsewhere {guard}"), wanted, watch(app, guard).elsewhere.as_deref().unwrap_or(""));
    }
    for (pool, wanted) in &then.drains {
        begins(&format!("drain {pool}"), wanted, app.model.flight.drains[&pool.as_str().into()].state.word());
    }
    if let Some(wanted) = &then.soak {
        begins("soak", wanted, &soak(app));
    }
    if let Some(wanted) = &then.gates {
        let found = failing(app);
        let counts = (wanted.len(), found.len());
        for (index, each) in found.iter().enumerate() {
            begins("gate", wanted.get(index).map_or("", String::as_str), each);
        }
        for each in wanted.iter().skip(counts.1) {
            begins("gate", each, "");
        }
    }
    if let Some(wanted) = &then.red_at_start {
        let found: Vec<String> = app.model.flight.red_at_start().map(|(guard, _)| guard.to_string()).collect();
        begins("red at start", &wanted.join(", "), &found.join(", "));
    }
    if let Some(wanted) = &then.split {
        let first = app.routers.keys().next().expect("a router").clone();
        begins("split", wanted, &app.split(&first));
    }
    for (guard, wanted) in &then.trips {
        let found = watch(app, guard).trips;
        if found != *wanted {
            wrong.push(format!("trips of {guard}: expected {wanted}, found {found}"));
        }
    }
    let mut same = |what: &str, wanted: &Option<Vec<String>>, found: Vec<String>| {
        if let Some(wanted) = wanted.as_ref().filter(|wanted| **wanted != found) {
            wrong.push(format!("{what}: expected {wanted:?}, found {found:?}"));
        }
    };
    same("done", &then.done, done(app));
    same("started", &then.started, started(app));
    if let Some(wanted) = then.open_items.filter(|wanted| *wanted != open_items(app).len()) {
        wrong.push(format!("open items: expected {wanted}, found {:?}", open_items(app)));
    }
    if let Some(wanted) = then.sent.filter(|wanted| *wanted != app.sends.len()) {
        wrong.push(format!("sent: expected {wanted}, found {}", app.sends.len()));
    }
    if !then.screen.is_empty() || !then.not_on_screen.is_empty() {
        let theme = Theme::builtin("dark").expect("the default theme is built in");
        let screen = text(&drawn(&app.model, &theme, 120, 36));
        let missing = then.screen.iter().filter(|wanted| !screen.contains(wanted.as_str()));
        let unwanted = then.not_on_screen.iter().filter(|text| screen.contains(text.as_str()));
        for each in missing.map(|text| ("is not", text)).chain(unwanted.map(|text| ("is", text))) {
            wrong.push(format!("{:?} {} on the screen:\n{screen}", each.1, each.0));
        }
    }
    wrong
}

fn watch<'a>(app: &'a App, guard: &str) -> &'a flightdeck::flight::guard::GuardWatch {
    let found = app.model.flight.guards.get(&GuardId::from(guard));
    found.unwrap_or_else(|| panic!("there is no guard {guard}"))
}

fn soak(app: &App) -> String {
    let Some(soak) = &app.model.flight.soak else { return "none".to_owned() };
    let held = |span: Duration| clock_span(span);
    let paused = soak.paused.as_ref().map(|why| format!(", paused: {why}")).unwrap_or_default();
    format!("{} of {}{paused}", held(soak.held.min(soak.needed)), held(soak.needed))
}

/// The gates of the next act that do not hold.
fn failing(app: &App) -> Vec<String> {
    let flight = &app.model.flight;
    let next = flight.session.next_step(&flight.procedure.plan).map(|step| &step.act);
    let forward = if let Some(StepAct::Shift(to)) = next { Forward::Shift(to) } else { Forward::Complete };
    let reports = gates(&flight.session, &flight.procedure, forward, &flight.evidence(app.now()), app.now().wall);
    reports.into_iter().filter(|report| report.state != GateState::Holds).map(|report| report.text).collect()
}
