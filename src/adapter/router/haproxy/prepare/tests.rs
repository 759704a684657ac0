use super::*;
use crate::domain::reading::{Health, Identity, ServerReading};
use crate::domain::{BasisPoints, Shares, Weights};

use Admin::{Backup, Drain, Maintenance, Ready};

#[test]
fn pools_of_different_size_get_shares_and_not_weights() {
    let reading = reading(&[
        ("blue-1", 100, Ready),
        ("blue-2", 100, Ready),
        ("green-1", 0, Ready),
        ("green-2", 0, Ready),
        ("green-3", 0, Ready),
    ]);
    let prepared = prepare(&shape(), &shares(3_000), Some(&reading)).expect("it can be held");
    assert_eq!(prepared.shares.to_string(), "70.0 / 30.0");
    assert!(prepared.shares.are_exactly(&weights(3_000)), "{prepared:?}");
    assert!(prepared.notes.is_empty(), "{:?}", prepared.notes);
}

#[test]
fn weights_that_rise_come_first_on_the_line() {
    let reading = reading(&[("blue-1", 100, Ready), ("green-1", 0, Ready)]);
    let prepared = prepare(&shape(), &shares(10_000), Some(&reading)).expect("it can be held");
    assert_eq!(prepared.requests, ["set server app/green-1 weight 100", "set server app/blue-1 weight 0"]);
    assert_eq!(commands(&shape(), &prepared.native).as_ref(), Ok(&prepared.requests), "what is shown is what is sent");
}

#[test]
fn without_a_reading_whatever_keeps_something_comes_first() {
    let split = native(&[("blue-1", 0, Ready), ("green-1", 7, Ready), ("green-2", 30, Ready)]);
    let prepared = prepare(&shape(), &Target::Native(split), None).expect("it can be held");
    assert_eq!(
        prepared.requests,
        ["set server app/green-2 weight 30", "set server app/green-1 weight 7", "set server app/blue-1 weight 0"]
    );
}

#[test]
fn maintenance_and_backups_are_left_alone_and_a_drain_is_told() {
    let reading = reading(&[
        ("blue-1", 100, Ready),
        ("blue-2", 100, Maintenance),
        ("green-1", 0, Ready),
        ("green-2", 0, Drain),
        ("green-3", 0, Backup),
    ]);
    let prepared = prepare(&shape(), &shares(5_000), Some(&reading)).expect("it can be held");
    let written: Vec<&str> = prepared.native.0.iter().map(|weight| weight.reference.as_str()).collect();
    assert_eq!(written, ["app/green-1", "app/green-2", "app/blue-1"]);
    assert_eq!(prepared.shares.to_string(), "50.0 / 50.0", "a drained server takes no part in the share");
    for part in [
        "app/blue-2 is in maintenance",
        "app/green-3 is a backup",
        "app/green-2 is set to drain: a weight does not end",
    ] {
        assert!(prepared.notes.iter().any(|note| note.contains(part)), "{part}: {:?}", prepared.notes);
    }
}

#[test]
fn nobody_left_to_serve_is_refused_by_name() {
    let reading = reading(&[("blue-1", 100, Ready), ("green-1", 0, Maintenance), ("green-2", 0, Drain)]);
    for green in [5_000, 10_000] {
        let refused = prepare(&shape(), &shares(green), Some(&reading)).expect_err("green cannot serve");
        assert_eq!(refused.rule, "D4");
        assert!(
            refused.why.contains("no green server can take traffic (1 in maintenance, 1 set to drain)"),
            "{refused}"
        );
    }
    let nothing = native(&[("blue-1", 0, Ready), ("green-1", 0, Ready)]);
    let refused = prepare(&shape(), &Target::Native(nothing), None).expect_err("all would be at zero");
    assert_eq!(refused.rule, "D4");
}

#[test]
fn an_algorithm_without_run_time_weights_is_refused_and_a_doubtful_one_is_told() {
    let mut reading = reading(&[("blue-1", 100, Ready), ("green-1", 0, Ready)]);
    reading.warnings = vec![super::super::warn::hashing_algorithm("app", "source")];
    let prepared = prepare(&shape(), &shares(5_000), Some(&reading)).expect("it may be consistent");
    assert!(prepared.notes.iter().any(|note| note.contains("hash-type consistent")), "{:?}", prepared.notes);
    reading.warnings = vec![super::super::warn::static_algorithm("app")];
    let refused = prepare(&shape(), &shares(5_000), Some(&reading)).expect_err("it cannot");
    assert!(refused.why.contains("static-rr") && refused.advice.contains("roundrobin"), "{refused}");
}

#[test]
fn over_a_socket_that_may_not_write_no_split_is_prepared_but_the_way_back_to_the_letter_is() {
    let mut reading = reading(&[("blue-1", 100, Ready), ("green-1", 0, Ready)]);
    for level in ["user", "operator"] {
        reading.warnings = vec![super::super::warn::low_level(level)];
        let refused = prepare(&shape(), &shares(5_000), Some(&reading)).expect_err("it would be denied");
        assert!(refused.why.contains("socket of level admin"), "{refused}");
        assert!(refused.why.ends_with(level) && refused.advice.contains("`level admin`"), "{refused}");
        let back = prepare(&shape(), &Target::Native(reading.native.clone()), Some(&reading)).expect("it is tried");
        assert!(back.notes.contains(&refused.why), "{:?}", back.notes);
    }
}

#[test]
fn a_share_too_small_for_the_range_is_rounded_and_told() {
    let reading = reading(&[("blue-1", 100, Ready), ("green-1", 0, Ready)]);
    let prepared = prepare(&shape(), &shares(1), Some(&reading)).expect("the nearest is held");
    assert_eq!(prepared.shares.to_string(), "99.6 / 0.4");
    assert_eq!(prepared.notes, ["asked 99.99 / 0.01, the nearest that its weights can give is 99.6 / 0.4"]);
}

#[test]
fn a_native_split_leaves_what_is_gone_and_tells_what_is_new() {
    let split = native(&[("blue-1", 100, Ready), ("blue-2", 100, Ready), ("green-1", 0, Ready)]);
    let now = reading(&[("blue-1", 0, Ready), ("green-1", 256, Ready), ("green-2", 256, Ready)]);
    let prepared = prepare(&shape(), &Target::Native(split), Some(&now)).expect("it can be held");
    assert_eq!(prepared.requests, ["set server app/blue-1 weight 100", "set server app/green-1 weight 0"]);
    assert_eq!(
        prepared.notes,
        [
            "app/blue-2 is gone from the router and is not written",
            "app/green-2 is not part of it and keeps its weight of 256"
        ]
    );
}

#[test]
fn strangers_and_weights_out_of_range_are_refused() {
    for (server, weight) in [("red-1", 1), ("blue-1", 257), ("blue-1;shutdown", 1), ("blue-1 x", 1), ("blue-1\nx", 1)] {
        let split = native(&[(server, weight, Ready), ("blue-2", 1, Ready)]);
        assert!(prepare(&shape(), &Target::Native(split.clone()), None).is_err(), "{server} {weight}");
        assert!(commands(&shape(), &split).is_err(), "{server} {weight} is not sent either");
    }
}

#[test]
fn a_map_holds_whole_percentages() {
    let reading = Reading { native: NativeSplit::default(), ..reading(&[("blue-1", 1, Ready), ("green-1", 1, Ready)]) };
    for (green, percent) in [(0, 0), (1, 1), (40, 1), (3_349, 33), (3_350, 34), (9_999, 99), (10_000, 100)] {
        let prepared = prepare(&map_shape(), &shares(green), Some(&reading)).expect("it can be held");
        assert_eq!(prepared.requests, [format!("set map /etc/green.map app {percent}")]);
        assert_eq!(prepared.native.0.iter().map(|each| each.weight).sum::<u32>(), 100);
    }
}

#[test]
fn a_map_puts_back_only_its_own_percentage() {
    let of = |reference: &str, pool: &str, weight| NativeWeight {
        reference: reference.to_owned(),
        pool: pool.into(),
        weight,
        admin: Ready,
    };
    let good = NativeSplit(vec![
        of("map /etc/green.map app, the rest", "blue", 70),
        of("map /etc/green.map app", "green", 30),
    ]);
    let prepared = prepare(&map_shape(), &Target::Native(good), None).expect("it can be held");
    assert_eq!(prepared.requests, ["set map /etc/green.map app 30"]);
    for bad in [
        vec![of("map /etc/green.map other", "green", 30)],
        vec![of("map /etc/green.map app", "green", 130)],
        vec![of("map /etc/green.map app", "blue", 30)],
        vec![of("map /etc/green.map app", "green", 30), of("map /etc/green.map app, the rest", "blue", 30)],
        vec![],
    ] {
        assert!(prepare(&map_shape(), &Target::Native(NativeSplit(bad.clone())), None).is_err(), "{bad:?}");
    }
}

fn shape() -> Shape {
    let pools = vec![("blue".into(), "blue-*".to_owned()), ("green".into(), "green-*".to_owned())];
    Shape::Servers { backend: "app".to_owned(), pools, inner: Vec::new() }
}

fn map_shape() -> Shape {
    Shape::Map {
        map: "/etc/green.map".to_owned(),
        key: "app".to_owned(),
        percent_of: "green".into(),
        pools: vec![("blue".into(), "be_blue".to_owned()), ("green".into(), "be_green".to_owned())],
    }
}

fn weights(green: u32) -> Weights {
    Weights::new(vec![("blue".into(), BasisPoints(10_000 - green)), ("green".into(), BasisPoints(green))])
        .expect("they add up")
}

fn shares(green: u32) -> Target {
    Target::Weights(weights(green))
}

fn native(weights: &[(&str, u32, Admin)]) -> NativeSplit {
    let one = |(server, weight, admin): &(&str, u32, Admin)| NativeWeight {
        reference: format!("app/{server}"),
        pool: PoolId::from(server.split(['-', ';']).next().unwrap_or_default()),
        weight: *weight,
        admin: *admin,
    };
    NativeSplit(weights.iter().map(one).collect())
}

fn reading(weights: &[(&str, u32, Admin)]) -> Reading {
    let native = native(weights);
    let servers = native.0.iter().map(|weight| ServerReading {
        name: weight.reference.clone(),
        pool: weight.pool.clone(),
        health: Health::Up,
        admin: weight.admin,
        in_flight: Some(0),
        requests: Some(0),
        errors: Some(0),
        response: None,
    });
    Reading {
        identity: Identity::default(),
        generation: String::new(),
        uptime: None,
        servers: servers.collect(),
        native,
        effective: Shares::default(),
        warnings: Vec::new(),
        underway: None,
        skew: None,
    }
}
