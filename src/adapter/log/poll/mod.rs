//! Logs of a system that is asked again and again.
//!
//! # How it asks
//! For a window of absolute times, page after page to its end: a page without lines is no end while it names a next one. The
//! window of the next poll begins where the last one has surely delivered everything, which is its end less the time that
//! lines may come late, so windows overlap; a line that was seen is known by the system's own id and handed over once. What
//! stands before the beginning of the next window is the [watermark](LogBatch::watermark).
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

pub(super) use budget::{Budget, refused};
pub(super) use follow::Polled;
pub use pace::Pace;

use super::Cleaner;
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
