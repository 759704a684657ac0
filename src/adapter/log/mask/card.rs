//! Card numbers: 13 to 19 digits, in one piece or in groups with one space or dash between, whose check digit is right.
//!
//! One number in ten passes the check by chance. So that times and counters stay readable, a number that begins with 0 or
//! 1 is none (no payment card does; clocks that count milliseconds or smaller do), nor is a piece of a hexadecimal id or
//! of a decimal fraction; and groups must look like a card's: the first of four or six digits, the others of three or more.

use super::{Hit, With, before, digits};

const LENGTHS: std::ops::RangeInclusive<usize> = 13..=19;

/// A card number that begins with the run of digits at `at`.
pub(super) fn find(bytes: &[u8], at: usize) -> Option<Hit> {
    if matches!(bytes.get(at), Some(b'0' | b'1')) || is_fraction(bytes, at) {
        return None;
    }
    let first = digits(bytes, at);
    if LENGTHS.contains(&first) {
        return checked(bytes, at, at + first);
    }
    let separator = *bytes.get(at + first)?;
    // The middle of a chain of dashes is a date or an id.
    if separator == b'-' && before(bytes, at) == Some(b'-') && at >= 2 && bytes.get(at - 2)?.is_ascii_digit() {
        return None;
    }
    let (mut end, mut count, mut found) = (at + first, first, None);
    while bytes.get(end) == Some(&separator) {
        let group = digits(bytes, end + 1);
        count += group;
        if group == 0 || count > *LENGTHS.end() {
            break;
        }
        end += 1 + group;
        if LENGTHS.contains(&count) {
            found = checked(bytes, at, end).or(found);
        }
        if group < 3 {
            break;
        }
    }
    found
}

fn checked(bytes: &[u8], start: usize, end: usize) -> Option<Hit> {
    let text = bytes.get(start..end)?;
    if !luhn(text) || is_fraction(bytes, start) || is_hexadecimal(bytes, start, end) {
        return None;
    }
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let mut last = text.iter().rev().filter(|byte| byte.is_ascii_digit()).copied();
    let mut keep = [b'0'; 4];
    keep.iter_mut().rev().for_each(|digit| *digit = last.next().unwrap_or(b'0'));
    Some(Hit { start, end, with: With::Card(keep) })
}

/// Whether the digits at `at` are the decimals of a number.
fn is_fraction(bytes: &[u8], at: usize) -> bool {
    before(bytes, at) == Some(b'.') && at >= 2 && bytes.get(at - 2).is_some_and(u8::is_ascii_digit)
}

/// Whether `start..end` is only a piece of a longer word of hexadecimal digits.
fn is_hexadecimal(bytes: &[u8], start: usize, end: usize) -> bool {
    let word = |byte: &&u8| byte.is_ascii_alphanumeric();
    let (head, tail) = (bytes.get(..start).unwrap_or_default(), bytes.get(end..).unwrap_or_default());
    // Not further than this, so that a line made of such pieces costs no more than another.
    let (head, tail) = (head.iter().rev().take(64), tail.iter().take(64));
    let mut around = head.take_while(word).chain(tail.take_while(word)).peekable();
    around.peek().is_some() && around.all(u8::is_ascii_hexdigit)
}

/// The check of ISO/IEC 7812: from the right, every second digit counts double.
fn luhn(text: &[u8]) -> bool {
    let sum: u32 = text
        .iter()
        .rev()
        .filter(|byte| byte.is_ascii_digit())
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            if place % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
        })
        .sum();
    sum.is_multiple_of(10)
}
