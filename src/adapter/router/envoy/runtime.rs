//! Which value of a runtime key holds.

use super::answer::{Bootstrap, Entry, Runtime};

/// What a runtime key says of a weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing: the configured weight holds.
    Nothing,
    /// This weight.
    Weight(u32),
    /// A value that Envoy does not take: the configured weight holds.
    Unfit(String),
    /// More than Envoy can hold: no request finds its way.
    Beyond(String),
}

/// What a key says.
pub(super) fn said(runtime: &Runtime, key: &str) -> Said {
    let value = runtime.entries.get(key).map(|entry| entry.final_value.as_str()).unwrap_or_default();
    if value.is_empty() {
        return Said::Nothing;
    }
    let whole = value.parse::<u64>().ok().or_else(|| truncated(value));
    match whole.map(u32::try_from) {
        Some(Ok(weight)) => Said::Weight(weight),
        Some(Err(_)) => Said::Beyond(harmless(value)),
        None => Said::Unfit(harmless(value)),
    }
}

/// Envoy takes numbers with a fraction, without it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as Envoy does; the range is checked")]
fn truncated(value: &str) -> Option<u64> {
    let number: f64 = value.parse().ok()?;
    (0.0..1e19).contains(&number).then_some(number as u64)
}

fn harmless(value: &str) -> String {
    value.chars().map(|c| if c.is_control() { ' ' } else { c }).take(40).collect()
}

/// The name of the layer that `/runtime_modify` writes, where there is one.
pub(super) fn admin_layer(bootstrap: Option<&Bootstrap>) -> Option<String> {
    let layers = &bootstrap?.layered_runtime.as_ref()?.layers;
    if layers.is_empty() {
        // A runtime without layers gets one that can be written, and that has no name.
        return Some(String::new());
    }
    layers.iter().find(|layer| layer.admin_layer.is_some()).map(|layer| layer.name.clone())
}

/// The layer above the one that can be written that sets a key too, with its value: whatever is written stays hidden.
pub(super) fn hidden_by<'a>(runtime: &'a Runtime, admin: &str, key: &str) -> Option<(&'a str, String)> {
    let Entry { layer_values, .. } = runtime.entries.get(key)?;
    let ours = runtime.layers.iter().position(|layer| layer == admin)?;
    let above = runtime.layers.iter().zip(layer_values).skip(ours + 1).rfind(|(_, value)| !value.is_empty());
    above.map(|(layer, value)| (layer.as_str(), harmless(value)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn runtime(values: &[&str]) -> Runtime {
        let entry = Entry {
            layer_values: values.iter().map(|value| (*value).to_owned()).collect(),
            final_value: values.iter().rev().find(|value| !value.is_empty()).map_or("", |value| value).to_owned(),
        };
        let layers = ["base", "admin", "over"].map(str::to_owned).to_vec();
        Runtime { layers, entries: BTreeMap::from([("app.blue".to_owned(), entry)]) }
    }

    #[test]
    fn a_value_is_taken_as_envoy_takes_it() {
        let said = |value: &str| said(&runtime(&["", value]), "app.blue");
        assert_eq!(said(""), Said::Nothing);
        assert_eq!(said("70"), Said::Weight(70));
        assert_eq!(said("50.9"), Said::Weight(50));
        assert_eq!(said("0.5"), Said::Weight(0));
        for unfit in ["abc", "-5", "nan", "-0.1"] {
            assert_eq!(said(unfit), Said::Unfit(unfit.to_owned()));
        }
        assert_eq!(said("4294967296"), Said::Beyond("4294967296".to_owned()));
        assert_eq!(super::said(&runtime(&["", "7"]), "app.green"), Said::Nothing);
    }

    #[test]
    fn only_a_layer_above_hides() {
        let by = |values: &[&str]| {
            hidden_by(&runtime(values), "admin", "app.blue").map(|(layer, value)| format!("{layer} {value}"))
        };
        assert_eq!(by(&["3", "7", ""]), None);
        assert_eq!(by(&["", "7", "42"]).as_deref(), Some("over 42"));
        assert_eq!(by(&["", "", "42"]).as_deref(), Some("over 42"));
    }
}
