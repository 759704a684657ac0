//! Text of a profile with places that are filled in when something is asked or done: `registry.example.net/shop:{to}`.
//!
//! `{to}` and `{from}` are what `open --to` and `open --from` said. What else may stand in braces is said by whoever reads
//! the text; what stands for each name, by whoever fills it in.
//!
//! # Invariants
//! - One pass: what is filled in is never read as a place again, and cannot leave the place that it stands in.
//! - A name for which there is nothing is never filled in with nothing.

use crate::domain::PoolId;
use crate::setting::{Kind, Wrong, quoted};

/// The most of a text that is quoted.
const LONGEST: usize = 80;

/// Text with places to fill.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filled(String);

/// How what is filled in is written there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// As it is.
    Plain,
    /// Within a path or a query.
    Url,
    /// Within a text of a JSON document.
    Json,
}

/// Who knows what stands for the names.
pub(super) trait Words {
    /// What stands for a name: empty where there is nothing yet, `None` where it is no name.
    fn word(&self, name: &str) -> Option<&str>;
}

impl Filled {
    /// The version that is to run, and nothing else.
    pub(super) fn version() -> Self {
        Self("{to}".to_owned())
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names this.
    pub(super) fn names(&self, name: &str) -> bool {
        self.0.contains(&format!("{{{name}}}"))
    }

    /// As it is written, but for the pool, which is known at once.
    pub(super) fn for_pool(self, pool: Option<&PoolId>) -> Self {
        Self(pool.map_or(self.0.clone(), |pool| self.0.replace("{pool}", pool.as_str())))
    }

    /// With something in the place of every name, to see whether the rest is whole.
    pub(super) fn example(&self, names: &[&str]) -> String {
        names.iter().fold(self.0.clone(), |text, name| text.replace(&format!("{{{name}}}"), "1"))
    }

    /// With what is known filled in; as it is written where something is missing.
    pub(super) fn shown(&self, words: &impl Words) -> String {
        self.put(words, Place::Plain).unwrap_or_else(|_missing| self.0.clone())
    }

    /// With everything filled in.
    ///
    /// # Errors
    /// When it names something that is not known, in words.
    pub(super) fn put(&self, words: &impl Words, place: Place) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = self.0.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let found = after.split_once('}').and_then(|(name, behind)| Some((words.word(name)?, name, behind)));
            let Some((word, name, behind)) = found else {
                filled.push('{');
                rest = after;
                continue;
            };
            if word.is_empty() {
                return Err(missing(&self.0, name));
            }
            filled.push_str(&written(word, place));
            rest = behind;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// One that is not the profile's.
    pub(super) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Why a text cannot be filled in, and what to do.
fn missing(text: &str, name: &str) -> String {
    let advice = match name {
        "from" => "was not said; open the session with --from VERSION",
        "to" => "was not said; open the session with --to VERSION",
        "digest" => "is not known: the version's tag is not resolved yet; see the check of [version]",
        _ => "is not known; see what the profile says of it",
    };
    // The profile's own words: no secret is in them.
    let excerpt: String = text.chars().take(LONGEST).chain((text.chars().count() > LONGEST).then_some('…')).collect();
    format!("`{excerpt}` names {{{name}}}, which {advice}")
}

fn written(word: &str, place: Place) -> String {
    match place {
        Place::Plain => word.to_owned(),
        // A space is `%20` in a path, and may be in a query; `+` is a space only in a form.
        Place::Url => url::form_urlencoded::byte_serialize(word.as_bytes()).collect::<String>().replace('+', "%20"),
        Place::Json => {
            let text = serde_json::Value::from(word).to_string();
            text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default().to_owned()
        }
    }
}

/// The names as they are written, for people.
fn shown(names: &[&str]) -> String {
    names.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", ")
}

/// Reads such a text of a `kind`; what is in braces and none of the names is refused.
pub(super) fn strict(kind: Kind<String>, names: &'static [&'static str]) -> Kind<Filled> {
    let are = if names.len() == 1 { "is" } else { "are" };
    let accepted = format!("{}; {} {are} filled in", kind.accepted(), shown(names));
    kind.and_then(accepted, move |text| {
        let mut rest = text.as_str();
        while let Some((_, after)) = rest.split_once('{') {
            let Some((name, behind)) = after.split_once('}') else {
                return Err(Wrong::new("has a brace that is not closed"));
            };
            if !names.contains(&name) {
                let wrong = Wrong::new(format!("has {} in braces", quoted(name))).accepted(shown(names));
                return Err(wrong.suggesting(name, names.iter().copied()));
            }
            rest = behind;
        }
        Ok(Filled(text))
    })
}

/// Reads such a text of a `kind` in which braces mean something else, too.
pub(super) fn loose(kind: Kind<String>, names: &'static [&'static str]) -> Kind<Filled> {
    let are = if names.len() == 1 { "is" } else { "are" };
    let accepted = format!("{}; {} {are} filled in", kind.accepted(), shown(names));
    kind.and_then(accepted, |text| Ok(Filled(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Known;

    impl Words for Known {
        fn word(&self, name: &str) -> Option<&str> {
            match name {
                "to" => Some("2.5 \"{pool}\"/x"),
                "from" => Some(""),
                "pool" => Some("blue"),
                "handle" => Some("7"),
                _ => None,
            }
        }
    }

    #[test]
    fn what_is_filled_in_cannot_leave_its_place() {
        let fill = |text: &str, place| Filled::of(text).put(&Known, place);
        assert_eq!(fill("/a/{to}?k={pool}", Place::Url).as_deref(), Ok("/a/2.5%20%22%7Bpool%7D%22%2Fx?k=blue"));
        assert_eq!(
            fill("{\"v\":\"{to}\",\"p\":{\"x\":\"{pool}\"}}", Place::Json).as_deref(),
            Ok("{\"v\":\"2.5 \\\"{pool}\\\"/x\",\"p\":{\"x\":\"blue\"}}")
        );
        assert_eq!(fill("{handle}{other}", Place::Plain).as_deref(), Ok("7{other}"));
    }

    #[test]
    fn a_version_that_nobody_said_is_not_filled_in() {
        let filled = Filled::of("/{from}").put(&Known, Place::Url);
        assert_eq!(
            filled,
            Err("`/{from}` names {from}, which was not said; open the session with --from VERSION".to_owned())
        );
        assert_eq!(Filled::of("/{from}").shown(&Known), "/{from}");
    }

    #[test]
    fn a_pool_that_is_known_at_once_stays() {
        let text = Filled::of("shop-{pool}:{to}").for_pool(Some(&"green".into()));
        assert_eq!(text.as_str(), "shop-green:{to}");
        assert!(text.names("to") && !text.names("pool"));
        assert_eq!(text.example(&["to"]), "shop-green:1");
    }
}
