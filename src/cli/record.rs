//! `record`: the story of a session.

use std::path::PathBuf;

use super::out::Out;
use super::{place, verify};
use crate::error::Error;
use crate::{profile, record};

/// What `record` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flightdeck record                        the newest session on this machine, as Markdown
  flightdeck record 0193a5c2               one session, by the start of its id (flightdeck sessions lists them)
  flightdeck record latest --json          for programs
  flightdeck record --profile payments.toml  from the journal that the profile names
  flightdeck record 0193a5c2 --verify      is the journal whole, and does every signature hold?
  flightdeck record 0193a5c2 --verify --allowed-signers keys   against a list of keys of your own
  flightdeck record 0193a5c2 --signatures DIR   the same bytes as files, for ssh-keygen -Y verify")]
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
    /// Check the journal's chain and every signature instead, without asking anybody
    #[arg(long)]
    verify: bool,
    /// The keys to check against [default: those of the profile in the session]
    #[arg(long, value_name = "FILE")]
    allowed_signers: Option<PathBuf>,
    /// Write statements, signatures and the list of keys into a directory instead
    #[arg(long, value_name = "DIR")]
    signatures: Option<PathBuf>,
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
    let mut lists = verify::Lists::read(args.allowed_signers.as_deref())?;
    let proofs = verify::proofs(&history, &mut lists).await;
    if let Some(directory) = &args.signatures {
        verify::write(directory, &proofs, &lists, out)?;
    }
    if args.json {
        out.line(&serde_json::to_string_pretty(&record::json(&history, Some(&proofs))).unwrap_or_default());
    } else if args.verify {
        verify::tell(&history, &proofs, &lists, out);
    } else if args.signatures.is_none() {
        out.text(&record::markdown(&history, Some(&proofs)));
    }
    if args.verify {
        return verify::verdict(session.id, history, &proofs);
    }
    match history.broken {
        Some(broken) => Err(Error::BrokenJournal { session: session.id, broken }),
        None => Ok(()),
    }
}
