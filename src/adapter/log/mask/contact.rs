//! E-mail addresses, also with the `@` written as `%40` as it stands in requested paths.

use super::{Hit, With};

/// An address around the `@` or `%40` at `at`, not reaching before `from`.
pub(super) fn email(bytes: &[u8], from: usize, at: usize) -> Option<Hit> {
    let sign = match bytes.get(at)? {
        b'@' => 1,
        _ if bytes.get(at..at + 3)? == b"%40" => 3,
        _ => return None,
    };
    let local = bytes.get(from..at)?.iter().rev().take_while(|byte| is_local(**byte)).count();
    let domain = bytes.get(at + sign..)?.iter().take_while(|byte| is_domain(**byte)).count();
    let name = bytes.get(at + sign..at + sign + domain)?;
    // A full stop after an address ends the sentence.
    let name = name.strip_suffix(b".").unwrap_or(name);
    let dot = memchr::memrchr(b'.', name)?;
    let top = name.get(dot + 1..)?;
    let is_name =
        local > 0 && dot > 0 && top.len() >= 2 && top.iter().all(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
    is_name.then(|| Hit { start: at - local, end: at + sign + name.len(), with: With::Word("‹email›") })
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'.' | b'_' | b'+' | b'-' | b'\'' | b'~')
}

fn is_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'.' | b'-')
}
