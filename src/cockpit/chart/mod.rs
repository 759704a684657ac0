//! How the charts are looked at: which of them, over which time, at which moment. What they draw stands in
//! [`crate::flight::measure`].
//!
//! Parts: [`list`] says which charts there are, [`range`] which time they show. Invariant: a range that does not end now
//! says so wherever it is drawn.

mod list;
mod range;

pub use list::{Chart, ChartLine};
pub use range::{Past, Range, Span};

use std::collections::VecDeque;

use crate::domain::{Elapsed, Measure};

/// The view on the charts.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Charts {
    /// Operator actions and changes as marks on the time axis.
    pub marks: VecDeque<(Elapsed, String)>,
    /// How much time is shown.
    pub span: Span,
    /// A time that is over, where one is looked at; `None` while the range ends now.
    pub past: Option<Past>,
    /// The moment whose values are shown beside the newest ones, in a chart that stands alone.
    pub cursor: Option<Elapsed>,
    /// The selected chart; `None` is the first. By what it measures, because charts come and go above it.
    pub selected: Option<Measure>,
    /// The first chart shown.
    pub scroll: usize,
    /// Whether the selected chart has the whole pane.
    pub alone: bool,
}
