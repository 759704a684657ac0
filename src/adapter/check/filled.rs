//! What a check fills into its texts: `registry.example.net/shop:{to}`.
//!
//! `{to}` and `{from}` are the versions of the session, `{digest}` is what the version's tag was resolved to, `{pool}` is the
//! check's pool, which is known at once. A text that names what nobody has said yet cannot be asked about. How they are put in is the business of
//! [`filled`](crate::adapter::filled).

use super::system::Untold;
pub(super) use crate::adapter::filled::Filled;
use crate::adapter::filled::{Place, Words, strict};
use crate::domain::check::Asking;
use crate::setting::{Kind, Wrong};

/// What may stand in braces.
pub(super) const NAMES: &[&str] = &["to", "from", "pool", "digest"];

impl Filled {
    /// With the versions of this session.
    ///
    /// # Errors
    /// When it names one that was not said.
    pub(super) fn fill(&self, asking: &Asking) -> Result<String, Untold> {
        self.put(asking, Place::Plain).map_err(Untold::new)
    }
}

impl Words for Asking {
    fn word(&self, name: &str) -> Option<&str> {
        match name {
            "to" => Some(&self.to_version),
            "from" => Some(&self.from_version),
            "digest" => Some(&self.digest),
            _ => None,
        }
    }
}

/// Reads such a text of a `kind`. What is in braces and none of the names is refused, and a pool where there is none.
pub(super) fn filled(kind: Kind<String>, has_pool: bool) -> Kind<Filled> {
    let kind = strict(kind, NAMES);
    let accepted = kind.accepted().to_owned();
    kind.and_then(accepted, move |text| {
        if text.names("pool") && !has_pool {
            return Err(Wrong::new("names {pool}, and the check has none").advice("give the check a `pool`"));
        }
        Ok(text)
    })
}
