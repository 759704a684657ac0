//! The text in which endpoints print their metrics: the Prometheus format, and what `OpenMetrics` adds to it.
//!
//! One pass, line by line; nothing is copied unless a label's value holds an escape.

use std::borrow::Cow;

/// One series of an answer.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Sample<'a> {
    /// The metric's name.
    pub(super) name: Cow<'a, str>,
    /// Its labels in order.
    pub(super) labels: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Its value; may be infinite or not a number.
    pub(super) value: f64,
}

/// A line that is no metric.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not a metric: `{begins}`")]
pub(super) struct BadLine {
    /// Its number, from 1.
    pub(super) line: usize,
    /// How it begins, harmless.
    pub(super) begins: String,
}

/// The series of an answer, one by one. Stops at `# EOF`.
pub(super) fn samples(text: &str) -> impl Iterator<Item = Result<Sample<'_>, BadLine>> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .take_while(|(_, line)| *line != "# EOF")
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            sample(line).ok_or_else(|| BadLine { line: number, begins: line.chars().take(40).map(visible).collect() })
        })
}

/// What may stand in a message: nothing that steers a terminal or hides its neighbours.
fn visible(character: char) -> char {
    if character == ' ' || character.is_ascii_graphic() || character.is_alphanumeric() { character } else { '?' }
}

/// A name, labels in braces, a value; a time and an exemplar may follow and are left aside.
fn sample(line: &str) -> Option<Sample<'_>> {
    let (mut name, mut rest) = word(line);
    let mut labels = Vec::new();
    if let Some(inner) = rest.trim_start().strip_prefix('{') {
        let (quoted, read, after) = braces(inner)?;
        labels = read;
        rest = after;
        if name.is_empty() {
            name = quoted?;
        }
    }
    let mut words = rest.split_whitespace();
    let value = number(words.next()?)?;
    let followed = match words.next() {
        None | Some("#") => true,
        Some(time) => number(time).is_some() && words.next().is_none_or(|after| after == "#"),
    };
    (followed && is_name(&name)).then_some(Sample { name, labels, value })
}

fn word(text: &str) -> (Cow<'_, str>, &str) {
    let end = text.find(|each: char| each == '{' || each.is_whitespace()).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    (Cow::Borrowed(word), rest)
}

/// Names in quotes may be anything; others look like identifiers.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['<', '"', '=']) && !name.starts_with(|first: char| first.is_ascii_digit())
}

type Labels<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// Labels up to the closing brace, with a metric's name in quotes if there is one, and what follows.
fn braces(text: &str) -> Option<(Option<Cow<'_, str>>, Labels<'_>, &str)> {
    let (mut rest, mut labels, mut name) = (text.trim_start(), Vec::new(), None);
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return Some((name, labels, after));
        }
        let (key, after) = if let Some(inner) = rest.strip_prefix('"') {
            quoted(inner)?
        } else {
            let (key, after) = rest.split_at_checked(rest.find(['=', ',', '}'])?)?;
            (Cow::Borrowed(key.trim_end()), after)
        };
        let after = after.trim_start();
        rest = if let Some(value) = after.strip_prefix('=') {
            let (value, after) = quoted(value.trim_start().strip_prefix('"')?)?;
            labels.push((key, value));
            after
        } else {
            name = Some(key);
            after
        };
        rest = rest.trim_start();
        rest = match rest.strip_prefix(',') {
            Some(after) => after.trim_start(),
            None if rest.starts_with('}') => rest,
            None => return None,
        };
    }
}

/// A value up to its closing quote, without escapes, and what follows.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let end = text.find(['"', '\\'])?;
    let (plain, rest) = text.split_at_checked(end)?;
    if let Some(after) = rest.strip_prefix('"') {
        return Some((Cow::Borrowed(plain), after));
    }
    let mut value = plain.to_owned();
    let mut characters = rest.chars();
    loop {
        match characters.next()? {
            '"' => return Some((Cow::Owned(value), characters.as_str())),
            '\\' => match characters.next()? {
                'n' => value.push('\n'),
                escaped @ ('"' | '\\') => value.push(escaped),
                // What is no escape stays as written.
                other => value.extend(['\\', other]),
            },
            plain => value.push(plain),
        }
    }
}

/// A value or a time. Rust reads `+Inf`, `NaN` and the rest as Prometheus writes them, and a few words more.
fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String, f64)>, BadLine> {
        samples(text)
            .map(|sample| {
                sample.map(|sample| {
                    let labels: Vec<String> =
                        sample.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
                    (sample.name.into_owned(), labels.join("|"), sample.value)
                })
            })
            .collect()
    }

    #[test]
    fn the_formats_of_common_endpoints_are_read() {
        let text = "# HELP http_requests_total The total.\n# TYPE http_requests_total counter\n\
            http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n\
            http_requests_total{method=\"post\", code=\"400\",} 3\r\n\
            \n  up   1\nrpc{le=\"+Inf\"} 2.5e3\nlow -Inf\n\
            escaped{path=\"C:\\\\DIR\\n\\\"x\\\"\\d\",brace=\"a}b,c=d\"} 1\n\
            bucket{le=\"0.1\"} 7 # {trace_id=\"KOO\"} 0.67\nbucket{le=\"1\"} 9 123.4 # {a=\"b\"} 1 5\n\
            {\"my.metric\",pool=\"blue\"} 4\nempty{} 0\n# EOF\nafter the end\n";
        let wanted = [
            ("http_requests_total", "method=post|code=200", 1027.0),
            ("http_requests_total", "method=post|code=400", 3.0),
            ("up", "", 1.0),
            ("rpc", "le=+Inf", 2500.0),
            ("low", "", f64::NEG_INFINITY),
            ("escaped", "path=C:\\DIR\n\"x\"\\d|brace=a}b,c=d", 1.0),
            ("bucket", "le=0.1", 7.0),
            ("bucket", "le=1", 9.0),
            ("my.metric", "pool=blue", 4.0),
            ("empty", "", 0.0),
        ];
        let wanted: Vec<_> = wanted.map(|(name, labels, value)| (name.to_owned(), labels.to_owned(), value)).into();
        assert_eq!(read(text), Ok(wanted));
        assert!(samples("a NaN").next().expect("a line").expect("a metric").value.is_nan());
    }

    #[test]
    fn garbage_is_named_with_its_line() {
        for text in [
            "<html>",
            "up",
            "up{",
            "up{a=\"b} 1",
            "up{a=b} 1",
            "up one",
            "up 1 2 3",
            "{} 1",
            "a{b=\"c\"d=\"e\"} 1",
            "{\"error\": 1}",
        ] {
            let bad = read(&format!("ok 1\n{text}\n")).expect_err(text);
            assert_eq!(bad.line, 2, "{text}");
        }
        let html = read("<!doctype html>\x1b[2J\u{202e}").expect_err("no metric");
        assert_eq!(html.to_string(), "line 1 is not a metric: `<!doctype html>?[2J?`");
    }

    proptest! {
        #[test]
        fn label_values_come_back_as_they_were(value in "[a-z\"\\\\\n{},= é]{0,20}", number in -1e9_f64..1e9) {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let line = format!("m{{a=\"{escaped}\",b=\"c\"}} {number}");
            let sample = samples(&line).next().expect("a line").expect("a metric");
            let labels: Vec<(&str, &str)> = sample.labels.iter().map(|(key, value)| (key.as_ref(), value.as_ref())).collect();
            prop_assert_eq!(labels, vec![("a", value.as_str()), ("b", "c")]);
            prop_assert!((sample.value - number).abs() < 1e-3);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[a-z{}\"=, #\\\\0-9\n]{0,60}") {
            let lines = text.lines().count();
            prop_assert!(samples(&text).count() <= lines);
        }
    }
}
