//! What people did with each other: coming and going, controls, second persons, broken glass, spills, signatures.

use super::crew::{Asked, BrokenGlass, Came, CutOff, Drove, RunStory, SignatureStory};
use super::proof::{Proof, words};
use super::story::ChangeStory;
use super::tell::{Teller, act};
use crate::domain::{RouterId, Seat, Signed, StepId};
use crate::entry::Entry;
use crate::session::Event;
use crate::session::event::SpillMerged;
use crate::session::second::Second;
use crate::session::signing::signed_in;
use crate::signature::SshSignature;

/// The key that made a signature, whether it holds or not.
pub(super) fn key_of(signed: &Signed) -> Option<String> {
    SshSignature::parse_armored(&signed.signature).ok().map(|signature| signature.identity().key().fingerprint())
}

impl Teller<'_> {
    /// An event between people as a row; others are told elsewhere.
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
                let what = self.asked_words();
                let came = format!("digest {}{}{}", digest.short(), read(looked), signed_by(signed.as_ref()));
                self.did(entry, format!("confirmed as the second person{what}"), came);
            }
            Event::ConfirmationRefused { reason, .. } => {
                let what = self.asked_words();
                self.did(entry, format!("refused as the second person{what}"), reason.clone());
            }
            Event::ConfirmationEnded { why, .. } => {
                self.did(entry, "ended the request to a second person", why.clone());
            }
            Event::RunConfirmed(run) => {
                let steps: Vec<&str> = run.steps.iter().map(StepId::as_str).collect();
                let came = format!("{}; digest {}", steps.join(", "), run.digest.short());
                let came = came + &signed_by(run.signed.as_ref());
                self.did(entry, "confirmed a run of steps as the second person", came);
            }
            Event::RunEnded { why } => self.did(entry, "the confirmed run of steps ended", why.clone()),
            Event::RollbackSigned { change, signed } => {
                let number = self.story.changes.iter().find(|told| told.change == *change).map(|told| told.number);
                let what = number.map_or_else(String::new, |number| format!(", change {number}"));
                self.did(entry, format!("signed the rollback{what}"), signed_by(Some(signed)).trim_start_matches(", "));
                self.with_change(*change, |told| told.key = key_of(signed));
            }
            _ => {}
        }
    }

    /// What is asked now, as a part of a row.
    fn asked_words(&self) -> String {
        let asked = self.story.asked.last().filter(|asked| asked.answer.is_some());
        asked.map_or_else(String::new, |asked| format!(": {}", asked.what))
    }

    /// Who is aboard, who drives, what second persons are asked: as lists beside the rows.
    pub(super) fn crew(&mut self, entry: &Entry, event: &Event) {
        match event {
            Event::CockpitJoined { seat, process } => self.came(entry, *seat, &process.host),
            Event::ControlsTaken(taken) => {
                self.drives_no_more(entry);
                let (cockpit, why) = (taken.cockpit, taken.why.clone());
                self.story.drove.push(Drove { act: act(entry), cockpit, why, until: None });
                self.came(entry, Seat::Operator, &taken.process.host);
            }
            Event::CockpitLeft { .. } => {
                if self.story.drove.last().is_some_and(|drove| drove.cockpit == entry.cockpit) {
                    self.drives_no_more(entry);
                }
                let gone = |came: &&mut Came| came.cockpit == entry.cockpit && came.until.is_none();
                if let Some(came) = self.story.aboard.iter_mut().rev().find(gone) {
                    came.until = Some(entry.at);
                }
            }
            Event::SessionClosed { .. } => self.drives_no_more(entry),
            Event::ConfirmationAsked(asked) => self.story.asked.push(Asked {
                act: act(entry),
                what: asked.act.words(),
                digest: asked.digest,
                answer: None,
                answered: None,
                came: String::new(),
                key: None,
            }),
            Event::ConfirmationGiven { looked, signed, .. } => {
                let came = read(looked).trim_start_matches(", ").to_owned();
                self.answered(entry, "confirmed", came, signed.as_ref());
            }
            Event::ConfirmationRefused { reason, .. } => self.answered(entry, "refused", reason.clone(), None),
            Event::ConfirmationEnded { why, .. } => self.answered(entry, "ended", why.clone(), None),
            Event::RunConfirmed(run) => self.story.runs.push(RunStory {
                act: act(entry),
                steps: run.steps.clone(),
                digest: run.digest,
                key: run.signed.as_ref().and_then(key_of),
            }),
            _ => {}
        }
    }

    fn came(&mut self, entry: &Entry, seat: Seat, host: &str) {
        if self.story.aboard.iter().any(|came| came.cockpit == entry.cockpit && came.until.is_none()) {
            return;
        }
        let (cockpit, host) = (entry.cockpit, host.to_owned());
        self.story.aboard.push(Came { act: act(entry), cockpit, seat, host, until: None });
    }

    fn drives_no_more(&mut self, entry: &Entry) {
        if let Some(drove) = self.story.drove.last_mut().filter(|drove| drove.until.is_none()) {
            drove.until = Some(entry.at);
        }
    }

    /// The answer to what was asked last. A request that was confirmed ends without a further word.
    fn answered(&mut self, entry: &Entry, answer: &'static str, came: String, signed: Option<&Signed>) {
        let Some(asked) = self.story.asked.last_mut() else { return };
        asked.answer = Some(answer);
        asked.answered = Some(act(entry));
        asked.came = came;
        asked.key = signed.and_then(key_of).or(asked.key.take());
    }

    /// The signature that an event holds, or the lack of one.
    pub(super) fn signature(&mut self, entry: &Entry, event: &Event) {
        let what = words(&self.session, event);
        let Some(signed) = signed_in(event) else { return };
        let proof = self.proofs.and_then(|proofs| proofs.of(entry.number, signed));
        let (state, why) = match proof {
            None => ("not checked", String::new()),
            Some(Proof::Good(_)) => ("good", String::new()),
            Some(Proof::Bad { why }) => ("bad", why.clone()),
            Some(Proof::Missing) => ("missing", String::new()),
        };
        self.story.signatures.push(SignatureStory { act: act(entry), what, key: key_of(signed), state, why });
    }

    /// Places where the profile wants a signature and there is none; and what the names are worth after all.
    pub(super) fn weigh_names(&mut self) {
        let Some(proofs) = self.proofs else { return };
        for (place, proof) in &proofs.all {
            if *proof == Proof::Missing {
                let act = super::Act { entry: place.entry, at: place.at, by: place.by.clone() };
                let what = place.what.clone();
                self.story.signatures.push(SignatureStory {
                    act,
                    what,
                    key: None,
                    state: "missing",
                    why: String::new(),
                });
            }
        }
        self.story.signatures.sort_by_key(|signature| signature.act.entry);
        if proofs.prove() {
            self.story.names = "proven";
        }
    }

    /// What let an act through that asks two people.
    pub(super) fn second(&mut self, entry: &Entry, second: &Second, what: &str) {
        match second {
            Second::NotAsked => {}
            Second::Given { by, entry: given, key, .. } => {
                let came = format!("entry {given}{}", proven(key.as_ref()));
                self.noticed(entry, format!("confirmed by {by} as the second person"), came);
            }
            Second::Run { by, entry: given, key, .. } => {
                let came = format!("entry {given}{}", proven(key.as_ref()));
                self.noticed(entry, format!("part of the run that {by} confirmed"), came);
            }
            Second::Alone { reason } => {
                self.did(entry, "BROKE THE GLASS: did alone what asks two people", reason.clone());
                let (what, reason) = (what.to_owned(), reason.clone());
                self.story.broken_glass.push(BrokenGlass { act: act(entry), what, reason });
            }
        }
    }

    /// What was decided while cut off is told as what it was, with its own times and names.
    pub(super) fn spilled(&mut self, entry: &Entry, spill: &SpillMerged) {
        let known = |changes: &[ChangeStory], event: &Event| match event {
            Event::ChangeConfirmed(confirmed) => changes.iter().any(|change| change.change == confirmed.change),
            _ => false,
        };
        let before = self.story.changes.clone();
        let new: Vec<_> =
            spill.entries.iter().filter(|spilled| !spilled.events.iter().any(|event| known(&before, event))).collect();
        let what = "brought in what was done while cut off from the journal";
        self.did(entry, what, format!("after entry {}", spill.after));
        let first = self.story.changes.len();
        let mut unrecorded = 0;
        self.is_cut_off = true;
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
                unrecorded += 1;
                self.noticed(&told, "this was not recorded when it was done", "neither journal nor spill took it");
            }
        }
        self.is_cut_off = false;
        let sentence = |change: &ChangeStory| {
            let (by, at, title) = (&change.confirmed.by, change.confirmed.at.clock(), change.title());
            format!("{by} at {at}, change {}: {title}", change.number)
        };
        let done: Vec<String> = self.story.changes.iter().skip(first).map(sentence).collect();
        self.story.cut_off.push(CutOff { act: act(entry), after: spill.after, done, unrecorded });
    }
}

/// The routers that a second person read, as a part of a sentence.
fn read(looked: &[RouterId]) -> String {
    let looked: Vec<&str> = looked.iter().map(RouterId::as_str).collect();
    if looked.is_empty() { String::new() } else { format!(", read {}", looked.join(", ")) }
}

/// The key that signed, as a part of a sentence.
fn signed_by(signed: Option<&Signed>) -> String {
    match signed.map(key_of) {
        None => String::new(),
        Some(Some(key)) => format!(", signed with {key}"),
        Some(None) => ", signed with what is no SSH signature".to_owned(),
    }
}

/// The key that was checked when it was decided, as a part of a sentence.
fn proven(key: Option<&crate::domain::Signer>) -> String {
    key.map_or_else(String::new, |key| format!(", checked then: {} with {}", key.principal, key.fingerprint))
}
