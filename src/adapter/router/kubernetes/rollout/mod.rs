//! A Rollout of Argo Rollouts: it has steps of its own, and nobody gives it another share.
//!
//! What can be done is to promote it to its next step, to promote it fully, to abort it, which is the only way back, and to
//! retry it. A share in the profile's plan stands for the act that leads there.
//!
//! # Pools
//! `canary` are the pods of the template as it is now, `stable` those of the version before. Once a Rollout is promoted the
//! template's pods have everything, and so has the pool of the canary, although Argo Rollouts then calls them stable.
//!
//! # Parts
//! `config` is what the profile says, `stand` where a Rollout stands, `act` what leads from there to a share.
//!
//! # Invariants
//! - The objects that a Rollout manages are never written, and its steps are never skipped but by a full promotion.
//! - An act is worked out again from the Rollout as it is directly before it is sent; where another one would lead to the
//!   share by then, nothing is sent.

#[cfg(feature = "kubernetes")]
mod act;
mod config;
#[cfg(feature = "kubernetes")]
mod stand;

pub use config::Config;

#[cfg(feature = "kubernetes")]
pub use steer::Rollout;

#[cfg(feature = "kubernetes")]
mod steer {
    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;
    use serde_json::Value;

    use super::super::cluster::Cluster;
    use super::super::object::{Object, guard_note, owners};
    use super::act::{self, Act};
    use super::stand::Stand;
    use super::{Config, stand};
    use crate::adapter::router::Configured;
    use crate::adapter::router::Fence;
    use crate::adapter::router::Router;
    use crate::adapter::router::SetAnswer;
    use crate::domain::reading::{Admin, Health, ServerReading};
    use crate::domain::{Capabilities, NativeSplit, Prepared, Reading, Refused, Target, Trouble};

    /// One Rollout.
    pub struct Rollout {
        config: Config,
        cluster: Cluster,
        object: Object,
    }

    impl Rollout {
        /// A router for one configuration. Connects only when asked.
        pub fn new(config: Config) -> Self {
            let cluster = Cluster::new(config.place.clone(), config.timeout);
            let (group, version, resource) = ("argoproj.io", "v1alpha1", "rollouts");
            let object = Object { group, version, resource, subresource: "status", name: config.name.clone() };
            Self { config, cluster, object }
        }

        fn split(&self, stand: &Stand) -> NativeSplit {
            act::split(&self.config, stand.canary, stand.stable)
        }

        async fn look(&self) -> Result<Reading, Trouble> {
            let (read, may_patch) = tokio::join!(self.object.read(&self.cluster), self.object.may_patch(&self.cluster));
            let (meta, document) = read?;
            let what = self.cluster.told(&format!("read {}", self.object.short())).await;
            let stand = Stand::of(&what, &document)?;
            let mut warnings = owners(&document);
            if may_patch == Some(false) {
                warnings.insert(0, self.object.may_not(&self.config.place.namespace));
            }
            warnings.extend(stand::warnings(&self.config, &stand, &document));
            let native = self.split(&stand);
            let servers =
                [(&self.config.stable, "stable"), (&self.config.canary, "canary")].map(|(pool, name)| ServerReading {
                    name: name.to_owned(),
                    pool: pool.clone(),
                    health: Health::Unchecked,
                    admin: Admin::Ready,
                    in_flight: None,
                    requests: None,
                    errors: None,
                    response: None,
                });
            Ok(Reading {
                identity: meta.identity(self.cluster.address().await),
                underway: stand::underway(&stand, &document),
                skew: None,
                generation: stand.to_string(),
                uptime: None,
                effective: native.shares(self.config.pools()),
                native,
                servers: servers.into(),
                warnings,
            })
        }

        fn work_out(&self, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
            let (what, wanted) = act::wanted(&self.config, target)?;
            let refused = |why: String, advice: &str| Refused::new("", what.clone(), why, advice);
            let (act, mut notes) = match reading {
                // The way back is one act wherever it stands.
                None if wanted == 0 && matches!(target, Target::Native(_)) => (Act::Abort, vec![act::left_behind()]),
                None => {
                    let why = "this router has not been read, so the step that it stands at is not known";
                    return Err(refused(why.to_owned(), "wait until it answers"));
                }
                Some(reading) => {
                    let may_not = self.object.may_not(&self.config.place.namespace);
                    if reading.warnings.contains(&may_not) {
                        let advice = "have the cluster's administrator grant the verb `patch` on it";
                        return Err(refused(may_not, advice));
                    }
                    let Some(stand) = Stand::parse(&reading.generation, &reading.native) else {
                        return Err(refused("its step was not read".to_owned(), "read it again"));
                    };
                    act::act(&stand, wanted)
                        .map_err(|why| refused(why, "choose what leads there, or wait until it stands"))?
                }
            };
            notes.push(guard_note());
            let native = act::split(&self.config, wanted, 100_u32.saturating_sub(wanted));
            Ok(Prepared {
                requests: vec![self.object.shown(&self.config.place.namespace, &act.patch())],
                shares: native.shares(self.config.pools()),
                native,
                notes,
            })
        }

        async fn write(&self, prepared: &Prepared, expected: Option<&NativeSplit>, fence: &dyn Fence) -> SetAnswer {
            let namespace = &self.config.place.namespace;
            let wanted = match act::wanted(&self.config, &Target::Native(prepared.native.clone())) {
                Ok((_, wanted)) => wanted,
                Err(refused) => return SetAnswer::NotSent(refused.to_string()),
            };
            let is_shown = |act: Act| prepared.requests.contains(&self.object.shown(namespace, &act.patch()));
            let what = format!("read {}", self.object.short());
            let seen = |object: &Value| Stand::of(&what, object).map(|stand| self.split(&stand));
            if is_shown(Act::Abort) && wanted == 0 {
                let expected = expected.map(|expected| (expected, &seen as _));
                return self.object.patch(&self.cluster, &Act::Abort.patch(), expected, fence).await;
            }
            let read = self.object.read(&self.cluster).await;
            let stand = match read.and_then(|(_, document)| Stand::of(&what, &document)) {
                Ok(stand) => stand,
                Err(trouble) => return SetAnswer::NotSent(trouble.to_string()),
            };
            let now = self.split(&stand);
            if expected.is_some_and(|expected| *expected != now) {
                return SetAnswer::Moved(now);
            }
            let act = match act::act(&stand, wanted) {
                // Where it stands there already, saying so again changes nothing.
                Ok((act, _)) if is_shown(act) || matches!(act, Act::Stay(_)) => act,
                other => {
                    let why = other.err().unwrap_or_else(|| "another act would lead there now".to_owned());
                    let what = self.cluster.told(&format!("patch {}", self.object.short())).await;
                    return SetAnswer::NotSent(format!(
                        "{what}: the Rollout has gone on meanwhile: {why}; propose anew"
                    ));
                }
            };
            let expected = expected.map(|expected| (expected, &seen as _));
            self.object.patch(&self.cluster, &act.patch(), expected, fence).await
        }
    }

    impl Router for Rollout {
        fn capabilities(&self) -> Capabilities {
            self.config.capabilities()
        }

        fn read(&self) -> BoxFuture<'_, Result<Reading, Trouble>> {
            self.look().boxed()
        }

        fn prepare(&self, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
            self.work_out(target, reading)
        }

        fn set<'a>(
            &'a self,
            prepared: &'a Prepared,
            expected: Option<&'a NativeSplit>,
            fence: &'a dyn Fence,
        ) -> BoxFuture<'a, SetAnswer> {
            self.write(prepared, expected, fence).boxed()
        }
    }
}
