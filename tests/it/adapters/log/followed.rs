//! A log source that is followed by a test.

use std::time::Duration;

use flightdeck::adapter::log::{Config, LogUpdate, source};
use flightdeck::domain::log::{Level, LogLine, LogSourceState};
use flightdeck::domain::{Timestamp, Trouble};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;

/// Everything that a source told so far.
pub struct Followed {
    stream: BoxStream<'static, LogUpdate>,
    pub states: Vec<LogSourceState>,
    pub texts: Vec<String>,
    pub levels: Vec<Level>,
    pub excluded: Vec<bool>,
    pub lines: Vec<LogLine>,
    pub dropped: u64,
    pub batches: u64,
    pub watermarks: Vec<Timestamp>,
}

impl Followed {
    pub fn new(config: &Config) -> Self {
        Self {
            stream: source(config).unwrap().follow(),
            states: Vec::new(),
            texts: Vec::new(),
            levels: Vec::new(),
            excluded: Vec::new(),
            lines: Vec::new(),
            dropped: 0,
            batches: 0,
            watermarks: Vec::new(),
        }
    }

    pub async fn until(&mut self, reached: impl Fn(&Self) -> bool) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while !reached(self) {
            let update = tokio::time::timeout_at(deadline, self.stream.next()).await;
            let update = update.unwrap_or_else(|_| {
                panic!("told only {:?} {:?}", self.states, self.texts.iter().rev().take(9).collect::<Vec<_>>())
            });
            match update.expect("a stream does not end") {
                LogUpdate::State(state) => self.states.push(state),
                LogUpdate::Lines(batch) => {
                    assert_eq!((batch.source.as_str(), batch.pool.as_ref().unwrap().as_str()), ("app", "blue"));
                    self.batches += 1;
                    self.dropped += batch.dropped;
                    self.watermarks.extend(batch.watermark);
                    for line in batch.lines {
                        self.texts.push(line.text.clone());
                        self.levels.push(line.level);
                        self.excluded.push(line.excluded);
                        self.lines.push(line);
                    }
                }
            }
        }
    }

    pub async fn until_text(&mut self, text: &str) {
        self.until(|log| log.texts.iter().rev().take(50_000).any(|each| each == text)).await;
    }

    pub async fn until_following(&mut self) {
        self.until(|log| log.states.last() == Some(&LogSourceState::Following)).await;
    }

    pub async fn until_waiting(&mut self) -> Trouble {
        self.until(|log| matches!(log.states.last(), Some(LogSourceState::Waiting(_)))).await;
        match self.states.last() {
            Some(LogSourceState::Waiting(trouble)) => trouble.clone(),
            other => panic!("{other:?}"),
        }
    }
}
