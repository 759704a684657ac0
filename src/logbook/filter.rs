//! Which lines are wanted.

use std::fmt;

use regex::{Regex, RegexBuilder};

use super::book::Logbook;
use super::same::Same;
use super::store::{Entry, MARK, Said};
use crate::domain::log::{Level, fields};
use crate::domain::{PoolId, SourceId};

/// Which lines are wanted. Marks always are, but among lines that belong together.
#[derive(Clone, PartialEq, Debug)]
pub struct Filter {
    /// What the text must hold, or the value of one of the fields.
    pub text: Option<Matcher>,
    /// The least level.
    pub min_level: Level,
    /// The pools; empty for all lines, also those of no pool.
    pub pools: Vec<PoolId>,
    /// The sources; empty for all.
    pub sources: Vec<SourceId>,
    /// Whether noise is left out.
    pub hide_excluded: bool,
    /// The value of a field that they have in common. Nothing that is typed.
    pub same: Option<Same>,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            text: None,
            min_level: Level::Trace,
            pools: Vec::new(),
            sources: Vec::new(),
            hide_excluded: true,
            same: None,
        }
    }
}

/// What a text must hold.
#[derive(Clone, Debug)]
pub struct Matcher {
    written: String,
    pattern: Regex,
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.written)
    }
}

/// Why what was typed is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFilter {
    /// The pattern between the slashes is no regular expression.
    #[error("`{pattern}` is not a regular expression: {why}")]
    Pattern {
        /// What was typed.
        pattern: String,
        /// What is wrong, on one line.
        why: String,
    },
    /// The word after `level:` is no level.
    #[error("`{word}` is not a level: write trace, debug, info, warn or error")]
    Level {
        /// What was typed.
        word: String,
    },
    /// Nothing stands after `pool:` or `source:`.
    #[error("`{key}:` needs a name")]
    NoName {
        /// Which of the two.
        key: &'static str,
    },
}

/// A pattern may not grow beyond this when it is compiled: a filter is typed key by key and must answer at once.
const PATTERN_SIZE: usize = 1024 * 1024;

impl Matcher {
    /// Text in any case.
    ///
    /// # Errors
    /// When the text is too long to search for.
    pub fn plain(text: &str) -> Result<Self, BadFilter> {
        Self::compile(text, &regex::escape(text), true)
    }

    /// A regular expression, written without its slashes.
    ///
    /// # Errors
    /// When it is none.
    pub fn regex(pattern: &str, any_case: bool) -> Result<Self, BadFilter> {
        let written = format!("/{pattern}/{}", if any_case { "i" } else { "" });
        Self::compile(&written, pattern, any_case)
    }

    /// Where the pattern is found in a text, for highlighting: start and end in bytes.
    pub fn places<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
        self.pattern.find_iter(text).map(|found| (found.start(), found.end()))
    }

    /// Whether a text holds it.
    pub fn is_in(&self, text: &str) -> bool {
        self.pattern.is_match(text)
    }

    fn compile(written: &str, pattern: &str, any_case: bool) -> Result<Self, BadFilter> {
        let compiled = RegexBuilder::new(pattern).case_insensitive(any_case).size_limit(PATTERN_SIZE).build();
        let pattern = compiled.map_err(|error| {
            let text = error.to_string();
            let why = text.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned();
            BadFilter::Pattern { pattern: pattern.to_owned(), why }
        })?;
        Ok(Self { written: written.to_owned(), pattern })
    }
}

impl Filter {
    /// Reads what an operator typed: words to be found in any case, `/pattern/` or `/pattern/i`, and `level:warn`,
    /// `pool:blue`, `source:api`, `noise:show`.
    ///
    /// # Errors
    /// When a part cannot be read, with what can.
    pub fn parse(typed: &str) -> Result<Self, BadFilter> {
        let mut filter = Self::default();
        let (pattern, words) = split_pattern(typed.trim());
        let mut text: Vec<&str> = Vec::new();
        for word in words.split_whitespace() {
            match word.split_once(':') {
                Some(("level", level)) => filter.min_level = read_level(level)?,
                Some(("pool", "")) => return Err(BadFilter::NoName { key: "pool" }),
                Some(("pool", name)) => filter.pools.push(name.into()),
                Some(("source", "")) => return Err(BadFilter::NoName { key: "source" }),
                Some(("source", name)) => filter.sources.push(name.into()),
                Some(("noise", "show")) => filter.hide_excluded = false,
                _ => text.push(word),
            }
        }
        filter.text = match pattern {
            Some((pattern, any_case)) => Some(Matcher::regex(pattern, any_case)?),
            None if text.is_empty() => None,
            None => Some(Matcher::plain(&text.join(" "))?),
        };
        Ok(filter)
    }

    /// Every line of every source that has this value of a field.
    pub fn of_same(same: Same) -> Self {
        Self { hide_excluded: false, same: Some(same), ..Self::default() }
    }

    /// Whether every line passes.
    pub fn is_open(&self) -> bool {
        *self == Self { hide_excluded: false, ..Self::default() }
    }

    /// Which of the book's sources pass, in its order.
    pub(super) fn sources_of(&self, book: &Logbook) -> Vec<bool> {
        book.sources()
            .map(|(source, pool)| {
                let by_pool = self.pools.is_empty() || pool.is_some_and(|pool| self.pools.contains(pool));
                by_pool && (self.sources.is_empty() || self.sources.contains(source))
            })
            .collect()
    }

    /// Whether a line passes, with what [`Self::sources_of`] said.
    pub(super) fn passes(&self, sources: &[bool], entry: Entry, said: Said<'_>) -> bool {
        if entry.source == MARK {
            return self.same.is_none();
        }
        entry.level >= self.min_level
            && !(self.hide_excluded && entry.is_excluded())
            && sources.get(usize::from(entry.source)).copied().unwrap_or(false)
            && self.text.as_ref().is_none_or(|matcher| {
                matcher.is_in(said.text) || fields(said.fields).any(|(_, value)| matcher.is_in(value))
            })
            && self.same.as_ref().is_none_or(|same| same.holds(said))
    }
}

impl fmt::Display for Filter {
    /// As it would be typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        if self.min_level > Level::Trace {
            parts.push(format!("level:{}", self.min_level.word().to_lowercase()));
        }
        parts.extend(self.pools.iter().map(|pool| format!("pool:{pool}")));
        parts.extend(self.sources.iter().map(|source| format!("source:{source}")));
        if !self.hide_excluded {
            parts.push("noise:show".to_owned());
        }
        parts.extend(self.text.iter().map(ToString::to_string));
        f.pad(&parts.join(" "))
    }
}

/// A pattern between slashes, and the words beside it. Slashes within a word, as in a path, begin no pattern.
fn split_pattern(typed: &str) -> (Option<(&str, bool)>, String) {
    let begin = if typed.starts_with('/') { Some(0) } else { typed.find(" /").map(|space| space + 1) };
    let found = begin.and_then(|begin| {
        let (before, rest) = typed.split_at_checked(begin)?;
        let rest = rest.strip_prefix('/')?;
        let (end, any_case, length) = rest.rmatch_indices('/').find_map(|(end, _)| {
            let after = rest.get(end + 1..)?;
            let any_case = after.starts_with('i');
            let length = 1 + usize::from(any_case);
            let closed = after.get(length - 1..).is_some_and(|after| after.is_empty() || after.starts_with(' '));
            (closed && end > 0).then_some((end, any_case, length))
        })?;
        Some(((rest.get(..end)?, any_case), format!("{before} {}", rest.get(end + length..)?)))
    });
    match found {
        Some((pattern, words)) => (Some(pattern), words),
        None => (None, typed.to_owned()),
    }
}

fn read_level(word: &str) -> Result<Level, BadFilter> {
    [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error]
        .into_iter()
        .find(|level| level.word().eq_ignore_ascii_case(word))
        .ok_or_else(|| BadFilter::Level { word: word.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_read_and_written_again() {
        for (typed, again) in [
            ("", ""),
            ("  Timeout  db ", "Timeout db"),
            ("level:warn pool:blue pool:green refused", "level:warn pool:blue pool:green refused"),
            (r"/5\d\d$/ level:ERROR", r"level:error /5\d\d$/"),
            ("source:api noise:show /a b/i", "source:api noise:show /a b/i"),
            ("/pay/status", "/pay/status"),
            ("/", "/"),
            ("GET /health", "GET /health"),
            ("http://x", "http://x"),
        ] {
            let filter = Filter::parse(typed).expect(typed);
            assert_eq!(filter.to_string(), again);
            assert_eq!(Filter::parse(again).expect(again), filter, "{again}");
        }
    }

    #[test]
    fn text_is_found_in_any_case_and_a_pattern_as_written() {
        let holds = |typed: &str, text: &str| Filter::parse(typed).expect(typed).text.expect("a text").is_in(text);
        assert!(holds("TIMEOUT", "connect Timeout host=db"));
        assert!(holds("a.b", "A.B") && !holds("a.b", "axb"));
        assert!(holds("/a.b/", "axb") && !holds("/a.b/", "AXB") && holds("/a.b/i", "AXB"));
    }

    #[test]
    fn what_cannot_be_read_is_said_with_what_can() {
        for (typed, said) in [
            ("/(/", "`(` is not a regular expression: unclosed group"),
            ("level:loud", "`loud` is not a level: write trace, debug, info, warn or error"),
            ("pool:", "`pool:` needs a name"),
        ] {
            assert_eq!(Filter::parse(typed).expect_err(typed).to_string(), said);
        }
    }
}
