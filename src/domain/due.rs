//! When items of the checklist are to be done: so long before the planned start, or so long after the end.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ItemId, Timestamp};

/// When something is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Due {
    /// So long before the planned start.
    Before(Duration),
    /// So long after the plan's last step; after the end, where that came first.
    AfterLastStep(Duration),
    /// So long after the session was closed.
    AfterEnd(Duration),
}

impl Due {
    /// Whether it is done after the deployment, and so may be done after the session is closed.
    pub fn is_follow_up(self) -> bool {
        match self {
            Self::AfterLastStep(_) | Self::AfterEnd(_) => true,
            Self::Before(_) => false,
        }
    }

    /// How long before or after it is.
    pub fn distance(self) -> Duration {
        let (Self::Before(by) | Self::AfterLastStep(by) | Self::AfterEnd(by)) = self;
        by
    }

    /// In words: `48 h before the start`.
    pub fn words(self) -> String {
        let by = span_words(self.distance());
        match self {
            Self::Before(_) => format!("{by} before the start"),
            Self::AfterLastStep(_) => format!("{by} after the last step"),
            Self::AfterEnd(_) => format!("{by} after the end"),
        }
    }

    /// In a few cells: `T-48 h`, `+24 h`.
    pub fn short(self) -> String {
        let by = span_words(self.distance());
        if self.is_follow_up() { format!("+{by}") } else { format!("T-{by}") }
    }
}

/// When sections and items are due, as the profile says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Dues {
    /// Sections by their slugs.
    pub sections: BTreeMap<String, Due>,
    /// Items; those of a section that is due are due with it.
    pub items: BTreeMap<ItemId, Due>,
}

/// Something that is left to be done after a session was closed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FollowUp {
    /// The item of the checklist.
    pub item: ItemId,
    /// What is to be done.
    pub text: String,
    /// When.
    pub due: Timestamp,
}

/// How something that is not done stands to its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Its time comes in so long.
    Later(Duration),
    /// Its time came so long ago, and nothing is late yet.
    Now(Duration),
    /// It is late: its time came so long ago.
    Overdue(Duration),
}

impl Standing {
    /// How something stands whose time comes so long before or after what it counts from: it is late after a quarter of that, but
    /// not within the first quarter of an hour.
    pub fn of(due: Timestamp, distance: Duration, now: Timestamp) -> Self {
        let since = now.since(due);
        if now < due {
            Self::Later(due.since(now))
        } else if since < (distance / 4).max(Duration::from_mins(15)) {
            Self::Now(since)
        } else {
            Self::Overdue(since)
        }
    }

    /// In a few cells: `in 3 h`, `due now`, `20 min late`.
    pub fn short(self) -> String {
        match self {
            Self::Later(span) => format!("in {}", about(span)),
            Self::Now(_) => "due now".to_owned(),
            Self::Overdue(span) => format!("{} late", about(span)),
        }
    }

    /// In words: `due in 3 h`, `due now`, `overdue by 20 min`.
    pub fn words(self) -> String {
        match self {
            Self::Later(span) => format!("due in {}", about(span)),
            Self::Now(_) => "due now".to_owned(),
            Self::Overdue(span) => format!("overdue by {}", about(span)),
        }
    }
}

/// A span as a runbook says it: `48 h`, `30 min`, `7 d`.
pub fn span_words(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        days if days >= 3 * 86_400 && days % 86_400 == 0 => format!("{} d", days / 86_400),
        hours if hours > 0 && hours % 3_600 == 0 => format!("{} h", hours / 3_600),
        minutes if minutes > 0 && minutes % 60 == 0 => format!("{} min", minutes / 60),
        seconds => format!("{seconds} s"),
    }
}

/// A span in one unit, rounded down: `40 s`, `12 min`, `5 h`, `3 d`.
fn about(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..259_200 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_is_late_after_a_quarter_of_its_distance() {
        let due = Timestamp(1_795_269_600_000);
        let day = Duration::from_hours(24);
        let words = |now: Timestamp, distance| Standing::of(due, distance, now).words();
        assert_eq!(words(Timestamp(due.0 - 1), day), "due in 0 s");
        assert_eq!(words(Timestamp(due.0 - 7_200_000), day), "due in 2 h");
        assert_eq!(words(due, day), "due now");
        assert_eq!(words(due.plus(day / 4), day), "overdue by 6 h");
        let half_hour = Duration::from_mins(30);
        assert_eq!(words(due.plus(Duration::from_mins(14)), half_hour), "due now");
        assert_eq!(words(due.plus(Duration::from_mins(15)), half_hour), "overdue by 15 min");
    }

    #[test]
    fn times_are_said_as_runbooks_say_them() {
        let words = |due: Due| format!("{}; {}", due.words(), due.short());
        assert_eq!(words(Due::Before(Duration::from_hours(48))), "48 h before the start; T-48 h");
        assert_eq!(words(Due::Before(Duration::from_mins(30))), "30 min before the start; T-30 min");
        assert_eq!(words(Due::AfterEnd(Duration::from_hours(168))), "7 d after the end; +7 d");
        assert_eq!(words(Due::AfterLastStep(Duration::from_hours(2))), "2 h after the last step; +2 h");
    }
}
