//! A task of a slow system, cancelled (R6).

use super::check_confirmation;
use crate::domain::procedure::Friction;
use crate::domain::{ChangeId, Procedure, Refused, RouterId};
use crate::session::command::Asked;
use crate::session::event::{Event, TaskCancelling};
use crate::session::proposal::Confirmation;
use crate::session::state::Session;

/// What is to be cancelled.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) act: ChangeId,
    pub(super) router: &'a RouterId,
    pub(super) task: &'a str,
    pub(super) what: &'a str,
    pub(super) is_ours: bool,
    pub(super) running: Option<&'a str>,
}

/// What is typed to cancel a task that somebody else started.
pub fn typed_for(task: &str) -> String {
    format!("cancel {task}")
}

/// What confirming it asks: a key for what flightdeck started, its name for what it did not.
pub fn friction(is_ours: bool) -> Friction {
    if is_ours { Friction::Key } else { Friction::Type }
}

/// The intent to cancel a task. It stops something, as a rollback and a hold do: any operator may, without the controls and
/// while the deployment is held.
pub(super) fn cancel(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    wanted: &Wanted<'_>,
    confirmation: &Confirmation,
) -> Result<Vec<Event>, Refused> {
    let &Wanted { act, router, task, what, is_ours, running } = wanted;
    let act_words = format!("cancel {task} of {router}");
    if procedure.router(router).is_none() {
        let why = "no router of this profile has that name";
        return Err(Refused::new("R6", act_words, why, "look at the routers again"));
    }
    if running != Some(task) {
        let why = match running {
            Some(other) => format!("{other} is under way now"),
            None => "it is over, or the system does not let it be cancelled".to_owned(),
        };
        return Err(Refused::new("R6", act_words, why, "nothing was sent; look at the router again"));
    }
    let is_asked =
        |each: &TaskCancelling| each.router == *router && each.task == task && each.deadline >= asked.now.wall;
    if session.cancelling.iter().any(is_asked) {
        let why = "it is being cancelled already";
        return Err(Refused::new("R6", act_words, why, "wait for its end"));
    }
    check_confirmation(&act_words, confirmation, friction(is_ours), &typed_for(task))?;
    Ok(vec![Event::TaskCancelling(Box::new(TaskCancelling {
        act,
        router: router.clone(),
        task: task.to_owned(),
        what: what.to_owned(),
        owner: asked.cockpit,
        deadline: asked.now.wall.plus(procedure.timing.deadline),
    }))])
}

/// What became of it, by the word of the cockpit that sent it.
pub(super) fn note(session: &Session, act: ChangeId, how: &str) -> Vec<Event> {
    let intent = session.cancelling.iter().find(|cancelling| cancelling.act == act);
    let told = intent.map(|intent| Event::TaskCancelled {
        act,
        router: intent.router.clone(),
        task: intent.task.clone(),
        how: how.to_owned(),
    });
    told.into_iter().collect()
}
