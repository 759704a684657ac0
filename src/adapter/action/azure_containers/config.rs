//! What the profile says about a container group.

use std::sync::Arc;
use std::time::Duration;

use super::super::shown::Shown;
use super::super::template::{NAMES, Template, strict};
use super::super::{Action, Configured};
use super::{Containers, KEPT};
use crate::adapter::azure::{self, Identity};
use crate::adapter::http::{Endpoint, Tls};
use crate::adapter::secret::SecretRef;
use crate::domain::Trouble;
use crate::setting::{Kind, Table, Wrong, choice, text, word};

/// One container group.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) at: Endpoint,
    subscription: String,
    resource_group: String,
    pub(super) group: Template,
    pub(super) does: Does,
    identity: Identity,
    tls: Tls,
    timeout: Duration,
}

/// What is done to it.
#[derive(Clone, Debug)]
pub(super) enum Does {
    Replace(Box<Replace>),
    Start,
    Stop,
    Delete,
}

/// A group made out of one that is there.
#[derive(Clone, Debug)]
pub(super) struct Replace {
    pub(super) image: Template,
    pub(super) container: Option<String>,
    pub(super) like: Option<Template>,
    pub(super) dns_label: Option<Template>,
    /// By the name of what needs it.
    pub(super) secrets: Vec<(String, SecretRef)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Word {
    Replace,
    Start,
    Stop,
    Delete,
}

impl Config {
    /// Reads the keys of `kind = "azure-containers"`.
    pub fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let at = azure::management(table);
        let subscription = table.required("subscription", "The subscription's id.", &azure::id());
        let doc = "The resource group that the container group is in.";
        let resource_group = table.required("resource_group", doc, &azure::resource_group());
        let doc = "The container group's name; {pool} is filled in.";
        let group = table.required("group", doc, &strict(name(), &["pool"]));
        let words =
            [("replace", Word::Replace), ("start", Word::Start), ("stop", Word::Stop), ("delete", Word::Delete)];
        let doc = "What is done to it: made anew with another image, or started, stopped, deleted.";
        let does = table.required("does", doc, &choice(&words, &[]));
        let doc = "The image that it is to run: \"registry.example.net/shop:{to}\".";
        let image = table.optional("image", doc, &strict(text(), NAMES));
        let doc = "Which of its containers gets the image. Default: the only one.";
        let container = table.optional("container", doc, &azure::resource());
        let doc = "The group that it is made like, in the same resource group; {pool} is filled in. Default: itself, as it runs.";
        let like = table.optional("like", doc, &strict(name(), &["pool"]));
        let doc = "Its DNS name's first part; {pool} is filled in. Default: the one that it has.";
        let dns_label = table.optional("dns_label", doc, &strict(name(), &["pool"]));
        let doc = "Secrets that Azure does not tell, by what needs them: a secure environment variable's name, a registry's \
                   server, a volume's name, \"log-analytics\".";
        let needs = word("the name of what needs it", "-._", 260);
        let secrets = table.named("secrets", doc, &needs, SecretRef::read_table);
        let identity = Identity::read(table);
        let tls = Tls::read(table);
        let word = does.map(|does| does.value);
        if word == Some(Word::Replace) && !table.has("image") {
            let wrong = Wrong::new("is missing: the image that it is to run");
            table
                .report()
                .refuse(&table.spot_of("image"), wrong.accepted("image = \"registry.example.net/shop:{to}\""));
        }
        for key in ["image", "container", "like", "dns_label", "secrets"] {
            if let Some(spot) = table.spot_if_written(key).filter(|_| word.is_some_and(|word| word != Word::Replace)) {
                let wrong = Wrong::new("goes with `does = \"replace\"` only");
                table.report().refuse(&spot, wrong.advice("leave it out"));
            }
        }
        let count = secrets.len();
        let secrets: Vec<(String, SecretRef)> =
            secrets.into_iter().filter_map(|(name, secret)| Some((name.value, secret?))).collect();
        if secrets.len() != count {
            return None;
        }
        let does = match word? {
            Word::Start => Does::Start,
            Word::Stop => Does::Stop,
            Word::Delete => Does::Delete,
            Word::Replace => Does::Replace(Box::new(Replace {
                image: image?.value,
                container: container.map(|container| container.value),
                like: like.map(|like| like.value),
                dns_label: dns_label.map(|label| label.value),
                secrets,
            })),
        };
        Some(Self {
            at: at?,
            subscription: subscription?.value,
            resource_group: resource_group?.value,
            group: group?.value,
            does,
            identity: identity?,
            tls,
            timeout,
        })
    }

    /// The path of a group, or of what is below it.
    pub(super) fn path(&self, group: &str, below: &str) -> String {
        let Self { subscription, resource_group, .. } = self;
        format!(
            "/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.ContainerInstance\
             /containerGroups/{group}{below}?{VERSION}"
        )
    }
}

/// The version of the interface.
const VERSION: &str = "api-version=2023-05-01";

fn name() -> Kind<String> {
    word("a name of letters, digits and -", "-{}", 80)
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Action>, Trouble> {
        let client = self.identity.client(&self.at, &self.tls, self.timeout)?;
        Ok(Arc::new(Containers { config: self.clone(), client, shown: Shown::newest(KEPT) }))
    }

    /// Azure takes nothing back: a group that is being made is made to the end.
    fn can_cancel(&self) -> bool {
        false
    }

    fn must_end_way_back(&self) -> Option<String> {
        matches!(self.does, Does::Delete).then(|| "it deletes the container group".to_owned())
    }
}
