//! `rollback`: the way back when the screen is gone. The same flight, journal and rules as in the cockpit (R1 to R4).

use std::path::PathBuf;
use std::time::Duration;

use super::out::Out;
use super::{acts, ask, place};
use crate::domain::procedure::Friction;
use crate::domain::{ChangeId, Outcome, Refused, Seat, Why};
use crate::error::Error;
use crate::flight::propose::{Proposing, Stage};
use crate::flight::{Ask, Flight, WayBackChoice};
use crate::profile;
use crate::runtime::headless::Headless;
use crate::runtime::{log, opening};
use crate::session::Proposal;
use crate::session::proposal::{Confirmation, Gesture};

/// What `rollback` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flightdeck rollback payments.toml              shows what each router will be sent, and asks
  flightdeck rollback payments.toml --off-new    everything off the pools that run the new version
  flightdeck rollback payments.toml --yes        asks nobody; see also --confirm
  flightdeck rollback payments.toml --acts       goes on with the acts of [[rollback]], each asked for

It joins the open session and takes its controls, whoever has them, also while another cockpit runs: that one shows \
it.
Exit code 0: read back on every router; 5: not everywhere, or not known; 7: nothing was sent.")]
pub(super) struct Args {
    /// The profile
    profile: PathBuf,
    /// Take everything off the pools that run the new version, instead of one step back
    #[arg(long)]
    off_new: bool,
    /// Go on with the acts of `[[rollback]]` after the traffic, one after the other; a profile without routers begins with them
    #[arg(long)]
    acts: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Do not ask; the target as the profile wants it typed, for example "green 100"
    #[arg(long, value_name = "TARGET", conflicts_with = "yes")]
    confirm: Option<String>,
    /// The name that you work under [default: the login name]
    #[arg(long = "as", value_name = "NAME")]
    operator: Option<String>,
    #[command(flatten)]
    state: place::StateArgs,
}

pub(super) async fn run(args: Args, out: &mut Out) -> Result<(), Error> {
    let loaded = profile::load(&args.profile)?;
    let state = args.state.directory()?;
    let (_log, complaint) = log::start(&state);
    if let Some(complaint) = complaint {
        out.note(&complaint);
    }
    let store = place::store(place::place(&loaded, &state)).await?;
    let intent = opening::Intent {
        operator: place::operator(args.operator.clone()),
        seat: Seat::Operator,
        from_version: String::new(),
        to_version: String::new(),
        why: Why::default(),
        planned: None,
        key: None,
        state,
    };
    let opening = Box::pin(opening::take_up(store, loaded, &intent)).await?;
    let mut headless = Headless::start(opening)?;
    let outcome = go_back(&mut headless, &args, out).await;
    // The controls that came with the rollback are free for whoever goes on.
    headless.ask(Ask::LeaveSession { why: "the rollback command is over".to_owned() });
    Box::pin(headless.end()).await;
    outcome
}

async fn go_back(headless: &mut Headless, args: &Args, out: &mut Out) -> Result<(), Error> {
    // Where no router moves traffic, the acts are the way back (R2, R7).
    if headless.flight.procedure.routers.is_empty() && !headless.flight.procedure.rollback.is_empty() {
        if args.acts {
            return acts::fly(headless, args.yes, out).await;
        }
        acts::list(&headless.flight, out);
        let why = "this profile names no router: there is no way back by traffic";
        return Err(Error::Refused(Refused::new("R2", "roll back", why, "add --acts to go back by its acts")));
    }
    let timeout = headless.flight.procedure.timing.router_timeout;
    // Routers that do not answer in time are sent to as well (R4).
    let looked = |flight: &Flight| flight.watches.values().all(|watch| watch.last.is_some() || watch.trouble.is_some());
    headless.fly_until(timeout * 2 + Duration::from_secs(1), looked).await?;
    let choice = if args.off_new { WayBackChoice::OffNew } else { WayBackChoice::Step };
    headless.ask(Ask::ProposeRollback(choice));
    let worked_out = |flight: &Flight| {
        flight.proposing.as_ref().is_none_or(|proposing| !matches!(proposing.stage, Stage::Preparing))
    };
    headless.fly_until(timeout * 2, worked_out).await?;
    let (proposal, because) = match &headless.flight.proposing {
        None => return Err(refused(headless, "roll back")),
        Some(Proposing { stage: Stage::Impossible { refusals }, .. }) => return Err(impossible(refusals)),
        Some(proposing) => match proposing.proposal() {
            Some(proposal) => {
                (proposal.clone(), headless.flight.way_back(choice).map(|back| back.why).unwrap_or_default())
            }
            None => return Err(refused(headless, "roll back")),
        },
    };
    show(&headless.flight, &proposal, &because, out);
    if headless.flight.session.in_flight().is_none() && proposal.holds_already() {
        out.line("Every router has this already: there is nothing to send.");
        if args.acts {
            acts::fly(headless, args.yes, out).await?;
        }
        return Ok(());
    }
    let gesture = confirmed(headless, args, &proposal).await?;
    headless.ask(Ask::Confirm { confirmation: Confirmation::new(gesture, true), overrides: Vec::new() });
    let change = proposal.change;
    let timing = headless.flight.procedure.timing;
    let patience = timing.deadline + timing.router_timeout * 2 + Duration::from_secs(4);
    headless.fly_until(patience, |flight| is_over(flight, change)).await?;
    let told = tell(headless, &proposal, out);
    if args.acts {
        // What a router did not take does not keep the acts from being done.
        acts::fly(headless, args.yes, out).await?;
    }
    told
}

/// Whether every router has its word, or the journal did not take the rollback.
fn is_over(flight: &Flight, change: ChangeId) -> bool {
    match flight.session.change(change) {
        Some(rolled_back) => rolled_back.settled.is_some() && !flight.link.is_busy(),
        None => flight.proposing.as_ref().is_none_or(|proposing| matches!(proposing.stage, Stage::Ready(_))),
    }
}

fn show(flight: &Flight, proposal: &Proposal, because: &str, out: &mut Out) {
    let procedure = &flight.procedure;
    let pools: Vec<String> = proposal.to.iter().map(|(pool, points)| format!("{pool} {points}")).collect();
    out.line(&format!(
        "Roll back {} in {} to {} ({because})",
        procedure.service,
        procedure.environment.to_uppercase(),
        pools.join(", ")
    ));
    for spec in &procedure.routers {
        let Some(order) = proposal.routers.iter().find(|order| order.router == spec.id) else {
            out.line(&format!("  {}: nothing can be sent to it", spec.id));
            continue;
        };
        let before = match flight.watches.get(&spec.id).and_then(|watch| watch.shares()) {
            Some(shares) => shares.to_string(),
            None => "not read".to_owned(),
        };
        out.line(&format!("  {}: {before} → {}", spec.id, order.prepared.shares));
        for request in &order.prepared.requests {
            out.line(&format!("      {request}"));
        }
        for note in &order.prepared.notes {
            out.line(&format!("      ! {note}"));
        }
        if let Some((_, trouble)) = flight.watches.get(&spec.id).and_then(|watch| watch.trouble.as_ref()) {
            out.line(&format!("      ! {trouble}"));
        }
    }
    if let Some(change) = flight.session.in_flight() {
        out.line(&format!("It takes the place of the change to {} that is in flight.", change.confirmed.to));
    }
    if let Some(held) = flight.session.controls.as_ref().filter(|_| !flight.drives()) {
        out.line(&format!("It takes the controls from {}.", held.holder.operator));
    }
    acts::list(flight, out);
}

async fn confirmed(headless: &mut Headless, args: &Args, proposal: &Proposal) -> Result<Gesture, Error> {
    let target = proposal.typed_target();
    let typed = headless.flight.friction(false) == Friction::Type;
    let no = |why: String| Error::NotConfirmed { why };
    if let Some(text) = &args.confirm {
        let is_it = text.trim() == target;
        return if is_it { Ok(Gesture::Typed(text.clone())) } else { Err(no(format!("`{text}` is not `{target}`"))) };
    }
    if args.yes {
        return if typed {
            Err(no(format!("this profile wants the target typed: --confirm \"{target}\"")))
        } else {
            Ok(Gesture::Key)
        };
    }
    if !ask::is_possible() {
        let instead = if typed { format!("--confirm \"{target}\"") } else { "--yes".to_owned() };
        return Err(no(format!("there is no terminal to ask on; say {instead} if it shall be sent")));
    }
    if typed {
        let answer = headless.meanwhile(ask::line(&format!("Type  {target}  to send: "))).await?;
        return if answer == target {
            Ok(Gesture::Typed(answer))
        } else {
            Err(no(format!("`{answer}` is not `{target}`")))
        };
    }
    let answer = headless.meanwhile(ask::line("Send it? y/N ")).await?;
    if matches!(answer.as_str(), "y" | "Y" | "yes") {
        Ok(Gesture::Key)
    } else {
        Err(no("the answer was not y".to_owned()))
    }
}

/// What became of it, per router.
fn tell(headless: &Headless, proposal: &Proposal, out: &mut Out) -> Result<(), Error> {
    let flight = &headless.flight;
    let Some(change) = flight.session.change(proposal.change) else { return Err(refused(headless, "roll back")) };
    let mut unproven = Vec::new();
    for order in &proposal.routers {
        let leg = flight.execution(change.id()).and_then(|execution| execution.legs.get(&order.router));
        let kept = change.outcomes.get(&order.router).and_then(|known| known.outcome.as_ref());
        let outcome = leg.and_then(|leg| leg.outcome.as_ref()).or(kept);
        let (mark, word, why) = match outcome {
            Some(outcome @ Outcome::Verified) => ("✓", outcome.word(), String::new()),
            Some(outcome) => ("✗", outcome.word(), reason(outcome)),
            None => ("?", "no answer yet", String::new()),
        };
        if mark != "✓" {
            unproven.push(order.router.to_string());
        }
        out.line(format!("  {mark} {}: {word} {why}", order.router).trim_end());
    }
    unproven.extend(
        flight
            .procedure
            .routers
            .iter()
            .filter(|spec| !proposal.routers.iter().any(|order| order.router == spec.id))
            .map(|spec| spec.id.to_string()),
    );
    if unproven.is_empty() {
        out.line(&format!("Rolled back to {}, read back on every router.", proposal.to));
        return Ok(());
    }
    Err(Error::NotVerified {
        what: format!("the rollback to {} is not verified on {}", proposal.to, unproven.join(", ")),
        advice: "see `status`, and run this again: the same absolute weights are sent, which does no harm".to_owned(),
    })
}

fn reason(outcome: &Outcome) -> String {
    match outcome {
        Outcome::NotSent { why } | Outcome::Failed { why } | Outcome::Unknown { why } => why.clone(),
        Outcome::Differs { .. } | Outcome::Moved { .. } => "its weights are not the ones that were sent".to_owned(),
        Outcome::Accepted => "it said yes and was not read back".to_owned(),
        Outcome::Verified => String::new(),
    }
}

fn impossible(refusals: &[(crate::domain::RouterId, Refused)]) -> Error {
    let each: Vec<String> = refusals.iter().map(|(router, refused)| format!("{router}: {refused}")).collect();
    Error::Refused(Refused::new("R2", "roll back", each.join("; "), "use the way back by hand that your runbook names"))
}

/// The newest word of the flight is why it refused.
fn refused(headless: &Headless, what: &str) -> Error {
    let why = headless.notices.last().map_or_else(|| "no answer came".to_owned(), |notice| notice.text.clone());
    Error::Refused(Refused::new("", what, why, "nothing was sent"))
}
