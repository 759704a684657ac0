//! Two cockpits of one session and one Datadog: it is asked by one of them, and both have every line once.

use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::log::{Config, source};
use flightdeck::adapter::secret::SecretRef;
use flightdeck::cockpit::{self, Effect, Model, Msg, Settings, Surroundings};
use flightdeck::domain::procedure::LogSpec;
use flightdeck::domain::{Elapsed, Now, SessionId};
use flightdeck::flight::{self, Flight};
use flightdeck::journal::MemoryStore;
use flightdeck::logbook::LineNumber;
use flightdeck::runtime::adapter::{Adapters, LogAdapter};
use flightdeck::runtime::hands::{Hands, Tell, Tools};
use flightdeck::runtime::queue::{Control, Telemetry};
use flightdeck::runtime::source::Aside;
use flightdeck::runtime::{clock, source as sources};
use flightdeck::session::Session;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::datadog;
use super::shelf::{World, endpoint, now};
use crate::support::desk::me;
use crate::support::procedure::blue_green;

/// The time of these cockpits runs so much faster, so that nobody waits long for who is gone.
const FAST: u64 = 20;

#[tokio::test]
async fn of_two_cockpits_one_asks_and_the_other_goes_on_when_it_is_gone() {
    let world = datadog::world();
    for number in 0..5 {
        world.shelf().put(now() - 5_000 + number * 1_000, &format!("line {number}"));
    }
    let store = MemoryStore::new();
    let (mut ana, mut ben) = (Place::take(1, &world, &store), Place::take(2, &world, &store));
    until(&mut [&mut ana, &mut ben], |seats| asked(&world, "ana") > 5 && seats.iter().all(|seat| seat.reads("line 4")))
        .await;
    let pair = asked(&world, "ana");
    world.shelf().put(now() - 100, "line 5");
    until(&mut [&mut ana, &mut ben], |seats| {
        asked(&world, "ana") > pair + 5 && seats.iter().all(|seat| seat.reads("line 5"))
    })
    .await;
    assert_eq!(asked(&world, "ben"), 0, "one asks for both");
    assert_eq!((ana.reader(), ben.reader().as_deref()), (None, Some("ana")));

    // Ana dies. Meanwhile one line comes, and one comes late.
    drop(ana);
    let pair = asked(&world, "ana");
    world.shelf().put(now() - 1_500, "late");
    world.shelf().put(now() - 10, "new");
    until(&mut [&mut ben], |seats| seats[0].reads("new") && asked(&world, "ben") > 5).await;
    assert_eq!(asked(&world, "ana"), pair);
    assert_eq!(ben.reader(), None, "nobody else is there");
    let mut texts = ben.texts();
    texts.sort();
    assert_eq!(
        texts,
        ["late", "line 0", "line 1", "line 2", "line 3", "line 4", "line 5", "new"],
        "each once, none missing"
    );
    assert_eq!(ben.model.logs.book.dropped(), 0);
}

#[tokio::test]
async fn who_stops_asking_stops_and_goes_on_later() {
    let world = datadog::world();
    let store = MemoryStore::new();
    world.shelf().put(now() - 1_000, "before");
    let mut ben = Place::take(2, &world, &store);
    until(&mut [&mut ben], |seats| seats[0].reads("before")).await;
    // Ana comes, and hers is the lower id.
    let mut ana = Place::take(1, &world, &store);
    until(&mut [&mut ana, &mut ben], |_| asked(&world, "ana") > 3).await;
    let so_far = asked(&world, "ben");
    world.shelf().put(now() - 10, "while ana asks");
    until(&mut [&mut ana, &mut ben], |seats| {
        asked(&world, "ana") > 9 && seats.iter().all(|seat| seat.reads("while ana asks"))
    })
    .await;
    assert!(asked(&world, "ben") <= so_far + 1, "at most the request that was on its way");
    drop(ana);
    world.shelf().put(now() - 10, "after");
    until(&mut [&mut ben], |seats| seats[0].reads("after")).await;
    assert_eq!(ben.texts(), ["before", "while ana asks", "after"]);
}

/// How often Datadog was asked by whom: each cockpit asks of an index of its own name.
fn asked(world: &World, name: &str) -> usize {
    world.web.asked().iter().filter(|asked| asked.json()["filter"]["indexes"][0] == name).count()
}

/// Lets the cockpits fly until something holds.
async fn until(seats: &mut [&mut Place], holds: impl Fn(&[&mut Place]) -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !holds(seats) {
        let texts: Vec<_> = seats.iter().map(|seat| seat.texts()).collect();
        assert!(tokio::time::Instant::now() < deadline, "only {texts:?} was read");
        for seat in &mut *seats {
            seat.turn();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// One cockpit with its hands and sources.
struct Place {
    model: Model,
    hands: Hands,
    answers: UnboundedReceiver<Msg>,
    samples: Receiver<Msg>,
    cancel: CancellationToken,
    /// Kept as long as it follows.
    _aside: Aside,
}

impl Place {
    fn take(number: u128, world: &World, store: &MemoryStore) -> Self {
        let name = if number == 1 { "ana" } else { "ben" };
        let mut procedure = blue_green(1);
        procedure.routers.clear();
        procedure.logs = vec![LogSpec { metered: true, ..LogSpec::new("app".into(), Some("blue".into())) }];
        let session = SessionId(uuid::Uuid::from_u128(7));
        let mut flight = Flight::new(me(number, name), session, Session::default(), Arc::new(procedure));
        flight.crew.shared = true;
        let origin = datadog::search(endpoint(world.web.address), SecretRef::File(world.secret.clone()), name);
        let config = Config { metered: true, origin, ..world.config.clone() };
        let log = LogAdapter {
            id: config.id.clone(),
            pool: config.pool.clone(),
            metered: config.metered,
            source: source(&config).unwrap(),
        };
        let (control, answers) = Control::new();
        let (telemetry, samples) = Telemetry::new();
        let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
        let (told, heard) = (control.clone(), telemetry.clone());
        let tools = Tools {
            adapters: Adapters { logs: vec![log], ..Adapters::default() },
            store: Arc::new(store.clone()),
            session,
            keys: None,
            spill: None,
        };
        let tell: Tell = Arc::new(move |msg| told.put(Msg::Flight(msg)));
        let hands = Hands::new(tools, tell, tracker.clone(), cancel.clone());
        hands.listen();
        hands.listen_to_parcels(Arc::new(move |msg| heard.put(Msg::Flight(msg))));
        let mut aside = Aside::default();
        sources::follow(&hands.adapters, &control, &telemetry, &tracker, &cancel, &mut aside).unwrap();
        let settings = Settings { motion: false, theme: "dark".to_owned(), themes: Vec::new(), mouse: false };
        let model = Model::new(flight, settings, Surroundings::default(), moment(), (120, 36));
        Self { model, hands, answers, samples, cancel, _aside: aside }
    }

    fn turn(&mut self) {
        let mut all = vec![Msg::Flight(flight::Msg::Tick)];
        while let Ok(msg) = self.answers.try_recv() {
            all.push(msg);
        }
        while let Ok(msg) = self.samples.try_recv() {
            all.push(msg);
        }
        for msg in all {
            for effect in cockpit::update(&mut self.model, moment(), msg) {
                if let Effect::Flight(effect) = effect {
                    self.hands.perform(effect);
                }
            }
        }
    }

    fn texts(&self) -> Vec<String> {
        let book = &self.model.logs.book;
        book.lines(LineNumber(0), book.end()).map(|line| line.text.to_owned()).collect()
    }

    fn reads(&self, text: &str) -> bool {
        self.texts().iter().any(|each| each == text)
    }

    /// Who asks for this one.
    fn reader(&self) -> Option<String> {
        self.model.flight.metered_asker(self.model.now.elapsed).map(ToString::to_string)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

fn moment() -> Now {
    Now { wall: clock::wall(), elapsed: Elapsed(clock::elapsed().0 * FAST) }
}
