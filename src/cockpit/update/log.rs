//! Log lines: kept, counted as evidence, filtered, chosen, copied, attached.

use super::super::{Effect, Model, Pane};
use super::navigate::Go;
use crate::domain::SourceId;
use crate::domain::log::{Delivery, Level, LogBatch, LogSourceState};
use crate::domain::pairing::sight;
use crate::flight::{self, Ask, Tone};
use crate::logbook::LineRef;

/// The most lines that are copied or attached at once.
const MOST: usize = 200;

impl Model {
    pub(super) fn take_lines(&mut self, batch: &LogBatch, out: &mut Vec<Effect>) {
        self.logs.book.push(batch, self.now);
        self.group_errors(batch);
        self.logs.search();
        let sightings = sight(&self.flight.procedure.pairs, batch, self.now.wall);
        if !sightings.is_empty() {
            self.fly(flight::Msg::Sighted(sightings), out);
        }
        let delivery = Delivery::of(batch, self.now.wall);
        self.fly(flight::Msg::LogSeen { source: batch.source.clone(), delivery }, out);
    }

    pub(super) fn take_log_state(&mut self, source: SourceId, state: LogSourceState, out: &mut Vec<Effect>) {
        let trouble = match &state {
            LogSourceState::Following => None,
            LogSourceState::Waiting(trouble) | LogSourceState::Ended(trouble) => Some(trouble.to_string()),
        };
        self.logs.sources.insert(source.clone(), state);
        self.fly(flight::Msg::LogState { source, trouble }, out);
    }

    /// How many lines are in view; at least one, so that a page is always a step.
    pub(super) fn log_rows(&self) -> usize {
        usize::from(self.log_room(self.areas().inner(Pane::Logs).height).rows.max(1))
    }

    pub(super) fn go_in_logs(&mut self, go: Go) {
        let rows = self.log_rows();
        let pane = &mut self.logs;
        match go {
            Go::By(by) => pane.step(by, rows),
            Go::Pages(by) => pane.step(by.saturating_mul(isize::try_from(rows.max(1)).unwrap_or(1)), rows),
            Go::Top => {
                pane.view.top(rows);
                pane.place = pane.view.window(rows).first().copied();
            }
            Go::Bottom => pane.pause(false),
        }
    }

    pub(super) fn pause_logs(&mut self) {
        self.logs.pause(!self.logs.is_paused());
    }

    pub(super) fn next_level(&mut self) {
        let mut filter = self.logs.view.filter().clone();
        filter.min_level = match filter.min_level {
            Level::Trace => Level::Debug,
            Level::Debug => Level::Info,
            Level::Info => Level::Warn,
            Level::Warn => Level::Error,
            Level::Error => Level::Trace,
        };
        self.logs.set_filter(filter);
    }

    /// All pools, then each alone.
    pub(super) fn next_pool(&mut self) {
        let mut filter = self.logs.view.filter().clone();
        let pools: Vec<_> = self.flight.procedure.pool_ids().cloned().collect();
        let next = match filter.pools.first() {
            None => pools.first(),
            Some(shown) => pools.iter().skip_while(|pool| *pool != shown).nth(1),
        };
        filter.pools = next.cloned().into_iter().collect();
        self.logs.set_filter(filter);
    }

    pub(super) fn toggle_excluded(&mut self) {
        let mut filter = self.logs.view.filter().clone();
        filter.hide_excluded = !filter.hide_excluded;
        self.logs.set_filter(filter);
    }

    /// Begins a choice at the cursor, and stands still so that it does not run away; or drops it.
    pub(super) fn select_lines(&mut self) {
        if self.logs.anchor.take().is_none() {
            self.logs.pause(true);
            self.logs.place = self.logs.cursor();
            self.logs.anchor = self.logs.place;
        }
    }

    /// The chosen lines, marks left out.
    fn chosen(&self) -> Vec<LineRef<'_>> {
        let Some((from, to)) = self.logs.chosen() else { return Vec::new() };
        let shown = self.logs.view.window(usize::MAX);
        let lines = shown.into_iter().filter_map(|number| self.logs.book.line(number));
        let lines = lines.filter(|line| (from..=to).contains(&line.place) && !line.is_mark());
        lines.take(MOST).collect()
    }

    /// The chosen lines of the first one's source.
    pub(super) fn chosen_lines(&self) -> Option<(SourceId, Vec<String>)> {
        let chosen = self.chosen();
        let source = chosen.first().and_then(|line| line.source).cloned()?;
        let of_source = chosen.iter().filter(|line| line.source == Some(&source));
        let lines = of_source.map(|line| line.text.to_owned()).collect();
        Some((source, lines))
    }

    /// Attaches the chosen lines of the first one's source to the session.
    pub(super) fn attach_lines(&mut self, out: &mut Vec<Effect>) {
        let Some((source, lines)) = self.chosen_lines() else {
            self.tell(Tone::Plain, "no log line is chosen: pause the logs and move to one", out);
            return;
        };
        self.logs.anchor = None;
        self.tell(Tone::Plain, format!("{} of {source} attached", count(lines.len())), out);
        self.ask(Ask::Attach { source, lines }, out);
    }

    pub(super) fn copy_lines(&mut self, out: &mut Vec<Effect>) {
        let lines: Vec<&str> = self.chosen().iter().map(|line| line.text).collect();
        if lines.is_empty() {
            self.tell(Tone::Plain, "no log line is chosen: pause the logs and move to one", out);
            return;
        }
        let (number, text) = (lines.len(), lines.join("\n"));
        self.logs.anchor = None;
        out.push(Effect::Copy(text));
        self.tell(Tone::Plain, format!("{} copied", count(number)), out);
    }
}

pub(super) fn count(lines: usize) -> String {
    if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") }
}
