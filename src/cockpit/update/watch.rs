//! What is known of the guards, in sentences.

use super::super::Model;
use crate::domain::guard::{GuardState, Subject, Then};

impl Model {
    /// Every guard: where it stands, by which limit, what would decide it, what it does; empty without guards.
    pub(super) fn guard_details(&self) -> Vec<String> {
        let flight = &self.flight;
        let mut lines = Vec::new();
        for spec in &flight.procedure.guards {
            let Some(watch) = flight.guards.get(&spec.id) else { continue };
            lines.push(format!("guard {}", watch.line(&spec.id, self.now.elapsed)));
            let own = match &spec.subject {
                Subject::Limit { limit, .. } => Some(limit.words(&watch.unit)),
                Subject::Check(_)
                | Subject::Baseline { .. }
                | Subject::ErrorsAgainst { .. }
                | Subject::LatencyAgainst { .. } => None,
            };
            let limit = watch.limit.map(|limit| limit.words(&watch.unit));
            let limit = match (limit, &watch.by_step, own) {
                (Some(limit), Some(step), Some(own)) => format!("limit in force {limit} of {step}, else {own}; "),
                (Some(limit), _, _) => format!("limit in force {limit}; "),
                (None, _, Some(own)) => format!("its limit is {own}; "),
                (None, _, None) => String::new(),
            };
            let then = match spec.then {
                Then::Propose => "puts up its banner",
                Then::RollBack => "rolls back while it is armed",
            };
            lines.push(format!("  {limit}trips once broken {}, then {then}", spec.patience.words()));
            if watch.trips > 0 || watch.breaches > 0 {
                lines.push(format!(
                    "  {} so far, {} tripped",
                    count(watch.breaches, "breach", "breaches"),
                    watch.trips
                ));
            }
            if let GuardState::Inconclusive { words } = &watch.state {
                lines.push(format!("  decided by: {words}"));
            }
            lines.extend(watch.elsewhere.as_ref().map(|words| format!("  ! the old version breaks it too: {words}")));
            lines.extend(watch.red_at_start.as_ref().map(|words| format!("  ! red before the first change: {words}")));
        }
        lines
    }
}

fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
