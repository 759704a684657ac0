//! One value of a document, YAML or JSON: the scalar at a path of keys. What is not read is said; no value is guessed.

use serde_json::{Value, json};

use crate::adapter::check::system::quote;
use crate::adapter::yaml::{self, Line, Unfit, Unread};
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
    yaml::read(text, pointer).map_err(|unread| told(&unread, pointer))
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

/// Why YAML cannot be read, as a fragment that follows the file's name.
fn told(unread: &Unread, pointer: &str) -> String {
    match unread {
        Unread::Line { why: Line::Document, .. } => "holds several documents".to_owned(),
        Unread::Line { number, why: why @ (Line::Tab | Line::Quote | Line::Bracket | Line::Question) } => {
            format!("{} in line {number}", why.words())
        }
        Unread::Line { .. } => format!("cannot be read: {}", unread.words(pointer)),
        Unread::Twice => format!("has the key {} twice", pointer.trim_start_matches('/')),
        Unread::Unfit { line, why } => {
            let why = match why {
                Unfit::Lines | Unfit::GoesOn => "has a value over several lines",
                Unfit::Escape => "has a value that is written in a way which is not read",
                Unfit::Block | Unfit::Brackets | Unfit::Alias | Unfit::Marked | Unfit::Reserved => {
                    "has no single plain value"
                }
            };
            format!("{why} in line {line}")
        }
        Unread::Above | Unread::Empty | Unread::Nowhere { .. } | Unread::Lost { .. } => unread.words(pointer),
    }
}

#[cfg(test)]
mod tests {
    use super::{scalar, version};

    #[test]
    fn one_value_is_read_as_it_is_written_in_either_form() {
        assert_eq!(scalar("a:\n  tag: \"1.10\"\n", "/a/tag"), Ok(Some("1.10".to_owned())), "no number is made of it");
        assert_eq!(scalar("{\"a\":{\"tag\":\"2\",\"n\":3}}", "/a/tag"), Ok(Some("2".to_owned())));
        assert_eq!(scalar("{\"a\":{\"tag\":\"2\",\"n\":3}}", "/a/n"), Ok(Some("3".to_owned())));
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
            ("a:\n  tag: x\n    y\n", "over several lines in line 2"),
            ("a:\n  tag: \"\\x41\"\n", "in a way which is not read in line 2"),
            ("b: [1,\na:\n  tag: x\n", "a bracket that is not closed in line 1"),
            ("words\na:\n  tag: x\n", "cannot be read: its line 1 is neither a key"),
            ("{", "no JSON"),
        ] {
            let told = scalar(text, "/a/tag");
            assert!(told.as_ref().is_err_and(|told| told.contains(why)), "{text:?}: {told:?}");
        }
    }
}
