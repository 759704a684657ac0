//! Base64 as SSH writes it: strict, so that one text stands for one blob and the other way round.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Decodes whole groups of four with their padding; `None` for anything else, bits left over included.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let body = text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let (body, padding) = text.split_at(body);
    if !text.len().is_multiple_of(4) || padding.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in body {
        let value = ALPHABET.iter().position(|letter| letter == byte).and_then(|at| u32::try_from(at).ok())?;
        held = (held << 6) | value;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    (held == 0).then_some(bytes)
}

/// Encodes without padding, as fingerprints are written.
pub(super) fn encode_unpadded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 2);
    for group in bytes.chunks(3) {
        let held = (0..3).fold(0_usize, |held, at| (held << 8) | usize::from(group.get(at).copied().unwrap_or(0)));
        for place in 0..=group.len() {
            let letter = ALPHABET.get((held >> (18 - 6 * place)) & 63).copied().unwrap_or(b'=');
            text.push(char::from(letter));
        }
    }
    text
}

/// Encodes with padding, as keys are written.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = encode_unpadded(bytes);
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_answers_hold_both_ways() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")]
        {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text.as_bytes()).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(encode_unpadded(&[0xff, 0xfe]), "//4");
    }

    #[test]
    fn one_blob_has_one_text() {
        for text in ["Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v=", "====", "Z===", "Zm 9v", "Zm9v\n", "Z=9v"] {
            assert_eq!(decode(text.as_bytes()), None, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_encoded_is_decoded(bytes in proptest::collection::vec(0_u8.., 0..200)) {
            proptest::prop_assert_eq!(decode(encode(&bytes).as_bytes()), Some(bytes));
        }
    }
}
