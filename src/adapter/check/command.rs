//! What a program of this machine says: its exit code, and its first output.
//!
//! Program and arguments run as they are written, without a shell, and nothing is filled in: no version and no name of
//! the session can become part of a command. It is killed with all that it started when its time is over.
//!
//! A program that cannot be started, is killed, or says by its exit code that it cannot tell, is inconclusive.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use regex::Regex;

use super::{Check, Configured, say};
use crate::adapter::run::{Ended, Ran, run};
use crate::domain::check::{Answer, Asking, Verdict};
use crate::domain::{Timestamp, Trouble, TroubleKind};
use crate::setting::{Table, Wrong, command, count, regex};

/// What a shell, or `env`, says of a program that is not there or may not be run.
const NOT_RUN: [i32; 2] = [126, 127];

/// One program with what it must say.
#[derive(Clone, Debug)]
pub struct Config {
    /// Program and arguments.
    pub run: Vec<String>,
    /// The exit codes that pass.
    pub pass: Vec<i32>,
    /// The exit codes that say that it cannot tell.
    pub unsure: Vec<i32>,
    /// What its output must match.
    pub matches: Option<Regex>,
    /// What of its output is the value that `same_as_before` compares: the first group, or all that matches.
    pub value: Option<Regex>,
    /// Whether it is compared with its own first answer.
    pub compares: bool,
    /// How long it may run.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "command"`.
    pub fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let doc = "The program and its arguments; no shell, nothing is filled in. It must change nothing.";
        let run = table.required("run", doc, &command());
        let codes = || count(0, 255).list("a list of exit codes, such as [0]");
        let pass = table.optional("pass", "The exit codes that pass. Default [0].", &codes());
        let doc = "The exit codes that say that it cannot tell; every other one fails.";
        let unsure = table.optional("unsure", doc, &codes());
        let doc = "A regular expression that its output must match.";
        let matches = table.optional("matches", doc, &regex());
        let doc = "A regular expression for the value that `same_as_before` compares: its first group, or all that matches. \
                   Else the whole output.";
        let value = table.optional("value", doc, &regex());
        let numbers = |codes: Vec<crate::setting::Found<usize>>| -> Vec<i32> {
            codes.into_iter().map(|code| i32::try_from(code.value).unwrap_or(0)).collect()
        };
        let pass = pass.map_or_else(|| vec![0], |pass| numbers(pass.value));
        let spot = table.spot_if_written("unsure");
        let unsure = unsure.map(|unsure| numbers(unsure.value)).unwrap_or_default();
        if let (Some(spot), Some(both)) = (spot, unsure.iter().find(|code| pass.contains(code))) {
            table.report().refuse(&spot, Wrong::new(format!("holds {both}, which passes already")));
        }
        if let Some(spot) = table.spot_if_written("value").filter(|_| !table.has("same_as_before")) {
            table.report().refuse(&spot, Wrong::new("goes with `same_as_before` only").advice("leave it out"));
        }
        let compares = table.has("same_as_before");
        // The kind has read them as such already.
        let expression = |found: Option<crate::setting::Found<String>>| found.and_then(|found| Regex::new(&found).ok());
        Some(Self {
            run: run?.value,
            pass,
            unsure,
            matches: expression(matches),
            value: expression(value),
            compares,
            timeout,
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        Ok(Arc::new(Command(self.clone())))
    }
}

struct Command(Config);

impl Check for Command {
    fn ask<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Answer> {
        async move {
            let ran = run(&self.0.run, Vec::new(), self.0.timeout).await;
            let answer = self.answer(ran, asking);
            let words = ("command".to_owned(), self.0.run.join(" "));
            Answer { evidence: std::iter::once(words).chain(answer.evidence).collect(), ..answer }
        }
        .boxed()
    }

    /// Looks whether the program is there; it is not run.
    fn probe(&self, _now: Timestamp) -> BoxFuture<'_, Result<String, Trouble>> {
        async move {
            let program = self.0.run.first().map(String::as_str).unwrap_or_default();
            let Some(found) = crate::adapter::run::find(program).await else {
                let what = format!("find `{program}`");
                let why = "it is not there, or this user may not run it";
                let advice = "write its whole path, or install it";
                return Err(Trouble::new(TroubleKind::Unreachable, what, why, advice));
            };
            Ok(format!("{} is there; it is not run now", found.display()))
        }
        .boxed()
    }
}

impl Command {
    fn answer(&self, ran: Ran, asking: &Asking) -> Answer {
        let ended = match ran {
            Ran::NotStarted(error) => {
                let words = format!("it cannot be started: {error}");
                return say::inconclusive(words, asking)
                    .with("to do", "see whether it is there, and whether this user may run it");
            }
            Ran::Killed { why, .. } => return say::inconclusive(say::quoted(&why), asking),
            Ran::Ended(ended) => ended,
        };
        let Some(code) = ended.code else {
            return say::inconclusive(format!("it was ended from outside, {}", ended.how), asking);
        };
        let out = String::from_utf8_lossy(&ended.out).into_owned();
        let (verdict, words, value) = self.judge(code, &out, &ended, asking);
        let mut answer =
            Answer::new(verdict, words, asking.now).with("exit code", format!("{code}, passes: {:?}", self.0.pass));
        answer.value = value;
        for (name, text) in [("output", out.as_str()), ("errors", ended.words.as_str())] {
            if !text.trim().is_empty() {
                answer = answer.with(name, say::evidence(text));
            }
        }
        answer
    }

    fn judge(&self, code: i32, out: &str, ended: &Ended, asking: &Asking) -> (Verdict, String, Option<String>) {
        let Config { pass, unsure, matches, value, .. } = &self.0;
        let said = || {
            let last = if ended.words.is_empty() { out } else { ended.words.as_str() };
            let last = say::quoted(last);
            if last.is_empty() { String::new() } else { format!(": {last}") }
        };
        if unsure.contains(&code) {
            return (Verdict::Inconclusive, format!("it cannot tell, exit code {code}{}", said()), None);
        }
        if !pass.contains(&code) {
            let not_run = NOT_RUN.contains(&code);
            let verdict = if not_run { Verdict::Inconclusive } else { Verdict::Fail };
            let what = if not_run { "what it should run is not there, " } else { "" };
            return (verdict, format!("{what}exit code {code}{}", said()), None);
        }
        if let Some(pattern) = matches
            && !pattern.is_match(out)
        {
            let wanted = say::quoted(pattern.as_str());
            return if out.trim().is_empty() {
                (Verdict::Inconclusive, format!("it said nothing, where {wanted} should match"), None)
            } else {
                (Verdict::Fail, format!("{} does not match {wanted}", say::quoted(out)), None)
            };
        }
        if !self.0.compares {
            let said = say::quoted(out);
            return (Verdict::Pass, if said.is_empty() { format!("exit code {code}") } else { said }, None);
        }
        match Self::value(value.as_ref(), out) {
            Ok(found) => {
                let (verdict, words) = say::same_as_before(&found, asking);
                (verdict, words, Some(found))
            }
            Err(words) => (Verdict::Inconclusive, words, None),
        }
    }

    /// What is compared.
    fn value(pattern: Option<&Regex>, out: &str) -> Result<String, String> {
        let found = match pattern {
            None => out.trim(),
            Some(pattern) => {
                let captures = pattern.captures(out);
                let found = captures.as_ref().and_then(|found| found.get(1).or_else(|| found.get(0)));
                found.map(|found| found.as_str()).ok_or_else(|| "nothing in its output matches `value`".to_owned())?
            }
        };
        say::value(found)
    }
}
