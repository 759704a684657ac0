//! Signatures of a session: where they stand, and what became of checking them.
//!
//! [`places`] finds every event that is or should be signed, with what its signature must be about, worked out by folding
//! the entries from the first. Checking one needs a list of keys and for some keys `ssh-keygen`: that is done outside, and
//! [`Proofs`] brings the answers back.

use std::collections::BTreeMap;

use crate::domain::{ChangeId, CockpitId, Digest, Operator, Procedure, RequestId, Signed, Signer, StepId, Timestamp};
use crate::entry::{Entry, History};
use crate::session::event::{ChangeKind, Event, StepMark};
use crate::session::second::Second;
use crate::session::signing::{About, SignedAct, about, second_of, signed_in, wants_signature};
use crate::session::{Session, Stamp};

/// An event that is signed, or that its profile wants signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedPlace {
    /// The entry.
    pub entry: u64,
    /// When.
    pub at: Timestamp,
    /// Who, as the entry says.
    pub by: Operator,
    /// In which cockpit.
    pub cockpit: CockpitId,
    /// The act in one line.
    pub what: String,
    /// What was signed; `None` where that is missing.
    pub signed: Option<Signed>,
    /// Whether the profile wants it signed.
    pub wanted: bool,
    /// What the signature must be about; `None` where that cannot be worked out.
    pub about: Option<About>,
    /// When the signature was used first: where another person was asked, that was when they were asked.
    pub used_at: Timestamp,
    /// Digest of the profile whose list of keys counts.
    pub profile: Digest,
    /// The other person's word that let it through.
    pub second: Option<SecondPlace>,
}

/// Where the other person's word stands that an act rests on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecondPlace {
    /// Who, as the act says.
    pub by: Operator,
    /// The entry of their word.
    pub entry: u64,
    /// Whether that entry holds their word about this very act, from another cockpit.
    pub fits: bool,
}

/// Finds them, in their order. `procedure_of` reads the profile that a session flies; without one nothing can be worked out.
pub fn places(history: &History, procedure_of: &mut dyn FnMut(&Session) -> Option<Procedure>) -> Vec<SignedPlace> {
    let mut finder = Finder::default();
    for kept in &history.entries {
        let entry = &kept.entry;
        for event in &entry.events {
            if let Event::SpillMerged(spill) = event {
                // What was decided while cut off has its own times and people, and stands on the entry last seen.
                let known: Vec<ChangeId> = finder.rolled_back.keys().copied().collect();
                for spilled in &spill.entries {
                    let is_known =
                        |event: &Event| rollback_of(event).is_some_and(|(change, _)| known.contains(&change));
                    if spilled.events.iter().any(is_known) {
                        continue;
                    }
                    let told = Entry {
                        cockpit: spilled.cockpit,
                        actor: spilled.actor.clone(),
                        at: spilled.at,
                        events: Vec::new(),
                        ..entry.clone()
                    };
                    for event in &spilled.events {
                        finder.event(&told, event, spill.after, procedure_of);
                    }
                }
            } else {
                finder.event(entry, event, entry.number, procedure_of);
            }
            finder.session.apply_entry(&entry.stamp(), std::slice::from_ref(event));
        }
    }
    finder.found
}

/// What is known on the way.
#[derive(Default)]
struct Finder {
    session: Session,
    procedure: Option<(Digest, Option<Procedure>)>,
    /// Requests: the entry and the time in which each was asked.
    asked: BTreeMap<RequestId, (u64, Timestamp)>,
    /// Words of second persons by their entries: about what, from which cockpit, when it was asked.
    given: BTreeMap<u64, Word>,
    /// Rollbacks: the entry that a signature cannot be older than, and their digests.
    rolled_back: BTreeMap<ChangeId, (u64, Digest)>,
    found: Vec<SignedPlace>,
}

/// A second person's word.
struct Word {
    by: Operator,
    cockpit: CockpitId,
    of: Of,
}

/// What it is about.
enum Of {
    Act { digest: Digest, asked_at: Timestamp },
    Steps(Vec<StepId>),
}

impl Finder {
    fn event(
        &mut self,
        entry: &Entry,
        event: &Event,
        since: u64,
        procedure_of: &mut dyn FnMut(&Session) -> Option<Procedure>,
    ) {
        if let Event::ConfirmationAsked(asked) = event {
            self.asked.insert(asked.request, (entry.number, entry.at));
        }
        if let Some((change, digest)) = rollback_of(event) {
            self.rolled_back.insert(change, (since, digest));
        }
        let signed = signed_in(event);
        if signed.is_none() && !wants_signature(event) {
            return;
        }
        let flown = self.session.profile_digest().unwrap_or(Digest::ZERO);
        if self.procedure.as_ref().is_none_or(|(digest, _)| *digest != flown) {
            self.procedure = Some((flown, procedure_of(&self.session)));
        }
        let procedure = self.procedure.as_ref().and_then(|(_, procedure)| procedure.as_ref());
        let wants = procedure.is_some_and(|procedure| procedure.people.keys) && wants_signature(event);
        let mut about = procedure.and_then(|procedure| about(&self.session, procedure, event));
        if let Event::RollbackSigned { change, .. } = event {
            let known = self.rolled_back.get(change);
            about = known.map(|(since, digest)| About { act: SignedAct::Rollback, digest: *digest, since: *since });
        }
        self.remember(&entry.stamp(), event, &mut about);
        let (second, used_at) = self.second(&entry.stamp(), event, about.as_ref());
        if signed.is_none() && !wants {
            return;
        }
        self.found.push(SignedPlace {
            entry: entry.number,
            at: entry.at,
            by: entry.actor.clone(),
            cockpit: entry.cockpit,
            what: words(&self.session, event),
            signed: signed.cloned(),
            wanted: wants,
            about,
            used_at: used_at.unwrap_or(entry.at),
            profile: flown,
            second,
        });
    }

    /// Remembers a second person's word.
    fn remember(&mut self, stamp: &Stamp, event: &Event, about: &mut Option<About>) {
        let of = match event {
            Event::ConfirmationGiven { request, .. } => {
                let asked = self.asked.get(request).copied();
                if let (Some(about), Some((entry, _))) = (about.as_mut(), asked) {
                    about.since = entry;
                }
                let Some(about) = about else { return };
                Of::Act { digest: about.digest, asked_at: asked.map_or(stamp.at, |(_, at)| at) }
            }
            Event::RunConfirmed(run) => Of::Steps(run.steps.clone()),
            _ => return,
        };
        self.given.insert(stamp.number, Word { by: stamp.actor.clone(), cockpit: stamp.cockpit, of });
    }

    /// The word that an act rests on, and when it was asked for.
    fn second(&self, stamp: &Stamp, event: &Event, about: Option<&About>) -> (Option<SecondPlace>, Option<Timestamp>) {
        let (Second::Given { by, cockpit, entry, .. } | Second::Run { by, cockpit, entry, .. }) =
            (match second_of(event) {
                Some(second) => second,
                None => return (None, None),
            })
        else {
            return (None, None);
        };
        let word = self.given.get(entry);
        let is_theirs = word.is_some_and(|word| word.by == *by && word.cockpit == *cockpit)
            && *by != stamp.actor
            && *cockpit != stamp.cockpit;
        let (is_same, asked_at) = match (word.map(|word| &word.of), event) {
            (Some(Of::Act { digest, asked_at }), _) => {
                (about.is_none_or(|about| about.digest == *digest), Some(*asked_at))
            }
            (Some(Of::Steps(steps)), Event::ChangeConfirmed(confirmed)) => {
                (matches!(&confirmed.kind, ChangeKind::Step { step } if steps.contains(step)), None)
            }
            (Some(Of::Steps(_)) | None, _) => (false, None),
        };
        (Some(SecondPlace { by: by.clone(), entry: *entry, fits: is_theirs && is_same }), asked_at)
    }
}

fn rollback_of(event: &Event) -> Option<(ChangeId, Digest)> {
    match event {
        Event::ChangeConfirmed(confirmed) if !confirmed.kind.is_forward() => Some((confirmed.change, confirmed.digest)),
        _ => None,
    }
}

/// What was signed, in one line.
pub(super) fn words(session: &Session, event: &Event) -> String {
    match event {
        Event::ConfirmationGiven { request, .. } => {
            let asked = session.request.as_ref().filter(|known| known.asked.request == *request);
            let what = asked.map_or_else(|| "what was asked".to_owned(), |known| known.asked.act.words());
            format!("second person: {what}")
        }
        Event::RunConfirmed(run) => {
            let steps: Vec<&str> = run.steps.iter().map(StepId::as_str).collect();
            format!("second person: a run of steps: {}", steps.join(", "))
        }
        Event::ChangeConfirmed(confirmed) => {
            let alone = if confirmed.confirmation.alone.is_some() { ", ALONE" } else { "" };
            format!("shift to {}{alone}", confirmed.to)
        }
        Event::RollbackSigned { change, .. } => match session.change(*change) {
            Some(change) => format!("roll back to {}", change.confirmed.to),
            None => "roll back".to_owned(),
        },
        Event::StepMarked { step, mark: StepMark::Done { .. } } => format!("complete {step}"),
        Event::ActionStarting(intent) => format!("start {}", intent.step),
        Event::ApprovalGiven(given) => format!("approval: {}", given.title),
        Event::ProfileReloaded { digest, .. } => format!("take in the profile {}", digest.short()),
        _ => String::new(),
    }
}

/// What became of checking a session's signatures.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Proofs {
    /// Every place with what was found, in the order of [`places`].
    pub all: Vec<(SignedPlace, Proof)>,
}

/// What was found at one place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Proof {
    /// The signature holds, and is this one's.
    Good(Signer),
    /// It does not.
    Bad {
        /// Why, and what to do.
        why: String,
    },
    /// There is none, and the profile wants one.
    Missing,
}

impl Proofs {
    /// Takes what was found at each place, and looks whether two words that must be two people's are.
    pub fn new(mut all: Vec<(SignedPlace, Proof)>) -> Self {
        let words: BTreeMap<u64, Proof> = all
            .iter()
            .filter(|(place, _)| place.about.is_some_and(|about| matches!(about.act, SignedAct::Give | SignedAct::Run)))
            .map(|(place, proof)| (place.entry, proof.clone()))
            .collect();
        for (place, proof) in &mut all {
            let Some(second) = &place.second else { continue };
            let objection = match (&*proof, words.get(&second.entry)) {
                _ if !second.fits => Some(format!(
                    "it rests on entry {}, which is not the word of {} about this act in another cockpit",
                    second.entry, second.by
                )),
                (Proof::Good(own), Some(Proof::Good(other)))
                    if own.fingerprint == other.fingerprint || own.principal == other.principal =>
                {
                    Some(format!("one key signed it and entry {}: that is one person, not two", second.entry))
                }
                (Proof::Good(_), Some(Proof::Good(_))) | (Proof::Bad { .. } | Proof::Missing, _) => None,
                (Proof::Good(_), None | Some(Proof::Bad { .. } | Proof::Missing)) => {
                    Some(format!("it rests on entry {}, whose signature is missing or does not hold", second.entry))
                }
            };
            if let Some(why) = objection {
                *proof = Proof::Bad { why };
            }
        }
        Self { all }
    }

    /// Those that do not hold.
    pub fn failing(&self) -> usize {
        self.all.iter().filter(|(_, proof)| !matches!(proof, Proof::Good(_))).count()
    }

    /// Whether who confirmed what is proven: something is signed, and every signature that is there or wanted holds.
    pub fn prove(&self) -> bool {
        !self.all.is_empty() && self.failing() == 0
    }

    /// What was found for a statement in an entry.
    pub(super) fn of(&self, entry: u64, signed: &Signed) -> Option<&Proof> {
        self.all
            .iter()
            .find(|(place, _)| place.entry == entry && place.signed.as_ref() == Some(signed))
            .map(|(_, proof)| proof)
    }
}
