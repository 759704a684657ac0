//! Makes a [`Reading`] of the answers to one look.
//!
//! Requests are counted by `stot`: HAProxy counts it up when it hands a request to a server, on kept connections too, and for
//! requests that a cookie or a stick table pins. `req_tot` and `hrsp_*` follow only with the response, and `lbtot` leaves
//! pinned requests out, so a pool that still gets some would look quiet. A retried connection counts once more.
//! Errors are responses of 500 and above, refused or failed connections, and broken responses. The response time is HAProxy's
//! own average over its last 1024 requests.

mod absent;
mod proxy;

pub(super) use absent::{Absent, Misfit};
pub(super) use proxy::{Proxy, Server};

use std::time::Duration;

use super::Shape;
use super::answer::{self, Info};
use super::ask::{map_reference, rest_reference};
use super::warn;
use crate::domain::reading::{Admin, Health, Identity, ServerReading};
use crate::domain::{NativeSplit, NativeWeight, PoolId, Reading, Shares, Trouble, TroubleKind};

/// What one look brought, taken apart.
#[derive(Debug)]
pub(super) struct Seen {
    /// The socket's level, where HAProxy tells.
    pub(super) level: Option<String>,
    /// The names of the stick tables.
    pub(super) tables: Vec<String>,
    /// The map's value, in the shape that has one.
    pub(super) percent: Option<u32>,
    /// What the map really says, when no percentage from 0 to 100.
    pub(super) odd_percent: Option<String>,
    /// The proxies that were asked about, in the order of [`super::ask::proxies`].
    pub(super) proxies: Vec<Proxy>,
}

impl Seen {
    /// A proxy by its name.
    pub(super) fn proxy(&self, name: &str) -> Option<&Proxy> {
        self.proxies.iter().find(|proxy| proxy.name == name)
    }
}

/// Whether a server's name fits a pattern in which `*` stands for any text.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The pool that a server belongs to.
pub(super) fn pool_of<'a>(pools: &'a [(PoolId, String)], server: &str) -> Option<&'a PoolId> {
    pools.iter().find(|(_, pattern)| fits(pattern, server)).map(|(pool, _)| pool)
}

/// Makes the reading. `what` says what was tried, for troubles.
pub(super) fn reading(shape: &Shape, what: &str, sections: &[String]) -> Result<Reading, Misfit> {
    let section = |index: usize| sections.get(index).map_or("", String::as_str);
    let level = answer::refusal(section(0)).map(str::trim).filter(|level| !level.contains(' ')).map(str::to_owned);
    let info = section(1);
    denied(what, "show info", info)?;
    let info = Info::of(info).map_err(|torn| garbage(what, &torn))?;
    if info.stopping {
        return Err(Misfit::Trouble(Trouble::new(
            TroubleKind::Unreachable,
            what,
            format!("process {} answered, which is stopping after a reload: its weights no longer matter", info.pid),
            "look again; if it stays so, give the socket of the process that took over",
        )));
    }
    let mut seen = Seen { level, tables: Vec::new(), percent: None, odd_percent: None, proxies: Vec::new() };
    match shape {
        Shape::Servers { .. } => seen.tables = table_names(section(2)),
        Shape::Map { map, key, .. } => (seen.percent, seen.odd_percent) = percent(what, map, key, section(2))?,
    }
    for (index, name) in super::ask::proxies(shape).into_iter().enumerate() {
        seen.proxies.push(Proxy::of(what, name, section(3 + 2 * index), section(4 + 2 * index))?);
    }
    let (native, effective, servers) = match shape {
        Shape::Servers { backend, pools, inner } => by_servers(what, &seen, backend, pools, inner)?,
        Shape::Map { map, key, percent_of, pools } => by_map(&seen, map, key, percent_of, pools),
    };
    let mut reading = Reading {
        identity: Identity { node: info.node, process: info.pid },
        generation: String::new(),
        uptime: info.uptime_s.map(Duration::from_secs),
        native,
        effective,
        servers,
        warnings: Vec::new(),
        underway: None,
        skew: None,
    };
    reading.warnings = warn::warnings(shape, &seen, &reading);
    reading.skew = warn::skew(shape, &seen);
    Ok(reading)
}

type Parts = (NativeSplit, Shares, Vec<ServerReading>);

fn by_servers(
    what: &str,
    seen: &Seen,
    backend: &str,
    pools: &[(PoolId, String)],
    inner: &[(PoolId, String)],
) -> Result<Parts, Misfit> {
    let Some(front) = seen.proxy(backend) else { return Err(Misfit::Absent(Absent::Proxy(backend.to_owned()))) };
    mapping_fits(what, front, pools)?;
    let members = || front.servers.iter().filter_map(|server| Some((server, pool_of(pools, &server.name)?)));
    let native = NativeSplit(
        members()
            .map(|(server, pool)| NativeWeight {
                reference: format!("{backend}/{}", server.name),
                pool: pool.clone(),
                weight: server.weight,
                admin: server.admin,
            })
            .collect(),
    );
    let effective = Shares::of_parts(pools.iter().map(|(pool, _)| {
        let live = members().filter(|(server, of)| *of == pool && server.takes_traffic());
        (pool.clone(), live.map(|(server, _)| u64::from(server.weight)).sum())
    }));
    let mut servers = Vec::new();
    for (pool, _) in pools {
        let own = || members().filter(|(_, of)| *of == pool).map(|(server, _)| server);
        match inner.iter().find(|(of, _)| of == pool).and_then(|(_, proxy)| seen.proxy(proxy)) {
            None => servers.extend(own().map(|server| server.reading(backend, pool))),
            Some(proxy) => {
                // What waits in front of the inner proxy, or for any of its servers, is in flight for the pool too.
                let sent: u64 = own().map(|server| server.in_flight).sum();
                servers.extend(proxy.readings(pool, sent));
            }
        }
    }
    Ok((native, effective, servers))
}

fn by_map(seen: &Seen, map: &str, key: &str, percent_of: &PoolId, pools: &[(PoolId, String)]) -> Parts {
    let percent = seen.percent.unwrap_or_default();
    let native = NativeSplit(
        pools
            .iter()
            .map(|(pool, _)| {
                let holds = pool == percent_of;
                NativeWeight {
                    reference: if holds { map_reference(map, key) } else { rest_reference(map, key) },
                    pool: pool.clone(),
                    weight: if holds { percent } else { 100 - percent },
                    admin: Admin::Ready,
                }
            })
            .collect(),
    );
    let shares = native.shares(pools.iter().map(|(pool, _)| pool));
    let servers = pools.iter().filter_map(|(pool, name)| Some(seen.proxy(name)?.readings(pool, 0))).flatten().collect();
    (native, shares, servers)
}

/// Every pattern finds a server, and no server belongs to two pools.
fn mapping_fits(what: &str, front: &Proxy, pools: &[(PoolId, String)]) -> Result<(), Misfit> {
    let misfit = |why: String| {
        let trouble = Trouble::new(TroubleKind::Mismatch, what, why, "correct the pools' mapping in the profile");
        Err(Misfit::Trouble(trouble))
    };
    for (pool, pattern) in pools {
        if !front.servers.iter().any(|server| fits(pattern, &server.name)) {
            return misfit(format!(
                "no server of {} fits `{pattern}` ({pool}); it has {}",
                front.name,
                absent::listed(front.servers.iter().map(|server| server.name.as_str()))
            ));
        }
    }
    for server in &front.servers {
        let mut of = pools.iter().filter(|(_, pattern)| fits(pattern, &server.name)).map(|(pool, _)| pool);
        if let (Some(one), Some(two)) = (of.next(), of.next()) {
            return misfit(format!("{}/{} fits the patterns of both {one} and {two}", front.name, server.name));
        }
    }
    Ok(())
}

fn percent(what: &str, map: &str, key: &str, section: &str) -> Result<(Option<u32>, Option<String>), Misfit> {
    if section.contains("Unknown map identifier") {
        return Err(Misfit::Absent(Absent::Map(map.to_owned())));
    }
    denied(what, "get map", section)?;
    let value = answer::map_value(section, key).map_err(|torn| garbage(what, &torn))?;
    let Some(value) = value else {
        return Err(Misfit::Absent(Absent::Key { map: map.to_owned(), key: key.to_owned() }));
    };
    match value.parse::<i64>() {
        Ok(percent @ 0..=100) => Ok((u32::try_from(percent).ok(), None)),
        // A random number below 100 is compared with it: less than 0 acts as 0 and more than 100 as 100.
        Ok(percent) => Ok((Some(if percent < 0 { 0 } else { 100 }), Some(value))),
        Err(_not_whole) => Err(Misfit::Trouble(Trouble::new(
            TroubleKind::Mismatch,
            what,
            format!("map {map} holds `{}` for {key}, which is no whole percentage", answer::excerpt(&value)),
            "correct `map` and `key` in the profile, or the map's entry",
        ))),
    }
}

/// The names in the list of stick tables: `# table: be_app, type: ip, size:10240, used:0`.
fn table_names(section: &str) -> Vec<String> {
    let names = section.lines().filter_map(|line| line.strip_prefix("# table: ")?.split(',').next());
    names.map(str::to_owned).collect()
}

fn garbage(what: &str, torn: &answer::Garbled) -> Misfit {
    Misfit::Trouble(Trouble::new(TroubleKind::Garbage, what, torn.to_string(), torn.advice()))
}

/// A refusal where an answer was expected.
fn denied(what: &str, command: &str, section: &str) -> Result<(), Misfit> {
    if answer::refusal(section).is_none() {
        return Ok(());
    }
    let words = answer::words(section);
    let advice = super::words::advice(&words);
    let why = format!("HAProxy says `{words}` to `{command}`");
    Err(Misfit::Trouble(Trouble::new(TroubleKind::Denied, what, why, advice)))
}

/// Whether a reading's server can take traffic now.
pub(super) fn is_live(server: &ServerReading) -> bool {
    server.admin == Admin::Ready && server.health != Health::Down
}

#[cfg(test)]
mod tests;
