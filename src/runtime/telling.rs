//! Telling people outside: the text is filled in, sent, and sent again for a while where that may help.
//!
//! # Invariants
//! - It ends: after so many tries, or so long, whatever the system does; and at once between two tries when flightdeck ends.
//! - What may have arrived is said to the notifier on every later try, which then looks before it sends.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::adapter::NotifierAdapter;
use crate::adapter::notifier::text::title;
use crate::adapter::notifier::{Came, Said, Telling};
use crate::domain::notify::{Notified, TellOutcome, ToTell};

/// How often one thing is tried to be told.
const TRIES: u32 = 6;
/// After the first try; doubled after each.
const PAUSE: Duration = Duration::from_secs(1);
/// After this nothing is tried any more.
const LONGEST: Duration = Duration::from_mins(5);
/// An adapter keeps to its own time-out; this is for one that does not.
const ADAPTER: Duration = Duration::from_mins(3);

/// Tells one thing, and says what came of it.
pub(super) async fn tell(adapter: Option<NotifierAdapter>, to_tell: ToTell, cancel: &CancellationToken) -> Notified {
    let Some(NotifierAdapter { texts, notifier }) = adapter else {
        let words = format!("{} is not in the profile that is flown; reload the profile", to_tell.notifier);
        return Notified { outcome: TellOutcome::NotTold, words, reference: None };
    };
    let ToTell { notifier: _, key, news, reference } = to_tell;
    let (title, text) = (title(&news), texts.fill(&news));
    let mut telling = Telling { key, title, text, news, reference, may_be_there: false };
    let mut found: Option<String> = None;
    let until = Instant::now() + LONGEST;
    let mut pause = PAUSE;
    let mut tries = 0;
    let (outcome, words) = loop {
        tries += 1;
        let try_once = AssertUnwindSafe(timeout(ADAPTER, notifier.tell(&telling))).catch_unwind().await;
        let Said { came, reference } = match try_once {
            Ok(Ok(said)) => said,
            Ok(Err(_elapsed)) => unknown("the notifier did not come back; flightdeck's own log has more"),
            Err(_told_by_the_hook) => unknown("flightdeck has a fault in this notifier; its own log has more"),
        };
        if reference.is_some() {
            telling.reference.clone_from(&reference);
            found = reference;
        }
        let (why, wait) = match came {
            Came::Told { words } => break (TellOutcome::Told, words),
            Came::Refused { why } => break (TellOutcome::NotTold, why),
            Came::Unknown { why } => break (TellOutcome::Unknown, why),
            Came::Later { why, after, may_be_there } => {
                telling.may_be_there |= may_be_there;
                (why, after.unwrap_or_default().max(pause))
            }
        };
        let given_up = || if telling.may_be_there { TellOutcome::Unknown } else { TellOutcome::NotTold };
        if tries >= TRIES {
            break (given_up(), format!("{why}; given up after {tries} tries"));
        }
        if Instant::now() + wait > until {
            break (given_up(), format!("{why}; it asks for {} s, which is too long to wait", wait.as_secs()));
        }
        if cancel.run_until_cancelled(sleep(wait)).await.is_none() {
            break (given_up(), format!("{why}; flightdeck ended before it was tried again"));
        }
        pause *= 2;
    };
    Notified { outcome, words, reference: found }
}

fn unknown(why: &str) -> Said {
    Said { came: Came::Unknown { why: why.to_owned() }, reference: None }
}
