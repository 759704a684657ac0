//! The hands of a flight: routers side by side, within a bound, none waiting for another's answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flightdeck::adapter::router::{Fence, Router, SetAnswer};
use flightdeck::domain::{
    Capabilities, ChangeId, CockpitId, Elapsed, NativeSplit, Outcome, Prepared, Reading, Refused, RouterId, SessionId,
    Target, Timestamp, Trouble, TroubleKind,
};
use flightdeck::flight::{Effect, Msg, Send};
use flightdeck::journal::MemoryStore;
use flightdeck::runtime::adapter::{Adapters, RouterAdapter};
use flightdeck::runtime::clock;
use flightdeck::runtime::hands::{Hands, Tools};
use flightdeck::runtime::slot::PLACES;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long anything that must come is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A router that answers once its gate is open, and counts who speaks to it.
struct Gated {
    gate: watch::Receiver<bool>,
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Router for Gated {
    fn capabilities(&self) -> Capabilities {
        crate::support::procedure::capabilities()
    }

    fn read(&self) -> BoxFuture<'_, Result<Reading, Trouble>> {
        Box::pin(async { Err(Trouble::new(TroubleKind::Unreachable, "read", "not asked here", "do not")) })
    }

    fn prepare(&self, _: &Target, _: Option<&Reading>) -> Result<Prepared, Refused> {
        Ok(Prepared::default())
    }

    fn set<'a>(
        &'a self,
        _: &'a Prepared,
        _: Option<&'a NativeSplit>,
        fence: &'a dyn Fence,
    ) -> BoxFuture<'a, SetAnswer> {
        Box::pin(async move {
            if let Err(why) = fence.may_send() {
                return SetAnswer::NotSent(why);
            }
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            let mut gate = self.gate.clone();
            gate.wait_for(|open| *open).await.expect("the gate stands until the end");
            self.now.fetch_sub(1, Ordering::SeqCst);
            SetAnswer::Accepted
        })
    }
}

struct World {
    hands: Hands,
    told: UnboundedReceiver<Msg>,
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

/// Hands over so many routers; each has the gate that is given for it.
fn world(routers: usize, gate: impl Fn(usize) -> watch::Receiver<bool>) -> World {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let adapter = |index| {
        let router = Gated { gate: gate(index), now: now.clone(), most: most.clone() };
        (name(index), RouterAdapter { router: Arc::new(router), timeout: Duration::from_secs(2) })
    };
    let routers: BTreeMap<RouterId, RouterAdapter> = (0..routers).map(adapter).collect();
    let tools = Tools {
        adapters: Adapters { routers, ..Adapters::default() },
        store: Arc::new(MemoryStore::new()),
        session: SessionId(uuid::Uuid::from_u128(1)),
        keys: None,
        spill: None,
    };
    let (tell, told) = unbounded_channel();
    let tell = Arc::new(move |msg| tell.send(msg).unwrap_or_default());
    let hands = Hands::new(tools, tell, TaskTracker::new(), CancellationToken::new());
    World { hands, told, now, most }
}

fn name(index: usize) -> RouterId {
    format!("r-{index:03}").as_str().into()
}

/// A write that goes forward, or with nothing expected, back.
fn write(index: usize, counter: u32, expected: Option<NativeSplit>, within: Duration) -> Effect {
    let now = clock::now();
    Effect::Send(Box::new(Send {
        change: ChangeId { cockpit: CockpitId(uuid::Uuid::from_u128(1)), counter },
        router: name(index),
        attempt: 1,
        prepared: Prepared::default(),
        expected,
        deadline: Timestamp(now.wall.0 + i64::try_from(within.as_millis()).unwrap()),
        until: Elapsed(now.elapsed.0 + u64::try_from(within.as_millis()).unwrap()),
    }))
}

fn forward(index: usize) -> Effect {
    write(index, 1, Some(NativeSplit::default()), Duration::from_mins(1))
}

impl World {
    async fn answer(&mut self) -> (RouterId, Outcome) {
        match timeout(PATIENCE, self.told.recv()).await.expect("an answer comes").expect("it is told") {
            Msg::SetAnswered { router, outcome, .. } => (router, outcome),
            other => panic!("{other:?}"),
        }
    }

    /// Waits until so many writes stand at the routers.
    async fn stand(&self, wanted: usize) {
        let standing = async {
            while self.now.load(Ordering::SeqCst) != wanted {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, standing).await.unwrap_or_else(|_| panic!("{} stand", self.now.load(Ordering::SeqCst)));
    }
}

#[tokio::test]
async fn one_router_that_does_not_answer_delays_the_answer_of_none() {
    let (slow, closed) = watch::channel(false);
    let (_quick, open) = watch::channel(true);
    let mut world = world(40, |index| if index == 7 { closed.clone() } else { open.clone() });
    for index in 0..40 {
        world.hands.perform(forward(index));
    }
    for _ in 0..39 {
        let (router, outcome) = world.answer().await;
        assert_eq!(outcome, Outcome::Accepted);
        assert_ne!(router, name(7));
    }
    slow.send(true).unwrap();
    assert_eq!(world.answer().await, (name(7), Outcome::Accepted));
}

#[tokio::test]
async fn no_more_are_written_at_the_same_time_than_there_are_places_and_the_way_back_has_its_own() {
    let (gate, closed) = watch::channel(false);
    let mut world = world(PLACES + 20, |_| closed.clone());
    for index in 0..PLACES + 20 {
        world.hands.perform(forward(index));
    }
    world.stand(PLACES).await;
    // A rollback does not wait behind a jammed wave.
    world.hands.perform(write(0, 2, None, Duration::from_mins(1)));
    world.stand(PLACES + 1).await;
    gate.send(true).unwrap();
    for _ in 0..=PLACES + 20 {
        assert_eq!(world.answer().await.1, Outcome::Accepted);
    }
    assert_eq!(world.most.load(Ordering::SeqCst), PLACES + 1);
}

#[tokio::test]
async fn a_write_whose_deadline_ended_while_it_waited_for_a_place_is_not_sent() {
    let (gate, closed) = watch::channel(false);
    let mut world = world(PLACES + 1, |_| closed.clone());
    for index in 0..PLACES {
        world.hands.perform(forward(index));
    }
    world.stand(PLACES).await;
    let soon = Duration::from_millis(50);
    let until = clock::elapsed().plus(soon);
    world.hands.perform(write(PLACES, 1, Some(NativeSplit::default()), soon));
    while clock::elapsed() <= until {
        tokio::task::yield_now().await;
    }
    gate.send(true).unwrap();
    let mut late = None;
    for _ in 0..=PLACES {
        let (router, outcome) = world.answer().await;
        if router == name(PLACES) {
            late = Some(outcome);
        }
    }
    assert!(matches!(late, Some(Outcome::NotSent { why }) if why.contains("deadline")));
}
