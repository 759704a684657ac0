//! Logs of `CloudWatch`, by `FilterLogEvents`, asked again and again as `aws logs tail --follow` does.
//!
//! A page without lines that names a next one is no end: AWS looks through so much of a group and tells what it has found.

mod config;
#[cfg(feature = "aws")]
mod no;
#[cfg(feature = "aws")]
mod source;

use std::sync::Arc;

pub use config::Config;

use super::config::Config as Source;
use super::{LogSource, Origin};
use crate::domain::Trouble;

/// The feature that this kind is behind, and whether this build has it.
pub const FEATURE: Option<(&str, bool)> = Some(("aws", cfg!(feature = "aws")));

impl Origin for Config {
    #[cfg(feature = "aws")]
    fn connect(&self, source: &Source) -> Result<Arc<dyn LogSource>, Trouble> {
        let cloudwatch = source::CloudWatch::new(self)?;
        Ok(Arc::new(super::poll::Polled::new(source, self.pace, cloudwatch)))
    }

    #[cfg(not(feature = "aws"))]
    fn connect(&self, source: &Source) -> Result<Arc<dyn LogSource>, Trouble> {
        let what = format!("follow the log {} of {}", source.id, self.group);
        let why = "this flightdeck was built without aws";
        let advice = "build it with: cargo install --locked --path . --features aws";
        Err(Trouble::new(crate::domain::TroubleKind::Mismatch, what, why, advice))
    }

    fn delay(&self) -> std::time::Duration {
        self.pace.delay()
    }
}
