//! What was seen, as it is told: answers of checks, splits, drift, restarts.

use super::story::{Checked, ObservedShare};
use super::tell::{Teller, act};
use super::text::{count, split};
use crate::domain::share::Agreement;
use crate::entry::Entry;
use crate::session::Event;
use crate::session::event::CheckAnswered;

impl Teller<'_> {
    pub(super) fn checked(&mut self, entry: &Entry, answered: &CheckAnswered) {
        let CheckAnswered { check, verdict, words, value: _, evidence } = answered;
        self.noticed(entry, format!("check {check}: {}", verdict.word()), words.clone());
        let evidence = evidence.iter().map(|(name, text)| format!("{name}: {text}")).collect();
        let (check, words) = (check.clone(), words.clone());
        self.story.checks.push(Checked { act: act(entry), check, verdict: *verdict, words, evidence });
    }

    /// What was seen at the routers and done by nobody here, and its answers.
    pub(super) fn seen(&mut self, entry: &Entry, event: &Event) {
        match event {
            Event::SplitObserved { change, router, pool, share, agreement } => {
                let seen = ObservedShare { pool: pool.clone(), share: *share, agreement: *agreement, at: entry.at };
                if *agreement == Agreement::Off {
                    let asked = self.change(*change).map(|change| change.to.of(pool).to_string()).unwrap_or_default();
                    let came = format!("{share} % of {} requests, asked {asked} %", count(share.whole));
                    self.noticed(entry, format!("{router} serves {pool} off its weight"), came);
                }
                self.with_router(*change, router, |known| {
                    known.observed.retain(|each| each.pool != seen.pool);
                    known.observed.push(seen);
                });
            }
            Event::DriftNoticed { router, expected, read, restarted } => {
                let what =
                    format!("{router} drifted: {} → {}", split(&self.shares(expected)), split(&self.shares(read)));
                let why = if *restarted { "its process was replaced, and its weights were lost: " } else { "" };
                self.noticed(entry, what, format!("{why}{}", expected.differences(read).join(", ")));
            }
            Event::DriftEnded { router } => self.noticed(entry, format!("{router} is back at what it was given"), ""),
            Event::DriftAccepted { router, native, reason } => {
                let what = format!("accepted what {router} has: {}", split(&self.shares(native)));
                self.did(entry, what, reason.clone());
            }
            Event::RouterRestarted { router, was, is } => {
                let came = format!("process {} was {}", is.process, was.process);
                self.noticed(entry, format!("{router} is another process"), came);
            }
            _ => {}
        }
    }
}
