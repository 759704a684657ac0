//! What a runbook's words propose: shifts of traffic, limits, and times. Nothing of it is acted on before a person has looked.

use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;

use super::Runbook;
use crate::domain::due::Due;

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
    /// The words that say so.
    pub words: String,
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
    LazyLock::new(|| regex(r"(?:(\d{1,3})\s*%?)((?:\s*(?:->|-->|=>|→|➜|➔|⟶)\s*\d{1,3}\b\s*%?)+)"));
static STEP: LazyLock<Option<Regex>> = LazyLock::new(|| regex(r"(\d{1,3})"));

/// Words that give one pool a share; the pool may be left to what stands above.
static GIVEN: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"(?i)\b(blue|green|canary|stable)\s+(?:pool\s+|traffic\s+)?(?:back\s+)?to\s+(\d{1,3})\b\s*%?",
        r"(?i)\btraffic\s+(?:in|of|on)\s+(blue|green|canary|stable)\s+to\s+(\d{1,3})\b",
        r"(?i)\btraffic\s+to\s+(\d{1,3})\s*%?\s+(?:in|on|for)\s+(blue|green|canary|stable)\b",
        r"(?i)\b(\d{1,3})\s*%\s*(?:->|=>|→|to)\s*(?:the\s+)?(blue|green|canary|stable)\b",
        r"(?i)\b(\d{1,3})\s*%\s+(?:of\s+)?(?:the\s+|all\s+)?traffic\b",
        r#"(?i)\b(?:set|canary)?[-_ ]?weight["']?\s*[:=]?\s+["']?(\d{1,3})\b"#,
    ]
    .iter()
    .filter_map(|pattern| regex(pattern))
    .collect()
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

static WITHIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(r"(?i)\b(?:within|first)\s+(?:the\s+)?(\d{1,3})?\s*(minutes?|mins?|hours?|hrs?|h|days?|d)\b")
});

/// When a section is to be done that stands below these titles, its own last: so long before the start, or so long after
/// the deployment (`Within 24 hours`). What stands below a way back has no time: it may never be flown.
pub fn due(path: &[&str]) -> Option<Due> {
    const BACK: [&str; 5] = ["rollback", "rolling back", "roll back", "revert", "emergency"];
    let lower: Vec<String> = path.iter().map(|title| title.to_lowercase()).collect();
    if lower.iter().any(|title| BACK.iter().any(|word| title.contains(word))) {
        return None;
    }
    path.iter().rev().find_map(|title| match when(title) {
        Some(When::Before(by)) => Some(Due::Before(by)),
        Some(When::After(by)) => Some(Due::AfterLastStep(by)),
        Some(When::Between(..)) => None,
        None => within(title).map(Due::AfterLastStep),
    })
}

fn within(title: &str) -> Option<Duration> {
    let found = WITHIN.as_ref().and_then(|within| within.captures(title))?;
    span(found.get(1).map_or("1", |number| number.as_str()), found.get(2)?.as_str()).filter(|span| !span.is_zero())
}

/// The shifts that one line of words names, in their order. `above` is what stands above it, nearest last: a pool that
/// the words do not name is looked for there.
pub fn shifts(text: &str, line: usize, above: &[&str]) -> Vec<Shift> {
    let pool_of = |words: &str| {
        // "100% (stable)" says how it is, and not whose the traffic is.
        let words = &words.to_lowercase().replace("(stable)", "");
        let mut found = POOL.iter().flat_map(|pool| pool.find_iter(words)).map(|found| found.as_str().to_lowercase());
        let first = found.next()?;
        // Words that name both pools say nothing of one.
        found.all(|other| other == first).then_some(first)
    };
    let pool = || pool_of(text).or_else(|| above.iter().rev().find_map(|words| pool_of(words)));
    let percent = |text: &str| text.parse().ok().filter(|percent: &u32| *percent <= 100);
    let shift = |pool, from, to| Shift { pool, from, to, line, words: text.trim().to_owned() };
    let mut found: Vec<Shift> = Vec::new();
    for chain in ARROW.iter().flat_map(|arrow| arrow.captures_iter(text)) {
        let Some(mut from) = chain.get(1).and_then(|first| percent(first.as_str())) else { continue };
        let whole = chain.get(0).map_or("", |whole| whole.as_str());
        let rest = chain.get(2).map_or("", |rest| rest.as_str());
        // A chain of shares may begin with the first of them: nothing is at 10 % before `10% → 50%` begins.
        if from > 0 && whole.contains('%') && rest.matches('%').count() > 1 {
            found.push(shift(pool(), None, from));
        }
        for to in STEP.iter().flat_map(|step| step.find_iter(rest)) {
            let Some(to) = percent(to.as_str()) else { break };
            found.push(shift(pool(), Some(from), to));
            from = to;
        }
    }
    if !found.is_empty() {
        return found;
    }
    let mut named: Vec<(usize, usize, Shift)> = Vec::new();
    for each in GIVEN.iter().flat_map(|pattern| pattern.captures_iter(text)) {
        let words: Vec<&str> = each.iter().skip(1).flatten().map(|group| group.as_str()).collect();
        let Some(to) = words.iter().find_map(|word| percent(word)) else { continue };
        let own = words.iter().find_map(|word| pool_of(word));
        let range = each.get(0).map_or(0..0, |all| all.range());
        if named.iter().all(|(start, end, _)| range.end <= *start || *end <= range.start) {
            named.push((range.start, range.end, shift(own.or_else(pool), None, to)));
        }
    }
    named.sort_by_key(|(at, ..)| *at);
    named.into_iter().map(|(_, _, shift)| shift).collect()
}

/// The limits that one line of words names.
pub fn limits(text: &str, line: usize) -> Vec<Limit> {
    let found = LIMIT.iter().flat_map(|limit| limit.captures_iter(text)).filter_map(|each| {
        let group = |name: &str| each.name(name).map(|group| group.as_str().trim());
        let what = group("what")?.trim_matches(|c: char| !c.is_alphanumeric() && c != ')');
        let what =
            [" should", " must", " stays", " is"].iter().find_map(|end| what.strip_suffix(end)).unwrap_or(what).trim();
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

/// Every limit that a runbook names, in its order, each once.
pub fn all_limits(runbook: &Runbook) -> Vec<Limit> {
    let mut found: Vec<Limit> = Vec::new();
    each_line(runbook, &mut |text, line| {
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

/// Goes over items, what is typed for them, and notes that people see.
fn each_line(runbook: &Runbook, see: &mut dyn FnMut(&str, usize)) {
    for section in &runbook.sections {
        for note in section.notes.iter().filter(|note| !note.is_hidden) {
            for (line, text) in (note.line..).zip(note.text.lines()) {
                see(text, line);
            }
        }
    }
    for item in runbook.items() {
        see(&item.text, item.line);
        // What is typed is no limit, what is said beside it may be one.
        for command in &item.commands {
            command
                .text
                .lines()
                .filter(|line| line.trim_start().starts_with('#'))
                .for_each(|line| see(line, item.line));
        }
    }
}

/// So many whole minutes.
pub fn minutes(span: Duration) -> u64 {
    span.as_secs() / 60
}

impl std::fmt::Display for When {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let long = |span: &Duration| match minutes(*span) {
            days if days >= 48 * 60 && days % (24 * 60) == 0 => format!("{} d", days / (24 * 60)),
            hours if hours >= 60 && hours % 60 == 0 => format!("{} h", hours / 60),
            minutes => format!("{minutes} min"),
        };
        match self {
            Self::Before(span) => write!(to, "{} before it begins", long(span)),
            Self::After(span) => write!(to, "{} after", long(span)),
            Self::Between(from, until) => write!(to, "from {} to {} after it began", long(from), long(until)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{When, due, limits, shifts, when};
    use crate::domain::due::Due;

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
        assert_eq!(moved("Canary (10% → 50% → 100%)", &[]), "canary ?>10, canary 10>50, canary 50>100");
        assert_eq!(moved("Phase 1: 25% traffic", &["Canary"]), "canary ?>25");
        assert_eq!(moved("95% → stable, 5% → canary", &[]), "stable ?>95, canary ?>5");
        assert_eq!(moved("setWeight: 20", &[]), "- ?>20");
        assert_eq!(moved("Set green to 0 and blue to 100", &[]), "green ?>0, blue ?>100");
        assert_eq!(moved("Reduce all traffic to 0 in blue", &[]), "blue ?>0");
        assert_eq!(moved("Reduce all traffic in green to 0", &[]), "green ?>0");
        for none in [
            "stag → prod",
            "blue and green run",
            "0-15 min",
            "500 -> 900",
            "scale to 3",
            "GET / → 200 OK, then 5 -> 900",
        ] {
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
    fn headings_say_by_when_what_stands_below_them_is_done() {
        let hours = |count: u64| Duration::from_hours(count);
        assert_eq!(due(&["Release", "48 Hours Before Release:"]), Some(Due::Before(hours(48))));
        assert_eq!(due(&["30 Minutes Before", "Checks"]), Some(Due::Before(Duration::from_mins(30))));
        assert_eq!(due(&["Within 24 hours:"]), Some(Due::AfterLastStep(hours(24))));
        assert_eq!(due(&["Afterwards", "Within 7 days:"]), Some(Due::AfterLastStep(hours(168))));
        assert_eq!(due(&["Immediate (first hour):"]), Some(Due::AfterLastStep(hours(1))));
        assert_eq!(due(&["2 hours after"]), Some(Due::AfterLastStep(hours(2))));
        assert_eq!(due(&["Rollback", "Within 5 minutes"]), None, "nobody is late with a way back that is not flown");
        assert_eq!([due(&["Deploy"]), due(&["0-15 min"]), due(&["First: tell them"])], [None; 3]);
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
