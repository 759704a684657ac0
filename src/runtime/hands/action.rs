//! Deploy actions, done: worked out, started, looked at, cancelled.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;

use super::{Hands, outcome};
use crate::adapter::action::Action;
use crate::domain::action::{Acting, ActionLook, ActionState, Started};
use crate::domain::{ActionId, Outcome, Trouble, TroubleKind};
use crate::flight::Msg;
use crate::flight::action::{LookAfter, SendActionCancel, SendStart};
use crate::runtime::clock;
use crate::runtime::slot::Talk;

/// What is said of an adapter that panicked; its own words are in the log.
const FAULT: &str = "flightdeck has a fault in this action's adapter; its own log has more";

impl Hands {
    fn action(&self, id: &ActionId) -> Result<Arc<dyn Action>, String> {
        let found = self.adapters.actions.get(id).cloned();
        found.ok_or_else(|| format!("{id} is not in the profile that is flown; reload the profile"))
    }

    pub(super) fn describe_action(&self, request: u64, id: &ActionId, acting: Acting) {
        let (tell, action, what) = (self.tell.clone(), self.action(id), format!("work out {id}"));
        let cancel = self.cancel.clone();
        self.tracker.spawn(cancel.run_until_cancelled_owned(async move {
            let trouble = |why: &str| Trouble::new(TroubleKind::Mismatch, what.clone(), why, "nothing was sent");
            let result = match action {
                Err(why) => Err(trouble(&why)),
                Ok(action) => match AssertUnwindSafe(action.describe(&acting)).catch_unwind().await {
                    Ok(result) => result,
                    Err(_told_by_the_hook) => Err(trouble(FAULT)),
                },
            };
            tell(Msg::ActionDescribed { request, result });
        }));
    }

    pub(super) fn start_action(&self, start: SendStart) {
        let SendStart { act, action: id, acting, deadline, until } = start;
        let (tell, action) = (self.tell.clone(), self.action(&id));
        let fence = self.fences.fence(act, deadline, until);
        let slots = self.slots.clone();
        tracing::info!(%act, action = %id, key = acting.key, "starting an action");
        self.tracker.spawn(async move {
            let started = match action {
                Err(why) => Started::NotSent { why },
                Ok(action) => {
                    let _place = slots.place(Talk::Forward).await;
                    match AssertUnwindSafe(action.start(&acting, &fence)).catch_unwind().await {
                        Ok(started) => started,
                        Err(_told_by_the_hook) => Started::Unknown { why: FAULT.to_owned() },
                    }
                }
            };
            tracing::info!(%act, ?started, "answer to starting an action");
            tell(Msg::ActionAnswered { act, started });
        });
    }

    pub(super) fn look_action(&self, look: LookAfter) {
        let LookAfter { request, act, action: id, acting, handle } = look;
        let (tell, action) = (self.tell.clone(), self.action(&id));
        let cancel = self.cancel.clone();
        self.tracker.spawn(cancel.run_until_cancelled_owned(async move {
            let began = clock::now();
            let unknown = |why: String| ActionLook::new(ActionState::Unknown { why });
            let look = match action {
                Err(why) => unknown(why),
                Ok(action) => match AssertUnwindSafe(action.look(&acting, handle.as_deref())).catch_unwind().await {
                    Ok(look) => look,
                    Err(_told_by_the_hook) => unknown(FAULT.to_owned()),
                },
            };
            tell(Msg::ActionLooked { request, act, began, look: Box::new(look) });
        }));
    }

    pub(super) fn cancel_action(&self, cancel: SendActionCancel) {
        let SendActionCancel { act, action: id, acting, handle, deadline, until } = cancel;
        let (tell, action) = (self.tell.clone(), self.action(&id));
        let fence = self.fences.fence(act, deadline, until);
        let slots = self.slots.clone();
        tracing::info!(%act, action = %id, handle, "cancelling an action");
        self.tracker.spawn(async move {
            let outcome = match action {
                Err(why) => Outcome::NotSent { why },
                Ok(action) => {
                    let _place = slots.place(Talk::Forward).await;
                    match AssertUnwindSafe(action.cancel(&acting, &handle, &fence)).catch_unwind().await {
                        Ok(said) => outcome(said),
                        Err(_told_by_the_hook) => Outcome::Unknown { why: FAULT.to_owned() },
                    }
                }
            };
            tracing::info!(%act, outcome = outcome.word(), "answer to cancelling an action");
            tell(Msg::ActionCancelAnswered { act, outcome });
        });
    }
}
