//! How a deployment of ECS stands, as the service tells it.
//!
//! It came to a good end when the primary deployment is of the task definition that was asked for, and completed. ECS that
//! goes back by itself makes a new primary deployment of the old one, and is stable again: that is a bad end.

use serde_json::Value;

use super::super::before::{items, number, text};
use super::super::say;
use super::definition::short;
use crate::domain::action::ActionState;

/// How the deployment of this definition stands; `None` where the service lists none of it.
pub(super) fn deployment(service: &Value, definition: &str) -> Option<ActionState> {
    if let Some(failed) = inactive(service) {
        return Some(failed);
    }
    let all: Vec<&Value> = items(service, "/deployments").collect();
    let own = all.iter().find(|each| short(text(each, "/taskDefinition")) == definition)?;
    let reason = reason(own);
    if own["rolloutState"] == "FAILED" {
        let back = match primary(service) {
            Some(primary) if primary["id"] != own["id"] => {
                format!("; ECS goes back to {}", say::quoted(short(text(primary, "/taskDefinition"))))
            }
            Some(_) | None => String::new(),
        };
        return Some(failed(format!("the rollout of {definition} failed{reason}{back}")));
    }
    if own["status"] != "PRIMARY" {
        return overtaken(service);
    }
    let (running, wanted) = (count(own, "runningCount"), count(own, "desiredCount"));
    // Not said behind some load balancers: then it is what `aws ecs wait services-stable` waits for.
    let is_stable = own["rolloutState"].is_null() && all.len() == 1 && running == wanted;
    if own["rolloutState"] == "COMPLETED" || is_stable {
        return Some(ActionState::Succeeded);
    }
    let failed_tasks = count(own, "failedTasks");
    let waits_for = if failed_tasks > 0 {
        format!("tasks that come up: {failed_tasks} did not, {running} of {wanted} run")
    } else if running < wanted {
        format!("{} of {wanted} tasks to run", wanted - running)
    } else {
        "the old tasks to end".to_owned()
    };
    Some(ActionState::Running { percent: percent(running, wanted), waits_for: Some(waits_for) })
}

/// Said of a service whose primary deployment is another one than was asked for.
pub(super) fn overtaken(service: &Value) -> Option<ActionState> {
    let primary = primary(service)?;
    let runs = say::quoted(short(text(primary, "/taskDefinition")));
    let reason = reason(primary);
    Some(failed(format!("the service is deployed with {runs} now, by ECS that went back or by somebody else{reason}")))
}

/// When the primary deployment was made, in seconds; none where that is not told.
pub(super) fn primary_made(service: &Value) -> Option<f64> {
    primary(service)?["createdAt"].as_f64()
}

/// How far the service is on its way to so many tasks.
pub(super) fn scaled(service: &Value, wanted: u64) -> ActionState {
    if let Some(failed) = inactive(service) {
        return failed;
    }
    let (there, running, pending) =
        (count(service, "desiredCount"), count(service, "runningCount"), count(service, "pendingCount"));
    if there != wanted {
        return failed(format!("somebody set it to {there} tasks since, or its scaling did"));
    }
    if running == wanted && pending == 0 {
        return ActionState::Succeeded;
    }
    let waits_for = format!("{wanted} tasks: {running} run, {pending} are about to");
    ActionState::Running { percent: percent(running.min(wanted), wanted), waits_for: Some(waits_for) }
}

/// What the service told last, oldest first.
pub(super) fn events(service: &Value) -> Vec<String> {
    let events: Vec<&Value> = items(service, "/events").collect();
    say::last_lines(events.iter().rev().map(|event| text(event, "/message")))
}

fn inactive(service: &Value) -> Option<ActionState> {
    let status = text(service, "/status");
    (status != "ACTIVE").then(|| failed(format!("the service is {}", say::quoted(&status.to_lowercase()))))
}

fn primary(service: &Value) -> Option<&Value> {
    items(service, "/deployments").find(|each| each["status"] == "PRIMARY")
}

fn reason(deployment: &Value) -> String {
    match say::quoted(text(deployment, "/rolloutStateReason")) {
        reason if reason.is_empty() => String::new(),
        reason => format!(": {reason}"),
    }
}

fn count(whole: &Value, key: &str) -> u64 {
    number(whole, &format!("/{key}")).unwrap_or(0)
}

fn percent(done: u64, of: u64) -> Option<u8> {
    u8::try_from((done.min(of) * 100).checked_div(of)?).ok()
}

fn failed(why: String) -> ActionState {
    ActionState::Failed { why }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(id: u32, status: &str, definition: &str, rollout: &str) -> Value {
        json!({
            "id": id, "status": status, "taskDefinition": format!("arn:aws:ecs:a:1:task-definition/{definition}"),
            "rolloutState": rollout, "runningCount": 1, "desiredCount": 3, "createdAt": 5.0,
        })
    }

    fn told(deployments: &[Value]) -> Option<ActionState> {
        deployment(&json!({ "status": "ACTIVE", "deployments": deployments }), "shop:42")
    }

    #[test]
    fn only_the_definition_that_was_asked_for_is_a_good_end() {
        assert_eq!(told(&[of(1, "PRIMARY", "shop:42", "COMPLETED")]), Some(ActionState::Succeeded));
        assert_eq!(told(&[of(1, "PRIMARY", "shop:41", "COMPLETED")]), None, "it is not listed yet, or is gone");
        let waits_for = Some("2 of 3 tasks to run".to_owned());
        let running = ActionState::Running { percent: Some(33), waits_for };
        assert_eq!(
            told(&[of(2, "PRIMARY", "shop:42", "IN_PROGRESS"), of(1, "ACTIVE", "shop:41", "COMPLETED")]),
            Some(running)
        );
    }

    #[test]
    fn ecs_that_goes_back_by_itself_is_a_bad_end() {
        let mut own = of(2, "ACTIVE", "shop:42", "FAILED");
        own["rolloutStateReason"] = json!("ECS deployment circuit breaker: tasks failed to start.");
        let why = "the rollout of shop:42 failed: ECS deployment circuit breaker: tasks failed to start.; ECS goes back to shop:41";
        assert_eq!(told(&[of(3, "PRIMARY", "shop:41", "IN_PROGRESS"), own]), Some(failed(why.to_owned())));
        let overtaken = told(&[of(3, "PRIMARY", "shop:43", "IN_PROGRESS"), of(2, "ACTIVE", "shop:42", "IN_PROGRESS")]);
        assert!(matches!(overtaken, Some(ActionState::Failed { why }) if why.contains("shop:43")));
    }
}
