//! Whether alerts of Prometheus are firing: all that fit the matchers, or those that began since a moment.
//!
//! # What "no alert" means
//! No alert is only a pass where some rule would raise one. So the rules are read as well, unless `expect_rules = false` says
//! that they are kept elsewhere: it cannot be told when none is loaded, when none can raise an alert that fits the matchers,
//! when one that could is broken, and when they are no longer evaluated. An alert that is firing fails all the same.
//!
//! Prometheus tells when an alert's expression began to hold (`activeAt`), and that is what `since` looks at: an alert that was
//! pending before the change and fires after it began before. An alert that came and went between two questions is not seen.

mod matcher;
mod rules;

use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderName, HeaderValue};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

use self::matcher::{Matcher, matcher};
use self::rules::Rules;
use super::since::Since;
use super::system::{Advice, Bounded, System, Untold, date, few, look, quote, refused, rfc3339};
use super::{Check, Configured};
use crate::adapter::http::{Client, Endpoint, Login, Request, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::check::{Answer, Asking, Verdict};
use crate::domain::{Timestamp, Trouble};
use crate::setting::{Table, Wrong, flag, text, word};

const ADVICE: Advice = Advice {
    denied: "see whether the secret that the profile names is right and may read alerts and rules",
    missing: "see whether `at` is the address of Prometheus, with the path prefix that it has there",
};

/// What the profile says.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address, with its path prefix.
    pub at: Endpoint,
    /// What an alert's labels must be for it to count.
    pub matchers: Vec<Matcher>,
    /// From when on it must have begun.
    pub since: Option<Since>,
    /// Whether no rule means that nothing can be told.
    pub expects_rules: bool,
    /// The tenant, where several share the server.
    pub tenant: Option<String>,
    /// Who asks: a user with a password, or nobody with a token.
    pub login: Option<(Option<String>, SecretRef)>,
    /// Certificates.
    pub tls: Tls,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "prometheus-alerts"`.
    pub fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let doc = "The address of Prometheus, with its path prefix where it has one.";
        let at = table.required("at", doc, &endpoint());
        let doc = "What an alert's labels must be for it to count: [\"severity=critical\", \"service=~shop|cart\"]. Default: all count.";
        let accepted = "a list of matchers, such as [\"severity=critical\", \"service=~shop|cart\"]";
        let matchers = table.optional("match", doc, &matcher().list(accepted));
        let since = Since::read(table);
        let doc = "Whether it cannot be told while no rule could raise such an alert. Default true.";
        let expects_rules = table.optional("expect_rules", doc, &flag());
        let doc = "The tenant, sent as X-Scope-OrgID, where several share the server.";
        let tenant = table.optional("tenant", doc, &word("a name of letters, digits, -, . and _", "-._|", 150));
        let user = table.optional("user", "The user, where a proxy asks for one.", &text());
        let password = SecretRef::read(table, "password", "Where the user's password is kept.");
        let token = SecretRef::read(table, "token", "Where the token is kept, where a proxy asks for one.");
        let tls = Tls::read(table);
        if table.has("user") != table.has("password") {
            table.refuse(Wrong::new("names one of `user` and `password` without the other"));
        }
        if table.has("user") && table.has("token") {
            table.refuse(Wrong::new("names a user and a token").accepted("one of them"));
        }
        let login = match (user, password, token) {
            (Some(user), Some(password), _) => Some((Some(user.value), password)),
            (_, _, Some(token)) => Some((None, token)),
            _ => None,
        };
        Some(Self {
            at: at?.value,
            matchers: matchers.map(|all| all.value.into_iter().map(|one| one.value).collect()).unwrap_or_default(),
            since,
            expects_rules: expects_rules.is_none_or(|expects| expects.value),
            tenant: tenant.map(|tenant| tenant.value),
            login,
            tls,
            timeout,
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        let login = self.login.clone().map(|(user, secret)| match user {
            Some(user) => Login::basic(user, secret),
            None => Login::bearer(secret),
        });
        let client = Client::new(self.at.clone(), login, &self.tls, self.timeout)?;
        Ok(Arc::new(Bounded::new(Alerts { config: self.clone(), client }, self.timeout)))
    }
}

struct Alerts {
    config: Config,
    client: Client,
}

impl Alerts {
    /// Reads the `data` of one path, and the server's time.
    async fn data(&self, path: &str, now: Timestamp) -> Result<(Value, Timestamp), Untold> {
        let mut request = Request::get(path);
        if let Some(tenant) = self.config.tenant.as_deref().and_then(|tenant| HeaderValue::from_str(tenant).ok()) {
            request = request.header(HeaderName::from_static("x-scope-orgid"), tenant);
        }
        let said = look(&self.client, &request).await?;
        let what = format!("read {}{path}", self.config.at);
        if !said.is_success() {
            return Err(refused(&said, &what, now, ADVICE));
        }
        let document: Value = said.json(&what)?;
        if document["status"] != "success" {
            return Err(Untold::new(format!("{what}: its answer is none of Prometheus; {}", ADVICE.missing)));
        }
        Ok((document["data"].clone(), date(&said).unwrap_or(now)))
    }

    /// The alerts that fit.
    fn fitting<'v>(&self, alerts: &'v [Value]) -> Vec<Alert<'v>> {
        let fits = |alert: &&Value| {
            self.config.matchers.iter().all(|matcher| matcher.fits(alert["labels"][matcher.label()].as_str()))
        };
        alerts.iter().filter(fits).map(Alert).collect()
    }

    /// What is wrong with the rules: why no alert proves nothing.
    async fn blind(&self, now: Timestamp) -> Result<(Option<String>, String), Untold> {
        if !self.config.expects_rules {
            return Ok((None, "not asked for".to_owned()));
        }
        let (data, at) = self.data("/api/v1/rules?type=alert", now).await?;
        let Some(rules) = Rules::read(&data, &self.config.matchers) else {
            return Err(Untold::new(format!("its answer holds no groups of rules; {}", ADVICE.missing)));
        };
        Ok((rules.blind(at), rules.told()))
    }
}

/// One alert.
#[derive(Clone, Copy)]
struct Alert<'v>(&'v Value);

impl Alert<'_> {
    fn is_firing(self) -> bool {
        self.0["state"] == "firing"
    }

    fn began(self) -> Option<Timestamp> {
        rfc3339(self.0["activeAt"].as_str()?)
    }

    /// Its name and what tells it from others of the name.
    fn name(self) -> String {
        let labels = self.0["labels"].as_object().into_iter().flatten();
        let others: Vec<String> = labels
            .filter(|(label, _)| !matches!(label.as_str(), "alertname" | "prometheus" | "job"))
            .filter_map(|(label, value)| Some(format!("{label}={}", value.as_str()?)))
            .take(4)
            .collect();
        let name = self.0["labels"]["alertname"].as_str().unwrap_or("an alert without a name");
        if others.is_empty() { quote(name) } else { quote(&format!("{name} ({})", others.join(", "))) }
    }
}

impl System for Alerts {
    fn request(&self, _asking: &Asking) -> String {
        format!("GET {}/api/v1/alerts", self.config.at)
    }

    fn expected(&self, asking: &Asking) -> String {
        let mut text = "none firing".to_owned();
        if !self.config.matchers.is_empty() {
            let matchers: Vec<String> = self.config.matchers.iter().map(ToString::to_string).collect();
            text.extend([" with ", &matchers.join(", ")]);
        }
        if let Some(since) = self.config.since {
            text.extend([", begun ", &since.told(asking)]);
        }
        text
    }

    fn look<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Answer, Untold>> {
        async move {
            let (data, at) = self.data("/api/v1/alerts", asking.now).await?;
            let Some(alerts) = data["alerts"].as_array() else {
                return Err(Untold::new(format!("its answer holds no alerts; {}", ADVICE.missing)));
            };
            let fitting = self.fitting(alerts);
            let moment = self.config.since.map(|since| since.moment(asking));
            // One that does not say when it began may have begun now.
            let is_new =
                |alert: &Alert<'_>| moment.is_none_or(|moment| alert.began().is_none_or(|began| began >= moment));
            let (new, old): (Vec<Alert<'_>>, Vec<Alert<'_>>) =
                fitting.iter().filter(|alert| alert.is_firing()).partition(|alert| is_new(alert));
            let names: Vec<String> = new.iter().map(|alert| alert.name()).collect();
            let pending = fitting.iter().filter(|alert| !alert.is_firing()).count();
            let before = match old.len() {
                0 => String::new(),
                count => format!("; {count} began before and go on"),
            };
            // What fires, fires: the rules need not be known for that.
            let (blind, rules) =
                if names.is_empty() { self.blind(asking.now).await? } else { (None, "not asked for".to_owned()) };
            let answer = if !names.is_empty() {
                Answer::new(Verdict::Fail, format!("{} firing: {}{before}", names.len(), few(&names)), at)
            } else if let Some(why) = blind {
                Answer::new(Verdict::Inconclusive, format!("none firing, and none could: {why}{before}"), at)
            } else {
                Answer::new(Verdict::Pass, format!("none firing{before}"), at)
            };
            let told = |alert: &Alert<'_>| {
                let began = alert.began().map(|began| format!(", began {}", began.long())).unwrap_or_default();
                format!("{}{began}", alert.name())
            };
            let answer = new.iter().fold(answer, |answer, alert| answer.with("firing", told(alert)));
            let answer = old.iter().fold(answer, |answer, alert| answer.with("firing before", told(alert)));
            Ok(answer.with("pending", pending.to_string()).with("rules", rules))
        }
        .boxed()
    }
}
