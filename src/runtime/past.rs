//! What flightdeck deployed before, by its journals: for checks that ask whether a version ran in another environment, and for
//! `open` where nobody names one.
//!
//! # Invariants
//! - A session counts as well done only when it is closed, its plan is over, and nothing after that went back.
//! - Of the newest sessions so many are read; where there are more, what is not among them is not said to be missing.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::opening::{procedure_of, short};
use crate::adapter::check::ran_in::{Past, PastAsked};
use crate::domain::version::{End, History, Ran};
use crate::domain::{Timestamp, Trouble, TroubleKind};
use crate::journal::{JournalError, Place, SessionSummary, SqliteStore, Store};
use crate::session::Session;
use crate::session::state::StepEnd;

/// So many sessions of an environment are read.
const SESSIONS: usize = 20;

/// How an operator says at closing that it did not go well.
const BAD_WORDS: [&str; 8] =
    ["fail", "abort", "cancel", "rolled back", "rollback", "abandon", "given up", "not deployed"];

/// The sessions of a journal.
pub struct Sessions {
    /// The profile's journal; `None` where it was not made yet.
    pub store: Option<Arc<dyn Store>>,
    /// The profile's service.
    pub service: String,
}

impl Past for Sessions {
    fn history<'a>(&'a self, asked: &'a PastAsked) -> BoxFuture<'a, Result<History, Trouble>> {
        async move {
            let store = match &asked.journal {
                None => self.store.clone(),
                Some(directory) => Some(self.at(directory, asked).await?),
            };
            let service = asked.service.as_ref().unwrap_or(&self.service);
            let Some(store) = store else {
                let source = "the journal, which is not there yet".to_owned();
                return Ok(History { runs: Vec::new(), is_whole: true, source });
            };
            history(&*store, service, &asked.environment).await.map_err(|error| {
                let what = format!("read the sessions of {service} in {}", asked.environment);
                Trouble::new(TroubleKind::Unreachable, what, error.to_string(), "see whether the journal answers")
            })
        }
        .boxed()
    }
}

impl Sessions {
    /// Another journal on this host; it is never made.
    async fn at(&self, directory: &std::path::Path, asked: &PastAsked) -> Result<Arc<dyn Store>, Trouble> {
        let what = format!("read the sessions of {} in {}", asked.environment, directory.display());
        let trouble = |why: String| {
            Trouble::new(TroubleKind::Unreachable, what.clone(), why, "see whether `journal` is its directory")
        };
        if !directory.join("journal.db").exists() {
            return Err(trouble("there is no journal".to_owned()));
        }
        let place = Place::Shared(directory.to_owned());
        match tokio::task::spawn_blocking(move || SqliteStore::open(&place)).await {
            Ok(Ok(store)) => Ok(Arc::new(store)),
            Ok(Err(error)) => Err(trouble(error.to_string())),
            Err(_told_by_the_hook) => Err(trouble("flightdeck has a fault in reading it".to_owned())),
        }
    }
}

async fn history(store: &dyn Store, service: &str, environment: &str) -> Result<History, JournalError> {
    let is_of = |session: &SessionSummary| session.service == service && session.environment == environment;
    let mut sessions: Vec<SessionSummary> = store.sessions().await?.into_iter().filter(is_of).collect();
    sessions.sort_by_key(|session| std::cmp::Reverse((session.opened, session.id)));
    let is_whole = sessions.len() <= SESSIONS;
    let mut runs: Vec<Ran> = Vec::new();
    for summary in sessions.into_iter().take(SESSIONS).filter(|summary| !summary.to_version.is_empty()) {
        let session = store.read(summary.id, 1).await?.fold();
        let Some(run) = told(&summary, &session) else { continue };
        add(&mut runs, run);
    }
    let source = format!("sessions of {service} in {environment}, in {}", store.place());
    Ok(History { runs, is_whole, source })
}

/// One session as a version that ran; `None` of one that changed nothing.
fn told(summary: &SessionSummary, session: &Session) -> Option<Ran> {
    let last = last_done(session)?;
    let by = format!("session {} of {} by {}", short(summary.id), summary.opened.long(), summary.by);
    let left = procedure_of(session)
        .ok()
        .map_or(0, |procedure| procedure.plan.iter().filter(|step| !session.steps.contains_key(&step.id)).count());
    let end = match (session.newest_rollback(), &session.closed) {
        (Some(rollback), _) => End::RolledBack { to: summary.from_version.clone(), at: rollback.at },
        (None, None) => End::Unsettled,
        (None, Some(closed)) if is_bad(&closed.what) => End::Failed { outcome: closed.what.clone() },
        (None, Some(closed)) if left > 0 => {
            End::Failed { outcome: format!("closed as `{}` with {left} steps of its plan left", closed.what) }
        }
        (None, Some(_)) => End::Runs,
    };
    let by = match &session.closed {
        Some(closed) => format!("{by}, closed as `{}`", closed.what),
        None => format!("{by}, not closed"),
    };
    Some(Ran { version: summary.to_version.clone(), from: Some(last), by, end })
}

/// When the last thing was done that counts: a step that was not left out, or a change that came to its end.
fn last_done(session: &Session) -> Option<Timestamp> {
    let is_done = |end: &StepEnd| !matches!(end, StepEnd::Marked(crate::session::event::StepMark::Skipped { .. }));
    let steps = session.steps.values().filter(|done| is_done(&done.how)).map(|done| done.at);
    let changes = session.changes.iter().filter_map(|change| change.settled.as_ref().map(|(at, _)| *at));
    steps.chain(changes).max()
}

fn is_bad(outcome: &str) -> bool {
    let lower = outcome.to_lowercase();
    BAD_WORDS.iter().any(|word| lower.starts_with(word) || lower.contains(&format!(" {word}")))
}

/// Puts an older run below the newer ones: what came after it took its place.
fn add(runs: &mut Vec<Ran>, mut run: Ran) {
    let well = |run: &Ran| matches!(run.end, End::Runs | End::Replaced { .. });
    // What did not go well, or is under way, took nobody's place for good.
    let newer = runs.iter_mut().rev().find(|newer| well(newer));
    match newer {
        Some(newer) if newer.version == run.version && well(&run) => {
            (newer.from, newer.by) = (run.from, run.by);
            return;
        }
        Some(newer) => {
            if let (End::Runs, Some(at)) = (&run.end, newer.from) {
                run.end = End::Replaced { by: newer.version.clone(), at };
            }
        }
        None => {}
    }
    runs.push(run);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_that_is_no_good_one_is_told_from_one_that_is() {
        for bad in ["failed: errors", "Rolled back", "aborted", "we rolled back at 30"] {
            assert!(is_bad(bad), "{bad}");
        }
        for good in ["done", "success", "all good, no errors"] {
            assert!(!is_bad(good), "{good}");
        }
    }

    #[test]
    fn the_same_version_deployed_again_has_run_since_the_first_time() {
        let run = |version: &str, at, end| Ran {
            version: version.to_owned(),
            from: Some(Timestamp(at)),
            by: String::new(),
            end,
        };
        let mut runs = vec![run("2.5.0", 30, End::Runs)];
        add(&mut runs, run("2.5.0", 20, End::Runs));
        add(&mut runs, run("2.5.1", 15, End::RolledBack { to: String::new(), at: Timestamp(16) }));
        add(&mut runs, run("2.4.0", 10, End::Runs));
        let told: Vec<_> = runs.iter().map(|run| (run.version.as_str(), run.from, &run.end)).collect();
        let replaced = End::Replaced { by: "2.5.0".to_owned(), at: Timestamp(20) };
        assert_eq!(told[0], ("2.5.0", Some(Timestamp(20)), &End::Runs));
        assert_eq!(told[2], ("2.4.0", Some(Timestamp(10)), &replaced));
    }
}
