//! Items beside their ticks: commands, evidence, times, reading aloud; and calling people.

use super::super::duty::RunSheet;
use super::super::{ConfirmState, DutySheet, Effect, ItemPart, Model, OverlayKind, Purpose};
use super::navigate::Go;
use crate::domain::ItemId;
use crate::domain::duty::{Contact, Proof, WaitFrom};
use crate::flight::duty::Confirmed;
use crate::flight::{Ask, Tone};
use crate::session::duty::Duty;
use crate::session::item::Waiting;
use crate::session::proposal::Confirmation;

impl Model {
    fn ask_duty(&mut self, duty: Duty, out: &mut Vec<Effect>) {
        self.ask(Ask::Duty(Box::new(duty)), out);
    }

    /// Ticks an open item, or asks for a reason where its order or its time speaks against it (I1).
    pub(super) fn tick_or_ask(&mut self, item: ItemId, out: &mut Vec<Effect>) {
        let procedure = &self.flight.procedure;
        let is_open = !self.flight.session.ticks.contains_key(&item) && !self.is_observer();
        let rule = procedure.checklist.item(&item).filter(|_| is_open);
        let rule = rule.and_then(|item| self.flight.session.too_soon(procedure, item, self.now.wall));
        match rule {
            Some(rule) => self.question(Purpose::TickDespite { item, rule }),
            None => self.ask(Ask::ToggleItem(item), out),
        }
    }

    /// Opens the sheet of a command: of one that runs, else of the chosen one, to be confirmed.
    pub(super) fn open_run_sheet(&mut self, out: &mut Vec<Effect>) {
        let Some(item) = self.item_at_hand() else {
            return self.tell(Tone::Plain, "choose an item of the checklist first", out);
        };
        let (id, commands) = (item.id.clone(), item.commands.clone());
        if let Some(run) = self.running(&id) {
            let starting = &run.starting.what;
            let sheet = RunSheet {
                item: id,
                command: starting.command.clone(),
                directory: starting.directory.clone(),
                follows: Some(run.id()),
                before: 0,
                confirm: ConfirmState::default(),
            };
            return self.show(OverlayKind::Duty(Box::new(DutySheet::Run(Box::new(sheet)))));
        }
        let chosen = match self.item_in_full() {
            Some((detail, item)) => match detail.chosen(item, self.detail_cells()) {
                ItemPart::Command(at) => commands.get(at),
                ItemPart::Text | ItemPart::Link(_) => commands.first().filter(|_| commands.len() == 1),
            },
            None => commands.first().filter(|_| commands.len() == 1),
        };
        let Some(shell) = &self.flight.procedure.shell else {
            let text = "this profile lets nobody run commands from here: [commands] would name the shell; i shows it";
            return self.tell(Tone::Plain, text, out);
        };
        match chosen {
            Some(command) => {
                let directory = shell.directory.clone().unwrap_or_else(|| self.around.directory.clone());
                let before = self.flight.session.duties.runs.len();
                let (command, confirm) = (command.text.clone(), ConfirmState::default());
                let sheet = RunSheet { item: id, command, directory, follows: None, before, confirm };
                self.show(OverlayKind::Duty(Box::new(DutySheet::Run(Box::new(sheet)))));
            }
            None if commands.is_empty() => self.tell(Tone::Plain, "this item has no command", out),
            None if self.item_in_full().is_some() => {
                self.tell(Tone::Plain, "it has several commands: go to the one that is to run", out);
            }
            None => {
                let detail = super::super::ItemDetail { item: id, row: 0 };
                self.show(OverlayKind::Item(Box::new(detail)));
                self.tell(Tone::Plain, "it has several commands: go to the one that is to run", out);
            }
        }
    }

    /// What confirming a command asks of the flight.
    pub(super) fn run_ask(sheet: &DutySheet, confirmation: Confirmation) -> Option<Ask> {
        let DutySheet::Run(run) = sheet else { return None };
        let RunSheet { item, command, directory, .. } = (**run).clone();
        Some(Ask::RunCommand(Box::new(Confirmed { item, command, directory, confirmation })))
    }

    /// Whether the command on the sheet can be run: the profile still has it, and none of its item runs.
    pub(super) fn can_run(&self, sheet: &DutySheet) -> bool {
        let DutySheet::Run(run) = sheet else { return false };
        let item = self.flight.procedure.checklist.item(&run.item);
        let has_it = item.is_some_and(|item| item.commands.iter().any(|each| each.text == run.command));
        has_it && run.follows.is_none() && self.flight.procedure.shell.is_some() && self.running(&run.item).is_none()
    }

    /// Ends the command that is followed; says whether one is.
    pub(super) fn stop_followed(&mut self, out: &mut Vec<Effect>) -> bool {
        let Some(overlay) = &self.overlay else { return false };
        let OverlayKind::Duty(duty) = &overlay.kind else { return false };
        let DutySheet::Run(sheet) = &**duty else { return false };
        let Some(run) = sheet.follows else { return false };
        if overlay.seen {
            self.ask_duty(Duty::Stop { run }, out);
        }
        true
    }

    /// Keeps a sheet up to date; says whether it stays.
    pub(super) fn keeps_duty(&self, duty: &mut DutySheet, opened: &mut u64, seen: &mut bool) -> bool {
        let duties = &self.flight.session.duties;
        match duty {
            DutySheet::Run(sheet) if sheet.follows.is_none() => {
                let mine = duties.runs.iter().skip(sheet.before).rev();
                let mine = { mine }.find(|run| {
                    run.starting.what.item == sheet.item && run.starting.what.owner == self.flight.me.cockpit
                });
                if let Some(run) = mine.filter(|_| sheet.confirm.waiting) {
                    sheet.follows = Some(run.id());
                    sheet.confirm = ConfirmState::default();
                    (*opened, *seen) = (self.version + 1, false);
                } else {
                    let refused = sheet.confirm.waiting && !self.is_pending();
                    self.take_refusal(&mut sheet.confirm, refused);
                }
            }
            DutySheet::Reading { item, shown } => {
                let read = duties.reading.as_ref().map(|reading| reading.entry);
                if *shown != read {
                    *shown = read;
                    (*opened, *seen) = (self.version + 1, false);
                }
                let is_done = item.as_ref().is_none_or(|item| self.flight.session.ticks.contains_key(item));
                if let Some(reading) = &duties.reading {
                    *item = Some(reading.what.item.clone());
                } else if is_done {
                    *item = self.next_open(item.as_ref());
                }
            }
            DutySheet::Run(_) | DutySheet::Contacts { .. } => {}
        }
        true
    }

    /// Opens the reading at what is read now, else at the selected item, else at the first that is open.
    pub(super) fn open_reading(&mut self) {
        let reading = self.flight.session.duties.reading.as_ref();
        let shown = reading.map(|reading| reading.entry);
        let read = reading.map(|reading| reading.what.item.clone());
        let here = self.item_at_hand().map(|item| item.id.clone());
        let item = read.or_else(|| self.next_open(here.as_ref()));
        self.show(OverlayKind::Duty(Box::new(DutySheet::Reading { item, shown })));
    }

    pub(super) fn open_contacts(&mut self) {
        let selected = self.next_contact().map_or(0, |(index, _, _)| index);
        self.show(OverlayKind::Duty(Box::new(DutySheet::Contacts { selected })));
    }

    pub(super) fn enter_duty(&mut self, out: &mut Vec<Effect>) {
        match self.duty() {
            Some(DutySheet::Run(run)) if run.follows.is_some() => self.overlay = None,
            Some(DutySheet::Contacts { .. }) => self.overlay = None,
            Some(DutySheet::Reading { item: Some(item), .. }) => {
                let item = item.clone();
                if let Some(why) = self.not_for_me_to_read() {
                    return self.tell(Tone::Plain, why, out);
                }
                self.ask_duty(Duty::Read { item }, out);
            }
            Some(DutySheet::Run(_) | DutySheet::Reading { .. }) | None => {}
        }
    }

    fn not_for_me_to_read(&self) -> Option<String> {
        if self.is_observer() {
            return Some("you only watch".to_owned());
        }
        let controls = self.flight.session.controls.as_ref().filter(|_| !self.flight.drives())?;
        Some(format!("{} drives and reads; you answer", controls.holder.operator))
    }

    /// `y`: it is so, or they answered.
    pub(super) fn say_yes(&mut self, out: &mut Vec<Effect>) {
        self.say(true, out);
    }

    /// `n`: it is not so, or they did not answer.
    pub(super) fn say_no(&mut self, out: &mut Vec<Effect>) {
        self.say(false, out);
    }

    fn say(&mut self, yes: bool, out: &mut Vec<Effect>) {
        let Some(overlay) = self.overlay.as_ref().filter(|overlay| overlay.seen) else { return };
        let OverlayKind::Duty(duty) = &overlay.kind else { return };
        match &**duty {
            DutySheet::Reading { item: Some(item), shown: Some(reading) } => {
                let (item, reading) = (item.clone(), *reading);
                if !self.answers_here() {
                    let text = format!("{} answers, in their own cockpit", self.answerers().join(" or "));
                    return self.tell(Tone::Plain, text, out);
                }
                if yes {
                    let present = std::collections::BTreeSet::new();
                    self.ask_duty(Duty::Answer { item, reading, not_so: None, present }, out);
                } else {
                    self.question(Purpose::NotSo { item, reading });
                }
            }
            DutySheet::Reading { .. } => self.tell(Tone::Plain, "nothing is read: Enter reads the item aloud", out),
            DutySheet::Contacts { selected } => {
                let contacts = &self.flight.procedure.contacts;
                let Some(contact) = contacts.get(*selected).map(Contact::words) else { return };
                // Who does not answer is followed by the next in order.
                let next = (!yes && *selected + 1 < contacts.len()).then_some(*selected + 1);
                self.ask_duty(Duty::Call { contact, answered: yes }, out);
                if let (Some(next), Some(overlay)) = (next, self.overlay.as_mut())
                    && let OverlayKind::Duty(duty) = &mut overlay.kind
                    && let DutySheet::Contacts { selected } = &mut **duty
                {
                    *selected = next;
                }
            }
            DutySheet::Run(_) => {}
        }
    }

    /// `s`: the time of an item begins; an incident is declared, or over.
    pub(super) fn start(&mut self, out: &mut Vec<Effect>) {
        if let Some(DutySheet::Contacts { .. }) = self.duty() {
            if self.flight.session.duties.incident.is_some() {
                self.ask_duty(Duty::CallOff, out);
            } else {
                self.question(Purpose::Incident);
            }
            return;
        }
        let Some(item) = self.item_at_hand() else {
            return self.tell(Tone::Plain, "choose an item with a time first", out);
        };
        match item.rules.wait.as_ref().map(|wait| &wait.from) {
            Some(WaitFrom::Key) => {
                let item = item.id.clone();
                self.ask_duty(Duty::Wait { item }, out);
            }
            Some(_) => self.tell(Tone::Plain, "its time begins by itself, once what it counts from is done", out),
            None => self.tell(Tone::Plain, "this item waits for no time", out),
        }
    }

    /// Attaches the chosen log lines to the item at hand; where none are chosen, what is typed next.
    pub(super) fn attach_to_item(&mut self, out: &mut Vec<Effect>) {
        let Some(item) = self.item_at_hand().map(|item| item.id.clone()) else {
            return self.tell(Tone::Plain, "choose an item of the checklist first", out);
        };
        match self.chosen_lines().filter(|_| self.logs.anchor.is_some()) {
            Some((source, lines)) => {
                self.logs.anchor = None;
                let text = format!("{} attached to the item", super::log::count(lines.len()));
                self.tell(Tone::Plain, text, out);
                self.ask_duty(Duty::Attach { item, proof: Proof::Lines { source, lines } }, out);
            }
            None => self.question(Purpose::Evidence { item }),
        }
    }

    pub(super) fn go_in_duty(&mut self, go: Go) -> bool {
        let drives = self.flight.drives() && self.flight.session.duties.reading.is_none();
        let items: Vec<ItemId> = self.flight.procedure.checklist.items().map(|item| item.id.clone()).collect();
        let contacts = self.flight.procedure.contacts.len();
        let Some(overlay) = self.overlay.as_mut() else { return false };
        let OverlayKind::Duty(duty) = &mut overlay.kind else { return false };
        match &mut **duty {
            DutySheet::Contacts { selected } => *selected = go.from(*selected, 10, contacts),
            DutySheet::Reading { item, .. } if drives => {
                let at = item.as_ref().and_then(|item| items.iter().position(|each| each == item)).unwrap_or(0);
                *item = items.get(go.from(at, 5, items.len())).cloned();
            }
            DutySheet::Reading { .. } => {}
            DutySheet::Run(_) => return false,
        }
        true
    }

    /// What copying takes of the open sheet: the text to say, or the command.
    pub(in crate::cockpit) fn copied_of_duty(&self) -> Option<(&'static str, String)> {
        match self.duty()? {
            DutySheet::Contacts { .. } => Some(("the text to say", self.text_to_say())),
            DutySheet::Run(run) => Some(("the command", run.command.clone())),
            DutySheet::Reading { .. } => None,
        }
    }

    /// Times that are over ring, once: of items, and of contacts that are to be called.
    pub(super) fn ring(&mut self, out: &mut Vec<Effect>) -> bool {
        let session = &self.flight.session;
        if !session.is_open() {
            return false;
        }
        let mut due: Vec<(String, String)> = Vec::new();
        for item in self.flight.procedure.checklist.items().filter(|item| item.rules.wait.is_some()) {
            if let (Some(Waiting::Over(at)), false) =
                (session.waiting(item, self.now.wall), session.ticks.contains_key(&item.id))
            {
                due.push((format!("{} {}", item.id, at.0), format!("the time is over: {}", item.text)));
            }
        }
        if let (Some(incident), false) = (&session.duties.incident, self.is_answered()) {
            for contact in &self.flight.procedure.contacts {
                let words = contact.words();
                let is_due = self.now.wall.since(incident.at) >= contact.after;
                if is_due && session.duties.call_of(&words).is_none() {
                    due.push((format!("{words} {}", incident.entry), format!("call {words} now: W shows how")));
                }
            }
        }
        // What was over before this cockpit looked for the first time is no news.
        let is_first = self.checklist.rung.is_none();
        let rung = self.checklist.rung.get_or_insert_default();
        due.retain(|(key, _)| rung.insert(key.clone()));
        if is_first || due.is_empty() {
            return false;
        }
        for (_, text) in due {
            self.tell(Tone::Warn, text, out);
        }
        out.push(Effect::Bell);
        true
    }

    /// After a question that a sheet asked: the sheet again.
    pub(super) fn back_to_sheet(&mut self, purpose: &Purpose) {
        match purpose {
            Purpose::NotSo { .. } => self.open_reading(),
            Purpose::Incident => self.open_contacts(),
            Purpose::Note
            | Purpose::Hold
            | Purpose::ReleaseHold
            | Purpose::SkipStep
            | Purpose::SkipRollbackAct
            | Purpose::ExcludeRouter { .. }
            | Purpose::ReportApproval { .. }
            | Purpose::WithdrawApproval { .. }
            | Purpose::Leave
            | Purpose::Refuse { .. }
            | Purpose::EndConnections(_)
            | Purpose::AskControls
            | Purpose::EndRun
            | Purpose::AcceptDrift { .. }
            | Purpose::CloseSession
            | Purpose::FilterLogs
            | Purpose::TickDespite { .. }
            | Purpose::Evidence { .. } => {}
        }
    }
}
