//! The line to the terminal: one thread that writes, and one job at a time (S3). Whoever hands over a frame never waits
//! for it; whoever leaves waits a moment, and goes on.
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

/// The line.
#[derive(Debug)]
pub(super) struct Line {
    queue: Mutex<Queue>,
    /// Something changed in the queue.
    turn: Condvar,
    output: File,
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
    Frame { bytes: Vec<u8>, version: u64 },
    Control(Vec<u8>),
}

impl Line {
    /// Starts the thread. `tell` is called on it.
    pub(super) fn start(output: File, tell: impl Fn(Told) + Send + 'static) -> io::Result<Arc<Self>> {
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

    /// Hands a frame over; `false` when another is being written.
    pub(super) fn frame(&self, bytes: Vec<u8>, version: u64) -> bool {
        let mut queue = self.lock();
        if queue.job.is_some() || queue.is_writing || queue.is_lost {
            return false;
        }
        queue.job = Some(Job::Frame { bytes, version });
        self.turn.notify_all();
        true
    }

    /// Writes bytes that must go out before anything else, and waits a moment for it. What is being written is given up.
    pub(super) fn control(&self, bytes: Vec<u8>) {
        let mut queue = self.lock();
        if queue.is_lost {
            return;
        }
        queue.is_abandoned = queue.is_writing;
        queue.job = Some(Job::Control(bytes));
        self.turn.notify_all();
        queue = self.wait(queue);
        if queue.job.is_some() || queue.is_writing {
            // The terminal does not read. What it was sent and has not read is thrown away, so that there is room.
            tcflush(self.output.as_fd(), QueueSelector::OFlush).ok();
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
        let mut output = &self.output;
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
        let mut output = [PollFd::new(&self.output, PollFlags::OUT)];
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
pub(super) fn open(output: &impl AsFd) -> io::Result<File> {
    let again = rustix::termios::ttyname(output, Vec::new()).and_then(|name| {
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        rustix::fs::open(name.as_c_str(), flags, Mode::empty())
    });
    match again {
        Ok(again) => Ok(File::from(again)),
        Err(error) => {
            tracing::warn!(%error, "the terminal could not be opened once more; leaving it may have to wait for it");
            Ok(File::from(output.as_fd().try_clone_to_owned()?))
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
        let (reader, writer) = io::pipe().expect("a pipe");
        let (tell, told) = mpsc::channel();
        let line = Line::start(File::from(OwnedFd::from(writer)), move |what| tell.send(what).expect("it is heard"));
        (line.expect("a thread"), reader, told)
    }

    const SOON: Duration = Duration::from_secs(10);

    #[test]
    fn a_frame_is_told_once_it_has_gone_out() {
        let (line, mut reader, told) = line();
        assert!(line.frame(b"frame".to_vec(), 7));
        assert!(matches!(told.recv_timeout(SOON), Ok(Told::Written { version: 7 })));
        let mut read = [0; 5];
        reader.read_exact(&mut read).expect("it was written");
        assert_eq!(&read, b"frame");
    }

    #[test]
    fn a_terminal_that_does_not_read_takes_one_frame_and_no_second() {
        let (line, mut reader, told) = line();
        let large = vec![b'x'; 4 * 1024 * 1024];
        assert!(line.frame(large.clone(), 1) && !line.frame(b"second".to_vec(), 2));
        assert!(told.try_recv().is_err(), "it cannot have gone out yet");
        let mut read = vec![0; large.len()];
        reader.read_exact(&mut read).expect("the frame is whole");
        assert!(matches!(told.recv_timeout(SOON), Ok(Told::Written { version: 1 })));
    }

    #[test]
    fn leaving_overtakes_a_frame_and_cancels_what_was_cut() {
        let (line, mut reader, told) = line();
        assert!(line.frame(vec![b'x'; 4 * 1024 * 1024], 1));
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
        assert!(line.frame(b"frame".to_vec(), 1));
        assert!(matches!(told.recv_timeout(SOON), Ok(Told::Lost(_))));
        line.control(b"leave".to_vec());
        assert!(!line.is_free());
    }
}
