//! What is wrong, in the form in which people read it.

use std::fmt;

use super::nearest;

/// One thing that is wrong: `file:line:column: key: what is wrong (accepted: ...; what to do)`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Problem {
    /// The file as the user named it.
    pub file: String,
    /// The line, from 1; 0 where the whole file is meant.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The path of the key; empty where there is none. Tables of a list count from 1: `step[2].shift`.
    pub key: String,
    /// What is wrong, with whether something else would be accepted and what to do.
    pub wrong: Wrong,
}

/// What is wrong with one value, wherever it stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Wrong {
    what: String,
    accepted: Option<String>,
    advice: Option<String>,
}

impl Wrong {
    /// Something wrong, as a fragment that reads after the key.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), accepted: None, advice: None }
    }

    /// With what would be accepted.
    #[must_use]
    pub fn accepted(self, accepted: impl Into<String>) -> Self {
        Self { accepted: Some(accepted.into()), ..self }
    }

    /// With what would be accepted, unless that is said already.
    #[must_use]
    pub fn accepted_or(self, accepted: &str) -> Self {
        if self.accepted.is_some() || self.advice.is_some() { self } else { self.accepted(accepted) }
    }

    /// With the nearest of the names that are accepted, if one is near.
    #[must_use]
    pub fn suggesting<'n>(self, written: &str, names: impl IntoIterator<Item = &'n str>) -> Self {
        match nearest(written, names) {
            Some(meant) => self.advice(format!("did you mean `{meant}`?")),
            None => self,
        }
    }

    /// The same, beginning with what it is said of.
    #[must_use]
    pub fn naming(self, name: &str) -> Self {
        Self { what: format!("{name}: {}", self.what), ..self }
    }

    /// With what to do.
    #[must_use]
    pub fn advice(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match (&self.accepted, &self.advice) {
            (None, None) => Ok(()),
            (Some(accepted), None) => write!(f, " (accepted: {accepted})"),
            (None, Some(advice)) => write!(f, " ({advice})"),
            (Some(accepted), Some(advice)) => write!(f, " (accepted: {accepted}; {advice})"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.wrong)
    }
}

/// Everything that is wrong, in the order of files and lines. Never empty.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct Problems(
    /// The problems.
    pub Vec<Problem>,
);

impl fmt::Display for Problems {
    /// One line each, and how many there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.0 {
            writeln!(f, "{problem}")?;
        }
        match self.0.len() {
            1 => f.write_str("1 problem"),
            count => write!(f, "{count} problems"),
        }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}
