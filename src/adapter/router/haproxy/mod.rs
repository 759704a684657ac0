//! HAProxy, steered by its Runtime API over a unix socket, TCP, or ssh to a socket of another host.
//!
//! # Parts
//! `address` says where it listens, `wire` holds one short connection, `ssh` the way to another host, `master` how its
//! master process speaks for a worker, `answer` takes an answer apart, `ask` says which commands a look needs, `look` makes a
//! [`Reading`] of their answers, `warn` says what an operator must know about it, `round` finds native weights for shares,
//! `prepare` makes a change of them, `sessions` lists and ends what lingers, and `words` turns HAProxy's refusals into advice.
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
mod master;
mod prepare;
mod round;
mod sessions;
mod ssh;
mod warn;
mod wire;
mod words;

pub use address::{Address, Remote};
pub use config::{Config, Shape};

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::{Configured, Fence, Router, SetAnswer};
use crate::domain::connection::{Connection, Ended};
use crate::domain::{Capabilities, NativeSplit, PoolId, Prepared, Reading, Refused, Target, Trouble};
use wire::{Door, Said, Sent};

/// One HAProxy process.
#[derive(Debug)]
pub struct HaProxy {
    config: Config,
    door: Door,
}

impl HaProxy {
    /// A router for one configuration. Connects only when asked.
    pub fn new(config: Config) -> Self {
        let door = Door::new(config.address.clone(), config.is_master);
        Self { config, door }
    }

    async fn look(&self) -> Result<Reading, Trouble> {
        let commands = ask::commands(&self.config.shape);
        let what = format!("read {}", self.config.address);
        let said = self.door.ask(&what, &commands, self.config.timeout).await?;
        let mut reading = match look::reading(&self.config.shape, &what, &said.sections) {
            Ok(reading) => reading,
            Err(look::Misfit::Trouble(trouble)) => return Err(trouble),
            Err(look::Misfit::Absent(absent)) => return Err(self.name_what_exists(&what, absent).await),
        };
        if let Some(workers) = said.workers {
            reading.generation = format!("after {} reloads", workers.reloads);
            if !workers.old.is_empty() {
                reading.warnings.push(self.about_old(&what, &workers.old).await);
            }
        }
        Ok(reading)
    }

    /// What workers from before a reload still do. One that does not answer never holds a look up for long.
    async fn about_old(&self, what: &str, old: &[String]) -> String {
        /// So many are asked; the others count as unknown.
        const ASKED: usize = 8;
        const PATIENCE: Duration = Duration::from_millis(300);
        let commands: Vec<String> = old.iter().take(ASKED).map(|pid| master::info_of(pid)).collect();
        let said = self.door.ask_spelled(what, &commands, self.config.timeout.min(PATIENCE)).await;
        let sections = said.map(|said| said.sections).unwrap_or_default();
        let count = |index: usize| sections.get(index).and_then(|section| master::connections(section));
        master::about_old(&(0..old.len()).map(count).collect::<Vec<_>>())
    }

    /// The profile names something that is not there: asks for what is there instead.
    async fn name_what_exists(&self, what: &str, absent: look::Absent) -> Trouble {
        let said = self.door.ask(what, &[absent.list_command()], self.config.timeout).await;
        let found = said.ok().and_then(|said| said.sections.into_iter().next()).unwrap_or_default();
        absent.trouble(what, &found)
    }

    async fn write(&self, prepared: &Prepared, expected: Option<&NativeSplit>, fence: &dyn Fence) -> SetAnswer {
        let commands = match prepare::commands(&self.config.shape, &prepared.native) {
            Ok(commands) => commands,
            Err(refused) => return SetAnswer::NotSent(refused.to_string()),
        };
        let commands: Vec<String> = commands.iter().map(|command| self.door.spelled(command)).collect();
        let mut seen = None;
        if let Some(expected) = expected {
            match self.look().await {
                Err(trouble) => return SetAnswer::NotSent(trouble.to_string()),
                Ok(reading) if reading.native != *expected => return SetAnswer::Moved(reading.native),
                Ok(reading) => seen = Some(reading.identity.process),
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
        match self.door.send(connection, &commands, deadline).await {
            Sent::Nothing(_, why) => SetAnswer::NotSent(format!("{what}: {why}; no byte of the change went out")),
            Sent::Perhaps(_, why) => SetAnswer::Unknown(format!(
                "{what}: {why}; the change may be taken, in part or not at all, and a stopped HAProxy takes it when it goes on"
            )),
            Sent::Answered(text) => match self.door.sections(&text, &commands) {
                Ok(said) => judge(&what, &commands, &said, seen.as_deref()),
                Err(torn) => SetAnswer::Unknown(format!("{what}: {torn}; read the weights before anything else")),
            },
        }
    }
}

/// Says what HAProxy's answers to a line of changes mean. `seen` is the process that was looked at just before.
fn judge(what: &str, commands: &[String], said: &Said, seen: Option<&str>) -> SetAnswer {
    if let (Some(seen), Some(workers)) = (seen, &said.workers)
        && workers.current != seen
    {
        return SetAnswer::Unknown(format!(
            "{what}: HAProxy was reloaded between the look and the write: worker {} was written, and {seen} was looked at; read \
             the weights before anything else",
            workers.current
        ));
    }
    let refusals: Vec<(&String, &String)> =
        commands.iter().zip(&said.sections).filter(|(_, section)| !section.is_empty()).collect();
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
        let mut prepared = prepare::prepare(&self.config.shape, target, reading)?;
        prepared.requests = prepared.requests.iter().map(|request| self.door.spelled(request)).collect();
        Ok(prepared)
    }

    fn set<'a>(
        &'a self,
        prepared: &'a Prepared,
        expected: Option<&'a NativeSplit>,
        fence: &'a dyn Fence,
    ) -> BoxFuture<'a, SetAnswer> {
        self.write(prepared, expected, fence).boxed()
    }

    fn connections<'a>(&'a self, pool: &'a PoolId) -> BoxFuture<'a, Result<Vec<Connection>, Trouble>> {
        self.list(pool).boxed()
    }

    fn end_connections<'a>(
        &'a self,
        pool: &'a PoolId,
        connections: &'a [Connection],
        fence: &'a dyn Fence,
    ) -> BoxFuture<'a, Ended> {
        self.end(pool, connections, fence).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_means_yes_and_the_first_refusal_is_told_with_a_way_out() {
        let commands: Vec<String> = ["a", "b"].iter().map(|name| format!("set server app/{name} weight 1")).collect();
        let judge = |text: &str| {
            let said = door().sections(text, &commands).expect("it is a whole answer");
            judge("set here", &commands, &said, None)
        };
        assert_eq!(judge("\n\n\n"), SetAnswer::Accepted);
        let SetAnswer::Failed(why) = judge("\n\n[3]: No such server.\n\n") else { panic!("a refusal is a failure") };
        assert!(why.contains("`No such server.` to `set server app/b weight 1`"), "{why}");
        assert!(why.contains("refused 1 of 2 commands and carried out the others"), "{why}");
    }

    #[test]
    fn an_answer_that_stops_in_the_middle_proves_nothing() {
        let commands = vec!["set server app/a weight 1".to_owned(), "set server app/b weight 1".to_owned()];
        for torn in ["", "\n", "\n\n", "\n\n[3]: No su"] {
            assert!(door().sections(torn, &commands).is_err(), "{torn:?}");
        }
    }

    #[test]
    fn a_worker_that_was_not_looked_at_is_no_yes() {
        let workers = Some(master::Workers { current: "43".to_owned(), ..master::Workers::default() });
        let said = Said { sections: vec![String::new()], workers };
        let commands = ["@1 set map m k 1".to_owned()];
        assert_eq!(judge("set here", &commands, &said, Some("43")), SetAnswer::Accepted);
        assert!(matches!(judge("set here", &commands, &said, Some("42")), SetAnswer::Unknown(_)));
    }

    fn door() -> Door {
        Door::new(Address::Tcp("127.0.0.1:1".to_owned()), false)
    }
}
