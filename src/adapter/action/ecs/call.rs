//! Questions and changes, and what their answers mean to an action.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::before::{Unread, text};
use super::super::say;
use super::config::Config;
use super::definition::Definition;
use crate::adapter::aws::{Lost, Named, Said, Service};
use crate::adapter::router::{Fence, SetAnswer};
use crate::domain::Trouble;
use crate::domain::action::{ActionLook, ActionState};

const ECS: Named = Named { name: "ecs", target: "AmazonEC2ContainerServiceV20141113" };
const SCALING: Named = Named { name: "application-autoscaling", target: "AnyScaleFrontendService" };

/// How long an account whose calls are used up is left alone.
const USED_UP: Duration = Duration::from_mins(1);

/// The interfaces that one action asks.
pub(super) struct Calls {
    ecs: Service,
    scaling: Service,
    cluster: String,
    service: String,
}

impl Calls {
    pub(super) fn new(config: &Config) -> Result<Self, Trouble> {
        Ok(Self {
            ecs: Service::new(ECS, &config.place, config.timeout)?,
            scaling: Service::new(SCALING, &config.place, config.timeout)?,
            cluster: config.cluster.clone(),
            service: config.service.clone(),
        })
    }

    /// The service as it is.
    ///
    /// # Errors
    /// When it cannot be read, is not there, or is deployed by something else than ECS.
    pub(super) async fn service(&self) -> Result<Value, Unread> {
        let body = json!({ "cluster": self.cluster, "services": [self.service] });
        let answer = look(&self.ecs, "DescribeServices", &body).await?;
        let what = self.ecs.what("DescribeServices");
        let Some(service) = answer["services"].get(0).filter(|service| service.is_object()) else {
            let why = match text(&answer, "/failures/0/reason") {
                "" => "its answer holds no service".to_owned(),
                reason => say::quoted(reason),
            };
            let (service, cluster) = (&self.service, &self.cluster);
            return Err(Unread::misfit(format!(
                "{what}: {why} of service {service} of cluster {cluster}; compare the names with what is there"
            )));
        };
        if !service["taskDefinition"].is_string() || !service["deployments"].is_array() {
            let why = "its answer is no service that ECS deploys by task definitions";
            return Err(Unread::misfit(format!("{what}: {why}; see what deploys it")));
        }
        Ok(service.clone())
    }

    /// A task definition, by its name with or without a revision.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn definition(&self, name: &str) -> Result<Definition, Unread> {
        let body = json!({ "taskDefinition": name, "include": ["TAGS"] });
        let answer = look(&self.ecs, "DescribeTaskDefinition", &body).await?;
        Definition::read(&answer).ok_or_else(|| {
            let what = self.ecs.what("DescribeTaskDefinition");
            Unread::misfit(format!("{what}: its answer is no task definition; see whether that address is right"))
        })
    }

    /// Registers one. Gives its ARN.
    ///
    /// # Errors
    /// The answer, unless it is a yes that names it.
    pub(super) async fn register(&self, body: &Value, fence: &dyn Fence) -> Result<String, SetAnswer> {
        let answer = change(&self.ecs, "RegisterTaskDefinition", body, fence).await?;
        match text(&answer, "/taskDefinition/taskDefinitionArn") {
            "" => Err(SetAnswer::Unknown(format!(
                "{}: its answer names no task definition",
                self.ecs.what("RegisterTaskDefinition")
            ))),
            arn => Ok(arn.to_owned()),
        }
    }

    /// Tells the service something new: `what` is merged with its name.
    ///
    /// # Errors
    /// The answer, unless it is a yes.
    pub(super) async fn update(&self, changed: &Value, fence: &dyn Fence) -> Result<(), SetAnswer> {
        let mut body = json!({ "cluster": self.cluster, "service": self.service });
        for (name, value) in changed.as_object().into_iter().flatten() {
            body[name.as_str()] = value.clone();
        }
        let answer = change(&self.ecs, "UpdateService", &body, fence).await?;
        if answer["service"].is_object() {
            return Ok(());
        }
        let what = self.ecs.what("UpdateService");
        Err(SetAnswer::Unknown(format!("{what}: its answer holds no service; it may be taken all the same")))
    }

    /// Whether the scaling of the service is suspended: in, out, by schedule.
    ///
    /// # Errors
    /// When it cannot be read, or nothing scales the service.
    pub(super) async fn suspended(&self) -> Result<[bool; 3], Unread> {
        let mut body = self.target();
        body["ResourceIds"] = json!([body["ResourceId"]]);
        if let Some(body) = body.as_object_mut() {
            body.remove("ResourceId");
        }
        let answer = look(&self.scaling, "DescribeScalableTargets", &body).await?;
        let what = self.scaling.what("DescribeScalableTargets");
        let Some(targets) = answer["ScalableTargets"].as_array() else {
            let advice = "see whether `endpoint` is the address of this service of AWS";
            return Err(Unread::misfit(format!("{what}: its answer is no list of targets; {advice}")));
        };
        let Some(target) = targets.first() else {
            let service = &self.service;
            return Err(Unread::misfit(format!(
                "{what}: nothing scales service {service}; leave the step out, or compare the names with what is there"
            )));
        };
        Ok(SUSPENDED.map(|key| target["SuspendedState"][key].as_bool().unwrap_or(false)))
    }

    /// Suspends scaling, or resumes it.
    ///
    /// # Errors
    /// The answer, unless it is a yes.
    pub(super) async fn suspend(&self, is_suspended: bool, fence: &dyn Fence) -> Result<(), SetAnswer> {
        let mut body = self.target();
        for key in SUSPENDED {
            body["SuspendedState"][key] = json!(is_suspended);
        }
        change(&self.scaling, "RegisterScalableTarget", &body, fence).await.map(drop)
    }

    /// What scales the service: its own names, not ARNs.
    fn target(&self) -> Value {
        let last = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
        json!({
            "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": format!("service/{}/{}", last(&self.cluster), last(&self.service)),
        })
    }

    /// What is asked of ECS, with where.
    pub(super) fn what(&self, action: &str) -> String {
        self.ecs.what(action)
    }

    /// The same of what scales it.
    pub(super) fn what_of_scaling(&self, action: &str) -> String {
        self.scaling.what(action)
    }
}

/// The three ways in which a service is scaled.
pub(super) const SUSPENDED: [&str; 3] =
    ["DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"];

async fn look(service: &Service, action: &str, body: &Value) -> Result<Value, Unread> {
    let what = service.what(action);
    match service.look(action, body).await {
        Err(Lost::Unsigned(trouble)) => Err(Unread::trouble_of(&trouble)),
        Err(Lost::Exchange(failure)) => Err(Unread::failed(failure, &what)),
        Ok(Said::Yes(document)) => Ok(document),
        Ok(Said::Strange) => {
            let advice = "see whether `endpoint` is the address of this service of AWS";
            Err(Unread::misfit(format!("{what}: its answer is none of this service; {advice}")))
        }
        Ok(Said::No(None, answer)) => Err(Unread::refused(&answer, &what)),
        Ok(Said::No(Some(no), answer)) => {
            let told = say::refused(&answer, &what).not_before;
            let not_before = told.or_else(|| no.is_throttled().then_some(USED_UP));
            let why = format!("{what}: {}; {}", say::quoted(&no.said()), service.advice(&no, action));
            let look = ActionLook { not_before, ..ActionLook::new(ActionState::Unknown { why }) };
            Err(Unread::said(look, !no.may_have_acted()))
        }
    }
}

async fn change(service: &Service, action: &str, body: &Value, fence: &dyn Fence) -> Result<Value, SetAnswer> {
    let what = service.what(action);
    match service.change(action, body, fence).await {
        Err(Lost::Unsigned(trouble)) => Err(SetAnswer::NotSent(trouble.to_string())),
        Err(Lost::Exchange(failure)) => Err(failure.set_answer(&what)),
        Ok(Said::Yes(document)) => Ok(document),
        Ok(Said::Strange) => Err(SetAnswer::Unknown(format!("{what}: its answer is none of this service"))),
        Ok(Said::No(None, answer)) => {
            let why = say::no(&answer, &what);
            Err(if answer.status >= 500 { SetAnswer::Unknown(why) } else { SetAnswer::Failed(why) })
        }
        Ok(Said::No(Some(no), _)) => {
            let why = format!("{what}: {}; {}", say::quoted(&no.said()), service.advice(&no, action));
            Err(if no.may_have_acted() { SetAnswer::Unknown(why) } else { SetAnswer::Failed(why) })
        }
    }
}
