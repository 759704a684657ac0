//! What ran in another environment, and whether a version ran there long enough.

use std::time::Duration;

use crate::domain::Timestamp;
use crate::domain::check::Verdict;

/// What ran in an environment, newest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct History {
    /// Each version from when on, and until when.
    pub runs: Vec<Ran>,
    /// Whether it goes back to the beginning: what is not in it did not run.
    pub is_whole: bool,
    /// Where it was read, for people: `accounts.tag of image-tags.yaml in /srv/gitops at 3f2a91c`.
    pub source: String,
}

/// One version that ran.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ran {
    /// Its version, as the environment names it.
    pub version: String,
    /// Since when, as far as is known.
    pub from: Option<Timestamp>,
    /// By whom and by what, for people: `commit 3f2a91c by ana`.
    pub by: String,
    /// What came after it.
    pub end: End,
}

/// What came after a version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// Nothing: it runs.
    Runs,
    /// Nothing, and nobody has said yet that it is well: its deployment is not over.
    Unsettled,
    /// Another version took its place.
    Replaced {
        /// Which one.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// The version before it was put back.
    RolledBack {
        /// Which one; empty where nobody says.
        to: String,
        /// When.
        at: Timestamp,
    },
    /// Its deployment did not come to a good end.
    Failed {
        /// What was said of it.
        outcome: String,
    },
}

/// Whether a version ran in an environment for so long, with the reason.
pub fn ran(
    history: &History,
    environment: &str,
    version: &str,
    needed: Option<Duration>,
    now: Timestamp,
) -> (Verdict, String) {
    let Some(run) = history.runs.iter().find(|run| run.version == version) else {
        return not_found(history, environment, version);
    };
    let until = match &run.end {
        End::RolledBack { to, at } => {
            let to = if to.is_empty() { String::new() } else { format!(" to {to}") };
            let words = format!("{version} was rolled back{to} in {environment} on {}", at.long());
            return (Verdict::Fail, format!("{words}{}", after(run, *at)));
        }
        End::Failed { outcome } => {
            return (Verdict::Fail, format!("{version} did not come to a good end in {environment}: {outcome}"));
        }
        End::Unsettled => {
            let words = format!("the deployment of {version} in {environment} is not over: {}", run.by);
            return (Verdict::Inconclusive, words);
        }
        End::Runs => None,
        End::Replaced { at, .. } => Some(*at),
    };
    let Some(from) = run.from else {
        return match needed {
            None => (Verdict::Pass, format!("{version} runs in {environment}")),
            Some(needed) => {
                let words = format!("since when {version} runs in {environment} is not said; {} asked", hours(needed));
                (Verdict::Inconclusive, words)
            }
        };
    };
    let held = until.unwrap_or(now).since(from);
    let needed = needed.unwrap_or_default();
    if held >= needed {
        let tense = if until.is_some() { "ran" } else { "has run" };
        return (Verdict::Pass, format!("{version} {tense} {} in {environment}, since {}", hours(held), from.long()));
    }
    let words = format!("{version} ran only {} of {} in {environment}", hours(held), hours(needed));
    let words = match &run.end {
        End::Replaced { by, at } => format!("{words}: {by} took its place on {}", at.long()),
        End::Runs | End::Unsettled | End::RolledBack { .. } | End::Failed { .. } => {
            format!("{words}; long enough on {}", from.plus(needed).long())
        }
    };
    (Verdict::Fail, words)
}

fn not_found(history: &History, environment: &str, version: &str) -> (Verdict, String) {
    let now = history.runs.first().filter(|run| matches!(run.end, End::Runs | End::Unsettled));
    let now = now.map(|run| format!("; {} runs there", run.version)).unwrap_or_default();
    if history.is_whole {
        (Verdict::Fail, format!("{version} not found in {environment}{now}"))
    } else {
        let words = format!("{version} not found in {environment} as far back as was looked{now}");
        (Verdict::Inconclusive, words)
    }
}

fn after(run: &Ran, at: Timestamp) -> String {
    run.from.map(|from| format!(", after {}", hours(at.since(from)))).unwrap_or_default()
}

/// The version that an environment has now, where it came to a good end there.
///
/// # Errors
/// Why there is none to take.
pub fn latest<'h>(history: &'h History, environment: &str) -> Result<&'h Ran, String> {
    let good = |run: &&Ran| matches!(run.end, End::Runs | End::Replaced { .. });
    match history.runs.first() {
        Some(run) if !good(&run) && matches!(run.end, End::Unsettled) => {
            Err(format!("the deployment of {} in {environment} is not over: {}", run.version, run.by))
        }
        // What was rolled back is not there any more: what was there before is.
        _ => history.runs.iter().find(good).ok_or_else(|| format!("nothing that went well is found in {environment}")),
    }
}

/// A span as people say it of deployments: `3 h`, `40 min`, `2 days`.
fn hours(span: Duration) -> String {
    match span.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds if seconds % 3_600 >= 60 && seconds < 36_000 => {
            format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60)
        }
        seconds => format!("{} h", seconds / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn at(hours: i64) -> Timestamp {
        Timestamp(1_795_000_000_000 + hours * HOUR)
    }

    fn run(version: &str, from: i64, end: End) -> Ran {
        Ran { version: version.to_owned(), from: Some(at(from)), by: "commit 1".to_owned(), end }
    }

    fn history(runs: Vec<Ran>) -> History {
        History { runs, is_whole: true, source: "a file".to_owned() }
    }

    fn told(runs: Vec<Ran>) -> (Verdict, String) {
        ran(&history(runs), "staging", "2.5.0", Some(Duration::from_hours(24)), at(100))
    }

    #[test]
    fn a_version_must_have_run_for_so_long() {
        assert_eq!(told(vec![run("2.5.0", 70, End::Runs)]).0, Verdict::Pass);
        let (verdict, words) = told(vec![run("2.5.0", 97, End::Runs), run("2.4.0", 0, End::Runs)]);
        assert_eq!(verdict, Verdict::Fail);
        assert!(words.starts_with("2.5.0 ran only 3 h of 24 h in staging; long enough on "), "{words}");
        let replaced = |after: i64| End::Replaced { by: "2.6.0".to_owned(), at: at(10 + after) };
        let newer = || run("2.6.0", 40, End::Runs);
        assert_eq!(told(vec![newer(), run("2.5.0", 10, replaced(30))]).0, Verdict::Pass);
        let (verdict, words) = told(vec![newer(), run("2.5.0", 10, replaced(3))]);
        assert_eq!(verdict, Verdict::Fail);
        assert!(words.contains("ran only 3 h of 24 h in staging: 2.6.0 took its place on "), "{words}");
    }

    #[test]
    fn what_was_rolled_back_there_did_not_pass_however_long_it_ran() {
        let back = End::RolledBack { to: "2.4.0".to_owned(), at: at(90) };
        let (verdict, words) = told(vec![run("2.4.0", 90, End::Runs), run("2.5.0", 10, back)]);
        assert_eq!(verdict, Verdict::Fail);
        assert!(words.starts_with("2.5.0 was rolled back to 2.4.0 in staging on "), "{words}");
        assert!(words.ends_with(", after 80 h"), "{words}");
    }

    #[test]
    fn what_is_not_there_fails_only_where_all_of_it_was_looked_at() {
        assert_eq!(
            told(vec![run("2.4.0", 0, End::Runs)]),
            (Verdict::Fail, "2.5.0 not found in staging; 2.4.0 runs there".to_owned())
        );
        let part = History { is_whole: false, ..history(vec![run("2.4.0", 0, End::Runs)]) };
        let needed = Some(Duration::from_hours(24));
        assert_eq!(ran(&part, "staging", "2.5.0", needed, at(100)).0, Verdict::Inconclusive);
        assert_eq!(told(vec![run("2.5.0", 0, End::Unsettled)]).0, Verdict::Inconclusive);
        let unsaid = Ran { from: None, ..run("2.5.0", 0, End::Runs) };
        assert_eq!(told(vec![unsaid.clone()]).0, Verdict::Inconclusive, "nobody says since when");
        assert_eq!(ran(&history(vec![unsaid]), "staging", "2.5.0", None, at(100)).0, Verdict::Pass);
    }

    #[test]
    fn the_latest_is_what_went_well_and_nothing_is_made_up() {
        let of = |runs| latest(&history(runs), "staging").map(|run| run.version.clone());
        let back = || End::RolledBack { to: String::new(), at: at(90) };
        assert_eq!(of(vec![run("2.5.0", 1, End::Runs)]).as_deref(), Ok("2.5.0"));
        let before = || run("2.4.0", 0, End::Replaced { by: "2.5.0".to_owned(), at: at(1) });
        assert_eq!(of(vec![run("2.5.0", 1, back()), before()]).as_deref(), Ok("2.4.0"));
        assert!(of(vec![run("2.5.0", 1, End::Unsettled), before()]).is_err_and(|why| why.contains("is not over")));
        assert!(of(Vec::new()).is_err());
    }

    #[test]
    fn spans_are_said_as_people_do() {
        let said = |seconds| hours(Duration::from_secs(seconds));
        assert_eq!([said(40), said(2_400), said(3_600), said(12_000)], ["40 s", "40 min", "1 h", "3 h 20 min"]);
        assert_eq!(said(100_000), "27 h");
    }
}
