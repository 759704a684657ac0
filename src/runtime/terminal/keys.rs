//! Keys, mouse and paste, read on a thread of their own.
//!
//! The terminal library reads a terminal that has gone away over and over and never says so. Here the terminal is asked
//! first whether it is still there; and whatever happens in this thread, the loop does not wait in it.

use std::io;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;

use crossterm::event::{self, Event};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How often the thread looks whether it is still wanted.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 250_000_000 };

/// Starts the thread. The stream ends when the terminal is gone; the thread ends when the stream is dropped.
pub(super) fn start(input: OwnedFd) -> io::Result<UnboundedReceiver<Event>> {
    let (sender, receiver) = unbounded_channel();
    thread::Builder::new().name("keys".to_owned()).spawn(move || {
        if let Err(error) = read(&input, &sender) {
            tracing::warn!(%error, "the terminal gives no keys any more");
        }
    })?;
    Ok(receiver)
}

fn read(input: &OwnedFd, sender: &UnboundedSender<Event>) -> io::Result<()> {
    while !sender.is_closed() {
        let mut asked = [PollFd::new(input, PollFlags::IN)];
        match poll(&mut asked, Some(&LOOK)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let [answer] = &asked;
        if answer.revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let mut count = 0;
        while event::poll(Duration::ZERO)? {
            count += 1;
            if sender.send(event::read()?).is_err() {
                return Ok(());
            }
        }
        if count == 0 {
            // Part of a key, or what the library has not noticed yet: it must not be asked in a tight circle.
            thread::sleep(Duration::from_millis(5));
        }
    }
    Ok(())
}
