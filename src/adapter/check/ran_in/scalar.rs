//! One value of a document: the scalar at a path of keys, in YAML as people write such files, or in JSON.
//!
//! Of YAML it reads mappings in blocks, one key a line, with plain or quoted scalars: what files that hold image tags are made
//! of. What it does not read it says; it never guesses a value.

use serde_json::{Value, json};

use crate::adapter::check::system::quote;
use crate::setting::{Kind, Wrong, quoted};

/// Where a value stands: `/accounts/tag`.
pub(super) fn pointer() -> Kind<String> {
    const POINTER: &str = "where the value stands, by its keys: \"/accounts/tag\"";
    Kind::from_text(POINTER, json!({ "type": "string", "pattern": "^/." }), |text| {
        let fits = text.starts_with('/')
            && text.len() <= 300
            && text.split('/').skip(1).all(|key| !key.is_empty())
            && text.chars().all(|c| !c.is_control());
        if fits { Ok(text.to_owned()) } else { Err(Wrong::new(format!("cannot be {}", quoted(text)))) }
    })
}

/// A value as the version that it must be: to the letter where it is the one that is asked about, or where none is; else as
/// it may be shown.
///
/// # Errors
/// When it cannot be a version, as a fragment.
pub(super) fn version(text: &str, asked: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._/:@+".contains(c);
    if text.is_empty() || text.len() > 200 || !text.chars().all(fits) {
        return Err("holds something there that is no version".to_owned());
    }
    // Four numbers with dots between are a version as well as an address.
    Ok(if asked.is_empty() || text == asked { text.to_owned() } else { quote(text) })
}

/// The scalar at a pointer; `None` where the document has none there.
///
/// # Errors
/// Why the document cannot be read, as a fragment.
pub(super) fn scalar(text: &str, pointer: &str) -> Result<Option<String>, String> {
    if text.trim_start().starts_with(['{', '[']) {
        let document: Value = serde_json::from_str(text).map_err(|error| format!("is no JSON: {error}"))?;
        return of_json(&document, pointer);
    }
    let path: Vec<&str> = pointer.split('/').skip(1).collect();
    of_yaml(text, &path)
}

/// The scalar at a pointer of a JSON document.
///
/// # Errors
/// When what stands there is no scalar.
pub(super) fn of_json(document: &Value, pointer: &str) -> Result<Option<String>, String> {
    match document.pointer(pointer) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => Err(format!("has no single value at {pointer}")),
    }
}

fn of_yaml(text: &str, path: &[&str]) -> Result<Option<String>, String> {
    // The keys above a line, each with how far it is indented; an item of a list has no key.
    let mut above: Vec<(usize, Option<String>)> = Vec::new();
    let mut found = None;
    // Lines that are further indented than this are the text of a block.
    let mut block: Option<usize> = None;
    let mut documents = 0;
    for (number, line) in (1..).zip(text.lines()) {
        let words = line.trim_start_matches(' ');
        let indent = line.len() - words.len();
        if words.trim().is_empty() || block.is_some_and(|block| indent > block) {
            continue;
        }
        block = None;
        if words.starts_with('#') {
            continue;
        }
        if words.starts_with('\t') {
            return Err(format!("is indented by a tab in line {number}"));
        }
        if indent == 0 && (words == "---" || words.starts_with("--- ")) {
            documents += 1;
            if documents > 1 || !above.is_empty() {
                return Err("holds several documents".to_owned());
            }
            continue;
        }
        above.retain(|(depth, _)| *depth < indent);
        if words == "-" || words.starts_with("- ") {
            above.push((indent, None));
            continue;
        }
        let Some((key, value)) = key_and_value(words).map_err(|why| format!("{why} in line {number}"))? else {
            continue;
        };
        let value = value.trim();
        if value.starts_with(['|', '>']) {
            block = Some(indent);
        }
        above.push((indent, Some(key)));
        let is_here =
            above.len() == path.len() && above.iter().zip(path).all(|((_, key), step)| key.as_deref() == Some(step));
        if !is_here {
            if opens_flow(value) {
                return Err(format!("has a value over several lines in line {number}"));
            }
            continue;
        }
        if found.is_some() {
            return Err(format!("has the key {} twice", path.join("/")));
        }
        found = Some(plain(value).map_err(|why| format!("{why} in line {number}"))?);
    }
    Ok(found.flatten())
}

/// The key of a line and what stands after it; `None` for a line that has no key.
fn key_and_value(words: &str) -> Result<Option<(String, &str)>, &'static str> {
    for quote in ['"', '\''] {
        if let Some(rest) = words.strip_prefix(quote) {
            let Some((key, rest)) = rest.split_once(quote) else { return Err("has a quote that is not closed") };
            return Ok(rest.trim_start().strip_prefix(':').map(|value| (key.to_owned(), value)));
        }
    }
    let at = words.find(": ").or_else(|| words.trim_end().ends_with(':').then(|| words.trim_end().len() - 1));
    let pair = at.and_then(|at| words.split_at_checked(at));
    Ok(pair.map(|(key, rest)| (key.trim_end().to_owned(), rest.strip_prefix(':').unwrap_or(rest))))
}

/// Whether a value goes on in the next line.
fn opens_flow(value: &str) -> bool {
    let count = |open: char, close: char| value.matches(open).count() > value.matches(close).count();
    value.starts_with(['{', '[']) && (count('{', '}') || count('[', ']'))
}

/// A scalar without its quotes and the comment after it; `None` where nothing is written.
fn plain(value: &str) -> Result<Option<String>, &'static str> {
    for quote in ['"', '\''] {
        let Some(rest) = value.strip_prefix(quote) else { continue };
        let Some((text, after)) = rest.split_once(quote) else { return Err("has a value over several lines") };
        let after = after.trim_start();
        if text.contains('\\') || !(after.is_empty() || after.starts_with('#')) {
            return Err("has a value that is written in a way which is not read");
        }
        return Ok(Some(text.to_owned()));
    }
    let value = value.split_once(" #").map_or(value, |(value, _)| value).trim();
    if value.starts_with(['{', '[', '&', '*', '!', '|', '>', '@', '`', '%']) {
        return Err("has no single plain value");
    }
    let is_nothing = value.is_empty() || value.starts_with('#') || matches!(value, "~" | "null" | "Null" | "NULL");
    Ok((!is_nothing).then(|| value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{scalar, version};

    const TAGS: &str = "\
# image tags of staging
accounts:
  repository: registry.example.net/accounts
  tag: v2.5.0  # by the pipeline
  \"notes\": |
    tag: not this one
cards:
  list:
    - name: a
      tag: nor this one
  tag: \"1.10\"
loans: { tag: '7', other: x }
empty:
  tag: ~
";

    #[test]
    fn one_value_is_read_as_it_is_written() {
        let of = |pointer| scalar(TAGS, pointer);
        assert_eq!(of("/accounts/tag"), Ok(Some("v2.5.0".to_owned())));
        assert_eq!(of("/cards/tag"), Ok(Some("1.10".to_owned())), "no number is made of it");
        assert_eq!(of("/gateway/tag"), Ok(None));
        assert_eq!(of("/empty/tag"), Ok(None));
        assert_eq!(of("/cards/list/tag"), Ok(None), "an item of a list has no key");
        assert_eq!(scalar("{\"a\":{\"tag\":\"2\",\"n\":3}}", "/a/tag"), Ok(Some("2".to_owned())));
        assert_eq!(scalar("{\"a\":{\"tag\":\"2\",\"n\":3}}", "/a/n"), Ok(Some("3".to_owned())));
        assert_eq!(scalar("---\r\na:\r\n  tag: 3\r\n", "/a/tag"), Ok(Some("3".to_owned())));
    }

    #[test]
    fn a_version_of_four_numbers_is_no_address_where_it_is_asked_about() {
        assert_eq!(version("10.2.3.4", "10.2.3.4").as_deref(), Ok("10.2.3.4"));
        assert_eq!(version("10.2.3.4", "").as_deref(), Ok("10.2.3.4"));
        assert_eq!(version("v2.5.0", "v2.4.0").as_deref(), Ok("v2.5.0"));
        for bad in ["", "two words", "4111 1111 1111 1111", "a\u{1b}b"] {
            assert!(version(bad, "").is_err(), "{bad}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_and_not_guessed() {
        for (text, why) in [
            ("a:\n  tag: x\n  tag: y\n", "twice"),
            ("a:\n  tag: x\n---\na:\n  tag: y\n", "several documents"),
            ("a:\n\ttag: x\n", "by a tab"),
            ("a:\n  tag: *last\n", "no single plain value"),
            ("a:\n  tag: \"x\n    y\"\n", "over several lines"),
            ("b: [1,\n  2]\na:\n  tag: x\n", "over several lines"),
            ("{", "no JSON"),
        ] {
            let told = scalar(text, "/a/tag");
            assert!(told.as_ref().is_err_and(|told| told.contains(why)), "{text:?}: {told:?}");
        }
        assert!(scalar(TAGS, "/loans/tag").is_ok_and(|found| found.is_none()), "what is in braces is not looked into");
    }
}
