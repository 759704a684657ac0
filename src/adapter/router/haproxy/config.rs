//! What the profile says about one HAProxy.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::super::{Configured, Router};
use super::HaProxy;
use super::address::{Address, address};
use crate::domain::{BasisPoints, Capabilities, Holds, PoolId, Proof, Trouble};
use crate::setting::{Found, Kind, Named, Table, Wrong, absolute_path, flag, quoted, word};

/// Where and how one HAProxy process is steered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The Runtime API.
    pub address: Address,
    /// Whether that is the master process's socket, which speaks for the current worker.
    pub is_master: bool,
    /// How the pools are modelled in its configuration.
    pub shape: Shape,
    /// How long it may take to answer.
    pub timeout: Duration,
}

/// How two or more pools share the traffic of one HAProxy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shape {
    /// Servers of all pools in one backend, or one server per pool in front: weights per server.
    Servers {
        /// The backend.
        backend: String,
        /// Per pool, in the profile's order, a pattern of server names, `*` standing for any text.
        pools: Vec<(PoolId, String)>,
        /// Per pool, the inner proxy whose servers tell the pool's health and size, where one server stands for a pool.
        inner: Vec<(PoolId, String)>,
    },
    /// Two backends and a percentage in a map.
    Map {
        /// The map's file name or `#id`, as the Runtime API knows it.
        map: String,
        /// The map's key.
        key: String,
        /// The pool whose percentage the map holds; the other one gets the rest.
        percent_of: PoolId,
        /// Per pool, in the profile's order, its backend.
        pools: Vec<(PoolId, String)>,
    },
}

impl Config {
    /// Reads the keys of `kind = "haproxy"`.
    pub fn read(table: &mut Table<'_>, pools: &[PoolId], timeout: Duration) -> Option<Self> {
        let names: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
        let doc =
            "The Runtime API: \"unix:/path\", \"tcp:host:port\", or \"ssh:host:/path\" for a socket of another host.";
        let address = table.required("at", doc, &address());
        let doc = "A configuration of ssh in place of ~/.ssh/config, for `at = \"ssh:...\"`.";
        let ssh_config = table.optional("ssh_config", doc, &absolute_path());
        let doc =
            "Whether `at` is the socket of HAProxy's master process (haproxy -S), which speaks for the current worker.";
        let is_master = table.optional("master", doc, &flag()).is_some_and(|found| found.value);
        let address = through(table, address, ssh_config);
        let has = ["map", "key", "percent_of"].map(|key| table.has(key));
        let is_map = has.contains(&true);
        let doc =
            "Per pool, the servers in one backend, `backend/pattern` with * for any text; with `map`, the backend.";
        let kind = if is_map { whole_backend() } else { servers() };
        let places = table.required_each_of("pools", doc, "pool", &names, &kind);
        let doc =
            "Per pool, the inner backend whose servers tell its health, where one server in front stands for a pool.";
        let has_inner = table.spot_if_written("inner");
        let inner = table.each_of("inner", doc, "pool", if has_inner.is_some() { &names } else { &[] }, &backend());
        let map = table.optional("map", "The map that holds a percentage: its file name or #id.", &map_name());
        let key = table.optional("key", "The map's key that holds the percentage.", &map_key());
        let doc = "The pool whose percentage the map holds; the other pool gets the rest.";
        let percent_of = table.optional("percent_of", doc, &crate::setting::name());
        let shape = if is_map {
            if let Some(spot) = has_inner {
                let wrong = Wrong::new("goes with servers, not with a map").advice("leave it out");
                table.report().refuse(&spot, wrong);
            }
            for (key, _) in ["map", "key", "percent_of"].into_iter().zip(has).filter(|(_, has)| !has) {
                let wrong = Wrong::new("is missing").advice("map, key and percent_of go together");
                table.report().refuse(&table.spot_of(key), wrong);
            }
            map_shape(table, pools, map, key, percent_of, places)
        } else {
            servers_shape(table, places, inner)
        };
        Some(Self { address: address?, is_master, shape: shape?, timeout })
    }
}

impl Configured for Config {
    fn capabilities(&self) -> Capabilities {
        let (atomic, finest) = match &self.shape {
            Shape::Servers { .. } => (false, BasisPoints(40)),
            Shape::Map { .. } => (true, BasisPoints(100)),
        };
        let means = match (&self.address, self.is_master) {
            (Address::Ssh(_), false) => "Runtime API over ssh, one line",
            (Address::Ssh(_), true) => "master socket over ssh, one line",
            (_, false) => "Runtime API, one line",
            (_, true) => "master socket, one line",
        };
        Capabilities {
            change_ms: 1,
            back_ms: 1,
            holds: Holds::Shares { finest },
            atomic,
            proof: Proof::Observed,
            counts_in_flight: true,
            counts_requests: true,
            lists_connections: true,
            make_permanent: Some(self.make_permanent()),
            ..Capabilities::of("HAProxy", means)
        }
    }

    fn place(&self) -> String {
        let of = match &self.shape {
            Shape::Servers { backend, pools, .. } => format!("{backend} {pools:?}"),
            Shape::Map { map, key, .. } => format!("{map} {key}"),
        };
        format!("{} {of}", self.address)
    }

    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        Ok(Arc::new(HaProxy::new(self.clone())))
    }
}

impl Config {
    /// What keeps the weights past a reload.
    fn make_permanent(&self) -> String {
        let on = match &self.address {
            Address::Ssh(remote) => format!(" on {}", remote.host),
            Address::Unix(_) | Address::Tcp(_) => String::new(),
        };
        match &self.shape {
            Shape::Servers { backend, .. } => format!(
                "write the weights on the `server` lines of backend {backend} in HAProxy's configuration{on}; where that loads \
                 server states, save them into its file before each reload: {}",
                self.save_states()
            ),
            Shape::Map { map, key, .. } => format!("write the percentage of {key} into the file of map {map}{on}"),
        }
    }

    /// The command that saves all server states.
    fn save_states(&self) -> String {
        let to_worker = if self.is_master { "@1 " } else { "" };
        let through = |peer: &str| format!("echo \"{to_worker}show servers state\" | socat - {peer} > FILE");
        match &self.address {
            Address::Unix(path) => through(&format!("UNIX-CONNECT:{}", path.display())),
            Address::Tcp(address) => through(&format!("TCP:{address}")),
            Address::Ssh(remote) => {
                format!("ssh {} '{}'", remote.host, through(&format!("UNIX-CONNECT:{}", remote.path)))
            }
        }
    }
}

/// The address, with the configuration of ssh that it goes by.
fn through(table: &Table<'_>, address: Option<Found<Address>>, config: Option<Found<PathBuf>>) -> Option<Address> {
    let mut address = address?.value;
    match (&mut address, config) {
        (Address::Ssh(remote), config) => remote.config = config.map(|config| config.value),
        (_, Some(config)) => {
            let wrong = Wrong::new("goes with an address \"ssh:...\" only").advice("leave it out");
            table.report().refuse(&config.spot, wrong);
        }
        (_, None) => {}
    }
    Some(address)
}

type Places = Found<Vec<Named<String>>>;

/// Models A and C: servers with weights in one backend.
fn servers_shape(table: &Table<'_>, places: Option<Places>, inner: Option<Places>) -> Option<Shape> {
    let report = table.report();
    let mut split: Vec<(PoolId, Found<(String, String)>)> = Vec::new();
    for (pool, place) in places?.value {
        let (backend, pattern) = place.split_once('/')?;
        let value = (backend.to_owned(), pattern.to_owned());
        split.push((PoolId::new(pool), Found { value, spot: place.spot.clone() }));
    }
    let (_, first) = split.first()?;
    let backend = first.0.clone();
    let mut fits = true;
    for (index, (pool, place)) in split.iter().enumerate() {
        if place.0 != backend {
            fits = false;
            let what = format!("is in backend {}, and the pool before in {}", quoted(&place.0), quoted(&backend));
            let advice = "weights share traffic within one backend; for two backends with a percentage in a map, name `map`, `key` and `percent_of`";
            report.refuse(&place.spot, Wrong::new(what).advice(advice));
        }
        for (other, earlier) in split.iter().take(index).filter(|(_, earlier)| overlap(&earlier.1, &place.1)) {
            fits = false;
            let what =
                format!("{} can name the same servers as {} of pool {other}", quoted(&place.1), quoted(&earlier.1));
            report.refuse(&place.spot, Wrong::new(what).advice(format!("a server of {pool} belongs to one pool only")));
        }
    }
    let pools = split.into_iter().map(|(pool, place)| (pool, place.value.1)).collect();
    let inner = inner.map(|inner| inner.value).unwrap_or_default();
    let inner = inner.into_iter().map(|(pool, backend)| (PoolId::new(pool), backend.value)).collect();
    fits.then_some(Shape::Servers { backend, pools, inner })
}

/// Model B: two backends and a percentage in a map.
fn map_shape(
    table: &Table<'_>,
    pools: &[PoolId],
    map: Option<Found<String>>,
    key: Option<Found<String>>,
    percent_of: Option<Found<String>>,
    places: Option<Places>,
) -> Option<Shape> {
    let report = table.report();
    if pools.len() > 2 {
        let what = format!("holds one percentage, which splits two pools; this profile has {}", pools.len());
        let advice = "use servers with weights in one backend instead";
        let at = map.as_ref().map_or_else(|| table.spot_of("map"), |map| map.spot.clone());
        report.refuse(&at, Wrong::new(what).advice(advice));
    }
    if let Some(pool) =
        percent_of.as_ref().filter(|pool| !pools.is_empty() && !pools.iter().any(|p| p.as_str() == pool.as_str()))
    {
        let names = pools.iter().map(PoolId::as_str);
        let wrong = Wrong::new(format!("there is no pool {}", quoted(pool)));
        let wrong = wrong.accepted(names.clone().collect::<Vec<_>>().join(", "));
        report.refuse(&pool.spot, wrong.suggesting(pool, names));
    }
    let places = places?;
    let pools: Vec<_> = places.value.into_iter().map(|(pool, backend)| (PoolId::new(pool), backend.value)).collect();
    if let [(_, one), (_, other)] = &pools[..]
        && one == other
    {
        let advice = "a percentage splits traffic between two backends";
        report.refuse(&places.spot, Wrong::new(format!("both pools are {}", quoted(one))).advice(advice));
    }
    Some(Shape::Map { map: map?.value, key: key?.value, percent_of: PoolId::new(percent_of?.value), pools })
}

/// A backend and a pattern of its servers. The characters are those that HAProxy allows in names.
fn servers() -> Kind<String> {
    let accepted = "a backend and a pattern of its servers, such as \"app/blue-*\"";
    word(accepted, "-_.:/*", 200).and_then(accepted, move |text| match text.split_once('/') {
        Some((backend, servers))
            if !backend.is_empty() && !servers.is_empty() && !servers.contains('/') && !backend.contains('*') =>
        {
            Ok(text)
        }
        Some(_) => Err(Wrong::new(format!("cannot be {}", quoted(&text)))),
        None => Err(Wrong::new(format!("{} names no servers", quoted(&text)))
            .accepted(accepted)
            .advice("a backend alone goes with `map`")),
    })
}

/// A backend alone, where a map decides between backends.
fn whole_backend() -> Kind<String> {
    word("the name of a backend", "-_.:/*", 200).and_then("the name of a backend", |text| {
        if text.contains(['/', '*']) {
            Err(Wrong::new(format!("{} is not a backend", quoted(&text)))
                .advice("with `map`, each pool is a whole backend: write its name alone"))
        } else {
            Ok(text)
        }
    })
}

fn backend() -> Kind<String> {
    word("the name of a backend", "-_.:", 100)
}

fn map_name() -> Kind<String> {
    word("a map's file name or #id as HAProxy's `show map` prints it", "-_./#:@+,=", 400)
}

fn map_key() -> Kind<String> {
    word("a key of the map: letters, digits and -_.:/", "-_.:/", 200)
}

/// Whether some text fits both patterns.
fn overlap(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // `reach[i]`: some text fits both the first `row` characters of `a` and the first `i` of `b`.
    let star = |pattern: &[char], index: usize| pattern.get(index) == Some(&'*');
    let mut reach = vec![false; b.len() + 1];
    for row in 0..=a.len() {
        let before = std::mem::replace(&mut reach, vec![false; b.len() + 1]);
        for column in 0..=b.len() {
            let up = |index: usize| row > 0 && before.get(index) == Some(&true);
            let left = column > 0 && reach.get(column - 1) == Some(&true);
            let (ends_a, ends_b) = (row > 0 && star(&a, row - 1), column > 0 && star(&b, column - 1));
            let same = row > 0 && column > 0 && a.get(row - 1) == b.get(column - 1);
            let met = (row == 0 && column == 0)
                || (ends_a && (up(column) || left))
                || (ends_b && (up(column) || left))
                || (same && column > 0 && up(column - 1));
            if let Some(cell) = reach.get_mut(column) {
                *cell = met;
            }
        }
    }
    reach.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_overlap_when_one_name_fits_both() {
        for (a, b, both) in [
            ("blue-*", "green-*", false),
            ("blue-*", "*", true),
            ("blue-*", "blue-1", true),
            ("blue-1", "blue-1", true),
            ("blue", "green", false),
            ("*-1", "blue-*", true),
            ("a*b", "a*c", false),
            ("*x*", "*y*", true),
        ] {
            assert_eq!((overlap(a, b), overlap(b, a)), (both, both), "{a} and {b}");
        }
    }
}
