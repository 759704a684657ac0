//! What an operator must know about a HAProxy before believing its weights.

use super::Shape;
use super::look::{Proxy, Seen, Server, is_live, pool_of};
use crate::domain::reading::{Admin, Health, ServerReading, Skew};
use crate::domain::{PoolId, Reading, Shares};

/// Said of a backend whose algorithm takes no weights at run time; a change is then not prepared.
pub(super) fn static_algorithm(backend: &str) -> String {
    format!("{backend} uses `balance static-rr`, which takes no weights at run time but 0 % and 100 %")
}

/// Said of a backend whose algorithm takes weights at run time only with `hash-type consistent`, which HAProxy does not
/// tell over the Runtime API.
pub(super) fn hashing_algorithm(backend: &str, algorithm: &str) -> String {
    format!(
        "{backend} uses `balance {algorithm}`: without `hash-type consistent` it takes no weights at run time but 0 % and \
         100 %, and clients keep their server"
    )
}

/// What is said of a socket that may not change weights begins with this and ends with the level that it has.
const LEVEL: &str = "weights are changed only over a socket of level admin, and this socket's level is ";

/// Said of a socket that may not change weights.
pub(super) fn low_level(level: &str) -> String {
    format!("{LEVEL}{level}")
}

/// What an operator does about such a socket.
pub(super) const RAISE_THE_LEVEL: &str =
    "write `level admin` on its `stats socket` line and reload HAProxy, or give the address of a socket that has it";

/// What was said of a socket that may not change weights; a change to a split is then not prepared.
pub(super) fn too_low(reading: &Reading) -> Option<&str> {
    reading.warnings.iter().map(String::as_str).find(|warning| warning.starts_with(LEVEL))
}

/// All warnings, one sentence each.
pub(super) fn warnings(shape: &Shape, seen: &Seen, reading: &Reading) -> Vec<String> {
    let mut found = Vec::new();
    match shape {
        Shape::Servers { backend, pools, inner } => {
            if let Some(front) = seen.proxy(backend) {
                about_level(seen, &mut found);
                about_algorithm(front, &mut found);
                about_stickiness(front, &seen.tables, &mut found);
                about_servers(front, pools, &mut found);
                about_queue(front, &mut found);
                about_health(front, pools, reading, &mut found);
                about_restart(front, pools, reading, &mut found);
            }
            for (pool, proxy) in inner {
                about_dead_end(pool, proxy, reading, &mut found);
            }
        }
        Shape::Map { map, key, pools, .. } => {
            if let Some(odd) = &seen.odd_percent {
                found.push(format!("map {map} holds {odd} for {key}, outside of 0 to 100"));
            }
            for (pool, proxy) in pools {
                about_dead_end(pool, proxy, reading, &mut found);
            }
        }
    }
    found
}

/// What of this lets the counted shares differ from the weights.
pub(super) fn skew(shape: &Shape, seen: &Seen) -> Option<Skew> {
    let Shape::Servers { backend, .. } = shape else { return None };
    let front = seen.proxy(backend)?;
    if !front.cookie.is_empty() || seen.tables.contains(backend) {
        return Some(Skew::Sticky);
    }
    match front.algorithm.split('(').next().unwrap_or_default().trim() {
        "" | "roundrobin" | "random" | "static-rr" => None,
        "leastconn" | "first" => Some(Skew::Loose),
        _ => Some(Skew::Sticky),
    }
}

fn about_level(seen: &Seen, found: &mut Vec<String>) {
    if let Some(level) = seen.level.as_ref().filter(|level| *level != "admin") {
        found.push(low_level(level));
    }
}

fn about_algorithm(front: &Proxy, found: &mut Vec<String>) {
    let backend = &front.name;
    match front.algorithm.split('(').next().unwrap_or_default().trim() {
        // Below level operator HAProxy does not tell.
        "" | "roundrobin" | "random" => {}
        "static-rr" => found.push(static_algorithm(backend)),
        "leastconn" => found.push(format!("{backend} uses `balance leastconn`, which follows weights only loosely")),
        "first" => {
            found.push(format!("{backend} uses `balance first`, which fills servers in order whatever their weights"));
        }
        algorithm => found.push(hashing_algorithm(backend, algorithm)),
    }
}

fn about_stickiness(front: &Proxy, tables: &[String], found: &mut Vec<String>) {
    let backend = &front.name;
    if !front.cookie.is_empty() {
        found.push(format!(
            "{backend} pins clients by the cookie {}: they keep their server, also one of weight 0, so shares follow slowly and \
             a pool does not drain",
            front.cookie
        ));
    }
    if tables.contains(backend) {
        found.push(format!(
            "{backend} has a stick table: if it pins clients to servers, shares follow slowly and a pool does not drain"
        ));
    }
}

fn about_servers(front: &Proxy, pools: &[(PoolId, String)], found: &mut Vec<String>) {
    for server in &front.servers {
        let name = format!("{}/{}", front.name, server.name);
        let belongs = pool_of(pools, &server.name).is_some();
        if !belongs && server.takes_traffic() && server.weight > 0 {
            found.push(format!(
                "{name} belongs to no pool and has weight {}: it gets traffic beside them",
                server.weight
            ));
        }
        if belongs && server.takes_traffic() && server.throttle < 100 {
            found.push(format!("{name} is warming up and gets {} % of its weight", server.throttle));
        }
        if belongs && server.has_agent {
            found.push(format!("{name} has an agent check, which may change its weight at any time"));
        }
    }
}

/// Requests that no server has yet. They will go to whoever has weight then, so they are in flight for no pool.
fn about_queue(front: &Proxy, found: &mut Vec<String>) {
    match front.queued {
        0 => {}
        1 => found.push(format!("1 request waits for a free server of {} and belongs to no pool yet", front.name)),
        queued => {
            found.push(format!("{queued} requests wait for a free server of {} and belong to no pool yet", front.name));
        }
    }
}

/// Servers that are down, and what that does to the shares.
fn about_health(front: &Proxy, pools: &[(PoolId, String)], reading: &Reading, found: &mut Vec<String>) {
    let set = reading.native.shares(pools.iter().map(|(pool, _)| pool));
    for (pool, _) in pools {
        let own = || {
            let ready = front.servers.iter().filter(|server| server.admin == Admin::Ready);
            ready.filter(|server| pool_of(pools, &server.name) == Some(pool))
        };
        let down = own().filter(|server| server.health == Health::Down).count();
        if let Some(counted) = counted(down, own().count(), pool) {
            found.push(match (set.of(pool), reading.effective.of(pool)) {
                (_, live) if live.whole == 0 => format!("{counted} down"),
                (set, live)
                    if u128::from(set.part) * u128::from(live.whole)
                        == u128::from(live.part) * u128::from(set.whole) =>
                {
                    format!("{counted} down")
                }
                (set, live) => format!("{counted} down: {pool} gets {live} % instead of {set} %"),
            });
        }
    }
    if !front.servers.iter().any(|server| server.takes_traffic() && server.weight > 0) {
        let is_left = |server: &Server| server.admin == Admin::Backup && server.health != Health::Down;
        let then = if front.servers.iter().any(is_left) {
            "its backup servers get the traffic"
        } else {
            "requests fail with 503"
        };
        found.push(format!("no server of {} that can take traffic has weight: {then}", front.name));
    }
}

/// Run-time weights that a reload takes back.
fn about_restart(front: &Proxy, pools: &[(PoolId, String)], reading: &Reading, found: &mut Vec<String>) {
    let configured = Shares::of_parts(pools.iter().map(|(pool, _)| {
        let own = front.servers.iter().filter(|server| server.admin == Admin::Ready);
        let own = own.filter(|server| pool_of(pools, &server.name) == Some(pool));
        (pool.clone(), own.map(|server| u64::from(server.configured)).sum())
    }));
    let set = reading.native.shares(pools.iter().map(|(pool, _)| pool));
    if configured.to_string() != set.to_string() {
        // Whether it saves and loads server states is not told over the Runtime API.
        found.push(format!(
            "the weights are set at run time only: a reload or restart brings back {configured}, unless HAProxy loads server \
             states that were saved just before"
        ));
    }
}

/// A pool behind a proxy that sends it its share whether anybody is there or not.
fn about_dead_end(pool: &PoolId, proxy: &str, reading: &Reading, found: &mut Vec<String>) {
    let own = || reading.servers.iter().filter(|server| server.pool == *pool);
    let ready = |server: &&ServerReading| server.admin == Admin::Ready;
    let all = own().filter(ready).count();
    let live = own().filter(|server| is_live(server)).count();
    let share = reading.effective.of(pool);
    if live == 0
        && share.part > 0
        && !own().any(|server| server.admin == Admin::Backup && server.health != Health::Down)
    {
        found.push(format!(
            "no server of {proxy} takes traffic, and {pool} still gets {share} %: those requests fail with 503"
        ));
    } else if let Some(counted) = counted(all - live, all, pool) {
        found.push(format!("{counted} down; {pool} keeps its share, and the others of {proxy} carry it"));
    }
}

/// `2 of 3 blue servers are`; `None` when none is.
fn counted(down: usize, all: usize, pool: &PoolId) -> Option<String> {
    match (down, all) {
        (0, _) => None,
        (1, 1) => Some(format!("the only {pool} server is")),
        (down, all) if down == all => Some(format!("all {all} {pool} servers are")),
        (1, all) => Some(format!("1 of {all} {pool} servers is")),
        (down, all) => Some(format!("{down} of {all} {pool} servers are")),
    }
}
