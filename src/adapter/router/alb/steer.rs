//! The router: looks, and changes that look first.

use ::http::Method;
use ::http::header::{ACCEPT, HeaderValue};
use aws_credential_types::Credentials;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, try_join_all};
use tokio::time::timeout;

use super::super::{Configured, Fence, Router, SetAnswer};
use super::actions::Actions;
use super::arn::Arn;
use super::config::{Config, Place};
use super::health::{self, Target};
use super::keys::{Keys, masked};
use super::words::No;
use super::xml::{self, Element};
use super::{STICKY, prepare};
use crate::adapter::http::{Answer, Client, Request, Tls};
use crate::domain::reading::Identity;
use crate::domain::{
    Capabilities, NativeSplit, PoolId, Prepared, Reading, Refused, Target as Wanted, Trouble, TroubleKind,
};

/// The version of the interface.
const VERSION: &str = "2015-12-01";

/// One rule or listener of a load balancer.
pub struct Alb {
    config: Config,
    client: Client,
    keys: Keys,
}

/// The fields of a form.
type Form = Vec<(String, String)>;

impl Alb {
    /// A router for one configuration. Nothing is sent yet.
    ///
    /// # Errors
    /// When this machine has no certificates to check an encrypted address with.
    pub fn new(config: Config) -> Result<Self, Trouble> {
        let client = Client::new(config.endpoint.clone(), None, &Tls::default(), config.timeout)?;
        let keys = Keys::new(&config);
        Ok(Self { config, client, keys })
    }

    /// What is asked and where, for people.
    fn what(&self, action: &str, of: &Arn) -> String {
        format!("{action} {of} at {}", self.config.endpoint)
    }

    /// Asks without changing anything. Told that the credentials are over, it asks once more with new ones.
    async fn ask(&self, action: &str, of: &Arn, form: &Form) -> Result<Element, Trouble> {
        let what = self.what(action, of);
        let mut is_second = false;
        loop {
            let keys = self.keys.get(&what).await?;
            let request = self.request(action, form, &keys, &what)?;
            let answer = self.client.look(&request).await.map_err(|failure| failure.trouble(&what))?;
            match judged(&answer, action, &keys) {
                Judged::Yes(document) => return Ok(document),
                Judged::No(no) => {
                    let is_first = !std::mem::replace(&mut is_second, true);
                    if no.is_about_credentials() {
                        self.keys.forget().await;
                        if is_first {
                            continue;
                        }
                    }
                    return Err(no.trouble(&what, action, &self.keys.login()));
                }
                Judged::Strange(_) if !answer.is_success() => return Err(answer.refusal(&what)),
                Judged::Strange(why) => {
                    let advice = "see whether that address is the one of Elastic Load Balancing";
                    return Err(Trouble::new(TroubleKind::Garbage, &what, why, advice));
                }
            }
        }
    }

    fn request(&self, action: &str, form: &Form, keys: &Credentials, what: &str) -> Result<Request, Trouble> {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.append_pair("Action", action).append_pair("Version", VERSION);
        body.extend_pairs(form);
        let body = body.finish();
        let request = Request::new(Method::POST, "/")
            // Asked for JSON, some of AWS's services of this kind give it.
            .header(ACCEPT, HeaderValue::from_static("application/xml, text/xml"))
            .body("application/x-www-form-urlencoded; charset=utf-8", body);
        self.keys.signed(request, keys).map_err(|why| {
            let advice = "see whether the credentials are whole";
            Trouble::new(TroubleKind::Denied, what, format!("the request cannot be signed: {why}"), advice)
        })
    }

    async fn actions(&self) -> Result<Actions, Trouble> {
        let (action, name, arn) = match &self.config.place {
            Place::Rule(arn) => ("DescribeRules", "RuleArns.member.1", arn),
            Place::Listener(arn) => ("DescribeListeners", "ListenerArns.member.1", arn),
        };
        let answer = self.ask(action, arn, &vec![(name.to_owned(), arn.to_string())]).await?;
        Actions::find(&self.config, &self.what(action, arn), &answer)
    }

    async fn targets(&self, pool: &PoolId, group: &Arn) -> Result<(PoolId, Vec<Target>), Trouble> {
        const ACTION: &str = "DescribeTargetHealth";
        let form = vec![("TargetGroupArn".to_owned(), group.to_string())];
        Ok((pool.clone(), health::targets(&self.ask(ACTION, group, &form).await?)))
    }

    async fn look(&self) -> Result<Reading, Trouble> {
        let all = async {
            let actions = self.actions().await?;
            let targets = try_join_all(self.config.pools.iter().map(|(pool, group)| self.targets(pool, group))).await?;
            Ok(self.reading(&actions, &targets))
        };
        timeout(self.config.timeout, all).await.unwrap_or_else(|_late| {
            let what = format!("read {} at {}", self.config.place.arn(), self.config.endpoint);
            let why = format!("no whole answer within {:?}", self.config.timeout);
            let advice = "see whether this machine reaches that address, or give a longer `timeout`";
            Err(Trouble::new(TroubleKind::TimedOut, what, why, advice))
        })
    }

    fn reading(&self, actions: &Actions, targets: &[(PoolId, Vec<Target>)]) -> Reading {
        let native = actions.native(&self.config);
        let is_in = |pool: &PoolId| native.0.iter().any(|each| each.pool == *pool);
        let servers = targets
            .iter()
            .flat_map(|(pool, targets)| targets.iter().map(move |target| target.server(pool, is_in(pool))))
            .collect();
        let arn = self.config.place.arn();
        let node = format!("{} in {}", arn.load_balancer(), arn.region());
        Reading {
            identity: Identity { node, process: String::new() },
            generation: String::new(),
            uptime: None,
            // A group without a healthy target keeps its share: weights do not move by health.
            effective: native.shares(self.config.pools.iter().map(|(pool, _)| pool)),
            warnings: self.warnings(actions, &native, targets),
            native,
            servers,
            underway: None,
        }
    }

    fn warnings(&self, actions: &Actions, native: &NativeSplit, targets: &[(PoolId, Vec<Target>)]) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(seconds) = actions.sticky_seconds {
            found.push(format!(
                "stickiness {STICKY} for {}, also at weight 0: shares follow slowly, and a pool drains only after that",
                span(seconds)
            ));
        }
        for (arn, weight) in actions.strangers(&self.config) {
            let name = Arn::parse(arn).map_or_else(|| arn.to_owned(), |arn| arn.group().to_owned());
            found.push(format!("{name} belongs to no pool and has weight {weight}: it gets traffic beside them"));
        }
        if native.0.iter().all(|each| each.weight == 0) {
            found.push("all pools have weight 0".to_owned());
        }
        for (pool, group) in &self.config.pools {
            let own = targets.iter().find(|(each, _)| each == pool).map_or(&[][..], |(_, targets)| targets);
            let is_in = native.0.iter().any(|each| each.reference == group.group());
            if !is_in && own.iter().any(Target::is_unchecked) {
                found.push(format!(
                    "{pool}'s target group {} is in no rule: nobody checks its targets until it goes in, which a shift to 0 does",
                    group.group()
                ));
                continue;
            }
            if !is_in {
                found.push(format!("{pool}'s target group {} is not in this action: it gets nothing", group.group()));
            }
            let ailing: Vec<String> = own.iter().filter_map(Target::ailment).collect();
            if let Some(first) = ailing.first() {
                found.push(format!("{} of {} {pool} targets are not healthy: {first}", ailing.len(), own.len()));
            }
        }
        found
    }

    async fn write(&self, prepared: &Prepared, expected: Option<&NativeSplit>, fence: &dyn Fence) -> SetAnswer {
        let (action, name, arn, under) = match &self.config.place {
            Place::Rule(arn) => ("ModifyRule", "RuleArn", arn, "Actions"),
            Place::Listener(arn) => ("ModifyListener", "ListenerArn", arn, "DefaultActions"),
        };
        let what = self.what(action, arn);
        let weights: Option<Vec<(&Arn, u32)>> =
            prepared.native.0.iter().map(|each| Some((&self.config.group(&each.reference)?.1, each.weight))).collect();
        let Some(weights) = weights.filter(|weights| weights.iter().any(|(_, weight)| *weight > 0)) else {
            return SetAnswer::NotSent(format!(
                "{what}: what was prepared is no change of this router; propose it anew"
            ));
        };
        let seen = match self.actions().await {
            Ok(seen) => seen,
            Err(trouble) => return SetAnswer::NotSent(trouble.to_string()),
        };
        let native = seen.native(&self.config);
        if expected.is_some_and(|expected| *expected != native) {
            return SetAnswer::Moved(native);
        }
        let mut form = vec![(name.to_owned(), arn.to_string())];
        form.extend(seen.with(under, &weights));
        let signed = match self.keys.get(&what).await {
            Ok(keys) => self.request(action, &form, &keys, &what).map(|request| (request, keys)),
            Err(trouble) => Err(trouble),
        };
        let (request, keys) = match signed {
            Ok(signed) => signed,
            Err(trouble) => return SetAnswer::NotSent(trouble.to_string()),
        };
        let answer = match self.client.write(&request, fence).await {
            Ok(answer) => answer,
            Err(failure) => return failure.set_answer(&what),
        };
        match judged(&answer, action, &keys) {
            Judged::Yes(document) => match Actions::find(&self.config, &what, &document) {
                Ok(now) if now.native(&self.config).holds(&prepared.native) => SetAnswer::Accepted,
                Ok(_) => SetAnswer::Unknown(format!("{what}: AWS said yes and told other weights than were sent")),
                Err(trouble) => SetAnswer::Unknown(trouble.to_string()),
            },
            Judged::No(no) => {
                if no.is_about_credentials() {
                    self.keys.forget().await;
                }
                let said = format!("{what}: {}; {}", no.said(), no.advice(action, &self.keys.login()));
                if no.may_have_acted() { SetAnswer::Unknown(said) } else { SetAnswer::Failed(said) }
            }
            Judged::Strange(_) if (400..500).contains(&answer.status) => {
                SetAnswer::Failed(answer.refusal(&what).to_string())
            }
            Judged::Strange(why) => SetAnswer::Unknown(format!("{what}: {why}; read the weights before anything else")),
        }
    }
}

/// What a whole answer means.
enum Judged {
    /// It did what was asked.
    Yes(Element),
    /// It said no.
    No(No),
    /// It is no answer of this service, for people.
    Strange(String),
}

fn judged(answer: &Answer, action: &str, keys: &Credentials) -> Judged {
    let text = masked(&answer.text(), keys);
    let document = match xml::read(text.as_bytes()) {
        Ok(document) => document,
        Err(why) => return Judged::Strange(format!("its answer cannot be understood: {why}")),
    };
    if answer.is_success() && document.name == format!("{action}Response") {
        return Judged::Yes(document);
    }
    match No::read(answer, &document) {
        Some(no) => Judged::No(no),
        None => Judged::Strange(format!("it answered {} with `{}`", answer.status, document.name.escape_debug())),
    }
}

/// A time for people.
fn span(seconds: u64) -> String {
    match seconds {
        0 => "a time that it does not tell".to_owned(),
        1..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

impl Router for Alb {
    fn capabilities(&self) -> Capabilities {
        self.config.capabilities()
    }

    fn read(&self) -> BoxFuture<'_, Result<Reading, Trouble>> {
        self.look().boxed()
    }

    fn prepare(&self, target: &Wanted, reading: Option<&Reading>) -> Result<Prepared, Refused> {
        prepare::prepare(&self.config, target, reading)
    }

    fn set<'a>(
        &'a self,
        prepared: &'a Prepared,
        expected: Option<&'a NativeSplit>,
        fence: &'a dyn Fence,
    ) -> BoxFuture<'a, SetAnswer> {
        self.write(prepared, expected, fence).boxed()
    }
}
