//! Numbers and spans as the screen writes them: fixed precision while they change, a gap between thousands, `–` for what
//! is missing.

use std::time::Duration;

use crate::domain::{Shares, age};

/// What is not known.
pub(super) const MISSING: &str = "–";

/// A whole number with a gap between thousands: `12 345`.
pub(super) fn whole(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A rate: whole from ten on, one decimal below.
pub(super) fn rate(per_second: f64) -> String {
    if per_second < 9.95 { format!("{per_second:.1}") } else { whole(rounded(per_second)) }
}

/// A difference with its sign.
pub(super) fn signed(number: f64) -> String {
    let sign = if number < 0.0 { "-" } else { "+" };
    format!("{sign}{}", rate(number.abs()))
}

/// A fraction of one as percent with two decimals.
pub(super) fn percent(fraction: f64) -> String {
    format!("{:.2}", fraction * 100.0)
}

/// Milliseconds, whole.
pub(super) fn millis(ms: f64) -> String {
    whole(rounded(ms))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits before")]
fn rounded(number: f64) -> u64 {
    number.round().clamp(0.0, 9e15) as u64
}

/// Seconds as people time a request: `0.009 s`, `1.2 s`.
pub(super) fn took(span: Duration) -> String {
    if span < Duration::from_secs(1) {
        format!("{:.3} s", span.as_secs_f64())
    } else {
        format!("{:.1} s", span.as_secs_f64())
    }
}

/// How long ago, dim beside a value once it is older than its interval.
pub(super) fn old(span: Duration) -> String {
    age(span)
}

/// One share of a split: whole where it is exact, else with one decimal.
pub(super) fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return MISSING.to_owned();
    }
    let hundred = u128::from(part) * 100;
    if hundred.is_multiple_of(u128::from(whole)) {
        (hundred / u128::from(whole)).to_string()
    } else {
        crate::domain::Share { part, whole }.to_string()
    }
}

/// All shares of a split, the slash of two standing still: `  30 / 70  `.
pub(super) fn split(shares: &Shares) -> String {
    let texts: Vec<String> = shares.0.iter().map(|(_, each)| share(each.part, each.whole)).collect();
    aligned(&texts)
}

/// Numbers of a split, each in a column of its own.
pub(super) fn aligned(texts: &[String]) -> String {
    match texts {
        [first, second] => format!("{first:>4} / {second:<4}"),
        _ => texts.iter().map(|text| format!("{text:>4}")).collect::<Vec<_>>().join(" /"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_still() {
        assert_eq!(whole(1_234_567), "1 234 567");
        assert_eq!(whole(999), "999");
        assert_eq!(rate(0.04), "0.0");
        assert_eq!(rate(1240.4), "1 240");
        assert_eq!(signed(-3.2), "-3.2");
        assert_eq!(percent(0.0002), "0.02");
        assert_eq!(aligned(&["30".to_owned(), "70".to_owned()]), "  30 / 70  ");
        assert_eq!(aligned(&["28.6".to_owned(), "71.4".to_owned()]), "28.6 / 71.4");
        assert_eq!(share(1, 0), "–");
    }
}
