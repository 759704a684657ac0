//! The command line: one file per command, and help that teaches.

mod ask;
mod boarding;
mod check;
mod deck;
#[cfg(feature = "lab")]
mod demo;
mod follow_up;
mod import;
mod join;
mod open;
mod out;
mod place;
mod record;
mod rollback;
mod schema;
mod sessions;
mod status;
mod verify;

use std::ffi::OsString;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use self::out::Out;
use crate::error::{Error, Exit};
use crate::runtime::terminal::panic;

/// Moves traffic between a blue and a green pool in small steps, watches the old pool drain, and goes back.
#[derive(Debug, Parser)]
#[command(name = "flightdeck", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Begin here:
  flightdeck demo                        a little world on this machine
  flightdeck check payments.toml         does the profile fit what is there? Changes nothing
  flightdeck open payments.toml          the cockpit

`flightdeck help COMMAND` says more about each; in the cockpit, `?` lists the keys.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Fly a built-in world on loopback: real routers, servers, load and faults, gone when it ends
    #[cfg(feature = "lab")]
    Demo(demo::Args),
    /// Open the cockpit on a profile: begin a session, or go on with the one that is open
    Open(open::Args),
    /// Come aboard a session that runs, with the profile that it was opened with
    Join(join::Args),
    /// Validate a profile and look at every router, log and metric source, changing nothing
    Check(check::Args),
    /// Draft a profile from a runbook: its headings, boxes, steps, commands and links
    Import(import::Args),
    /// Print every router's split as read now, and the session in progress
    Status(status::Args),
    /// Go back without the cockpit: shows what will be sent, asks, sends it, reads it back
    Rollback(rollback::Args),
    /// Tell the story of a session as Markdown or JSON
    Record(record::Args),
    /// List the sessions that the journals on this machine hold, and search them
    Sessions(sessions::Args),
    /// Tick what was left for after the end of a session that is closed
    FollowUp(follow_up::Args),
    /// Print the JSON Schema of profiles, for editors, or of records
    Schema(schema::Args),
}

fn long_help() -> String {
    let mut text = format!("{EXAMPLES}\n\nExit codes:\n");
    for (code, meaning) in Exit::TABLE {
        text.push_str("  ");
        text.push_str(&code.to_string());
        text.push_str("  ");
        text.push_str(meaning);
        text.push('\n');
    }
    text.push_str("  128 + n  ended in order by signal n\n\nEnvironment:\n");
    text.push_str("  FLIGHTDECK_STATE_DIR  where journals and flightdeck's own log are kept\n");
    text.push_str("  FLIGHTDECK_LOG        how much its own log says: off, error, warn, info, debug, trace\n");
    text.push_str("  NO_COLOR              draw without colour");
    text
}

/// Runs a command line and says how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    panic::install();
    let mut out = Out::new();
    let parsed =
        Cli::command().try_get_matches_from(arguments).and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
    let exit = match parsed {
        Ok(cli) => perform(cli.command, &mut out),
        Err(error) => {
            // Help and version go to standard output and are no failure.
            error.print().ok();
            if error.use_stderr() { Exit::Usage } else { Exit::Done }
        }
    };
    ExitCode::from(exit.code())
}

/// How many tasks have their turn before the loop has its own: with a thousand routers a key must not wait for all of them.
const TURNS: u32 = 16;

fn perform(command: Command, out: &mut Out) -> Exit {
    // Without it no TLS connection can be made; that it is set already is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = match runtime(&command) {
        Ok(runtime) => runtime,
        Err(error) => {
            out.error(&format!("failed to start: {error}; look at the limits of this shell (ulimit -a)"));
            return Exit::Internal;
        }
    };
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(Box::pin(dispatch(command, out)))));
    // What still blocks (a person who was asked something) must not keep the program alive.
    runtime.shutdown_timeout(Duration::from_millis(300));
    match outcome {
        Ok(Ok(())) => Exit::Done,
        Ok(Err(error)) => {
            if !matches!(error, Error::Signal { .. }) {
                out.error(&error.to_string());
            }
            error.exit()
        }
        Err(_told_by_the_hook) => Exit::Internal,
    }
}

/// The loop and what it asks of routers share one thread: an answer wakes no other thread on its way to the screen. What
/// blocks, and logs and metrics, have threads of their own (S3). The demo's world gets threads, too.
fn runtime(command: &Command) -> std::io::Result<tokio::runtime::Runtime> {
    #[cfg(feature = "lab")]
    if matches!(command, Command::Demo(_)) {
        return tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    }
    #[cfg(not(feature = "lab"))]
    let _: &Command = command;
    tokio::runtime::Builder::new_current_thread().event_interval(TURNS).enable_all().build()
}

async fn dispatch(command: Command, out: &mut Out) -> Result<(), Error> {
    match command {
        #[cfg(feature = "lab")]
        Command::Demo(args) => Box::pin(demo::run(args, out)).await,
        Command::Open(args) => Box::pin(open::run(args, out)).await,
        Command::Join(args) => Box::pin(join::run(args, out)).await,
        Command::Check(args) => Box::pin(check::run(args, out)).await,
        Command::Import(args) => import::run(&args, out),
        Command::Status(args) => Box::pin(status::run(args, out)).await,
        Command::Rollback(args) => Box::pin(rollback::run(args, out)).await,
        Command::Record(args) => Box::pin(record::run(args, out)).await,
        Command::Sessions(args) => Box::pin(sessions::run(args, out)).await,
        Command::FollowUp(args) => Box::pin(follow_up::run(args, out)).await,
        Command::Schema(args) => schema::run(&args, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_listed_exit_codes_are_the_ones_used() {
        let used = [
            Exit::Done,
            Exit::Internal,
            Exit::Usage,
            Exit::Profile,
            Exit::Unreachable,
            Exit::NotVerified,
            Exit::Journal,
            Exit::Refused,
            Exit::Signature,
        ];
        let listed: Vec<u8> = Exit::TABLE.iter().map(|(code, _)| *code).collect();
        assert_eq!(used.map(Exit::code).as_slice(), listed);
        assert_eq!(Exit::Signal(15).code(), 143);
    }
}
