//! Checks against their contract.

mod command;
pub mod contract;
mod http;
mod tcp;

use std::time::Duration;

use flightdeck::adapter::check::Check;
use flightdeck::domain::Timestamp;
use flightdeck::domain::check::{Answer, Asking};
use flightdeck::profile::{ProfileFile, parse};

/// What a check is told in these tests.
pub fn asking() -> Asking {
    Asking {
        now: Timestamp(1_795_224_730_000),
        from_version: "2.4.0".to_owned(),
        to_version: "2.5.0".to_owned(),
        digest: String::new(),
        opened: Timestamp(1_795_224_000_000),
        changed: None,
        earlier: None,
    }
}

/// The same in a session where it first answered this.
pub fn asking_after(earlier: &str) -> Asking {
    Asking { earlier: Some(earlier.to_owned()), ..asking() }
}

/// The check that these keys of a `[[check]]` make, with this time-out.
pub fn check(keys: &str, timeout: Duration) -> std::sync::Arc<dyn Check> {
    let text = format!(
        "service = \"app\"\nenvironment = \"test\"\nnew = \"blue\"\n[pools.blue]\n[pools.green]\n\
         [[check]]\nname = \"one\"\ntimeout = \"{}ms\"\n{keys}\n",
        timeout.as_millis()
    );
    let file = ProfileFile { path: "profile.toml".to_owned(), bytes: text.into_bytes() };
    let loaded = parse(&[file]).unwrap_or_else(|problems| panic!("{problems}"));
    loaded.adapters.checks.first().expect("it has a system").1.connect().expect("it can be used")
}

/// All that an operator could see of an answer, as one text.
pub fn shown(answer: &Answer) -> String {
    let evidence = answer.evidence.iter().map(|(name, text)| format!("{name}: {text}\n"));
    format!("{}\n{}\n{}", answer.words, answer.value.clone().unwrap_or_default(), evidence.collect::<String>())
}

/// One line of an answer's evidence.
pub fn line<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let found = answer.evidence.iter().find(|(each, _)| each == name);
    found.map_or_else(|| panic!("no {name} in {:?}", answer.evidence), |(_, text)| text.as_str())
}
