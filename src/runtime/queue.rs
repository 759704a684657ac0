//! The two queues into the loop. Control is served first and never dropped: each message answers something that was asked
//! for. Telemetry is bounded: what does not fit is dropped and counted, and the loop tells the count.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::{self, Permit, Receiver, Sender, UnboundedReceiver, UnboundedSender};

/// How many telemetry messages may wait. A batch of log lines is one message, and a source gives at most a hundred a
/// second.
const TELEMETRY: usize = 256;

/// Where control messages are put.
#[derive(Debug)]
pub struct Control<M>(UnboundedSender<M>);

impl<M> Clone for Control<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M> Control<M> {
    /// A queue for messages that answer something.
    pub fn new() -> (Self, UnboundedReceiver<M>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Puts a message in.
    pub fn put(&self, message: M) {
        if self.0.send(message).is_err() {
            tracing::debug!("an answer came after the loop had ended");
        }
    }
}

/// Where telemetry is put.
#[derive(Debug)]
pub struct Telemetry<M> {
    sender: Sender<M>,
    dropped: Arc<AtomicU64>,
}

impl<M> Clone for Telemetry<M> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), dropped: self.dropped.clone() }
    }
}

impl<M> Telemetry<M> {
    /// A bounded queue.
    pub fn new() -> (Self, Receiver<M>) {
        let (sender, receiver) = mpsc::channel(TELEMETRY);
        (Self { sender, dropped: Arc::default() }, receiver)
    }

    /// Room for one message; `None` where it would not fit, which is not counted here.
    pub fn room(&self) -> Option<Permit<'_, M>> {
        self.sender.try_reserve().ok()
    }

    /// Puts a message in, or counts it as dropped.
    pub fn put(&self, message: M) {
        if self.sender.try_send(message).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many were dropped since this was last asked.
    pub fn take_dropped(&self) -> u64 {
        self.dropped.swap(0, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted_once() {
        let (telemetry, mut taken) = Telemetry::new();
        for number in 0..TELEMETRY + 3 {
            telemetry.put(number);
        }
        assert_eq!((telemetry.take_dropped(), telemetry.take_dropped()), (3, 0));
        assert_eq!(taken.try_recv(), Ok(0));
    }
}
