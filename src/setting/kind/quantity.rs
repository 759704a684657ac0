//! Kinds that count or decide: percentages, times, yes and no.

use std::time::Duration;

use serde_json::json;
use toml::de::DeValue;

use super::super::{Wrong, quoted};
use super::{Kind, Value};

/// `true` or `false`.
pub fn flag() -> Kind<bool> {
    let read = |value: &Value<'_>| {
        let wrong = || Wrong::new(format!("is {}", value.sort()));
        value.item.as_bool().ok_or_else(wrong)
    };
    let schema = json!({ "type": "boolean" });
    Kind { accepted: "true or false".to_owned(), schema, read: Box::new(read), parse: None }
}

/// One of several whole numbers.
pub fn number_of(numbers: &[usize]) -> Kind<usize> {
    let accepted = numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let numbers = numbers.to_vec();
    let schema = json!({ "enum": numbers });
    let read = move |value: &Value<'_>| {
        let DeValue::Integer(written) = value.item else {
            return Err(Wrong::new(format!("is {}, not a whole number", value.sort())));
        };
        let number = written.as_str().parse().ok().filter(|number| written.radix() == 10 && numbers.contains(number));
        number.ok_or_else(|| Wrong::new(format!("cannot be {}", quoted(written.as_str()))))
    };
    Kind { accepted, schema, read: Box::new(read), parse: None }
}

/// A whole number within limits.
pub fn count(least: usize, most: usize) -> Kind<usize> {
    let accepted = format!("a whole number from {least} to {most}");
    let schema = json!({ "type": "integer", "minimum": least, "maximum": most });
    let read = move |value: &Value<'_>| {
        let DeValue::Integer(written) = value.item else {
            return Err(Wrong::new(format!("is {}", value.sort())));
        };
        let number = written.as_str().parse().ok().filter(|_| written.radix() == 10);
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| Wrong::new(format!("cannot be {}", quoted(written.as_str()))))
    };
    Kind { accepted, schema, read: Box::new(read), parse: None }
}

/// One of several that stand in a list: by its place, counted from 0, or by its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Which {
    /// By its place.
    Place(usize),
    /// By its name.
    Named(String),
}

/// A place in a list, counted from 0, or the name of what stands there.
pub fn which() -> Kind<Which> {
    let schema = json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "minLength": 1 }] });
    let read = |value: &Value<'_>| match value.item {
        DeValue::Integer(written) => {
            let place = written.as_str().parse().ok().filter(|_| written.radix() == 10);
            place.map(Which::Place).ok_or_else(|| Wrong::new(format!("cannot be {}", quoted(written.as_str()))))
        }
        DeValue::String(name) if !name.is_empty() && !name.chars().any(char::is_control) => {
            Ok(Which::Named(name.clone().into_owned()))
        }
        _ => Err(Wrong::new(format!("is {}", value.sort()))),
    };
    let accepted = "a place counted from 0, or a name in quotes".to_owned();
    Kind { accepted, schema, read: Box::new(read), parse: None }
}

/// A percentage with at most two decimals, as a number or as text with a sign, in hundredths of a percent.
pub fn percent(least: u32, most: u32) -> Kind<u32> {
    let shown = |hundredths: u32| format!("{}", f64::from(hundredths) / 100.0);
    let accepted = format!("a percentage from {} to {} with at most two decimals", shown(least), shown(most));
    let number = json!({ "type": "number", "minimum": f64::from(least) / 100.0, "maximum": f64::from(most) / 100.0 });
    let schema = json!({ "anyOf": [number, { "type": "string", "pattern": "^[0-9]+(\\.[0-9]{1,2})? ?%$" }] });
    let read = move |value: &Value<'_>| {
        let written = number_or_text(value)?;
        hundredths(written)
            .filter(|hundredths| (least..=most).contains(hundredths))
            .ok_or_else(|| Wrong::new(format!("cannot be {}", quoted(written))))
    };
    Kind { accepted, schema, read: Box::new(read), parse: None }
}

/// What is written where a number may stand, with or without quotes.
fn number_or_text<'v>(value: &'v Value<'_>) -> Result<&'v str, Wrong> {
    match value.item {
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str()),
        DeValue::Float(number) => Ok(number.as_str()),
        DeValue::String(text) => Ok(text.as_ref()),
        _ => Err(Wrong::new(format!("is {}", value.sort()))),
    }
}

fn hundredths(text: &str) -> Option<u32> {
    let number = text.strip_suffix('%').map_or(text, str::trim_end);
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 2 || whole.len() > 6 {
        return None;
    }
    Some(whole.parse::<u32>().ok()? * 100 + format!("{decimals:0<2}").parse::<u32>().ok()?)
}

/// A number and what stands behind it.
#[derive(Clone, PartialEq, Debug)]
pub struct Amount {
    /// The number.
    pub number: f64,
    /// Its unit as written; empty for a plain number.
    pub symbol: String,
}

/// A number with or without a unit: `5`, `"1%"`, `"500ms"`, `"1.5 GiB"`. Whether the unit fits is the reader's business.
pub fn amount() -> Kind<Amount> {
    let text = json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?( ?[^0-9 ].*)?$" });
    let schema = json!({ "anyOf": [{ "type": "number" }, text] });
    let read = move |value: &Value<'_>| {
        let written = number_or_text(value)?;
        amount_of(written).ok_or_else(|| Wrong::new(format!("cannot be {}", quoted(written))))
    };
    let accepted = "a number with its unit, such as \"1%\" or \"500ms\"".to_owned();
    Kind { accepted, schema, read: Box::new(read), parse: None }
}

fn amount_of(text: &str) -> Option<Amount> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let length = digits.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(digits.len());
    let (number, symbol) = text.split_at(length + text.len() - digits.len());
    let number: f64 = number.replace('_', "").parse().ok()?;
    number.is_finite().then(|| Amount { number, symbol: symbol.trim().to_owned() })
}

/// A span of time within limits: `"500ms"`, `"5m"`, `"1m30s"`. Zero and "forever" are not spans.
pub fn duration(least: Duration, most: Duration) -> Kind<Duration> {
    let accepted =
        format!("a time from \"{}\" to \"{}\" in ms, s, m or h, such as \"1m30s\"", span_text(least), span_text(most));
    let schema = json!({ "type": "string", "pattern": "^([0-9]+(ms|s|m|h))+$" });
    let read = move |value: &Value<'_>| {
        let wrong = match value.item {
            DeValue::Integer(number) => Wrong::new(format!("{number} has no unit")),
            DeValue::String(text) => match parse_span(text) {
                Some(span) if (least..=most).contains(&span) => return Ok(span),
                Some(span) if span.is_zero() => Wrong::new("cannot be zero, which never means \"without end\""),
                Some(span) if span < least => Wrong::new(format!("{} is too short", quoted(text))),
                Some(_) => Wrong::new(format!("{} is too long", quoted(text))),
                None => Wrong::new(format!("{} is not a time", quoted(text))),
            },
            _ => Wrong::new(format!("is {}, not a time", value.sort())),
        };
        Err(wrong)
    };
    Kind { accepted, schema, read: Box::new(read), parse: None }
}

/// A span as it is written: `1m30s`.
pub fn parse_span(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let (unit, after) = after.split_at(after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len()));
        let number: u64 = number.parse().ok()?;
        let millis = match unit.trim() {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        total = total.checked_add(Duration::from_millis(number.checked_mul(millis)?))?;
        rest = after;
    }
    Some(total)
}

/// A span as a profile would write it: `1m30s`.
pub fn span_text(span: Duration) -> String {
    let millis = span.as_millis();
    let parts =
        [(millis / 3_600_000, "h"), (millis / 60_000 % 60, "m"), (millis / 1_000 % 60, "s"), (millis % 1_000, "ms")];
    let text = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect::<Vec<_>>()
        .concat();
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_alike() {
        for text in ["500ms", "2s", "1m30s", "1h", "1h1m1s1ms"] {
            assert_eq!(parse_span(text).map(span_text).as_deref(), Some(text));
        }
        for text in ["", "5", "m", "5 days", "-1s", "1.5s", "99999999999999999999h", "18446744073709551615h"] {
            assert_eq!(parse_span(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_are_a_number_and_a_unit() {
        for (text, number, symbol) in [
            ("5", 5.0, ""),
            ("1%", 1.0, "%"),
            ("-0.5 ms", -0.5, "ms"),
            ("1_000/s", 1_000.0, "/s"),
            ("2 GiB", 2.0, "GiB"),
        ] {
            assert_eq!(amount_of(text), Some(Amount { number, symbol: symbol.to_owned() }), "{text}");
        }
        for text in ["", "%", "ms", "nan", "inf", "1.2.3", "--1"] {
            assert_eq!(amount_of(text), None, "{text}");
        }
    }

    #[test]
    fn percentages_are_exact() {
        for (text, wanted) in [("10", 1_000), ("0.5", 50), ("12.25", 1_225), ("1%", 100), ("1 %", 100), ("100", 10_000)]
        {
            assert_eq!(hundredths(text), Some(wanted), "{text}");
        }
        for text in ["", "-1", "1e1", "1.234", "nan", "inf", ".5", "5.", "%", "99999999"] {
            assert_eq!(hundredths(text), None, "{text}");
        }
    }
}
