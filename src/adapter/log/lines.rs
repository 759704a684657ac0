//! Cuts a flow of bytes into lines. What has no newline yet waits; of an overlong line the beginning is kept and the rest
//! counted.

/// How many bytes of one line are kept while it is read.
pub(super) const LINE_LIMIT: usize = 64 * 1024;

/// The lines of one flow of bytes.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The beginning of a line whose newline has not come yet; at most [`LINE_LIMIT`] bytes.
    partial: Vec<u8>,
    /// Bytes of that line beyond the limit.
    more: u64,
}

impl Lines {
    /// Takes the next bytes and hands each whole line to `each`, with the number of bytes that were left out of it.
    pub(super) fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8], u64)) {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            let line = bytes.get(start..end).unwrap_or_default();
            start = end + 1;
            if self.is_empty() {
                let kept = line.get(..line.len().min(LINE_LIMIT)).unwrap_or_default();
                each(kept, (line.len() - kept.len()) as u64);
            } else {
                self.keep(line);
                each(&self.partial, self.more);
                self.clear();
            }
        }
        self.keep(bytes.get(start..).unwrap_or_default());
    }

    /// Hands over what waits for a newline that will not come any more.
    pub(super) fn finish(&mut self, each: impl FnOnce(&[u8], u64)) {
        if !self.is_empty() {
            each(&self.partial, self.more);
            self.clear();
        }
    }

    /// Forgets what waits.
    pub(super) fn clear(&mut self) {
        self.partial.clear();
        self.more = 0;
    }

    fn is_empty(&self) -> bool {
        self.partial.is_empty() && self.more == 0
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = LINE_LIMIT.saturating_sub(self.partial.len()).min(bytes.len());
        self.partial.extend_from_slice(bytes.get(..room).unwrap_or_default());
        self.more += (bytes.len() - room) as u64;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_overlong_line_keeps_its_beginning_and_counts_the_rest() {
        for chunk in [1000, LINE_LIMIT * 4] {
            let flow = [vec![b'x'; LINE_LIMIT + 7], b"\nnext\n".to_vec()].concat();
            let (mut lines, mut got) = (Lines::default(), Vec::new());
            for bytes in flow.chunks(chunk) {
                lines.feed(bytes, |line, more| got.push((line.len(), more)));
            }
            assert_eq!(got, vec![(LINE_LIMIT, 7), (4, 0)]);
        }
    }

    proptest! {
        #[test]
        fn the_cut_of_the_reads_does_not_matter(flow in "[ab\n]{0,60}", size in 1_usize..9) {
            let (mut lines, mut got) = (Lines::default(), Vec::new());
            for bytes in flow.as_bytes().chunks(size) {
                lines.feed(bytes, |line, _| got.push(String::from_utf8_lossy(line).into_owned()));
            }
            lines.finish(|line, _| got.push(String::from_utf8_lossy(line).into_owned()));
            let wanted: Vec<&str> = flow.lines().collect();
            prop_assert_eq!(got, wanted);
        }
    }
}
