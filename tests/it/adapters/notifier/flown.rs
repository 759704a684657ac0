//! From the flight to what people read: a deployment is flown over simulated routers, and a workspace of Slack hears of it.

use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::notify::{NotifySpec, Occasion, TellOutcome};
use flightdeck::domain::{NotifierId, SessionId};
use flightdeck::flight::{Ask, Effect, Msg, WayBackChoice};
use flightdeck::journal::MemoryStore;
use flightdeck::profile::{ProfileFile, parse};
use flightdeck::runtime::adapter::Adapters;
use flightdeck::runtime::hands::{Hands, Tools};
use flightdeck::session::Event;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::slack;
use crate::support::desk::Desk;
use crate::support::procedure::blue_green;
use crate::support::web::Said;

/// How long anything that must come is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

struct World {
    hands: Hands,
    told: UnboundedReceiver<Msg>,
    cancel: CancellationToken,
}

/// Hands over the notifiers of a profile with these keys, and a desk that tells them of everything that they want.
fn world(keys: &str) -> (World, Desk) {
    let text = format!(
        "service = \"app\"\nenvironment = \"test\"\nnew = \"blue\"\n[pools.blue]\n[pools.green]\n\
         [[notify]]\nname = \"team\"\n{keys}\n"
    );
    let file = ProfileFile { path: "profile.toml".to_owned(), bytes: text.into_bytes() };
    let loaded = parse(&[file]).unwrap_or_else(|problems| panic!("{problems}"));
    let adapters = Adapters::new(&loaded.adapters).unwrap();
    let session = SessionId(uuid::Uuid::from_u128(99));
    let tools = Tools { adapters, store: Arc::new(MemoryStore::new()), session, keys: None, spill: None };
    let (tell, told) = unbounded_channel();
    let tell = Arc::new(move |msg| tell.send(msg).unwrap_or_default());
    let cancel = CancellationToken::new();
    let hands = Hands::new(tools, tell, TaskTracker::new(), cancel.clone());
    let mut procedure = blue_green(2);
    procedure.notifiers = loaded.procedure.notifiers;
    (World { hands, told, cancel }, Desk::open(procedure))
}

impl World {
    async fn answer(&mut self) -> Msg {
        timeout(PATIENCE, self.told.recv()).await.expect("an answer comes").expect("it is told")
    }

    /// Tells everything that is to be told, until nothing more is.
    async fn tell_all(&mut self, desk: &mut Desk) {
        while !desk.tellings.is_empty() {
            let waiting = std::mem::take(&mut desk.tellings);
            for to_tell in waiting {
                self.hands.perform(Effect::Notify(Box::new(to_tell)));
                let answer = self.answer().await;
                desk.tell(answer);
            }
        }
    }
}

fn slack_keys(site: &super::Site<slack::Workspace>) -> String {
    format!("kind = \"slack\"\n{}\ntext = {{ shift = \"{{{{ who }}}} → {{{{ weights }}}}\" }}", site.written())
}

#[tokio::test]
async fn a_flown_deployment_reaches_the_channel_in_one_live_message_and_its_thread() {
    let site = slack::site();
    let (mut world, mut desk) = world(&slack_keys(&site));
    desk.shift();
    desk.pass(2_000);
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.confirm();
    desk.pass(2_000);
    world.tell_all(&mut desk).await;
    site.look(|own| {
        let thread = own.thread();
        let all = thread.join("\n");
        for wanted in [
            "ana opened the deployment of payments-api in prod, 2.4.0 → 2.5.0.",
            "ana → blue 0 %, green 100 %",
            "Traffic is at blue 0 %, green 100 %, verified on every router (step “Drain blue” is done).",
            "ana rolls back to blue 50 %, green 50 %",
            "Rolled back: traffic is at blue 50 %, green 50 %, verified on every router.",
        ] {
            assert!(all.contains(&wanted.replace('>', "&gt;")), "{wanted} is not in\n{all}");
        }
        let [live] = own.live()[..] else { panic!("{:?}", own.live()) };
        assert!(live.contains("Rolled back: traffic is at"), "{live}");
        assert_eq!(own.updates, thread.len() - 1, "the first one made it");
    });
    // What came of it stands in the journal, with the message that another cockpit would go on with.
    let reference = desk.flight.session.told.get(&NotifierId::from("team")).cloned();
    assert_eq!(reference.as_deref(), Some("C0123456789/1795269600.000001"));
    let told = desk.events().filter(|event| matches!(event, Event::Told(told) if told.outcome == TellOutcome::Told));
    assert_eq!(told.count(), site.look(|own| own.thread().len()));
    assert!(desk.flight.tellings.failed.is_empty() && !desk.flight.tellings.is_busy());
}

#[tokio::test]
async fn what_could_not_be_told_is_shown_and_told_again_once_it_can_be() {
    let site = slack::site();
    let (mut world, mut desk) = world(&slack_keys(&site));
    site.says(Some(Said::json(200, &serde_json::json!({ "ok": false, "error": "not_in_channel" }))));
    world.tell_all(&mut desk).await;
    desk.pass(1_000);
    assert!(
        desk.said().contains("team was not told of `opened`") && desk.said().contains("invite the app"),
        "{}",
        desk.said()
    );
    assert!(desk.flight.telling_lines()[0].starts_with("✗ "), "{:?}", desk.flight.telling_lines());
    site.says(None);
    desk.ask(Ask::TellAgain);
    world.tell_all(&mut desk).await;
    desk.pass(1_000);
    assert_eq!(site.look(|own| own.thread().len()), 1);
    assert!(desk.flight.tellings.failed.is_empty());
    let outcomes: Vec<TellOutcome> = desk
        .events()
        .filter_map(|event| if let Event::Told(told) = event { Some(told.outcome) } else { None })
        .collect();
    assert_eq!(outcomes, [TellOutcome::NotTold, TellOutcome::Told]);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_tried_again_by_itself_and_told_once() {
    let site = slack::site();
    let (mut world, mut desk) = world(&slack_keys(&site));
    site.loses(Said::text(502, "bad gateway"));
    world.tell_all(&mut desk).await;
    site.look(|own| assert_eq!((own.live().len(), own.thread().len()), (1, 1)));
}

#[tokio::test]
async fn who_leaves_does_not_wait_for_a_system_that_asks_to_be_left_alone() {
    let site = slack::site();
    let (mut world, mut desk) = world(&slack_keys(&site));
    site.says(Some(Said::json(429, &serde_json::json!({})).with("Retry-After", "120")));
    let to_tell = desk.tellings.remove(0);
    world.hands.perform(Effect::Notify(Box::new(to_tell)));
    // It has been asked once when it is ended.
    let asked = async {
        while site.web.asked().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, asked).await.expect("it is asked");
    world.cancel.cancel();
    let answer = world.answer().await;
    desk.tell(answer);
    let failed = &desk.flight.tellings.failed[0];
    assert!(failed.why.contains("flightdeck ended before it was tried again"), "{}", failed.why);
    assert_eq!(failed.outcome, TellOutcome::NotTold);
}

#[tokio::test]
async fn a_notifier_that_the_profile_has_no_more_is_said() {
    let (mut world, mut desk) = world("kind = \"webhook\"\nat = \"http://127.0.0.1:1\"\nsecret = { env = \"X\" }");
    desk.tellings.clear();
    let mut procedure = blue_green(1);
    procedure.notifiers = vec![NotifySpec { id: "gone".into(), kind: "slack".to_owned(), on: vec![Occasion::Opened] }];
    let mut desk = Desk::open(procedure);
    world.tell_all(&mut desk).await;
    assert!(desk.flight.tellings.failed[0].why.contains("not in the profile that is flown"));
}
