//! Approvals in a record: who gave which, until when, and what was only reported. What went on without one stands among the
//! overridden gates.

use serde::Serialize;

use super::people::key_of;
use super::story::{Act, Said, Story};
use super::tell::{Teller, act};
use super::text::{add, inline, moment};
use crate::domain::{ApprovalId, Digest, Operator, Timestamp};
use crate::entry::Entry;
use crate::session::Event;

/// One person's word for an approval.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ApprovalStory {
    /// The approval.
    pub approval: ApprovalId,
    /// Its title.
    pub title: String,
    /// Whose word it is.
    pub by: Operator,
    /// Who wrote it down, and when: themselves, or who noted it for them.
    pub act: Act,
    /// Whether it was `given` by themselves in their cockpit, or only `reported`, which nobody verified.
    pub how: &'static str,
    /// Where a reported one can be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Until when it held.
    pub until: Timestamp,
    /// Digest of what it is about.
    pub about: Digest,
    /// The key that signed it, `SHA256:…`; null where it was not signed.
    pub key: Option<String>,
    /// Who took it back, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Said>,
}

impl Teller<'_> {
    /// Approvals given, reported, taken back.
    pub(super) fn approvals(&mut self, entry: &Entry, event: &Event) {
        match event {
            Event::ApprovalGiven(given) => {
                self.did(entry, format!("approved: {}", given.title), format!("until {}", given.until.long()));
                self.story.approvals.push(ApprovalStory {
                    approval: given.approval.clone(),
                    title: given.title.clone(),
                    by: entry.actor.clone(),
                    act: act(entry),
                    how: "given",
                    link: None,
                    until: given.until,
                    about: given.about,
                    key: given.signed.as_ref().and_then(key_of),
                    withdrawn: None,
                });
            }
            Event::ApprovalReported(reported) => {
                let what = format!("noted that {} approved: {}", reported.by, reported.title);
                let came = format!("reported, not verified: {}; until {}", reported.link, reported.until.long());
                self.did(entry, what, came);
                self.story.approvals.push(ApprovalStory {
                    approval: reported.approval.clone(),
                    title: reported.title.clone(),
                    by: reported.by.clone(),
                    act: act(entry),
                    how: "reported",
                    link: Some(reported.link.clone()),
                    until: reported.until,
                    about: reported.about,
                    key: None,
                    withdrawn: None,
                });
            }
            Event::ApprovalWithdrawn { approval, by, reason } => {
                let title = self.story.approvals.iter().find(|each| each.approval == *approval);
                let title = title.map_or_else(|| approval.to_string(), |each| each.title.clone());
                let whose =
                    if *by == entry.actor { "the approval".to_owned() } else { format!("what was told of {by}") };
                self.did(entry, format!("took back {whose}: {title}"), reason.clone());
                let said = Said { act: act(entry), text: reason.clone() };
                let theirs = |each: &&mut ApprovalStory| {
                    each.approval == *approval && each.by == *by && each.withdrawn.is_none()
                };
                for each in self.story.approvals.iter_mut().filter(theirs) {
                    each.withdrawn = Some(said.clone());
                }
            }
            _ => {}
        }
    }
}

/// Every word for an approval; empty where there is none.
pub(super) fn draw(story: &Story) -> String {
    if story.approvals.is_empty() {
        return String::new();
    }
    let mut text =
        "## Approvals\n\n| Approval | By | At | Until | How | Key |\n| --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
    for each in &story.approvals {
        let at = moment(each.act.at, story.opened.at);
        let mut how = match &each.link {
            Some(link) => {
                format!("**reported by {}, not verified**: {}", inline(each.act.by.as_str()), inline(link))
            }
            None => "given".to_owned(),
        };
        if let Some(withdrawn) = &each.withdrawn {
            let (by, why) = (inline(withdrawn.act.by.as_str()), inline(&withdrawn.text));
            let when = moment(withdrawn.act.at, story.opened.at);
            add(&mut how, format_args!("; **taken back** by {by} at {when}: {why}"));
        }
        let key = each.key.as_ref().map_or_else(|| "–".to_owned(), |key| format!("`{key}`"));
        let (title, by, until) = (inline(&each.title), inline(each.by.as_str()), each.until.long());
        add(&mut text, format_args!("| {title} | {by} | {at} | {until} | {how} | {key} |\n"));
    }
    text
}
