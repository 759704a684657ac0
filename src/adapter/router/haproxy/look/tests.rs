use super::*;
use crate::domain::reading::PoolTotals;

const ONE_BACKEND: &str = include_str!("../recorded/one-backend.txt");
const LEVEL_USER: &str = include_str!("../recorded/one-backend-level-user.txt");
const NO_SUCH_BACKEND: &str = include_str!("../recorded/no-such-backend.txt");
const MAP: &str = include_str!("../recorded/map.txt");

#[test]
fn weights_and_states_are_those_that_haproxy_has() {
    let reading = look(&one_backend(), ONE_BACKEND).expect("the recorded answer is readable");
    let native: Vec<_> =
        reading.native.0.iter().map(|each| (each.reference.as_str(), each.weight, each.admin)).collect();
    assert_eq!(
        native,
        [
            ("app/blue-1", 100, Admin::Ready),
            ("app/blue-2", 100, Admin::Ready),
            ("app/blue-3", 100, Admin::Ready),
            ("app/green-1", 50, Admin::Ready),
            ("app/green-2", 0, Admin::Maintenance),
            ("app/green-3", 0, Admin::Backup),
            ("app/green-4", 0, Admin::Drain),
        ]
    );
    assert_eq!(reading.identity.node, "lb-eu-1");
    assert_eq!(reading.uptime, Some(Duration::from_secs(2)));
    assert_eq!(reading.native.shares(&pools()).to_string(), "85.7 / 14.3");
    assert_eq!(reading.effective.to_string(), "80.0 / 20.0", "a third of blue is down");
}

#[test]
fn counters_are_summed_per_pool() {
    let reading = look(&one_backend(), ONE_BACKEND).expect("the recorded answer is readable");
    let expected = PoolTotals { up: 2, servers: 3, in_flight: Some(3), requests: Some(9), errors: Some(3) };
    assert_eq!(reading.totals(&"blue".into()), expected);
    let response =
        |name: &str| reading.servers.iter().find(|server| server.name == name).and_then(|server| server.response);
    assert!(response("app/blue-1").is_some());
    assert_eq!(response("app/blue-3"), None, "a server without a request has no response time");
}

#[test]
fn everything_that_bends_the_shares_is_said() {
    let reading = look(&one_backend(), ONE_BACKEND).expect("the recorded answer is readable");
    for part in [
        "leastconn",
        "the cookie SRV",
        "stick table",
        "app/canary-1 belongs to no pool and has weight 5",
        "1 of 3 blue servers is down: blue gets 80.0 % instead of 85.7 %",
        "a reload or restart brings back 100.0 / 0.0",
    ] {
        assert!(reading.warnings.iter().any(|warning| warning.contains(part)), "{part}: {:#?}", reading.warnings);
    }
}

#[test]
fn a_socket_that_may_only_look_says_so() {
    let reading = look(&one_backend(), LEVEL_USER).expect("the recorded answer is readable");
    assert!(reading.warnings.iter().any(|warning| warning.contains("level is user")), "{:#?}", reading.warnings);
    assert_eq!(reading.native, look(&one_backend(), ONE_BACKEND).expect("it is readable").native);
}

#[test]
fn a_percentage_in_a_map_is_a_split() {
    let reading = look(&map(), MAP).expect("the recorded answer is readable");
    let references: Vec<_> = reading.native.0.iter().map(|each| (each.reference.as_str(), each.weight)).collect();
    assert_eq!(references, [("map /etc/haproxy/green.map app, the rest", 70), ("map /etc/haproxy/green.map app", 30)]);
    assert_eq!(reading.effective.to_string(), "70.0 / 30.0", "dead servers do not move it");
    assert_eq!(reading.totals(&"green".into()).up, 1);
    assert!(reading.warnings.iter().any(|warning| warning.starts_with("1 of 2 green servers is down")), "{reading:#?}");
}

#[test]
fn a_percentage_out_of_range_is_said_and_no_number_is_refused() {
    let odd = MAP.replace("value=\"30\"", "value=\"250\"");
    let reading = look(&map(), &odd).expect("the rest is readable");
    assert_eq!(reading.effective.to_string(), "0.0 / 100.0");
    assert!(reading.warnings.iter().any(|warning| warning.contains("holds 250")));
    let word = MAP.replace("value=\"30\"", "value=\"half\"");
    assert_eq!(trouble(&map(), &word).kind, TroubleKind::Mismatch);
}

#[test]
fn a_backend_that_is_not_there_is_told_with_those_that_are() {
    let Err(Misfit::Absent(absent)) = look(&one_backend(), NO_SUCH_BACKEND) else { panic!("there is no such backend") };
    let there = answer::sections(include_str!("../recorded/proxies.txt"), 1).expect("the recorded answer is whole");
    let trouble = absent.trouble("read here", &there[0]);
    assert_eq!(trouble.kind, TroubleKind::Mismatch);
    assert!(trouble.why.contains("no backend `app`; there is app, be_blue, be_green"), "{trouble}");
}

#[test]
fn a_map_that_is_not_there_is_told_with_those_that_are() {
    let there = answer::sections(include_str!("../recorded/maps.txt"), 1).expect("the recorded answer is whole");
    let trouble = Absent::Map("/etc/haproxy/blue.map".to_owned()).trouble("read here", &there[0]);
    assert!(trouble.why.contains("there is /etc/haproxy/green.map"), "{trouble}");
}

#[test]
fn a_pattern_that_finds_nothing_is_told_with_the_servers_there_are() {
    let shape = servers(&[("blue", "blue-*"), ("green", "grün-*")]);
    let trouble = trouble(&shape, ONE_BACKEND);
    assert!(trouble.why.contains("no server of app fits `grün-*` (green)"), "{trouble}");
    assert!(trouble.why.contains("green-1, green-2"), "{trouble}");
}

#[test]
fn a_server_of_two_pools_is_a_mistake_in_the_profile() {
    let trouble = trouble(&servers(&[("blue", "*-1"), ("green", "green-*")]), ONE_BACKEND);
    assert!(trouble.why.contains("app/green-1 fits the patterns of both blue and green"), "{trouble}");
}

#[test]
fn a_process_that_is_stopping_is_no_source_of_weights() {
    let trouble = trouble(&one_backend(), &ONE_BACKEND.replace("Stopping: 0", "Stopping: 1"));
    assert!(trouble.why.contains("stopping after a reload"), "{trouble}");
}

#[test]
fn wherever_an_answer_breaks_off_it_is_no_reading() {
    // The whole answer ends in two line breaks; less than that is torn.
    for end in (0..ONE_BACKEND.len() - 1).step_by(7) {
        let torn = String::from_utf8_lossy(&ONE_BACKEND.as_bytes()[..end]).into_owned();
        assert!(look(&one_backend(), &torn).is_err(), "cut after {end} bytes");
    }
}

#[test]
fn patterns_fit_like_file_names() {
    for (pattern, name, fit) in [
        ("blue-*", "blue-1", true),
        ("blue-*", "blue", false),
        ("blue", "blue", true),
        ("blue", "blue-1", false),
        ("*", "anything", true),
        ("*-blue-*", "eu-blue-1", true),
        ("a*a", "a", false),
        ("a*b*c", "axxbyyc", true),
        ("a*b*c", "axxcyyb", false),
    ] {
        assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
    }
}

fn look(shape: &Shape, text: &str) -> Result<Reading, Misfit> {
    let commands = super::super::ask::commands(shape);
    match answer::sections(text, commands.len()) {
        Ok(sections) => reading(shape, "read here", &sections),
        Err(torn) => Err(garbage("read here", &torn)),
    }
}

fn trouble(shape: &Shape, text: &str) -> Trouble {
    match look(shape, text) {
        Err(Misfit::Trouble(trouble)) => trouble,
        other => panic!("a trouble was expected, not {other:?}"),
    }
}

fn pools() -> [PoolId; 2] {
    ["blue".into(), "green".into()]
}

fn servers(pools: &[(&str, &str)]) -> Shape {
    let pools = pools.iter().map(|(pool, pattern)| (PoolId::from(*pool), (*pattern).to_owned())).collect();
    Shape::Servers { backend: "app".to_owned(), pools, inner: Vec::new() }
}

fn one_backend() -> Shape {
    servers(&[("blue", "blue-*"), ("green", "green-*")])
}

fn map() -> Shape {
    Shape::Map {
        map: "/etc/haproxy/green.map".to_owned(),
        key: "app".to_owned(),
        percent_of: "green".into(),
        pools: vec![("blue".into(), "be_blue".to_owned()), ("green".into(), "be_green".to_owned())],
    }
}
