//! Routers: whatever holds weights. One folder per system, and the page that says what each must keep.
#![doc = include_str!("contract.md")]

pub mod alb;
pub mod caddy;
pub mod command;
pub mod consul;
pub mod demo;
pub mod envoy;
pub mod haproxy;
mod kinds;
pub mod kubernetes;
pub mod nginx;
pub mod octopus;
pub mod rest;
mod scale;
pub mod traefik;
pub mod traffic_manager;

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

pub use kinds::{KINDS, RouterKind};

use crate::domain::connection::{Connection, Ended};
use crate::domain::{Capabilities, NativeSplit, PoolId, Prepared, Reading, Refused, Target, Trouble, TroubleKind};

/// The configuration of one router, read from a profile and not yet connected.
pub trait Configured: Any + Debug + Send + Sync {
    /// What such a router can do.
    fn capabilities(&self) -> Capabilities;

    /// What a change would change, for people too: two routers of one kind and one place are the same router.
    fn place(&self) -> String;

    /// The router. Nothing is sent yet.
    ///
    /// # Errors
    /// When it cannot be used here: a feature that this build lacks, a certificate that cannot be read.
    fn connect(&self) -> Result<Arc<dyn Router>, Trouble>;
}

/// One router.
pub trait Router: Send + Sync {
    /// What this kind of router can do.
    fn capabilities(&self) -> Capabilities;

    /// Reads weights, servers, counters and identity.
    ///
    /// # Errors
    /// When the router does not answer, answers no, or does not fit the profile.
    fn read(&self) -> BoxFuture<'_, Result<Reading, Trouble>>;

    /// Works out the native weights and requests for a target. A [`Target::Native`] needs no reading; weights do.
    ///
    /// # Errors
    /// When the target cannot be held by this router, with the reason.
    fn prepare(&self, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused>;

    /// Sends a prepared change. `expected` is the native split that the operator saw; `None` for a rollback, which is
    /// bound to its target only.
    fn set<'a>(
        &'a self,
        prepared: &'a Prepared,
        expected: Option<&'a NativeSplit>,
        fence: &'a dyn Fence,
    ) -> BoxFuture<'a, SetAnswer>;

    /// Lists the connections that are open to a pool's servers, oldest first, with clients unmasked.
    ///
    /// # Errors
    /// Where the router cannot tell ([`Capabilities::lists_connections`]), or does not answer.
    fn connections<'a>(&'a self, pool: &'a PoolId) -> BoxFuture<'a, Result<Vec<Connection>, Trouble>> {
        let system = self.capabilities().system;
        let why = format!("{system} does not tell its connections");
        let advice = "watch the gauges and the log of the pool itself";
        let trouble = Trouble::new(TroubleKind::Mismatch, format!("list the connections of {pool}"), why, advice);
        async move { Err(trouble) }.boxed()
    }

    /// Ends those of the listed connections that are still the same ones: to the same server, and at least as old as said.
    fn end_connections<'a>(
        &'a self,
        pool: &'a PoolId,
        connections: &'a [Connection],
        _fence: &'a dyn Fence,
    ) -> BoxFuture<'a, Ended> {
        let (system, count) = (self.capabilities().system, connections.len());
        let why = format!("{system} cannot end {count} connections of {pool}");
        async move { Ended::NotSent { why } }.boxed()
    }

    /// Cancels work of the system's own, by the name that a reading told it by ([`Underway::task`]), if it still goes on. The
    /// system's yes says no more than that it was asked: readings tell when the work is over.
    ///
    /// [`Underway::task`]: crate::domain::Underway::task
    fn cancel<'a>(&'a self, task: &'a str, _fence: &'a dyn Fence) -> BoxFuture<'a, SetAnswer> {
        let system = self.capabilities().system;
        async move { SetAnswer::NotSent(format!("{system} cannot cancel {task}")) }.boxed()
    }
}

/// Asked directly before the first byte of a write: the deadline on both clocks, and whether the change was superseded.
pub trait Fence: Send + Sync {
    /// Whether the write may still go out.
    ///
    /// # Errors
    /// Why not; the write is then answered with [`SetAnswer::NotSent`].
    fn may_send(&self) -> Result<(), String>;
}

/// What the router said to a write.
#[derive(Debug, Clone, PartialEq)]
pub enum SetAnswer {
    /// It said yes.
    Accepted,
    /// The split was not the expected one; nothing was written.
    Moved(NativeSplit),
    /// No byte of a write went out.
    NotSent(String),
    /// It said no.
    Failed(String),
    /// A byte may have gone out, and no whole answer came.
    Unknown(String),
}
