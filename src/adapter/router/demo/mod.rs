//! The routers of the built-in world, steered over their HTTP interface.
//!
//! One request per connection: `GET /state` reads, `PUT /weights` changes all weights at once or none. The condition of a
//! change travels with it in a header, so that the router itself compares and writes without a gap between; a change is
//! therefore one exchange, and a router that hangs in it may still apply it when it goes on.
//!
//! - `http`: one exchange; `state`: what the router tells; `spread`: from shares to native weights.

mod config;
mod http;
mod spread;
mod state;

use futures_util::future::BoxFuture;

pub use config::Config;

use self::http::{Exchange, Place};
use self::state::State;
use super::{Fence, Router, SetAnswer};
use crate::domain::reading::Admin;
use crate::domain::{Capabilities, NativeSplit, Prepared, Reading, Refused, Target, Trouble, TroubleKind};

/// One router of the built-in world.
pub struct DemoRouter {
    config: Config,
    place: Place,
}

impl DemoRouter {
    /// A router as the profile describes it. Nothing is sent yet.
    ///
    /// # Errors
    /// When the address is not a plain HTTP address with a port, or a pool is missing or named twice.
    pub fn new(config: Config) -> Result<Self, Trouble> {
        let mismatch = |why: String, advice: &str| {
            Trouble::new(TroubleKind::Mismatch, format!("use router {}", config.at), why, advice)
        };
        let place = Place::parse(&config.at).ok_or_else(|| {
            mismatch("its address is not `http://HOST:PORT`".to_owned(), "write it like `http://127.0.0.1:41801`")
        })?;
        for (index, (pool, name)) in config.pools.iter().enumerate() {
            if config.pools.iter().take(index).any(|(other, known)| other == pool || known == name) {
                return Err(mismatch(format!("pool `{pool}` is mapped twice"), "name each pool once under `pools`"));
            }
        }
        if config.pools.is_empty() {
            return Err(mismatch("no pool is mapped".to_owned(), "name each pool under `pools`"));
        }
        Ok(Self { config, place })
    }

    async fn look(&self) -> Result<Reading, Trouble> {
        let what = format!("read {}/state", self.config.at);
        let trouble = |kind, why: String, advice: &str| Trouble::new(kind, what.clone(), why, advice);
        let request = self.place.request("GET", "/state", "", "");
        match http::exchange(&self.place, &request, None, self.config.timeout).await {
            Exchange::Answered { status: 200, body } => {
                let state: State = serde_json::from_slice(&body).map_err(|error| {
                    trouble(
                        TroubleKind::Garbage,
                        format!("its answer cannot be understood: {error}"),
                        "see whether that port is the router's",
                    )
                })?;
                state
                    .reading(&self.config.pools)
                    .map_err(|why| trouble(TroubleKind::Mismatch, why, "correct `pools` of this router in the profile"))
            }
            Exchange::Answered { status, body } => Err(trouble(
                TroubleKind::Denied,
                format!("it answered {status}: {}", state::words(&body)),
                "see whether that port is the router's",
            )),
            Exchange::NotConnected { why, is_late: false } => Err(trouble(
                TroubleKind::Unreachable,
                why,
                "start the demo again: its routers live only as long as it does",
            )),
            Exchange::NotConnected { why, is_late: true } | Exchange::Unanswered { why, is_late: true } => {
                Err(trouble(TroubleKind::TimedOut, why, "wait, or see whether the router hangs"))
            }
            Exchange::Unanswered { why, is_late: false } => {
                Err(trouble(TroubleKind::Garbage, why, "see whether that port is the router's"))
            }
            // Nothing forbids a look; said as it is all the same.
            Exchange::Forbidden { why } => Err(trouble(TroubleKind::Denied, why, "ask again")),
        }
    }

    async fn send(&self, prepared: &Prepared, expected: Option<&NativeSplit>, fence: &dyn Fence) -> SetAnswer {
        let condition = expected.map(state::condition).unwrap_or_default();
        let request = self.place.request("PUT", "/weights", &condition, &body(&prepared.native));
        match http::exchange(&self.place, &request, Some(fence), self.config.timeout).await {
            Exchange::Forbidden { why } => SetAnswer::NotSent(why),
            Exchange::NotConnected { why, .. } => SetAnswer::NotSent(format!("{}: {why}", self.config.at)),
            Exchange::Unanswered { why, .. } => SetAnswer::Unknown(format!("{}: {why}", self.config.at)),
            Exchange::Answered { status, body } => self.judge(prepared, status, &body),
        }
    }

    /// What a whole answer to a change means.
    fn judge(&self, prepared: &Prepared, status: u16, body: &[u8]) -> SetAnswer {
        let said = || format!("{} answered {status}: {}", self.config.at, state::words(body));
        let split = || {
            let state: State = serde_json::from_slice(body).ok()?;
            Some(state.reading(&self.config.pools).ok()?.native)
        };
        match (status, split()) {
            (200, Some(native)) if native.holds(&prepared.native) => SetAnswer::Accepted,
            (409, Some(native)) => SetAnswer::Moved(native),
            (400..500, _) => SetAnswer::Failed(said()),
            // A yes that cannot be understood, or a failure of whatever stands in between, proves nothing.
            _ => SetAnswer::Unknown(said()),
        }
    }
}

impl Router for DemoRouter {
    fn capabilities(&self) -> Capabilities {
        Config::capabilities()
    }

    fn read(&self) -> BoxFuture<'_, Result<Reading, Trouble>> {
        Box::pin(self.look())
    }

    fn prepare(&self, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
        let (native, mut notes) = match target {
            Target::Weights(weights) => spread::weights(&self.config.pools, weights, reading)?,
            Target::Native(split) => spread::snapshot(&self.config.pools, split)?,
        };
        if let Some(reading) = reading {
            notes.extend(spread::cautions(&native, reading));
        }
        let shares = native.shares(self.config.pools.iter().map(|(pool, _)| pool));
        let requests = vec![format!("PUT {}/weights {}", self.config.at, body(&native))];
        Ok(Prepared { requests, native, shares, notes })
    }

    fn set<'a>(
        &'a self,
        prepared: &'a Prepared,
        expected: Option<&'a NativeSplit>,
        fence: &'a dyn Fence,
    ) -> BoxFuture<'a, SetAnswer> {
        Box::pin(self.send(prepared, expected, fence))
    }
}

/// The body of a change, servers in the router's order.
fn body(native: &NativeSplit) -> String {
    let weights = native.0.iter().map(|each| {
        let name = serde_json::Value::from(each.reference.as_str());
        format!("{name}:{}", each.weight)
    });
    format!("{{{}}}", weights.collect::<Vec<_>>().join(","))
}

/// Whether flightdeck may give this server another weight.
fn is_ours(admin: Admin) -> bool {
    matches!(admin, Admin::Ready | Admin::Drain)
}
