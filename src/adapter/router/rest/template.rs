//! Paths, headers and bodies with places to fill in: `{{ weights.blue }}`.
//!
//! Invariant: what was checked when the profile was loaded can be filled in later. A variable that is not known is refused in
//! every branch, not only in those that a try goes through.

use minijinja::Value;

use crate::adapter::template;
use crate::domain::{NativeSplit, PoolId};

/// What one template may cost to fill in: far more than any request needs, and over in a moment.
const FUEL: u64 = 200_000;

/// The variable whose use makes a change look first.
const GENERATION: &str = "generation";
/// The variables of a request for one pool.
const OF_ONE: [&str; 2] = ["pool", "weight"];

/// What templates are filled in with.
#[derive(Clone, Debug)]
pub(super) struct Values(Value);

impl Values {
    /// For a whole split; with `one`, for the request of that pool.
    pub(super) fn of(native: &NativeSplit, factor: u32, generation: &str, one: Option<&PoolId>) -> Self {
        let whole: u64 = native.0.iter().map(|each| u64::from(each.weight)).sum();
        let weight = |weight: u32| parts(u64::from(weight), u64::from(factor));
        let percent = |weight: u32| parts(u64::from(weight) * 10_000 / whole.max(1), 100);
        let each = |value: &dyn Fn(u32) -> Value| {
            Value::from_pairs(native.0.iter().map(|each| (each.pool.to_string(), value(each.weight))))
        };
        let mut pairs = vec![("weights", each(&weight)), ("percent", each(&percent)), (GENERATION, generation.into())];
        if let Some(one) = native.0.iter().find(|each| Some(&each.pool) == one) {
            pairs.extend([("pool", Value::from(one.pool.as_str())), ("weight", weight(one.weight))]);
        }
        Self(Value::from_pairs(pairs))
    }
}

/// `number / parts`, as a whole number where it is one.
#[expect(clippy::cast_precision_loss, reason = "weights stay far below 2^52")]
fn parts(number: u64, parts: u64) -> Value {
    if number.is_multiple_of(parts) { Value::from(number / parts) } else { Value::from(number as f64 / parts as f64) }
}

/// Whether a template says what was read directly before.
pub(super) fn tells_generation(template: &str) -> bool {
    template::environment(FUEL)
        .template_from_str(template)
        .is_ok_and(|parsed| parsed.undeclared_variables(false).contains(GENERATION))
}

/// What is wrong with a template, in words; `is_for_one` says whether its request is for one pool.
pub(super) fn check(template: &str, pools: &[&str], is_for_one: bool) -> Result<(), String> {
    let environment = template::environment(FUEL);
    let parsed = environment.template_from_str(template).map_err(|error| template::told(&error))?;
    let mut known = vec!["weights", "percent", GENERATION];
    if is_for_one {
        known.extend(OF_ONE);
    }
    let stranger = template::stranger(&environment, &parsed, &known);
    let of_pools = parsed.undeclared_variables(true);
    let mut no_pools: Vec<&String> = of_pools
        .iter()
        .filter(|path| {
            let pool = path.strip_prefix("weights.").or_else(|| path.strip_prefix("percent."));
            pool.is_some_and(|pool| !pools.contains(&pool))
        })
        .collect();
    no_pools.sort_unstable();
    match stranger {
        None => match no_pools.first() {
            None => Ok(()),
            Some(path) => Err(format!("has `{path}`, and the pools are {}", pools.join(", "))),
        },
        Some(stranger) if OF_ONE.contains(&stranger.as_str()) => {
            Err(format!("has `{stranger}`, which only a request for each pool has: set `each = true`"))
        }
        Some(stranger) => Err(format!("has `{stranger}`, and there are {} only", known.join(", "))),
    }
}

/// A template filled in.
///
/// # Errors
/// What does not fit, in words.
pub(super) fn fill(template: &str, values: &Values) -> Result<String, String> {
    template::environment(FUEL).render_str(template, values.0.clone()).map_err(|error| template::told(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reading::{Admin, NativeWeight};

    fn values(blue: u32, green: u32, factor: u32, one: Option<&str>) -> Values {
        let weight = |(pool, weight): (&str, u32)| NativeWeight {
            reference: format!("/{pool}"),
            pool: pool.into(),
            weight,
            admin: Admin::Ready,
        };
        let split = NativeSplit([("blue", blue), ("green", green)].map(weight).to_vec());
        Values::of(&split, factor, "7", one.map(PoolId::from).as_ref())
    }

    #[test]
    fn weights_percentages_and_generations_are_filled_in() {
        let template = r#"{"b": {{ weights.blue }}, "g": {{ percent["green"] }}, "v": {{ generation }}}"#;
        assert_eq!(fill(template, &values(30, 70, 1, None)), Ok(r#"{"b": 30, "g": 70, "v": 7}"#.to_owned()));
        assert_eq!(fill(template, &values(1, 7, 1, None)), Ok(r#"{"b": 1, "g": 87.5, "v": 7}"#.to_owned()));
        assert_eq!(fill("{{ weights.blue }}", &values(30, 70, 100, None)), Ok("0.3".to_owned()));
        assert_eq!(fill("{{ weights.green }}", &values(0, 100, 100, None)), Ok("1".to_owned()));
        assert_eq!(fill("/p/{{ pool }}/{{ weight }}", &values(30, 70, 1, Some("green"))), Ok("/p/green/70".to_owned()));
    }

    #[test]
    fn what_cannot_be_filled_in_is_found_when_it_is_checked() {
        let check = |template: &str, is_for_one| check(template, &["blue", "green"], is_for_one);
        assert!(check("{{ weights.bleu }}", false).is_err_and(|why| why.contains("`weights.bleu`")));
        assert!(check("{{ weights.blue }}{% if percent.blue > 50 %}{{ generation }}{% endif %}", false).is_ok());
        assert!(check("{% if false %}{{ wieghts.blue }}{% endif %}", false).is_err_and(|why| why.contains("wieghts")));
        assert!(check("{{ pool }}", false).is_err_and(|why| why.contains("each = true")));
        assert!(check("{{ pool }}: {{ weight }}", true).is_ok());
        assert!(check("a\n{{ weights.blue", false).is_err_and(|why| why.contains("line 2")));
        assert!(fill("{{ weights.red }}", &values(1, 1, 1, None)).is_err_and(|why| why.contains("undefined")));
        assert!(tells_generation("{{ generation }}") && !tells_generation("generation"));
        let endless = "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}";
        assert!(fill(endless, &values(1, 1, 1, None)).is_err_and(|why| why.contains("fuel")));
    }
}
