//! `sessions`: what the journals hold.

use super::out::Out;
use super::place;
use crate::error::Error;
use crate::runtime::opening::short;

/// What `sessions` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Look in the journal that this profile names
    #[arg(long, value_name = "PROFILE")]
    profile: Option<std::path::PathBuf>,
    #[command(flatten)]
    state: place::StateArgs,
}

pub(super) async fn run(args: Args, out: &mut Out) -> Result<(), Error> {
    let state = args.state.directory()?;
    let loaded = args.profile.as_deref().map(crate::profile::load).transpose()?;
    let stores = place::journals(&state, loaded.as_ref()).await?;
    let sessions = place::sessions(&stores).await?;
    if sessions.is_empty() {
        out.note(&format!(
            "no session yet in the journals below {}; `flightdeck open PROFILE` begins one",
            state.display()
        ));
    }
    for (session, _) in sessions {
        let versions = match (session.from_version.as_str(), session.to_version.as_str()) {
            ("", "") => String::new(),
            (from, "") => format!("  {from}"),
            (from, to) => format!("  {from} → {to}"),
        };
        let end = session.closed.map_or_else(|| "open".to_owned(), |closing| closing.outcome);
        out.line(&format!(
            "{}  {}  {} {}{versions}  {}  {} entries  {end}",
            short(session.id),
            session.opened.long(),
            session.service,
            session.environment,
            session.by,
            session.entries,
        ));
    }
    Ok(())
}
