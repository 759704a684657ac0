//! The built program in a real terminal: keys in, the screen out, signals, size, and whether the terminal is whole
//! afterwards.

use std::fmt;
use std::fs::File;
use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{Termios, tcgetattr};

/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program in a terminal of its own. Whatever still runs at the end is killed.
pub struct Pty {
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    status: Option<ExitStatus>,
    shown: Arc<Shown>,
    tty: File,
    original: Termios,
    state: Arc<tempfile::TempDir>,
}

#[derive(Default)]
struct Shown {
    state: Mutex<State>,
    changed: Condvar,
}

type Wanted = Box<dyn FnMut(&vt100::Screen) -> bool + Send>;

#[derive(Default)]
struct State {
    screen: Option<vt100::Parser>,
    /// What was read so far.
    bytes: u64,
    /// When something was read last.
    read_at: Option<Instant>,
    /// What is looked for after every read.
    wanted: Option<Wanted>,
    /// When it was there.
    met_at: Option<Instant>,
    /// Nothing more is read while this holds.
    is_paused: bool,
    /// The reader ends as soon as it reads something.
    ends: bool,
    has_ended: bool,
}

#[allow(dead_code, reason = "some of it only benchmarks use")]
impl Pty {
    /// Starts `flightdeck` with arguments.
    pub fn flightdeck(arguments: &[&str], size: (u16, u16)) -> Self {
        Self::spawn(env!("CARGO_BIN_EXE_flightdeck"), arguments, size)
    }

    /// Starts any program. It finds a state directory of its own in its environment.
    pub fn spawn(program: &str, arguments: &[&str], size: (u16, u16)) -> Self {
        Self::spawn_in(Arc::new(tempfile::tempdir().unwrap()), program, arguments, size)
    }

    /// Starts any program with a state directory that others share.
    pub fn spawn_in(
        state: Arc<tempfile::TempDir>,
        program: &str,
        arguments: &[&str],
        (columns, rows): (u16, u16),
    ) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let path = pair.master.tty_name().unwrap();
        let tty = File::from(rustix::fs::open(path, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap());
        let original = tcgetattr(&tty).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env_clear();
        for (name, value) in [
            ("TERM", "xterm-256color"),
            ("LANG", "C.UTF-8"),
            ("USER", "ana"),
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("FLIGHTDECK_STATE_DIR", state.path().to_str().unwrap()),
            ("HOME", state.path().to_str().unwrap()),
            ("PS1", "shell> "),
        ] {
            command.env(name, value);
        }
        command.cwd(state.path());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let shown = Arc::new(Shown::default());
        shown.state.lock().unwrap().screen = Some(vt100::Parser::new(cells(rows), cells(columns), 0));
        let reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let seen = shown.clone();
        thread::spawn(move || read_all(reader, &seen));
        Self { master: Some(pair.master), writer: Some(writer), child, status: None, shown, tty, original, state }
    }

    /// The state directory of the program.
    pub fn state(&self) -> &std::path::Path {
        self.state.path()
    }

    /// Types.
    pub fn send(&mut self, keys: &str) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// The text on the screen.
    pub fn text(&self) -> String {
        self.shown.state.lock().unwrap().screen.as_ref().unwrap().screen().contents()
    }

    /// Waits until the screen is as wanted.
    pub fn wait_until(&self, what: &str, holds: impl Fn(&vt100::Screen) -> bool) {
        assert!(self.comes(PATIENCE, holds), "waited in vain for {what}; the screen shows:\n{}", self.text());
    }

    /// Whether the screen is as wanted within this time.
    pub fn comes(&self, patience: Duration, holds: impl Fn(&vt100::Screen) -> bool) -> bool {
        let until = Instant::now() + patience;
        let mut state = self.shown.state.lock().unwrap();
        while !holds(state.screen.as_ref().unwrap().screen()) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.shown.changed.wait_timeout(state, left).unwrap().0;
        }
        true
    }

    /// Waits until the screen shows a text.
    pub fn wait_for(&self, text: &str) {
        self.wait_until(text, |screen| screen.contents().contains(text));
    }

    /// Looks after every read, beginning now, whether the screen is as wanted; [`Pty::met`] says when it was.
    pub fn expect(&self, mut holds: impl FnMut(&vt100::Screen) -> bool + Send + 'static) {
        let mut state = self.shown.state.lock().unwrap();
        state.met_at = state.read_at.filter(|_| holds(state.screen.as_ref().unwrap().screen()));
        state.wanted = state.met_at.is_none().then(|| Box::new(holds) as Wanted);
    }

    /// Waits until what is expected is there, and gives the moment at which it was read.
    pub fn met(&self, what: &str) -> Instant {
        let until = Instant::now() + PATIENCE;
        let mut state = self.shown.state.lock().unwrap();
        loop {
            if let Some(at) = state.met_at {
                return at;
            }
            let left = until.saturating_duration_since(Instant::now());
            let shown = state.screen.as_ref().unwrap().screen().contents();
            assert!(!left.is_zero(), "waited in vain for {what}; the screen shows:\n{shown}");
            state = self.shown.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// How much was read so far.
    pub fn bytes(&self) -> u64 {
        self.shown.state.lock().unwrap().bytes
    }

    /// Gives the terminal another size, and forgets what it showed: it shows again what is drawn anew.
    pub fn resize(&self, columns: u16, rows: u16) {
        let mut state = self.shown.state.lock().unwrap();
        let parser = state.screen.as_mut().unwrap();
        parser.screen_mut().set_size(cells(rows), cells(columns));
        parser.process(b"\x1b[2J");
        drop(state);
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().unwrap().resize(size).unwrap();
    }

    /// Stops to read what the program writes, or goes on.
    pub fn pause(&self, paused: bool) {
        self.shown.state.lock().unwrap().is_paused = paused;
        self.shown.changed.notify_all();
    }

    /// The program's process id.
    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Closes the terminal's other end, as a lost connection does.
    pub fn vanish(&mut self) {
        let mut state = self.shown.state.lock().unwrap();
        state.ends = true;
        let until = Instant::now() + PATIENCE;
        while !state.has_ended {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the program writes nothing");
            state = self.shown.changed.wait_timeout(state, left).unwrap().0;
        }
        drop(state);
        self.writer = None;
        self.master = None;
    }

    /// Waits until the program has ended.
    pub fn wait_for_end(&mut self, patience: Duration) -> ExitStatus {
        let until = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.status = Some(status.clone());
                return status;
            }
            let shown = self.text();
            assert!(Instant::now() < until, "it has not ended within {patience:?}; the screen shows:\n{shown}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until everything that was written before the program ended has been read, and checks that the terminal is as
    /// it was before.
    pub fn assert_whole(&self) {
        self.wait_until("the alternate screen to be left", |screen| !screen.alternate_screen());
        self.wait_until("the modes to be off", |screen| {
            !screen.hide_cursor()
                && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
                && !screen.bracketed_paste()
        });
        let now = tcgetattr(&self.tty).unwrap();
        let modes =
            |termios: &Termios| (termios.input_modes, termios.output_modes, termios.control_modes, termios.local_modes);
        assert_eq!(modes(&now), modes(&self.original), "the terminal is not in the modes it was found in");
    }

    /// Whether the terminal is in raw mode: keys are neither echoed nor kept for a line.
    pub fn is_raw(&self) -> bool {
        use rustix::termios::LocalModes;
        !tcgetattr(&self.tty).unwrap().local_modes.intersects(LocalModes::ECHO | LocalModes::ICANON)
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        if self.status.is_none() {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

impl fmt::Debug for Pty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pty").field("pid", &self.child.process_id()).finish_non_exhaustive()
    }
}

impl State {
    fn take(&mut self, at: Instant, count: usize) {
        self.bytes += u64::try_from(count).unwrap();
        self.read_at = Some(at);
        if let (Some(wanted), Some(screen)) = (&mut self.wanted, &self.screen)
            && wanted(screen.screen())
        {
            self.met_at = Some(at);
            self.wanted = None;
        }
    }
}

fn cells(count: u16) -> std::num::NonZero<u16> {
    std::num::NonZero::new(count).unwrap()
}

fn read_all(mut reader: Box<dyn Read + Send>, shown: &Shown) {
    let mut some = [0; 4096];
    loop {
        let read = reader.read(&mut some);
        let at = Instant::now();
        let mut state = shown.state.lock().unwrap();
        match read {
            Ok(count) if count > 0 && !state.ends => {
                state.screen.as_mut().unwrap().process(&some[..count]);
                state.take(at, count);
                shown.changed.notify_all();
                while state.is_paused {
                    state = shown.changed.wait(state).unwrap();
                }
            }
            Ok(_) | Err(_) => break,
        }
    }
    drop(reader);
    shown.state.lock().unwrap().has_ended = true;
    shown.changed.notify_all();
}

/// Whether a log line of the built-in world has a server whose name begins so, and this version, in its columns.
pub fn tells(screen: &vt100::Screen, server: &str, version: &str) -> bool {
    screen.contents().lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.windows(2).any(|two| two[0].starts_with(server) && two[1] == version)
    })
}
