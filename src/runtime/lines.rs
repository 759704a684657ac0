//! Log lines on their way into the loop. A batch that finds no room is lost; how many lines that were is told with the next
//! one of the same source, and as soon as there is room where none comes.
//!
//! Invariant: every line that a source gave is handed over, or counted in the `dropped` of a later batch, so that silence of
//! a log is never proven by lines that were thrown away.

use super::queue::Telemetry;
use crate::cockpit;
use crate::domain::log::LogBatch;

/// The lines of one source.
#[derive(Debug)]
pub struct Lines<M> {
    telemetry: Telemetry<M>,
    /// What was lost and is not told yet: a batch without lines.
    owed: Option<LogBatch>,
}

impl<M: From<cockpit::Msg>> Lines<M> {
    /// Nothing was lost yet.
    pub fn new(telemetry: Telemetry<M>) -> Self {
        Self { telemetry, owed: None }
    }

    /// Hands a batch over, or counts its lines as lost.
    pub fn put(&mut self, mut batch: LogBatch) {
        if let Some(owed) = self.owed.take() {
            batch.dropped += owed.dropped;
            batch.watermark = batch.watermark.max(owed.watermark);
        }
        if let Some(room) = self.telemetry.room() {
            room.send(cockpit::Msg::Lines(batch).into());
            return;
        }
        batch.dropped += batch.lines.len() as u64;
        batch.lines = Vec::new();
        batch.ids = Vec::new();
        self.owed = Some(batch);
    }

    /// Whether something was lost that is not told yet.
    pub fn owes(&self) -> bool {
        self.owed.is_some()
    }

    /// Tells what was lost, where there is room by now.
    pub fn tell(&mut self) {
        if let Some(owed) = self.owed.take() {
            self.put(owed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::log::{Level, LogLine};

    fn batch(lines: usize, dropped: u64, watermark: i64) -> LogBatch {
        let line = || LogLine { at: None, level: Level::Info, text: String::new(), excluded: false, fields: None };
        LogBatch {
            source: "app".into(),
            pool: None,
            lines: (0..lines).map(|_| line()).collect(),
            ids: Vec::new(),
            dropped,
            watermark: Some(Timestamp(watermark)),
            by_time: false,
        }
    }

    #[test]
    fn what_finds_no_room_is_told_line_by_line_once_there_is_some() {
        let (telemetry, mut taken) = Telemetry::<cockpit::Msg>::new();
        let mut lines = Lines::new(telemetry);
        let (mut pushed, mut fits) = (0, 0);
        while !lines.owes() {
            lines.put(batch(10, 0, fits));
            (pushed, fits) = (pushed + 10, fits + 1);
        }
        lines.put(batch(7, 2, 900));
        pushed += 9;
        lines.tell();
        assert!(lines.owes(), "there is no room yet");
        let mut told = (0, 0);
        let mut newest = None;
        let mut take = |told: &mut (u64, u64)| {
            while let Ok(cockpit::Msg::Lines(batch)) = taken.try_recv() {
                (told.0, told.1) = (told.0 + batch.lines.len() as u64, told.1 + batch.dropped);
                newest = batch.watermark;
            }
            newest
        };
        take(&mut told);
        assert_eq!(told.1, 0);
        lines.tell();
        let watermark = take(&mut told);
        assert_eq!((told.0 + told.1, told.1), (pushed, 19));
        assert!(watermark == Some(Timestamp(900)) && !lines.owes(), "{watermark:?}");
    }
}
