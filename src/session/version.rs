//! The version in a session: the digest that its tag was resolved to, and the gates before it is deployed.
//!
//! The first digest that the driver saw once it was wanted is the session's, and is never moved: another one needs another
//! session. A tag that points elsewhere closes the gate of every deploy step, and is named with both digests.

use super::command::Evidence;
use super::flaw::{self, Flaw};
use super::gate::{check, report};
use super::proposal::{Gate, GateReport, GateState};
use super::state::{Session, Stamped};
use crate::domain::Procedure;
use crate::domain::procedure::Step;
use crate::domain::version::{Resolved, Seen, VersionSpec, short};

impl Session {
    /// The version that is to run, as was said at opening; empty when not said.
    pub fn to_version(&self) -> &str {
        self.opened.as_ref().map_or("", |opened| opened.what.to_version.as_str())
    }

    /// The digest that its tag was resolved to; empty while it is not.
    pub fn digest(&self) -> &str {
        self.version.as_ref().map_or("", |version| version.what.digest.as_str())
    }
}

/// The gates of a step that deploys, about what it deploys.
pub(super) fn gates(session: &Session, procedure: &Procedure, step: &Step, evidence: &Evidence) -> Vec<GateReport> {
    let Some(spec) = procedure.version_of(step) else { return Vec::new() };
    let mut found = vec![digest(session, spec, evidence)];
    // Asked about the digest, they say nothing while there is none.
    found.extend(spec.requires.iter().map(|id| check(id, evidence)));
    found
}

/// Whether the tag points to what it was resolved to.
fn digest(session: &Session, spec: &VersionSpec, evidence: &Evidence) -> GateReport {
    let tag = session.to_version();
    let image = spec.named(tag);
    let (state, text) = match (&session.version, &evidence.version) {
        (None, _) if tag.is_empty() => {
            (GateState::Inconclusive, "no version was said: open a session with --to VERSION".to_owned())
        }
        (None, Seen::Missing { words }) => (GateState::Fails, format!("{image} is not resolved: {words}")),
        (None, Seen::Unknown { words }) => (GateState::Inconclusive, format!("{image} is not resolved: {words}")),
        (None, Seen::Digest(digest)) => {
            (GateState::Inconclusive, format!("{image} is {}, not written down yet by who drives", short(digest)))
        }
        (Some(kept), Seen::Digest(digest)) if *digest == kept.what.digest || flaw::is(Flaw::MovedTagDeploys) => {
            (GateState::Holds, format!("{tag} is {}", since(kept)))
        }
        (Some(kept), Seen::Digest(digest)) => (
            GateState::Fails,
            format!("{tag} points to {} now; it was {}: the tag was moved", short(digest), since(kept)),
        ),
        (Some(kept), Seen::Missing { words }) => (GateState::Fails, format!("{words}; it was {}", since(kept))),
        (Some(kept), Seen::Unknown { words }) => {
            (GateState::Inconclusive, format!("whether {tag} is still {} is not known: {words}", since(kept)))
        }
    };
    report(Gate::Version, state, text)
}

fn since(kept: &Stamped<Resolved>) -> String {
    format!("{}, resolved at {}", short(&kept.what.digest), kept.at.clock())
}
