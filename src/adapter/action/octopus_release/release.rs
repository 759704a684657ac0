//! Releases and deployments, as the server has them and as they are asked for.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::say;
use super::super::template::Place;
use super::Octopus;
use crate::adapter::octopus::{Item, Page};
use crate::domain::action::Acting;
use crate::domain::{Trouble, TroubleKind};

/// So many of the newest deployments are looked through for the key.
const NEWEST: usize = 30;

/// The ids behind the profile's names.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    pub(super) space: String,
    pub(super) project: Project,
    pub(super) environment: Item,
}

/// A project.
#[derive(Deserialize, Clone, Debug)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Project {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default)]
    deployment_process_id: String,
    #[serde(default)]
    is_version_controlled: bool,
    #[serde(default)]
    pub(super) is_disabled: bool,
}

/// A release.
#[derive(Deserialize, Clone, Debug)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Release {
    pub(super) id: String,
    pub(super) version: String,
    #[serde(rename = "ReleaseNotes", default)]
    pub(super) notes: Option<String>,
    #[serde(default)]
    selected_packages: Vec<Package>,
}

/// A package of a step, in a version.
#[derive(Deserialize, Clone, PartialEq, Eq, Debug)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Package {
    #[serde(alias = "StepName")]
    action_name: String,
    #[serde(rename = "PackageReferenceName", default)]
    reference: Option<String>,
    #[serde(default)]
    version: String,
}

/// A deployment.
#[derive(Deserialize, Clone, Debug)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Deployment {
    pub(super) release_id: String,
    pub(super) task_id: String,
    #[serde(default)]
    pub(super) comments: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Process {
    #[serde(default)]
    packages: Vec<Package>,
}

/// A release that is to be made.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) version: String,
    pub(super) channel: Item,
    pub(super) packages: Vec<Package>,
}

impl Package {
    /// `Deploy web`, or `Deploy web:config` where the step has several.
    pub(super) fn name(&self) -> String {
        match self.reference.as_deref().filter(|name| !name.is_empty()) {
            Some(reference) => format!("{}:{reference}", self.action_name),
            None => self.action_name.clone(),
        }
    }

    fn is_named(&self, name: &str) -> bool {
        name == self.action_name || name == self.name()
    }
}

impl Wanted {
    /// The request that makes it.
    pub(super) fn body(&self, ids: &Ids, key: &str) -> Value {
        let package = |each: &Package| {
            json!({
                "ActionName": each.action_name, "Version": each.version,
                "PackageReferenceName": each.reference.as_deref().unwrap_or_default(),
            })
        };
        json!({
            "ProjectId": ids.project.id, "ChannelId": self.channel.id, "Version": self.version,
            "ReleaseNotes": note(key), "SelectedPackages": self.packages.iter().map(package).collect::<Vec<_>>(),
        })
    }

    /// Its packages, a line each.
    pub(super) fn lines(&self) -> Vec<String> {
        self.packages.iter().map(|each| format!("  package {}: {}", say::quoted(&each.name()), each.version)).collect()
    }
}

/// What a release and a deployment say of the act that made them.
pub(super) fn note(key: &str) -> String {
    format!("flightdeck {key}")
}

impl Octopus {
    /// The ids.
    pub(super) async fn ids(&self) -> Result<Ids, Trouble> {
        let config = &self.config;
        let space = self.api.named("/api/spaces", "space", &config.space, |space: &Item| &space.name).await?.id;
        let path = format!("/api/{space}/projects");
        let project = self.api.named(&path, "project", &config.project, |project: &Project| &project.name).await?;
        let path = format!("/api/{space}/environments");
        let environment = self.api.named(&path, "environment", &config.environment, |each: &Item| &each.name).await?;
        Ok(Ids { space, project, environment })
    }

    /// The release of this version, where there is one.
    pub(super) async fn release(&self, ids: &Ids, version: &str) -> Result<Option<Release>, Trouble> {
        let path = format!("/api/{}/projects/{}/releases/{}", ids.space, ids.project.id, say::encoded(version));
        self.api.find(&path).await
    }

    /// The deployment that the act made, among the newest; also one that a lifecycle made of the act's own release.
    pub(super) async fn deployed(&self, ids: &Ids, acting: &Acting) -> Result<Option<Deployment>, Trouble> {
        let newest = self.deployments(ids, &format!("take={NEWEST}")).await?;
        let has_key = |text: &Option<String>| text.as_deref().is_some_and(|text| say::has_key(text, &acting.key));
        if let Some(found) = newest.iter().find(|each| has_key(&each.comments)) {
            return Ok(Some(found.clone()));
        }
        let Ok(version) = self.config.version.fill(acting, "", Place::Plain) else { return Ok(None) };
        let made = self.release(ids, &version).await?.filter(|release| has_key(&release.notes));
        let Some(made) = made else { return Ok(None) };
        Ok(newest.into_iter().find(|each| each.release_id == made.id))
    }

    /// Deployments to the environment, newest first.
    async fn deployments(&self, ids: &Ids, which: &str) -> Result<Vec<Deployment>, Trouble> {
        let Ids { space, project, environment } = ids;
        let path =
            format!("/api/{space}/deployments?projects={}&environments={}&skip=0&{which}", project.id, environment.id);
        let page: Page<Deployment> = self.api.get(&path).await?;
        Ok(page.items)
    }

    /// The release that was last deployed well.
    pub(super) async fn running(&self, ids: &Ids) -> Result<Option<Release>, Trouble> {
        let newest = self.deployments(ids, "taskState=Success&take=1").await?;
        let Some(deployment) = newest.first() else { return Ok(None) };
        self.api.find(&format!("/api/{}/releases/{}", ids.space, say::encoded(&deployment.release_id))).await
    }

    /// Whether a deployment to the environment is under way.
    pub(super) async fn is_busy(&self, ids: &Ids) -> Result<bool, Trouble> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Task {
            #[serde(default)]
            is_completed: bool,
        }
        let newest = self.deployments(ids, "take=5").await?;
        if newest.is_empty() {
            return Ok(false);
        }
        let all = newest.iter().map(|each| say::encoded(&each.task_id)).collect::<Vec<_>>().join(",");
        let tasks: Page<Task> = self.api.get(&format!("/api/{}/tasks?ids={all}&take=5", ids.space)).await?;
        Ok(tasks.items.iter().any(|task| !task.is_completed))
    }

    /// The release that is to be made, with the packages that its process asks for.
    pub(super) async fn wanted(&self, ids: &Ids, acting: &Acting, version: &str) -> Result<Wanted, Trouble> {
        let what = format!("make release {version} of {}", ids.project.name);
        let unfit = |why: String, advice: &str| Trouble::new(TroubleKind::Mismatch, what.clone(), why, advice);
        if ids.project.is_version_controlled {
            let why = "the project's process is kept in git, and which commit of it is meant cannot be told";
            return Err(unfit(why.to_owned(), "make the release beforehand: one that is there is deployed"));
        }
        let channel = self.api.channel(&ids.space, &ids.project.id, self.config.channel.as_deref()).await?;
        let process = say::encoded(&ids.project.deployment_process_id);
        let path = format!("/api/{}/deploymentprocesses/{process}/template?channel={}", ids.space, channel.id);
        let Process { packages: mut all } = self.api.get(&path).await?;
        if let Some((name, _)) =
            self.config.packages.iter().find(|(name, _)| !all.iter().any(|each| each.is_named(name)))
        {
            let there = all.iter().map(Package::name).collect::<Vec<_>>().join(", ");
            let why = format!("no step `{name}` has a package; there are: {}", say::quoted(&there));
            return Err(unfit(why, "correct `packages` in the profile"));
        }
        for package in &mut all {
            package.version = match self.version_of(package, acting) {
                Some(version) => version.map_err(|why| unfit(why, "nothing was sent"))?,
                None if acting.to_version.is_empty() => {
                    let why = format!("no version is said for the package of {}", package.name());
                    return Err(unfit(why, "open the session with --to VERSION, or say it in `packages`"));
                }
                None => acting.to_version.clone(),
            };
        }
        Ok(Wanted { version: version.to_owned(), channel, packages: all })
    }

    /// What the profile says of a package's version.
    fn version_of(&self, package: &Package, acting: &Acting) -> Option<Result<String, String>> {
        let named = self.config.packages.iter().find(|(name, _)| *name == package.name());
        let named = named.or_else(|| self.config.packages.iter().find(|(name, _)| package.is_named(name)));
        let version = named.map(|(_, version)| version).or(self.config.package_version.as_ref())?;
        Some(version.fill(acting, "", Place::Plain))
    }

    /// In which packages a release that is there differs from what the profile says.
    pub(super) fn strange_packages(&self, release: &Release, acting: &Acting) -> Result<Vec<String>, String> {
        let mut strange = Vec::new();
        for package in &release.selected_packages {
            let Some(wanted) = self.version_of(package, acting).transpose()? else { continue };
            if wanted != package.version {
                strange.push(say::quoted(&format!("{} {}, not {wanted}", package.name(), package.version)));
            }
        }
        Ok(strange)
    }

    /// The request that deploys a release.
    pub(super) fn deployment(ids: &Ids, release: &str, key: &str) -> Value {
        json!({
            "ProjectId": ids.project.id, "ReleaseId": release, "EnvironmentId": ids.environment.id,
            "Comments": note(key),
        })
    }
}

/// What will be another one: the release, and its packages.
pub(super) fn differences(now: Option<&Release>, version: &str, coming: &[Package]) -> Vec<String> {
    let running = now.map_or_else(|| "none".to_owned(), |now| say::quoted(&now.version));
    let mut lines = vec![if running == version {
        format!("release: {running}, the same")
    } else {
        format!("release: {running} → {version}")
    }];
    let packages = now.map(|now| now.selected_packages.as_slice()).unwrap_or_default();
    for package in coming {
        let before = packages.iter().find(|each| each.name() == package.name()).map(|each| say::quoted(&each.version));
        let (name, after) = (say::quoted(&package.name()), say::quoted(&package.version));
        lines.push(match before {
            Some(before) if before == after => format!("package {name}: {before}, the same"),
            Some(before) => format!("package {name}: {before} → {after}"),
            None => format!("package {name}: none → {after}"),
        });
    }
    for gone in packages.iter().filter(|each| !coming.iter().any(|coming| coming.name() == each.name())) {
        lines.push(format!("package {}: {} → none", say::quoted(&gone.name()), say::quoted(&gone.version)));
    }
    lines
}

impl Release {
    /// Its packages.
    pub(super) fn packages(&self) -> &[Package] {
        &self.selected_packages
    }
}
