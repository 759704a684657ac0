//! Makes a [`Reading`]: what is live, and beside it what is saved, in flight, or uncertain.

use serde::Deserialize;
use tokio::time::timeout;

use super::Octopus;
use super::change::cancel_path;
use super::history::{History, Release, Run};
use super::memory::Known;
use super::names::Names;
use super::plan::is_marked;
use super::variables::{Place, Set, Weight, shown_name};
use crate::adapter::octopus::Page;
use crate::domain::reading::{Admin, Cancel, Health, Identity, ServerReading, Underway};
use crate::domain::{NativeSplit, NativeWeight, Reading, Trouble, TroubleKind};

/// How a warning begins after which no change can be made.
pub(super) const UNWRITABLE: &str = "its weights cannot be changed: ";

/// How many releases of the past are learnt in one look, so that a look stays short.
const LEARNT: usize = 2;

/// What one look brought.
pub(super) struct Seen {
    pub(super) names: Names,
    pub(super) history: History,
    /// The weights that are live.
    pub(super) native: NativeSplit,
    live: Release,
    live_weights: Vec<Weight>,
    frozen: Set,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Titled {
    #[serde(default, alias = "Description")]
    title: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Details {
    progress: Progress,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Progress {
    progress_percentage: f64,
}

impl Octopus {
    /// One look at everything.
    pub(super) async fn reading(&self) -> Result<Reading, Trouble> {
        let looked = self.whole_reading().await;
        if looked.as_ref().is_err_and(|trouble| trouble.kind == TroubleKind::Mismatch) {
            self.memory.forget_names();
        }
        looked
    }

    /// What is live and what is in flight.
    pub(super) async fn seen(&self) -> Result<Seen, Trouble> {
        let names = self.names().await?;
        let history = self.history(&names).await?;
        let Some(run) = history.live() else {
            let why =
                format!("no deployment of `{}` to `{}` has succeeded", names.project.name, names.environment.name);
            let advice = "deploy a release of it once by hand: until then nobody can say which weights are live";
            return Err(Trouble::new(TroubleKind::Mismatch, self.what(), why, advice));
        };
        let live = self.release(&names, &run.release).await?;
        let frozen = self.frozen(&names, &live).await?;
        let live_weights = self.weights_of(&names, &live, &frozen)?;
        let native = native(&live_weights);
        let known = Known { id: live.id.clone(), version: live.version.clone(), native: native.clone() };
        self.memory.keep(known, true);
        Ok(Seen { names, history, native, live, live_weights, frozen })
    }

    /// The variables that a release froze.
    pub(super) async fn frozen(&self, names: &Names, release: &Release) -> Result<Set, Trouble> {
        self.api.get(&format!("/api/{}/variables/{}", names.space, release.project_variable_set_snapshot_id)).await
    }

    /// The weights in a release's frozen variables.
    pub(super) fn weights_of(&self, names: &Names, release: &Release, frozen: &Set) -> Result<Vec<Weight>, Trouble> {
        let channel = if release.channel_id.is_empty() { &names.channel.id } else { &release.channel_id };
        let place = Place { environment: &names.environment.id, channel };
        frozen.weights(&self.config.pools, place).map_err(|why| {
            let why = format!("in release {}: {why}", shown_name(&release.version));
            let advice = "correct `pools` in the profile, or the project's variables";
            Trouble::new(TroubleKind::Mismatch, self.what(), why, advice)
        })
    }

    /// What is read, for people.
    pub(super) fn what(&self) -> String {
        format!("read {} {}", self.api.at(), self.config.project)
    }

    async fn whole_reading(&self) -> Result<Reading, Trouble> {
        let seen = self.seen().await?;
        let desired: Set = self
            .api
            .get(&format!("/api/{}/variables/{}", seen.names.space, seen.names.project.variable_set_id))
            .await?;
        let underway = match seen.history.in_flight().as_slice() {
            [] => None,
            [first, others @ ..] => Some(self.underway(&seen.names, first, others.len()).await?),
        };
        let warnings = self.warnings(&seen, &desired).await?;
        // A look stays short: what is not learnt within this time is learnt by the next one.
        let _is_whole = timeout(self.config.timeout / 2, self.learn(&seen)).await.is_ok();
        let servers = |weight: &Weight| ServerReading {
            name: weight.name.clone(),
            pool: weight.pool.clone(),
            health: Health::Unchecked,
            admin: Admin::Ready,
            in_flight: None,
            requests: None,
            errors: None,
            response: None,
        };
        let effective = seen.native.shares(self.config.pools.iter().map(|(pool, _)| pool));
        let node = self.api.at().host().to_owned();
        let process = format!("{}/{}", seen.names.project.id, seen.names.environment.id);
        Ok(Reading {
            identity: Identity { node, process },
            generation: desired.version().map(|version| version.to_string()).unwrap_or_default(),
            uptime: None,
            effective,
            servers: seen.live_weights.iter().map(servers).collect(),
            native: seen.native,
            warnings,
            underway,
            skew: None,
        })
    }

    /// A deployment that is not over, and whom it waits for.
    async fn underway(&self, names: &Names, run: &Run, others: usize) -> Result<Underway, Trouble> {
        let release = self.release(names, &run.release).await?;
        let (space, task) = (&names.space, &run.task);
        let mut what = format!("deployment of release {}", shown_name(&release.version));
        if others > 0 {
            what = format!("{what}, and {others} more after it");
        }
        let details: Option<Details> = self.api.get(&format!("/api/{space}/tasks/{}/details", task.id)).await.ok();
        let titles = |page: Page<Titled>| {
            let all: Vec<String> = page.items.iter().filter_map(|each| each.title.as_deref()).map(shown_name).collect();
            all.join(", ")
        };
        let waits_for = if task.has_pending_interruptions {
            let path = format!("/api/{space}/interruptions?regarding={}&pendingOnly=true", task.id);
            let asked = self.api.get(&path).await.map(titles).unwrap_or_default();
            Some(if asked.is_empty() { "a person's answer".to_owned() } else { format!("a person's answer: {asked}") })
        } else if task.state == "Queued" {
            let path = format!("/api/{space}/tasks/{}/queued-behind", task.id);
            let before = self.api.get(&path).await.map(titles).unwrap_or_default();
            Some(if before.is_empty() { "its turn".to_owned() } else { format!("its turn behind: {before}") })
        } else {
            (task.state == "Cancelling").then(|| "the end of what is being cancelled".to_owned())
        };
        let cancel = (task.state != "Cancelling").then(|| Cancel {
            request: format!("POST {}{}", self.api.at(), cancel_path(space, &task.id)),
            is_ours: is_marked(&release.version) || self.memory.has_started(&task.id),
            leaves: "what its steps have done stays done: what routes is uncertain until a deployment succeeds"
                .to_owned(),
        });
        Ok(Underway {
            task: shown_name(&task.id),
            what,
            waits_for,
            percent: details.as_ref().and_then(percent),
            link: Some(self.link(names, run)),
            cancel,
        })
    }

    fn link(&self, names: &Names, run: &Run) -> String {
        let at = self.api.at();
        match run.task.links.web.as_deref().filter(|path| path.starts_with('/') && !path.contains(char::is_control)) {
            Some(path) => format!("{at}{path}"),
            None => format!("{at}/app#/{}/projects/{}/deployments", names.space, names.project.slug),
        }
    }

    async fn warnings(&self, seen: &Seen, desired: &Set) -> Result<Vec<String>, Trouble> {
        let Seen { names, history, native, live, live_weights, frozen } = seen;
        let mut warnings = Vec::new();
        if names.project.is_version_controlled {
            warnings.push(format!("{UNWRITABLE}the project is kept in git, and so may be its variables"));
        }
        if names.project.is_disabled {
            warnings.push(format!("{UNWRITABLE}the project is disabled"));
        }
        match desired.weights(&self.config.pools, names.place()) {
            Err(why) => warnings.push(format!("{UNWRITABLE}among the saved variables, {why}")),
            Ok(weights) => {
                let differences = desired.differences(frozen, &weights, live_weights);
                if !differences.is_empty() {
                    let all = differences.join(", ");
                    warnings.push(format!("saved but not deployed: {all}; the next release takes all of it along"));
                }
                let shared: Vec<&str> = desired.shared(&weights).collect();
                if !shared.is_empty() {
                    let (all, prod) = (shared.join(", "), &names.environment.name);
                    let warning =
                        format!("not scoped to {prod} alone, so saving changes what other environments get: {all}");
                    warnings.push(warning);
                }
            }
        }
        if let Some(run) = history.broken() {
            let release = self.release(names, &run.release).await?;
            warnings.push(format!(
                "the deployment of release {} ended as {} after the one of {}, which is the last known to be whole: what \
                 really routes is uncertain until a deployment succeeds",
                shown_name(&release.version),
                shown_name(&run.task.state).to_lowercase(),
                shown_name(&live.version)
            ));
        }
        let whole: u64 = native.0.iter().map(|weight| u64::from(weight.weight)).sum();
        if whole != u64::from(self.config.sum) {
            let sum = self.config.sum;
            warnings.push(format!(
                "the weights add up to {whole}, not {sum}: the project's script decides what that means"
            ));
        }
        Ok(warnings)
    }

    /// Learns what earlier releases froze, a few at a time, for the way back of a session that was opened late.
    async fn learn(&self, seen: &Seen) {
        let mut wanted: Vec<&str> = Vec::new();
        for run in seen.history.runs() {
            let is_new = !self.memory.knows(&run.release) && !wanted.contains(&run.release.as_str());
            if run.task.succeeded() && is_new && wanted.len() < LEARNT {
                wanted.push(&run.release);
            }
        }
        for id in wanted {
            // What cannot be learnt is no trouble: the way back then saves and makes a release of its own.
            let Ok(release) = self.release(&seen.names, id).await else { continue };
            let Ok(frozen) = self.frozen(&seen.names, &release).await else { continue };
            let weights = self.weights_of(&seen.names, &release, &frozen).map(|weights| native(&weights));
            let native = weights.unwrap_or_default();
            self.memory.keep(Known { id: release.id, version: release.version, native }, false);
        }
    }
}

/// Weights as a split.
pub(super) fn native(weights: &[Weight]) -> NativeSplit {
    let one = |weight: &Weight| NativeWeight {
        reference: weight.name.clone(),
        pool: weight.pool.clone(),
        weight: weight.value,
        admin: Admin::Ready,
    };
    NativeSplit(weights.iter().map(one).collect())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is held within 0 and 100 before")]
fn percent(details: &Details) -> Option<u8> {
    let percent = details.progress.progress_percentage;
    percent.is_finite().then(|| percent.clamp(0.0, 100.0) as u8)
}
