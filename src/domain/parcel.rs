//! What one cockpit has read and shares with the others of its session, apart from the journal (J6): a source whose every
//! request costs, or counts against a limit that all share, is asked by one cockpit only.
//!
//! Best effort: a parcel may be lost, late or double. Nothing that binds is decided from one: a guard acts in the cockpit
//! that drives, and that one asks for itself.

use serde::{Deserialize, Serialize};

use super::log::{LogBatch, LogLine};
use super::metric::Answered;
use super::{CockpitId, SourceId, Timestamp};

/// What one look at one source gave, on its way to the other cockpits.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Parcel {
    /// Who looked.
    pub cockpit: CockpitId,
    /// Counts up with each of a cockpit's parcels, so that one that comes twice is known.
    pub number: u64,
    /// The source.
    pub source: SourceId,
    /// What it gave.
    pub content: Content,
}

/// What is shared.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "sort", content = "content", rename_all = "snake_case")]
pub enum Content {
    /// Values of a metric source, each with its own time.
    Values(Vec<Answered>),
    /// Lines of a log.
    Lines(Lines),
}

/// Lines of a log, as harmless and masked as they were read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Lines {
    /// How many lines of this source its cockpit had shared before: what did not arrive is counted by it.
    pub before: u64,
    /// The lines with their [ids](super::log::line_id), in the order in which they came.
    pub lines: Vec<(u64, LogLine)>,
    /// Lines that were lost before they were read.
    pub dropped: u64,
    /// Up to when every line was delivered.
    pub watermark: Option<Timestamp>,
    /// Why the source is not followed; `None` while it is.
    pub trouble: Option<String>,
}

/// The most lines of one parcel, and about the most bytes: a store carries a megabyte at least.
const LINES: usize = 1_000;
const BYTES: usize = 200 * 1024;

impl Lines {
    /// Puts a batch into parcels that a store can carry. The watermark is told with the last, once all lines are there.
    pub fn of(batch: &LogBatch, before: u64) -> Vec<Self> {
        let mut all = vec![Self { before, dropped: batch.dropped, ..Self::default() }];
        let mut room = BYTES;
        let mut count = before;
        for (line, id) in batch.lines.iter().zip(&batch.ids) {
            let size = written(line);
            let is_full = |lines: &Self| lines.lines.len() >= LINES || (size > room && !lines.lines.is_empty());
            if all.last().is_none_or(is_full) {
                all.push(Self { before: count, ..Self::default() });
                room = BYTES;
            }
            if let Some(lines) = all.last_mut() {
                lines.lines.push((*id, line.clone()));
                room = room.saturating_sub(size);
                count += 1;
            }
        }
        if let Some(last) = all.last_mut() {
            last.watermark = batch.watermark;
        }
        all
    }

    /// How many lines its cockpit has shared with this one.
    pub fn after(&self) -> u64 {
        self.before.saturating_add(self.lines.len() as u64)
    }
}

/// About how many bytes a line takes as JSON.
fn written(line: &LogLine) -> usize {
    let escaped = |byte: u8| match byte {
        0..b' ' => 6,
        b'"' | b'\\' => 2,
        _ => 1,
    };
    let fields = line.fields.as_ref().map_or("", super::log::Fields::kept);
    128 + line.text.bytes().chain(fields.bytes()).map(escaped).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::log::{Fields, Level};

    fn batch(texts: impl IntoIterator<Item = String>) -> LogBatch {
        let line = |text| LogLine {
            at: Some(Timestamp(1)),
            level: Level::Info,
            fields: Fields::of([("message", "\"\\".repeat(20))]),
            text,
            excluded: false,
        };
        let lines: Vec<LogLine> = texts.into_iter().map(line).collect();
        let ids = (0..lines.len() as u64).collect();
        let watermark = Some(Timestamp(9));
        LogBatch { source: "dd".into(), pool: None, lines, ids, dropped: 3, watermark, by_time: true }
    }

    #[test]
    fn a_batch_goes_into_parcels_of_a_bounded_size() {
        let long = batch((0..600).map(|number| format!("{number} {}", "\"".repeat(2_000))));
        let many = batch((0..2_500).map(|number| number.to_string()));
        for batch in [long, many] {
            let parcels = Lines::of(&batch, 40);
            assert!(parcels.len() > 2);
            let mut before = 40;
            for (place, parcel) in parcels.iter().enumerate() {
                let is_last = place + 1 == parcels.len();
                assert_eq!((parcel.before, parcel.watermark.is_some()), (before, is_last));
                before = parcel.after();
                assert!(serde_json::to_vec(parcel).expect("it can be written").len() < 256 * 1024);
            }
            let lines: Vec<&LogLine> = parcels.iter().flat_map(|lines| &lines.lines).map(|(_, line)| line).collect();
            assert_eq!(lines, batch.lines.iter().collect::<Vec<_>>());
            assert_eq!(parcels.iter().map(|lines| lines.dropped).sum::<u64>(), 3);
        }
    }

    #[test]
    fn silence_is_shared_as_well() {
        let parcels = Lines::of(&batch([]), 7);
        let wanted = Lines { before: 7, dropped: 3, watermark: Some(Timestamp(9)), ..Lines::default() };
        assert_eq!(parcels, [wanted]);
    }
}
