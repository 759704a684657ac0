//! Every kind of notifier that a profile can name: the one place that lists them.

use std::sync::Arc;
use std::time::Duration;

use super::{Configured, datadog, grafana, jira, pagerduty, slack, statuspage, webhook};
use crate::domain::notify::Occasion;
use crate::setting::{Kind, Table, choice};

/// One kind of notifier.
pub struct NotifierKind {
    /// As the profile names it.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub doc: &'static str,
    /// What it is told of where the profile does not say.
    pub on: &'static [Occasion],
    /// Reads its keys; `None` when something was wrong with them.
    pub read: Read,
}

/// Reads the keys of one kind, for this time-out.
type Read = fn(&mut Table<'_>, Duration) -> Option<Arc<dyn Configured>>;

/// What a channel of people wants to hear.
const TALK: &[Occasion] = &[
    Occasion::Opened,
    Occasion::Shift,
    Occasion::Verified,
    Occasion::Left,
    Occasion::Guard,
    Occasion::RollingBack,
    Occasion::RolledBack,
    Occasion::Held,
    Occasion::Released,
    Occasion::Closed,
];

/// What belongs on a chart.
const MARKS: &[Occasion] =
    &[Occasion::Opened, Occasion::Verified, Occasion::Left, Occasion::Guard, Occasion::RolledBack, Occasion::Closed];

/// All kinds, in the order in which messages name them.
pub const KINDS: &[NotifierKind] = &[
    NotifierKind {
        name: "webhook",
        doc: "An HTTP address that takes signed JSON.",
        on: &Occasion::ALL,
        read: |table, timeout| configured(webhook::Config::read(table, timeout)),
    },
    NotifierKind {
        name: "slack",
        doc: "A channel of Slack: one message that is kept up to date, and what happens in its thread.",
        on: TALK,
        read: |table, timeout| configured(slack::Config::read(table, timeout)),
    },
    NotifierKind {
        name: "pagerduty",
        doc: "An alert of PagerDuty, triggered and resolved.",
        on: &[Occasion::Guard, Occasion::Left, Occasion::RolledBack, Occasion::Closed],
        read: |table, timeout| configured(pagerduty::Config::read(table, timeout)),
    },
    NotifierKind {
        name: "datadog-event",
        doc: "Events of Datadog.",
        on: MARKS,
        read: |table, timeout| configured(datadog::Config::read(table, timeout)),
    },
    NotifierKind {
        name: "statuspage-incident",
        doc: "An incident of Statuspage, opened when something goes wrong and resolved when it is over.",
        on: &[Occasion::RollingBack, Occasion::RolledBack],
        read: |table, timeout| configured(statuspage::Config::read(table, timeout, statuspage::Sort::Incident)),
    },
    NotifierKind {
        name: "statuspage-maintenance",
        doc: "A maintenance of Statuspage, from the opening of the session to its closing.",
        on: &[Occasion::Opened, Occasion::Closed],
        read: |table, timeout| configured(statuspage::Config::read(table, timeout, statuspage::Sort::Maintenance)),
    },
    NotifierKind {
        name: "jira-issue",
        doc: "An issue of Jira: comments, a fix version, a transition.",
        on: &[Occasion::Opened, Occasion::RolledBack, Occasion::Closed],
        read: |table, timeout| configured(jira::Config::read(table, timeout)),
    },
    NotifierKind {
        name: "grafana-annotation",
        doc: "Annotations of Grafana.",
        on: MARKS,
        read: |table, timeout| configured(grafana::Config::read(table, timeout)),
    },
];

fn configured(config: Option<impl Configured + 'static>) -> Option<Arc<dyn Configured>> {
    config.map(|config| Arc::new(config) as Arc<dyn Configured>)
}

/// The kind of value that names an occasion.
pub fn occasion() -> Kind<Occasion> {
    choice(&Occasion::ALL.map(|occasion| (occasion.word(), occasion)), &[])
}

/// A list of occasions, each once.
pub(super) fn occasions(table: &mut Table<'_>, key: &str, doc: &str) -> Option<Vec<Occasion>> {
    let kind = occasion().list("a list of occasions, such as [\"guard\", \"rolled-back\"]");
    let found = table.optional(key, doc, &kind)?;
    Some(found.value.into_iter().map(|occasion| occasion.value).collect())
}
