//! Against moto: the forms and answers of AWS, as far as it keeps them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use flightdeck::adapter::router::Router;
use flightdeck::adapter::router::alb::{Alb, Place};
use flightdeck::domain::PoolId;

use super::super::router::{Subject, contract};
use super::{Credentials, arn, config, router};
use crate::support::moto::Moto;

// Starting it takes seconds, so the parts are those that show its forms: the fake has the others.
contract!(
    a_rule,
    Fixture::start(true),
    sets_and_reads_back,
    writes_nothing_when_the_split_has_moved,
    does_not_know_after_a_time_out_until_it_reads,
    finds_nobody_there,
);
contract!(a_listener, Fixture::start(false), sets_and_reads_back);

struct Fixture {
    moto: Moto,
    is_rule: bool,
    credentials: Credentials,
}

impl Fixture {
    fn start(is_rule: bool) -> Self {
        Self { moto: Moto::start(), is_rule, credentials: Credentials::new("test", "test") }
    }

    fn with(&self, address: &str, timeout: Duration) -> Alb {
        let place =
            if self.is_rule { Place::Rule(arn(&self.moto.rule)) } else { Place::Listener(arn(&self.moto.listener)) };
        let [blue, green] = &self.moto.groups;
        router(config(place, [blue, green], address, self.credentials.path(), timeout))
    }
}

impl Subject for Fixture {
    fn adapter(&self, timeout: Duration) -> Box<dyn Router> {
        Box::new(self.with(&self.moto.address.to_string(), timeout))
    }

    fn pools(&self) -> Vec<PoolId> {
        vec!["blue".into(), "green".into()]
    }

    fn really(&self) -> BTreeMap<String, u32> {
        ["app-blue", "app-green"].map(str::to_owned).into_iter().zip(self.moto.weights(self.is_rule)).collect()
    }

    fn meddle(&self) {
        self.moto.meddle(93, 7);
    }

    fn freeze(&self) {
        self.moto.freeze(true);
    }

    fn thaw(&self) {
        self.moto.freeze(false);
    }

    fn applies_late(&self) -> bool {
        true
    }

    fn end(&mut self) {
        self.moto.end();
    }

    fn powerless(&self, _timeout: Duration) -> Option<Box<dyn Router>> {
        None
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Box<dyn Router> {
        Box::new(self.with(&peer.to_string(), timeout))
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    fn looks_before_writing(&self) -> bool {
        true
    }
}
