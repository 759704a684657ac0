//! Key files: ordered groups of a condition and what keys mean while it holds.

use std::sync::LazyLock;

use serde::Deserialize;

use super::fact::{Fact, Facts};
use super::key::{BadKey, KeyText};
use crate::cockpit::Action;
use crate::cockpit::catalogue::catalogue;

/// What keys mean.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Keymap {
    groups: Vec<Group>,
}

/// Keys that mean something under one condition.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    /// Its heading in the help.
    pub title: String,
    /// Each fact with whether it must hold.
    when: Vec<(Fact, bool)>,
    /// Each act with its keys; the first is the one that is shown.
    pub keys: Vec<(Meaning, Vec<KeyText>)>,
}

/// What a key means.
#[derive(Clone, PartialEq, Debug)]
pub enum Meaning {
    /// An act.
    Act(Action),
    /// The key's own character, for the draft.
    Digit,
}

/// One thing that is wrong with a key file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKeys {
    /// It is not the TOML that is wanted.
    #[error("the key file cannot be read: {why}")]
    Toml {
        /// Where and why.
        why: String,
    },
    /// A condition names a fact that there is not.
    #[error("`{fact}` in the condition `{when}` is no fact; there are {known}")]
    Fact {
        /// What was written.
        fact: String,
        /// The condition.
        when: String,
        /// All facts.
        known: String,
    },
    /// An act that there is not.
    #[error("`{name}` is no act; the palette and the help name them all")]
    Act {
        /// What was written.
        name: String,
    },
    /// A key that there is not.
    #[error(transparent)]
    Key(#[from] BadKey),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKeymap {
    #[serde(default)]
    group: Vec<RawGroup>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGroup {
    title: String,
    when: String,
    keys: Vec<Vec<String>>,
}

static DEFAULT: LazyLock<Keymap> = LazyLock::new(|| {
    // A test reads the file; a keymap that cannot be read would leave a cockpit without keys, not without safety.
    Keymap::parse(include_str!("default.toml")).unwrap_or_default()
});

impl Keymap {
    /// The keys that are built in.
    pub fn built_in() -> &'static Self {
        &DEFAULT
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<BadKeys>> {
        let raw: RawKeymap = toml::from_str(text).map_err(|error| vec![BadKeys::Toml { why: error.to_string() }])?;
        let acts = catalogue();
        let mut wrong = Vec::new();
        let mut groups = Vec::new();
        for group in raw.group {
            let mut keys = Vec::new();
            for line in &group.keys {
                let Some((name, written)) = line.split_first() else { continue };
                let meaning = if name == "draft-digit" {
                    Some(Meaning::Digit)
                } else {
                    acts.iter().find(|entry| entry.name == name).map(|entry| Meaning::Act(entry.action.clone()))
                };
                let mut parsed = Vec::new();
                for key in written {
                    match key.parse() {
                        Ok(key) => parsed.push(key),
                        Err(bad) => wrong.push(BadKeys::Key(bad)),
                    }
                }
                match meaning {
                    Some(meaning) => keys.push((meaning, parsed)),
                    None => wrong.push(BadKeys::Act { name: name.clone() }),
                }
            }
            let when = read_condition(&group.when, &mut wrong);
            groups.push(Group { title: group.title, when, keys });
        }
        if wrong.is_empty() { Ok(Self { groups }) } else { Err(wrong) }
    }

    /// What a key means now: the first group whose condition holds and that has the key decides.
    pub fn meaning(&self, key: &KeyText, facts: &Facts) -> Option<Action> {
        let held = self.groups.iter().filter(|group| group.holds(facts));
        let meaning =
            held.flat_map(|group| &group.keys).find(|(_, keys)| keys.contains(key)).map(|(meaning, _)| meaning)?;
        match meaning {
            Meaning::Act(action) => Some(action.clone()),
            Meaning::Digit => key.types().map(Action::DraftDigit),
        }
    }

    /// The keys that mean an act now, the one to be shown first.
    pub fn keys_for(&self, action: &Action, facts: &Facts) -> Vec<KeyText> {
        let held = self.groups.iter().filter(|group| group.holds(facts)).flat_map(|group| &group.keys);
        let means = held.filter(|(meaning, _)| *meaning == Meaning::Act(action.clone()));
        let mut found: Vec<KeyText> = Vec::new();
        for key in means.flat_map(|(_, keys)| keys) {
            if !found.contains(key) && self.meaning(key, facts).as_ref() == Some(action) {
                found.push(*key);
            }
        }
        // Where both mean it, the plain key is shown before the one that also works in text.
        found.sort_by_key(|key| key.ctrl || key.alt);
        found
    }

    /// All groups in order, for the help.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }
}

impl Group {
    fn holds(&self, facts: &Facts) -> bool {
        self.when.iter().all(|(fact, wanted)| facts.contains(fact) == *wanted)
    }
}

fn read_condition(when: &str, wrong: &mut Vec<BadKeys>) -> Vec<(Fact, bool)> {
    let mut condition = Vec::new();
    for word in when.split_whitespace() {
        let (name, wanted) = word.strip_prefix('!').map_or((word, true), |name| (name, false));
        match Fact::ALL.iter().find(|(known, _)| *known == name) {
            Some((_, fact)) => condition.push((*fact, wanted)),
            None => wrong.push(BadKeys::Fact {
                fact: name.to_owned(),
                when: when.to_owned(),
                known: Fact::ALL.map(|(known, _)| known).join(", "),
            }),
        }
    }
    condition
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_keys_can_be_read() {
        let keymap = Keymap::parse(include_str!("default.toml"));
        assert_eq!(keymap.as_ref().err(), None);
        assert!(!Keymap::built_in().groups().is_empty());
    }

    #[test]
    fn every_act_has_a_key_or_stands_in_the_palette() {
        let keyed = |action: &Action| {
            let lines = Keymap::built_in().groups().iter().flat_map(|group| &group.keys);
            lines.into_iter().any(|(meaning, keys)| *meaning == Meaning::Act(action.clone()) && !keys.is_empty())
        };
        let mute: Vec<&str> = catalogue()
            .into_iter()
            .filter(|entry| !entry.in_palette && !keyed(&entry.action))
            .map(|entry| entry.name)
            .collect();
        assert_eq!(mute, Vec::<&str>::new());
    }

    #[test]
    fn within_a_group_no_key_means_two_things() {
        for group in Keymap::built_in().groups() {
            let mut keys: Vec<_> = group.keys.iter().flat_map(|(_, keys)| keys).collect();
            let all = keys.len();
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), all, "{}", group.title);
        }
    }

    #[test]
    fn a_bad_key_file_names_everything_that_is_wrong() {
        let wrong = Keymap::parse("[[group]]\ntitle = \"x\"\nwhen = \"moon\"\nkeys = [[\"fly\", \"hyper-x\"]]\n");
        let said: Vec<String> = wrong.expect_err("it is wrong").iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said.iter().any(|each| each.contains("`moon`")), "{said:?}");
        assert!(said.iter().any(|each| each.contains("`fly`")), "{said:?}");
        assert!(said.iter().any(|each| each.contains("`hyper-x`")), "{said:?}");
    }
}
