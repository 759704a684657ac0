//! Notifiers: what tells people outside what happens to a deployment.
//!
//! # The contract
//!
//! A notifier MUST:
//! - answer within its time-out, whatever the system does;
//! - say that something was told only when the system said so in a way that its documentation names;
//! - have one effect, however often it is told the same: where the system takes a key, [`Telling::key`] is that key; where
//!   it does not, it looks for its own mark first when [`Telling::may_be_there`] says that an earlier try may have arrived;
//!   where it cannot look, it says [`Came::Unknown`] and sends nothing more;
//! - tell a no for good ([`Came::Refused`]: a wrong token, a channel that is not there) from a no for now
//!   ([`Came::Later`]: asked too often, out of order, unreachable), and hand on for how long the system asks to be left alone;
//! - show no secret in a message, and nothing personal that stands in what it quotes;
//! - send the text that it is given and no facts of its own making: what people read is written in the profile.
//!
//! A notifier SHOULD:
//! - keep to one message, incident or issue per session where the system can, and give its name as a reference, so that
//!   the next telling, in whichever cockpit, finds it ([`Said::reference`]);
//! - look without telling anybody anything in [`Notifier::probe`].
//!
//! Trying again, and how often, is not its business: see the runtime.
//!
//! To add one: a file beside this one with a configuration that is [`Configured`], a line in `kinds`, and a fake with a call
//! of the contract suite in `tests/it/adapters/notifier/`. `send` has what all of them share, `text` the texts.

mod datadog;
mod grafana;
mod jira;
mod kinds;
mod pagerduty;
mod send;
mod slack;
mod statuspage;
pub mod text;
mod webhook;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use kinds::occasions;
pub use kinds::{KINDS, NotifierKind, occasion};

use crate::domain::Trouble;
use crate::domain::notify::News;

/// The configuration of one notifier, read from a profile and not yet connected.
pub trait Configured: Debug + Send + Sync {
    /// The notifier. Nothing is sent yet.
    ///
    /// # Errors
    /// When it cannot be used here: a certificate that cannot be read.
    fn connect(&self) -> Result<Arc<dyn Notifier>, Trouble>;
}

/// One notifier.
pub trait Notifier: Send + Sync {
    /// Tells once.
    fn tell<'a>(&'a self, telling: &'a Telling) -> BoxFuture<'a, Said>;

    /// Looks whether it could tell, without telling anybody anything. Gives what was found, in a sentence.
    ///
    /// # Errors
    /// Why it could not.
    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>>;
}

/// One thing to be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Telling {
    /// Names it for good.
    pub key: String,
    /// What it is about, on one line.
    pub title: String,
    /// What people read.
    pub text: String,
    /// The facts.
    pub news: News,
    /// What the newest earlier telling of this session gave.
    pub reference: Option<String>,
    /// Whether an earlier try of this very telling may have arrived.
    pub may_be_there: bool,
}

/// What came of telling once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// Whether it is told.
    pub came: Came,
    /// What later tries and tellings of this session need, also where this one came to nothing after it was known; `None`
    /// where there is nothing new.
    pub reference: Option<String>,
}

/// Whether it is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Came {
    /// It is.
    Told {
        /// What the system said, in a sentence.
        words: String,
    },
    /// Not now; it may be tried again.
    Later {
        /// What was tried, what came back, what to do.
        why: String,
        /// For how long the system asks to be left alone.
        after: Option<Duration>,
        /// Whether it may have arrived all the same.
        may_be_there: bool,
    },
    /// It is not, and trying again would not help.
    Refused {
        /// What was tried, what came back, what to do.
        why: String,
    },
    /// It may have arrived, and there is no way to find out: it is not sent again.
    Unknown {
        /// What was tried, what came back, what to do.
        why: String,
    },
}

impl Said {
    /// What came of it, from words or from why there are none.
    fn of(result: Result<String, Came>, reference: Option<String>) -> Self {
        let came = match result {
            Ok(words) => Came::Told { words },
            Err(came) => came,
        };
        Self { came, reference }
    }
}
