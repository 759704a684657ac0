//! Keys, mouse and paste, read on a thread of their own.
//!
//! The terminal library reads a terminal that has gone away over and over and never says so. Here the terminal is asked
//! first whether it is still there; and whatever happens in this thread, the loop does not wait in it.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;

use crossterm::event::{self, Event};
use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Keys, mouse and paste as they come.
#[derive(Debug)]
pub struct Keys {
    events: UnboundedReceiver<Event>,
    /// The thread reads while this is held.
    wanted: Option<PipeWriter>,
}

impl Keys {
    /// The next one; `None` when the terminal is gone, or after [`Keys::close`]. Nothing is lost when this is dropped before
    /// it answers.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// What is typed from here on is not taken.
    pub fn close(&mut self) {
        self.wanted = None;
        self.events.close();
    }
}

/// Starts the thread. It ends when the terminal is gone, or when nobody wants keys any more.
pub(super) fn start(input: OwnedFd) -> io::Result<Keys> {
    let (sender, events) = unbounded_channel();
    let (unwanted, wanted) = io::pipe()?;
    thread::Builder::new().name("keys".to_owned()).spawn(move || {
        if let Err(error) = read(&input, &unwanted, &sender) {
            tracing::warn!(%error, "the terminal gives no keys any more");
        }
    })?;
    Ok(Keys { events, wanted: Some(wanted) })
}

fn read(input: &OwnedFd, unwanted: &PipeReader, sender: &UnboundedSender<Event>) -> io::Result<()> {
    loop {
        let mut asked = [PollFd::new(input, PollFlags::IN), PollFd::new(unwanted, PollFlags::IN)];
        match poll(&mut asked, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let [answer, over] = &asked;
        if !over.revents().is_empty() {
            return Ok(());
        }
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
}
