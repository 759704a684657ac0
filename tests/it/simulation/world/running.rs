//! I1 to I4: items beside their ticks: the procedures that have them, the fingers that tick, run, read aloud and call, hosts
//! that run commands, and a naive account of what was confirmed by whom.

use std::time::Duration;

use flightdeck::domain::checklist::Command;
use flightdeck::domain::duty::{CommandEnd, Wait, WaitFrom};
use flightdeck::flight::duty::{Confirmed, RunCommand};
use flightdeck::session::duty::Duty;
use flightdeck::session::item::{Calling, Ended, ItemRun, ReadBy, Reading as Aloud, Starting, Ticking};

use super::check::millis;
use super::*;
use crate::support::duty::{contacts, item, shell};

/// What is known of items.
pub struct Running {
    /// Its own, so that flights without commands are what they were before there were any.
    random: Random,
    /// Whether this flight has commands.
    pub flies: bool,
    /// Runs that a process began, with where.
    begun: BTreeMap<ChangeId, usize>,
    /// Runs that the journal has, and that are not over by it.
    open: BTreeMap<ChangeId, Starting>,
    /// Runs that were told as ended with their cockpit.
    gone: BTreeSet<ChangeId>,
    ticked: BTreeSet<ItemId>,
    /// Times that a key began.
    begun_at: BTreeMap<ItemId, Timestamp>,
    /// What is read aloud: in which entry, by whom, in which cockpit.
    read: Option<(u64, ItemId, Operator, CockpitId)>,
    /// Answers that were tried in a cockpit while nobody else was there, by the entry that was read.
    alone: BTreeSet<(CockpitId, u64)>,
    incident: bool,
}

/// Two flights of twelve have commands.
const SOME: (u64, [u64; 2]) = (12, [1, 11]);
const HEALTH: &str = "deploy/health";
const CHANNEL: &str = "deploy/channel";
const COMMAND: &str = "./smoke.sh blue";
const WAIT: Duration = Duration::from_secs(3);

impl Running {
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed ^ 0x636f_6d6d_616e_6473),
            flies: SOME.1.contains(&(seed % SOME.0)),
            begun: BTreeMap::new(),
            open: BTreeMap::new(),
            gone: BTreeSet::new(),
            ticked: BTreeSet::new(),
            begun_at: BTreeMap::new(),
            read: None,
            alone: BTreeSet::new(),
            incident: false,
        }
    }

    /// One item with a command, and one that comes after it and waits for a time.
    pub fn procedure(&mut self, mut procedure: Procedure) -> Procedure {
        if !self.flies {
            return procedure;
        }
        item(&mut procedure, HEALTH).commands = vec![Command { language: "bash".to_owned(), text: COMMAND.to_owned() }];
        let rules = &mut item(&mut procedure, CHANNEL).rules;
        rules.after = vec![ItemId::new(HEALTH)];
        rules.wait = Some(Wait { span: WAIT, from: WaitFrom::Key });
        procedure.shell = Some(shell());
        procedure.contacts = contacts();
        procedure
    }
}

impl World {
    /// Somebody ticks, runs a command or ends one, reads aloud or answers, or calls people.
    pub fn act_on_items(&mut self) {
        if !self.running.flies || !self.running.random.chance(45) {
            return;
        }
        let awake: Vec<usize> = self.alive().into_iter().filter(|at| !self.cockpits[*at].asleep).collect();
        let Some(at) = self.running.random.pick(&awake).copied() else { return };
        let items = [ItemId::new(HEALTH), ItemId::new(CHANNEL)];
        let item = self.running.random.pick(&items).cloned().unwrap_or_else(|| ItemId::new(HEALTH));
        let duties = &self.cockpits[at].flight.session.duties;
        let running: Vec<ChangeId> = duties.runs.iter().map(flightdeck::session::item::Run::id).collect();
        let incident = duties.incident.is_some();
        let random = &mut self.running.random;
        let roll = random.below(100);
        let duty = match roll {
            0..30 => {
                let other = random.chance(4);
                let command = if other { "rm -rf /srv" } else { COMMAND }.to_owned();
                let confirmation = Confirmation::new(Gesture::Key, !random.chance(4));
                let (item, directory) = (ItemId::new(HEALTH), "/srv".to_owned());
                let confirmed = Confirmed { item, command, directory, confirmation };
                // Two keys at once, now and then in two cockpits.
                let again = random.chance(25);
                let other = if random.chance(50) { random.pick(&awake).copied().unwrap_or(at) } else { at };
                if again {
                    self.ask(other, Ask::RunCommand(Box::new(confirmed.clone())));
                }
                return self.ask(at, Ask::RunCommand(Box::new(confirmed)));
            }
            30..37 => match random.pick(&running).copied() {
                Some(run) => Duty::Stop { run },
                None => return,
            },
            37..47 => return self.ask(at, Ask::ToggleItem(item)),
            47..52 => {
                let reason = if random.chance(10) { String::new() } else { "said on the call".to_owned() };
                Duty::TickDespite { item, reason }
            }
            52..60 => Duty::Wait { item },
            60..70 => Duty::Read { item },
            70..86 => return self.answer_aloud(at),
            86 => Duty::EndReading,
            87..91 => Duty::Declare { what: "errors".to_owned() },
            91..95 => Duty::Call { contact: contacts()[0].words(), answered: random.chance(50) },
            95..97 if incident => Duty::CallOff,
            _ => return,
        };
        self.ask(at, Ask::Duty(Box::new(duty)));
    }

    fn answer_aloud(&mut self, at: usize) {
        let Some(read) = self.cockpits[at].flight.session.duties.reading.clone() else { return };
        let cockpit = &self.cockpits[at];
        let silence = millis(cockpit.flight.procedure.people.silence);
        // Who was heard that lately is there, whatever the way of counting.
        let there =
            |other: CockpitId| cockpit.heard.get(&other).is_some_and(|(heard, _)| self.time - heard + 300 < silence);
        let mut aboard = cockpit.flight.session.aboard.iter();
        let is_other =
            aboard.any(|(other, aboard)| aboard.seat == Seat::Operator && aboard.operator != read.by && there(*other));
        if !is_other {
            self.running.alone.insert((cockpit.flight.me.cockpit, read.entry));
        }
        let not_so = self.running.random.chance(30).then(|| "one server answers 404".to_owned());
        let (item, reading) = (read.what.item, read.entry);
        let duty = Duty::Answer { item, reading, not_so, present: BTreeSet::new() };
        self.ask(at, Ask::Duty(Box::new(duty)));
    }

    /// I2: a process begins a command: under a kept intent, once, exactly what was shown, where it was confirmed.
    pub fn serve_command(&mut self, at: usize, command: RunCommand) {
        if !self.cockpits[at].alive {
            return;
        }
        if self.cockpits[at].asleep {
            return self.later(50, Due::Command(at, Box::new(command)));
        }
        let run = command.run;
        let kept = self.store.entries.iter().flat_map(|kept| &kept.entry.events).find_map(|event| match event {
            Event::ItemRun(item_run) => match &**item_run {
                ItemRun::Starting(starting) if starting.run == run => Some((**starting).clone()),
                _ => None,
            },
            _ => None,
        });
        let Some(starting) = kept else {
            return self.broke("I2", "a command was begun before its intent was kept");
        };
        if starting.owner != self.cockpits[at].flight.me.cockpit {
            return self.broke("I2", "a command was begun by another cockpit than the one that confirmed it");
        }
        if (&starting.command, &starting.shell, &starting.item) != (&command.command, &command.shell, &command.item)
            || command.command != COMMAND
        {
            return self.broke("I2", "another command was begun than was shown");
        }
        if self.running.begun.insert(run, at).is_some() {
            return self.broke("I2", "a command was begun twice");
        }
        if self.now(at).wall > command.deadline {
            let why = "its time to be started was over".to_owned();
            return self.end_command(at, run, CommandEnd::NotStarted { why }, 0);
        }
        self.seen.mark("command run");
        let random = &mut self.running.random;
        let (code, delay) = (i32::from(random.chance(30)), 100 + random.below(3_000));
        self.end_command(at, run, CommandEnd::Exited { code }, delay);
    }

    fn end_command(&mut self, at: usize, run: ChangeId, end: CommandEnd, delay: u64) {
        let (item, lines) = (ItemId::new(HEALTH), Vec::new());
        let ended = Ended { run, item, end, took_ms: delay, lines, dropped: 0 };
        self.answer(at, delay, Msg::CommandEnded(Box::new(ended)));
    }

    /// Killed where it runs; the end by itself that was on its way comes all the same, and changes nothing.
    pub fn stop_command(&mut self, at: usize, run: ChangeId) {
        if self.running.begun.get(&run) == Some(&at) {
            self.seen.mark("command cancelled");
            self.end_command(at, run, CommandEnd::Cancelled, 30);
        }
    }

    /// What must be true of an event at its place in the journal; and what it changes in the account.
    pub fn check_items(&mut self, entry: &Entry, event: &Event, fold: &Session) {
        if !self.running.flies {
            return;
        }
        match event {
            Event::ItemRun(run) => self.check_run(entry, run),
            Event::ItemTicked { item, ticking, .. } => self.check_ticked(entry, item, ticking),
            Event::ItemUnticked { item, .. } => {
                self.running.ticked.remove(item);
                self.running.begun_at.remove(item);
                self.running.read.take_if(|(_, read, ..)| read == item);
            }
            Event::ItemWaiting { item, .. } => _ = self.running.begun_at.insert(item.clone(), entry.at),
            Event::ItemRead(reading) => self.check_read(entry, reading, fold),
            Event::Calling(calling) => match &**calling {
                Calling::Declared { .. } => {
                    if std::mem::replace(&mut self.running.incident, true) {
                        self.broke("I4", "an incident was declared while one stands");
                    }
                }
                Calling::Called { .. } => self.seen.mark("somebody called"),
                Calling::Over => {
                    if !std::mem::replace(&mut self.running.incident, false) {
                        self.broke("I4", "an incident was called off that nobody declared");
                    }
                }
            },
            Event::CockpitLeft { .. } => {
                let left: Vec<ChangeId> = self.open_of(entry.cockpit);
                for run in left {
                    self.running.open.remove(&run);
                    self.running.gone.insert(run);
                }
                self.running.read.take_if(|(.., cockpit)| *cockpit == entry.cockpit);
            }
            _ => {}
        }
    }

    fn open_of(&self, cockpit: CockpitId) -> Vec<ChangeId> {
        let mine = self.running.open.iter().filter(|(_, starting)| starting.owner == cockpit);
        mine.map(|(run, _)| *run).collect()
    }

    fn check_run(&mut self, entry: &Entry, run: &ItemRun) {
        match run {
            ItemRun::Starting(starting) => {
                if starting.owner != entry.cockpit || !starting.confirmation.seen {
                    self.broke("I2", "a command was confirmed for another cockpit, or unseen");
                }
                if self.running.open.values().any(|other| other.item == starting.item) {
                    self.broke("I2", "two commands of one item run side by side");
                }
                self.running.open.insert(starting.run, (**starting).clone());
            }
            ItemRun::Stopping { run } => {
                if !self.running.open.contains_key(run) {
                    self.broke("I2", "a command was cancelled that does not run");
                }
            }
            ItemRun::Ended(ended) => {
                let open = self.running.open.remove(&ended.run);
                let was_gone = self.running.gone.remove(&ended.run);
                if ended.end == CommandEnd::CockpitGone {
                    self.seen.mark("command ended with its cockpit");
                    self.running.gone.insert(ended.run);
                } else if open.as_ref().is_some_and(|starting| starting.owner != entry.cockpit) {
                    self.broke("I2", "another cockpit told how a command ended");
                }
                if open.is_none() && (!was_gone || ended.end == CommandEnd::CockpitGone) {
                    self.broke("I2", "a command ended twice");
                }
            }
        }
    }

    /// I1: out of its order and before its time only with a reason; I3: answered by another one, or alone.
    fn check_ticked(&mut self, entry: &Entry, item: &ItemId, ticking: &Ticking) {
        if !self.running.ticked.insert(item.clone()) {
            self.broke("I1", "an item was ticked twice");
        }
        let read = self.running.read.take_if(|(_, read, ..)| read == item);
        if let Some(by) = &ticking.read {
            self.check_answer(entry, item, by, read);
        }
        if item.as_str() != CHANNEL {
            return;
        }
        let begun = self.running.begun_at.get(item).is_some_and(|begun| entry.at >= begun.plus(WAIT));
        let in_order = self.running.ticked.contains(&ItemId::new(HEALTH));
        let despite = ticking.despite.as_ref().is_some_and(|despite| !despite.reason.trim().is_empty());
        if despite {
            self.seen.mark("item ticked out of its order");
        } else if !in_order || !begun {
            self.broke("I1", "an item was ticked out of its order or before its time, and nobody said why");
        } else {
            self.seen.mark("item ticked after its time");
        }
    }

    fn check_answer(
        &mut self,
        entry: &Entry,
        item: &ItemId,
        by: &ReadBy,
        read: Option<(u64, ItemId, Operator, CockpitId)>,
    ) {
        let Some((number, wanted, reader, _)) = read.filter(|(_, wanted, ..)| wanted == item) else {
            return self.broke("I3", "an answer stands for what nobody read");
        };
        debug_assert_eq!(wanted, *item);
        if by.by != reader || by.one_cockpit != (entry.actor == reader) {
            self.broke("I3", "an answer names somebody else than who read and answered");
        }
        if entry.actor != reader {
            self.seen.mark("answered by another one");
        } else if self.running.alone.contains(&(entry.cockpit, number)) {
            self.seen.mark("read and answered by one");
        } else {
            self.broke("I3", "who read answered although another operator was there");
        }
    }

    fn check_read(&mut self, entry: &Entry, reading: &Aloud, fold: &Session) {
        match reading {
            Aloud::Read { item, .. } => {
                if !fold.drives(entry.cockpit) {
                    self.broke("I3", "somebody read aloud who does not drive");
                }
                self.running.read = Some((entry.number, item.clone(), entry.actor.clone(), entry.cockpit));
            }
            Aloud::NotSo { item, read: by, word, .. } => {
                let read = self.running.read.take();
                self.check_answer(entry, item, by, read);
                self.seen.mark("answered not so");
                if word.trim().is_empty() {
                    self.broke("I3", "an answer says no without a word");
                }
            }
            Aloud::Over => self.running.read = None,
        }
    }

    /// I2: all faults being over, every command has its end.
    pub fn check_commands_ended(&mut self) {
        let driver = self.store.fold.controls.as_ref().and_then(|held| self.at(held.holder.cockpit));
        if !self.running.flies || driver.is_none_or(|driver| !self.cockpits[driver].alive) {
            return;
        }
        if let Some(run) = self.running.open.keys().next() {
            self.broke("I2", format!("the command {run} never got its end"));
        }
    }
}
