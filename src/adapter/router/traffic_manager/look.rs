//! Makes a [`Reading`] of the profile as it is.

use serde::Deserialize;

use super::config::Config;
use super::{TrafficManager, said};
use crate::adapter::http::Request;
use crate::domain::reading::{Admin, Health, Identity, ServerReading};
use crate::domain::{NativeSplit, NativeWeight, PoolId, Reading, Shares, Trouble, TroubleKind};
use crate::setting::span_text;

/// The version of the interface.
pub(super) const VERSION: &str = "api-version=2022-04-01";

/// How a warning begins after which weights mean nothing.
pub(super) const POINTLESS: &str = "its weights mean nothing: ";

#[derive(Deserialize, Debug)]
struct Document {
    properties: Profile,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
struct Profile {
    #[serde(rename = "profileStatus", default)]
    status: String,
    traffic_routing_method: String,
    #[serde(default)]
    dns_config: Dns,
    endpoints: Vec<Endpoint>,
}

#[derive(Deserialize, Debug, Default)]
struct Dns {
    #[serde(default)]
    fqdn: String,
    #[serde(default)]
    ttl: u64,
}

/// One endpoint.
#[derive(Deserialize, Debug)]
pub(super) struct Endpoint {
    name: String,
    #[serde(rename = "type")]
    sort: String,
    properties: EndpointProperties,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
struct EndpointProperties {
    #[serde(default)]
    endpoint_status: String,
    #[serde(default)]
    weight: Option<u32>,
    #[serde(default)]
    endpoint_monitor_status: String,
    #[serde(default)]
    always_serve: String,
}

impl Endpoint {
    /// The weight that it holds; a disabled one has none.
    pub(super) fn weight(&self) -> u32 {
        if self.is_enabled() { self.properties.weight.unwrap_or(1) } else { 0 }
    }

    /// `ExternalEndpoints/blue`, as its address ends.
    pub(super) fn reference(&self) -> String {
        let sort = self.sort.rsplit('/').next().unwrap_or_default();
        let mut letters = sort.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        format!("{}{}/{}", first.map(String::from).unwrap_or_default(), letters.as_str(), self.name)
    }

    fn is_enabled(&self) -> bool {
        !self.properties.endpoint_status.eq_ignore_ascii_case("disabled")
    }

    /// What its probes say. One that is disabled, new or always served is not judged by them.
    fn health(&self) -> Health {
        match self.properties.endpoint_monitor_status.as_str() {
            "Online" => Health::Up,
            "Degraded" | "Stopped" => Health::Down,
            _ => Health::Unchecked,
        }
    }

    fn is_answered(&self) -> bool {
        self.is_enabled() && (self.health() != Health::Down || self.properties.always_serve == "Enabled")
    }
}

impl TrafficManager {
    /// One look.
    pub(super) async fn look(&self) -> Result<Reading, Trouble> {
        let path = format!("{}?{VERSION}", self.config.path());
        let what = self.what("read");
        let answer = self.client.look(&Request::get(path)).await.map_err(|failure| failure.trouble(&what))?;
        if !answer.is_success() {
            return Err(said(&answer).refusal(&what));
        }
        let document: Document = answer.json(&what)?;
        reading(&self.config, &what, &document.properties)
    }

    /// What is done and where, for people.
    pub(super) fn what(&self, verb: &str) -> String {
        let Config { at, resource_group, profile, .. } = &self.config;
        format!("{verb} {at} {resource_group}/{profile}")
    }
}

fn reading(config: &Config, what: &str, profile: &Profile) -> Result<Reading, Trouble> {
    let mut of_pools = Vec::new();
    for (pool, name) in &config.pools {
        let mut named = profile.endpoints.iter().filter(|each| each.name.eq_ignore_ascii_case(name));
        let (Some(endpoint), None) = (named.next(), named.next()) else {
            let there: Vec<String> = profile.endpoints.iter().map(Endpoint::reference).take(12).collect();
            let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
            let why = format!("it has no one endpoint `{name}` for {pool}; it has {there}");
            return Err(Trouble::new(TroubleKind::Mismatch, what, why, "correct `pools` in the profile"));
        };
        of_pools.push((pool, endpoint));
    }
    let native = |(pool, endpoint): &(&PoolId, &Endpoint)| NativeWeight {
        reference: endpoint.reference(),
        pool: (*pool).clone(),
        weight: endpoint.weight(),
        admin: Admin::Ready,
    };
    let server = |(pool, endpoint): &(&PoolId, &Endpoint)| ServerReading {
        name: endpoint.name.clone(),
        pool: (*pool).clone(),
        health: endpoint.health(),
        admin: Admin::Ready,
        in_flight: None,
        requests: None,
        errors: None,
        response: None,
    };
    // Where no endpoint is healthy, all that are enabled are answered.
    let some = profile.endpoints.iter().any(Endpoint::is_answered);
    let effective = Shares::of_parts(of_pools.iter().map(|(pool, endpoint)| {
        let counts = if some { endpoint.is_answered() } else { endpoint.is_enabled() };
        ((*pool).clone(), if counts { u64::from(endpoint.weight()) } else { 0 })
    }));
    Ok(Reading {
        identity: Identity { node: profile.dns_config.fqdn.clone(), process: String::new() },
        generation: String::new(),
        uptime: None,
        native: NativeSplit(of_pools.iter().map(native).collect()),
        effective,
        servers: of_pools.iter().map(server).collect(),
        warnings: warnings(config, profile, some),
        underway: None,
        skew: None,
    })
}

fn warnings(config: &Config, profile: &Profile, some_answer: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    if !profile.traffic_routing_method.eq_ignore_ascii_case("weighted") {
        let method = &profile.traffic_routing_method;
        warnings.push(format!("{POINTLESS}the routing method is {method}, and only Weighted goes by weights"));
    }
    if profile.status.eq_ignore_ascii_case("disabled") {
        warnings
            .push(format!("{POINTLESS}the Traffic Manager profile is disabled, so its name is not answered at all"));
    }
    let ttl = config.ttl.as_secs();
    if profile.dns_config.ttl != ttl {
        warnings.push(format!(
            "answers are kept for {} s, and `ttl` in the profile says {}: a change is waited for as long as `ttl` says",
            profile.dns_config.ttl,
            span_text(config.ttl)
        ));
    }
    let is_ours = |each: &&Endpoint| config.pools.iter().any(|(_, name)| each.name.eq_ignore_ascii_case(name));
    let whole: u32 = profile.endpoints.iter().map(Endpoint::weight).sum();
    for other in profile.endpoints.iter().filter(|each| !is_ours(each) && each.weight() > 0) {
        let (name, weight) = (&other.name, other.weight());
        warnings.push(format!("endpoint {name} is in no pool and has {weight} of the weight of {whole}"));
    }
    if !some_answer {
        warnings.push("no enabled endpoint passes its probes: all that are enabled are answered".to_owned());
    }
    warnings
}
