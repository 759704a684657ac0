//! An Octopus server that keeps the real one's rules: versions of the variable set, deletion by omission, sensitive values
//! that are wiped without their id, releases that freeze variables, lifecycles that deploy by themselves, one deployment
//! of a project to an environment at a time, permissions, and a limit.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::web::{Asked, Said, Web};

/// What an account with every permission shows.
pub const KEY: &str = "API-PILOTHUNTER2";

/// What an account shows that may only look.
pub const VIEWER: &str = "API-VIEWERHUNTER2";

const SET: &str = "variableset-Projects-101";
const HERE: &str = "Environments-3";

/// A server with one routing project.
pub struct Server {
    /// Per key, the permissions that it lacks.
    pub lacks: BTreeMap<String, Vec<&'static str>>,
    /// The project's variables as they are saved.
    pub set: Value,
    /// The values of sensitive variables, by id.
    pub secrets: BTreeMap<String, String>,
    /// Releases, oldest first.
    pub releases: Vec<Release>,
    /// Deployments with their tasks, oldest first.
    pub deployments: Vec<Deployment>,
    /// What the routing script was last run with, whole.
    pub applied: BTreeMap<String, u32>,
    /// Whether a new release is deployed by its lifecycle.
    pub deploys_itself: bool,
    /// Whether every task succeeds as soon as it runs; else a test ends it.
    pub is_quick: bool,
    /// Whether what is cancelled ends at once; else a test ends it, as the step that runs is not interrupted.
    pub cancels_at_once: bool,
    /// Seconds to wait, where it is asked too often.
    pub limit: Option<u32>,
    /// Further keys of the project.
    pub project: Value,
    clock: u32,
}

/// A release.
pub struct Release {
    pub id: String,
    pub version: String,
    /// The variables as they were frozen.
    pub snapshot: Value,
    /// What is said of it.
    pub notes: String,
    /// The packages that were selected, as sent.
    pub packages: Value,
}

/// A deployment and its task.
pub struct Deployment {
    pub id: String,
    pub release: String,
    pub task: String,
    pub state: &'static str,
    /// What is said of it.
    pub comments: String,
    /// What a person is asked.
    pub question: Option<String>,
    /// What its script wrote.
    pub log: Vec<String>,
    pub percent: u32,
    pub ended: Option<u32>,
}

/// Starts one.
pub fn start() -> Web<Server> {
    Web::start(Server::new(), Server::answer)
}

impl Server {
    /// Weights 100 and 0, deployed.
    pub fn new() -> Self {
        let here = json!({ "Environment": [HERE] });
        let there = json!({ "Environment": ["Environments-1"] });
        let variable = |id: &str, name: &str, value: Value, scope: &Value, kind: &str| {
            json!({
                "Id": id, "Name": name, "Value": value, "Description": null, "Scope": scope, "IsEditable": true,
                "Prompt": null, "Type": kind, "IsSensitive": kind == "Sensitive",
            })
        };
        let variables = json!([
            variable("v-1", "Routing.Blue.Weight", json!("100"), &here, "String"),
            variable("v-2", "Routing.Green.Weight", json!("0"), &here, "String"),
            variable("v-3", "Routing.Blue.Weight", json!("50"), &there, "String"),
            variable("v-4", "Routing.Green.Weight", json!("50"), &there, "String"),
            variable("v-5", "Edge.ApiToken", Value::Null, &json!({}), "Sensitive"),
            variable("v-6", "Edge.Timeout", json!("5"), &json!({}), "String"),
        ]);
        let set = json!({
            "Id": SET, "OwnerId": "Projects-101", "SpaceId": "Spaces-1", "Version": 7, "Variables": variables,
            "ScopeValues": { "Environments": [{ "Id": HERE, "Name": "prod" }] },
            "Links": { "Self": "/api/Spaces-1/projects/Projects-101/variables" },
        });
        let all = ["VariableEdit", "ReleaseCreate", "DeploymentCreate", "TaskCancel"];
        let mut server = Self {
            lacks: BTreeMap::from([(KEY.to_owned(), vec![]), (VIEWER.to_owned(), all.to_vec())]),
            set,
            secrets: BTreeMap::from([("v-5".to_owned(), "hunter2".to_owned())]),
            releases: Vec::new(),
            deployments: Vec::new(),
            applied: BTreeMap::new(),
            deploys_itself: false,
            is_quick: true,
            cancels_at_once: true,
            limit: None,
            project: json!({}),
            clock: 0,
        };
        server.release("2026.11.20.1");
        server.deploy("2026.11.20.1");
        server
    }

    /// A person saves other weights by hand.
    pub fn save(&mut self, blue: u32, green: u32) {
        self.set["Version"] = json!(self.version() + 1);
        self.set["Variables"][0]["Value"] = json!(blue.to_string());
        self.set["Variables"][1]["Value"] = json!(green.to_string());
    }

    /// The variable set's version.
    pub fn version(&self) -> u64 {
        self.set["Version"].as_u64().unwrap()
    }

    /// A release freezes the variables as they are saved.
    pub fn release(&mut self, version: &str) -> String {
        let id = format!("Releases-{}", self.releases.len() + 1);
        let mut snapshot = self.set.clone();
        snapshot["Id"] = json!(format!("{SET}-snapshot-{}", self.releases.len() + 1));
        snapshot["IsFrozen"] = json!(true);
        let (version_of, notes, packages) = (version.to_owned(), String::new(), json!([]));
        self.releases.push(Release { id: id.clone(), version: version_of, snapshot, notes, packages });
        if self.deploys_itself {
            self.deploy(version);
        }
        id
    }

    /// A deployment of a release: it waits until none runs.
    pub fn deploy(&mut self, version: &str) -> String {
        let release = self.releases.iter().find(|release| release.version == version).unwrap().id.clone();
        let number = self.deployments.len() + 1;
        self.deployments.push(Deployment {
            id: format!("Deployments-{number}"),
            release,
            task: format!("ServerTasks-{number}"),
            state: "Queued",
            comments: String::new(),
            question: None,
            log: Vec::new(),
            percent: 0,
            ended: None,
        });
        self.go_on();
        format!("ServerTasks-{number}")
    }

    /// A running task ends.
    pub fn end(&mut self, task: &str, state: &'static str) {
        self.clock += 1;
        let at = self.deployments.iter().position(|each| each.task == task).unwrap();
        self.deployments[at].state = state;
        self.deployments[at].ended = Some(self.clock);
        if state == "Success" {
            self.apply(at);
        }
        self.go_on();
    }

    /// A task that runs.
    pub fn task(&mut self, task: &str) -> &mut Deployment {
        self.deployments.iter_mut().find(|each| each.task == task).unwrap()
    }

    /// The states of all tasks, oldest first.
    pub fn states(&self) -> Vec<&'static str> {
        self.deployments.iter().map(|each| each.state).collect()
    }

    fn go_on(&mut self) {
        let runs = |each: &&Deployment| ["Executing", "Cancelling"].contains(&each.state);
        if self.deployments.iter().any(|each| runs(&each)) {
            return;
        }
        let Some(next) = self.deployments.iter_mut().find(|each| each.state == "Queued" && each.question.is_none())
        else {
            return;
        };
        next.state = "Executing";
        let task = next.task.clone();
        if self.is_quick {
            self.end(&task, "Success");
        }
    }

    fn apply(&mut self, at: usize) {
        let release = &self.deployments[at].release;
        let snapshot = &self.releases.iter().find(|each| each.id == *release).unwrap().snapshot;
        for variable in snapshot["Variables"].as_array().unwrap() {
            let name = variable["Name"].as_str().unwrap();
            let is_here = variable["Scope"]["Environment"].as_array().is_some_and(|all| all.contains(&json!(HERE)));
            if is_here && name.starts_with("Routing.") {
                self.applied.insert(name.to_owned(), variable["Value"].as_str().unwrap().parse().unwrap());
            }
        }
    }

    /// Answers by the rules.
    #[expect(clippy::too_many_lines, reason = "a line or a few for each request that the server knows")]
    pub fn answer(&mut self, asked: &Asked) -> Said {
        let Some(lacks) = self.lacks.get(asked.header("x-octopus-apikey")) else {
            return no(401, "You must be logged in to request this resource.", &["Please provide a valid API key."]);
        };
        if let Some(seconds) = self.limit {
            return no(429, "Too many requests.", &[]).with("Retry-After", &seconds.to_string());
        }
        let route = asked.route().to_owned();
        let parts: Vec<&str> = route.trim_start_matches("/api/").split('/').collect();
        let needs = match (asked.method.as_str(), parts.as_slice()) {
            ("PUT", [_, "variables", ..]) => "VariableEdit",
            ("POST", [_, "releases", ..]) => "ReleaseCreate",
            ("POST", [_, "deployments", ..]) => "DeploymentCreate",
            ("POST", [_, "tasks", _, "cancel"]) => "TaskCancel",
            (_, [_, "deployments"]) => "DeploymentView",
            (_, [_, "variables", ..]) => "VariableView",
            _ => "",
        };
        if lacks.contains(&needs) {
            let why = format!("You do not have permission to perform this action. Missing permission: {needs}");
            return no(403, &why, &[]);
        }
        match (asked.method.as_str(), parts.as_slice()) {
            ("GET", ["spaces"]) => page(asked, vec![item("Spaces-1", "Default"), item("Spaces-2", "Payments")]),
            ("GET", ["Spaces-1", "projects"]) => {
                let mut project = json!({
                    "Id": "Projects-101", "Name": "Bridge Routing", "Slug": "bridge-routing", "VariableSetId": SET,
                    "IsDisabled": false, "IsVersionControlled": false, "DeploymentProcessId": "deploymentprocess-Projects-101",
                });
                let further = self.project.as_object().unwrap().clone();
                project.as_object_mut().unwrap().extend(further);
                let mut other = item("Projects-102", "Bridge");
                other["VariableSetId"] = json!("variableset-Projects-102");
                page(asked, vec![other, project])
            }
            ("GET", ["Spaces-1", "environments"]) => {
                page(asked, vec![item("Environments-1", "prod-drill"), item(HERE, "prod")])
            }
            ("GET", ["Spaces-1", "projects", "Projects-101", "channels"]) => {
                let mut default = item("Channels-1", "Release");
                default["IsDefault"] = json!(true);
                page(asked, vec![item("Channels-2", "Hotfix"), default])
            }
            ("GET", ["Spaces-1", "variables", id]) => self.variables(id),
            ("PUT", ["Spaces-1", "variables", SET]) => self.put(asked.json()),
            ("PUT", ["Spaces-1", "variables", _]) => no(400, "The variable set is frozen.", &[]),
            ("GET", ["Spaces-1", "releases", id]) => self.found(|release| release.id == *id),
            ("GET", ["Spaces-1", "projects", "Projects-101", "releases", version]) => {
                self.found(|release| release.version == *version)
            }
            ("POST", ["Spaces-1", "releases", "create", "v1"]) => self.create_release(&asked.json()),
            ("GET", ["Spaces-1", "deploymentprocesses", "deploymentprocess-Projects-101", "template"]) => {
                let package = |step: &str, name: &str| json!({ "ActionName": step, "PackageReferenceName": name });
                let packages = [package("Deploy web", ""), package("Run migration", "tool")];
                Said::json(200, &json!({ "DeploymentProcessId": parts[2], "Packages": packages }))
            }
            ("POST", ["Spaces-1", "releases"]) => self.create_release_of_packages(&asked.json()),
            ("POST", ["Spaces-1", "deployments"]) => self.create_deployment_of_release(&asked.json()),
            ("POST", ["Spaces-1", "deployments", "create", "untenanted", "v1"]) => {
                self.create_deployment(&asked.json())
            }
            ("GET", ["Spaces-1", "deployments"]) => self.list_deployments(asked),
            ("GET", ["Spaces-1", "tasks"]) => {
                let ids: Vec<&str> = query(asked, "ids").split(',').collect();
                let tasks = self.deployments.iter().filter(|each| ids.contains(&each.task.as_str()));
                Said::json(200, &json!({ "Items": tasks.map(task).collect::<Vec<_>>() }))
            }
            (_, ["Spaces-1", "tasks", id, _]) if !self.deployments.iter().any(|each| each.task == **id) => {
                no(404, "The resource was not found.", &[])
            }
            ("GET", ["Spaces-1", "tasks", id, "details"]) => {
                let each = self.task(id);
                let lines: Vec<Value> = each.log.iter().map(|line| json!({ "MessageText": line })).collect();
                let step = json!({ "Name": "Step 1: Deploy web", "LogElements": lines, "Children": [] });
                let logs = json!([{ "Name": "Deploy", "LogElements": [], "Children": [step] }]);
                let progress = json!({ "ProgressPercentage": each.percent });
                Said::json(200, &json!({ "Task": task(each), "Progress": progress, "ActivityLogs": logs }))
            }
            ("GET", ["Spaces-1", "tasks", _, "queued-behind"]) => {
                let running = self.deployments.iter().filter(|each| each.state == "Executing");
                let described =
                    running.map(|each| json!({ "Id": each.task, "Description": format!("Deploy {}", each.release) }));
                Said::json(200, &json!({ "Items": described.collect::<Vec<_>>() }))
            }
            ("GET", ["Spaces-1", "interruptions"]) => {
                let of = query(asked, "regarding");
                let asks = self.deployments.iter().filter(|each| each.task == of);
                let titles =
                    asks.filter_map(|each| Some(json!({ "Title": each.question.as_ref()?, "IsPending": true })));
                Said::json(200, &json!({ "Items": titles.collect::<Vec<_>>() }))
            }
            ("POST", ["Spaces-1", "tasks", id, "cancel"]) => {
                if self.task(id).ended.is_some() {
                    return no(400, "The task is not running.", &[]);
                }
                if self.cancels_at_once || self.task(id).state == "Queued" {
                    self.end(id, "Canceled");
                } else {
                    self.task(id).state = "Cancelling";
                }
                Said::json(200, &task(self.task(id)))
            }
            _ => no(404, &format!("The resource `{route}` was not found."), &[]),
        }
    }

    fn variables(&self, id: &str) -> Said {
        let snapshots = self.releases.iter().map(|release| &release.snapshot);
        match snapshots.chain([&self.set]).find(|set| set["Id"] == *id) {
            Some(set) => Said::json(200, set),
            None => no(404, "The resource was not found.", &[]),
        }
    }

    fn put(&mut self, mut sent: Value) -> Said {
        if sent["Version"].as_u64() != Some(self.version()) {
            let why = "Changes to these variables could not be saved, because another user has made changes to them.";
            return no(400, "There was a problem with your request.", &[why]);
        }
        let Some(variables) = sent["Variables"].as_array() else { return no(500, "Object reference not set.", &[]) };
        if variables.iter().any(|each| each["Type"].is_null()) {
            return no(500, "Object reference not set to an instance of an object.", &[]);
        }
        let ids: Vec<&str> = variables.iter().filter_map(|each| each["Id"].as_str()).collect();
        if (1..ids.len()).any(|index| ids[..index].contains(&ids[index])) {
            return no(400, "There was a problem with your request.", &["Variable ids must be unique."]);
        }
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        self.secrets.retain(|id, _| ids.contains(id));
        sent["Version"] = json!(self.version() + 1);
        self.set = sent;
        Said::json(200, &self.set)
    }

    fn found(&self, is_it: impl Fn(&Release) -> bool) -> Said {
        let Some(release) = self.releases.iter().find(|release| is_it(release)) else {
            return no(404, "The resource was not found.", &[]);
        };
        let release = json!({
            "Id": release.id, "Version": release.version, "ProjectId": "Projects-101", "ChannelId": "Channels-1",
            "ProjectVariableSetSnapshotId": release.snapshot["Id"], "ReleaseNotes": release.notes,
            "SelectedPackages": release.packages,
        });
        Said::json(200, &release)
    }

    fn create_release(&mut self, sent: &Value) -> Said {
        if let Some(why) = misses(sent) {
            return why;
        }
        let version = sent["releaseVersion"].as_str().unwrap();
        if let Some(release) = self.releases.iter().find(|release| release.version == version) {
            if sent["ignoreIfAlreadyExists"] == true {
                return Said::json(200, &json!({ "ReleaseId": release.id, "ReleaseVersion": version }));
            }
            let why = format!("Release '{version}' already exists for this project. Please use a different version.");
            return no(400, "There was a problem with your request.", &[&why]);
        }
        if !["Release", "Hotfix"].contains(&sent["channelName"].as_str().unwrap_or_default()) {
            return no(400, "A channelId must be provided when more than one exists.", &[]);
        }
        let id = self.release(version);
        Said::json(200, &json!({ "ReleaseId": id, "ReleaseVersion": version }))
    }

    /// The older way, which takes versions of packages.
    fn create_release_of_packages(&mut self, sent: &Value) -> Said {
        let wrong = |why: &str| no(400, "There was a problem with your request.", &[why]);
        let version = sent["Version"].as_str().unwrap_or_default();
        if sent["ProjectId"] != "Projects-101"
            || !["Channels-1", "Channels-2"].map(Value::from).contains(&sent["ChannelId"])
        {
            return wrong("A channelId must be provided when more than one exists.");
        }
        if self.releases.iter().any(|release| release.version == version) {
            return wrong(&format!("Release '{version}' already exists for this project."));
        }
        let has = |step: &str, name: &str| {
            let all = sent["SelectedPackages"].as_array().into_iter().flatten();
            all.filter(|one| {
                one["ActionName"] == step && one["PackageReferenceName"] == name && one["Version"].is_string()
            })
            .count()
                == 1
        };
        if !has("Deploy web", "") || !has("Run migration", "tool") {
            return wrong("A version must be specified for every included package.");
        }
        let id = self.release(version);
        let made = self.releases.last_mut().unwrap();
        sent["ReleaseNotes"].as_str().unwrap_or_default().clone_into(&mut made.notes);
        made.packages = sent["SelectedPackages"].clone();
        let Said { body, .. } = self.found(|release| release.id == id);
        Said::json(201, &serde_json::from_slice(&body).unwrap())
    }

    /// The older way, which takes comments.
    fn create_deployment_of_release(&mut self, sent: &Value) -> Said {
        let release = self.releases.iter().find(|release| sent["ReleaseId"] == release.id.as_str());
        let Some(version) = release.map(|release| release.version.clone()).filter(|_| sent["EnvironmentId"] == HERE)
        else {
            return no(400, "There was a problem with your request.", &["The release or the environment is missing."]);
        };
        let task = self.deploy(&version);
        sent["Comments"].as_str().unwrap_or_default().clone_into(&mut self.task(&task).comments);
        Said::json(201, &deployment(self.task(&task)))
    }

    fn create_deployment(&mut self, sent: &Value) -> Said {
        if let Some(why) = misses(sent) {
            return why;
        }
        let version = sent["releaseVersion"].as_str().unwrap();
        if sent["environmentNames"] != json!(["prod"]) || !self.releases.iter().any(|each| each.version == version) {
            return no(404, "The release or the environment was not found.", &[]);
        }
        let task = self.deploy(version);
        let started = json!([{ "DeploymentId": task.replace("ServerTasks", "Deployments"), "ServerTaskId": task }]);
        Said::json(200, &json!({ "DeploymentServerTasks": started }))
    }

    fn list_deployments(&self, asked: &Asked) -> Said {
        if query(asked, "projects") != "Projects-101" || query(asked, "environments") != HERE {
            return Said::json(200, &json!({ "Items": [] }));
        }
        let (state, take) = (query(asked, "taskState"), query(asked, "take").parse().unwrap());
        let newest = self.deployments.iter().rev().filter(|each| state.is_empty() || each.state == state).take(take);
        Said::json(200, &json!({ "Items": newest.map(deployment).collect::<Vec<_>>() }))
    }
}

fn deployment(each: &Deployment) -> Value {
    json!({
        "Id": each.id, "ReleaseId": each.release, "EnvironmentId": HERE, "TaskId": each.task, "TenantId": null,
        "Comments": each.comments,
    })
}

fn task(each: &Deployment) -> Value {
    let time = |at: u32| format!("2026-11-21T10:{:02}:{:02}.000+00:00", at / 60, at % 60);
    json!({
        "Id": each.task, "State": each.state, "IsCompleted": each.ended.is_some(), "CompletedTime": each.ended.map(time),
        "ErrorMessage": if each.state == "Failed" { "The deployment failed because a step failed." } else { "" },
        "FinishedSuccessfully": each.state == "Success", "HasPendingInterruptions": each.question.is_some(),
        "Links": { "Web": format!("/app#/Spaces-1/tasks/{}", each.task) },
    })
}

fn item(id: &str, name: &str) -> Value {
    json!({ "Id": id, "Name": name })
}

fn page(asked: &Asked, all: Vec<Value>) -> Said {
    let part = query(asked, "partialName").replace('+', " ").to_lowercase();
    let items: Vec<Value> =
        all.into_iter().filter(|each| each["Name"].as_str().unwrap().to_lowercase().contains(&part)).collect();
    Said::json(200, &json!({ "ItemType": "Item", "TotalResults": items.len(), "Items": items, "Links": {} }))
}

fn query<'a>(asked: &'a Asked, key: &str) -> &'a str {
    let pairs = asked.path.split_once('?').map_or("", |(_, query)| query).split('&');
    pairs.filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == key).map_or("", |(_, value)| value)
}

fn misses(sent: &Value) -> Option<Said> {
    let fits =
        sent["spaceId"] == "Spaces-1" && sent["spaceIdOrName"] == "Spaces-1" && sent["projectName"] == "Bridge Routing";
    (!fits).then(|| no(400, "The space or the project is missing.", &[]))
}

fn no(status: u16, message: &str, errors: &[&str]) -> Said {
    Said::json(status, &json!({ "ErrorMessage": message, "Errors": errors, "Details": {}, "HelpText": null }))
}
