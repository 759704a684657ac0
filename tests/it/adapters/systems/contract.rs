//! What the contract asks of a check of a system beyond what it asks of every check behind HTTP.

use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::check::Check;
use flightdeck::domain::check::{Answer, Verdict};
use serde_json::json;

use super::{PATIENT, line};
use crate::adapters::check::contract as every;
use crate::support::web::Said;

/// A check of a system that asks who it is.
pub trait Subject: every::Subject {
    /// A check by somebody whom it does not know.
    fn stranger(&self) -> Arc<dyn Check>;
}

/// Makes one test of each part of both contracts; `but` are those of the first that are tested in another way.
macro_rules! contract {
    ($name:ident, $make:expr) => {
        crate::adapters::check::contract::contract!($name, $make);
        crate::adapters::systems::contract::contract!(@ $name, $make);
    };
    ($name:ident, $make:expr, held) => {
        // What is good must be good twice: it is not the first answer that passes.
        crate::adapters::check::contract::contract!($name, $make,
            fails_and_says_by_what, changes_nothing, cannot_tell_when_it_is_denied,
            cannot_tell_and_keeps_away_when_it_asks_too_often, cannot_tell_when_nobody_is_there, cannot_tell_by_nonsense,
            cannot_tell_by_an_answer_that_is_not_whole, cannot_tell_by_an_empty_answer,
            does_not_pass_while_its_system_is_broken, shows_no_secret_and_nothing_personal,
        );
        crate::adapters::systems::contract::contract!(@ $name, $make);
    };
    (@ $name:ident, $make:expr) => {
        mod system {
            mod $name {
                use super::super::*;

                #[tokio::test]
                async fn gives_request_expectation_and_time() {
                    crate::adapters::systems::contract::gives_request_expectation_and_time(&$make).await;
                }

                #[tokio::test]
                async fn cannot_tell_from_somebody_else_s_answers() {
                    crate::adapters::systems::contract::cannot_tell_from_somebody_else_s_answers(&$make).await;
                }

                #[tokio::test]
                async fn asks_nothing_for_as_long_as_it_is_to_stay_away() {
                    crate::adapters::systems::contract::asks_nothing_for_as_long_as_it_is_to_stay_away(&$make).await;
                }

                #[tokio::test]
                async fn cannot_tell_as_somebody_whom_it_does_not_know() {
                    crate::adapters::systems::contract::cannot_tell_as_somebody_whom_it_does_not_know(&$make).await;
                }
            }
        }
    };
}
pub(crate) use contract;

async fn ask(check: &dyn Check) -> Answer {
    check.ask(&crate::adapters::check::asking()).await
}

pub async fn gives_request_expectation_and_time(subject: &impl Subject) {
    for is_well in [true, false] {
        if is_well {
            subject.passes();
        } else {
            subject.fails();
        }
        told(&ask(&*subject.check(PATIENT)).await);
    }
}

pub async fn cannot_tell_from_somebody_else_s_answers(subject: &impl Subject) {
    let check = subject.check(PATIENT);
    for said in [
        Said::json(200, &json!(null)),
        Said::text(404, "404 page not found"),
        Said::text(302, "").with("Location", "http://127.0.0.1:1/login"),
    ] {
        subject.says(Some(said.clone()));
        let answer = ask(&*check).await;
        untold(&answer);
    }
}

pub async fn asks_nothing_for_as_long_as_it_is_to_stay_away(subject: &impl Subject) {
    let check = subject.check(PATIENT);
    subject.says(Some(Said::json(429, &json!({ "message": "slow down" })).with("Retry-After", "120")));
    let answer = ask(&*check).await;
    untold(&answer);
    assert_eq!(answer.not_before, Some(Duration::from_mins(2)), "{}", answer.words);
    subject.says(None);
    let count = subject.asked().len();
    let answer = ask(&*check).await;
    untold(&answer);
    assert_eq!(subject.asked().len(), count, "it was asked meanwhile");
    assert!(answer.not_before.is_some_and(|left| left <= Duration::from_mins(2)), "{answer:?}");
}

pub async fn cannot_tell_as_somebody_whom_it_does_not_know(subject: &impl Subject) {
    let answer = ask(&*subject.stranger()).await;
    untold(&answer);
    assert!(!format!("{answer:?}").contains("hunter2"), "{answer:?}");
}

/// What came back and what to do; and the same evidence as of an answer that tells.
fn untold(answer: &Answer) {
    assert_eq!(answer.verdict, Verdict::Inconclusive, "{}", answer.words);
    assert!(answer.words.contains("; "), "no advice in: {}", answer.words);
    told(answer);
}

fn told(answer: &Answer) {
    for name in ["request", "expected", "time"] {
        assert!(!line(answer, name).is_empty(), "no {name} in {:?}", answer.evidence);
    }
}
