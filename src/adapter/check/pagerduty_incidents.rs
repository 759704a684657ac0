//! Whether incidents of some services of PagerDuty are open.
//!
//! # What "no incident" means
//! A service that is disabled or in maintenance raises none, so each service is read first: of such a one no incident tells
//! nothing. A service that is not there is a wrong id, and tells nothing either; the list of incidents would just be empty.
//!
//! Open is triggered or acknowledged, however old: PagerDuty lists thirty days unless it is told to list all.

use std::sync::Arc;
use std::time::Duration;

use ::http::header::{ACCEPT, HeaderValue};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::since::Since;
use super::system::{Advice, Bounded, System, Untold, date, few, look, quote, refused, rfc3339, with_wait};
use super::{Check, Configured};
use crate::adapter::http::{Answer as Said, Client, Endpoint, Login, Request, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::check::{Answer, Asking, Verdict};
use crate::domain::{Timestamp, Trouble};
use crate::setting::{Table, choice, word};

const ADVICE: Advice = Advice {
    denied: "see whether the API key is right and not revoked; a read-only key is enough",
    missing: "compare the ids of the services with the ends of their addresses in PagerDuty",
};

/// How many incidents one page holds.
const PAGE: usize = 100;
/// More pages than this are not followed.
const MOST_PAGES: usize = 20;

/// What the profile says.
#[derive(Clone, Debug)]
pub struct Config {
    /// The interface.
    pub at: Endpoint,
    /// The ids of the services.
    pub services: Vec<String>,
    /// Only incidents of this urgency.
    pub urgency: Option<&'static str>,
    /// From when on they must have been created.
    pub since: Option<Since>,
    /// Where the API key is kept.
    pub token: SecretRef,
    /// Certificates.
    pub tls: Tls,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "pagerduty-incidents"`.
    pub fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let doc = "The interface. Default \"https://api.pagerduty.com\"; \"https://api.eu.pagerduty.com\" for accounts there.";
        let at = table.optional("at", doc, &endpoint());
        let doc = "The ids of the services: [\"PIJ90N7\"].";
        let id = word("a service's id, such as \"PIJ90N7\"", "", 30);
        let services = table.required("services", doc, &id.list("a list of ids, such as [\"PIJ90N7\"]"));
        let doc = "Only incidents of this urgency. Default: of any.";
        let urgency = table.optional("urgency", doc, &choice(&[("high", "high"), ("low", "low")], &[]));
        let since = Since::read(table);
        let token = SecretRef::required(table, "token", "Where the API key is kept.", "the API key");
        let tls = Tls::read(table);
        Some(Self {
            at: at.map(|at| at.value).or_else(|| Endpoint::parse("https://api.pagerduty.com"))?,
            services: services?.value.into_iter().map(|service| service.value).collect(),
            urgency: urgency.map(|urgency| urgency.value),
            since,
            token: token?,
            tls,
            timeout,
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        let login = Login::worded("Token token=", self.token.clone());
        let client = Client::new(self.at.clone(), Some(login), &self.tls, self.timeout)?;
        Ok(Arc::new(Bounded::new(PagerDuty { config: self.clone(), client }, self.timeout)))
    }
}

struct PagerDuty {
    config: Config,
    client: Client,
}

impl PagerDuty {
    fn path(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs([("statuses[]", "triggered"), ("statuses[]", "acknowledged"), ("date_range", "all")]);
        query.extend_pairs(self.config.services.iter().map(|service| ("service_ids[]", service)));
        query.extend_pairs(self.config.urgency.map(|urgency| ("urgencies[]", urgency)));
        format!("/incidents?{}&limit={PAGE}", query.finish())
    }

    async fn read(&self, path: &str, now: Timestamp) -> Result<(Value, Timestamp), Untold> {
        let form = HeaderValue::from_static("application/vnd.pagerduty+json;version=2");
        let said = look(&self.client, &Request::get(path).header(ACCEPT, form)).await?;
        let what = format!("read {}{}", self.config.at, path.split('?').next().unwrap_or(path));
        if !said.is_success() {
            return Err(no(&said, &what, now));
        }
        let at = date(&said).unwrap_or(now);
        Ok((said.json(&what)?, at))
    }

    /// Why no incident would be raised, service by service.
    async fn blind(&self, now: Timestamp) -> Result<Vec<String>, Untold> {
        let mut blind = Vec::new();
        for id in &self.config.services {
            let (document, _) = self.read(&format!("/services/{id}"), now).await?;
            let service = &document["service"];
            let name = quote(service["name"].as_str().unwrap_or(id));
            match service["status"].as_str() {
                Some("active" | "warning" | "critical") => {}
                Some("maintenance") => blind.push(format!("{name} is in maintenance")),
                Some(other) => blind.push(format!("{name} is {}", quote(other))),
                None => return Err(Untold::new(format!("{id}: its answer is no service; see where `at` leads"))),
            }
        }
        Ok(blind)
    }

    /// All open incidents, page by page.
    async fn incidents(&self, now: Timestamp) -> Result<(Vec<Value>, Timestamp), Untold> {
        let path = self.path();
        let mut incidents = Vec::new();
        for _ in 0..MOST_PAGES {
            let (mut document, at) = self.read(&format!("{path}&offset={}", incidents.len()), now).await?;
            let is_last = document["more"].as_bool() != Some(true);
            let Some(page) = document.get_mut("incidents").and_then(Value::as_array_mut) else {
                return Err(Untold::new("its answer holds no incidents; see where `at` leads"));
            };
            if is_last || page.is_empty() {
                incidents.append(page);
                return Ok((incidents, at));
            }
            incidents.append(page);
        }
        Err(Untold::new(format!("there are more than {} open incidents; name fewer services", MOST_PAGES * PAGE)))
    }
}

/// A no. PagerDuty says in a header of its own in how many seconds it takes requests again.
fn no(said: &Said, what: &str, now: Timestamp) -> Untold {
    let untold = refused(said, what, now, ADVICE);
    let reset = said.header("ratelimit-reset").trim().parse().ok().map(Duration::from_secs);
    match reset.filter(|_| said.status == 429 && said.header("retry-after").is_empty()) {
        Some(reset) => {
            let words = format!("{what}: it is asked too often; give the check a longer `every`");
            Untold { words: with_wait(words, Some(reset)), not_before: Some(reset) }
        }
        None => untold,
    }
}

impl System for PagerDuty {
    fn request(&self, _asking: &Asking) -> String {
        format!("GET {}{}", self.config.at, self.path())
    }

    fn expected(&self, asking: &Asking) -> String {
        let urgency = self.config.urgency.map(|urgency| format!(" of {urgency} urgency")).unwrap_or_default();
        match self.config.since {
            Some(since) => format!("no open incident{urgency} created {}", since.told(asking)),
            None => format!("no open incident{urgency}"),
        }
    }

    fn look<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Answer, Untold>> {
        async move {
            let (incidents, at) = self.incidents(asking.now).await?;
            let moment = self.config.since.map(|since| since.moment(asking));
            let created = |incident: &Value| incident["created_at"].as_str().and_then(rfc3339);
            let (new, old): (Vec<&Value>, Vec<&Value>) = incidents.iter().partition(|incident| {
                moment.is_none_or(|moment| created(incident).is_none_or(|created| created >= moment))
            });
            let before = if old.is_empty() { String::new() } else { format!("; {} were created before", old.len()) };
            // What is open, is open: whether more would be raised need not be known for that.
            let blind = if new.is_empty() { self.blind(asking.now).await? } else { Vec::new() };
            let titles: Vec<String> = new.iter().map(|incident| named(incident)).collect();
            let answer = if !titles.is_empty() {
                Answer::new(Verdict::Fail, format!("{} open: {}{before}", titles.len(), few(&titles)), at)
            } else if !blind.is_empty() {
                let words = format!("none open, and none would be raised: {}{before}", few(&blind));
                Answer::new(Verdict::Inconclusive, words, at)
            } else {
                Answer::new(Verdict::Pass, format!("no open incident{before}"), at)
            };
            let told = |incident: &Value| {
                let created = created(incident).map(|at| format!(", created {}", at.long())).unwrap_or_default();
                let status = quote(incident["status"].as_str().unwrap_or_default());
                format!("{}: {status}{created}", named(incident))
            };
            let answer = new.iter().fold(answer, |answer, incident| answer.with("open", told(incident)));
            Ok(old.iter().fold(answer, |answer, incident| answer.with("open before", told(incident))))
        }
        .boxed()
    }
}

/// An incident's number and title.
fn named(incident: &Value) -> String {
    let number = incident["incident_number"].as_u64().map(|number| format!("#{number} ")).unwrap_or_default();
    format!("{number}{}", quote(incident["title"].as_str().unwrap_or("without a title")))
}
