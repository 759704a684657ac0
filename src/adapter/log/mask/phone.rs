//! Phone numbers in the forms in which people write them: with a country's code, with the area in brackets, in the groups
//! of North America, with a leading zero and groups; and bare digits only where the word before says that they are one.

use super::{Hit, With, before, digits, stands_alone};

const PHONE: With = With::Word("‹phone›");

/// `+44 20 7946 0958`, `+1 (415) 555-2671`, `+14155552671`: 8 to 15 digits.
pub(super) fn international(bytes: &[u8], at: usize) -> Option<Hit> {
    // A sign directly after a word or a number is a sum or a time zone.
    if before(bytes, at).is_some_and(|byte| byte.is_ascii_alphanumeric()) || matches!(bytes.get(at + 1), Some(b'0')) {
        return None;
    }
    grouped(bytes, at + 1, 15).filter(|(_, count, _)| *count >= 8).and_then(|(end, ..)| hit(bytes, at, end))
}

/// `(415) 555-2671`, `(020) 7946 0958`.
pub(super) fn bracketed(bytes: &[u8], at: usize) -> Option<Hit> {
    let area = digits(bytes, at + 1);
    if !(2..=5).contains(&area) || bytes.get(at + 1 + area) != Some(&b')') {
        return None;
    }
    let mut rest = at + 2 + area;
    if bytes.get(rest) == Some(&b' ') {
        rest += 1;
    }
    let (end, count, _) = grouped(bytes, rest, 9)?;
    (7..=9).contains(&count).then_some(())?;
    hit(bytes, at, end)
}

/// `415-555-2671`, `1-415-555-2671`, `415.555.2671`; `020 7946 0958`, `0171/1234567`, `0044 20 7946 0958`.
pub(super) fn national(bytes: &[u8], at: usize) -> Option<Hit> {
    if matches!(before(bytes, at), Some(b'-' | b'.' | b'/' | b':')) {
        return None;
    }
    let first = digits(bytes, at);
    match bytes.get(at..at + 3)? {
        [b'0', b'0', b'1'..=b'9'] if first <= 6 => {
            grouped(bytes, at, 17).filter(|(_, count, _)| *count >= 11).and_then(|(end, ..)| hit(bytes, at, end))
        }
        [b'0', b'1'..=b'9', b'0'..=b'9'] if (3..=5).contains(&first) => {
            let (end, count, least) = grouped(bytes, at, 12)?;
            (count >= 10 && least >= 3).then_some(())?;
            hit(bytes, at, end)
        }
        _ => north_american(bytes, at),
    }
}

/// Digits after a word that says what they are: `phone=4155552671`, `msisdn: 447700900123`.
pub(super) fn named(bytes: &[u8], at: usize, end: usize) -> Option<Hit> {
    let near = bytes.get(at.saturating_sub(16)..at)?.to_ascii_lowercase();
    let key = near.iter().rposition(u8::is_ascii_alphabetic)?;
    let (word, between) = near.split_at_checked(key + 1)?;
    let says =
        ["phone", "mobile", "msisdn", "tel", "phone_number", "fax"].iter().any(|name| word.ends_with(name.as_bytes()));
    let joined = !between.is_empty() && between.iter().all(|byte| matches!(byte, b' ' | b'=' | b':' | b'"' | b'\''));
    (says && joined && end - at <= 15).then_some(())?;
    hit(bytes, at, end)
}

fn north_american(bytes: &[u8], at: usize) -> Option<Hit> {
    let mut start = at;
    if bytes.get(at) == Some(&b'1') && digits(bytes, at) == 1 && bytes.get(at + 1) == Some(&b'-') {
        start += 2;
    }
    let separator = *bytes.get(start + 3)?;
    let shape = |place: usize, length: usize| digits(bytes, place) == length;
    // Area and exchange begin with 2 to 9. Spaces alone are how columns of numbers look.
    let fits = matches!(separator, b'-' | b'.')
        && matches!(bytes.get(start), Some(b'2'..=b'9'))
        && matches!(bytes.get(start + 4), Some(b'2'..=b'9'))
        && shape(start, 3)
        && shape(start + 4, 3)
        && bytes.get(start + 7) == Some(&separator)
        && shape(start + 8, 4);
    fits.then(|| hit(bytes, at, start + 12)).flatten()
}

/// Groups of digits with one separator, or a bracket, between: where they end, how many digits, and the fewest in a group
/// after the first. `None` when there are more than `most` digits.
fn grouped(bytes: &[u8], at: usize, most: usize) -> Option<(usize, usize, usize)> {
    let (mut end, mut count, mut least) = (at, 0, usize::MAX);
    let mut place = at;
    loop {
        let group = digits(bytes, place);
        if group == 0 || count + group > most {
            break;
        }
        if count > 0 {
            least = least.min(group);
        }
        count += group;
        end = place + group;
        place = match bytes.get(end..).unwrap_or_default() {
            [b' ', b'(', ..] | [b')', b' ' | b'-', ..] => end + 2,
            [b' ' | b'-' | b'.' | b'/' | b'(' | b')', ..] => end + 1,
            _ => break,
        };
    }
    (count > 0).then_some((end, count, least))
}

fn hit(bytes: &[u8], start: usize, end: usize) -> Option<Hit> {
    stands_alone(bytes, start, end).then_some(Hit { start, end, with: PHONE })
}
