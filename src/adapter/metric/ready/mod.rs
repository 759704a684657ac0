//! Ready-made sets of panels, one file each: what is worth seeing of a system that many run, in the words of the exporter
//! that most use.
//!
//! A query holds `@` where the matchers stand that tell a pool's series from the others', `{pool}` where its name does, and
//! `{window}` where the span does over which it works. Limits are nobody's business but the profile's: a set has none.

mod ecs;
mod envoy;
mod haproxy;
mod kubernetes;
mod nginx;
mod spring;

pub use ecs::ECS;
pub use envoy::ENVOY;
pub use haproxy::HAPROXY;
pub use kubernetes::KUBERNETES;
pub use nginx::NGINX;
pub use spring::SPRING;

use crate::domain::Unit;

/// A set of panels of one system.
#[derive(Debug)]
pub struct Set {
    /// As a profile names it.
    pub name: &'static str,
    /// What gives the series that it asks for.
    pub exporter: &'static str,
    /// The label that tells pools apart where the profile names none.
    pub label: &'static str,
    /// What that label says of a pool: `{pool}`, or a regular expression with it.
    pub value: &'static str,
    /// Its panels.
    pub panels: &'static [Ready],
}

/// One panel of a set. Its name on the screen is the set's and its own.
#[derive(Debug)]
pub struct Ready {
    /// Its name within the set.
    pub name: &'static str,
    /// What its values mean.
    pub unit: Means,
    /// What is asked.
    pub query: &'static str,
}

/// What the values of a ready-made panel mean.
#[derive(Clone, Copy, Debug)]
pub enum Means {
    /// A plain number.
    Number,
    /// Events per second.
    PerSecond,
    /// A fraction of one.
    Percent,
    /// Milliseconds.
    Milliseconds,
    /// Bytes.
    Bytes,
    /// Any other.
    Other(&'static str),
}

impl From<Means> for Unit {
    fn from(means: Means) -> Self {
        match means {
            Means::Number => Self::Number,
            Means::PerSecond => Self::PerSecond,
            Means::Percent => Self::Percent,
            Means::Milliseconds => Self::Milliseconds,
            Means::Bytes => Self::Bytes,
            Means::Other(symbol) => Self::Other(symbol.to_owned()),
        }
    }
}

/// How a set tells a pool's series from the others'.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tell {
    /// The label.
    pub label: String,
    /// What it says of a pool, with `{pool}` for its name; a regular expression where more than that stands there.
    pub value: String,
    /// Further matchers, as the system writes them; may be empty.
    pub also: String,
}

impl Tell {
    /// A query of a set with the matchers in their place; pool and window are still to be filled in.
    pub fn fill(&self, query: &str) -> String {
        let operator = if self.value == "{pool}" { "=" } else { "=~" };
        let mut matchers = format!("{}{operator}\"{}\"", self.label, self.value);
        if !self.also.is_empty() {
            matchers = format!("{matchers},{}", self.also);
        }
        query.replace('@', &matchers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matchers_of_a_profile_stand_in_every_selector() {
        let tell =
            |value: &str, also: &str| Tell { label: "pod".to_owned(), value: value.to_owned(), also: also.to_owned() };
        assert_eq!(tell("{pool}", "").fill("sum(a{@}) / sum(b{@})"), "sum(a{pod=\"{pool}\"}) / sum(b{pod=\"{pool}\"})");
        assert_eq!(tell("{pool}-.*", "ns=\"shop\"").fill("a{@,x=\"1\"}"), "a{pod=~\"{pool}-.*\",ns=\"shop\",x=\"1\"}");
    }

    #[test]
    fn every_panel_speaks_of_one_pool() {
        for set in [&HAPROXY, &ENVOY, &NGINX, &KUBERNETES, &SPRING, &ECS] {
            assert!(set.value.contains("{pool}") && !set.panels.is_empty(), "{}", set.name);
            for (index, panel) in set.panels.iter().enumerate() {
                assert!(panel.query.contains('@'), "{} {}", set.name, panel.name);
                assert!(set.name.len() + panel.name.len() < 32, "{} {} is no name", set.name, panel.name);
                assert!(!set.panels.iter().take(index).any(|each| each.name == panel.name), "{} twice", panel.name);
            }
        }
    }
}
