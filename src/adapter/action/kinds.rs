//! Every kind of deploy action that a profile can name: the one place that lists them.

use std::sync::Arc;
use std::time::Duration;

use super::{
    Configured, argocd_sync, azure_containers, command, ecs, github_workflow, http, image_tag, kubernetes,
    octopus_release,
};
use crate::adapter::aws;
use crate::adapter::router::kubernetes::FEATURE;
use crate::setting::Table;

/// One kind of action.
pub struct ActionKind {
    /// As the profile names it.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub doc: &'static str,
    /// The feature that its crates are behind, and whether this build has it; `None` where every build can.
    pub feature: Option<(&'static str, bool)>,
    /// Whether it runs in the process of the cockpit that started it, and ends with that.
    pub ends_with_cockpit: bool,
    /// Reads its keys; `None` when something was wrong with them.
    pub read: fn(&mut Table<'_>, Duration) -> Option<Arc<dyn Configured>>,
}

/// All kinds, in the order in which messages name them.
pub const KINDS: &[ActionKind] = &[
    ActionKind {
        name: "http",
        doc: "A request to an HTTP address, and others that say how it goes on.",
        feature: None,
        ends_with_cockpit: false,
        read: |table, timeout| configured(http::Config::read(table, timeout)),
    },
    ActionKind {
        name: "command",
        doc: "A program of this machine; it ends with the cockpit that started it.",
        feature: None,
        ends_with_cockpit: true,
        read: |table, _timeout| configured(command::Config::read(table)),
    },
    ActionKind {
        name: "github-workflow",
        doc: "A workflow of GitHub Actions, dispatched.",
        feature: None,
        ends_with_cockpit: false,
        read: |table, timeout| configured(github_workflow::Config::read(table, timeout)),
    },
    ActionKind {
        name: "kubernetes",
        doc: "A Deployment of Kubernetes: image, pause at a share of pods, strategy, pause, resume, scale, undo.",
        feature: FEATURE,
        ends_with_cockpit: false,
        read: |table, timeout| configured(kubernetes::Config::read(table, timeout)),
    },
    ActionKind {
        name: "ecs",
        doc: "A service of ECS: another image, scale, its scaling suspended or resumed.",
        feature: aws::FEATURE,
        ends_with_cockpit: false,
        read: |table, timeout| configured(ecs::Config::read(table, timeout)),
    },
    ActionKind {
        name: "image-tag",
        doc: "A tag in a file of values that git keeps: edited, committed, pushed.",
        feature: None,
        ends_with_cockpit: false,
        read: |table, timeout| configured(image_tag::Config::read(table, timeout)),
    },
    ActionKind {
        name: "argocd-sync",
        doc: "The sync of an application of Argo CD.",
        feature: None,
        ends_with_cockpit: false,
        read: |table, timeout| configured(argocd_sync::Config::read(table, timeout)),
    },
    ActionKind {
        name: "octopus-release",
        doc: "A release of Octopus Deploy, made where it is not there yet, and deployed.",
        feature: None,
        ends_with_cockpit: false,
        read: |table, timeout| configured(octopus_release::Config::read(table, timeout)),
    },
    ActionKind {
        name: "azure-containers",
        doc: "A container group of Azure: replaced out of one that runs, started, stopped, deleted.",
        feature: None,
        ends_with_cockpit: false,
        read: |table, timeout| configured(azure_containers::Config::read(table, timeout)),
    },
];

fn configured(config: Option<impl Configured + 'static>) -> Option<Arc<dyn Configured>> {
    config.map(|config| Arc::new(config) as Arc<dyn Configured>)
}
