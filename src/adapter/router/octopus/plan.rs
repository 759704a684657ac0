//! A change as it is shown and carried out.
//!
//! The requests that an operator confirms are what is carried out: the plan is read back from them, so that nothing learnt
//! in between makes it another one.

use serde_json::{Value, json};

use super::config::Config;
use super::names::Names;
use crate::domain::{NativeSplit, NativeWeight, Prepared};

/// What marks a release that flightdeck made.
const MARK: &str = "-flightdeck.";

/// What stands for the number that saving gives, where nothing was read.
const LATER: &str = "<Version>";

/// What a change does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Plan {
    /// Deploys a release that is there.
    Deploy {
        /// Its version.
        version: String,
    },
    /// Saves the weights, makes a release of them, deploys it.
    Save {
        /// The variable set's version that the change is bound to; `None` for a way back.
        bound: Option<u64>,
    },
}

/// The version of the release that a bound change makes.
fn bound_version(bound: u64, native: &NativeSplit) -> String {
    format!("1.{bound}.0{MARK}{}", weights(native))
}

/// The version of the release that an unbound change makes, from the variable set's version after saving.
fn free_version(saved: &str, native: &NativeSplit) -> String {
    format!("1.{saved}.1{MARK}{}", weights(native))
}

fn weights(native: &NativeSplit) -> String {
    native.0.iter().map(|weight| weight.weight.to_string()).collect::<Vec<_>>().join(".")
}

/// The names that requests are made of; those that were not asked for yet stand in angle brackets.
#[derive(Debug)]
pub(super) struct Named<'a> {
    space: &'a str,
    project: &'a str,
    environment: &'a str,
    channel: &'a str,
}

impl<'a> Named<'a> {
    pub(super) fn of(config: &'a Config, names: Option<&'a Names>) -> Self {
        match names {
            Some(names) => Self {
                space: &names.space,
                project: &names.project.name,
                environment: &names.environment.name,
                channel: &names.channel.name,
            },
            None => Self {
                space: "<space>",
                project: &config.project,
                environment: &config.environment,
                channel: config.channel.as_deref().unwrap_or("<default>"),
            },
        }
    }

    pub(super) fn release_path(&self) -> String {
        format!("/api/{}/releases/create/v1", self.space)
    }

    /// Asks for a release of what is saved. An existing one is never taken for it: it would hold what was frozen then.
    pub(super) fn release(&self, version: &str) -> Value {
        json!({
            "spaceId": self.space,
            "spaceIdOrName": self.space,
            "projectName": self.project,
            "releaseVersion": version,
            "channelName": self.channel,
            "ignoreIfAlreadyExists": false,
        })
    }

    pub(super) fn deployment_path(&self) -> String {
        format!("/api/{}/deployments/create/untenanted/v1", self.space)
    }

    /// Asks for a deployment of a release as it was frozen.
    pub(super) fn deployment(&self, version: &str) -> Value {
        json!({
            "spaceId": self.space,
            "spaceIdOrName": self.space,
            "projectName": self.project,
            "releaseVersion": version,
            "environmentNames": [self.environment],
            "updateVariableSnapshot": false,
        })
    }
}

/// Whether flightdeck made a release of this version.
pub(super) fn is_marked(version: &str) -> bool {
    version.contains(MARK)
}

impl Plan {
    /// The version of the release that it makes or deploys, once `saved` is the variable set's version after saving.
    pub(super) fn version(&self, saved: u64, native: &NativeSplit) -> String {
        match self {
            Self::Deploy { version } => version.clone(),
            Self::Save { bound: Some(bound) } => bound_version(*bound, native),
            Self::Save { bound: None } => free_version(&saved.to_string(), native),
        }
    }

    /// Its requests, for people.
    pub(super) fn shown(&self, config: &Config, names: Option<&Names>, native: &NativeSplit) -> Vec<String> {
        let at = &config.at;
        let place = Named::of(config, names);
        let mut requests = Vec::new();
        let version = match self {
            Self::Deploy { version } => version.clone(),
            Self::Save { bound } => {
                let set = names.map_or("<variable set>", |names| names.project.variable_set_id.as_str());
                let bound_to = bound.map_or_else(|| LATER.to_owned(), |bound| bound.to_string());
                let value = |each: &NativeWeight| json!({ "Name": each.reference, "Value": each.weight.to_string() });
                let values: Vec<String> = native.0.iter().map(|each| value(each).to_string()).collect();
                let body =
                    format!("{{\"Version\":{bound_to},\"Variables\":[{}, all others as read]}}", values.join(","));
                requests.push(format!("PUT {at}/api/{}/variables/{set} {body}", place.space));
                let version = match bound {
                    Some(bound) => bound_version(*bound, native),
                    None => free_version(LATER, native),
                };
                requests.push(format!("POST {at}{} {}", place.release_path(), place.release(&version)));
                version
            }
        };
        requests.push(format!("POST {at}{} {}", place.deployment_path(), place.deployment(&version)));
        requests
    }

    /// The plan that was shown; `None` when these requests are not of this router.
    pub(super) fn of(prepared: &Prepared) -> Option<Self> {
        let last = prepared.requests.last()?;
        let (_, rest) = last.split_once("\"releaseVersion\":\"")?;
        let (version, _) = rest.split_once('"')?;
        if prepared.requests.len() == 1 {
            return Some(Self::Deploy { version: version.to_owned() });
        }
        let number = version.strip_prefix("1.")?.split('.').next()?;
        if number == LATER {
            return Some(Self::Save { bound: None });
        }
        Some(Self::Save { bound: Some(number.parse().ok()?) })
    }
}
