//! Whether monitors of Datadog are alerting: those with some tags, or those of some ids.
//!
//! # What "no alert" means
//! That no monitor has these tags tells nothing, nor does one that has no data, is unknown or was skipped: it could not alert.
//! A monitor that is muted is judged all the same, and said to be muted. `since` looks at when the state of the monitor as a
//! whole last changed: of a monitor with groups, a group that joins others which alert already is not told from them.
//!
//! Both keys are needed, and all pages are read.

use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderName;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::since::Since;
use super::system::{Advice, Bounded, System, Untold, date, encoded, few, look, quote, refused, rfc3339, with_wait};
use super::{Check, Configured};
use crate::adapter::http::{Answer as Said, Client, Endpoint, Login, Request, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::check::{Answer, Asking, Verdict};
use crate::domain::{Timestamp, Trouble};
use crate::setting::{Kind, Table, Wrong, choice, count, flag, quoted, title};

const ADVICE: Advice = Advice {
    denied: "see whether both keys are right and of this site, and whether the application key may read monitors",
    missing: "compare the ids of the monitors, and `site`, with what is there",
};

/// How many monitors one page holds.
const PAGE: usize = 100;
/// More pages than this are not followed.
const MOST_PAGES: usize = 20;

/// The sites; each keeps its own data.
const SITES: [&str; 9] = [
    "datadoghq.com",
    "us3.datadoghq.com",
    "us5.datadoghq.com",
    "ap1.datadoghq.com",
    "ap2.datadoghq.com",
    "uk1.datadoghq.com",
    "datadoghq.eu",
    "ddog-gov.com",
    "us2.ddog-gov.com",
];

/// What the profile says.
#[derive(Clone, Debug)]
pub struct Config {
    /// The interface.
    pub at: Endpoint,
    /// Which monitors.
    pub which: Which,
    /// From when on the alert must have begun.
    pub since: Option<Since>,
    /// Whether a warning counts.
    pub warns: bool,
    /// Where the API key is kept.
    pub api_key: SecretRef,
    /// Where the application key is kept.
    pub app_key: SecretRef,
    /// Certificates.
    pub tls: Tls,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// Which monitors are meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Which {
    /// Those that have all of these tags themselves.
    Tags(Vec<String>),
    /// Those of these ids.
    Ids(Vec<u64>),
}

impl Config {
    /// Reads the keys of `kind = "datadog-monitors"`.
    pub fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let doc = "The site that keeps the data. Default \"datadoghq.com\".";
        let sites: Vec<(&'static str, &'static str)> = SITES.iter().map(|site| (*site, *site)).collect();
        let site = table.optional("site", doc, &choice(&sites, &[]));
        let at = table.optional("at", "The interface's address, where it is not the site's own.", &endpoint());
        let doc = "The tags that a monitor must have, all of them: [\"service:shop\", \"env:prod\"].";
        let accepted = "a list of tags, such as [\"service:shop\", \"env:prod\"]";
        let tags = table.optional("tags", doc, &tag().list(accepted));
        let ids = table.optional("ids", "The ids of the monitors.", &count(1, usize::MAX >> 1).list("a list of ids"));
        let since = Since::read(table);
        let warns = table.optional("warnings", "Whether a warning counts as well. Default false.", &flag());
        let are_there = ["api_key", "app_key"].map(|key| (key, table.has(key)));
        let of_account = SecretRef::read(table, "api_key", "Where the API key is kept.");
        let of_user = SecretRef::read(table, "app_key", "Where the application key is kept.");
        for (key, is_there) in are_there {
            if !is_there {
                let wrong = Wrong::new("is missing: both keys are needed").accepted(format!("{key} = {{ env = ... }}"));
                table.require(key, wrong);
            }
        }
        let tls = Tls::read(table);
        if table.has("tags") == table.has("ids") {
            let what = if table.has("tags") { "names tags and ids" } else { "names no monitors" };
            table.refuse(Wrong::new(what).accepted("one of tags, ids"));
            return None;
        }
        let which = match (tags, ids) {
            (Some(tags), _) => Which::Tags(tags.value.into_iter().map(|tag| tag.value).collect()),
            (_, Some(ids)) => Which::Ids(ids.value.iter().filter_map(|id| u64::try_from(id.value).ok()).collect()),
            (None, None) => return None,
        };
        let site = site.map_or(SITES[0], |site| site.value);
        Some(Self {
            at: at.map(|at| at.value).or_else(|| Endpoint::parse(&format!("https://api.{site}")))?,
            which,
            since,
            warns: warns.is_some_and(|warns| warns.value),
            api_key: of_account?,
            app_key: of_user?,
            tls,
            timeout,
        })
    }
}

fn tag() -> Kind<String> {
    title().and_then("a tag, such as \"service:shop\"", |tag| {
        if tag.contains(',') || tag.contains(char::is_whitespace) {
            Err(Wrong::new(format!("{} is not one tag", quoted(&tag))))
        } else {
            Ok(tag)
        }
    })
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        let api = Login::header(HeaderName::from_static("dd-api-key"), self.api_key.clone());
        let app = Login::header(HeaderName::from_static("dd-application-key"), self.app_key.clone());
        let client = Client::new(self.at.clone(), Some(api), &self.tls, self.timeout)?;
        Ok(Arc::new(Bounded::new(Datadog { config: self.clone(), client, app }, self.timeout)))
    }
}

struct Datadog {
    config: Config,
    client: Client,
    /// The second key.
    app: Login,
}

impl Datadog {
    fn paths(&self) -> Vec<String> {
        match &self.config.which {
            Which::Tags(tags) => {
                vec![format!("/api/v1/monitor?monitor_tags={}&page_size={PAGE}", encoded(&tags.join(",")))]
            }
            Which::Ids(ids) => ids.iter().map(|id| format!("/api/v1/monitor/{id}")).collect(),
        }
    }

    async fn read(&self, path: &str, now: Timestamp) -> Result<(Value, Timestamp), Untold> {
        let (name, value) = self.app.shown().await.map_err(|error| Untold::new(error.to_string()))?;
        let mut said = look(&self.client, &Request::get(path).header(name, value)).await?;
        let what = format!("read {}{path}", self.config.at);
        let at = date(&said).unwrap_or(now);
        if !said.is_success() {
            self.app.mask(&mut said.body).await;
            if matches!(said.status, 401 | 403) {
                self.app.forget().await;
            }
            return Err(no(&said, &what, now));
        }
        Ok((said.json(&what)?, at))
    }

    /// All monitors that are meant.
    async fn monitors(&self, now: Timestamp) -> Result<(Vec<Value>, Timestamp), Untold> {
        let mut monitors = Vec::new();
        let mut newest = now;
        for path in self.paths() {
            if matches!(self.config.which, Which::Ids(_)) {
                let (monitor, at) = self.read(&path, now).await?;
                monitors.push(monitor);
                newest = at;
                continue;
            }
            for page in 0..=MOST_PAGES {
                if page == MOST_PAGES {
                    return Err(Untold::new(format!(
                        "there are more than {} monitors; name more tags",
                        MOST_PAGES * PAGE
                    )));
                }
                let (list, at) = self.read(&format!("{path}&page={page}"), now).await?;
                let Value::Array(list) = list else {
                    return Err(Untold::new(format!("read {path}: its answer is no list; see where `at` leads")));
                };
                newest = at;
                let is_last = list.len() < PAGE;
                monitors.extend(list);
                if is_last {
                    break;
                }
            }
        }
        Ok((monitors, newest))
    }
}

/// A no. Datadog says in a header of its own in how many seconds it takes requests again, and has two forms of errors.
fn no(said: &Said, what: &str, now: Timestamp) -> Untold {
    let untold = refused(said, what, now, ADVICE);
    let reset = said.header("x-ratelimit-reset").trim().parse().ok().map(Duration::from_secs);
    match reset.filter(|_| said.status == 429 && said.header("retry-after").is_empty()) {
        Some(reset) => {
            let name = quote(said.header("x-ratelimit-name"));
            let words =
                format!("{what}: the requests of this span are used up ({name}); give the check a longer `every`");
            Untold { words: with_wait(words, Some(reset)), not_before: Some(reset) }
        }
        None => untold,
    }
}

impl System for Datadog {
    fn request(&self, _asking: &Asking) -> String {
        let paths = self.paths();
        format!("GET {}{}", self.config.at, paths.join(", "))
    }

    fn expected(&self, asking: &Asking) -> String {
        let alerting = if self.config.warns { "none alerts or warns" } else { "none alerts" };
        match self.config.since {
            Some(since) => format!("{alerting}, begun {}", since.told(asking)),
            None => alerting.to_owned(),
        }
    }

    fn look<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Answer, Untold>> {
        async move {
            let (monitors, at) = self.monitors(asking.now).await?;
            if monitors.is_empty() {
                return Err(Untold::new(
                    "no monitor has these tags: nothing watches; compare `tags` with the monitors' own",
                ));
            }
            let moment = self.config.since.map(|since| since.moment(asking));
            let (mut new, mut old, mut blind) = (Vec::new(), Vec::new(), Vec::new());
            for monitor in &monitors {
                let state = monitor["overall_state"].as_str().unwrap_or_default();
                let began = monitor["overall_state_modified"].as_str().and_then(rfc3339);
                match state {
                    "Alert" => {}
                    "Warn" if self.config.warns => {}
                    "OK" | "Warn" => continue,
                    // Ignored is what an archived event monitor says; like the others it cannot alert.
                    other => {
                        let state = if other.is_empty() { "without a state" } else { other };
                        blind.push(format!("{} is {}", named(monitor), quote(state).to_lowercase()));
                        continue;
                    }
                }
                let is_new = moment.is_none_or(|moment| began.is_none_or(|began| began >= moment));
                let began = began.map(|began| format!(", since {}", began.long())).unwrap_or_default();
                let told = (named(monitor), format!("{}: {}{began}", named(monitor), state.to_lowercase()));
                if is_new { new.push(told) } else { old.push(told) }
            }
            let before = if old.is_empty() { String::new() } else { format!("; {} began before and go on", old.len()) };
            let names: Vec<String> = new.iter().map(|(name, _)| name.clone()).collect();
            let count = monitors.len();
            let answer = if !names.is_empty() {
                Answer::new(Verdict::Fail, format!("{} of {count} alerting: {}{before}", names.len(), few(&names)), at)
            } else if !blind.is_empty() {
                let words = format!("none alerting, and {} of {count} could not: {}{before}", blind.len(), few(&blind));
                Answer::new(Verdict::Inconclusive, words, at)
            } else {
                Answer::new(Verdict::Pass, format!("none of {count} monitors alerting{before}"), at)
            };
            let answer = new.iter().fold(answer, |answer, (_, told)| answer.with("alerting", told.as_str()));
            let answer = old.iter().fold(answer, |answer, (_, told)| answer.with("alerting before", told.as_str()));
            Ok(blind.iter().fold(answer, |answer, each| answer.with("cannot tell", each.as_str())))
        }
        .boxed()
    }
}

/// A monitor's name, and that it is muted.
fn named(monitor: &Value) -> String {
    let name = quote(monitor["name"].as_str().unwrap_or("a monitor without a name"));
    let is_silenced =
        monitor.pointer("/options/silenced").and_then(Value::as_object).is_some_and(|all| !all.is_empty());
    let is_down = monitor["matching_downtimes"].as_array().is_some_and(|all| !all.is_empty());
    if is_silenced || is_down { format!("{name} (muted)") } else { name }
}
