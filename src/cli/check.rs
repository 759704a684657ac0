//! `check`: does the profile fit what is there? Nothing is changed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use tokio::time::timeout;

use super::out::Out;
use super::{boarding, latest, place};
use crate::domain::procedure::StepAct;
use crate::domain::window::StepKind;
use crate::domain::{Procedure, Reading, Refused, Target, Timestamp, Trouble, TroubleKind, Weights};
use crate::error::Error;
use crate::profile;
use crate::runtime::adapter::{Adapters, RouterAdapter};
use crate::runtime::clock;
use crate::runtime::past::Sessions;
use crate::session::window::windows;

/// What `check` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Prints one line for each router, log and metric source, check, notifier and window, for the \
journal, its clock and the people: ✓ when it answers and fits the profile, ✗ with what to do when \
it does not. Reads only: no router is changed, and no journal is made.")]
pub(super) struct Args {
    /// The profile
    profile: PathBuf,
    #[command(flatten)]
    person: boarding::PersonArgs,
    #[command(flatten)]
    state: place::StateArgs,
}

/// What one look said.
pub(super) struct Finding {
    pub(super) name: String,
    pub(super) result: Result<String, Trouble>,
    pub(super) remarks: Vec<String>,
}

pub(super) async fn run(args: Args, out: &mut Out) -> Result<(), Error> {
    let loaded = profile::load(&args.profile)?;
    let procedure = &loaded.procedure;
    out.line(&format!(
        "✓ {}: {} in {}, {} pools, {} steps, {} items",
        args.profile.display(),
        procedure.service,
        procedure.environment,
        procedure.pools.len(),
        procedure.plan.len(),
        procedure.checklist.items().count()
    ));
    let state = args.state.named()?;
    // What is wrong with the journal is said below.
    let store = place::existing_store(place::place(&loaded, &state)).await.unwrap_or_default();
    let past = Sessions { store: store.clone(), service: loaded.procedure.service.clone() };
    let adapters = Adapters::over(&loaded.adapters, Some(Arc::new(past))).map_err(Error::Trouble)?;
    let boarding = boarding::look(&loaded, &state, &args.person);
    let (mut findings, (mut aboard, journal)) = tokio::join!(join_all(looks(&adapters, procedure)), boarding);
    findings.append(&mut aboard);
    if let Some(found) = latest::find(&loaded, store).await {
        findings.push(found_latest(found));
    }
    let troubled = findings.iter().filter(|finding| finding.result.is_err()).count();
    for Finding { name, result, remarks } in &findings {
        match result {
            Ok(found) => out.line(&format!("✓ {name}: {found}")),
            Err(trouble) => out.line(&format!("✗ {name}: {trouble}")),
        }
        for remark in remarks {
            out.line(&format!("  ! {remark}"));
        }
    }
    if let Some(error) = &journal {
        out.line(&format!("✗ journal: {error}"));
    }
    for line in open_or_closed(procedure, clock::now().wall) {
        out.line(&line);
    }
    if troubled == 0 {
        journal.map_or(Ok(()), Err)
    } else {
        Err(Error::Unreachable { count: troubled, of: findings.len() })
    }
}

/// The version that `open` would take where nobody names one.
fn found_latest(found: Result<latest::LookedUp, Error>) -> Finding {
    let (result, remarks) = match found {
        Ok(found) => (Ok(found.words), Vec::new()),
        Err(Error::Trouble(trouble)) => (Err(trouble), Vec::new()),
        // Nothing ran there yet: that is an answer.
        Err(other) => (Ok("it is looked up at opening".to_owned()), vec![other.to_string()]),
    };
    Finding { name: "latest version".to_owned(), result, remarks }
}

/// How the deploy windows stand now, with the kinds of step that ask for them. One that is closed is no fault.
fn open_or_closed(procedure: &Procedure, now: Timestamp) -> Vec<String> {
    let mut lines: Vec<(bool, String, Vec<&str>)> = Vec::new();
    for kind in StepKind::ALL {
        for stands in windows(procedure, kind, now) {
            match lines.iter_mut().find(|(_, text, _)| *text == stands.text) {
                Some((_, _, kinds)) => kinds.push(kind.word()),
                None => lines.push((stands.is_open, stands.text, vec![kind.word()])),
            }
        }
    }
    let line = |(is_open, text, kinds): (bool, String, Vec<&str>)| {
        format!("{} window: {text} ({})", if is_open { '✓' } else { '–' }, kinds.join(", "))
    };
    lines.into_iter().map(line).collect()
}

fn looks<'a>(adapters: &'a Adapters, procedure: &'a Procedure) -> Vec<BoxFuture<'a, Finding>> {
    let mut looks = Vec::new();
    for (id, adapter) in &adapters.routers {
        looks.push(
            async move {
                let (result, remarks) = match adapter.router.read().await {
                    Ok(reading) => fits(adapter, procedure, &reading),
                    Err(trouble) => (Err(trouble), Vec::new()),
                };
                Finding { name: format!("router {id}"), result, remarks }
            }
            .boxed(),
        );
    }
    for log in &adapters.logs {
        looks.push(
            async move {
                let patience = Duration::from_secs(10);
                let result = timeout(patience, log.source.probe()).await.unwrap_or_else(|_elapsed| {
                    let why = format!("no answer within {} s", patience.as_secs());
                    Err(Trouble::new(TroubleKind::TimedOut, "look at it", why, "try its command by hand"))
                });
                Finding { name: format!("log {}", log.id), result, remarks: Vec::new() }
            }
            .boxed(),
        );
    }
    for metric in &adapters.metrics {
        looks.push(
            async move {
                let (result, remarks) = match metric.source.probe().await {
                    Ok((found, remarks)) => (Ok(found), remarks),
                    Err(trouble) => (Err(trouble), Vec::new()),
                };
                Finding { name: format!("metrics {}", metric.id), result, remarks }
            }
            .boxed(),
        );
    }
    for (id, check) in &adapters.checks {
        looks.push(
            async move {
                let result = check.probe(clock::now().wall).await;
                Finding { name: format!("check {id}"), result, remarks: Vec::new() }
            }
            .boxed(),
        );
    }
    for (id, adapter) in &adapters.notifiers {
        looks.push(
            async move {
                let result = adapter.notifier.probe().await;
                Finding { name: format!("notifier {id}"), result, remarks: Vec::new() }
            }
            .boxed(),
        );
    }
    for (id, action) in &adapters.actions {
        looks.push(
            async move {
                let patience = Duration::from_secs(10);
                let result = timeout(patience, action.probe()).await.unwrap_or_else(|_elapsed| {
                    let why = format!("no answer within {} s", patience.as_secs());
                    Err(Trouble::new(TroubleKind::TimedOut, "look at it", why, "see whether its system hangs"))
                });
                Finding { name: format!("action {id}"), result, remarks: Vec::new() }
            }
            .boxed(),
        );
    }
    looks
}

/// Whether every split of the plan could be held by this router, as it is read now.
fn fits(adapter: &RouterAdapter, procedure: &Procedure, reading: &Reading) -> (Result<String, Trouble>, Vec<String>) {
    let shares = reading.native.shares(procedure.pool_ids());
    let servers: Vec<String> = procedure
        .pool_ids()
        .map(|pool| {
            let totals = reading.totals(pool);
            format!("{pool} {}/{} up", totals.up, totals.servers)
        })
        .collect();
    let mut remarks = reading.warnings.clone();
    let prepare = |weights: &Weights| adapter.router.prepare(&Target::Weights(weights.clone()), Some(reading));
    let mut refused: Vec<(Refused, Vec<&str>)> = Vec::new();
    let mut shifts = 0;
    for step in &procedure.plan {
        let StepAct::Shift(weights) = &step.act else { continue };
        shifts += 1;
        let Err(why) = prepare(weights) else { continue };
        // What ails the router itself is said once, with every step that it stands against.
        match refused.iter_mut().find(|(told, _)| (&told.why, &told.advice) == (&why.why, &why.advice)) {
            Some((_, steps)) => steps.push(&step.name),
            None => refused.push((why, vec![&step.name])),
        }
    }
    if shifts == 0 {
        // Without a plan traffic is moved by drafts: one pool at least must be able to have all of it.
        let whole = procedure.pool_ids().filter_map(|pool| Weights::all_on(procedure.pool_ids(), pool).ok());
        let answers: Vec<_> = whole.map(|weights| prepare(&weights)).collect();
        if answers.iter().all(Result::is_err) {
            refused.extend(answers.into_iter().find_map(Result::err).map(|why| (why, Vec::new())));
        }
    }
    let troubles = refused.into_iter().map(|(why, steps)| {
        let what = match steps.len() {
            0 => why.what,
            count if count > 1 && count == shifts => "every shift of the plan".to_owned(),
            _ => steps.join(", "),
        };
        Trouble::new(TroubleKind::Mismatch, what, why.why, why.advice)
    });
    let troubles = troubles.collect::<Vec<_>>();
    remarks.retain(|remark| troubles.iter().all(|trouble| trouble.why != *remark));
    let mut troubles = troubles.into_iter();
    let result = if let Some(first) = troubles.next() {
        Err(first)
    } else {
        let node = format!("{} {}", reading.identity.node, reading.identity.process);
        Ok(format!("{shares}, {}, {node}", servers.join(", ")).trim_end().to_owned())
    };
    remarks.extend(troubles.map(|trouble| trouble.to_string()));
    (result, remarks)
}
