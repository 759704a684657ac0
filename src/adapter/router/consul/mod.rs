//! Consul's service-splitter, steered over the HTTP API of an agent or a server.
//!
//! The weights stand in one configuration entry, which is read and written whole. A change reads it, compares, puts the
//! weights in and writes it with `cas`, the index that was read: Consul itself refuses when anything of the entry was written
//! in between, by answering `false`. Everything else in the entry goes back as it came.
//!
//! - `entry`: an entry taken apart and put together; `config`: what the profile says.
//!
//! # Invariants
//! - Weights are whole hundredths of a percent, and all splits of an entry add up to 100 %. Splits to places that are no
//!   pool's are left as they are, and the pools share the rest.
//! - Nothing is ever written without `cas`. For a rollback too the entry is read first: there is no other way to keep what
//!   else is in it. When it was written in between, it is read and tried again, a few times.

mod config;
mod entry;

use ::http::Method;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

pub use config::Config;

use self::config::SCALE;
use self::entry::{Entry, OWNED, percent};
use super::scale::{Places, Scale};
use super::{Configured, Fence, Router, SetAnswer};
use crate::adapter::http::{Answer, Client, Request};
use crate::domain::{Capabilities, NativeSplit, Prepared, Reading, Refused, Target, Trouble, TroubleKind};

/// How often a change is tried while others write to the same entry.
const TRIES: usize = 3;

/// One service-splitter.
#[derive(Debug)]
pub struct Consul {
    config: Config,
    client: Client,
}

impl Consul {
    /// A router for one configuration. Nothing is sent yet.
    ///
    /// # Errors
    /// When a certificate cannot be read.
    pub fn new(config: Config) -> Result<Self, Trouble> {
        let client = config.client()?;
        Ok(Self { config, client })
    }

    async fn entry(&self) -> Result<Entry, Trouble> {
        let path = format!("/v1/config/service-splitter/{}{}", self.config.service, self.config.query(None));
        let what = format!("read {}{path}", self.config.at);
        let answer = self.client.look(&Request::get(path)).await.map_err(|failure| failure.trouble(&what))?;
        match answer.status {
            200 => Entry::of(answer.json(&what)?, &self.config, &what),
            404 => Err(self.absent(&what, &answer).await),
            _ => Err(answer.refusal(&what)),
        }
    }

    /// There is no such entry: says which ones there are.
    async fn absent(&self, what: &str, answer: &Answer) -> Trouble {
        let path = format!("/v1/config/service-splitter{}", self.config.query(None));
        let all: Vec<Map<String, Value>> = self.client.document(&path).await.unwrap_or_default();
        let names: Vec<&str> = all.iter().filter_map(|each| each.get("Name")?.as_str()).take(20).collect();
        let there = if names.is_empty() {
            "no service-splitter that this token may read is there".to_owned()
        } else {
            format!("there are {}", names.join(", "))
        };
        let why = format!("it answered 404: {}; {there}", answer.words());
        let advice = "correct `service` of this router in the profile, or write the entry first, with every pool in it";
        Trouble::new(TroubleKind::Mismatch, what, why, advice)
    }

    async fn write(&self, prepared: &Prepared, expected: Option<&NativeSplit>, fence: &dyn Fence) -> SetAnswer {
        let what = format!("set service-splitter {} at {}", self.config.service, self.config.at);
        for _ in 0..TRIES {
            let entry = match self.entry().await {
                Ok(entry) => entry,
                Err(trouble) => return SetAnswer::NotSent(trouble.to_string()),
            };
            if expected.is_some_and(|expected| *expected != entry.native) {
                return SetAnswer::Moved(entry.native);
            }
            let body = match entry.with(&self.config, &prepared.native) {
                Ok(body) => body,
                Err(why) => return SetAnswer::NotSent(format!("{what}: {why}; read it again and propose anew")),
            };
            let query = self.config.query(Some(format!("cas={}", entry.index)));
            let request = Request::new(Method::PUT, format!("/v1/config{query}")).json(&body);
            let answer = match self.client.write(&request, fence).await {
                Ok(answer) => answer,
                Err(failure) => return failure.set_answer(&what),
            };
            match (answer.status, serde_json::from_slice(&answer.body)) {
                (200, Ok(true)) => return SetAnswer::Accepted,
                // Somebody wrote in between, and nothing of this was taken.
                (200, Ok(false)) => {}
                (400..500, _) => {
                    let said = answer.refusal(&what);
                    return SetAnswer::Failed(said.to_string());
                }
                (status, _) => {
                    let words = answer.words();
                    return SetAnswer::Unknown(format!(
                        "{what}: it answered {status}: {words}; read the weights before anything else"
                    ));
                }
            }
        }
        SetAnswer::Failed(format!(
            "{what}: Consul refused it {TRIES} times, as others wrote to the entry between reading and writing; find out who does"
        ))
    }

    /// The change for people: what it does to the entry, whose other fields go back as they are.
    fn shown(&self, native: &NativeSplit) -> String {
        let split = |weight: &crate::domain::NativeWeight| {
            let (service, subset) = match weight.reference.split_once('/') {
                Some((service, subset)) => (service, Some(subset)),
                None => (weight.reference.as_str(), None),
            };
            let mut split = Map::new();
            split.insert("Service".to_owned(), json!(service));
            split.extend(subset.map(|subset| ("ServiceSubset".to_owned(), json!(subset))));
            split.insert("Weight".to_owned(), Value::Number(percent(weight.weight)));
            Value::Object(split)
        };
        let splits: Vec<Value> = native.0.iter().map(split).collect();
        let body = json!({ "Kind": "service-splitter", "Name": self.config.service, "Splits": splits });
        let query = self.config.query(Some("cas=ModifyIndex".to_owned()));
        format!("PUT {}/v1/config{query} {body}", self.config.at)
    }
}

impl Router for Consul {
    fn capabilities(&self) -> Capabilities {
        self.config.capabilities()
    }

    fn read(&self) -> BoxFuture<'_, Result<Reading, Trouble>> {
        async { Ok(self.entry().await?.reading(&self.config)) }.boxed()
    }

    fn prepare(&self, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
        if reading.is_some_and(|reading| reading.warnings.iter().any(|warning| warning == OWNED)) {
            let what = "change a service-splitter";
            return Err(Refused::new("", what, OWNED, "steer it with a router of a kind for Kubernetes"));
        }
        // What others hold of the hundred percent stays theirs.
        let ours = reading.map_or(10_000, |reading| reading.native.0.iter().map(|each| each.weight).sum());
        if ours == 0 {
            let why = "all traffic goes to places that are no pool's, and the pools have nothing to share";
            return Err(Refused::new(
                "D4",
                "change a service-splitter",
                why,
                "correct `pools` of this router in the profile",
            ));
        }
        let places = Places { pools: &self.config.pools, scale: Scale { sum: Some(ours), ..SCALE } };
        let (native, mut notes) = places.split(target, reading)?;
        notes.push("the other fields of the entry go back as they are read directly before".to_owned());
        let shares = native.shares(self.config.pools.iter().map(|(pool, _)| pool));
        Ok(Prepared { requests: vec![self.shown(&native)], native, shares, notes })
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
