//! Logs of pods: one stream for each container of every pod that a selector finds.
//!
//! # Parts
//! `config` is what the profile says, `listing` reads which containers there are, `tail` follows one of them, `pods` follows
//! them all.
//!
//! # How it follows
//! Pods are listed again and again. A container that has a log gets a stream, with the server's own times before its lines; a
//! stream that ends, as it does when its container starts anew, is opened again from the time of its last line, and what was
//! told already is left out. A pod that goes is followed to its end.
//!
//! A stream that says nothing may hang as well as be silent. So what is vouched for is the newest line of whichever container
//! has been silent longest: one that never writes holds that back, and `container` leaves it out.

mod config;
#[cfg(feature = "kubernetes")]
mod listing;
#[cfg(feature = "kubernetes")]
mod pods;
#[cfg(feature = "kubernetes")]
mod tail;

use std::sync::Arc;

pub use config::Config;

use super::config::Config as Source;
use super::{LogSource, Origin};
pub use crate::adapter::router::kubernetes::FEATURE;
use crate::domain::Trouble;

impl Origin for Config {
    #[cfg(feature = "kubernetes")]
    fn connect(&self, source: &Source) -> Result<Arc<dyn LogSource>, Trouble> {
        Ok(Arc::new(pods::Pods::new(self, source)))
    }

    #[cfg(not(feature = "kubernetes"))]
    fn connect(&self, source: &Source) -> Result<Arc<dyn LogSource>, Trouble> {
        let what = format!("follow the log {} in {}", source.id, self.place.cluster);
        let why = "this flightdeck was built without kubernetes";
        let advice = "build it with: cargo install --locked --path . --features kubernetes";
        Err(Trouble::new(crate::domain::TroubleKind::Mismatch, what, why, advice))
    }
}
