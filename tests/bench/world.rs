//! What the cockpit is opened on: a real HAProxy over two tiny pools, and a log that is written at a pace.

use std::cell::Cell;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::haproxy::{Haproxy, Layout};
use crate::pool::Pool;
use crate::pty::Pty;

/// The size of the terminal.
pub const SIZE: (u16, u16) = (120, 40);

/// Pools, a router and the profiles that name them.
pub struct World {
    /// The router.
    pub haproxy: Haproxy,
    directory: tempfile::TempDir,
    state: Arc<tempfile::TempDir>,
    opened: Cell<u32>,
    _pools: [Pool; 2],
}

impl World {
    /// Starts it.
    pub fn start() -> Self {
        let (blue, green) = (Pool::start("blue", 2), Pool::start("green", 2));
        let haproxy = Haproxy::start(Layout::A { blue: &blue.addresses(), green: &green.addresses() });
        let (directory, state) = (tempfile::tempdir().unwrap(), Arc::new(tempfile::tempdir().unwrap()));
        Self { haproxy, directory, state, opened: Cell::new(0), _pools: [blue, green] }
    }

    /// Opens the cockpit, on a session of its own.
    pub fn open(&self, more: &[&str], log: Option<&Path>) -> Pty {
        self.open_in(self.state.clone(), more, log)
    }

    /// Opens the cockpit with nothing in its state directory.
    pub fn open_first(&self, more: &[&str]) -> Pty {
        self.open_in(Arc::new(tempfile::tempdir().unwrap()), more, None)
    }

    fn open_in(&self, state: Arc<tempfile::TempDir>, more: &[&str], log: Option<&Path>) -> Pty {
        self.opened.set(self.opened.get() + 1);
        let mut profile = format!(
            "service = \"bench-{}\"\nenvironment = \"bench\"\nnew = \"green\"\n\
             [pools.blue]\nmark = \"▲\"\n[pools.green]\nmark = \"●\"\n\
             [[router]]\nname = \"edge\"\nkind = \"haproxy\"\nat = \"unix:{}\"\n\
             pools = {{ blue = \"app/blue-*\", green = \"app/green-*\" }}\n",
            self.opened.get(),
            self.haproxy.admin_socket().display()
        );
        for step in 1..=30 {
            write!(profile, "[[step]]\nname = \"Step {step}\"\nshift = {{ green = {} }}\n", green(step)).unwrap();
        }
        if let Some(log) = log {
            write!(profile, "[[log]]\nname = \"app\"\nfile = \"{}\"\n", log.display()).unwrap();
        }
        let path = self.directory.path().join("profile.toml");
        std::fs::write(&path, profile).unwrap();
        let mut arguments = vec!["open", path.to_str().unwrap()];
        arguments.extend(more);
        Pty::spawn_in(state, env!("CARGO_BIN_EXE_flightdeck"), &arguments, SIZE)
    }

    /// Sets every server's weight as somebody else would: green's percentage.
    pub fn set(&self, green: u32) {
        let blue = 100 - green;
        let set = |server: &str, weight: u32| format!("set server app/{server} weight {weight}");
        let all = [set("blue-1", blue), set("blue-2", blue), set("green-1", green), set("green-2", green)];
        self.haproxy.ask(&all.join("; "));
    }

    /// Whether HAProxy has a split.
    pub fn has(&self, green: u32) -> bool {
        let weights = self.haproxy.weights();
        // Flightdeck writes weights in a scale of its own.
        let (blue, whole) = (weights["blue-1"], weights["blue-1"] + weights["green-1"]);
        blue * 100 == (100 - green) * whole
    }

    /// Where a log is written.
    pub fn log(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

/// Green's percentage after a step of the plan.
pub fn green(step: u32) -> u32 {
    if step.is_multiple_of(2) { 20 } else { 10 }
}

/// A log that is written until it is dropped. Every line says how many milliseconds after the start it was written.
pub struct Flood {
    /// When it began.
    pub started: Instant,
    is_over: Arc<AtomicBool>,
    writer: Option<JoinHandle<u64>>,
}

impl Flood {
    /// Writes so many lines a second.
    pub fn start(path: &Path, rate: u32) -> Self {
        let mut file = File::create(path).unwrap();
        let (started, is_over) = (Instant::now(), Arc::new(AtomicBool::new(false)));
        let over = is_over.clone();
        let writer = thread::spawn(move || {
            let mut written = 0;
            let mut lines = String::new();
            while !over.load(Ordering::SeqCst) {
                let at = started.elapsed();
                let wanted = at.as_micros() * u128::from(rate) / 1_000_000;
                lines.clear();
                while written < wanted {
                    written += 1;
                    writeln!(
                        lines,
                        "INFO at={}. authorize approved=true took 38 ms srv=blue-2 stan={:06}",
                        at.as_millis(),
                        written % 1_000_000
                    )
                    .unwrap();
                }
                file.write_all(lines.as_bytes()).unwrap();
                thread::sleep(Duration::from_millis(1));
            }
            u64::try_from(written).unwrap_or(u64::MAX)
        });
        Self { started, is_over, writer: Some(writer) }
    }

    /// Ends it; how many lines were written.
    pub fn stop(mut self) -> u64 {
        self.is_over.store(true, Ordering::SeqCst);
        self.writer.take().and_then(|writer| writer.join().ok()).unwrap_or_default()
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        self.writer.take().map(JoinHandle::join);
    }
}

/// When the newest line on the screen was written, after the start of its log.
pub fn newest(screen: &vt100::Screen) -> Option<Duration> {
    let columns = screen.size().1;
    let stamps =
        screen.rows(0, columns.get()).filter_map(|row| row.split_once(" at=")?.1.split_once('.')?.0.parse().ok());
    stamps.max().map(Duration::from_millis)
}
