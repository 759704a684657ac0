//! Every kind of check that a profile can name: the one place that lists them. The kind `limit`, a measure held against a
//! limit, is judged by the core and needs no adapter.

use std::sync::Arc;
use std::time::Duration;

use super::{Configured, command, http, tcp};
use crate::domain::PoolId;
use crate::setting::Table;

/// One kind of check.
pub struct CheckKind {
    /// As the profile names it.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub doc: &'static str,
    /// The feature that its crates are behind, and whether this build has it; `None` where every build can.
    pub feature: Option<(&'static str, bool)>,
    /// Whether its answers have a value that can be compared with an earlier one (`same_as_before`).
    pub gives_value: bool,
    /// Reads its keys; `None` when something was wrong with them.
    pub read: Read,
}

/// Reads the keys of one kind, for a check of this pool and this time-out.
type Read = fn(&mut Table<'_>, Option<&PoolId>, Duration) -> Option<Arc<dyn Configured>>;

/// All kinds, in the order in which messages name them.
pub const KINDS: &[CheckKind] = &[
    CheckKind {
        name: "http",
        doc: "What an HTTP address answers: status, parts of a JSON document, a version, headers, text, time taken.",
        feature: None,
        gives_value: true,
        read: |table, _pool, timeout| configured(http::Config::read(table, timeout)),
    },
    CheckKind {
        name: "tcp",
        doc: "Whether a TCP connection is taken.",
        feature: None,
        gives_value: false,
        read: |table, _pool, timeout| configured(tcp::Config::read(table, timeout)),
    },
    CheckKind {
        name: "command",
        doc: "What a program of this machine says: its exit code, its output.",
        feature: None,
        gives_value: true,
        read: |table, _pool, timeout| configured(command::Config::read(table, timeout)),
    },
];

fn configured(config: Option<impl Configured + 'static>) -> Option<Arc<dyn Configured>> {
    config.map(|config| Arc::new(config) as Arc<dyn Configured>)
}
