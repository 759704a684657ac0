//! Items beside their ticks, reading aloud and calling people, as far as the screen shows them.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Action, Banner, ChecklistRow, ConfirmState, Model, OverlayKind, Pane};
use crate::domain::check::Verdict;
use crate::domain::checklist::Item;
use crate::domain::duty::Contact;
use crate::domain::{ChangeId, ItemId, clock_span};
use crate::flight::Tone;
use crate::session::item::{Run, Waiting};

/// What lies over the panes for items and contacts.
#[derive(Clone, Debug)]
pub enum DutySheet {
    /// A command of an item: confirmed, and then followed in the same place.
    Run(Box<RunSheet>),
    /// Items are read aloud, one after another.
    Reading {
        /// The item that is shown.
        item: Option<ItemId>,
        /// The entry that read it, once it has been drawn.
        shown: Option<u64>,
    },
    /// Whom to call.
    Contacts {
        /// The chosen one.
        selected: usize,
    },
}

/// A command of an item, as it was when the sheet opened.
#[derive(Clone, Debug)]
pub struct RunSheet {
    /// The item.
    pub item: ItemId,
    /// The command.
    pub command: String,
    /// Where it would run.
    pub directory: String,
    /// The run that is followed; `None` while it is to be confirmed.
    pub follows: Option<ChangeId>,
    /// How many runs there were when it opened.
    pub before: usize,
    /// The confirmation.
    pub confirm: ConfirmState,
}

impl DutySheet {
    /// The confirmation in it, if it is one.
    pub fn confirm(&self) -> Option<&ConfirmState> {
        match self {
            Self::Run(run) if run.follows.is_none() => Some(&run.confirm),
            Self::Run(_) | Self::Reading { .. } | Self::Contacts { .. } => None,
        }
    }

    pub(super) fn confirm_mut(&mut self) -> Option<&mut ConfirmState> {
        match self {
            Self::Run(run) if run.follows.is_none() => Some(&mut run.confirm),
            Self::Run(_) | Self::Reading { .. } | Self::Contacts { .. } => None,
        }
    }
}

/// An item among those that are read.
#[derive(Clone, Copy, Debug)]
pub struct Place<'m> {
    /// The section's title.
    pub section: &'m str,
    /// The item.
    pub item: &'m Item,
    /// Its number in the section, from 1.
    pub number: usize,
    /// How many items the section has.
    pub of: usize,
}

impl Model {
    /// What is open of items and contacts.
    pub fn duty(&self) -> Option<&DutySheet> {
        match self.overlay.as_ref().map(|overlay| &overlay.kind) {
            Some(OverlayKind::Duty(duty)) => Some(duty),
            Some(_) | None => None,
        }
    }

    /// The item that keys are about: the one that is shown in full or whose command is, else the selected one.
    pub fn item_at_hand(&self) -> Option<&Item> {
        let checklist = &self.flight.procedure.checklist;
        match self.overlay.as_ref().map(|overlay| &overlay.kind) {
            Some(OverlayKind::Item(detail)) => checklist.item(&detail.item),
            Some(OverlayKind::Duty(duty)) => match &**duty {
                DutySheet::Run(run) => checklist.item(&run.item),
                DutySheet::Reading { item, .. } => checklist.item(item.as_ref()?),
                DutySheet::Contacts { .. } => None,
            },
            None if self.focus == Pane::Checklist => match self.checklist_selected()? {
                ChecklistRow::Item { item, .. } => Some(item),
                ChecklistRow::Heading { .. } => None,
            },
            Some(_) | None => None,
        }
    }

    /// The run of an item's command that is going.
    pub fn running(&self, item: &ItemId) -> Option<&Run> {
        self.flight.session.duties.run_of(item).filter(|run| run.is_running())
    }

    /// How long a run has been going, or went.
    pub fn ran_for(&self, run: &Run) -> Duration {
        match &run.ended {
            Some((_, ended)) => Duration::from_millis(ended.took_ms),
            None => self.now.wall.since(run.starting.at),
        }
    }

    /// How the time of an item stands.
    pub fn waiting(&self, item: &Item) -> Option<Waiting> {
        self.flight.session.waiting(item, self.now.wall)
    }

    /// The verdict that stands beside an item's tick, with its words.
    pub fn item_verdict(&self, item: &Item) -> Option<(Verdict, String)> {
        let spec = self.flight.procedure.check(item.rules.check.as_ref()?)?;
        Some(self.flight.standing_of(spec, self.now.elapsed))
    }

    /// Where an item stands in its section.
    pub fn place_of(&self, id: &ItemId) -> Option<Place<'_>> {
        self.flight.procedure.checklist.sections.iter().find_map(|section| {
            let at = section.items.iter().position(|item| item.id == *id)?;
            let item = section.items.get(at)?;
            Some(Place { section: &section.title, item, number: at + 1, of: section.items.len() })
        })
    }

    /// The first open item from one on, or from the beginning.
    pub(super) fn next_open(&self, from: Option<&ItemId>) -> Option<ItemId> {
        let items: Vec<&Item> = self.flight.procedure.checklist.items().collect();
        let at = from.and_then(|from| items.iter().position(|item| item.id == *from)).unwrap_or(0);
        let (before, after) = items.split_at_checked(at).unwrap_or((&[], &items));
        let open = |item: &&&Item| !self.flight.session.ticks.contains_key(&item.id);
        after.iter().chain(before).find(open).map(|item| item.id.clone())
    }

    /// Whether this cockpit's key answers what is read: another one read it, or nobody else is there.
    pub fn answers_here(&self) -> bool {
        let Some(reading) = &self.flight.session.duties.reading else { return false };
        !self.is_observer() && (reading.by != self.flight.me.operator || self.answerers().is_empty())
    }

    /// Operators other than this one who are there and could answer.
    pub fn answerers(&self) -> Vec<String> {
        let aboard = &self.flight.session.aboard;
        let there = self.flight.present(self.now.elapsed).filter_map(|presence| aboard.get(&presence.cockpit));
        let others =
            there.filter(|each| each.seat == crate::domain::Seat::Operator && each.operator != self.flight.me.operator);
        let mut names: Vec<String> = others.map(|each| each.operator.to_string()).collect();
        names.dedup();
        names
    }

    /// The contact that is called next, with how long it is until then: the first in order that was not called yet.
    pub fn next_contact(&self) -> Option<(usize, &Contact, Duration)> {
        let duties = &self.flight.session.duties;
        let contacts = self.flight.procedure.contacts.iter().enumerate();
        let (index, contact) = { contacts }.find(|(_, contact)| duties.call_of(&contact.words()).is_none())?;
        let passed = duties.incident.as_ref().map_or(Duration::ZERO, |incident| self.now.wall.since(incident.at));
        Some((index, contact, contact.after.saturating_sub(passed)))
    }

    /// Whether somebody who was called answered.
    pub fn is_answered(&self) -> bool {
        self.flight.session.duties.calls.iter().any(|call| call.what.1)
    }

    /// What is said to whoever is called, filled from the session.
    pub fn text_to_say(&self) -> String {
        let (flight, session) = (&self.flight, &self.flight.session);
        let procedure = &flight.procedure;
        let mut text = format!("{} in {}", procedure.service, procedure.environment);
        let versions = session.opened.as_ref().map(|opened| (&opened.what.from_version, &opened.what.to_version));
        if let Some((from, to)) = versions.filter(|(_, to)| !to.is_empty()) {
            let from = if from.is_empty() { "an unknown version" } else { from };
            // Writing to text cannot fail.
            let _written = write!(text, ", deployment of {from} to {to}");
        }
        match &session.duties.incident {
            Some(incident) => {
                let ago = clock_span(self.now.wall.since(incident.at));
                let _written = write!(text, ": {}. Since {} UTC, {ago} ago.", incident.what, incident.at.clock());
            }
            None => text.push('.'),
        }
        if let Some(live) = self.live() {
            let each: Vec<String> = live.0.iter().map(|(pool, share)| format!("{pool} {share} %")).collect();
            let _written = write!(text, " Traffic: {}", each.join(", "));
            match flight.traffic() {
                Some(rate) => {
                    let _written = write!(text, ", {rate:.0} requests/s.");
                }
                None => text.push('.'),
            }
        }
        if let Some(change) = session.in_flight() {
            let what = if change.confirmed.kind.is_forward() { "a shift" } else { "a rollback" };
            let _written = write!(text, " Under way: {what} to {}.", change.confirmed.to);
        }
        if let Some(hold) = &session.hold {
            let _written = write!(text, " Held: {}.", hold.what);
        }
        for trip in session.guards.tripped.values().filter(|trip| !trip.what.answered) {
            let _written = write!(text, " Guard: {}.", trip.what.words);
        }
        if let Some(controls) = &session.controls {
            let _written = write!(text, " {} drives.", controls.holder.operator);
        }
        text
    }

    pub(super) fn enter_in_duty(&self, duty: &DutySheet) -> Option<String> {
        match duty {
            DutySheet::Run(run) => run.follows.map(|_| "close".to_owned()),
            DutySheet::Contacts { .. } => Some("close".to_owned()),
            DutySheet::Reading { item, .. } => {
                let item = item.as_ref().filter(|_| self.flight.drives())?;
                let is_read = self.flight.session.duties.reading.as_ref().is_some_and(|read| read.what.item == *item);
                (!is_read && !self.flight.session.ticks.contains_key(item)).then(|| "read it aloud".to_owned())
            }
        }
    }

    /// Commands that end when this cockpit is left.
    pub(super) fn commands_that_stop(&self) -> Vec<String> {
        let mine = |run: &&Run| run.is_running() && run.starting.what.owner == self.flight.me.cockpit;
        let runs = self.flight.session.duties.runs.iter().filter(mine);
        runs.map(|run| format!("the command of \"{}\" runs, and ends with this cockpit", run.starting.what.text))
            .collect()
    }

    /// Whether closing the open sheet ends the reading: this cockpit reads, and waits for an answer.
    pub(super) fn ends_reading(&self) -> bool {
        let reading = self.flight.session.duties.reading.as_ref();
        let mine = reading.is_some_and(|reading| reading.what.cockpit == self.flight.me.cockpit);
        mine && matches!(self.duty(), Some(DutySheet::Reading { .. }))
    }

    /// What waits for an answer to what was read, and for a call.
    pub(super) fn duty_banners(&self) -> Vec<Banner> {
        let duties = &self.flight.session.duties;
        let mut found = Vec::new();
        let reading = duties.reading.as_ref().filter(|_| !matches!(self.duty(), Some(DutySheet::Reading { .. })));
        if let Some(reading) = reading
            && self.answers_here()
            && let Some(place) = self.place_of(&reading.what.item)
        {
            let text = format!("{} reads {} of {}: {}", reading.by, place.number, place.of, place.item.text);
            found.push(Banner { text, action: Some(Action::ReadAloud), tone: Tone::Warn });
        }
        let incident = duties.incident.as_ref().filter(|_| !matches!(self.duty(), Some(DutySheet::Contacts { .. })));
        if let Some(incident) = incident {
            let since = clock_span(self.now.wall.since(incident.at));
            let next = self.next_contact().filter(|_| !self.is_answered()).map(|(_, contact, left)| match left {
                Duration::ZERO => format!("; call {} now", contact.words()),
                left => format!("; {} in {}", contact.words(), clock_span(left)),
            });
            let text = format!("incident for {since}: {}{}", incident.what, next.unwrap_or_default());
            let action = (!self.flight.procedure.contacts.is_empty()).then_some(Action::Contacts);
            found.push(Banner { text, action, tone: Tone::Bad });
        }
        found
    }
}
