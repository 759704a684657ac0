//! A file's bytes as text, whatever editor wrote them.

/// How a file was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// UTF-8, with or without its mark.
    Utf8,
    /// UTF-16, as its mark says.
    Utf16,
    /// Neither: read as Windows-1252, in which every byte is a character.
    Windows1252,
}

/// What Windows-1252 has in place of the control characters from 0x80; those that it leaves out stay what they are
/// (<https://encoding.spec.whatwg.org/index-windows-1252.txt>).
const UPPER: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The text, with line ends as `\n`, and how it was written. No byte makes it fail.
pub fn decode(bytes: &[u8]) -> (String, Encoding) {
    let (text, encoding) = match bytes {
        [0xff, 0xfe, rest @ ..] => (utf16(rest, u16::from_le_bytes), Encoding::Utf16),
        [0xfe, 0xff, rest @ ..] => (utf16(rest, u16::from_be_bytes), Encoding::Utf16),
        [0xef, 0xbb, 0xbf, rest @ ..] => eight(rest),
        _ => eight(bytes),
    };
    (text.replace("\r\n", "\n").replace('\r', "\n"), encoding)
}

fn eight(bytes: &[u8]) -> (String, Encoding) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), Encoding::Utf8),
        Err(_) => (bytes.iter().map(|byte| windows(*byte)).collect(), Encoding::Windows1252),
    }
}

fn windows(byte: u8) -> char {
    let upper = byte.checked_sub(0x80).and_then(|index| UPPER.get(usize::from(index)));
    upper.copied().unwrap_or(char::from(byte))
}

fn utf16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks(2).map(|two| match two {
        [one, other] => unit([*one, *other]),
        _ => 0xfffd,
    });
    char::decode_utf16(units).map(|read| read.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Encoding, decode};

    #[test]
    fn every_byte_is_a_character_and_line_ends_are_one() {
        assert_eq!(decode(b"\xef\xbb\xbfa\r\nb\rc"), ("a\nb\nc".to_owned(), Encoding::Utf8));
        assert_eq!(decode(b"0 \x96 10 \x80 caf\xe9"), ("0 – 10 € café".to_owned(), Encoding::Windows1252));
        assert_eq!(decode(b"\xff\xfe-\0 \0\x10\x26"), ("- ☐".to_owned(), Encoding::Utf16));
        assert_eq!(decode(b"\xfe\xff\0-\xd8"), ("-\u{fffd}".to_owned(), Encoding::Utf16));
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&all).0.chars().count(), 256);
    }
}
