//! When the loop is to come round although nothing comes in.
//!
//! On Linux a timer of the kernel on the clock that the loop goes by, so that it rings once and on time, also when the
//! machine slept meanwhile. The runtime's own timers wake their thread twice for anything that is more than 64 ms away.

use std::io;

use crate::domain::Elapsed;

#[cfg(target_os = "linux")]
use std::os::fd::OwnedFd;

#[cfg(target_os = "linux")]
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
#[cfg(target_os = "linux")]
use tokio::io::{Interest, unix::AsyncFd};

/// Rings at a moment.
#[derive(Debug)]
pub(super) struct Alarm {
    #[cfg(target_os = "linux")]
    timer: AsyncFd<OwnedFd>,
    /// What it is set to.
    #[cfg(target_os = "linux")]
    at: Option<Elapsed>,
}

#[cfg(target_os = "linux")]
impl Alarm {
    /// One that is not set.
    ///
    /// # Errors
    /// When the system gives no timer.
    #[expect(
        deprecated,
        reason = "what takes its place is unsafe; an owned descriptor stays open as long as it is here"
    )]
    pub(super) fn new() -> io::Result<Self> {
        let timer = timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        Ok(Self { timer: AsyncFd::with_interest(timer, Interest::READABLE)?, at: None })
    }

    /// Waits until a moment. Nothing is lost when this is dropped before.
    pub(super) async fn ring(&mut self, at: Elapsed) {
        if self.set(at).is_err() {
            // The kernel refuses no moment of this clock; a beat without it is better than none.
            return tokio::time::sleep(super::clock::until(at)).await;
        }
        while super::clock::elapsed() < at {
            let Ok(mut ready) = self.timer.readable().await else {
                return tokio::time::sleep(super::clock::until(at)).await;
            };
            ready.clear_ready();
        }
        self.at = None;
    }

    fn set(&mut self, at: Elapsed) -> io::Result<()> {
        if self.at == Some(at) {
            return Ok(());
        }
        // Zero would switch it off; this moment is over as well.
        let ms = at.0.max(1);
        let tv_sec = i64::try_from(ms / 1_000).unwrap_or(i64::MAX);
        let it_value = Timespec { tv_sec, tv_nsec: i64::try_from(ms % 1_000 * 1_000_000).unwrap_or(0) };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value };
        timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &once)?;
        self.at = Some(at);
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
impl Alarm {
    /// One that is not set.
    ///
    /// # Errors
    /// Never on this system.
    #[expect(clippy::unnecessary_wraps, reason = "the other system's form can fail")]
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits until a moment. Nothing is lost when this is dropped before.
    pub(super) async fn ring(&mut self, at: Elapsed) {
        tokio::time::sleep(super::clock::until(at)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;

    use super::super::clock;
    use super::*;

    #[tokio::test]
    async fn it_rings_at_its_moment_and_can_be_set_anew() {
        let mut alarm = Alarm::new().expect("a timer");
        let now = clock::elapsed();
        // Set far away, dropped, set nearer, and at a moment that is over.
        assert!(alarm.ring(now.plus(Duration::from_hours(1))).now_or_never().is_none());
        let soon = now.plus(Duration::from_millis(30));
        alarm.ring(soon).await;
        assert!(clock::elapsed() >= soon);
        alarm.ring(now).await;
        alarm.ring(Elapsed(0)).await;
        let later = clock::elapsed().plus(Duration::from_millis(20));
        alarm.ring(later).await;
        assert!(clock::elapsed() >= later);
    }
}
