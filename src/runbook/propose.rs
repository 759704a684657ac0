//! What a runbook's words propose: shifts of traffic, limits, and times. Nothing of it is acted on before a person has looked.

use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;

use super::Runbook;

/// A shift that the words name: `10 -> 30`, `10% → 50%`, `blue to 0`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shift {
    /// The pool that they name, or that a heading above names.
    pub pool: Option<String>,
    /// From how many percent, where they say so.
    pub from: Option<u32>,
    /// To how many percent.
    pub to: u32,
    /// Where it stands, from 1.
    pub line: usize,
}

/// A limit that the words name: `error rate < 1%`.
#[derive(Clone, PartialEq, Debug)]
pub struct Limit {
    /// What is measured, as written.
    pub what: String,
    /// Whether it is to stay below the value; above it otherwise.
    pub below: bool,
    /// The value as written: `0.1`.
    pub value: String,
    /// Its unit as written: `%`, `ms`; empty where there is none.
    pub unit: String,
    /// Where it stands, from 1.
    pub line: usize,
}

/// A time that the words name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// So long before it begins: `48 hours before`, `T-30 min`.
    Before(Duration),
    /// So long after it began: `24 hours after`, `T+2h`.
    After(Duration),
    /// Between these, from the step's beginning: `0-15 min`.
    Between(Duration, Duration),
}

fn regex(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

static ARROW: LazyLock<Option<Regex>> =
    LazyLock::new(|| regex(r"(?:(\d{1,3})\s*%?)((?:\s*(?:->|-->|=>|→|➜|➔|⟶)\s*\d{1,3}\s*%?)+)"));
static STEP: LazyLock<Option<Regex>> = LazyLock::new(|| regex(r"(\d{1,3})"));
static TO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(r"(?i)\b(blue|green|canary|stable)\s+(?:pool\s+|traffic\s+)?(?:back\s+)?to\s+(\d{1,3})\b\s*%?")
});
static INTO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(
        r"(?i)\btraffic\s+(?:in|of|on)\s+(blue|green|canary|stable)\s+to\s+(\d{1,3})\b|\btraffic\s+to\s+(\d{1,3})\s*%?\s+(?:in|on|for)\s+(blue|green|canary|stable)\b",
    )
});
static POOL: LazyLock<Option<Regex>> = LazyLock::new(|| regex(r"(?i)\b(blue|green|canary|stable)\b"));
static LIMIT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(
        r"(?ix)
        (?P<what>[\p{L}][\p{L}\d\s/_.()-]{1,48}?)
        \s*(?::|\(target:|is|stays|stay|remains|should\s+be|should\s+stay|should\s+not|must\s+be|must\s+not)?
        \s*(?P<how><=|>=|<|>|≤|≥|\bunder\b|\bbelow\b|\bless\ than\b|\babove\b|\bover\b|\bmore\ than\b|\bexceeds?\b)
        \s*(?P<value>\d+(?:[.,]\d+)?)\s*(?P<unit>%|ms\b|s\b|sec\b|seconds?\b|/\d+|req/s|req/min)?",
    )
});
static AROUND: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(r"(?i)\b(\d{1,3})\s*(minutes?|mins?|m|hours?|hrs?|h|days?|d)\s+(before|prior|ahead|after|later)\b")
});
static T_MARK: LazyLock<Option<Regex>> =
    LazyLock::new(|| regex(r"\bT\s*([-−–+])\s*(\d{1,3})\s*(minutes?|mins?|min|m|hours?|hrs?|h|days?|d)?\b"));
static BETWEEN: LazyLock<Option<Regex>> =
    LazyLock::new(|| regex(r"(?i)\b(\d{1,3})\s*[-–]\s*(\d{1,3})\s*(minutes?|mins?|m|hours?|hrs?|h)\b"));

/// The shifts that one line of words names, in their order. `above` is what stands above it, nearest last: a pool that
/// the words do not name is looked for there.
pub fn shifts(text: &str, line: usize, above: &[&str]) -> Vec<Shift> {
    let pool_of = |words: &str| {
        let found = POOL.as_ref()?.captures(words)?;
        Some(found.get(1)?.as_str().to_lowercase())
    };
    let pool = pool_of(text).or_else(|| above.iter().rev().find_map(|words| pool_of(words)));
    let percent = |text: &str| text.parse().ok().filter(|percent: &u32| *percent <= 100);
    let mut found: Vec<Shift> = Vec::new();
    for chain in ARROW.iter().flat_map(|arrow| arrow.captures_iter(text)) {
        let Some(mut from) = chain.get(1).and_then(|first| percent(first.as_str())) else { continue };
        let rest = chain.get(2).map_or("", |rest| rest.as_str());
        for to in STEP.iter().flat_map(|step| step.find_iter(rest)) {
            let Some(to) = percent(to.as_str()) else { break };
            found.push(Shift { pool: pool.clone(), from: Some(from), to, line });
            from = to;
        }
    }
    if !found.is_empty() {
        return found;
    }
    let mut named: Vec<(usize, Shift)> = Vec::new();
    for pattern in [&*TO, &*INTO] {
        for each in pattern.iter().flat_map(|pattern| pattern.captures_iter(text)) {
            let words: Vec<&str> = each.iter().skip(1).flatten().map(|group| group.as_str()).collect();
            let to = words.iter().find_map(|word| percent(word));
            let pool = words.iter().find_map(|word| pool_of(word));
            if let (Some(to), Some(pool)) = (to, pool) {
                let at = each.get(0).map_or(0, |all| all.start());
                named.push((at, Shift { pool: Some(pool), from: None, to, line }));
            }
        }
    }
    named.sort_by_key(|(at, _)| *at);
    named.into_iter().map(|(_, shift)| shift).collect()
}

/// The limits that one line of words names.
pub fn limits(text: &str, line: usize) -> Vec<Limit> {
    let found = LIMIT.iter().flat_map(|limit| limit.captures_iter(text)).filter_map(|each| {
        let group = |name: &str| each.name(name).map(|group| group.as_str().trim());
        let what = group("what")?.trim_matches(|c: char| !c.is_alphanumeric() && c != ')').trim();
        let how = group("how")?.to_lowercase();
        // What should not exceed a value is to stay below it.
        let never = each.get(0).is_some_and(|all| all.as_str().to_lowercase().contains(" not "));
        let below = ["<", "<=", "≤", "under", "below", "less than"].contains(&how.as_str()) || never;
        (!what.is_empty()).then(|| Limit {
            what: what.to_owned(),
            below,
            value: group("value").unwrap_or_default().replace(',', "."),
            unit: group("unit").unwrap_or_default().to_owned(),
            line,
        })
    });
    found.collect()
}

/// The time that words name, if they name one.
pub fn when(text: &str) -> Option<When> {
    if let Some(found) = BETWEEN.as_ref().and_then(|between| between.captures(text)) {
        let unit = found.get(3)?.as_str();
        let (from, to) = (span(found.get(1)?.as_str(), unit)?, span(found.get(2)?.as_str(), unit)?);
        return (from < to).then_some(When::Between(from, to));
    }
    if let Some(found) = AROUND.as_ref().and_then(|around| around.captures(text)) {
        let long = span(found.get(1)?.as_str(), found.get(2)?.as_str())?;
        let after = ["after", "later"].contains(&found.get(3)?.as_str().to_lowercase().as_str());
        return Some(if after { When::After(long) } else { When::Before(long) });
    }
    let found = T_MARK.as_ref().and_then(|mark| mark.captures(text))?;
    let long = span(found.get(2)?.as_str(), found.get(3).map_or("min", |unit| unit.as_str()))?;
    Some(if found.get(1)?.as_str() == "+" { When::After(long) } else { When::Before(long) })
}

fn span(number: &str, unit: &str) -> Option<Duration> {
    let number: u64 = number.parse().ok()?;
    let seconds = match unit.chars().next()?.to_ascii_lowercase() {
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(number.saturating_mul(seconds)))
}

/// Every shift that a runbook names, in its order.
pub fn all_shifts(runbook: &Runbook) -> Vec<Shift> {
    let mut found = Vec::new();
    each_line(runbook, &mut |text, line, above| found.extend(shifts(text, line, above)));
    found
}

/// Every limit that a runbook names, in its order, each once.
pub fn all_limits(runbook: &Runbook) -> Vec<Limit> {
    let mut found: Vec<Limit> = Vec::new();
    each_line(runbook, &mut |text, line, _| {
        for limit in limits(text, line) {
            let same = |other: &Limit| {
                (&other.what, other.below, &other.value, &other.unit)
                    == (&limit.what, limit.below, &limit.value, &limit.unit)
            };
            if !found.iter().any(same) {
                found.push(limit);
            }
        }
    });
    found
}

/// Goes over items and notes with the titles and items above each.
fn each_line(runbook: &Runbook, see: &mut dyn FnMut(&str, usize, &[&str])) {
    fn items<'r>(items: &'r [super::Item], above: &mut Vec<&'r str>, see: &mut dyn FnMut(&str, usize, &[&str])) {
        for item in items {
            see(&item.text, item.line, above);
            above.push(&item.text);
            self::items(&item.items, above, see);
            above.pop();
        }
    }
    use items as visit;
    for (index, section) in runbook.sections.iter().enumerate() {
        let mut above = runbook.path(index);
        for note in &section.notes {
            for (offset, text) in note.text.lines().enumerate() {
                see(text, note.line.saturating_add(offset), &above);
            }
        }
        visit(&section.items, &mut above, see);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{When, limits, shifts, when};

    /// One word for each shift: pool, from, to.
    fn moved(text: &str, above: &[&str]) -> String {
        let one = |shift: super::Shift| {
            let from = shift.from.map_or("?".to_owned(), |from| from.to_string());
            format!("{} {from}>{}", shift.pool.as_deref().unwrap_or("-"), shift.to)
        };
        shifts(text, 1, above).into_iter().map(one).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn shifts_are_found_in_arrows_and_in_words() {
        assert_eq!(moved("0 -> 10", &["Deploy", "Increase traffic to blue until 50"]), "blue 0>10");
        assert_eq!(moved("Canary (10% → 50% → 100%)", &[]), "canary 10>50, canary 50>100");
        assert_eq!(moved("Set green to 0 and blue to 100", &[]), "green ?>0, blue ?>100");
        assert_eq!(moved("Reduce all traffic to 0 in blue", &[]), "blue ?>0");
        assert_eq!(moved("Reduce all traffic in green to 0", &[]), "green ?>0");
        for none in ["stag → prod", "0-15 min", "500 -> 900", "scale to 3", "GET / → 200 OK, then 5 -> 900"] {
            assert_eq!(moved(none, &[]), "", "{none}");
        }
    }

    #[test]
    fn limits_are_found_with_their_units() {
        let told = |text: &str| {
            let one = |limit: super::Limit| {
                format!("{} {} {}{}", limit.what, if limit.below { '<' } else { '>' }, limit.value, limit.unit)
            };
            limits(text, 1).into_iter().map(one).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(told("Error rate < 1% for 15 minutes"), "Error rate < 1%");
        assert_eq!(told("Response time p95 > 1000ms for 5 minutes"), "Response time p95 > 1000ms");
        assert_eq!(told("P99 latency should not exceed 500ms"), "P99 latency < 500ms");
        assert_eq!(told("Memory usage: < 70% of it"), "Memory usage < 70%");
        assert_eq!(told("Cache hit rate should exceed 85%"), "Cache hit rate > 85%");
        assert_eq!(told("Wait 5 minutes"), "");
    }

    #[test]
    fn times_are_before_after_or_between() {
        let minutes = |count: u64| Duration::from_mins(count);
        assert_eq!(when("48 Hours Before Release"), Some(When::Before(minutes(48 * 60))));
        assert_eq!(when("Old pool goes 1 hour after the last step"), Some(When::After(minutes(60))));
        assert_eq!(when("T-30"), Some(When::Before(minutes(30))));
        assert_eq!(when("T+2h: look again"), Some(When::After(minutes(120))));
        assert_eq!(when("0-15 min: watch"), Some(When::Between(minutes(0), minutes(15))));
        assert_eq!(when("Wait 30 minutes"), None);
    }
}
