//! Ways back with acts: what a profile with `[[rollback]]` asks for, in memory.

use flightdeck::domain::action::ActionSpec;
use flightdeck::domain::procedure::{Procedure, RollbackAct, StepAct};

fn spec(id: &str) -> ActionSpec {
    ActionSpec {
        id: id.into(),
        kind: "http".to_owned(),
        ends_way_back: false,
        poll: std::time::Duration::from_secs(2),
        timeout: std::time::Duration::from_secs(2),
        can_cancel: true,
        ends_with_cockpit: false,
    }
}

fn run(id: &str, name: &str, action: &str) -> RollbackAct {
    let act = StepAct::Deploy { pool: "blue".into(), text: String::new(), action: Some(action.into()) };
    RollbackAct::new(id.into(), name, act)
}

/// The scaling of blue is suspended, whatever traffic it has.
pub const SUSPEND: &str = "rollback-suspend-scaling";
/// The release before goes to blue again; its deployment is open after that.
pub const PREVIOUS: &str = "rollback-previous-release";
/// A person tells the channel, and ticks the section `deploy`.
pub const CHANNEL: &str = "rollback-tell-the-channel";

/// The procedure with three acts after its traffic: two actions, one of a person's.
pub fn with_acts(mut procedure: Procedure) -> Procedure {
    procedure.actions.extend([spec("suspend-scaling"), spec("previous-release")]);
    let channel = StepAct::Pause { text: "Say in the channel what was seen".to_owned() };
    procedure.rollback = vec![
        RollbackAct { with_traffic: true, ..run(SUSPEND, "Suspend scaling", "suspend-scaling") },
        RollbackAct {
            reopens: Some("deploy-to-blue".into()),
            ..run(PREVIOUS, "Previous release to blue", "previous-release")
        },
        RollbackAct {
            items: Some("deploy".to_owned()),
            ..RollbackAct::new(CHANNEL.into(), "Tell the channel", channel)
        },
    ];
    procedure
}

/// The same without a router: a rolling update, whose way back begins with its first act.
pub fn without_routers(mut procedure: Procedure) -> Procedure {
    procedure.routers.clear();
    procedure.rollout = flightdeck::domain::Waves::default();
    procedure.plan.retain(|step| matches!(step.act, StepAct::Deploy { .. }));
    for step in &mut procedure.plan {
        step.leave_when.clear();
    }
    with_acts(procedure)
}
