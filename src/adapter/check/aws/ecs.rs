//! Whether a service of ECS is stable, and of which task definition.
//!
//! Stable is what `aws ecs wait services-stable` waits for: one deployment, and as many tasks running as are wanted; a service
//! that is not there, draining or inactive fails. Two things are added, because that is also true of nothing, and says nothing
//! about which version won: as many tasks as `least` must run, and the primary deployment must be of the task definition
//! that is expected. ECS that rolls back by itself makes a new primary deployment of the old one, and is stable again.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::Place;
use crate::adapter::check::filled::{Filled, filled};
use crate::adapter::check::system::quote;
use crate::adapter::check::{Check, Configured};
use crate::domain::check::Verdict;
use crate::domain::{PoolId, Trouble};
use crate::setting::{Table, count, word};

/// What the profile says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The region, and who asks.
    pub place: Place,
    /// The cluster.
    pub cluster: String,
    /// The service.
    pub service: Filled,
    /// `family:revision`, or the whole name of it.
    pub task_definition: Option<Filled>,
    /// How many tasks must run at least.
    pub least: u64,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "ecs-stable"`.
    pub fn read(table: &mut Table<'_>, pool: Option<&PoolId>, timeout: Duration) -> Option<Self> {
        let place = Place::read(table);
        let named = || word("a name or an ARN", "-_:/", 300);
        let cluster = table.required("cluster", "The cluster, by name or ARN.", &named());
        let kind = || filled(word("a name or an ARN", "-_:/{}", 300), pool.is_some());
        let service = table.required("service", "The service, by name or ARN.", &kind());
        let doc = "The task definition that the primary deployment must be of: \"shop:42\", or its ARN. Default: any.";
        let definition = table.optional("task_definition", doc, &kind());
        let doc = "How many tasks must run at least: a service that is scaled to nothing proves nothing. Default 1.";
        let least = table.optional("least", doc, &count(0, 10_000));
        Some(Self {
            place: place?,
            cluster: cluster?.value,
            service: service?.value.for_pool(pool),
            task_definition: definition.map(|definition| definition.value.for_pool(pool)),
            least: least.and_then(|least| u64::try_from(least.value).ok()).unwrap_or(1),
            timeout,
        })
    }
}

impl Configured for Config {
    #[cfg(feature = "aws")]
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        asking::check(self)
    }

    #[cfg(not(feature = "aws"))]
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        Err(self.place.missing(&format!("service {}", self.service.as_str())))
    }
}

/// What a service says of itself.
#[cfg_attr(not(any(test, feature = "aws")), expect(dead_code, reason = "only a build with AWS asks"))]
fn judge(service: &Value, definition: Option<&str>, least: u64) -> (Verdict, String) {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let number = |value: &Value, key: &str| value[key].as_u64().unwrap_or(0);
    let status = text(service, "status");
    if status != "ACTIVE" {
        return (Verdict::Fail, format!("the service is {}", quote(&status.to_lowercase())));
    }
    let deployments: &[Value] = service["deployments"].as_array().map_or(&[], Vec::as_slice);
    let Some(primary) = deployments.iter().find(|deployment| deployment["status"] == "PRIMARY") else {
        let words = "it has no primary deployment, as where something else than ECS deploys it; ask that instead";
        return (Verdict::Inconclusive, words.to_owned());
    };
    let (wanted, running) = (number(service, "desiredCount"), number(service, "runningCount"));
    let runs = short(&text(primary, "taskDefinition"));
    let reason = quote(&text(primary, "rolloutStateReason"));
    let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    if let Some(definition) = definition
        && !is_definition(&text(primary, "taskDefinition"), definition)
    {
        return (Verdict::Fail, format!("the primary deployment is of {runs}, not of {}{because}", short(definition)));
    }
    // Not said behind some load balancers and by some controllers.
    match text(primary, "rolloutState").as_str() {
        "FAILED" => return (Verdict::Fail, format!("the rollout of {runs} failed{because}")),
        "IN_PROGRESS" => {
            return (Verdict::Fail, format!("the rollout of {runs} is in progress, {running} of {wanted} tasks run"));
        }
        _ => {}
    }
    if deployments.len() != 1 {
        return (Verdict::Fail, format!("{} deployments at once, {running} of {wanted} tasks run", deployments.len()));
    }
    if running != wanted {
        return (Verdict::Fail, format!("{running} of {wanted} tasks run"));
    }
    if running < least {
        return (Verdict::Fail, format!("stable with {running} tasks, {least} at least are wanted"));
    }
    (Verdict::Pass, format!("stable: {running} of {wanted} tasks of {runs} run"))
}

/// Whether they are the same task definition: by the whole name, or by family and revision.
fn is_definition(there: &str, wanted: &str) -> bool {
    there == wanted || there.rsplit_once(":task-definition/").is_some_and(|(_, short)| short == wanted)
}

/// Family and revision.
fn short(definition: &str) -> String {
    quote(definition.rsplit_once(":task-definition/").map_or(definition, |(_, short)| short))
}

#[cfg(feature = "aws")]
mod asking {
    use std::sync::Arc;

    use futures_util::FutureExt as _;
    use futures_util::future::BoxFuture;
    use serde_json::{Value, json};

    use super::super::call::{Service, Told};
    use super::{Config, judge, short};
    use crate::adapter::check::Check;
    use crate::adapter::check::system::{Bounded, System, Untold, quote};
    use crate::domain::Trouble;
    use crate::domain::check::{Answer, Asking, Verdict};

    const ECS: (&str, &str, &str) = ("ecs", "ecs", "ecs");
    const DESCRIBE: (&str, &str) = ("AmazonEC2ContainerServiceV20141113", "DescribeServices");

    pub(super) fn check(config: &Config) -> Result<Arc<dyn Check>, Trouble> {
        let service = Service::new(ECS, &config.place, config.timeout)?;
        Ok(Arc::new(Bounded::new(Ecs { config: config.clone(), service }, config.timeout)))
    }

    struct Ecs {
        config: Config,
        service: Service,
    }

    impl System for Ecs {
        fn request(&self, asking: &Asking) -> String {
            let Config { place, cluster, service, .. } = &self.config;
            format!("DescribeServices {} of cluster {cluster} in {}", service.shown(asking), place.region)
        }

        fn expected(&self, asking: &Asking) -> String {
            let least = format!("stable, at least {} running", self.config.least);
            match &self.config.task_definition {
                Some(definition) => format!("{least}, of {}", definition.shown(asking)),
                None => least,
            }
        }

        fn look<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Answer, Untold>> {
            async move {
                let name = self.config.service.fill(asking)?;
                let definition = self.config.task_definition.as_ref().map(|text| text.fill(asking)).transpose()?;
                let body = json!({ "cluster": self.config.cluster, "services": [name] });
                let (document, at) = match self.service.ask(DESCRIBE, &body, &[], asking.now).await? {
                    Told::Yes(document, at) => (document, at),
                    Told::Missing(_, said, _) => return Err(Untold::new(said)),
                };
                let Some(service) = document["services"].get(0) else {
                    let reason = document["failures"][0]["reason"].as_str().unwrap_or_default();
                    if reason == "MISSING" {
                        let words = format!("there is no service {name} in cluster {}", self.config.cluster);
                        return Ok(Answer::new(Verdict::Fail, words, at));
                    }
                    let why = if reason.is_empty() { "its answer holds no service".to_owned() } else { quote(reason) };
                    return Err(Untold::new(format!(
                        "DescribeServices {name}: {why}; compare the names with what is there"
                    )));
                };
                let (verdict, words) = judge(service, definition.as_deref(), self.config.least);
                Ok(told(service, Answer::new(verdict, words, at)))
            }
            .boxed()
        }
    }

    /// With what the service says as evidence.
    fn told(service: &Value, mut answer: Answer) -> Answer {
        let number = |key: &str| service[key].as_u64().unwrap_or(0);
        let counts = format!(
            "{} wanted, {} running, {} pending",
            number("desiredCount"),
            number("runningCount"),
            number("pendingCount")
        );
        answer = answer.with("tasks", counts);
        for deployment in service["deployments"].as_array().into_iter().flatten() {
            let text = |key: &str| quote(deployment[key].as_str().unwrap_or_default());
            let definition = short(deployment["taskDefinition"].as_str().unwrap_or_default());
            let state = format!("{definition} {} {}", text("rolloutState"), text("rolloutStateReason"));
            answer = answer.with(&text("status").to_lowercase(), state.trim());
            if deployment["status"] == "PRIMARY" {
                answer.value = Some(definition);
            }
        }
        match service["events"][0]["message"].as_str() {
            Some(newest) => answer.with("newest event", quote(newest)),
            None => answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NEW: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:42";
    const OLD: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:41";

    fn service(change: impl FnOnce(&mut Value)) -> Value {
        let mut service = json!({
            "status": "ACTIVE", "desiredCount": 3, "runningCount": 3,
            "deployments": [{ "status": "PRIMARY", "taskDefinition": NEW, "rolloutState": "COMPLETED" }],
        });
        change(&mut service);
        service
    }

    fn judged(change: impl FnOnce(&mut Value)) -> (Verdict, String) {
        judge(&service(change), Some("shop:42"), 1)
    }

    #[test]
    fn stable_and_of_the_definition_is_a_pass() {
        assert_eq!(judged(|_| {}), (Verdict::Pass, "stable: 3 of 3 tasks of shop:42 run".to_owned()));
        assert_eq!(judge(&service(|_| {}), Some(NEW), 1).0, Verdict::Pass);
        assert_eq!(judge(&service(|_| {}), None, 1).0, Verdict::Pass);
    }

    #[test]
    fn a_service_that_was_rolled_back_is_stable_and_fails() {
        let (verdict, words) = judged(|service| {
            service["deployments"][0]["taskDefinition"] = json!(OLD);
            service["deployments"][0]["rolloutStateReason"] = json!("ECS deployment circuit breaker: rolling back");
        });
        assert_eq!(verdict, Verdict::Fail);
        assert_eq!(
            words,
            "the primary deployment is of shop:41, not of shop:42: ECS deployment circuit breaker: rolling back"
        );
    }

    #[test]
    fn what_is_not_stable_fails() {
        let old = json!({ "status": "ACTIVE", "taskDefinition": OLD });
        assert_eq!(judged(|service| service["deployments"].as_array_mut().expect("a list").push(old)).0, Verdict::Fail);
        assert_eq!(judged(|service| service["runningCount"] = json!(2)).1, "2 of 3 tasks run");
        assert_eq!(judged(|service| service["deployments"][0]["rolloutState"] = json!("IN_PROGRESS")).0, Verdict::Fail);
        assert_eq!(judged(|service| service["deployments"][0]["rolloutState"] = json!("FAILED")).0, Verdict::Fail);
        assert_eq!(judged(|service| service["status"] = json!("DRAINING")).1, "the service is draining");
        assert_eq!(judged(|service| service["deployments"] = json!([])).0, Verdict::Inconclusive, "others deploy it");
    }

    #[test]
    fn nothing_that_runs_is_a_pass_only_where_it_is_meant() {
        let nothing = service(|service| (service["desiredCount"], service["runningCount"]) = (json!(0), json!(0)));
        assert_eq!(judge(&nothing, None, 1).0, Verdict::Fail);
        assert_eq!(judge(&nothing, None, 0).0, Verdict::Pass);
    }
}
