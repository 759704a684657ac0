//! Kinds that are written as text.

use std::path::PathBuf;

use serde_json::json;

use super::super::{Wrong, nearest};
use super::Kind;

/// Text on one line, which can be shown as it is.
pub fn text() -> Kind<String> {
    within("text on one line", 1_000)
}

/// Lines that a person types or reads: a piece of code, with its line ends.
pub fn lines() -> Kind<String> {
    const MOST: usize = 20_000;
    let schema = json!({ "type": "string", "minLength": 1, "maxLength": MOST });
    Kind::from_text("lines of text", schema, |text| {
        let text = text.trim_matches('\n').trim_end();
        if text.trim().is_empty() {
            Err(Wrong::new("is empty"))
        } else if let Some(hidden) = text.chars().find(|c| !matches!(c, '\n' | '\t') && is_hidden(*c)) {
            Err(Wrong::new(format!("holds a control character, {}", hidden.escape_unicode())))
        } else if text.chars().count() > MOST {
            Err(Wrong::new(format!("is {} characters long", text.chars().count())))
        } else {
            Ok(text.to_owned())
        }
    })
}

/// Where a link leads to: an address, or the path of a file.
pub fn link() -> Kind<String> {
    within("an address or a path on one line", 4_000)
}

fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A program and its arguments. No shell reads it, so nothing in it is expanded.
pub fn command() -> Kind<Vec<String>> {
    let accepted = "a list of a program and its arguments, such as [\"journalctl\", \"-f\"]";
    let words = text().list(accepted);
    words.and_then(accepted, |words| Ok(words.into_iter().map(|word| word.value).collect()))
}

/// A title: text on one line that fits a heading.
pub fn title() -> Kind<String> {
    within("text on one line of at most 80 characters", 80)
}

fn within(accepted: &str, most: usize) -> Kind<String> {
    Kind::from_text(accepted, json!({ "type": "string", "minLength": 1, "maxLength": most }), move |text| {
        let text = text.trim();
        if text.is_empty() {
            Err(Wrong::new("is empty"))
        } else if let Some(hidden) = text.chars().find(|c| is_hidden(*c)) {
            Err(Wrong::new(format!("holds a control character, {}", hidden.escape_unicode())))
        } else if text.chars().count() > most {
            Err(Wrong::new(format!("is {} characters long", text.chars().count())))
        } else {
            Ok(text.to_owned())
        }
    })
}

/// A name that other keys refer to.
pub fn name() -> Kind<String> {
    word("a name of at most 32 letters, digits, - and _", "-_", 32)
}

/// One word of ASCII letters, digits and `others`. What it may hold keeps it harmless in commands and on screens.
pub fn word(accepted: &'static str, others: &'static str, most: usize) -> Kind<String> {
    // In a class only the dash means something; whatever else is escaped, some readers of schemas refuse.
    let class = others.replace('-', "\\-");
    let schema = json!({ "type": "string", "pattern": format!("^[A-Za-z0-9{class}]+$"), "maxLength": most });
    Kind::from_text(accepted, schema, move |text| {
        let fits = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
        if text.is_empty() {
            Err(Wrong::new("is empty"))
        } else if text.chars().all(fits) && text.len() <= most {
            Ok(text.to_owned())
        } else {
            Err(Wrong::new(format!("cannot be {}", quoted(text))))
        }
    })
}

/// One of several words, each with what it stands for. `not_yet` are words that a later version will know.
pub fn choice<T: Clone + 'static>(words: &[(&'static str, T)], not_yet: &[&'static str]) -> Kind<T> {
    let names: Vec<&'static str> = words.iter().map(|(word, _)| *word).collect();
    let accepted = names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let schema = json!({ "enum": names });
    let (words, not_yet) = (words.to_vec(), not_yet.to_vec());
    let said = accepted.clone();
    Kind::from_text(accepted, schema, move |text| {
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(value.clone());
        }
        if not_yet.contains(&text) {
            return Err(Wrong::new(format!("{} is not supported in this version", quoted(text))));
        }
        let wrong = Wrong::new(format!("cannot be {}", quoted(text))).accepted(said.clone());
        Err(match nearest(text, words.iter().map(|(word, _)| *word)) {
            Some(meant) => wrong.advice(format!("did you mean \"{meant}\"?")),
            None => wrong,
        })
    })
}

/// A host and a port: `10.0.0.5:5432`, `db.example.net:5432`, `[::1]:5432`.
pub fn host_port() -> Kind<String> {
    let schema = json!({ "type": "string", "pattern": "^[^\\s/]+:[0-9]+$" });
    Kind::from_text("a host and a port, such as \"10.0.0.5:5432\"", schema, |text| {
        let parts = text.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        let host_fits = parts.is_some_and(|(host, _)| {
            let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            let is_clean = !host.contains(|each: char| each.is_whitespace() || each.is_control() || each == '/');
            is_clean && (bare.is_some() || !host.contains(':'))
        });
        match parts.map(|(_, port)| port.parse::<u16>()) {
            _ if !host_fits => Err(Wrong::new(format!("{} is not a host and a port", quoted(text)))),
            Some(Ok(port)) if port > 0 => Ok(text.to_owned()),
            Some(_) | None => Err(Wrong::new(format!("{} names no port from 1 to 65535", quoted(text)))),
        }
    })
}

/// An `http://` or `https://` address with a host.
pub fn url() -> Kind<String> {
    let schema = json!({ "type": "string", "pattern": "^https?://[^/]+" });
    Kind::from_text("an address that begins with http:// or https://", schema, |text| {
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
        let port_fits = host.and_then(|host| host.rsplit_once(':')).is_none_or(|(before, port)| {
            before.starts_with('[') && !before.ends_with(']') || port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        let clean = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
        if clean && port_fits && host.is_some_and(|host| !host.is_empty() && !host.starts_with(':')) {
            Ok(text.to_owned())
        } else {
            Err(Wrong::new(format!("cannot be {}", quoted(text))))
        }
    })
}

/// A path from the root. A session may be taken up again from another directory, so nothing is relative to one.
pub fn absolute_path() -> Kind<PathBuf> {
    let schema = json!({ "type": "string", "pattern": "^/." });
    Kind::from_text("a whole path, such as \"/var/log/app.log\"", schema, |text| {
        let clean = text.chars().all(|c| !c.is_control());
        if text.starts_with('/') && text.len() > 1 && clean {
            Ok(PathBuf::from(text))
        } else {
            Err(Wrong::new(format!("{} is not a whole path", quoted(text))).advice("begin it with /"))
        }
    })
}

/// A regular expression.
pub fn regex() -> Kind<String> {
    Kind::from_text("a regular expression", json!({ "type": "string", "format": "regex" }), |text| {
        match regex::Regex::new(text) {
            Ok(_) if text.is_empty() => Err(Wrong::new("is empty, which fits every line")),
            Ok(_) => Ok(text.to_owned()),
            Err(error) => {
                let said = error.to_string();
                let why = said.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                Err(Wrong::new(format!("is not a regular expression: {why}"))
                    .advice("mind that \\ is doubled in \"...\" and plain in '...'"))
            }
        }
    })
}

/// A short excerpt in quotes, harmless on a terminal. What may be a user and a password before an `@` is left out.
pub fn quoted(text: &str) -> String {
    let text = match text.split_once('@').and_then(|(before, _)| before.split_once(':')) {
        Some((scheme, _)) => &format!("{scheme}:…"),
        None => text,
    };
    let harmless: String =
        text.chars().flat_map(|c| if matches!(c, '"' | '\'') { vec![c] } else { c.escape_debug().collect() }).collect();
    let mut short: String = harmless.chars().take(48).collect();
    if short.len() < harmless.len() {
        short.push('…');
    }
    format!("`{short}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_short_and_harmless() {
        assert_eq!(quoted("a\u{1b}[31m\"b\"'"), "`a\\u{1b}[31m\"b\"'`");
        assert_eq!(quoted("http://u:hunter/2@x"), "`http:…`");
        assert_eq!(quoted(&"x".repeat(60)), format!("`{}…`", "x".repeat(48)));
    }
}
