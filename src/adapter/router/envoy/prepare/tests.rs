use super::*;
use crate::adapter::http::{Endpoint, Tls};
use crate::domain::reading::{Identity, ServerReading};
use crate::domain::{BasisPoints, Shares};

#[test]
fn whole_percentages_read_as_they_are_and_others_are_exact_too() {
    for (green, sent) in [
        (3_000, "app.v1.blue=70&app.v1.green=30"),
        (10_000, "app.v1.blue=0&app.v1.green=100"),
        (1_234, "app.v1.blue=8766&app.v1.green=1234"),
        (1, "app.v1.blue=9999&app.v1.green=1"),
    ] {
        let prepared = prepare(&config(), &Target::Weights(weights(green)), Some(&reading())).expect("it can be held");
        assert_eq!(prepared.requests, [format!("POST http://127.0.0.1:9901/runtime_modify?{sent}")]);
        assert!(prepared.shares.are_exactly(&weights(green)), "{prepared:?}");
        assert!(prepared.notes.is_empty(), "{prepared:?}");
    }
}

#[test]
fn a_name_with_odd_characters_is_one_key() {
    let mut config = config();
    config.pools[0].1 = "outbound|80||blue&x=1".to_owned();
    let prepared = prepare(&config, &Target::Weights(weights(5_000)), Some(&reading())).expect("it can be held");
    assert!(
        prepared.requests[0].ends_with("?app.v1.outbound%7C80%7C%7Cblue%26x%3D1=50&app.v1.green=50"),
        "{prepared:?}"
    );
}

#[test]
fn nothing_for_everybody_is_never_sent() {
    let refused = |native: &[(&str, &str, u32)]| {
        let native = native.iter().map(|(reference, pool, weight)| NativeWeight {
            reference: (*reference).to_owned(),
            pool: (*pool).into(),
            weight: *weight,
            admin: Admin::Ready,
        });
        prepare(&config(), &Target::Native(NativeSplit(native.collect())), None).expect_err("it cannot be held")
    };
    assert_eq!(refused(&[("app.v1.blue", "blue", 0), ("app.v1.green", "green", 0)]).rule, "D4");
    let beyond = refused(&[("app.v1.blue", "blue", u32::MAX), ("app.v1.green", "green", 1)]);
    assert!(beyond.why.contains("4294967296") && beyond.advice.contains("4294967295"), "{beyond}");
    let half = refused(&[("app.v1.blue", "blue", 1)]);
    assert!(half.why.contains("nothing of pool green"), "{half}");
    let crossed = refused(&[("app.v1.blue", "green", 1), ("app.v1.green", "blue", 1)]);
    assert!(crossed.why.contains("app.v1.blue is no key of green"), "{crossed}");
}

#[test]
fn a_cluster_without_hosts_gets_nothing() {
    let mut reading = reading();
    reading.servers[1].name = "green (no host)".to_owned();
    let refused = prepare(&config(), &Target::Weights(weights(100)), Some(&reading)).expect_err("nobody is there");
    assert_eq!(refused.rule, "D4");
    assert!(refused.why.contains("cluster green of green has no host"), "{refused}");
    prepare(&config(), &Target::Weights(weights(0)), Some(&reading)).expect("blue has one");
}

fn config() -> Config {
    Config {
        at: Endpoint::parse("http://127.0.0.1:9901").expect("the example is an address"),
        tls: Tls::default(),
        prefix: "app.v1".to_owned(),
        route_config: None,
        pools: vec![("blue".into(), "blue".to_owned()), ("green".into(), "green".to_owned())],
        timeout: std::time::Duration::from_secs(1),
    }
}

fn weights(green: u32) -> Weights {
    Weights::new(vec![("blue".into(), BasisPoints(10_000 - green)), ("green".into(), BasisPoints(green))])
        .expect("the example adds up")
}

fn reading() -> Reading {
    let server = |pool: &str, name: &str| ServerReading {
        name: name.to_owned(),
        pool: pool.into(),
        health: Health::Up,
        admin: Admin::Ready,
        in_flight: Some(0),
        requests: Some(0),
        errors: Some(0),
        response: None,
    };
    Reading {
        identity: Identity::default(),
        generation: String::new(),
        uptime: None,
        native: NativeSplit::default(),
        effective: Shares::default(),
        servers: vec![server("blue", "127.0.0.1:1"), server("green", "127.0.0.1:2")],
        warnings: Vec::new(),
        underway: None,
        skew: None,
    }
}
