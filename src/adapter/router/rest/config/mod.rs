//! What the profile says about one HTTP interface.

mod kind;
mod written;

use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderName;

use self::kind::{path, pointer, span};
use self::written::Written;
use super::super::scale::Scale;
use super::super::{Configured, Router};
use super::Rest;
use super::request::{Part, Set};
use crate::adapter::http::{Client, Endpoint, Login, Tls, endpoint, header_name};
use crate::adapter::secret::SecretRef;
use crate::domain::reading::{Admin, NativeWeight};
use crate::domain::{Capabilities, NativeSplit, PoolId, Proof, Trouble};
use crate::setting::{Found, Named, Table, Wrong, count, text};

/// The most that one weight can be.
const MOST: usize = 1_000_000_000;

/// One HTTP interface that holds weights.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Where it is.
    pub at: Endpoint,
    /// Who asks, if it wants to know.
    pub credentials: Option<Credentials>,
    /// Certificates.
    pub tls: Tls,
    /// What is read.
    pub read: Look,
    /// What says which weights are live, where that is another document.
    pub verify: Option<Look>,
    /// What is sent.
    pub set: Set,
    /// The least and the most weight of a pool.
    pub range: (u32, u32),
    /// What all weights add up to, where the system insists.
    pub sum: Option<u32>,
    /// How many of our whole weights make one of the system's: 100 where it has parts of one.
    pub factor: u32,
    /// How long an accepted change takes until it reads back.
    pub takes: Duration,
    /// How long traffic follows the old weights after that.
    pub settle: Duration,
    /// How long it may take to answer.
    pub timeout: Duration,
}

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Credentials {
    /// `Authorization: Bearer …`.
    Bearer(SecretRef),
    /// The secret alone in this header.
    Header(HeaderName, SecretRef),
    /// `Authorization: Basic …` of a user with a password.
    Basic(String, SecretRef),
}

/// One JSON document, and where in it things stand, as JSON pointers per pool.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Look {
    /// Below the address, beginning with a slash.
    pub path: String,
    /// The weights.
    pub weights: Vec<(PoolId, String)>,
    /// The system's version of it; its entity tag where none is named.
    pub generation: Option<String>,
    /// What tells one process from another.
    pub process: Option<String>,
    /// Whether a pool has somebody who serves.
    pub healthy: Vec<(PoolId, String)>,
    /// Requests being served now.
    pub in_flight: Vec<(PoolId, String)>,
    /// Requests so far.
    pub requests: Vec<(PoolId, String)>,
    /// Errors so far.
    pub errors: Vec<(PoolId, String)>,
}

impl Config {
    /// Reads the keys of `kind = "http"`.
    pub fn read(table: &mut Table<'_>, pools: &[PoolId], timeout: Duration) -> Option<Self> {
        let names: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
        let doc = "Where it is: \"https://gateway.example.net/api\"; paths come after it.";
        let at = table.required("at", doc, &endpoint());
        let credentials = Credentials::read(table);
        let tls = Tls::read(table);
        let doc = "What is read: a JSON document, and where in it things stand.";
        let read = table.table("read", doc, |table| Look::read(table, &names, true));
        table.require("read", Wrong::new("is missing: what is read").advice("add [router.read] with get and weights"));
        let doc = "What says which weights are live, where that is another document than what was set.";
        let verify = table.table("verify", doc, |table| Look::read(table, &names, false));
        let doc = "What is sent: a method with its path, and a body; {{ weights.POOL }} and such are filled in.";
        let set = table.table("set", doc, |table| Written::read(table, &names));
        table.require("set", Wrong::new("is missing: what is sent").advice("add [router.set] with put, post or patch"));
        let doc = "The least and the most weight of a pool: [0, 100] where nothing is said.";
        let accepted = "two whole numbers that grow, such as [0, 100]";
        let range = count(0, MOST).list(accepted).and_then(accepted, |found| match found.as_slice() {
            [least, most] if least.value < most.value => Ok((whole(least.value), whole(most.value))),
            _ => Err(Wrong::new("is no range")),
        });
        let range = table.optional("range", doc, &range).map_or((0, 100), |range| range.value);
        let doc = "What the weights of all pools add up to, where the system insists.";
        let sum = table.optional("sum", doc, &count(1, MOST));
        let doc = "How many of the smallest weight make 1 of the system's: 100 where 0.01 is the smallest.";
        let factor = table.optional("factor", doc, &crate::setting::number_of(&[1, 10, 100, 1_000, 10_000]));
        let doc = "How long an accepted change may take until it reads back.";
        let takes = table.optional("takes", doc, &span()).map_or(Duration::ZERO, |takes| takes.value);
        let doc = "How long traffic still follows the old weights after that.";
        let settle = table.optional("settle", doc, &span()).map_or(Duration::ZERO, |settle| settle.value);
        if let Some(sum) = sum.as_ref().filter(|sum| whole(sum.value) > range.1) {
            let wrong = Wrong::new(format!("is more than {}, the most of one pool", range.1));
            table.report().refuse(&sum.spot, wrong.advice("one pool has it all when the others have nothing"));
            return None;
        }
        let written = set??;
        let config = Self {
            at: at?.value,
            credentials: credentials.ok()?,
            tls,
            read: read??,
            verify: match verify {
                None => None,
                Some(verify) => Some(verify?),
            },
            set: written.set.clone(),
            range,
            sum: sum.map(|sum| whole(sum.value)),
            factor: factor.map_or(1, |factor| whole(factor.value)),
            takes,
            settle,
            timeout,
        };
        let fits = config.tries(table, &written);
        fits.then_some(config)
    }

    /// Fills every template in with made-up weights, and says what does not fit.
    fn tries(&self, table: &Table<'_>, written: &Written) -> bool {
        let count = self.read.weights.len();
        // Everything on one pool after the other, and something on each.
        let mut tries: Vec<Vec<u64>> =
            (0..count).map(|one| (0..count).map(|each| u64::from(each == one)).collect()).collect();
        tries.push(vec![1; count]);
        let mut fits = true;
        for points in tries {
            let Some(weights) = self.scale().weights(&points) else { continue };
            let weight = |((pool, reference), weight): (&(PoolId, String), u32)| NativeWeight {
                reference: reference.clone(),
                pool: pool.clone(),
                weight,
                admin: Admin::Ready,
            };
            let native = NativeSplit(self.read.weights.iter().zip(weights).map(weight).collect());
            if let Err(unfit) = self.set.make("", &native, self.factor, "7") {
                let spot = match &unfit.part {
                    Part::Path => &written.path,
                    Part::Body => &written.body,
                    Part::Header(_) => &written.headers,
                };
                let shares = native.shares(self.read.weights.iter().map(|(pool, _)| pool));
                table.report().refuse(spot, Wrong::new(format!("with {shares} it {}", unfit.why)));
                fits = false;
                break;
            }
        }
        fits
    }

    /// A client. Nothing is connected to yet.
    pub(super) fn client(&self) -> Result<Client, Trouble> {
        let login = self.credentials.clone().map(|credentials| match credentials {
            Credentials::Bearer(secret) => Login::bearer(secret),
            Credentials::Header(name, secret) => Login::header(name, secret),
            Credentials::Basic(user, secret) => Login::basic(user, secret),
        });
        Client::new(self.at.clone(), login, &self.tls, self.timeout)
    }

    /// The numbers that it takes.
    pub(super) fn scale(&self) -> Scale {
        Scale { least: self.range.0, most: self.range.1, sum: self.sum }
    }

    /// A split that `verify` tells, with the references of `read`.
    pub(super) fn in_its_words(&self, live: Option<NativeSplit>) -> Option<NativeSplit> {
        let mut live = live?;
        for weight in &mut live.0 {
            if let Some((_, reference)) = self.read.weights.iter().find(|(pool, _)| *pool == weight.pool) {
                weight.reference.clone_from(reference);
            }
        }
        Some(live)
    }
}

impl Configured for Config {
    fn capabilities(&self) -> Capabilities {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let takes = millis(self.takes).max(50);
        let counts_requests = !self.read.requests.is_empty();
        let method = &self.set.method;
        let each = if self.set.each { " for each pool" } else { "" };
        Capabilities {
            change_ms: takes,
            back_ms: takes,
            read_back_ms: millis(self.takes),
            settle_ms: millis(self.settle),
            holds: self.scale().holds(),
            zero: self.scale().zero(),
            atomic: !self.set.each,
            conditional: self.set.is_conditional(),
            proof: if counts_requests { Proof::Observed } else { Proof::ReadBack },
            counts_in_flight: !self.read.in_flight.is_empty(),
            counts_requests,
            ..Capabilities::of("HTTP", &format!("{method} {}{each}", self.at))
        }
    }

    fn place(&self) -> String {
        format!("{} {} {}", self.at, self.set.method, self.set.path)
    }

    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        Ok(Arc::new(Rest::new(self.clone())?))
    }
}

impl Credentials {
    /// Nothing where there are none, an error when something is wrong with them, which has been said.
    fn read(table: &mut Table<'_>) -> Result<Option<Self>, ()> {
        let token = SecretRef::read(table, "token", "Where its token is kept, for `Authorization: Bearer`.");
        let doc = "The header that the token goes in alone, in place of `Authorization: Bearer`.";
        let header = table.optional("header", doc, &header_name());
        let user = table.optional("user", "A user, for `Authorization: Basic`.", &text());
        let password = SecretRef::read(table, "password", "Where that user's password is kept.");
        let refused = |key: &str, what: &str| {
            table.report().refuse(&table.spot_if_written(key).unwrap_or_else(|| table.spot_of(key)), Wrong::new(what));
            Err(())
        };
        if table.has("user") != table.has("password") {
            let key = if table.has("user") { "user" } else { "password" };
            return refused(key, "names one of `user` and `password` without the other");
        }
        if table.has("user") && table.has("token") {
            return refused("user", "is one way to say who asks, and `token` is another");
        }
        if table.has("header") && !table.has("token") {
            return refused("header", "says where a `token` goes, and there is none");
        }
        Ok(match (token, header, user.zip(password)) {
            (Some(token), Some(header), _) => Some(Self::Header(header.value, token)),
            (Some(token), None, _) => Some(Self::Bearer(token)),
            (None, _, Some((user, password))) => Some(Self::Basic(user.value, password)),
            (None, _, None) => None,
        })
    }
}

impl Look {
    fn read(table: &mut Table<'_>, names: &[&str], is_whole: bool) -> Option<Self> {
        let get = table.required("get", "The path of the document.", &path());
        let doc = "Per pool, where its weight stands: a JSON pointer such as \"/pools/blue/weight\".";
        let weights = table.required_each_of("weights", doc, "pool", names, &pointer());
        let mut look = Self::default();
        if is_whole {
            let doc = "Where the version stands that each change counts up; else the answer's entity tag.";
            look.generation = table.optional("generation", doc, &pointer()).map(|found| found.value);
            let doc = "Where something stands that is another after a restart.";
            look.process = table.optional("process", doc, &pointer()).map(|found| found.value);
            let doc = "Per pool, where it says whether somebody serves: true, or how many.";
            look.healthy = placed(table.each_of("healthy", doc, "pool", names, &pointer()));
            let doc = "Per pool, where the requests being served now are counted.";
            look.in_flight = placed(table.each_of("in_flight", doc, "pool", names, &pointer()));
            let doc = "Per pool, where all requests so far are counted.";
            look.requests = placed(table.each_of("requests", doc, "pool", names, &pointer()));
            let doc = "Per pool, where all errors so far are counted.";
            look.errors = placed(table.each_of("errors", doc, "pool", names, &pointer()));
        }
        let weights = weights?;
        for (index, (pool, place)) in weights.value.iter().enumerate() {
            if let Some((other, _)) = weights.value.iter().take(index).find(|(_, other)| other.value == place.value) {
                let wrong = Wrong::new(format!("the weight of pool {other} stands there already"));
                table.report().refuse(&place.spot, wrong.advice(format!("name where the one of {pool} stands")));
                return None;
            }
        }
        (look.path, look.weights) = (get?.value, placed(Some(weights)));
        Some(look)
    }
}

fn placed(found: Option<Found<Vec<Named<String>>>>) -> Vec<(PoolId, String)> {
    let found = found.map(|found| found.value).unwrap_or_default();
    found.into_iter().map(|(pool, pointer)| (PoolId::new(pool), pointer.value)).collect()
}

fn whole(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
