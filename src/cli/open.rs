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

A session that was not closed is gone on with: its profile is the one in the journal, and what was in flight is read
from the routers, never assumed. While another cockpit drives it, this one may watch, hold and roll back.")]
pub(super) struct Args {
    /// The profile
    profile: PathBuf,
    /// The version that runs, for the header and the record
    #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true)]
    from: String,
    /// The version that is to run
    #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true)]
    to: String,
    /// The name that you work under [default: the login name]
    #[arg(long = "as", value_name = "NAME")]
    operator: Option<String>,
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
    let intent =
        opening::Intent { operator: place::operator(args.operator), from_version: args.from, to_version: args.to };
    let opening = opening::open(store, loaded, &intent).await?;
    Box::pin(deck::run(opening, args.profile, look, &args.look, None)).await
}
