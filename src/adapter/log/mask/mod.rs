//! Masks personal and card data in text: card numbers, e-mail addresses, phone numbers, IP addresses.
//!
//! One pass over the bytes; only at a byte with which something personal can begin (a digit, `+`, `(`, `@`, `%`, `:`) is
//! more looked at. Each sort has its own file with its own rules. What is masked keeps its place in the line:
//! `••••4242` for a card, `‹email›`, `‹phone›`, `‹ip›`.

mod card;
mod contact;
mod network;
mod own;
mod phone;

pub(super) use own::{MASKED, Masks};

/// One place to mask.
#[derive(Debug, PartialEq, Eq)]
struct Hit {
    start: usize,
    end: usize,
    with: With,
}

/// What stands there instead.
#[derive(Debug, PartialEq, Eq)]
enum With {
    /// A card number; its last four digits stay.
    Card([u8; 4]),
    /// A word.
    Word(&'static str),
}

/// The text with everything personal masked.
pub(super) fn mask(text: String) -> String {
    let bytes = text.as_bytes();
    let Some(first) = next(bytes, 0) else { return text };
    let mut masked = String::with_capacity(text.len() + 16);
    let (mut from, mut hit) = (0, Some(first));
    while let Some(Hit { start, end, with }) = hit {
        masked.push_str(text.get(from..start).unwrap_or_default());
        match with {
            With::Card(digits) => {
                masked.push_str("••••");
                masked.extend(digits.map(char::from));
            }
            With::Word(word) => masked.push_str(word),
        }
        from = end;
        hit = next(bytes, from);
    }
    masked.push_str(text.get(from..).unwrap_or_default());
    masked
}

/// Whether key or value hold anything with which something personal can begin.
fn may_hold(key: &str, value: &str) -> bool {
    key.bytes().chain(value.bytes()).any(|byte| STARTS[usize::from(byte)])
}

/// The next place to mask that begins at or after `from`.
fn next(bytes: &[u8], from: usize) -> Option<Hit> {
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| STARTS[usize::from(*byte)])?;
        let (hit, resume) = match bytes.get(at)? {
            b'0'..=b'9' => number(bytes, at),
            b':' => (network::v6(bytes, from, at), at + 1),
            b'+' => (phone::international(bytes, at), at + 1),
            b'(' => (phone::bracketed(bytes, at), at + 1),
            _ => (contact::email(bytes, from, at), at + 1),
        };
        if hit.is_some() {
            return hit;
        }
        at = resume;
    }
}

/// What begins with the run of digits at `at`, and where to go on when it is nothing.
fn number(bytes: &[u8], at: usize) -> (Option<Hit>, usize) {
    let length = digits(bytes, at);
    let end = at + length;
    let follower = bytes.get(end).copied().unwrap_or(b' ');
    let hit = match (length, follower) {
        (1..=3, b'.') => network::v4(bytes, at).or_else(|| phone::national(bytes, at)),
        (13..=19, _) => card::find(bytes, at).or_else(|| phone::named(bytes, at, end)),
        (4 | 6, b' ' | b'-') => card::find(bytes, at).or_else(|| phone::national(bytes, at)),
        (1..=6, b' ' | b'-' | b'/') => phone::national(bytes, at),
        (7..=12, _) => phone::named(bytes, at, end),
        _ => None,
    };
    (hit, end)
}

/// How many digits stand at `at`.
fn digits(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The byte before `at`.
fn before(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at.checked_sub(1)?).copied()
}

/// Whether the byte before `at` and the byte at `end` leave `at..end` a word of its own.
fn stands_alone(bytes: &[u8], at: usize, end: usize) -> bool {
    let part_of_word = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    !part_of_word(before(bytes, at)) && !part_of_word(bytes.get(end).copied())
}

/// The bytes with which something personal can begin, or that it holds.
static STARTS: [bool; 256] = {
    let starts = b"0123456789+(@%:";
    let mut table = [false; 256];
    let mut place = 0;
    while place < starts.len() {
        table[starts[place] as usize] = true;
        place += 1;
    }
    table
};

#[cfg(test)]
mod tests;
