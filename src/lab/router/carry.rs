//! A request to a server and its answer back to the client.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::super::metric::InFlight;
use super::super::task::lock;
use super::super::wire::{Head, Wire};
use super::{Life, Upstream};

/// How long a server may take to accept a connection, and to begin its answer.
const CONNECT: Duration = Duration::from_secs(1);
const ANSWER: Duration = Duration::from_secs(30);
/// Kept connections per server.
const KEPT: usize = 64;

/// Serves one client connection until it closes.
pub(super) async fn carry(life: &Life, mut client: Wire) -> io::Result<()> {
    while let Some(head) = client.head().await? {
        let body = client.body(head.length).await?;
        let closes = head.closes();
        match life.choose() {
            None => refuse(&mut client, 503, "no server can take the request").await?,
            Some(server) => exchange(&server, &head, &body, &mut client).await?,
        }
        if closes {
            return Ok(());
        }
    }
    Ok(())
}

async fn refuse(client: &mut Wire, status: u16, why: &str) -> io::Result<()> {
    client.answer(status, "text/plain", "", &format!("{why}\n")).await
}

/// Sends a request to one server and passes the answer on as it comes. An error ends the client's connection: part of an
/// answer may have gone out already.
async fn exchange(server: &Arc<Upstream>, head: &Head, body: &[u8], client: &mut Wire) -> io::Result<()> {
    server.requests.fetch_add(1, Relaxed);
    let flight = InFlight::enter(&server.in_flight);
    let began = Instant::now();
    let (mut back, answer) = match ask(server, head, body).await {
        Ok(asked) => asked,
        Err(error) => {
            server.errors.fetch_add(1, Relaxed);
            let status = if error.kind() == io::ErrorKind::TimedOut { 504 } else { 502 };
            return refuse(client, status, &format!("{} gave no answer: {error}", server.name)).await;
        }
    };
    server.took(began.elapsed());
    if answer.status() >= 500 {
        server.errors.fetch_add(1, Relaxed);
    }
    if let Err(error) = back.pass(answer.passed_on(), answer.length, Some(client)).await {
        server.errors.fetch_add(1, Relaxed);
        return Err(error);
    }
    drop(flight);
    let mut idle = lock(&server.idle);
    if !answer.closes() && idle.len() < KEPT {
        idle.push(back);
    }
    Ok(())
}

/// Sends a request and waits for the answer's head.
async fn ask(server: &Upstream, head: &Head, body: &[u8]) -> io::Result<(Wire, Head)> {
    let mut wire = loop {
        let kept = lock(&server.idle).pop();
        match kept {
            Some(wire) if wire.is_idle() => break wire,
            Some(_closed_by_the_server) => {}
            None => break timeout(CONNECT, Wire::connect(server.port)).await??,
        }
    };
    let mut request = head.passed_on();
    request.extend_from_slice(body);
    wire.write(&request).await?;
    let answer = timeout(ANSWER, wire.head()).await??;
    answer.map(|answer| (wire, answer)).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}
