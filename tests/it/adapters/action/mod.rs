//! Deploy actions against their contract.

mod argocd_sync;
mod azure_containers;
mod command;
pub mod contract;
#[cfg(feature = "aws")]
mod ecs;
mod github_workflow;
mod http;
mod image_tag;
#[cfg(feature = "kubernetes")]
mod kubernetes;
mod octopus_release;

use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::action::Action;
use flightdeck::adapter::router::Fence;
use flightdeck::domain::action::Acting;
use flightdeck::profile::{ProfileFile, parse};

/// What an action is told in these tests.
pub fn acting(key: &str) -> Acting {
    Acting {
        key: key.to_owned(),
        pool: "blue".to_owned(),
        from_version: "2.4.0".to_owned(),
        to_version: "2.5.0".to_owned(),
        digest: String::new(),
    }
}

/// The action that these keys of an `[[action]]` make, with this time-out.
pub fn action(keys: &str, timeout: Duration) -> Arc<dyn Action> {
    let text = format!(
        "service = \"app\"\nenvironment = \"test\"\nnew = \"blue\"\n[pools.blue]\n[pools.green]\n\
         [[action]]\nname = \"one\"\ntimeout = \"{}ms\"\n{keys}\n",
        timeout.as_millis()
    );
    let file = ProfileFile { path: "profile.toml".to_owned(), bytes: text.into_bytes() };
    let loaded = parse(&[file]).unwrap_or_else(|problems| panic!("{problems}"));
    loaded.adapters.actions.first().expect("there is one").1.connect().expect("it can be used")
}

/// A fence that lets everything out.
pub struct Open;

impl Fence for Open {
    fn may_send(&self) -> Result<(), String> {
        Ok(())
    }
}

/// A fence whose deadline is over.
pub struct Closed;

impl Fence for Closed {
    fn may_send(&self) -> Result<(), String> {
        Err("its deadline was over before it could be sent".to_owned())
    }
}
