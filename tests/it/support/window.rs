//! Deploy windows for tests, as a profile writes them.

use flightdeck::domain::WindowSpec;
use flightdeck::domain::window::{During, StepKind, When, WindowRule};

/// A window for every kind of step, which lets a change in its middle go on.
pub fn window(name: &str, rule: WindowRule, when: &str) -> WindowSpec {
    let When { spans, zone } = when.parse().expect("the example is well written");
    WindowSpec {
        id: name.into(),
        rule,
        spans,
        zone: zone.expect("the example names its zone"),
        steps: StepKind::ALL.to_vec(),
        during: During::Finish,
    }
}

/// The same, and the waves of a change stop when it closes.
pub fn freezing(name: &str, when: &str) -> WindowSpec {
    WindowSpec { during: During::Freeze, ..window(name, WindowRule::Allow, when) }
}
