//! The account under test: a fake that checks what the real one checks.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use flightdeck::adapter::router::Router;
use flightdeck::adapter::router::alb::{Alb, Place};
use flightdeck::domain::PoolId;

use super::super::router::{Subject, contract};
use super::{Credentials, arn, config, router};
use crate::support::aws::{self, Account, BLUE, GREEN, LISTENER, RULE};
use crate::support::web::Web;

contract!(a_rule, Fixture::rule());
contract!(
    a_rule_that_asks_who_it_is,
    Fixture::rule(),
    says_no_with_the_words_of_a_system_that_denies,
    tells_of_credentials_that_end_in_the_middle,
);
contract!(
    a_listener,
    Fixture::listener(),
    reads_the_same_references_each_time,
    sets_and_reads_back,
    puts_back_a_native_split_to_the_letter_without_a_reading,
    writes_nothing_when_the_split_has_moved,
    says_no_with_the_words_of_a_system_that_denies,
);

const ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const LATER: [&str; 3] = ["ASIALATER", "another/secret+of/the-next+hour", "FwoGZXIvYXdzEXAMPLETOKEN"];
const READER: [&str; 2] = ["AKIAREADER", "may/look/and/nothing/else"];

/// An account with one rule and one listener, and keys for it.
pub(super) struct Fixture {
    pub(super) account: Web<Account>,
    place: Place,
    pub(super) credentials: Credentials,
    reader: Credentials,
}

impl Fixture {
    pub(super) fn rule() -> Self {
        Self::at_place(Place::Rule(arn(RULE)))
    }

    pub(super) fn listener() -> Self {
        Self::at_place(Place::Listener(arn(LISTENER)))
    }

    fn at_place(place: Place) -> Self {
        let mut account = Account::new(ID, SECRET);
        account.keys.insert(READER[0].to_owned(), (READER[1].to_owned(), None, false));
        Self {
            account: aws::start(account),
            place,
            credentials: Credentials::new(ID, SECRET),
            reader: Credentials::new(READER[0], READER[1]),
        }
    }

    pub(super) fn router(&self, timeout: Duration) -> Alb {
        self.with(self.credentials.path(), &self.account.address.to_string(), timeout)
    }

    fn with(&self, credentials: PathBuf, address: &str, timeout: Duration) -> Alb {
        router(config(self.place.clone(), [BLUE, GREEN], address, credentials, timeout))
    }
}

impl Subject for Fixture {
    fn adapter(&self, timeout: Duration) -> Box<dyn Router> {
        Box::new(self.router(timeout))
    }

    fn pools(&self) -> Vec<PoolId> {
        vec!["blue".into(), "green".into()]
    }

    fn really(&self) -> BTreeMap<String, u32> {
        let groups = self.account.state().groups();
        groups.into_iter().map(|(group, weight)| (arn(&group).group().to_owned(), weight)).collect()
    }

    fn meddle(&self) {
        self.account.state().forward(&[(BLUE, 93), (GREEN, 7)]);
    }

    fn freeze(&self) {
        self.account.freeze(true);
    }

    fn thaw(&self) {
        self.account.freeze(false);
    }

    fn applies_late(&self) -> bool {
        true
    }

    fn end(&mut self) {
        self.account.end();
    }

    fn powerless(&self, timeout: Duration) -> Option<Box<dyn Router>> {
        Some(Box::new(self.with(self.reader.path(), &self.account.address.to_string(), timeout)))
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Box<dyn Router> {
        Box::new(self.with(self.credentials.path(), &peer.to_string(), timeout))
    }

    fn secrets(&self) -> Vec<String> {
        [SECRET, LATER[1], LATER[2], READER[1]].map(str::to_owned).to_vec()
    }

    fn looks_before_writing(&self) -> bool {
        true
    }

    fn expire(&self) {
        self.account.state().keys.remove(ID);
    }

    fn renew(&self) {
        let [id, secret, token] = LATER;
        self.account.state().keys.insert(id.to_owned(), (secret.to_owned(), Some(token.to_owned()), true));
        self.credentials.write(id, secret, Some(token));
    }
}
