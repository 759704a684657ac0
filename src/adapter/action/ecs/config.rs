//! What the profile says of an action on a service of ECS.

use std::sync::Arc;
use std::time::Duration;

use super::super::keys::{Word, go_with, image};
use super::super::template::Template;
use super::super::{Action, Configured};
use crate::adapter::aws::Place;
use crate::domain::Trouble;
use crate::setting::{Table, choice, count, word};

/// One thing that is done to one service.
#[derive(Clone, Debug)]
pub struct Config {
    /// The region, and who asks.
    pub place: Place,
    /// The cluster, by name or ARN.
    pub cluster: String,
    /// The service, by name or ARN.
    pub service: String,
    /// How long an answer may take.
    pub timeout: Duration,
    pub(super) act: Act,
}

/// What is done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Act {
    /// The task definition that runs, with another image for a container; and so many tasks, where that is said.
    Deploy { container: String, image: Template, count: Option<u64> },
    /// So many tasks.
    Scale(u64),
    /// Nothing changes the number of tasks by itself, or what does so goes on.
    Scaling { is_suspended: bool },
}

const WORDS: [Word; 4] = [
    Word { name: "deploy", wants: &["container", "image"], takes: &["count"] },
    Word { name: "scale", wants: &["count"], takes: &[] },
    Word { name: "suspend-scaling", wants: &[], takes: &[] },
    Word { name: "resume-scaling", wants: &[], takes: &[] },
];

impl Config {
    /// Reads the keys of `kind = "ecs"`.
    pub fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let place = Place::read(table);
        let named = || word("a name or an ARN", "-_:/", 300);
        let cluster = table.required("cluster", "The cluster, by name or ARN.", &named());
        let service = table.required("service", "The service, by name or ARN.", &named());
        let doc = "What is done: another image, another number of tasks, scaling suspended, scaling resumed.";
        let act = table.required("do", doc, &choice(&WORDS.map(|word| (word.name, word.name)), &[]));
        let act = act.map(|found| found.value);
        let doc = "The container whose image is set; with deploy.";
        let container = table.optional("container", doc, &word("the name of a container", "-_", 255));
        let doc = "The image, with its tag or digest: \"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:{to}\"; with deploy.";
        let image = table.optional("image", doc, &image());
        let doc = "How many tasks there are to be; with scale, and with deploy where it changes. 0 ends the way back, and \
                   wants `ends_way_back = true`.";
        let count = table.optional("count", doc, &count(0, 10_000));
        go_with(table, act, &WORDS);
        let count = count.and_then(|count| u64::try_from(count.value).ok());
        let act = match act? {
            "deploy" => Act::Deploy { container: container?.value, image: image?.value, count },
            "scale" => Act::Scale(count?),
            word => Act::Scaling { is_suspended: word == "suspend-scaling" },
        };
        Some(Self { place: place?, cluster: cluster?.value, service: service?.value, timeout, act })
    }

    /// What it does, in a sentence.
    pub(super) fn words(&self) -> String {
        let service = &self.service;
        match &self.act {
            Act::Deploy { container, image, count } => {
                let count = count.map(|count| format!(", with {count} tasks")).unwrap_or_default();
                format!("deploy {} to container {container} of service {service}{count}", image.as_str())
            }
            Act::Scale(count) => format!("scale service {service} to {count} tasks"),
            Act::Scaling { is_suspended: true } => format!("suspend the scaling of service {service}"),
            Act::Scaling { is_suspended: false } => format!("resume the scaling of service {service}"),
        }
    }
}

impl Configured for Config {
    #[cfg(feature = "aws")]
    fn connect(&self) -> Result<Arc<dyn Action>, Trouble> {
        Ok(Arc::new(super::service::Ecs::new(self.clone())?))
    }

    #[cfg(not(feature = "aws"))]
    fn connect(&self) -> Result<Arc<dyn Action>, Trouble> {
        Err(self.place.missing(&format!("cluster {}, to {}", self.cluster, self.words())))
    }

    fn can_cancel(&self) -> bool {
        false
    }

    fn must_end_way_back(&self) -> Option<String> {
        let is_nothing = match &self.act {
            Act::Deploy { count, .. } => *count == Some(0),
            Act::Scale(count) => *count == 0,
            Act::Scaling { .. } => false,
        };
        is_nothing.then(|| format!("service {} is scaled to 0", self.service))
    }
}
