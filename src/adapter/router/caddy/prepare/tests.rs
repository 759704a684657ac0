use super::*;
use crate::adapter::http::{Endpoint, Tls};
use crate::domain::reading::{Admin, Identity};
use crate::domain::{BasisPoints, Shares};

#[test]
fn every_upstream_gets_its_weight_in_its_place() {
    let reading = reading(&[("10.0.2.1:80", "green", 0), ("10.0.1.1:80", "blue", 1), ("10.0.1.2:80", "blue", 1)]);
    let prepared = prepare(&config(), &Target::Weights(weights(2_000)), Some(&reading)).expect("it can be held");
    assert_eq!(
        prepared.requests,
        ["PATCH http://127.0.0.1:2019/id/app/load_balancing/selection_policy/weights [1,2,2]"]
    );
    assert!(prepared.shares.are_exactly(&weights(2_000)), "{prepared:?}");
    assert_eq!(
        prepared.notes,
        [
            "Caddy sends requests in rows, 1 to 10.0.2.1:80, then 2 to 10.0.1.1:80, then 2 to 10.0.1.2:80, and begins anew with \
          each change"
        ]
    );
}

#[test]
fn what_is_not_this_routers_is_refused() {
    let refused = |native: &[(&str, &str, u32)]| {
        prepare(&config(), &Target::Native(reading(native).native), None).expect_err("it cannot be held")
    };
    assert_eq!(refused(&[("10.0.1.1:80", "blue", 0), ("10.0.2.1:80", "green", 0)]).rule, "D4");
    let half = refused(&[("10.0.1.1:80", "blue", 1)]);
    assert!(half.why.contains("nothing of pool green"), "{half}");
    let crossed = refused(&[("10.0.1.1:80", "green", 1), ("10.0.2.1:80", "blue", 1)]);
    assert!(crossed.why.contains("10.0.1.1:80 is no green upstream"), "{crossed}");
}

fn config() -> Config {
    Config {
        at: Endpoint::parse("http://127.0.0.1:2019").expect("the example is an address"),
        tls: Tls::default(),
        origin: None,
        handler: "app".to_owned(),
        pools: vec![("blue".into(), vec!["10.0.1.*:80".to_owned()]), ("green".into(), vec!["10.0.2.*:80".to_owned()])],
        inner: Vec::new(),
        timeout: std::time::Duration::from_secs(1),
    }
}

fn weights(green: u32) -> Weights {
    Weights::new(vec![("blue".into(), BasisPoints(10_000 - green)), ("green".into(), BasisPoints(green))])
        .expect("the example adds up")
}

fn reading(weights: &[(&str, &str, u32)]) -> Reading {
    let weight = |(reference, pool, weight): &(&str, &str, u32)| NativeWeight {
        reference: (*reference).to_owned(),
        pool: (*pool).into(),
        weight: *weight,
        admin: Admin::Ready,
    };
    Reading {
        identity: Identity::default(),
        generation: String::new(),
        uptime: None,
        native: NativeSplit(weights.iter().map(weight).collect()),
        effective: Shares::default(),
        servers: Vec::new(),
        warnings: Vec::new(),
        underway: None,
        skew: None,
    }
}
