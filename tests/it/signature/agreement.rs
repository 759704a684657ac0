//! The list of allowed signers is read as OpenSSH reads it: the same yes and no for the same list.

use flightdeck::domain::Timestamp;
use flightdeck::signature::{AllowedSigners, Flaw};

use super::workshop::{ANNA, BEN, Workshop, ours, statement};

/// 2026-11-21T14:02:11Z.
const AT: Timestamp = Timestamp(1_795_269_731_000);

#[test]
fn lists_mean_what_they_mean_to_openssh() {
    let workshop = Workshop::new();
    let message = statement(ANNA);
    let (anna, ben) = (workshop.key("anna", "ed25519"), workshop.key("ben", "ecdsa 256"));
    let armored = workshop.sign(&anna.path, &message, &[]);
    let key = anna.line();
    for (list, principal, is_good) in [
        (format!("{ANNA} {key}"), ANNA, true),
        (format!("{ANNA} {key} a comment of words"), ANNA, true),
        (format!("# a comment\n\n  \t{ANNA} \t {key}\r\n"), ANNA, true),
        (format!("{ANNA} {key}"), BEN, false),
        (format!("{ANNA},{BEN} {key}"), BEN, true),
        (format!("*@example.com {key}"), BEN, true),
        (format!("*@example.com,!{BEN} {key}"), BEN, false),
        (format!("!{BEN},* {key}"), ANNA, true),
        (format!("?nna@example.com {key}"), ANNA, true),
        (format!("\"{ANNA}\" {key}"), ANNA, true),
        (format!("{ANNA} {}\n{ANNA} {key}", ben.line()), ANNA, true),
        (format!("{ANNA} {}", ben.line()), ANNA, false),
        (format!("{ANNA} namespaces=\"git,flightdeck\" {key}"), ANNA, true),
        (format!("{ANNA} NameSpaces=\"flight*\" {key}"), ANNA, true),
        (format!("{ANNA} namespaces=\"git\" {key}"), ANNA, false),
        (format!("{ANNA} namespaces=\"*,!flightdeck\" {key}"), ANNA, false),
        (format!("{ANNA} namespaces=\"git\" {key}\n{ANNA} {key}"), ANNA, true),
        (format!("{ANNA} valid-after=\"20261121140211Z\" {key}"), ANNA, true),
        (format!("{ANNA} valid-after=\"20261121140212Z\" {key}"), ANNA, false),
        (format!("{ANNA} valid-before=\"20261121140211Z\" {key}"), ANNA, true),
        (format!("{ANNA} valid-before=\"20261121140210Z\" {key}"), ANNA, false),
        (format!("{ANNA} valid-before=\"202611211402Z\" {key}"), ANNA, false),
        (format!("{ANNA} valid-after=\"20261121Z\",valid-before=\"20261122Z\" {key}"), ANNA, true),
        (format!("{ANNA} valid-before=\"20200101Z\" {key}\n{ANNA} valid-after=\"20200101Z\" {key}"), ANNA, true),
        (format!("{ANNA} cert-authority {key}"), ANNA, false),
        (format!("{ANNA} cert-authority {key}\n{ANNA} {key}"), ANNA, true),
    ] {
        let said = ours(&armored, &message, &list, principal, AT);
        assert_eq!(said.is_ok(), is_good, "{list}: {said:?}");
        assert_eq!(workshop.openssh_accepts(&armored, &message, &list, principal, AT), is_good, "OpenSSH: {list}");
    }
}

#[test]
fn every_problem_of_every_line_is_named_at_once() {
    let workshop = Workshop::new();
    let (anna, authority) = (workshop.key("anna", "ed25519"), workshop.key("authority", "ed25519"));
    let certificate = workshop.certify(&authority, &anna, "anna", &["-n", ANNA]);
    let key = anna.line();
    let list = [
        format!("# the list\n{ANNA} {key}"),
        ANNA.to_owned(),
        format!("anna, ben {key}"),
        format!("\"anna {key}"),
        format!("anna cert-authority namespaces=\"git\" {key}"),
        format!("anna no-pty {key}"),
        format!("anna namespaces=git {key}"),
        format!("anna namespaces=\"a\",namespaces=\"b\" {key}"),
        format!("anna namespaces=\"a,\" {key}"),
        format!("anna namespaces=\"a {key}"),
        format!("anna valid-after=\"soon\" {key}"),
        format!("anna valid-after=\"20260230Z\" {key}"),
        format!("anna valid-before=\"20261231\" {key}"),
        format!("anna valid-after=\"20270101Z\",valid-before=\"20261231Z\" {key}"),
        "anna cert-authority".to_owned(),
        "anna ssh-dss AAAAB3NzaC1kc3M=".to_owned(),
        "anna ssh-ed25519 AAAA".to_owned(),
        "anna ssh-ed25519 not=base64".to_owned(),
        format!("anna ssh-rsa {}", key.split(' ').nth(1).unwrap()),
        format!("anna {certificate}"),
    ];
    let bad = AllowedSigners::parse(&list.join("\n")).unwrap_err();
    let lines: Vec<usize> = bad.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, (3..=21).collect::<Vec<_>>());
    insta::assert_snapshot!(bad);
}

#[test]
fn a_time_without_a_zone_is_refused_because_it_would_move_with_the_machine() {
    let key = Workshop::new().key("anna", "ed25519").line();
    let refused = AllowedSigners::parse(&format!("{ANNA} valid-before=\"202612312359\" {key}")).unwrap_err();
    assert!(matches!(refused.problems[0].flaw, Flaw::LocalTime { .. }), "{refused}");
}
