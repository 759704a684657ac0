//! Keys of the profile that more than one kind has.

use std::time::Duration;

use crate::adapter::secret::SecretRef;
use crate::setting::{Table, Wrong, duration};

/// How long one answer of a search may take.
pub(super) fn timeout(table: &mut Table<'_>) -> Duration {
    let (least, most) = (Duration::from_millis(100), Duration::from_mins(1));
    let timeout = table.optional("timeout", "How long an answer may take. Default 10s.", &duration(least, most));
    timeout.map_or(Duration::from_secs(10), |timeout| timeout.value)
}

/// A secret that must be named.
pub(super) fn required_secret(table: &mut Table<'_>, key: &str, noun: &str) -> Option<SecretRef> {
    let is_there = table.has(key);
    let secret = SecretRef::read(table, key, &format!("Where {noun} is kept."));
    if !is_there {
        let wrong = Wrong::new(format!("is missing: where {noun} is kept"));
        table.require(key, wrong.accepted(format!("{key} = {{ env = ... }}")));
    }
    secret
}
