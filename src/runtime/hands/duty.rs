//! Commands of items, run in this process and ended with it (I2).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::Hands;
use crate::adapter::shell;
use crate::domain::ChangeId;
use crate::domain::duty::CommandEnd;
use crate::flight::Msg;
use crate::flight::duty::RunCommand;
use crate::runtime::clock;
use crate::session::item::Ended;

/// The runs of this process, each with what ends it.
pub(super) type Runs = Arc<Mutex<BTreeMap<ChangeId, CancellationToken>>>;

impl Hands {
    pub(super) fn run_command(&self, wanted: RunCommand) {
        let RunCommand { run, item, command, shell, directory, limit, environment, deadline } = wanted;
        let (tell, runs, leaving) = (self.tell.clone(), self.runs.clone(), self.cancel.clone());
        let ends = CancellationToken::new();
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).insert(run, ends.clone());
        tracing::info!(%run, %item, ?shell, command, directory, "running a command");
        self.tracker.spawn(async move {
            let ran = if clock::now().wall > deadline {
                let end = CommandEnd::NotStarted { why: "the time to begin it was over".to_owned() };
                shell::Ran { end, took: std::time::Duration::ZERO, lines: Vec::new(), dropped: 0 }
            } else {
                // Whoever leaves ends it: what it started must not go on with nobody there.
                let over = async {
                    tokio::select! {
                        () = ends.cancelled() => {}
                        () = leaving.cancelled() => {}
                    }
                };
                shell::run(shell::Run { shell, command, directory, limit, environment }, over).await
            };
            runs.lock().unwrap_or_else(PoisonError::into_inner).remove(&run);
            let shell::Ran { end, took, lines, dropped } = ran;
            tracing::info!(%run, end = end.words(), "a command ended");
            let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            tell(Msg::CommandEnded(Box::new(Ended { run, item, end, took_ms, lines, dropped })));
        });
    }

    pub(super) fn stop_command(&self, run: ChangeId) {
        if let Some(ends) = self.runs.lock().unwrap_or_else(PoisonError::into_inner).get(&run) {
            ends.cancel();
        }
    }
}
