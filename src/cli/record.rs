//! `record`: the story of a session.

use std::path::PathBuf;

use super::out::Out;
use super::place;
use crate::error::Error;
use crate::{profile, record};

/// What `record` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flightdeck record                        the newest session on this machine, as Markdown
  flightdeck record 0193a5c2               one session, by the start of its id (flightdeck sessions lists them)
  flightdeck record latest --json          for programs
  flightdeck record --profile payments.toml  from the journal that the profile names")]
pub(super) struct Args {
    /// The session: `latest`, or the start of its id
    #[arg(default_value = "latest")]
    session: String,
    /// As JSON, in a form that stays the same
    #[arg(long)]
    json: bool,
    /// Look in the journal that this profile names
    #[arg(long, value_name = "PROFILE")]
    profile: Option<PathBuf>,
    #[command(flatten)]
    state: place::StateArgs,
}

pub(super) async fn run(args: Args, out: &mut Out) -> Result<(), Error> {
    let state = args.state.directory()?;
    let loaded = args.profile.as_deref().map(profile::load).transpose()?;
    let stores = place::journals(&state, loaded.as_ref()).await?;
    let mut found = place::sessions(&stores).await?;
    if args.session != "latest" {
        found.retain(|(session, _)| place::is_named(session.id, &args.session));
        if found.len() > 1 {
            return Err(Error::NoSession {
                what: format!("{} sessions begin with {}", found.len(), args.session),
                advice: "name more of the id; `flightdeck sessions` lists them".to_owned(),
            });
        }
    }
    let Some((session, store)) = found.into_iter().next() else {
        return Err(Error::NoSession {
            what: format!("no session {} in the journals below {}", args.session, state.display()),
            advice: "`flightdeck sessions` lists what is there; --profile looks where a profile keeps its journal"
                .to_owned(),
        });
    };
    let history = store.read(session.id, 1).await?;
    if args.json {
        out.line(&serde_json::to_string_pretty(&record::json(&history, None)).unwrap_or_default());
    } else {
        out.text(&record::markdown(&history, None));
    }
    match history.broken {
        Some(broken) => Err(Error::BrokenJournal { session: session.id, broken }),
        None => Ok(()),
    }
}
