//! What the profile says about one log source, whatever its kind.

use std::sync::Arc;

use super::Origin;
use crate::domain::{PoolId, SourceId};

/// One log source.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its name.
    pub id: SourceId,
    /// The pool whose lines it carries, if they are one pool's.
    pub pool: Option<PoolId>,
    /// Whether one cockpit asks it for all (J6).
    pub metered: bool,
    /// Where the lines come from.
    pub origin: Arc<dyn Origin>,
    /// A regular expression for lines that are noise (health checks): counted apart and hidden.
    pub exclude: Option<String>,
    /// The same as a query in the system's own words, where its kind takes one.
    pub exclude_query: Option<String>,
    /// Whether card numbers, e-mail addresses, phone numbers and IP addresses are masked. On by default.
    pub mask: bool,
    /// Fields whose values are masked, by their whole names with dots.
    pub mask_fields: Vec<String>,
    /// Regular expressions for what else is masked.
    pub mask_patterns: Vec<String>,
}
