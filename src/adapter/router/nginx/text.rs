//! The text of the file: what nginx reads, and what its workers answer when they are asked what they have.

use std::fmt::Write as _;

use super::{Config, Shape};
use crate::domain::reading::Admin;
use crate::domain::{BasisPoints, NativeSplit, NativeWeight};

/// The first line of the file.
const HEADER: &str = "# flightdeck writes this file anew with every change: what else is written into it is lost.";

/// What a worker answers begins with this.
const WORD: &str = "flightdeck ";

/// What stands for the time of writing where the text is shown before it is written.
pub(super) const WHEN: &str = "THE-TIME-OF-WRITING";

/// What one worker says it was started with, or what the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marker {
    /// When that was written, in milliseconds; tells one change from another.
    pub(super) at: String,
    /// The host; empty in the file, where nginx fills it in.
    pub(super) node: String,
    /// Weights by the name of a pool's value or server.
    pub(super) weights: Vec<(String, u32)>,
}

impl Marker {
    /// Reads what a worker answered.
    pub(super) fn of(answer: &str) -> Option<Self> {
        let line = answer.trim_end_matches(['\r', '\n']);
        let words = line.strip_prefix(WORD)?;
        if line.chars().any(char::is_control) {
            return None;
        }
        let mut marker = Self { at: String::new(), node: String::new(), weights: Vec::new() };
        for word in words.split(' ') {
            // An address may hold `=`, a weight cannot.
            match word.rsplit_once('=')? {
                ("at", at) => at.clone_into(&mut marker.at),
                ("node", node) => node.clone_into(&mut marker.node),
                (name, weight) => marker.weights.push((name.to_owned(), weight.parse().ok()?)),
            }
        }
        (!marker.at.is_empty() && !marker.weights.is_empty()).then_some(marker)
    }

    /// Reads what the file says.
    pub(super) fn in_file(text: &str) -> Option<Self> {
        let quoted = text.lines().find_map(|line| line.trim().strip_prefix("default \"")?.strip_suffix("\";"))?;
        Self::of(quoted)
    }

    /// The split that it tells; why not, when it is not about what the profile names.
    pub(super) fn split(&self, config: &Config) -> Result<NativeSplit, String> {
        let places = places(&config.shape);
        if let Some((name, _)) = self.weights.iter().find(|(name, _)| !places.iter().any(|(_, place)| place == name)) {
            return Err(format!("it has `{name}`, which the profile does not name"));
        }
        let one = |(pool, place): &(_, String)| {
            let (_, weight) =
                self.weights.iter().find(|(name, _)| name == place).ok_or_else(|| format!("it has no `{place}`"))?;
            let (reference, weight) = (reference(&config.shape, place), *weight);
            Ok(NativeWeight { reference, pool: Clone::clone(pool), weight, admin: Admin::Ready })
        };
        places.iter().map(one).collect::<Result<_, String>>().map(NativeSplit)
    }
}

/// Every pool's values or servers, in the profile's order.
pub(super) fn places(shape: &Shape) -> Vec<(crate::domain::PoolId, String)> {
    match shape {
        Shape::Split { pools, .. } => pools.clone(),
        Shape::Upstream { pools, .. } => {
            let all = pools.iter().flat_map(|(pool, servers)| servers.iter().map(|each| (pool.clone(), each.clone())));
            all.collect()
        }
    }
}

/// What carries one weight.
pub(super) fn reference(shape: &Shape, place: &str) -> String {
    match shape {
        Shape::Split { variable, .. } => format!("split_clients ${variable} {place}"),
        Shape::Upstream { upstream, .. } => format!("{upstream}/{place}"),
    }
}

/// The whole file for a split that holds exactly what the profile names.
pub(super) fn render(config: &Config, native: &NativeSplit, at: &str) -> String {
    let weight = |place: &str| {
        let reference = reference(&config.shape, place);
        native.0.iter().find(|each| each.reference == reference).map_or(0, |each| each.weight)
    };
    let mut lines = vec![HEADER.to_owned()];
    match &config.shape {
        Shape::Split { variable, by, pools } => {
            lines.push(format!("split_clients \"{by}\" ${variable} {{"));
            let used: Vec<(&String, u32)> =
                pools.iter().map(|(_, value)| (value, weight(value))).filter(|(_, weight)| *weight > 0).collect();
            if let Some(((last, _), others)) = used.split_last() {
                // nginx refuses 0 %; whoever has nothing has no line, and the last one has the rest.
                lines.extend(others.iter().map(|(value, weight)| format!("    {}% {value};", BasisPoints(*weight))));
                lines.push(format!("    * {last};"));
            }
            lines.push("}".to_owned());
        }
        Shape::Upstream { upstream, pools, options, lines: more } => {
            lines.push(format!("upstream {upstream} {{"));
            lines.extend(more.iter().map(|line| format!("    {line};")));
            for server in pools.iter().flat_map(|(_, servers)| servers) {
                // nginx refuses a weight of 0.
                let share = match weight(server) {
                    0 => "down".to_owned(),
                    weight => format!("weight={weight}"),
                };
                let options = options.as_deref().map(|options| format!(" {options}")).unwrap_or_default();
                lines.push(format!("    server {server} {share}{options};"));
            }
            lines.push("}".to_owned());
        }
    }
    lines.push(format!("map $host ${} {{", config.marker));
    let mut words = String::new();
    for (_, place) in places(&config.shape) {
        // Writing into a string cannot fail.
        let _written = write!(words, " {place}={}", weight(&place));
    }
    lines.push(format!("    default \"{WORD}at={at} node=$hostname{words}\";"));
    lines.push("}".to_owned());
    lines.join("\n") + "\n"
}
