//! One act on one service: described, started once, followed.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::super::before::{Unread, items, number, text};
use super::super::keys::whole_image;
use super::super::shown::Shown;
use super::super::{Action, differ, say};
use super::call::{Calls, SUSPENDED};
use super::config::{Act, Config};
use super::definition::{Definition, TAG, short};
use super::judge;
use crate::adapter::router::{Fence, SetAnswer};
use crate::domain::Trouble;
use crate::domain::action::{Acting, ActionLook, ActionState, Description, Started};

/// The most deployments of a service whose definitions are asked for their key.
const MOST: usize = 4;

pub(super) struct Ecs {
    config: Config,
    calls: Calls,
    /// What must be as it was when the act was shown.
    shown: Shown<Value>,
}

impl Action for Ecs {
    fn describe<'a>(&'a self, acting: &'a Acting) -> BoxFuture<'a, Result<Description, Trouble>> {
        async move {
            let what = self.config.words();
            let trouble = |unread: Unread| unread.trouble(&what);
            let service = self.calls.service().await.map_err(trouble)?;
            let description = match &self.config.act {
                Act::Deploy { container, image, count } => {
                    let definition = self.calls.definition(text(&service, "/taskDefinition")).await.map_err(trouble)?;
                    let image = whole_image(image, acting).map_err(|why| say::unsaid(&what, why))?;
                    let coming = deployable(&service)
                        .and_then(|()| definition.with(container, &image, &acting.key))
                        .map_err(|why| say::unsaid(&what, why))?;
                    self.deploys(&service, &definition, &coming, *count, &acting.key)
                }
                Act::Scale(count) => self.scales(&service, *count),
                Act::Scaling { is_suspended } => {
                    let now = self.calls.suspended().await.map_err(trouble)?;
                    self.suspends(now, *is_suspended)
                }
            };
            self.shown.keep(&acting.key, self.bound(&service));
            Ok(description)
        }
        .boxed()
    }

    fn start<'a>(&'a self, acting: &'a Acting, fence: &'a dyn Fence) -> BoxFuture<'a, Started> {
        async move {
            let service = match self.calls.service().await {
                Ok(service) => service,
                Err(unread) => return unread.started(),
            };
            let (said, what) = match &self.config.act {
                Act::Deploy { .. } => return self.deploy(&service, acting, fence).await,
                _ if !self.is_as_shown(acting, &service) => return self.moved(),
                Act::Scale(count) => {
                    let said = self.calls.update(&json!({ "desiredCount": count }), fence).await;
                    (
                        said.map(|()| Started::Running { handle: format!("{count} tasks"), link: self.link() }),
                        "UpdateService",
                    )
                }
                Act::Scaling { is_suspended } => {
                    // Told of a service that nothing scales, it would make a target of it.
                    if let Err(unread) = self.calls.suspended().await {
                        return unread.started();
                    }
                    let words = if *is_suspended { "its scaling is suspended" } else { "its scaling goes on" };
                    let said = self.calls.suspend(*is_suspended, fence).await;
                    (said.map(|()| Started::Done { words: words.to_owned() }), "RegisterScalableTarget")
                }
            };
            said.unwrap_or_else(|answer| say::started(answer, &self.calls.what(what)))
        }
        .boxed()
    }

    fn look<'a>(&'a self, acting: &'a Acting, handle: Option<&'a str>) -> BoxFuture<'a, ActionLook> {
        async move {
            let looked = match &self.config.act {
                Act::Deploy { .. } => self.look_at_deployment(acting, handle).await,
                Act::Scale(count) => self.look_at_count(*count, handle).await,
                Act::Scaling { is_suspended } => self.look_at_scaling(*is_suspended).await,
            };
            looked.unwrap_or_else(Unread::look)
        }
        .boxed()
    }

    fn cancel<'a>(&'a self, _acting: &'a Acting, handle: &'a str, _fence: &'a dyn Fence) -> BoxFuture<'a, SetAnswer> {
        async move {
            SetAnswer::NotSent(format!(
                "ECS cannot cancel {handle}: what would end it is a deployment of its own, of the version before"
            ))
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async move {
            let service = self.calls.service().await.map_err(|unread| unread.trouble(&self.config.words()))?;
            let runs = say::quoted(short(text(&service, "/taskDefinition")));
            let count = number(&service, "/desiredCount").unwrap_or(0);
            Ok(format!("service {} has {count} tasks of {runs}; nothing is changed now", self.config.service))
        }
        .boxed()
    }
}

impl Ecs {
    pub(super) fn new(config: Config) -> Result<Self, Trouble> {
        Ok(Self { calls: Calls::new(&config)?, config, shown: Shown::newest(1) })
    }

    fn deploys(
        &self,
        service: &Value,
        definition: &Definition,
        coming: &Value,
        count: Option<u64>,
        key: &str,
    ) -> Description {
        let Config { cluster, service: name, .. } = &self.config;
        let images = items(coming, "/containerDefinitions").map(|each| {
            format!("  image of {}: {}", say::quoted(text(each, "/name")), say::quoted(text(each, "/image")))
        });
        let mut requests = vec![
            format!("POST {}", self.calls.what("RegisterTaskDefinition")),
            format!("  as {}, but for:", definition.name()),
        ];
        requests.extend(images);
        requests.push(format!("  tag {TAG}: {key}"));
        requests.push(format!("POST {}", self.calls.what("UpdateService")));
        requests.push(format!("  cluster: {cluster}, service: {name}"));
        requests.push("  taskDefinition: the one that was registered".to_owned());
        let now = number(service, "/desiredCount").unwrap_or(0);
        if let Some(count) = count {
            requests.push(format!("  desiredCount: {count}"));
        }
        let mut differences = definition.differences(coming);
        differences.push(differ::value("tasks", &now.to_string(), &count.unwrap_or(now).to_string()));
        let mut notes = vec!["it cannot be cancelled: deploying the version before is the way back".to_owned()];
        let strategy = text(service, "/deploymentConfiguration/strategy");
        if !matches!(strategy, "" | "ROLLING") {
            let strategy = say::quoted(strategy);
            notes.push(format!(
                "ECS moves traffic by itself here, its strategy is {strategy}: no router here knows of it"
            ));
        }
        Description { requests, differences, notes }
    }

    fn scales(&self, service: &Value, count: u64) -> Description {
        let Config { cluster, service: name, .. } = &self.config;
        let now = number(service, "/desiredCount").unwrap_or(0);
        Description {
            requests: vec![
                format!("POST {}", self.calls.what("UpdateService")),
                format!("  cluster: {cluster}, service: {name}"),
                format!("  desiredCount: {count}"),
            ],
            differences: vec![differ::value("tasks", &now.to_string(), &count.to_string())],
            notes: vec!["scaling that is not suspended puts its own number back".to_owned()],
        }
    }

    fn suspends(&self, now: [bool; 3], is_suspended: bool) -> Description {
        let mut requests = vec![format!("POST {}", self.calls.what_of_scaling("RegisterScalableTarget"))];
        requests.push(format!("  service: {} of cluster {}", self.config.service, self.config.cluster));
        requests.extend(SUSPENDED.map(|key| format!("  {key}: {is_suspended}")));
        let shown = |is_suspended: bool| if is_suspended { "suspended" } else { "goes on" };
        let ways = ["scaling in", "scaling out", "scaling by schedule"];
        let differences =
            ways.iter().zip(now).map(|(way, now)| differ::value(way, shown(now), shown(is_suspended))).collect();
        Description { requests, differences, notes: Vec::new() }
    }

    async fn deploy(&self, service: &Value, acting: &Acting, fence: &dyn Fence) -> Started {
        let Act::Deploy { container, image, count } = &self.config.act else { return self.moved() };
        let definition = match self.calls.definition(text(service, "/taskDefinition")).await {
            Ok(definition) => definition,
            Err(unread) => return unread.started(),
        };
        if definition.key() == acting.key {
            return self.runs(definition.name());
        }
        if !self.is_as_shown(acting, service) {
            return self.moved();
        }
        let coming = deployable(service)
            .and_then(|()| whole_image(image, acting))
            .and_then(|image| definition.with(container, &image, &acting.key));
        let coming = match coming {
            Ok(coming) => coming,
            Err(why) => return Started::NotSent { why },
        };
        let arn = match self.calls.register(&coming, fence).await {
            Ok(arn) => arn,
            // Nothing that runs has changed, whatever became of it.
            Err(SetAnswer::Unknown(why)) => {
                let why = format!("{why}; the service was not told of it, so that nothing has changed there");
                return Started::NotSent { why };
            }
            Err(answer) => return say::started(answer, &self.calls.what("RegisterTaskDefinition")),
        };
        let mut changed = json!({ "taskDefinition": arn });
        if let Some(count) = count {
            changed["desiredCount"] = json!(count);
        }
        match self.calls.update(&changed, fence).await {
            Ok(()) => self.runs(short(&arn)),
            Err(answer) => say::started(answer, &self.calls.what("UpdateService")),
        }
    }

    async fn look_at_deployment(&self, acting: &Acting, handle: Option<&str>) -> Result<ActionLook, Unread> {
        let service = self.calls.service().await?;
        let name = match handle {
            Some(handle) => handle.to_owned(),
            None => match self.find(&service, acting).await? {
                Ok(name) => name,
                Err(state) => return Ok(self.seen(state, &service, None)),
            },
        };
        let found = handle.is_none().then(|| name.clone());
        let state = match judge::deployment(&service, &name) {
            Some(state) => state,
            None => self.unlisted(&service, &self.calls.definition(&name).await?),
        };
        Ok(self.seen(state, &service, found))
    }

    /// The definition of the deployment that has the act's key; else what that means.
    async fn find(&self, service: &Value, acting: &Acting) -> Result<Result<String, ActionState>, Unread> {
        let mut family = String::new();
        for deployment in items(service, "/deployments").take(MOST) {
            let definition = self.calls.definition(text(deployment, "/taskDefinition")).await?;
            if definition.key() == acting.key {
                return Ok(Ok(definition.name().to_owned()));
            }
            definition.name().split(':').next().unwrap_or_default().clone_into(&mut family);
        }
        let newest = self.calls.definition(&family).await?;
        if newest.key() == acting.key
            && let overtaken @ ActionState::Failed { .. } = self.unlisted(service, &newest)
        {
            return Ok(Err(overtaken));
        }
        let told = if newest.key() == acting.key { "was not told of the one that has it" } else { "has none of it" };
        let why = format!("no deployment of service {} has the key {}: it {told}", self.config.service, acting.key);
        Ok(Err(ActionState::Absent { why }))
    }

    /// A definition that no deployment of the service is of: it is not listed yet, or another one came after it.
    fn unlisted(&self, service: &Value, definition: &Definition) -> ActionState {
        let is_newer = judge::primary_made(service).is_none_or(|made| made > definition.registered());
        let overtaken = is_newer.then(|| judge::overtaken(service)).flatten();
        overtaken.unwrap_or_else(|| ActionState::Unknown {
            why: format!(
                "service {} lists no deployment of {} yet; it is looked again",
                self.config.service,
                definition.name()
            ),
        })
    }

    async fn look_at_count(&self, count: u64, handle: Option<&str>) -> Result<ActionLook, Unread> {
        let service = self.calls.service().await?;
        let now = number(&service, "/desiredCount").unwrap_or(0);
        if handle.is_none() && now != count {
            let why = format!("service {} is to have {now} tasks, not {count}", self.config.service);
            return Ok(self.seen(ActionState::Absent { why }, &service, None));
        }
        let found = handle.is_none().then(|| format!("{count} tasks"));
        Ok(self.seen(judge::scaled(&service, count), &service, found))
    }

    async fn look_at_scaling(&self, is_suspended: bool) -> Result<ActionLook, Unread> {
        let now = self.calls.suspended().await?;
        if now == [is_suspended; 3] {
            return Ok(ActionLook::new(ActionState::Succeeded));
        }
        let why = format!("the scaling of service {} is not as it was to be", self.config.service);
        Ok(ActionLook::new(ActionState::Absent { why }))
    }

    fn seen(&self, state: ActionState, service: &Value, handle: Option<String>) -> ActionLook {
        ActionLook { handle, link: self.link(), log: judge::events(service), ..ActionLook::new(state) }
    }

    fn runs(&self, definition: &str) -> Started {
        Started::Running { handle: definition.to_owned(), link: self.link() }
    }

    /// Where people look at the service, in the regions whose console has that address.
    fn link(&self) -> Option<String> {
        let last = |name: &str| say::encoded(name.rsplit('/').next().unwrap_or(name));
        let Config { place, cluster, service, .. } = &self.config;
        let region = &place.region;
        let is_known = !["cn-", "us-gov-", "us-iso"].iter().any(|other| region.starts_with(other));
        is_known.then(|| {
            let (cluster, service) = (last(cluster), last(service));
            format!("https://{region}.console.aws.amazon.com/ecs/v2/clusters/{cluster}/services/{service}/health?region={region}")
        })
    }

    /// What must be as it was when it was shown.
    fn bound(&self, service: &Value) -> Value {
        match &self.config.act {
            Act::Deploy { .. } => service["taskDefinition"].clone(),
            Act::Scale(_) => service["desiredCount"].clone(),
            Act::Scaling { .. } => Value::Null,
        }
    }

    fn is_as_shown(&self, acting: &Acting, service: &Value) -> bool {
        self.shown.is(&acting.key, &self.bound(service)).unwrap_or(true)
    }

    fn moved(&self) -> Started {
        let service = &self.config.service;
        let why = format!("somebody changed service {service} since it was shown; look at what would be sent again");
        Started::NotSent { why }
    }
}

/// Whether ECS itself deploys the service.
fn deployable(service: &Value) -> Result<(), String> {
    match text(service, "/deploymentController/type") {
        "" | "ECS" => Ok(()),
        other => Err(format!("{} deploys the service, and not ECS: start the deployment there", say::quoted(other))),
    }
}
