//! nginx, steered by a file of ours that its configuration includes, and a reload.
//!
//! # Parts
//! `text` is the file and what workers answer, `ask` asks running workers what they have, `look` makes a [`Reading`] of both,
//! `process` looks at the master and at workers that end, `prepare` makes a change, `write` carries it out, `run` runs the
//! commands that test and reload.
//!
//! # Invariants
//! - The file is written whole, beside, and renamed over; a text that nginx's own test refuses is put back at once, for
//!   it would break the next start.
//! - A reload's exit says nothing about success, and for a moment old and new workers both take connections. What counts
//!   is what workers answer: five in a row over a quarter of a second. The file alone is never proof.
//! - Without a place to ask, a change is accepted and never verified, and says so.

mod ask;
mod config;
mod look;
mod prepare;
mod process;
mod run;
mod text;
mod write;

pub use config::{Config, Reload, Shape};

use std::sync::Mutex;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Configured, Fence, Router, SetAnswer};
use crate::adapter::http::Client;
use crate::domain::{Capabilities, NativeSplit, Prepared, Reading, Refused, Target, Trouble};

/// One nginx.
#[derive(Debug)]
pub struct Nginx {
    config: Config,
    /// Who tells what running workers have.
    status: Option<Client>,
    /// The time of writing that was last seen settled: of one that is, one answer is enough.
    settled: Mutex<String>,
}

impl Nginx {
    /// A router for one configuration. Connects only when asked.
    ///
    /// # Errors
    /// When a certificate cannot be read.
    pub fn new(config: Config) -> Result<Self, Trouble> {
        let status = match &config.status {
            Some(status) => Some(Client::new(status.clone(), None, &config.tls, config.timeout)?),
            None => None,
        };
        Ok(Self { config, status, settled: Mutex::default() })
    }
}

impl Router for Nginx {
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
