//! Text with places that an act fills: `/deployments/{key}`.
//!
//! `{to}` and `{from}` are what `open --to` and `open --from` said, `{pool}` is the step's pool, `{key}` the act's own key,
//! `{handle}` what its system knows it by. Whatever else stands in braces is left as it is where braces mean something, as
//! in a JSON body, and refused elsewhere.

use crate::domain::action::Acting;
use crate::setting::{Kind, Wrong, quoted};

/// What every request may name.
pub(super) const NAMES: &[&str] = &["to", "from", "pool", "key"];
/// The same for requests about a run.
pub(super) const NAMES_OF_RUN: &[&str] = &["to", "from", "pool", "key", "handle"];

/// Text with places to fill.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Template(String);

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

impl Template {
    /// One that is not the profile's.
    pub(super) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether it names this.
    pub(super) fn names(&self, name: &str) -> bool {
        self.0.contains(&format!("{{{name}}}"))
    }

    /// With everything filled in.
    ///
    /// # Errors
    /// When it names a version that nobody said.
    pub(super) fn fill(&self, acting: &Acting, handle: &str, place: Place) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = self.0.as_str();
        // One pass: what is filled in is never read as a place again.
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let found =
                after.split_once('}').and_then(|(name, behind)| Some((value(acting, handle, name)?, name, behind)));
            let Some((value, name, behind)) = found else {
                filled.push('{');
                rest = after;
                continue;
            };
            if value.is_empty() {
                let option = if name == "from" { "--from" } else { "--to" };
                return Err(format!(
                    "`{}` names {{{name}}}, which was not said; open the session with {option} VERSION",
                    quoted(&self.0)
                ));
            }
            filled.push_str(&written(value, place));
            rest = behind;
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

fn value<'a>(acting: &'a Acting, handle: &'a str, name: &str) -> Option<&'a str> {
    match name {
        "to" => Some(&acting.to_version),
        "from" => Some(&acting.from_version),
        "pool" => Some(&acting.pool),
        "key" => Some(&acting.key),
        "handle" => Some(handle),
        _ => None,
    }
}

fn written(value: &str, place: Place) -> String {
    match place {
        Place::Plain => value.to_owned(),
        Place::Url => super::say::encoded(value),
        Place::Json => {
            let text = serde_json::Value::from(value).to_string();
            text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default().to_owned()
        }
    }
}

/// Reads such a text of a `kind`; what is in braces and none of the names is refused.
pub(super) fn strict(kind: Kind<String>, names: &'static [&'static str]) -> Kind<Template> {
    let shown: Vec<String> = names.iter().map(|name| format!("{{{name}}}")).collect();
    let are = if names.len() == 1 { "is" } else { "are" };
    let accepted = format!("{}; {} {are} filled in", kind.accepted(), shown.join(", "));
    let all = shown.join(", ");
    kind.and_then(accepted, move |text| {
        let mut rest = text.as_str();
        while let Some((_, after)) = rest.split_once('{') {
            let Some((name, behind)) = after.split_once('}') else {
                return Err(Wrong::new("has a brace that is not closed"));
            };
            if !names.contains(&name) {
                let wrong = Wrong::new(format!("has {} in braces", quoted(name))).accepted(all.clone());
                return Err(wrong.suggesting(name, names.iter().copied()));
            }
            rest = behind;
        }
        Ok(Template(text))
    })
}

/// Reads such a text of a `kind` in which braces mean something else, too.
pub(super) fn loose(kind: Kind<String>) -> Kind<Template> {
    let accepted = format!("{}; {{to}}, {{from}}, {{pool}}, {{key}} are filled in", kind.accepted());
    kind.and_then(accepted, |text| Ok(Template(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acting() -> Acting {
        Acting {
            key: "fd-1-1".to_owned(),
            pool: "blue".to_owned(),
            from_version: String::new(),
            to_version: "2.5 \"{pool}\"/x".to_owned(),
        }
    }

    #[test]
    fn what_is_filled_in_cannot_leave_its_place() {
        let fill = |text: &str, place| Template(text.to_owned()).fill(&acting(), "7", place);
        assert_eq!(fill("/a/{to}?k={key}", Place::Url).as_deref(), Ok("/a/2.5%20%22%7Bpool%7D%22%2Fx?k=fd-1-1"));
        assert_eq!(
            fill("{\"v\":\"{to}\",\"p\":{\"x\":\"{pool}\"}}", Place::Json).as_deref(),
            Ok("{\"v\":\"2.5 \\\"{pool}\\\"/x\",\"p\":{\"x\":\"blue\"}}")
        );
        assert_eq!(fill("{handle}{other}", Place::Plain).as_deref(), Ok("7{other}"));
    }

    #[test]
    fn a_version_that_nobody_said_is_not_filled_in() {
        let filled = Template("/{from}".to_owned()).fill(&acting(), "", Place::Url);
        assert!(filled.is_err_and(|why| why.contains("--from VERSION")));
    }
}
