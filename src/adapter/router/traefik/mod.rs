//! Traefik, steered by the file or the REST provider and verified through its API.
//!
//! # Parts
//! `api` is what Traefik's API tells, `look` makes a [`Reading`] of it, `counter` takes its request counters, `document` is
//! the dynamic configuration in which weights are edited, `prepare` makes a change, `write` carries it out.
//!
//! # Invariants
//! - What Traefik's API tells is what it has. The file says only what it will have, and the REST provider has no document
//!   that could be read back whole: its template is a file that the profile names.
//! - A REST change replaces everything of its provider, so nothing is sent whose template lacks what is there.
//! - Traefik refuses no weights at all, not even nothing for everybody: they are checked here.
//! - Traefik takes the last of several changes within its throttle, and only when that is over; a change is waited for as
//!   long as a router may take, and after that it is accepted and not yet verified.

mod api;
mod config;
mod counter;
mod document;
mod look;
mod prepare;
mod write;

pub use config::{Config, LoginRef, Way};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Configured, Fence, Router, SetAnswer};
use crate::adapter::http::{Client, Endpoint};
use crate::domain::{Capabilities, NativeSplit, Prepared, Reading, Refused, Target, Trouble};

/// One weighted service of one Traefik.
#[derive(Debug)]
pub struct Traefik {
    config: Config,
    api: Client,
    metrics: Option<Client>,
}

impl Traefik {
    /// A router for one configuration. Connects only when asked.
    ///
    /// # Errors
    /// When a certificate cannot be read.
    pub fn new(config: Config) -> Result<Self, Trouble> {
        let client = |at: &Endpoint| {
            // Who asks is told to the API alone and to what is beside it.
            let is_beside = format!("{at}/").starts_with(&format!("{}/", config.at));
            let login = config.login.as_ref().filter(|_| is_beside).map(LoginRef::login);
            Client::new(at.clone(), login, &config.tls, config.timeout)
        };
        let api = client(&config.at)?;
        let metrics = config.metrics.as_ref().map(client).transpose()?;
        Ok(Self { config, api, metrics })
    }
}

impl Router for Traefik {
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
