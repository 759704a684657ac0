//! Which region, where its interface is, and who asks.

use super::Chain;
#[cfg(feature = "aws")]
use super::regional;
use crate::adapter::http::Endpoint;
use crate::adapter::router::alb::config::web;
use crate::domain::{Trouble, TroubleKind};
use crate::setting::{Kind, Table, Wrong, quoted, word};

/// A region, and who asks there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// `eu-west-1`.
    pub region: String,
    /// The interface, where it is not the region's own.
    pub endpoint: Option<Endpoint>,
    /// Where credentials come from.
    pub chain: Chain,
}

impl Place {
    /// Reads the keys, the region among them.
    pub(in crate::adapter) fn read(table: &mut Table<'_>) -> Option<Self> {
        let region = table.required("region", "The region: \"eu-west-1\".", &region());
        let place = Self::of(table, String::new());
        Some(Self { region: region?.value, ..place })
    }

    /// Reads the keys but for the region, which is known.
    pub(in crate::adapter) fn of(table: &mut Table<'_>, region: String) -> Self {
        let doc = "Where the interface is, for a VPC endpoint; else the region's own.";
        let endpoint = table.optional("endpoint", doc, &web());
        Self { region, endpoint: endpoint.map(|endpoint| endpoint.value), chain: Chain::read(table) }
    }

    /// The interface of a service, by the first part of its host's name.
    #[cfg(feature = "aws")]
    pub(in crate::adapter) fn at(&self, service: &str) -> Result<Endpoint, Trouble> {
        let nowhere = || {
            let advice = "name the address of its interface as `endpoint`";
            let why = "its interface has no address that is known here";
            Trouble::new(TroubleKind::Mismatch, format!("ask in region {}", self.region), why, advice)
        };
        self.endpoint.clone().or_else(|| regional(service, &self.region)).ok_or_else(nowhere)
    }

    /// Said by a build without the crates of AWS.
    #[cfg(not(feature = "aws"))]
    pub(in crate::adapter) fn missing(&self, what: &str) -> Trouble {
        let advice = "build it with: cargo install --locked --path . --features aws";
        let why = "this flightdeck was built without the feature `aws`";
        Trouble::new(TroubleKind::Mismatch, format!("ask about {what} in {}", self.region), why, advice)
    }
}

fn region() -> Kind<String> {
    const ACCEPTED: &str = "a region, such as \"eu-west-1\"";
    word(ACCEPTED, "-", 40).and_then(ACCEPTED, |region| {
        // `eu-west-1`, `us-gov-west-1`, `cn-north-1`.
        let parts: Vec<&str> = region.split('-').collect();
        let fits = parts.len() >= 3
            && region.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && parts.last().is_some_and(|last| !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()));
        if fits { Ok(region) } else { Err(Wrong::new(format!("cannot be {}", quoted(&region)))) }
    })
}
