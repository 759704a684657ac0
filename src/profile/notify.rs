//! `[[notify]]`: who is told of what, and in which words.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::router::unique;
use crate::adapter::notifier::text::{self, Texts};
use crate::adapter::notifier::{Configured, KINDS, occasion};
use crate::domain::NotifierId;
use crate::domain::notify::{NotifySpec, Occasion};
use crate::setting::{Either, Entries, Found, Report, Table, Variant, Wrong, duration, name, quoted};

/// What a notifier is configured with.
#[derive(Clone, Debug)]
pub struct NotifierConfig {
    /// What people read.
    pub texts: Texts,
    /// Whom it reaches, and how.
    pub configured: Arc<dyn Configured>,
}

/// Reads the notifiers.
pub(super) fn read(table: &mut Table<'_>) -> Vec<(NotifySpec, NotifierConfig)> {
    let mut names = Vec::new();
    let doc = "People outside who are told what happens. Nothing ever waits for it.";
    table.tables("notify", doc, |notify| one(notify, &mut names))
}

fn one(notify: &mut Table<'_>, names: &mut Vec<Found<String>>) -> Option<(NotifySpec, NotifierConfig)> {
    let id = notify.required("name", "The notifier's name on the screen and in the record.", &name());
    if let Some(id) = &id {
        unique(notify, names, id, "notifier");
    }
    let words = Occasion::ALL.map(Occasion::word).join(", ");
    let doc = format!("What is told: {words}. Default: what is usual for the kind.");
    let list = occasion().list("a list of occasions, such as [\"shift\", \"rolled-back\"]");
    let on = notify.optional("on", &doc, &list);
    let facts = text::FACTS.join(", ");
    let doc = format!(
        "What people read, as one text for everything or one for each occasion: \"{{{{ who }}}}: {{{{ why }}}}\". \
                       Facts: {facts}. Default: a sentence for each occasion."
    );
    let written = notify.one_or_map("text", &doc, &crate::setting::text());
    let doc = "How long one answer may take. Default 10s.";
    let timeout = notify.optional("timeout", doc, &duration(Duration::from_millis(50), Duration::from_mins(1)));
    let timeout = timeout.map_or(Duration::from_secs(10), |timeout| timeout.value);
    let readers: Vec<_> = KINDS.iter().map(|kind| move |table: &mut Table<'_>| (kind.read)(table, timeout)).collect();
    let variants: Vec<Variant<'_, '_, Option<Arc<dyn Configured>>>> = KINDS
        .iter()
        .zip(&readers)
        .map(|(kind, reader)| Variant { name: kind.name, doc: kind.doc, read: reader })
        .collect();
    let (kind, configured) = notify.kinds("kind", "Whom it reaches.", &variants, None)?;
    let usual = KINDS.iter().find(|each| each.name == kind).map(|each| each.on.to_vec()).unwrap_or_default();
    let report = notify.report();
    let on = on.map_or(usual, |on| once(report, on.value));
    let texts = written.map(|written| texts(report, written, &on)).unwrap_or_default();
    let spec = NotifySpec { id: NotifierId::new(id?.value), kind: kind.to_owned(), on };
    Some((spec, NotifierConfig { texts, configured: configured? }))
}

/// Each occasion once.
fn once(report: &Report<'_>, written: Vec<Found<Occasion>>) -> Vec<Occasion> {
    let mut on = Vec::new();
    for occasion in written {
        if on.contains(&occasion.value) {
            let wrong = Wrong::new(format!("{} stands there twice", quoted(occasion.value.word())));
            report.refuse(&occasion.spot, wrong.advice("name each once"));
        } else {
            on.push(occasion.value);
        }
    }
    on
}

/// The texts, each checked against the facts that there are.
fn texts(report: &Report<'_>, written: Either<Found<String>, Entries<String>>, on: &[Occasion]) -> Texts {
    let fits = |text: &Found<String>| {
        if let Err(why) = text::check(text) {
            report.refuse(&text.spot, Wrong::new(why));
        }
    };
    match written {
        Either::Value(all) => {
            fits(&all);
            Texts { all: Some(all.value), each: BTreeMap::new() }
        }
        Either::Table(entries) => {
            let mut each = BTreeMap::new();
            for (name, text) in entries {
                fits(&text);
                match Occasion::ALL.into_iter().find(|occasion| occasion.word() == name.as_str()) {
                    Some(occasion) if on.contains(&occasion) => drop(each.insert(occasion, text.value)),
                    Some(_) => {
                        let wrong = Wrong::new("is not told by this notifier");
                        report.refuse(&name.spot, wrong.advice("name it in `on` too, or leave its text out"));
                    }
                    None => {
                        let wrong = Wrong::new("is nothing that is told of").accepted(occasion().accepted());
                        report.refuse(&name.spot, wrong.suggesting(&name, Occasion::ALL.map(Occasion::word)));
                    }
                }
            }
            Texts { all: None, each }
        }
    }
}
