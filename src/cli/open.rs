//! `open`: the cockpit on a profile.

use std::path::PathBuf;

use super::out::Out;
use super::{ask, deck, latest, place};
use crate::domain::why::Lack;
use crate::domain::{Timestamp, Why, WhyRule};
use crate::error::Error;
use crate::flight::{Ask, Msg};
use crate::profile;
use crate::runtime::{log, opening};

/// What `open` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flightdeck open payments.toml --from 2.4.0 --to 2.5.0
  flightdeck open payments.toml --to latest       what the environment before has
  flightdeck open payments.toml --as ana          the name in the journal and on the screen

  flightdeck open payments.toml --observe         watch only
  flightdeck open payments.toml --start 2026-11-22T02:00Z   lists that are due before it say so

A session that was not closed is gone on with: its profile is the one in the journal, and what was in flight is read \
from the routers, never assumed. Where another cockpit drives it, this one joins: its operator may confirm as the \
second person, hold, roll back, and take the controls when they are handed over or their holder is silent.")]
pub(super) struct Args {
    /// The profile
    profile: PathBuf,
    /// The version that runs, for the header and the record
    #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true)]
    from: String,
    /// The version that is to run; `latest`, or nothing, for the latest of the environment before, where the profile has
    /// `[version.latest]`
    #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true)]
    to: String,
    /// The ticket that it is for, where the profile asks for one
    #[arg(long, value_name = "TICKET", default_value = "", hide_default_value = true)]
    ticket: String,
    /// Why, in a sentence, where the profile asks for it
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    /// When it is planned to begin: 2026-11-22T02:00Z, or with an offset such as +01:00
    #[arg(long, alias = "at", value_name = "TIME", value_parser = place::moment)]
    start: Option<Timestamp>,
    #[command(flatten)]
    seat: place::SeatArgs,
    #[command(flatten)]
    look: deck::LookArgs,
    #[command(flatten)]
    state: place::StateArgs,
}

pub(super) async fn run(args: Args, out: &mut Out) -> Result<(), Error> {
    let look = args.look.look()?;
    let loaded = profile::load(&args.profile)?;
    let state = args.state.directory()?;
    // The journal takes its time to open, on a thread of its own.
    let store = place::store(place::place(&loaded, &state));
    let (_log, complaint) = log::start(&state);
    if let Some(complaint) = complaint {
        out.note(&complaint);
    }
    let store = store.await?;
    let mut why = Why { ticket: args.ticket, reason: args.reason };
    let (service, environment) = (&loaded.procedure.service, &loaded.procedure.environment);
    let (mut to, mut looked_up) = (args.to, None);
    if store.unclosed(service, environment).await?.is_some() {
        // The open session has its version, looked up or named.
        if to == latest::WORD {
            to.clear();
        }
    } else if !args.seat.observes() {
        looked_up = latest::look_up(&to, &loaded, store.clone(), out).await?;
        ask_why(&loaded.procedure.why, &mut why).await;
    }
    if let Some(found) = &looked_up {
        to.clone_from(&found.version);
    }
    let mut intent = args.seat.intent(&state, args.from, to, why);
    intent.planned = args.start;
    let mut opening = Box::pin(opening::open(store, loaded, &intent)).await?;
    // Into the record with it: the version was not typed by anybody.
    opening.first.extend(looked_up.map(|found| Msg::Ask(Ask::Note(format!("--to was looked up: {}", found.words)))));
    Box::pin(deck::run(opening, Some(args.profile), look, &args.look, None)).await
}

/// Asks for what the profile wants to be said and the command line does not say. No answer is none: then it is refused.
async fn ask_why(rule: &WhyRule, why: &mut Why) {
    while let Some(lack) = rule.lacks(why).filter(|_| ask::is_possible()) {
        let (answer, question) = match &lack {
            Lack::NoTicket { pattern } => (&mut why.ticket, format!("Ticket, {pattern}: ")),
            Lack::OtherTicket { ticket, pattern } => {
                (&mut why.ticket, format!("{ticket} does not fit {pattern}. Ticket: "))
            }
            Lack::NoReason => (&mut why.reason, "Why is it deployed? ".to_owned()),
            Lack::NotOneLine => return,
        };
        let said = ask::line(&question).await;
        if said.is_empty() {
            return;
        }
        *answer = said;
    }
}
