//! How every benchmark of ours prints: what was measured, beside its goal.

use std::time::Duration;

/// A percentile of some times; they are sorted by it.
pub fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times.get((times.len().saturating_sub(1)) * percent / 100).copied().unwrap_or_default()
}

/// One row: p50, p95 and p99 beside the goal.
pub fn report(what: &str, goal: &str, times: &mut [Duration]) {
    let [p50, p95, p99] = [50, 95, 99].map(|percent| percentile(times, percent));
    println!("{what:<62} p50 {:>9} p95 {:>9} p99 {:>9}   goal {goal}", text(p50), text(p95), text(p99));
}

/// One row: a single figure beside the goal.
pub fn value(what: &str, goal: &str, measured: f64, unit: &str) {
    println!("{what:<62} {:>13}   goal {goal}", format!("{measured:.2} {unit}"));
}

fn text(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    if micros < 1_000.0 { format!("{micros:.1} µs") } else { format!("{:.2} ms", micros / 1e3) }
}
