//! The ids behind the profile's names.

use serde::Deserialize;

use super::Octopus;
use super::api::{Item, Page, encoded};
use crate::domain::{Trouble, TroubleKind};

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

#[derive(Deserialize, Debug)]
#[serde(rename_all = "PascalCase")]
struct Channel {
    id: String,
    name: String,
    #[serde(default)]
    is_default: bool,
}

impl Octopus {
    /// The ids, asked for once.
    pub(super) async fn names(&self) -> Result<Names, Trouble> {
        if let Some(names) = self.memory.names() {
            return Ok(names);
        }
        let config = &self.config;
        let space = self.named("/api/spaces", "space", &config.space, |space: &Item| &space.name).await?.id;
        let path = format!("/api/{space}/projects");
        let project = self.named(&path, "project", &config.project, |project: &Project| &project.name).await?;
        let path = format!("/api/{space}/environments");
        let environment = self.named(&path, "environment", &config.environment, |each: &Item| &each.name).await?;
        let channel = self.channel(&space, &project).await?;
        let names = Names { space, project, environment, channel };
        self.memory.keep_names(names.clone());
        Ok(names)
    }

    /// The one of this name; where there is none, the trouble says what there is.
    async fn named<T: serde::de::DeserializeOwned>(
        &self,
        list: &str,
        noun: &str,
        name: &str,
        of: fn(&T) -> &String,
    ) -> Result<T, Trouble> {
        let found: Page<T> = self.api.get(&format!("{list}?partialName={}&take=100", encoded(name))).await?;
        let is_it = |each: &T| of(each).eq_ignore_ascii_case(name);
        if let Some(it) = found.items.into_iter().find(is_it) {
            return Ok(it);
        }
        let all: Page<T> = self.api.get(&format!("{list}?take=100")).await?;
        let names: Vec<&str> = all.items.iter().map(|each| of(each).as_str()).collect();
        Err(self.absent(noun, name, &names))
    }

    async fn channel(&self, space: &str, project: &Project) -> Result<Item, Trouble> {
        let path = format!("/api/{space}/projects/{}/channels?take=100", project.id);
        let all: Page<Channel> = self.api.get(&path).await?;
        let wanted = |each: &&Channel| match &self.config.channel {
            Some(name) => each.name.eq_ignore_ascii_case(name),
            None => each.is_default,
        };
        if let Some(channel) = all.items.iter().find(wanted) {
            return Ok(Item { id: channel.id.clone(), name: channel.name.clone() });
        }
        let names: Vec<&str> = all.items.iter().map(|each| each.name.as_str()).collect();
        Err(self.absent("channel", self.config.channel.as_deref().unwrap_or("default"), &names))
    }

    fn absent(&self, noun: &str, name: &str, there: &[&str]) -> Trouble {
        let why = if there.is_empty() {
            format!("there is no {noun} `{name}`, and this account sees no other")
        } else {
            let shown = there.iter().take(12).copied().collect::<Vec<_>>().join(", ");
            let more = if there.len() > 12 { ", …" } else { "" };
            format!("there is no {noun} `{name}`; this account sees {shown}{more}")
        };
        let advice = format!("correct `{noun}` in the profile, or let this account see it");
        Trouble::new(TroubleKind::Mismatch, format!("read {}", self.api.at()), why, advice)
    }
}
