//! The second person (F3): asked, given, refused, void; runs of steps; the broken glass.

mod acts;
mod asked;
mod glass;
mod runs;

use flightdeck::domain::StepId;
use flightdeck::domain::procedure::{Friction, Procedure};
use flightdeck::flight::Ask;
use flightdeck::flight::propose::Stage;

use crate::support::crew::{Pair, typed};
use crate::support::procedure::blue_green;

/// Shifts and deploy steps ask two people.
fn two_people(routers: usize) -> Procedure {
    let mut procedure = blue_green(routers);
    procedure.confirm.shift = Friction::Two;
    procedure.confirm.deploy = Friction::Two;
    procedure
}

fn stage(pair: &Pair, who: usize) -> Option<Stage> {
    pair.flight(who).proposing.as_ref().map(|proposing| proposing.stage.clone())
}

fn run(pair: &mut Pair, who: usize, steps: &[&str]) {
    let steps: Vec<StepId> = steps.iter().map(|step| StepId::from(*step)).collect();
    let confirmation = typed(&format!("{} {}", steps.len(), steps.last().unwrap()));
    pair.ask(who, Ask::ConfirmRun { steps, confirmation });
}

fn refused(pair: &Pair, who: usize, words: &str, rule: &str) {
    let said = pair.said(who);
    assert!(said.contains(words) && said.contains(&format!("[{rule}]")), "{said}");
}

const NOTHING: Vec<String> = Vec::new();
