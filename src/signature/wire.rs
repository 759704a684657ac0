//! The binary form of SSH's keys and signatures: numbers in network order, strings with their length before them.

/// Takes fields from the front of some bytes; `None` where they do not hold the field.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// What was not taken yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        let (taken, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*taken))
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        let (taken, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*taken))
    }

    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        self.bytes(length)
    }

    /// A string for people and programs: UTF-8 without control characters.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        let text = std::str::from_utf8(self.string()?).ok()?;
        (!text.contains(char::is_control)).then_some(text)
    }

    /// A positive number in its shortest form, without the zero byte that may stand before it.
    pub(super) fn number(&mut self) -> Option<&'a [u8]> {
        match self.string()? {
            [0, number @ ..] if number.first().is_some_and(|first| *first >= 0x80) => Some(number),
            number if number.first().is_some_and(|first| (1..0x80).contains(first)) => Some(number),
            _negative_zero_or_padded => None,
        }
    }
}

/// Appends a string with its length. A string longer than the length can say does not fit into memory here.
pub(super) fn put_string(bytes: &mut Vec<u8>, string: &[u8]) {
    bytes.extend_from_slice(&u32::try_from(string.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(string);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_form() {
        let read = |bytes: &[u8]| {
            let mut text = Vec::new();
            put_string(&mut text, bytes);
            Reader::new(&text).number().map(<[u8]>::to_vec)
        };
        assert_eq!(read(&[1]), Some(vec![1]));
        assert_eq!(read(&[0, 0x80]), Some(vec![0x80]));
        for refused in [&[][..], &[0], &[0, 1], &[0x80], &[0, 0, 0x80]] {
            assert_eq!(read(refused), None, "{refused:?}");
        }
    }

    #[test]
    fn a_length_beyond_the_end_is_no_string() {
        assert_eq!(Reader::new(&[0, 0, 0, 2, 7]).string(), None);
        assert_eq!(Reader::new(&[0xff; 8]).string(), None);
    }
}
