//! Azure Traffic Manager: DNS answers in proportion to the weights of a profile's endpoints.
//!
//! A weight is a whole number from 1 to 1000; a pool that gets nothing has its endpoint disabled. What is set here moves
//! names, not connections: clients ask again when the time to live of their answer is over, and stay where they are
//! connected.
//!
//! # Parts
//! `look` makes a [`Reading`] of the profile, `prepare` works out requests, `send` sends them one after the other.
//!
//! # Invariants
//! - There is no entity tag: a bound change reads, compares and writes, and a gap remains between.
//! - Each endpoint takes a request of its own. What rises goes first and what is disabled goes last, each only after a
//!   whole yes to the one before: at no moment does the change leave no endpoint enabled.
//! - Every request names status and weight alike, so that the result does not hang on what moved in between.

mod config;
mod look;
mod prepare;
mod send;

pub use config::Config;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Configured, Fence, Router, SetAnswer};
use crate::adapter::azure::said;
pub use crate::adapter::azure::{Application, Identity};
use crate::adapter::http::Client;
use crate::domain::{Capabilities, NativeSplit, Prepared, Reading, Refused, Target, Trouble};

/// One profile.
#[derive(Debug)]
pub struct TrafficManager {
    config: Config,
    client: Client,
}

impl TrafficManager {
    /// A router for one configuration. Connects only when asked.
    ///
    /// # Errors
    /// When a certificate cannot be read.
    pub fn new(config: Config) -> Result<Self, Trouble> {
        let client = config.identity.client(&config.at, &config.tls, config.timeout)?;
        Ok(Self { config, client })
    }
}

impl Router for TrafficManager {
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
        self.send(prepared, expected, fence).boxed()
    }
}
