//! The text of one file, and where an offset stands in it.

use super::{Problem, Wrong};

/// The most bytes a file may have; more was not written by a person.
pub const LARGEST: usize = 1 << 20;

/// The text of one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    name: String,
    text: String,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl Source {
    /// Takes a file's bytes as text. A byte order mark is dropped; line ends may be LF or CRLF.
    ///
    /// # Errors
    /// When it is empty, too large, or not UTF-8.
    pub fn new(name: &str, bytes: &[u8]) -> Result<Self, Box<Problem>> {
        let problem =
            |line, column, wrong| Box::new(Problem { file: name.to_owned(), line, column, key: String::new(), wrong });
        if bytes.len() > LARGEST {
            let what = format!("the file is larger than {} KiB", LARGEST / 1024);
            return Err(problem(0, 0, Wrong::new(what).advice("is this the right file?")));
        }
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return Err(problem(0, 0, Wrong::new("the file is UTF-16").advice("save it as UTF-8")));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match std::str::from_utf8(bytes) {
            Ok(text) if text.trim().is_empty() => {
                let advice = "begin with one of the examples in profiles/";
                Err(problem(0, 0, Wrong::new("the file is empty").advice(advice)))
            }
            Ok(text) => Ok(Self { name: name.to_owned(), text: text.to_owned(), lines: lines(text) }),
            Err(error) => {
                let (whole, rest) = bytes.split_at(error.valid_up_to());
                let whole = String::from_utf8_lossy(whole);
                let (line, column) = place(&whole, &lines(&whole), whole.len());
                let byte = rest.first().copied().unwrap_or_default();
                let wrong = Wrong::new(format!("the file is not UTF-8: byte 0x{byte:02x} cannot stand here"));
                Err(problem(line, column, wrong.advice("save it as UTF-8")))
            }
        }
    }

    /// The file as the user named it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its text, without a byte order mark.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The byte at which a line begins, counted from 1; the end for a line that is not there.
    pub fn start_of(&self, line: usize) -> usize {
        line.checked_sub(1).and_then(|index| self.lines.get(index)).copied().unwrap_or(self.text.len())
    }

    /// Line and column of a byte offset, both from 1, columns in characters.
    pub fn place(&self, offset: usize) -> (usize, usize) {
        place(&self.text, &self.lines, offset)
    }
}

fn lines(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

fn place(text: &str, lines: &[usize], offset: usize) -> (usize, usize) {
    let line = lines.partition_point(|start| *start <= offset);
    let start = line.checked_sub(1).and_then(|index| lines.get(index)).copied().unwrap_or_default();
    let before = text.get(start..).unwrap_or_default().char_indices().take_while(|(at, _)| start + at < offset);
    (line, before.count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters() {
        let source = Source::new("a.toml", "\u{feff}é = 1\r\nb = 2".as_bytes()).expect("the text is fine");
        assert_eq!(source.place(0), (1, 1));
        assert_eq!(source.place(2), (1, 2));
        assert_eq!(source.place(source.text().len()), (2, 6));
    }

    #[test]
    fn what_is_not_text_is_said_with_its_place() {
        for (bytes, said) in [
            (
                &b"a = 1\nb = \"\xe9\""[..],
                "a.toml:2:6: the file is not UTF-8: byte 0xe9 cannot stand here (save it as UTF-8)",
            ),
            (b"\xff\xfea\0", "a.toml: the file is UTF-16 (save it as UTF-8)"),
            (b" \r\n", "a.toml: the file is empty (begin with one of the examples in profiles/)"),
            (&vec![b'#'; LARGEST + 1], "a.toml: the file is larger than 1024 KiB (is this the right file?)"),
        ] {
            assert_eq!(Source::new("a.toml", bytes).expect_err("it is refused").to_string(), said);
        }
    }
}
