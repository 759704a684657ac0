//! A thousand routers that answer after a millisecond, on a real clock: from the confirming key until all of them are
//! verified, how long frames take meanwhile, and what it costs to keep reading them.
//!
//! The cockpit's model, the hands, SQLite and the order of the real loop; the routers answer from memory and frames are
//! drawn into a buffer, so that nothing is measured but what is ours.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark prints, shares the tests' procedure, and says loudly when it cannot go on"
)]

mod print;
#[path = "../it/support/procedure.rs"]
mod procedure;
mod usage;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flightdeck::adapter::router::{Fence, Router, SetAnswer};
use flightdeck::cockpit::{self, Effect, Model, Msg, Settings, Surroundings};
use flightdeck::domain::procedure::{Step, StepAct};
use flightdeck::domain::reading::{Admin, Health, Identity, ServerReading};
use flightdeck::domain::{
    Capabilities, CockpitId, Elapsed, NativeSplit, NativeWeight, PoolId, Prepared, Procedure, Reading, Refused,
    RouterId, Seat, SessionId, Target, Trouble,
};
use flightdeck::flight::propose::Stage;
use flightdeck::flight::{self, Ask, Flight, Me};
use flightdeck::input::{KeyText, meaning};
use flightdeck::journal::{Place, SqliteStore, Store};
use flightdeck::runtime::adapter::{Adapters, RouterAdapter};
use flightdeck::runtime::clock;
use flightdeck::runtime::hands::{Hands, Tools};
use flightdeck::session::Session;
use flightdeck::session::event::{Process, SessionOpened};
use flightdeck::theme::Theme;
use flightdeck::view;
use futures_util::future::BoxFuture;
use print::{percentile, report, value};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use usage::Usage;
use uuid::Uuid;

const ROUTERS: usize = 1_000;
const ANSWERS_AFTER: Duration = Duration::from_millis(1);
const SIZE: (u16, u16) = (120, 36);
const CHANGES: usize = 8;

// As the real loop has them.
const FRAME: Duration = Duration::from_millis(16);
const AWAITED: Duration = Duration::from_millis(4);
const REST: Duration = Duration::from_millis(10);
const TURNS: u32 = 16;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().event_interval(TURNS).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut deck = Deck::open(folder.path());
        let opened = Instant::now();
        deck.run_until("every router read", |model| model.flight.session.baseline).await;
        value("1,000 routers: opening until all are read", "-", opened.elapsed().as_secs_f64() * 1e3, "ms");
        deck.frames.clear();
        deck.turns.clear();
        let mut whole = Vec::new();
        for _ in 0..CHANGES {
            deck.rest(Duration::from_millis(1_500)).await;
            deck.press("n");
            deck.run_until("the dialog", Deck::can_confirm).await;
            deck.rest(Duration::from_millis(200)).await;
            deck.frames.clear();
            let changes = deck.model.flight.session.changes.len();
            deck.press("y");
            let pressed = Instant::now();
            deck.run_until("all verified", |model| {
                let session = &model.flight.session;
                session.changes.len() > changes && session.in_flight().is_none()
            })
            .await;
            whole.push(pressed.elapsed());
            deck.all_frames.append(&mut deck.frames);
        }
        assert_eq!(deck.model.flight.session.steps.len(), CHANGES, "a step was not verified everywhere");
        report("1,000 routers at 1 ms: confirming key until all verified", "150 ms", &mut whole);
        let slowest = *deck.all_frames.iter().max().unwrap();
        let frames = deck.all_frames.len() / CHANGES;
        report("a frame of 120x36 meanwhile", "4 ms", &mut deck.all_frames);
        println!("{:<62} max {:.2} ms, {frames} frames in a change", "", slowest.as_secs_f64() * 1e3);
        // Watched closely, then not any more.
        watched(&mut deck, "watched closely, read each 100 ms").await;
        deck.model.flight.close_until = Elapsed(0);
        deck.rest(Duration::from_secs(2)).await;
        watched(&mut deck, "idle, read each second").await;
    });
    runtime.shutdown_background();
}

async fn watched(deck: &mut Deck, how: &str) {
    deck.frames.clear();
    deck.turns.clear();
    let before = Usage::of(std::process::id());
    deck.rest(Duration::from_secs(5)).await;
    let rate = Usage::of(std::process::id()).since(&before);
    value(&format!("1,000 routers {how}: CPU"), "-", rate.cpu_percent, "%");
    let mut frames = std::mem::take(&mut deck.frames);
    let count = frames.len();
    report(&format!("  its {count} frames in 5 s"), "4 ms", &mut frames);
    println!("{:<62} p99 {:?}", "  its messages", percentile(&mut deck.turns, 99));
}

/// The loop, without its terminal.
struct Deck {
    model: Model,
    hands: Hands,
    told: UnboundedReceiver<flight::Msg>,
    theme: Theme,
    shown: Buffer,
    handed: Option<u64>,
    is_eager: bool,
    drawn_at: Elapsed,
    ticked_at: Elapsed,
    frames: Vec<Duration>,
    all_frames: Vec<Duration>,
    turns: Vec<Duration>,
    cancel: CancellationToken,
}

impl Deck {
    fn open(folder: &std::path::Path) -> Self {
        let procedure = plan();
        let adapter = |id: &RouterId| {
            let router =
                Quick { pools: POOLS.map(Into::into), weights: Mutex::new(vec![50, 50]), began: Instant::now() };
            (id.clone(), RouterAdapter { router: Arc::new(router), timeout: Duration::from_secs(2) })
        };
        let routers: BTreeMap<RouterId, RouterAdapter> =
            procedure.routers.iter().map(|router| adapter(&router.id)).collect();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&Place::Shared(folder.to_owned())).unwrap());
        let session = SessionId(Uuid::from_u128(2));
        let durability = store.durability();
        let tools =
            Tools { adapters: Adapters { routers, ..Adapters::default() }, store, session, keys: None, spill: None };
        let process = Process { host: "bench".to_owned(), boot: "b".to_owned(), pid: 7, started: 1 };
        let me = Me {
            cockpit: CockpitId(Uuid::from_u128(1)),
            operator: "ana".into(),
            process,
            seat: Seat::Operator,
            key: None,
        };
        let controls = me.controls("opened");
        let opened = Box::new(SessionOpened {
            service: procedure.service.clone(),
            environment: procedure.environment.clone(),
            from_version: String::new(),
            to_version: String::new(),
            pools: procedure.pools.iter().map(|pool| (pool.id.clone(), pool.mark.clone())).collect(),
            routers: procedure.routers.iter().map(|router| (router.id.clone(), router.kind.clone())).collect(),
            files: Vec::new(),
            digest: procedure.digest,
            flightdeck: String::new(),
            durability,
            private: false,
            why: flightdeck::domain::Why::default(),
            planned: None,
        });
        let flight = Flight::new(me, session, Session::default(), Arc::new(procedure));
        let (tell, told) = unbounded_channel();
        let cancel = CancellationToken::new();
        let hands = Hands::new(
            tools,
            Arc::new(move |msg| tell.send(msg).unwrap_or_default()),
            TaskTracker::new(),
            cancel.clone(),
        );
        hands.follow(0);
        let settings = Settings { motion: true, theme: "dark".to_owned(), themes: Vec::new(), mouse: true };
        let model = Model::new(flight, settings, Surroundings::default(), clock::now(), SIZE);
        let mut deck = Self {
            model,
            hands,
            told,
            theme: Theme::builtin("dark").unwrap(),
            shown: Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1)),
            handed: None,
            is_eager: true,
            drawn_at: Elapsed(0),
            ticked_at: Elapsed(0),
            frames: Vec::new(),
            all_frames: Vec::new(),
            turns: Vec::new(),
            cancel,
        };
        deck.update(Msg::Flight(flight::Msg::Ask(Ask::Open { opened, controls })));
        deck
    }

    fn press(&mut self, key: &str) {
        let key: KeyText = key.parse().unwrap();
        let msg = meaning(&key, &self.model);
        self.is_eager = true;
        self.update(msg);
    }

    fn can_confirm(model: &Model) -> bool {
        let is_ready = model.flight.proposing.as_ref().is_some_and(|each| matches!(each.stage, Stage::Ready(_)));
        is_ready && model.overlay.as_ref().is_some_and(|overlay| overlay.seen)
    }

    async fn rest(&mut self, time: Duration) {
        let end = Instant::now() + time;
        self.run_until("a rest", move |_| Instant::now() >= end).await;
    }

    async fn run_until(&mut self, what: &str, is_so: impl Fn(&Model) -> bool) {
        let begun = Instant::now();
        while !is_so(&self.model) {
            if begun.elapsed() > Duration::from_secs(20) {
                let notices: Vec<&str> = self.model.notices.iter().map(|each| each.notice.text.as_str()).collect();
                panic!("{what} does not come: {notices:?}");
            }
            let now = clock::elapsed();
            if self.model.wakes_at().is_some_and(|at| now >= at.max(self.ticked_at.plus(REST))) {
                self.ticked_at = now;
                self.update(Msg::Flight(flight::Msg::Tick));
            }
            self.draw();
            let mut due = self.model.wakes_at().map_or(now.plus(REST), |at| at.max(self.ticked_at.plus(REST)));
            if self.handed != Some(self.model.version) {
                due = due.min(self.next_frame());
            }
            tokio::select! {
                biased;
                Some(msg) = self.told.recv() => self.update(Msg::Flight(msg)),
                () = tokio::time::sleep(clock::until(due)) => {}
            }
        }
    }

    fn update(&mut self, msg: Msg) {
        let begun = Instant::now();
        for effect in cockpit::update(&mut self.model, clock::now(), msg) {
            if let Effect::Flight(effect) = effect {
                drop(self.hands.perform(effect));
            }
        }
        self.turns.push(begun.elapsed());
    }

    fn next_frame(&self) -> Elapsed {
        let flight = &self.model.flight;
        let is_awaited = flight.link.is_busy() || !flight.executing.is_empty() || flight.session.in_flight().is_some();
        let took = self.frames.last().map_or(0, |took| u64::try_from(took.as_millis()).unwrap_or(0));
        let pace = if is_awaited { AWAITED } else { FRAME };
        self.drawn_at.plus(pace.max(Duration::from_millis(took * 2)))
    }

    fn draw(&mut self) {
        let now = clock::elapsed();
        let version = self.model.version;
        if self.handed == Some(version) || (!self.is_eager && now < self.next_frame()) {
            return;
        }
        let begun = Instant::now();
        self.shown.reset();
        view::draw(&self.model, &self.theme, self.shown.area, &mut self.shown);
        self.frames.push(begun.elapsed());
        self.drawn_at = now;
        self.handed = Some(version);
        self.is_eager = false;
        self.update(Msg::Drawn { version });
    }
}

/// A thousand routers, two pools, and as many shifts to and fro as are measured.
fn plan() -> Procedure {
    let mut procedure = procedure::blue_green(ROUTERS);
    let shift = |number: usize| {
        let name = format!("Shift {number}");
        let blue = if number.is_multiple_of(2) { 50 } else { 30 };
        Step {
            id: name.as_str().into(),
            act: StepAct::Shift(procedure::weights(&[("blue", blue), ("green", 100 - blue)])),
            name,
            leave_when: Vec::new(),
            soak: None,
            schedule: Vec::new(),
            prove: None,
            back_to: None,
            guards: std::collections::BTreeMap::new(),
        }
    };
    procedure.plan = (1..=CHANGES).map(shift).collect();
    // Each router stands for a whole edge; what a pool carries is not what is measured.
    procedure.pools.iter_mut().for_each(|pool| pool.capacity_per_server = None);
    procedure
}

/// A router in memory that answers after a while.
struct Quick {
    pools: [PoolId; 2],
    weights: Mutex<Vec<u32>>,
    began: Instant,
}

const POOLS: [&str; 2] = ["blue", "green"];
const SERVERS: u64 = 3;

impl Quick {
    fn native(&self) -> NativeSplit {
        split(&self.pools, &self.weights.lock().unwrap())
    }
}

fn split(pools: &[PoolId], weights: &[u32]) -> NativeSplit {
    let each = |(pool, weight): (&PoolId, &u32)| NativeWeight {
        reference: format!("app/{pool}"),
        pool: pool.clone(),
        weight: *weight,
        admin: Admin::Ready,
    };
    NativeSplit(pools.iter().zip(weights).map(each).collect())
}

impl Router for Quick {
    fn capabilities(&self) -> Capabilities {
        procedure::capabilities()
    }

    fn read(&self) -> BoxFuture<'_, Result<Reading, Trouble>> {
        Box::pin(async {
            tokio::time::sleep(ANSWERS_AFTER).await;
            let native = self.native();
            let count = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(0) / 10;
            let server = |pool: &PoolId, number: u64| ServerReading {
                name: format!("{pool}-{number}"),
                pool: pool.clone(),
                health: Health::Up,
                admin: Admin::Ready,
                in_flight: Some(4 + number),
                requests: Some(count),
                errors: Some(0),
                response: None,
            };
            Ok(Reading {
                identity: Identity { node: "edge".to_owned(), process: "1".to_owned() },
                generation: String::new(),
                uptime: None,
                effective: native.shares(&self.pools),
                native,
                servers: self.pools.iter().flat_map(|pool| (1..=SERVERS).map(|number| server(pool, number))).collect(),
                warnings: Vec::new(),
                underway: None,
                skew: None,
            })
        })
    }

    fn prepare(&self, target: &Target, _: Option<&Reading>) -> Result<Prepared, Refused> {
        let native = match target {
            Target::Native(native) => native.clone(),
            Target::Weights(weights) => {
                let percent = self.pools.each_ref().map(|pool| weights.of(pool).0.div_ceil(100));
                split(&self.pools, &percent)
            }
        };
        let requests = native.0.iter().map(|each| format!("set weight {} {}", each.reference, each.weight)).collect();
        Ok(Prepared { requests, shares: native.shares(&self.pools), native, notes: Vec::new() })
    }

    fn set<'a>(
        &'a self,
        prepared: &'a Prepared,
        expected: Option<&'a NativeSplit>,
        fence: &'a dyn Fence,
    ) -> BoxFuture<'a, SetAnswer> {
        Box::pin(async move {
            tokio::time::sleep(ANSWERS_AFTER).await;
            let read = self.native();
            if expected.is_some_and(|expected| !read.holds(expected)) {
                return SetAnswer::Moved(read);
            }
            if let Err(why) = fence.may_send() {
                return SetAnswer::NotSent(why);
            }
            *self.weights.lock().unwrap() = prepared.native.0.iter().map(|each| each.weight).collect();
            SetAnswer::Accepted
        })
    }
}
