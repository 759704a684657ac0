//! What the profile says about one weighted service of one Traefik.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::super::{Configured, Router};
use super::Traefik;
use crate::adapter::http::{Endpoint, Login, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::{BasisPoints, Capabilities, Holds, PoolId, Proof, Trouble};
use crate::setting::{Found, Kind, Table, Wrong, absolute_path, duration, quoted, word};

/// Traefik's own default.
const THROTTLE: Duration = Duration::from_secs(2);

/// Where and how one weighted service is steered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Traefik's API.
    pub at: Endpoint,
    /// Who asks there.
    pub login: Option<LoginRef>,
    /// Certificates.
    pub tls: Tls,
    /// Where its counters are.
    pub metrics: Option<Endpoint>,
    /// The weighted service, without its provider.
    pub service: String,
    /// Per pool, in the profile's order, its service, as the weighted service names it.
    pub pools: Vec<(PoolId, String)>,
    /// How it is changed.
    pub way: Way,
    /// Traefik's `providersThrottleDuration`.
    pub throttle: Duration,
    /// How long it may take to answer.
    pub timeout: Duration,
}

/// How weights are changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Way {
    /// By a file in a directory that Traefik watches.
    File(PathBuf),
    /// By the REST provider, with the whole dynamic configuration from this file.
    Rest(PathBuf),
}

/// Who asks Traefik's API, where something before it wants to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoginRef {
    /// A token.
    Token(SecretRef),
    /// A user with a password.
    Basic(String, SecretRef),
}

impl LoginRef {
    pub(super) fn login(&self) -> Login {
        match self {
            Self::Token(token) => Login::bearer(token.clone()),
            Self::Basic(user, password) => Login::basic(user.clone(), password.clone()),
        }
    }
}

impl Way {
    /// Traefik's name for the provider.
    pub(super) fn provider(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Rest(_) => "rest",
        }
    }

    /// The document in which weights are edited.
    pub(super) fn document(&self) -> &PathBuf {
        let (Self::File(path) | Self::Rest(path)) = self;
        path
    }
}

impl Config {
    /// Reads the keys of `kind = "traefik"`.
    pub fn read(table: &mut Table<'_>, pools: &[PoolId], timeout: Duration) -> Option<Self> {
        let at = table.required("at", "The API of Traefik: \"http://127.0.0.1:8080\".", &endpoint());
        let user = table.optional("user", "Who asks, where something before the API wants to know.", &user());
        let password = SecretRef::read(table, "password", "The user's password, by reference.");
        let token = SecretRef::read(table, "token", "A bearer token to send along, by reference.");
        if !matches!(["user", "password", "token"].map(|key| table.has(key)), [false, false, _] | [true, true, false]) {
            let wrong = Wrong::new("does not say who asks");
            table.refuse(wrong.accepted("`user` with `password`, or `token` alone, or none of them"));
        }
        let login = match (user, password, token) {
            (Some(user), Some(password), _) => Some(LoginRef::Basic(user.value, password)),
            (_, _, token) => token.map(LoginRef::Token),
        };
        let tls = Tls::read(table);
        let doc = "Traefik's counters: \"http://127.0.0.1:8080/metrics\".";
        let metrics = table.optional("metrics", doc, &endpoint());
        let doc = "The weighted service, without its provider.";
        let service = table.required("service", doc, &word("a service's name", "-_.", 100));
        let names: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
        let doc = "Per pool, its service, as the weighted service names it.";
        let pools = table.required_each_of("pools", doc, "pool", &names, &word("a service's name", "-_.@", 100));
        let doc = "The file with the weighted service, in a directory that Traefik watches: JSON, named *.yaml; or `template`.";
        let file = table.optional("file", doc, &watched());
        let doc =
            "The whole dynamic configuration as JSON, which the REST provider is sent with the weights; or `file`.";
        let template = table.optional("template", doc, &absolute_path());
        let doc = "Traefik's `providers.providersThrottleDuration`. Default 2s, as Traefik's.";
        let throttle = table.optional("throttle", doc, &duration(Duration::ZERO, Duration::from_mins(1)));
        let way = match (file, template) {
            (Some(file), None) => Some(Way::File(file.value)),
            (None, Some(template)) => Some(Way::Rest(template.value)),
            (Some(_), Some(template)) => {
                let advice =
                    "a service comes from one provider: `file` is the file provider's, `template` the REST provider's";
                table.report().refuse(&template.spot, Wrong::new("stands beside `file`").advice(advice));
                None
            }
            (None, None) => {
                if !table.has("file") && !table.has("template") {
                    let accepted =
                        "file = \"/etc/traefik/dynamic/app.yaml\" or template = \"/etc/flightdeck/traefik.json\"";
                    table.refuse(Wrong::new("does not say how weights are changed").accepted(accepted));
                }
                None
            }
        };
        let pools = pools?;
        let mut seen: Vec<(&str, &Found<String>)> = Vec::new();
        let mut fits = true;
        for (pool, child) in &pools.value {
            if let Some((other, _)) = seen.iter().find(|(_, earlier)| earlier.value == child.value) {
                let wrong = Wrong::new(format!("{} stands for pool {other} already", quoted(child)));
                table.report().refuse(&child.spot, wrong.advice("name each once"));
                fits = false;
            }
            seen.push((pool, child));
        }
        let pools = pools.value.into_iter().map(|(pool, child)| (PoolId::new(pool), child.value)).collect();
        fits.then_some(Self {
            at: at?.value,
            login,
            tls,
            metrics: metrics.map(|metrics| metrics.value),
            service: service?.value,
            pools,
            way: way?,
            throttle: throttle.map_or(THROTTLE, |throttle| throttle.value),
            timeout,
        })
    }

    /// The weighted service as the API names it.
    pub(super) fn full_name(&self) -> String {
        format!("{}@{}", self.service, self.way.provider())
    }

    /// A pool's service as the API names it.
    pub(super) fn full_child(&self, child: &str) -> String {
        if child.contains('@') { child.to_owned() } else { format!("{child}@{}", self.way.provider()) }
    }

    /// What carries a pool's weight.
    pub(super) fn reference(&self, child: &str) -> String {
        format!("{}/{child}", self.full_name())
    }
}

impl Configured for Config {
    fn capabilities(&self) -> Capabilities {
        let throttle = u64::try_from(self.throttle.as_millis()).unwrap_or(u64::MAX);
        let means = match self.way {
            Way::File(_) => "a file that it watches",
            Way::Rest(_) => "REST provider, the whole configuration at once",
        };
        let make_permanent = match &self.way {
            Way::File(_) => None,
            Way::Rest(template) => Some(format!(
                "write the weights into {} and send it again after each restart of Traefik",
                template.display()
            )),
        };
        Capabilities {
            change_ms: 60,
            // The way back may be asked for while the throttle of the way there still runs.
            back_ms: throttle.saturating_add(60),
            read_back_ms: throttle.saturating_add(1_000),
            settle_ms: 300,
            holds: Holds::Shares { finest: BasisPoints(1) },
            proof: if self.metrics.is_some() { Proof::Observed } else { Proof::ReadBack },
            counts_requests: self.metrics.is_some(),
            make_permanent,
            ..Capabilities::of("Traefik", means)
        }
    }

    fn place(&self) -> String {
        format!("{} {}", self.at, self.full_name())
    }

    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        Ok(Arc::new(Traefik::new(self.clone())?))
    }
}

fn user() -> Kind<String> {
    word("a user's name", "-_.@", 100)
}

/// A file that Traefik reads JSON from: it knows files by their ending, and JSON by none of its own.
fn watched() -> Kind<PathBuf> {
    absolute_path().and_then("a whole path that ends in .yaml or .yml", |path| {
        if path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            Ok(path)
        } else {
            let advice = "name it *.yaml: flightdeck writes JSON, and Traefik reads that from there";
            Err(Wrong::new(format!("is {}", quoted(&path.display().to_string()))).advice(advice))
        }
    })
}
