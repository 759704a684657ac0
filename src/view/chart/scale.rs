//! The scale that all lines of a chart share, and how its numbers are written: one unit, one precision, round ends.

use crate::cockpit::{Chart, Range};
use crate::domain::{Limit, Unit};
use crate::view::format::{rate, whole};

/// From how much of the scale on a limit above the values is kept in view; a far one would press them to the ground.
const NEAR: f64 = 0.3;
/// From how much of the highest value on the lowest one is far from zero.
const FAR: f64 = 0.7;

/// One scale.
pub(super) struct Scale {
    /// Its lower and upper end, in the measure's own unit.
    low: f64,
    high: f64,
    /// What a value is multiplied with to be written.
    factor: f64,
    /// What stands behind a written number; empty for plain numbers.
    pub(super) symbol: String,
    style: Style,
    /// Whether anything lies in the range at all.
    pub(super) has_values: bool,
}

/// How numbers are written.
#[derive(Clone, Copy)]
enum Style {
    Rate,
    Decimals(usize),
}

impl Scale {
    /// The scale of a chart over a range, from zero on.
    pub(super) fn of(chart: &Chart<'_>, range: &Range) -> Self {
        Self::between(chart, range, false)
    }

    /// The same, but close around values that are all far from zero: only where an axis says so.
    pub(super) fn close(chart: &Chart<'_>, range: &Range) -> Self {
        Self::between(chart, range, true)
    }

    fn between(chart: &Chart<'_>, range: &Range, close: bool) -> Self {
        let (mut low, mut high, mut is_whole, mut has_values) = (0.0_f64, 0.0_f64, true, false);
        let mut lowest = f64::INFINITY;
        for series in chart.lines.iter().filter_map(|line| line.series) {
            let first = series.points.partition_point(|(at, _)| range.end.since(*at) > range.length);
            let points = series.points.range(first..).take_while(|(at, _)| *at <= range.end);
            for value in points.filter_map(|(_, value)| *value).filter(|value| value.is_finite()) {
                (low, high, lowest) = (low.min(value), high.max(value), lowest.min(value));
                is_whole &= value.fract() == 0.0;
                has_values = true;
            }
        }
        match chart.limit {
            // A limit below is kept by what lies above it: the distance to it is what counts.
            Some(Limit::Below(limit)) => (low, high, lowest) = (low.min(limit), high.max(limit), lowest.min(limit)),
            Some(Limit::Above(limit)) if high > limit * NEAR => high = high.max(limit),
            Some(Limit::Above(_)) | None => {}
        }
        let size = high.max(-low);
        let (factor, symbol) = unit(&chart.unit, size);
        let shown = size * factor;
        let style = match &chart.unit {
            Unit::PerSecond if factor >= 1.0 => Style::Rate,
            Unit::Percent => Style::Decimals(2),
            Unit::Milliseconds if factor >= 1.0 && shown >= 10.0 => Style::Decimals(0),
            Unit::Milliseconds => Style::Decimals(1),
            Unit::Number | Unit::Requests | Unit::Other(_) if is_whole && factor >= 1.0 => Style::Decimals(0),
            Unit::Number | Unit::Requests | Unit::Other(_) | Unit::Bytes | Unit::PerSecond => {
                Style::Decimals(if shown < 10.0 { 2 } else { usize::from(shown < 100.0) })
            }
        };
        let end = |end: f64| if end == 0.0 { 0.0 } else { round_up(end.abs() * factor * 1.02).copysign(end) / factor };
        let is_far = close && has_values && lowest > FAR * high;
        let (low, high) = if is_far { around(lowest * factor, high * factor, factor) } else { (end(low), end(high)) };
        let high = if high <= low { low + 1.0 / factor } else { high };
        Self { low, high, factor, symbol, style, has_values }
    }

    /// Where a value lies between the ends, from 0 to 1; beyond them where it lies outside.
    pub(super) fn place(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// The value at a place.
    pub(super) fn at(&self, place: f64) -> f64 {
        self.low + (self.high - self.low) * place
    }

    /// A number without its unit.
    pub(super) fn number(&self, value: f64) -> String {
        let shown = value * self.factor;
        match self.style {
            Style::Rate if shown >= 0.0 => rate(shown),
            Style::Rate | Style::Decimals(0) => grouped(shown),
            Style::Decimals(decimals) => format!("{shown:.decimals$}"),
        }
    }

    /// A number on an axis or a limit: without what its precision adds.
    pub(super) fn short(&self, value: f64) -> String {
        let shown = value * self.factor;
        let text = if shown.abs() >= 1000.0 { grouped(shown) } else { format!("{shown:.2}") };
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    }
}

/// What values of this size are multiplied with, and what stands behind them then.
fn unit(unit: &Unit, size: f64) -> (f64, String) {
    let symbol = unit.symbol();
    match unit {
        Unit::Percent => (100.0, symbol.to_owned()),
        Unit::Milliseconds if size >= 100_000.0 => (0.001, "s".to_owned()),
        Unit::Milliseconds => (1.0, symbol.to_owned()),
        Unit::Bytes => {
            let (mut factor, mut prefix) = (1.0, symbol);
            for larger in ["KiB", "MiB", "GiB", "TiB"] {
                if size * factor < 1024.0 {
                    break;
                }
                (factor, prefix) = (factor / 1024.0, larger);
            }
            (factor, prefix.to_owned())
        }
        Unit::Number | Unit::Requests | Unit::PerSecond | Unit::Other(_) => match size {
            size if size >= 1e9 => (1e-9, format!("G{symbol}")),
            size if size >= 1e6 => (1e-6, format!("M{symbol}")),
            _ => (1.0, symbol.to_owned()),
        },
    }
}

/// Round ends around values that are far from zero, with some room on both sides.
fn around(lowest: f64, highest: f64, factor: f64) -> (f64, f64) {
    let room = (highest - lowest).max(highest * 0.001);
    let step = round_up(room / 4.0);
    let (low, high) = (((lowest - room * 0.1) / step).floor() * step, ((highest + room * 0.1) / step).ceil() * step);
    (low / factor, high / factor)
}

/// The next number that people call round.
fn round_up(number: f64) -> f64 {
    const ROUND: [f64; 10] = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0];
    if !number.is_finite() || number <= 0.0 {
        return 1.0;
    }
    let decade = 10_f64.powf(number.log10().floor());
    // A number just below a power of ten may come out at the decade above it.
    let found = ROUND.into_iter().find(|each| each * decade >= number * (1.0 - 1e-9));
    found.unwrap_or(10.0) * decade
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits before")]
fn grouped(number: f64) -> String {
    let text = whole(number.abs().round().clamp(0.0, 9e15) as u64);
    if number <= -0.5 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cockpit::ChartLine;
    use crate::domain::{Elapsed, Measure};
    use crate::flight::measure::Series;

    fn scale(unit: Unit, limit: Option<Limit>, values: &[f64]) -> Scale {
        let points = (1_u64..).zip(values).map(|(second, value)| (Elapsed(second * 1000), Some(*value)));
        let series = Series::of("one".into(), Duration::from_secs(1), points);
        let lines = vec![ChartLine { pool: None, series: Some(&series) }];
        let chart = Chart { measure: Measure::Errors, title: "one", unit, limit, lines };
        let end = Elapsed(values.len() as u64 * 1000);
        Scale::of(&chart, &Range { end, length: Duration::from_mins(5), is_past: false })
    }

    #[test]
    fn the_ends_are_round_and_hold_every_value() {
        for (number, round) in [(0.7, 0.8), (8.1, 10.0), (1.0, 1.0), (214.0, 250.0), (999.0, 1000.0), (0.0, 1.0)] {
            assert!((round_up(number) - round).abs() < 1e-9, "{number}: {}", round_up(number));
        }
        let scale = scale(Unit::Number, None, &[-3.0, 214.0]);
        assert!(scale.place(-3.0) >= 0.0 && scale.place(214.0) <= 1.0);
        assert!((scale.at(scale.place(40.0)) - 40.0).abs() < 1e-9);
    }

    #[test]
    fn a_chart_has_one_unit_and_one_precision() {
        let of = |unit, values: &[f64]| {
            let scale = scale(unit, None, values);
            values.iter().map(|value| format!("{} {}", scale.number(*value), scale.symbol)).collect::<Vec<_>>()
        };
        assert_eq!(of(Unit::Percent, &[0.0002, 0.5]), ["0.02 %", "50.00 %"]);
        assert_eq!(of(Unit::Bytes, &[512.0, 3_250_585.6]), ["0.00 MiB", "3.10 MiB"]);
        assert_eq!(of(Unit::Milliseconds, &[3.0, 212.4]), ["3 ms", "212 ms"]);
        assert_eq!(of(Unit::Milliseconds, &[2.25]), ["2.2 ms"]);
        assert_eq!(of(Unit::Milliseconds, &[240_000.0]), ["240.0 s"]);
        assert_eq!(of(Unit::Other("msg".to_owned()), &[3.0, 12.0]), ["3 msg", "12 msg"]);
        assert_eq!(of(Unit::Number, &[2_500_000.0]), ["2.50 M"]);
        assert_eq!(of(Unit::PerSecond, &[3.25, 1240.0]), ["3.2 /s", "1 240 /s"]);
    }

    #[test]
    fn values_far_from_zero_are_looked_at_closely_where_an_axis_says_so() {
        let points = [0.969, 0.993].map(Some);
        let points = (1_u64..).zip(points).map(|(second, value)| (Elapsed(second * 1000), value));
        let series = Series::of("one".into(), Duration::from_secs(1), points);
        let lines = vec![ChartLine { pool: None, series: Some(&series) }];
        let limit = Some(Limit::Below(0.97));
        let chart = Chart { measure: Measure::Errors, title: "one", unit: Unit::Percent, limit, lines };
        let range = Range { end: Elapsed(9000), length: Duration::from_mins(5), is_past: false };
        let close = Scale::close(&chart, &range);
        assert_eq!((close.short(close.at(0.0)), close.short(close.at(1.0))), ("96.6".to_owned(), "99.6".to_owned()));
        assert_eq!(Scale::of(&chart, &range).short(0.0), "0", "among others it begins at zero");
    }

    #[test]
    fn a_limit_is_in_view_once_it_matters() {
        let far = scale(Unit::Percent, Some(Limit::Above(0.01)), &[0.0002]);
        assert!(far.place(0.01) > 1.0, "a far limit would press the line to the ground");
        let near = scale(Unit::Percent, Some(Limit::Above(0.01)), &[0.004]);
        assert!(near.place(0.01) <= 1.0);
        let below = scale(Unit::Number, Some(Limit::Below(500.0)), &[3.0]);
        assert!(below.place(500.0) <= 1.0, "how far it is below is what counts");
        assert_eq!(below.short(500.0), "500");
    }
}
