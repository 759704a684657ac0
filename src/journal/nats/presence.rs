//! Presence over NATS itself, beside the stream: a message that nobody hears is gone.

use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, unfold};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Shared;
use super::api::PATIENCE;

/// How long after a failed subscription is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// How often the clock is asked; the quickest answer counts.
const LOOKS: usize = 3;

/// Says it to whoever listens now. Without a connection it is not said at all: old news would be sent on reconnecting.
pub(super) async fn announce<T: Serialize + Sync>(shared: &Shared, subject: String, told: &T) {
    if shared.link.client.connection_state() != State::Connected {
        return;
    }
    let Ok(bytes) = serde_json::to_vec(told) else { return };
    // Best effort: the next one comes soon.
    let said = shared.link.client.publish(subject, bytes.into()).await;
    if let Err(error) = said {
        tracing::debug!(%error, "the other cockpits were not told");
    }
}

/// What everybody tells on a subject as it comes, one's own too.
pub(super) fn listen<T: DeserializeOwned + Send + 'static>(
    shared: Arc<Shared>,
    subject: String,
) -> BoxStream<'static, T> {
    unfold((shared, None), move |(shared, subscription)| {
        let subject = subject.clone();
        async move {
            let mut subscription: Option<async_nats::Subscriber> = subscription;
            loop {
                let Some(messages) = &mut subscription else {
                    match shared.link.client.subscribe(subject.clone()).await {
                        Ok(subscribed) => subscription = Some(subscribed),
                        Err(_) => tokio::time::sleep(AGAIN).await,
                    }
                    continue;
                };
                match messages.next().await {
                    // What cannot be read is a newer flightdeck's, or nobody's.
                    Some(message) => {
                        if let Ok(told) = serde_json::from_slice(&message.payload) {
                            return Some((told, (shared, subscription)));
                        }
                    }
                    None => return None,
                }
            }
        }
    })
    .boxed()
}

/// What must be added to this host's clock to have the server's, in milliseconds.
pub(super) async fn clock_offset(shared: &Shared) -> Option<i64> {
    let mut best: Option<(Duration, i64)> = None;
    for _ in 0..LOOKS {
        let before = (chrono::Utc::now(), std::time::Instant::now());
        let info = tokio::time::timeout(PATIENCE, shared.link.info(&shared.settings.stream)).await.ok()?.ok()?;
        let took = before.1.elapsed();
        let theirs = chrono::DateTime::parse_from_rfc3339(info.ts.as_deref()?).ok()?.timestamp_millis();
        // The server looked at its clock about in the middle.
        let half = i64::try_from(took.as_millis() / 2).unwrap_or(0);
        let offset = theirs - (before.0.timestamp_millis() + half);
        if best.is_none_or(|(quickest, _)| took < quickest) {
            best = Some((took, offset));
        }
    }
    best.map(|(_, offset)| offset)
}
