//! What a tag was resolved to, written down once.

use super::needs_controls;
use crate::domain::version::{Resolved, is_digest};
use crate::domain::{Procedure, Refused};
use crate::session::command::Asked;
use crate::session::event::Event;
use crate::session::flaw::{self, Flaw};
use crate::session::state::Session;

/// The driver saw what the tag points to. The first digest stands: a later one is what the gate is about.
pub(super) fn note(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    resolved: &Resolved,
) -> Result<Vec<Event>, Refused> {
    let what = "write down what the version was resolved to";
    needs_controls(session, asked, what)?;
    let refused = |why: &str| Err(Refused::new("D9", what, why, "look at what the registry answers"));
    if procedure.version.is_none() {
        return refused("the profile that is flown resolves no version");
    }
    if resolved.tag != session.to_version() || resolved.tag.is_empty() {
        return refused("it is not the version that this session deploys");
    }
    if !is_digest(&resolved.digest) {
        return refused("it is no digest");
    }
    let follows = |kept: &Resolved| flaw::is(Flaw::VersionFollowsTag) && kept.digest != resolved.digest;
    let is_first = session.version.as_ref().is_none_or(|kept| follows(&kept.what));
    Ok(is_first.then(|| Event::VersionResolved(Box::new(resolved.clone()))).into_iter().collect())
}
