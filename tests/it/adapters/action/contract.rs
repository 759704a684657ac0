//! The contract of a deploy action of a system behind HTTP: one suite of scenarios that runs on every kind.
//!
//! A kind's tests make a [`Subject`], a fake of its system that enforces what the system's documentation says, and call
//! [`contract!`](crate::adapters::action::contract::contract), which makes one test of each function here. The fake keeps what it
//! was asked to start by key; [`Subject::says`] puts one answer before whatever it would say.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flightdeck::adapter::action::Action;
use flightdeck::adapter::router::SetAnswer;
use flightdeck::domain::action::{ActionLook, ActionState, Started};
use serde_json::json;

use super::{Closed, Open, acting};
use crate::support::fake::{Fake, Talk};
use crate::support::web::{Asked, Said};

/// Time enough for any answer on a busy machine.
pub const PATIENT: Duration = Duration::from_secs(10);
/// Too short for a system that does not answer.
pub const HASTY: Duration = Duration::from_millis(400);
/// A card number that is right by its check digit, and a person's address.
const CARD: &str = "4111111111111111";
const ADDRESS: &str = "ana@example.com";
const KEY: &str = "fd-0000000000a1-1";

/// How a fake's run stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stand {
    Runs,
    Succeeded,
    Failed,
}

/// An action under test, with what can happen to its system.
pub trait Subject: Sync {
    /// The action, told to wait so long.
    fn action(&self, timeout: Duration) -> Arc<dyn Action>;
    /// The same action for a peer at another address.
    fn at(&self, peer: SocketAddr, timeout: Duration) -> Arc<dyn Action>;
    /// The keys of what was really started, in order.
    fn started(&self) -> Vec<String>;
    /// From now on every run stands so.
    fn stands(&self, stand: Stand);
    /// From now on every request is answered by this; `None` lets the system answer again.
    fn says(&self, said: Option<Said>);
    /// From now on what is asked is done, and this is answered instead of its answer.
    fn does_and_says(&self, said: Option<Said>);
    /// Whether what is cancelled may be.
    fn lets_cancel(&self, lets: bool);
    /// Everything that was asked so far.
    fn asked(&self) -> Vec<Asked>;
    /// Stops it, so that it takes connections and answers nothing, or lets it go on.
    fn freeze(&self, is_frozen: bool);
    /// Ends it, so that nobody is there.
    fn end(&self);
    /// What it is shown and must never be in an answer.
    fn secrets(&self) -> Vec<String>;
    /// How its first request is shown.
    fn shown(&self) -> &'static str {
        "POST http://"
    }

    /// Whether a start reads before it writes: what it cannot read is then not sent at all.
    fn reads_first(&self) -> bool {
        false
    }

    /// Whether this request would change something.
    fn is_change(&self, asked: &Asked) -> bool {
        asked.method != "GET"
    }

    /// Stops it for all that is no look, or lets it go on.
    fn freeze_writes(&self, is_frozen: bool) {
        self.freeze(is_frozen);
    }

    /// How it answers a cancel that it refuses.
    fn refuses_cancel_by(&self) -> u16 {
        409
    }

    /// Whether there is a place where people look at a run.
    fn has_link(&self) -> bool {
        true
    }
}

/// Why nothing was started, where that is certain.
fn refusal<'s>(subject: &impl Subject, started: &'s Started) -> Option<&'s str> {
    match started {
        Started::Failed { why } => Some(why),
        Started::NotSent { why } if subject.reads_first() => Some(why),
        _ => None,
    }
}

/// Makes one test of every part of the contract. `$make` is an expression that starts a fresh [`Subject`].
macro_rules! contract {
    ($name:ident, $make:expr) => {
        crate::adapters::action::contract::contract!($name, $make, is_cancelled, a_refused_cancel_is_a_no,
            is_described_without_being_started, runs_to_a_good_end, runs_to_a_bad_end_and_says_why,
            a_refusal_is_a_no_and_nothing_was_started, asked_too_often_it_keeps_away,
            a_closed_fence_sends_nothing, nobody_there_sends_nothing, no_answer_is_unknown_and_found_again_by_its_key,
            a_failing_gateway_after_the_effect_is_unknown_and_found_again,
            what_never_arrived_is_absent, nonsense_is_never_an_end, shows_no_secret_and_nothing_personal,
        );
    };
    ($name:ident, $make:expr, $($part:ident),+ $(,)?) => {
        mod $name {
            use super::*;

            $(
                #[tokio::test]
                async fn $part() {
                    crate::adapters::action::contract::$part(&$make).await;
                }
            )+
        }
    };
}
pub(crate) use contract;

async fn start(subject: &impl Subject) -> String {
    match subject.action(PATIENT).start(&acting(KEY), &Open).await {
        Started::Running { handle, .. } => handle,
        other => panic!("{other:?}"),
    }
}

async fn look(subject: &impl Subject, handle: Option<&str>) -> ActionLook {
    subject.action(PATIENT).look(&acting(KEY), handle).await
}

fn is_unknown(started: &Started) -> bool {
    matches!(started, Started::Unknown { why } if why.lines().count() == 1)
}

pub async fn is_described_without_being_started(subject: &impl Subject) {
    let description = subject.action(PATIENT).describe(&acting(KEY)).await.expect("it can be described");
    let requests = description.requests.join("\n");
    assert!(requests.contains(KEY) && requests.contains("2.5.0"), "{requests}");
    let is_shown = requests.starts_with(subject.shown()) || requests.starts_with("PUT http://");
    assert!(is_shown, "{requests}");
    assert!(subject.started().is_empty());
    let writes = subject.asked().iter().filter(|asked| subject.is_change(asked)).count();
    assert_eq!(writes, 0);
    subject.action(PATIENT).probe().await.expect("it could be started");
    assert!(subject.started().is_empty());
}

pub async fn runs_to_a_good_end(subject: &impl Subject) {
    subject.stands(Stand::Runs);
    let handle = start(subject).await;
    assert_eq!(subject.started(), [KEY]);
    let seen = look(subject, Some(&handle)).await;
    assert!(matches!(seen.state, ActionState::Running { .. }), "{seen:?}");
    subject.stands(Stand::Succeeded);
    let seen = look(subject, Some(&handle)).await;
    assert_eq!(seen.state, ActionState::Succeeded);
    assert!(!subject.has_link() || seen.link.is_some_and(|link| link.starts_with("http")));
}

#[cfg_attr(not(any(feature = "aws", feature = "kubernetes")), expect(dead_code, reason = "only theirs do"))]
/// A system that knows keys takes the second start of one for the first.
pub async fn a_key_is_started_once(subject: &impl Subject) {
    let handle = start(subject).await;
    assert_eq!(start(subject).await, handle);
    assert_eq!(subject.started(), [KEY]);
}

pub async fn runs_to_a_bad_end_and_says_why(subject: &impl Subject) {
    let handle = start(subject).await;
    subject.stands(Stand::Failed);
    let seen = look(subject, Some(&handle)).await;
    assert!(matches!(&seen.state, ActionState::Failed { why } if !why.is_empty()), "{seen:?}");
}

pub async fn a_refusal_is_a_no_and_nothing_was_started(subject: &impl Subject) {
    for status in [401, 403, 404, 409, 422] {
        subject.says(Some(Said::json(status, &json!({ "message": "no entry" }))));
        let started = subject.action(PATIENT).start(&acting(KEY), &Open).await;
        assert!(refusal(subject, &started).is_some_and(|why| why.contains("no entry")), "{status}: {started:?}");
        let seen = look(subject, Some("7")).await;
        assert!(matches!(&seen.state, ActionState::Unknown { why } if why.contains(&status.to_string())), "{seen:?}");
    }
    assert!(subject.started().is_empty());
}

pub async fn asked_too_often_it_keeps_away(subject: &impl Subject) {
    subject.says(Some(Said::json(429, &json!({ "message": "slow down" })).with("Retry-After", "17")));
    let started = subject.action(PATIENT).start(&acting(KEY), &Open).await;
    assert!(refusal(subject, &started).is_some_and(|why| why.contains("17 s")), "{started:?}");
    let seen = look(subject, Some("7")).await;
    assert_eq!(seen.not_before, Some(Duration::from_secs(17)));
    subject.says(Some(Said::json(429, &json!({}))));
    assert!(look(subject, Some("7")).await.not_before.is_some());
}

pub async fn a_closed_fence_sends_nothing(subject: &impl Subject) {
    let started = subject.action(PATIENT).start(&acting(KEY), &Closed).await;
    assert!(matches!(started, Started::NotSent { .. }), "{started:?}");
    assert!(matches!(subject.action(PATIENT).cancel(&acting(KEY), "7", &Closed).await, SetAnswer::NotSent(_)));
    assert!(subject.started().is_empty());
}

pub async fn nobody_there_sends_nothing(subject: &impl Subject) {
    subject.end();
    let started = subject.action(PATIENT).start(&acting(KEY), &Open).await;
    assert!(matches!(started, Started::NotSent { .. }), "{started:?}");
    assert!(matches!(look(subject, Some("7")).await.state, ActionState::Unknown { .. }));
}

/// What was asked while it was stopped is done when it goes on, late.
pub async fn no_answer_is_unknown_and_found_again_by_its_key(subject: &impl Subject) {
    subject.freeze_writes(true);
    let begun = Instant::now();
    let started = subject.action(HASTY).start(&acting(KEY), &Open).await;
    assert!(is_unknown(&started), "{started:?}");
    assert!(begun.elapsed() < PATIENT / 2, "it waited {:?}", begun.elapsed());
    subject.freeze(true);
    assert!(matches!(subject.action(HASTY).look(&acting(KEY), None).await.state, ActionState::Unknown { .. }));
    subject.freeze(false);
    let until = Instant::now() + PATIENT;
    let found = loop {
        let seen = look(subject, None).await;
        if seen.handle.is_some() || Instant::now() > until {
            break seen;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(matches!(found.state, ActionState::Running { .. }), "{found:?}");
    assert!(found.handle.is_some() && subject.started() == [KEY], "{:?}", subject.started());
}

pub async fn a_failing_gateway_after_the_effect_is_unknown_and_found_again(subject: &impl Subject) {
    let all = [Said::text(502, "Bad Gateway"), Said::text(504, "Gateway Timeout"), Said::json(200, &json!({}))];
    for (number, said) in all.into_iter().enumerate() {
        let act = acting(&format!("fd-0000000000a1-{number}"));
        subject.does_and_says(Some(said));
        let started = subject.action(PATIENT).start(&act, &Open).await;
        assert!(is_unknown(&started), "{started:?}");
        subject.does_and_says(None);
        let found = subject.action(PATIENT).look(&act, None).await;
        assert!(found.handle.is_some(), "{found:?}");
        // The next one need not wait for it.
        subject.stands(Stand::Succeeded);
    }
    let nonsense = Fake::start(Talk::Says(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()));
    let started = subject.at(nonsense.address, PATIENT).start(&acting(KEY), &Open).await;
    let is_known = subject.reads_first() && matches!(started, Started::NotSent { .. });
    assert!(is_known || is_unknown(&started), "{started:?}");
}

pub async fn what_never_arrived_is_absent(subject: &impl Subject) {
    let seen = subject.action(PATIENT).look(&acting("fd-0000000000a1-2"), None).await;
    assert!(matches!(seen.state, ActionState::Absent { .. }), "{seen:?}");
    start(subject).await;
    let seen = subject.action(PATIENT).look(&acting("fd-0000000000a1-2"), None).await;
    assert!(matches!(seen.state, ActionState::Absent { .. }), "another one's run is not its own: {seen:?}");
}

pub async fn is_cancelled(subject: &impl Subject) {
    subject.stands(Stand::Runs);
    let handle = start(subject).await;
    let said = subject.action(PATIENT).cancel(&acting(KEY), &handle, &Open).await;
    assert!(matches!(said, SetAnswer::Accepted), "{said:?}");
    let seen = look(subject, Some(&handle)).await;
    assert!(matches!(&seen.state, ActionState::Failed { why } if why.contains("cancel")), "{seen:?}");
}

pub async fn a_refused_cancel_is_a_no(subject: &impl Subject) {
    let handle = start(subject).await;
    subject.lets_cancel(false);
    let said = subject.action(PATIENT).cancel(&acting(KEY), &handle, &Open).await;
    let status = subject.refuses_cancel_by().to_string();
    assert!(matches!(&said, SetAnswer::Failed(why) if why.contains(&status)), "{said:?}");
    subject.freeze_writes(true);
    let said = subject.action(HASTY).cancel(&acting(KEY), &handle, &Open).await;
    assert!(matches!(said, SetAnswer::Unknown(_)), "{said:?}");
    subject.freeze(false);
}

pub async fn nonsense_is_never_an_end(subject: &impl Subject) {
    let handle = start(subject).await;
    for said in [
        Said::text(200, "<html><body>Welcome</body></html>"),
        Said::text(200, ""),
        Said::json(200, &json!({})),
        Said::text(200, "\u{1b}[2J{\"a\":"),
        Said::json(500, &json!({ "message": "out of order" })),
    ] {
        subject.says(Some(said));
        for asked in [Some(handle.as_str()), None] {
            let seen = look(subject, asked).await;
            let is_told = matches!(&seen.state, ActionState::Unknown { why } if !why.contains('\u{1b}'));
            let is_absent = asked.is_none() && matches!(seen.state, ActionState::Absent { .. });
            assert!(is_told || is_absent, "{seen:?}");
        }
    }
    let cut = Fake::start(Talk::Says(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"sta".to_vec()));
    let seen = subject.at(cut.address, PATIENT).look(&acting(KEY), Some(&handle)).await;
    assert!(matches!(seen.state, ActionState::Unknown { .. }), "{seen:?}");
    let endless = Fake::start(Talk::Flood);
    let seen = subject.at(endless.address, HASTY).look(&acting(KEY), Some(&handle)).await;
    assert!(matches!(seen.state, ActionState::Unknown { .. }), "{seen:?}");
}

pub async fn shows_no_secret_and_nothing_personal(subject: &impl Subject) {
    let handle = start(subject).await;
    let repeated = format!("{} paid by {ADDRESS} with {CARD}", subject.secrets().join(" "));
    for status in [200, 400, 403, 500] {
        for said in [
            Said::json(
                status,
                &json!({
                    "message": repeated, "status": repeated, "error": repeated, "conclusion": repeated,
                    "why": repeated, "log": [repeated], "id": repeated, "url": repeated, "html_url": repeated,
                }),
            ),
            Said::text(status, &repeated),
        ] {
            subject.says(Some(said));
            let action = subject.action(PATIENT);
            let all = format!(
                "{:?} {:?} {:?} {:?} {:?}",
                action.start(&acting(KEY), &Open).await,
                action.look(&acting(KEY), Some(&handle)).await,
                action.look(&acting(KEY), None).await,
                action.cancel(&acting(KEY), &handle, &Open).await,
                action.describe(&acting(KEY)).await,
            );
            for hidden in subject.secrets().iter().map(String::as_str).chain([CARD, ADDRESS]) {
                assert!(!all.contains(hidden), "{status} shows {hidden}: {all}");
            }
        }
    }
}
