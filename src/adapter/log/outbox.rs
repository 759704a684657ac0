//! What a followed log is about to tell, and following as a stream.
//!
//! Invariant: updates leave in the order in which they came, and a state is told only where it is another one than before.

use std::collections::VecDeque;

use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, unfold};

use super::LogUpdate;
use crate::domain::log::{LogBatch, LogSourceState};

/// Updates that are ready to leave.
#[derive(Debug, Default)]
pub(in crate::adapter::log) struct Outbox {
    ready: VecDeque<LogUpdate>,
    /// The state told last.
    told: Option<LogSourceState>,
}

impl Outbox {
    /// Lines leave.
    pub(in crate::adapter::log) fn lines(&mut self, batch: LogBatch) {
        self.ready.push_back(LogUpdate::Lines(batch));
    }

    /// The state is told, where it changed.
    pub(in crate::adapter::log) fn tell(&mut self, state: LogSourceState) {
        if self.told.as_ref() != Some(&state) {
            self.told = Some(state.clone());
            self.ready.push_back(LogUpdate::State(state));
        }
    }

    /// Whether any state was told yet.
    pub(in crate::adapter::log) fn has_told(&self) -> bool {
        self.told.is_some()
    }
}

/// Something that follows a log, step by step.
pub(in crate::adapter::log) trait Follow: Send + 'static {
    /// Where its steps put what they find.
    fn outbox(&mut self) -> &mut Outbox;

    /// Waits for the next thing to happen, and takes it in. It is dropped in its middle only together with everything else.
    fn step(&mut self) -> impl Future<Output = ()> + Send;
}

/// A stream of what it tells, without an end.
pub(in crate::adapter::log) fn stream<F: Follow>(following: F) -> BoxStream<'static, LogUpdate> {
    unfold(following, |mut following| async move {
        loop {
            if let Some(update) = following.outbox().ready.pop_front() {
                return Some((update, following));
            }
            following.step().await;
        }
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Trouble, TroubleKind};

    struct Counting {
        outbox: Outbox,
        steps: usize,
    }

    impl Follow for Counting {
        fn outbox(&mut self) -> &mut Outbox {
            &mut self.outbox
        }

        async fn step(&mut self) {
            self.steps += 1;
            if self.steps.is_multiple_of(3) {
                let trouble = Trouble::new(TroubleKind::TimedOut, "read it", "no answer", "wait");
                self.outbox.tell(LogSourceState::Waiting(trouble));
            }
            self.outbox.tell(LogSourceState::Following);
        }
    }

    #[tokio::test]
    async fn a_state_is_told_once_until_another_one_came_between() {
        let following = Counting { outbox: Outbox::default(), steps: 0 };
        assert!(!following.outbox.has_told());
        let told: Vec<bool> = stream(following)
            .map(|update| update == LogUpdate::State(LogSourceState::Following))
            .take(4)
            .collect()
            .await;
        assert_eq!(told, [true, false, true, false]);
    }
}
