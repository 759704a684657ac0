//! What the profile says about the sync of an application.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::shown::Shown;
use super::super::template::{NAMES, Template, strict};
use super::super::{Action, Configured};
use super::{ArgoCd, KEPT};
use crate::adapter::argocd::{self, Place};
use crate::domain::Trouble;
use crate::setting::{Table, flag, text};

/// One application.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) place: Place,
    pub(super) application: Template,
    pub(super) revision: Option<Template>,
    pub(super) images: Vec<Template>,
    pub(super) prune: bool,
    pub(super) healthy: bool,
    timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "argocd-sync"`.
    pub fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let place = Place::read(table);
        let doc = "The application's name; {pool} is filled in.";
        let application = table.required("application", doc, &strict(argocd::application(), &["pool"]));
        let doc =
            "What is synced: a commit, a tag, a chart's version: \"v{to}\". Default: what the application follows.";
        let revision = table.optional("revision", doc, &strict(argocd::revision(), NAMES));
        let doc = "The images that are to run, compared with what runs: [\"registry.example.net/shop:{to}\"].";
        let list = strict(text(), NAMES).list("a list of images");
        let images = table.optional("images", doc, &list);
        let doc = "Whether what is no longer in git is deleted. Default false.";
        let prune = table.optional("prune", doc, &flag());
        let doc = "Whether it is over only when the application is healthy, for two looks in a row. Default true.";
        let healthy = table.optional("healthy", doc, &flag());
        Some(Self {
            place: place?,
            application: application?.value,
            revision: revision.map(|revision| revision.value),
            images: images.map(|all| all.value.into_iter().map(|each| each.value).collect()).unwrap_or_default(),
            prune: prune.is_some_and(|prune| prune.value),
            healthy: healthy.is_none_or(|healthy| healthy.value),
            timeout,
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Action>, Trouble> {
        let client = self.place.client(self.timeout)?;
        Ok(Arc::new(ArgoCd { config: self.clone(), client, shown: Shown::newest(KEPT), memory: Mutex::default() }))
    }

    fn can_cancel(&self) -> bool {
        true
    }
}
