//! `[[rollback]]`: what is done after a rollback's traffic, in order (R7).

use super::plan::{Context, ran, unique_id};
use super::pool::known;
use crate::domain::checklist::slug;
use crate::domain::procedure::{RollbackAct, Step, StepAct};
use crate::domain::{PoolId, StepId};
use crate::setting::{Found, Report, Table, Wrong, flag, name, quoted, text, title};

/// One act as it is written.
struct Written {
    name: Option<Found<String>>,
    run: Option<Found<String>>,
    pool: Option<Found<String>>,
    text: Option<Found<String>>,
    items: Option<Found<String>>,
    reopens: Option<Found<String>>,
    with_traffic: Option<Found<bool>>,
}

/// Reads the acts; they may name pools, actions, sections of the checklist and steps of the plan.
pub(super) fn read(table: &mut Table<'_>, context: &Context<'_>, plan: &[Step]) -> Vec<RollbackAct> {
    let doc = "What is done after a rollback's traffic, in order, each confirmed; the traffic itself goes back at once. A \
               profile without routers has its way back here.";
    let written = table.tables("rollback", doc, |table| Some(written(table, context.pools.is_empty())));
    let report = table.report();
    let mut acts: Vec<RollbackAct> = Vec::new();
    for each in written {
        let items = each.items.as_ref().and_then(|items| section(report, context, items));
        let reopens = each.reopens.as_ref().and_then(|step| reopened(report, plan, step));
        let act = act(report, context, &each);
        let (Some(name), Some(act)) = (each.name, act) else { continue };
        if acts.iter().any(|act| act.step.name == name.value) {
            let wrong = Wrong::new(format!("{} is there twice", quoted(&name)));
            report.refuse(&name.spot, wrong.advice("give each act a name of its own: the record tells them by it"));
        }
        let id = format!("rollback-{}", slug(&name.value));
        let is_taken = |id: &str| {
            acts.iter().any(|act| act.step.id.as_str() == id) || plan.iter().any(|step| step.id.as_str() == id)
        };
        let id = StepId::new(unique_id(&id, is_taken));
        let with_traffic = each.with_traffic.is_some_and(|found| found.value);
        acts.push(RollbackAct { items, reopens, with_traffic, ..RollbackAct::new(id, name.value, act) });
    }
    acts
}

fn written(table: &mut Table<'_>, without_pools: bool) -> Written {
    let name_of = table.required("name", "Its title.", &title());
    let run = table.optional(
        "run",
        "The [[action]] that does it. It is told {from}, the version that is to run again.",
        &name(),
    );
    let pool = table.optional("pool", "The pool that `run` touches.", &name());
    let words =
        table.optional("text", "What a person does, in your words; beside `run`, what is to be known of it.", &text());
    let doc = "The section of the checklist that is ticked after it: \"After a rollback\".";
    let items = table.optional("items", doc, &title());
    let doc = "The step of the plan that is open again after it, and with it every later one: \"Deploy to blue\".";
    let reopens = table.optional("reopens", doc, &title());
    let doc = "Whether `run` may go while its pool has traffic, as suspending its scaling may. Default false.";
    let with_traffic = table.optional("with_traffic", doc, &flag());
    if !table.has("run") && !table.has("text") && !table.has("items") {
        table.refuse(Wrong::new("does nothing").accepted("one of run, text, items"));
    }
    // Where no pool is declared an action touches the service as a whole.
    if table.has("run") && !table.has("pool") && !without_pools {
        let wrong = Wrong::new("is missing").advice("name the pool that the action touches");
        table.report().refuse(&table.spot_of("pool"), wrong);
    }
    for key in ["pool", "with_traffic"] {
        if let Some(spot) = table.spot_if_written(key).filter(|_| !table.has("run")) {
            table
                .report()
                .refuse(&spot, Wrong::new("goes with `run` only").advice("leave it out, or name the [[action]]"));
        }
    }
    Written { name: name_of, run, pool, text: words, items, reopens, with_traffic }
}

fn act(report: &Report<'_>, context: &Context<'_>, each: &Written) -> Option<StepAct> {
    let words = each.text.as_ref().map(|text| text.value.clone());
    let Some(run) = &each.run else {
        let tick = || each.items.as_ref().map(|items| format!("Tick what is open of {}.", items.value));
        return Some(StepAct::Pause { text: words.or_else(tick)? });
    };
    let pool = match &each.pool {
        Some(pool) => known(report, context.pools, pool),
        None if context.pools.is_empty() => context.service.map(PoolId::new),
        None => None,
    };
    let action = ran(report, context, run);
    Some(StepAct::Deploy { pool: pool?, text: words.unwrap_or_default(), action: Some(action?) })
}

/// The slug of a section of the checklist, by its title or its slug.
fn section(report: &Report<'_>, context: &Context<'_>, items: &Found<String>) -> Option<String> {
    let wanted = slug(&items.value);
    let found = context.checklist.section(&wanted).map(|section| section.slug.clone());
    if found.is_none() {
        let wrong = Wrong::new(format!("the checklist has no section {}", quoted(&items.value)));
        let titles: Vec<&str> = context.checklist.sections.iter().map(|section| section.title.as_str()).collect();
        report.refuse(&items.spot, one_of(wrong, &titles, items, "add a [checklist] with that section"));
    }
    found
}

/// A step of the plan, by its title.
fn reopened(report: &Report<'_>, plan: &[Step], step: &Found<String>) -> Option<StepId> {
    let found = plan.iter().find(|each| each.name == step.value).map(|each| each.id.clone());
    if found.is_none() {
        let wrong = Wrong::new(format!("the plan has no step {}", quoted(&step.value)));
        let names: Vec<&str> = plan.iter().map(|each| each.name.as_str()).collect();
        report.refuse(&step.spot, one_of(wrong, &names, step, "add a [[step]] of that name"));
    }
    found
}

fn one_of(wrong: Wrong, names: &[&str], written: &Found<String>, none: &str) -> Wrong {
    if names.is_empty() {
        wrong.advice(none)
    } else {
        wrong.accepted(names.join(", ")).suggesting(written, names.iter().copied())
    }
}
