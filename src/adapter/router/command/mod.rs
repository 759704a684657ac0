#![doc = include_str!("page.md")]
//!
//! # Parts
//! `config` says what the profile says, `run` runs one program, `told` understands what `read` printed.
//!
//! # Invariants
//! - No shell: words are handed over as they stand in the profile, and weights go over the input only, never into words.
//! - The fence is asked directly before `set` is started; there is nothing to connect to.
//! - A program that was started and did not end by itself leaves the change unknown; its process group is killed, so that
//!   nothing of it comes late.

mod config;
mod told;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

pub use config::Config;

use super::scale::Places;
use super::{Configured, Fence, Router, SetAnswer};
use crate::adapter::run::{Ended, Ran, run};
use crate::domain::{Capabilities, NativeSplit, Prepared, Reading, Refused, Target, Trouble, TroubleKind};

/// The exit code of `set` that means: it is not what was expected, and nothing was changed.
const MOVED: i32 = 9;
/// The exit code of `set` that means: something may have been changed.
const IN_DOUBT: i32 = 10;
/// The exit code that means: not allowed. The one that `sysexits.h` has for it.
const DENIED: i32 = 77;

/// A router behind two scripts.
#[derive(Debug)]
pub struct CommandRouter {
    config: Config,
}

impl CommandRouter {
    /// A router for one configuration. Nothing is run yet.
    pub fn new(config: Config) -> Self {
        Self { config }
    }

    async fn look(&self) -> Result<Reading, Trouble> {
        let what = format!("run `{}`", shown(&self.config.read));
        match run(&self.config.read, Vec::new(), self.config.timeout).await {
            Ran::NotStarted(error) => Err(cannot_start(&what, &error)),
            Ran::Killed { why, is_late: true } => {
                let advice = "see whether it hangs, or give the router a longer `timeout`";
                Err(Trouble::new(TroubleKind::TimedOut, what, why, advice))
            }
            Ran::Killed { why, is_late: false } => {
                let advice = "run it by hand: it prints one JSON object and ends";
                Err(Trouble::new(TroubleKind::Garbage, what, why, advice))
            }
            Ran::Ended(ended) if ended.code == Some(0) => told::reading(&self.config, &what, &ended.out),
            Ran::Ended(ended) => {
                let kind = if ended.code == Some(DENIED) { TroubleKind::Denied } else { TroubleKind::Unreachable };
                Err(Trouble::new(kind, what, ended.why(), "run it by hand to see more"))
            }
        }
    }

    async fn write(&self, prepared: &Prepared, expected: Option<&NativeSplit>, fence: &dyn Fence) -> SetAnswer {
        if let Some(expected) = expected.filter(|_| !self.config.conditional) {
            match self.look().await {
                Err(trouble) => return SetAnswer::NotSent(trouble.to_string()),
                Ok(reading) if reading.native != *expected => return SetAnswer::Moved(reading.native),
                Ok(_) => {}
            }
        }
        let input = input(&prepared.native, expected);
        if let Some(prepare) = &self.config.prepare
            && let Err(why) = self.check(prepare, &input).await
        {
            return SetAnswer::NotSent(why);
        }
        if let Err(why) = fence.may_send() {
            return SetAnswer::NotSent(why);
        }
        let what = format!("run `{}`", shown(&self.config.set));
        match run(&self.config.set, input, self.config.timeout).await {
            Ran::NotStarted(error) => SetAnswer::NotSent(cannot_start(&what, &error).to_string()),
            Ran::Killed { why, .. } => {
                SetAnswer::Unknown(format!("{what}: {why}; read the weights before anything else"))
            }
            Ran::Ended(ended) => self.judge(&what, &ended, expected).await,
        }
    }

    /// Asks whether a change can be made. Nothing is changed by that.
    async fn check(&self, prepare: &[String], input: &[u8]) -> Result<(), String> {
        let what = format!("run `{}`", shown(prepare));
        match run(prepare, input.to_vec(), self.config.timeout).await {
            Ran::NotStarted(error) => Err(cannot_start(&what, &error).to_string()),
            Ran::Killed { why, .. } => Err(format!("{what}: {why}; nothing was changed")),
            Ran::Ended(ended) if ended.code == Some(0) => Ok(()),
            Ran::Ended(ended) => Err(format!("{what}: {}; nothing was changed", ended.why())),
        }
    }

    /// What the end of `set` means.
    async fn judge(&self, what: &str, ended: &Ended, expected: Option<&NativeSplit>) -> SetAnswer {
        match ended.code {
            Some(0) => SetAnswer::Accepted,
            Some(MOVED) if expected.is_some() => {
                // It may have printed what it found.
                let found = told::reading(&self.config, what, &ended.out);
                match if found.is_ok() { found } else { self.look().await } {
                    Ok(reading) => SetAnswer::Moved(reading.native),
                    Err(trouble) => {
                        SetAnswer::Failed(format!("{what}: it says that the weights have moved, and then: {trouble}"))
                    }
                }
            }
            Some(IN_DOUBT) | None => {
                SetAnswer::Unknown(format!("{what}: {}; read the weights before anything else", ended.why()))
            }
            Some(_) => SetAnswer::Failed(format!("{what}: {}", ended.why())),
        }
    }
}

impl Ended {
    /// How it ended, with its last words.
    fn why(&self) -> String {
        let denied = if self.code == Some(DENIED) { ", which means that it is denied" } else { "" };
        let how = format!("it ended with {}{denied}", self.how);
        if self.words.is_empty() { format!("{how}, and said nothing") } else { format!("{how}: {}", self.words) }
    }
}

impl Router for CommandRouter {
    fn capabilities(&self) -> Capabilities {
        self.config.capabilities()
    }

    fn read(&self) -> BoxFuture<'_, Result<Reading, Trouble>> {
        self.look().boxed()
    }

    fn prepare(&self, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
        let places = Places { pools: &self.config.pools, scale: self.config.scale() };
        let (native, mut notes) = places.split(target, reading)?;
        let shares = native.shares(self.config.pools.iter().map(|(pool, _)| pool));
        let body = json!({ "weights": weights(&native) });
        let requests = vec![format!("{} <<< {body}", shown(&self.config.set))];
        notes.push(
            "what was seen goes along as `expected`, or null where the change is bound to its target only".to_owned(),
        );
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

/// What `set` is given.
fn input(native: &NativeSplit, expected: Option<&NativeSplit>) -> Vec<u8> {
    let body = json!({ "weights": weights(native), "expected": expected.map(weights) });
    format!("{body}\n").into_bytes()
}

fn weights(native: &NativeSplit) -> Value {
    let each = native.0.iter().map(|each| {
        let weight = json!({ "reference": each.reference, "weight": each.weight });
        (each.pool.to_string(), weight)
    });
    Value::Object(each.collect::<Map<_, _>>())
}

/// Words as a person would type them.
fn shown(words: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    let one = |word: &String| {
        if !word.is_empty() && word.chars().all(plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    };
    words.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn cannot_start(what: &str, error: &std::io::Error) -> Trouble {
    let (kind, why, advice) = match error.kind() {
        std::io::ErrorKind::NotFound => (
            TroubleKind::Unreachable,
            "there is no such program, or none of the name in its first line".to_owned(),
            "install it, or give its whole path; a shell's words and pipes need [\"sh\", \"-c\", ...]",
        ),
        std::io::ErrorKind::PermissionDenied => {
            (TroubleKind::Denied, "this user may not run it".to_owned(), "make the file executable for this user")
        }
        _ => (TroubleKind::Unreachable, error.to_string(), "run it by hand to see more"),
    };
    Trouble::new(kind, what, why, advice)
}
