//! `follow-up`: what was left for after the end, ticked once the session is closed.

use std::path::PathBuf;
use std::sync::Arc;

use uuid::Uuid;

use super::out::Out;
use super::place;
use crate::domain::due::FollowUp;
use crate::domain::{CockpitId, EntryId, ItemId, Operator, Seat, SessionId};
use crate::entry::{Entry, History};
use crate::error::Error;
use crate::journal::{Appended, JournalError, Store};
use crate::runtime::{clock, filing, opening};
use crate::session::{Asked, Command, Session, decide};

/// How often the journal is asked to take it: others may write at the same moment.
const TRIES: u32 = 5;

/// What `follow-up` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flightdeck follow-up 0193a5c2                  what is left of this session, and by when
  flightdeck follow-up 0193a5c2 look-again       tick it; any part of its name or text that only it has
  flightdeck follow-up 0193a5c2 look-again --undo

What may be ticked is what was left when the session was closed; nothing else of a closed session changes. Where the \
profile has its record in files, they are written anew.")]
pub(super) struct Args {
    /// The session: `latest`, or the start of its id
    session: String,
    /// What was done; without it, what is left is listed
    item: Option<String>,
    /// Take the tick back
    #[arg(long, requires = "item")]
    undo: bool,
    /// The name that you work under [default: the login name]
    #[arg(long = "as", value_name = "NAME")]
    operator: Option<String>,
    /// Look in the journal that this profile names
    #[arg(long, value_name = "PROFILE")]
    profile: Option<PathBuf>,
    #[command(flatten)]
    state: place::StateArgs,
}

pub(super) async fn run(args: Args, out: &mut Out) -> Result<(), Error> {
    let state = args.state.directory()?;
    let loaded = args.profile.as_deref().map(crate::profile::load).transpose()?;
    let stores = place::journals(&state, loaded.as_ref()).await?;
    let (id, store) = place::session(&stores, &args.session, &state).await?;
    let session = whole(id, store.read(id, 1).await?)?.fold();
    if session.closed.is_none() {
        return Err(Error::Usage {
            what: format!("session {} is not closed", opening::short(id)),
            advice: "tick it in the cockpit: flightdeck open, or flightdeck join".to_owned(),
        });
    }
    if let Some(named) = &args.item {
        let item = find(&session, named)?.item.clone();
        let command = if args.undo { Command::Untick { item } } else { Command::Tick { item } };
        tick(&store, id, place::operator(args.operator), command).await?;
    }
    let session = store.read(id, 1).await?.fold();
    list(&session, out);
    if args.item.is_some() {
        match filing::file_session(store, id).await {
            Ok(Some(filed)) => out.note(&format!("the record is written anew in {}", filed.markdown.display())),
            Ok(None) => {}
            Err(error) => out.note(&format!("it is in the journal, but not in the record's files: {error}")),
        }
    }
    Ok(())
}

fn whole(session: SessionId, history: History) -> Result<History, Error> {
    match history.broken {
        Some(broken) => Err(Error::BrokenJournal { session, broken }),
        None => Ok(history),
    }
}

/// The one that is named: by its id, its end, or a part of its text that only it has.
fn find<'s>(session: &'s Session, named: &str) -> Result<&'s FollowUp, Error> {
    let lower = named.to_lowercase();
    let ends = |item: &ItemId| item.as_str() == named || item.as_str().rsplit('/').next() == Some(named);
    if let Some(found) = session.follow_ups.iter().find(|follow_up| ends(&follow_up.item)) {
        return Ok(found);
    }
    let has = |text: &str| text.to_lowercase().contains(&lower);
    let alike = |follow_up: &&FollowUp| has(follow_up.item.as_str()) || has(&follow_up.text);
    let found: Vec<&FollowUp> = session.follow_ups.iter().filter(alike).collect();
    match found.as_slice() {
        [one] => Ok(*one),
        several => Err(Error::Usage {
            what: format!("{} things that were left are like {named}", several.len()),
            advice: "name one of those that `flightdeck follow-up SESSION` lists".to_owned(),
        }),
    }
}

/// Decides it over what the journal holds, and appends it there.
async fn tick(store: &Arc<dyn Store>, id: SessionId, actor: Operator, command: Command) -> Result<(), Error> {
    let cockpit = CockpitId(Uuid::now_v7());
    let mut why = "others write into it all the time".to_owned();
    for counter in 1..=TRIES {
        let session = whole(id, store.read(id, 1).await?)?.fold();
        let procedure = opening::procedure_of(&session)?;
        let now = clock::now();
        let (actor, command) = (actor.clone(), command.clone());
        let asked =
            Asked { actor: actor.clone(), cockpit, seat: Seat::Operator, skew_ms: 0, intent_seen: None, now, command };
        let entry = Entry {
            session: id,
            number: session.head + 1,
            id: EntryId { cockpit, counter },
            cockpit,
            actor,
            at: now.wall.max(session.at),
            epoch: session.controls.as_ref().map_or(0, |controls| controls.epoch),
            events: decide(&session, &procedure, &asked).map_err(Error::Refused)?,
        };
        match store.append(entry.clone()).await {
            Appended::Kept { .. } => return Ok(()),
            // Whether it was kept is known once it is appended again, which is safe.
            Appended::Unknown(seen) => match store.append(entry).await {
                Appended::Kept { .. } => return Ok(()),
                _ => why = seen,
            },
            Appended::Unavailable(seen) => why = seen,
            Appended::Conflict { .. } | Appended::AlreadyOpen(_) => {}
        }
    }
    Err(JournalError::Unavailable { what: "write into", place: store.place(), why }.into())
}

fn list(session: &Session, out: &mut Out) {
    if session.follow_ups.is_empty() {
        out.line("nothing was left for after the end");
    }
    let now = clock::wall();
    for follow_up in &session.follow_ups {
        let FollowUp { item, text, due } = follow_up;
        let line = if let Some(tick) = session.ticks.get(item) {
            format!("✓ {text}  {}, {}", tick.by, tick.at.long())
        } else {
            let standing = session.follow_up_standing(follow_up, now).words();
            let name = item.as_str().rsplit('/').next().unwrap_or_default();
            format!("☐ {text}  {standing}, {}  [{name}]", due.long())
        };
        out.line(&line.replace(char::is_control, "?"));
    }
}
