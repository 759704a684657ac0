//! Matchers of labels as Prometheus writes them: `severity="critical"`, `service=~"shop|cart"`, `env!=dev`.

use std::fmt;

use regex::Regex;

use crate::setting::{Kind, Wrong, quoted, text};

/// What one label must be.
#[derive(Clone, Debug)]
pub struct Matcher {
    label: String,
    test: Test,
    is_wanted: bool,
    written: String,
}

#[derive(Clone, Debug)]
enum Test {
    Equals(String),
    Pattern(Regex),
}

impl Matcher {
    /// The label.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// Whether a label's value fits; one that is not there is empty, as Prometheus has it.
    pub(super) fn fits(&self, value: Option<&str>) -> bool {
        let value = value.unwrap_or_default();
        let is_so = match &self.test {
            Test::Equals(wanted) => value == wanted,
            Test::Pattern(pattern) => pattern.is_match(value),
        };
        is_so == self.is_wanted
    }

    fn parse(written: &str) -> Result<Self, Wrong> {
        let at = written.find(['=', '!']).ok_or_else(|| Wrong::new(format!("{} has no =", quoted(written))))?;
        let (label, rest) = written.split_at(at);
        let label = label.trim();
        // The two with a tilde begin as the two without one.
        let operators = [("=~", true, true), ("!~", true, false), ("!=", false, false), ("=", false, true)];
        let found = operators
            .iter()
            .find_map(|(sign, is_pattern, is_wanted)| Some((rest.strip_prefix(sign)?, *is_pattern, *is_wanted)));
        let (value, is_pattern, is_wanted) =
            found.ok_or_else(|| Wrong::new(format!("{} has none of =, !=, =~, !~", quoted(written))))?;
        let is_name = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if !is_name(label) {
            return Err(Wrong::new(format!("{} is not the name of a label", quoted(label))));
        }
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
        let test = if is_pattern {
            // A pattern of Prometheus is held against the whole value.
            let pattern = Regex::new(&format!("^(?:{bare})$"));
            let pattern =
                pattern.map_err(|_long| Wrong::new(format!("{} is not a regular expression", quoted(bare))))?;
            Test::Pattern(pattern)
        } else {
            Test::Equals(bare.to_owned())
        };
        Ok(Self { label: label.to_owned(), test, is_wanted, written: written.to_owned() })
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

pub(super) fn matcher() -> Kind<Matcher> {
    text().and_then("a matcher, such as \"severity=critical\"", |text| Matcher::parse(&text))
}

#[cfg(test)]
impl Matcher {
    /// For tests beside the code.
    pub(super) fn of(written: &str) -> Self {
        Self::parse(written).unwrap_or_else(|_wrong| unreachable!("{written} is a matcher"))
    }
}

#[cfg(test)]
mod tests {
    use super::Matcher;

    #[test]
    fn the_four_operators_mean_what_prometheus_means() {
        for (written, value, fits) in [
            ("severity=critical", Some("critical"), true),
            ("severity=\"critical\"", Some("critical"), true),
            ("severity=critical", None, false),
            ("env!=dev", Some("prod"), true),
            ("env!=dev", None, true),
            ("service=~shop|cart", Some("cart"), true),
            ("service=~shop|cart", Some("carts"), false),
            ("service!~test.*", Some("tests"), false),
            ("team=", None, true),
        ] {
            assert_eq!(Matcher::of(written).fits(value), fits, "{written} {value:?}");
        }
    }

    #[test]
    fn what_is_no_matcher_is_refused() {
        for bad in ["severity", "=critical", "a-b=c", "a=~(", "a!c"] {
            assert!(Matcher::parse(bad).is_err(), "{bad}");
        }
    }
}
