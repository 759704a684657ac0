//! Octopus Deploy, where a routing project's variables are the weights: saved, frozen into a release, and deployed.
//!
//! Three truths are told apart. *Live* is what the newest successful deployment to the environment carried: the variables as
//! its release froze them. *Desired* are the project's variables as they are saved now. *In flight* is what a deployment
//! that is queued or runs will make live. [`Reading::native`] is the live one, always; the others are said beside it.
//!
//! # Parts
//! `names` finds the ids behind the profile's names, `variables` keeps to the rules of a variable set, `history` tells which
//! deployment is live and which are in flight, `look` makes a [`Reading`] of them, `plan` is a change as it is shown and
//! carried out, `prepare` works it out, `change` sends it, `memory` knows releases by the weights that they hold.
//!
//! # Invariants
//! - A variable set goes back whole, as the JSON that was read, with nothing but the values of the weights changed and the
//!   `Version` as read: a variable that is left out is deleted, and a sensitive one without its id loses its value.
//! - The release of a change is named after the variable set's `Version` and the weights. A change that is sent again finds
//!   what it made before, and makes no second release and no second deployment.
//! - The way back deploys the release that held the old weights, where one is known; nothing needs to be saved for it.
//! - A change cancels only what flightdeck started, and only where it is not bound to a split: a way back. Anything else is
//!   cancelled by its own act, and only what is in flight for this project and environment.

mod change;
mod config;
mod history;
mod look;
mod memory;
mod names;
mod plan;
mod prepare;
mod variables;

pub use config::Config;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Configured, Fence, Router, SetAnswer};
use crate::adapter::octopus::Api;
use crate::domain::{Capabilities, NativeSplit, Prepared, Reading, Refused, Target, Trouble};
use memory::Memory;

/// One routing project in one environment.
#[derive(Debug)]
pub struct Octopus {
    config: Config,
    api: Api,
    memory: Memory,
}

impl Octopus {
    /// A router for one configuration. Connects only when asked.
    ///
    /// # Errors
    /// When a certificate cannot be read.
    pub fn new(config: Config) -> Result<Self, Trouble> {
        let api = Api::new(config.at.clone(), config.token.clone(), &config.tls, config.timeout)?;
        Ok(Self { config, api, memory: Memory::default() })
    }
}

impl Router for Octopus {
    fn capabilities(&self) -> Capabilities {
        self.config.capabilities()
    }

    fn read(&self) -> BoxFuture<'_, Result<Reading, Trouble>> {
        self.reading().boxed()
    }

    fn prepare(&self, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
        prepare::prepare(&self.config, &self.memory, target, reading)
    }

    fn set<'a>(
        &'a self,
        prepared: &'a Prepared,
        expected: Option<&'a NativeSplit>,
        fence: &'a dyn Fence,
    ) -> BoxFuture<'a, SetAnswer> {
        self.change(prepared, expected, fence).boxed()
    }

    fn cancel<'a>(&'a self, task: &'a str, fence: &'a dyn Fence) -> BoxFuture<'a, SetAnswer> {
        self.cancel_task(task, fence).boxed()
    }
}
