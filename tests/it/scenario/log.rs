//! Scripted logs: requests and answers of a pool, a line each, with a health check every second.

use flightdeck::cockpit::Msg;
use flightdeck::domain::log::{Fields, Level, LogBatch, LogLine, LogSourceState};
use flightdeck::domain::procedure::LogSpec;
use flightdeck::domain::{SourceId, Timestamp, Trouble, TroubleKind};

use crate::support::app::App;

/// What the log of one pool tells.
#[derive(Clone, Debug)]
pub struct Log {
    /// Requests a second, in percent how many are answered, and after how many milliseconds.
    asked: i64,
    answered: i64,
    took: i64,
    /// How many of a second's requests have the key of the one before, which is not answered until then.
    double: i64,
    state: String,
    /// The number of the newest request.
    number: i64,
    /// Seconds told so far.
    told: u64,
}

impl Default for Log {
    fn default() -> Self {
        Self { asked: 0, answered: 100, took: 40, double: 0, state: "well".to_owned(), number: 0, told: 0 }
    }
}

impl Log {
    /// Takes a key of a moment; says whether it was one of these.
    pub fn take(&mut self, key: &str, value: &toml::Value) -> bool {
        let number = || value.as_integer().unwrap_or_else(|| panic!("{key} = {value}: not a whole number"));
        match key {
            "asked" => self.asked = number(),
            "answered" => self.answered = number(),
            "took" => self.took = number(),
            "double" => self.double = number(),
            "log" => value.as_str().expect("a word").clone_into(&mut self.state),
            _ => return false,
        }
        true
    }

    /// Tells what the second that has passed brought.
    pub fn tell(&mut self, app: &mut App, spec: &LogSpec) {
        let now = app.now();
        let second = now.elapsed.0 / 1_000;
        if self.told == second {
            return;
        }
        self.told = second;
        let source = spec.id.clone();
        match self.state.as_str() {
            "silent" => return,
            "gone" => {
                let trouble = Trouble::new(TroubleKind::Unreachable, "read app.log", "no such file", "look for it");
                app.tell(Msg::LogState { source, state: LogSourceState::Waiting(trouble) });
                return;
            }
            "well" | "lossy" => {
                let source = source.clone();
                app.tell(Msg::LogState { source, state: LogSourceState::Following });
            }
            other => panic!("log = {other:?}: not known"),
        }
        let dropped = if self.state == "lossy" { 12 } else { 0 };
        let lines = self.lines(now.wall);
        app.tell(Msg::Lines(LogBatch {
            source: SourceId::clone(&source),
            pool: spec.pool.clone(),
            lines,
            ids: Vec::new(),
            dropped,
            watermark: None,
            by_time: false,
        }));
    }

    fn lines(&mut self, now: Timestamp) -> Vec<LogLine> {
        let mut lines = vec![line(now.0, "GET /health", &[], true)];
        for place in 0..self.asked {
            if place >= self.double {
                self.number += 1;
            }
            let stan = format!("{:06}", self.number);
            let at = now.0 - 1_000 - self.took + place * 1_000 / self.asked;
            lines.push(line(at, "in", &[("mti", "1100"), ("stan", stan.as_str())], false));
            if self.number % 10 < self.answered / 10 {
                lines.push(line(at + self.took, "out", &[("mti", "1110"), ("stan", stan.as_str())], false));
            }
        }
        lines.sort_by_key(|line| line.at);
        lines
    }
}

fn line(at: i64, text: &str, fields: &[(&str, &str)], excluded: bool) -> LogLine {
    let fields = Fields::of(fields.iter().copied());
    LogLine { at: Some(Timestamp(at)), level: Level::Info, text: text.to_owned(), excluded, fields }
}
