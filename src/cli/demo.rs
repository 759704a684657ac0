//! `demo`: the cockpit on the built-in world.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::out::Out;
use super::{deck, place};
use crate::domain::{Seat, Why};
use crate::error::Error;
use crate::journal::Place;
use crate::lab::{FaultEntry, Lab, LabControl, LabOptions};
use crate::profile;
use crate::runtime::deck::Demo;
use crate::runtime::look::Look;
use crate::runtime::{log, opening};

/// How many demos' journals are kept.
const KEPT: usize = 10;
/// Acts that deploy the new version, by the pool's name after it.
const DEPLOY: &str = "deploy to ";

/// The act that shows what a fault in a task does; in debug builds only.
#[cfg(debug_assertions)]
const PANIC: &str = "a task panics";

/// What `demo` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Two pools of three servers, two routers that really route, some hundred requests a second, logs and metrics, all on \
loopback ports picked free. The palette (:) has faults to switch on. Try: n, then y, and watch blue drain.

  flightdeck record latest               afterwards: the story of your flight")]
pub(super) struct Args {
    /// Shorten soaks, drains and deployments to a few seconds
    #[arg(long)]
    fast: bool,
    #[command(flatten)]
    look: deck::LookArgs,
    #[command(flatten)]
    state: place::StateArgs,
}

pub(super) async fn run(args: Args, out: &mut Out) -> Result<(), Error> {
    let look = args.look.look()?;
    let state = args.state.directory()?;
    let (_log, complaint) = log::start(&state);
    if let Some(complaint) = complaint {
        out.note(&complaint);
    }
    let options = if args.fast { LabOptions::fast() } else { LabOptions::default() };
    let (from, to) = (options.from.clone(), options.to.clone());
    let lab = Lab::start(options, &TaskTracker::new()).await?;
    let outcome = Box::pin(fly(&lab, (from, to), look, &args, &state)).await;
    lab.stop().await;
    outcome
}

async fn fly(
    lab: &Lab,
    (from_version, to_version): (String, String),
    look: Look,
    args: &Args,
    state: &Path,
) -> Result<(), Error> {
    let directory = lab.directory();
    let mut main = None;
    for (name, bytes) in lab.profile()? {
        let path = directory.join(name);
        fs::write(&path, bytes).map_err(|source| Error::File {
            what: "write the demo's profile",
            path: path.display().to_string(),
            source,
            advice: "set TMPDIR to a directory that can be written",
        })?;
        main.get_or_insert(path);
    }
    let main = main.unwrap_or_default();
    let loaded = profile::load(&main)?;
    let journals = place::demos(state);
    // Each demo has a world of its own, so its session cannot be gone on with by the next one.
    let store = place::store(Place::Private(journals.join(Uuid::now_v7().to_string()))).await?;
    prune(&journals);
    let intent = opening::Intent {
        operator: place::operator(None),
        seat: Seat::Operator,
        from_version,
        to_version,
        why: Why::default(),
        planned: None,
        key: None,
        state: state.to_owned(),
    };
    let opening = Box::pin(opening::open(store, loaded, &intent)).await?;
    Box::pin(deck::run(opening, Some(main), look, &args.look, Some(acts(lab.control())))).await
}

/// The acts and faults for the palette, and what does them.
fn acts(control: LabControl) -> Demo {
    let mut listed: Vec<(String, String)> =
        control.faults().into_iter().map(|entry| (entry.name, entry.help)).collect();
    let new = control.new_version().to_owned();
    for pool in ["blue", "green"] {
        listed.push((format!("{DEPLOY}{pool}"), format!("restart its servers one after the other with {new}")));
    }
    #[cfg(debug_assertions)]
    listed.push((PANIC.to_owned(), "a task that runs beside the cockpit ends with a fault".to_owned()));
    let act = move |name: &str| {
        #[cfg(debug_assertions)]
        if name == PANIC {
            tokio::spawn(async { panics() });
            return "a task was started that ends with a fault".to_owned();
        }
        if let Some(pool) = name.strip_prefix(DEPLOY) {
            return control.deploy(pool, control.new_version());
        }
        match control.faults().into_iter().find(|entry| entry.name == name) {
            // A fault that lasts is switched over, one that happens once happens.
            Some(FaultEntry { fault, is_on, .. }) => control.fault(fault, !is_on.unwrap_or(false)),
            None => format!("the built-in world has no `{name}`"),
        }
    };
    Demo { listed, act: Arc::new(act) }
}

/// A task with a fault.
#[cfg(debug_assertions)]
#[expect(clippy::panic, reason = "it is there to show what a panic does, in debug builds only")]
fn panics() {
    panic!("asked for in the palette");
}

/// Removes the oldest demos' journals; their names sort by time.
fn prune(journals: &Path) {
    let Ok(entries) = fs::read_dir(journals) else { return };
    let mut all: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    all.sort();
    for old in all.iter().rev().skip(KEPT) {
        if let Err(error) = fs::remove_dir_all(old) {
            tracing::warn!(%error, path = %old.display(), "an old demo's journal could not be removed");
        }
    }
}
