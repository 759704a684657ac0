//! How the charts are looked at: the span, and the marks on their time axis. What they draw stands in
//! [`crate::flight::measure`].

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::Elapsed;

/// The view on the charts.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Charts {
    /// Operator actions and changes as marks on the time axis.
    pub marks: VecDeque<(Elapsed, String)>,
    /// The span shown.
    pub span: Duration,
}
