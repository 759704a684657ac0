//! What an item of the checklist asks for beside its tick, what may be run for it, and whom to call when things go wrong.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{CheckId, ItemId, SourceId, StepId, age};

/// What an item asks for beside its tick.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ItemRules {
    /// The check whose verdict stands beside the tick. The tick stays a person's.
    pub check: Option<CheckId>,
    /// How long is waited before it is ticked.
    pub wait: Option<Wait>,
    /// Items that are ticked before it.
    pub after: Vec<ItemId>,
}

/// A time to be waited.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wait {
    /// How long.
    pub span: Duration,
    /// From when on.
    pub from: WaitFrom,
}

/// From when on a time is counted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WaitFrom {
    /// From a key.
    Key,
    /// From the tick of an item.
    Item(ItemId),
    /// From the end of a step of the plan.
    Step(StepId),
}

/// How commands of items may be run; a profile without it lets nobody run any.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shell {
    /// The program and its arguments; the command is one argument more, as it is written.
    pub words: Vec<String>,
    /// The directory; `None` for the one in which flightdeck was started.
    pub directory: Option<String>,
    /// How long a command may run.
    pub limit: Duration,
    /// The variables of the environment that are handed on; `None` for all of them.
    pub environment: Option<Vec<String>>,
}

/// How a command ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "end", content = "detail", rename_all = "snake_case")]
pub enum CommandEnd {
    /// By itself, with this exit code.
    Exited {
        /// The code.
        code: i32,
    },
    /// A signal from outside ended it.
    Signalled {
        /// Its number.
        signal: i32,
    },
    /// Its time was over, and it was killed.
    TimedOut,
    /// It was cancelled, and killed.
    Cancelled,
    /// It was not begun.
    NotStarted {
        /// Why.
        why: String,
    },
    /// The cockpit in which it ran is gone, and it ended with it.
    CockpitGone,
}

impl CommandEnd {
    /// Whether it ended as a command does that found nothing wrong.
    pub fn is_good(&self) -> bool {
        *self == Self::Exited { code: 0 }
    }

    /// In a few words.
    pub fn words(&self) -> String {
        match self {
            Self::Exited { code } => format!("exit {code}"),
            Self::Signalled { signal } => format!("ended by signal {signal}"),
            Self::TimedOut => "killed: its time was over".to_owned(),
            Self::Cancelled => "cancelled".to_owned(),
            Self::NotStarted { why } => format!("not started: {why}"),
            Self::CockpitGone => "ended with the cockpit in which it ran".to_owned(),
        }
    }
}

/// What somebody attached to an item.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "sort", content = "detail", rename_all = "snake_case")]
pub enum Proof {
    /// Words.
    Note {
        /// They.
        text: String,
    },
    /// An address.
    Link {
        /// It.
        url: String,
    },
    /// Lines of a log, masked as on the screen.
    Lines {
        /// Their source.
        source: SourceId,
        /// They.
        lines: Vec<String>,
    },
}

impl Proof {
    /// What somebody typed: an address where it is nothing else, else words.
    pub fn typed(text: &str) -> Self {
        let text = text.trim();
        let is_address = ["https://", "http://"].iter().any(|scheme| text.starts_with(scheme));
        if is_address && !text.contains(char::is_whitespace) {
            Self::Link { url: text.to_owned() }
        } else {
            Self::Note { text: text.to_owned() }
        }
    }

    /// In one line.
    pub fn words(&self) -> String {
        match self {
            Self::Note { text } => text.clone(),
            Self::Link { url } => url.clone(),
            Self::Lines { source, lines } => match lines.as_slice() {
                [one] => format!("{source}: {one}"),
                all => format!("{} lines of {source}", all.len()),
            },
        }
    }
}

/// Somebody to be called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contact {
    /// What they are: `Release manager`.
    pub role: String,
    /// Their name; empty where the role says it.
    pub name: String,
    /// Their telephone.
    pub phone: Option<String>,
    /// Their name in the chat.
    pub handle: Option<String>,
    /// Where else they are reached.
    pub link: Option<String>,
    /// How long after the incident was declared they are called.
    pub after: Duration,
}

impl Contact {
    /// Role and name: `Release manager, John Smith`.
    pub fn words(&self) -> String {
        if self.name.is_empty() { self.role.clone() } else { format!("{}, {}", self.role, self.name) }
    }

    /// When they are called: `at once`, `after 15m`.
    pub fn when(&self) -> String {
        if self.after.is_zero() { "at once".to_owned() } else { format!("after {}", age(self.after)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_link_and_everything_else_a_note() {
        assert_eq!(Proof::typed(" https://x/y "), Proof::Link { url: "https://x/y".to_owned() });
        let words = "see https://x/y";
        assert_eq!(Proof::typed(words), Proof::Note { text: words.to_owned() });
    }
}
