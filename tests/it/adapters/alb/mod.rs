//! Load balancers of AWS against the contract, and what only they have.
#![cfg(feature = "aws")]

mod account;
mod count;
mod credentials;
mod moto;
mod profile;
mod rules;

use std::path::PathBuf;
use std::time::Duration;

use flightdeck::adapter::aws::Chain;
use flightdeck::adapter::http::Endpoint;
use flightdeck::adapter::router::alb::{Alb, Arn, Config, Place};
use flightdeck::domain::{BasisPoints, Target, Weights};
use tempfile::TempDir;

/// The name of the profile in the files of credentials.
const PROFILE: &str = "deploy";

/// A file of credentials of its own.
struct Credentials {
    folder: TempDir,
}

impl Credentials {
    /// With these keys.
    fn new(id: &str, secret: &str) -> Self {
        let file = Self { folder: tempfile::tempdir().unwrap() };
        file.write(id, secret, None);
        file
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("credentials")
    }

    /// Puts other keys there.
    fn write(&self, id: &str, secret: &str, token: Option<&str>) {
        let token = token.map(|token| format!("aws_session_token = {token}\n")).unwrap_or_default();
        let text = format!("[{PROFILE}]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n{token}");
        std::fs::write(self.path(), text).unwrap();
    }

    /// Adds a setting to the profile.
    fn append(&self, line: &str) {
        let text = std::fs::read_to_string(self.path()).unwrap() + line;
        std::fs::write(self.path(), text).unwrap();
    }
}

fn arn(text: &str) -> Arn {
    Arn::parse(text).unwrap()
}

/// A configuration for two pools.
fn config(place: Place, groups: [&str; 2], address: &str, credentials: PathBuf, timeout: Duration) -> Config {
    let [blue, green] = groups.map(arn);
    Config {
        place,
        pools: vec![("blue".into(), blue), ("green".into(), green)],
        chain: Chain { profile: Some(PROFILE.to_owned()), file: Some(credentials), role: None },
        endpoint: Endpoint::parse(&format!("http://{address}")).unwrap(),
        cloudwatch: None,
        timeout,
    }
}

fn router(config: Config) -> Alb {
    Alb::new(config).unwrap()
}

fn weights(green: u32) -> Weights {
    let green = BasisPoints(green);
    Weights::new(vec![("blue".into(), BasisPoints(10_000 - green.0)), ("green".into(), green)]).unwrap()
}

fn shift(green: u32) -> Target {
    Target::Weights(weights(green))
}
