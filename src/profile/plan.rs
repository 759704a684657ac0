//! `[[step]]`: what each step does, and the weights that it leaves behind.

use std::time::Duration;

use serde_json::json;

use super::check::Declared;
use super::guard;
use super::pool::known;
use super::schedule;
use crate::domain::action::ActionSpec;
use crate::domain::checklist::slug;
use crate::domain::guard::GuardSpec;
use crate::domain::measure::PanelSpec;
use crate::domain::procedure::{Condition, Prove, Step, StepAct};
use crate::domain::weights::apportion;
use crate::domain::{ActionId, BasisPoints, CheckId, Checklist, PoolId, StepId, Weights};
use crate::setting::{
    Amount, Entries, Found, Kind, Report, Spot, Table, Wrong, amount, choice, duration, name, nearest, percent, quoted,
    text, title,
};

/// What the plan is checked against.
pub(super) struct Context<'c> {
    /// The service's name, where it could be read.
    pub(super) service: Option<&'c str>,
    pub(super) pools: &'c [PoolId],
    pub(super) checklist: &'c Checklist,
    pub(super) checks: &'c Declared,
    pub(super) has_routers: bool,
    pub(super) guards: &'c [GuardSpec],
    pub(super) panels: &'c [PanelSpec],
    pub(super) actions: &'c [ActionSpec],
    /// The names that are written, also of actions that cannot be read.
    pub(super) declared_actions: &'c [Found<String>],
}

/// Percentages per pool as the profile names them.
pub(super) type Split = Found<Entries<u32>>;

struct Written {
    name: Option<Found<String>>,
    shift: Option<Split>,
    deploy: Option<Found<String>>,
    run: Option<Found<String>>,
    text: Option<Found<String>>,
    pause: Option<Found<String>>,
    acts: Vec<(&'static str, Spot)>,
    soak: Option<Found<Duration>>,
    schedule: Vec<schedule::Row>,
    prove: Option<Found<()>>,
    proves: Option<Found<String>>,
    back_to: Option<Split>,
    leave_when: Vec<Found<Leave>>,
    guards: Option<Found<Entries<Amount>>>,
}

#[derive(Clone)]
enum Leave {
    Drained(String),
    Items(String),
    Check(String),
    Checks(String),
}

/// Reads the plan. The weights of a step follow from the steps before it.
pub(super) fn read(table: &mut Table<'_>, context: &Context<'_>) -> Vec<Step> {
    let written = table.tables("step", "The plan, in order.", |step| Some(read_step(step, context.pools.is_empty())));
    let (report, count) = (table.report(), written.len());
    let mut weights: Option<Weights> = None;
    let mut steps: Vec<Step> = Vec::new();
    for step in written {
        let before = weights.clone();
        let act = act(report, context, &step, before.as_ref());
        refuse_end_without_soak(report, context, &step, &steps);
        if let Some(StepAct::Shift(target)) = &act {
            weights = Some(target.clone());
        } else if step.acts.iter().any(|(key, _)| *key == "shift") {
            // What this step leaves behind is not known; nothing later is judged by it.
            weights = None;
        }
        let back_to = step.back_to.as_ref().and_then(|split| {
            refuse_without_routers(report, context, &split.spot, "moves traffic");
            resolve(report, context.pools, split, before.as_ref())
        });
        let leave_when = step.leave_when.iter().filter_map(|each| condition(report, context, each, weights.as_ref()));
        let leave_when: Vec<Condition> = leave_when.collect();
        let guards = step.guards.map(|written| guard::of_step(report, context.guards, context.panels, &written.value));
        let guards = guards.unwrap_or_default();
        let (Some(name), Some(act)) = (step.name, act) else { continue };
        let id = unique_id(&slug(&name), |id| steps.iter().any(|step| step.id.as_str() == id));
        if id.is_empty() {
            let wrong = Wrong::new(format!("{} holds no letter and no digit", quoted(&name)));
            report.refuse(&name.spot, wrong.advice("the step is known by them"));
        }
        let id = StepId::new(id);
        let schedule = schedule::tasks(report, &id, step.soak.as_ref(), step.schedule);
        let prove = prove(report, context, step.prove.as_ref(), step.proves.as_ref());
        let soak = step.soak.map(|soak| soak.value);
        steps.push(Step { id, name: name.value, act, leave_when, soak, schedule, prove, back_to, guards });
    }
    if steps.len() < count && report.is_clean() {
        table.refuse(Wrong::new("a step cannot be read, and flightdeck does not say why").advice("please report this"));
    }
    steps
}

/// A slug that is not taken yet: itself, or with the first free number from 2.
pub(super) fn unique_id(slug: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut id = slug.to_owned();
    let mut number = 2;
    while is_taken(&id) {
        id = format!("{slug}-{number}");
        number += 1;
    }
    id
}

fn read_step(step: &mut Table<'_>, without_pools: bool) -> Written {
    step.not_yet(&[
        ("checks", "name them as leave_when = [\"check:NAME\", \"checks:GROUP\"]"),
        ("when", "leave it out"),
        ("waves", "leave it out: routers are changed side by side"),
    ]);
    let name = step.required("name", "The step's title.", &title());
    let doc =
        "Percent per pool. All pools but one are enough; the rest of several is shared as the step before shares it.";
    let shift = step.map("shift", doc, &percent(0, 10_000));
    let doc = "The pool that gets another version: by the action that `run` names, else by a person's hand.";
    let deploy = step.optional("deploy", doc, &self::name());
    let run = step.optional("run", "The [[action]] that does it.", &self::name());
    let text_of = step.optional("text", "What the person does who deploys.", &text());
    let pause = step.optional("pause", "Waits for a person: what they decide.", &text());
    let doc = "How long it must hold before the next step is offered: a shift from when its last router was verified, an \
               action from when it succeeded.";
    let soak = step.optional("soak", doc, &duration(Duration::from_secs(1), Duration::from_hours(168)));
    let schedule = schedule::read(step);
    let doc = "Proves the way back before the step stands: \"way back\" shifts there, rolls back, and shifts again.";
    let prove = step.optional("prove", doc, &choice(&[("way back", ())], &[]));
    let doc = "The checklist item that a proven way back answers, by its section and text: \"before/rollback-tested\".";
    let proves = step.optional("proves", doc, &title());
    let doc = "Percent per pool to go back to from here. Default: what was last verified before the step.";
    let back_to = step.map("back_to", doc, &percent(0, 10_000));
    let doc = "Limits of guards from this step on, until the next shift: { errors = \"0.5%\" }. Default: their own.";
    let guards = step.map("guards", doc, &amount());
    let doc = format!("What must hold before the next step is offered: {ACCEPTED}.");
    let accepted = format!("a list of {ACCEPTED}");
    let leave_when = step.optional("leave_when", &doc, &leave().list(accepted));
    // Where no pool is declared an action touches the service as a whole, and `run` stands alone.
    let acting: &[&str] =
        if without_pools { &["shift", "run", "deploy", "pause"] } else { &["shift", "deploy", "pause"] };
    let mut acts: Vec<(&'static str, Spot)> =
        acting.iter().filter_map(|key| Some((*key, step.spot_if_written(key)?))).collect();
    if acts.iter().any(|(key, _)| *key == "deploy") {
        acts.retain(|(key, _)| *key != "run");
    }
    let report = step.report();
    match &acts[..] {
        [] if step.has("run") => {
            step.refuse(Wrong::new("runs an action and names no pool that it touches").accepted("deploy = \"POOL\""));
        }
        [] => step.refuse(Wrong::new("does nothing").accepted("one of shift, deploy, pause")),
        [_] => {}
        [(first, _), others @ ..] => {
            for (_, spot) in others {
                let wrong =
                    Wrong::new(format!("stands beside {first}")).advice("a step does one thing: make it two steps");
                report.refuse(spot, wrong);
            }
        }
    }
    let is = |key: &str| acts.iter().any(|(each, _)| *each == key);
    let soaks = is("shift") || is("run") || (is("deploy") && step.has("run")) || acts.is_empty();
    if let Some(soak) = soak.as_ref().filter(|_| !soaks) {
        let wrong = Wrong::new("goes with shift and run only").advice("leave it out, or put it on the shift before");
        report.refuse(&soak.spot, wrong);
    }
    if let Some(spot) = step.spot_if_written("schedule").filter(|_| !soaks) {
        report.refuse(&spot, Wrong::new("goes with shift and run only").advice("leave it out, or put it on a shift"));
    }
    for key in ["prove", "proves"] {
        if let Some(spot) = step.spot_if_written(key).filter(|_| !is("shift") && !acts.is_empty()) {
            report.refuse(&spot, Wrong::new("goes with shift only").advice("leave it out, or put it on a shift"));
        }
    }
    if let Some(proves) = proves.as_ref().filter(|_| prove.is_none()) {
        report.refuse(&proves.spot, Wrong::new("goes with `prove` only").advice("write prove = \"way back\" too"));
    }
    if let Some(guards) = guards.as_ref().filter(|_| !is("shift") && !acts.is_empty()) {
        let wrong = Wrong::new("goes with shift only").advice("put it on the shift from which on the limits hold");
        report.refuse(&guards.spot, wrong);
    }
    if let Some(spot) = step.spot_if_written("text").filter(|_| !is("deploy") && !is("run") && !acts.is_empty()) {
        report.refuse(&spot, Wrong::new("goes with deploy only").advice("leave it out"));
    }
    if let Some(spot) = step.spot_if_written("run").filter(|_| !is("deploy") && !is("run") && !acts.is_empty()) {
        let wrong = Wrong::new("goes with deploy only").advice("name the pool that it touches: deploy = \"blue\"");
        report.refuse(&spot, wrong);
    }
    if is("deploy") && !step.has("text") && !step.has("run") {
        let wrong = Wrong::new("is missing").advice("say in your words what the person does who deploys");
        report.refuse(&step.spot_of("text"), wrong);
    }
    Written {
        name,
        shift,
        deploy,
        run,
        text: text_of,
        pause,
        acts,
        soak,
        schedule,
        prove,
        proves,
        back_to,
        leave_when: leave_when.map(|list| list.value).unwrap_or_default(),
        guards,
    }
}

fn prove(
    report: &Report<'_>,
    context: &Context<'_>,
    prove: Option<&Found<()>>,
    proves: Option<&Found<String>>,
) -> Option<Prove> {
    prove?;
    let item = proves.and_then(|proves| {
        let found = context.checklist.items().find(|item| item.id.as_str() == proves.value);
        if found.is_none() {
            let ids: Vec<&str> = context.checklist.items().map(|item| item.id.as_str()).collect();
            let wrong = Wrong::new(format!("the checklist has no item {}", quoted(&proves.value)));
            report.refuse(
                &proves.spot,
                match nearest(&proves.value, ids.iter().copied()) {
                    Some(meant) => wrong.advice(format!("did you mean `{meant}`?")),
                    None => wrong.advice("name it as SECTION/ITEM, both in lower case with - for what is no letter"),
                },
            );
        }
        found.map(|item| item.id.clone())
    });
    Some(Prove { item })
}

fn act(report: &Report<'_>, context: &Context<'_>, step: &Written, before: Option<&Weights>) -> Option<StepAct> {
    let shift = step.shift.as_ref().and_then(|split| {
        refuse_without_routers(report, context, &split.spot, "moves traffic");
        resolve(report, context.pools, split, before)
    });
    let deploy = step.deploy.as_ref().and_then(|pool| known(report, context.pools, pool));
    match &step.acts[..] {
        [("shift", _)] => shift.map(StepAct::Shift),
        [("deploy", _)] => {
            let text = step.text.as_ref().map(|text| text.value.clone());
            let action = match &step.run {
                Some(run) => Some(ran(report, context, run)?),
                None => None,
            };
            let text = if action.is_some() { Some(text.unwrap_or_default()) } else { text };
            Some(StepAct::Deploy { pool: deploy?, text: text?, action })
        }
        [("run", _)] => {
            let action = Some(ran(report, context, step.run.as_ref()?)?);
            let text = step.text.as_ref().map(|text| text.value.clone()).unwrap_or_default();
            Some(StepAct::Deploy { pool: PoolId::new(context.service?), text, action })
        }
        [("pause", _)] => Some(StepAct::Pause { text: step.pause.as_ref()?.value.clone() }),
        _ => None,
    }
}

/// The action of that name; says so when there is none.
fn ran(report: &Report<'_>, context: &Context<'_>, run: &Found<String>) -> Option<ActionId> {
    let names = || context.declared_actions.iter().map(|name| name.as_str());
    if names().all(|name| name != run.as_str()) {
        let wrong = Wrong::new(format!("there is no action {}", quoted(run)));
        let wrong = match names().collect::<Vec<_>>() {
            none if none.is_empty() => wrong.advice("add an [[action]]"),
            some => wrong.accepted(some.join(", ")).suggesting(run, names()),
        };
        report.refuse(&run.spot, wrong);
    }
    // What is wrong with one that cannot be read has been said.
    context.actions.iter().find(|action| action.id.as_str() == run.as_str()).map(|action| action.id.clone())
}

/// What ends the way back comes after a soak: a plan in which none stands before it would never be let.
fn refuse_end_without_soak(report: &Report<'_>, context: &Context<'_>, step: &Written, before: &[Step]) {
    let Some(run) = step.run.as_ref().filter(|_| step.deploy.is_some()) else { return };
    let ends = context.actions.iter().any(|action| action.id.as_str() == run.as_str() && action.ends_way_back);
    let shift = before.iter().rev().find(|step| matches!(step.act, StepAct::Shift(_)));
    if ends && context.has_routers && shift.is_none_or(|shift| shift.soak.is_none()) {
        let wrong = Wrong::new("ends the way back, and the shift before it has no soak");
        report.refuse(&run.spot, wrong.advice("give that shift a `soak`: what ends the way back comes after it"));
    }
}

fn refuse_without_routers(report: &Report<'_>, context: &Context<'_>, spot: &Spot, what: &str) {
    if !context.has_routers {
        let advice = "add a [[router]], or use deploy and pause steps alone";
        report.refuse(spot, Wrong::new(format!("{what}, and this profile has no router")).advice(advice));
    }
}

/// The weights of all pools from those that are named.
pub(super) fn resolve(
    report: &Report<'_>,
    pools: &[PoolId],
    split: &Split,
    before: Option<&Weights>,
) -> Option<Weights> {
    if pools.is_empty() {
        return None;
    }
    let named: Vec<(PoolId, u32)> =
        split.iter().filter_map(|(pool, percent)| Some((known(report, pools, pool)?, percent.value))).collect();
    if split.is_empty() {
        let example = pools.first().map_or("blue", PoolId::as_str);
        report.refuse(&split.spot, Wrong::new("names no pool").advice(format!("write {{ {example} = 10 }}, say")));
    }
    if named.is_empty() || named.len() < split.len() {
        return None;
    }
    let given = |pool: &PoolId| named.iter().find(|(each, _)| each == pool).map(|(_, points)| *points);
    let sum: u32 = named.iter().map(|(_, points)| points).sum();
    let rest: Vec<&PoolId> = pools.iter().filter(|pool| given(pool).is_none()).collect();
    let refuse = |wrong| report.refuse(&split.spot, wrong);
    if sum > BasisPoints::ALL.0 || (rest.is_empty() && sum != BasisPoints::ALL.0) {
        refuse(Wrong::new(format!("adds up to {} %, not to 100 %", BasisPoints(sum))));
        return None;
    }
    let left = BasisPoints::ALL.0 - sum;
    let shares = match (&rest[..], before) {
        _ if left == 0 => vec![0; rest.len()],
        ([_], _) => vec![left],
        (_, before) => {
            let parts: Vec<u64> = rest.iter().map(|pool| before.map_or(0, |before| before.of(pool).0.into())).collect();
            let shared = apportion(left, &parts);
            if shared.is_none() {
                let sharing: Vec<&str> = rest.iter().map(|pool| pool.as_str()).collect();
                let why = if before.is_some() {
                    "and the step before gave them nothing"
                } else {
                    "and no step before says how"
                };
                let what = format!("leaves {} % to be shared by {}, {why}", BasisPoints(left), sharing.join(" and "));
                refuse(Wrong::new(what).advice("name all pools but one, or all"));
            }
            shared?
        }
    };
    let mut shares = shares.into_iter();
    let pairs = pools.iter().map(|pool| {
        let points = given(pool).unwrap_or_else(|| shares.next().unwrap_or_default());
        (pool.clone(), BasisPoints(points))
    });
    Weights::new(pairs.collect()).ok()
}

fn condition(
    report: &Report<'_>,
    context: &Context<'_>,
    leave: &Found<Leave>,
    after: Option<&Weights>,
) -> Option<Condition> {
    match &leave.value {
        Leave::Drained(pool) => {
            let pool = known(report, context.pools, &Found { value: pool.clone(), spot: leave.spot.clone() })?;
            refuse_without_routers(report, context, &leave.spot, "asks for a drained pool");
            let weight = after.map_or(BasisPoints::ZERO, |after| after.of(&pool));
            if weight != BasisPoints::ZERO {
                let what = format!("cannot come true: {} has {weight} % after this step", quoted(pool.as_str()));
                report.refuse(&leave.spot, Wrong::new(what).advice("put it on a step that gives the pool 0"));
            }
            Some(Condition::Drained(pool))
        }
        Leave::Items(section) => {
            let wanted = slug(section);
            let slugs: Vec<&str> = context.checklist.sections.iter().map(|section| section.slug.as_str()).collect();
            if slugs.contains(&wanted.as_str()) {
                return Some(Condition::Items(wanted));
            }
            let wrong = Wrong::new(format!("the checklist has no section {}", quoted(section)));
            let wrong =
                if slugs.is_empty() { wrong.advice("add a [checklist]") } else { wrong.accepted(slugs.join(", ")) };
            report.refuse(
                &leave.spot,
                match nearest(&wanted, slugs.iter().copied()) {
                    Some(meant) => wrong.advice(format!("did you mean `items:{meant}`?")),
                    None => wrong,
                },
            );
            None
        }
        Leave::Check(name) => {
            let names = context.checks.checks.iter().map(|check| check.as_str());
            named(report, &leave.spot, "check", name, names).then(|| Condition::Check(CheckId::new(name.as_str())))
        }
        Leave::Checks(group) => {
            let groups = context.checks.groups();
            named(report, &leave.spot, "checks", group, groups.into_iter()).then(|| Condition::Checks(group.clone()))
        }
    }
}

/// Whether a name is one of those that are there; says so when not.
pub(super) fn named<'n>(
    report: &Report<'_>,
    spot: &Spot,
    word: &str,
    name: &str,
    names: impl Iterator<Item = &'n str> + Clone,
) -> bool {
    if names.clone().any(|each| each == name) {
        return true;
    }
    let noun = if word == "check" { "check" } else { "group of checks" };
    let wrong = Wrong::new(format!("there is no {noun} {}", quoted(name)));
    let wrong = match names.clone().collect::<Vec<_>>() {
        none if none.is_empty() => wrong.advice("add a [[check]]"),
        all => wrong.accepted(all.join(", ")),
    };
    report.refuse(
        spot,
        match nearest(name, names) {
            Some(meant) => wrong.advice(format!("did you mean `{word}:{meant}`?")),
            None => wrong,
        },
    );
    false
}

/// What `leave_when` may name.
const ACCEPTED: &str = "\"drained:POOL\", \"items:SECTION\", \"check:NAME\", \"checks:GROUP\"";

fn leave() -> Kind<Leave> {
    let schema = json!({ "type": "string", "pattern": "^(drained|items|check|checks):.+$" });
    Kind::from_text(ACCEPTED, schema, |text| match text.split_once(':').map(|(what, of)| (what, of.trim())) {
        Some(("drained", pool)) if !pool.is_empty() => Ok(Leave::Drained(pool.to_owned())),
        Some(("items", section)) if !section.is_empty() => Ok(Leave::Items(section.to_owned())),
        Some(("check", check)) if !check.is_empty() => Ok(Leave::Check(check.to_owned())),
        Some(("checks", group)) if !group.is_empty() => Ok(Leave::Checks(group.to_owned())),
        Some(("guard" | "approved", _)) => {
            Err(Wrong::new(format!("{} is not supported in this version", quoted(text))))
        }
        _ => Err(Wrong::new(format!("cannot be {}", quoted(text)))),
    })
}
