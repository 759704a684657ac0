//! A cockpit over a scripted world, driven by key strings. Pure: no terminal, no socket, no clock, no task.
//!
//! ```ignore
//! let mut app = App::new(blue_green(2));
//! app.keys("n").draw().keys("y");            // or app.keys("n<drawn>y")
//! assert_eq!(app.split("eu-1"), "0 / 100");
//! ```
//!
//! Effects are answered at once, in order, by in-memory routers and an in-memory journal, unless [`App::answering`] is
//! switched off; then [`App::settle`] answers what waits. Time stands still but for [`App::pass`].

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use flightdeck::cockpit::{Effect, Model, Msg, Settings, Surroundings, update};
use flightdeck::domain::check::Asking;
use flightdeck::domain::{
    ChangeId, CheckId, CockpitId, Elapsed, Now, Outcome, PoolId, Presence, Procedure, RouterId, Seat, SessionId,
    Timestamp, Trouble, TroubleKind,
};
use flightdeck::entry::Entry;
use flightdeck::flight::{self, Appended, Ask, Flight, Me};
use flightdeck::input::{KeyText, meaning};
use flightdeck::session::event::{Process, SessionOpened};
use flightdeck::session::{Event, Session};

pub use super::scripted::{FakeRouter, Mood};
use super::scripted::{RATE, SERVERS, prepare};

/// How the scripted journal behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Store {
    /// It keeps what it is given.
    #[default]
    Well,
    /// It keeps nothing and says so.
    Unavailable,
    /// It keeps nothing, and cannot be read.
    Away,
    /// It keeps what it is given, and the answer is lost.
    LosesAnswers,
}

/// What performs effects in place of what is scripted; it gives back what it does not.
pub type Outside = Box<dyn FnMut(Now, flight::Effect) -> Result<Option<flight::Msg>, Box<flight::Effect>> + Send>;

/// A cockpit with its world.
pub struct App {
    /// The cockpit.
    pub model: Model,
    /// The routers by name.
    pub routers: BTreeMap<String, FakeRouter>,
    /// The entries that were kept.
    pub journal: Vec<Entry>,
    /// How the journal behaves.
    pub store: Store,
    /// Whether effects are answered as they come.
    pub answering: bool,
    /// What was written beside the journal (R5).
    pub spilled: Vec<Event>,
    /// What was announced to other cockpits and not heard by them yet.
    pub announced: Vec<Presence>,
    /// Requests for a signature, by their numbers.
    pub to_sign: Vec<u64>,
    /// Questions of checks that were not answered yet: check, number, what it was told.
    pub questions: Vec<(CheckId, u64, Asking)>,
    /// Every write that was asked for, with whether its intent was kept by then.
    pub sends: Vec<(flight::Send, bool)>,
    /// Effects that are not the flight's, since they were last taken.
    pub others: Vec<Effect>,
    /// What lingers, whatever router and pool are asked.
    pub lingering: Vec<flightdeck::domain::connection::Connection>,
    /// Tasks that were asked to end.
    pub tasks_cancelled: Vec<String>,
    /// Commands of items that were to be run,
    pub commands: Vec<flight::duty::RunCommand>,
    /// and runs that were to end.
    pub stopped: Vec<ChangeId>,
    /// The system of deploy actions.
    pub actions: super::action::Actions,
    /// The adapters of a profile, in place of the scripted systems.
    pub outside: Option<Outside>,
    /// How far the wall clock was set, in milliseconds.
    pub wall_set: i64,
    waiting: VecDeque<flight::Effect>,
    ms: u64,
}

/// Two routers with half and half, so that the first step, the drain of blue, moves something.
pub fn half() -> App {
    App::with_weights(super::procedure::blue_green(2), &[50, 50])
}

impl App {
    /// A session that was just opened: every router read, the baseline accepted, everything on the last pool.
    pub fn new(procedure: Procedure) -> Self {
        let pools = procedure.pools.len();
        let weights: Vec<u32> = (0..pools).map(|index| if index + 1 == pools { 100 } else { 0 }).collect();
        Self::with_weights(procedure, &weights)
    }

    /// The same, with these weights on every router at opening.
    pub fn with_weights(procedure: Procedure, weights: &[u32]) -> Self {
        let router = |process| FakeRouter {
            mood: Mood::Well,
            weights: weights.to_vec(),
            up: vec![SERVERS; weights.len()],
            process,
            node: "edge".to_owned(),
            rate: RATE,
            routes: None,
            skew: None,
            underway: None,
            failing: vec![0; weights.len()],
            requests: vec![0; weights.len()],
            errors: vec![0; weights.len()],
            in_flight: vec![0; weights.len()],
            counted: 0,
        };
        let routers =
            procedure.routers.iter().zip(1..).map(|(each, number)| (each.id.to_string(), router(number))).collect();
        let me = me_as(0xc0c, "ana", Seat::Operator);
        let controls = me.controls("opened");
        let opened = Box::new(opened(&procedure));
        let mut app = Self::idle(me, procedure, routers);
        app.ask(Ask::Open { opened, controls });
        app.pass(3000).draw();
        app
    }

    /// A session that was just opened, over the adapters of a profile.
    pub fn over(procedure: Procedure, outside: Outside) -> Self {
        let me = me_as(0xc0c, "ana", Seat::Operator);
        let controls = me.controls("opened");
        let opened = Box::new(opened(&procedure));
        let mut app = Self::idle(me, procedure, BTreeMap::new());
        app.outside = Some(outside);
        app.ask(Ask::Open { opened, controls });
        app
    }

    /// A cockpit over a session that it knows nothing of yet.
    pub fn idle(me: Me, procedure: Procedure, routers: BTreeMap<String, FakeRouter>) -> Self {
        let flight = Flight::new(me, SessionId(uuid(1)), Session::default(), Arc::new(procedure));
        let settings = Settings {
            motion: true,
            theme: "dark".to_owned(),
            themes: vec!["dark".to_owned(), "light".to_owned()],
            mouse: true,
        };
        let around = Surroundings {
            solo: true,
            durability: "synced to disk".to_owned(),
            profile: "payments.toml".to_owned(),
            zone_minutes: 60,
            directory: "/srv/deploy".to_owned(),
            demo: Vec::new(),
        };
        Self {
            model: Model::new(flight, settings, around, Now::default(), (120, 36)),
            routers,
            journal: Vec::new(),
            store: Store::Well,
            answering: true,
            sends: Vec::new(),
            spilled: Vec::new(),
            announced: Vec::new(),
            lingering: Vec::new(),
            tasks_cancelled: Vec::new(),
            commands: Vec::new(),
            stopped: Vec::new(),
            actions: super::action::Actions::default(),
            outside: None,
            to_sign: Vec::new(),
            questions: Vec::new(),
            others: Vec::new(),
            wall_set: 0,
            waiting: VecDeque::new(),
            ms: 0,
        }
    }

    /// Another cockpit in the same world: the clock, the routers and the journal change hands.
    pub fn hand_world_to(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.routers, &mut other.routers);
        std::mem::swap(&mut self.journal, &mut other.journal);
        other.store = self.store;
        other.ms = other.ms.max(self.ms);
    }

    /// Another size of the terminal.
    pub fn sized(mut self, columns: u16, rows: u16) -> Self {
        self.tell(Msg::Resized { columns, rows });
        self.draw();
        self
    }

    /// The moment: 2026-11-21 14:00:00Z and what passed since.
    pub fn now(&self) -> Now {
        let wall = Timestamp(1_795_269_600_000 + self.wall_set + i64::try_from(self.ms).expect("a short test"));
        Now { wall, elapsed: Elapsed(10_000 + self.ms) }
    }

    /// Types keys: plain characters, named keys in angle brackets (`<enter>`, `<ctrl-r>`), and `<drawn>` for a frame.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let named = rest.strip_prefix('<').and_then(|named| named.split_once('>'));
            match named {
                Some(("drawn", after)) => {
                    self.draw();
                    rest = after;
                }
                Some((name, after)) => {
                    self.press(name);
                    rest = after;
                }
                None => {
                    let name = if first == ' ' { "space".to_owned() } else { first.to_string() };
                    self.press(&name);
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        self
    }

    /// Presses one key, named as in key files.
    pub fn press(&mut self, key: &str) -> &mut Self {
        let key: KeyText = key.parse().expect("a key");
        let msg = meaning(&key, &self.model);
        self.tell(msg)
    }

    /// A frame that shows the model as it is goes out.
    pub fn draw(&mut self) -> &mut Self {
        let version = self.model.version;
        self.tell(Msg::Drawn { version })
    }

    /// Asks the flight directly.
    pub fn ask(&mut self, ask: Ask) -> &mut Self {
        self.tell(Msg::Flight(flight::Msg::Ask(ask)))
    }

    /// Gives the cockpit a message, and answers what it wants done.
    pub fn tell(&mut self, msg: Msg) -> &mut Self {
        self.take(msg);
        if self.answering {
            self.settle();
        }
        self
    }

    /// Gives the cockpit a message; what it wants done waits.
    pub fn take(&mut self, msg: Msg) -> Vec<Effect> {
        let now = self.now();
        let effects = update(&mut self.model, now, msg);
        for effect in &effects {
            match effect {
                Effect::Flight(effect) => {
                    if let flight::Effect::Send(send) = effect {
                        self.sends.push(((**send).clone(), self.is_kept(send.change, &send.router, send.attempt)));
                    }
                    self.waiting.push_back(effect.clone());
                }
                other => self.others.push(other.clone()),
            }
        }
        effects
    }

    /// Answers everything that waits, and what comes of the answers; no time passes.
    pub fn settle(&mut self) -> &mut Self {
        for _ in 0..20_000 {
            let Some(effect) = self.waiting.pop_front() else { break };
            if let Some(answer) = self.answer(effect) {
                self.take(Msg::Flight(answer));
            }
        }
        self
    }

    /// Answers the first effect that waits, and nothing more.
    pub fn settle_one(&mut self) -> &mut Self {
        if let Some(answer) = self.waiting.pop_front().and_then(|effect| self.answer(effect)) {
            self.take(Msg::Flight(answer));
        }
        self
    }

    /// Lets time pass, with a tick every 100 ms.
    pub fn pass(&mut self, ms: u64) -> &mut Self {
        let end = self.ms + ms;
        while self.ms < end {
            self.ms = (self.ms + 100).min(end);
            self.tell(Msg::Flight(flight::Msg::Tick));
        }
        self
    }

    /// Lets time pass without a tick, as while a machine sleeps.
    pub fn skip(&mut self, ms: u64) -> &mut Self {
        self.ms += ms;
        self
    }

    /// A scripted router, to change its mood, its servers or its weights behind the cockpit's back.
    pub fn router(&mut self, name: &str) -> &mut FakeRouter {
        self.routers.get_mut(name).expect("a router of the procedure")
    }

    /// The weights that a router really has: `30 / 70`.
    pub fn split(&self, name: &str) -> String {
        let weights: Vec<String> = self.routers[name].weights.iter().map(u32::to_string).collect();
        weights.join(" / ")
    }

    /// The texts of the notices, oldest first.
    pub fn notices(&self) -> Vec<&str> {
        self.model.notices.iter().map(|noticed| noticed.notice.text.as_str()).collect()
    }

    /// What is open: the overlay's name without its contents; empty when nothing is.
    pub fn overlay(&self) -> String {
        let text = self.model.overlay.as_ref().map(|overlay| format!("{:?}", overlay.kind)).unwrap_or_default();
        text.chars().take_while(|each| each.is_alphanumeric()).collect()
    }

    /// How many changes were dispatched.
    pub fn changes(&self) -> usize {
        self.events().filter(|event| matches!(event, Event::ChangeDispatched { .. })).count()
    }

    /// The events that were kept, oldest first.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.journal.iter().flat_map(|entry| &entry.events)
    }

    /// Whether the intent of an attempt on a router was kept, or spilled, before now (D1, R5).
    fn is_kept(&self, id: ChangeId, to: &RouterId, attempt: u32) -> bool {
        let intents = self.events().chain(&self.spilled).filter(|event| match event {
            Event::ChangeDispatched { change, routers, .. } => {
                *change == id && (routers.is_empty() || routers.contains(to))
            }
            Event::WaveDispatched { change, routers, .. } | Event::ChangeRetried { change, routers, .. } => {
                *change == id && routers.contains(to)
            }
            _ => false,
        });
        intents.count() >= usize::try_from(attempt).expect("few attempts")
    }

    fn answer(&mut self, effect: flight::Effect) -> Option<flight::Msg> {
        let now = self.now();
        let effect = match &mut self.outside {
            Some(outside) => match outside(now, effect) {
                Ok(answer) => return answer,
                Err(effect) => *effect,
            },
            None => effect,
        };
        self.scripted(effect)
    }

    fn scripted(&mut self, effect: flight::Effect) -> Option<flight::Msg> {
        let pools: Vec<PoolId> = self.model.flight.procedure.pool_ids().cloned().collect();
        let (now, ms) = (self.now(), self.ms);
        Some(match effect {
            flight::Effect::Read { router, poll } => {
                let fake = self.routers.get_mut(router.as_str())?;
                let result = match fake.mood {
                    Mood::Silent => Err(Trouble::new(
                        TroubleKind::TimedOut,
                        format!("read {router}"),
                        "no answer for 2 s",
                        "look whether it runs",
                    )),
                    Mood::Well | Mood::LosesAnswers | Mood::Refuses => Ok(Arc::new(fake.read(&pools, ms))),
                };
                flight::Msg::RouterRead { router, poll, began: now, result }
            }
            flight::Effect::Prepare { request, router, target, reading: _ } => {
                flight::Msg::Prepared { request, router, result: Ok(prepare(&pools, &target)) }
            }
            flight::Effect::Append(entry) => {
                let answer = self.append(&entry);
                flight::Msg::Appended { entry: entry.id, answer }
            }
            flight::Effect::ReadJournal { .. } if self.store == Store::Away => return None,
            flight::Effect::ReadJournal { after } => {
                let known = usize::try_from(after).expect("a short journal");
                flight::Msg::Followed {
                    entries: self
                        .journal
                        .iter()
                        .skip(known)
                        .map(|entry| (entry.clone(), flightdeck::domain::Digest::ZERO))
                        .collect(),
                    is_tail: true,
                }
            }
            flight::Effect::Send(send) => {
                let fake = self.routers.get_mut(send.router.as_str())?;
                let outcome = fake.set(&pools, &send);
                flight::Msg::SetAnswered { change: send.change, router: send.router, attempt: send.attempt, outcome }
            }
            flight::Effect::Spill { entry, .. } => {
                self.spilled.extend(entry.events.iter().cloned());
                let result = Ok(flightdeck::domain::Digest::ZERO);
                flight::Msg::Spilled { entry: entry.id, result }
            }
            flight::Effect::Announce(presence) => {
                self.announced.push(presence);
                return None;
            }
            flight::Effect::Sign(sign) => {
                self.to_sign.push(sign.request);
                return None;
            }
            flight::Effect::AskCheck { check, request, asking } => {
                self.questions.push((check, request, *asking));
                return None;
            }
            flight::Effect::ListConnections { request, router, pool, masked: _ } => {
                let began = self.now();
                let result = Ok(self.lingering.clone());
                flight::Msg::ConnectionsListed { request, router, pool, began, result }
            }
            flight::Effect::EndConnections(end) => {
                let ended = u32::try_from(end.connections.len()).unwrap();
                self.lingering.clear();
                let ended = flightdeck::domain::connection::Ended::Done { ended, gone: 0 };
                flight::Msg::ConnectionsEnded { act: end.act, ended }
            }
            flight::Effect::CancelTask(cancel) => {
                self.tasks_cancelled.push(cancel.task.clone());
                flight::Msg::TaskCancelAnswered { act: cancel.act, outcome: Outcome::Accepted }
            }
            effect @ (flight::Effect::DescribeAction { .. }
            | flight::Effect::StartAction(_)
            | flight::Effect::LookAction(_)
            | flight::Effect::CancelAction(_)) => return self.actions.answer(now, effect),
            flight::Effect::RunCommand(run) => {
                self.commands.push(*run);
                return None;
            }
            flight::Effect::StopCommand { run } => {
                self.stopped.push(run);
                return None;
            }
            flight::Effect::Cancel { .. }
            | flight::Effect::Notify(_)
            | flight::Effect::CheckSignature(_)
            | flight::Effect::DropSpill
            | flight::Effect::Meter { .. }
            | flight::Effect::Share(_)
            | flight::Effect::Lines(_)
            | flight::Effect::Tell(_) => return None,
        })
    }

    fn append(&mut self, entry: &Entry) -> Appended {
        let head = self.journal.len() as u64;
        if entry.number != head + 1 {
            return Appended::Conflict { head };
        }
        match self.store {
            Store::Unavailable => Appended::Unavailable { why: "the disk is full".to_owned() },
            Store::Away => Appended::Unavailable { why: "no route to the journal".to_owned() },
            Store::LosesAnswers => {
                self.journal.push(entry.clone());
                Appended::Unknown { why: "no answer for 1 s".to_owned() }
            }
            Store::Well => {
                self.journal.push(entry.clone());
                Appended::Kept { hash: flightdeck::domain::Digest::ZERO }
            }
        }
    }
}

fn uuid(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

/// Somebody at a cockpit of their own.
pub fn me_as(number: u128, operator: &str, seat: Seat) -> Me {
    let process = Process { host: "bastion".to_owned(), boot: "b".to_owned(), pid: 7, started: 1 };
    Me { cockpit: CockpitId(uuid(number)), operator: operator.into(), process, seat, key: None }
}

/// What such an operator says where it is asked why a session is opened.
fn why(asked: &flightdeck::domain::WhyRule) -> flightdeck::domain::Why {
    if *asked == flightdeck::domain::WhyRule::default() {
        return flightdeck::domain::Why::default();
    }
    flightdeck::domain::Why { ticket: "PAY-17".to_owned(), reason: "the fee table of May".to_owned() }
}

fn opened(procedure: &Procedure) -> SessionOpened {
    SessionOpened {
        service: procedure.service.clone(),
        environment: procedure.environment.clone(),
        from_version: "v2.4.0".to_owned(),
        to_version: "v2.5.0".to_owned(),
        pools: procedure.pools.iter().map(|pool| (pool.id.clone(), pool.mark.clone())).collect(),
        routers: procedure.routers.iter().map(|router| (router.id.clone(), router.kind.clone())).collect(),
        files: Vec::new(),
        digest: procedure.digest,
        flightdeck: "0.1.0".to_owned(),
        durability: flightdeck::domain::Durability::Synced,
        private: false,
        why: why(&procedure.why),
        planned: None,
    }
}
