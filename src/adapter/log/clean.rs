//! From the bytes of one line to a line that the core may have: harmless, read, masked, cut.
//!
//! Invariant: this is the only place where a [`LogLine`] is made, so none leaves the adapter unmasked or harmful.

use std::fmt::Write as _;

use regex::bytes::Regex;

use super::config::Config;
use super::json::Pairs;
use super::mask::{MASKED, Masks};
use super::{harmless, json, level, stamp};
use crate::domain::log::{FieldsBuilder, Level, LogLine};
use crate::domain::{Timestamp, Trouble, TroubleKind};

/// How many bytes of a line's text are kept.
pub(super) const TEXT_LIMIT: usize = 4096;

/// What is cut away from the end of a line that was cut while it was read: a number that lost its last digits there could
/// not be recognised as what it is.
const CUT_EDGE: usize = 64;

/// How many bytes of a line's fields are kept, and of one value.
const FIELDS_LIMIT: usize = 8192;
const VALUE_LIMIT: usize = 1024;

/// A line as a system hands it over that keeps more of it than bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delivered<'a> {
    /// Its time, by the system.
    pub at: Option<Timestamp>,
    /// Its level, in the system's word; else the text is asked.
    pub level: Option<&'a str>,
    /// What it says.
    pub text: &'a [u8],
    /// Bytes of it that were left unread.
    pub more: u64,
    /// What the system says of it: host, pod. Fields, and not part of the text.
    pub labels: &'a [(&'a str, &'a str)],
    /// A JSON object of what the program told beside the text: fields, and part of the text.
    pub attributes: Option<&'a str>,
}

/// Makes lines of bytes, by the rules of one source.
#[derive(Debug)]
pub struct Cleaner {
    masks: Masks,
    exclude: Option<Regex>,
    stamps: stamp::Stamps,
}

impl Cleaner {
    /// A cleaner that masks if asked, and marks the lines that `exclude` matches.
    ///
    /// # Errors
    /// When `exclude` is not a regular expression.
    pub fn new(mask: bool, exclude: Option<&str>) -> Result<Self, Trouble> {
        let exclude = exclude.map(Regex::new).transpose().map_err(|error| {
            Trouble::new(
                TroubleKind::Mismatch,
                format!("read `exclude` = `{}`", exclude.unwrap_or_default()),
                error.to_string(),
                "write it as a regular expression; a backslash before . * + ? ( ) [ ] { } | takes them as they are",
            )
        })?;
        let masks = Masks::new(mask, &[], &[])?;
        Ok(Self { masks, exclude, stamps: stamp::Stamps::default() })
    }

    /// A cleaner by everything that the profile says of a source.
    ///
    /// # Errors
    /// When one of its patterns is not a regular expression.
    pub fn of(config: &Config) -> Result<Self, Trouble> {
        let masks = Masks::new(config.mask, &config.mask_fields, &config.mask_patterns)?;
        Ok(Self { masks, ..Self::new(config.mask, config.exclude.as_deref())? })
    }

    /// Cleans one line, given without its newline; `more` bytes of it were left unread.
    pub fn line(&mut self, raw: &[u8], more: u64) -> LogLine {
        let mut raw = raw.strip_suffix(b"\r").unwrap_or(raw);
        // A file that was emptied under its writer begins with a hole.
        if raw.first() == Some(&0) {
            raw = raw.trim_start_zeros();
        }
        self.finished(raw, &Delivered { more, ..Delivered::default() })
    }

    /// Cleans one line that a system handed over.
    pub fn delivered(&mut self, delivered: &Delivered<'_>) -> LogLine {
        let raw = delivered.text.trim_ascii_end();
        let mut line = self.finished(raw, delivered);
        line.at = delivered.at.or(line.at);
        line.level = delivered.level.and_then(level::named).unwrap_or(line.level);
        line
    }

    /// What any text becomes that is quoted from a system's answer.
    pub fn words(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        harmless::push(&mut out, text.as_bytes());
        self.masks.text(out)
    }

    fn finished(&mut self, raw: &[u8], beside: &Delivered<'_>) -> LogLine {
        let more = beside.more;
        let kept = if more > 0 { raw.len().saturating_sub(CUT_EDGE) } else { raw.len() };
        let raw = raw.get(..kept).unwrap_or(raw);
        let (mut line, mut fields) = self.read(raw);
        if let Some(attributes) = beside.attributes {
            let pairs = json::pairs(attributes);
            let said = json::text(&line.text, &pairs, &self.masks);
            line.text = harmless::text(&said).into_owned();
            self.push_pairs(&mut fields, &pairs);
        }
        for (key, value) in beside.labels {
            self.push_field(&mut fields, key, value);
        }
        line.fields = fields.build();
        line.excluded = self.is_excluded(raw, &line.text);
        line.text = self.masks.text(line.text);
        cut(&mut line.text, more);
        line
    }

    fn push_pairs(&self, fields: &mut FieldsBuilder, pairs: &Pairs<'_>) {
        for (key, value) in pairs {
            if fields.size() > FIELDS_LIMIT {
                break;
            }
            if self.masks.hides(key, json::is_nested(value)) {
                fields.push(&harmless::text(key), MASKED);
            } else {
                self.push_field(fields, key, &json::string(value));
            }
        }
    }

    fn push_field(&self, fields: &mut FieldsBuilder, key: &str, value: &str) {
        if self.masks.hides(key, false) {
            return fields.push(&harmless::text(key), MASKED);
        }
        let (key, value) = (harmless::text(key), harmless::text(value));
        let (key, mut value) = self.masks.field(&key, &value);
        if value.len() > VALUE_LIMIT {
            let end = (0..=VALUE_LIMIT).rev().find(|end| value.is_char_boundary(*end)).unwrap_or(0);
            value = std::borrow::Cow::Owned(format!("{}…", value.get(..end).unwrap_or_default()));
        }
        fields.push(&key, &value);
    }

    fn is_excluded(&self, raw: &[u8], text: &str) -> bool {
        self.exclude.as_ref().is_some_and(|exclude| exclude.is_match(raw) || exclude.is_match(text.as_bytes()))
    }

    /// Takes time and level out and leaves the text, harmless, and the fields, masked.
    fn read(&mut self, raw: &[u8]) -> (LogLine, FieldsBuilder) {
        let plain = harmless::is_plain(raw);
        let owned;
        let whole = match std::str::from_utf8(raw) {
            Ok(text) if plain => text,
            _ => {
                let mut text = String::with_capacity(raw.len() + 16);
                harmless::push(&mut text, raw);
                owned = text;
                owned.as_str()
            }
        };
        let (at, mut rest) = match self.stamps.leading(whole) {
            Some((at, length)) => (Some(at), after_time(whole.get(length..).unwrap_or_default())),
            None => (None, whole),
        };
        if rest.starts_with('{')
            && rest.ends_with('}')
            && let Some(told) = json::read(rest, &mut self.stamps)
        {
            let (message, pairs) = told.parts();
            let said = json::text(message, pairs, &self.masks);
            let text = harmless::text(&said).into_owned();
            let mut fields = FieldsBuilder::default();
            self.push_pairs(&mut fields, pairs);
            let (at, level) = (told.at.or(at), told.level.unwrap_or_default());
            return (LogLine { at, level, text, excluded: false, fields: None }, fields);
        }
        let at = at.or_else(|| self.stamps.in_brackets(rest));
        let glog = whole
            .as_bytes()
            .first()
            .filter(|_| whole.as_bytes().get(1..5).is_some_and(|date| date.iter().all(u8::is_ascii_digit)));
        let level = match (glog.and_then(|letter| level::lettered(*letter)), level::leading(rest)) {
            (Some(level), _) => level,
            (None, Some((level, length))) => {
                rest = rest.get(length..).unwrap_or_default();
                level
            }
            (None, None) => Level::default(),
        };
        let mut fields = FieldsBuilder::default();
        if let Some(object) = object_at_end(rest) {
            self.push_pairs(&mut fields, &json::pairs(object));
        }
        let text = rest.to_owned();
        (LogLine { at, level, text, excluded: false, fields: None }, fields)
    }
}

/// The object at the end of a text, as loggers write it that put what they know behind a sentence.
fn object_at_end(text: &str) -> Option<&str> {
    if !text.ends_with('}') {
        return None;
    }
    let begin = text.find(" {\"").map(|space| space + 1)?;
    text.get(begin..)
}

/// What follows a time, without what only parts the two, and without the stream's name as container runtimes write it.
fn after_time(text: &str) -> &str {
    let text = text.trim_start_matches([' ', ']', ':', '\t']);
    let text = text.strip_prefix("- ").or_else(|| text.strip_prefix("| ")).unwrap_or(text);
    let text = ["stdout F ", "stderr F "].iter().find_map(|stream| text.strip_prefix(stream)).unwrap_or(text);
    text.trim_start()
}

/// Cuts a text to its limit and says how much is missing.
fn cut(text: &mut String, more: u64) {
    let mut missing = more;
    if text.len() > TEXT_LIMIT {
        let mut end = TEXT_LIMIT;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        missing += (text.len() - end) as u64;
        text.truncate(end);
    }
    if missing > 0 {
        // Writing to a string cannot fail.
        let _written = write!(text, " … {missing} bytes more");
    }
}

trait TrimStartZeros {
    fn trim_start_zeros(&self) -> &[u8];
}

impl TrimStartZeros for [u8] {
    fn trim_start_zeros(&self) -> &[u8] {
        let zeros = self.iter().take_while(|byte| **byte == 0).count();
        self.get(zeros..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clean(raw: &[u8]) -> LogLine {
        Cleaner::new(true, Some("GET /health")).expect("a pattern").line(raw, 0)
    }

    fn line(at: Option<&str>, level: Level, text: &str) -> (Option<String>, Level, String) {
        (at.map(str::to_owned), level, text.to_owned())
    }

    #[test]
    fn common_formats_are_read() {
        let at = Some("2026-11-21T07:37:15.000Z");
        for (raw, wanted) in [
            ("2026-11-21T07:37:15Z WARN connect timeout host=db", line(at, Level::Warn, "connect timeout host=db")),
            ("[2026-11-21T07:37:15Z] [error] refused\r", line(at, Level::Error, "refused")),
            ("2026-11-21 07:37:15.000Z - app - ERROR - down", line(at, Level::Error, "app - ERROR - down")),
            ("time=2026-11-21T07:37:15Z level=debug msg=x", line(at, Level::Debug, "level=debug msg=x")),
            ("2026-11-21T07:37:15.0Z stdout F {\"level\":\"warn\",\"msg\":\"m\"}", line(at, Level::Warn, "m")),
            (
                "10.0.0.1 - - [21/Nov/2026:07:37:15 +0000] \"GET / HTTP/1.1\" 200 5",
                line(at, Level::Info, "‹ip› - - [21/Nov/2026:07:37:15 +0000] \"GET / HTTP/1.1\" 200 5"),
            ),
            ("just text", line(None, Level::Info, "just text")),
            ("", line(None, Level::Info, "")),
            ("{not json}", line(None, Level::Info, "{not json}")),
        ] {
            let got = clean(raw.as_bytes());
            assert_eq!((got.at.map(|at| at.to_string()), got.level, got.text), wanted, "{raw}");
        }
    }

    #[test]
    fn glog_letters_are_levels() {
        assert_eq!(clean(b"W1121 07:37:15.123456 12 main.go:5] slow").level, Level::Warn);
    }

    #[test]
    fn escapes_hidden_in_json_are_harmless_too() {
        let got = clean(br#"{"msg":"a\u001b[2Jb\u202ec\nd","pan":"4111111111111111"}"#);
        assert_eq!(got.text, "a␛[2Jb‹U+202E›c␊d pan=••••1111");
    }

    #[test]
    fn noise_is_marked_in_plain_and_json_lines() {
        assert!(clean(b"GET /health 200").excluded);
        assert!(clean(br#"{"msg":"GET /health"}"#).excluded);
        assert!(!clean(b"GET /pay 200").excluded);
    }

    #[test]
    fn fields_are_as_harmless_and_masked_as_the_text() {
        let mut cleaner = Cleaner::new(true, None).expect("no pattern");
        cleaner.masks = Masks::new(true, &["Properties.Pan".to_owned()], &["ACC[0-9]+".to_owned()]).expect("a pattern");
        let attributes = r#"{"Properties":{"Pan":"abc","Stan":"004217","to":"ACC77"},"mail":"ana@example.com","e\u001b[2J":"\u001b]0;x\u0007"}"#;
        let labels = [("host", "10.1.2.3"), ("pod", "app-1\u{202e}")];
        let at = Some(Timestamp(7));
        let delivered = Delivered {
            at,
            level: Some("warn"),
            text: b"paid\n",
            labels: &labels,
            attributes: Some(attributes),
            more: 0,
        };
        let line = cleaner.delivered(&delivered);
        assert_eq!((line.at, line.level), (at, Level::Warn));
        assert_eq!(
            line.fields().collect::<Vec<_>>(),
            [
                ("Properties.Pan", "‹masked›"),
                ("Properties.Stan", "004217"),
                ("Properties.to", "‹masked›"),
                ("mail", "‹email›"),
                ("e␛[2J", "␛]0;x␇"),
                ("host", "‹ip›"),
                ("pod", "app-1‹U+202E›"),
            ]
        );
        assert_eq!(line.field("Properties.Stan"), Some("004217"));
        assert_eq!(
            line.text,
            "paid Properties.Pan=‹masked› Properties.Stan=004217 Properties.to=‹masked› mail=‹email› e␛[2J=␛]0;x␇"
        );
    }

    #[test]
    fn an_object_behind_a_sentence_is_fields_and_stays_in_the_text() {
        let line = clean(br#"2026-11-21T07:37:15Z INFO paid {"trace":{"id":"4f1c"},"mail":"ana@example.com"}"#);
        assert_eq!(line.text, r#"paid {"trace":{"id":"4f1c"},"mail":"‹email›"}"#);
        assert_eq!(line.fields().collect::<Vec<_>>(), [("trace.id", "4f1c"), ("mail", "‹email›")]);
        assert_eq!(clean(b"paid {\"a\":1} {\"b\":}").fields, None);
        let masks = Masks::new(true, &["pan".to_owned()], &[]).expect("no pattern");
        let mut cleaner = Cleaner { masks, ..Cleaner::new(true, None).expect("no pattern") };
        let line = cleaner.line(br#"paid {"pan":"abc"}"#, 0);
        assert_eq!((line.field("pan"), line.text.contains("abc")), (Some("‹masked›"), false));
    }

    #[test]
    fn fields_are_bounded() {
        let keys: Vec<String> = (0..5_000).map(|number| format!("\"key {number}\":\"{}\"", "v".repeat(50))).collect();
        let line = clean(format!("{{{}}}", keys.join(",")).as_bytes());
        let size = line.fields.as_ref().map_or(0, |fields| fields.kept().len());
        assert!((4_000..FIELDS_LIMIT + VALUE_LIMIT).contains(&size), "{size}");
        let line = clean(format!("{{\"a\":\"{}\"}}", "é".repeat(3_000)).as_bytes());
        assert_eq!(line.field("a").map(str::len), Some(VALUE_LIMIT + "…".len()));
    }

    #[test]
    fn masking_can_be_switched_off_but_harm_cannot() {
        let got = Cleaner::new(false, None).expect("no pattern").line(b"ana@example.com\x1b[2J", 0);
        assert_eq!(got.text, "ana@example.com␛[2J");
    }

    #[test]
    fn a_bad_pattern_says_where_it_stands() {
        let trouble = Cleaner::new(true, Some("(")).expect_err("an open bracket");
        assert!(trouble.to_string().contains("`exclude` = `(`"), "{trouble}");
    }

    #[test]
    fn long_lines_are_cut_with_a_mark() {
        let got = clean("é".repeat(5_000).as_bytes());
        assert!(got.text.ends_with("é … 5904 bytes more"), "{}", got.text.len());
        assert!(got.text.len() < TEXT_LIMIT + 40);
    }

    #[test]
    fn a_number_at_the_edge_of_what_was_read_is_left_out() {
        let got = Cleaner::new(true, None)
            .expect("no pattern")
            .line(format!("{} 411111111111", "x".repeat(100)).as_bytes(), 9);
        assert!(!got.text.contains("4111"), "{}", got.text);
        assert!(got.text.ends_with(" … 9 bytes more"), "{}", got.text);
    }

    #[test]
    fn the_hole_of_an_emptied_file_is_not_shown() {
        assert_eq!(clean(b"\0\0\0\0after").text, "after");
    }

    proptest! {
        #[test]
        fn no_line_is_harmful(raw in proptest::collection::vec(any::<u8>(), 0..300)) {
            let got = clean(&raw);
            prop_assert!(!got.text.chars().any(harmless::is_harmful));
        }

        #[test]
        fn no_json_line_is_harmful(text in "\\PC{0,20}", key in any::<String>(), value in any::<String>()) {
            let raw = serde_json::json!({ "msg": text, key: value }).to_string();
            let line = clean(raw.as_bytes());
            prop_assert!(!line.text.chars().any(harmless::is_harmful));
            prop_assert!(!line.fields().any(|(key, value)| key.chars().chain(value.chars()).any(harmless::is_harmful)));
        }
    }
}
