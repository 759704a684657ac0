//! How parts of a request are written in a profile.

use ::http::{HeaderName, HeaderValue};
use serde_json::json;

use crate::setting::{Entries, Kind, Report, Wrong, quoted};

/// A body over as many lines as it likes.
pub fn body() -> Kind<String> {
    const MOST: usize = 16 * 1024;
    Kind::from_text("text of at most 16 KiB", json!({ "type": "string", "minLength": 1, "maxLength": MOST }), |text| {
        if text.is_empty() || text.len() > MOST {
            return Err(Wrong::new(if text.is_empty() { "is empty" } else { "is longer than 16 KiB" }));
        }
        match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            Some(hidden) => Err(Wrong::new(format!("holds a control character, {}", hidden.escape_unicode()))),
            None => Ok(text.to_owned()),
        }
    })
}

/// The name of a header.
pub fn header_name() -> Kind<HeaderName> {
    Kind::from_text("the name of a header, such as \"X-Api-Key\"", json!({ "type": "string" }), |text| {
        text.parse().map_err(|_unfit| Wrong::new(format!("cannot be {}", quoted(text))))
    })
}

/// Further headers of a request as they are sent; what cannot be one is refused where it stands.
pub fn named_headers(report: &Report<'_>, written: Entries<String>) -> Vec<(HeaderName, HeaderValue)> {
    let mut named = Vec::new();
    for (name, value) in written {
        match (name.value.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            (Ok(name), Ok(value)) => named.push((name, value)),
            (Err(_), _) => report.refuse(&name.spot, Wrong::new("is no name of a header")),
            (_, Err(_)) => report.refuse(&value.spot, Wrong::new("cannot be the text of a header")),
        }
    }
    named
}
