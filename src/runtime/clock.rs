//! The clocks: the only place that asks what time it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

use crate::domain::{Elapsed, Now, Timestamp};

/// The clock that never goes back and runs while the machine sleeps.
#[cfg(target_os = "linux")]
const RUNNING: ClockId = ClockId::Boottime;
/// The clock that never goes back and, outside Linux, runs while the machine sleeps.
#[cfg(not(target_os = "linux"))]
const RUNNING: ClockId = ClockId::Monotonic;

/// This moment on both clocks.
pub fn now() -> Now {
    Now { wall: wall(), elapsed: elapsed() }
}

/// The wall clock.
pub fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// How far clocks here are ahead of UTC now, in minutes.
pub fn zone_minutes() -> i32 {
    chrono::Local::now().offset().local_minus_utc() / 60
}

/// The clock that runs during suspend.
pub fn elapsed() -> Elapsed {
    let time = clock_gettime(RUNNING);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or(0);
    Elapsed(seconds.saturating_mul(1_000).saturating_add(nanoseconds / 1_000_000))
}

/// How long until a moment; nothing when it is over.
pub fn until(moment: Elapsed) -> Duration {
    moment.since(elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_clock_never_goes_back() {
        let first = elapsed();
        let second = elapsed();
        assert!(first.0 > 0 && second >= first);
    }
}
