//! `[[action]]`: what is common to all kinds of deploy action.

use std::sync::Arc;
use std::time::Duration;

use super::router::unique;
use super::source::needs_feature;
use crate::adapter::action::{Configured, KINDS};
use crate::domain::ActionId;
use crate::domain::action::ActionSpec;
use crate::setting::{Found, Table, Variant, Wrong, duration, flag, name};

/// One action, with what starts it.
pub(super) type Read = (ActionSpec, Arc<dyn Configured>);

/// Reads the actions, and the names that are written, also of those that cannot be read.
pub(super) fn read(table: &mut Table<'_>) -> (Vec<Read>, Vec<Found<String>>) {
    let mut declared = Vec::new();
    let has_version = table.has("version");
    let read = table.tables("action", "Deploy actions, which steps run by their names.", |table| {
        let id = table.required("name", "The action's name, for `run` of a step.", &name());
        if let Some(id) = &id {
            unique(table, &mut declared, id, "action");
        }
        let doc = "Whether what it does ends the way back, as deleting the old version does: it asks the most, and comes \
                   after the soak. Default false.";
        let ends = table.optional("ends_way_back", doc, &flag());
        let doc = "How often it is looked at while it runs. Default 5s.";
        let poll = table.optional("poll", doc, &duration(Duration::from_secs(1), Duration::from_mins(10)));
        let doc = "How long one answer of its system may take. Default 10s.";
        let timeout =
            table.optional("timeout", doc, &duration(Duration::from_millis(50), Duration::from_mins(5)));
        let timeout = timeout.map_or(Duration::from_secs(10), |timeout| timeout.value);
        let readers: Vec<_> =
            KINDS.iter().map(|kind| move |table: &mut Table<'_>| (kind.read)(table, timeout)).collect();
        let variants: Vec<Variant<'_, '_, Option<Arc<dyn Configured>>>> = KINDS
            .iter()
            .zip(&readers)
            .map(|(kind, reader)| Variant { name: kind.name, doc: kind.doc, read: reader })
            .collect();
        let (kind, configured) = table.kinds("kind", "What it speaks to.", &variants, None)?;
        super::version::refuse_digests(table, has_version);
        let known = KINDS.iter().find(|each| each.name == kind);
        needs_feature(table, "action", kind, known.and_then(|kind| kind.feature));
        let configured = configured?;
        if let Some(why) = configured.must_end_way_back()
            && !ends.as_ref().is_some_and(|ends| ends.value)
        {
            let spot = table.spot_if_written("ends_way_back").unwrap_or_else(|| table.spot_of("ends_way_back"));
            let wrong = Wrong::new(format!("must be true: {why}, which ends the way back"));
            table.report().refuse(&spot, wrong.advice("write ends_way_back = true, and give the shift before it a soak"));
        }
        let spec = ActionSpec {
            id: ActionId::new(id?.value),
            kind: kind.to_owned(),
            ends_way_back: ends.is_some_and(|ends| ends.value),
            poll: poll.map_or(Duration::from_secs(5), |poll| poll.value),
            timeout,
            can_cancel: configured.can_cancel(),
            ends_with_cockpit: known.is_some_and(|kind| kind.ends_with_cockpit),
        };
        Some((spec, configured))
    });
    (read, declared)
}
