//! Changes as they are told: what was confirmed, sent and answered, and how it was settled.

use super::people::key_of;
use super::story::{Attempt, ChangeStory, Late, RouterChange, Settled, WaveStory};
use super::tell::{Teller, act};
use super::text::split;
use crate::domain::{ChangeId, NativeSplit, Outcome, RouterId, Timestamp};
use crate::entry::Entry;
use crate::session::decide::guard::fired;
use crate::session::event::{ChangeConfirmed, ChangeKind, Settlement};

impl Teller<'_> {
    pub(super) fn confirmed(&mut self, entry: &Entry, confirmed: &ChangeConfirmed) {
        if let ChangeKind::Rollback { supersedes, reopens } = &confirmed.kind {
            if let Some(superseded) = supersedes {
                self.settled(entry, *superseded, &Settlement::Superseded { by: confirmed.change });
            }
            for step in reopens {
                if let Some(over) = self.story.steps.iter_mut().rev().find(|over| over.step == *step) {
                    over.reopened = true;
                }
            }
        }
        self.hold_ends(entry.at);
        let routers = confirmed.routers.iter().map(|order| RouterChange {
            router: order.router.clone(),
            before: order.bound.as_ref().map(|bound| self.shares(&bound.native)),
            native_before: order.bound.as_ref().map(|bound| bound.native.clone()),
            after: order.prepared.shares.clone(),
            native: order.prepared.native.clone(),
            requests: order.prepared.requests.clone(),
            attempts: Vec::new(),
            observed: Vec::new(),
            late: None,
        });
        let change = ChangeStory {
            number: self.story.changes.len() + 1,
            change: confirmed.change,
            kind: confirmed.kind.clone(),
            to: confirmed.to.clone(),
            confirmed: act(entry),
            confirmation: confirmed.confirmation.clone(),
            key: confirmed.confirmation.signed.as_ref().and_then(key_of),
            second: confirmed.second.clone(),
            digest: confirmed.digest,
            owner: None,
            deadline: None,
            gates: confirmed.gates.clone(),
            overrides: confirmed.overrides.clone(),
            waves: confirmed.waves.iter().map(|routers| WaveStory { routers: routers.to_vec(), sent: None }).collect(),
            between_ms: u64::try_from(confirmed.waves.between().as_millis()).unwrap_or(u64::MAX),
            routers: routers.collect(),
            settled: None,
        };
        let by_somebody = fired(&confirmed.confirmation).is_none();
        self.row(entry, by_somebody, change.title(), String::new(), Some(change.number));
        self.story.changes.push(change);
        let title = self.story.changes.last().map(ChangeStory::title).unwrap_or_default();
        self.overrode(entry, &title, &confirmed.gates, &confirmed.overrides);
        self.second(entry, &confirmed.second, &title);
    }

    pub(super) fn retried(&mut self, entry: &Entry, change: ChangeId, routers: &[RouterId]) {
        self.sent_to(entry, change, routers, format!("sent once more to {}", named(routers)));
    }

    pub(super) fn wave_sent(&mut self, entry: &Entry, id: ChangeId, wave: u32, routers: &[RouterId]) {
        let index = usize::try_from(wave).unwrap_or_default().saturating_sub(1);
        self.with_change(id, |change| {
            if let Some(wave) = change.waves.get_mut(index) {
                wave.sent = Some(act(entry));
            }
        });
        let waves = self.change(id).map_or(0, |change| change.waves.len());
        self.sent_to(entry, id, routers, format!("sent wave {wave} of {waves}: {}", named(routers)));
    }

    /// A row of something that was sent after the change itself; what came of it is known at the end.
    pub(super) fn sent_to(&mut self, entry: &Entry, change: ChangeId, routers: &[RouterId], what: String) {
        let mut begun = Vec::new();
        for router in routers {
            self.with_router(change, router, |known| begun.push((router.clone(), begin(known, entry.at))));
        }
        let number = self.change(change).map(|change| change.number);
        self.sends.insert(self.story.timeline.len(), begun);
        self.row(entry, true, what, String::new(), number);
    }

    pub(super) fn settled(&mut self, entry: &Entry, id: ChangeId, how: &Settlement) {
        let Some(change) = self.story.changes.iter_mut().rev().find(|change| change.change == id) else { return };
        if change.settled.is_some() {
            return;
        }
        change.settled = Some(Settled { at: entry.at, how: how.clone() });
        let number = change.number;
        let step = match &change.kind {
            ChangeKind::Step { step } => Some((step.clone(), change.confirmed.at)),
            ChangeKind::OffPlan | ChangeKind::PutBack | ChangeKind::Rollback { .. } => None,
        };
        let (word, reason) = match how {
            Settlement::Verified => ("verified", String::new()),
            Settlement::Left { reason } => ("left partly done", reason.clone()),
            Settlement::Superseded { .. } => ("rolled back", String::new()),
            Settlement::NothingSent => ("nothing sent", String::new()),
        };
        if let Settlement::Left { reason } = how {
            self.row(entry, true, format!("left change {number} partly done"), reason.clone(), Some(number));
        }
        if let Some((step, began)) = step {
            self.step_over(entry, step, word, reason, began);
        }
    }

    pub(super) fn late(&mut self, entry: &Entry, id: ChangeId, router: &RouterId, read: &NativeSplit) {
        let shares = self.shares(read);
        let number = self.change(id).map(|change| change.number);
        let what = format!("{router} took change {} after its time-out", number.unwrap_or_default());
        self.row(entry, false, what, format!("it reads {} now", split(&shares)), number);
        self.with_router(id, router, |known| known.late = Some(Late { at: entry.at, shares }));
    }
}

pub(super) fn begin(router: &mut RouterChange, at: Timestamp) -> u32 {
    let attempt = router.attempts.last().map_or(1, |last| last.attempt + 1);
    router.attempts.push(Attempt { attempt, at, accepted: None, outcome: None, known: None });
    attempt
}

pub(super) fn answered(router: &mut RouterChange, number: u32, outcome: &Outcome, at: Timestamp) {
    // A router that was not as it was seen has a word without having been sent to.
    if router.attempts.last().is_none_or(|last| last.attempt < number) {
        router.attempts.push(Attempt { attempt: number, at, accepted: None, outcome: None, known: None });
    }
    if let Some(attempt) = router.attempts.iter_mut().find(|attempt| attempt.attempt == number) {
        if *outcome == Outcome::Accepted {
            attempt.accepted = Some(at);
        }
        (attempt.outcome, attempt.known) = (Some(outcome.clone()), Some(at));
    }
}

fn named(routers: &[RouterId]) -> String {
    routers.iter().map(RouterId::as_str).collect::<Vec<_>>().join(", ")
}
