//! What can be told from a query without asking: which series it selects, how far back it looks, whether it is closed.
//!
//! This is no parser: it walks over strings, comments, brackets and words, and leaves judging to Prometheus.

use std::time::Duration;

/// The most selectors of one query that are looked at.
const MOST: usize = 16;

/// Words that stand where a metric's name could, and are none.
const WORDS: [&str; 31] = [
    "and",
    "or",
    "unless",
    "bool",
    "offset",
    "atan2",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "inf",
    "nan",
    "start",
    "end",
    "sum",
    "min",
    "max",
    "avg",
    "group",
    "stddev",
    "stdvar",
    "count",
    "count_values",
    "bottomk",
    "topk",
    "quantile",
    "limitk",
    "limit_ratio",
    "step",
];

/// Words after which labels stand in parentheses.
const LABELS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// The series that a query selects: `up`, `http_requests_total{pool="blue"}`.
pub(super) fn selectors(query: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    let mut walk = Walk { text: query, at: 0 };
    while let Some(first) = walk.peek() {
        let start = walk.at;
        match first {
            '"' | '\'' | '`' => walk.string(),
            '#' => walk.until('\n'),
            '[' => walk.until(']'),
            '{' => {
                walk.braces();
                note(&mut found, query.get(start..walk.at));
            }
            c if c.is_ascii_digit() || c == '.' => walk.skip(|c| c.is_ascii_alphanumeric() || c == '.'),
            c if begins_name(c) => {
                walk.skip(|c| begins_name(c) || c.is_ascii_digit());
                let end = walk.at;
                let name = query.get(start..end).unwrap_or_default().to_ascii_lowercase();
                walk.skip(char::is_whitespace);
                match walk.peek() {
                    Some('{') => {
                        walk.braces();
                        note(&mut found, query.get(start..walk.at));
                    }
                    Some('(') if LABELS.contains(&name.as_str()) => walk.until(')'),
                    // A function, or an operator with its labels first.
                    Some('(') => {}
                    _ if WORDS.contains(&name.as_str()) => {}
                    _ => note(&mut found, query.get(start..end)),
                }
            }
            _ => walk.step(),
        }
    }
    found
}

fn note<'q>(found: &mut Vec<&'q str>, selector: Option<&'q str>) {
    if let Some(selector) = selector.filter(|selector| !found.contains(selector) && found.len() < MOST) {
        found.push(selector);
    }
}

/// How far back a query looks: its longest range, what its subqueries add, and its longest offset.
pub(super) fn looks_back(query: &str) -> Option<Duration> {
    let (mut range, mut nested, mut offset) = (None, Duration::ZERO, Duration::ZERO);
    let mut walk = Walk { text: query, at: 0 };
    while let Some(first) = walk.peek() {
        let start = walk.at;
        match first {
            '"' | '\'' | '`' => walk.string(),
            '#' => walk.until('\n'),
            '[' => {
                walk.until(']');
                let inside = query.get(start..walk.at).unwrap_or_default().trim_matches(['[', ']']);
                match inside.split_once(':') {
                    Some((over, _)) => nested += span(over).unwrap_or_default(),
                    None => range = range.max(span(inside)),
                }
            }
            c if begins_name(c) => {
                walk.skip(|c| begins_name(c) || c.is_ascii_digit());
                if query.get(start..walk.at).is_some_and(|word| word.eq_ignore_ascii_case("offset")) {
                    walk.skip(char::is_whitespace);
                    let from = walk.at;
                    walk.skip(|c| c.is_ascii_alphanumeric());
                    offset = offset.max(query.get(from..walk.at).and_then(span).unwrap_or_default());
                }
            }
            _ => walk.step(),
        }
    }
    let whole = range.unwrap_or_default() + nested + offset;
    (!whole.is_zero()).then_some(whole)
}

/// Whether brackets and strings are closed.
pub(super) fn closed(query: &str) -> Result<(), String> {
    let mut open = Vec::new();
    let mut walk = Walk { text: query, at: 0 };
    while let Some(first) = walk.peek() {
        match first {
            '"' | '\'' | '`' => {
                let start = walk.at;
                walk.string();
                let string = query.get(start..walk.at).unwrap_or_default();
                if string.len() < 2 || !string.ends_with(first) {
                    return Err(format!("its {first} is not closed"));
                }
                continue;
            }
            '#' => {
                walk.until('\n');
                continue;
            }
            '(' => open.push((first, ')')),
            '[' => open.push((first, ']')),
            '{' => open.push((first, '}')),
            ')' | ']' | '}' => match open.pop() {
                Some((_, closing)) if closing == first => {}
                Some((opened, _)) => return Err(format!("its {opened} is closed by {first}")),
                None => return Err(format!("it has a {first} too many")),
            },
            _ => {}
        }
        walk.step();
    }
    open.last().map_or(Ok(()), |(opened, _)| Err(format!("its {opened} is not closed")))
}

/// A span as Prometheus writes it: `1h30m`.
fn span(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = 0_u64;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let (unit, after) = after.split_at(after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len()));
        let millis = match unit.trim() {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            "y" => 31_536_000_000,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(millis)?)?;
        rest = after;
    }
    Some(Duration::from_millis(total))
}

fn begins_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || c == ':'
}

/// A place in a query.
struct Walk<'q> {
    text: &'q str,
    at: usize,
}

impl Walk<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..).and_then(|rest| rest.chars().next())
    }

    fn step(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    fn skip(&mut self, fits: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&fits) {
            self.step();
        }
    }

    /// Past the next of these, or to the end.
    fn until(&mut self, last: char) {
        while let Some(c) = self.peek() {
            self.step();
            if c == last {
                return;
            }
        }
    }

    /// Past a string that begins here.
    fn string(&mut self) {
        let quote = self.peek();
        self.step();
        while let Some(c) = self.peek() {
            self.step();
            if c == '\\' && quote != Some('`') {
                self.step();
            } else if Some(c) == quote {
                return;
            }
        }
    }

    /// Past matchers in braces that begin here.
    fn braces(&mut self) {
        self.step();
        while let Some(c) = self.peek() {
            match c {
                '"' | '\'' | '`' => self.string(),
                '}' => return self.step(),
                _ => self.step(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_found() {
        for (query, wanted) in [
            ("up", vec!["up"]),
            (
                r#"sum(rate(http_requests_total{code=~"5..",x="}"}[5m]))"#,
                vec![r#"http_requests_total{code=~"5..",x="}"}"#],
            ),
            ("sum by (le, pool) (rate(a_bucket[1m])) / ignoring(le) b", vec!["a_bucket", "b"]),
            ("histogram_quantile(0.99, sum(rate(a_bucket[1m])) by (le))", vec!["a_bucket"]),
            ("a / a offset 5m # not b", vec!["a"]),
            (r#"{__name__=~"job:.*"}"#, vec![r#"{__name__=~"job:.*"}"#]),
            ("vector(0) or time() > bool 1e3", vec![]),
            (r#"label_replace(up, "pool", "$1", "job", "(.*)")"#, vec!["up"]),
            ("max_over_time(deriv(a[5m])[10m:1m])", vec!["a"]),
        ] {
            assert_eq!(selectors(query), wanted, "{query}");
        }
    }

    #[test]
    fn how_far_a_query_looks_back_is_read_from_it() {
        for (query, wanted) in [
            ("up", None),
            ("rate(a[5m])", Some(300)),
            ("rate(a[1m]) / rate(b[1h30m])", Some(5400)),
            ("rate(a[5m] offset 1h)", Some(3900)),
            ("max_over_time(rate(a[1m])[10m:30s])", Some(660)),
            (r#"a{x="[5m]"}"#, None),
        ] {
            assert_eq!(looks_back(query), wanted.map(Duration::from_secs), "{query}");
        }
    }

    #[test]
    fn what_is_open_is_said() {
        for query in ["sum(rate(a{x=\"(\"}[5m]))", "a # (", "'it''s'"] {
            assert_eq!(closed(query), Ok(()), "{query}");
        }
        for (query, why) in [
            ("sum(rate(a[5m])", "its ( is not closed"),
            ("a)", "it has a ) too many"),
            ("a{x=\"y}", "its \" is not closed"),
            ("a[5m)", "its [ is closed by )"),
        ] {
            assert_eq!(closed(query), Err(why.to_owned()), "{query}");
        }
    }
}
