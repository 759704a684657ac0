//! The task that does a deployment.

use serde_json::Value;

use super::super::say;
use super::Octopus;
use crate::adapter::http::{Answer, Request};
use crate::adapter::octopus::said;
use crate::domain::action::{ActionLook, ActionState};

/// More log lines of one step say no more.
const TAIL: usize = 20;

/// What a task is asked about by: with its space, so that nothing else has to be asked first.
pub(super) fn handle(space: &str, task: &str) -> Option<String> {
    let is_id = |text: &str| {
        !text.is_empty() && text.len() <= 60 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    (is_id(space) && is_id(task)).then(|| format!("{space}/{task}"))
}

/// The path of a task.
pub(super) fn path(handle: &str) -> String {
    match handle.split_once('/') {
        Some((space, task)) => format!("/api/{}/tasks/{}", say::encoded(space), say::encoded(task)),
        None => format!("/api/tasks/{}", say::encoded(handle)),
    }
}

impl Octopus {
    /// How it stands.
    pub(super) async fn task(&self, handle: &str) -> ActionLook {
        let path = format!("{}/details?verbose=false&tail={TAIL}", path(handle));
        let (answer, what) = match self.answer(&path).await {
            Ok(answered) => answered,
            Err(look) => return look,
        };
        if !answer.is_success() {
            return say::refused(&said(&answer), &what);
        }
        let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let task = &document["Task"];
        let message = say::quoted(task["ErrorMessage"].as_str().unwrap_or_default());
        let failed = |word: &str| {
            let why = if message.is_empty() { word.to_owned() } else { format!("{word}: {message}") };
            ActionState::Failed { why }
        };
        let running = |waits_for: Option<String>| {
            let percent =
                document["Progress"]["ProgressPercentage"].as_u64().and_then(|share| u8::try_from(share).ok());
            ActionState::Running { percent: percent.filter(|share| *share <= 100), waits_for }
        };
        let asks = task["HasPendingInterruptions"] == true;
        let state = match task["State"].as_str().unwrap_or_default() {
            "Success" => ActionState::Succeeded,
            "Failed" => failed("it failed"),
            "TimedOut" => failed("it took too long"),
            "Canceled" => failed("cancelled"),
            "Cancelling" => running(Some("the step that runs to end".to_owned())),
            "Queued" | "Executing" if asks => running(Some(self.question(handle).await)),
            "Queued" => running(Some(self.line(handle).await)),
            "Executing" => running(None),
            "" => return say::untold(format!("{what}: its answer is no task; see whether that address is right")),
            other => {
                let other = say::quoted(other);
                return say::untold(format!("{what}: it is in a state that is not known here, {other}"));
            }
        };
        let mut lines = Vec::new();
        for log in document["ActivityLogs"].as_array().into_iter().flatten() {
            gather(log, &mut lines);
        }
        let log = say::last_lines(lines.into_iter());
        ActionLook { log, link: self.page(task), ..ActionLook::new(state) }
    }

    /// What a person is asked.
    async fn question(&self, handle: &str) -> String {
        let (space, task) = handle.split_once('/').unwrap_or(("", handle));
        let space = if space.is_empty() { String::new() } else { format!("/{}", say::encoded(space)) };
        let path = format!("/api{space}/interruptions?regarding={}&pendingOnly=true", say::encoded(task));
        let fallback = "somebody's decision at Octopus".to_owned();
        let Ok((answer, _)) = self.answer(&path).await else { return fallback };
        let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let asked = document["Items"].as_array().and_then(|all| all.first());
        match asked.and_then(|asked| asked["Title"].as_str()).map(say::quoted).filter(|title| !title.is_empty()) {
            Some(title) => format!("{fallback}: {title}"),
            None => fallback,
        }
    }

    /// What it waits behind.
    async fn line(&self, handle: &str) -> String {
        let fallback = "a free place".to_owned();
        let Ok((answer, _)) = self.answer(&format!("{}/queued-behind", path(handle))).await else { return fallback };
        let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let first = document["Items"].as_array().and_then(|all| all.first());
        match first.and_then(|task| task["Description"].as_str()).map(say::quoted).filter(|words| !words.is_empty()) {
            Some(words) => format!("the end of another task: {words}"),
            None => fallback,
        }
    }

    async fn answer(&self, path: &str) -> Result<(Answer, String), ActionLook> {
        let what = format!("GET {}{}", self.api.at(), path.split('?').next().unwrap_or_default());
        let looked = self.api.client().look(&Request::get(path)).await;
        let mut answer = looked.map_err(|failure| say::failure(failure, &what))?;
        self.api.client().mask(&mut answer.body).await;
        Ok((answer, what))
    }

    /// Where people look at a task.
    fn page(&self, task: &Value) -> Option<String> {
        let web = task["Links"]["Web"].as_str().filter(|web| web.starts_with("/app"))?;
        (web == say::quoted(web)).then(|| format!("{}{web}", self.api.at()))
    }
}

/// The lines of a tree of logs, in its order.
fn gather<'t>(log: &'t Value, lines: &mut Vec<&'t str>) {
    let own = log["LogElements"].as_array().into_iter().flatten();
    lines.extend(own.filter_map(|line| line["MessageText"].as_str()));
    for child in log["Children"].as_array().into_iter().flatten() {
        gather(child, lines);
    }
}
