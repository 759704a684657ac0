//! What a change, an attempt and the end come to, in a few words.

use super::story::{Attempt, ChangeStory, RouterChange, Story};
use super::text::{span, split};
use crate::domain::Outcome;
use crate::session::Session;
use crate::session::event::{ChangeKind, Settlement};

impl ChangeStory {
    /// What it is, in a few words: `Step blue-10: 50 / 50 → 10 / 90`.
    pub fn title(&self) -> String {
        let what = match &self.kind {
            ChangeKind::Step { step } => format!("Step {step}"),
            ChangeKind::OffPlan => "Off plan".to_owned(),
            ChangeKind::PutBack => "Put back".to_owned(),
            ChangeKind::Rollback { .. } => "Rollback".to_owned(),
        };
        format!("{what}: {} → {}", self.before(), self.to)
    }

    /// The split before it, per router where they differ.
    fn before(&self) -> String {
        let text = |router: &RouterChange| router.before.as_ref().map_or_else(|| "not read".to_owned(), split);
        let mut all: Vec<String> = self.routers.iter().map(text).collect();
        all.dedup();
        match (all.as_slice(), self.routers.as_slice()) {
            ([same], _) => same.clone(),
            (_, routers) => {
                let each: Vec<String> =
                    routers.iter().map(|router| format!("{} {}", router.router, text(router))).collect();
                each.join(", ")
            }
        }
    }

    /// What came of one attempt on each router, the same word said once.
    pub(super) fn came_of<'a>(&'a self, attempt: impl Fn(&'a RouterChange) -> Option<&'a Attempt>) -> String {
        let mut words: Vec<(String, Vec<&str>)> = Vec::new();
        for router in &self.routers {
            let Some(attempt) = attempt(router) else { continue };
            let word = attempt.word();
            match words.iter_mut().find(|(known, _)| *known == word) {
                Some((_, routers)) => routers.push(router.router.as_str()),
                None => words.push((word, vec![router.router.as_str()])),
            }
        }
        let each: Vec<String> =
            words.into_iter().map(|(word, routers)| format!("{}: {word}", routers.join(", "))).collect();
        if each.is_empty() { "not sent".to_owned() } else { each.join("; ") }
    }
}

impl Attempt {
    /// What is known of it, with how long that took.
    pub(super) fn word(&self) -> String {
        let Some(outcome) = &self.outcome else { return "no word of it".to_owned() };
        let after = self.known.map(|known| format!(" after {}", span(known.since(self.at)))).unwrap_or_default();
        match outcome {
            Outcome::Accepted | Outcome::Verified => format!("{}{after}", outcome.word()),
            Outcome::Differs { read } | Outcome::Moved { read } => {
                let read: Vec<String> =
                    read.0.iter().map(|each| format!("{} {}", each.reference, each.weight)).collect();
                let nothing = if matches!(outcome, Outcome::Moved { .. }) { " (nothing was written)" } else { "" };
                format!("{}{nothing}, reads {}", outcome.word(), read.join(", "))
            }
            Outcome::NotSent { why } | Outcome::Failed { why } | Outcome::Unknown { why } => {
                format!("{} ({why})", outcome.word())
            }
        }
    }
}

/// What nobody has answered at the end.
pub(super) fn left_open(story: &Story, session: &Session) -> Vec<String> {
    let mut open = Vec::new();
    if story.closed.is_none() {
        open.push("The session is not closed.".to_owned());
    }
    for change in &story.changes {
        let of_router = |router: &RouterChange| {
            let word = router.attempts.last().map_or_else(|| "not sent".to_owned(), Attempt::word);
            format!("{}: {word}", router.router)
        };
        let is_verified = |router: &&RouterChange| {
            router.late.is_some()
                || router.attempts.last().is_some_and(|attempt| attempt.outcome == Some(Outcome::Verified))
        };
        let routers: Vec<String> = change.routers.iter().filter(|router| !is_verified(router)).map(of_router).collect();
        match change.settled.as_ref().map(|settled| &settled.how) {
            None => open.push(format!("Change {} is in flight; {}.", change.number, routers.join("; "))),
            Some(Settlement::Left { .. }) if !routers.is_empty() => {
                open.push(format!("Change {} was left partly done; {}.", change.number, routers.join("; ")));
            }
            Some(_) => {}
        }
    }
    for (router, drifted) in &session.drifted {
        let since = drifted.at.clock();
        open.push(format!("{router} has not been what it was given since {since}, and nobody answered it."));
    }
    if let Some(hold) = &session.hold {
        open.push(format!("The deployment is held by {}: {}.", hold.by, hold.what));
    }
    for step in story.steps.iter().filter(|step| step.reopened && !session.steps.contains_key(&step.step)) {
        open.push(format!("The rollback opened step {} again.", step.step));
    }
    for item in story.checklist.iter().filter(|item| !item.ticked) {
        open.push(format!("The tick of “{}” was taken back.", item.text));
    }
    open
}
