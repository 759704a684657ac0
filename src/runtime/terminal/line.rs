//! The line to the terminal: one thread that writes, and one job at a time (S3). Whoever hands over a frame never waits
//! for it; whoever leaves waits a moment, and goes on.
//!
//! A pseudo-terminal takes what there is room for and never waits, so what fits is written where it is handed over, and the
//! thread is woken for the rest alone.
//!
//! # Invariants
//! - One frame is being written at most, and none waits behind it: the next is drawn when this one has gone out, against
//!   what then stands on the screen.
//! - Leaving overtakes a frame: what is left of it is given up, and a control sequence that was cut is cancelled.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::termios::{QueueSelector, tcflush};

/// How much is written at once. A frame that is given up ends within this.
const CHUNK: usize = 2 * 1024;

/// How long leaving waits for a terminal that does not read.
const PATIENCE: Duration = Duration::from_millis(300);

/// How often a writer that waits for the terminal looks whether it is still wanted.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// Cancels a control sequence that was cut.
const CANCEL: &[u8] = b"\x18";

/// What the line tells.
#[derive(Debug)]
pub(super) enum Told {
    /// A frame has gone out.
    Written {
        /// The model's version that it showed.
        version: u64,
    },
    /// The terminal is gone.
    Lost(io::Error),
}

/// What becomes of a frame that is handed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Handed {
    /// It has gone out.
    Gone,
    /// It is being written, and told when it has gone out.
    Waits,
    /// Another is being written, or the terminal is gone.
    Refused,
}

/// Where frames go.
#[derive(Debug)]
pub(super) struct Output {
    file: File,
    /// A write takes what there is room for, and is quick.
    is_quick: bool,
}

/// The line.
#[derive(Debug)]
pub(super) struct Line {
    queue: Mutex<Queue>,
    /// Something changed in the queue.
    turn: Condvar,
    output: Output,
}

#[derive(Debug, Default)]
struct Queue {
    job: Option<Job>,
    is_writing: bool,
    /// What is being written is to be given up.
    is_abandoned: bool,
    is_lost: bool,
}

#[derive(Debug)]
enum Job {
    /// A frame, or the rest of one.
    Frame {
        bytes: Vec<u8>,
        version: u64,
        is_begun: bool,
    },
    Control(Vec<u8>),
}

impl Line {
    /// Starts the thread. `tell` is called on it.
    pub(super) fn start(output: Output, tell: impl Fn(Told) + Send + 'static) -> io::Result<Arc<Self>> {
        let line = Arc::new(Self { queue: Mutex::default(), turn: Condvar::new(), output });
        let writer = line.clone();
        thread::Builder::new().name("terminal".to_owned()).spawn(move || writer.run(&tell))?;
        Ok(line)
    }

    /// Whether a frame would be written now.
    pub(super) fn is_free(&self) -> bool {
        let queue = self.lock();
        queue.job.is_none() && !queue.is_writing && !queue.is_lost
    }

    /// Hands a frame over.
    pub(super) fn frame(&self, mut bytes: Vec<u8>, version: u64) -> Handed {
        let mut queue = self.lock();
        if queue.job.is_some() || queue.is_writing || queue.is_lost {
            return Handed::Refused;
        }
        // What goes wrong here goes wrong for the thread once more, which tells it.
        let written = if self.output.is_quick { (&self.output.file).write(&bytes).unwrap_or(0) } else { 0 };
        if written == bytes.len() {
            return Handed::Gone;
        }
        bytes.drain(..written);
        queue.job = Some(Job::Frame { bytes, version, is_begun: written > 0 });
        self.turn.notify_all();
        Handed::Waits
    }

    /// Writes bytes that must go out before anything else, and waits a moment for it. What is being written is given up.
    pub(super) fn control(&self, mut bytes: Vec<u8>) {
        let mut queue = self.lock();
        if queue.is_lost {
            return;
        }
        if matches!(queue.job, Some(Job::Frame { is_begun: true, .. })) {
            bytes.splice(0..0, CANCEL.iter().copied());
        }
        queue.is_abandoned = queue.is_writing;
        queue.job = Some(Job::Control(bytes));
        self.turn.notify_all();
        queue = self.wait(queue);
        if queue.job.is_some() || queue.is_writing {
            // The terminal does not read. What it was sent and has not read is thrown away, so that there is room.
            tcflush(&self.output.file, QueueSelector::OFlush).ok();
            queue.is_abandoned = queue.is_writing;
            drop(self.wait(queue));
        }
    }

    /// Writes bytes after what was written before, and waits a moment for it. Nothing is given up for it.
    pub(super) fn print(&self, bytes: Vec<u8>) {
        let mut queue = self.lock();
        if queue.is_lost || queue.job.is_some() {
            return;
        }
        queue.job = Some(Job::Control(bytes));
        self.turn.notify_all();
        drop(self.wait(queue));
    }

    fn wait<'a>(&self, mut queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        let until = Instant::now() + PATIENCE;
        while (queue.job.is_some() || queue.is_writing) && !queue.is_lost {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            queue = self.turn.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        queue
    }

    fn run(&self, tell: &impl Fn(Told)) {
        loop {
            let job = self.next();
            let written = match &job {
                Job::Frame { bytes, .. } => self.write(bytes, true),
                Job::Control(bytes) => self.write(bytes, false),
            };
            let mut queue = self.lock();
            queue.is_writing = false;
            match (written, job) {
                (Ok(true), Job::Frame { version, .. }) => {
                    drop(queue);
                    tell(Told::Written { version });
                }
                (Ok(true), Job::Control(_)) => {}
                (Ok(false), _) => {
                    queue.is_abandoned = false;
                    if let Some(Job::Control(bytes)) = &mut queue.job {
                        bytes.splice(0..0, CANCEL.iter().copied());
                    }
                }
                (Err(error), _) => {
                    queue.is_lost = true;
                    queue.job = None;
                    self.turn.notify_all();
                    drop(queue);
                    tell(Told::Lost(error));
                    return;
                }
            }
            self.turn.notify_all();
        }
    }

    fn next(&self) -> Job {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.job.take() {
                queue.is_writing = true;
                queue.is_abandoned = false;
                return job;
            }
            queue = self.turn.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Writes everything, or gives up between two chunks when it may: `false` then.
    fn write(&self, bytes: &[u8], may_be_abandoned: bool) -> io::Result<bool> {
        let mut output = &self.output.file;
        for chunk in bytes.chunks(CHUNK) {
            if may_be_abandoned && self.lock().is_abandoned {
                return Ok(false);
            }
            let mut rest = chunk;
            while !rest.is_empty() {
                match output.write(rest) {
                    Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait_for_room(),
                    Err(error) => return Err(error),
                }
                if may_be_abandoned && !rest.is_empty() && self.lock().is_abandoned {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Waits until the terminal takes more, or for a moment.
    fn wait_for_room(&self) {
        let mut output = [PollFd::new(&self.output.file, PollFlags::OUT)];
        if poll(&mut output, Some(&LOOK)).is_err() {
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a terminal once more, for writing that never blocks. The descriptor that the shell shares with this process
/// stays as it is. Where it cannot be opened (it may be another user's), that one is written to.
pub(super) fn open(output: &impl AsFd) -> io::Result<Output> {
    let again = rustix::termios::ttyname(output, Vec::new()).and_then(|name| {
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let is_quick = name.to_bytes().starts_with(b"/dev/pts/");
        // The console draws while it is written to, which may take its time.
        Ok(Output { file: File::from(rustix::fs::open(name.as_c_str(), flags, Mode::empty())?), is_quick })
    });
    match again {
        Ok(again) => Ok(again),
        Err(error) => {
            tracing::warn!(%error, "the terminal could not be opened once more; leaving it may have to wait for it");
            Ok(Output { file: File::from(output.as_fd().try_clone_to_owned()?), is_quick: false })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::OwnedFd;
    use std::sync::mpsc;

    use super::*;

    fn line() -> (Arc<Line>, io::PipeReader, mpsc::Receiver<Told>) {
        line_of(false)
    }

    fn line_of(is_quick: bool) -> (Arc<Line>, io::PipeReader, mpsc::Receiver<Told>) {
        let (reader, writer) = io::pipe().expect("a pipe");
        let file = File::from(OwnedFd::from(writer));
        if is_quick {
            rustix::fs::fcntl_setfl(&file, OFlags::NONBLOCK).expect("a pipe can be told not to block");
        }
        let (tell, told) = mpsc::channel();
        let line = Line::start(Output { file, is_quick }, move |what| tell.send(what).expect("it is heard"));
        (line.expect("a thread"), reader, told)
    }

    const SOON: Duration = Duration::from_secs(10);

    #[test]
    fn a_frame_is_told_once_it_has_gone_out() {
        let (line, mut reader, told) = line();
        assert_eq!(line.frame(b"frame".to_vec(), 7), Handed::Waits);
        assert!(matches!(told.recv_timeout(SOON), Ok(Told::Written { version: 7 })));
        let mut read = [0; 5];
        reader.read_exact(&mut read).expect("it was written");
        assert_eq!(&read, b"frame");
    }

    #[test]
    fn a_terminal_that_does_not_read_takes_one_frame_and_no_second() {
        let (line, mut reader, told) = line();
        let large = vec![b'x'; 4 * 1024 * 1024];
        assert_eq!(line.frame(large.clone(), 1), Handed::Waits);
        assert_eq!(line.frame(b"second".to_vec(), 2), Handed::Refused);
        assert!(told.try_recv().is_err(), "it cannot have gone out yet");
        let mut read = vec![0; large.len()];
        reader.read_exact(&mut read).expect("the frame is whole");
        assert!(matches!(told.recv_timeout(SOON), Ok(Told::Written { version: 1 })));
    }

    #[test]
    fn a_frame_that_fits_has_gone_out_at_once() {
        let (line, mut reader, told) = line_of(true);
        assert_eq!(line.frame(b"frame".to_vec(), 7), Handed::Gone);
        let mut read = [0; 5];
        reader.read_exact(&mut read).expect("it was written");
        assert!(&read == b"frame" && line.is_free() && told.try_recv().is_err());
    }

    #[test]
    fn what_does_not_fit_at_once_goes_out_whole_and_in_order() {
        let (line, mut reader, told) = line_of(true);
        let large: Vec<u8> = (0..1024 * 1024_u32).map(|at| at.to_le_bytes()[1]).collect();
        assert_eq!(line.frame(large.clone(), 1), Handed::Waits);
        let mut read = vec![0; large.len()];
        reader.read_exact(&mut read).expect("the frame is whole");
        assert!(read == large);
        assert!(matches!(told.recv_timeout(SOON), Ok(Told::Written { version: 1 })));
    }

    #[test]
    fn leaving_overtakes_a_frame_and_cancels_what_was_cut() {
        for is_quick in [false, true] {
            leaving_overtakes(is_quick);
        }
    }

    fn leaving_overtakes(is_quick: bool) {
        let (line, mut reader, told) = line_of(is_quick);
        assert_eq!(line.frame(vec![b'x'; 4 * 1024 * 1024], 1), Handed::Waits);
        let mut some = [0; 4096];
        reader.read_exact(&mut some).expect("the frame has begun");
        let reading = thread::spawn(move || {
            let mut all = Vec::new();
            while !all.ends_with(b"leave") {
                let count = reader.read(&mut some).expect("the pipe is open");
                all.extend_from_slice(some.get(..count).expect("as many were read"));
            }
            all
        });
        line.control(b"leave".to_vec());
        let all = reading.join().expect("it ends");
        assert!(all.len() < 4 * 1024 * 1024, "the frame was given up");
        assert!(all.ends_with(b"\x18leave"));
        assert!(told.try_recv().is_err());
    }

    #[test]
    fn a_vanished_terminal_is_told_and_leaving_it_does_not_wait() {
        let (line, reader, told) = line();
        drop(reader);
        assert_eq!(line.frame(b"frame".to_vec(), 1), Handed::Waits);
        assert!(matches!(told.recv_timeout(SOON), Ok(Told::Lost(_))));
        line.control(b"leave".to_vec());
        assert!(!line.is_free());
    }
}
