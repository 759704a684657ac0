//! A guard over a panel of errors, and what its source says.

use std::time::Duration;

use flightdeck::domain::guard::{GuardSpec, Of, Patience, Subject, Then};
use flightdeck::domain::measure::{PanelSpec, Sample};
use flightdeck::domain::metric::{Answered, Look};
use flightdeck::domain::procedure::{Limits, MetricSpec, StepAct};
use flightdeck::domain::{Limit, Measure, Now, Procedure, Unit};
use flightdeck::flight::Msg;

/// Below the limit, as a fraction of one.
pub const GOOD: f64 = 0.002;
/// Above it.
pub const BAD: f64 = 0.014;

fn errors() -> Measure {
    Measure::Panel("errors".into())
}

/// A guard over the errors of the raised pool: three in a row above one percent.
pub fn guard(id: &str, then: Then) -> GuardSpec {
    GuardSpec {
        id: id.into(),
        subject: Subject::Limit { measure: errors(), of: Of::Raised, limit: Limit::Above(0.01) },
        patience: Patience::InARow(3),
        failures: 3,
        then,
        every: Duration::from_secs(1),
        back_to: None,
    }
}

/// A procedure whose errors are measured each second.
pub fn measured(mut procedure: Procedure) -> Procedure {
    procedure.metrics.push(MetricSpec {
        id: "prom".into(),
        pool: None,
        interval: Duration::from_secs(1),
        limits: Limits::default(),
        metered: false,
    });
    procedure.panels = vec![PanelSpec {
        id: "errors".into(),
        source: "prom".into(),
        unit: Unit::Percent,
        pools: procedure.pool_ids().cloned().collect(),
        limit: None,
        interval: Duration::from_secs(1),
        window: Duration::ZERO,
        is_shown: false,
    }];
    procedure
}

/// The same, with one guard that may roll back; its plan is shifts alone, and nothing but the guard holds them up.
pub fn guarded(procedure: Procedure) -> Procedure {
    let mut procedure = measured(procedure);
    procedure.pools.iter_mut().for_each(|pool| pool.capacity_per_server = None);
    procedure.guards = vec![guard("errors", Then::RollBack)];
    procedure.plan.retain(|step| matches!(step.act, StepAct::Shift(_)));
    for step in &mut procedure.plan {
        step.leave_when.clear();
        step.soak = None;
    }
    procedure
}

/// What the source says now of blue and green.
pub fn looked(now: Now, blue: f64, green: f64) -> Msg {
    let answered = |pool: &str, value: f64| Answered {
        measure: errors(),
        pool: Some(pool.into()),
        value: Ok(Some(Sample { at: now.wall, value })),
    };
    let look = Look::Values(vec![answered("blue", blue), answered("green", green)]);
    Msg::Looked { source: "prom".into(), began: now, look }
}
