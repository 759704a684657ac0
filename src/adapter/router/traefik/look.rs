//! Makes a reading of what Traefik's API tells.

use futures_util::future::try_join_all;

use super::api::{Child, Service};
use super::counter::{self, Counted};
use super::document::{Document, is_same};
use super::{Config, Traefik, Way};
use crate::adapter::replace;
use crate::domain::reading::{Admin, Health, Identity, ServerReading, Skew};
use crate::domain::{NativeSplit, NativeWeight, PoolId, Reading, Trouble, TroubleKind};

/// What is said of a Traefik that cannot be changed from here begins with this and ends with what to do.
const CANNOT: &str = "weights cannot be changed from here: ";

/// Why a change to a split cannot be made from here, and what to do, if the reading says so.
pub(super) fn obstacle(reading: &Reading) -> Option<(&str, &str)> {
    let said = reading.warnings.iter().find_map(|warning| warning.strip_prefix(CANNOT))?;
    Some(said.rsplit_once("; ").unwrap_or((said, "see to it, and read the router again")))
}

impl Traefik {
    pub(super) async fn look(&self) -> Result<Reading, Trouble> {
        let config = &self.config;
        let name = config.full_name();
        let children = try_join_all(config.pools.iter().map(|(_, child)| async {
            let full = config.full_child(child);
            self.service(&full).await
        }));
        let all = tokio::join!(self.service(&name), self.version(), children, self.counters(), self.obstacles());
        let (front, version, children, counters, obstacles) = all;
        let (front, version, children) = (front?, version?, children?);
        let what = format!("read {} {name}", self.api.endpoint());
        let Some(weighted) = &front.weighted else {
            let advice = "name the service that has `weighted` in Traefik's configuration";
            return Err(Trouble::new(TroubleKind::Mismatch, what, "it is not a weighted service", advice));
        };
        let native = split(config, &weighted.services).map_err(|why| {
            let advice = "compare the pools in the profile with Traefik's configuration";
            Trouble::new(TroubleKind::Mismatch, what, why, advice)
        })?;
        let mut warnings = obstacles;
        about_service(config, &front, &mut warnings);
        let mut servers = Vec::new();
        for ((pool, child), service) in config.pools.iter().zip(&children) {
            let text = counters.as_ref().and_then(|counters| counters.as_ref().ok());
            let counted = text.and_then(|text| counter::of(text, &config.full_child(child)));
            let own = servers_of(pool, child, service, counted);
            about_dead_end(config, pool, child, &own, &native, &mut warnings);
            servers.extend(own);
        }
        if let Some(counters) = &counters {
            match counters {
                Err(trouble) => warnings.push(format!("requests are not counted: {trouble}")),
                Ok(text) if counter::of(text, &name).is_none() => {
                    warnings
                        .push("requests are not counted: what `metrics` names are not Traefik's counters".to_owned());
                }
                Ok(_) => {}
            }
        }
        Ok(Reading {
            identity: Identity { node: String::new(), process: version.start_date },
            generation: String::new(),
            uptime: None,
            effective: native.shares(config.pools.iter().map(|(pool, _)| pool)),
            native,
            servers,
            warnings,
            underway: None,
            skew: weighted.sticky.is_some().then_some(Skew::Sticky),
        })
    }

    /// The document as it is on disk.
    pub(super) async fn document(&self) -> Result<Document, String> {
        let path = self.config.way.document();
        let text = tokio::fs::read_to_string(path).await.map_err(|error| format!("{}: {error}", path.display()))?;
        Document::of(&text, &self.config).map_err(|why| format!("{}: {why}", path.display()))
    }

    /// What stands against any change.
    async fn obstacles(&self) -> Vec<String> {
        let path = self.config.way.document().display();
        let document = match self.document().await {
            Ok(document) => document,
            Err(why) => {
                let advice = "write the weighted service into it once, as JSON, as the example profiles show";
                return vec![format!("{CANNOT}{why}; {advice}")];
            }
        };
        match &self.config.way {
            Way::File(file) if !replace::may_replace(file) => vec![format!(
                "{CANNOT}permission denied on the directory of {path}; let flightdeck's user write into it"
            )],
            Way::File(_) => Vec::new(),
            Way::Rest(_) => match self.everything().await {
                Err(trouble) => {
                    vec![format!("{CANNOT}what the REST provider has cannot be compared with {path}: {trouble}")]
                }
                Ok(there) => {
                    let lost: Vec<String> = there.difference(&document.everything()).cloned().collect();
                    if lost.is_empty() {
                        return Vec::new();
                    }
                    vec![format!(
                        "{CANNOT}a change replaces all that the REST provider has, and {path} lacks {}; add that to it",
                        lost.join(", ")
                    )]
                }
            },
        }
    }
}

/// The weights of the pools.
pub(super) fn split(config: &Config, children: &[Child]) -> Result<NativeSplit, String> {
    let one = |(pool, name): &(PoolId, String)| {
        let mut own = children.iter().filter(|child| is_same(config, &child.name, name));
        let child = own.next().ok_or_else(|| format!("{} has no service `{name}`", config.full_name()))?;
        if own.next().is_some() {
            return Err(format!("{} has the service `{name}` twice", config.full_name()));
        }
        let weight = u32::try_from(child.counts()).map_err(|_too_large| {
            format!("`{name}` has the weight {}, which is more than flightdeck can tell apart", child.counts())
        })?;
        Ok(NativeWeight { reference: config.reference(name), pool: pool.clone(), weight, admin: Admin::Ready })
    };
    config.pools.iter().map(one).collect::<Result<_, String>>().map(NativeSplit)
}

/// A pool's servers.
fn servers_of(pool: &PoolId, child: &str, service: &Service, counted: Option<Counted>) -> Vec<ServerReading> {
    let is_checked = service.load_balancer.as_ref().is_some_and(|balancer| balancer.health_check.is_some());
    let mut names: Vec<&str> =
        service.load_balancer.iter().flat_map(|it| &it.servers).map(|it| it.url.as_str()).collect();
    if names.is_empty() {
        // Its servers are another service's.
        names.push(child);
    }
    let one = |(index, name): (usize, &str)| ServerReading {
        name: name.to_owned(),
        pool: pool.clone(),
        health: match service.server_status.get(name).map(String::as_str) {
            Some("DOWN") => Health::Down,
            Some("UP") if is_checked => Health::Up,
            _ => Health::Unchecked,
        },
        admin: Admin::Ready,
        in_flight: None,
        // Traefik counts per service, and what is shown is the pool's sum: its first server carries it.
        requests: counted.map(|counted| if index == 0 { counted.requests } else { 0 }),
        errors: counted.map(|counted| if index == 0 { counted.errors } else { 0 }),
        response: None,
    };
    names.into_iter().enumerate().map(one).collect()
}

/// The weighted service itself.
fn about_service(config: &Config, front: &Service, found: &mut Vec<String>) {
    let name = config.full_name();
    if !front.error.is_empty() || !matches!(front.status.as_str(), "" | "enabled") {
        let errors = front.error.join(", ");
        let errors: String = errors.chars().filter(|c| !c.is_control()).take(200).collect();
        found.push(format!("Traefik has {name} as {}: {errors}", quoted(&front.status)));
    }
    if front.used_by.is_empty() {
        found.push(format!("no router uses {name}: its weights move no traffic"));
    }
    let Some(weighted) = &front.weighted else { return };
    if weighted.sticky.is_some() {
        found.push(format!(
            "{name} pins clients by a cookie: those of a pool keep to it while it has any weight, so shares follow slowly"
        ));
    }
    for child in &weighted.services {
        let child_name = quoted(&child.name);
        if child.weight.is_some_and(|weight| weight < 0) {
            found.push(format!("{child_name} has a weight below 0, which Traefik takes for 0"));
        }
        let belongs = config.pools.iter().any(|(_, name)| is_same(config, &child.name, name));
        if !belongs && child.counts() > 0 {
            found.push(format!(
                "{child_name} belongs to no pool and has weight {}: it gets traffic beside them",
                child.counts()
            ));
        }
    }
}

/// A pool that gets traffic and has nobody to serve it.
fn about_dead_end(
    config: &Config,
    pool: &PoolId,
    child: &str,
    own: &[ServerReading],
    native: &NativeSplit,
    found: &mut Vec<String>,
) {
    let share = native.shares(config.pools.iter().map(|(pool, _)| pool)).of(pool);
    let down = own.iter().filter(|server| server.health == Health::Down).count();
    if down == own.len() && share.part > 0 {
        found
            .push(format!("no server of {child} is up, and {pool} still gets {share} %: those requests fail with 503"));
    } else if down > 0 {
        found.push(format!("{down} of {} servers of {child} are down; {pool} keeps its share", own.len()));
    }
}

/// A word of Traefik's, harmless and short.
fn quoted(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).take(100).collect();
    format!("`{clean}`")
}
