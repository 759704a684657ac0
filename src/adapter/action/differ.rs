//! Lines that say what differs between running and coming, in the same words for every system.
//!
//! # Invariants
//! - Of variables and secrets their names are told, and whether something else stands behind them; never what.

use std::collections::BTreeMap;

use super::say;

/// The most names that a line tells.
const MOST: usize = 12;

/// Names, with whatever tells whether the same stands behind them.
pub(super) type Names = BTreeMap<String, String>;

/// One value.
pub(super) fn value(name: &str, now: &str, coming: &str) -> String {
    let (now, coming) = (shown(now), shown(coming));
    if now == coming { format!("{name}: {now}, the same") } else { format!("{name}: {now} → {coming}") }
}

/// Several names; `None` where there are none at all.
pub(super) fn names(name: &str, now: &Names, coming: &Names) -> Option<String> {
    if now.is_empty() && coming.is_empty() {
        return None;
    }
    if now == coming {
        return Some(format!("{name}: {}, the same", listed(now.keys())));
    }
    let gone: Vec<&String> = now.keys().filter(|each| !coming.contains_key(*each)).collect();
    let new: Vec<&String> = coming.keys().filter(|each| !now.contains_key(*each)).collect();
    let is_other = |each: &&String| now.get(*each).is_some_and(|there| coming.get(*each) != Some(there));
    let other: Vec<&String> = coming.keys().filter(is_other).collect();
    let stays = coming.len() - new.len() - other.len();
    let part = |words: &str, names: &[&String]| {
        (!names.is_empty()).then(|| format!("{words} {}", listed(names.iter().copied())))
    };
    let parts = [part("new", &new), part("gone", &gone), part("of another value", &other)];
    let mut parts: Vec<String> = parts.into_iter().flatten().collect();
    if stays > 0 {
        parts.push(format!("{stays} the same"));
    }
    Some(format!("{name}: {}", parts.join("; ")))
}

fn shown(value: &str) -> String {
    if value.is_empty() { "nothing".to_owned() } else { say::quoted(value) }
}

fn listed<'n>(names: impl Iterator<Item = &'n String>) -> String {
    let names: Vec<String> = names.map(|name| say::quoted(name)).collect();
    let more = names.len().saturating_sub(MOST);
    let told = names.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{told} and {more} more") } else { told }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[(&str, &str)]) -> Names {
        names.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn names_are_told_and_never_what_stands_behind_them() {
        let now = of(&[("A", "hunter2"), ("B", "1"), ("C", "1")]);
        let coming = of(&[("B", "hunter2"), ("C", "1"), ("D", "1")]);
        let line = names("variables", &now, &coming);
        assert_eq!(line.as_deref(), Some("variables: new D; gone A; of another value B; 1 the same"));
        assert_eq!(names("variables", &now, &now).as_deref(), Some("variables: A, B, C, the same"));
        assert_eq!(names("variables", &of(&[]), &of(&[])), None);
        let many: Names = (0..14).map(|number| (format!("N{number:02}"), String::new())).collect();
        assert!(names("variables", &many, &many).is_some_and(|line| line.ends_with("N11 and 2 more, the same")));
    }

    #[test]
    fn a_value_is_told_with_the_one_that_comes() {
        assert_eq!(value("image", "a:1", "a:2"), "image: a:1 → a:2");
        assert_eq!(value("image", "a:1", "a:1"), "image: a:1, the same");
        assert_eq!(value("replicas", "", "3"), "replicas: nothing → 3");
    }
}
