//! One proxy with its servers, put together from `show stat` and `show servers state`.

use std::time::Duration;

use super::super::answer::{self, Row, Table};
use super::{Absent, Misfit, denied, garbage};
use crate::domain::PoolId;
use crate::domain::reading::{Admin, Health, ServerReading};

/// One proxy.
#[derive(Debug)]
pub(in super::super) struct Proxy {
    /// Its name.
    pub(in super::super) name: String,
    /// Its load-balancing algorithm; empty below level operator.
    pub(in super::super) algorithm: String,
    /// Its stickiness cookie; empty without one, and below level operator.
    pub(in super::super) cookie: String,
    /// Requests waiting for any of its servers.
    pub(in super::super) queued: u64,
    /// Its servers in HAProxy's order.
    pub(in super::super) servers: Vec<Server>,
}

/// One server.
#[derive(Debug)]
pub(in super::super) struct Server {
    /// Its name.
    pub(in super::super) name: String,
    /// Its weight now.
    pub(in super::super) weight: u32,
    /// Its weight in the configuration.
    pub(in super::super) configured: u32,
    /// Its administrative state.
    pub(in super::super) admin: Admin,
    /// Its health.
    pub(in super::super) health: Health,
    /// Requests at it and waiting for it.
    pub(in super::super) in_flight: u64,
    /// How much of its weight it gets while it warms up, in percent; 100 afterwards.
    pub(in super::super) throttle: u64,
    /// Whether an agent on it may change its weight.
    pub(in super::super) has_agent: bool,
    requests: Option<u64>,
    errors: Option<u64>,
    response: Option<Duration>,
}

impl Proxy {
    /// Puts one proxy together.
    pub(super) fn of(what: &str, name: &str, stat: &str, state: &str) -> Result<Self, Misfit> {
        for (command, section) in [("show stat", stat), ("show servers state", state)] {
            if section.contains("No such proxy") || section.contains("Can't find backend") {
                return Err(Misfit::Absent(Absent::Proxy(name.to_owned())));
            }
            denied(what, command, section)?;
        }
        let stat = Table::of_stat(stat).map_err(|torn| garbage(what, &torn))?;
        let state = Table::of_state(state).map_err(|torn| garbage(what, &torn))?;
        let own = || stat.rows().filter(|row| row.text("pxname") == name);
        let Some(backend) = own().find(|row| row.text("type") == "1") else {
            return Err(Misfit::Absent(Absent::Proxy(name.to_owned())));
        };
        let mut servers = Vec::new();
        for row in own().filter(|row| row.text("type") == "2") {
            let state = state.rows().find(|state| state.text("srv_name") == row.text("svname"));
            let Some(server) = state.and_then(|state| Server::of(row, state)) else {
                let why = format!("`show servers state` does not fit `show stat` for {name}/{}", row.text("svname"));
                return Err(garbage(what, &answer::Garbled::Torn { what: why }));
            };
            servers.push(server);
        }
        Ok(Self {
            name: name.to_owned(),
            algorithm: backend.text("algo").to_owned(),
            cookie: backend.text("cookie").to_owned(),
            queued: backend.number("qcur").unwrap_or(0),
            servers,
        })
    }

    /// The readings of its servers, all for one pool. `sent` is what a proxy in front has in flight to this one.
    ///
    /// What waits for any server, or has not arrived yet, is counted at the first one: in flight is in flight.
    pub(super) fn readings(&self, pool: &PoolId, sent: u64) -> Vec<ServerReading> {
        let mut readings: Vec<_> = self.servers.iter().map(|server| server.reading(&self.name, pool)).collect();
        let inside = self.queued + self.servers.iter().map(|server| server.in_flight).sum::<u64>();
        if let Some(in_flight) = readings.first_mut().and_then(|first| first.in_flight.as_mut()) {
            *in_flight += self.queued + sent.saturating_sub(inside);
        }
        readings
    }
}

impl Server {
    fn of(stat: Row<'_>, state: Row<'_>) -> Option<Self> {
        /// Forced, inherited, configured, by resolution and by host name.
        const MAINTENANCE: u64 = 0x01 | 0x02 | 0x04 | 0x20 | 0x40;
        /// Forced and inherited.
        const DRAIN: u64 = 0x08 | 0x10;
        let bits = state.number("srv_admin_state")?;
        let admin = if stat.number("bck").unwrap_or(0) > 0 {
            Admin::Backup
        } else if bits & MAINTENANCE != 0 {
            Admin::Maintenance
        } else if bits & DRAIN != 0 {
            Admin::Drain
        } else {
            Admin::Ready
        };
        let status = stat.text("status");
        let health = if ["DOWN", "NOLB", "MAINT"].iter().any(|start| status.starts_with(start)) {
            Health::Down
        } else if status.starts_with("no check") {
            Health::Unchecked
        } else {
            Health::Up
        };
        let requests = stat.number("stot");
        let response = stat.number("rtime").filter(|_| stat.text("mode") != "tcp").or_else(|| stat.number("ttime"));
        // Without a request yet the average of 0 means that there is none.
        let response = response.filter(|_| requests.is_some_and(|requests| requests > 0)).map(Duration::from_millis);
        let errors = ["hrsp_5xx", "econ", "eresp"].iter().filter_map(|column| stat.number(column));
        Some(Self {
            name: stat.text("svname").to_owned(),
            weight: u32::try_from(state.number("srv_uweight")?).ok()?,
            configured: u32::try_from(state.number("srv_iweight")?).ok()?,
            admin,
            health,
            in_flight: stat.number("scur")? + stat.number("qcur").unwrap_or(0),
            throttle: stat.number("throttle").unwrap_or(100),
            has_agent: !stat.text("agent_status").is_empty(),
            requests,
            errors: Some(errors.sum()),
            response,
        })
    }

    /// Whether it gets new traffic by its weight.
    pub(in super::super) fn takes_traffic(&self) -> bool {
        self.admin == Admin::Ready && self.health != Health::Down
    }

    /// What is told of it.
    pub(super) fn reading(&self, proxy: &str, pool: &PoolId) -> ServerReading {
        ServerReading {
            name: format!("{proxy}/{}", self.name),
            pool: pool.clone(),
            health: self.health,
            admin: self.admin,
            in_flight: Some(self.in_flight),
            requests: self.requests,
            errors: self.errors,
            response: self.response,
        }
    }
}
