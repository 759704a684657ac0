//! Scripted systems beside the routers and the sources: what checks ask, what actions start, and people who tick.

use std::collections::BTreeMap;

use flightdeck::cockpit::{ChecklistRow, Msg};
use flightdeck::domain::action::{ActionLook, ActionState};
use flightdeck::domain::check::{Answer, Verdict};
use flightdeck::flight;
use flightdeck::session::Event;

use crate::support::action::{failed, running};
use crate::support::app::App;

/// The name under which every check or action is given something.
const ALL: &str = "all";

/// All systems of a scenario.
#[derive(Debug, Default)]
pub struct Systems {
    checks: BTreeMap<String, String>,
    actions: BTreeMap<String, String>,
}

impl Systems {
    /// Takes in what a moment gives of them; the rest of it.
    pub fn give(&mut self, app: &mut App, given: &toml::Table) -> toml::Table {
        let procedure = app.model.flight.procedure.clone();
        let mut rest = given.clone();
        let taken = |rest: &mut toml::Table, key: &str| match rest.remove(key) {
            Some(toml::Value::Table(table)) => table,
            Some(other) => panic!("given.{key} = {other}: not a table"),
            None => toml::Table::new(),
        };
        for (name, what) in taken(&mut rest, "checks") {
            let is_known = name == ALL || procedure.checks.iter().any(|check| check.id.as_str() == name);
            assert!(is_known, "given.checks.{name}: there is no such check");
            self.checks.insert(name, what.as_str().expect("a word").to_owned());
        }
        for (name, what) in taken(&mut rest, "actions") {
            let is_known = name == ALL || procedure.actions.iter().any(|action| action.id.as_str() == name);
            assert!(is_known, "given.actions.{name}: there is no such action");
            self.actions.insert(name, what.as_str().expect("a word").to_owned());
        }
        for action in &procedure.actions {
            app.actions.look_of.insert(action.id.to_string(), self.look(action.id.as_str()));
        }
        rest
    }

    /// Answers what was asked of checks.
    pub fn answer(&mut self, app: &mut App) {
        for (check, request, asking) in std::mem::take(&mut app.questions) {
            let said =
                self.checks.get(check.as_str()).or_else(|| self.checks.get(ALL)).map_or("passes", String::as_str);
            let (verdict, words) = match said.split_once(": ") {
                Some(("passes", words)) => (Verdict::Pass, words),
                Some(("fails", why)) => (Verdict::Fail, why),
                None if said == "passes" => (Verdict::Pass, "as it should be"),
                None if said == "silent" => (Verdict::Inconclusive, "no answer within 5000 ms"),
                _ => panic!("given.checks.{check} = {said}: not known"),
            };
            let (began, answer) = (app.now(), Box::new(Answer::new(verdict, words, asking.now)));
            app.tell(Msg::Flight(flight::Msg::CheckAnswered { check, request, began, answer }));
        }
    }

    fn look(&self, action: &str) -> ActionLook {
        let said = self.actions.get(action).or_else(|| self.actions.get(ALL)).map_or("runs", String::as_str);
        match said.split_once(": ") {
            Some(("fails", why)) => failed(why),
            None if said == "runs" => running(40),
            None if said == "done" => ActionLook::new(ActionState::Succeeded),
            _ => panic!("given.actions.{action} = {said}: not known"),
        }
    }
}

/// Ticks items with keys, as a person does: by their text, or all open ones of a section; what was not there.
pub fn tick_all(app: &mut App, what: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    for each in what {
        let checklist = &app.model.flight.procedure.checklist;
        let section = checklist.sections.iter().find(|section| section.slug == *each);
        let texts: Vec<String> = section
            .map_or_else(|| vec![each.clone()], |section| section.items.iter().map(|item| item.text.clone()).collect());
        let before = open_items(app).len();
        for text in &texts {
            tick(app, text);
        }
        if open_items(app).len() == before {
            wrong.push(format!("there was nothing to tick by {each:?}, open is {:?}", app.overlay()));
        }
    }
    wrong
}

/// Ticks one open item of this text, if there is one.
fn tick(app: &mut App, text: &str) {
    let is_it = |row: &ChecklistRow<'_>| match row {
        ChecklistRow::Item { item, tick, .. } => item.text == text && tick.is_none(),
        ChecklistRow::Heading { .. } => false,
    };
    let Some(row) = app.model.checklist_rows().iter().position(is_it) else { return };
    app.keys("<alt-2>g");
    (0..row).for_each(|_| {
        app.keys("j");
    });
    app.keys(" ").pass(500);
}

/// The items that are not ticked.
pub fn open_items(app: &App) -> Vec<String> {
    let session = &app.model.flight.session;
    let items = app.model.flight.procedure.checklist.items();
    items.filter(|item| !session.ticks.contains_key(&item.id)).map(|item| item.text.clone()).collect()
}

/// The steps that are done, by their ids, in the plan's order.
pub fn done(app: &App) -> Vec<String> {
    let steps = app.model.flight.procedure.plan.iter();
    steps.filter(|step| app.model.flight.session.steps.contains_key(&step.id)).map(|step| step.id.to_string()).collect()
}

/// The actions that were started, in order.
pub fn started(app: &App) -> Vec<String> {
    let starts = app.events().filter_map(|event| match event {
        Event::ActionStarting(starting) => Some(starting.action.to_string()),
        _ => None,
    });
    starts.collect()
}
