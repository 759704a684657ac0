//! The interface by which a router is steered.
//!
//! - `GET /state`: identity, uptime and every server, as JSON.
//! - `PUT /weights` with `{"blue-1":30,…}`: all at once, or not at all. A header `Expected-Weights: blue-1=50:ready,…`
//!   makes it conditional on the servers that it names: 409 with the present state when one of them has moved. 400 for
//!   what cannot be understood, 422 when no server would get traffic any more.
//! - `PUT /admin` with `{"blue-1":"maintenance",…}`: takes a server out, or in again.
//!
//! While the router hangs, requests are read and kept. A change that waited is applied when the router goes on, whether
//! or not its sender still waits, as a stopped process does; a condition sent with it still holds then. A look whose
//! sender has gone is forgotten.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::Ordering::Relaxed;

use serde::{Deserialize, Serialize};

use super::super::task::lock;
use super::super::wire::{Head, Wire};
use super::{Life, MOST, Router};
use crate::domain::reading::{Admin, Health};

#[derive(Serialize)]
struct State<'a> {
    node: &'a str,
    process: String,
    uptime_ms: u64,
    servers: Vec<ServerState<'a>>,
}

#[derive(Serialize)]
struct ServerState<'a> {
    name: &'a str,
    pool: &'a str,
    weight: u32,
    admin: Admin,
    health: Health,
    in_flight: u64,
    requests: u64,
    errors: u64,
    average_us: u64,
}

/// Serves one connection until it closes.
pub(super) async fn serve(router: &Router, life: &Life, mut wire: Wire) -> io::Result<()> {
    while let Some(head) = wire.head().await? {
        let body = wire.body(head.length).await?;
        let is_look = head.method() == "GET";
        if is_look && router.is_hung() {
            let mut hung = router.is_hung.subscribe();
            tokio::select! {
                () = wire.closed() => return Ok(()),
                // The sender lives as long as the router.
                _ = hung.wait_for(|is_hung| !is_hung) => {}
            }
        }
        let turn = router.turn.lock().await;
        drop(router.is_hung.subscribe().wait_for(|is_hung| !is_hung).await);
        let (status, answer) = act(router, life, &head, &body);
        drop(turn);
        let closes = head.closes();
        wire.answer(status, "application/json", if closes { "Connection: close\r\n" } else { "" }, &answer).await?;
        if closes {
            return Ok(());
        }
    }
    Ok(())
}

fn act(router: &Router, life: &Life, head: &Head, body: &[u8]) -> (u16, String) {
    let done = match (head.method(), head.path()) {
        ("GET", "/state") => Ok(()),
        ("PUT", "/weights") => {
            parse(body).and_then(|weights| set_weights(life, weights, head.header("expected-weights")))
        }
        ("PUT", "/admin") => parse(body).and_then(|states| set_admin(life, states)),
        _ => Err((404, "there are GET /state, PUT /weights and PUT /admin".to_owned())),
    };
    match done {
        Ok(()) => (200, state(router, life)),
        Err((409, _)) => (409, state(router, life)),
        Err((status, why)) => (status, serde_json::json!({ "error": why }).to_string()),
    }
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, (u16, String)> {
    serde_json::from_slice(body).map_err(|error| (400, format!("the body cannot be understood: {error}")))
}

fn set_weights(life: &Life, wanted: BTreeMap<String, u32>, expected: Option<&str>) -> Result<(), (u16, String)> {
    let mut balance = lock(&life.balance);
    let present = spelled(life, balance.weights());
    let holds = |condition: &str| present.iter().any(|each| each == condition);
    if expected.is_some_and(|expected| !expected.split(',').all(holds)) {
        return Err((409, String::new()));
    }
    let mut weights = balance.weights().to_vec();
    for (name, weight) in wanted {
        let index = life.servers.iter().position(|server| server.name == name);
        let place = index
            .and_then(|index| weights.get_mut(index))
            .ok_or_else(|| (400, format!("there is no server {name}")))?;
        if weight > MOST {
            return Err((400, format!("{name}: a weight is a whole number from 0 to {MOST}, not {weight}")));
        }
        *place = weight;
    }
    let gets_traffic = |(server, weight): (&std::sync::Arc<super::Upstream>, &u32)| {
        *weight > 0 && *lock(&server.admin) == Admin::Ready
    };
    if !life.servers.iter().zip(&weights).any(gets_traffic) {
        return Err((422, "no server would get traffic any more".to_owned()));
    }
    balance.set(weights);
    Ok(())
}

fn set_admin(life: &Life, wanted: BTreeMap<String, Admin>) -> Result<(), (u16, String)> {
    for (name, admin) in wanted {
        let server = life.servers.iter().find(|server| server.name == name);
        let server = server.ok_or_else(|| (400, format!("there is no server {name}")))?;
        *lock(&server.admin) = admin;
    }
    Ok(())
}

/// Each server's weight as the `Expected-Weights` header spells it.
fn spelled(life: &Life, weights: &[u32]) -> Vec<String> {
    let each = life.servers.iter().zip(weights).map(|(server, weight)| {
        let admin = match *lock(&server.admin) {
            Admin::Ready => "ready",
            Admin::Drain => "drain",
            Admin::Maintenance => "maintenance",
            Admin::Backup => "backup",
        };
        format!("{}={weight}:{admin}", server.name)
    });
    each.collect()
}

fn state(router: &Router, life: &Life) -> String {
    let weights = lock(&life.balance).weights().to_vec();
    let servers = life.servers.iter().zip(weights).map(|(server, weight)| ServerState {
        name: &server.name,
        pool: &server.pool,
        weight,
        admin: *lock(&server.admin),
        health: server.health(),
        in_flight: server.in_flight.load(Relaxed),
        requests: server.requests.load(Relaxed),
        errors: server.errors.load(Relaxed),
        average_us: server.average_us.load(Relaxed),
    });
    let state = State {
        node: &router.name,
        process: life.process.to_string(),
        uptime_ms: u64::try_from(life.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        servers: servers.collect(),
    };
    serde_json::to_string(&state).unwrap_or_else(|error| serde_json::json!({ "error": error.to_string() }).to_string())
}
