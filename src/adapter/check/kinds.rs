//! Every kind of check that a profile can name: the one place that lists them. The kind `limit`, a measure held against a
//! limit, is judged by the core and needs no adapter.

use std::sync::Arc;
use std::time::Duration;

use super::{
    Configured, argocd, aws, command, datadog_monitors, github_deployment, github_run, http, image, image_signed,
    jira_issue, kubernetes, pagerduty_incidents, prometheus_alerts, ran_in, tcp,
};
use crate::adapter::router::kubernetes::FEATURE;
use crate::domain::PoolId;
use crate::setting::Table;

/// One kind of check.
pub struct CheckKind {
    /// As the profile names it.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub doc: &'static str,
    /// The feature that its crates are behind, and whether this build has it; `None` where every build can.
    pub feature: Option<(&'static str, bool)>,
    /// Whether its answers have a value that can be compared with an earlier one (`same_as_before`).
    pub gives_value: bool,
    /// Reads its keys; `None` when something was wrong with them.
    pub read: Read,
}

/// Reads the keys of one kind, for a check of this pool and this time-out.
type Read = fn(&mut Table<'_>, Option<&PoolId>, Duration) -> Option<Arc<dyn Configured>>;

/// All kinds, in the order in which messages name them.
pub const KINDS: &[CheckKind] = &[
    CheckKind {
        name: "http",
        doc: "What an HTTP address answers: status, parts of a JSON document, a version, headers, text, time taken.",
        feature: None,
        gives_value: true,
        read: |table, _pool, timeout| configured(http::Config::read(table, timeout)),
    },
    CheckKind {
        name: "tcp",
        doc: "Whether a TCP connection is taken.",
        feature: None,
        gives_value: false,
        read: |table, _pool, timeout| configured(tcp::Config::read(table, timeout)),
    },
    CheckKind {
        name: "command",
        doc: "What a program of this machine says: its exit code, its output.",
        feature: None,
        gives_value: true,
        read: |table, _pool, timeout| configured(command::Config::read(table, timeout)),
    },
    CheckKind {
        name: "kubernetes-rollout",
        doc: "Whether a Deployment is rolled out, as kubectl tells it.",
        feature: FEATURE,
        gives_value: true,
        read: |table, _pool, timeout| configured(kubernetes::rollout::Config::read(table, timeout)),
    },
    CheckKind {
        name: "kubernetes-pods",
        doc: "How many pods are ready, whether any is stuck or restarts, and what they run.",
        feature: FEATURE,
        gives_value: false,
        read: |table, pool, timeout| configured(kubernetes::pods::Config::read(table, pool, timeout)),
    },
    CheckKind {
        name: "argocd",
        doc: "Whether an application of Argo CD is synced and healthy, at a revision.",
        feature: None,
        gives_value: true,
        read: |table, pool, timeout| configured(argocd::Config::read(table, pool, timeout)),
    },
    CheckKind {
        name: "github-run",
        doc: "Whether a run of GitHub Actions concluded with success.",
        feature: None,
        gives_value: true,
        read: |table, pool, timeout| configured(github_run::Config::read(table, pool, timeout)),
    },
    CheckKind {
        name: "github-deployment",
        doc: "Whether a run of GitHub Actions was approved for an environment.",
        feature: None,
        gives_value: true,
        read: |table, pool, timeout| configured(github_deployment::Config::read(table, pool, timeout)),
    },
    CheckKind {
        name: "image",
        doc: "Whether an image is in its registry.",
        feature: None,
        gives_value: true,
        read: |table, pool, timeout| configured(image::Config::read(table, pool, timeout)),
    },
    CheckKind {
        name: "image-signed",
        doc: "Whether an image is signed by whom it should be; runs the program cosign.",
        feature: None,
        gives_value: true,
        read: |table, pool, timeout| configured(image_signed::Config::read(table, pool, timeout)),
    },
    CheckKind {
        name: "ran-in",
        doc: "Whether the version ran in another environment, for so long, and was not rolled back there.",
        feature: None,
        gives_value: false,
        read: |table, _pool, timeout| configured(ran_in::Config::read(table, timeout)),
    },
    CheckKind {
        name: "jira-issue",
        doc: "Whether an issue of Jira is in one of some statuses, and has a fix version.",
        feature: None,
        gives_value: true,
        read: |table, pool, timeout| configured(jira_issue::Config::read(table, pool, timeout)),
    },
    CheckKind {
        name: "prometheus-alerts",
        doc: "Whether alerts of Prometheus are firing.",
        feature: None,
        gives_value: false,
        read: |table, _pool, timeout| configured(prometheus_alerts::Config::read(table, timeout)),
    },
    CheckKind {
        name: "datadog-monitors",
        doc: "Whether monitors of Datadog are alerting.",
        feature: None,
        gives_value: false,
        read: |table, _pool, timeout| configured(datadog_monitors::Config::read(table, timeout)),
    },
    CheckKind {
        name: "pagerduty-incidents",
        doc: "Whether incidents of some services of PagerDuty are open.",
        feature: None,
        gives_value: false,
        read: |table, _pool, timeout| configured(pagerduty_incidents::Config::read(table, timeout)),
    },
    CheckKind {
        name: "cloudwatch-alarms",
        doc: "Whether alarms of CloudWatch are in alarm.",
        feature: aws::FEATURE,
        gives_value: false,
        read: |table, _pool, timeout| configured(aws::alarms::Config::read(table, timeout)),
    },
    CheckKind {
        name: "ecs-stable",
        doc: "Whether a service of ECS is stable, of a task definition.",
        feature: aws::FEATURE,
        gives_value: true,
        read: |table, pool, timeout| configured(aws::ecs::Config::read(table, pool, timeout)),
    },
    CheckKind {
        name: "ecr-image",
        doc: "Whether an image is in ECR and can be pulled.",
        feature: aws::FEATURE,
        gives_value: true,
        read: |table, pool, timeout| configured(aws::image::Config::read(table, pool, timeout)),
    },
];

fn configured(config: Option<impl Configured + 'static>) -> Option<Arc<dyn Configured>> {
    config.map(|config| Arc::new(config) as Arc<dyn Configured>)
}
