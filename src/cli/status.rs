//! `status`: what the routers have now, and the session in progress.

use std::path::PathBuf;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::out::Out;
use super::{boarding, place};
use crate::domain::{Outcome, Procedure, Reading, RouterId, Seat, Trouble};
use crate::error::Error;
use crate::profile::{self, Loaded};
use crate::runtime::adapter::Adapters;
use crate::runtime::{clock, opening, process};
use crate::session::Session;

/// The version of the JSON form. Keys are only ever added to a version.
const FORMAT: u32 = 1;

/// What `status` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Reads every router once, and the journal. Changes nothing, and needs nobody's controls.

  flightdeck status payments.toml --json | jq '.routers[] | {name, shares}'

The JSON has a version, `format`; within one version keys are only added.")]
pub(super) struct Args {
    /// The profile
    profile: PathBuf,
    /// As JSON, in a form that stays the same
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    state: place::StateArgs,
}

type Look = (RouterId, Result<Reading, Trouble>);

pub(super) async fn run(args: Args, out: &mut Out) -> Result<(), Error> {
    let loaded = profile::load(&args.profile)?;
    let state = args.state.directory()?;
    let adapters = Adapters::new(&loaded.adapters).map_err(Error::Trouble)?;
    let looks = adapters.routers.iter().map(|(id, adapter)| async move { (id.clone(), adapter.router.read().await) });
    let (looks, session) = tokio::join!(join_all(looks), session(&loaded, &state));
    // The routers are told even when the journal is away: they are the truth about the traffic.
    let found = session.as_ref().ok().and_then(Option::as_ref);
    let procedure = match found {
        Some((_, session)) => opening::procedure_of(session).unwrap_or_else(|_unreadable| loaded.procedure.clone()),
        None => loaded.procedure.clone(),
    };
    if args.json {
        let text = serde_json::to_string_pretty(&as_json(&procedure, &looks, found, session.as_ref().err()));
        out.line(&text.unwrap_or_default());
    } else {
        for line in lines(&procedure, &looks, found) {
            out.line(&line);
        }
    }
    session?;
    let troubled = looks.iter().filter(|(_, said)| said.is_err()).count();
    if troubled == 0 { Ok(()) } else { Err(Error::Unreachable { count: troubled, of: looks.len() }) }
}

/// The session in progress, if there is one.
async fn session(
    loaded: &Loaded,
    state: &std::path::Path,
) -> Result<Option<(crate::domain::SessionId, Session)>, Error> {
    let Some(store) = place::existing_store(place::place(loaded, state)).await? else { return Ok(None) };
    let Some(id) = store.unclosed(&loaded.procedure.service, &loaded.procedure.environment).await? else {
        return Ok(None);
    };
    Ok(Some((id, store.read(id, 1).await?.fold())))
}

fn lines(procedure: &Procedure, looks: &[Look], session: Option<&(crate::domain::SessionId, Session)>) -> Vec<String> {
    let pools: Vec<&str> = procedure.pool_ids().map(crate::domain::PoolId::as_str).collect();
    let mut lines = vec![format!("{} in {}: {}", procedure.service, procedure.environment, pools.join(" / "))];
    let width = looks.iter().map(|(id, _)| id.as_str().chars().count()).max().unwrap_or(0);
    for (id, said) in looks {
        match said {
            Ok(reading) => {
                let shares = reading.native.shares(procedure.pool_ids());
                let up: Vec<String> = procedure
                    .pool_ids()
                    .map(|pool| {
                        let totals = reading.totals(pool);
                        let in_flight = totals.in_flight.map_or_else(|| "?".to_owned(), |count| count.to_string());
                        format!("{pool} {}/{} up, {in_flight} in flight", totals.up, totals.servers)
                    })
                    .collect();
                let drifted = session.is_some_and(|(_, session)| {
                    session.expected.get(id).is_some_and(|expected| !reading.native.holds(expected))
                });
                let drift = if drifted { "  ! not what the plan gave it" } else { "" };
                lines.push(format!("✓ {id:width$}  {shares}  {}{drift}", up.join("; ")));
                lines.extend(reading.warnings.iter().map(|warning| format!("  ! {warning}")));
            }
            Err(trouble) => lines.push(format!("✗ {id:width$}  {trouble}")),
        }
    }
    match session {
        None => lines.push("No session is open.".to_owned()),
        Some((id, session)) => lines.extend(session_lines(procedure, *id, session)),
    }
    lines
}

fn session_lines(procedure: &Procedure, id: crate::domain::SessionId, session: &Session) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(opened) = &session.opened {
        lines.push(format!("Session {} by {} since {}", opening::short(id), opened.by, opened.at.long()));
        let solo = if opened.what.private { ", SOLO, this host only" } else { "" };
        lines.push(format!("  journal: {}{solo}", opened.what.durability.words()));
    }
    lines.push(format!("  {}", boarding::driver(session)));
    lines.extend(people_lines(session));
    if let Some(hold) = &session.hold {
        lines.push(format!("  held by {}: {}", hold.by, hold.what));
    }
    for (router, why) in &session.excluded {
        lines.push(format!("  {router} is LEFT OUT of the plan since {} by {}: {}", why.at.clock(), why.by, why.what));
    }
    lines.extend(session.unwinding_left(procedure).into_iter().map(|left| format!("  {left}")));
    if let Some(change) = session.in_flight() {
        let routers: Vec<String> = change
            .unfinished()
            .map(|(router, known)| {
                let outcome = known.and_then(|known| known.outcome.as_ref());
                format!("{router} {}", outcome.map_or("no answer yet", Outcome::word))
            })
            .collect();
        let waiting = change.waiting().count();
        let waves = change.next_wave().map(|wave| {
            let count = change.confirmed.waves.count();
            format!("; wave {} of {count} waits, {waiting} routers are not sent to yet", wave + 1)
        });
        let open = if routers.is_empty() { String::new() } else { format!("; {}", routers.join(", ")) };
        lines.push(format!("  in flight: {}{open}{}", change.confirmed.to, waves.unwrap_or_default()));
    }
    let next = session.next_step(&procedure.plan);
    lines.push(next.map_or_else(|| "  the plan is done".to_owned(), |step| format!("  next step: {}", step.name)));
    lines
}

/// Who is aboard, and what waits for whom.
fn people_lines(session: &Session) -> Vec<String> {
    let mut lines = Vec::new();
    let aboard: Vec<String> = session
        .aboard
        .values()
        .map(|each| {
            let seat = if each.seat == Seat::Observer { ", watching" } else { "" };
            let gone = if process::is_gone(&each.process, session.is_on_one_host()) { ", gone" } else { "" };
            format!("{} on {}{seat}{gone}", each.operator, each.process.host)
        })
        .collect();
    if !aboard.is_empty() {
        lines.push(format!("  aboard: {}", aboard.join("; ")));
    }
    if let Some(offer) = &session.offer {
        lines.push(format!("  {} offers {} the controls", offer.by, offer.operator));
    }
    if let Some(asking) = &session.asking {
        lines.push(format!("  {} asks for the controls: {}", asking.by, asking.reason));
    }
    if let Some(request) = &session.request {
        let answer = match &request.given {
            Some(given) => format!("{} confirmed it", given.by),
            None => format!("nobody has confirmed it, until {}", request.asked.until.clock()),
        };
        let (what, digest) = (request.asked.act.words(), request.asked.digest.short());
        lines.push(format!("  {} asks a second person: {what}, digest {digest}; {answer}", request.by));
    }
    if let Some(run) = &session.run {
        let steps: Vec<&str> = run.steps.iter().map(crate::domain::StepId::as_str).collect();
        lines.push(format!("  {} confirmed a run: {}", run.given.by, steps.join(", ")));
    }
    lines
}

fn as_json(
    procedure: &Procedure,
    looks: &[Look],
    session: Option<&(crate::domain::SessionId, Session)>,
    journal_trouble: Option<&Error>,
) -> Value {
    let routers: Vec<Value> = looks.iter().map(|(id, said)| router_json(procedure, id, said)).collect();
    json!({
        "format": FORMAT,
        "flightdeck": env!("CARGO_PKG_VERSION"),
        "at": clock::wall(),
        "service": procedure.service,
        "environment": procedure.environment,
        "profile_digest": procedure.digest,
        "routers": routers,
        "session": session.map(|(id, session)| session_json(procedure, *id, session)),
        "journal_trouble": journal_trouble.map(ToString::to_string),
    })
}

fn router_json(procedure: &Procedure, id: &RouterId, said: &Result<Reading, Trouble>) -> Value {
    match said {
        Ok(reading) => {
            let pools: Vec<Value> = procedure
                .pool_ids()
                .map(|pool| {
                    let (share, totals) = (reading.native.shares(procedure.pool_ids()).of(pool), reading.totals(pool));
                    json!({
                        "pool": pool,
                        "weight": { "part": share.part, "whole": share.whole },
                        "servers_up": totals.up,
                        "servers": totals.servers,
                        "in_flight": totals.in_flight,
                    })
                })
                .collect();
            json!({
                "name": id,
                "pools": pools,
                "native": reading.native,
                "identity": reading.identity,
                "warnings": reading.warnings,
                "trouble": null,
            })
        }
        Err(trouble) => json!({
            "name": id, "pools": null, "native": null, "identity": null, "warnings": [], "trouble": trouble,
        }),
    }
}

fn session_json(procedure: &Procedure, id: crate::domain::SessionId, session: &Session) -> Value {
    let in_flight = session.in_flight().map(|change| {
        let outcomes: Vec<Value> = change
            .confirmed
            .routers
            .iter()
            .map(|order| {
                let known = change.outcomes.get(&order.router).and_then(|known| known.outcome.as_ref());
                json!({ "router": order.router, "outcome": known })
            })
            .collect();
        let waves: Vec<&[crate::domain::RouterId]> = change.confirmed.waves.iter().collect();
        json!({
            "to": change.confirmed.to,
            "kind": change.confirmed.kind,
            "routers": outcomes,
            "waves": waves,
            "waves_sent": change.waves_sent,
        })
    });
    json!({
        "id": id,
        "opened": session.opened.as_ref().map(|opened| json!({ "at": opened.at, "by": opened.by })),
        "from_version": session.opened.as_ref().map(|opened| &opened.what.from_version),
        "to_version": session.opened.as_ref().map(|opened| &opened.what.to_version),
        "driver": session.controls.as_ref().map(|held| json!({
            "operator": held.holder.operator,
            "process": held.holder.process,
            "is_gone": process::is_gone(&held.holder.process, session.is_on_one_host()),
        })),
        "durability": session.opened.as_ref().map(|opened| opened.what.durability),
        "private": session.opened.as_ref().map(|opened| opened.what.private),
        "aboard": session.aboard.iter().map(|(cockpit, each)| json!({
            "cockpit": cockpit,
            "operator": each.operator,
            "seat": each.seat,
            "process": each.process,
            "since": each.at,
            "is_gone": process::is_gone(&each.process, session.is_on_one_host()),
        })).collect::<Vec<_>>(),
        "offer": session.offer.as_ref().map(|offer| json!({ "by": offer.by, "to": offer.operator, "at": offer.at })),
        "asking": session.asking.as_ref().map(|asking| json!({
            "by": asking.by, "reason": asking.reason, "at": asking.at,
        })),
        "request": session.request.as_ref().map(|request| json!({
            "by": request.by,
            "what": request.asked.act.words(),
            "digest": request.asked.digest,
            "at": request.at,
            "until": request.asked.until,
            "confirmed_by": request.given.as_ref().map(|given| &given.by),
        })),
        "run": session.run.as_ref().map(|run| json!({ "by": run.given.by, "steps": run.steps, "at": run.given.at })),
        "hold": session.hold.as_ref().map(|hold| json!({ "by": hold.by, "reason": hold.what })),
        "next_step": session.next_step(&procedure.plan).map(|step| &step.id),
        "in_flight": in_flight,
        "entries": session.head,
    })
}
