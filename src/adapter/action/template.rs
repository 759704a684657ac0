//! What an act fills into the texts of its action: `/deployments/{key}`.
//!
//! `{to}` and `{from}` are the versions of the session, `{digest}` is what the new one was resolved to, `{pool}` is the step's pool, `{key}` the act's own key, `{handle}` what
//! its system knows it by. How they are put in is the business of [`crate::adapter::filled`].

use crate::adapter::filled::{self, Filled, Words};
use crate::domain::action::Acting;
use crate::setting::Kind;

pub(super) use crate::adapter::filled::Place;

/// What every request may name.
pub(super) const NAMES: &[&str] = &["to", "from", "pool", "key", "digest"];
/// The same for requests about a run.
pub(super) const NAMES_OF_RUN: &[&str] = &["to", "from", "pool", "key", "digest", "handle"];

/// Text that an act fills.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Template(Filled);

impl Template {
    /// As the profile has it.
    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// One that is not the profile's.
    pub(super) fn of(text: &str) -> Self {
        Self(Filled::of(text))
    }

    /// Whether it names this.
    pub(super) fn names(&self, name: &str) -> bool {
        self.0.names(name)
    }

    /// With everything filled in.
    ///
    /// # Errors
    /// When it names a version that nobody said.
    pub(super) fn fill(&self, acting: &Acting, handle: &str, place: Place) -> Result<String, String> {
        self.0.put(&Act { acting, handle }, place)
    }
}

/// What an act knows.
struct Act<'a> {
    acting: &'a Acting,
    handle: &'a str,
}

impl Words for Act<'_> {
    fn word(&self, name: &str) -> Option<&str> {
        match name {
            "to" => Some(&self.acting.to_version),
            "from" => Some(&self.acting.from_version),
            "pool" => Some(&self.acting.pool),
            "key" => Some(&self.acting.key),
            "digest" => Some(&self.acting.digest),
            "handle" => Some(self.handle),
            _ => None,
        }
    }
}

/// Reads such a text of a `kind`; what is in braces and none of the names is refused.
pub(super) fn strict(kind: Kind<String>, names: &'static [&'static str]) -> Kind<Template> {
    let kind = filled::strict(kind, names);
    let accepted = kind.accepted().to_owned();
    kind.and_then(accepted, |text| Ok(Template(text)))
}

/// Reads such a text of a `kind` in which braces mean something else, too.
pub(super) fn loose(kind: Kind<String>) -> Kind<Template> {
    let kind = filled::loose(kind, NAMES);
    let accepted = kind.accepted().to_owned();
    kind.and_then(accepted, |text| Ok(Template(text)))
}
