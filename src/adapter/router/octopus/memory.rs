//! What may be remembered between looks: ids, and which frozen weights a release holds. Never what is live.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::names::Names;
use crate::domain::NativeSplit;

/// More releases than a deployment makes.
const MOST: usize = 64;

/// Ids and releases that were seen.
#[derive(Debug, Default)]
pub(super) struct Memory {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    names: Option<Names>,
    /// Newest seen last.
    releases: Vec<Known>,
    /// Tasks that this router started.
    tasks: Vec<String>,
}

/// A release by the weights that it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    /// `Releases-9`.
    pub(super) id: String,
    /// Its version.
    pub(super) version: String,
    /// The weights that it froze.
    pub(super) native: NativeSplit,
}

impl Memory {
    pub(super) fn names(&self) -> Option<Names> {
        self.kept().names.clone()
    }

    pub(super) fn keep_names(&self, names: Names) {
        self.kept().names = Some(names);
    }

    /// What the names stood for is gone: they are asked for anew.
    pub(super) fn forget_names(&self) {
        self.kept().names = None;
    }

    /// A release was seen with these weights; `is_live` puts it before all others that hold the same, and else it comes
    /// after those that were seen before.
    pub(super) fn keep(&self, known: Known, is_live: bool) {
        let mut kept = self.kept();
        if !is_live && kept.releases.iter().any(|each| each.id == known.id) {
            return;
        }
        kept.releases.retain(|each| each.id != known.id);
        let at = if is_live { kept.releases.len() } else { 0 };
        kept.releases.insert(at, known);
        if kept.releases.len() > MOST {
            kept.releases.remove(0);
        }
    }

    /// Whether a release was seen.
    pub(super) fn knows(&self, release: &str) -> bool {
        self.kept().releases.iter().any(|each| each.id == release)
    }

    /// The release that was live last with exactly these weights.
    pub(super) fn holding(&self, native: &NativeSplit) -> Option<Known> {
        let same = |known: &&Known| {
            native.0.len() == known.native.0.len()
                && native.0.iter().all(|one| {
                    known.native.0.iter().any(|other| other.reference == one.reference && other.weight == one.weight)
                })
        };
        self.kept().releases.iter().rev().find(same).cloned()
    }

    pub(super) fn started(&self, task: String) {
        let mut kept = self.kept();
        kept.tasks.push(task);
        if kept.tasks.len() > MOST {
            kept.tasks.remove(0);
        }
    }

    pub(super) fn has_started(&self, task: &str) -> bool {
        self.kept().tasks.iter().any(|each| each == task)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
