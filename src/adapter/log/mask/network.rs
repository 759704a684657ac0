//! IP addresses, both versions. A port after an address stays.

use std::net::Ipv6Addr;

use super::{Hit, With, before, digits, stands_alone};

const IP: With = With::Word("‹ip›");

/// Four numbers up to 255 with dots between, and no fifth.
pub(super) fn v4(bytes: &[u8], at: usize) -> Option<Hit> {
    let mut end = at;
    for part in 0..4 {
        if part > 0 {
            (bytes.get(end) == Some(&b'.')).then_some(())?;
            end += 1;
        }
        let length = digits(bytes, end);
        let number = bytes
            .get(end..end + length)?
            .iter()
            .fold(0_u32, |sum, digit| sum.saturating_mul(10).saturating_add(u32::from(digit - b'0')));
        if !(1..=3).contains(&length) || number > 255 {
            return None;
        }
        end += length;
    }
    let goes_on = bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    let whole = stands_alone(bytes, at, end) && before(bytes, at) != Some(b'.') && !goes_on;
    whole.then_some(Hit { start: at, end, with: IP })
}

/// The longest address as text.
const LONGEST: usize = 45;

/// The address around its first colon, at `at`, not reaching before `from`.
pub(super) fn v6(bytes: &[u8], from: usize, at: usize) -> Option<Hit> {
    let head = bytes.get(from..at)?.iter().rev().take(LONGEST);
    let start = at - head.take_while(|byte| byte.is_ascii_hexdigit()).count();
    let tail = bytes.get(at..)?.iter().take(LONGEST);
    let end = at + tail.take_while(|byte| byte.is_ascii_hexdigit() || **byte == b':').count();
    if memchr::memchr_iter(b':', bytes.get(start..end)?).take(2).count() < 2 || before(bytes, start) == Some(b':') {
        return None;
    }
    // An IPv4 address may stand at the end of one.
    let rest = bytes.get(end..)?.iter().take(LONGEST);
    let dotted = rest.take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    [end + dotted, end].into_iter().find_map(|end| address(bytes, start, end))
}

fn address(bytes: &[u8], start: usize, end: usize) -> Option<Hit> {
    let text = std::str::from_utf8(bytes.get(start..end)?).ok()?;
    // A colon or full stop after an address belongs to the sentence.
    let text = match text.strip_suffix(':') {
        Some(shorter) if !shorter.ends_with(':') => shorter,
        _ => text,
    };
    let text = text.trim_end_matches('.');
    let end = start + text.len();
    text.parse::<Ipv6Addr>().ok()?;
    // `a::b` and `::` are also how programs name their parts.
    let tells = text.bytes().any(|byte| byte.is_ascii_digit()) || text.bytes().filter(|byte| *byte == b':').count() > 2;
    (tells && stands_alone(bytes, start, end)).then_some(Hit { start, end, with: IP })
}
