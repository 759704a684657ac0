//! What an answer must be.
//!
//! Every expectation gives a line of evidence; the first that is not met gives the words. What must be there and is not
//! (an empty body, no such part of the document) is inconclusive: it says neither yes nor no.

use std::time::Duration;

use ::http::HeaderName;
use regex::Regex;
use serde_json::Value;

use super::super::say;
use crate::adapter::http;
use crate::domain::check::{Answer, Asking, Verdict};

/// What an answer must be.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// Its status is one of these; any from 200 to 299 where none is named.
    pub statuses: Vec<u16>,
    /// What stands at these JSON pointers.
    pub json: Vec<(String, String)>,
    /// Where a version stands, and which it is.
    pub version: Option<(String, Which)>,
    /// What these headers hold.
    pub headers: Vec<(HeaderName, String)>,
    /// Text that is in the body.
    pub contains: Option<String>,
    /// What the body matches.
    pub matches: Option<Regex>,
    /// It comes within this.
    pub latency: Option<Duration>,
    /// Where the value stands that is compared with the first answer.
    pub value: Option<String>,
}

/// Which version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// The one that ran before.
    From,
    /// The one that is to run.
    To,
}

/// What one expectation says: a line of evidence, its verdict, and words where it is not met or worth telling.
struct Finding {
    verdict: Verdict,
    words: String,
    line: (String, String),
}

impl Expect {
    /// Whether the profile names this status.
    pub(super) fn names_status(&self, status: u16) -> bool {
        self.statuses.contains(&status)
    }

    /// Holds an answer against all of it.
    pub(super) fn judge(&self, answer: &http::Answer, took: Duration, asking: &Asking) -> Answer {
        let (findings, value) = self.findings(answer, took, asking);
        let worst = |wanted: Verdict| findings.iter().find(|finding| finding.verdict == wanted);
        let status = answer.status;
        let (verdict, words) = match (worst(Verdict::Fail), worst(Verdict::Inconclusive)) {
            (Some(finding), _) => (Verdict::Fail, finding.words.clone()),
            (None, Some(finding)) => (Verdict::Inconclusive, finding.words.clone()),
            (None, None) => {
                let told = findings.iter().map(|finding| finding.words.as_str()).filter(|words| !words.is_empty());
                (Verdict::Pass, told.collect::<Vec<_>>().join(", "))
            }
        };
        let words = if words.starts_with(&status.to_string()) { words } else { format!("{status}, {words}") };
        let mut said = Answer::new(verdict, words, asking.now);
        said.value = value;
        said.evidence = findings.into_iter().map(|finding| finding.line).collect();
        said
    }

    fn findings(&self, answer: &http::Answer, took: Duration, asking: &Asking) -> (Vec<Finding>, Option<String>) {
        let mut findings = vec![self.status(answer)];
        let mut value = None;
        let wants_document = !self.json.is_empty() || self.version.is_some() || self.value.is_some();
        if wants_document {
            match serde_json::from_slice::<Value>(&answer.body) {
                Ok(document) => value = self.document(&document, asking, &mut findings),
                Err(error) => findings.push(unreadable(answer, &error)),
            }
        }
        findings.extend(self.headers.iter().map(|(name, wanted)| header(answer, name, wanted)));
        findings.extend(self.contains.iter().map(|wanted| {
            let found = answer.text().contains(wanted.as_str());
            text(answer, found, &format!("holds {}", say::quoted(wanted)))
        }));
        findings.extend(self.matches.iter().map(|wanted| {
            let found = wanted.is_match(&answer.text());
            text(answer, found, &format!("matches {}", say::quoted(wanted.as_str())))
        }));
        findings.extend(self.latency.map(|limit| latency(took, limit)));
        (findings, value)
    }

    fn status(&self, answer: &http::Answer) -> Finding {
        let is_expected = if self.statuses.is_empty() { answer.is_success() } else { self.names_status(answer.status) };
        let wanted = match self.statuses.as_slice() {
            [] => "200 to 299".to_owned(),
            all => all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "),
        };
        let line = ("expected status".to_owned(), wanted.clone());
        if is_expected {
            return Finding { verdict: Verdict::Pass, words: answer.status.to_string(), line };
        }
        let words = match answer.status {
            status @ 300..=399 => {
                let to = say::quoted(answer.header("location"));
                format!("{status}, it leads to {to}, which is not followed")
            }
            status => match say::quoted(&answer.words()) {
                said if said.is_empty() => format!("{status} is not {wanted}"),
                said => format!("{status} is not {wanted}: {said}"),
            },
        };
        Finding { verdict: Verdict::Fail, words, line }
    }

    fn document(&self, document: &Value, asking: &Asking, findings: &mut Vec<Finding>) -> Option<String> {
        for (pointer, wanted) in &self.json {
            findings.push(match part(document, pointer) {
                Some(found) => compared(pointer, &found, wanted),
                None => absent(pointer, wanted),
            });
        }
        if let Some((pointer, which)) = &self.version {
            let (wanted, option) = match which {
                Which::From => (&asking.from_version, "--from"),
                Which::To => (&asking.to_version, "--to"),
            };
            findings.push(match part(document, pointer) {
                _ if wanted.is_empty() => Finding {
                    verdict: Verdict::Inconclusive,
                    words: format!("which version it should be was not said: open the session with {option}"),
                    line: ("expected version".to_owned(), "not said".to_owned()),
                },
                Some(found) => version(&found, wanted),
                None => absent(pointer, wanted),
            });
        }
        let pointer = self.value.as_ref()?;
        let Some(found) = part(document, pointer) else {
            findings.push(absent(pointer, "a value"));
            return None;
        };
        let found = match say::value(&found) {
            Ok(found) => found,
            Err(words) => {
                let line = (pointer.clone(), "none".to_owned());
                findings.push(Finding { verdict: Verdict::Inconclusive, words, line });
                return None;
            }
        };
        let (verdict, words) = say::same_as_before(&found, asking);
        findings.push(Finding {
            verdict,
            words: format!("{pointer} is {words}"),
            line: (pointer.clone(), found.clone()),
        });
        Some(found)
    }
}

/// What stands at a pointer, as text.
fn part(document: &Value, pointer: &str) -> Option<String> {
    match document.pointer(pointer)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn compared(pointer: &str, found: &str, wanted: &str) -> Finding {
    let shown = say::quoted(found);
    let line = (format!("expected {pointer}"), format!("{wanted}, found {shown}"));
    if found == wanted {
        Finding { verdict: Verdict::Pass, words: format!("{pointer} is {shown}"), line }
    } else {
        Finding { verdict: Verdict::Fail, words: format!("{pointer} is {shown}, not {wanted}"), line }
    }
}

/// A version, with or without the `v` that some write before it.
fn version(found: &str, wanted: &str) -> Finding {
    let bare = |version: &str| version.trim().trim_start_matches('v').to_owned();
    let shown = say::quoted(found);
    let line = ("expected version".to_owned(), format!("{wanted}, found {shown}"));
    if bare(found) == bare(wanted) {
        Finding { verdict: Verdict::Pass, words: format!("version {shown}"), line }
    } else {
        Finding { verdict: Verdict::Fail, words: format!("version {shown} is not {wanted}"), line }
    }
}

fn absent(pointer: &str, wanted: &str) -> Finding {
    Finding {
        verdict: Verdict::Inconclusive,
        words: format!("its document has nothing at {pointer}: correct the pointer in the profile"),
        line: (format!("expected {pointer}"), format!("{wanted}, found nothing")),
    }
}

fn unreadable(answer: &http::Answer, error: &serde_json::Error) -> Finding {
    let why = if answer.body.is_empty() { "it is empty".to_owned() } else { say::quoted(&error.to_string()) };
    Finding {
        verdict: Verdict::Inconclusive,
        words: format!("its answer is no JSON document: {why}"),
        line: ("expected body".to_owned(), "a JSON document".to_owned()),
    }
}

fn header(answer: &http::Answer, name: &HeaderName, wanted: &str) -> Finding {
    let found = answer.header(name.as_str());
    let shown = say::quoted(found);
    let line = (format!("expected header {name}"), format!("{wanted}, found {shown}"));
    if found.is_empty() {
        let words = format!("it has no header {name}");
        return Finding { verdict: Verdict::Inconclusive, words, line };
    }
    if found == wanted {
        Finding { verdict: Verdict::Pass, words: format!("{name} is {shown}"), line }
    } else {
        Finding { verdict: Verdict::Fail, words: format!("{name} is {shown}, not {wanted}"), line }
    }
}

fn text(answer: &http::Answer, found: bool, wanted: &str) -> Finding {
    let line = ("expected body".to_owned(), wanted.to_owned());
    match (found, answer.body.is_empty()) {
        (true, _) => Finding { verdict: Verdict::Pass, words: format!("its body {wanted}"), line },
        (false, true) => Finding { verdict: Verdict::Inconclusive, words: "its body is empty".to_owned(), line },
        (false, false) => Finding { verdict: Verdict::Fail, words: format!("nothing in its body {wanted}"), line },
    }
}

fn latency(took: Duration, limit: Duration) -> Finding {
    let line = ("expected within".to_owned(), format!("{} ms", limit.as_millis()));
    let words = format!("{} ms", took.as_millis());
    if took <= limit {
        Finding { verdict: Verdict::Pass, words, line }
    } else {
        Finding { verdict: Verdict::Fail, words: format!("{words}, which is over {} ms", limit.as_millis()), line }
    }
}
