//! Logs of a system that is asked again and again.
//!
//! # How it asks
//! For a window of absolute times, page after page to its end: a page without lines is no end while it names a next one. The
//! window of the next poll begins where the last one has surely delivered everything, which is its end less the time that
//! lines may come late, so windows overlap; a line that was seen is known by the system's own id and handed over once. What
//! stands before the beginning of the next window is the [watermark](crate::domain::log::LogBatch::watermark).
//!
//! A system that tells lines by itself is listened to between the polls. What it leaves out is found by the next poll, and counted
//! as dropped where it is not.
//!
//! # When it is refused
//! A cursor that is over begins the window anew. A system that asks to be left alone is left alone as long as it says, and
//! goes on with the same page. Any other no, or no answer, is told, and asked again after a pause that grows; nothing is
//! skipped meanwhile, up to an hour.
//!
//! # Parts
//! `seen` knows the ids, `follow` asks, `budget` reads what a system says of how often it may be asked, `pace` reads the
//! profile's keys.
//!
//! [`LogBatch::watermark`]: crate::domain::log::LogBatch

mod budget;
mod follow;
mod pace;
mod seen;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

pub(super) use budget::{Budget, refused};
pub(super) use follow::Polled;
pub use pace::Pace;

use super::{Cleaner, Delivered};
use crate::domain::log::LogLine;
use crate::domain::{Timestamp, Trouble};

/// A system that keeps logs and answers questions for them.
pub(super) trait System: Send + Sync + 'static {
    /// Where it is and what is asked for, for people: `logs of service:x at https://…`.
    fn place(&self) -> String;

    /// Asks for one page of a window, oldest lines first; without a cursor for the first one.
    fn page<'a>(
        &'a self,
        cleaner: &'a mut Cleaner,
        window: Window,
        cursor: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page, Refused>>;

    /// Lines as they come, where it tells them; what it misses is found by the pages.
    fn live(&self) -> Option<BoxStream<'static, Live>> {
        None
    }
}

/// Absolute times that are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Window {
    /// The first moment in it.
    pub(super) from: Timestamp,
    /// The first moment after it.
    pub(super) to: Timestamp,
}

/// One page.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Its lines; may be none though there is a next page.
    pub(super) lines: Vec<Found>,
    /// What asks for the next page; `None` at the end.
    pub(super) next: Option<String>,
    /// How often it may be asked, where it says so.
    pub(super) budget: Option<Budget>,
}

/// One line of a page.
#[derive(Debug)]
pub(super) struct Found {
    /// The system's own id of it.
    pub(super) id: String,
    /// The time that the system gives it.
    pub(super) at: Timestamp,
    /// The line.
    pub(super) line: LogLine,
}

/// Why there is no page.
#[derive(Debug)]
pub(super) enum Refused {
    /// The cursor is over.
    Expired(Trouble),
    /// It is to be left alone for this time.
    Later(std::time::Duration, Trouble),
    /// Any other reason.
    Failed(Trouble),
}

/// What a system tells by itself.
#[derive(Debug)]
pub(super) enum Live {
    /// It tells lines from now on.
    Opened,
    /// Lines, and the times of those that it left out.
    Lines {
        /// The lines.
        lines: Vec<Heard>,
        /// The times.
        dropped: Vec<Timestamp>,
    },
    /// It ended, as it does; it is opened again.
    Ended,
    /// It does not tell lines; it is opened again.
    Broken(Trouble),
}

/// One line as a system tells it.
#[derive(Debug)]
pub(super) struct Heard {
    /// The system's own id of it.
    pub(super) id: String,
    /// The time that the system gives it.
    pub(super) at: Timestamp,
    /// What it says.
    pub(super) text: Vec<u8>,
    /// What the system says of it.
    pub(super) labels: Vec<(String, String)>,
}

impl Heard {
    /// The same as a line that the core may have.
    pub(super) fn found(self, cleaner: &mut Cleaner) -> Found {
        let labels: Vec<(&str, &str)> = self.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let at = Some(self.at);
        let line = cleaner.delivered(&Delivered { at, text: &self.text, labels: &labels, ..Delivered::default() });
        Found { id: self.id, at: self.at, line }
    }
}
