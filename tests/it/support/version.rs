//! A version whose tag is resolved: what the profile says, and what its registry answers.

use flightdeck::domain::check::{Answer, Asking, Verdict};
use flightdeck::domain::procedure::Procedure;
use flightdeck::domain::version::VersionSpec;

use super::procedure::check;

/// The check that resolves the tag.
pub const CHECK: &str = "version";

/// A digest of one letter.
pub fn digest(letter: char) -> String {
    format!("sha256:{}", letter.to_string().repeat(64))
}

/// The procedure with an image whose tag is resolved, and checks that each deploy step asks for.
pub fn with_version(mut procedure: Procedure, requires: &[&str]) -> Procedure {
    let mut resolves = check(CHECK, None);
    "image".clone_into(&mut resolves.kind);
    resolves.pool = None;
    procedure.checks.push(resolves);
    procedure.checks.extend(requires.iter().map(|name| check(name, None)));
    procedure.version = Some(VersionSpec {
        check: CHECK.into(),
        image: "registry.example.net/shop:{to}".to_owned(),
        item: None,
        requires: requires.iter().map(|name| (*name).into()).collect(),
    });
    procedure
}

/// What the registry says of a tag that points to this.
pub fn points_to(letter: char, asking: &Asking) -> Answer {
    let request = "HEAD https://registry.example.net/v2/shop/manifests/2.5.0";
    let answer = Answer::new(Verdict::Pass, "registry.example.net/shop:2.5.0 is there", asking.now);
    Answer { value: Some(digest(letter)), ..answer }.with("request", request)
}
