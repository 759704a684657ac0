//! The contract of a check of a system behind HTTP: one suite of scenarios that runs on every kind.
//!
//! A kind's tests make a [`Subject`], a fake of its system that enforces what the system's documentation says, and call
//! [`contract!`](crate::adapters::check::contract::contract), which makes one test of each function here. Three things are the
//! kind's own: what is well ([`Subject::passes`]), what is not ([`Subject::fails`]), and which requests change nothing
//! ([`Subject::is_harmless`]: GET and HEAD, unless it says more). Everything that can go wrong on the way is the same for
//! all of them and comes from here: [`Subject::says`] puts one answer before whatever the fake would say.
//!
//! What only one kind knows (pages, versions, states of its own) it tests beside the call of the macro.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flightdeck::adapter::check::Check;
use flightdeck::domain::check::{Answer, Verdict};
use serde_json::json;

use super::{asking, shown};
use crate::support::fake::{Fake, Talk};
use crate::support::web::{Asked, Said};

/// Time enough for any answer on a busy machine.
pub const PATIENT: Duration = Duration::from_secs(10);

/// Too short for a system that does not answer.
pub const HASTY: Duration = Duration::from_millis(400);

/// A card number that is right by its check digit, and a person's address.
pub const CARD: &str = "4111111111111111";
const ADDRESS: &str = "ana@example.com";

/// A check under test, with what can happen to its system.
pub trait Subject: Sync {
    /// The check, told to wait so long.
    fn check(&self, timeout: Duration) -> Arc<dyn Check>;

    /// The same check for a peer at another address.
    fn at(&self, peer: SocketAddr, timeout: Duration) -> Arc<dyn Check>;

    /// From now on everything is as it should be.
    fn passes(&self);

    /// From now on it is not, and the system says so in a good answer.
    fn fails(&self);

    /// From now on every request is answered by this; `None` lets the system answer again.
    fn says(&self, said: Option<Said>);

    /// Everything that was asked so far.
    fn asked(&self) -> Vec<Asked>;

    /// Whether a request changes nothing.
    fn is_harmless(&self, asked: &Asked) -> bool {
        matches!(asked.method.as_str(), "GET" | "HEAD")
    }

    /// Stops it, so that it takes connections and answers nothing, or lets it go on.
    fn freeze(&self, is_frozen: bool);

    /// Ends it, so that nobody is there.
    fn end(&self);

    /// What it is shown and must never be in an answer; at least one where the check logs in.
    fn secrets(&self) -> Vec<String>;
}

/// Makes one test of every part of the contract. `$make` is an expression that starts a fresh [`Subject`].
macro_rules! contract {
    ($name:ident, $make:expr) => {
        crate::adapters::check::contract::contract!($name, $make,
            passes_and_says_by_what, fails_and_says_by_what, goes_with_its_system, changes_nothing,
            cannot_tell_when_it_is_denied, cannot_tell_and_keeps_away_when_it_asks_too_often,
            cannot_tell_when_nobody_is_there, cannot_tell_when_no_answer_comes, cannot_tell_by_nonsense,
            cannot_tell_by_an_answer_that_is_not_whole, cannot_tell_by_an_empty_answer,
            does_not_pass_while_its_system_is_broken, shows_no_secret_and_nothing_personal,
        );
    };
    ($name:ident, $make:expr, $($part:ident),+ $(,)?) => {
        mod $name {
            use super::*;

            $(
                #[tokio::test]
                async fn $part() {
                    crate::adapters::check::contract::$part(&$make).await;
                }
            )+
        }
    };
}
pub(crate) use contract;

async fn ask(subject: &impl Subject) -> Answer {
    subject.check(PATIENT).ask(&asking()).await
}

/// An inconclusive answer says what came back, and its evidence what was asked.
fn is_told(answer: &Answer) {
    assert_eq!(answer.verdict, Verdict::Inconclusive, "{}", shown(answer));
    assert!(!answer.words.trim().is_empty() && !answer.evidence.is_empty(), "{}", shown(answer));
    assert!(answer.words.lines().count() == 1 && answer.words.chars().count() <= 400, "{}", shown(answer));
}

pub async fn passes_and_says_by_what(subject: &impl Subject) {
    subject.passes();
    let answer = ask(subject).await;
    assert_eq!(answer.verdict, Verdict::Pass, "{}", shown(&answer));
    assert!(!answer.words.is_empty() && answer.evidence.len() >= 2, "{}", shown(&answer));
    assert_eq!(answer.not_before, None);
}

pub async fn fails_and_says_by_what(subject: &impl Subject) {
    subject.fails();
    let answer = ask(subject).await;
    assert_eq!(answer.verdict, Verdict::Fail, "{}", shown(&answer));
    assert!(!answer.words.is_empty() && answer.evidence.len() >= 2, "{}", shown(&answer));
}

/// Nothing is remembered from one answer to the next.
pub async fn goes_with_its_system(subject: &impl Subject) {
    let check = subject.check(PATIENT);
    for (is_well, verdict) in [(true, Verdict::Pass), (false, Verdict::Fail), (true, Verdict::Pass)] {
        if is_well {
            subject.passes();
        } else {
            subject.fails();
        }
        let answer = check.ask(&asking()).await;
        assert_eq!(answer.verdict, verdict, "{}", shown(&answer));
    }
}

pub async fn changes_nothing(subject: &impl Subject) {
    subject.passes();
    ask(subject).await;
    subject.fails();
    ask(subject).await;
    subject.check(PATIENT).probe(asking().now).await.expect("it can be asked");
    let asked = subject.asked();
    assert!(!asked.is_empty());
    for each in asked {
        assert!(subject.is_harmless(&each), "{} {}", each.method, each.path);
    }
}

pub async fn cannot_tell_when_it_is_denied(subject: &impl Subject) {
    subject.passes();
    for status in [401, 403] {
        subject.says(Some(Said::json(status, &json!({ "message": "no entry" }))));
        is_told(&ask(subject).await);
    }
    assert!(subject.check(PATIENT).probe(asking().now).await.is_err());
}

pub async fn cannot_tell_and_keeps_away_when_it_asks_too_often(subject: &impl Subject) {
    subject.passes();
    subject.says(Some(Said::json(429, &json!({ "message": "slow down" })).with("Retry-After", "17")));
    let answer = ask(subject).await;
    is_told(&answer);
    assert_eq!(answer.not_before, Some(Duration::from_secs(17)));
    // Without a number it keeps away all the same.
    subject.says(Some(Said::json(429, &json!({}))));
    assert!(ask(subject).await.not_before.is_some());
}

pub async fn cannot_tell_when_nobody_is_there(subject: &impl Subject) {
    subject.passes();
    subject.end();
    is_told(&ask(subject).await);
}

pub async fn cannot_tell_when_no_answer_comes(subject: &impl Subject) {
    subject.passes();
    subject.freeze(true);
    let begun = Instant::now();
    let answer = subject.check(HASTY).ask(&asking()).await;
    assert!(begun.elapsed() < HASTY + PATIENT / 2, "it waited {:?}", begun.elapsed());
    is_told(&answer);
    subject.freeze(false);
    assert_eq!(ask(subject).await.verdict, Verdict::Pass);
    let slow = Fake::start(Talk::Trickle);
    is_told(&subject.at(slow.address, HASTY).ask(&asking()).await);
}

pub async fn cannot_tell_by_nonsense(subject: &impl Subject) {
    subject.passes();
    subject.says(Some(Said::text(200, "<html><body>Welcome</body></html>")));
    is_told(&ask(subject).await);
    subject.says(Some(Said::text(200, "\u{1b}[2J{\"a\":")));
    let answer = ask(subject).await;
    is_told(&answer);
    assert!(!shown(&answer).contains('\u{1b}'));
    let nonsense = Fake::start(Talk::Says(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()));
    is_told(&subject.at(nonsense.address, PATIENT).ask(&asking()).await);
}

pub async fn cannot_tell_by_an_answer_that_is_not_whole(subject: &impl Subject) {
    let cut = Fake::start(Talk::Says(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"sta".to_vec()));
    is_told(&subject.at(cut.address, PATIENT).ask(&asking()).await);
    let endless = Fake::start(Talk::Flood);
    is_told(&subject.at(endless.address, HASTY).ask(&asking()).await);
}

pub async fn cannot_tell_by_an_empty_answer(subject: &impl Subject) {
    subject.passes();
    subject.says(Some(Said::text(200, "")));
    is_told(&ask(subject).await);
    subject.says(Some(Said::json(200, &json!({}))));
    is_told(&ask(subject).await);
}

pub async fn does_not_pass_while_its_system_is_broken(subject: &impl Subject) {
    subject.passes();
    for status in [500, 502, 503] {
        subject.says(Some(Said::json(status, &json!({ "message": "out of order" }))));
        let answer = ask(subject).await;
        assert_ne!(answer.verdict, Verdict::Pass, "{}", shown(&answer));
    }
}

pub async fn shows_no_secret_and_nothing_personal(subject: &impl Subject) {
    subject.passes();
    let repeated = format!("{} paid by {ADDRESS} with {CARD}", subject.secrets().join(" "));
    for status in [200, 400, 403, 500] {
        subject.says(Some(Said::json(status, &json!({ "message": repeated, "error": repeated, "status": repeated }))));
        let answer = ask(subject).await;
        let all = format!("{} {answer:?}", shown(&answer));
        for hidden in subject.secrets().iter().map(String::as_str).chain([CARD, ADDRESS]) {
            assert!(!all.contains(hidden), "{status} shows {hidden}: {all}");
        }
        subject.says(Some(Said::text(status, &repeated)));
        let answer = ask(subject).await;
        let all = format!("{} {answer:?}", shown(&answer));
        for hidden in subject.secrets().iter().map(String::as_str).chain([CARD, ADDRESS]) {
            assert!(!all.contains(hidden), "{status} shows {hidden}: {all}");
        }
    }
}
