//! Collects what is wrong.

use std::cell::RefCell;
use std::ops::{Deref, Range};

use super::{Problem, Problems, Source, Wrong};

/// Where something stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spot {
    /// Which source.
    pub source: usize,
    /// Its bytes in the source's text.
    pub span: Range<usize>,
    /// The path of its key.
    pub key: String,
}

/// A value that was read, with where it stands, so that a later check can still point at it.
#[derive(Clone, PartialEq, Debug)]
pub struct Found<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub spot: Spot,
}

impl<T> Deref for Found<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// What was found wrong so far.
#[derive(Debug)]
pub struct Report<'s> {
    sources: &'s [Source],
    findings: RefCell<Vec<Finding>>,
}

#[derive(Debug)]
struct Finding {
    spot: Spot,
    wrong: Wrong,
    is_secret: bool,
    /// The name of a key that nobody asked for.
    stray: Option<String>,
}

impl<'s> Report<'s> {
    /// Nothing found yet.
    pub fn new(sources: &'s [Source]) -> Self {
        Self { sources, findings: RefCell::default() }
    }

    /// One source.
    pub fn source(&self, index: usize) -> Option<&'s Source> {
        self.sources.get(index)
    }

    /// Says what is wrong at a place.
    pub fn refuse(&self, spot: &Spot, wrong: Wrong) {
        self.add(Finding { spot: spot.clone(), wrong, is_secret: false, stray: None });
    }

    /// Says that a secret stands at a place. Whatever else is said of that place is dropped: it could quote the secret.
    pub fn refuse_secret(&self, spot: &Spot, wrong: Wrong) {
        self.add(Finding { spot: spot.clone(), wrong, is_secret: true, stray: None });
    }

    /// Says that a key is not one of its table's.
    pub(super) fn refuse_stray(&self, spot: &Spot, name: &str, wrong: Wrong) {
        self.add(Finding { spot: spot.clone(), wrong, is_secret: false, stray: Some(name.to_owned()) });
    }

    /// Whether nothing is wrong so far.
    pub fn is_clean(&self) -> bool {
        self.findings.borrow().is_empty()
    }

    /// Whether a secret was found in a span.
    pub(super) fn is_secret(&self, source: usize, span: &Range<usize>) -> bool {
        self.findings
            .borrow()
            .iter()
            .any(|each| each.is_secret && each.spot.source == source && meet(&each.spot.span, span))
    }

    /// Whether all of a place is a secret that was found.
    pub(super) fn covers_with_secret(&self, spot: &Spot) -> bool {
        let covers = |secret: &Spot| {
            secret.source == spot.source && secret.span.start <= spot.span.start && spot.span.end <= secret.span.end
        };
        self.findings.borrow().iter().any(|each| each.is_secret && covers(&each.spot))
    }

    /// A stray key that the outermost table would know was probably written below a table's head by mistake.
    pub(super) fn claim_strays(&self, names: &[&str]) {
        for finding in self.findings.borrow_mut().iter_mut() {
            if let Some(name) =
                finding.stray.as_deref().filter(|name| names.contains(name) && *name != finding.spot.key)
            {
                let advice = format!("`{name}` belongs to the top of the file, above the first [table]");
                finding.wrong = finding.wrong.clone().advice(advice);
            }
        }
    }

    /// Everything that is wrong, by file and place; `None` when nothing is.
    pub fn into_problems(self) -> Option<Problems> {
        let findings = self.findings.into_inner();
        let secrets: Vec<Spot> = findings.iter().filter(|each| each.is_secret).map(|each| each.spot.clone()).collect();
        let quotes_secret = |finding: &Finding| {
            !finding.is_secret
                && secrets
                    .iter()
                    .any(|secret| secret.source == finding.spot.source && meet(&secret.span, &finding.spot.span))
        };
        let mut placed: Vec<(usize, usize, Problem)> = findings
            .into_iter()
            .filter(|finding| !quotes_secret(finding))
            .map(|Finding { spot, wrong, .. }| {
                let file = self.sources.get(spot.source);
                let (line, column) = file.map_or((0, 0), |source| source.place(spot.span.start));
                let file = file.map_or_else(String::new, |source| source.name().to_owned());
                (spot.source, spot.span.start, Problem { file, line, column, key: spot.key, wrong })
            })
            .collect();
        placed.sort_by_key(|(source, start, _)| (*source, *start));
        placed.dedup_by(|(.., later), (.., earlier)| later == earlier);
        let problems: Vec<Problem> = placed.into_iter().map(|(.., problem)| problem).collect();
        (!problems.is_empty()).then_some(Problems(problems))
    }

    fn add(&self, finding: Finding) {
        self.findings.borrow_mut().push(finding);
    }
}

fn meet(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}
