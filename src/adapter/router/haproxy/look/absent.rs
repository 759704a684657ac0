//! What the profile names and HAProxy has not: it is said together with what there is.

use super::super::answer::Table;
use super::super::words::escaped;
use crate::domain::{Trouble, TroubleKind};

/// Why the answers do not make a reading.
#[derive(Debug)]
pub(in super::super) enum Misfit {
    /// A trouble to be told as it is.
    Trouble(Trouble),
    /// Something is not there; what is there is asked next.
    Absent(Absent),
}

/// What is not there.
#[derive(Debug)]
pub(in super::super) enum Absent {
    /// A backend.
    Proxy(String),
    /// A map.
    Map(String),
    /// A key in a map that is there.
    Key {
        /// The map.
        map: String,
        /// The key.
        key: String,
    },
}

impl Absent {
    /// The command that lists what is there instead.
    pub(in super::super) fn list_command(&self) -> String {
        match self {
            Self::Proxy(_) => "show stat -1 2 -1".to_owned(),
            Self::Map(_) => "show map".to_owned(),
            Self::Key { map, .. } => format!("show map {}", escaped(map)),
        }
    }

    /// The trouble, with the answer to that command.
    pub(in super::super) fn trouble(&self, what: &str, found: &str) -> Trouble {
        let second = |line: &str| line.split(' ').nth(1).map(str::to_owned);
        let (why, there, advice) = match self {
            Self::Proxy(name) => {
                let table = Table::of_stat(found).unwrap_or_default();
                let there: Vec<String> = table.rows().map(|row| row.text("pxname").to_owned()).collect();
                (format!("there is no backend `{name}`"), there, "correct the pools' mapping in the profile")
            }
            Self::Map(map) => {
                // `0 (/etc/haproxy/green.map) pattern loaded from file ...`; access lists are not in this list.
                let file = |line: &str| Some(second(line)?.strip_prefix('(')?.strip_suffix(')')?.to_owned());
                let there = found.lines().filter_map(file).filter(|file| !file.is_empty()).collect();
                (format!("there is no map `{map}`"), there, "give `map` as HAProxy's configuration spells it")
            }
            Self::Key { map, key } => {
                let there = found.lines().filter_map(second).collect();
                (
                    format!("map {map} has no key `{key}`"),
                    there,
                    "correct `key`, or add it to the map's file and reload",
                )
            }
        };
        let there = if there.is_empty() {
            "there are none".to_owned()
        } else {
            format!("there is {}", listed(there.iter().map(String::as_str)))
        };
        Trouble::new(TroubleKind::Mismatch, what, format!("{why}; {there}"), advice)
    }
}

/// Names for people, the first dozen of them.
pub(super) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 12;
    let names: Vec<&str> = names.collect();
    let shown: Vec<&str> = names.iter().copied().take(SHOWN).collect();
    match names.len() {
        0 => "none".to_owned(),
        count if count > SHOWN => format!("{} and {} more", shown.join(", "), count - SHOWN),
        _ => shown.join(", "),
    }
}
