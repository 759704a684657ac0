//! Kinds of values that only this configuration has.

use std::time::Duration;

use serde_json::json;

use crate::setting::{Kind, Wrong, count, duration, quoted};

/// The longest template.
const LONGEST: usize = 16 * 1024;

/// A path below the address.
pub(super) fn path() -> Kind<String> {
    Kind::from_text("a path that begins with /", json!({ "type": "string", "pattern": "^/" }), |text| {
        let clean = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
        if text.starts_with('/') && clean { Ok(text.to_owned()) } else { Err(cannot_be(text)) }
    })
}

/// A JSON pointer.
pub(super) fn pointer() -> Kind<String> {
    let accepted = "a JSON pointer, such as \"/pools/blue/weight\"";
    Kind::from_text(accepted, json!({ "type": "string", "pattern": "^/" }), |text| {
        let clean = text.chars().all(|c| !c.is_control()) && text.len() <= 500;
        if text.starts_with('/') && clean { Ok(text.to_owned()) } else { Err(cannot_be(text)) }
    })
}

/// Text with places to fill in, over several lines if it likes.
pub(super) fn template() -> Kind<String> {
    let schema = json!({ "type": "string", "minLength": 1, "maxLength": LONGEST });
    Kind::from_text("text with places such as {{ weights.blue }}", schema, |text| {
        if text.trim().is_empty() {
            Err(Wrong::new("is empty").advice("leave it out"))
        } else if text.len() > LONGEST {
            Err(Wrong::new(format!("is longer than {} KiB", LONGEST / 1024)))
        } else if let Some(hidden) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            Err(Wrong::new(format!("holds a control character, {}", hidden.escape_unicode())))
        } else {
            Ok(text.to_owned())
        }
    })
}

/// A status.
pub(super) fn status() -> Kind<usize> {
    count(100, 599)
}

/// How long a change takes.
pub(super) fn span() -> Kind<Duration> {
    duration(Duration::from_millis(1), Duration::from_hours(1))
}

fn cannot_be(text: &str) -> Wrong {
    Wrong::new(format!("cannot be {}", quoted(text)))
}
