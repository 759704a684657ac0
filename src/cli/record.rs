//! `record`: the story of a session, as text, as a file that shows every change, and checked.

use std::path::{Path, PathBuf};

use super::out::Out;
use super::{place, verify};
use crate::domain::SessionId;
use crate::entry::History;
use crate::error::Error;
use crate::journal::Store;
use crate::runtime::filing;
use crate::runtime::proof::{self, Lists};
use crate::{profile, record};

/// What `record` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flightdeck record                        the newest session on this machine, as Markdown
  flightdeck record 0193a5c2               one session, by the start of its id (flightdeck sessions lists them)
  flightdeck record latest --json          the whole of it in one file: summary, every entry, digest
  flightdeck record --profile payments.toml  from the journal that the profile names
  flightdeck record 0193a5c2 --write       into the files that the profile's [record] asks for
  flightdeck record 0193a5c2 --write --into DIR  into a directory of your own
  flightdeck record 0193a5c2 --verify      is the journal whole, and does every signature hold?
  flightdeck record --verify FILE.json     is this record as it was written, every byte of it?
  flightdeck record 0193a5c2 --verify --allowed-signers keys   against a list of keys of your own
  flightdeck record 0193a5c2 --signatures DIR   the same bytes as files, for ssh-keygen -Y verify")]
pub(super) struct Args {
    /// The session: `latest`, or the start of its id; with --verify also the file of a record
    #[arg(default_value = "latest")]
    session: String,
    /// As JSON, in a form that stays the same: `flightdeck schema record` describes it
    #[arg(long)]
    json: bool,
    /// Look in the journal that this profile names
    #[arg(long, value_name = "PROFILE")]
    profile: Option<PathBuf>,
    /// Check the journal's chain and every signature instead, without asking anybody; or a record's file
    #[arg(long)]
    verify: bool,
    /// Write it as Markdown and JSON below the directory that the profile's [record] names
    #[arg(long)]
    write: bool,
    /// The directory to write below, whatever the profile says
    #[arg(long, value_name = "DIR", requires = "write")]
    into: Option<PathBuf>,
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
    let mut lists = Lists::read(args.allowed_signers.as_deref())?;
    if args.verify && is_file(&args.session) {
        return verify_file(Path::new(&args.session), &mut lists, out).await;
    }
    let state = args.state.directory()?;
    let loaded = args.profile.as_deref().map(profile::load).transpose()?;
    let stores = place::journals(&state, loaded.as_ref()).await?;
    let (session, store) = place::session(&stores, &args.session, &state).await?;
    let history = store.read(session, 1).await?;
    let proofs = proof::proofs(&history, &mut lists).await;
    if let Some(directory) = &args.signatures {
        verify::write(directory, &proofs, &lists, out)?;
    }
    if args.write {
        write(args.into.as_deref(), session, &history, &proofs, &*store, out)?;
    } else if args.json {
        out.text(&record::document(&history, Some(&proofs)).unwrap_or_else(|| "null\n".to_owned()));
    } else if args.verify {
        verify::tell(&history, &proofs, &lists, out);
    } else if args.signatures.is_none() {
        out.text(&record::markdown(&history, Some(&proofs)));
    }
    if args.verify {
        return verify::verdict(session, history, &proofs);
    }
    match history.broken {
        Some(broken) => Err(Error::BrokenJournal { session, broken }),
        None => Ok(()),
    }
}

/// Whether it names a file, and no session: those have neither `/` nor `.` in them.
fn is_file(named: &str) -> bool {
    named.contains(['/', '.']) || Path::new(named).is_file()
}

/// Checks a record's file: every byte, every entry, every signature.
async fn verify_file(path: &Path, lists: &mut Lists, out: &mut Out) -> Result<(), Error> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|source| Error::File {
        what: "read the record",
        path: file.clone(),
        source,
        advice: "name the .json file of a record",
    })?;
    let whole = record::read(&bytes).map_err(|damaged| Error::DamagedRecord { file: file.clone(), damaged })?;
    out.line(&format!("✓ record: {} bytes, as they were written", bytes.len()));
    let proofs = proof::proofs(&whole.history, lists).await;
    verify::tell(&whole.history, &proofs, lists, out);
    if let Some(broken) = whole.broken {
        let place = "the journal that it was written from".to_owned();
        return Err(Error::DamagedRecord { file, damaged: record::Damaged { place, why: broken } });
    }
    let Some(first) = whole.history.entries.first() else {
        let (place, why) = ("the entries".to_owned(), "there is none".to_owned());
        return Err(Error::DamagedRecord { file, damaged: record::Damaged { place, why } });
    };
    verify::verdict(first.entry.session, whole.history, &proofs)
}

fn write(
    into: Option<&Path>,
    session: SessionId,
    history: &History,
    proofs: &record::Proofs,
    store: &dyn Store,
    out: &mut Out,
) -> Result<(), Error> {
    let directory = match into {
        Some(directory) => directory.to_owned(),
        None => filing::directory_of(history)?.ok_or_else(|| Error::Usage {
            what: format!("the profile of session {session} in {} names no directory for records", store.place()),
            advice: "name one with --into DIR, or write [record] directory = \"docs/deployments\" in the profile"
                .to_owned(),
        })?,
    };
    let filed = filing::file(&directory, history, proofs)?;
    out.line(&filed.markdown.display().to_string());
    out.line(&filed.json.display().to_string());
    Ok(())
}
