//! A variable set as the JSON that it is, and its rules.
//!
//! The same name may be there many times with different scopes. A weight is the one value that holds for the environment and
//! the channel: one that is scoped to the environment before one that is not, as Octopus itself chooses. Where a second one
//! remains, or one that holds for some targets, steps or tenants alone, nobody can say which weight is meant.

use serde::Deserialize;
use serde_json::Value;

use super::names::Names;
use crate::domain::PoolId;

/// A variable set.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(transparent)]
pub(super) struct Set(Value);

/// Where a value must hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) environment: &'a str,
    pub(super) channel: &'a str,
}

/// One weight in a set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Weight {
    /// Its pool.
    pub(super) pool: PoolId,
    /// The variable's name.
    pub(super) name: String,
    /// The weight.
    pub(super) value: u32,
    /// Which of the set's variables it is.
    index: usize,
}

impl Set {
    /// What a save must carry so that nobody else's is lost.
    pub(super) fn version(&self) -> Option<u64> {
        self.0.get("Version")?.as_u64()
    }

    /// Every pool's weight; else why there is none.
    pub(super) fn weights(&self, pools: &[(PoolId, String)], place: Place<'_>) -> Result<Vec<Weight>, String> {
        let one = |(pool, name): &(PoolId, String)| {
            let index = self.only(name, place)?;
            let variable = self.all().get(index);
            if variable.is_some_and(is_sensitive) {
                return Err(format!("variable `{name}` is sensitive, so that nobody can read it"));
            }
            let text = variable.and_then(|each| each.get("Value")).and_then(Value::as_str).unwrap_or_default();
            let value = text.trim().parse().ok().filter(|value| *value <= 1_000_000);
            let value = value.ok_or_else(|| format!("variable `{name}` is {}, no whole number", shown(text)))?;
            Ok(Weight { pool: pool.clone(), name: name.clone(), value, index })
        };
        pools.iter().map(one).collect()
    }

    /// The same set with other weights, each as (name, weight), and nothing else changed.
    pub(super) fn with(&self, weights: &[Weight], wanted: &[(String, u32)]) -> Value {
        let mut changed = self.0.clone();
        let variables = changed.get_mut("Variables").and_then(Value::as_array_mut);
        let Some(variables) = variables else { return changed };
        for weight in weights {
            let Some((_, wanted)) = wanted.iter().find(|(name, _)| *name == weight.name) else { continue };
            if let Some(variable) = variables.get_mut(weight.index).and_then(Value::as_object_mut) {
                variable.insert("Value".to_owned(), Value::String(wanted.to_string()));
            }
        }
        changed
    }

    /// What is saved otherwise than in `live`: the weights with both values, every other variable by its name.
    pub(super) fn differences(&self, live: &Self, weights: &[Weight], live_weights: &[Weight]) -> Vec<String> {
        let mut found: Vec<String> = weights
            .iter()
            .filter_map(|mine| {
                let theirs = live_weights.iter().find(|theirs| theirs.name == mine.name)?;
                (mine.value != theirs.value).then(|| format!("{} {} (live {})", mine.name, mine.value, theirs.value))
            })
            .collect();
        let is_weight = |name: &str| weights.iter().any(|weight| weight.name == name);
        let mut others: Vec<&str> = Vec::new();
        for (one, other) in [(self, live), (live, self)] {
            for variable in one.all() {
                let same = |each: &&Value| name(each) == name(variable) && each.get("Scope") == variable.get("Scope");
                let twins = || other.all().iter().filter(same);
                let differs = !twins().any(|twin| twin.get("Value") == variable.get("Value"));
                if differs && !is_weight(name(variable)) && !others.contains(&name(variable)) {
                    others.push(name(variable));
                }
            }
        }
        if let Some(first) = others.first() {
            found.push(match others.len() {
                1 => format!("`{}` too", shown_name(first)),
                more => format!("`{}` and {} other variables too", shown_name(first), more - 1),
            });
        }
        found
    }

    /// The weights whose variables hold for more than this environment.
    pub(super) fn shared<'a>(&'a self, weights: &'a [Weight]) -> impl Iterator<Item = &'a str> {
        let alone =
            |weight: &&Weight| self.all().get(weight.index).is_some_and(|each| scope(each, "Environment").len() != 1);
        weights.iter().filter(alone).map(|weight| weight.name.as_str())
    }

    fn all(&self) -> &[Value] {
        self.0.get("Variables").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The one variable of a name that holds at a place.
    fn only(&self, wanted: &str, place: Place<'_>) -> Result<usize, String> {
        let named: Vec<(usize, &Value)> =
            self.all().iter().enumerate().filter(|(_, each)| name(each).eq_ignore_ascii_case(wanted)).collect();
        let fitting: Vec<(usize, &Value)> = named.iter().copied().filter(|(_, each)| may_hold(each, place)).collect();
        let scoped: Vec<&(usize, &Value)> =
            fitting.iter().filter(|(_, each)| !scope(each, "Environment").is_empty()).collect();
        let is_plain = fitting.iter().all(|(_, each)| only_by_place(each));
        match (fitting.as_slice(), scoped.as_slice()) {
            ([], _) if named.is_empty() => {
                let known: Vec<String> = self.all().iter().map(|each| shown_name(name(each))).take(12).collect();
                Err(format!("there is no variable `{wanted}`, only {}", known.join(", ")))
            }
            ([], _) => Err(format!("variable `{wanted}` has no value for this environment and channel")),
            ([(index, _)], _) | (_, [(index, _)]) if is_plain => Ok(*index),
            (several, _) => {
                let all: Vec<String> = several.iter().map(|(_, each)| scopes(each)).collect();
                Err(format!("variable `{wanted}` has several values that may hold here: {}", all.join("; ")))
            }
        }
    }
}

impl Names {
    /// Where the project's own variables must hold.
    pub(super) fn place(&self) -> Place<'_> {
        Place { environment: &self.environment.id, channel: &self.channel.id }
    }
}

fn name(variable: &Value) -> &str {
    variable.get("Name").and_then(Value::as_str).unwrap_or_default()
}

fn is_sensitive(variable: &Value) -> bool {
    variable.get("IsSensitive").and_then(Value::as_bool).unwrap_or_default()
        || variable.get("Type").and_then(Value::as_str) == Some("Sensitive")
}

/// One list of a variable's scope.
fn scope<'a>(variable: &'a Value, key: &str) -> &'a [Value] {
    variable.get("Scope").and_then(|scope| scope.get(key)).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn may_hold(variable: &Value, place: Place<'_>) -> bool {
    let allows = |key: &str, id: &str| {
        let list = scope(variable, key);
        list.is_empty() || list.iter().any(|each| each.as_str() == Some(id))
    };
    allows("Environment", place.environment) && allows("Channel", place.channel)
}

/// Whether nothing but environments and channels says where it holds.
fn only_by_place(variable: &Value) -> bool {
    let keys = variable.get("Scope").and_then(Value::as_object);
    keys.is_none_or(|keys| {
        keys.iter().all(|(key, list)| {
            ["Environment", "Channel"].contains(&key.as_str()) || list.as_array().is_none_or(Vec::is_empty)
        })
    })
}

/// A scope for people: `Environment Environments-3, Role web`.
fn scopes(variable: &Value) -> String {
    let keys = variable.get("Scope").and_then(Value::as_object);
    let parts: Vec<String> = keys
        .into_iter()
        .flatten()
        .filter_map(|(key, list)| {
            let ids: Vec<&str> = list.as_array()?.iter().filter_map(Value::as_str).collect();
            (!ids.is_empty()).then(|| format!("{key} {}", ids.join("/")))
        })
        .collect();
    if parts.is_empty() { "no scope".to_owned() } else { shown_name(&parts.join(", ")) }
}

fn shown(value: &str) -> String {
    if value.is_empty() { "empty".to_owned() } else { format!("`{}`", shown_name(value)) }
}

/// Text of the server's for people: one line, harmless, short.
pub(super) fn shown_name(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(80).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HERE: Place<'static> = Place { environment: "Environments-3", channel: "Channels-1" };

    fn set(variables: &Value) -> Set {
        Set(json!({ "Version": 7, "Variables": variables }))
    }

    fn of(variables: &Value) -> Result<Vec<u32>, String> {
        let pools = [(PoolId::from("blue"), "Blue".to_owned())];
        set(variables).weights(&pools, HERE).map(|found| found.iter().map(|weight| weight.value).collect())
    }

    #[test]
    fn the_value_of_the_environment_goes_before_the_one_of_all() {
        let everywhere = json!({ "Name": "Blue", "Value": "1", "Scope": {} });
        let here = json!({ "Name": "Blue", "Value": "2", "Scope": { "Environment": ["Environments-3"] } });
        let there = json!({ "Name": "Blue", "Value": "3", "Scope": { "Environment": ["Environments-9"] } });
        assert_eq!(of(&json!([everywhere, here, there])), Ok(vec![2]));
        assert_eq!(of(&json!([everywhere, there])), Ok(vec![1]));
        let why = of(&json!([there])).expect_err("it holds elsewhere alone");
        assert_eq!(why, "variable `Blue` has no value for this environment and channel");
    }

    #[test]
    fn a_weight_that_may_be_another_one_is_refused() {
        let one = json!({ "Name": "Blue", "Value": "1", "Scope": { "Environment": ["Environments-3"] } });
        for scope in [
            json!({ "Environment": ["Environments-3", "Environments-4"] }),
            json!({ "Environment": ["Environments-3"], "Role": ["edge"] }),
            json!({ "Machine": ["Machines-1"] }),
        ] {
            let other = json!({ "Name": "Blue", "Value": "2", "Scope": scope });
            let why = of(&json!([one, other])).expect_err("both may hold");
            assert!(why.starts_with("variable `Blue` has several values that may hold here: "), "{why}");
        }
        let alone = json!({ "Name": "Blue", "Value": "2", "Scope": { "Role": ["edge"] } });
        assert!(of(&json!([alone])).is_err(), "what holds for some targets alone is no weight of the project");
    }

    #[test]
    fn what_is_no_weight_is_said() {
        let with = |value: Value, is_sensitive: bool| {
            of(&json!([{ "Name": "Blue", "Value": value, "IsSensitive": is_sensitive }])).expect_err("it is no weight")
        };
        assert_eq!(with(json!("#{Half}"), false), "variable `Blue` is `#{Half}`, no whole number");
        assert_eq!(with(Value::Null, false), "variable `Blue` is empty, no whole number");
        assert_eq!(with(Value::Null, true), "variable `Blue` is sensitive, so that nobody can read it");
        assert_eq!(of(&json!([{ "Name": "Green" }])), Err("there is no variable `Blue`, only Green".to_owned()));
    }
}
