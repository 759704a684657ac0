//! A way back in stages that goes on by itself, where the profile says so (R8).
//!
//! The first stage was confirmed for the whole way: the next one goes with that confirmation, from the same process, in the
//! same epoch, once the one before it has been verified and nothing spoke against it for the time between. A hold, drift, a
//! silent router, and a check between the stages that does not pass speak against it; a person says how it goes on then.

use std::time::Duration;

use super::propose::{Proposing, Stage};
use super::soak::GAP;
use super::{Effect, Flight, WayBackChoice};
use crate::domain::procedure::Friction;
use crate::domain::{ChangeId, Elapsed, Now};
use crate::session::flaw::{self, Flaw};
use crate::session::proposal::{Confirmation, Gesture};
use crate::session::stage::ByItself;
use crate::session::{Change, Command};

/// The time since a stage was verified, as this cockpit saw it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Staging {
    change: ChangeId,
    /// Since when nothing has spoken against going on.
    since: Elapsed,
    looked: Elapsed,
    /// The traffic revision since then: what moved it has spoken, also when it was over before anybody looked.
    revision: u64,
    /// The proposal of the next stage, once it was made,
    proposed: Option<ChangeId>,
    /// and when it was last tried to send it.
    tried: Option<Elapsed>,
}

/// How soon a stage that was refused is tried again.
const AGAIN: Duration = Duration::from_secs(1);

impl Flight {
    /// How long until the next stage goes by itself, or what it waits for; `None` where no stage goes by itself.
    pub fn next_stage_waits(&self, now: Elapsed) -> Option<Result<Duration, String>> {
        let (_, between) = self.going_on()?;
        if let Some(why) = self.against_going_on(now) {
            return Some(Err(why));
        }
        let held = self.staging.map_or(Duration::ZERO, |staging| now.since(staging.since));
        Some(Ok(between.saturating_sub(held)))
    }

    /// The stage that was verified here and goes on from this process, and the time between two.
    fn going_on(&self) -> Option<(&Change, Duration)> {
        let between = self.procedure.back.goes_on?;
        self.session.ramp()?;
        let newest = self.session.changes.last()?;
        let intent = newest.intent.filter(|intent| intent.owner == self.me.cockpit)?;
        let same_epoch = self.session.controls.as_ref().is_some_and(|held| held.epoch == intent.epoch);
        let may = (self.drives() && same_epoch) || flaw::is(Flaw::StageOfOtherEpoch);
        (may && self.procedure.confirm.rollback == Friction::Key).then_some((newest, between))
    }

    fn against_going_on(&self, now: Elapsed) -> Option<String> {
        if let Some(hold) = self.session.hold.as_ref().filter(|_| !flaw::is(Flaw::StageDespiteHold)) {
            return Some(format!("held by {}", hold.by));
        }
        if let Some(router) = self.session.drifted.keys().next() {
            return Some(format!("{router} differs from the plan"));
        }
        if let Some((router, _)) = self.watches.iter().find(|(_, watch)| watch.fresh(now).is_none()) {
            return Some(format!("no fresh reading of {router}"));
        }
        let against = self.against_next_stage(now).into_iter().next();
        if let Some(against) = against.filter(|_| !flaw::is(Flaw::StageDespiteCheck)) {
            return Some(against.text);
        }
        let settles = self.watches.keys().find(|router| self.settling(router, now).is_some());
        settles.map(|router| format!("traffic through {router} still follows"))
    }

    pub(super) fn look_after_stages(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some((stage, between)) = self.going_on() else {
            self.staging = None;
            return;
        };
        let (change, revision) = (stage.id(), self.session.revision);
        let (since, looked) = (now.elapsed, now.elapsed);
        let fresh = Staging { change, since, looked, revision, proposed: None, tried: None };
        let mut staging = self.staging.filter(|staging| staging.change == change).unwrap_or(fresh);
        let is_gap = now.elapsed.since(staging.looked) > GAP;
        if is_gap || staging.revision != revision || self.against_going_on(now.elapsed).is_some() {
            (staging.since, staging.revision) = (now.elapsed, revision);
        }
        staging.looked = now.elapsed;
        self.staging = Some(staging);
        let tried = staging.tried.is_some_and(|tried| now.elapsed.since(tried) < AGAIN);
        let waits = tried || now.elapsed.since(staging.since) < between;
        if waits || self.link.is_busy() || self.is_cut_off() {
            return;
        }
        match &mut self.proposing {
            Some(proposing)
                if staging.proposed == Some(proposing.change) && matches!(proposing.stage, Stage::Ready(_)) =>
            {
                proposing.goes_with = Some(change);
                proposing.despite.clear();
                self.staging = Some(Staging { tried: Some(now.elapsed), ..staging });
                // The word was given for the stage before it; nobody typed or signed anything for this one.
                self.confirm_signed(now, Confirmation::new(Gesture::Key, true), Vec::new(), out);
            }
            None if staging.proposed.is_none() => {
                self.propose_rollback(now, WayBackChoice::Ramp, out);
                let proposed = self.proposing.as_ref().map(|proposing| proposing.change);
                self.staging = Some(Staging { proposed, ..staging });
            }
            // Whatever else is proposed is a person's, and is not pushed aside.
            Some(_) | None => {}
        }
    }

    /// What the proposal goes with, where it is a stage that nobody confirmed.
    pub(super) fn by_itself(&self, now: Elapsed) -> Option<ByItself> {
        let after = self.proposing.as_ref().and_then(|proposing: &Proposing| proposing.goes_with)?;
        Some(ByItself { after, held: self.stage_held(now, after) })
    }

    fn stage_held(&self, now: Elapsed, stage: ChangeId) -> Duration {
        let staging = self.staging.filter(|staging| staging.change == stage);
        staging.map_or(Duration::ZERO, |staging| now.since(staging.since))
    }

    /// A stage that waited for its turn goes only if nothing has spoken against it meanwhile.
    pub(super) fn renew_stage(&self, now: Elapsed, command: &mut Command) {
        if let Command::RollBack { by_itself: Some(by_itself), .. } = command {
            by_itself.held = self.stage_held(now, by_itself.after);
        }
    }
}
