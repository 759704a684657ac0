//! Caddy, steered by the weights of a reverse proxy's `weighted_round_robin` over its admin interface.
//!
//! Weights belong to upstreams by their position. A read gives the handler with an entity tag over all of it, and a change
//! travels with that tag: Caddy compares for itself, and refuses when anything of the handler has moved.
//!
//! # Parts
//! `handler` is what the configuration says, `metrics` what Caddy counts, `look` makes a [`Reading`] of both, `warn` says what
//! an operator must know about it, `round` finds weights for shares, and `prepare` makes a change.
//!
//! # Invariants
//! - A change names a weight for every upstream: with fewer weights than upstreams Caddy sends everything to the first.
//! - A change that is bound to no split (a way back) is tied to the upstreams that were last read, so that no weight lands on
//!   another upstream because somebody put one in between.
//! - Every change loads the whole configuration anew: Caddy closes idle connections of clients, and its counters of requests
//!   start again at 0. Requests in flight are counted on.

mod config;
mod handler;
mod look;
mod metrics;
mod prepare;
mod round;
mod warn;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ::http::header::{HOST, HeaderValue, IF_MATCH, ORIGIN};
use ::http::{HeaderName, Method};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;

pub use config::Config;

use self::handler::Handler;
use self::look::{Busy, Seen};
use self::metrics::Metrics;
use super::{Configured, Fence, Router, SetAnswer};
use crate::adapter::http::{Answer, Client, Failure, Request};
use crate::domain::{Capabilities, NativeSplit, Prepared, Reading, Refused, Target, Trouble};

/// One Caddy process.
#[derive(Debug)]
pub struct Caddy {
    config: Config,
    client: Client,
    /// The upstreams of the last reading, for changes that are bound to no split.
    places: Mutex<Option<Places>>,
}

/// Upstreams in their order, and the tag that says whether they have moved.
#[derive(Debug, Clone)]
struct Places {
    dials: Vec<String>,
    tag: HeaderValue,
}

impl Caddy {
    /// A router for one configuration. Connects only when asked.
    ///
    /// # Errors
    /// When a certificate of an encrypted admin interface cannot be read.
    pub fn new(config: Config) -> Result<Self, Trouble> {
        let client = Client::new(config.at.clone(), None, &config.tls, config.timeout)?;
        Ok(Self { config, client, places: Mutex::new(None) })
    }

    async fn look(&self) -> Result<Reading, Trouble> {
        let base = self.config.base();
        let upstreams = format!("{base}/upstreams");
        let ((handler, tag), (dials, places), busy, metrics, counts) = tokio::try_join!(
            self.handler(),
            self.tagged::<Option<Vec<handler::Upstream>>>(&upstreams),
            self.document::<Option<Vec<Busy>>>("/reverse_proxy/upstreams"),
            self.metrics(),
            self.counts_requests(),
        )?;
        let dials: Vec<String> = dials.unwrap_or_default().into_iter().map(|upstream| upstream.dial).collect();
        // A reload between the two reads makes the tag one of other upstreams: then there is none to go by.
        let places = places.filter(|_| dials == handler.dials()).map(|tag| Places { dials, tag });
        *self.places.lock().unwrap_or_else(PoisonError::into_inner) = places;
        let generation = tag.and_then(|tag| tag.to_str().ok().map(str::to_owned)).unwrap_or_default();
        let seen = Seen { handler, generation, busy: busy.unwrap_or_default(), metrics, counts };
        Ok(look::reading(&self.config, &seen))
    }

    /// The handler that splits, with the tag over all of it.
    async fn handler(&self) -> Result<(Handler, Option<HeaderValue>), Trouble> {
        let base = self.config.base();
        let (document, tag) = self.tagged(&base).await?;
        Ok((Handler::of(&self.config, &format!("read {}{base}", self.config.at), document)?, tag))
    }

    async fn tagged<T: DeserializeOwned>(&self, path: &str) -> Result<(T, Option<HeaderValue>), Trouble> {
        let what = format!("read {}{path}", self.config.at);
        let answer = self.answer(path).await.map_err(|failure| failure.trouble(&what))?;
        if answer.is_success() {
            Ok((answer.json(&what)?, answer.headers.get("etag").cloned()))
        } else {
            Err(warn::refusal(&self.config, &what, &answer))
        }
    }

    /// Asks without changing anything. A change of anything in Caddy closes connections that were just made, and those on which
    /// somebody was about to ask; so a look that is cut off is asked again, a few times.
    async fn answer(&self, path: &str) -> Result<Answer, Failure> {
        const AGAIN: u32 = 8;
        const PAUSE: Duration = Duration::from_millis(20);
        let request = self.request(Method::GET, path);
        for _ in 0..AGAIN {
            match self.client.look(&request).await {
                Err(Failure::Unanswered { is_late: false, .. } | Failure::NotConnected { is_late: false, .. }) => {
                    tokio::time::sleep(PAUSE).await;
                }
                other => return other,
            }
        }
        self.client.look(&request).await
    }

    async fn document<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        Ok(self.tagged(path).await?.0)
    }

    /// What Caddy counts. Without it a reading lacks health and identity, and holds all the same.
    async fn metrics(&self) -> Result<Metrics, Trouble> {
        let what = format!("read {}/metrics", self.config.at);
        let answer = self.answer("/metrics").await.map_err(|failure| failure.trouble(&what))?;
        Ok(if answer.is_success() { Metrics::parse(&answer.text()) } else { Metrics::default() })
    }

    /// Whether requests are counted where the profile says that they are.
    async fn counts_requests(&self) -> Result<bool, Trouble> {
        if self.config.inner.is_empty() {
            return Ok(false);
        }
        Ok(!self.document::<serde_json::Value>("/config/apps/http/metrics").await?.is_null())
    }

    /// A request under the name by which Caddy's admin interface lets itself be asked.
    fn request(&self, method: Method, path: &str) -> Request {
        let request = Request::new(method, path);
        let with = |request: Request, name: HeaderName, text: &str| match HeaderValue::from_str(text) {
            Ok(value) => request.header(name, value),
            // The profile's reader lets no such text through.
            Err(_) => request,
        };
        match &self.config.origin {
            Some(origin) => {
                let host = origin.split_once("://").map_or(origin.as_str(), |(_, host)| host);
                with(with(request, HOST, host), ORIGIN, origin)
            }
            // On a unix socket only the names of this machine's loopback are let in.
            None if self.config.at.is_unix() => with(request, HOST, "127.0.0.1"),
            None => request,
        }
    }

    async fn write(&self, prepared: &Prepared, expected: Option<&NativeSplit>, fence: &dyn Fence) -> SetAnswer {
        let what = format!("set {}{}", self.config.at, self.config.base());
        if let Err(refused) = prepare::check(&self.config, &prepared.native) {
            return SetAnswer::NotSent(refused.to_string());
        }
        let places = match expected {
            Some(expected) => match self.places_of(expected).await {
                Ok(places) => Some(places),
                Err(answer) => return answer,
            },
            None => self.places.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        };
        let Some(weights) = in_place(&prepared.native, places.as_ref().map(|places| places.dials.as_slice())) else {
            return SetAnswer::NotSent(format!(
                "{what}: the upstreams are others than those of the change, and weights go by position; read the router again \
                 and propose anew"
            ));
        };
        let mut request = self.request(Method::PATCH, &self.config.weights_path()).body("application/json", weights);
        if let Some(places) = places {
            request = request.header(IF_MATCH, places.tag);
        }
        match self.client.write(&request, fence).await {
            Ok(answer) if answer.status == 412 => self.moved(&what, expected).await,
            Ok(answer) => judge(&self.config, &what, &answer),
            Err(failure) => failure.set_answer(&what),
        }
    }

    /// What to tie a change to that is bound to a split: the handler as it is, if it holds that split.
    async fn places_of(&self, expected: &NativeSplit) -> Result<Places, SetAnswer> {
        let not_sent = |trouble: Trouble| SetAnswer::NotSent(trouble.to_string());
        let (handler, tag) = self.handler().await.map_err(not_sent)?;
        let native = handler.native();
        if native != *expected {
            return Err(SetAnswer::Moved(native));
        }
        let tag = tag.ok_or_else(|| {
            let at = &self.config.at;
            SetAnswer::NotSent(format!(
                "set {at}: its answer has no entity tag, so the change cannot be tied to what was read; see whether that is Caddy \
                 2.6 or newer"
            ))
        })?;
        Ok(Places { dials: handler.dials(), tag })
    }

    /// The handler moved between a look and a change: says to what.
    async fn moved(&self, what: &str, expected: Option<&NativeSplit>) -> SetAnswer {
        let also = match (self.handler().await, expected) {
            (Ok((handler, _)), Some(expected)) if handler.native() != *expected => {
                return SetAnswer::Moved(handler.native());
            }
            (Ok(_), Some(_)) => "something of the handler was changed in the same moment",
            (_, None) => "its upstreams were changed since they were read, and weights go by position",
            (Err(_), Some(_)) => "the handler was changed in the same moment",
        };
        SetAnswer::Failed(format!("{what}: nothing is written: {also}; read the router again and propose anew"))
    }
}

/// The weights as Caddy takes them, one for each upstream; `None` when they are not of these upstreams. Where none are known,
/// in the order of the split, which is the one in which it was read.
fn in_place(native: &NativeSplit, dials: Option<&[String]>) -> Option<String> {
    let own: Vec<&str> = native.0.iter().map(|weight| weight.reference.as_str()).collect();
    let order: Vec<&str> = dials.map_or_else(|| own.clone(), |dials| dials.iter().map(String::as_str).collect());
    let of =
        |dial: &&str| native.0.iter().find(|weight| weight.reference == **dial).map(|weight| weight.weight.to_string());
    let weights: Vec<String> = order.iter().map(of).collect::<Option<_>>()?;
    (order.len() == own.len()).then(|| format!("[{}]", weights.join(",")))
}

/// What a whole answer to a change means.
fn judge(config: &Config, what: &str, answer: &Answer) -> SetAnswer {
    let said = || format!("{what}: it answered {}: {}", answer.status, answer.words());
    // Caddy tells every no as a JSON object with an `error`; whatever stands in between would say it in another way.
    let is_own = serde_json::from_slice::<handler::No>(&answer.body).is_ok();
    match answer.status {
        200 if answer.body.is_empty() => SetAnswer::Accepted,
        400..500 => SetAnswer::Failed(format!("{}; {}", said(), warn::advice(config, answer))),
        500 if is_own => SetAnswer::Failed(format!(
            "{}; the configuration before it goes on; {}",
            said(),
            warn::advice(config, answer)
        )),
        // A yes in other words, or a failure of whatever stands in between, proves nothing.
        _ => SetAnswer::Unknown(format!("{}; read the weights before anything else", said())),
    }
}

impl Router for Caddy {
    fn capabilities(&self) -> Capabilities {
        self.config.capabilities()
    }

    fn read(&self) -> BoxFuture<'_, Result<Reading, Trouble>> {
        self.look().boxed()
    }

    fn prepare(&self, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
        prepare::prepare(&self.config, target, reading)
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
