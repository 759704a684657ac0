//! Folding deploy actions.

use super::{Stamp, stamped};
use crate::domain::ChangeId;
use crate::domain::action::ActionEnd;
use crate::session::action::{ActionRun, ActionStage, ActionStarting};
use crate::session::event::Event;
use crate::session::state::Session;

impl Session {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only events of actions come here")]
    pub(super) fn apply_action(&mut self, stamp: &Stamp, event: &Event) {
        match event {
            Event::ActionStarting(intent) => self.apply_starting(stamp, intent),
            Event::ActionStarted { act, handle, link } => self.with_run(*act, |run| {
                if !run.is_over() {
                    run.stage = ActionStage::Running { handle: handle.clone() };
                    run.link = link.clone().or(run.link.take());
                }
            }),
            Event::ActionUnknown { act, why } => self.with_run(*act, |run| {
                if !run.is_over() {
                    run.stage = ActionStage::Unknown { why: why.clone() };
                }
            }),
            Event::ActionEnded { act, end, log, .. } => self.apply_end(stamp, *act, end, log),
            Event::ActionCancelling(cancelling) => {
                self.cancellations += 1;
                self.with_run(cancelling.of, |run| run.cancelling = Some((**cancelling).clone()));
            }
            Event::ActionCancelAnswered { act, of, .. } => self.with_run(*of, |run| {
                run.cancelling.take_if(|cancelling| cancelling.act == *act);
            }),
            _ => {}
        }
    }

    fn apply_starting(&mut self, stamp: &Stamp, intent: &ActionStarting) {
        if intent.unwinds {
            self.begin_unwinding(stamp);
        } else {
            self.end_unwinding();
        }
        self.actions.push(ActionRun {
            intent: stamped(stamp, intent.clone()),
            stage: ActionStage::Starting,
            link: None,
            cancelling: None,
        });
    }

    fn apply_end(&mut self, stamp: &Stamp, act: ChangeId, end: &ActionEnd, log: &[String]) {
        self.with_run(act, |run| {
            run.stage = ActionStage::Ended { at: stamp.at, end: end.clone(), log: log.to_vec() };
            run.cancelling = None;
        });
    }

    fn with_run(&mut self, act: ChangeId, change: impl FnOnce(&mut ActionRun)) {
        if let Some(run) = self.actions.iter_mut().rev().find(|run| run.act() == act) {
            change(run);
        }
    }
}
