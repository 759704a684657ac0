//! What leads from where a Rollout stands to a share.

use serde_json::json;

use super::Config;
use super::stand::{Stand, State};
use crate::adapter::router::kubernetes::object::Patch;
use crate::domain::reading::Admin;
use crate::domain::{NativeSplit, NativeWeight, PoolId, Refused, Target};

/// One thing that can be done with a Rollout. Each says what is to be, so that it does no harm twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Act {
    /// To this step, the pause being over.
    Promote(usize),
    /// To the end, whatever steps, pauses and analyses are left.
    PromoteFully,
    /// Back to the version before.
    Abort,
    /// From the first step again.
    Retry,
    /// Nothing: it stands there.
    Stay(usize),
}

impl Act {
    /// As it is sent, to the status.
    pub(super) fn patch(self) -> Patch {
        Patch::Merge(match self {
            Self::Promote(step) => json!({ "status": { "pauseConditions": null, "currentStepIndex": step } }),
            Self::PromoteFully => json!({ "status": { "promoteFull": true } }),
            Self::Abort => json!({ "status": { "abort": true } }),
            Self::Retry => json!({ "status": { "abort": false } }),
            Self::Stay(step) => json!({ "status": { "currentStepIndex": step } }),
        })
    }
}

/// Said of every abort.
pub(super) fn left_behind() -> String {
    "an abort leaves the template at the new version: put it back where it is kept, or the next sync begins again"
        .to_owned()
}

/// What leads to a share, and what an operator must know of it; else why nothing does.
pub(super) fn act(stand: &Stand, wanted: u32) -> Result<(Act, Vec<String>), String> {
    // What runs does not stay where it is.
    let stays = matches!(stand.state, State::Paused | State::Held | State::Promoted);
    if stays && wanted == stand.canary {
        return Ok((Act::Stay(stand.step), vec!["it stands there already: nothing changes".to_owned()]));
    }
    let steps = |next: Option<u32>| match next {
        Some(next) => format!("the next is {next} %, the end is 100 %, and the only way back is 0 %, by an abort"),
        None => "the next is 100 %, and the only way back is 0 %, by an abort".to_owned(),
    };
    match (stand.state, wanted) {
        (State::Promoted, _) => {
            Err("it is promoted, and the version before has no pods to go back to: change the template, \
                                     which begins a new rollout"
                .to_owned())
        }
        (_, 0) => Ok((Act::Abort, vec![left_behind()])),
        (State::Aborted, wanted) if Some(wanted) == stand.first => {
            Ok((Act::Retry, vec!["it begins again at its first step".to_owned()]))
        }
        (State::Aborted, _) => Err(match stand.first {
            // Nothing is also what the abort holds, so that it cannot be asked for as the way on.
            Some(0) => {
                "it was aborted, and its first step is 0 %: begin it again with `kubectl argo rollouts retry rollout`"
                    .to_owned()
            }
            Some(first) => format!("it was aborted: a retry begins at its first step, {first} %"),
            None => "it was aborted, and has no step to begin at".to_owned(),
        }),
        (State::Paused, wanted) if stand.next == Some(wanted) || stand.next.is_none() && wanted == 100 => {
            let note = "what stands between is gone through, analyses too; after that step it goes on by itself to its next pause";
            Ok((Act::Promote(stand.step + 1), vec![note.to_owned()]))
        }
        (_, 100) => {
            let note = "a full promotion skips all steps, pauses and analyses that are left";
            Ok((Act::PromoteFully, vec![note.to_owned()]))
        }
        (State::Running, _) => {
            Err(format!("it is on its way to its next pause, and is promoted from there; {}", steps(stand.next)))
        }
        (State::Held, _) => {
            Err("it is held by a person or an inconclusive analysis, which is not answered from here".to_owned())
        }
        (State::Paused, _) => Err(format!("a Rollout goes by its own steps: {}", steps(stand.next))),
    }
}

/// The split of these shares.
pub(super) fn split(config: &Config, canary: u32, stable: u32) -> NativeSplit {
    let one = |pool: &PoolId, name: &str, weight| NativeWeight {
        reference: format!("status.canary.weights.{name}"),
        pool: pool.clone(),
        weight,
        admin: Admin::Ready,
    };
    NativeSplit(vec![one(&config.stable, "stable", stable), one(&config.canary, "canary", canary)])
}

/// What is asked, for people, and the share of the canary that it means.
pub(super) fn wanted(config: &Config, target: &Target) -> Result<(String, u32), Refused> {
    match target {
        Target::Weights(weights) => {
            let what = format!("shift {weights}");
            if let Some((pool, _)) =
                weights.iter().find(|(pool, points)| points.0 > 0 && !config.pools().contains(pool))
            {
                let advice = "correct the pools in the router's mapping, or shift a pool that it has";
                return Err(Refused::new("", what, format!("this router has no pool {pool}"), advice));
            }
            let points = weights.of(&config.canary).0;
            if points % 100 != 0 {
                let why = "a Rollout's steps are whole percentages";
                return Err(Refused::new("", what, why, "ask for the share of one of its steps"));
            }
            Ok((what, points / 100))
        }
        Target::Native(native) => {
            let canary = native.0.iter().find(|weight| weight.pool == config.canary).map_or(0, |weight| weight.weight);
            let what = format!("put back {canary} % on {}", config.canary);
            if canary <= 100 && *native == split(config, canary, 100 - canary) {
                return Ok((what, canary));
            }
            let advice = "put back a split that was read with this profile";
            Err(Refused::new("", what, "these are not the weights of this Rollout", advice))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Act, Stand, State, act};

    fn stand(state: State, step: usize, canary: u32, next: Option<u32>) -> Stand {
        Stand { generation: 7, step, state, next, first: Some(20), canary, stable: 100 - canary }
    }

    #[test]
    fn only_what_leads_to_a_share_is_done() {
        let done = |stand: &Stand, wanted| act(stand, wanted).map(|(act, _)| act).ok();
        let paused = stand(State::Paused, 1, 20, Some(50));
        assert_eq!(done(&paused, 20), Some(Act::Stay(1)));
        assert_eq!(done(&paused, 50), Some(Act::Promote(2)));
        assert_eq!(done(&paused, 0), Some(Act::Abort));
        assert_eq!(done(&paused, 100), Some(Act::PromoteFully));
        assert_eq!(done(&paused, 30), None);
        let last = stand(State::Paused, 5, 80, None);
        assert_eq!(done(&last, 100), Some(Act::Promote(6)), "the analyses that are left are not skipped");
        assert_eq!(done(&last, 50), None);
        let aborted = stand(State::Aborted, 0, 0, Some(50));
        assert_eq!(done(&aborted, 20), Some(Act::Retry));
        assert_eq!(done(&aborted, 0), Some(Act::Abort));
        assert_eq!(done(&aborted, 50), None);
        let running = stand(State::Running, 0, 0, Some(50));
        assert_eq!(done(&running, 0), Some(Act::Abort), "what runs does not stay at nothing");
        assert_eq!(done(&running, 50), None);
        assert_eq!(done(&stand(State::Held, 1, 20, Some(50)), 50), None);
        let promoted = stand(State::Promoted, 6, 100, None);
        assert_eq!(done(&promoted, 100), Some(Act::Stay(6)));
        assert_eq!(done(&promoted, 0), None);
    }

    #[test]
    fn a_stand_is_read_as_it_is_written() {
        for (state, next) in [(State::Paused, Some(50)), (State::Promoted, None)] {
            let stand = stand(state, 3, 20, next);
            let config = super::Config {
                place: crate::adapter::router::kubernetes::Place {
                    cluster: crate::adapter::router::kubernetes::Through::InCluster,
                    namespace: "shop".to_owned(),
                },
                name: "app".to_owned(),
                stable: "blue".into(),
                canary: "green".into(),
                steps: vec![20],
                timeout: std::time::Duration::from_secs(1),
            };
            assert_eq!(Stand::parse(&stand.to_string(), &super::split(&config, 20, 80)), Some(stand));
        }
    }
}
