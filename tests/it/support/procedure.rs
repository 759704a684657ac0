//! A procedure to fly in tests, without a profile.

use std::time::Duration;

use flightdeck::domain::check::{Asks, CheckSpec};
use flightdeck::domain::checklist::{Checklist, Item, Section};
use flightdeck::domain::drain::{DrainRule, Evidence};
use flightdeck::domain::procedure::{
    BackRule, Condition, Confirm, Friction, Pool, Procedure, Role, RouterSpec, Step, StepAct, Timing,
};
use flightdeck::domain::{BasisPoints, Capabilities, Digest, Holds, ItemId, PoolId, Proof, Weights};

/// Capabilities of a router that counts everything.
pub fn capabilities() -> Capabilities {
    Capabilities {
        change_ms: 1,
        back_ms: 1,
        holds: Holds::Shares { finest: BasisPoints(40) },
        proof: Proof::Observed,
        counts_in_flight: true,
        counts_requests: true,
        lists_connections: true,
        make_permanent: Some("write them into its configuration".to_owned()),
        ..Capabilities::of("fake", "in memory")
    }
}

/// Weights by percent, in the order of the pools.
pub fn weights(percent: &[(&str, u32)]) -> Weights {
    Weights::new(percent.iter().map(|(pool, percent)| (PoolId::from(*pool), BasisPoints::percent(*percent))).collect())
        .expect("the example adds up")
}

fn shift(name: &str, blue: u32, soak: u64) -> Step {
    Step {
        id: flightdeck::domain::checklist::slug(name).as_str().into(),
        name: name.to_owned(),
        act: StepAct::Shift(weights(&[("blue", blue), ("green", 100 - blue)])),
        leave_when: Vec::new(),
        soak: (soak > 0).then(|| Duration::from_secs(soak)),
        schedule: Vec::new(),
        prove: None,
        back_to: None,
        guards: std::collections::BTreeMap::new(),
    }
}

fn deploy(name: &str, pool: &str) -> Step {
    Step {
        act: StepAct::Deploy { pool: pool.into(), text: format!("deploy the new version to {pool}"), action: None },
        ..shift(name, 0, 0)
    }
}

/// Two pools, `routers` routers, the plan of a blue/green deployment with short soaks, one checklist section.
pub fn blue_green(routers: usize) -> Procedure {
    let mut drain = shift("Drain blue", 0, 0);
    drain.leave_when = vec![Condition::Drained("blue".into())];
    let mut deployed = deploy("Deploy to blue", "blue");
    deployed.leave_when = vec![Condition::Items("deploy".to_owned())];
    let mut ten = shift("Blue 10", 10, 3);
    ten.back_to = Some(weights(&[("blue", 0), ("green", 100)]));
    let item = |slug: &str, text: &str, required| Item {
        id: ItemId::new(format!("deploy/{slug}")),
        text: text.to_owned(),
        depth: 0,
        required,
        role: None,
        commands: Vec::new(),
        links: Vec::new(),
    };
    let pool = |id: &str, mark: &str, role| Pool {
        id: id.into(),
        mark: mark.to_owned(),
        role,
        capacity_per_server: Some(600.0),
    };
    Procedure {
        service: "payments-api".to_owned(),
        environment: "prod".to_owned(),
        production: true,
        digest: Digest([7; 32]),
        pools: vec![pool("blue", "▲", Role::New), pool("green", "●", Role::Old)],
        routers: (1..=routers)
            .map(|number| RouterSpec {
                id: format!("eu-{number}").as_str().into(),
                kind: "fake".to_owned(),
                capabilities: capabilities(),
                poll: Duration::from_secs(1),
                timeout: Duration::from_secs(2),
            })
            .collect(),
        rollout: flightdeck::domain::Waves::default(),
        plan: vec![
            drain,
            deployed,
            ten,
            shift("Blue 30", 30, 3),
            shift("Blue 50", 50, 3),
            shift("Blue 100", 100, 0),
            deploy("Deploy to green", "green"),
            shift("Blue 90", 90, 0),
            shift("Blue 50 again", 50, 0),
        ],
        checklist: Checklist {
            due: flightdeck::domain::due::Dues::default(),
            sections: vec![Section {
                slug: "deploy".to_owned(),
                title: "Deploy".to_owned(),
                items: vec![item("health", "Health is green", true), item("channel", "Channel told", false)],
            }],
        },
        confirm: Confirm {
            shift: Friction::Key,
            off_plan: Friction::Type,
            deploy: Friction::Key,
            rollback: Friction::Key,
        },
        why: flightdeck::domain::WhyRule::default(),
        windows: Vec::new(),
        people: flightdeck::domain::People::default(),
        increment: BasisPoints::percent(10),
        timing: Timing::default(),
        drain: DrainRule {
            quiet: Duration::from_secs(5),
            evidence: vec![Evidence::InFlight, Evidence::Requests],
            show_clients: false,
        },
        logs: Vec::new(),
        pairs: Vec::new(),
        expected: Vec::new(),
        metrics: Vec::new(),
        panels: Vec::new(),
        checks: Vec::new(),
        actions: Vec::new(),
        guards: Vec::new(),
        back: BackRule::default(),
        rollback: Vec::new(),
        notifiers: Vec::new(),
    }
}

/// A check of this name and group that a system answers: every ten seconds, one try.
pub fn check(name: &str, group: Option<&str>) -> CheckSpec {
    CheckSpec {
        id: name.into(),
        kind: "http".to_owned(),
        group: group.map(str::to_owned),
        pool: Some("blue".into()),
        asks: Asks::System,
        every: Duration::from_secs(10),
        tries: 1,
        in_a_row: 1,
        timeout: Duration::from_secs(5),
        compares: false,
    }
}
