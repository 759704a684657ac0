//! The version: what its tag points to now, and the first word of it, which is kept.
//!
//! The check that resolves the tag is asked as other checks are: while a deploy step is next, and once its checklist item is
//! ticked. The driver writes the first digest down; every cockpit holds what it sees after that against it.

use super::{Effect, Flight, Tone};
use crate::domain::check::Verdict;
use crate::domain::version::{Resolved, Seen, VersionSpec, is_digest};
use crate::domain::{CheckId, Elapsed, Now};
use crate::session::Command;
use crate::session::flaw::{self, Flaw};

impl Flight {
    /// What the version's tag points to as far as is known now; old answers say nothing.
    pub fn version_seen(&self, now: Elapsed) -> Seen {
        let Some(spec) = self.procedure.version.as_ref().and_then(|version| self.procedure.check(&version.check))
        else {
            return Seen::default();
        };
        let (verdict, words) = self.standing_of(spec, now);
        let last = self.checks.run(&spec.id).and_then(|run| run.last.as_ref());
        match (verdict, last.and_then(|told| told.answer.value.as_ref())) {
            (Verdict::Pass, Some(digest)) if is_digest(digest) => Seen::Digest(digest.clone()),
            (Verdict::Pass, _) => Seen::Unknown { words: format!("{words}, and its answer holds no digest") },
            (Verdict::Fail, _) => Seen::Missing { words },
            (Verdict::Inconclusive, _) => Seen::Unknown { words },
        }
    }

    /// The version, while somebody waits for what its tag points to.
    fn version_waited_for(&self) -> Option<&VersionSpec> {
        let spec = self.procedure.version.as_ref()?;
        let next = self.session.next_step(&self.procedure.plan);
        let deploys = next.is_some_and(|step| self.procedure.version_of(step).is_some());
        let is_ticked = || spec.item.as_ref().is_some_and(|item| self.session.ticks.contains_key(item));
        (deploys || self.session.version.is_none() && is_ticked()).then_some(spec)
    }

    /// The checks that a deploy step waits for, about what it deploys.
    pub(super) fn version_checks(&self) -> Vec<CheckId> {
        let Some(spec) = self.version_waited_for() else { return Vec::new() };
        let required = if self.session.version.is_some() { spec.requires.as_slice() } else { &[] };
        std::iter::once(&spec.check).chain(required).cloned().collect()
    }

    /// The driver writes down what the tag was resolved to, once.
    pub(super) fn note_version(&mut self, now: Now) {
        let is_kept = self.session.version.is_some() && !flaw::is(Flaw::VersionFollowsTag);
        if is_kept || !self.session.is_open() || !self.drives() || self.link.is_busy() {
            return;
        }
        let Some(spec) = self.version_waited_for() else { return };
        let Seen::Digest(digest) = self.version_seen(now.elapsed) else { return };
        let tag = self.session.to_version().to_owned();
        let Some(told) = self.checks.run(&spec.check).and_then(|run| run.last.as_ref()) else { return };
        if tag.is_empty() {
            return;
        }
        let request = told.answer.evidence.iter().find(|(name, _)| name == "request");
        let source = request.map_or_else(|| spec.check.to_string(), |(_, request)| request.clone());
        let resolved = Resolved { image: spec.named(&tag), tag, digest, source, when: told.answer.at };
        self.note(now, Command::NoteVersion(Box::new(resolved)));
    }

    /// It is in the journal: what is about the digest can be asked and worked out now.
    pub(super) fn version_resolved(&mut self, now: Now, resolved: &Resolved, out: &mut Vec<Effect>) {
        out.push(Effect::tell(Tone::Good, format!("{} is {}", resolved.image, resolved.digest)));
        let requires = self.procedure.version.as_ref().map(|spec| spec.requires.clone()).unwrap_or_default();
        self.renew_checks(&requires, now.elapsed);
        self.describe_if_untold(now, out);
    }

    /// What the tag points to is looked at again before it is deployed.
    pub(super) fn hasten_version(&mut self, now: Elapsed) {
        if let Some(check) = self.procedure.version.as_ref().map(|spec| spec.check.clone()) {
            self.hasten_check(&check, now);
        }
    }
}
