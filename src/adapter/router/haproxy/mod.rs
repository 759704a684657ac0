//! HAProxy, steered by its Runtime API over a unix socket, TCP, or ssh to a socket of another host.
//!
//! # Parts
//! `address` says where it listens, `wire` holds one short connection, `ssh` the way to another host, `answer` takes an answer apart, `ask` says which commands a look needs, `look` makes a
//! [`Reading`] of their answers, `warn` says what an operator must know about it, `round` finds native weights for shares,
//! `prepare` makes a change of them, and `words` turns HAProxy's refusals into advice.
//!
//! # Invariants
//! - Every look and every change has a connection of its own, read until HAProxy closes it. HAProxy serves ten at once by
//!   default, and one that was open before a reload still speaks to the old process.
//! - Every line starts with `set severity-output number;`, so that every refusal starts with `[n]: ` and silence means yes.
//!   It changes nothing but the form of the answers; what [`Prepared::requests`] lists follows it on the same line.
//! - Weights are sent as absolute numbers: a percentage would be of the configured weight, which may be 0.
//! - Servers in maintenance and backups are never written.
//! - A change of several servers is one line, but HAProxy carries it out command by command, and a HAProxy that finds its client
//!   gone (it was stopped past the time-out) gives up after the first two or three. Weights that rise come first on the line, so
//!   what is left then is a pool that was raised and another that was not lowered, never nothing at all.

mod address;
mod answer;
mod ask;
mod config;
mod look;
mod prepare;
mod round;
mod ssh;
mod warn;
mod wire;
mod words;

pub use address::{Address, Remote};
pub use config::{Config, Shape};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::{Configured, Fence, Router, SetAnswer};
use crate::domain::{Capabilities, NativeSplit, Prepared, Reading, Refused, Target, Trouble};
use wire::{Door, Sent};

/// One HAProxy process.
#[derive(Debug)]
pub struct HaProxy {
    config: Config,
    door: Door,
}

impl HaProxy {
    /// A router for one configuration. Connects only when asked.
    pub fn new(config: Config) -> Self {
        let door = Door::new(config.address.clone());
        Self { config, door }
    }

    async fn look(&self) -> Result<Reading, Trouble> {
        let commands = ask::commands(&self.config.shape);
        let what = format!("read {}", self.config.address);
        let sections = self.door.ask(&what, &commands, self.config.timeout).await?;
        match look::reading(&self.config.shape, &what, &sections) {
            Ok(reading) => Ok(reading),
            Err(look::Misfit::Trouble(trouble)) => Err(trouble),
            Err(look::Misfit::Absent(absent)) => Err(self.name_what_exists(&what, absent).await),
        }
    }

    /// The profile names something that is not there: asks for what is there instead.
    async fn name_what_exists(&self, what: &str, absent: look::Absent) -> Trouble {
        let sections = self.door.ask(what, &[absent.list_command()], self.config.timeout).await;
        let found = sections.ok().and_then(|sections| sections.into_iter().next()).unwrap_or_default();
        absent.trouble(what, &found)
    }

    async fn write(&self, prepared: &Prepared, expected: Option<&NativeSplit>, fence: &dyn Fence) -> SetAnswer {
        let commands = match prepare::commands(&self.config.shape, &prepared.native) {
            Ok(commands) => commands,
            Err(refused) => return SetAnswer::NotSent(refused.to_string()),
        };
        if let Some(expected) = expected {
            match self.look().await {
                Err(trouble) => return SetAnswer::NotSent(trouble.to_string()),
                Ok(reading) if reading.native != *expected => return SetAnswer::Moved(reading.native),
                Ok(_) => {}
            }
        }
        let what = format!("set {}", self.config.address);
        let deadline = Instant::now() + self.config.timeout;
        let connection = match self.door.connect(&what, deadline).await {
            Ok(connection) => connection,
            Err(trouble) => return SetAnswer::NotSent(trouble.to_string()),
        };
        if let Err(why) = fence.may_send() {
            return SetAnswer::NotSent(why);
        }
        match wire::send(connection, &commands, deadline).await {
            Sent::Nothing(_, why) => SetAnswer::NotSent(format!("{what}: {why}; no byte of the change went out")),
            Sent::Perhaps(_, why) => SetAnswer::Unknown(format!(
                "{what}: {why}; the change may be taken, in part or not at all, and a stopped HAProxy takes it when it goes on"
            )),
            Sent::Answered(text) => judge(&what, &commands, &text),
        }
    }
}

/// Says what HAProxy's answers to a line of changes mean.
fn judge(what: &str, commands: &[String], text: &str) -> SetAnswer {
    let sections = match answer::sections(text, commands.len()) {
        Ok(sections) => sections,
        Err(torn) => return SetAnswer::Unknown(format!("{what}: {torn}; read the weights before anything else")),
    };
    let refusals: Vec<(&String, &String)> =
        commands.iter().zip(&sections).filter(|(_, section)| !section.is_empty()).collect();
    let Some((command, refusal)) = refusals.first() else { return SetAnswer::Accepted };
    let words = answer::words(refusal);
    let (refused, all) = (refusals.len(), commands.len());
    // Each command of a line is carried out whatever became of the one before it.
    let others = if refused < all { " and carried out the others" } else { "" };
    let advice = words::advice(&words);
    SetAnswer::Failed(format!(
        "{what}: HAProxy says `{words}` to `{command}`, refused {refused} of {all} commands{others}; {advice}"
    ))
}

impl Router for HaProxy {
    fn capabilities(&self) -> Capabilities {
        self.config.capabilities()
    }

    fn read(&self) -> BoxFuture<'_, Result<Reading, Trouble>> {
        self.look().boxed()
    }

    fn prepare(&self, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
        prepare::prepare(&self.config.shape, target, reading)
    }

    fn set<'a>(
        &'a self,
        prepared: &'a Prepared,
        expected: Option<&'a NativeSplit>,
        fence: &'a dyn Fence,
    ) -> BoxFuture<'a, SetAnswer> {
        self.write(prepared, expected, fence).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_means_yes_and_the_first_refusal_is_told_with_a_way_out() {
        let commands: Vec<String> = ["a", "b"].iter().map(|name| format!("set server app/{name} weight 1")).collect();
        assert_eq!(judge("set here", &commands, "\n\n\n"), SetAnswer::Accepted);
        let SetAnswer::Failed(why) = judge("set here", &commands, "\n\n[3]: No such server.\n\n") else {
            panic!("a refusal is a failure")
        };
        assert!(why.contains("`No such server.` to `set server app/b weight 1`"), "{why}");
        assert!(why.contains("refused 1 of 2 commands and carried out the others"), "{why}");
    }

    #[test]
    fn an_answer_that_stops_in_the_middle_proves_nothing() {
        let commands = vec!["set server app/a weight 1".to_owned(), "set server app/b weight 1".to_owned()];
        for torn in ["", "\n", "\n\n", "\n\n[3]: No su"] {
            assert!(matches!(judge("set here", &commands, torn), SetAnswer::Unknown(_)), "{torn:?}");
        }
    }
}
