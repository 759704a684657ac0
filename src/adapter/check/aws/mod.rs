//! Systems of AWS: services of ECS, images in ECR, alarms of CloudWatch.
//!
//! Who asks is found as AWS's own tools find it, and every request is signed; `call`
//! asks the services that speak JSON. AWS names what is not there in codes of its own, with status 400.

pub mod alarms;
#[cfg(feature = "aws")]
mod call;
pub mod ecs;
pub mod image;

pub use crate::adapter::aws::{FEATURE, Place};
