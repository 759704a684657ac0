//! Text that names the versions of the session: `registry.example.net/shop:{to}`.
//!
//! `{to}` and `{from}` are what `open --to` and `open --from` said, `{pool}` is the check's pool. A text that names a version
//! that nobody said cannot be asked about.

use super::system::Untold;
use crate::domain::PoolId;
use crate::domain::check::Asking;
use crate::setting::{Kind, Wrong, quoted};

/// What may stand in braces.
const NAMES: [&str; 3] = ["to", "from", "pool"];

/// Text with places to fill.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filled(String);

impl Filled {
    /// As it is written, but for the pool, which is known at once.
    pub(super) fn for_pool(self, pool: Option<&PoolId>) -> Self {
        Self(pool.map_or(self.0.clone(), |pool| self.0.replace("{pool}", pool.as_str())))
    }

    /// As it is written.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// With the versions of this session; left in braces where they were not said.
    pub(super) fn shown(&self, asking: &Asking) -> String {
        self.fill(asking).unwrap_or_else(|_untold| self.0.clone())
    }

    /// With the versions of this session.
    ///
    /// # Errors
    /// When it names one that was not said.
    pub(super) fn fill(&self, asking: &Asking) -> Result<String, Untold> {
        let mut text = self.0.clone();
        for (name, option, version) in
            [("{to}", "--to", &asking.to_version), ("{from}", "--from", &asking.from_version)]
        {
            if !text.contains(name) {
                continue;
            }
            if version.is_empty() {
                return Err(Untold::new(format!(
                    "`{}` names a version that was not said; open the session with {option} VERSION",
                    self.0
                )));
            }
            text = text.replace(name, version);
        }
        Ok(text)
    }
}

/// Reads such a text of a `kind`. What is in braces and none of the names is refused, and a pool where there is none.
pub(super) fn filled(kind: Kind<String>, has_pool: bool) -> Kind<Filled> {
    let accepted = format!("{}; {{to}} and {{from}} stand for the versions", kind.accepted());
    kind.and_then(accepted, move |text| {
        let mut rest = text.as_str();
        while let Some((_, after)) = rest.split_once('{') {
            let Some((name, behind)) = after.split_once('}') else {
                return Err(Wrong::new("has a brace that is not closed"));
            };
            if !NAMES.contains(&name) {
                let wrong = Wrong::new(format!("has {} in braces", quoted(name)));
                return Err(wrong.accepted("{to}, {from}, {pool}").suggesting(name, NAMES));
            }
            if name == "pool" && !has_pool {
                return Err(Wrong::new("names {pool}, and the check has none").advice("give the check a `pool`"));
            }
            rest = behind;
        }
        Ok(Filled(text))
    })
}

#[cfg(test)]
impl Filled {
    /// For tests beside the code.
    pub(super) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    fn asking(to: &str) -> Asking {
        let at = Timestamp(0);
        Asking {
            now: at,
            from_version: "2.4.0".to_owned(),
            to_version: to.to_owned(),
            opened: at,
            changed: None,
            earlier: None,
        }
    }

    #[test]
    fn versions_and_the_pool_are_put_in() {
        let text = Filled::of("shop-{pool}:{to}").for_pool(Some(&"blue".into()));
        assert_eq!(text.fill(&asking("2.5.0")), Ok("shop-blue:2.5.0".to_owned()));
        assert_eq!(Filled::of("as it is").fill(&asking("")), Ok("as it is".to_owned()));
    }

    #[test]
    fn a_version_that_nobody_said_cannot_be_asked_about() {
        let untold = Filled::of("shop:{to}").fill(&asking("")).expect_err("there is none");
        assert_eq!(untold.words, "`shop:{to}` names a version that was not said; open the session with --to VERSION");
    }
}
