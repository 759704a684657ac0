//! A system of deploy actions in memory: it answers as it is told to.

use std::collections::BTreeMap;

use flightdeck::domain::action::{ActionLook, ActionSpec, ActionState, Description, Started};
use flightdeck::domain::procedure::{Procedure, StepAct};
use flightdeck::domain::{Now, Outcome, StepId, Trouble};
use flightdeck::flight::action::{LookAfter, SendActionCancel, SendStart};
use flightdeck::flight::{Effect, Msg};

/// The system.
pub struct Actions {
    /// What it answers when it is asked what would be sent.
    pub description: Result<Description, Trouble>,
    /// What it answers to a start; `None` leaves it unanswered.
    pub started: Option<Started>,
    /// What it answers to a look.
    pub look: ActionLook,
    /// What it answers to looks at these actions instead.
    pub look_of: BTreeMap<String, ActionLook>,
    /// What it answers to a cancel.
    pub cancelled: Outcome,
    /// Every start that was sent,
    pub starts: Vec<SendStart>,
    /// every look,
    pub looks: Vec<LookAfter>,
    /// and every cancel.
    pub cancels: Vec<SendActionCancel>,
}

impl Default for Actions {
    fn default() -> Self {
        Self {
            description: Ok(Description {
                requests: vec![
                    "POST https://deploy.example.net/deployments".to_owned(),
                    "  {\"pool\": \"blue\", \"version\": \"2.5.0\"}".to_owned(),
                ],
                differences: vec!["version: 2.4.0 → 2.5.0".to_owned()],
                notes: Vec::new(),
            }),
            started: Some(Started::Running {
                handle: "7".to_owned(),
                link: Some("https://deploy.example.net/deployments/7".to_owned()),
            }),
            look: running(40),
            look_of: BTreeMap::new(),
            cancelled: Outcome::Accepted,
            starts: Vec::new(),
            looks: Vec::new(),
            cancels: Vec::new(),
        }
    }
}

impl Actions {
    pub fn answer(&mut self, now: Now, effect: Effect) -> Option<Msg> {
        match effect {
            Effect::DescribeAction { request, acting, .. } => {
                let result = self.description.clone().map(|mut description| {
                    description.requests.push(format!("  idempotency-key: {}", acting.key));
                    description
                });
                Some(Msg::ActionDescribed { request, result })
            }
            Effect::StartAction(start) => {
                let act = start.act;
                self.starts.push(*start);
                Some(Msg::ActionAnswered { act, started: self.started.clone()? })
            }
            Effect::LookAction(look) => {
                let (request, act) = (look.request, look.act);
                let seen = self.look_of.get(look.action.as_str()).unwrap_or(&self.look).clone();
                let handle = seen.handle.clone().filter(|_| look.handle.is_none());
                self.looks.push(*look);
                let look = Box::new(ActionLook { handle, ..seen });
                Some(Msg::ActionLooked { request, act, began: now, look })
            }
            Effect::CancelAction(cancel) => {
                let act = cancel.act;
                self.cancels.push(*cancel);
                Some(Msg::ActionCancelAnswered { act, outcome: self.cancelled.clone() })
            }
            _ => None,
        }
    }
}

/// It runs, so far.
pub fn running(percent: u8) -> ActionLook {
    ActionLook {
        handle: Some("7".to_owned()),
        log: vec!["pulling the image".to_owned(), "1 of 3 servers runs it".to_owned()],
        ..ActionLook::new(ActionState::Running { percent: Some(percent), waits_for: None })
    }
}

/// It ended badly.
pub fn failed(why: &str) -> ActionLook {
    ActionLook { log: vec!["no such image".to_owned()], ..ActionLook::new(ActionState::Failed { why: why.to_owned() }) }
}

/// The procedure with an action of the step's name that does it.
pub fn with_action(mut procedure: Procedure, step: &str, ends_way_back: bool) -> Procedure {
    procedure.actions.push(ActionSpec {
        id: step.into(),
        kind: "http".to_owned(),
        ends_way_back,
        poll: std::time::Duration::from_secs(2),
        timeout: std::time::Duration::from_secs(2),
        can_cancel: true,
        ends_with_cockpit: false,
    });
    let found = procedure.plan.iter_mut().find(|each| each.id == StepId::from(step)).expect("a step of the plan");
    let StepAct::Deploy { action, text, .. } = &mut found.act else { panic!("{step} deploys nothing") };
    (*action, *text) = (Some(step.into()), String::new());
    procedure
}
