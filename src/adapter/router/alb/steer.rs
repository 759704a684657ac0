//! The router: looks, and changes that look first.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, OptionFuture, try_join_all};
use tokio::time::timeout;

use super::super::{Configured, Fence, Router, SetAnswer};
use super::actions::Actions;
use super::arn::Arn;
use super::call::Api;
use super::config::{Config, Place};
use super::count::Counts;
use super::health::{self, Target};
use super::{STICKY, prepare};
use crate::adapter::aws::Keys;
use crate::domain::reading::Identity;
use crate::domain::{
    Capabilities, NativeSplit, PoolId, Prepared, Reading, Refused, Target as Wanted, Trouble, TroubleKind,
};

/// Elastic Load Balancing and CloudWatch, with the versions of their interfaces.
const BALANCING: (&str, &str) = ("elasticloadbalancing", "2015-12-01");
const MONITORING: (&str, &str) = ("monitoring", "2010-08-01");

/// One rule or listener of a load balancer.
pub struct Alb {
    config: Config,
    api: Api,
    counts: Option<Counts>,
}

impl Alb {
    /// A router for one configuration. Nothing is sent yet.
    ///
    /// # Errors
    /// When this machine has no certificates to check an encrypted address with.
    pub fn new(config: Config) -> Result<Self, Trouble> {
        Self::with_clock(config, SystemTime::now)
    }

    /// The same with another clock for the minutes that CloudWatch counts.
    ///
    /// # Errors
    /// As [`Alb::new`].
    pub fn with_clock(config: Config, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Result<Self, Trouble> {
        let keys = Arc::new(Keys::new(&config.chain, config.place.arn().region(), config.timeout));
        let api = Api::new(BALANCING, &config.endpoint, Arc::clone(&keys), config.timeout)?;
        let counts = match &config.cloudwatch {
            Some(endpoint) => {
                let api = Api::new(MONITORING, endpoint, keys, config.timeout)?;
                let settle = Duration::from_millis(config.capabilities().settle_ms);
                Some(Counts::new(&config, api, settle, Arc::new(clock)))
            }
            None => None,
        };
        Ok(Self { config, api, counts })
    }

    async fn actions(&self) -> Result<Actions, Trouble> {
        let (action, name, arn) = match &self.config.place {
            Place::Rule(arn) => ("DescribeRules", "RuleArns.member.1", arn),
            Place::Listener(arn) => ("DescribeListeners", "ListenerArns.member.1", arn),
        };
        let answer = self.api.ask(action, arn.as_str(), &vec![(name.to_owned(), arn.to_string())]).await?;
        Actions::find(&self.config, &self.api.what(action, arn.as_str()), &answer)
    }

    async fn targets(&self, pool: &PoolId, group: &Arn) -> Result<(PoolId, Vec<Target>), Trouble> {
        const ACTION: &str = "DescribeTargetHealth";
        let form = vec![("TargetGroupArn".to_owned(), group.to_string())];
        Ok((pool.clone(), health::targets(&self.api.ask(ACTION, group.as_str(), &form).await?)))
    }

    async fn look(&self) -> Result<Reading, Trouble> {
        let all = async {
            let actions = self.actions().await?;
            let native = actions.native(&self.config);
            let counted = OptionFuture::from(self.counts.as_ref().map(|counts| counts.sentence(&native)));
            let targets = try_join_all(self.config.pools.iter().map(|(pool, group)| self.targets(pool, group)));
            let (targets, counted) = tokio::join!(targets, counted);
            let mut reading = self.reading(&actions, &targets?);
            reading.warnings.extend(counted.flatten());
            Ok(reading)
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
        let what = self.api.what(action, arn.as_str());
        let weights: Option<Vec<(&Arn, u32)>> =
            prepared.native.0.iter().map(|each| Some((&self.config.group(&each.reference)?.1, each.weight))).collect();
        let Some(weights) = weights.filter(|weights| weights.iter().any(|(_, weight)| *weight > 0)) else {
            let why = "what was prepared is no change of this router; propose it anew";
            return SetAnswer::NotSent(format!("{what}: {why}"));
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
        let document = match self.api.change(action, arn.as_str(), &form, fence).await {
            Ok(document) => document,
            Err(answer) => return answer,
        };
        match Actions::find(&self.config, &what, &document) {
            Ok(now) if now.native(&self.config).holds(&prepared.native) => SetAnswer::Accepted,
            Ok(_) => SetAnswer::Unknown(format!("{what}: AWS said yes and told other weights than were sent")),
            Err(trouble) => SetAnswer::Unknown(trouble.to_string()),
        }
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
