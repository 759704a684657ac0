//! The lines of metered logs: which are known already, what the others are given of them, what of the others' are missed.
//!
//! # Invariants
//! - A line is kept once, whichever cockpit read it, as long as its id is among those that are known.
//! - Every line that a cockpit shared and that did not arrive here is counted as dropped while that cockpit asks for this
//!   one; what arrives late is kept all the same.
//! - Who comes later is given the newest lines by the one that asks.
//! - Who takes over asks from the moment on up to which it has everything; what it reads twice is known by its id.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Effect, Flight};
use crate::domain::log::{Fields, LogBatch, LogLine};
use crate::domain::parcel::{Content, Lines, Parcel};
use crate::domain::{CockpitId, Now, SourceId, Timestamp};

/// The most ids that are known of one log; a few megabytes, and many times what is asked for again.
const KNOWN: usize = 100_000;
/// So many lines are kept for a cockpit that comes later.
const PAST: usize = 1_000;

/// What is known of the lines of one metered log.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Reel {
    /// The newest lines by their time and id.
    known: BTreeSet<(Timestamp, u64)>,
    /// Up to when all lines are known.
    upto: Option<Timestamp>,
    /// The number of the newest parcel of its own, and how many lines were in all of them.
    shared: (u64, u64),
    /// The same of each other cockpit, as it was heard.
    heard: BTreeMap<CockpitId, (u64, u64)>,
    /// The newest lines with their ids, in the order in which they came.
    past: VecDeque<(u64, LogLine)>,
}

impl Reel {
    /// Up to when all lines are known.
    pub(super) fn upto(&self) -> Option<Timestamp> {
        self.upto
    }

    /// Whether a line is new; it is not from then on.
    fn is_new(&mut self, line: &LogLine, id: u64) -> bool {
        let is_new = self.known.insert((line.at.unwrap_or_default(), id));
        if self.known.len() > KNOWN {
            self.known.pop_first();
        }
        is_new
    }

    /// Keeps new lines for who comes later.
    fn keep<'l>(&mut self, lines: impl Iterator<Item = (u64, &'l LogLine)>) {
        self.past.extend(lines.map(|(id, line)| (id, line.clone())));
        self.past.drain(..self.past.len().saturating_sub(PAST));
    }

    fn reaches(&mut self, watermark: Option<Timestamp>) {
        self.upto = self.upto.max(watermark);
    }

    /// The next parcel of its own.
    fn pack(&mut self, cockpit: CockpitId, source: &SourceId, lines: Lines) -> Effect {
        self.shared = (self.shared.0 + 1, lines.after());
        let (number, source) = (self.shared.0, source.clone());
        Effect::Share(Box::new(Parcel { cockpit, number, source, content: Content::Lines(lines) }))
    }
}

impl Flight {
    /// Whether a log is asked by one cockpit for all.
    pub fn is_metered_log(&self, source: &SourceId) -> bool {
        self.procedure.logs.iter().any(|spec| spec.metered && spec.id == *source)
    }

    /// Takes lines that this cockpit read, leaves out those that it knows, and shares the rest.
    pub(super) fn lines_read(&mut self, batch: LogBatch, out: &mut Vec<Effect>) {
        let LogBatch { source, pool, lines, mut ids, dropped, watermark, by_time } = batch;
        let trouble = self.logs.get(&source).and_then(|log| log.trouble.clone());
        let reel = self.meter.reels.entry(source.clone()).or_default();
        // A line without an id cannot be told from another one, and is not shared.
        let has_ids = ids.len() == lines.len();
        let mut batch = LogBatch { source, pool, lines, ids: Vec::new(), dropped, watermark, by_time };
        if has_ids {
            let new = std::mem::take(&mut batch.lines).into_iter().zip(ids.drain(..));
            (batch.lines, batch.ids) = new.filter(|(line, id)| reel.is_new(line, *id)).unzip();
        }
        reel.reaches(watermark);
        if self.crew.shared && has_ids {
            reel.keep(batch.ids.iter().copied().zip(&batch.lines));
            for lines in Lines::of(&batch, reel.shared.1) {
                out.push(reel.pack(self.me.cockpit, &batch.source, Lines { trouble: trouble.clone(), ..lines }));
            }
        }
        out.push(Effect::Lines(Box::new(batch)));
    }

    /// Gives the newest lines of every metered log to a cockpit that has just come; the others know them by their ids.
    pub(super) fn share_past(&mut self, out: &mut Vec<Effect>) {
        for (source, reel) in &mut self.meter.reels {
            let (ids, lines): (Vec<u64>, Vec<LogLine>) = reel.past.iter().cloned().unzip();
            let before = reel.shared.1.saturating_sub(lines.len() as u64);
            let trouble = self.logs.get(source).and_then(|log| log.trouble.clone());
            let batch = LogBatch {
                source: source.clone(),
                pool: None,
                lines,
                ids,
                dropped: 0,
                watermark: reel.upto,
                by_time: true,
            };
            for lines in Lines::of(&batch, before) {
                out.push(reel.pack(self.me.cockpit, source, Lines { trouble: trouble.clone(), ..lines }));
            }
        }
    }

    /// Tells the others whether a log that this cockpit asks for them is followed.
    pub(super) fn share_log_state(&mut self, source: &SourceId, trouble: Option<&str>, out: &mut Vec<Effect>) {
        if self.crew.shared && self.is_metered_log(source) {
            let reel = self.meter.reels.entry(source.clone()).or_default();
            let (before, trouble) = (reel.shared.1, trouble.map(str::to_owned));
            out.push(reel.pack(self.me.cockpit, source, Lines { before, trouble, ..Lines::default() }));
        }
    }

    /// Takes lines that another cockpit read.
    pub(super) fn lines_heard(
        &mut self,
        now: Now,
        (cockpit, number): (CockpitId, u64),
        source: SourceId,
        heard: Lines,
        out: &mut Vec<Effect>,
    ) {
        let spec = self.procedure.logs.iter().find(|spec| spec.metered && spec.id == source);
        let Some(pool) = spec.map(|spec| spec.pool.clone()).filter(|_| cockpit != self.me.cockpit) else { return };
        // Lines are taken in any case: between two that ask, what one has not come to yet the other may have read.
        let asks = self.asks_metered(now.elapsed);
        let reel = self.meter.reels.entry(source.clone()).or_default();
        let after = heard.after();
        let (is_late, mut dropped) = match reel.heard.get(&cockpit) {
            Some((newest, _)) if number <= *newest => (true, 0),
            Some((_, known)) => (false, heard.dropped + heard.before.saturating_sub(*known)),
            None => (false, heard.dropped),
        };
        if !is_late {
            reel.heard.insert(cockpit, (number, after));
            reel.reaches(heard.watermark);
        }
        let mut lines = Vec::new();
        for (id, line) in heard.lines {
            if !is_harmless(&line) {
                dropped += 1;
            } else if reel.is_new(&line, id) {
                reel.keep(std::iter::once((id, &line)));
                lines.push(line);
            }
        }
        // Who asks for itself misses nothing of what others read.
        let (dropped, watermark) = if asks { (0, None) } else { (dropped, heard.watermark.filter(|_| !is_late)) };
        if !asks && !is_late {
            let log = self.logs.entry(source.clone()).or_default();
            log.followed |= heard.trouble.is_none();
            log.trouble = heard.trouble;
        }
        if !lines.is_empty() || dropped > 0 || watermark.is_some() {
            // What is asked for comes late, and each line has its place by its own time.
            let batch = LogBatch { source, pool, lines, ids: Vec::new(), dropped, watermark, by_time: true };
            out.push(Effect::Lines(Box::new(batch)));
        }
    }
}

/// Whether a line holds nothing that could steer a terminal, whoever made it.
fn is_harmless(line: &LogLine) -> bool {
    let fields = line.fields.as_ref().map_or("", Fields::kept);
    let parts = |each: char| matches!(each, '\u{1e}' | '\u{1f}');
    !line.text.chars().any(char::is_control) && !fields.chars().any(|each| each.is_control() && !parts(each))
}
