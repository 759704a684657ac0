//! The actions of a rule or a listener: what the forward action holds, and how all of them go back with other weights.
//!
//! A write replaces the whole list, so it carries every action as it was read: those that log people in, their order, and
//! the stickiness of the forward action. Only the weights of the pools' target groups differ.

use super::arn::Arn;
use super::config::{Config, Place};
use super::weigh::MOST;
use crate::adapter::aws::xml::Element;
use crate::domain::reading::{Admin, NativeWeight};
use crate::domain::{NativeSplit, Trouble, TroubleKind};

/// The actions as they were read.
#[derive(Clone, Debug)]
pub(super) struct Actions {
    list: Vec<Element>,
    /// Invariant: the place of the one forward action in the list.
    forward: usize,
    /// Per target group of it, the weight.
    groups: Vec<(String, u32)>,
    /// How long clients stay with their group, where they do.
    pub(super) sticky_seconds: Option<u64>,
}

impl Actions {
    /// Finds the actions of the configured place in an answer to a look or to a change.
    ///
    /// # Errors
    /// When it is not in there, has no forward action, or cannot be changed as the profile says.
    pub(super) fn find(config: &Config, what: &str, answer: &Element) -> Result<Self, Trouble> {
        let (things, name, key, noun) = match &config.place {
            Place::Rule(_) => ("Rules", "RuleArn", "Actions", "rule"),
            Place::Listener(_) => ("Listeners", "ListenerArn", "DefaultActions", "listener"),
        };
        let arn = config.place.arn();
        let garbage = |why: String| {
            let advice = "see whether that address is the one of Elastic Load Balancing";
            Trouble::new(TroubleKind::Garbage, what, why, advice)
        };
        let thing = answer
            .anywhere(things)
            .and_then(|list| list.children.iter().find(|thing| thing.text(name) == arn.as_str()))
            .ok_or_else(|| garbage(format!("its answer does not hold the {noun} that was asked for")))?;
        if matches!(config.place, Place::Rule(_)) && thing.text("IsDefault") == "true" {
            let listener = arn.listener().unwrap_or_default();
            let why = "this is the default rule of its listener, which only the listener can change";
            let advice = format!("write listener = \"{listener}\" instead of `rule`");
            return Err(Trouble::new(TroubleKind::Mismatch, what, why, advice));
        }
        let list: Vec<Element> = thing.list(key).cloned().collect();
        let Some(forward) = list.iter().position(|action| action.text("Type") == "forward") else {
            let others: Vec<&str> = list.iter().map(|action| action.text("Type")).collect();
            let why = format!("the {noun} forwards to no target group, it does {}", others.join(", "));
            let advice = format!("give it a forward action, or name another {noun} in the profile");
            return Err(Trouble::new(TroubleKind::Mismatch, what, why, advice));
        };
        let action = list.get(forward).cloned().unwrap_or_default();
        let groups = groups(&action).map_err(garbage)?;
        let sticky = action.at(&["ForwardConfig", "TargetGroupStickinessConfig"]);
        let sticky = sticky.filter(|sticky| sticky.text("Enabled") == "true");
        let sticky_seconds = sticky.map(|sticky| sticky.text("DurationSeconds").parse().unwrap_or(0));
        Ok(Self { list, forward, groups, sticky_seconds })
    }

    /// The weights of the pools' target groups, those that are in it, in the profile's order.
    pub(super) fn native(&self, config: &Config) -> NativeSplit {
        let weights = config.pools.iter().filter_map(|(pool, group)| {
            let (_, weight) = self.groups.iter().find(|(arn, _)| arn == group.as_str())?;
            let reference = group.group().to_owned();
            Some(NativeWeight { reference, pool: pool.clone(), weight: *weight, admin: Admin::Ready })
        });
        NativeSplit(weights.collect())
    }

    /// Target groups of no pool that get traffic, with their weights.
    pub(super) fn strangers<'a>(&'a self, config: &'a Config) -> impl Iterator<Item = (&'a str, u32)> {
        let known = |arn: &str| config.pools.iter().any(|(_, group)| group.as_str() == arn);
        let strange = self.groups.iter().filter(move |(arn, weight)| *weight > 0 && !known(arn));
        strange.map(|(arn, weight)| (arn.as_str(), *weight))
    }

    /// As fields of a form, under this name, with these weights.
    pub(super) fn with(&self, under: &str, weights: &[(&Arn, u32)]) -> Vec<(String, String)> {
        let mut form = Vec::new();
        for (index, action) in self.list.iter().enumerate() {
            let action = if index == self.forward { reweighed(action, weights) } else { kept(action) };
            action.fields(&format!("{under}.member.{}", index + 1), &mut form);
        }
        form
    }
}

/// The target groups of a forward action with their weights. One that names a group and nothing else gives it everything.
fn groups(action: &Element) -> Result<Vec<(String, u32)>, String> {
    let listed: Vec<&Element> =
        action.child("ForwardConfig").into_iter().flat_map(|config| config.list("TargetGroups")).collect();
    if listed.is_empty() {
        return match action.text("TargetGroupArn") {
            "" => Err("its forward action names no target group".to_owned()),
            arn => Ok(vec![(arn.to_owned(), 1)]),
        };
    }
    let weigh = |group: &&Element| {
        let arn = group.text("TargetGroupArn").to_owned();
        let weight = match group.text("Weight") {
            "" => 1,
            text => match text.parse() {
                Ok(weight) if weight <= MOST => weight,
                _ => {
                    return Err(format!(
                        "it tells a weight of {} for {arn}, and weights go from 0 to {MOST}",
                        text.escape_debug()
                    ));
                }
            },
        };
        Ok((arn, weight))
    };
    listed.iter().map(weigh).collect()
}

/// The forward action with other weights. A group that is not in it yet is added.
fn reweighed(action: &Element, weights: &[(&Arn, u32)]) -> Element {
    let tuple = |arn: &str, weight: String| {
        Element::of("member", vec![Element::leaf("TargetGroupArn", arn), Element::leaf("Weight", weight)])
    };
    let config = action.child("ForwardConfig").cloned().unwrap_or_default();
    let mut members: Vec<Element> = config.list("TargetGroups").cloned().collect();
    if members.is_empty() {
        members.push(tuple(action.text("TargetGroupArn"), "1".to_owned()));
    }
    for (arn, weight) in weights {
        let new = tuple(arn.as_str(), weight.to_string());
        match members.iter_mut().find(|member| member.text("TargetGroupArn") == arn.as_str()) {
            Some(member) => *member = new,
            None => members.push(new),
        }
    }
    let mut inner = vec![Element::of("TargetGroups", members)];
    inner.extend(config.children.into_iter().filter(|child| child.name != "TargetGroups"));
    // The short form is refused beside more than one group.
    let rest =
        action.children.iter().filter(|child| !matches!(child.name.as_str(), "TargetGroupArn" | "ForwardConfig"));
    let children = rest.cloned().chain([Element::of("ForwardConfig", inner)]).collect();
    Element::of(&action.name, children)
}

/// Any other action as it was read. AWS never tells the secret with which people are logged in, and is asked to keep it.
fn kept(action: &Element) -> Element {
    const LOGIN: &str = "AuthenticateOidcConfig";
    let mut kept = action.clone();
    if let Some(login) = kept.children.iter_mut().find(|child| child.name == LOGIN) {
        login.children.retain(|child| !matches!(child.name.as_str(), "ClientSecret" | "UseExistingClientSecret"));
        login.children.push(Element::leaf("UseExistingClientSecret", "true"));
    }
    kept
}
