//! Makes a reading of what workers answer, what the file says and what this host tells.

use std::path::Path;
use std::sync::PoisonError;

use tokio::task::spawn_blocking;

use super::ask::{self, Said};
use super::process::{self, Master};
use super::text::{self, Marker};
use super::{Config, Nginx, Reload, Shape};
use crate::adapter::replace;
use crate::domain::reading::{Admin, Health, Identity, ServerReading, Skew, Underway};
use crate::domain::{NativeSplit, Reading, Trouble, TroubleKind};

/// What is said of an nginx that cannot be changed from here begins with this and ends with what to do.
const CANNOT: &str = "weights cannot be changed from here: ";

/// How a file of ours comes to be.
const FIRST: &str = "write its first content by hand, as the example profile of nginx shows, include it in nginx's `http` \
                     block and reload";

/// Why a change to a split cannot be made from here, and what to do, if the reading says so.
pub(super) fn obstacle(reading: &Reading) -> Option<(&str, &str)> {
    let said = reading.warnings.iter().find_map(|warning| warning.strip_prefix(CANNOT))?;
    Some(said.rsplit_once("; ").unwrap_or((said, "see to it, and read the router again")))
}

/// What the file says.
enum OnDisk {
    /// It is one of ours.
    Ours { text: String, marker: Marker },
    /// It cannot be had or is none of ours: why.
    Not(TroubleKind, String),
}

impl Nginx {
    pub(super) async fn look(&self) -> Result<Reading, Trouble> {
        let on_disk = on_disk(&self.config.file).await;
        let at = match &on_disk {
            OnDisk::Ours { marker, .. } => Some(marker.at.as_str()),
            OnDisk::Not(..) => None,
        };
        let (what, said) = match (&self.status, &on_disk) {
            (Some(status), _) => (ask::what(status), self.ask(status, at).await?),
            (None, OnDisk::Ours { marker, .. }) => {
                (format!("read {}", self.config.file.display()), Said { marker: marker.clone(), is_settled: true })
            }
            (None, OnDisk::Not(kind, why)) => {
                return Err(Trouble::new(*kind, format!("read {}", self.config.file.display()), why, FIRST));
            }
        };
        let native = said.marker.split(&self.config).map_err(|why| {
            let advice = "correct the pools in the profile, or write the file by hand for the new servers and reload";
            Trouble::new(TroubleKind::Mismatch, what, why, advice)
        })?;
        let master = match self.config.pid_file.clone() {
            Some(file) => spawn_blocking(move || process::look(&file)).await.ok(),
            None => None,
        };
        Ok(self.reading(&said, native, &on_disk, master.as_ref()))
    }

    fn reading(&self, said: &Said, native: NativeSplit, on_disk: &OnDisk, master: Option<&Master>) -> Reading {
        let config = &self.config;
        let places = text::places(&config.shape);
        let mut pools = places.iter().map(|(pool, _)| pool).collect::<Vec<_>>();
        pools.dedup();
        let servers = places.iter().map(|(pool, place)| ServerReading {
            name: place.clone(),
            pool: pool.clone(),
            health: Health::Unchecked,
            admin: Admin::Ready,
            in_flight: None,
            requests: None,
            errors: None,
            response: None,
        });
        let (process, uptime) = match master {
            Some(Master::Runs { pid, uptime, .. }) => (pid.clone(), *uptime),
            Some(Master::Gone { .. } | Master::Unknown { .. }) | None => (String::new(), None),
        };
        let mut warnings = Vec::new();
        about_change(config, on_disk, master, &mut warnings);
        about_file(config, said, &native, on_disk, &mut warnings);
        about_shape(&config.shape, &mut warnings);
        about_workers(master, &mut warnings);
        if config.status.is_none() {
            warnings.push(format!(
                "the profile names no `status`, so this is what {} says, and nobody knows what workers have",
                config.file.display()
            ));
        }
        let underway = (!said.is_settled).then(|| Underway {
            what: "a reload of nginx".to_owned(),
            waits_for: Some("old and new workers both take connections".to_owned()),
            ..Underway::default()
        });
        Reading {
            identity: Identity { node: said.marker.node.clone(), process },
            generation: said.marker.at.clone(),
            uptime,
            effective: native.shares(pools),
            servers: servers.collect(),
            native,
            warnings,
            underway,
            skew: skew(&config.shape),
        }
    }

    /// Forgets what was settled: something is about to be written.
    pub(super) fn unsettle(&self) {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

async fn on_disk(file: &Path) -> OnDisk {
    match tokio::fs::read(file).await {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            match Marker::in_file(&text) {
                Some(marker) => OnDisk::Ours { text, marker },
                None => OnDisk::Not(
                    TroubleKind::Mismatch,
                    "it is no file of flightdeck's: no line of it tells weights".to_owned(),
                ),
            }
        }
        Err(error) => {
            let kind = match error.kind() {
                std::io::ErrorKind::PermissionDenied => TroubleKind::Denied,
                _ => TroubleKind::Mismatch,
            };
            OnDisk::Not(kind, error.to_string())
        }
    }
}

/// What stands against any change.
fn about_change(config: &Config, on_disk: &OnDisk, master: Option<&Master>, found: &mut Vec<String>) {
    let file = config.file.display();
    if let OnDisk::Not(kind, why) = on_disk {
        let advice = match kind {
            TroubleKind::Denied => "let flightdeck's user read it and replace it in its directory",
            _ => FIRST,
        };
        found.push(format!("{CANNOT}{file}: {why}; {advice}"));
    } else if !replace::may_replace(&config.file) {
        found.push(format!(
            "{CANNOT}permission denied on the directory of {file}; let flightdeck's user write into it, or put the file into a \
             directory of its own"
        ));
    }
    let by_signal = config.reload == Reload::Signal;
    match master {
        Some(Master::Runs { pid, may_signal: false, .. }) if by_signal => found.push(format!(
            "{CANNOT}permission denied to signal nginx's master, process {pid}; name a `reload` command that may, such as one \
             with sudo"
        )),
        Some(Master::Gone { pid }) => found.push(format!(
            "{CANNOT}nginx's master, process {pid}, is gone, and workers that are left keep their weights; end them and start \
             nginx"
        )),
        Some(Master::Unknown { why }) if by_signal => {
            found.push(format!("{CANNOT}{why}; correct `pid_file`, or name a `reload` command"));
        }
        Some(Master::Unknown { why }) => found.push(format!("restarts and old workers are not seen: {why}")),
        Some(Master::Runs { .. }) | None => {}
    }
}

/// A file that differs from what workers have, or from what is written into it.
fn about_file(config: &Config, said: &Said, native: &NativeSplit, on_disk: &OnDisk, found: &mut Vec<String>) {
    let OnDisk::Ours { text, marker } = on_disk else { return };
    let file = config.file.display();
    match marker.split(config) {
        Ok(split) => {
            let differences = native.differences(&split);
            if !differences.is_empty() && said.is_settled {
                found.push(format!(
                    "workers and {file} differ ({}): no reload has happened since it was written, or it failed, which nginx's \
                     error log tells; the next one brings what the file says",
                    differences.join(", ")
                ));
            }
            let expected = text::render(config, &split, &marker.at);
            if let Some(line) = first_difference(text, &expected) {
                found.push(format!("{file} was changed by hand at line {line}: the next change takes that back"));
            }
        }
        Err(why) => found.push(format!("{file} does not fit the profile: {why}; the next change writes it anew")),
    }
}

fn first_difference(one: &str, other: &str) -> Option<usize> {
    if one == other {
        return None;
    }
    let same = one.lines().zip(other.lines()).take_while(|(one, other)| one == other).count();
    Some(same + 1)
}

/// A configuration in which weights mean less than they say.
fn about_shape(shape: &Shape, found: &mut Vec<String>) {
    match shape {
        Shape::Split { by, .. } if by != "$request_id" => found.push(format!(
            "traffic is split by {by}, not by request: all requests of equal ones go to one pool, so shares follow slowly"
        )),
        Shape::Split { .. } => {}
        Shape::Upstream { upstream, lines, .. } => {
            let method = lines.iter().filter_map(|line| line.split_whitespace().next());
            for method in method.filter(|word| ["least_conn", "ip_hash", "hash", "random", "sticky"].contains(word)) {
                found.push(format!("{upstream} uses `{method}`, which follows weights only loosely"));
            }
        }
    }
}

/// What of this lets the counted shares differ from the weights.
fn skew(shape: &Shape) -> Option<Skew> {
    match shape {
        Shape::Split { by, .. } => (by != "$request_id").then_some(Skew::Sticky),
        Shape::Upstream { lines, .. } => {
            let words = || lines.iter().filter_map(|line| line.split_whitespace().next());
            if words().any(|word| ["ip_hash", "hash", "sticky"].contains(&word)) {
                return Some(Skew::Sticky);
            }
            words().any(|word| ["least_conn", "random"].contains(&word)).then_some(Skew::Loose)
        }
    }
}

/// Old workers.
fn about_workers(master: Option<&Master>, found: &mut Vec<String>) {
    let Some(Master::Runs { ending, .. }) = master else { return };
    let workers = match ending.len() {
        0 => return,
        1 => "1 old worker still ends".to_owned(),
        count => format!("{count} old workers still end"),
    };
    let clients = match ending.iter().copied().sum::<Option<usize>>() {
        Some(1) => "the connection of 1 client".to_owned(),
        Some(count) => format!("the connections of {count} clients"),
        None => "what they began".to_owned(),
    };
    found.push(format!("{workers} {clients}, begun with earlier weights"));
}
