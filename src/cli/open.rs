//! `open`: the cockpit on a profile.

use std::path::PathBuf;

use super::out::Out;
use super::{deck, place};
use crate::error::Error;
use crate::profile;
use crate::runtime::{log, opening};

/// What `open` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flightdeck open payments.toml --from 2.4.0 --to 2.5.0
  flightdeck open payments.toml --as ana          the name in the journal and on the screen

  flightdeck open payments.toml --observe         watch only

A session that was not closed is gone on with: its profile is the one in the journal, and what was in flight is read
from the routers, never assumed. Where another cockpit drives it, this one joins: its operator may confirm as the second
person, hold, roll back, and take the controls when they are handed over or their holder is silent.")]
pub(super) struct Args {
    /// The profile
    profile: PathBuf,
    /// The version that runs, for the header and the record
    #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true)]
    from: String,
    /// The version that is to run
    #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true)]
    to: String,
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
    let intent = args.seat.intent(&state, args.from, args.to);
    let opening = Box::pin(opening::open(store, loaded, &intent)).await?;
    Box::pin(deck::run(opening, Some(args.profile), look, &args.look, None)).await
}
