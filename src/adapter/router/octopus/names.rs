//! The ids behind the profile's names.

use serde::Deserialize;

use super::Octopus;
use crate::adapter::octopus::Item;
use crate::domain::Trouble;

/// What the profile's names stand for. Ids never change; what they name may be gone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Names {
    /// `Spaces-1`.
    pub(super) space: String,
    /// The project.
    pub(super) project: Project,
    /// The environment.
    pub(super) environment: Item,
    /// The channel that releases are made in.
    pub(super) channel: Item,
}

/// A project.
#[derive(Deserialize, Clone, PartialEq, Eq, Debug)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Project {
    /// `Projects-101`.
    pub(super) id: String,
    /// Its name.
    pub(super) name: String,
    /// Its name in addresses.
    #[serde(default)]
    pub(super) slug: String,
    /// `variableset-Projects-101`.
    pub(super) variable_set_id: String,
    /// Whether it is kept in git.
    #[serde(default)]
    pub(super) is_version_controlled: bool,
    /// Whether no release of it can be made or deployed.
    #[serde(default)]
    pub(super) is_disabled: bool,
}

impl Octopus {
    /// The ids, asked for once.
    pub(super) async fn names(&self) -> Result<Names, Trouble> {
        if let Some(names) = self.memory.names() {
            return Ok(names);
        }
        let config = &self.config;
        let space = self.api.named("/api/spaces", "space", &config.space, |space: &Item| &space.name).await?.id;
        let path = format!("/api/{space}/projects");
        let project = self.api.named(&path, "project", &config.project, |project: &Project| &project.name).await?;
        let path = format!("/api/{space}/environments");
        let environment = self.api.named(&path, "environment", &config.environment, |each: &Item| &each.name).await?;
        let channel = self.api.channel(&space, &project.id, config.channel.as_deref()).await?;
        let names = Names { space, project, environment, channel };
        self.memory.keep_names(names.clone());
        Ok(names)
    }
}
