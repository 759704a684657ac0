//! A workflow of GitHub Actions, dispatched and followed to the end of its run.
//!
//! GitHub answers a dispatch with the run that it made where it is asked to; an own server that does not know the question
//! answers 400, and is asked once more without it. Then, and where the answer is lost, the run is found by the act's key in
//! its title: the workflow takes the key as an input and prints it with `run-name`. The newest run alone is never taken.

use std::sync::Arc;
use std::time::Duration;

use ::http::Method;
use ::http::header::{ACCEPT, HeaderName, HeaderValue};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::template::{NAMES, Place, Template, strict};
use super::{Action, Configured, say};
use crate::adapter::http::{Answer, Client, Endpoint, Login, Request, Tls, endpoint};
use crate::adapter::router::{Fence, SetAnswer};
use crate::adapter::secret::SecretRef;
use crate::domain::action::{Acting, ActionLook, ActionState, Description, Started};
use crate::domain::{Trouble, TroubleKind};
use crate::setting::{Kind, Table, Wrong, quoted, text, word};

/// GitHub takes so many inputs.
const MOST_INPUTS: usize = 25;
/// More pages than this are not followed: a run that was started just now is among the newest.
const MOST_PAGES: usize = 3;
const PAGE: usize = 100;

/// What the profile says.
#[derive(Clone, Debug)]
pub struct Config {
    at: Endpoint,
    repository: String,
    workflow: String,
    reference: Template,
    inputs: Vec<(String, Template)>,
    correlate: Option<String>,
    token: SecretRef,
    tls: Tls,
    timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "github-workflow"`.
    pub fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let doc = "The interface. Default \"https://api.github.com\"; \"https://HOST/api/v3\" of an own server.";
        let at = table.optional("at", doc, &endpoint());
        let repository = table.required("repository", "The repository: \"owner/name\".", &repository());
        let doc = "The workflow: its file or its id.";
        let workflow = table.required("workflow", doc, &word("a file such as \"deploy.yml\", or an id", "-._", 200));
        let doc = "The branch or tag that it runs from: \"main\", \"v{to}\".";
        let reference = table.required("ref", doc, &strict(text(), NAMES));
        let doc = "Its inputs, by name: { environment = \"prod\", version = \"{to}\" }.";
        let inputs = table.map("inputs", doc, &strict(text(), NAMES));
        let doc = "The input that takes the act's key, which the workflow prints in its `run-name`: a lost run is found by it.";
        let correlate = table.optional("correlate", doc, &word("the name of an input", "-_", 100));
        let token = SecretRef::required(table, "token", "Where the token is kept.", "the token");
        let tls = Tls::read(table);
        let all: Vec<(crate::setting::Found<String>, Template)> = inputs
            .map(|inputs| inputs.value.into_iter().map(|(name, value)| (name, value.value)).collect())
            .unwrap_or_default();
        let count = all.len() + usize::from(correlate.is_some());
        if let Some(spot) = table.spot_if_written("inputs").filter(|_| count > MOST_INPUTS) {
            let what = format!("has {count} inputs, with that of `correlate`; GitHub takes {MOST_INPUTS}");
            table.report().refuse(&spot, Wrong::new(what));
        }
        if let Some(both) = correlate.as_ref().and_then(|one| all.iter().find(|(name, _)| name.value == one.value)) {
            table.report().refuse(&both.0.spot, Wrong::new("is what `correlate` names").advice("leave it out here"));
        }
        Some(Self {
            at: at.map(|at| at.value).or_else(|| Endpoint::parse("https://api.github.com"))?,
            repository: repository?.value,
            workflow: workflow?.value,
            reference: reference?.value,
            inputs: all.into_iter().map(|(name, value)| (name.value, value)).collect(),
            correlate: correlate.map(|found| found.value),
            token: token?,
            tls,
            timeout,
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Action>, Trouble> {
        let login = Login::bearer(self.token.clone());
        let client = Client::new(self.at.clone(), Some(login), &self.tls, self.timeout)?;
        Ok(Arc::new(GitHub { config: self.clone(), client }))
    }

    fn can_cancel(&self) -> bool {
        true
    }
}

struct GitHub {
    config: Config,
    client: Client,
}

impl Action for GitHub {
    fn describe<'a>(&'a self, acting: &'a Acting) -> BoxFuture<'a, Result<Description, Trouble>> {
        async move {
            let body = self.body(acting).map_err(|why| say::unsaid("work out the request", why))?;
            let mut requests = vec![format!("POST {}{}", self.config.at, self.dispatches())];
            requests.push(format!("  ref: {}", body["ref"].as_str().unwrap_or_default()));
            let inputs = body["inputs"].as_object().into_iter().flatten();
            requests.extend(inputs.map(|(name, value)| format!("  {name}: {}", value.as_str().unwrap_or_default())));
            let mut notes = Vec::new();
            if self.config.correlate.is_none() {
                let note = "a lost answer cannot be asked after: the profile names no input that carries the key";
                notes.push(note.to_owned());
            }
            Ok(Description { requests, differences: Vec::new(), notes })
        }
        .boxed()
    }

    fn start<'a>(&'a self, acting: &'a Acting, fence: &'a dyn Fence) -> BoxFuture<'a, Started> {
        async move {
            let mut body = match self.body(acting) {
                Ok(body) => body,
                Err(why) => return Started::NotSent { why },
            };
            body["return_run_details"] = json!(true);
            let what = format!("POST {}{}", self.config.at, self.dispatches());
            let mut answer = self.send(&body, fence).await;
            if answer.as_ref().is_ok_and(|answer| answer.status == 400)
                && let Some(body) = body.as_object_mut()
            {
                // An older server refuses the question for the run, and has started nothing.
                body.remove("return_run_details");
                answer = self.send(&Value::Object(body.clone()), fence).await;
            }
            match answer {
                Err(failure) => say::start_failure(failure, &what),
                Ok(answer) if answer.is_success() => Self::taken(&answer, &what),
                Ok(answer) => say::not_started(&answer, &what),
            }
        }
        .boxed()
    }

    fn look<'a>(&'a self, acting: &'a Acting, handle: Option<&'a str>) -> BoxFuture<'a, ActionLook> {
        async move {
            match handle {
                Some(handle) => self.look_at(handle).await,
                None => self.look_for(acting).await,
            }
        }
        .boxed()
    }

    fn cancel<'a>(&'a self, _acting: &'a Acting, handle: &'a str, fence: &'a dyn Fence) -> BoxFuture<'a, SetAnswer> {
        async move {
            let path = format!("/repos/{}/actions/runs/{}/cancel", self.config.repository, say::encoded(handle));
            let what = format!("POST {}{path}", self.config.at);
            say::cancelled(self.client.write(&asked(Request::new(Method::POST, path)), fence).await, &what)
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async move {
            let path = format!("/repos/{}/actions/workflows/{}", self.config.repository, self.config.workflow);
            let (answer, what) = match self.read(&path).await {
                Ok(read) => read,
                Err(look) => return Err(untold(&path, look)),
            };
            if !answer.is_success() {
                let advice =
                    "compare repository and workflow with what is there, and the token's permission Actions: write";
                return Err(Trouble::new(TroubleKind::Denied, &what, say::no(&answer, &what), advice));
            }
            let workflow: Value = answer.json(&what)?;
            let state = workflow["state"].as_str().unwrap_or("in no known state");
            Ok(format!("workflow {} is {}; it is not dispatched now", self.config.workflow, say::quoted(state)))
        }
        .boxed()
    }
}

impl GitHub {
    fn dispatches(&self) -> String {
        format!("/repos/{}/actions/workflows/{}/dispatches", self.config.repository, self.config.workflow)
    }

    fn body(&self, acting: &Acting) -> Result<Value, String> {
        let mut inputs = serde_json::Map::new();
        for (name, value) in &self.config.inputs {
            inputs.insert(name.clone(), json!(value.fill(acting, "", Place::Plain)?));
        }
        if let Some(correlate) = &self.config.correlate {
            inputs.insert(correlate.clone(), json!(acting.key));
        }
        Ok(json!({ "ref": self.config.reference.fill(acting, "", Place::Plain)?, "inputs": inputs }))
    }

    async fn send(&self, body: &Value, fence: &dyn Fence) -> Result<Answer, crate::adapter::http::Failure> {
        let request = asked(Request::new(Method::POST, self.dispatches())).json(body);
        let mut answer = self.client.write(&request, fence).await?;
        self.client.mask(&mut answer.body).await;
        Ok(answer)
    }

    /// What a yes says: the run, or nothing more.
    fn taken(answer: &Answer, what: &str) -> Started {
        let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match document["workflow_run_id"].as_u64() {
            Some(id) => Started::Running { handle: id.to_string(), link: page(&document) },
            None => Started::Unknown { why: format!("{what}: it took it, and did not say which run it made") },
        }
    }

    async fn read(&self, path: &str) -> Result<(Answer, String), ActionLook> {
        let what = format!("GET {}{path}", self.config.at);
        let request = asked(Request::get(path));
        let mut answer = self.client.look(&request).await.map_err(|failure| say::failure(failure, &what))?;
        self.client.mask(&mut answer.body).await;
        Ok((answer, what))
    }

    /// Finds the run whose title has the key.
    async fn look_for(&self, acting: &Acting) -> ActionLook {
        if self.config.correlate.is_none() {
            let workflow = &self.config.workflow;
            let why = format!("the profile names no input that carries its key: see the runs of {workflow} at GitHub");
            return ActionLook::new(ActionState::Lost { why });
        }
        let Config { repository, workflow, .. } = &self.config;
        let list =
            format!("/repos/{repository}/actions/workflows/{workflow}/runs?event=workflow_dispatch&per_page={PAGE}");
        for page in 1..=MOST_PAGES {
            let (answer, what) = match self.read(&format!("{list}&page={page}")).await {
                Ok(read) => read,
                Err(look) => return look,
            };
            if !answer.is_success() {
                return say::refused(&answer, &what);
            }
            let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let Some(runs) = document["workflow_runs"].as_array() else {
                return say::untold(format!(
                    "{what}: its answer is no list of runs; see whether that address is right"
                ));
            };
            let is_it =
                |run: &&Value| run["display_title"].as_str().is_some_and(|title| say::has_key(title, &acting.key));
            if let Some(id) = runs.iter().find(is_it).and_then(|run| run["id"].as_u64()) {
                let handle = id.to_string();
                return ActionLook { handle: Some(handle.clone()), ..self.look_at(&handle).await };
            }
            if runs.len() < PAGE {
                break;
            }
        }
        let why = format!("no run of {workflow} has {} in its title", acting.key);
        ActionLook::new(ActionState::Absent { why })
    }

    async fn look_at(&self, handle: &str) -> ActionLook {
        let path = format!("/repos/{}/actions/runs/{}", self.config.repository, say::encoded(handle));
        let (answer, what) = match self.read(&path).await {
            Ok(read) => read,
            Err(look) => return look,
        };
        if !answer.is_success() {
            return say::refused(&answer, &what);
        }
        let run: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let conclusion = run["conclusion"].as_str().unwrap_or_default();
        let waits = |what: &str| ActionState::Running { percent: None, waits_for: Some(what.to_owned()) };
        let state = match run["status"].as_str().unwrap_or_default() {
            "completed" if conclusion == "success" => ActionState::Succeeded,
            "completed" => ActionState::Failed { why: format!("it concluded with {}", say::quoted(conclusion)) },
            "waiting" => waits("somebody's approval at GitHub"),
            "queued" | "requested" | "pending" => waits("a runner"),
            "in_progress" => ActionState::Running { percent: None, waits_for: None },
            "" => return say::untold(format!("{what}: its answer is no run; see whether that address is right")),
            other => {
                return say::untold(format!("{what}: it is in a state that is not known here, {}", say::quoted(other)));
            }
        };
        let (percent, log) = self.jobs(&path).await;
        let state = match state {
            ActionState::Running { waits_for: None, .. } => ActionState::Running { percent, waits_for: None },
            other => other,
        };
        ActionLook { log, link: page(&run), ..ActionLook::new(state) }
    }

    /// How far its jobs are: a line each, and the share of their steps that are done. What cannot be read is left out.
    async fn jobs(&self, path: &str) -> (Option<u8>, Vec<String>) {
        let Ok((answer, _)) = self.read(&format!("{path}/jobs?filter=latest&per_page={PAGE}")).await else {
            return (None, Vec::new());
        };
        let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let jobs: Vec<&Value> = document["jobs"].as_array().into_iter().flatten().collect();
        let is_done = |each: &&Value| each["status"] == "completed";
        let steps: Vec<&Value> = jobs.iter().filter_map(|job| job["steps"].as_array()).flatten().collect();
        let done = steps.iter().copied().filter(is_done).count();
        let percent =
            u8::try_from((done * 100).checked_div(steps.len()).unwrap_or(0)).ok().filter(|_| !steps.is_empty());
        let lines: Vec<String> = jobs
            .iter()
            .map(|job| {
                let step = job["steps"].as_array().into_iter().flatten().find(|step| step["status"] == "in_progress");
                let how = job["conclusion"].as_str().or_else(|| job["status"].as_str()).unwrap_or_default();
                let at =
                    step.and_then(|step| step["name"].as_str()).map(|name| format!(": {name}")).unwrap_or_default();
                format!("{} {}{at}", job["name"].as_str().unwrap_or("job"), how.replace('_', " "))
            })
            .collect();
        (percent, say::last_lines(lines.iter().map(String::as_str)))
    }
}

fn page(document: &Value) -> Option<String> {
    let page = document["html_url"].as_str().filter(|page| page.starts_with("http"))?;
    (page == say::quoted(page)).then(|| page.to_owned())
}

fn asked(request: Request) -> Request {
    request
        .header(ACCEPT, HeaderValue::from_static("application/vnd.github+json"))
        .header(HeaderName::from_static("x-github-api-version"), HeaderValue::from_static("2022-11-28"))
}

fn untold(path: &str, look: ActionLook) -> Trouble {
    let why = match look.state {
        ActionState::Unknown { why }
        | ActionState::Absent { why }
        | ActionState::Lost { why }
        | ActionState::Failed { why } => why,
        ActionState::Running { .. } | ActionState::Succeeded => String::new(),
    };
    Trouble::new(TroubleKind::Unreachable, format!("read {path}"), why, "see whether it can be reached from here")
}

fn repository() -> Kind<String> {
    const ACCEPTED: &str = "\"owner/name\"";
    word(ACCEPTED, "-._/", 200).and_then(ACCEPTED, |text| {
        let fits =
            text.split('/').count() == 2 && text.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
        if fits { Ok(text) } else { Err(Wrong::new(format!("cannot be {}", quoted(&text)))) }
    })
}
