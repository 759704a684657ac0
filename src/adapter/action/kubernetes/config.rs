//! What the profile says of an action on a Deployment.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::super::keys::{Word, go_with, image};
use super::super::template::Template;
use super::super::{Action, Configured};
use crate::adapter::router::kubernetes::{Place, place};
use crate::domain::Trouble;
use crate::setting::{Amount, Found, Kind, Table, Wrong, amount, choice, count, percent, quoted};

/// One thing that is done to one Deployment.
#[derive(Clone, Debug)]
pub struct Config {
    /// The cluster and the namespace.
    pub place: Place,
    /// The Deployment's name.
    pub deployment: String,
    /// How long an answer may take.
    pub timeout: Duration,
    pub(super) act: Act,
}

/// What is done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Act {
    /// Another image for a container.
    SetImage(Image),
    /// The same, and a pause once a share of the pods has it, in hundredths of a percent.
    PauseAt(Image, u32),
    /// How a rolling update goes on.
    Strategy { surge: Option<Bound>, unavailable: Option<Bound> },
    /// Nothing more is rolled out.
    Pause,
    /// It is rolled out further, to the end.
    Resume,
    /// So many pods.
    Scale(u64),
    /// The template of the revision before.
    Undo,
}

/// The image of one container.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Image {
    pub(super) container: String,
    pub(super) image: Template,
}

/// How far a rolling update may go over the pods that are wanted, or under.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bound {
    Pods(u32),
    Percent(u32),
}

const WORDS: [Word; 7] = [
    Word { name: "set-image", wants: &["container", "image"], takes: &[] },
    Word { name: "pause-at", wants: &["container", "image", "pods"], takes: &[] },
    Word { name: "strategy", wants: &[], takes: BOUNDS },
    Word { name: "pause", wants: &[], takes: &[] },
    Word { name: "resume", wants: &[], takes: &[] },
    Word { name: "scale", wants: &["replicas"], takes: &[] },
    Word { name: "undo", wants: &[], takes: &[] },
];

/// Of these a strategy wants one at least.
const BOUNDS: &[&str] = &["max_surge", "max_unavailable"];

impl Config {
    /// Reads the keys of `kind = "kubernetes"`.
    pub fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let place = Place::read(table);
        let deployment = table.required("deployment", "The Deployment's name.", &place::name());
        let doc = "What is done: another image, the same with a pause at a share of pods, the rolling strategy, pause, \
                   resume, scale, or undo to the revision before.";
        let words = WORDS.map(|word| (word.name, word.name));
        let act = table.required("do", doc, &choice(&words, &[])).map(|found| found.value);
        let doc = "The container whose image is set; with set-image and pause-at.";
        let container = table.optional("container", doc, &place::name());
        let doc = "The image, with its tag or digest: \"registry.example.net/shop:{to}\"; with set-image and pause-at.";
        let image = table.optional("image", doc, &image());
        let doc = "At which share of all pods it pauses, \"10%\": a share of pods and not of traffic, in whole pods and at \
                   least one; with pause-at.";
        let pods = table.optional("pods", doc, &percent(100, 5_000));
        let doc = "How many pods a rolling update may make beyond those that are wanted: 1, \"25%\"; with strategy.";
        let surge = table.optional("max_surge", doc, &bound());
        let doc = "How many pods a rolling update may take away before others stand in for them; with strategy.";
        let unavailable = table.optional("max_unavailable", doc, &bound());
        let doc = "How many pods there are to be; 0 ends the way back, and wants `ends_way_back = true`; with scale.";
        let replicas = table.optional("replicas", doc, &count(0, 10_000));
        go_with(table, act, &WORDS);
        if act == Some("strategy") && !BOUNDS.iter().any(|key| table.has(key)) {
            let wrong = Wrong::new("is missing, as max_unavailable is: nothing would change");
            table.report().refuse(&table.spot_of("max_surge"), wrong);
        }
        let is_nothing = |bound: &Option<Found<Bound>>| {
            bound.as_ref().is_some_and(|bound| matches!(bound.value, Bound::Pods(0) | Bound::Percent(0)))
        };
        if let Some(spot) =
            table.spot_if_written("max_unavailable").filter(|_| is_nothing(&surge) && is_nothing(&unavailable))
        {
            let wrong = Wrong::new("is nothing, as max_surge is: no pod could ever be replaced");
            table.report().refuse(&spot, wrong.advice("give one of them at least 1"));
        }
        let image =
            container.zip(image).map(|(container, image)| Image { container: container.value, image: image.value });
        let act = match act? {
            "set-image" => Act::SetImage(image?),
            "pause-at" => Act::PauseAt(image?, pods?.value),
            "strategy" => {
                let of = |bound: Option<Found<Bound>>| bound.map(|bound| bound.value);
                let (surge, unavailable) = (of(surge), of(unavailable));
                (surge.is_some() || unavailable.is_some()).then_some(Act::Strategy { surge, unavailable })?
            }
            "pause" => Act::Pause,
            "resume" => Act::Resume,
            "scale" => Act::Scale(u64::try_from(replicas?.value).unwrap_or(0)),
            _undo => Act::Undo,
        };
        Some(Self { place: place?, deployment: deployment?.value, timeout, act })
    }

    /// What it does, in a sentence.
    pub(super) fn words(&self) -> String {
        let deployment = &self.deployment;
        match &self.act {
            Act::SetImage(Image { container, image }) => {
                format!("set the image of container {container} of Deployment {deployment} to {}", image.as_str())
            }
            Act::PauseAt(Image { container, image }, share) => format!(
                "set the image of container {container} of Deployment {deployment} to {} and pause at {} of its pods",
                image.as_str(),
                shown_percent(*share)
            ),
            Act::Strategy { surge, unavailable } => {
                let part = |name: &str, bound: &Option<Bound>| bound.map(|bound| format!("{name} {bound}"));
                let parts = [part("maxSurge", surge), part("maxUnavailable", unavailable)];
                let parts: Vec<String> = parts.into_iter().flatten().collect();
                format!("set the rolling strategy of Deployment {deployment}: {}", parts.join(", "))
            }
            Act::Pause => format!("pause the rollout of Deployment {deployment}"),
            Act::Resume => format!("resume the rollout of Deployment {deployment}"),
            Act::Scale(replicas) => format!("scale Deployment {deployment} to {replicas}"),
            Act::Undo => format!("take Deployment {deployment} back to the revision before"),
        }
    }
}

impl Configured for Config {
    #[cfg(feature = "kubernetes")]
    fn connect(&self) -> Result<Arc<dyn Action>, Trouble> {
        Ok(Arc::new(super::deployment::Deployment::new(self.clone())))
    }

    #[cfg(not(feature = "kubernetes"))]
    fn connect(&self) -> Result<Arc<dyn Action>, Trouble> {
        Err(crate::adapter::router::kubernetes::missing(&format!("the cluster, to {}", self.words())))
    }

    fn can_cancel(&self) -> bool {
        matches!(self.act, Act::SetImage(_) | Act::PauseAt(..) | Act::Resume | Act::Undo)
    }

    fn must_end_way_back(&self) -> Option<String> {
        (self.act == Act::Scale(0)).then(|| format!("Deployment {} is scaled to 0", self.deployment))
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pods(pods) => write!(f, "{pods}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// Hundredths of a percent, as people write them.
pub(super) fn shown_percent(hundredths: u32) -> String {
    format!("{} %", f64::from(hundredths) / 100.0)
}

fn bound() -> Kind<Bound> {
    const ACCEPTED: &str = "a number of pods, or a percentage such as \"25%\"";
    amount().and_then(ACCEPTED, |Amount { number, symbol }| {
        let most = if symbol == "%" { 100.0 } else { 10_000.0 };
        let is_whole = number.fract() == 0.0 && (0.0..=most).contains(&number);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within its limits, as was asked before"
        )]
        let whole = number as u32;
        match symbol.as_str() {
            "" if is_whole => Ok(Bound::Pods(whole)),
            "%" if is_whole => Ok(Bound::Percent(whole)),
            _ => Err(Wrong::new(format!("cannot be {}", quoted(&format!("{number}{symbol}")))).accepted(ACCEPTED)),
        }
    })
}
