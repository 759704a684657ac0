//! The terminal: taken whole, given back whole, however flightdeck ends.
//!
//! - [`Terminal`]: raw mode, alternate screen, mouse and paste modes, cursor; taken and left together.
//! - `line`: writes, and never holds anybody up (S3).
//! - `keys`: the thread that reads.
//! - [`Screen`]: frames as the bytes that change what is shown.
//! - [`mod@panic`]: what happens when a thread panics.
//! - [`suspend`]: to the background and back.
//!
//! # Invariants
//! - Every way out goes through [`Terminal::leave`]: it runs on drop and in the panic hook, and twice does no harm.
//! - Nothing is printed while the terminal is taken: first the modes go off, then the screen is left, then one prints.

mod keys;
mod line;
pub mod panic;
mod screen;
pub mod suspend;

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetwinsize, tcsetattr};

pub use self::keys::Keys;
pub use self::line::Handed;
use self::line::{Line, Told};
pub use self::screen::Screen;
use super::queue::Control;
use crate::error::Error;

/// Alternate screen, cursor hidden, bracketed paste.
const TAKE: &str = "\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[2J";
/// Buttons and the wheel, with coordinates of any size. Movement is not asked for: a slow line would carry it for nothing.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
/// The mouse belongs to the terminal again.
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";
/// Everything off: synchronized output, mouse, paste; colours back, cursor shown, alternate screen left.
const LEAVE: &str = "\x1b[?2026l\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[0m\x1b[?25h\x1b[?1049l";

/// What the terminal tells the loop.
#[derive(Debug)]
pub enum FromTerminal {
    /// A frame has gone out.
    Written {
        /// The model's version that it showed.
        version: u64,
    },
    /// The terminal is gone: nothing can be drawn any more.
    Lost(
        /// What the system said.
        io::Error,
    ),
}

/// The terminal while it is taken.
#[derive(Debug)]
pub struct Terminal {
    hold: Arc<Hold>,
}

/// What is needed to give the terminal back, also from the panic hook.
#[derive(Debug)]
struct Hold {
    line: Arc<Line>,
    input: OwnedFd,
    output: OwnedFd,
    original: Termios,
    is_taken: AtomicBool,
    captures_mouse: AtomicBool,
}

/// The terminal that is held now, for the panic hook.
static HELD: Mutex<Option<Arc<Hold>>> = Mutex::new(None);

impl Terminal {
    /// Takes the terminal. What it tells goes into `queue`.
    ///
    /// # Errors
    /// When standard input or output is not a terminal, or one that cannot show a cockpit.
    pub fn take<M: From<FromTerminal> + Send + 'static>(queue: Control<M>, mouse: bool) -> Result<Self, Error> {
        let advice = "run it in a terminal; `status` and `rollback` work without one";
        let unfit = |why: &str| Error::Terminal { why: why.to_owned(), advice: advice.to_owned() };
        let failed = |source: io::Error| unfit(&source.to_string());
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(unfit("standard input and output are not both a terminal"));
        }
        if std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb") {
            return Err(Error::Terminal {
                why: "TERM names no terminal that can be drawn on".to_owned(),
                advice: "set TERM to what this terminal is, for example xterm-256color".to_owned(),
            });
        }
        let input = io::stdin().as_fd().try_clone_to_owned().map_err(failed)?;
        let output = io::stdout().as_fd().try_clone_to_owned().map_err(failed)?;
        let original = tcgetattr(&input).map_err(|source| failed(source.into()))?;
        let line = Line::start(line::open(&output).map_err(failed)?, move |told| {
            queue.put(M::from(match told {
                Told::Written { version } => FromTerminal::Written { version },
                Told::Lost(error) => FromTerminal::Lost(error),
            }));
        })
        .map_err(failed)?;
        let hold = Arc::new(Hold {
            line,
            input,
            output,
            original,
            is_taken: AtomicBool::new(false),
            captures_mouse: AtomicBool::new(mouse),
        });
        *held() = Some(hold.clone());
        let terminal = Self { hold };
        terminal.enter().map_err(failed)?;
        Ok(terminal)
    }

    /// Takes the terminal again, after [`Terminal::leave`].
    ///
    /// # Errors
    /// When the terminal's modes cannot be set.
    pub fn enter(&self) -> io::Result<()> {
        self.hold.enter()
    }

    /// Keys, mouse and paste from here on; ends when the terminal is gone.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn keys(&self) -> io::Result<Keys> {
        keys::start(self.hold.input.try_clone()?)
    }

    /// Gives the terminal back as it was found.
    pub fn leave(&self) {
        self.hold.leave();
    }

    /// Prints lines on the terminal that was left, and waits a moment for them: one that does not read keeps nobody.
    pub fn print(&self, lines: &[String]) {
        self.hold.print(lines);
    }

    /// Whether a frame would be written now.
    pub fn is_free(&self) -> bool {
        self.hold.is_taken.load(Ordering::SeqCst) && self.hold.line.is_free()
    }

    /// Hands a frame over.
    pub fn frame(&self, bytes: Vec<u8>, version: u64) -> Handed {
        if !self.hold.is_taken.load(Ordering::SeqCst) {
            return Handed::Refused;
        }
        self.hold.line.frame(bytes, version)
    }

    /// The bytes that switch mouse capture.
    pub fn mouse(&self, capture: bool) -> &'static str {
        self.hold.captures_mouse.store(capture, Ordering::SeqCst);
        if capture { MOUSE_ON } else { MOUSE_OFF }
    }

    /// Columns and rows.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        let size = tcgetwinsize(&self.hold.output)?;
        // A terminal that does not say is drawn on as the smallest usual one.
        let or = |given: u16, usual| if given == 0 { usual } else { given };
        Ok((or(size.ws_col, 80), or(size.ws_row, 24)))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.leave();
        *held() = None;
    }
}

impl Hold {
    fn enter(&self) -> io::Result<()> {
        let mut raw = self.original.clone();
        raw.make_raw();
        tcsetattr(&self.input, OptionalActions::Now, &raw)?;
        self.is_taken.store(true, Ordering::SeqCst);
        let mouse = if self.captures_mouse.load(Ordering::SeqCst) { MOUSE_ON } else { "" };
        self.line.control(format!("{TAKE}{mouse}").into_bytes());
        Ok(())
    }

    fn print(&self, lines: &[String]) {
        let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
        self.line.print(text.into_bytes());
    }

    fn leave(&self) {
        if !self.is_taken.swap(false, Ordering::SeqCst) {
            return;
        }
        self.line.control(LEAVE.as_bytes().to_vec());
        // At once: to wait until the terminal has read everything may be to wait for ever.
        if let Err(error) = tcsetattr(&self.input, OptionalActions::Now, &self.original) {
            tracing::warn!(%error, "the terminal's modes could not be restored");
        }
        // Keys typed ahead were meant for the cockpit, not for the shell.
        tcflush(&self.input, QueueSelector::IFlush).ok();
    }
}

/// Gives the terminal back, from wherever, and prints a line on it; `false` when no terminal is held.
fn leave_held(last_word: &str) -> bool {
    let Some(hold) = held().clone() else { return false };
    hold.leave();
    hold.print(&[last_word.to_owned()]);
    true
}

fn held() -> std::sync::MutexGuard<'static, Option<Arc<Hold>>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}
