//! What a process uses, as the kernel counts it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// What the threads of a process have used so far.
pub struct Usage {
    at: Instant,
    threads: BTreeMap<String, Thread>,
}

#[derive(Clone, Copy, Default)]
struct Thread {
    cpu: Duration,
    waits: u64,
}

/// What was used in between, per second.
pub struct Rate {
    /// Percent of one core.
    pub cpu_percent: f64,
    /// How often a thread went to sleep, and so had to be woken.
    pub wake_ups: f64,
    /// The same by thread name.
    pub by_thread: BTreeMap<String, f64>,
}

impl Usage {
    /// Of a process, now.
    pub fn of(pid: u32) -> Self {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
        // A thread may end while it is looked at.
        let threads = tasks.flatten().filter_map(|task| Some((name(&task.path())?, Thread::of(&task.path())?)));
        Self { at: Instant::now(), threads: threads.collect() }
    }

    /// From an earlier moment until this one.
    pub fn since(&self, earlier: &Self) -> Rate {
        let seconds = self.at.duration_since(earlier.at).as_secs_f64();
        let mut rate = Rate { cpu_percent: 0.0, wake_ups: 0.0, by_thread: BTreeMap::new() };
        for (name, thread) in &self.threads {
            let before = earlier.threads.get(name).copied().unwrap_or_default();
            let waits = float(thread.waits - before.waits) / seconds;
            rate.cpu_percent += thread.cpu.saturating_sub(before.cpu).as_secs_f64() * 100.0 / seconds;
            rate.wake_ups += waits;
            let kind = name.split('/').next().unwrap_or_default().to_owned();
            *rate.by_thread.entry(kind).or_default() += waits;
        }
        rate
    }
}

impl Thread {
    fn of(task: &Path) -> Option<Self> {
        let on_cpu = fs::read_to_string(task.join("schedstat")).ok()?;
        let status = fs::read_to_string(task.join("status")).ok()?;
        let waits = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
        Some(Self {
            cpu: Duration::from_nanos(on_cpu.split(' ').next()?.parse().ok()?),
            waits: waits.trim().parse().ok()?,
        })
    }
}

fn name(task: &Path) -> Option<String> {
    let name = fs::read_to_string(task.join("comm")).ok()?;
    Some(format!("{}/{}", name.trim(), task.file_name()?.to_str()?))
}

/// Memory that a process takes: its own, and its share of what it shares with others.
pub fn pss_mib(pid: u32) -> f64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let kib = rollup.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB")?.parse().ok());
    float(kib.unwrap()) / 1024.0
}

/// A count that is far below 2^52.
#[allow(clippy::cast_precision_loss, reason = "counts of a benchmark stay small")]
pub fn float(count: u64) -> f64 {
    count as f64
}
