//! What guards saw and did, as rows: nobody's acts but the arming.

use super::tell::Teller;
use crate::domain::GuardId;
use crate::entry::Entry;
use crate::session::Event;
use crate::session::guard::{Acted, BY_HAND, GuardBaseline};

impl Teller<'_> {
    /// An event about guards as a row; others are told elsewhere.
    pub(super) fn guards(&mut self, entry: &Entry, event: &Event) {
        match event {
            Event::BaselineMeasured { guards } => {
                let each: Vec<String> = guards.iter().map(measured).collect();
                self.noticed(entry, "what the guards compare with was measured", each.join(", "));
            }
            Event::GuardsArmed { guards, .. } => {
                let names: Vec<&str> = guards.iter().map(GuardId::as_str).collect();
                let came = "one that trips in this cockpit rolls back by itself, once";
                self.did(entry, format!("armed the guards: {}", names.join(", ")), came);
            }
            Event::GuardsDisarmed { why } if why == BY_HAND => self.did(entry, "disarmed the guards", ""),
            Event::GuardsDisarmed { why } => {
                self.noticed(entry, "the guards are not armed any more", why.clone());
            }
            Event::GuardTripped { guard, words, acted } => {
                let came = match acted {
                    Acted::Proposed => "it rang; it was not armed".to_owned(),
                    Acted::RolledBack { .. } => "it rolled back".to_owned(),
                    Acted::Rang { because } => format!("it was armed, and rang instead of rolling back: {because}"),
                };
                self.noticed(entry, format!("the guard {guard} tripped: {words}"), came);
            }
            Event::GuardConfessed { guard, words } => {
                let what = format!("the guard {guard} was red before the first change: it would never trip");
                self.noticed(entry, what, words.clone());
            }
            Event::GuardCalmed { guard } => self.noticed(entry, format!("the guard {guard} is red no more"), ""),
            _ => {}
        }
    }
}

fn measured(baseline: &GuardBaseline) -> String {
    let pool = baseline.pool.as_ref().map(|pool| format!(" on {pool}")).unwrap_or_default();
    format!("{}{pool} {}", baseline.guard, decimal(baseline.millionths))
}

/// Millionths as a decimal number, without zeros at its end.
fn decimal(millionths: i64) -> String {
    let (whole, part) = (millionths / 1_000_000, (millionths % 1_000_000).unsigned_abs());
    let sign = if millionths < 0 && whole == 0 { "-" } else { "" };
    let text = format!("{sign}{whole}.{part:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn millionths_are_written_as_short_as_they_are() {
        let written = [0, 20_000, 212_000_000, 1_500_000, -1, -2_500_000].map(decimal);
        assert_eq!(written, ["0", "0.02", "212", "1.5", "-0.000001", "-2.5"]);
    }
}
