//! What a target group says of its targets.

use crate::adapter::aws::xml::Element;
use crate::domain::PoolId;
use crate::domain::reading::{Admin, Health, ServerReading};

/// One target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Target {
    /// `i-0f9f:8080`, `10.0.0.10:8080`, a function's name.
    name: String,
    /// `healthy`, `unhealthy`, `initial`, `unused`, `draining`, …
    state: String,
    /// `Target.Timeout`; empty where all is well.
    reason: String,
}

/// Said of targets whose health nobody checks, because no rule forwards to their group.
const NOT_IN_USE: &str = "Target.NotInUse";

/// The targets in an answer.
pub(super) fn targets(answer: &Element) -> Vec<Target> {
    let all = answer.anywhere("TargetHealthDescriptions").into_iter().flat_map(|list| &list.children);
    all.map(|each| {
        let of = |outer: &str, name: &str| each.at(&[outer, name]).map_or("", |found| &found.text).to_owned();
        let (id, port) = (of("Target", "Id"), of("Target", "Port"));
        let name = if port.is_empty() { id } else { format!("{id}:{port}") };
        Target { name, state: of("TargetHealth", "State"), reason: of("TargetHealth", "Reason") }
    })
    .collect()
}

impl Target {
    /// Whether nobody checks it because its group is used by nobody.
    pub(super) fn is_unchecked(&self) -> bool {
        self.state == "unused" && self.reason == NOT_IN_USE
    }

    /// As the core knows servers. `is_in` says whether its group is in the action that is steered: if it is, a target
    /// that is not in use is one in a zone that the load balancer does not serve.
    pub(super) fn server(&self, pool: &PoolId, is_in: bool) -> ServerReading {
        let (health, admin) = match self.state.as_str() {
            "healthy" => (Health::Up, Admin::Ready),
            // Deregistered: what it serves it may finish, and it gets nothing new.
            "draining" => (Health::Up, Admin::Drain),
            "unhealthy.draining" => (Health::Down, Admin::Drain),
            "unavailable" => (Health::Unchecked, Admin::Ready),
            "unused" if !is_in && self.is_unchecked() => (Health::Unchecked, Admin::Ready),
            // Not yet or no longer served: `initial`, `unhealthy`, `unused`, and whatever comes new.
            _ => (Health::Down, Admin::Ready),
        };
        ServerReading {
            name: self.name.clone(),
            pool: pool.clone(),
            health,
            admin,
            in_flight: None,
            requests: None,
            errors: None,
            response: None,
        }
    }

    /// What ails it; `None` where nothing does.
    pub(super) fn ailment(&self) -> Option<String> {
        match (self.state.as_str(), self.reason.as_str()) {
            ("healthy" | "unavailable", _) => None,
            (state, "") => Some(state.to_owned()),
            (state, reason) => Some(format!("{state}, {reason}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told_apart() {
        let server = |state: &str, reason: &str, is_in| {
            let target = Target { name: "i-1:80".to_owned(), state: state.to_owned(), reason: reason.to_owned() };
            let server = target.server(&"blue".into(), is_in);
            (server.health, server.admin)
        };
        assert_eq!(server("healthy", "", true), (Health::Up, Admin::Ready));
        assert_eq!(server("initial", "Elb.RegistrationInProgress", true), (Health::Down, Admin::Ready));
        assert_eq!(server("unhealthy", "Target.Timeout", true), (Health::Down, Admin::Ready));
        assert_eq!(server("draining", "Target.DeregistrationInProgress", true), (Health::Up, Admin::Drain));
        assert_eq!(server("unused", NOT_IN_USE, false), (Health::Unchecked, Admin::Ready));
        assert_eq!(server("unused", NOT_IN_USE, true), (Health::Down, Admin::Ready));
        assert_eq!(server("unused", "Target.InvalidState", false), (Health::Down, Admin::Ready));
    }
}
