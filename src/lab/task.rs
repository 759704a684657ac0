//! Tasks of the built-in world: every one is known to the caller's tracker and to the world's own, and ends with the world.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Starts tasks and ends them all.
#[derive(Clone)]
pub(super) struct Tasks {
    caller: TaskTracker,
    own: TaskTracker,
    runtime: Handle,
    /// Ends every task when it is cancelled.
    pub(super) cancel: CancellationToken,
}

impl Tasks {
    /// Must be called on a runtime; its tasks run there, also those started from elsewhere.
    pub(super) fn new(caller: &TaskTracker, cancel: CancellationToken) -> Self {
        Self { caller: caller.clone(), own: TaskTracker::new(), runtime: Handle::current(), cancel }
    }

    /// Runs `task` until it ends or the world does.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let cancel = self.cancel.clone();
        let bounded = async move {
            cancel.run_until_cancelled(task).await;
        };
        drop(self.caller.spawn_on(self.own.track_future(bounded), &self.runtime));
    }

    /// Ends every task and waits until all are gone, and with them their sockets.
    pub(super) async fn stop(&self) {
        self.cancel.cancel();
        self.own.close();
        self.own.wait().await;
    }
}

/// Locks; what a panicked holder left behind is still a consistent set of plain numbers here.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
