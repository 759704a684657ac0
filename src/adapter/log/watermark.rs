//! Up to when a source that hands its lines over in order has delivered everything: the newest time of any line, and where
//! its lines carry no time, their arrival.

use crate::domain::Timestamp;
use crate::domain::log::LogLine;

/// The newest time of the lines so far.
#[derive(Debug, Default)]
pub(super) struct Watermark {
    /// By the lines themselves; `None` while none told a time.
    told: Option<Timestamp>,
}

impl Watermark {
    /// The watermark after these lines, which have just arrived.
    pub(super) fn after(&mut self, lines: &[LogLine]) -> Option<Timestamp> {
        self.told = self.told.max(lines.iter().filter_map(|line| line.at).max());
        // Lines beside those that tell a time, such as the rest of a stack trace, are as old as these.
        self.told.or_else(|| (!lines.is_empty()).then(|| Timestamp(chrono::Utc::now().timestamp_millis())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::log::Level;

    fn line(at: Option<i64>) -> LogLine {
        LogLine {
            at: at.map(Timestamp),
            level: Level::Info,
            text: "GET /health".to_owned(),
            excluded: true,
            fields: None,
        }
    }

    #[test]
    fn the_newest_line_of_any_sort_counts_and_late_ones_take_nothing_back() {
        let mut watermark = Watermark::default();
        assert_eq!(watermark.after(&[line(Some(5_000)), line(None)]), Some(Timestamp(5_000)));
        assert_eq!(watermark.after(&[line(Some(3_000))]), Some(Timestamp(5_000)));
        assert_eq!(watermark.after(&[line(None)]), Some(Timestamp(5_000)));
    }

    #[test]
    fn lines_without_a_time_are_as_old_as_their_arrival() {
        let mut watermark = Watermark::default();
        assert_eq!(watermark.after(&[]), None);
        let before = chrono::Utc::now().timestamp_millis();
        let arrival = watermark.after(&[line(None)]).expect("a line arrived");
        assert!(arrival.0 >= before);
    }
}
