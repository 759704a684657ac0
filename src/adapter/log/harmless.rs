//! Makes any bytes safe to put on a terminal: what comes out is visible text and nothing else.
//!
//! Colour sequences (`ESC [ … m`) carry no text and are left out. Every other control character, also as part of an
//! escape sequence, becomes a visible sign, so that an operator sees that somebody tried. Bytes that are not UTF-8, the
//! 8-bit control characters among them, become the replacement character.
//!
//! Invariant: the output holds no character for which [`is_harmful`] holds.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A tab goes to the next multiple of this many characters.
const TAB: usize = 4;

/// Appends `bytes` to `out` as harmless text.
pub(super) fn push(out: &mut String, bytes: &[u8]) {
    let mut column = 0;
    for chunk in bytes.utf8_chunks() {
        push_valid(out, chunk.valid(), &mut column);
        if !chunk.invalid().is_empty() {
            out.push(char::REPLACEMENT_CHARACTER);
            column += 1;
        }
    }
}

/// `text` as harmless text.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if is_plain(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    push(&mut out, text.as_bytes());
    Cow::Owned(out)
}

/// Whether `bytes` are harmless as they stand because they are plain printable ASCII.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    // No early way out within a block: this is what lets the compiler look at many bytes at once.
    let odd = |byte: &u8| u8::from(byte.wrapping_sub(b' ') > b'~' - b' ');
    bytes.chunks(64).all(|block| block.iter().fold(0, |found, byte| found | odd(byte)) == 0)
}

/// Whether a character may do anything else than show itself: control characters, direction marks, and characters of no
/// width that hide or join what stands beside them.
pub(super) fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

fn push_valid(out: &mut String, text: &str, column: &mut usize) {
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let after = rest.get(character.len_utf8()..).unwrap_or_default();
        if character == '\u{1b}'
            && let Some(end) = colour_sequence(after)
        {
            rest = after.get(end..).unwrap_or_default();
            continue;
        }
        rest = after;
        *column += push_character(out, character, *column);
    }
}

/// Appends one character and says how many it became.
fn push_character(out: &mut String, character: char, column: usize) -> usize {
    match character {
        '\t' => {
            let spaces = TAB - column % TAB;
            out.extend(std::iter::repeat_n(' ', spaces));
            spaces
        }
        '\0'..='\u{1f}' => {
            // The control pictures stand in the order of the control characters.
            out.push(char::from_u32(0x2400 + u32::from(character)).unwrap_or(char::REPLACEMENT_CHARACTER));
            1
        }
        '\u{7f}' => {
            out.push('␡');
            1
        }
        harmful if is_harmful(harmful) => {
            let before = out.len();
            // Writing to a string cannot fail.
            let _written = write!(out, "‹U+{:04X}›", u32::from(harmful));
            // The two brackets take three bytes each and one column each.
            out.len() - before - 4
        }
        harmless => {
            out.push(harmless);
            1
        }
    }
}

/// The length of a colour sequence's rest after its escape character: `[1;31m`.
fn colour_sequence(after: &str) -> Option<usize> {
    let parameters = after.as_bytes().strip_prefix(b"[")?;
    let length = parameters.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b';' | b':'))?;
    (parameters.get(length) == Some(&b'm')).then_some(length + 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn harmless(bytes: &[u8]) -> String {
        let mut out = String::new();
        push(&mut out, bytes);
        out
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        for text in ["GET /pay 200", "Überprüfung läuft", "支払い ✓", "emoji 🚀"] {
            assert_eq!(harmless(text.as_bytes()), text);
        }
    }

    #[test]
    fn attacks_become_visible_text() {
        let corpus: &[(&[u8], &str)] = &[
            (b"\x1b[31mred\x1b[0m", "red"),
            (b"\x1b[38:2::1:2:3mtrue colour", "true colour"),
            (b"\x1b[2J\x1b[Hcleared", "␛[2J␛[Hcleared"),
            (b"\x1b[6n", "␛[6n"),
            (b"\x1b]0;title\x07", "␛]0;title␇"),
            (b"\x1b]52;c;cm0gLXJm\x1b\\", "␛]52;c;cm0gLXJm␛\\"),
            (b"\x1bP+q544e\x1b\\", "␛P+q544e␛\\"),
            (b"\x1b_apc\x1b\\ \x1b^pm\x1b\\ \x1bXsos\x1b\\", "␛_apc␛\\ ␛^pm␛\\ ␛Xsos␛\\"),
            (b"\x1bc reset", "␛c reset"),
            (b"\x1b[31", "␛[31"),
            (b"\x9b2J raw C1", "\u{fffd}2J raw C1"),
            ("\u{9b}2J".as_bytes(), "‹U+009B›2J"),
            ("\u{9d}0;t\u{9c}".as_bytes(), "‹U+009D›0;t‹U+009C›"),
            (b"over\rwritten\x08", "over␍written␈"),
            (b"a\0b\x7f\x0e", "a␀b␡␎"),
            ("user\u{202e}gpj.exe".as_bytes(), "user‹U+202E›gpj.exe"),
            (
                "\u{2066}iso\u{2069} zero\u{200b}width \u{feff}bom".as_bytes(),
                "‹U+2066›iso‹U+2069› zero‹U+200B›width ‹U+FEFF›bom",
            ),
            ("tag\u{e0041}".as_bytes(), "tag‹U+E0041›"),
            ("line\u{2028}break\u{85}".as_bytes(), "line‹U+2028›break‹U+0085›"),
            (b"\xff\xfe\xc3(", "\u{fffd}\u{fffd}\u{fffd}("),
            (b"\xe2\x28\xa1 \xf0\x9f", "\u{fffd}(\u{fffd} \u{fffd}"),
        ];
        for (bytes, wanted) in corpus {
            assert_eq!(harmless(bytes), *wanted, "{bytes:?}");
        }
    }

    #[test]
    fn tabs_go_to_the_next_stop() {
        assert_eq!(harmless(b"a\tbc\td\t"), "a   bc  d   ");
    }

    proptest! {
        #[test]
        fn nothing_harmful_comes_through(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(!harmless(&bytes).chars().any(is_harmful));
        }

        #[test]
        fn nothing_harmful_comes_through_as_text(text in "[\\x00-\\x1f\\x7f-\\u{9f}\\u{200b}-\\u{200f}\\u{2028}-\\u{202e}\\u{2060}-\\u{206f}\\u{feff}a-c\\[;0-9m]{0,60}") {
            prop_assert!(!harmless(text.as_bytes()).chars().any(is_harmful));
            prop_assert_eq!(is_plain(text.as_bytes()), text.bytes().all(|byte| (b' '..0x7f).contains(&byte)));
        }
    }
}
