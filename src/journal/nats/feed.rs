//! Messages of the stream from a place on, in their order: one consumer of JetStream that is asked for more and more.
//!
//! A consumer reads what its server has. That may be behind the leader for a moment, but it holds nothing that most
//! servers have not kept, and it goes on when more comes. Whoever wants to know where the end is asks the leader.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{StatusCode, Subscriber};
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::json;

use super::api::{NoAnswer, PATIENCE, Stored, stored};
use super::link::{Link, Silence};

/// How many messages are asked for at a time.
const BATCH: u64 = 512;

/// How long one asking lasts, in nanoseconds.
const ASKING: u64 = 20_000_000_000;

/// How often a consumer with nothing to give says that it is there, in nanoseconds.
const SIGN: u64 = 1_000_000_000;

/// A consumer that says nothing for so long is gone.
const GONE: Duration = Duration::from_millis(3_500);

/// When the server drops a consumer that nobody asks any more, in nanoseconds.
const FORGET: u64 = 10_000_000_000;

/// One consumer.
pub(super) struct Feed {
    link: Arc<Link>,
    more: String,
    remove: String,
    inbox: String,
    messages: Subscriber,
    /// How many it gave: its next message has the number after.
    count: u64,
    /// How many of those asked for are still to come.
    awaited: u64,
}

impl Feed {
    /// Opens one from a sequence on.
    pub(super) async fn open(link: Arc<Link>, stream: &str, subject: &str, from: u64) -> Result<Self, NoAnswer> {
        let config = json!({
            "stream_name": stream,
            "config": {
                "deliver_policy": "by_start_sequence",
                "opt_start_seq": from.max(1),
                "ack_policy": "none",
                "replay_policy": "instant",
                "filter_subject": subject,
                "mem_storage": true,
                "num_replicas": 1,
                "inactive_threshold": FORGET,
            },
        });
        let made = link.api(&format!("CONSUMER.CREATE.{stream}"), &config, PATIENCE).await?;
        let name = made.get("name").and_then(|name| name.as_str());
        let name = name.ok_or_else(|| NoAnswer::Garbled("the consumer has no name".to_owned()))?;
        let lost = |why: String| NoAnswer::Silence(Silence::Unanswered(why));
        let inbox = link.client.new_inbox();
        let messages = link.client.subscribe(inbox.clone()).await.map_err(|error| lost(error.to_string()))?;
        let more = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}");
        let remove = format!("$JS.API.CONSUMER.DELETE.{stream}.{name}");
        Ok(Self { link, more, remove, inbox, messages, count: 0, awaited: 0 })
    }

    /// The next message; `None` when there is none just now. Nothing is lost when this is dropped: a message is taken
    /// without a further wait.
    pub(super) async fn next(&mut self) -> Result<Option<Stored>, String> {
        if self.awaited == 0 {
            self.ask().await?;
        }
        let message = if let Some(come) = self.messages.next().now_or_never() {
            come
        } else {
            // Only who has to wait listens for what else may come.
            let denied = self.link.denied(&self.more);
            tokio::select! {
                biased;
                message = tokio::time::timeout(GONE, self.messages.next()) => message
                    .map_err(|_elapsed| format!("the stream gave no sign for {:.1} s", GONE.as_secs_f32()))?,
                words = denied => return Err(Silence::Denied(words).words()),
            }
        };
        let message = message.ok_or_else(|| "the subscription ended".to_owned())?;
        if let Some(status) = message.status {
            let said = message.description.unwrap_or_default();
            return match status {
                StatusCode::IDLE_HEARTBEAT => Ok(None),
                // The asking is over, or there is nothing more of it.
                StatusCode::TIMEOUT | StatusCode::NOT_FOUND => {
                    self.awaited = 0;
                    Ok(None)
                }
                StatusCode::NO_RESPONDERS => Err(Silence::NobodyThere.words()),
                other => Err(format!("the stream ended the reading: {other} {said}")),
            };
        }
        let (stored, number) = stored(&message).ok_or_else(|| "a message without its place came".to_owned())?;
        if number != self.count + 1 {
            return Err(format!("{} messages were lost on the way", number.saturating_sub(self.count + 1)));
        }
        self.count = number;
        self.awaited = self.awaited.saturating_sub(1);
        Ok(Some(stored))
    }

    /// What has come already, without waiting.
    pub(super) fn ready(&mut self) -> Option<Result<Option<Stored>, String>> {
        self.next().now_or_never()
    }

    /// Tells the server that nobody will ask any more. It would find out by itself.
    pub(super) async fn close(self) {
        drop(self.link.client.publish(self.remove.clone(), Vec::new().into()).await);
    }

    async fn ask(&mut self) -> Result<(), String> {
        let body = json!({ "batch": BATCH, "expires": ASKING, "idle_heartbeat": SIGN }).to_string();
        let asked = self.link.client.publish_with_reply(self.more.clone(), self.inbox.clone(), body.into()).await;
        asked.map_err(|error| error.to_string())?;
        self.awaited = BATCH;
        Ok(())
    }
}
