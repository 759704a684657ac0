//! AWS application load balancers: the weights of target groups in the forward action of a rule or of a listener.
//!
//! # Parts
//! `arn` holds names, `config` the profile's keys; `call` asks, with what all of AWS shares ([`crate::adapter::aws`]); `actions` holds the actions of a rule, `health` the targets of a group; `weigh` finds whole weights
//! for shares and `prepare` makes a change of them; `steer` is the router, and `count` tells what CloudWatch counted.
//!
//! # Invariants
//! - A change replaces the whole list of actions, and AWS compares nothing. So every change looks first, directly before it
//!   is sent, also a rollback; what is not a weight of a pool goes back as it was read then. A gap of one exchange remains, in
//!   which another change is overwritten; the fence is asked after the look.
//! - The default rule of a listener is changed through the listener only.
//! - A target group that is in no rule has targets of unknown health. It goes in with weight 0 before it gets a share.
//! - The region is the ARN's; credentials are found as AWS's own tools find them, and a profile that is named goes before the
//!   environment. When AWS says that they are over, a look asks once more with new ones; a change is never sent twice.
//! - Whether credentials may change a rule cannot be asked without changing it: a missing permission shows when AWS says no.

#[cfg(feature = "aws")]
mod actions;
mod arn;
#[cfg(feature = "aws")]
mod call;
mod config;
#[cfg(feature = "aws")]
mod count;
#[cfg(feature = "aws")]
mod health;
#[cfg(feature = "aws")]
mod prepare;
#[cfg(feature = "aws")]
mod steer;
#[cfg(feature = "aws")]
mod weigh;

pub use arn::Arn;
pub use config::{Config, Place};
#[cfg(feature = "aws")]
pub use steer::Alb;

/// What is said of stickiness holds these words.
#[cfg(feature = "aws")]
const STICKY: &str = "keeps clients with their target group";
