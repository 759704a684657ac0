//! Systems of AWS: services of ECS, images in ECR, alarms of CloudWatch.
//!
//! Who asks is found as AWS's own tools find it, and every request is signed; `place` reads the keys that say so, `call`
//! asks the services that speak JSON. AWS names what is not there in codes of its own, with status 400.

pub mod alarms;
#[cfg(feature = "aws")]
mod call;
pub mod ecs;
pub mod image;
mod place;

pub use place::Place;

/// The feature that these kinds are behind, and whether this build has it.
pub const FEATURE: Option<(&str, bool)> = Some(("aws", cfg!(feature = "aws")));
