//! What people did with each other, told in rows: coming and going, controls, second persons, spills.

use super::tell::Teller;
use crate::domain::Seat;
use crate::entry::Entry;
use crate::session::Event;
use crate::session::event::SpillMerged;
use crate::session::second::Second;

impl Teller {
    /// An event between people; others are told elsewhere.
    #[expect(clippy::wildcard_enum_match_arm, reason = "this is about few of many events")]
    pub(super) fn people(&mut self, entry: &Entry, event: &Event) {
        match event {
            Event::CockpitJoined { seat: Seat::Operator, process } => {
                self.did(entry, "joined", format!("from {}", process.host));
            }
            Event::CockpitJoined { seat: Seat::Observer, process } => {
                self.did(entry, "joined as an observer", format!("from {}", process.host));
            }
            Event::CockpitLeft { why } => self.did(entry, "left", why.clone()),
            Event::ControlsOffered { operator, summary, .. } => {
                self.did(entry, format!("offered {operator} the controls"), summary.join("; "));
            }
            Event::OfferEnded { why } => self.did(entry, "ended the offer of the controls", why.clone()),
            Event::ControlsAsked { reason } => self.did(entry, "asked for the controls", reason.clone()),
            Event::AskingEnded { why } => self.did(entry, "ended the asking for the controls", why.clone()),
            Event::ConfirmationAsked(asked) => {
                let mut came = format!("digest {}", asked.digest.short());
                for each in &asked.overrides {
                    came.push_str("; sets a gate aside: ");
                    came.push_str(&each.reason);
                }
                self.did(entry, format!("asked for a second person: {}", asked.act.words()), came);
            }
            Event::ConfirmationGiven { digest, looked, signed, .. } => {
                let looked: Vec<&str> = looked.iter().map(crate::domain::RouterId::as_str).collect();
                let read = if looked.is_empty() { String::new() } else { format!(", read {}", looked.join(", ")) };
                let proof = if signed.is_some() { ", signed" } else { "" };
                let came = format!("digest {}{read}{proof}", digest.short());
                self.did(entry, "confirmed as the second person", came);
            }
            Event::ConfirmationRefused { reason, .. } => {
                self.did(entry, "refused as the second person", reason.clone());
            }
            Event::ConfirmationEnded { why, .. } => {
                self.did(entry, "ended the request to a second person", why.clone());
            }
            Event::RunConfirmed(run) => {
                let steps: Vec<&str> = run.steps.iter().map(crate::domain::StepId::as_str).collect();
                self.did(entry, "confirmed a run of steps as the second person", steps.join(", "));
            }
            Event::RunEnded { why } => self.did(entry, "the confirmed run of steps ended", why.clone()),
            Event::RollbackSigned { .. } => self.did(entry, "signed the rollback", ""),
            _ => {}
        }
    }

    /// What let an act through that asks two people.
    pub(super) fn second(&mut self, entry: &Entry, second: &Second) {
        match second {
            Second::NotAsked => {}
            Second::Given { by, entry: given, .. } => {
                self.noticed(entry, format!("confirmed by {by} as the second person"), format!("entry {given}"));
            }
            Second::Run { by, entry: given, .. } => {
                self.noticed(entry, format!("part of the run that {by} confirmed"), format!("entry {given}"));
            }
            Second::Alone { reason } => {
                self.did(entry, "BROKE THE GLASS: did alone what asks two people", reason.clone());
            }
        }
    }

    /// What was decided while cut off is told as what it was, with its own times and names.
    pub(super) fn spilled(&mut self, entry: &Entry, spill: &SpillMerged) {
        let known = |event: &Event| match event {
            Event::ChangeConfirmed(confirmed) => {
                self.story.changes.iter().any(|change| change.change == confirmed.change)
            }
            _ => false,
        };
        let new: Vec<_> = spill.entries.iter().filter(|spilled| !spilled.events.iter().any(known)).collect();
        self.did(
            entry,
            "brought in what was done while cut off from the journal",
            format!("after entry {}", spill.after),
        );
        for spilled in new {
            let told = Entry {
                id: spilled.id,
                cockpit: spilled.cockpit,
                actor: spilled.actor.clone(),
                at: spilled.at,
                events: spilled.events.clone(),
                ..entry.clone()
            };
            for event in &told.events {
                self.event(&told, event);
            }
            if spilled.hash.is_none() {
                self.noticed(&told, "this was not recorded when it was done", "neither journal nor spill took it");
            }
        }
    }
}
