//! The routers of the built-in world, steered over their HTTP interface.
//!
//! One request per connection: `GET /state` reads, `PUT /weights` changes all weights at once or none. The condition of a
//! change travels with it in a header, so that the router itself compares and writes without a gap between; a change is
//! therefore one exchange, and a router that hangs in it may still apply it when it goes on. Servers are named after their
//! pool, like `blue-1`.
//!
//! - `state`: what the router tells; `spread`: from shares to native weights.

mod config;
mod spread;
mod state;

use ::http::Method;
use futures_util::future::BoxFuture;

pub use config::Config;

use self::state::State;
use super::{Configured, Fence, Router, SetAnswer};
use crate::adapter::http::{Answer, Client, Endpoint, Request, Tls};
use crate::domain::reading::Admin;
use crate::domain::{Capabilities, NativeSplit, Prepared, Reading, Refused, Target, Trouble, TroubleKind};

/// One router of the built-in world.
pub struct DemoRouter {
    config: Config,
    client: Client,
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
        let endpoint = Endpoint::parse(&config.at).ok_or_else(|| {
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
        let client = Client::new(endpoint, None, &Tls::default(), config.timeout)?;
        Ok(Self { config, client })
    }

    async fn look(&self) -> Result<Reading, Trouble> {
        let state: State = self.client.document("/state").await?;
        state.reading(&self.config.pools).map_err(|why| {
            let what = format!("read {}/state", self.config.at);
            Trouble::new(TroubleKind::Mismatch, what, why, "correct `pools` of this router in the profile")
        })
    }

    async fn send(&self, prepared: &Prepared, expected: Option<&NativeSplit>, fence: &dyn Fence) -> SetAnswer {
        let mut request = Request::new(Method::PUT, "/weights").body("application/json", body(&prepared.native));
        if let Some(expected) = expected {
            match state::condition(expected) {
                Ok(condition) => request = request.header(state::CONDITION, condition),
                Err(why) => return SetAnswer::NotSent(format!("{}: {why}", self.config.at)),
            }
        }
        match self.client.write(&request, fence).await {
            Ok(answer) => self.judge(prepared, &answer),
            Err(failure) => failure.set_answer(&format!("set {}", self.config.at)),
        }
    }

    /// What a whole answer to a change means.
    fn judge(&self, prepared: &Prepared, answer: &Answer) -> SetAnswer {
        let said = || format!("{} answered {}: {}", self.config.at, answer.status, answer.words());
        let split = || {
            let state: State = serde_json::from_slice(&answer.body).ok()?;
            Some(state.reading(&self.config.pools).ok()?.native)
        };
        match (answer.status, split()) {
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
        self.config.capabilities()
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

/// Whether a server of this name is one of the pool's, by the router's name for the pool. Without a reading, this is what
/// tells a split of another router.
fn is_named_after(pool: &str, server: &str) -> bool {
    server.strip_prefix(pool).is_some_and(|rest| rest.starts_with('-'))
}

/// Whether flightdeck may give this server another weight.
fn is_ours(admin: Admin) -> bool {
    matches!(admin, Admin::Ready | Admin::Drain)
}
