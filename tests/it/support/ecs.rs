//! ECS and what scales it in memory, as far as a deployment goes: every request is signed, a task definition is registered
//! whole and without what AWS tells of it, a new one makes a new primary deployment, and scaling can be suspended.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::aws::Account;
use super::web::{Asked, Said, Web};

const ID: &str = "AKIAOPERATOR";
/// The key that may do everything.
pub const SECRET: &str = "hunter2-of-the-operator";
const FAMILY: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop";

/// What a region holds.
pub struct Region {
    account: Account,
    /// Each revision as it is described, from 1 on.
    pub definitions: Vec<Value>,
    /// The service as it is described.
    pub service: Value,
    /// What scales it, where anything does.
    pub target: Option<Value>,
    /// The tags of key of the definitions that the service was told, in order.
    pub told: Vec<String>,
    /// Answers everything with this instead.
    pub instead: Option<Said>,
    /// Does what the service is told, and answers it with this instead.
    pub garbled: Option<Said>,
    /// The same of definitions that are registered.
    pub garbled_register: Option<Said>,
    /// A clock that goes on by one with every change.
    clock: f64,
}

/// A running region, and the credentials that are good there.
pub struct Ecs {
    /// The region.
    pub web: Web<Region>,
    folder: TempDir,
}

impl Ecs {
    /// Three tasks of the first revision.
    pub fn start() -> Self {
        let container = json!({
            "name": "shop", "image": "registry.example.net/shop:2.4.0", "cpu": 256, "memory": 512, "essential": true,
            "environment": [{ "name": "LEVEL", "value": "hunter2-of-the-environment" }],
            "secrets": [{ "name": "PASSWORD", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/shop" }],
        });
        let first = json!({
            "taskDefinition": {
                "taskDefinitionArn": format!("{FAMILY}:1"), "family": "shop", "revision": 1, "status": "ACTIVE",
                "requiresAttributes": [], "compatibilities": ["FARGATE"], "registeredAt": 1.0, "registeredBy": "arn:of-ana",
                "cpu": "512", "memory": "1024", "containerDefinitions": [container],
            },
            "tags": [{ "key": "team", "value": "shop" }, { "key": "aws:cloudformation:stack-name", "value": "shop" }],
        });
        let mut region = Region {
            account: Account::new(ID, SECRET),
            definitions: vec![first],
            service: json!({
                "serviceName": "shop-blue", "status": "ACTIVE", "desiredCount": 3, "runningCount": 3, "pendingCount": 0,
                "taskDefinition": format!("{FAMILY}:1"), "deploymentController": { "type": "ECS" }, "deployments": [],
                "events": [
                    { "id": "2", "createdAt": 1.5, "message": "(service shop-blue) has reached a steady state." },
                    { "id": "1", "createdAt": 1.2, "message": "(service shop-blue) has started 3 tasks for ana@example.com." },
                ],
            }),
            target: Some(json!({ "MinCapacity": 1, "MaxCapacity": 9, "SuspendedState": {} })),
            told: Vec::new(),
            instead: None,
            garbled: None,
            garbled_register: None,
            clock: 1.0,
        };
        region.deploy(&format!("{FAMILY}:1"));
        region.settle();
        let web = Web::start(region, Region::answer);
        let ecs = Self { web, folder: tempfile::tempdir().unwrap() };
        let file = format!("[deploy]\naws_access_key_id = {ID}\naws_secret_access_key = {SECRET}\n");
        std::fs::write(ecs.folder.path().join("credentials"), file).unwrap();
        ecs
    }

    /// The keys of a profile that lead to the service at an address.
    pub fn keys(&self, at: SocketAddr) -> String {
        let file = self.folder.path().join("credentials");
        format!(
            "kind = \"ecs\"\nregion = \"eu-west-1\"\nendpoint = \"http://{at}\"\nprofile = \"deploy\"\ncredentials = \"{}\"\n\
             cluster = \"prod\"\nservice = \"shop-blue\"",
            file.display()
        )
    }
}

impl Region {
    /// All tasks of the primary deployment run, and no others.
    pub fn settle(&mut self) {
        let wanted = self.service["desiredCount"].clone();
        let deployments = self.service["deployments"].as_array_mut().unwrap();
        deployments.retain(|each| each["status"] == "PRIMARY");
        deployments[0]["rolloutState"] = json!("COMPLETED");
        deployments[0]["runningCount"] = wanted.clone();
        deployments[0]["desiredCount"] = wanted.clone();
        self.service["runningCount"] = wanted;
    }

    /// The circuit breaker ends the primary deployment and goes back to the one before.
    pub fn goes_back(&mut self) {
        let deployments = self.service["deployments"].as_array_mut().unwrap();
        let before = deployments[1]["taskDefinition"].as_str().unwrap().to_owned();
        deployments[0]["rolloutState"] = json!("FAILED");
        deployments[0]["rolloutStateReason"] = json!("ECS deployment circuit breaker: tasks failed to start.");
        self.deploy(&before);
    }

    fn deploy(&mut self, definition: &str) {
        self.clock += 1.0;
        for each in self.service["deployments"].as_array_mut().unwrap() {
            each["status"] = json!("ACTIVE");
        }
        let deployment = json!({
            "id": format!("ecs-svc/{}", self.clock), "status": "PRIMARY", "taskDefinition": definition,
            "desiredCount": self.service["desiredCount"], "runningCount": 0, "pendingCount": 1, "failedTasks": 0,
            "rolloutState": "IN_PROGRESS", "createdAt": self.clock,
        });
        self.service["deployments"].as_array_mut().unwrap().insert(0, deployment);
        self.service["taskDefinition"] = json!(definition);
    }

    fn answer(&mut self, asked: &Asked) -> Said {
        if let Some(instead) = &self.instead {
            return instead.clone();
        }
        let target = asked.header("x-amz-target").to_owned();
        let (service, action) = match target.split_once('.') {
            Some(("AmazonEC2ContainerServiceV20141113", action)) => ("ecs", action),
            Some(("AnyScaleFrontendService", action)) => ("application-autoscaling", action),
            _ => return no("UnknownOperationException", &target),
        };
        if let Err((code, message)) = self.account.signer(asked, service) {
            return no(code, &message);
        }
        assert_eq!(asked.header("content-type"), "application/x-amz-json-1.1");
        let body = asked.json();
        match action {
            "DescribeServices" => self.services(&body),
            "DescribeTaskDefinition" => self.definition(&body),
            "RegisterTaskDefinition" => {
                let said = self.register(&body);
                self.garbled_register.clone().unwrap_or(said)
            }
            "UpdateService" => {
                let said = self.update(&body);
                self.garbled.clone().unwrap_or(said)
            }
            "DescribeScalableTargets" => {
                assert_eq!(body["ResourceIds"], json!(["service/prod/shop-blue"]));
                Said::json(200, &json!({ "ScalableTargets": self.target.iter().collect::<Vec<_>>() }))
            }
            "RegisterScalableTarget" => self.scalable(&body),
            other => no("UnknownOperationException", other),
        }
    }

    fn services(&self, body: &Value) -> Said {
        if body["cluster"] != "prod" {
            return no("ClusterNotFoundException", "Cluster not found.");
        }
        if body["services"] != json!(["shop-blue"]) {
            return Said::json(200, &json!({ "services": [], "failures": [{ "reason": "MISSING" }] }));
        }
        Said::json(200, &json!({ "services": [self.service], "failures": [] }))
    }

    fn find(&self, name: &str) -> Option<&Value> {
        let short = name.rsplit('/').next().unwrap();
        match short.split_once(':') {
            Some(("shop", revision)) => self.definitions.get(revision.parse::<usize>().ok()?.checked_sub(1)?),
            None if short == "shop" => self.definitions.last(),
            _ => None,
        }
    }

    fn definition(&self, body: &Value) -> Said {
        let Some(found) = self.find(body["taskDefinition"].as_str().unwrap()) else {
            return no("ClientException", "Unable to describe task definition.");
        };
        let mut found = found.clone();
        if body["include"] != json!(["TAGS"]) {
            found["tags"] = json!([]);
        }
        Said::json(200, &found)
    }

    fn register(&mut self, body: &Value) -> Said {
        let known = ["family", "containerDefinitions", "cpu", "memory", "tags", "networkMode", "executionRoleArn"];
        if let Some(other) = body.as_object().unwrap().keys().find(|key| !known.contains(&key.as_str())) {
            return no("InvalidParameterException", &format!("Unknown parameter in input: \"{other}\""));
        }
        let tags: Vec<&str> = body["tags"].as_array().unwrap().iter().map(|tag| tag["key"].as_str().unwrap()).collect();
        let is_twice = tags.iter().any(|tag| tags.iter().filter(|other| *other == tag).count() > 1);
        if is_twice || tags.iter().any(|tag| tag.starts_with("aws:")) {
            return no("InvalidParameterException", "Tag keys must be unique and not begin with aws:");
        }
        self.clock += 1.0;
        let mut own = body.clone();
        let tags = own.as_object_mut().unwrap().remove("tags").unwrap();
        let revision = self.definitions.len() + 1;
        own["taskDefinitionArn"] = json!(format!("{FAMILY}:{revision}"));
        own["revision"] = json!(revision);
        own["status"] = json!("ACTIVE");
        own["registeredAt"] = json!(self.clock);
        let whole = json!({ "taskDefinition": own, "tags": tags });
        self.definitions.push(whole.clone());
        Said::json(200, &whole)
    }

    fn update(&mut self, body: &Value) -> Said {
        if body["cluster"] != "prod" || body["service"] != "shop-blue" {
            return no("ServiceNotFoundException", "Service not found.");
        }
        if let Some(definition) = body["taskDefinition"].as_str() {
            if self.service["deploymentController"]["type"] != "ECS" {
                return no(
                    "InvalidParameterException",
                    "Unable to update task definition on services with a CODE_DEPLOY deployment controller.",
                );
            }
            let Some(found) = self.find(definition) else {
                return no("ClientException", "TaskDefinition not found.");
            };
            let own = found["tags"].as_array().unwrap().iter().find(|tag| tag["key"] == "flightdeck:act");
            self.told.extend(own.map(|tag| tag["value"].as_str().unwrap().to_owned()));
            self.deploy(definition);
        }
        if let Some(count) = body["desiredCount"].as_u64() {
            self.service["desiredCount"] = json!(count);
            self.service["deployments"][0]["desiredCount"] = json!(count);
        }
        Said::json(200, &json!({ "service": self.service }))
    }

    fn scalable(&mut self, body: &Value) -> Said {
        assert_eq!(
            (&body["ServiceNamespace"], &body["ScalableDimension"]),
            (&json!("ecs"), &json!("ecs:service:DesiredCount"))
        );
        assert_eq!(body["ResourceId"], "service/prod/shop-blue");
        let Some(target) = &mut self.target else {
            return no("ValidationException", "MinCapacity must be specified.");
        };
        for (key, value) in body["SuspendedState"].as_object().unwrap() {
            target["SuspendedState"][key.as_str()] = value.clone();
        }
        Said::json(200, &json!({ "ScalableTargetARN": "arn:of-it" }))
    }
}

/// A no as the services that speak JSON write it.
pub fn no(code: &str, message: &str) -> Said {
    Said::json(400, &json!({ "__type": format!("com.amazonaws.service.v1#{code}"), "message": message }))
}
