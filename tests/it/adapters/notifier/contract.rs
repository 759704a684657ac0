//! The contract of a notifier: one suite of scenarios that runs on every kind.

use std::sync::Arc;
use std::time::{Duration, Instant};

use flightdeck::adapter::notifier::{Came, Notifier, Said, Telling};
use flightdeck::domain::notify::Occasion;
use serde_json::json;

use super::{HASTY, PATIENT, SECRET, Site, telling, tells};
use crate::support::fake::{Fake, Talk};
use crate::support::web::Said as Answer;

/// A card number that is right by its check digit, and a person's address.
const CARD: &str = "4111111111111111";
const ADDRESS: &str = "ana@example.com";

/// Makes one test of every part of the contract. `$make` starts a fresh [`Site`]; `$occasion` is one that the kind tells.
macro_rules! contract {
    ($name:ident, $make:expr, $occasion:expr) => {
        crate::adapters::notifier::contract::contract!($name, $make, $occasion,
            tells_once_what_it_is_given, tells_nothing_with_a_wrong_secret_and_does_not_try_again,
            keeps_away_for_as_long_as_it_is_asked_to, tells_once_although_the_answer_is_lost,
            tells_once_although_no_answer_comes, answers_in_time_when_nothing_does,
            says_that_nobody_is_there_and_may_try_again, does_not_take_nonsense_for_a_yes,
            shows_no_secret_and_nothing_personal, probes_without_telling_anybody,
        );
    };
    ($name:ident, $make:expr, $occasion:expr, $($part:ident),+ $(,)?) => {
        mod $name {
            use super::*;

            $(
                #[tokio::test]
                async fn $part() {
                    crate::adapters::notifier::contract::$part(&$make, $occasion).await;
                }
            )+
        }
    };
}
pub(crate) use contract;

/// Tries again as the runtime does, without its pauses, until something came of it; what may be there is handed on.
async fn tried(notifier: &Arc<dyn Notifier>, first: Telling) -> Came {
    let mut telling = first;
    for _ in 0..4 {
        let Said { came, reference } = notifier.tell(&telling).await;
        telling.reference = reference.or(telling.reference);
        match came {
            Came::Later { may_be_there, .. } => telling.may_be_there |= may_be_there,
            over => return over,
        }
    }
    panic!("nothing came of it: {telling:?}");
}

fn effects<S: Send + 'static>(site: &Site<S>) -> usize {
    let count = site.effects;
    site.look(|own| count(own))
}

fn words(came: &Came) -> &str {
    match came {
        Came::Told { words } => words,
        Came::Later { why, .. } | Came::Refused { why } | Came::Unknown { why } => why,
    }
}

/// What is said of a failure is one line that says what was tried, what came back and what to do.
fn is_told(came: &Came) {
    let words = words(came);
    assert!(words.lines().count() == 1 && words.chars().count() <= 500, "{words}");
    assert!(words.contains(": ") && words.contains("; "), "{words}");
}

pub async fn tells_once_what_it_is_given<S: Send + 'static>(site: &Site<S>, occasion: Occasion) {
    let before = effects(site);
    let telling = telling(occasion, 7);
    tells(&*site.notifier(), &telling).await;
    assert_eq!(effects(site), before + 1);
    let shown = site.shown;
    let all = site.look(|own| shown(own)).join("\n").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    assert!(all.contains(&telling.text), "{all}");
}

pub async fn tells_nothing_with_a_wrong_secret_and_does_not_try_again<S: Send + 'static>(
    site: &Site<S>,
    occasion: Occasion,
) {
    let before = effects(site);
    let came = site.made(site.web.address, "wrong", PATIENT).tell(&telling(occasion, 7)).await.came;
    assert!(matches!(came, Came::Refused { .. }), "{came:?}");
    is_told(&came);
    assert_eq!(effects(site), before);
}

pub async fn keeps_away_for_as_long_as_it_is_asked_to<S: Send + 'static>(site: &Site<S>, occasion: Occasion) {
    let (before, notifier) = (effects(site), site.notifier());
    site.says(Some(Answer::json(429, &json!({ "message": "slow down" })).with("Retry-After", "17")));
    let said = notifier.tell(&telling(occasion, 7)).await;
    is_told(&said.came);
    let Came::Later { after, may_be_there, .. } = said.came else { panic!("{said:?}") };
    assert_eq!((after, may_be_there), (Some(Duration::from_secs(17)), false));
    // Without a number it keeps away all the same.
    site.says(Some(Answer::json(429, &json!({}))));
    let said = notifier.tell(&telling(occasion, 7)).await;
    assert!(matches!(said.came, Came::Later { after: Some(_), .. }), "{said:?}");
    site.says(None);
    assert!(matches!(tried(&notifier, telling(occasion, 7)).await, Came::Told { .. }));
    assert_eq!(effects(site), before + 1);
}

/// It was taken, and what came back was an error of something in between.
pub async fn tells_once_although_the_answer_is_lost<S: Send + 'static>(site: &Site<S>, occasion: Occasion) {
    let before = effects(site);
    site.loses(Answer::text(502, "bad gateway"));
    let came = tried(&site.notifier(), telling(occasion, 7)).await;
    assert!(matches!(came, Came::Told { .. } | Came::Unknown { .. }), "{came:?}");
    assert_eq!(effects(site), before + 1, "{came:?}");
    // The next thing is told as ever.
    let mut next = telling(occasion, 9);
    "another thing".clone_into(&mut next.text);
    assert!(matches!(site.notifier().tell(&next).await.came, Came::Told { .. }));
}

/// The system is stopped while it is told, and goes on later with what it was asked.
pub async fn tells_once_although_no_answer_comes<S: Send + 'static>(site: &Site<S>, occasion: Occasion) {
    let before = effects(site);
    let hasty = site.made(site.web.address, "right", HASTY);
    let telling = telling(occasion, 7);
    site.web.freeze(true);
    let first = hasty.tell(&telling).await;
    is_told(&first.came);
    assert!(matches!(first.came, Came::Later { may_be_there: true, .. }), "{first:?}");
    site.web.freeze(false);
    // What was asked is done late; a bounded wait for that, and not for a time.
    let begun = Instant::now();
    while site.web.asked().is_empty() && begun.elapsed() < PATIENT {
        tokio::task::yield_now().await;
    }
    let again = Telling { may_be_there: true, reference: first.reference, ..telling };
    let came = tried(&site.notifier(), again).await;
    assert!(matches!(came, Came::Told { .. } | Came::Unknown { .. }), "{came:?}");
    assert_eq!(effects(site), before + 1, "{came:?}");
}

pub async fn answers_in_time_when_nothing_does<S: Send + 'static>(site: &Site<S>, occasion: Occasion) {
    let slow = Fake::start(Talk::Trickle);
    let begun = Instant::now();
    let came = site.made(slow.address, "right", HASTY).tell(&telling(occasion, 7)).await.came;
    assert!(begun.elapsed() < PATIENT / 2, "it waited {:?}", begun.elapsed());
    assert!(matches!(came, Came::Later { .. }), "{came:?}");
    is_told(&came);
}

pub async fn says_that_nobody_is_there_and_may_try_again<S: Send + 'static>(site: &Site<S>, occasion: Occasion) {
    let notifier = site.notifier();
    site.web.end();
    let came = notifier.tell(&telling(occasion, 7)).await.came;
    assert!(matches!(came, Came::Later { may_be_there: false, .. }), "{came:?}");
    is_told(&came);
}

pub async fn does_not_take_nonsense_for_a_yes<S: Send + 'static>(site: &Site<S>, occasion: Occasion) {
    for answer in [
        Answer::text(302, "").with("Location", "http://127.0.0.1:1/"),
        Answer::text(404, "<html>"),
        Answer::text(500, "\u{1b}[2J"),
    ] {
        site.says(Some(answer));
        let came = site.notifier().tell(&telling(occasion, 7)).await.came;
        assert!(!matches!(came, Came::Told { .. }), "{came:?}");
        assert!(!words(&came).contains('\u{1b}'), "{came:?}");
        is_told(&came);
    }
    let cut = Fake::start(Talk::Says(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"ok\":tr".to_vec()));
    let came = site.made(cut.address, "right", PATIENT).tell(&telling(occasion, 7)).await.came;
    assert!(matches!(came, Came::Later { may_be_there: true, .. }), "{came:?}");
}

pub async fn shows_no_secret_and_nothing_personal<S: Send + 'static>(site: &Site<S>, occasion: Occasion) {
    let repeated = format!("{SECRET} of {ADDRESS} with {CARD}");
    for status in [200, 400, 401, 403, 429, 500] {
        for answer in [
            Answer::json(status, &json!({ "ok": false, "message": repeated, "error": repeated, "status": repeated })),
            Answer::text(status, &format!("{}{repeated}", "x".repeat(140))),
        ] {
            site.says(Some(answer));
            let came = site.notifier().tell(&telling(occasion, 7)).await;
            let probed = site.notifier().probe().await;
            let all = format!("{came:?} {probed:?}");
            for hidden in [SECRET, "hunter2", CARD, ADDRESS] {
                assert!(!all.contains(hidden), "{status} shows {hidden}: {all}");
            }
        }
    }
}

pub async fn probes_without_telling_anybody<S: Send + 'static>(site: &Site<S>, _occasion: Occasion) {
    let before = effects(site);
    let found = site.notifier().probe().await.unwrap_or_else(|trouble| panic!("{trouble}"));
    assert!(!found.is_empty());
    assert_eq!(effects(site), before);
    let notifier = site.notifier();
    site.web.end();
    let trouble = notifier.probe().await.expect_err("nobody is there").to_string();
    assert!(trouble.contains("; "), "{trouble}");
}
