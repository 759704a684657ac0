//! From when on an alert counts: `since = "change"`, `"open"` or a span of time before now.

use std::time::Duration;

use crate::domain::Timestamp;
use crate::domain::check::Asking;
use crate::setting::{Found, Kind, Table, Wrong, quoted, span_text, word};

/// From when on an alert counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Since {
    /// From the last change on; before the first one, from the opening of the session on.
    Change,
    /// From the opening of the session on.
    Open,
    /// For the last so long.
    Last(Duration),
}

impl Since {
    /// Reads the key; without it everything that fires counts.
    pub(super) fn read(table: &mut Table<'_>) -> Option<Self> {
        let doc = "From when on one must have begun to count: \"change\", \"open\", or the last \"15m\". Default: all that are firing.";
        table.optional("since", doc, &since()).map(|Found { value, .. }| value)
    }

    /// The moment that is meant.
    pub(super) fn moment(self, asking: &Asking) -> Timestamp {
        match self {
            Self::Change => asking.changed.unwrap_or(asking.opened),
            Self::Open => asking.opened,
            Self::Last(span) => {
                Timestamp(asking.now.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
            }
        }
    }

    /// For people: `since the change at 14:02:11`.
    pub(super) fn told(self, asking: &Asking) -> String {
        let at = self.moment(asking).clock();
        match (self, asking.changed) {
            (Self::Change, Some(_)) => format!("since the change at {at}"),
            (Self::Change, None) | (Self::Open, _) => format!("since the session was opened at {at}"),
            (Self::Last(span), _) => format!("in the last {}", span_text(span)),
        }
    }
}

fn since() -> Kind<Since> {
    const ACCEPTED: &str = "\"change\", \"open\", or a time from \"1m\" to \"24h\", such as \"15m\"";
    word(ACCEPTED, "", 20).and_then(ACCEPTED, move |text| match text.as_str() {
        "change" => Ok(Since::Change),
        "open" => Ok(Since::Open),
        other => {
            let fits = |span: &Duration| (Duration::from_mins(1)..=Duration::from_hours(24)).contains(span);
            let wrong = || Wrong::new(format!("cannot be {}", quoted(other)));
            span(other).filter(fits).map(Since::Last).ok_or_else(wrong)
        }
    })
}

/// `90s`, `15m`, `2h`.
fn span(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_the_first_change_the_session_s_opening_counts() {
        let mut asking = Asking {
            now: Timestamp(3_600_000),
            from_version: String::new(),
            to_version: String::new(),
            opened: Timestamp(60_000),
            changed: None,
            earlier: None,
            digest: String::new(),
        };
        assert_eq!(Since::Change.moment(&asking), Timestamp(60_000));
        asking.changed = Some(Timestamp(120_000));
        assert_eq!(Since::Change.told(&asking), "since the change at 00:02:00");
        assert_eq!(Since::Last(Duration::from_mins(15)).moment(&asking), Timestamp(2_700_000));
    }

    #[test]
    fn spans_have_one_unit() {
        assert_eq!(span("15m"), Some(Duration::from_mins(15)));
        for bad in ["", "m", "15", "1.5h", "15d", "-1m"] {
            assert_eq!(span(bad), None, "{bad}");
        }
    }
}
