//! Whether a run of GitHub Actions concluded as it should.
//!
//! A run is named by its id, or found as the newest run of a workflow that is known to belong here: of this commit, or with
//! this text in its title. The newest run alone is never taken, it may be anybody's. A run that has not concluded is not yet
//! as it should be; that no run belongs here tells nothing, as GitHub lists new ones late. What a login may not see is a 404.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::http::header::{ACCEPT, HeaderName, HeaderValue, IF_NONE_MATCH};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::filled::{Filled, filled};
use super::system::{Advice, Bounded, System, Untold, date, encoded, look, quote, refused, rfc3339, with_wait};
use super::{Check, Configured};
use crate::adapter::http::{Answer as Said, Client, Endpoint, Login, Request, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::check::{Answer, Asking, Verdict};
use crate::domain::{PoolId, Timestamp, Trouble};
use crate::setting::{Table, Wrong, choice, count, text, word};

pub(super) const ADVICE: Advice = Advice {
    denied: "give the token the permission Actions: read on that repository",
    missing: "compare repository, workflow and run with what is there; GitHub also says so of what the token may not see",
};

/// How many runs one page holds.
const PAGE: usize = 100;
/// More pages than this are not followed: a run that belongs here is among the newest.
const MOST_PAGES: usize = 5;

/// What the profile says.
#[derive(Clone, Debug)]
pub struct Config {
    /// The interface.
    pub at: Endpoint,
    /// `owner/name`.
    pub repository: String,
    /// Which run.
    pub run: Which,
    /// The conclusions that pass.
    pub conclusions: Vec<&'static str>,
    /// Where the token is kept; public repositories are read without one, sixty times an hour.
    pub token: Option<SecretRef>,
    /// Certificates.
    pub tls: Tls,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// Which run is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Which {
    /// The one of this id.
    Id(u64),
    /// The newest of a workflow that belongs here.
    Newest {
        /// The workflow's file or id.
        workflow: String,
        /// Of this branch.
        branch: Option<Filled>,
        /// Of this commit.
        commit: Option<Filled>,
        /// With this text in its title.
        title: Option<Filled>,
    },
}

impl Config {
    /// Reads the keys of `kind = "github-run"`.
    pub fn read(table: &mut Table<'_>, pool: Option<&PoolId>, timeout: Duration) -> Option<Self> {
        let config = Self::read_run(table, pool, timeout);
        let words: Vec<(&'static str, &'static str)> =
            ["success", "neutral", "skipped"].map(|word| (word, word)).to_vec();
        let doc = "The conclusions that pass. Default [\"success\"].";
        let accepted = "a list of \"success\", \"neutral\", \"skipped\"";
        let conclusions = table.optional("conclusions", doc, &choice(&words, &[]).list(accepted));
        let mut config = config?;
        if let Some(all) = conclusions {
            config.conclusions = all.value.into_iter().map(|one| one.value).collect();
        }
        Some(config)
    }

    /// Reads the keys that say which run is meant, and where.
    pub(super) fn read_run(table: &mut Table<'_>, pool: Option<&PoolId>, timeout: Duration) -> Option<Self> {
        let doc = "The interface. Default \"https://api.github.com\"; \"https://HOST/api/v3\" of an own server.";
        let at = table.optional("at", doc, &endpoint());
        let repository = table.required("repository", "The repository: \"owner/name\".", &repository());
        let run = table.optional("run", "The id of the run that is meant.", &count(1, usize::MAX >> 1));
        let doc = "The workflow whose newest run is meant: its file or its id.";
        let workflow = table.optional("workflow", doc, &word("a file such as \"deploy.yml\", or an id", "-._", 200));
        let branch = table.optional("branch", "Of this branch only.", &filled(text(), pool.is_some()));
        let doc = "Of this commit only, all 40 digits of it.";
        let commit = table.optional("commit", doc, &filled(word("a commit", "{}", 64), pool.is_some()));
        let doc = "With this in its title only, as `run-name` of the workflow writes it: \"{to}\".";
        let title = table.optional("title", doc, &filled(text(), pool.is_some()));
        let token = SecretRef::read(table, "token", "Where the token is kept.");
        let tls = Tls::read(table);
        let fill = |found: Option<crate::setting::Found<Filled>>| found.map(|found| found.value.for_pool(pool));
        let run = match (run, workflow) {
            (Some(run), None) => Which::Id(u64::try_from(run.value).ok()?),
            (None, Some(workflow)) => {
                if !table.has("commit") && !table.has("title") {
                    let wrong =
                        Wrong::new("names a workflow and not which of its runs").accepted("commit, title, or both");
                    table.refuse(wrong.advice("the newest run may be anybody's"));
                    return None;
                }
                Which::Newest {
                    workflow: workflow.value,
                    branch: fill(branch),
                    commit: fill(commit),
                    title: fill(title),
                }
            }
            (None, None) if !table.has("run") && !table.has("workflow") => {
                table.refuse(Wrong::new("names no run and no workflow").accepted("one of run, workflow"));
                return None;
            }
            (Some(_), Some(_)) => {
                table.refuse(Wrong::new("names a run and a workflow").accepted("one of run, workflow"));
                return None;
            }
            (None, None) => return None,
        };
        Some(Self {
            at: at.map(|at| at.value).or_else(|| Endpoint::parse("https://api.github.com"))?,
            repository: repository?.value,
            run,
            conclusions: vec!["success"],
            token,
            tls,
            timeout,
        })
    }
}

fn repository() -> crate::setting::Kind<String> {
    const ACCEPTED: &str = "\"owner/name\"";
    word(ACCEPTED, "-._/", 200).and_then(ACCEPTED, |text| {
        let fits =
            text.split('/').count() == 2 && text.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
        if fits { Ok(text) } else { Err(Wrong::new(format!("cannot be {}", crate::setting::quoted(&text)))) }
    })
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        Ok(Arc::new(Bounded::new(GitHub::new(self)?, self.timeout)))
    }
}

/// GitHub, as one configuration reaches it.
pub(super) struct GitHub {
    pub(super) config: Config,
    client: Client,
    /// The last answer with its path and tag: GitHub does not count a question whose answer has not changed.
    kept: Mutex<Option<(String, HeaderValue, Vec<u8>)>>,
}

/// What is looked for, with the versions put in.
enum Wanted {
    Id(u64),
    Newest { path: String, title: Option<String> },
}

impl GitHub {
    pub(super) fn new(config: &Config) -> Result<Self, Trouble> {
        let login = config.token.clone().map(Login::bearer);
        let client = Client::new(config.at.clone(), login, &config.tls, config.timeout)?;
        Ok(Self { config: config.clone(), client, kept: Mutex::default() })
    }

    /// The run that is meant; an answer in its place where none belongs here.
    pub(super) async fn find(&self, asking: &Asking) -> Result<Result<(Value, Timestamp), Answer>, Untold> {
        let (path, title) = match self.wanted(|text| text.fill(asking))? {
            Wanted::Id(id) => return self.read(&self.run_path(id), asking.now).await.map(Ok),
            Wanted::Newest { path, title } => (path, title),
        };
        Ok(match self.newest(&path, title.as_deref(), asking.now).await? {
            (Newest::Run(run), at) => Ok((run, at)),
            (Newest::NoneOf(count), at) => {
                let advice = "see whether it was started, and compare commit, branch and title";
                let words = format!("none of the {count} newest runs belongs here; {advice}");
                Err(Answer::new(Verdict::Inconclusive, words, at))
            }
        })
    }

    /// How the run that is meant is asked for, for people.
    pub(super) fn asked_for(&self, asking: &Asking) -> String {
        match self.wanted(|text| Ok(text.shown(asking))) {
            Ok(Wanted::Id(id)) => self.run_path(id),
            Ok(Wanted::Newest { path, .. }) => path,
            Err(_) => String::new(),
        }
    }

    fn wanted(&self, fill: impl Fn(&Filled) -> Result<String, Untold>) -> Result<Wanted, Untold> {
        Ok(match &self.config.run {
            Which::Id(id) => Wanted::Id(*id),
            Which::Newest { workflow, branch, commit, title } => {
                let mut path =
                    format!("/repos/{}/actions/workflows/{workflow}/runs?per_page={PAGE}", self.config.repository);
                for (name, value) in [("branch", branch), ("head_sha", commit)] {
                    if let Some(value) = value {
                        path.extend(["&", name, "=", &encoded(&fill(value)?)]);
                    }
                }
                Wanted::Newest { path, title: title.as_ref().map(fill).transpose()? }
            }
        })
    }

    pub(super) fn run_path(&self, id: u64) -> String {
        format!("/repos/{}/actions/runs/{id}", self.config.repository)
    }

    /// Reads one path.
    pub(super) async fn read(&self, path: &str, now: Timestamp) -> Result<(Value, Timestamp), Untold> {
        let mut request = Request::get(path)
            .header(ACCEPT, HeaderValue::from_static("application/vnd.github+json"))
            .header(HeaderName::from_static("x-github-api-version"), HeaderValue::from_static("2022-11-28"));
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone().filter(|(of, ..)| of == path);
        if let Some((_, tag, _)) = &kept {
            request = request.header(IF_NONE_MATCH, tag.clone());
        }
        let mut said = look(&self.client, &request).await?;
        let what = format!("read {path} at {}", self.config.at);
        let at = date(&said).unwrap_or(now);
        if let (304, Some((_, _, body))) = (said.status, kept) {
            said = Said { status: 200, body, ..said };
        }
        if !said.is_success() {
            return Err(no(&said, &what, at));
        }
        let document: Value = said.json(&what)?;
        if let Some(tag) = said.headers.get(::http::header::ETAG) {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            *kept = Some((path.to_owned(), tag.clone(), said.body));
        }
        Ok((document, at))
    }

    /// The newest run that belongs here, or among how many there is none.
    async fn newest(&self, path: &str, title: Option<&str>, now: Timestamp) -> Result<(Newest, Timestamp), Untold> {
        let mut looked_at = 0;
        let mut at = now;
        for page in 1..=MOST_PAGES {
            let (document, told) = self.read(&format!("{path}&page={page}"), now).await?;
            at = told;
            let Some(runs) = document["workflow_runs"].as_array() else {
                return Err(Untold::new(format!("read {path}: its answer is no list of runs; {}", ADVICE.missing)));
            };
            looked_at += runs.len();
            let belongs = |run: &&Value| title.is_none_or(|title| text_of(run, "display_title").contains(title));
            // The list is in no promised order within a second.
            let newest = runs
                .iter()
                .filter(belongs)
                .max_by_key(|run| (text_of(run, "created_at").to_owned(), run["id"].as_u64()));
            if let Some(run) = newest {
                return Ok((Newest::Run(run.clone()), at));
            }
            if runs.len() < PAGE {
                break;
            }
        }
        Ok((Newest::NoneOf(looked_at), at))
    }
}

/// What was found of a workflow's runs.
enum Newest {
    /// The run.
    Run(Value),
    /// None of so many belongs here.
    NoneOf(usize),
}

/// A no. Too many questions are told by 403 as well, with the time from which on they are taken again.
fn no(said: &Said, what: &str, now: Timestamp) -> Untold {
    let mut untold = refused(said, what, now, ADVICE);
    let is_used_up = matches!(said.status, 403 | 429) && said.header("x-ratelimit-remaining").trim() == "0";
    let reset = said.header("x-ratelimit-reset").trim().parse::<i64>().ok().filter(|_| is_used_up);
    if let Some(reset) = reset
        && said.header("retry-after").is_empty()
    {
        let not_before = Some(Timestamp(reset.saturating_mul(1_000)).since(now));
        let advice = "give the check a longer `every`, or a token of its own";
        let words = format!("{what}: the requests of this hour are used up; {advice}");
        untold = Untold { words: with_wait(words, not_before), not_before };
    }
    untold
}

impl System for GitHub {
    fn request(&self, asking: &Asking) -> String {
        format!("GET {}{}", self.config.at, self.asked_for(asking))
    }

    fn expected(&self, asking: &Asking) -> String {
        let concluded = format!("concluded with {}", self.config.conclusions.join(" or "));
        match &self.config.run {
            Which::Newest { title: Some(title), .. } => {
                format!("the newest run with `{}` in its title, {concluded}", title.shown(asking))
            }
            Which::Newest { .. } | Which::Id(_) => concluded,
        }
    }

    fn look<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Answer, Untold>> {
        async move {
            let (run, at) = match self.find(asking).await? {
                Ok(found) => found,
                Err(none) => return Ok(none),
            };
            let id = run["id"].as_u64().map(|id| id.to_string()).unwrap_or_default();
            let (status, conclusion) = (text_of(&run, "status"), text_of(&run, "conclusion"));
            let (verdict, words) = match status {
                "" => return Err(Untold::new(format!("its answer is no run; {}", ADVICE.missing))),
                "completed" if self.config.conclusions.contains(&conclusion) => {
                    (Verdict::Pass, format!("run {id} concluded with {conclusion}"))
                }
                "completed" => (Verdict::Fail, format!("run {id} concluded with {}", quote(conclusion))),
                "waiting" => (Verdict::Fail, format!("run {id} waits for somebody's approval")),
                "queued" | "in_progress" | "requested" | "pending" => {
                    (Verdict::Fail, format!("run {id} has not concluded, it is {}", status.replace('_', " ")))
                }
                _ => return Err(Untold::new(format!("run {id} is in a state that is not known here; see its page"))),
            };
            let changed = rfc3339(text_of(&run, "updated_at"));
            let mut answer = Answer::new(verdict, words, at);
            answer.value = Some(quote(&format!("{id} {conclusion}")));
            for (name, key) in
                [("title", "display_title"), ("commit", "head_sha"), ("branch", "head_branch"), ("page", "html_url")]
            {
                if !text_of(&run, key).is_empty() {
                    answer = answer.with(name, quote(text_of(&run, key)));
                }
            }
            if let Some(attempt) = run["run_attempt"].as_u64().filter(|attempt| *attempt > 1) {
                answer = answer.with("attempt", attempt.to_string());
            }
            Ok(match changed {
                Some(changed) => answer.with("changed", changed.long()),
                None => answer,
            })
        }
        .boxed()
    }
}

/// A text of a document; empty where there is none.
pub(super) fn text_of<'v>(object: &'v Value, key: &str) -> &'v str {
    object[key].as_str().unwrap_or_default()
}
