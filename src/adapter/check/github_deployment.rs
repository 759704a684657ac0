//! Whether a deployment to an environment of GitHub was approved: the reviews of a workflow's run.
//!
//! GitHub lets a run wait at an environment until one of its reviewers approves; what it has of that is the review history
//! of the run and what still waits. A history has no times: while the run waits at the environment nothing of it counts, as it
//! may be of an earlier attempt. A review by whoever started the run counts only where the profile lets it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::github_run::{ADVICE, Config as Run, GitHub, text_of};
use super::system::{Bounded, System, Untold, few, quote};
use super::{Check, Configured};
use crate::domain::check::{Answer, Asking, Verdict};
use crate::domain::{PoolId, Trouble};
use crate::setting::{Table, flag, title, word};

/// What the profile says.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which run, and where.
    pub run: Run,
    /// The environment's name.
    pub environment: String,
    /// Whose reviews count, by their logins; everybody's where none is named.
    pub reviewers: Vec<String>,
    /// Whether a review by whoever started the run counts.
    pub own: bool,
}

impl Config {
    /// Reads the keys of `kind = "github-deployment"`.
    pub fn read(table: &mut Table<'_>, pool: Option<&PoolId>, timeout: Duration) -> Option<Self> {
        let run = Run::read_run(table, pool, timeout);
        let environment = table.required("environment", "The environment that the run deploys to.", &title());
        let doc = "Whose reviews count, by their logins: [\"octocat\"]. Default: everybody whom GitHub lets review.";
        let login = word("a login, such as \"octocat\"", "-_", 60);
        let reviewers = table.optional("reviewers", doc, &login.list("a list of logins, such as [\"octocat\"]"));
        let doc = "Whether a review by whoever started the run counts. Default false.";
        let own = table.optional("own", doc, &flag());
        Some(Self {
            run: run?,
            environment: environment?.value,
            reviewers: reviewers.map(|all| all.value.into_iter().map(|one| one.value).collect()).unwrap_or_default(),
            own: own.is_some_and(|own| own.value),
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        let system = Deployment { config: self.clone(), github: GitHub::new(&self.run)? };
        Ok(Arc::new(Bounded::new(system, self.run.timeout)))
    }
}

struct Deployment {
    config: Config,
    github: GitHub,
}

/// What one review says of the environment.
struct Review {
    by: String,
    is_approval: bool,
    comment: String,
}

impl Deployment {
    fn is_named(&self, environment: &Value) -> bool {
        // GitHub takes names of environments in any case.
        text_of(environment, "name").to_lowercase() == self.config.environment.to_lowercase()
    }

    /// Who may review what waits at the environment; `None` where nothing waits there.
    fn waits_for(&self, pending: &Value) -> Option<Vec<String>> {
        let waits = pending.as_array()?.iter().find(|each| self.is_named(&each["environment"]))?;
        let reviewers = waits["reviewers"].as_array().into_iter().flatten();
        let name = |each: &Value| {
            let reviewer = &each["reviewer"];
            let names = ["login", "slug", "name"].map(|key| text_of(reviewer, key).to_owned());
            let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
            quote(&if text_of(each, "type") == "Team" { format!("the team {name}") } else { name })
        };
        Some(reviewers.map(name).collect())
    }

    fn reviews(&self, history: &Value) -> Option<Vec<Review>> {
        let of = |each: &&Value| each["environments"].as_array().into_iter().flatten().any(|one| self.is_named(one));
        let review = |each: &Value| {
            let is_approval = match text_of(each, "state") {
                "approved" => true,
                "rejected" => false,
                _ => return None,
            };
            let comment = quote(text_of(each, "comment"));
            Some(Review { by: text_of(&each["user"], "login").to_owned(), is_approval, comment })
        };
        Some(history.as_array()?.iter().filter(of).filter_map(review).collect())
    }

    /// Why an approval does not count.
    fn objection(&self, review: &Review, starter: &str) -> Option<&'static str> {
        let same = |login: &str| login.to_lowercase() == review.by.to_lowercase();
        if !self.config.own && !starter.is_empty() && same(starter) {
            return Some("who started the run");
        }
        let listed = self.config.reviewers.is_empty() || self.config.reviewers.iter().any(|login| same(login));
        (!listed).then_some("not among the reviewers that the profile names")
    }

    fn verdict(&self, reviews: &[Review], starter: &str) -> (Verdict, String) {
        let environment = &self.config.environment;
        if let Some(rejected) = reviews.iter().find(|review| !review.is_approval) {
            let by = quote(&rejected.by);
            // An attempt after it may have been approved: which came last is not told.
            let is_both = reviews.iter().any(|review| review.is_approval);
            let advice = "see its page for which came last";
            return if is_both {
                (Verdict::Inconclusive, format!("{environment} was rejected by {by}, and approved; {advice}"))
            } else {
                (Verdict::Fail, format!("{environment} was rejected by {by}"))
            };
        }
        let counts: Vec<String> = reviews
            .iter()
            .filter(|review| self.objection(review, starter).is_none())
            .map(|review| quote(&review.by))
            .collect();
        if !counts.is_empty() {
            return (Verdict::Pass, format!("{environment} was approved by {}", few(&counts)));
        }
        if let Some(review) = reviews.first() {
            let why = self.objection(review, starter).unwrap_or_default();
            return (Verdict::Fail, format!("{environment} was approved by {} alone, {why}", quote(&review.by)));
        }
        let advice = "see whether it has come so far, and whether the environment has required reviewers";
        (Verdict::Inconclusive, format!("nobody was asked to review {environment}; {advice}"))
    }
}

impl System for Deployment {
    fn request(&self, asking: &Asking) -> String {
        format!("GET {}{}, its pending_deployments and approvals", self.config.run.at, self.github.asked_for(asking))
    }

    fn expected(&self, _asking: &Asking) -> String {
        let by = match &self.config.reviewers[..] {
            [] => "a reviewer".to_owned(),
            named => named.join(" or "),
        };
        let own = if self.config.own { "" } else { ", other than who started the run" };
        format!("{} approved by {by}{own}", self.config.environment)
    }

    fn look<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Answer, Untold>> {
        async move {
            let (run, _) = match self.github.find(asking).await? {
                Ok(found) => found,
                Err(none) => return Ok(none),
            };
            let Some(id) = run["id"].as_u64() else {
                return Err(Untold::new(format!("its answer is no run; {}", ADVICE.missing)));
            };
            let path = self.github.run_path(id);
            let (pending, at) = self.github.read(&format!("{path}/pending_deployments"), asking.now).await?;
            if !pending.is_array() {
                return Err(Untold::new(format!("what waits at run {id} is no list; {}", ADVICE.missing)));
            }
            let environment = &self.config.environment;
            let (history, at) = match self.waits_for(&pending) {
                Some(whom) => {
                    let whom = if whom.is_empty() { "its timer".to_owned() } else { few(&whom) };
                    let words = format!("run {id} waits for the review of {environment}: by {whom}");
                    return Ok(told(Answer::new(Verdict::Fail, words, at), &run));
                }
                None => self.github.read(&format!("{path}/approvals"), asking.now).await?,
            };
            let Some(reviews) = self.reviews(&history) else {
                return Err(Untold::new(format!("the reviews of run {id} are no list; {}", ADVICE.missing)));
            };
            let starter = [&run["triggering_actor"], &run["actor"]].map(|actor| text_of(actor, "login"));
            let starter = starter.into_iter().find(|login| !login.is_empty()).unwrap_or_default();
            let (verdict, words) = self.verdict(&reviews, starter);
            let mut answer = Answer::new(verdict, format!("run {id}: {words}"), at);
            answer.value = Some(quote(&format!("{id} {words}")));
            for review in &reviews {
                let word = if review.is_approval { "approved" } else { "rejected" };
                let comment = if review.comment.is_empty() { String::new() } else { format!(": {}", review.comment) };
                answer = answer.with("review", format!("{word} by {}{comment}", quote(&review.by)));
            }
            Ok(told(answer, &run))
        }
        .boxed()
    }
}

/// What run it is about, beside what was said of it.
fn told(mut answer: Answer, run: &Value) -> Answer {
    for (name, key) in [("title", "display_title"), ("commit", "head_sha"), ("page", "html_url")] {
        if !text_of(run, key).is_empty() {
            answer = answer.with(name, quote(text_of(run, key)));
        }
    }
    answer
}
