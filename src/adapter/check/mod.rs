//! Checks: one question to one system, answered pass, fail or inconclusive with its evidence.
//!
//! # The contract
//!
//! A check MUST:
//! - answer within its time-out, whatever the system does; no answer in time is inconclusive;
//! - be inconclusive, never pass and never fail, when it cannot tell: unreachable, denied, throttled, an answer that cannot
//!   be read, an empty answer where something must be there. The words say what was tried, what came back, what to do;
//! - fail only when the system's answer says that it is not as it should be;
//! - give its evidence: the request as sent (without secrets), the value, what was expected, the system's own time;
//! - say in [`Answer::not_before`](crate::domain::check::Answer::not_before) how long the system asks to be left alone
//!   (429 with Retry-After), and ask nothing itself meanwhile;
//! - change nothing in the system: a check may be asked at any time, by several cockpits, any number of times;
//! - mask what it quotes: a card number or an address in an answer never reaches the screen or the record.
//!
//! To add one: a file or folder beside this one with a configuration that is [`Configured`], a line in `kinds`, and a row of
//! scenarios in the contract suite, `tests/it/adapters/check/contract.rs`. `say` has the words that all of them share.

pub mod argocd;
pub mod aws;
pub mod command;
pub mod datadog_monitors;
mod filled;
pub mod github_deployment;
pub mod github_run;
pub mod http;
pub mod image;
pub mod image_signed;
pub mod jira_issue;
mod kinds;
pub mod kubernetes;
pub mod pagerduty_incidents;
pub mod prometheus_alerts;
pub mod ran_in;
mod say;
mod since;
mod system;
pub mod tcp;

use std::fmt::Debug;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

pub use kinds::{CheckKind, KINDS};

use crate::domain::check::{Answer, Asking, Verdict};
use crate::domain::{Timestamp, Trouble, TroubleKind};

/// The configuration of one check, read from a profile and not yet connected.
pub trait Configured: Debug + Send + Sync {
    /// The check. Nothing is sent yet.
    ///
    /// # Errors
    /// When it cannot be used here: a feature that this build lacks, a certificate that cannot be read.
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble>;

    /// The check, where it may be asked about what flightdeck itself deployed before.
    ///
    /// # Errors
    /// As [`Configured::connect`].
    fn connect_over(&self, _past: &Arc<dyn ran_in::Past>) -> Result<Arc<dyn Check>, Trouble> {
        self.connect()
    }
}

/// One check.
pub trait Check: Send + Sync {
    /// Asks once.
    fn ask<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Answer>;

    /// Looks whether it can be asked, before there is a session: no version is said, and whether it passes does not
    /// matter. Gives what was found, in a sentence.
    ///
    /// # Errors
    /// Why it could not be told.
    fn probe(&self, now: Timestamp) -> BoxFuture<'_, Result<String, Trouble>> {
        async move {
            let version = "the one that is named at opening".to_owned();
            let (from_version, to_version, digest) = (version.clone(), version, String::new());
            let asking = Asking { now, from_version, to_version, digest, opened: now, changed: None, earlier: None };
            let answer = self.ask(&asking).await;
            match answer.verdict {
                Verdict::Pass | Verdict::Fail => Ok(format!("it answers; now it would {}", told(&answer))),
                Verdict::Inconclusive => {
                    let advice =
                        "see whether it is there and what the profile says of it; the evidence is shown in the deck";
                    let request = answer.evidence.first().map_or("ask it", |(_, text)| text.as_str());
                    Err(Trouble::new(TroubleKind::Unreachable, request, answer.words, advice))
                }
            }
        }
        .boxed()
    }
}

fn told(answer: &Answer) -> String {
    format!("{}: {}", answer.verdict.word(), answer.words)
}
