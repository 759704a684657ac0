//! What the profile says about one rule or listener.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Configured, Router};
use super::arn::{Arn, arn};
use crate::adapter::aws::Chain;
use crate::adapter::http::{Endpoint, endpoint};
use crate::domain::{BasisPoints, Capabilities, Holds, PoolId, Trouble};
use crate::setting::{Either, Kind, Table, Wrong, flag, quoted};

/// Which forward action is steered, and who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Where the forward action is.
    pub place: Place,
    /// Per pool, in the profile's order, its target group.
    pub pools: Vec<(PoolId, Arn)>,
    /// Where credentials come from.
    pub chain: Chain,
    /// Where the interface is.
    pub endpoint: Endpoint,
    /// Where CloudWatch is, where its counts are wanted.
    pub cloudwatch: Option<Endpoint>,
    /// How long it may take to answer.
    pub timeout: Duration,
}

/// Where a forward action is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// In a rule with conditions of its own.
    Rule(Arn),
    /// In the default action of a listener, which only the listener can change.
    Listener(Arn),
}

impl Place {
    /// Its name.
    pub fn arn(&self) -> &Arn {
        let (Self::Rule(arn) | Self::Listener(arn)) = self;
        arn
    }
}

impl Config {
    /// Reads the keys of `kind = "alb"`.
    pub fn read(table: &mut Table<'_>, pools: &[PoolId], timeout: Duration) -> Option<Self> {
        let names: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
        let doc = "The rule whose forward action holds the weights.";
        let rule = table.optional("rule", doc, &arn("listener-rule", "the ARN of a listener rule"));
        let doc = "The listener whose default action holds the weights.";
        let listener = table.optional("listener", doc, &arn("listener", "the ARN of a listener"));
        let doc = "Per pool, its target group.";
        let groups =
            table.required_each_of("pools", doc, "pool", &names, &arn("targetgroup", "the ARN of a target group"));
        let chain = Chain::read(table);
        let doc = "Where the interface is, for a VPC endpoint; else the region's own, as the ARN says.";
        let at = table.optional("endpoint", doc, &web());
        let doc = "Whether to tell the requests that CloudWatch counted under the present weights; a table for a VPC endpoint.";
        let counts = table.either("cloudwatch", doc, &flag(), |table| {
            table.required("endpoint", "Where CloudWatch is.", &web()).map(|endpoint| endpoint.value)
        });
        if table.has("rule") == table.has("listener") {
            let what = if table.has("rule") { "names a rule and a listener" } else { "names no rule and no listener" };
            let advice =
                "a rule's forward action is changed under `rule`, a listener's default action under `listener`";
            table.refuse(Wrong::new(what).accepted("one of rule, listener").advice(advice));
            return None;
        }
        let (key, place) = match (rule, listener) {
            (Some(rule), _) => ("rule", Place::Rule(rule.value)),
            (_, Some(listener)) => ("listener", Place::Listener(listener.value)),
            (None, None) => return None,
        };
        let groups = groups?.value;
        let mut fits = true;
        for (index, (_, group)) in groups.iter().enumerate() {
            let mut refuse = |what: String, advice: &str| {
                fits = false;
                table.report().refuse(&group.spot, Wrong::new(what).advice(advice));
            };
            if let Some((other, _)) = groups.iter().take(index).find(|(_, earlier)| earlier.value == group.value) {
                refuse(format!("is pool {other}'s target group already"), "give each pool a target group of its own");
            } else if !group.is_near(place.arn()) {
                let what = format!("is not in the account and region of `{key}`");
                refuse(what, "a load balancer forwards to target groups of its own region and account");
            }
        }
        let endpoint = match at {
            Some(endpoint) => Some(endpoint.value),
            None => regional("elasticloadbalancing", place.arn()),
        };
        let cloudwatch = match counts {
            Some(Either::Value(wanted)) if wanted.value => regional("monitoring", place.arn()),
            Some(Either::Table(endpoint)) => endpoint,
            Some(Either::Value(_)) | None => None,
        };
        let Some(endpoint) = endpoint else {
            let what = format!("partition {} has addresses that are not known here", quoted(place.arn().partition()));
            table.refuse(Wrong::new(what).advice("name the address of its interface as `endpoint`"));
            return None;
        };
        fits.then_some(Self {
            place,
            pools: groups.into_iter().map(|(pool, group)| (PoolId::new(pool), group.value)).collect(),
            chain,
            endpoint,
            cloudwatch,
            timeout,
        })
    }

    /// The group of a name, with its pool.
    #[cfg(feature = "aws")]
    pub(super) fn group(&self, name: &str) -> Option<&(PoolId, Arn)> {
        self.pools.iter().find(|(_, group)| group.group() == name)
    }
}

impl Configured for Config {
    fn capabilities(&self) -> Capabilities {
        let means = match &self.place {
            Place::Rule(_) => "ModifyRule, one request",
            Place::Listener(_) => "ModifyListener, one request",
        };
        Capabilities {
            change_ms: 500,
            back_ms: 500,
            read_back_ms: 5_000,
            // AWS says that a change does not take effect at once, and not when it does.
            settle_ms: 10_000,
            // An account may ask forty times a second, all its tools together; a look asks once and once per pool.
            least_poll_ms: 2_000,
            holds: Holds::Shares { finest: BasisPoints(10) },
            // CloudWatch counts requests per target group in whole minutes, some minutes late, and leaves out minutes in
            // which there were none: a counter that stands still would look like a pool without traffic. It is no
            // evidence of a drain, so it is told as a sentence and not given as a counter.
            counts_requests: false,
            ..Capabilities::of("AWS ALB", means)
        }
    }

    fn place(&self) -> String {
        self.place.arn().to_string()
    }

    #[cfg(feature = "aws")]
    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        Ok(Arc::new(super::Alb::new(self.clone())?))
    }

    #[cfg(not(feature = "aws"))]
    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        let advice = "build it with: cargo install --locked --path . --features aws";
        let why = "this flightdeck was built without the feature `aws`";
        Err(Trouble::new(crate::domain::TroubleKind::Mismatch, format!("use {}", self.place.arn()), why, advice))
    }
}

/// The interface of a service in a region.
fn regional(service: &str, arn: &Arn) -> Option<Endpoint> {
    let suffix = match arn.partition() {
        "aws" | "aws-us-gov" => "amazonaws.com",
        "aws-cn" => "amazonaws.com.cn",
        _ => return None,
    };
    Endpoint::parse(&format!("https://{service}.{}.{suffix}", arn.region()))
}

pub(in crate::adapter) fn web() -> Kind<Endpoint> {
    endpoint().and_then("\"http://host:port\" or \"https://host\"", |endpoint| {
        if endpoint.to_string().starts_with("unix:") {
            Err(Wrong::new("is a unix socket").advice("requests are signed for a host: name one"))
        } else {
            Ok(endpoint)
        }
    })
}
