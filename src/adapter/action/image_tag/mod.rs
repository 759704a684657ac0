//! A tag in a file of values that git keeps: one scalar edited, committed, pushed. What follows the branch deploys it.
//!
//! Parts: `config` (what the profile says), `git` (the program). The one scalar and where it stands: `adapter::yaml`.
//!
//! # Invariants
//! - Each act has a copy of its own, made when it is shown, that goes with it. Between what was read and what is pushed
//!   nothing can slip in: a branch that moved refuses the push, and is copied and read anew.
//! - What was shown is what is replaced: a tag that says something else by now is not overwritten.
//! - The commit carries the act's key. It is looked for before one is made, so that a push whose answer was lost is not
//!   made twice.

mod config;
mod git;

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

pub use config::Config;

use self::git::{Copy, Git, Kept, NEWEST, Pushed, TOO_OFTEN, TRAILER};
use super::shown::Shown;
use super::template::Place;
use super::{Action, say};
use crate::adapter::router::Fence;
use crate::adapter::yaml::{self, Edited};
use crate::domain::action::{Acting, ActionLook, ActionState, Description, Started};
use crate::domain::{Trouble, TroubleKind};

/// So often a branch that others push to is read again before it is given up.
const ATTEMPTS: usize = 4;
/// Of so many descriptions the copies are kept.
const KEPT: usize = 2;
/// How long a host that is asked too often is left alone: git does not tell what it asks for.
const QUIET: Duration = Duration::from_mins(1);
/// The longest value: no registry has longer tags or digests with their names.
const LONGEST: usize = 500;

struct ImageTag {
    config: Config,
    /// What acts would do as they were shown.
    shown: Shown<Made>,
}

/// What an act would do, in a copy of the branch.
struct Made {
    copy: Copy,
    file: String,
    kept: Kept,
    edited: Edited,
    value: String,
    message: String,
}

impl Action for ImageTag {
    fn describe<'a>(&'a self, acting: &'a Acting) -> BoxFuture<'a, Result<Description, Trouble>> {
        async move {
            let made = self.made(acting, self.until()).await?;
            made.copy.author().await?;
            let Made { copy, file, edited, value, message, .. } = &made;
            let Config { repository, branch, place, .. } = &self.config;
            let is_same = edited.old == *value;
            let mut requests = vec![format!("git push {repository} COMMIT:refs/heads/{branch}")];
            requests.push(format!("  on {}: {message}", short(&copy.tip)));
            requests.push(format!("  {TRAILER}: {}", acting.key));
            requests.push(format!("  {file}"));
            let mut notes = Vec::new();
            if is_same {
                notes.push(format!("{file} says {value} already: nothing would be committed"));
            } else {
                requests.push(format!("  - {}", say::quoted(&edited.before)));
                requests.push(format!("  + {}", say::quoted(&edited.after)));
            }
            if edited.is_quoted_now && !is_same {
                notes.push("it is written in quotes: without them it would be read as a number or the like".to_owned());
            }
            let old = say::quoted(&edited.old);
            let differences = if is_same {
                vec![format!("{file} {place}: {value}, the same")]
            } else {
                vec![format!("{file} {place}: {old} → {value}")]
            };
            self.shown.keep(&acting.key, made);
            Ok(Description { requests, differences, notes })
        }
        .boxed()
    }

    fn start<'a>(&'a self, acting: &'a Acting, fence: &'a dyn Fence) -> BoxFuture<'a, Started> {
        self.push(acting, fence).boxed()
    }

    fn look<'a>(&'a self, acting: &'a Acting, _handle: Option<&'a str>) -> BoxFuture<'a, ActionLook> {
        async move {
            match self.find(acting).await {
                Ok(Some(commit)) => {
                    let log = vec![format!("{} is on branch {}", short(&commit), self.config.branch)];
                    ActionLook { handle: Some(commit), log, ..ActionLook::new(ActionState::Succeeded) }
                }
                Ok(None) => {
                    let branch = &self.config.branch;
                    let why = format!("none of the newest {NEWEST} commits of branch {branch} has {}", acting.key);
                    ActionLook::new(ActionState::Absent { why })
                }
                Err(trouble) => {
                    let not_before = (trouble.advice == TOO_OFTEN).then_some(QUIET);
                    ActionLook { not_before, ..say::untold(say::told(trouble)) }
                }
            }
        }
        .boxed()
    }

    /// Asks for the branch; nothing is copied.
    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async move {
            let tip = Git::of(&self.config, self.until()).await?.tip().await?;
            Ok(format!("branch {} is at {}; nothing is pushed now", self.config.branch, short(&tip)))
        }
        .boxed()
    }
}

impl ImageTag {
    async fn push(&self, acting: &Acting, fence: &dyn Fence) -> Started {
        let Config { branch, place, .. } = &self.config;
        // Nothing is copied for an act that may not be sent.
        if let Err(why) = fence.may_send() {
            return Started::NotSent { why };
        }
        let until = self.until();
        let ready = self.shown.take(&acting.key);
        let shown = ready.as_ref().map(|made| made.edited.old.clone());
        // That nothing is to be done is asked anew.
        let mut ready = ready.filter(|made| made.edited.old != made.value);
        for _attempt in 0..ATTEMPTS {
            let made = match ready.take() {
                Some(mut made) => {
                    made.copy.work_until(until);
                    made
                }
                None => match self.made(acting, until).await {
                    Ok(made) => made,
                    Err(trouble) => return Started::NotSent { why: say::told(trouble) },
                },
            };
            match made.copy.find(&acting.key).await {
                Ok(None) => {}
                Ok(Some(commit)) => {
                    return Started::Done { words: format!("{} is on branch {branch} already", short(&commit)) };
                }
                Err(trouble) => return Started::NotSent { why: say::told(trouble) },
            }
            let Made { copy, file, kept, edited, value, message } = made;
            if let Some(shown) = shown.as_ref().filter(|shown| **shown != edited.old) {
                let (shown, old) = (say::quoted(shown), say::quoted(&edited.old));
                let why =
                    format!("{file} {place} is {old} by now, and was {shown} when it was shown; look at it again");
                return Started::NotSent { why };
            }
            if edited.old == value {
                return Started::Done { words: format!("{file} says {value} already: nothing was committed") };
            }
            let message = format!("{message}\n\n{TRAILER}: {}\n", acting.key);
            let commit = match copy.commit(&file, &kept, &edited.text, &message).await {
                Ok(commit) => commit,
                Err(trouble) => return Started::NotSent { why: say::told(trouble) },
            };
            if let Err(why) = fence.may_send() {
                return Started::NotSent { why };
            }
            match copy.push(&commit).await {
                Pushed::Taken => {
                    let words = format!("pushed {} to branch {branch}: {place} is {value}", short(&commit));
                    return Started::Done { words };
                }
                Pushed::Behind => {}
                Pushed::NotSent(why) => return Started::NotSent { why },
                Pushed::Refused(why) => return Started::Failed { why },
                Pushed::Unknown(why) => return Started::Unknown { why },
            }
        }
        let why =
            format!("others pushed to branch {branch} {ATTEMPTS} times meanwhile; nothing of it went out; try again");
        Started::NotSent { why }
    }

    /// What an act would do to the branch as it is now.
    async fn made(&self, acting: &Acting, until: Instant) -> Result<Made, Trouble> {
        let Config { place, branch, .. } = &self.config;
        let written = |template: &super::template::Template| template.fill(acting, "", Place::Plain);
        let unsaid = |why: String| say::unsaid("work out the commit", why);
        let file = written(&self.config.file).map_err(unsaid)?;
        let value = written(&self.config.write).map_err(unsaid)?;
        if value.chars().any(char::is_control) || value.len() > LONGEST {
            return Err(unsaid(
                "what would be written is no tag: it is too long or holds control characters".to_owned(),
            ));
        }
        let message = match &self.config.message {
            Some(message) => written(message).map_err(unsaid)?,
            None => format!("{file} {place}: {value}"),
        };
        let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
        let copy = Git::of(&self.config, until).await?.copy().await?;
        let kept = copy.file(&file).await?;
        let edited = yaml::edited(&kept.text, place, &value).map_err(|unread| {
            let (what, why) = (format!("change {file} of branch {branch}"), unread.words(place));
            let advice = "correct `place` in the profile, or write that value in a line of its own";
            Trouble::new(TroubleKind::Mismatch, what, why, advice)
        })?;
        Ok(Made { copy, file, kept, edited, value, message })
    }

    async fn find(&self, acting: &Acting) -> Result<Option<String>, Trouble> {
        Git::of(&self.config, self.until()).await?.copy().await?.find(&acting.key).await
    }

    /// When what begins now must be over.
    fn until(&self) -> Instant {
        Instant::now() + self.config.timeout
    }
}

/// A commit's name as people write it.
fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}
