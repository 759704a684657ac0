//! Selectors: a metric's name with label matchers, `http_requests_total{code=~"5..",path!="/health"}`.

use regex::Regex;

use super::line::Sample;

/// Which series are meant.
#[derive(Debug, Clone)]
pub(super) struct Selector {
    /// The metric's name.
    pub(super) name: String,
    matchers: Vec<(String, Test)>,
}

#[derive(Debug, Clone)]
enum Test {
    Is(String),
    IsNot(String),
    Fits(Regex),
    FitsNot(Regex),
}

/// Why a text is no selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadSelector {
    /// No name before the braces.
    #[error("it names no metric")]
    NoName,
    /// The braces do not hold matchers.
    #[error("`{at}` is not a matcher: write label=\"value\", or != =~ !~ in place of =")]
    Matcher {
        /// The rest from where it cannot be read.
        at: String,
    },
    /// A pattern is no regular expression.
    #[error("`{pattern}` is not a regular expression")]
    Pattern {
        /// The pattern.
        pattern: String,
    },
}

impl Selector {
    /// Reads a selector.
    pub(super) fn read(text: &str) -> Result<Self, BadSelector> {
        let text = text.trim();
        let (name, braces) = match text.split_once('{') {
            Some((name, rest)) => (name.trim(), Some(rest)),
            None => (text, None),
        };
        let mut matchers = match braces {
            Some(rest) => matchers(rest)?,
            None => Vec::new(),
        };
        let mut name = name.to_owned();
        if name.is_empty() {
            // `{__name__="up"}` is how a name that is no identifier is written.
            let place = matchers.iter().position(|(label, test)| label == "__name__" && matches!(test, Test::Is(_)));
            if let Some((_, Test::Is(named))) = place.map(|place| matchers.remove(place)) {
                name = named;
            }
        }
        if name.is_empty() || name.contains(|each: char| each.is_whitespace() || each == '"' || each == '}') {
            return Err(BadSelector::NoName);
        }
        Ok(Self { name, matchers })
    }

    /// Whether a series with this name and these labels is meant. A label that a series does not have is empty, as in
    /// Prometheus.
    pub(super) fn selects(&self, sample: &Sample<'_>) -> bool {
        sample.name == self.name && self.fits(sample)
    }

    /// Whether the labels are those meant, whatever the name.
    pub(super) fn fits(&self, sample: &Sample<'_>) -> bool {
        self.matchers.iter().all(|(label, test)| {
            let value = sample.labels.iter().find(|(key, _)| key == label).map_or("", |(_, value)| value.as_ref());
            match test {
                Test::Is(wanted) => value == wanted,
                Test::IsNot(unwanted) => value != unwanted,
                Test::Fits(pattern) => pattern.is_match(value),
                Test::FitsNot(pattern) => !pattern.is_match(value),
            }
        })
    }
}

fn matchers(text: &str) -> Result<Vec<(String, Test)>, BadSelector> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    loop {
        let bad = || BadSelector::Matcher { at: rest.to_owned() };
        if let Some(after) = rest.strip_prefix('}') {
            return if after.trim().is_empty() {
                Ok(found)
            } else {
                Err(BadSelector::Matcher { at: after.to_owned() })
            };
        }
        let (label, after) = rest.find(['=', '!']).and_then(|end| rest.split_at_checked(end)).ok_or_else(bad)?;
        let sign = ["=~", "!~", "!=", "="].into_iter().find(|sign| after.starts_with(sign)).ok_or_else(bad)?;
        let (value, after) = after.strip_prefix(sign).and_then(|value| quoted(value.trim_start())).ok_or_else(bad)?;
        let label = label.trim();
        if label.is_empty() || !label.chars().all(|each| each.is_alphanumeric() || matches!(each, '_' | '.' | ':')) {
            return Err(bad());
        }
        let condition = match sign {
            "=" => Test::Is(value),
            "!=" => Test::IsNot(value),
            "=~" => Test::Fits(anchored(&value)?),
            _ => Test::FitsNot(anchored(&value)?),
        };
        found.push((label.to_owned(), condition));
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(after) => after.trim_start(),
            None if after.starts_with('}') => after,
            None => return Err(bad()),
        };
    }
}

/// A value in either quotes; `\\` before a quote or another of itself takes it as it is, else it belongs to the pattern.
fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let mut characters = text.get(1..)?.chars();
    let mut value = String::new();
    loop {
        match characters.next()? {
            end if end == quote => return Some((value, characters.as_str())),
            '\\' => match characters.next()? {
                escaped if escaped == quote || escaped == '\\' => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            plain => value.push(plain),
        }
    }
}

/// A pattern must fit the whole value.
fn anchored(pattern: &str) -> Result<Regex, BadSelector> {
    Regex::new(&format!("^(?s:{pattern})$")).map_err(|_unreadable| BadSelector::Pattern { pattern: pattern.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::super::line::samples;
    use super::*;

    fn selects(selector: &str, line: &str) -> bool {
        let sample = samples(line).next().expect("a line").expect("a metric");
        Selector::read(selector).expect(selector).selects(&sample)
    }

    #[test]
    fn selectors_mean_what_they_mean_in_prometheus() {
        let line = r#"http_total{code="503",path="/pay"} 1"#;
        for selector in [
            "http_total",
            "http_total{}",
            r#"http_total{code="503"}"#,
            r#"http_total{code=~"5.."}"#,
            r#"http_total { code =~ '5..|4..' , path != "/health", }"#,
            r#"http_total{code!~"5"}"#,
            r#"http_total{pool=""}"#,
            r#"{__name__="http_total",path="/pay"}"#,
            r#"http_total{code=~"\\d+"}"#,
        ] {
            assert!(selects(selector, line), "{selector}");
        }
        for selector in [
            "http",
            r#"http_total{code=~"5"}"#,
            r#"http_total{code=~"50|3"}"#,
            r#"http_total{path!="/pay"}"#,
            r#"http_total{pool="x"}"#,
        ] {
            assert!(!selects(selector, line), "{selector}");
        }
    }

    #[test]
    fn what_is_no_selector_says_where() {
        for (text, said) in [
            ("", "it names no metric"),
            ("{a=\"b\"}", "it names no metric"),
            ("m{a}", "`a}` is not a matcher: write label=\"value\", or != =~ !~ in place of ="),
            ("m{a=b}", "`a=b}` is not a matcher: write label=\"value\", or != =~ !~ in place of ="),
            ("m{a=\"b\"} x", "` x` is not a matcher: write label=\"value\", or != =~ !~ in place of ="),
            ("m{a=~\"(\"}", "`(` is not a regular expression"),
        ] {
            assert_eq!(Selector::read(text).expect_err(text).to_string(), said);
        }
    }
}
