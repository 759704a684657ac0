//! Any HTTP interface that holds weights: the profile says what to ask, where in a JSON answer the weights stand, and what to
//! send.
//!
//! # Parts
//! `config` reads the profile and tries every template with made-up weights; `look` takes an answer apart; `request` makes
//! what is sent, from `template`s.
//!
//! # Invariants
//! - A template that cannot be filled in is refused when the profile is loaded, and so is a body that does not become JSON.
//! - Where the request carries what was read (`if_match`, or `{{ generation }}` in a template), it is read directly before
//!   each try, and the system compares. Elsewhere it is compared here, and a gap remains.
//! - With one request for each pool the fence is asked before each of them, and weights that rise go first. A change that
//!   stops in the middle is unknown until it is read.
//! - Only an answer that the profile names as a yes is one.

mod config;
mod look;
mod request;
mod template;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

pub use config::{Config, Credentials, Look};
pub use request::Set;

use self::look::Seen;
use super::scale::Places;
use super::{Configured, Fence, Router, SetAnswer};
use crate::adapter::http::{Answer, Client};
use crate::domain::{Capabilities, NativeSplit, Prepared, Reading, Refused, Target, Trouble, TroubleKind};

/// How often a change is tried that is bound to nothing but its target, while others write too.
const TRIES: usize = 3;

/// One router behind an HTTP interface.
#[derive(Debug)]
pub struct Rest {
    config: Config,
    client: Client,
}

/// What became of one try to write.
enum Tried {
    /// It is over, in this way.
    Over(SetAnswer),
    /// The system says that what was read is no longer so.
    Moved(String),
}

impl Rest {
    /// A router for one configuration. Nothing is sent yet.
    ///
    /// # Errors
    /// When a certificate cannot be read.
    pub fn new(config: Config) -> Result<Self, Trouble> {
        let client = config.client()?;
        Ok(Self { config, client })
    }

    async fn see(&self) -> Result<Seen, Trouble> {
        let seen = self.config.read.see(&self.client, self.config.factor).await?;
        if self.config.set.if_match && seen.generation.is_empty() {
            let what = format!("read {}{}", self.config.at, self.config.read.path);
            let advice = "leave `if_match` out, or name in `read.generation` what it compares";
            return Err(Trouble::new(TroubleKind::Mismatch, what, "its answer has no entity tag", advice));
        }
        Ok(seen)
    }

    /// What is live, where that is read elsewhere.
    async fn live(&self) -> Result<Option<NativeSplit>, Trouble> {
        match &self.config.verify {
            None => Ok(None),
            Some(verify) => Ok(Some(verify.see(&self.client, self.config.factor).await?.native)),
        }
    }

    async fn look(&self) -> Result<Reading, Trouble> {
        let seen = self.see().await?;
        let live = self.live().await?;
        self.config.read.reading(seen, self.config.in_its_words(live))
    }

    async fn write(&self, prepared: &Prepared, expected: Option<&NativeSplit>, fence: &dyn Fence) -> SetAnswer {
        let what = format!("set {}", self.config.at);
        let is_conditional = self.config.set.is_conditional();
        let mut said = String::new();
        for _ in 0..TRIES {
            let mut generation = String::new();
            if expected.is_some() || is_conditional {
                let seen = match self.see().await {
                    Ok(seen) => seen,
                    Err(trouble) => return SetAnswer::NotSent(trouble.to_string()),
                };
                let live = match self.live().await {
                    Ok(live) => self.config.in_its_words(live).unwrap_or(seen.native),
                    Err(trouble) => return SetAnswer::NotSent(trouble.to_string()),
                };
                if expected.is_some_and(|expected| *expected != live) {
                    return SetAnswer::Moved(live);
                }
                generation = seen.generation;
            }
            match self.send(&what, prepared, &generation, fence).await {
                Tried::Over(answer) => return answer,
                Tried::Moved(words) => said = words,
            }
            if !is_conditional {
                break;
            }
        }
        SetAnswer::Failed(format!("{said}; read it again and propose anew"))
    }

    async fn send(&self, what: &str, prepared: &Prepared, generation: &str, fence: &dyn Fence) -> Tried {
        let at = self.config.at.to_string();
        let made = match self.config.set.make(&at, &prepared.native, self.config.factor, generation) {
            Ok(made) => made,
            Err(why) => return Tried::Over(SetAnswer::NotSent(format!("{what}: {why}; correct `set` in the profile"))),
        };
        let all = made.len();
        for (done, each) in made.into_iter().enumerate() {
            let answer = match self.client.write(&each.request, fence).await {
                Ok(answer) => self.judge(what, &answer),
                Err(failure) => Tried::Over(failure.set_answer(what)),
            };
            if matches!(answer, Tried::Over(SetAnswer::Accepted)) {
                continue;
            }
            if done == 0 {
                return answer;
            }
            let why = match answer {
                Tried::Over(SetAnswer::NotSent(why) | SetAnswer::Failed(why) | SetAnswer::Unknown(why))
                | Tried::Moved(why) => why,
                Tried::Over(answer @ (SetAnswer::Accepted | SetAnswer::Moved(_))) => return Tried::Over(answer),
            };
            return Tried::Over(SetAnswer::Unknown(format!(
                "{why}; {done} of {all} requests were taken before it: read the weights before anything else"
            )));
        }
        Tried::Over(SetAnswer::Accepted)
    }

    /// What a whole answer to a write means.
    fn judge(&self, what: &str, answer: &Answer) -> Tried {
        let Answer { status, .. } = answer;
        let set = &self.config.set;
        let is_yes = if set.accepts.is_empty() { answer.is_success() } else { set.accepts.contains(status) };
        // What stands before a system says yes with a page to log in at.
        let is_page = answer.header("content-type").starts_with("text/html");
        if is_yes && is_page {
            let why =
                format!("{what}: it answered {status} with a page for people; read the weights before anything else");
            return Tried::Over(SetAnswer::Unknown(why));
        }
        if is_yes {
            return Tried::Over(SetAnswer::Accepted);
        }
        let said = answer.refusal(what).to_string();
        match status {
            status if set.moved.contains(status) => Tried::Moved(said),
            400..500 => Tried::Over(SetAnswer::Failed(said)),
            // A failure of whatever stands in between, or a yes that the profile does not know, proves nothing.
            _ => Tried::Over(SetAnswer::Unknown(format!("{said}; read the weights before anything else"))),
        }
    }
}

impl Router for Rest {
    fn capabilities(&self) -> Capabilities {
        self.config.capabilities()
    }

    fn read(&self) -> BoxFuture<'_, Result<Reading, Trouble>> {
        self.look().boxed()
    }

    fn prepare(&self, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
        let places = Places { pools: &self.config.read.weights, scale: self.config.scale() };
        let (mut native, notes) = places.split(target, reading)?;
        if self.config.set.each {
            // Weights that rise go first; where it is not known which do, the heavy ones.
            let rises = |weight: &crate::domain::NativeWeight| {
                let before = reading.and_then(|reading| {
                    reading.native.0.iter().find(|each| each.reference == weight.reference).map(|each| each.weight)
                });
                before.is_some_and(|before| weight.weight > before)
            };
            native.0.sort_by_key(|weight| (!rises(weight), std::cmp::Reverse(weight.weight)));
        }
        let shares = native.shares(self.config.read.weights.iter().map(|(pool, _)| pool));
        // A change that carries what was read carries what is read then.
        let generation = reading.map_or("GENERATION", |reading| reading.generation.as_str());
        let made = self.config.set.make(&self.config.at.to_string(), &native, self.config.factor, generation);
        let made = made
            .map_err(|unfit| Refused::new("", "prepare a change", unfit.to_string(), "correct `set` in the profile"))?;
        let requests = made.into_iter().map(|each| each.shown).collect();
        Ok(Prepared { requests, native, shares, notes })
    }

    fn set<'a>(
        &'a self,
        prepared: &'a Prepared,
        expected: Option<&'a NativeSplit>,
        fence: &'a dyn Fence,
    ) -> BoxFuture<'a, SetAnswer> {
        self.write(prepared, expected, fence).boxed()
    }
}
