//! HTTP for routers: one request, one connection, one whole answer, and exact knowledge of what may have gone out.
//!
//! A general client keeps connections, follows redirects and may send a request again. A router that is asked to move
//! traffic is asked once, on a connection of its own, after the [`Fence`](super::router::Fence) has been asked and not
//! before; and when no whole answer comes, it matters whether a byte had gone out.
//!
//! # Parts
//! `endpoint` says where, `request` what, `exchange` does it, `answer` is what came, `flow` what goes on coming, [`Failure`] why nothing came;
//! [`Client`] adds who asks (`login`) and how long it waits; `tls` holds certificates; `setting` reads
//! what a profile says of a request.
//!
//! # Invariants
//! - Redirects are not followed, nothing is sent twice; but a look that is told 401, or whatever else says that
//!   the secret is over ([`Client::renewing`]), is asked once more with a secret that was fetched anew.
//! - No secret is in a message: addresses have none, headers are not shown, and a refusal that repeats it is masked.

mod answer;
mod client;
mod endpoint;
mod exchange;
mod failure;
#[cfg(feature = "kubernetes")]
mod flow;
mod login;
mod request;
mod setting;
mod tls;

pub use answer::Answer;
#[cfg(feature = "aws")]
pub(in crate::adapter) use answer::words;
pub use client::Client;
pub use endpoint::{Endpoint, endpoint};
pub(in crate::adapter) use exchange::Wire;
pub use failure::Failure;
#[cfg(feature = "kubernetes")]
pub(in crate::adapter) use flow::Flow;
pub use login::{Login, Mint, Minted};
pub use request::Request;
pub use setting::{body, header_name, named_headers};
pub use tls::Tls;
