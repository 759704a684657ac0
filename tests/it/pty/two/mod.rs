//! Two people, each with a cockpit of their own in a real terminal, on one session.

#[cfg(feature = "nats")]
mod back;
#[cfg(feature = "nats")]
mod controls;
mod host;
#[cfg(feature = "nats")]
mod journal;
#[cfg(feature = "nats")]
mod second;
