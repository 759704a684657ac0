//! What a script prints about the weights.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Config;
use crate::domain::reading::{Admin, Health, Identity, NativeWeight, ServerReading};
use crate::domain::{NativeSplit, PoolId, Reading, Shares, Trouble, TroubleKind, Underway};

/// The answer of `read`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    weights: BTreeMap<String, Weight>,
    #[serde(default)]
    identity: Option<Who>,
    #[serde(default)]
    generation: Option<Text>,
    #[serde(default)]
    healthy: BTreeMap<String, bool>,
    #[serde(default)]
    in_flight: BTreeMap<String, u64>,
    #[serde(default)]
    requests: BTreeMap<String, u64>,
    #[serde(default)]
    errors: BTreeMap<String, u64>,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    underway: Option<Work>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Weight {
    Alone(u32),
    Named(NamedWeight),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedWeight {
    #[serde(default)]
    reference: Option<String>,
    weight: u32,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Who {
    Alone(String),
    Named(NamedWho),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedWho {
    #[serde(default)]
    node: String,
    #[serde(default)]
    process: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Number(u64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Work {
    what: String,
    #[serde(default)]
    waits_for: Option<String>,
    #[serde(default)]
    percent: Option<u8>,
    #[serde(default)]
    link: Option<String>,
}

/// The reading that an answer means.
///
/// # Errors
/// When it is no answer, or does not fit the profile; `what` says what was run.
pub(super) fn reading(config: &Config, what: &str, out: &[u8]) -> Result<Reading, Trouble> {
    let told: Told = serde_json::from_slice(out).map_err(|error| {
        let why = format!("what it printed cannot be understood: {}", crate::adapter::run::words(&error.to_string()));
        let advice =
            "let it print one JSON object on its first output, like {\"weights\": {\"blue\": 30, \"green\": 70}}";
        Trouble::new(TroubleKind::Garbage, what, why, advice)
    })?;
    let mismatch = |why: String, advice: &str| Trouble::new(TroubleKind::Mismatch, what, why, advice);
    let mut native = NativeSplit::default();
    for (pool, reference) in &config.pools {
        let weight = match told.weights.get(pool.as_str()) {
            Some(Weight::Alone(weight)) => *weight,
            Some(Weight::Named(named)) => {
                if let Some(other) = named.reference.as_ref().filter(|other| *other != reference) {
                    let why = format!(
                        "it calls {pool} `{}`, and the profile `{reference}`",
                        crate::adapter::run::words(other)
                    );
                    return Err(mismatch(why, "correct `pools` of this router in the profile"));
                }
                named.weight
            }
            None => {
                let known: Vec<String> = told.weights.keys().map(|pool| crate::adapter::run::words(pool)).collect();
                let why = format!("it tells no weight of {pool}, only of {}", known.join(", "));
                return Err(mismatch(why, "let it tell a weight for each pool of the profile, 0 included"));
            }
        };
        native.0.push(NativeWeight { reference: reference.clone(), pool: pool.clone(), weight, admin: Admin::Ready });
    }
    let mut warnings: Vec<String> = told.warnings.iter().map(|warning| crate::adapter::run::words(warning)).collect();
    let strangers: Vec<String> = told
        .weights
        .keys()
        .filter(|name| !config.pools.iter().any(|(pool, _)| pool.as_str() == name.as_str()))
        .map(|name| crate::adapter::run::words(name))
        .collect();
    if !strangers.is_empty() {
        warnings.push(format!("{} belong to no pool of the profile and take traffic too", strangers.join(", ")));
    }
    let mut servers = Vec::new();
    for (pool, reference) in &config.pools {
        let count = |name: &str, counts: bool, told: &BTreeMap<String, u64>| match (counts, told.get(pool.as_str())) {
            (false, _) => Ok(None),
            (true, Some(count)) => Ok(Some(*count)),
            (true, None) => Err(mismatch(
                format!("it tells no `{name}` of {pool}"),
                "let it tell them, or leave them out of `counts` in the profile",
            )),
        };
        servers.push(ServerReading {
            name: reference.clone(),
            pool: pool.clone(),
            health: match told.healthy.get(pool.as_str()) {
                None => Health::Unchecked,
                Some(true) => Health::Up,
                Some(false) => Health::Down,
            },
            admin: Admin::Ready,
            in_flight: count("in_flight", config.counts_in_flight, &told.in_flight)?,
            requests: count("requests", config.counts_requests, &told.requests)?,
            errors: told.errors.get(pool.as_str()).copied(),
            response: None,
        });
    }
    let identity = match told.identity {
        None => Identity::default(),
        Some(Who::Alone(process)) => Identity { node: String::new(), process },
        Some(Who::Named(NamedWho { node, process })) => Identity { node, process },
    };
    let said = |text: Option<String>| text.map(|text| crate::adapter::run::words(&text));
    let underway = told.underway.map(|work| Underway {
        what: crate::adapter::run::words(&work.what),
        waits_for: said(work.waits_for),
        percent: work.percent.map(|percent| percent.min(100)),
        link: said(work.link),
        ..Underway::default()
    });
    let effective = effective(config, &native, &servers);
    let generation = match told.generation {
        None => String::new(),
        Some(Text::Number(number)) => number.to_string(),
        Some(Text::Text(text)) => crate::adapter::run::words(&text),
    };
    Ok(Reading { identity, generation, uptime: None, native, effective, servers, warnings, underway, skew: None })
}

/// The shares of the pools that live.
fn effective(config: &Config, native: &NativeSplit, servers: &[ServerReading]) -> Shares {
    let lives = |pool: &PoolId| servers.iter().any(|server| server.pool == *pool && server.health != Health::Down);
    let living = native.0.iter().filter(|each| lives(&each.pool)).cloned().collect();
    NativeSplit(living).shares(config.pools.iter().map(|(pool, _)| pool))
}
