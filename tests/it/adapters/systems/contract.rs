//! The contract of a check of a system, as tests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use flightdeck::adapter::check::Check;
use flightdeck::domain::check::{Answer, Verdict};
use serde_json::json;

use super::{PATIENT, SECRET, ask, line};
use crate::support::web::{Asked, Said};

/// Too short for a system that does not answer.
const HASTY: Duration = Duration::from_millis(600);

/// A system that is as it should be, and what can happen to it.
pub trait Subject: Sync {
    /// A check of it.
    fn check(&self, timeout: Duration) -> Arc<dyn Check>;

    /// A check by somebody whom it does not know, where it asks who it is.
    fn stranger(&self) -> Option<Arc<dyn Check>>;

    /// How often it must be asked until it is a pass.
    fn asks_for_a_pass(&self) -> usize {
        1
    }

    /// Makes it as it should not be.
    fn spoil(&self);

    /// Makes it answer everything with this.
    fn instead(&self, said: Option<Said>);

    /// Stops it, so that it takes connections and answers nothing.
    fn freeze(&self);

    /// Ends it, so that nobody is there.
    fn end(&self);

    /// What it was asked.
    fn asked(&self) -> Vec<Asked>;

    /// What must never be in an answer.
    fn secret(&self) -> String {
        SECRET.to_owned()
    }

    /// Whether what it was asked can change nothing.
    fn is_look(&self, asked: &Asked) -> bool {
        // The interfaces of AWS take nothing but POST, and name what is done.
        let is_description =
            asked.header("x-amz-target").contains(".Describe") || asked.body.starts_with(b"Action=Describe");
        matches!(asked.method.as_str(), "GET" | "HEAD") || is_description
    }
}

/// Makes a test of each of these functions.
macro_rules! contract {
    ($subject:expr) => {
        crate::adapters::systems::contract::contract!(@ $subject;
            passes_with_evidence_when_it_is_as_it_should_be,
            fails_when_it_is_not,
            cannot_tell_when_nobody_answers_in_time,
            cannot_tell_when_nobody_is_there,
            cannot_tell_from_an_answer_that_is_none,
            cannot_tell_from_a_failure_of_the_system,
            leaves_it_alone_for_as_long_as_it_asks,
            cannot_tell_as_somebody_whom_it_does_not_know,
            masks_what_it_quotes,
        );
    };
    (@ $subject:expr; $($name:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                crate::adapters::systems::contract::$name(&$subject).await;
            }
        )*
    };
}
pub(crate) use contract;

/// Asks until a pass may be expected.
async fn settled(subject: &dyn Subject, check: &dyn Check) -> Answer {
    for _ in 1..subject.asks_for_a_pass() {
        let early = ask(check).await;
        assert_eq!(early.verdict, Verdict::Inconclusive, "{}", early.words);
    }
    ask(check).await
}

pub async fn passes_with_evidence_when_it_is_as_it_should_be(subject: &dyn Subject) {
    let answer = settled(subject, &*subject.check(PATIENT)).await;
    assert_eq!(answer.verdict, Verdict::Pass, "{}", answer.words);
    assert!(!answer.words.is_empty() && !answer.words.contains('\n'), "{:?}", answer.words);
    for name in ["request", "expected", "time"] {
        assert!(!line(&answer, name).is_empty(), "no {name} in {:?}", answer.evidence);
    }
    assert!(subject.asked().iter().all(|asked| subject.is_look(asked)), "it changes nothing");
    shows_no_secret(subject, &answer);
}

pub async fn fails_when_it_is_not(subject: &dyn Subject) {
    subject.spoil();
    let answer = ask(&*subject.check(PATIENT)).await;
    assert_eq!(answer.verdict, Verdict::Fail, "{}", answer.words);
    assert!(!answer.words.is_empty());
    shows_no_secret(subject, &answer);
}

pub async fn cannot_tell_when_nobody_answers_in_time(subject: &dyn Subject) {
    let check = subject.check(HASTY);
    subject.freeze();
    let begun = Instant::now();
    let answer = ask(&*check).await;
    assert!(begun.elapsed() < HASTY * 4, "it takes {:?}", begun.elapsed());
    untold(subject, &answer);
}

pub async fn cannot_tell_when_nobody_is_there(subject: &dyn Subject) {
    let check = subject.check(PATIENT);
    subject.end();
    untold(subject, &ask(&*check).await);
}

pub async fn cannot_tell_from_an_answer_that_is_none(subject: &dyn Subject) {
    let check = subject.check(PATIENT);
    for said in [
        Said::text(200, "<html>please log in</html>"),
        Said::text(200, ""),
        Said::json(200, &json!({})),
        Said::json(200, &json!(null)),
        Said::text(404, "404 page not found"),
        Said::text(302, "").with("Location", "http://127.0.0.1:1/login"),
    ] {
        subject.instead(Some(said.clone()));
        let answer = ask(&*check).await;
        assert_eq!(answer.verdict, Verdict::Inconclusive, "{said:?}: {}", answer.words);
        assert!(answer.words.contains("; "), "no advice in: {}", answer.words);
    }
}

pub async fn cannot_tell_from_a_failure_of_the_system(subject: &dyn Subject) {
    let check = subject.check(PATIENT);
    subject.instead(Some(Said::json(500, &json!({ "message": "backend is down" }))));
    untold(subject, &ask(&*check).await);
    // Once it is well again, so is the check: nothing of the failure stays.
    subject.instead(None);
    assert_eq!(settled(subject, &*check).await.verdict, Verdict::Pass);
}

pub async fn leaves_it_alone_for_as_long_as_it_asks(subject: &dyn Subject) {
    let check = subject.check(PATIENT);
    subject.instead(Some(Said::json(429, &json!({ "message": "slow down" })).with("Retry-After", "120")));
    let answer = ask(&*check).await;
    untold(subject, &answer);
    assert_eq!(answer.not_before, Some(Duration::from_mins(2)), "{}", answer.words);
    subject.instead(None);
    let count = subject.asked().len();
    let answer = ask(&*check).await;
    untold(subject, &answer);
    assert_eq!(subject.asked().len(), count, "it was asked meanwhile");
    assert!(answer.not_before.is_some_and(|left| left <= Duration::from_mins(2)), "{answer:?}");
}

pub async fn cannot_tell_as_somebody_whom_it_does_not_know(subject: &dyn Subject) {
    let Some(check) = subject.stranger() else { return };
    let answer = ask(&*check).await;
    untold(subject, &answer);
    assert!(!answer.words.contains("hunter2"), "{}", answer.words);
}

pub async fn masks_what_it_quotes(subject: &dyn Subject) {
    let check = subject.check(PATIENT);
    let said = format!("card 4111 1111 1111 1111 of jo@example.net was shown {}\u{1b}[2J", subject.secret());
    subject.instead(Some(Said::json(400, &json!({ "message": said }))));
    let answer = ask(&*check).await;
    untold(subject, &answer);
    let all = format!("{answer:?}");
    for bad in ["4111 1111", "jo@example.net", &subject.secret(), "\u{1b}"] {
        assert!(!all.contains(bad), "{all}");
    }
}

fn untold(subject: &dyn Subject, answer: &Answer) {
    assert_eq!(answer.verdict, Verdict::Inconclusive, "{}", answer.words);
    assert!(answer.words.contains("; "), "no advice in: {}", answer.words);
    assert!(!line(answer, "request").is_empty() && !line(answer, "expected").is_empty(), "{:?}", answer.evidence);
    shows_no_secret(subject, answer);
}

fn shows_no_secret(subject: &dyn Subject, answer: &Answer) {
    assert!(!format!("{answer:?}").contains(&subject.secret()), "{answer:?}");
}
