//! Works out weights for a target.

use super::look;
use super::{Config, Way};
use crate::domain::reading::Admin;
use crate::domain::{NativeSplit, NativeWeight, Prepared, Reading, Refused, Target, Weights};

/// Works out a change.
pub(super) fn prepare(config: &Config, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
    let native = match target {
        Target::Weights(weights) => {
            let what = format!("shift {weights}");
            let known = |pool| config.pools.iter().any(|(each, _)| each == pool);
            if let Some((pool, _)) = weights.iter().find(|(pool, points)| points.0 > 0 && !known(*pool)) {
                let advice = "correct the pools of the router in the profile, or shift a pool that it has";
                return Err(Refused::new("", what, format!("this router has no pool {pool}"), advice));
            }
            let Some(reading) = reading else {
                let advice = "wait until it answers, or put back a split that was read before";
                return Err(Refused::new("", what, "this router has not been read", advice));
            };
            if let Some((why, advice)) = look::obstacle(reading) {
                return Err(Refused::new("", what, why, advice));
            }
            for_weights(config, weights)
        }
        Target::Native(native) => native.clone(),
    };
    fits(config, &native)?;
    let shares = native.shares(config.pools.iter().map(|(pool, _)| pool));
    let mut notes = Vec::new();
    if let Way::Rest(template) = &config.way {
        notes.push(format!("all that Traefik's REST provider has is replaced by what {} says", template.display()));
    }
    Ok(Prepared { requests: requests(config, &native), native, shares, notes })
}

/// Whether a split can be written to the letter.
pub(super) fn fits(config: &Config, native: &NativeSplit) -> Result<(), Refused> {
    let what = "put back weights";
    let advice = "read the router again and propose anew";
    let known: Vec<String> = config.pools.iter().map(|(_, child)| config.reference(child)).collect();
    if let Some(strange) = native.0.iter().find(|each| !known.contains(&each.reference)) {
        return Err(Refused::new("", what, format!("this router has no {}", strange.reference), advice));
    }
    if let Some(missing) = known.iter().find(|known| !native.0.iter().any(|each| each.reference == **known)) {
        return Err(Refused::new("", what, format!("nothing is said of {missing}"), advice));
    }
    if native.0.iter().all(|each| each.weight == 0) {
        let why = "nobody would have any weight, which Traefik accepts, and answers 503";
        return Err(Refused::new("D4", what, why, "give one pool something"));
    }
    Ok(())
}

/// Like percentages where they are whole.
fn for_weights(config: &Config, weights: &Weights) -> NativeSplit {
    let points = || weights.iter().map(|(_, points)| points.0);
    let factor = [100, 10].into_iter().find(|factor| points().all(|points| points % factor == 0)).unwrap_or(1);
    let one = |(pool, child): &(_, String)| NativeWeight {
        reference: config.reference(child),
        pool: Clone::clone(pool),
        weight: weights.of(pool).0 / factor,
        admin: Admin::Ready,
    };
    NativeSplit(config.pools.iter().map(one).collect())
}

/// What is done, in order.
fn requests(config: &Config, native: &NativeSplit) -> Vec<String> {
    let of = |child: &str| {
        let reference = config.reference(child);
        native.0.iter().find(|each| each.reference == reference).map_or(0, |each| each.weight)
    };
    let weights: Vec<String> = config.pools.iter().map(|(_, child)| format!("{child} weight {}", of(child))).collect();
    let weights = format!("http.services.{}.weighted.services: {}", config.service, weights.join(", "));
    let write = match &config.way {
        Way::File(file) => format!("write {}: {weights}", file.display()),
        Way::Rest(template) => format!("PUT {}/api/providers/rest: {} with {weights}", config.at, template.display()),
    };
    vec![write, format!("GET {}/api/http/services/{} until it has them", config.at, config.full_name())]
}
