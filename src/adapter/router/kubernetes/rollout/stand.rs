//! Where a Rollout stands.
//!
//! It is written into a reading's generation, so that a proposal is void as soon as the Rollout has gone on, and so that
//! a change can be worked out from a reading alone.

use std::fmt;

use serde_json::Value;

use super::super::misfit;
use super::Config;
use crate::domain::reading::Underway;
use crate::domain::{NativeSplit, Trouble};

/// Where a Rollout stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stand {
    pub(super) generation: u64,
    /// The step, counted from 0; as many as there are when all are done.
    pub(super) step: usize,
    /// What it does there.
    pub(super) state: State,
    /// The share of the next step that sets one; `None` when only the end is left.
    pub(super) next: Option<u32>,
    /// The share of the first step that sets one.
    pub(super) first: Option<u32>,
    /// What the pods of the template have.
    pub(super) canary: u32,
    /// What the version before has.
    pub(super) stable: u32,
}

/// What a Rollout does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// It pauses at a step, until somebody promotes it or a time is over.
    Paused,
    /// Somebody paused it, or an analysis was inconclusive: a person's matter.
    Held,
    /// It is on its way to its next pause.
    Running,
    /// It was aborted.
    Aborted,
    /// The template's version has everything.
    Promoted,
}

const STATES: [(State, &str); 5] = [
    (State::Paused, "paused"),
    (State::Held, "held"),
    (State::Running, "running"),
    (State::Aborted, "aborted"),
    (State::Promoted, "promoted"),
];

impl fmt::Display for Stand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = STATES.iter().find(|(state, _)| *state == self.state).map_or("", |(_, word)| word);
        let share = |share: Option<u32>| share.map_or_else(|| "end".to_owned(), |share| share.to_string());
        let (next, first) = (share(self.next), share(self.first));
        write!(f, "{} step {} {state} next {next} first {first}", self.generation, self.step)
    }
}

impl Stand {
    /// Reads what [`fmt::Display`] wrote.
    pub(super) fn parse(text: &str, native: &NativeSplit) -> Option<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        let [generation, "step", step, state, "next", next, "first", first] = words.as_slice() else { return None };
        let share = |word: &str| if word == "end" { Some(None) } else { word.parse().ok().map(Some) };
        let weight = |name: &str| native.0.iter().find(|each| each.reference.ends_with(name)).map(|each| each.weight);
        Some(Self {
            generation: generation.parse().ok()?,
            step: step.parse().ok()?,
            state: STATES.iter().find(|(_, word)| word == state)?.0,
            next: share(next)?,
            first: share(first)?,
            canary: weight(".canary")?,
            stable: weight(".stable")?,
        })
    }

    /// Where a Rollout stands, as it says itself.
    pub(super) fn of(what: &str, object: &Value) -> Result<Self, Trouble> {
        let Some(steps) = object.pointer("/spec/strategy/canary/steps").and_then(Value::as_array) else {
            let why = "it has no canary steps, so that there is no share to promote it to";
            return Err(misfit(what, why, "steer a Rollout whose spec.strategy.canary has steps"));
        };
        let most = object.pointer("/spec/strategy/canary/trafficRouting/maxTrafficWeight").and_then(Value::as_u64);
        if most.is_some_and(|most| most != 100) {
            let why = "its weights are not of 100: trafficRouting.maxTrafficWeight says otherwise";
            return Err(misfit(what, why, "leave maxTrafficWeight out of the Rollout"));
        }
        let status = |pointer: &str| object.pointer(&format!("/status{pointer}"));
        let text = |pointer: &str| status(pointer).and_then(Value::as_str).unwrap_or_default();
        let step = status("/currentStepIndex").and_then(Value::as_u64).unwrap_or(0);
        let step = usize::try_from(step).unwrap_or(usize::MAX).min(steps.len());
        let share = |step: &Value| step["setWeight"].as_u64().and_then(|share| u32::try_from(share).ok());
        let is_promoted = !text("/stableRS").is_empty() && text("/stableRS") == text("/currentPodHash");
        let pauses = status("/pauseConditions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let state = if is_promoted {
            State::Promoted
        } else if status("/abort") == Some(&Value::Bool(true)) {
            State::Aborted
        } else if object.pointer("/spec/paused") == Some(&Value::Bool(true)) {
            State::Held
        } else if pauses.is_empty() {
            State::Running
        } else if pauses.iter().all(|pause| pause["reason"] == "CanaryPauseStep") {
            State::Paused
        } else {
            State::Held
        };
        let by_steps = || steps.iter().take(step.saturating_add(1)).rev().find_map(share).unwrap_or(0);
        let routed = status("/canary/weights/canary/weight").and_then(Value::as_u64);
        let routed = routed.map(|weight| u32::try_from(weight).unwrap_or(100).min(100));
        let (canary, stable) = match state {
            State::Promoted => (100, 0),
            State::Aborted => {
                let canary = routed.unwrap_or(0);
                (canary, 100 - canary)
            }
            State::Paused | State::Held | State::Running => {
                let canary = routed.unwrap_or_else(|| by_steps().min(100));
                (canary, 100 - canary)
            }
        };
        Ok(Self {
            generation: object.pointer("/metadata/generation").and_then(Value::as_u64).unwrap_or(0),
            step,
            state,
            next: steps.iter().skip(step.saturating_add(1)).find_map(share),
            first: steps.iter().find_map(share),
            canary,
            stable,
        })
    }
}

/// Work that is still to move the weights.
pub(super) fn underway(stand: &Stand, object: &Value) -> Option<Underway> {
    let status = |key: &str| object.pointer(&format!("/status/{key}"));
    // A string in a Rollout.
    let seen = status("observedGeneration").and_then(Value::as_str).unwrap_or_default();
    let message = status("message").and_then(Value::as_str).filter(|message| !message.is_empty()).map(str::to_owned);
    let is_progressing = status("phase").and_then(Value::as_str) == Some("Progressing");
    let what = if seen != stand.generation.to_string() {
        format!("the Rollout's controller takes over generation {}", stand.generation)
    } else if stand.state == State::Running || is_progressing && stand.state != State::Paused {
        format!("the Rollout goes through step {}", stand.step)
    } else {
        return None;
    };
    Some(Underway { what, waits_for: message, ..Underway::default() })
}

/// What an operator must know of it.
pub(super) fn warnings(config: &Config, stand: &Stand, object: &Value) -> Vec<String> {
    let mut found = Vec::new();
    match stand.state {
        State::Promoted => found.push(
            "no rollout is under way: the template's version has everything, and a new one begins when the template changes".to_owned(),
        ),
        State::Aborted => found.push(
            "it was aborted: the version before has the traffic, and the template still names the new one; put the template back where it is kept, \
             or retry"
                .to_owned(),
        ),
        State::Held => found.push(
            "it is held by a person or an inconclusive analysis: see `kubectl argo rollouts get rollout`, and promote it there".to_owned(),
        ),
        State::Paused | State::Running => {}
    }
    let steps = object.pointer("/spec/strategy/canary/steps").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut shares: Vec<u64> = steps.iter().filter_map(|step| step["setWeight"].as_u64()).collect();
    let mut named: Vec<u64> = config.steps.iter().map(|step| u64::from(*step)).collect();
    for all in [&mut shares, &mut named] {
        all.retain(|share| (1..100).contains(share));
        all.sort_unstable();
        all.dedup();
    }
    if shares != named {
        found.push(format!("its steps set {shares:?}, and the profile's `steps` say {named:?}: correct the profile"));
    }
    if let Some(duration) = steps.get(stand.step).and_then(|step| step.pointer("/pause/duration")) {
        let duration = duration.as_str().map_or_else(|| format!("{duration} s"), str::to_owned);
        found.push(format!("its pause of {duration} ends by itself, and the next step begins without anybody's key"));
    }
    if object.pointer("/spec/strategy/canary/trafficRouting").is_none_or(Value::is_null) {
        found.push("it has no trafficRouting: shares are only as near as numbers of pods can be".to_owned());
    }
    let others = object.pointer("/status/canary/weights/additional").and_then(Value::as_array);
    if others.is_some_and(|others| !others.is_empty()) {
        found.push("an experiment of it gets a share too: those shown are of the two versions".to_owned());
    }
    found
}
