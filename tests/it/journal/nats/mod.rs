//! What only the store on NATS must do: get in, lose no entry and keep none twice whatever happens to servers and wires,
//! and notice what somebody does to the stream.

mod door;
mod fault;
mod stream;
mod tls;

use std::time::Duration;

use flightdeck::journal::NatsStore;
use flightdeck::journal::nats::Settings;
use serde_json::Value as Json;

use crate::support::nats::Nats;

async fn open(settings: Settings) -> NatsStore {
    NatsStore::open(settings).await.unwrap_or_else(|error| panic!("{error}"))
}

async fn refused(settings: Settings) -> String {
    let opened = tokio::time::timeout(Duration::from_mins(1), NatsStore::open(settings)).await;
    opened.expect("it is refused in time").err().expect("it is refused").to_string()
}

/// Asks JetStream as somebody would who keeps the server.
async fn admin(nats: &Nats, subject: &str, body: Json) -> Json {
    let client = async_nats::connect(nats.addresses()).await.unwrap();
    let payload = if body.is_null() { String::new() } else { body.to_string() };
    let answer = client.request(format!("$JS.API.{subject}"), payload.into()).await.unwrap();
    serde_json::from_slice(&answer.payload).unwrap()
}
