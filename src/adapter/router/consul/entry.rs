//! One service-splitter as Consul keeps it: taken apart for a reading, and put together again for a change.
//!
//! Invariant: what flightdeck does not know of an entry goes back as it came.

use serde_json::{Map, Number, Value};

use super::Config;
use crate::domain::reading::{Admin, Health, Identity, NativeWeight, ServerReading};
use crate::domain::{NativeSplit, PoolId, Reading, Trouble, TroubleKind};

/// What an operator is told of an entry that a controller of Kubernetes owns.
pub(super) const OWNED: &str =
    "a ServiceSplitter in Kubernetes owns this entry and writes its own weights back: change that one";

/// An entry, as it was read.
pub(super) struct Entry {
    fields: Map<String, Value>,
    /// What a conditional write names.
    pub(super) index: u64,
    pub(super) native: NativeSplit,
    /// Destinations that are no pool's, with their weights.
    strangers: Vec<(String, u32)>,
}

impl Entry {
    /// Takes an entry apart.
    ///
    /// # Errors
    /// When it is none, or does not fit the profile; `what` says what was asked.
    pub(super) fn of(fields: Map<String, Value>, config: &Config, what: &str) -> Result<Self, Trouble> {
        let garbage = |why: String| {
            let advice = "see whether that address is the one of Consul's HTTP API";
            Trouble::new(TroubleKind::Garbage, what, why, advice)
        };
        let is_splitter = fields.get("Kind").and_then(Value::as_str) == Some("service-splitter");
        let index = fields.get("ModifyIndex").and_then(Value::as_u64).filter(|index| *index > 0);
        let splits = fields.get("Splits").and_then(Value::as_array);
        let (true, Some(index), Some(splits)) = (is_splitter, index, splits) else {
            return Err(garbage("its answer is no service-splitter with an index".to_owned()));
        };
        let mut found: Vec<(String, u32)> = Vec::new();
        for split in splits {
            let weight = hundredths(split).ok_or_else(|| garbage("a split's weight is no percentage".to_owned()))?;
            found.push((destination(split, &config.service), weight));
        }
        let mismatch = |why: String, advice: &str| Trouble::new(TroubleKind::Mismatch, what, why, advice);
        let mut native = NativeSplit::default();
        for (pool, reference) in &config.pools {
            let mut mine = found.iter().filter(|(name, _)| name == reference);
            let Some((_, weight)) = mine.next() else {
                let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
                return Err(mismatch(
                    format!("it has no split to `{reference}` for {pool}, only {}", names.join(", ")),
                    "correct `pools` of this router in the profile, or add that split with weight 0",
                ));
            };
            if mine.next().is_some() {
                return Err(mismatch(
                    format!("it has two splits to `{reference}`, in different namespaces or partitions"),
                    "split to services of different names: which of the two is meant cannot be told",
                ));
            }
            native.0.push(NativeWeight {
                reference: reference.clone(),
                pool: pool.clone(),
                weight: *weight,
                admin: Admin::Ready,
            });
        }
        let strangers = found
            .into_iter()
            .filter(|(name, weight)| *weight > 0 && !config.pools.iter().any(|(_, reference)| reference == name))
            .collect();
        Ok(Self { fields, index, native, strangers })
    }

    /// The reading of it.
    pub(super) fn reading(self, config: &Config) -> Reading {
        let ids: Vec<&PoolId> = config.pools.iter().map(|(pool, _)| pool).collect();
        let server = |weight: &NativeWeight| ServerReading {
            name: weight.reference.clone(),
            pool: weight.pool.clone(),
            health: Health::Unchecked,
            admin: Admin::Ready,
            in_flight: None,
            requests: None,
            errors: None,
            response: None,
        };
        let mut warnings = Vec::new();
        if !self.strangers.is_empty() {
            let each: Vec<String> = self
                .strangers
                .iter()
                .map(|(name, weight)| format!("{name} {} %", crate::domain::BasisPoints(*weight)))
                .collect();
            warnings.push(format!(
                "{} belong to no pool of the profile: the pools share what those leave",
                each.join(", ")
            ));
        }
        if self.is_owned() {
            warnings.push(OWNED.to_owned());
        }
        let created = self.fields.get("CreateIndex").and_then(Value::as_u64).unwrap_or_default();
        Reading {
            // An entry that was deleted and made again is another one.
            identity: Identity { node: config.service.clone(), process: format!("created at {created}") },
            generation: self.index.to_string(),
            uptime: None,
            effective: self.native.shares(ids),
            servers: self.native.0.iter().map(server).collect(),
            native: self.native,
            warnings,
            underway: None,
            skew: None,
        }
    }

    /// The entry with these weights, as it is sent.
    ///
    /// # Errors
    /// When its splits would not add up to a hundred percent, in words.
    pub(super) fn with(&self, config: &Config, wanted: &NativeSplit) -> Result<Value, String> {
        let mut fields = self.fields.clone();
        for index in ["CreateIndex", "ModifyIndex"] {
            fields.remove(index);
        }
        let mut sum = 0_u32;
        for split in fields.get_mut("Splits").and_then(Value::as_array_mut).into_iter().flatten() {
            let name = destination(split, &config.service);
            let mut weight = hundredths(split).unwrap_or_default();
            if let Some(wanted) = wanted.0.iter().find(|wanted| wanted.reference == name) {
                weight = wanted.weight;
                if let Value::Object(split) = split {
                    split.insert("Weight".to_owned(), Value::Number(percent(weight)));
                }
            }
            sum += weight;
        }
        if sum == 10_000 {
            Ok(Value::Object(fields))
        } else {
            let sum = crate::domain::BasisPoints(sum);
            Err(format!("with the splits that are no pool's it would add up to {sum} %, and Consul takes 100 % only"))
        }
    }

    fn is_owned(&self) -> bool {
        self.fields.get("Meta").and_then(|meta| meta.get("external-source")).and_then(Value::as_str)
            == Some("kubernetes")
    }
}

/// Where a split leads: `service/subset`, or a service.
fn destination(split: &Value, own: &str) -> String {
    let text = |key: &str| split.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let service = text("Service").unwrap_or(own);
    text("ServiceSubset").map_or_else(|| service.to_owned(), |subset| format!("{service}/{subset}"))
}

/// A split's weight; one that is not written is 0.
fn hundredths(split: &Value) -> Option<u32> {
    let Some(weight) = split.get("Weight") else { return Some(0) };
    let rounded = (weight.as_f64()? * 100.0).round();
    if !(0.0..=10_000.0).contains(&rounded) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is a whole number within the range"
    )]
    let hundredths = rounded as u32;
    Some(hundredths)
}

/// Hundredths of a percent as Consul writes them: `30`, `33.33`.
pub(super) fn percent(hundredths: u32) -> Number {
    if hundredths.is_multiple_of(100) {
        Number::from(hundredths / 100)
    } else {
        Number::from_f64(f64::from(hundredths) / 100.0).unwrap_or_else(|| Number::from(hundredths / 100))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{hundredths, percent};

    #[test]
    fn weights_are_read_and_written_in_hundredths() {
        for hundredth in 0..=10_000 {
            assert_eq!(hundredths(&json!({ "Weight": percent(hundredth) })), Some(hundredth));
        }
        assert_eq!(percent(3_333).to_string(), "33.33");
        assert_eq!(hundredths(&json!({})), Some(0));
        // What a 32-bit number becomes on its way through JSON.
        assert_eq!(hundredths(&json!({ "Weight": 33.330_001_831_054_69 })), Some(3_333));
        for bad in [json!("30"), json!(-1), json!(100.5), json!(null)] {
            assert_eq!(hundredths(&json!({ "Weight": bad })), None, "{bad}");
        }
    }
}
