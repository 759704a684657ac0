//! A channel of Slack: one live message per session that always says how it stands, and in its thread all that happened.
//!
//! Slack has no key against duplicates. Every message carries its telling's key as metadata; after a try without an answer
//! the channel or the thread is read for that key first. That needs the scope `channels:history` (or `groups:history`);
//! without it such a message stays unknown, and is not sent twice.
//!
//! Slack says no with 200 and `"ok": false`. The live message is named by channel and time stamp, which is the reference.

use std::sync::Arc;
use std::time::Duration;

use ::http::Method;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::send::{asked, encoded, garbage, object, probed, quote, raw, refused, retry_after, unlooked};
use super::{Came, Configured, Notifier, Said, Telling};
use crate::adapter::http::{Client, Endpoint, Login, Request, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::Trouble;
use crate::domain::notify::Mood;
use crate::setting::{Table, word};

/// The name of the metadata on flightdeck's messages.
const EVENT: &str = "flightdeck_telling";
/// How many messages are looked through for one that may be there.
const LOOKED_THROUGH: usize = 200;

/// What the profile says.
#[derive(Clone, Debug)]
pub(super) struct Config {
    at: Endpoint,
    channel: String,
    token: SecretRef,
    tls: Tls,
    timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "slack"`.
    pub(super) fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let at = table.optional("at", "The interface. Default \"https://slack.com/api\".", &endpoint());
        let doc = "The channel's id, at the end of its address: \"C0123456789\". Names can change, ids do not.";
        let channel = table.required("channel", doc, &word("a channel's id, such as \"C0123456789\"", "", 30));
        let doc = "Where the app's token (xoxb-…) is kept: chat:write, and channels:history to find what may be there.";
        let token = SecretRef::required(table, "token", doc, "the app's token");
        let tls = Tls::read(table);
        Some(Self {
            at: at.map(|at| at.value).or_else(|| Endpoint::parse("https://slack.com/api"))?,
            channel: channel?.value,
            token: token?,
            tls,
            timeout,
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Notifier>, Trouble> {
        let login = Login::bearer(self.token.clone());
        let client = Client::new(self.at.clone(), Some(login), &self.tls, self.timeout)?;
        Ok(Arc::new(Slack { client, channel: self.channel.clone() }))
    }
}

struct Slack {
    client: Client,
    channel: String,
}

/// Why Slack did not do it, by its own word where it said one.
struct No {
    word: String,
    came: Came,
}

impl From<Came> for No {
    fn from(came: Came) -> Self {
        Self { word: String::new(), came }
    }
}

impl From<No> for Came {
    fn from(no: No) -> Self {
        no.came
    }
}

impl Slack {
    /// One call; a no that is dressed as a yes is a no.
    async fn call(&self, request: &Request) -> Result<Value, No> {
        let answer = raw(&self.client, request, None).await?;
        let what = asked(&self.client, request);
        if !answer.is_success() {
            return Err(refused(&answer, &what).into());
        }
        let said = object(&answer, &what)?;
        match (said["ok"].as_bool(), said["error"].as_str()) {
            (Some(true), _) => Ok(said),
            (Some(false), Some(error)) => {
                let why = format!("{what}: {}; {}", quote(error), advice(error));
                let came = match error {
                    "ratelimited" | "rate_limited" => {
                        let after = retry_after(&answer).or(Some(Duration::from_secs(30)));
                        Came::Later { why, after, may_be_there: false }
                    }
                    "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" => {
                        Came::Later { why, after: None, may_be_there: true }
                    }
                    _ => Came::Refused { why },
                };
                Err(No { word: error.to_owned(), came })
            }
            _ => Err(garbage(&what).into()),
        }
    }

    /// Posts into the channel, or into a thread. Gives the message's time stamp.
    async fn post(&self, text: &str, thread: Option<&str>, telling: &Telling) -> Result<String, No> {
        let payload = json!({ "key": telling.key, "session": telling.news.session.to_string() });
        let mut body = json!({
            "channel": self.channel,
            "text": text,
            "metadata": { "event_type": EVENT, "event_payload": payload },
        });
        if let Some(thread) = thread {
            body["thread_ts"] = json!(thread);
        }
        let request = json_request("/chat.postMessage", &body);
        let said = self.call(&request).await?;
        let stamp = said["ts"].as_str().filter(|stamp| is_stamp(stamp));
        stamp.map(str::to_owned).ok_or_else(|| garbage(&asked(&self.client, &request)).into())
    }

    /// Looks for a message of this telling, in the channel or in a thread.
    async fn find(&self, thread: Option<&str>, telling: &Telling) -> Result<Option<String>, Came> {
        let channel = encoded(&self.channel);
        // A minute early: its clock is another.
        let since = telling.news.at.0 / 1_000 - 60;
        let path = match thread {
            None => format!("/conversations.history?channel={channel}&oldest={since}"),
            Some(thread) => format!("/conversations.replies?channel={channel}&ts={}", encoded(thread)),
        };
        let request = Request::get(format!("{path}&limit={LOOKED_THROUGH}&include_all_metadata=true"));
        let said = self.call(&request).await.map_err(|no| unlooked(no.into()))?;
        let messages = said["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        // A thread begins with its parent, which may be of the same telling.
        let is_it = |message: &&Value| {
            message["metadata"]["event_payload"]["key"] == telling.key.as_str() && message["ts"].as_str() != thread
        };
        Ok(messages.iter().find(is_it).and_then(|message| message["ts"].as_str()).map(str::to_owned))
    }

    /// The live message, made or brought up to date. Gives its time stamp, and whether it is new.
    async fn keep_live(&self, telling: &Telling) -> Result<(String, bool), Came> {
        let text = format!("*{}* {}\n{}", escaped(&telling.title), mark(telling), escaped(&telling.text));
        let known = telling.reference.as_deref().and_then(|reference| reference.strip_prefix(&self.channel));
        if let Some(stamp) = known.and_then(|rest| rest.strip_prefix('/')).filter(|stamp| is_stamp(stamp)) {
            let body = json!({ "channel": self.channel, "ts": stamp, "text": text });
            match self.call(&json_request("/chat.update", &body)).await {
                Ok(_) => return Ok((stamp.to_owned(), false)),
                // Somebody deleted it: another takes its place.
                Err(No { word, .. }) if word == "message_not_found" => {}
                Err(no) => return Err(no.into()),
            }
        } else if telling.may_be_there
            && let Some(stamp) = self.find(None, telling).await?
        {
            return Ok((stamp, false));
        }
        Ok((self.post(&text, None, telling).await?, true))
    }

    async fn told(&self, telling: &Telling, reference: &mut Option<String>) -> Result<String, Came> {
        let (live, is_new) = self.keep_live(telling).await?;
        *reference = Some(format!("{}/{live}", self.channel));
        if telling.may_be_there && !is_new && self.find(Some(&live), telling).await?.is_some() {
            return Ok("it was there already".to_owned());
        }
        let text = format!("{} {}", mark(telling), escaped(&telling.text));
        let stamp = self.post(&text, Some(&live), telling).await?;
        Ok(format!("message {stamp} in the thread of {live}"))
    }
}

impl Notifier for Slack {
    fn tell<'a>(&'a self, telling: &'a Telling) -> BoxFuture<'a, Said> {
        async move {
            let mut reference = None;
            let result = self.told(telling, &mut reference).await;
            Said::of(result, reference)
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async move {
            let request = json_request("/auth.test", &json!({}));
            let what = asked(&self.client, &request);
            let said = self.call(&request).await.map_err(Came::from);
            let named = |said: Value| format!("it is {} in {}", name(&said["user"]), name(&said["team"]));
            probed(said.map(named), &what)
        }
        .boxed()
    }
}

fn name(value: &Value) -> String {
    quote(value.as_str().unwrap_or("somebody"))
}

fn json_request(path: &str, body: &Value) -> Request {
    Request::new(Method::POST, path).body("application/json; charset=utf-8", body.to_string())
}

/// What becomes part of addresses later must look like one of Slack's time stamps.
fn is_stamp(text: &str) -> bool {
    !text.is_empty() && text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// The three characters that mean something in a message of Slack.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn mark(telling: &Telling) -> &'static str {
    match telling.news.occasion.mood() {
        Mood::Plain => ":small_blue_diamond:",
        Mood::Good => ":white_check_mark:",
        Mood::Warn => ":warning:",
        Mood::Bad => ":rotating_light:",
    }
}

fn advice(error: &str) -> &'static str {
    match error {
        "not_in_channel" => "invite the app into the channel",
        "channel_not_found" => {
            "compare the channel's id; of a private channel Slack says this until the app is invited"
        }
        "is_archived" => "name a channel that is in use",
        "missing_scope" | "not_allowed_token_type" => "give the app the scope chat:write, and channels:history",
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" => {
            "see whether the token that the profile names is right and not revoked"
        }
        "msg_too_long" => "shorten the notifier's text",
        "ratelimited" | "rate_limited" => "it is asked too often; it is tried again by itself",
        _ => "look the word up in Slack's documentation of the method",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_to_slack_is_escaped() {
        assert_eq!(escaped("<!channel> & <@U1>"), "&lt;!channel&gt; &amp; &lt;@U1&gt;");
    }

    #[test]
    fn only_time_stamps_are_taken_for_one() {
        assert!(is_stamp("1503435956.000247"));
        assert!(!is_stamp("") && !is_stamp("1503&x=1") && !is_stamp("a.b"));
    }
}
