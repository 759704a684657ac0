//! `rollback_within` and `[back]`: how fast the way back is said to be, and its stages.

use std::time::Duration;

use crate::domain::BasisPoints;
use crate::domain::procedure::BackRule;
use crate::setting::{Table, Wrong, duration, percent};

/// Reads both.
pub(super) fn read(table: &mut Table<'_>) -> BackRule {
    let time = || duration(Duration::from_secs(1), Duration::from_hours(168));
    let doc = "How long after a step's change was sent it may still be rolled back; counts down beside the way back.";
    let within = table.optional("rollback_within", doc, &time());
    let read = table.table("back", "How the way back is flown.", |back| {
        let doc = "How long its traffic is declared to take: what it took is measured against it.";
        let estimate = back.optional("estimate", doc, &time());
        let doc = "A way back in stages, beside the one at once: how much of the way is left after each, in percent, the \
                   last 0.";
        let ramp = back.optional("ramp", doc, &percent(0, 9_999).list("a list of percentages that falls to 0: [50, 0]"));
        if let Some(ramp) = &ramp {
            let falls = ramp.value.windows(2).all(|pair| match pair {
                [one, next] => one.value > next.value,
                _ => true,
            });
            if !falls || ramp.value.last().is_none_or(|last| last.value != 0) {
                let wrong = Wrong::new("must fall from stage to stage, and end at 0");
                back.report().refuse(&ramp.spot, wrong.accepted("[50, 0], [75, 50, 25, 0]"));
            }
        }
        let stages = ramp.map(|ramp| ramp.value.into_iter().map(|left| BasisPoints(left.value)).collect());
        (estimate.map(|estimate| estimate.value), stages.unwrap_or_default())
    });
    let (estimate, ramp) = read.unwrap_or_default();
    BackRule { within: within.map(|within| within.value), estimate, ramp }
}
