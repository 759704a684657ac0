//! What is masked, and what must stay readable.

use proptest::prelude::*;

use super::mask;

fn masked(text: &str) -> String {
    mask(text.to_owned())
}

#[test]
fn card_numbers_keep_their_last_four_digits() {
    for (text, wanted) in [
        ("pan=4111111111111111 ok", "pan=••••1111 ok"),
        ("4242 4242 4242 4242", "••••4242"),
        ("card 4242-4242-4242-4242, ok", "card ••••4242, ok"),
        ("amex 3782 822463 10005.", "amex ••••0005."),
        ("amex 378282246310005", "amex ••••0005"),
        ("old visa 4222222222222", "old visa ••••2222"),
        ("maestro 6304000000000000 and 5555555555554444", "maestro ••••0000 and ••••4444"),
        ("19 digits 6212345678900000003", "19 digits ••••0003"),
        ("100 4111 1111 1111 1111 200", "100 ••••1111 200"),
        ("txn 12-4111111111111111", "txn 12-••••1111"),
        ("card4111111111111111", "card••••1111"),
        (r#"{"pan":"4111111111111111"}"#, r#"{"pan":"••••1111"}"#),
    ] {
        assert_eq!(masked(text), wanted);
    }
}

#[test]
fn addresses_and_phones_become_words() {
    for (text, wanted) in [
        ("from ana.b+x@example.co.uk.", "from ‹email›."),
        ("<ana@example.com>", "<‹email›>"),
        ("GET /u?m=ana%40example.com&x=1", "GET /u?m=‹email›&x=1"),
        ("josé@exämple.org", "‹email›"),
        ("10.0.0.5:9100 -> 192.168.1.255", "‹ip›:9100 -> ‹ip›"),
        ("client=[2001:db8::1]:443", "client=[‹ip›]:443"),
        ("::1 fe80::1: refused", "‹ip› ‹ip›: refused"),
        ("::ffff:10.1.2.3 x", "‹ip› x"),
        ("2001:0db8:85a3:0000:0000:8a2e:0370:7334", "‹ip›"),
        ("call +44 20 7946 0958 now", "call ‹phone› now"),
        ("+1 (415) 555-2671", "‹phone›"),
        ("+14155552671", "‹phone›"),
        ("(415) 555-2671", "‹phone›"),
        ("415-555-2671, 1-415-555-2671, 415.555.2671", "‹phone›, ‹phone›, ‹phone›"),
        ("020 7946 0958 or 0171/1234567", "‹phone› or ‹phone›"),
        ("0044 20 7946 0958", "‹phone›"),
        ("phone=4155552671 msisdn: 447700900123", "phone=‹phone› msisdn: ‹phone›"),
    ] {
        assert_eq!(masked(text), wanted);
    }
}

#[test]
fn numbers_that_are_nobodys_stay() {
    for text in [
        "2026-11-21T07:37:15.123Z INFO took 38 ms stan=004217",
        "2026-11-21 07:37:15,123 +0000 20261121-140211",
        "ts=1795224730742 us=1795224730742123 ns=1795224730742123456",
        "id=550e8400-e29b-41d4-a716-446655440000",
        "id=12345678-1234-1234-1234-123456789012",
        "sha=4111111111111111abcdef commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "ratio 0.4111111111111111 and 4111111111111112",
        "127.0.0 v1.2.3.4 1.2.3.4.5 300.1.1.1 10.0.0.256",
        "std::cell::Cell a::b dead::beef :: aa:bb:cc:dd:ee:ff 14:02:11",
        "0/0/1/12/13 200 1234 - - ---- 25/25/0/0/0 0/0",
        "200 345 1234 5678 rows 1000000 bytes 4294967296",
        "user@localhost module@v1.2.3 @decorator 50%40",
        "+12 +0000 a+14155552671 x=+1.5 (200) (2026) 1+1",
        "port 8080-8090 range 1000-2000 (1234) 12-34-56",
        "0000000000000000",
    ] {
        assert_eq!(masked(text), text);
    }
}

/// A number of `length` digits, beginning with `first`, whose check digit is right.
fn card(first: u8, middle: &[u8]) -> String {
    let digits: Vec<u8> = std::iter::once(first).chain(middle.iter().copied()).collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit);
            if place % 2 == 1 {
                digit
            } else if digit > 4 {
                digit * 2 - 9
            } else {
                digit * 2
            }
        })
        .sum();
    let check = (10 - sum % 10) % 10;
    digits.iter().map(u8::to_string).chain([check.to_string()]).collect()
}

proptest! {
    #[test]
    fn every_card_number_is_masked(
        first in 2_u8..=9,
        middle in proptest::collection::vec(0_u8..=9, 11..=17),
        separator in prop_oneof![Just(""), Just(" "), Just("-")],
        before in "[a-z ]{0,8}[=:\" ]",
        after in "([ \",;)][a-z ]{0,8})?",
    ) {
        let number = card(first, &middle);
        let groups: Vec<String> = number.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
        let written = groups.join(separator);
        let text = masked(&format!("{before}{written}{after}"));
        prop_assert!(!text.contains(&written), "{text}");
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        prop_assert!(digits <= 4, "{text}");
    }

    #[test]
    fn what_is_not_masked_stays_in_its_order(text in "[0-9 .:+()@%a-f•é-]{0,80}") {
        let mut left = masked(&text);
        for word in ["••••", "‹email›", "‹phone›", "‹ip›"] {
            left = left.replace(word, "");
        }
        let mut original = text.chars();
        prop_assert!(left.chars().filter(|each| *each != '•').all(|each| original.any(|other| other == each)), "{left}");
    }
}
