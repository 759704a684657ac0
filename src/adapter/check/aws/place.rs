//! Which region, where its interface is, and who asks.

use std::path::PathBuf;

use crate::adapter::http::Endpoint;
use crate::adapter::router::alb::config::{role, web};
use crate::domain::Trouble;
use crate::setting::{Kind, Table, Wrong, absolute_path, quoted, word};

/// A region, and who asks there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// `eu-west-1`.
    pub region: String,
    /// The interface, where it is not the region's own.
    pub endpoint: Option<Endpoint>,
    /// The profile of the AWS configuration files; the whole chain of credentials where none is named.
    pub profile: Option<String>,
    /// The file of credentials; else the one that AWS's own tools read.
    pub credentials: Option<PathBuf>,
    /// The role that is assumed with them.
    pub role: Option<String>,
}

impl Place {
    /// Reads the keys, the region among them.
    pub(super) fn read(table: &mut Table<'_>) -> Option<Self> {
        let region = table.required("region", "The region: \"eu-west-1\".", &region());
        let place = Self::of(table, String::new());
        Some(Self { region: region?.value, ..place })
    }

    /// Reads the keys but for the region, which is known.
    pub(super) fn of(table: &mut Table<'_>, region: String) -> Self {
        let doc = "Where the interface is, for a VPC endpoint; else the region's own.";
        let endpoint = table.optional("endpoint", doc, &web());
        let doc = "The profile in AWS's own configuration files; else environment, files, role of the machine, as AWS's tools do.";
        let profile = table.optional("profile", doc, &word("the name of an AWS profile", "-_.@/+=,:", 100));
        let doc = "The file that holds the credentials of the profile; else the one that AWS's own tools read.";
        let credentials = table.optional("credentials", doc, &absolute_path());
        let assumed = table.optional("role", "The role that is assumed with these credentials.", &role());
        Self {
            region,
            endpoint: endpoint.map(|endpoint| endpoint.value),
            profile: profile.map(|profile| profile.value),
            credentials: credentials.map(|path| path.value),
            role: assumed.map(|role| role.value),
        }
    }

    /// The interface of a service, by the first part of its host's name.
    pub(super) fn at(&self, service: &str) -> Option<Endpoint> {
        let suffix = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        self.endpoint.clone().or_else(|| Endpoint::parse(&format!("https://{service}.{}.{suffix}", self.region)))
    }

    /// Said by a build without the crates of AWS.
    #[cfg(not(feature = "aws"))]
    pub(super) fn missing(&self, what: &str) -> Trouble {
        let advice = "build it with: cargo install --locked --path . --features aws";
        let why = "this flightdeck was built without the feature `aws`";
        Trouble::new(crate::domain::TroubleKind::Mismatch, format!("ask about {what} in {}", self.region), why, advice)
    }

    /// What an address that cannot be made is said to be.
    #[cfg(feature = "aws")]
    pub(super) fn nowhere(&self) -> Trouble {
        let advice = "name the address of its interface as `endpoint`";
        let why = "its interface has no address that is known here";
        Trouble::new(crate::domain::TroubleKind::Mismatch, format!("ask in region {}", self.region), why, advice)
    }

    /// Who asks.
    #[cfg(feature = "aws")]
    pub(super) fn keys(&self, patience: std::time::Duration) -> crate::adapter::router::alb::keys::Keys {
        use crate::adapter::router::alb::keys::{Keys, Source};

        let Self { region, profile, credentials, role, .. } = self.clone();
        Keys::of(Source { profile, file: credentials, role, region }, patience)
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
