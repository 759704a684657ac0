//! A statement with a good signature counts in its own place in the journal and in no other.

use flightdeck::domain::{CockpitId, Digest, Operator, SessionId, Timestamp};
use flightdeck::signature::{Act, Claim, Expected, KeyType, Misfit, Signer, Statement, check_statement};
use uuid::Uuid;

use super::workshop::{ANNA, BEN, claim, statement};

#[test]
fn a_statement_counts_where_it_was_signed_for() {
    let anna = Operator::from(ANNA);
    let counted = check_statement(&statement(ANNA), &signer(ANNA), &expected(&anna)).unwrap();
    assert_eq!(*counted.claim(), claim(ANNA));
    // To the last moment, and on the very entry before.
    let last = Expected { at: claim(ANNA).valid_until, number: 42, since: 41, ..expected(&anna) };
    check_statement(&statement(ANNA), &signer(ANNA), &last).unwrap();
}

#[test]
fn a_statement_before_the_first_entry_stands_on_nothing() {
    let anna = Operator::from(ANNA);
    let head = flightdeck::signature::Head { number: 0, hash: Digest::ZERO };
    let first = Statement::new(Claim { head, ..claim(ANNA) }).unwrap();
    let expected = Expected { number: 1, since: 0, hash_at_head: Some(Digest::ZERO), ..expected(&anna) };
    check_statement(&first.bytes(), &signer(ANNA), &expected).unwrap();
}

#[test]
fn everywhere_else_it_is_refused_with_its_reason() {
    let (anna, ben) = (Operator::from(ANNA), Operator::from(BEN));
    let good = || expected(&anna);
    let cases = [
        ("another session", Expected { session: SessionId(Uuid::from_u128(2)), ..good() }),
        ("another service", Expected { service: "search", ..good() }),
        ("another environment", Expected { environment: "staging", ..good() }),
        ("another act", Expected { act: Act::Override, ..good() }),
        ("re-bound to another proposal", Expected { about: Digest([0x11; 32]), ..good() }),
        ("another cockpit", Expected { cockpit: CockpitId(Uuid::from_u128(0xbb)), ..good() }),
        ("another operator's entry", Expected { operator: &ben, ..good() }),
        ("another journal", Expected { hash_at_head: Some(Digest([0x99; 32])), ..good() }),
        ("a shorter journal", Expected { hash_at_head: None, ..good() }),
        ("an entry before its own head", Expected { number: 41, ..good() }),
        ("an older proposal of the same digest", Expected { since: 42, ..good() }),
        ("used before", Expected { used_in: Some(43), ..good() }),
        ("too late", Expected { at: Timestamp(claim(ANNA).valid_until.0 + 1), ..good() }),
    ];
    let mut said = String::new();
    for (case, expected) in &cases {
        let misfit = check_statement(&statement(ANNA), &signer(ANNA), expected).unwrap_err();
        said.extend([case, "\n  ", misfit.to_string().as_str(), "\n"]);
    }
    let another = check_statement(&statement(ANNA), &signer(BEN), &good()).unwrap_err();
    assert!(matches!(another, Misfit::OtherSigner { .. }));
    let unreadable = check_statement(b"flightdeck statement 2\n", &signer(ANNA), &good()).unwrap_err();
    for (case, misfit) in [("signed by somebody else", another), ("another version", unreadable)] {
        said.extend([case, "\n  ", misfit.to_string().as_str(), "\n"]);
    }
    insta::assert_snapshot!(said);
}

fn signer(principal: &str) -> Signer {
    Signer {
        principal: principal.to_owned(),
        fingerprint: "SHA256:x".to_owned(),
        key_type: KeyType::Ed25519,
        certificate: None,
    }
}

/// The place of [`claim`].
fn expected(operator: &Operator) -> Expected<'_> {
    let claim = claim(ANNA);
    Expected {
        act: claim.act,
        session: claim.session,
        service: "checkout",
        environment: "production",
        about: claim.about,
        since: 40,
        cockpit: claim.cockpit,
        operator,
        number: 44,
        at: Timestamp(claim.at.0 + 5_000),
        hash_at_head: Some(claim.head.hash),
        used_in: None,
    }
}
