//! `join`: come aboard a session that runs, without a profile: the session's own is flown.

use std::path::PathBuf;

use super::out::Out;
use super::{deck, place};
use crate::domain::Why;
use crate::error::Error;
use crate::profile::JournalConfig;
use crate::runtime::{log, opening};

/// What `join` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flightdeck join /srv/flightdeck --as raj                 the session in a directory of this host
  flightdeck join nats://10.0.0.1:4222 --as raj            the session in a stream
  flightdeck join tls://nats.example:4222 --creds raj.creds --observe
  flightdeck join /srv/flightdeck --session 0193a5c2       one of several, by the start of its id

The profile is the one that the session was opened with. Secrets that its routers need are looked up on this host, \
where the profile says.")]
pub(super) struct Args {
    /// The journal: the whole path of its directory, or the addresses of NATS, parted by commas
    journal: String,
    /// The session, by the start of its id [default: the only one that is open]
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    #[command(flatten)]
    nats: NatsArgs,
    #[command(flatten)]
    seat: place::SeatArgs,
    #[command(flatten)]
    look: deck::LookArgs,
    #[command(flatten)]
    state: place::StateArgs,
}

/// How one gets into NATS.
#[derive(Debug, clap::Args)]
struct NatsArgs {
    /// The stream's name
    #[arg(long, value_name = "NAME", default_value = "FLIGHTDECK")]
    stream: String,
    /// What the stream's subjects begin with
    #[arg(long, value_name = "PREFIX", default_value = "flightdeck")]
    subject: String,
    /// A .creds file
    #[arg(long, value_name = "FILE")]
    creds: Option<PathBuf>,
    /// The user, with --password-file
    #[arg(long, value_name = "NAME", requires = "password_file")]
    user: Option<String>,
    /// A file that holds the user's password
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// Whom the servers' certificates must come from
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

pub(super) async fn run(args: Args, out: &mut Out) -> Result<(), Error> {
    let look = args.look.look()?;
    let state = args.state.directory()?;
    let (_log, complaint) = log::start(&state);
    if let Some(complaint) = complaint {
        out.note(&complaint);
    }
    let config = journal(&args.journal, args.nats)?;
    let nothing = || Error::NoSession {
        what: format!("there is no journal at {}", args.journal),
        advice: "name where the profile of the session keeps it; `flightdeck open PROFILE` begins one".to_owned(),
    };
    let store = place::existing_store(place::configured(&config, &state)).await?.ok_or_else(nothing)?;
    let mut open: Vec<_> = store.sessions().await?.into_iter().filter(|session| session.closed.is_none()).collect();
    if let Some(name) = &args.session {
        open.retain(|session| place::is_named(session.id, name));
    }
    let session = match open.as_slice() {
        [session] => session.id,
        [] => {
            return Err(Error::NoSession {
                what: format!("no such session is open in {}", store.place()),
                advice: "`flightdeck open PROFILE` begins one".to_owned(),
            });
        }
        several => {
            let listed: Vec<String> = several
                .iter()
                .map(|each| format!("{} {} in {}", opening::short(each.id), each.service, each.environment))
                .collect();
            return Err(Error::NoSession {
                what: format!("{} sessions are open in {}: {}", several.len(), store.place(), listed.join(", ")),
                advice: "name one with --session".to_owned(),
            });
        }
    };
    let intent = args.seat.intent(&state, String::new(), String::new(), Why::default());
    let opening = Box::pin(opening::join(store, None, session, &intent)).await?;
    Box::pin(deck::run(opening, None, look, &args.look, None)).await
}

fn journal(named: &str, nats: NatsArgs) -> Result<JournalConfig, Error> {
    if named.starts_with('/') {
        return Ok(JournalConfig::Directory(PathBuf::from(named)));
    }
    if named.contains('@') {
        return Err(Error::Usage {
            what: "the address holds a user or a secret, which everybody on this host could read".to_owned(),
            advice: "name --creds, or --user with --password-file".to_owned(),
        });
    }
    if named.contains("://") {
        return stream(named, nats);
    }
    Err(Error::Usage {
        what: format!("`{named}` is neither the whole path of a directory nor an address of NATS"),
        advice: "write /srv/flightdeck or nats://HOST:4222".to_owned(),
    })
}

#[cfg(feature = "nats")]
fn stream(named: &str, nats: NatsArgs) -> Result<JournalConfig, Error> {
    use crate::adapter::secret::SecretRef;
    use crate::profile::{NatsConfig, NatsLogin, NatsTls};

    let servers = named.split(',').map(|address| address.trim().to_owned()).collect();
    let login = match (nats.creds, nats.user, nats.password_file) {
        (Some(creds), None, _) => Some(NatsLogin::Credentials(SecretRef::File(creds))),
        (None, Some(user), Some(file)) => Some(NatsLogin::Password { user, password: SecretRef::File(file) }),
        (None, None, _) => None,
        (Some(_), Some(_), _) | (None, Some(_), None) => {
            return Err(Error::Usage {
                what: "several ways into NATS are named".to_owned(),
                advice: "name --creds, or --user with --password-file".to_owned(),
            });
        }
    };
    let tls = nats.ca.map(|ca| NatsTls { ca: Some(ca), identity: None, first: false });
    let (stream, subject) = (nats.stream, nats.subject);
    Ok(JournalConfig::Nats(NatsConfig { servers, stream, subject, replicas: 1, create: false, login, tls }))
}

#[cfg(not(feature = "nats"))]
fn stream(_named: &str, _nats: NatsArgs) -> Result<JournalConfig, Error> {
    Err(Error::Usage {
        what: "a journal on NATS needs the feature `nats`, which this flightdeck was built without".to_owned(),
        advice: "build it with: cargo install flightdeck --features nats".to_owned(),
    })
}
