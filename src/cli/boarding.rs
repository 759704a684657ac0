//! What coming aboard would find: the journal, its clock, the open session, the people and their keys. Makes nothing.

use std::path::{Path, PathBuf};

use super::check::Finding;
use super::place::{self, JournalPlace};
use crate::adapter::signer::{Tools, find_signer};
use crate::domain::{Durability, Operator, Trouble, TroubleKind};
use crate::error::Error;
use crate::journal::{Place, Store};
use crate::profile::Loaded;
use crate::runtime::{clock, opening, process};
use crate::session::Session;

/// A clock this far off the journal's is said (S2), in milliseconds,
const SKEW_SAID: u64 = 2_000;
/// and with this nothing moves forward.
const SKEW_TOO_FAR: u64 = 30_000;

/// Who would come aboard.
#[derive(Debug, clap::Args)]
pub(super) struct PersonArgs {
    /// The name that you work under; with keys, the one that the profile's list gives yours [default: the login name]
    #[arg(long = "as", value_name = "NAME")]
    operator: Option<String>,
    /// The file of your SSH key, where the profile wants it signed [default: the one in your agent that it lists]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Looks at all of it. A journal that cannot be used is given back as well: it ends the command in its own way.
pub(super) async fn look(loaded: &Loaded, state: &Path, person: &PersonArgs) -> (Vec<Finding>, Option<Error>) {
    let place = place::place(loaded, state);
    let future = future_of(&place);
    let (mut findings, mut failed) = (Vec::new(), None);
    match place::existing_store(place).await {
        Ok(Some(store)) => {
            findings.push(journal(loaded, &*store));
            findings.push(time(&*store).await);
            match session(loaded, &*store).await {
                Ok(said) => findings.push(good("session", said)),
                Err(error) => failed = Some(error),
            }
        }
        Ok(None) => findings.push(Finding { name: "journal".to_owned(), result: future, remarks: Vec::new() }),
        Err(error) => failed = Some(error),
    }
    findings.push(people(loaded, person).await);
    (findings, failed)
}

fn good(name: &str, said: impl Into<String>) -> Finding {
    Finding { name: name.to_owned(), result: Ok(said.into()), remarks: Vec::new() }
}

/// What becomes of a journal that is not there yet.
fn future_of(place: &JournalPlace) -> Result<String, Trouble> {
    match place {
        JournalPlace::Local(Place::Private(directory)) => Ok(format!(
            "{}: not there yet, the first session makes it; {}, SOLO, this host only",
            directory.display(),
            Durability::Synced.words()
        )),
        JournalPlace::Local(Place::Shared(directory)) if directory.is_dir() => Ok(format!(
            "{}: not there yet, the first session makes it; {}, who may write in the directory may join",
            directory.display(),
            Durability::Synced.words()
        )),
        JournalPlace::Local(Place::Shared(directory)) => Err(Trouble::new(
            TroubleKind::Unreachable,
            format!("look at the journal in {}", directory.display()),
            "there is no such directory",
            format!("make it for the group of your operators: install -d -m 2770 -g GROUP {}", directory.display()),
        )),
        #[cfg(feature = "nats")]
        JournalPlace::Nats(config) if config.create => Ok(format!(
            "the servers answer, and have no stream {}: the first session makes it with {} replicas",
            config.stream, config.replicas
        )),
        #[cfg(feature = "nats")]
        JournalPlace::Nats(config) => Err(Trouble::new(
            TroubleKind::Mismatch,
            format!("look at the stream {} on {}", config.stream, config.servers.join(", ")),
            "the servers have no such stream, and the profile says create = false",
            "have it made, or leave `create` out of [journal]",
        )),
    }
}

fn journal(loaded: &Loaded, store: &dyn Store) -> Finding {
    let who = if store.is_private() { "SOLO, this host only" } else { "others may join" };
    let what = format!("{}: {}, {who}", store.place(), store.durability().words());
    // The same as at opening (J5).
    let objection = if !loaded.procedure.confirm.asks_two() {
        None
    } else if store.is_private() {
        Some("nobody else can join it, and this profile asks two people")
    } else if store.durability() == Durability::MemoryOfOne {
        Some("it is in the memory of one server, and this profile asks two people")
    } else {
        None
    };
    let result = match objection {
        None => Ok(what),
        Some(why) => Err(Trouble::new(
            TroubleKind::Mismatch,
            format!("use the journal at {}", store.place()),
            why,
            "name a directory that both can write, or a stream with three replicas",
        )),
    };
    Finding { name: "journal".to_owned(), result, remarks: Vec::new() }
}

async fn time(store: &dyn Store) -> Finding {
    skew(store.clock_offset().await)
}

fn skew(offset: Option<i64>) -> Finding {
    let Some(offset) = offset else {
        return good("clock", "the journal does not say what time it has");
    };
    let seconds = format!("{}.{:03} s", offset.unsigned_abs() / 1000, offset.unsigned_abs() % 1000);
    let side = if offset < 0 { "ahead of" } else { "behind" };
    let said = format!("{seconds} {side} the journal's");
    match offset.unsigned_abs() {
        0 => good("clock", "the journal's"),
        skew if skew > SKEW_TOO_FAR => Finding {
            name: "clock".to_owned(),
            result: Err(Trouble::new(
                TroubleKind::Mismatch,
                "compare this host's clock",
                said,
                "set it by NTP: from more than 30 s off, nothing moves forward",
            )),
            remarks: Vec::new(),
        },
        skew if skew > SKEW_SAID => {
            let remarks = vec!["times in the record come from several clocks: set this one by NTP".to_owned()];
            Finding { name: "clock".to_owned(), result: Ok(said), remarks }
        }
        _ => good("clock", said),
    }
}

/// The open session and who drives it.
async fn session(loaded: &Loaded, store: &dyn Store) -> Result<String, Error> {
    let (service, environment) = (&loaded.procedure.service, &loaded.procedure.environment);
    let Some(id) = store.unclosed(service, environment).await? else {
        return Ok("none is open; `open` begins one".to_owned());
    };
    let session = store.read(id, 1).await?.fold();
    let begun = session.opened.as_ref().map(|opened| format!(" by {} since {}", opened.by, opened.at.long()));
    Ok(format!("{}{}; {}", opening::short(id), begun.unwrap_or_default(), driver(&session)))
}

/// Who drives, in words.
pub(super) fn driver(session: &Session) -> String {
    match &session.controls {
        Some(held) if process::is_gone(&held.holder.process, session.is_on_one_host()) => {
            format!("nobody drives: {}'s process {} is gone", held.holder.operator, held.holder.process.pid)
        }
        Some(held) => {
            let (by, process) = (&held.holder.operator, &held.holder.process);
            format!("{by} drives, process {} on {}", process.pid, process.host)
        }
        None => "nobody drives".to_owned(),
    }
}

/// Keys, and whether this person has one.
async fn people(loaded: &Loaded, person: &PersonArgs) -> Finding {
    let Some(allowed) = &loaded.allowed_signers else {
        return good("people", "the profile names no keys: names are claims");
    };
    let operator: Operator = place::operator(person.operator.clone());
    let now = clock::now().wall;
    let found = find_signer(&Tools::from_environment(), person.key.as_deref(), allowed, operator.as_str(), now).await;
    let listed = match allowed.entries().len() {
        1 => "1 key may sign".to_owned(),
        count => format!("{count} keys may sign"),
    };
    let (said, remarks) = match found {
        Ok(Some(signer)) => (format!("{listed}; you sign as {operator} with {signer}"), Vec::new()),
        Ok(None) => {
            let why = format!(
                "nothing can be confirmed by {operator} from here: no key of theirs is in the agent; load it with ssh-add, \
                 name it with --key, or name yourself with --as"
            );
            (listed, vec![why])
        }
        Err(trouble) => (listed, vec![format!("nothing can be confirmed by {operator} from here: {trouble}")]),
    };
    Finding { name: "people".to_owned(), result: Ok(said), remarks }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_said_from_two_seconds_and_refused_from_thirty() {
        let told = |offset| {
            let finding = skew(Some(offset));
            (finding.result.is_ok(), finding.remarks.len())
        };
        assert_eq!([told(0), told(-1_999), told(2_001)], [(true, 0), (true, 0), (true, 1)]);
        assert_eq!([told(-30_000), told(30_001), told(-40_000)], [(true, 1), (false, 0), (false, 0)]);
        assert_eq!(skew(Some(-2_500)).result, Ok("2.500 s ahead of the journal's".to_owned()));
    }
}
