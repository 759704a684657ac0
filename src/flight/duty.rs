//! Commands of items: run here once their intent is kept, ended where somebody wants that, and told as ended with their
//! cockpit where that is gone (I2). What is read aloud and who is called needs no more than the journal.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Effect, Flight, Tone};
use crate::domain::duty::CommandEnd;
use crate::domain::{ChangeId, ItemId, Now, Timestamp};
use crate::session::command::Command;
use crate::session::duty::Duty;
use crate::session::event::Event;
use crate::session::flaw::{self, Flaw};
use crate::session::item::{Calling, Ended, ItemRun, Reading, Starting};
use crate::session::proposal::Confirmation;

/// What this process has to do with commands.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Commands {
    /// Runs that this process confirmed, and begins once their intent is kept (C4).
    ready: BTreeSet<ChangeId>,
    /// Runs of cockpits that are gone, on their way into the journal.
    lost: BTreeSet<ChangeId>,
}

/// A command that is to be run, as it was shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunCommand {
    /// The run.
    pub run: ChangeId,
    /// The item.
    pub item: ItemId,
    /// The command.
    pub command: String,
    /// What it is handed to.
    pub shell: Vec<String>,
    /// Where it runs.
    pub directory: String,
    /// How long it may run.
    pub limit: Duration,
    /// The variables of the environment that are handed on; `None` for all of them.
    pub environment: Option<Vec<String>>,
    /// After this it is not started any more.
    pub deadline: Timestamp,
}

/// What is to be run, as it was confirmed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Confirmed {
    /// The item.
    pub item: ItemId,
    /// The command, as it was shown.
    pub command: String,
    /// Where it runs, as it was shown.
    pub directory: String,
    /// How it was confirmed.
    pub confirmation: Confirmation,
}

impl Flight {
    /// Something about items or contacts is asked by a person.
    pub(super) fn ask_duty(&mut self, now: Now, mut duty: Duty) {
        if let Duty::Answer { present, .. } = &mut duty {
            *present = self.present(now.elapsed).map(|presence| presence.cockpit).collect();
        }
        self.ask(now, Command::Duty(Box::new(duty)));
    }

    pub(super) fn run_command(&mut self, now: Now, confirmed: Confirmed) {
        self.counters.changes += 1;
        let run = ChangeId { cockpit: self.me.cockpit, counter: self.counters.changes };
        self.commands.ready.insert(run);
        let Confirmed { item, command, directory, confirmation } = confirmed;
        let shell = self.procedure.shell.as_ref().map(|shell| shell.words.clone()).unwrap_or_default();
        self.ask_duty(now, Duty::Run { run, item, command, shell, directory, confirmation });
    }

    pub(super) fn command_ended(&mut self, now: Now, ended: Ended, out: &mut Vec<Effect>) {
        let Ended { run, item, end, took_ms, lines, dropped } = ended;
        let text = self.procedure.checklist.item(&item).map_or(item.as_str(), |item| item.text.as_str());
        let tone = if end.is_good() { Tone::Good } else { Tone::Warn };
        out.push(Effect::tell(tone, format!("{}: the command of \"{text}\"", end.words())));
        self.note(now, Command::Duty(Box::new(Duty::NoteEnded { run, end, took_ms, lines, dropped })));
    }

    pub(super) fn react_to_duty(&mut self, now: Now, event: &Event, out: &mut Vec<Effect>) {
        if let Event::ItemRun(run) = event {
            match &**run {
                ItemRun::Starting(starting) => self.begin_command(now, starting, out),
                ItemRun::Stopping { run } => {
                    let owner = self.session.duties.run(*run).map(|known| known.starting.what.owner);
                    if owner == Some(self.me.cockpit) {
                        out.push(Effect::StopCommand { run: *run });
                    }
                }
                ItemRun::Ended(ended) => {
                    self.commands.lost.remove(&ended.run);
                    if ended.end == CommandEnd::CockpitGone {
                        let text = format!("the command of {} ended with the cockpit in which it ran", ended.item);
                        out.push(Effect::tell(Tone::Warn, text));
                    }
                }
            }
        }
        if let Event::ItemRead(reading) = event
            && let Reading::NotSo { text, word, .. } = &**reading
        {
            out.push(Effect::tell(Tone::Bad, format!("not so: {text}: {word}")));
        }
        if let Event::Calling(calling) = event
            && let Calling::Declared { what } = &**calling
        {
            out.push(Effect::tell(Tone::Bad, format!("an incident is declared: {what}")));
        }
    }

    /// The intent is kept: now it may run, in the process that confirmed it alone.
    fn begin_command(&mut self, now: Now, starting: &Starting, out: &mut Vec<Effect>) {
        let mine = self.commands.ready.remove(&starting.run) && starting.owner == self.me.cockpit;
        if !mine && !flaw::is(Flaw::CommandsForOthers) {
            return;
        }
        let Some(shell) = &self.procedure.shell else { return };
        if now.wall > starting.deadline {
            let why = "its intent was kept too late".to_owned();
            let end = CommandEnd::NotStarted { why };
            let duty = Duty::NoteEnded { run: starting.run, end, took_ms: 0, lines: Vec::new(), dropped: 0 };
            return self.note(now, Command::Duty(Box::new(duty)));
        }
        out.push(Effect::RunCommand(Box::new(RunCommand {
            run: starting.run,
            item: starting.item.clone(),
            command: starting.command.clone(),
            shell: starting.shell.clone(),
            directory: starting.directory.clone(),
            limit: shell.limit,
            environment: shell.environment.clone(),
            deadline: starting.deadline,
        })));
    }

    /// Commands of cockpits of which nothing is heard any more ended with them: the driver writes that down.
    pub(super) fn look_after_commands(&mut self, now: Now) {
        if !self.drives() || !self.crew.shared || !self.session.is_open() {
            return;
        }
        let patience = self.procedure.people.silence * 3;
        let others = self.session.duties.runs.iter().filter(|run| run.is_running());
        let others = others.filter(|run| run.starting.what.owner != self.me.cockpit);
        let gone = others.filter(|run| self.silent_for(run.starting.what.owner, now.elapsed) >= patience);
        let gone: Vec<ChangeId> = gone.map(crate::session::item::Run::id).collect();
        for run in gone {
            if self.commands.lost.insert(run) {
                let end = CommandEnd::CockpitGone;
                let duty = Duty::NoteEnded { run, end, took_ms: 0, lines: Vec::new(), dropped: 0 };
                self.note(now, Command::Duty(Box::new(duty)));
            }
        }
    }
}
