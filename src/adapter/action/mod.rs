//! Deploy actions: what a step of the plan does to a system, started once and followed to its end.
//!
//! # The contract
//!
//! An action MUST:
//! - describe every request as it will be sent, with its key, without a secret, and send nothing but looks for it;
//! - ask the fence directly before the first byte of a start or a cancel, and send nothing when it says no;
//! - start under the key that it is told, so that a system which can takes a second start of that key for the first one;
//! - say [`Started::Unknown`] whenever a byte may have gone out and no whole answer came, or the answer leaves open whether
//!   it was taken (a gateway's 502, a yes that names nothing to ask about); never send it again by itself;
//! - give a handle by which another process of flightdeck can look at it, where that is possible at all, and nothing secret;
//! - find a start whose answer was lost by its key alone ([`Action::look`] without a handle), where the system lets it;
//!   say [`ActionState::Absent`] only where the system is sure, and [`ActionState::Lost`] where nobody can tell from here;
//! - answer within its time-out, whatever the system does;
//! - keep away for as long as the system asks (429 with Retry-After: [`ActionLook::not_before`](crate::domain::action::ActionLook::not_before));
//! - mask what it quotes: no card number, no address and no secret of an answer reaches the screen, the journal or the record.
//!
//! An action SHOULD tell how far it is, what it waits for, the last lines of its log, and where people look at it; and what
//! differs between running and coming, before it is started.
//!
//! To add one: a file or folder beside this one with a configuration that is [`Configured`], a line in `kinds`, a row of
//! scenarios in the contract suite, `tests/it/adapters/action/contract.rs`, and an example under `profiles/`.
//!
//! [`ActionState::Absent`]: crate::domain::action::ActionState::Absent
//! [`ActionState::Lost`]: crate::domain::action::ActionState::Lost

pub mod argocd_sync;
pub mod azure_containers;
#[cfg(any(feature = "kubernetes", feature = "aws"))]
mod before;
pub mod command;
#[cfg(any(feature = "kubernetes", feature = "aws"))]
mod differ;
pub mod ecs;
pub mod github_workflow;
pub mod http;
pub mod image_tag;
mod keys;
mod kinds;
pub mod kubernetes;
pub mod octopus_release;
mod say;
mod shown;
mod template;

use std::fmt::Debug;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

pub use kinds::{ActionKind, KINDS};

use super::router::{Fence, SetAnswer};
use crate::domain::Trouble;
use crate::domain::action::{Acting, ActionLook, Description, Started};

/// The configuration of one action, read from a profile and not yet connected.
pub trait Configured: Debug + Send + Sync {
    /// The action. Nothing is sent yet.
    ///
    /// # Errors
    /// When it cannot be used here: a feature that this build lacks, a certificate that cannot be read.
    fn connect(&self) -> Result<Arc<dyn Action>, Trouble>;

    /// Whether its system can be asked to end it early.
    fn can_cancel(&self) -> bool;

    /// Why the profile must say that it ends the way back, where it always does.
    fn must_end_way_back(&self) -> Option<String> {
        None
    }
}

/// One action.
pub trait Action: Send + Sync {
    /// What it would send, and what differs between running and coming where the system tells. Changes nothing.
    ///
    /// # Errors
    /// When that cannot be told: a version that nobody said, a system that does not answer.
    fn describe<'a>(&'a self, acting: &'a Acting) -> BoxFuture<'a, Result<Description, Trouble>>;

    /// Starts it, once.
    fn start<'a>(&'a self, acting: &'a Acting, fence: &'a dyn Fence) -> BoxFuture<'a, Started>;

    /// Looks at it: by its handle, or without one by the key that it was started under.
    fn look<'a>(&'a self, acting: &'a Acting, handle: Option<&'a str>) -> BoxFuture<'a, ActionLook>;

    /// Asks its system to end it. A yes says no more than that it was asked: looks tell when it is over.
    fn cancel<'a>(&'a self, _acting: &'a Acting, handle: &'a str, _fence: &'a dyn Fence) -> BoxFuture<'a, SetAnswer> {
        async move { SetAnswer::NotSent(format!("its system cannot cancel {handle}")) }.boxed()
    }

    /// Looks whether it could be started, before there is a session. Gives what was found, in a sentence.
    ///
    /// # Errors
    /// Why it could not be told.
    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>>;
}
