//! What the profile says about the deployment of a release.

use std::sync::Arc;
use std::time::Duration;

use super::super::template::{NAMES, Template, strict};
use super::super::{Action, Configured};
use super::Octopus;
use crate::adapter::http::{Endpoint, Tls, endpoint};
use crate::adapter::octopus::Api;
use crate::adapter::secret::SecretRef;
use crate::domain::Trouble;
use crate::setting::{Table, text, title};

/// One project in one environment.
#[derive(Clone, Debug)]
pub struct Config {
    at: Endpoint,
    pub(super) space: String,
    pub(super) project: String,
    pub(super) environment: String,
    pub(super) channel: Option<String>,
    pub(super) version: Template,
    pub(super) package_version: Option<Template>,
    /// By the step's name, or that and the reference's: `Deploy web:config`.
    pub(super) packages: Vec<(String, Template)>,
    token: SecretRef,
    tls: Tls,
    timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "octopus-release"`.
    pub fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let at = table.required("at", "The server's address, without /app.", &endpoint());
        let doc = "The space's name. Default \"Default\".";
        let space = table.optional("space", doc, &title());
        let project = table.required("project", "The project's name.", &title());
        let environment = table.required("environment", "The name of the environment.", &title());
        let doc = "The channel that a release is made in. Default: the project's own default.";
        let channel = table.optional("channel", doc, &title());
        let doc = "The release's version. One that is there is deployed as it was made. Default \"{to}\".";
        let version = table.optional("version", doc, &strict(text(), NAMES));
        let doc =
            "The version of all packages that `packages` does not name. Default, where the release is made: \"{to}\".";
        let package_version = table.optional("package_version", doc, &strict(text(), NAMES));
        let doc = "The versions of packages by their steps' names: { \"Deploy web\" = \"{to}\" }; \"STEP:REFERENCE\" where a \
                   step has several.";
        let packages = table.map("packages", doc, &strict(text(), NAMES));
        let token = SecretRef::required(table, "token", "Where the API key is kept.", "the API key");
        let tls = Tls::read(table);
        let packages = packages.map(|packages| packages.value).unwrap_or_default();
        Some(Self {
            at: at?.value,
            space: space.map_or_else(|| "Default".to_owned(), |space| space.value),
            project: project?.value,
            environment: environment?.value,
            channel: channel.map(|channel| channel.value),
            version: version.map_or_else(|| Template::of("{to}"), |version| version.value),
            package_version: package_version.map(|version| version.value),
            packages: packages.into_iter().map(|(name, version)| (name.value, version.value)).collect(),
            token: token?,
            tls,
            timeout,
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Action>, Trouble> {
        let api = Api::new(self.at.clone(), self.token.clone(), &self.tls, self.timeout)?;
        Ok(Arc::new(Octopus { config: self.clone(), api }))
    }

    fn can_cancel(&self) -> bool {
        true
    }
}
