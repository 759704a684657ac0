//! Slack: one live message that is kept up to date, and its thread.

use flightdeck::adapter::notifier::{Came, Telling};
use flightdeck::domain::notify::Occasion;
use serde_json::{Value, json};

use super::{SECRET, Site, contract, telling, tells};
use crate::support::web::{Asked, Said};

contract::contract!(contract_of_it, site(), Occasion::Shift);

/// The channel that the app is in.
pub const CHANNEL: &str = "C0123456789";

/// A message of a channel.
#[derive(Clone, Debug)]
pub struct Message {
    pub stamp: String,
    pub text: String,
    /// The message in whose thread it stands.
    pub thread: Option<String>,
    metadata: Value,
}

/// What the fake workspace knows.
#[derive(Default)]
pub struct Workspace {
    pub messages: Vec<Message>,
    pub updates: usize,
    /// Whether the app may not read the channel.
    pub is_blind: bool,
}

impl Workspace {
    /// The texts of the channel's own messages.
    pub fn live(&self) -> Vec<&str> {
        self.messages.iter().filter(|each| each.thread.is_none()).map(|each| each.text.as_str()).collect()
    }

    /// The texts of what stands in threads.
    pub fn thread(&self) -> Vec<&str> {
        self.messages.iter().filter(|each| each.thread.is_some()).map(|each| each.text.as_str()).collect()
    }
}

/// A workspace whose app takes the secret.
pub fn site() -> Site<Workspace> {
    let keys = |at, secret: &str| format!("at = \"http://{at}/api\"\nchannel = \"{CHANNEL}\"\ntoken = {secret}");
    // One live message is what carries the thread, and no telling of its own.
    let effects = |own: &Workspace| own.thread().len() + own.live().len().saturating_sub(1);
    let shown = |own: &Workspace| own.thread().into_iter().map(str::to_owned).collect();
    Site::start("slack", Workspace::default(), rules, keys, effects, shown)
}

/// As Slack answers: 200 for nearly everything, with its own word for a no.
fn rules(own: &mut Workspace, asked: &Asked) -> Said {
    let no = |error: &str| Said::json(200, &json!({ "ok": false, "error": error }));
    if asked.header("authorization") != format!("Bearer {SECRET}") {
        return no("invalid_auth");
    }
    let body = asked.json();
    if asked.method == "POST" {
        assert_eq!(asked.header("content-type"), "application/json; charset=utf-8");
    }
    match asked.route() {
        "/api/auth.test" => Said::json(200, &json!({ "ok": true, "user": "flightdeck", "team": "Acme" })),
        "/api/chat.postMessage" => {
            if body["channel"] != CHANNEL {
                return no("channel_not_found");
            }
            let text = body["text"].as_str().unwrap_or_default();
            assert!(!text.contains('<') && !text.contains('>'), "what means something to Slack is escaped: {text}");
            let thread = body["thread_ts"].as_str().map(str::to_owned);
            if let Some(parent) = &thread
                && own.messages.iter().all(|each| each.stamp != *parent)
            {
                return no("thread_not_found");
            }
            let stamp = format!("1795269600.{:06}", own.messages.len() + 1);
            let metadata = body["metadata"].clone();
            own.messages.push(Message { stamp: stamp.clone(), text: text.to_owned(), thread, metadata });
            Said::json(200, &json!({ "ok": true, "channel": CHANNEL, "ts": stamp }))
        }
        "/api/chat.update" => {
            let found = own.messages.iter_mut().find(|each| body["ts"] == each.stamp.as_str());
            let Some(message) = found else { return no("message_not_found") };
            body["text"].as_str().unwrap_or_default().clone_into(&mut message.text);
            own.updates += 1;
            Said::json(200, &json!({ "ok": true, "channel": CHANNEL, "ts": message.stamp, "text": message.text }))
        }
        "/api/conversations.history" | "/api/conversations.replies" if own.is_blind => {
            Said::json(200, &json!({ "ok": false, "error": "missing_scope", "needed": "channels:history" }))
        }
        route @ ("/api/conversations.history" | "/api/conversations.replies") => {
            let query: std::collections::BTreeMap<String, String> =
                url::form_urlencoded::parse(asked.path.split_once('?').unwrap().1.as_bytes()).into_owned().collect();
            assert_eq!((query["channel"].as_str(), query["include_all_metadata"].as_str()), (CHANNEL, "true"));
            let parent = query.get("ts");
            assert_eq!(parent.is_some(), route.ends_with("replies"));
            // A thread comes with its parent; a channel comes without what stands in threads.
            let is_in = |each: &&Message| match parent {
                Some(parent) => each.thread.as_ref() == Some(parent) || each.stamp == *parent,
                None => each.thread.is_none(),
            };
            let shown = |each: &Message| json!({ "ts": each.stamp, "text": each.text, "metadata": each.metadata });
            let messages: Vec<Value> = own.messages.iter().filter(is_in).map(shown).collect();
            Said::json(200, &json!({ "ok": true, "messages": messages, "has_more": false }))
        }
        other => panic!("{} {other} is no method that is known", asked.method),
    }
}

#[tokio::test]
async fn one_live_message_says_how_it_stands_and_its_thread_what_happened() {
    let site = site();
    let notifier = site.notifier();
    let first = tells(&*notifier, &telling(Occasion::Shift, 7)).await;
    assert_eq!(first.reference.as_deref(), Some("C0123456789/1795269600.000001"));
    // Another cockpit, that knows the message by the journal alone, goes on with it.
    let second = Telling { reference: first.reference.clone(), ..telling(Occasion::Verified, 9) };
    let second = tells(&*site.notifier(), &second).await;
    assert_eq!(second.reference, first.reference);
    site.look(|own| {
        let [live] = own.live()[..] else { panic!("{:?}", own.messages) };
        assert!(live.contains("shop prod: deployment 2.4.0 → 2.5.0*") && live.contains("entry 9"), "{live}");
        assert_eq!(own.updates, 1);
        let thread = own.thread();
        assert!(thread.len() == 2 && thread[0].contains("entry 7") && thread[1].contains("entry 9"), "{thread:?}");
    });
}

#[tokio::test]
async fn a_live_message_that_somebody_deleted_is_replaced() {
    let site = site();
    let gone = Telling { reference: Some(format!("{CHANNEL}/1700000000.000001")), ..telling(Occasion::Shift, 7) };
    let said = tells(&*site.notifier(), &gone).await;
    assert_eq!(said.reference.as_deref(), Some("C0123456789/1795269600.000001"));
    // A reference of another channel, or none at all, is none.
    for odd in ["C9/1700000000.000001", "C0123456789/1&x=1", ""] {
        let odd = Telling { reference: Some(odd.to_owned()), ..telling(Occasion::Shift, 7) };
        tells(&*site.notifier(), &odd).await;
    }
    assert_eq!(site.look(|own| own.updates), 0);
}

#[tokio::test]
async fn an_answer_that_is_lost_within_the_thread_does_not_double_it() {
    let site = site();
    let live = tells(&*site.notifier(), &telling(Occasion::Opened, 1)).await.reference;
    // The update of the live message is answered; the reply is done and its answer is lost.
    let next = Telling { reference: live, may_be_there: true, ..telling(Occasion::Shift, 7) };
    tells(&*site.notifier(), &next).await;
    tells(&*site.notifier(), &next).await;
    assert_eq!(site.look(|own| own.thread().len()), 2);
}

#[tokio::test]
async fn without_the_scope_to_look_nothing_is_sent_twice_and_the_words_say_so() {
    let site = site();
    site.look(|own| own.is_blind = true);
    site.loses(Said::text(502, "bad gateway"));
    let first = site.notifier().tell(&telling(Occasion::Shift, 7)).await;
    assert!(matches!(first.came, Came::Later { may_be_there: true, .. }), "{first:?}");
    let again = Telling { may_be_there: true, ..telling(Occasion::Shift, 7) };
    let came = site.notifier().tell(&again).await.came;
    let Came::Unknown { why } = came else { panic!("{came:?}") };
    assert!(why.contains("missing_scope") && why.contains("channels:history") && why.contains("look there"), "{why}");
    assert_eq!(site.look(|own| own.messages.len()), 1);
}

#[tokio::test]
async fn a_no_says_what_to_do_about_it() {
    let site = site();
    for (error, advice) in [
        ("not_in_channel", "invite the app"),
        ("channel_not_found", "compare the channel's id"),
        ("missing_scope", "chat:write"),
        ("something_new", "documentation"),
    ] {
        site.says(Some(Said::json(200, &json!({ "ok": false, "error": error }))));
        let came = site.notifier().tell(&telling(Occasion::Shift, 7)).await.came;
        let Came::Refused { why } = came else { panic!("{came:?}") };
        assert!(why.contains(error) && why.contains(advice), "{why}");
    }
    let limited = Said::json(200, &json!({ "ok": false, "error": "ratelimited" })).with("Retry-After", "3");
    site.says(Some(limited));
    let came = site.notifier().tell(&telling(Occasion::Shift, 7)).await.came;
    assert!(matches!(came, Came::Later { after: Some(after), .. } if after.as_secs() == 3), "{came:?}");
}
