use proptest::prelude::*;

use super::*;
use crate::domain::Digest;

fn claim() -> Claim {
    Claim {
        act: Act::Approve,
        session: read("0193e4a2-7c10-7000-8000-000000000001").expect("it is an id"),
        service: "checkout".to_owned(),
        environment: "production".to_owned(),
        head: Head { number: 41, hash: Digest([0x2c; 32]) },
        about: Digest([0x7f; 32]),
        what: "Shift blue 90 / green 10 on eu-1, eu-2".to_owned(),
        cockpit: read("0193e4a2-7c10-7000-8000-0000000000aa").expect("it is an id"),
        operator: Operator::from("anna@example.com"),
        at: Timestamp(1_795_269_731_000),
        valid_until: Timestamp(1_795_270_031_000),
    }
}

fn text() -> String {
    String::from_utf8(Statement::new(claim()).expect("it is a statement").bytes()).expect("it is text")
}

#[test]
fn the_bytes_are_these_and_stay_these() {
    insta::assert_snapshot!(text(), @r"
    flightdeck statement 1
    act: approve
    session: 0193e4a2-7c10-7000-8000-000000000001
    service: checkout
    environment: production
    head: 41
    head hash: 2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c
    about: 7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f
    what: Shift blue 90 / green 10 on eu-1, eu-2
    cockpit: 0193e4a2-7c10-7000-8000-0000000000aa
    operator: anna@example.com
    at: 2026-11-21T14:02:11.000Z
    valid until: 2026-11-21T14:07:11.000Z
    ");
    assert!(text().ends_with("000Z\n"));
    let digest = Statement::new(claim()).expect("it is a statement").digest();
    assert_eq!(digest, Digest(Sha256::digest(text()).into()));
}

#[test]
fn lines_that_are_unknown_missing_repeated_or_moved_are_refused() {
    let text = text();
    let lines: Vec<&str> = text.lines().collect();
    let parse = |lines: &[&str]| Statement::parse(format!("{}\n", lines.join("\n")).as_bytes());
    parse(&lines).expect("as it is, it is read");
    for at in 0..lines.len() {
        let mut missing = lines.clone();
        missing.remove(at);
        parse(&missing).expect_err("a line is missing");
        let mut repeated = lines.clone();
        repeated.insert(at, lines[at]);
        parse(&repeated).expect_err("a line is repeated");
        let mut unknown = lines.clone();
        unknown.insert(at + 1, "note: hello");
        parse(&unknown).expect_err("a line is unknown");
        let mut empty = lines.clone();
        empty.insert(at + 1, "");
        parse(&empty).expect_err("a line is empty");
        if at + 1 < lines.len() {
            let mut moved = lines.clone();
            moved.swap(at, at + 1);
            parse(&moved).expect_err("two lines changed places");
        }
    }
}

#[test]
fn a_value_is_written_in_one_way_only() {
    let text = text();
    for (written, otherwise, key) in [
        ("act: approve", "act: Approve", "act"),
        ("0193e4a2-7c10-7000-8000-000000000001", "0193E4A2-7C10-7000-8000-000000000001", "session"),
        ("0193e4a2-7c10-7000-8000-000000000001", "{0193e4a2-7c10-7000-8000-000000000001}", "session"),
        ("head: 41", "head: 041", "head"),
        ("head: 41", "head: +41", "head"),
        ("hash: 2c", "hash: 2C", "head hash"),
        ("about: 7f", "about: 7F", "about"),
        ("14:02:11.000Z", "14:02:11Z", "at"),
        ("14:02:11.000Z", "15:02:11.000+01:00", "at"),
        ("14:07:11.000Z", "14:07:11.0001Z", "valid until"),
    ] {
        let changed = text.replacen(written, otherwise, 1);
        assert_ne!(changed, text);
        assert_eq!(Statement::parse(changed.as_bytes()), Err(BadStatement::Value { key }), "{otherwise}");
    }
    for changed in [text.trim_end().to_owned(), format!("{text}\n"), format!("{text}x"), text.replace('\n', "\r\n")] {
        Statement::parse(changed.as_bytes()).expect_err("the end of a line is one line feed");
    }
}

#[test]
fn a_text_is_what_it_looks_like() {
    for hidden in ["\n", "\r", "\t", "\u{1b}", "\u{7f}", "\u{85}", "\u{2028}", "\u{202e}", "\u{200b}", "\u{e0041}"] {
        let what = format!("Shift{hidden}blue");
        let refused = Statement::new(Claim { what, ..claim() });
        assert!(matches!(refused, Err(BadStatement::Text { key: "what", .. })), "{hidden:?}: {refused:?}");
    }
    let empty = Statement::new(Claim { service: String::new(), ..claim() });
    assert_eq!(empty, Err(BadStatement::Text { key: "service", code: 0 }));
    let far = Statement::new(Claim { at: Timestamp(i64::MAX), ..claim() });
    assert_eq!(far, Err(BadStatement::Value { key: "at" }));
}

prop_compose! {
    fn any_claim()(
        act in proptest::sample::select(Act::ALL.to_vec()),
        session in any::<u128>(),
        cockpit in any::<u128>(),
        texts in proptest::array::uniform4("[^\\p{C}\\u{2028}\\u{2029}]{1,40}"),
        number in any::<u64>(),
        digests in any::<([u8; 32], [u8; 32])>(),
        times in (-62_167_219_200_000_i64..253_402_300_800_000, 0_i64..253_402_300_800_000),
    ) -> Claim {
        let [service, environment, what, operator] = texts;
        Claim {
            act,
            session: SessionId(uuid::Uuid::from_u128(session)),
            service,
            environment,
            head: Head { number, hash: Digest(digests.0) },
            about: Digest(digests.1),
            what,
            cockpit: CockpitId(uuid::Uuid::from_u128(cockpit)),
            operator: Operator::new(operator),
            at: Timestamp(times.0),
            valid_until: Timestamp(times.1),
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(claim in any_claim()) {
        let statement = Statement::new(claim).expect("it can be written");
        prop_assert_eq!(Statement::parse(&statement.bytes()), Ok(statement));
    }

    #[test]
    fn whatever_is_read_is_written_the_same(bytes in proptest::collection::vec(0_u8.., 0..400)) {
        if let Ok(statement) = Statement::parse(&bytes) {
            prop_assert_eq!(statement.bytes(), bytes);
        }
    }

    #[test]
    fn a_changed_byte_is_another_statement_or_none(at in 0_usize..1_000, to in 0_u8..) {
        let was = text().into_bytes();
        let mut bytes = was.clone();
        let at = at % bytes.len();
        bytes[at] = to;
        match Statement::parse(&bytes) {
            Ok(statement) => prop_assert_eq!(statement.bytes(), bytes),
            Err(_refused) => prop_assert_ne!(bytes, was),
        }
    }
}
